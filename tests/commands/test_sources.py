"""`check --live`, `report --live` and `status`, from the command line to a server on loopback and back."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Iterator, List
from urllib.parse import unquote

import pytest
from runs import KEY

from ipthreat.cli import main
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import rating, vendor_routes, virustotal_object

HOSTILE = next(f"45.9.{number}.7" for number in range(256) if rating(f"45.9.{number}.7")["verdict"] == "malicious")
LINE = '{} - - [24/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n'


class Desk:
    """A user at the command line who has configured VirusTotal, which is a server here."""

    def __init__(self, folder: Path, server: FakeServer, capsys: pytest.CaptureFixture) -> None:
        self.folder, self.server, self._capsys = folder, server, capsys
        self.data = folder / "data"
        self.environment = {
            "IPTHREAT_HOME": str(self.data),
            "IPTHREAT_VIRUSTOTAL_KEY": KEY,
            "IPTHREAT_VIRUSTOTAL_BASE_URL": server.url + "/api/v3",
        }
        self.shown: List[str] = []

    def runs(self, *arguments: str) -> str:
        """What the command prints; everything is kept in `shown`."""
        assert main(list(arguments), self.environment) == 0
        captured = self._capsys.readouterr()
        self.shown += [captured.out, captured.err]
        return captured.out

    def fails(self, *arguments: str) -> str:
        assert main(list(arguments), self.environment) != 0
        return self._capsys.readouterr().err

    @property
    def asked(self) -> List[str]:
        return [item.path.rpartition("/")[2] for item in self.server.asked]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture) -> Iterator[Desk]:
    with FakeServer(vendor_routes()) as server:
        yield Desk(tmp_path, server, capsys)


def test_without_the_word_nobody_is_asked(desk: Desk):
    assert "virustotal" not in desk.runs("check", HOSTILE)
    assert desk.asked == []


def test_live_asks_and_judges_by_the_answer(desk: Desk):
    out = desk.runs("check", HOSTILE, "10.0.0.1", "--live", "--explain")
    assert "malicious: confidence" in out
    assert "7 engines malicious, 4 suspicious (virustotal, today)" in out
    assert desk.asked == [HOSTILE]
    assert "asked: virustotal 1 request" in desk.shown[-1]


def test_the_second_time_the_store_answers(desk: Desk):
    first = desk.runs("check", HOSTILE, "--live", "--json")
    second = desk.runs("check", HOSTILE, "--live", "--json")
    assert desk.asked == [HOSTILE]
    assert [item["confidence"] for item in json.loads(first)["assessments"]] == [
        item["confidence"] for item in json.loads(second)["assessments"]
    ]


def test_a_dry_run_sends_nothing_and_tells_the_plan(desk: Desk):
    desk.runs("check", HOSTILE, "9.9.9.9", "10.0.0.1", "--dry-run")
    assert desk.asked == []
    assert "1 private or reserved" in desk.shown[-1]
    assert "2 requests in about" in desk.shown[-1]
    assert not (desk.data / "egress.log").exists()


def test_the_budget_bounds_what_is_asked(desk: Desk):
    out = desk.runs("check", HOSTILE, "9.9.9.9", "45.1.1.1", "--live", "--budget", "1")
    assert len(desk.asked) == 1
    assert out.count("virustotal: not asked") == 2


def test_a_report_asks_about_what_its_events_show(desk: Desk):
    log = desk.folder / "access.log"
    log.write_text(LINE.format(HOSTILE) * 5 + LINE.format("10.1.1.1"))
    out = desk.runs("report", str(log), "--live", "--format", "json")
    assert desk.asked == [HOSTILE]
    assert HOSTILE in out


def test_a_label_that_is_given_bounds_what_may_leave(desk: Desk):
    log = desk.folder / "access.log"
    log.write_text(LINE.format(HOSTILE))
    desk.runs("report", str(log), "--live", "--tlp", "TLP:RED")
    assert desk.asked == []


def test_a_recording_replays_without_the_network(desk: Desk):
    path = desk.folder / "answers.json"
    live = json.loads(desk.runs("check", HOSTILE, "--live", "--json", "--record", str(path)))
    replayed = json.loads(desk.runs("check", HOSTILE, "--json", "--evidence", str(path)))
    assert desk.asked == [HOSTILE]
    assert [item["confidence"] for item in replayed["assessments"]] == [
        item["confidence"] for item in live["assessments"]
    ]
    assert "1 answer recorded in" in "".join(desk.shown)


@pytest.mark.parametrize(
    "behaviour, words",
    [
        (behaviours.status(401), "virustotal: auth error"),
        (behaviours.rate_limited(3600), "virustotal: rate limited"),
        (behaviours.html_page(), "virustotal: error"),
        (behaviours.status(500), "virustotal: error"),
    ],
)
def test_a_provider_that_fails_is_named_and_never_reads_as_clean(desk: Desk, behaviour, words: str):
    desk.server.route("/api/v3/ip_addresses/*", behaviour)
    out = desk.runs("check", HOSTILE, "--live")
    assert words in out
    assert "insufficient data" in out


def test_status_tells_how_each_source_stands(desk: Desk):
    desk.runs("check", HOSTILE, "9.9.9.9", "--live")
    desk.runs("check", HOSTILE, "--live")
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert (row["provider"], row["configured"], row["last"]) == ("virustotal", True, "ok")
    assert (row["used"]["day"], row["left"]["day"], row["answers"], row["hit_rate"]) == (2, 448, 2, 0.333)
    assert "virustotal   ok" in desk.runs("status")


def test_status_names_the_last_failure(desk: Desk):
    desk.server.route("/api/v3/ip_addresses/*", behaviours.rate_limited(3600))
    desk.runs("check", HOSTILE, "--live")
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert row["last"] == "rate_limited"
    assert row["blocked_until"]
    assert "blocked until" in desk.runs("status")


def test_status_of_a_member_of_a_cluster_speaks_of_its_share(desk: Desk):
    desk.data.mkdir()
    path = desk.data / "ipthreat.conf"
    path.touch(0o600)
    path.write_text("[live]\nmembers = 4\nreserve = 0\n[vendr]\nkey = typo-in-its-name\n")
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert (row["members"], row["left"]["day"]) == (4, 125)
    assert "a share of 1/4" in desk.runs("status")
    assert "vendr is in ipthreat.conf but is no provider" in desk.shown[-1]


def test_status_without_sources_has_no_rows(desk: Desk):
    del desk.environment["IPTHREAT_VIRUSTOTAL_KEY"], desk.environment["IPTHREAT_VIRUSTOTAL_BASE_URL"]
    assert json.loads(desk.runs("status", "--json"))["sources"] == []
    assert "hit rate" not in desk.runs("status")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--live", "--as-of", "2026-01-01"), "leave --as-of out"),
        (("--live", "--record", "/nowhere/x"), "cannot be recorded"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(desk: Desk, arguments, words: str):
    assert words in desk.fails("check", HOSTILE, *arguments)


def test_live_without_a_provider_says_what_to_do(desk: Desk):
    desk.environment = {"IPTHREAT_HOME": str(desk.data)}
    assert "no provider is configured: `ipthreat configure`" in desk.fails("check", HOSTILE, "--live")


def test_the_key_is_nowhere_but_in_requests(desk: Desk):
    desk.server.route("/api/v3/ip_addresses/*", behaviours.status(403, KEY.encode(), {"X-Your-Key": KEY}))
    desk.runs("check", "9.9.9.9", "--live", "--json", "--explain")
    desk.server.route("/api/v3/ip_addresses/*", vendor_routes()["/api/v3/ip_addresses/*"])
    desk.runs("check", HOSTILE, "--live", "--json", "--record", str(desk.folder / "answers.json"))
    desk.runs("status")
    desk.runs("configure")
    assert all(KEY in item.header("x-apikey") for item in desk.server.asked)
    written = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert KEY not in "".join(desk.shown)
    assert KEY.encode() not in written


# --- secrets --------------------------------------------------------------------------------------

SLASHED = "canary/key+5d41/402abc"
SPELLINGS = {
    "plain": lambda text: text.encode(),
    "slashes escaped": lambda text: text.replace("/", "\\/").encode(),
    "characters escaped": lambda text: text.replace("5d41", "\\u0035d41").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "lower-case percent": lambda text: text.replace("/", "%2f").replace("+", "%2b").encode(),
    "Basic": lambda text: text.replace(SLASHED, base64.b64encode(f"analyst:{SLASHED}".encode()).decode()).encode(),
}


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
def test_a_key_that_the_service_repeats_is_nowhere_afterwards(tmp_path: Path, capsys, spelling: str):
    answer = virustotal_object(HOSTILE)
    answer["data"]["attributes"].update(as_owner=SLASHED, note=SLASHED)
    body = SPELLINGS[spelling](json.dumps(answer))
    with FakeServer({"/*": behaviours.data(body)}) as server:
        desk = Desk(tmp_path, server, capsys)
        desk.environment["IPTHREAT_VIRUSTOTAL_KEY"] = SLASHED
        desk.runs("check", HOSTILE, "--live", "--json", "--record", str(tmp_path / "recording.json"))
        assert server.asked[0].headers["x-apikey"] == SLASHED
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in (*desk.shown, written.decode("latin-1"), written.decode("utf-16-le", "replace"), unquote(str(written))):
        assert "5d41/402" not in text
        assert "5d41\\/402" not in text
        assert base64.b64encode(f"analyst:{SLASHED}".encode()).decode() not in text
