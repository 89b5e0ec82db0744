"""Webhooks: https alone, the checked address is the connected one, no redirect, no private target unless allowed."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path
from hypothesis import given
from hypothesis import strategies as some

from ipthreat.errors import DeliveryError, InputError
from ipthreat.splunk.broker_settings import Destination
from ipthreat.splunk.delivery.destinations import KINDS, check_address, check_url, message
from ipthreat.splunk.delivery.parcel import Parcel, parcel_of
from ipthreat.splunk.delivery.webhook import Webhooks
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer

CERTIFICATE = Path(__file__).parents[2] / "data" / "tls" / "loopback.pem"
GLOBAL = "20.1.2.3"
ROW = {"src": "198.51.100.7", "verdict": "malicious", "confidence": 9, "severity": "high", "priority": "High"}
PARCEL = Parcel(
    sid="1.2", search_name="S", app="search", owner="admin", title="T <!channel>", report_id="ab", tlp="TLP:AMBER",
    time="2026-11-24T00:00:00Z", link="https://splunk.example/x", threat="t", actionable="a", rows=(ROW,), addresses=14,
)  # fmt: skip


class Hook:
    """A receiver with a certificate for `localhost`, and the way to it, which remembers where it connected."""

    def __init__(self, addresses, behaviour=None, retries=2):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.server = FakeServer({"/hook": behaviour or behaviours.status(200)}, context)
        self.addresses = list(addresses)
        self.connected = []
        self.way = Webhooks(CERTIFICATE, "", (), retries, self.resolve, self.connect, lambda seconds: None)

    def resolve(self, host, port):
        """The first answer, then the next, as a name whose owner changes it."""
        return [self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]]

    def connect(self, target, seconds):
        """Notes where to, and goes to the receiver."""
        self.connected.append(target[0])
        return socket.create_connection(("127.0.0.1", urlsplit(self.server.url).port), seconds)

    def send(self, path="/hook", **more):
        """Sends a message."""
        return self.way.send(Destination("soc", "generic", f"https://localhost{path}", **more), b'{"a": 1}')


def test_a_message_arrives_at_the_address_that_was_checked():
    hook = Hook([GLOBAL])
    with hook.server:
        assert hook.send() == 200
        assert hook.connected == [GLOBAL]
        assert (hook.server.asked[0].method, hook.server.asked[0].body) == ("POST", b'{"a": 1}')


PRIVATE = ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_refused(address):
    hook = Hook([address])
    with hook.server, pytest.raises(InputError, match="not allowed"):
        hook.send()
    assert hook.connected == []


def test_a_name_that_changes_after_the_check_changes_nothing():
    hook = Hook([GLOBAL, "127.0.0.1"])
    with hook.server:
        assert hook.send() == 200
        assert hook.connected == [GLOBAL]
        with pytest.raises(InputError, match="not allowed"):
            hook.send()
    assert hook.connected == [GLOBAL]


def test_one_bad_address_among_good_ones_is_enough():
    way = Webhooks(resolve=lambda host, port: [GLOBAL, "10.0.0.1"])
    with pytest.raises(InputError):
        way.send(Destination("soc", "generic", "https://localhost/"), b"")


def test_private_targets_may_be_allowed_but_never_this_machine_or_the_clouds_own():
    assert check_address("10.1.2.3", True) == "10.1.2.3"
    for address in ("127.0.0.1", "169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::1"):  # noqa: S104
        with pytest.raises(InputError):
            check_address(address, True)


def test_a_redirect_is_not_followed():
    hook = Hook([GLOBAL], behaviours.redirect("https://localhost/elsewhere"))
    with hook.server, pytest.raises(DeliveryError, match="redirect"):
        hook.send()
    assert len(hook.server.asked) == 1


def test_a_certificate_for_another_name_is_refused():
    hook = Hook([GLOBAL])
    with hook.server, pytest.raises(DeliveryError, match="cannot be reached"):
        hook.way.send(Destination("soc", "generic", "https://other.example/hook"), b"")
    assert hook.server.asked == ()


def test_what_had_no_effect_is_tried_again_within_bounds():
    busy = behaviours.status(503)
    hook = Hook([GLOBAL], behaviours.in_turn(busy, busy, behaviours.status(200)))
    with hook.server:
        assert hook.send() == 200
        assert len(hook.server.asked) == 3
    hook = Hook([GLOBAL], busy)
    with hook.server, pytest.raises(DeliveryError, match="answers 503"):
        hook.send()
    assert len(hook.server.asked) == 3


@pytest.mark.parametrize("code, perhaps, tries", [(429, False, 3), (502, True, 1), (504, True, 1), (400, False, 1)])
def test_a_gateway_that_does_not_know_what_became_of_it_is_not_asked_again(code, perhaps, tries):
    hook = Hook([GLOBAL], behaviours.status(code))
    with hook.server, pytest.raises(DeliveryError, match=f"answers {code}") as failure:
        hook.send()
    assert (failure.value.perhaps, len(hook.server.asked)) == (perhaps, tries)


def test_what_may_have_been_taken_is_not_sent_again():
    hook = Hook([GLOBAL], behaviours.hang_up())
    with hook.server, pytest.raises(DeliveryError, match="may have been taken"):
        hook.send()
    assert len(hook.server.asked) == 1


def test_no_message_of_a_failure_has_the_url():
    hook = Hook([GLOBAL], behaviours.status(404))
    with hook.server, pytest.raises(DeliveryError) as failure:
        hook.send("/services/secret-path")
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    "url",
    ["http://x.example/", "https:///x", "https://u:p@x.example/", "ftp://x", "https://x.example/a b", "https://[x"],
)
def test_a_url_that_is_no_plain_https_is_refused(url):
    with pytest.raises(InputError) as failure:
        check_url(url)
    assert url.partition("//")[2] not in ("", *str(failure.value).split())


@given(some.text(max_size=60))
def test_any_text_is_a_url_or_is_refused(text):
    try:
        host = check_url(text)
    except InputError:
        return
    assert host
    assert text.startswith("https://")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_message_is_json_and_tells_the_finding(kind):
    text = message(kind, PARCEL).decode()
    assert "Found 1 suspicious IP address among 14" in json.dumps(json.loads(text), ensure_ascii=False)


@pytest.mark.parametrize("kind", ["slack", "teams"])
def test_messages_to_people_are_defanged_and_without_markup_of_others(kind):
    text = message(kind, PARCEL).decode()
    assert "198[.]51[.]100[.]7" in text
    assert "198.51.100.7" not in text
    assert "<!channel>" not in text
    assert "and 13 more" in text


def test_slack_gets_no_section_that_it_would_refuse():
    rows = tuple({**ROW, "verdict": "x" * 4000} for _ in range(50))
    told = json.loads(message("slack", Parcel(**{**PARCEL.__dict__, "rows": rows, "title": "t" * 300})))
    assert all(len(block["text"]["text"]) <= 3000 for block in told["blocks"])


def test_a_parcel_survives_its_way_through_json():
    assert parcel_of(json.loads(json.dumps(PARCEL.as_json()))) == PARCEL


@pytest.mark.parametrize(
    "change", [{"rows": "x"}, {"rows": [1]}, {"addresses": "7"}, {"sid": ""}, {"threat": 7}, {"title": "x" * 301}]
)
def test_a_parcel_that_is_none_is_refused(change):
    with pytest.raises(InputError):
        parcel_of({**PARCEL.as_json(), **change})
