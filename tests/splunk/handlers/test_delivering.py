"""Delivery to a webhook through the handler, in this process, so that names can lead where the test wants."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from splunkds import settled

from ipthreat.splunk.handlers import rest
from ipthreat.splunk.handlers.ground import Ground
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.splunkd import Splunkd

CERTIFICATE = Path(__file__).parents[2] / "data" / "tls" / "loopback.pem"
PATH = "/services/secret-path-123"
PARCEL = {
    "sid": "1.2",
    "search_name": "S",
    "title": "T",
    "report_id": "ab",
    "rows": [{"src": "198.51.100.7", "verdict": "malicious"}],
    "addresses": 1,
}


class Desk:
    """splunkd with the handlers of this process, and a receiver that `localhost` leads to."""

    def __init__(self, home, splunkd, hook):
        self.splunkd, self.hook = splunkd, hook
        port = urlsplit(hook.url).port
        seams = {
            "resolve": lambda host, _: ["20.1.2.3"],
            "connect": lambda target, seconds: socket.create_connection(("127.0.0.1", port), seconds),
            "sleep": lambda seconds: None,
        }
        (home / "etc" / "auth").mkdir(parents=True)
        (home / "etc" / "auth" / "ca.pem").write_bytes(CERTIFICATE.read_bytes())
        self.ground = Ground(home / "var" / "lib" / "splunk" / "ipthreat", webhook_seams=seams)
        settled(splunkd, "http://127.0.0.1:9", ca_bundle="auth/ca.pem")
        splunkd.state.confs["ipthreat"]["destination:soc"] = {"kind": "slack"}
        splunkd.state.passwords["ipthreat_destination", "soc"] = f"https://localhost{PATH}"
        splunkd.mount("ipthreat/deliver", rest(self.ground).handle, {"post": "ipthreat_lookup"})

    def deliver(self, **change):
        """Status and answer."""
        from ipthreat.splunk.splunkd import Splunkd as Connection

        request = {"to": "destination", "name": "soc", "parcel": PARCEL, **change}
        answer = Connection(self.splunkd.url, self.splunkd.state.log_in("analyst")).post_json(
            "ipthreat/deliver", request
        )
        return answer.status, answer.json()


@pytest.fixture
def desk(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with FakeServer({PATH: behaviours.status(200)}, context) as hook, Splunkd() as splunkd:
        yield Desk(tmp_path, splunkd, hook)


def test_a_report_reaches_a_named_destination_once(desk):
    assert desk.deliver() == (200, {"outcome": "delivered", "detail": "soc answers 200"})
    assert desk.deliver() == (200, {"outcome": "skipped", "detail": "already delivered"})
    (asked,) = desk.hook.asked
    assert "Found 1 suspicious IP address" in json.loads(asked.body)["text"]


def test_a_delivery_that_was_refused_may_be_tried_again_and_its_url_is_not_told(desk):
    desk.hook.route(PATH, behaviours.status(404))
    status, told = desk.deliver()
    assert (status, told) == (502, {"error": "soc: it answers 404"})
    desk.hook.route(PATH, behaviours.status(200))
    assert desk.deliver()[1]["outcome"] == "delivered"


def test_a_delivery_that_may_have_arrived_is_not_repeated(desk):
    desk.hook.route(PATH, behaviours.hang_up())
    assert desk.deliver()[0] == 502
    assert "interrupted" in desk.deliver()[1]["detail"]
    assert len(desk.hook.asked) == 1


def test_certificates_lie_below_etc_alone(desk):
    for path in ("../../passwd", "/etc/ssl/x.pem"):
        desk.splunkd.state.confs["ipthreat"]["live"]["ca_bundle"] = path
        assert desk.deliver() == (400, {"error": "ca_bundle of ipthreat.conf is a file below $SPLUNK_HOME/etc"})


@pytest.mark.parametrize(
    "change",
    [
        {"to": "mail"},
        {"name": "https://x.example"},
        {"parcel": None},
        {"throttle": -1},
        {"parcel": {**PARCEL, "sid": ""}},
    ],
)
def test_what_nobody_made_is_not_delivered_to(desk, change):
    assert desk.deliver(**change)[0] == 400
    assert desk.hook.asked == ()


# --- an index that is written by half --------------------------------------------------------------


class Halting(Splunkd):
    """splunkd that, from the second batch of events on, takes them and says nothing, or refuses them."""

    def __init__(self, way):
        super().__init__()
        self.way, self.batches = way, 0

    def _answer(self, talk):
        self.batches += "receivers/simple" in talk.asked.path
        if "receivers/simple" not in talk.asked.path or self.batches <= 1:
            super()._answer(talk)
        elif self.way == "silent":
            talk.hang_up()
        else:
            talk.answer(503, b"{}", {"Connection": "close"})
            talk.hang_up()


@contextlib.contextmanager
def halting(way, home, batches=0):
    """One that has taken so many batches already, with the handler mounted."""
    with Halting(way) as splunkd:
        splunkd.batches = batches
        settled(splunkd, "http://127.0.0.1:9")
        handle = rest(Ground(home / "var" / "lib" / "splunk" / "ipthreat")).handle
        splunkd.mount("ipthreat/deliver", handle, {"post": "ipthreat_lookup"})
        yield splunkd


def wide(rows=40):
    """A report of which the index gets several batches of events."""
    return {
        **PARCEL,
        "addresses": rows,
        "rows": [{"src": f"198.51.100.{number}", "description": "x" * 20_000} for number in range(rows)],
    }


def delivered(splunkd, parcel):
    from ipthreat.splunk.splunkd import Splunkd as Connection

    token = splunkd.state.log_in("analyst")
    request = {"to": "index", "name": "summary", "parcel": parcel}
    answer = Connection(splunkd.url, token).post_json("ipthreat/deliver", request)
    return answer.status, answer.json()


@pytest.mark.parametrize("way, words", [("silent", "gave no answer"), ("refusing", "answers 503")])
def test_an_index_that_was_written_by_half_is_not_written_twice(tmp_path, way, words):
    with halting(way, tmp_path) as splunkd:
        status, told = delivered(splunkd, wide())
        assert (status, words in told["error"], "events had been written" in told["error"]) == (502, True, True), told
        first = len(splunkd.state.indexes["summary"])
        assert delivered(splunkd, wide())[1]["outcome"] == "skipped"
        assert len(splunkd.state.indexes["summary"]) == first == 1


def test_the_first_batch_that_had_no_answer_may_have_been_taken_and_is_not_sent_again(tmp_path):
    with halting("silent", tmp_path, batches=1) as splunkd:
        assert delivered(splunkd, PARCEL)[0] == 502
        assert "interrupted" in delivered(splunkd, PARCEL)[1]["detail"]


def test_an_index_that_refused_everything_is_written_when_it_can_be(tmp_path):
    with halting("refusing", tmp_path, batches=1) as splunkd:
        assert delivered(splunkd, PARCEL)[0] == 502
        splunkd.batches = -9
        assert delivered(splunkd, PARCEL)[1]["outcome"] == "delivered"
