"""What the embedded data and the user's lists tell the readers of events and of addresses."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import List

import pytest
from snapshots import write_contents

from ipthreat.dossier import Dossier
from ipthreat.errors import SnapshotError
from ipthreat.gather import Gatherer
from ipthreat.intelligence import Intelligence
from ipthreat.snapshot import ListInput, compile_lists
from ipthreat.snapshot.layout import Container, pack

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A lists file of one C2 tracker and one block list."""
    path = tmp_path / "lists.ipthreat"
    dated = {"date": "2026-11-23", "licence": "CC0-1.0", "source": "a test"}
    compile_lists(
        path,
        [
            ListInput("tracker", "c2", [("81.2.69.160", 0)], **dated),
            ListInput("ours", "block", [("81.2.69.161", 0)], **dated),
        ],
        built="2026-11-23",
    )
    return path


def test_the_embedded_user_agents_are_those_that_reports_name() -> None:
    names = {item.name.lower() for item in Intelligence.opened().agents()}
    assert {"nikto", "sqlmap"} <= names


def test_only_addresses_of_a_c2_list_are_servers_that_hosts_must_not_talk_to(lists: Path) -> None:
    opened = Intelligence.opened(lists)
    assert opened.is_c2("81.2.69.160")
    assert not opened.is_c2("81.2.69.161")
    assert not opened.is_c2("8.8.8.8")


def test_every_part_and_list_is_told_with_date_licence_and_entries(lists: Path) -> None:
    parts = {part.name: part for part in Intelligence.opened(lists).parts()}
    assert parts["tracker"].date.startswith("2026-11-23")
    assert (parts["ours"].entries, parts["ours"].licence) == (1, "CC0-1.0")
    assert {"systems", "special-ranges"} <= set(parts)  # the embedded ones, too


def test_a_broken_lists_file_is_an_entry_in_every_dossier_and_no_exception(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"not a lists file")
    sources = Intelligence.opened(tmp_path / "broken").sources(NOW)
    told = [item for source in sources for item in source.evidence("8.8.8.8")]
    assert [item.status.value for item in told if item.source == "lists"] == ["error"]


# --- damage that shows after opening --------------------------------------------------------------


def without(path: Path, section: str) -> Path:
    """A file that opens, in which one section lacks its end."""
    content, container = path.read_bytes(), Container(path)
    spans = {name: content[span.offset : span.offset + span.length] for name, span in container.spans.items()}
    container.close()
    path.write_bytes(pack([(name, held[:-1] if name == section else held) for name, held in spans.items()], "2026"))
    return path


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """A small snapshot in the place of the embedded one."""
    return write_contents(tmp_path / "embedded")


def told(opened: Intelligence, *addresses: str) -> List[Dossier]:
    return list(Gatherer(opened.sources(NOW)).gather(addresses, {}, None))


@pytest.mark.parametrize("section", ["lists", "parts"])
def test_a_file_whose_descriptions_are_damaged_counts_as_one_that_cannot_be_opened(
    embedded: Path, section: str
) -> None:
    opened = Intelligence.opened(None, without(embedded, section))
    assert opened.snapshot is None
    assert f"section {section} is no JSON" in opened.snapshot_error
    assert opened.parts() == ()
    assert [item.status.value for item in told(opened, "20.0.64.7")[0].evidence] == ["error"]


@pytest.mark.parametrize("section", ["lists", "parts"])
def test_lists_whose_descriptions_are_damaged_leave_the_snapshot_as_it_is(
    embedded: Path, lists: Path, section: str
) -> None:
    opened = Intelligence.opened(without(lists, section), embedded)
    assert opened.lists is None
    assert opened.failures([]) == {"lists": opened.lists_error}
    assert not opened.is_c2("81.2.69.160")
    assert {item.source: item.status.value for item in told(opened, "20.0.64.7")[0].evidence}["snapshot"] == "ok"


def test_user_agents_that_are_damaged_matter_to_those_who_read_events_alone(embedded: Path) -> None:
    opened = Intelligence.opened(None, without(embedded, "agents"))
    assert opened.failures(told(opened, "20.0.64.7")) == {}
    with pytest.raises(SnapshotError, match="section agents is no JSON"):
        opened.agents()
    reading = opened.for_events()
    assert (reading.snapshot, reading.agents()) == (None, ())
    assert "section agents is no JSON" in reading.snapshot_error


def test_sound_files_are_the_same_for_readers_of_events_and_when_they_are_verified(embedded: Path, lists: Path) -> None:
    opened = Intelligence.opened(lists, embedded)
    assert opened.for_events() is opened
    assert opened.verified() == opened


@pytest.mark.parametrize("damaged", ["embedded", "lists"])
def test_a_change_that_nobody_would_notice_is_found_by_verifying(embedded: Path, lists: Path, damaged: str) -> None:
    path = {"embedded": embedded, "lists": lists}[damaged]
    content = path.read_bytes()
    container = Container(path)
    at = container.spans["asn.text"].offset
    container.close()
    path.write_bytes(content[:at] + b"x" + content[at + 1 :])
    opened = Intelligence.opened(lists, embedded)
    assert opened.failures([]) == {}
    (reason,) = opened.verified().failures([]).values()
    assert f"{path} is damaged (section asn.text has changed since it was built)" in reason


def test_what_fails_at_an_address_is_told_with_its_reason(embedded: Path) -> None:
    opened = Intelligence.opened(None, without(embedded, "words"))
    assert opened.failures(told(opened, "10.0.0.1")) == {}
    reason = opened.failures(told(opened, "10.0.0.1", "20.0.64.7"))["snapshot"]
    assert "section words is no JSON" in reason


def test_whose_an_address_is_and_which_crawlers_it_may_be_is_not_guessed(embedded: Path) -> None:
    opened = Intelligence.opened(None, without(embedded, "words"))
    for question in (opened.owner, opened.crawler_ranges):
        with pytest.raises(SnapshotError, match="words"):
            question("20.0.64.7")


def test_of_a_lists_file_nothing_but_the_listings_is_read(embedded: Path, lists: Path) -> None:
    content = lists.read_bytes()
    container = Container(lists)
    span = container.spans["asn.offset"]
    container.close()
    lists.write_bytes(content[: span.offset] + b"\xff" * span.length + content[span.offset + span.length :])
    opened = Intelligence.opened(lists, embedded)
    assert opened.failures(told(opened, "81.2.69.160", "8.8.8.8")) == {}
