"""The last good copy outlives whatever happens to the process, the disk and the clock."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import SnapshotError
from ipthreat.snapshot.copies import Copies, FeedCopy, digest, stamp

NOW = datetime(2026, 8, 22, 12, 0, tzinfo=timezone.utc)
BODY = b"203.0.114.7\n"
COPY = FeedCopy("ipsum", "https://a.example/", "plain", "block", etag='"v1"', entries=1, sha256=digest(BODY))


def test_what_is_saved_is_read_back(tmp_path: Path):
    copies = Copies(tmp_path)
    copies.save(COPY, BODY)
    assert copies.load("ipsum") == COPY
    assert copies.body(COPY) == BODY
    assert list(copies) == [COPY]


def test_a_new_body_takes_the_place_of_the_old_one(tmp_path: Path):
    copies = Copies(tmp_path)
    copies.save(COPY, BODY)
    newer = dataclasses.replace(COPY, sha256=digest(b"203.0.114.8\n"))
    copies.save(newer, b"203.0.114.8\n")
    assert copies.body(newer) == b"203.0.114.8\n"
    assert len(list(tmp_path.glob("*.list"))) == 1


def test_a_description_can_change_without_its_body(tmp_path: Path):
    copies = Copies(tmp_path)
    copies.save(COPY, BODY)
    copies.save(dataclasses.replace(COPY, failure="gone"))
    assert copies.body(copies.load("ipsum")) == BODY


def test_feeds_whose_names_begin_alike_do_not_touch_each_other(tmp_path: Path):
    copies = Copies(tmp_path)
    longer = dataclasses.replace(COPY, name="ipsum_extra")
    copies.save(longer, BODY)
    copies.save(COPY, BODY)
    copies.save(dataclasses.replace(COPY, sha256=digest(b"x")), b"x")
    assert copies.body(longer) == BODY


def test_a_body_that_was_changed_or_removed_is_no_copy(tmp_path: Path):
    copies = Copies(tmp_path)
    copies.save(COPY, BODY)
    (path,) = tmp_path.glob("*.list")
    path.write_bytes(b"203.0.114.9\n")
    assert copies.body(COPY) is None
    path.unlink()
    assert copies.body(COPY) is None


def test_a_feed_that_never_came_has_no_body(tmp_path: Path):
    assert Copies(tmp_path).body(dataclasses.replace(COPY, sha256="")) is None


def test_a_folder_that_is_not_there_holds_no_copies(tmp_path: Path):
    assert list(Copies(tmp_path / "none")) == []
    assert Copies(tmp_path / "none").load("ipsum") is None


def test_a_process_killed_between_body_and_description_leaves_the_old_copy(tmp_path: Path):
    copies = Copies(tmp_path)
    copies.save(COPY, BODY)
    (tmp_path / f"ipsum.{digest(b'new')[:16]}.list").write_bytes(b"new")  # the state in between
    assert copies.body(copies.load("ipsum")) == BODY


def test_a_folder_that_takes_no_file_is_reported_and_the_old_copy_stays(tmp_path: Path):
    copies = Copies(tmp_path)
    copies.save(COPY, BODY)
    (tmp_path / "tor.json").mkdir()
    with pytest.raises(SnapshotError, match="cannot be written"):
        copies.save(dataclasses.replace(COPY, name="tor"), BODY)
    assert copies.load("ipsum") == COPY


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"url": None},
        {"entries": "many"},
        {"etag": ["x"]},
        {"sha256": "../../../../etc/passwd"},
        {"sha256": "ABC"},
    ],
)
def test_a_description_with_a_strange_field_is_none(tmp_path: Path, change: dict):
    (tmp_path / "ipsum.json").write_text(json.dumps({**dataclasses.asdict(COPY), **change}))
    assert Copies(tmp_path).load("ipsum") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 50_000, '{"name": "ipsum"}', "\udcff"])
def test_a_description_that_cannot_be_read_is_none(tmp_path: Path, text: str):
    (tmp_path / "ipsum.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert Copies(tmp_path).load("ipsum") is None


def test_a_description_that_cannot_be_read_is_listed_with_that_as_its_failure(tmp_path: Path):
    Copies(tmp_path).save(COPY, BODY)
    (tmp_path / "tor.json").write_text("{")
    assert [(copy.name, copy.failure) for copy in Copies(tmp_path)] == [
        ("ipsum", ""),
        ("tor", f"{tmp_path / 'tor.json'}: cannot be read"),
    ]


def test_fields_of_a_later_version_are_ignored(tmp_path: Path):
    (tmp_path / "ipsum.json").write_text(json.dumps({**dataclasses.asdict(COPY), "colour": "red"}))
    assert Copies(tmp_path).load("ipsum") == COPY


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner))


@given(st.dictionaries(st.sampled_from([field.name for field in dataclasses.fields(FeedCopy)]), json_values))
def test_no_description_raises(tmp_path_factory: pytest.TempPathFactory, fields: dict):
    folder = tmp_path_factory.mktemp("copies")
    (folder / "ipsum.json").write_text(json.dumps({**dataclasses.asdict(COPY), **fields}))
    copy = Copies(folder).load("ipsum")
    assert copy is None or (copy.name == "ipsum" and copy.asked_ago(NOW) >= 0 and isinstance(copy.day, str))


@pytest.mark.parametrize(
    "fields, day",
    [
        ({"published": "2026-08-20", "last_modified": "Fri, 21 Aug 2026 10:00:00 GMT"}, "2026-08-20"),
        ({"last_modified": "Fri, 21 Aug 2026 10:00:00 GMT"}, "2026-08-21"),
        ({"last_modified": "yesterday"}, "2026-08-22"),
        ({}, "2026-08-22"),
        ({"published": "2099-01-01"}, "2026-08-22"),
        ({"published": "soon", "last_modified": "Fri, 21 Aug 2026 10:00:00 GMT"}, "2026-08-21"),
        ({"published": "2026-08-20", "checked": "soon"}, "2026-08-20"),
        ({"checked": "soon"}, ""),
    ],
)
def test_the_day_of_a_list_is_its_publishers_then_the_servers_then_that_of_the_last_check(fields: Any, day: str):
    assert dataclasses.replace(COPY, **{"checked": stamp(NOW), **fields}).day == day


def test_the_time_since_a_server_was_asked_is_infinite_when_unknown_or_in_the_future():
    asked = dataclasses.replace(COPY, asked=stamp(NOW - timedelta(hours=2)))
    assert asked.asked_ago(NOW) == 7200.0
    for text in ("", "yesterday", stamp(NOW + timedelta(days=1))):
        assert dataclasses.replace(COPY, asked=text).asked_ago(NOW) == float("inf")


def test_times_are_kept_in_utc_to_the_second():
    there = timezone(timedelta(hours=2))
    assert stamp(datetime(2026, 8, 22, 1, 0, 0, 5, tzinfo=there)) == "2026-08-21T23:00:00+00:00"
