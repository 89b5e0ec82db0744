"""`ipthreat store`: what is kept can be looked into, cleared and filled, and a refusal forgotten, in one line each."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from desk import HOSTILE, Desk
from runs import Told

from ipthreat.cli import main
from ipthreat.clock import Clock
from ipthreat.dossier import Evidence, SourceKind, Status, Verdict
from ipthreat.store import EvidenceStore
from ipthreat.store.evidence import FILE
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import vendor_routes

OTHER, HOUR, DAY = "9.9.9.9", timedelta(hours=1), timedelta(days=1)
ALL = {("virustotal", HOSTILE), ("virustotal", OTHER), ("greynoise", HOSTILE), ("rdap", "9.9.9.0/24")}


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture) -> Iterator[Desk]:
    with FakeServer(vendor_routes()) as server:
        yield Desk(tmp_path, server, capsys)


def keep(desk: Desk, provider: str, address: str, age: timedelta = timedelta(), **fields: Any) -> None:
    """An answer that came a while ago."""
    then = datetime.now(timezone.utc) - age
    clock = Clock(then.timestamp, then.timestamp, lambda stopped, seconds: None)
    with contextlib.closing(EvidenceStore(desk.data / FILE, clock=clock, tell=Told())) as store:
        store.put_many([(address, Evidence(provider, SourceKind.PROVIDER, Status.OK, retrieved_at=then, **fields))])


def rows(desk: Desk, *arguments: str) -> List[dict]:
    return json.loads(desk.runs("store", *arguments, "--json"))


def test_what_is_kept_about_an_address_is_told_with_its_source_age_and_state(desk: Desk):
    keep(desk, "virustotal", HOSTILE, 2 * HOUR, verdict=Verdict.MALICIOUS, native="7/92")
    keep(desk, "greynoise", HOSTILE, 3 * DAY, verdict=Verdict.BENIGN)
    found = {row["provider"]: row for row in rows(desk, "inspect", HOSTILE, OTHER)}
    assert list(found) == ["greynoise", "virustotal"]
    fresh, old = found["virustotal"], found["greynoise"]
    assert (fresh["state"], fresh["age"], fresh["verdict"], fresh["native"]) == (
        "fresh",
        "2 hours",
        "malicious",
        "7/92",
    )
    assert (old["state"], old["age"], old["verdict"], old["subject"]) == ("old", "3 days", "benign", HOSTILE)
    assert fresh["retrieved"] < fresh["fresh_until"] < fresh["expires"]
    told = desk.runs("store", "inspect", HOSTILE, OTHER)
    assert "fresh until 20" in told
    assert "no longer fresh; stands in until 20" in told
    assert told.endswith(f"nothing is kept about {OTHER}\n")


def test_an_address_is_found_however_it_is_written(desk: Desk):
    keep(desk, "virustotal", HOSTILE)
    assert rows(desk, "inspect", HOSTILE.replace(".", "[.]"))[0]["address"] == HOSTILE


def test_an_answer_for_a_prefix_is_found_by_any_of_its_addresses(desk: Desk):
    keep(desk, "rdap", "9.9.9.1", network="9.9.9.0/24")
    (row,) = rows(desk, "inspect", OTHER)
    assert (row["provider"], row["subject"]) == ("rdap", "9.9.9.0/24")
    assert rows(desk, "inspect", "9.9.8.1") == []


def test_an_answer_that_has_expired_says_so_until_it_is_evicted(desk: Desk):
    keep(desk, "virustotal", HOSTILE, 40 * DAY)
    keep(desk, "virustotal", OTHER)
    assert rows(desk, "inspect", HOSTILE)[0]["state"] == "expired"
    assert desk.runs("store", "evict") == "1 answer removed\n"
    assert rows(desk, "inspect", HOSTILE) == []
    assert len(rows(desk, "inspect", OTHER)) == 1


def test_an_answer_that_this_version_cannot_read_is_no_secret(desk: Desk):
    keep(desk, "virustotal", HOSTILE)
    with contextlib.closing(sqlite3.connect(desk.data / FILE)) as file, file:
        file.execute("UPDATE evidence SET body = x'00'")
    assert rows(desk, "inspect", HOSTILE)[0]["status"] == "unreadable"
    assert "unreadable" in desk.runs("store", "inspect", HOSTILE)


def test_without_an_address_there_is_a_row_per_provider(desk: Desk):
    desk.runs("check", HOSTILE, OTHER, "--live")
    desk.runs("check", HOSTILE, "--live")
    keep(desk, "greynoise", HOSTILE, 3 * DAY)
    found = {row["provider"]: row for row in rows(desk, "inspect")}
    assert (found["virustotal"]["answers"], found["virustotal"]["hits"], found["virustotal"]["misses"]) == (2, 1, 2)
    assert found["virustotal"]["hit_rate"] == 0.333
    assert (found["greynoise"]["fresh"], found["greynoise"]["oldest"], found["greynoise"]["hit_rate"]) == (
        0,
        "3 days",
        None,
    )
    assert "33%" in desk.runs("store", "inspect")
    assert [row["provider"] for row in rows(desk, "inspect", "--provider", "greynoise")] == ["greynoise"]
    assert [row["provider"] for row in rows(desk, "inspect", HOSTILE, "--provider", "greynoise")] == ["greynoise"]


@pytest.mark.parametrize(
    "arguments, left",
    [
        ((HOSTILE,), {("virustotal", OTHER), ("rdap", "9.9.9.0/24")}),
        (
            (HOSTILE, "--provider", "greynoise"),
            {("virustotal", HOSTILE), ("virustotal", OTHER), ("rdap", "9.9.9.0/24")},
        ),
        (("--provider", "virustotal"), {("greynoise", HOSTILE), ("rdap", "9.9.9.0/24")}),
        (("9.9.9.77",), {("virustotal", HOSTILE), ("virustotal", OTHER), ("greynoise", HOSTILE)}),
    ],
)
def test_evict_removes_what_is_named_and_nothing_else(desk: Desk, arguments: tuple, left: set):
    for provider, address in (("virustotal", HOSTILE), ("virustotal", OTHER), ("greynoise", HOSTILE)):
        keep(desk, provider, address)
    keep(desk, "rdap", OTHER, network="9.9.9.0/24")
    gone = json.loads(desk.runs("store", "evict", *arguments, "--json"))["removed"]
    assert gone == 4 - len(left)
    assert {(row["provider"], row["subject"]) for row in rows(desk, "inspect", HOSTILE, OTHER)} == left


def test_what_was_evicted_is_asked_again(desk: Desk):
    desk.runs("check", HOSTILE, "--live")
    desk.runs("store", "evict", HOSTILE)
    desk.runs("check", HOSTILE, "--live")
    assert desk.asked == [HOSTILE, HOSTILE]


def test_flush_wants_a_yes_and_then_removes_all(desk: Desk):
    keep(desk, "virustotal", HOSTILE)
    keep(desk, "greynoise", OTHER)
    assert desk.fails("store", "flush") == "ipthreat: store flush removes all 2 answers: say --yes\n"
    assert len(rows(desk, "inspect", HOSTILE, OTHER)) == 2
    assert desk.runs("store", "flush", "--yes") == "2 answers removed\n"
    assert rows(desk, "inspect", HOSTILE, OTHER) == []


# --- prewarm --------------------------------------------------------------------------------------


def listed(desk: Desk, text: str) -> str:
    (desk.folder / "addresses.txt").write_text(text)
    return str(desk.folder / "addresses.txt")


def test_prewarm_asks_for_the_addresses_of_a_file_and_a_later_run_asks_nothing(desk: Desk):
    path = listed(desk, f"# seen yesterday\n{HOSTILE}, 9[.]9[.]9[.]9\n10.0.0.1\n\n{HOSTILE}:443\n")
    (row,) = rows(desk, "prewarm", path)
    assert row == {"provider": "virustotal", "known": 0, "requests": 2, "statuses": {"ok": 2}}
    assert sorted(desk.asked) == sorted([HOSTILE, OTHER])
    assert "1 line of" in "".join(desk.shown)
    desk.runs("check", HOSTILE, OTHER, "--live")
    assert len(desk.asked) == 2
    assert desk.runs("store", "prewarm", path) == "virustotal: 2 known before, 0 requests: 2 ok\n"


def test_prewarm_keeps_to_the_budget_and_says_what_was_not_asked(desk: Desk):
    path = listed(desk, "\n".join(f"45.9.7.{number}" for number in range(9)))
    (row,) = rows(desk, "prewarm", path, "--budget", "4")
    assert (row["requests"], row["statuses"]) == (4, {"not asked": 5, "ok": 4})
    assert len(desk.asked) == 4


def test_prewarm_keeps_to_the_quota_and_to_its_time(desk: Desk):
    desk.data.mkdir()
    (desk.data / "ipthreat.conf").touch(0o600)
    (desk.data / "ipthreat.conf").write_text("[virustotal]\nquota_minute = 3\n")
    path = listed(desk, "\n".join(f"45.9.7.{number}" for number in range(9)))
    (row,) = rows(desk, "prewarm", path, "--timeout", "2")
    assert (row["requests"], row["statuses"]["ok"]) == (3, 3)
    assert len(desk.asked) == 3


def test_prewarm_sends_nothing_that_is_allowed_or_labelled_too_high_or_in_a_dry_run(desk: Desk):
    path = listed(desk, f"{HOSTILE}\n{OTHER}\n")
    (planned,) = rows(desk, "prewarm", path, "--dry-run")
    assert (planned["provider"], planned["asked"], planned["requests"]) == ("virustotal", 2, 2)
    assert "nothing was asked" in desk.runs("store", "prewarm", path, "--dry-run")
    desk.runs("store", "prewarm", path, "--tlp", "TLP:RED")
    assert desk.asked == []
    desk.runs("store", "prewarm", path, "--allowlist", listed_as(desk, "allowed.txt", HOSTILE))
    assert desk.asked == [OTHER]


def listed_as(desk: Desk, name: str, text: str) -> str:
    (desk.folder / name).write_text(text + "\n")
    return str(desk.folder / name)


@pytest.mark.parametrize("content, words", [("no address here\n", "holds no address"), (None, "cannot be read")])
def test_a_file_that_prewarm_cannot_use_is_refused_before_anything_is_asked(desk: Desk, content: Any, words: str):
    path = listed(desk, content) if content else str(desk.folder / "none.txt")
    assert words in desk.fails("store", "prewarm", path)
    assert desk.asked == []


# --- unblock --------------------------------------------------------------------------------------


def test_a_block_is_lifted_and_the_provider_asked_again(desk: Desk):
    desk.server.route("/api/v3/ip_addresses/*", behaviours.rate_limited(3600))
    desk.runs("check", HOSTILE, "--live")
    desk.server.route("/api/v3/ip_addresses/*", vendor_routes()["/api/v3/ip_addresses/*"])
    desk.runs("check", HOSTILE, "--live")
    assert len(desk.asked) == 1
    assert "was blocked until 20" in desk.runs("store", "unblock", "virustotal")
    desk.runs("check", HOSTILE, "--live")
    assert len(desk.asked) == 2
    (row,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert (row["blocked_until"], row["used"]["day"]) == ("", 2)


def test_unblock_needs_no_key_and_touches_no_other_provider(desk: Desk):
    desk.server.route("/api/v3/ip_addresses/*", behaviours.rate_limited(3600))
    desk.runs("check", HOSTILE, "--live")
    assert "the ledger knows no key of 'virus'" in desk.fails("store", "unblock", "virus")
    (before,) = json.loads(desk.runs("status", "--json"))["sources"]
    assert before["blocked_until"]
    key = desk.environment.pop("IPTHREAT_VIRUSTOTAL_KEY")
    (row,) = rows(desk, "unblock", "virustotal")
    assert row["account"].startswith("virustotal:")
    assert row["was_blocked_until"].endswith("UTC")
    assert key not in "".join(desk.shown)
    assert "was not blocked; it is asked again" in desk.runs("store", "unblock", "virustotal")


# --- what cannot be done --------------------------------------------------------------------------


def test_what_is_no_address_is_refused_in_one_line(desk: Desk):
    for action in ("inspect", "evict"):
        assert desk.fails("store", action, "rubbish") == "ipthreat: 'rubbish' is not an IP address\n"


@pytest.mark.parametrize(
    "arguments",
    [(), ("inspect", "--yes"), ("evict", "--budget", "0"), ("flush", HOSTILE), ("prewarm",), ("unblock", "a", "b")],
)
def test_an_action_takes_its_own_options_and_no_other(desk: Desk, arguments: tuple):
    with pytest.raises(SystemExit) as ended:
        desk.runs("store", *arguments)
    assert ended.value.code == 2


def test_options_may_stand_before_the_addresses(desk: Desk):
    keep(desk, "virustotal", HOSTILE)
    assert len(json.loads(desk.runs("store", "inspect", "--json", HOSTILE))) == 1


@pytest.mark.parametrize("action", [("inspect",), ("evict", HOSTILE), ("flush", "--yes"), ("unblock", "virustotal")])
def test_a_folder_that_cannot_be_used_is_one_line_and_exit_code_4(desk: Desk, action: tuple, capsys):
    desk.data.write_text("no folder")
    assert main(["store", *action], desk.environment) == 4
    (line,) = [text for text in capsys.readouterr().err.splitlines() if "quotas are kept" not in text]
    assert line.startswith(f"ipthreat: {desk.data}")


def test_a_damaged_store_is_set_aside_and_told(desk: Desk):
    desk.data.mkdir()
    (desk.data / FILE).write_bytes(b"no database at all" * 100)
    assert rows(desk, "inspect") == []
    assert "was damaged; it is kept as evidence.damaged-" in desk.shown[-1]


@pytest.mark.parametrize("action", [("evict",), ("evict", HOSTILE), ("flush", "--yes")])
def test_what_is_removed_for_a_person_waits_for_other_processes(desk: Desk, action: tuple):
    keep(desk, "virustotal", HOSTILE, 40 * DAY)
    with contextlib.closing(sqlite3.connect(desk.data / FILE, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.6, holder.rollback)
        soon.start()
        assert desk.runs("store", *action) == "1 answer removed\n"
        soon.join()
