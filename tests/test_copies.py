"""Copies of collections and tables: kept privately between runs, replaced in one step, and never a condition."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from answers import answer
from runs import Ticks, Told, dossiers_of, live_over, settings_for

from ipthreat import copies
from ipthreat.copies import IN_MEMORY, CopyFiles, name_of
from ipthreat.dossier import Status
from ipthreat.exchange import MockTransport, Request, Response
from ipthreat.live import Live
from ipthreat.providers.taxii import Taxii

PLACE = "https://vendor.example"


def collection(*pages: Any):
    """A server of one collection: each page once, then nothing new."""
    waiting = list(pages)

    def _answer(request: Request) -> Response:
        return waiting.pop(0) if waiting else answer({"more": False, "objects": []})

    return MockTransport(_answer)


def page(*addresses: str, following: str = "") -> Response:
    objects = [
        {"type": "indicator", "id": f"indicator--{name}", "pattern": f"[ipv4-addr:value = '{name}']", "confidence": 85}
        for name in addresses
    ]
    body = {"more": bool(following), "next": following, "objects": objects}
    return answer(body, X_TAXII_Date_Added_Last="2026-01-01T00:00:00Z")


def over(folder: Path, transport: MockTransport, **more: Any) -> Live:
    return live_over(folder, transport, vendors=[Taxii()], settings=settings_for("taxii", base_url=PLACE), **more)


def words(live: Live, *addresses: str) -> list:
    found = live.answers(dossiers_of(*addresses))
    return [found[address][0].status.value for address in addresses]


def test_a_collection_is_mirrored_by_the_first_run_and_only_added_to_by_the_next(tmp_path: Path):
    transport = collection(page("8.8.8.8", following="p2"), page("1.1.1.1"), page("9.9.9.9"))
    first = over(tmp_path, transport)
    assert words(first, "8.8.8.8", "1.1.1.1", "45.1.1.1") == ["ok", "ok", "not_found"]
    second = over(tmp_path, transport)
    assert words(second, "9.9.9.9", "45.1.1.2") == ["ok", "not_found"]
    assert (first.requests, second.requests) == ({"taxii": 2}, {"taxii": 1})
    assert transport.requests[2].params["added_after"] == "2026-01-01T00:00:00Z"


def test_one_run_brings_the_copy_up_to_date_once_however_often_it_is_asked(tmp_path: Path):
    live = over(tmp_path, collection(page("8.8.8.8")))
    assert [words(live, address) for address in ("8.8.8.8", "1.1.1.1")] == [["ok"], ["not_found"]]
    assert live.requests == {"taxii": 1}


def test_no_address_is_in_the_question_or_in_the_audit_file(tmp_path: Path):
    transport = collection(page("8.8.8.8"))
    words(over(tmp_path, transport), "8.8.8.8")
    assert "8.8.8.8" not in (tmp_path / "egress.log").read_text(encoding="utf-8")
    assert not [request for request in transport.requests if "8.8.8.8" in f"{request.url}{request.params}"]


def test_a_server_that_fails_leaves_the_copy_which_says_how_old_it_is(tmp_path: Path):
    ticks = Ticks()
    words(over(tmp_path, collection(page("8.8.8.8")), ticks=ticks), "45.1.1.1")
    ticks.move(3600)
    live = over(tmp_path, MockTransport(lambda request: Response(401)), ticks=ticks)
    assert words(live, "8.8.8.8", "1.1.1.1") == ["stale", "auth_error"]
    assert words(live, "8.8.8.8") == ["stale"]  # the refused key does not take away what is known


def test_pages_that_were_fetched_before_the_time_was_over_are_kept(tmp_path: Path):
    ticks = Ticks()

    def _slow(request: Request) -> Response:
        ticks.move(25.0)
        return page("8.8.8.8", following="more")

    live = over(tmp_path, MockTransport(_slow), ticks=ticks)
    assert words(live, "8.8.8.8", "1.1.1.1") == ["ok", "not_asked"]
    again = over(tmp_path, collection(page("1.1.1.1")), ticks=ticks)
    assert words(again, "1.1.1.1", "45.1.1.1") == ["ok", "not_found"]


def test_the_copy_is_the_users_alone(tmp_path: Path):
    words(over(tmp_path, collection(page("8.8.8.8"))), "8.8.8.8")
    (path,) = (tmp_path / "copies").iterdir()
    assert path.name == name_of("taxii", PLACE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_name_of_a_copy_tells_nothing_of_where_it_comes_from():
    assert name_of("taxii", "https://user:secret@partner.example") != name_of("taxii", "https://partner.example")
    assert "partner" not in name_of("taxii", "https://partner.example")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null", b"[" * 100_000, b'{"objects": 5}'])
def test_a_damaged_copy_is_as_good_as_none(tmp_path: Path, content: bytes):
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / name_of("taxii", PLACE)).write_bytes(content)
    assert words(over(tmp_path, collection(page("8.8.8.8"))), "8.8.8.8", "1.1.1.1") == ["ok", "not_found"]


def test_a_copy_that_cannot_be_kept_serves_its_run_and_is_told_of(tmp_path: Path):
    (tmp_path / "copies").write_text("a file where the folder should be", encoding="utf-8")
    told = Told()
    assert words(over(tmp_path, collection(page("8.8.8.8")), told=told), "8.8.8.8") == ["ok"]
    (line,) = told
    assert "the copy is not kept" in line


def test_a_copy_that_is_too_large_is_neither_written_nor_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told = Told()
    files = CopyFiles(tmp_path, told)
    files.write("a.json", list(range(100)))
    assert files.read("a.json") == list(range(100))
    monkeypatch.setattr(copies, "LARGEST", 20)
    assert files.read("a.json") is None
    files.write("a.json", list(range(200)))
    assert len(told) == 1
    assert "too large" in told[0]


def test_a_new_copy_takes_the_place_of_the_old_one_in_one_step(tmp_path: Path):
    files = CopyFiles(tmp_path)
    files.write("a.json", {"old": 1})
    with open(tmp_path / "a.json", "rb") as reader:
        files.write("a.json", {"new": 2})
        assert reader.read() == b'{"old":1}'
    assert files.read("a.json") == {"new": 2}
    assert os.listdir(tmp_path) == ["a.json"]


def test_without_a_folder_nothing_is_kept():
    IN_MEMORY.write("a.json", {})
    assert IN_MEMORY.read("a.json") is None


def test_what_was_recorded_leads_to_the_same_answers(tmp_path: Path):
    heard = []
    live = over(
        tmp_path,
        collection(page("8.8.8.8")),
        watchers=(lambda addresses, response, found: heard.append((addresses, response, dict(found))),),
    )
    words(live, "8.8.8.8", "1.1.1.1")
    ((addresses, response, found),) = heard
    again = Taxii().answers(addresses, response, Ticks().clock.now())
    assert {name: item.status for name, item in again.items()} == {name: item.status for name, item in found.items()}
    assert again["8.8.8.8"].status is Status.OK
