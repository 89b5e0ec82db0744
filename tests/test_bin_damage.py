"""The app's commands over files that open and then prove damaged: no event is lost, and one sentence says why."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Dict, List, Mapping

import pytest
from searches import app, ground, records

from ipthreat.snapshot import ListInput, compile_lists
from ipthreat.snapshot.layout import CRC_AT, HEADER, ROW, Container, pack
from ipthreat.splunk.conf import app_lists
from ipthreat.splunk.protocol import Table, table_from
from ipthreat.splunk.runner import Result, run

NAMES = ("number", "src_ip", "agent", "uri", "_raw")
AGENTS = ("Mozilla/5.0", "Nikto/2.5.0", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
PLAIN, EVENTS = "| ipthreat src_ip mode=offline", "| ipthreat src_ip mode=offline user_agent=agent uri=uri"
SECTIONS = (
    "owner4.index", "owner4.low", "owner4.id", "owner4.net", "owner4.netbits", "fact4.index", "fact4.id", "fact4.whole",
    "fact6.id", "record", "set.offset", "set.list", "words", "lists", "asn.offset", "asn.text", "parts", "agents",
)  # fmt: skip
"""Those that a look-up or the set-up of a search reads, one of each sort."""
TEXTS = ("words", "lists", "parts", "agents")
"""Sections of JSON."""


def address(number: int) -> str:
    kinds = ("10.1.2.3", "rubbish", "", "2600:1f18::7", "66.249.66.1")
    return kinds[number // 7 % 5] if number % 7 == 0 else f"{1 + number % 220}.{number * 7 % 256}.{number % 9}.1"


def events(count: int = 200) -> Table:
    """Events of many networks, among them scanners, a crawler, and what is no address."""
    rows = [
        {
            "number": str(number),
            "src_ip": address(number),
            "agent": AGENTS[number % 3],
            "uri": "/index.php?id=1%27%20or%201=1" if number % 5 == 0 else "/",
            "_raw": f'event {number} said "hello"\n',
        }
        for number in range(count)
    ]
    return table_from(NAMES, rows)


def sections_of(path: Path) -> Dict[str, bytes]:
    content = path.read_bytes()
    container = Container(path)
    found = {name: content[span.offset : span.offset + span.length] for name, span in container.spans.items()}
    container.close()
    return found


def spoilt(content: bytes, kind: str, draw: random.Random) -> bytes:
    """A section that was overwritten, of which the end is lost, or in which bits have turned."""
    if kind == "zero":
        return bytes(len(content))
    if kind == "cut":
        return content[: draw.randrange(len(content))]
    turned = bytearray(content)
    for _ in range(1 + len(content) // 50):
        turned[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(turned)


class Place:
    """A copy of the app that a test may spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(shutil.copytree(app(), folder / "etc" / "apps" / "ipthreat"))
        self.snapshot = self.folder / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot"
        self.lists = app_lists(self.folder)
        self.lists.parent.mkdir(parents=True)
        inputs = [
            ListInput("ours", "block", [(f"{number}.0.0.0/8", 1) for number in range(1, 120)], date="2023-11-13"),
            ListInput("tracker", "c2", [("66.249.66.0/24", 0), ("2600:1f18::/48", 0)], date="2023-11-13"),
        ]
        compile_lists(self.lists, inputs, "2023-11-13")
        self._sound = {path: (path.read_bytes(), sections_of(path)) for path in (self.snapshot, self.lists)}

    def damage(self, path: Path, section: str, kind: str) -> None:
        """Spoils one section of a file, whose header still adds up; the other file is sound."""
        for each, (content, _) in self._sound.items():
            each.write_bytes(content)
        sections = dict(self._sound[path][1])
        draw = random.Random(zlib.crc32(f"{section} {kind}".encode()))
        sections[section] = spoilt(sections[section], kind, draw)
        content = bytearray(pack(list(sections.items()), "2023-11-13"))
        for number, name in enumerate(sections):  # the digests are still those of what was built
            end = HEADER.size + (number + 1) * ROW.size
            content[end - 32 : end] = hashlib.sha256(self._sound[path][1][name]).digest()
        content[CRC_AT : CRC_AT + 4] = bytes(4)
        checksum = zlib.crc32(content[: HEADER.size + len(sections) * ROW.size])
        content[CRC_AT : CRC_AT + 4] = checksum.to_bytes(4, "little")
        path.write_bytes(content)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("damage"))


def search(place: Place, words: str = PLAIN) -> Result:
    """A search that must come to its end without a word on stderr."""
    generates = words.startswith(("| ipthreatstatus", "| ipthreatlookup"))
    result = run(ground(place.folder, chunk_rows=90), words, None if generates else events())
    assert not result.failed, result.messages
    assert {(outcome.exit_code, outcome.stderr) for outcome in result.outcomes} == {(0, "")}
    return result


def unharmed(found: List[Dict[str, object]]) -> bool:
    """Every event is there once, in order, with everything that it had."""
    sent = list(events().records())
    return len(found) == len(sent) and all(
        {name: record[name] for name in NAMES} == event for record, event in zip(found, sent)
    )


def warnings(result: Result) -> List[str]:
    return [text for level, text in result.messages if level == "WARN"]


def failed(record: Mapping[str, object]) -> bool:
    return record["ti_status"] in ("error", "partial")


@pytest.mark.parametrize(
    "section, kind", [*((name, "zero") for name in SECTIONS), ("record", "cut"), ("asn.text", "cut"), ("agents", "cut")]
)
def test_whatever_section_of_the_snapshot_is_damaged_no_event_is_lost(place: Place, section: str, kind: str) -> None:
    place.damage(place.snapshot, section, kind)
    result = search(place, EVENTS)
    found = records(result)
    assert unharmed(found)
    assert len(warnings(result)) <= 1
    assert bool(warnings(result)) >= any(map(failed, found))


@pytest.mark.parametrize("section", ["record", "set.list", "set.offset", "words", "lists", "fact4.whole", "asn.offset"])
def test_whatever_section_of_the_lists_is_damaged_no_event_is_lost(place: Place, section: str) -> None:
    place.damage(place.lists, section, "flip")
    result = search(place)
    found = records(result)
    assert unharmed(found)
    assert len(warnings(result)) == any(map(failed, found))
    assert {record["ti_status"] for record in found if record["src_ip"] == "10.1.2.3"} == {"not_global"}


@pytest.mark.parametrize("section", ["words", "lists", "parts"])
def test_descriptions_that_cannot_be_read_are_one_warning_and_the_status_of_every_address(place, section):
    place.damage(place.snapshot, section, "cut")
    place.lists.unlink()
    result = search(place)
    (warning,) = warnings(result)
    assert f"section {section} is no JSON" in warning
    assert {record["ti_status"] for record in records(result)} == {"error", "not_global", "invalid"}


def test_user_agents_that_cannot_be_read_trouble_those_searches_alone_that_need_them(place):
    place.damage(place.snapshot, "agents", "cut")
    assert warnings(search(place, PLAIN)) == []
    (warning,) = warnings(search(place, EVENTS))
    assert "section agents is no JSON" in warning


def test_attack_tools_are_still_seen_where_the_owner_of_the_address_cannot_be_read(place):
    place.damage(place.snapshot, "words", "zero")
    found = records(search(place, f"{EVENTS} fields=status,reasons"))
    told = [str(record["ti_reasons"]) for record in found if record["src_ip"] == "66.249.66.1"]
    assert told
    assert not any("crawler" in text for text in told)  # nothing follows from a claim that cannot be checked
    assert any("nikto" in text for text in told)


@pytest.mark.parametrize("damaged", ["lists", "words"])
def test_with_on_error_fail_the_search_stops_with_one_message(place, damaged):
    place.damage(place.snapshot, damaged, "cut")
    result = run(ground(place.folder), f"{PLAIN} on_error=fail", events())
    assert result.failed
    ((level, text),) = result.messages
    assert level == "ERROR"
    assert text.startswith("The snapshot ")
    assert "is damaged" in text


@pytest.mark.parametrize("section", [*TEXTS, "record"])
def test_a_report_over_a_damaged_snapshot_is_made_and_says_so(place, section):
    place.damage(place.snapshot, section, "cut")
    result = search(place, "| ipthreatreport by=src_ip format=csv")
    addresses = {record["address"] for record in records(result)}
    assert {"66.249.66.1", "2600:1f18::7"} <= addresses
    assert len([text for text in warnings(result) if "is damaged" in text]) == 1


@pytest.mark.parametrize("file", ["snapshot", "lists"])
@pytest.mark.parametrize("section", ["lists", "record", "fact4.whole"])
def test_the_look_up_of_one_address_has_a_row_and_a_warning_that_say_so(place, file, section):
    place.damage(getattr(place, file), section, "cut")
    result = search(place, "| ipthreatlookup ip=66.249.66.1 mode=offline")
    (row,) = [record for record in records(result) if record["source"] == file]
    assert row["status"] == "error"
    assert warnings(result) == [row["reason"]]


@pytest.mark.parametrize("file", ["snapshot", "lists"])
@pytest.mark.parametrize("section, kind", [("lists", "cut"), ("words", "flip"), ("set.level", "flip")])
def test_status_has_a_row_for_any_damage(place, file, section, kind):
    place.damage(getattr(place, file), section, kind)
    rows = records(search(place, "| ipthreatstatus"))
    (row,) = [row for row in rows if row["status"] == "error"]
    assert row["name"] == file
    assert "damaged" in str(row["reason"])


def shell(place: Place, *words: str) -> subprocess.CompletedProcess:
    """The command line over the data of that place."""
    command = [sys.executable, "-m", "ipthreat", *words]
    environment = {"PYTHONPATH": str(place.folder / "lib"), "HOME": str(place.folder)}
    return subprocess.run(command, env=environment, cwd=place.folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("section", ["lists", "agents", "record"])
def test_the_command_line_answers_over_a_damaged_snapshot(place, section):
    place.damage(place.snapshot, section, "cut")
    checked, status = shell(place, "check", "66.249.66.1", "10.0.0.1"), shell(place, "status")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.count("66.249.66.1") >= 1
    assert ("is damaged" in checked.stdout) is (section != "agents")
    assert status.returncode == 4
    assert [line for line in status.stderr.splitlines() if "is damaged" in line] == status.stderr.splitlines()
