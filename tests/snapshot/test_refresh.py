"""One feed at a time: when it is asked, what is believed of the answer, what is remembered."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import List, Optional

import pytest

from ipthreat.errors import FetchError, InputError
from ipthreat.snapshot.copies import Copies
from ipthreat.snapshot.feeds import FEEDS
from ipthreat.snapshot.refresh import FeedState, Outcome, OwnList, Refresher
from ipthreat.transport import MockTransport, Request, Response

NOW = datetime(2026, 8, 22, 12, 0, tzinfo=timezone.utc)
FEED = dataclasses.replace(FEEDS["greensnow"], url="https://feeds.example/list?key=secret", min_entries=2)
GOOD = Response(200, {"ETag": '"v1"', "Last-Modified": "Sat, 22 Aug 2026 01:00:29 GMT"}, b"203.0.114.7\n203.0.114.8\n")


class Desk:
    """A refresher whose server gives prepared answers and whose clock is set by hand."""

    def __init__(self, folder: Path, *answers: Response) -> None:
        self.copies = Copies(folder)
        self._answers = list(answers)
        self.transport = MockTransport(self._answer)

    def _answer(self, request: Request) -> Response:
        if not self._answers:
            raise FetchError("https://feeds.example/list: the connection was refused")
        return self._answers.pop(0)

    def at(self, hours: float, force: bool = False) -> Outcome:
        return Refresher(self.copies, self.transport, NOW + timedelta(hours=hours), force).refresh(FEED)


def test_a_first_answer_is_stored_with_all_that_is_known_of_it(tmp_path: Path):
    desk = Desk(tmp_path, GOOD)
    assert desk.at(0) == Outcome(FeedState.UPDATED)
    copy = desk.copies.load("greensnow")
    assert desk.copies.body(copy) == GOOD.body
    assert (copy.etag, copy.last_modified, copy.entries) == ('"v1"', GOOD.headers["Last-Modified"], 2)
    assert copy.asked == copy.checked == copy.fetched == "2026-08-22T12:00:00+00:00"
    assert (copy.kind, copy.group, copy.source) == ("block", "greensnow", "GreenSnow, https://feeds.example/list")


def test_the_next_question_names_the_version_that_is_held(tmp_path: Path):
    desk = Desk(tmp_path, GOOD, Response(304))
    desk.at(0)
    assert desk.at(1) == Outcome(FeedState.NOT_MODIFIED)
    assert desk.transport.requests[0].headers == {}
    assert desk.transport.requests[1].headers == {
        "If-None-Match": '"v1"',
        "If-Modified-Since": "Sat, 22 Aug 2026 01:00:29 GMT",
    }


def test_a_confirmed_copy_counts_as_checked_and_not_as_fetched(tmp_path: Path):
    desk = Desk(tmp_path, GOOD, Response(304))
    desk.at(0)
    desk.at(5)
    copy = desk.copies.load("greensnow")
    assert (copy.fetched, copy.checked) == ("2026-08-22T12:00:00+00:00", "2026-08-22T17:00:00+00:00")


@pytest.mark.parametrize("hours, asked", [(0.5, 1), (0.89, 1), (0.91, 2), (1, 2), (-5, 2)])
def test_a_feed_is_due_when_nine_tenths_of_its_interval_have_passed(tmp_path: Path, hours: float, asked: int):
    desk = Desk(tmp_path, GOOD, Response(304))
    desk.at(0)
    desk.at(hours)
    assert len(desk.transport.requests) == asked


def test_force_asks_at_any_time(tmp_path: Path):
    desk = Desk(tmp_path, GOOD, Response(304))
    desk.at(0)
    assert desk.at(0.1, force=True) == Outcome(FeedState.NOT_MODIFIED)


def test_a_failure_is_remembered_until_a_good_answer(tmp_path: Path):
    desk = Desk(tmp_path, GOOD, Response(404), GOOD)
    states = [desk.at(0).state]
    outcome = desk.at(2)
    states.append(outcome.state)
    assert outcome.reason == "https://feeds.example/list: the server answered 404"
    assert desk.copies.load("greensnow").failure == outcome.reason
    assert desk.at(2.1) == Outcome(FeedState.KEPT, outcome.reason + " (not asked again yet)")
    states.append(desk.at(4).state)
    assert states == [FeedState.UPDATED, FeedState.KEPT, FeedState.UPDATED]
    assert desk.copies.load("greensnow").failure == ""


def test_a_server_that_was_not_reached_counts_as_not_asked(tmp_path: Path):
    desk = Desk(tmp_path)
    assert desk.at(0).state is FeedState.FAILED
    assert desk.at(0).state is FeedState.FAILED
    assert len(desk.transport.requests) == 2
    assert desk.copies.load("greensnow").asked == ""


def test_no_reason_shows_the_query_of_a_url(tmp_path: Path):
    desk = Desk(tmp_path, Response(500))
    assert "secret" not in desk.at(0).reason


def test_a_copy_takes_over_the_words_of_todays_catalogue(tmp_path: Path):
    desk = Desk(tmp_path, GOOD, Response(304))
    desk.at(0)
    copy = desk.copies.load("greensnow")
    desk.copies.save(dataclasses.replace(copy, kind="scanner", licence="old"))
    desk.at(2)
    assert (desk.copies.load("greensnow").kind, desk.copies.load("greensnow").licence) == ("block", "own terms")


def test_a_copy_damaged_on_disk_is_asked_for_as_a_whole(tmp_path: Path):
    desk = Desk(tmp_path, GOOD, GOOD)
    desk.at(0)
    (body,) = tmp_path.glob("*.list")
    body.write_bytes(b"203.0.114.66\n")
    assert desk.at(2) == Outcome(FeedState.UPDATED)
    assert desk.transport.requests[1].headers == {}


# Own lists


@pytest.mark.parametrize(
    "text, name, path, kind",
    [
        ("ours=/lists/bad.txt", "ours", "/lists/bad.txt", "block"),
        ("scanners=mass.txt,scanner", "scanners", "mass.txt", "scanner"),
        ("x=a=b,c2", "x", "a=b", "c2"),
    ],
)
def test_an_own_list_is_named_with_its_file_and_kind(text: str, name: str, path: str, kind: str):
    assert OwnList.parse(text) == OwnList(name, Path(path), kind)


@pytest.mark.parametrize("text", ["", "ours", "ours=", "/lists/bad.txt"])
def test_any_other_text_is_refused(text: str):
    with pytest.raises(InputError, match="is not of the form name=path"):
        OwnList.parse(text)


def test_an_own_list_is_read_as_a_feed(tmp_path: Path):
    path = tmp_path / "mine.txt"
    path.write_bytes(b"203.0.114.7 # a note\n")
    feed, body = OwnList("mine", path, "scanner").read()
    assert (feed.name, feed.kind, feed.url, body) == ("mine", "scanner", path.as_uri(), b"203.0.114.7 # a note\n")


UNUSABLE: List[object] = [
    ("mine", b"", "block", "holds no address"),
    ("mine", b"<html>", "block", "a page of HTML came instead of a list"),
    ("mine", b"\0\1\2", "block", "binary data"),
    ("mine", b"red\ngreen\n", "block", "only 0 lines hold an address and 2 do not"),
    ("mine", b"203.0.114.7\n", "bad", "there is no kind 'bad'"),
    ("No Name", b"203.0.114.7\n", "block", "is no list name"),
    ("ipsum", b"203.0.114.7\n", "block", "this is the name of a feed"),
    ("mine", None, "block", "cannot be read"),
]


@pytest.mark.parametrize("name, content, kind, words", UNUSABLE)
def test_an_own_list_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: Optional[bytes], kind: str, words: str
):
    if content is not None:
        (tmp_path / "mine.txt").write_bytes(content)
    with pytest.raises(InputError, match=words):
        OwnList(name, tmp_path / "mine.txt", kind).read()


def test_a_folder_is_no_list(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        OwnList("mine", tmp_path).read()
