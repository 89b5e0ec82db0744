"""Two thousand mixed events through `| ipthreat` in good and bad circumstances: none is lost, moved or changed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Callable, Dict, Iterator, List

import pytest
from searches import SDKS, answer, app, ground, records, replicated

from ipthreat.splunk.protocol import Table, table_from
from ipthreat.splunk.runner import run

COUNT = 2000
NAMES = ("number", "src_ip", "note", "_raw")
KINDS: Dict[str, Callable[[int], object]] = {
    "global": lambda number: f"20.{number % 200}.{number % 7}.{number % 250}",
    "private": lambda number: f"10.0.{number % 250}.1",
    "rubbish": lambda number: ("not an ip", "999.1.1.1", "{x}", '","', "1.2.3", "-")[number % 6],
    "empty": lambda number: "",
    "v6": lambda number: f"2600:1f18::{number:x}",
    "several": lambda number: [f"20.0.0.{number % 250}", "8.8.8.8"],
}
ORDER = ("private", "rubbish", "empty", "v6", "several", *["global"] * 5)
"""A tenth of the events each of five kinds, and half of them plain."""
STATUS = {"private": "not_global", "rubbish": "invalid", "empty": "invalid"}


def kind_of(number: int) -> str:
    return ORDER[number % len(ORDER)]


def mixed() -> Table:
    """The events; notes hold what breaks CSV that is read line by line."""
    notes = ("plain", 'a "quoted", note', "two\nlines", "", "carriage\rreturn", "ünï €")
    return table_from(
        NAMES,
        [
            {
                "number": str(number),
                "src_ip": KINDS[kind_of(number)](number),
                "note": notes[number % len(notes)],
                "_raw": f'event {number} said "hello"\n',
            }
            for number in range(COUNT)
        ],
    )


def unharmed(found: List[Dict[str, object]]) -> bool:
    """Every event is there, in order, with everything that it had."""
    sent = list(mixed().records())
    return len(found) == len(sent) and all(
        {name: record[name] for name in NAMES} == event for record, event in zip(found, sent)
    )


def snapshot_of(place: Path) -> Path:
    return place / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot"


@pytest.fixture
def place(tmp_path) -> Iterator[Path]:
    """A copy of the app that a test may spoil."""
    folder = Path(shutil.copytree(app(), tmp_path / "etc" / "apps" / "ipthreat"))
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def search(folder: Path, chunk_rows: int = 600, **changes: object):
    result = run(ground(folder, chunk_rows=chunk_rows, **changes), "| ipthreat src_ip mode=offline", mixed())
    assert not result.failed, result.messages
    assert [(outcome.exit_code, outcome.stderr) for outcome in result.outcomes] == [(0, "")]
    return result


@pytest.mark.parametrize("sdk", SDKS)
def test_no_event_is_lost_and_each_kind_has_its_status(sdk):
    found = records(search(app(sdk)))
    assert unharmed(found)
    for number, record in enumerate(found):
        told = record["ti_status"]
        for status in told if isinstance(told, list) else [told]:
            assert status == STATUS.get(kind_of(number), "ok"), record


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_without_a_usable_snapshot_no_event_is_lost_and_one_warning_says_why(place, damage):
    path = snapshot_of(place)
    data = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "noise": b"\xa5" * 5000}[damage])
    result = search(place)
    found = records(result)
    assert unharmed(found)
    warnings = [text for level, text in result.messages if level == "WARN"]
    assert len(warnings) == 1
    assert "ipthreat.snapshot" in warnings[0]
    statuses = Counter(record["ti_status"] for record in found if kind_of(int(str(record["number"]))) == "global")
    assert set(statuses) <= {"partial", "error"}
    assert {found[number]["ti_status"] for number in range(0, COUNT, 10)} == {"not_global"}


def test_a_folder_that_cannot_be_written_changes_nothing(place):
    for path in place.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    place.chmod(0o555)
    before = sorted((path, path.stat().st_mtime_ns) for path in place.rglob("*"))
    assert records(search(place)) == records(search(app()))
    assert sorted((path, path.stat().st_mtime_ns) for path in place.rglob("*")) == before  # the mode binds no root


@pytest.mark.parametrize("chunk_rows", [1999, 100])
def test_the_size_of_chunks_changes_nothing(chunk_rows):
    assert records(search(app(), chunk_rows)) == records(search(app(), COUNT))


def test_a_preview_changes_nothing():
    assert records(search(app(), preview=True)) == records(search(app()))


def test_a_command_that_is_sent_the_fields_it_needs_alone_gives_the_same_records():
    lean = run(ground(chunk_rows=300), "| ipthreat src_ip mode=offline lean=true", mixed())
    assert lean.outcomes[0].configuration["required_fields"] == ["src_ip"]
    assert records(lean) == records(search(app()))


def test_every_record_has_the_same_fields():
    assert len({tuple(record) for record in records(search(app(), 50))}) == 1


def test_from_the_bundle_on_an_indexer_the_answers_are_the_same(tmp_path):
    folder = tmp_path / "var" / "run" / "searchpeers" / "head-1" / "apps" / "ipthreat"
    replicated(app(), folder)
    try:
        assert records(search(folder)) == records(search(app()))
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


def test_commands_follow_each_other_over_all_events():
    twice = "| ipthreat src_ip mode=offline | ipthreatreport by=src_ip format=csv"
    addresses = {row["address"] for row in answer(ground(), twice, mixed())}
    sent = {str(record["src_ip"]) for record in mixed().records() if kind_of(int(record["number"])) in ("global", "v6")}
    assert sent <= addresses
    assert not {"not an ip", ""} & addresses
