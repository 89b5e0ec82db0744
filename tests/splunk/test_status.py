"""`| ipthreatstatus`: a row per part, list and source, and one for each file that cannot be used."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import datetime, timezone
from pathlib import Path

import pytest
from searches import answer, app, ground, records

from ipthreat.snapshot import ListInput, ListKind, Snapshot, compile_lists
from ipthreat.snapshot.feeds import FEEDS
from ipthreat.snapshot.update import update
from ipthreat.splunk.runner import run
from ipthreat.transport import MockTransport, Response

OF_ALL = ["kind", "name", "status", "date", "age_days", "entries", "licence", "source", "reason"]
QUOTA = ["used_day", "left_day", "used_month", "left_month", "resets", "blocked_until"]
FIELDS = [*OF_ALL, "configured", "key_valid", "last_at", *QUOTA, "answers", "hit_rate"]


@pytest.fixture
def place(tmp_path) -> Path:
    """A copy of the app that a test may change."""
    return Path(shutil.copytree(app(), tmp_path / "ipthreat"))


def test_there_is_a_row_per_part_of_the_snapshot_with_its_age():
    rows = {row["name"]: row for row in answer(ground(), "| ipthreatstatus") if row["kind"] == "part"}
    with Snapshot.shipped() as snapshot:
        parts = snapshot.parts()
    assert list(rows) == [part.name for part in parts]
    for part in parts:
        row = rows[part.name]
        assert list(row) == FIELDS
        assert (row["status"], row["date"], row["licence"]) == ("ok", part.date[:10], part.licence)
        assert int(row["entries"]) == part.entries
        if part.date:
            day = datetime.fromisoformat(part.date[:10]).replace(tzinfo=timezone.utc)
            assert abs((datetime.now(timezone.utc) - day).days - int(row["age_days"])) <= 1


def test_talos_is_accounted_for():
    (row,) = [row for row in answer(ground(), "| ipthreatstatus") if row["kind"] == "provider"]
    assert (row["name"], row["status"]) == ("talos", "unavailable")
    assert row["reason"]


@pytest.mark.parametrize("date, status", [("2020-01-01", "stale"), (None, "ok")])
def test_a_list_has_its_row_and_an_old_one_is_stale(place, date, status):
    (place / "data").mkdir()
    day = date or datetime.now(timezone.utc).date().isoformat()
    item = ListInput("mine", ListKind.BLOCK.value, [("20.0.9.0/24", 0)], source="a test", date=day)
    compile_lists(place / "data" / "lists.snapshot", [item], day)
    (row,) = [row for row in answer(ground(place), "| ipthreatstatus") if row["kind"] == "list"]
    assert (row["name"], row["status"], row["entries"]) == ("mine", status, "1")


@pytest.mark.parametrize("damage", ["missing", "cut", "noise"])
def test_a_snapshot_that_cannot_be_used_has_a_row_and_a_warning(place, damage):
    path = place / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot"
    data = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(data[:1000] if damage == "cut" else b"\0" * 1000)
    result = run(ground(place), "| ipthreatstatus")
    assert not result.failed
    (row,) = [row for row in records(result) if row["name"] == "snapshot"]
    assert (row["kind"], row["status"]) == ("part", "error")
    assert [(level, text) for level, text in result.messages] == [("WARN", row["reason"])]


def test_lists_that_cannot_be_used_have_a_row(place):
    (place / "data").mkdir()
    (place / "data" / "lists.snapshot").write_bytes(b"rubbish")
    result = run(ground(place), "| ipthreatstatus")
    (row,) = [row for row in records(result) if row["kind"] == "list"]
    assert (row["name"], row["status"]) == ("lists", "error")


@pytest.mark.parametrize("compiled", [True, False])
def test_a_list_whose_update_failed_says_why(place, compiled):
    now = datetime.now(timezone.utc)
    head = f"# Last update: {now:%a, %d %b %Y} 03:00:29 +0000\n".encode()
    good = MockTransport(lambda request: Response(200, body=head + b"20.0.9.7\t3\n20.0.9.8\t1\n"))
    feed = dataclasses.replace(FEEDS["ipsum"], min_entries=1)
    (place / "data").mkdir()
    if compiled:
        assert update([feed], good, place / "data", now=now).complete
    update([feed], MockTransport(lambda request: Response(500)), place / "data", now=now, force=True)
    result = run(ground(place), "| ipthreatstatus")
    assert not result.failed
    (row,) = [row for row in records(result) if row["kind"] == "list"]
    assert (row["name"], row["status"]) == ("ipsum", "ok" if compiled else "error")
    assert "500" in row["reason"]


def test_it_runs_in_a_preview():
    assert answer(ground(preview=True), "| ipthreatstatus") == answer(ground(), "| ipthreatstatus")


def test_it_is_a_generating_command_of_the_reports_pipeline():
    (outcome,) = run(ground(), "| ipthreatstatus").outcomes
    assert outcome.configuration["generating"] is True
    assert outcome.configuration["type"] == "reporting"
    assert outcome.metrics["ipthreat.rows"][2] == len(records(run(ground(), "| ipthreatstatus")))


@pytest.mark.parametrize("option, why", [("now", "takes no arguments"), ("a={b}", "Unrecognized option: a={b}")])
def test_an_argument_is_refused_in_one_message(option, why):
    result = run(ground(), f"| ipthreatstatus {option}")
    ((level, text),) = result.messages
    assert (level, why in text) == ("ERROR", True)
