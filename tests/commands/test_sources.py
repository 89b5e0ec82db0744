"""`check --live`, `report --live` and `status`, from the command line to a server on loopback and back."""

from __future__ import annotations

import base64
import json
import re
import stat
from pathlib import Path
from typing import Iterator, List
from urllib.parse import unquote

import pytest
from desk import HOSTILE, Desk
from mmdb import write_mmdb
from runs import KEY

from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import vendor_routes, virustotal_object

LINE = '{} - - [24/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n'


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


def test_status_shows_reset_age_and_month_beside_the_quota(desk: Desk):
    desk.runs("check", HOSTILE, "--live")
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert (row["oldest_days"], row["key_valid"], row["left"]["month"]) == (0, True, row["left"]["month"])
    out = desk.runs("status")
    assert row["resets"]["day"][:16] in out
    assert f"{row['left']['month']:,} left this month" in out
    assert "0 days" in out


@pytest.mark.parametrize("status, valid", [(401, False), (500, None)])
def test_status_says_whether_the_key_was_taken_as_far_as_anybody_knows(desk: Desk, status: int, valid):
    desk.server.route("/api/v3/ip_addresses/*", behaviours.status(status))
    desk.runs("check", HOSTILE, "--live")
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert (row["configured"], row["key_valid"]) == (True, valid)
    assert row["last_reason"]


def test_status_before_the_first_run_claims_nothing(desk: Desk):
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert (row["last"], row["last_at"], row["key_valid"], row["hit_rate"]) == ("never asked", "", None, None)
    assert (row["used"]["day"], row["answers"], row["oldest_days"], row["blocked_until"]) == (0, 0, None, "")


def test_status_tells_of_files_that_are_looked_up_here_and_of_one_that_is_gone(desk: Desk):
    (desk.folder / "talos.txt").write_text(f"{HOSTILE}\n")
    desk.runs("configure", "talos", "--set", f"blocklist={desk.folder}/talos.txt")
    desk.runs("configure", "maxmind", "--set", f"mmdb={desk.folder}/none.mmdb")
    data = json.loads(desk.runs("status", "--json"))
    files = {row["name"]: row for row in data["files"]}
    assert (files["talos"]["age_days"], files["talos"]["problem"]) == (0, "")
    assert files["maxmind"]["age_days"] is None
    assert f"{desk.folder}/none.mmdb: No such file or directory" in data["problems"]
    assert f"talos: {desk.folder}/talos.txt of 20" in desk.runs("status")


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


# --- labels, own networks, recordings, local files ------------------------------------------------


def labelled(desk: Desk, *options: str) -> str:
    (desk.folder / "a.log").write_text(LINE.format(HOSTILE))
    return desk.runs("report", str(desk.folder / "a.log"), "--live", "--format", "actionable", *options)


def audited(desk: Desk) -> List[dict]:
    return [json.loads(line) for line in (desk.data / "egress.log").read_text().splitlines()]


@pytest.mark.parametrize("options, label", [((), "TLP:GREEN"), (("--tlp", "TLP:CLEAR"), "TLP:CLEAR")])
def test_a_live_report_bears_the_label_under_which_it_asked(desk: Desk, options: tuple, label: str):
    assert label in labelled(desk, *options)
    assert [line["tlp"] for line in audited(desk)] == [label]


def test_an_address_of_our_own_networks_is_never_sent(desk: Desk):
    labelled(desk, "--own", f"{HOSTILE}/32")
    assert desk.asked == []


def test_a_dry_run_leaves_a_recording_alone(desk: Desk):
    record = desk.folder / "recording.json"
    record.write_text("mine")
    desk.runs("check", HOSTILE, "--dry-run", "--record", str(record))
    assert record.read_text() == "mine"


def test_a_recording_that_was_there_becomes_the_users_alone(desk: Desk):
    record = desk.folder / "recording.json"
    record.write_text("old")
    record.chmod(0o644)
    desk.runs("check", HOSTILE, "--live", "--record", str(record))
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert len(json.loads(record.read_text())["answers"]) == 1


def test_a_recording_that_cannot_be_written_is_told_before_anything_is_asked(desk: Desk):
    told = desk.fails("check", HOSTILE, "--live", "--record", str(desk.folder / "no folder" / "x.json"))
    assert "the answers cannot be recorded" in told
    assert desk.asked == []


@pytest.mark.parametrize("option", [("--record", "x.json"), ("--budget", "5")])
def test_what_only_a_live_run_heeds_is_refused_without_one(desk: Desk, option: tuple):
    assert desk.fails("check", HOSTILE, *option) == f"ipthreat: {option[0]} needs --live: nobody is asked without it\n"


def test_check_says_why_and_until_when_a_source_did_not_answer(desk: Desk):
    with FakeServer({"/*": behaviours.rate_limited(3600)}) as server:
        desk.environment["IPTHREAT_VIRUSTOTAL_BASE_URL"] = server.url + "/api/v3"
        out = desk.runs("check", HOSTILE, "--live")
    assert re.search(r"virustotal: rate limited \(.*the quota is spent until 20\d\d-", out)


def test_the_audit_names_no_address_where_none_is_sent(desk: Desk):
    with FakeServer({"/*": behaviours.data(b"[]")}) as server:
        desk.environment["IPTHREAT_FEODO_BASE_URL"] = server.url
        desk.runs("check", HOSTILE, "--live")
    lines = {line["provider"]: line["addresses"] for line in audited(desk)}
    assert lines == {"feodo": [], "virustotal": [HOSTILE]}


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_local_database_and_block_list_are_looked_up_here(desk: Desk, live: tuple):
    pytest.importorskip("maxminddb")
    (desk.folder / "asn.mmdb").write_bytes(write_mmdb({f"{HOSTILE}/32": {"autonomous_system_number": 64501}}))
    (desk.folder / "city.mmdb").write_bytes(write_mmdb({f"{HOSTILE}/32": {"country": {"iso_code": "NO"}}}))
    (desk.folder / "talos.txt").write_text(f"{HOSTILE}\n")
    desk.runs("configure", "maxmind", "--set", f"mmdb={desk.folder}/asn.mmdb,{desk.folder}/city.mmdb")
    desk.runs("configure", "talos", "--set", f"blocklist={desk.folder}/talos.txt")
    data = json.loads(desk.runs("check", HOSTILE, "9.9.9.9", "--json", *live))
    sources = [[item["source"] for item in one["evidence"]] for one in data["assessments"]]
    assert all(names.count("talos") == 1 and names.count("maxmind") == 1 for names in sources)
    listed = [item for item in data["assessments"][0]["evidence"] if item["source"] in ("talos", "maxmind")]
    assert sorted(item["status"] for item in listed) == ["ok", "ok"]
    assert sorted(desk.asked) == ([HOSTILE, "9.9.9.9"] if live else [])


def test_a_page_of_html_in_place_of_the_block_list_is_refused(desk: Desk):
    (desk.folder / "talos.txt").write_text("<html><body>terms</body></html>")
    desk.runs("configure", "talos", "--set", f"blocklist={desk.folder}/talos.txt")
    assert "is a page of HTML, not the Talos block list" in desk.fails("check", HOSTILE)


def test_a_slip_in_a_rule_of_egress_is_refused_before_anything_is_asked(desk: Desk):
    desk.data.mkdir()
    (desk.data / "ipthreat.conf").write_text("[virustotal]\nno-send = 45.0.0.0/8\n")
    (desk.data / "ipthreat.conf").chmod(0o600)
    assert "there is no setting 'no-send'; there are key, base_url" in desk.fails("check", HOSTILE, "--live")
    assert desk.asked == []


# --- a deep look ----------------------------------------------------------------------------------------------------


def tied_to(address: str) -> dict:
    """Routes of what VirusTotal ties to an address."""
    place = f"/api/v3/ip_addresses/{address}"
    name = {"type": "resolution", "attributes": {"host_name": "bad.example", "date": 1700000000}}
    file = {"type": "file", "id": "9f" * 32, "attributes": {"meaningful_name": "a\x1b[31m.exe"}}
    return {
        f"{place}/resolutions": behaviours.data(json.dumps({"data": [name] * 3, "meta": {"count": 57}}).encode()),
        f"{place}/communicating_files": behaviours.data(json.dumps({"data": [file]}).encode()),
    }


@pytest.fixture
def deep_desk(tmp_path: Path, capsys: pytest.CaptureFixture) -> Iterator[Desk]:
    with FakeServer({**vendor_routes(), **tied_to(HOSTILE)}) as server:
        yield Desk(tmp_path, server, capsys)


def test_a_deep_look_prints_what_is_tied_to_the_address(deep_desk: Desk):
    out = deep_desk.runs("check", HOSTILE, "--live", "--deep")
    assert "  tied to it: 57 names resolved to it, 1 file talks to it\n    bad[.]example\n" in out
    assert "a\\x1b[31m[.]exe" in out
    assert "\x1b[31m" not in out
    assert deep_desk.asked == [HOSTILE, "resolutions", "communicating_files"]
    assert "asked: virustotal 3 requests" in deep_desk.shown[-1]


def test_a_deep_look_is_in_the_json_with_every_name(deep_desk: Desk):
    (found,) = json.loads(deep_desk.runs("check", HOSTILE, "--live", "--deep", "--json"))["assessments"]
    (entry,) = [item for item in found["evidence"] if item["source"] == "virustotal"]
    assert entry["related"][0] == "bad.example"


def test_a_relation_that_was_not_had_is_told_beside_what_was_asked(deep_desk: Desk):
    deep_desk.server.route(f"/api/v3/ip_addresses/{HOSTILE}/resolutions", behaviours.status(403))
    deep_desk.runs("check", HOSTILE, "--live", "--deep")
    assert f"virustotal: resolutions of {HOSTILE}: forbidden: " in deep_desk.shown[-1]


def test_a_dry_run_of_a_deep_look_names_its_requests_and_makes_none(deep_desk: Desk):
    deep_desk.runs("check", HOSTILE, "--dry-run", "--deep")
    assert "virustotal: 0 known, 3 requests" in deep_desk.shown[-1]
    assert deep_desk.asked == []


@pytest.mark.parametrize("others", [["1.1.1.1"], ["1.1.1.1,9.9.9.9"], ["rubbish"]])
def test_a_deep_look_is_at_one_address(deep_desk: Desk, others: List[str]):
    told = deep_desk.fails("check", HOSTILE, *others, "--live", "--deep")
    assert told == "ipthreat: --deep looks at one address: what is tied to it takes requests of its own\n"
    assert deep_desk.asked == []


def test_the_same_address_in_two_spellings_is_one(deep_desk: Desk):
    deep_desk.runs("check", HOSTILE, HOSTILE.replace(".", "[.]"), "--live", "--deep")
    assert deep_desk.asked == [HOSTILE, "resolutions", "communicating_files"]


def test_a_deep_look_without_the_word_live_is_refused(deep_desk: Desk):
    assert deep_desk.fails("check", HOSTILE, "--deep") == "ipthreat: --deep needs --live: nobody is asked without it\n"
