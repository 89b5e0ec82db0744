"""What the embedded data and the user's lists tell the readers of events and of addresses."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from ipthreat.intelligence import Intelligence
from ipthreat.snapshot import ListInput, compile_lists

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
