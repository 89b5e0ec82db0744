"""A file is replaced as a whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ipthreat.wholefile import SHARED, put_whole


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path):
    for content in (b"old", b"new"):
        put_whole(tmp_path / "file", content)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"new")]


@pytest.mark.skipif(sys.platform == "win32", reason="needs the modes of POSIX")
def test_a_new_file_is_the_users_alone_unless_it_is_to_be_shared(tmp_path: Path):
    before = os.umask(0o022)
    try:
        put_whole(tmp_path / "private", b"x")
        put_whole(tmp_path / "shared", b"x", SHARED)
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("private", "shared")] == [0o600, 0o644]


def test_a_new_file_that_does_not_pass_leaves_the_old_one(tmp_path: Path):
    put_whole(tmp_path / "file", b"old")

    def refused(path: Path) -> None:
        assert path.read_bytes() == b"new"
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        put_whole(tmp_path / "file", b"new", check=refused)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


def test_a_file_that_cannot_take_the_place_leaves_nothing_beside_it(tmp_path: Path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        put_whole(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
