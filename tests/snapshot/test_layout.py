"""The container: what goes in comes out, and a file that is not whole is refused in one sentence."""

from __future__ import annotations

import os
import re
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import SnapshotError
from ipthreat.snapshot.layout import CRC_AT, HEADER, ROW, Container, little, pack, write

SECTIONS = [
    ("first", b"\x01\x02\x03"),
    ("empty", b""),
    ("words", "grün".encode()),
    ("wide", little("Q", [1, 2**64 - 1])),
]
BUILT = "2026-10-26"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.snapshot"


def save(path, content):
    path.write_bytes(content)
    return path


def resealed(content: bytes) -> bytes:
    """The file with a header checksum that is right again, as a forger would leave it."""
    count = HEADER.unpack_from(content)[2]
    head = bytearray(content[: HEADER.size + ROW.size * count])
    head[CRC_AT : CRC_AT + 4] = bytes(4)
    return content[:CRC_AT] + struct.pack("<I", zlib.crc32(head)) + content[CRC_AT + 4 :]


def refusal(path) -> str:
    with pytest.raises(SnapshotError) as caught:
        Container(path)
    return str(caught.value)


def test_sections_come_out_as_they_went_in(path):
    container = Container(save(path, pack(SECTIONS, BUILT)))
    assert list(container.numbers("first", "B")) == [1, 2, 3]
    assert list(container.numbers("empty", "I")) == []
    assert container.text("words") == "grün"
    assert list(container.numbers("wide", "Q")) == [1, 2**64 - 1]
    assert container.built == BUILT
    container.close()


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_sections_survive_packing_at_aligned_places(tmp_path_factory, contents):
    sections = [(f"s{number}", content) for number, content in enumerate(contents)]
    container = Container(save(tmp_path_factory.mktemp("any") / "file", pack(sections, BUILT)))
    assert [(name, bytes(container.numbers(name, "B"))) for name in container.spans] == sections
    assert all(span.offset % 8 == 0 for span in container.spans.values())
    container.verify()
    container.close()


def test_the_same_sections_give_the_same_bytes():
    assert pack(SECTIONS, BUILT) == pack(list(SECTIONS), BUILT)


@pytest.mark.parametrize("code, width", [("B", 1), ("H", 2), ("I", 4), ("Q", 8)])
def test_numbers_are_stored_little_endian(code, width):
    assert little(code, [1, 2]) == (1).to_bytes(width, "little") + (2).to_bytes(width, "little")


@pytest.mark.parametrize("size", [0, 1, 7, HEADER.size - 1, HEADER.size, HEADER.size + ROW.size * 4 - 1])
def test_a_file_cut_short_in_its_head_is_refused(path, size):
    save(path, pack(SECTIONS, BUILT)[:size])
    assert str(path) in refusal(path)


def test_a_file_cut_at_any_section_is_refused_in_one_sentence(path):
    whole = pack(SECTIONS, BUILT)
    container = Container(save(path, whole))
    ends = {span.offset for span in container.spans.values()} | {span.offset + 1 for span in container.spans.values()}
    container.close()
    for end in ends - {len(whole)}:
        save(path, whole[:end])
        assert "cut short" in refusal(path)


def test_a_file_with_something_behind_it_is_refused(path):
    assert "cut short" in refusal(save(path, pack(SECTIONS, BUILT) + b"x"))


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(60), b"<html>" + b" " * 60, bytes(100)])
def test_a_file_of_another_kind_is_called_no_snapshot(path, content):
    assert "no ipthreat snapshot" in refusal(save(path, content))


def test_a_newer_format_is_refused_with_both_numbers(path):
    newer = bytearray(pack(SECTIONS, BUILT))
    newer[8:10] = (7).to_bytes(2, "little")
    assert re.search(r"format 7, .* reads 1", refusal(save(path, resealed(bytes(newer)))))


@pytest.mark.parametrize("at", range(8, HEADER.size + ROW.size * len(SECTIONS), 5))
def test_any_changed_byte_of_the_head_is_noticed_at_once(path, at):
    changed = bytearray(pack(SECTIONS, BUILT))
    changed[at] ^= 0x41
    assert str(path) in refusal(save(path, bytes(changed)))


@pytest.mark.parametrize("offset, length", [(2**63, 1), (0, 8), (0, 2**64 - 1), (200, 2**40), (2**64 - 1, 2**64 - 1)])
def test_a_section_outside_the_file_is_refused_though_the_checksum_is_right(path, offset, length):
    forged = bytearray(pack(SECTIONS, BUILT))
    struct.pack_into("<QQ", forged, HEADER.size + 16, offset, length)
    assert "outside the file" in refusal(save(path, resealed(bytes(forged))))


def test_a_number_of_sections_that_cannot_be_is_refused(path):
    forged = bytearray(pack(SECTIONS, BUILT))
    struct.pack_into("<H", forged, 10, 65535)
    assert "cut short" in refusal(save(path, bytes(forged)))


def test_a_changed_section_is_found_by_verifying_and_named(path):
    changed = bytearray(pack(SECTIONS, BUILT))
    changed[-1] ^= 1
    container = Container(save(path, bytes(changed)))
    with pytest.raises(SnapshotError, match="section wide has changed"):
        container.verify()
    container.close()


def test_a_missing_section_an_uneven_one_and_one_that_is_no_text_are_refused(path):
    container = Container(save(path, pack([("odd", b"\xff\xfe\xfd")], BUILT)))
    for question in (
        lambda: container.numbers("absent", "B"),
        lambda: container.numbers("odd", "H"),
        lambda: container.text("odd"),
    ):
        with pytest.raises(SnapshotError, match=re.escape(str(path))):
            question()
    container.close()


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["missing", "a folder"])
def test_what_is_no_file_is_refused_in_one_sentence(path, make):
    make(path)
    message = refusal(path)
    assert message.count("\n") == 0
    assert "Errno" not in message


def test_closing_twice_is_allowed(path):
    container = Container(save(path, pack(SECTIONS, BUILT)))
    container.numbers("wide", "Q")
    container.close()
    container.close()
    assert container.closed


def test_writing_replaces_the_file_and_leaves_nothing_beside_it(path):
    save(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_fails_its_check_does_not_replace_the_old_one(path):
    def refuse(candidate):
        assert candidate.read_bytes() == b"new"
        raise SnapshotError("no good")

    save(path, b"old")
    with pytest.raises(SnapshotError, match="no good"):
        write(path, b"new", check=refuse)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(SnapshotError, match="cannot be written: no such file or directory"):
        write(tmp_path / "absent" / "file", b"new")
