"""The exact scanner and the pattern for many records, against csv; and the heads of frames."""

from __future__ import annotations

import csv
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import IpthreatError
from ipthreat.splunk.framing import Head, read_head, widen, write_frame
from ipthreat.splunk.planning import PlannedRun
from ipthreat.splunk.rows import cell_of, record_at, record_pattern, sampled, text_of

TEXTS = st.text(st.sampled_from('a1,"\n\r $é\u2028'), max_size=8)
ROWS = st.lists(st.lists(TEXTS, min_size=2, max_size=4), min_size=1, max_size=6)


def encoded(rows: list, end: bytes = b"\n") -> bytes:
    return b"".join(b",".join(map(cell_of, row)) + end for row in rows)


def scanned(data: bytes) -> list:
    """All records as texts, by the scanner."""
    found, at = [], 0
    while at < len(data):
        record = record_at(data, at, len(data), True)
        assert record is not None
        found.append([text_of(data[start:end]) for start, end in record.cells])
        at = record.next
    return found


@given(ROWS, st.sampled_from([b"\n", b"\r\n"]))
def test_the_scanner_reads_what_was_written(rows, end):
    assert scanned(encoded(rows, end)) == rows


@given(st.text(st.sampled_from('ab,"\n'), max_size=14))
def test_the_scanner_reads_odd_quotes_as_csv_does(text):
    rows = [row or [""] for row in csv.reader(io.StringIO(text, newline=""))]
    if text.count('"') % 2 == 0 or not rows:  # csv adds nothing to a quoted cell that the end of the text cuts short
        assert scanned(text.encode()) == rows


@given(ROWS, st.data())
def test_a_record_that_is_cut_short_is_none(rows, data):
    text = encoded(rows)
    record = record_at(text, 0, len(text), False)
    assert record is not None
    stop = data.draw(st.integers(0, record.next - 1))
    assert record_at(text, 0, stop, False) is None


@given(TEXTS)
def test_a_cell_is_read_as_it_was_written(text):
    assert text_of(cell_of(text)) == text


def test_letters_and_digits_alone_are_not_quoted():
    assert [cell_of(text) for text in ("", "a1", "a_b", "é")] == [b"", b"a1", b'"a_b"', '"é"'.encode()]


@given(
    st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=8), st.lists(TEXTS, min_size=3, max_size=3)
)
def test_the_pattern_finds_every_record_even_those_unlike_the_sample(rows, odd):
    data = encoded([*rows, odd])
    if b"\r" in data.replace(b'"', b""):
        data = data.replace(b"\r", b"")
        rows, odd = [[text.replace("\r", "") for text in row] for row in rows], [text.replace("\r", "") for text in odd]
        data = encoded([*rows, odd])
    pattern = record_pattern(sampled(data, 0, len(encoded(rows)), 3), 0, [1])
    pieces = pattern.split(data)
    assert [text_of(cell) for cell in pieces[2::3]] == [row[1] for row in [*rows, odd]]
    assert not any(pieces[::3])


def test_possessive_quantifiers_are_used_where_python_has_them_right():
    pattern = record_pattern(sampled(b"a\n", 0, 2, 1), 0, [0]).pattern
    assert (b"*+" in pattern) == (sys.version_info >= (3, 11, 5))


# --- frames ---------------------------------------------------------------------------------------


def test_a_frame_that_was_written_is_read():
    pipe = io.BytesIO()
    write_frame(pipe, {"finished": True, "text": "é"}, memoryview(b"a,b\n"))
    pipe.seek(0)
    assert read_head(pipe) == Head({"finished": True, "text": "é"}, 4)
    assert pipe.read() == b"a,b\n"


def test_the_end_of_the_stream_is_no_frame():
    assert read_head(io.BytesIO(b"")) is None


@pytest.mark.parametrize("data", [b"hello\n", b"chunked 2.0,1,1\n", b"chunked 1.0,2,0\n[]", b"chunked 1.0,3,0\n{x}"])
def test_what_is_no_frame_is_refused(data):
    with pytest.raises(IpthreatError):
        read_head(io.BytesIO(data))


def test_streams_that_are_no_pipes_are_left_alone(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        widen(io.BytesIO(), file, None)
        file.write(b"still open")
    assert (tmp_path / "file").read_bytes() == b"still open"


# --- plans ----------------------------------------------------------------------------------------


def test_a_plan_counts_each_address_once_and_keeps_to_the_budget():
    plan = PlannedRun(("virustotal", "talos"), 2, 60)
    for address, special in (
        ("8.8.8.8", ""),
        ("8.8.8.8", ""),
        ("1.1.1.1", ""),
        ("9.9.9.9", ""),
        ("10.0.0.1", "private"),
    ):
        plan.note(address, special)
    assert plan.told == (
        "plan: 3 distinct global addresses, none of them on record, and 1 that are never asked about (private, "
        "reserved). A live run would ask about 2 (budget 2): virustotal 2; about 1 s"
    )


def test_a_plan_without_a_source_says_so():
    assert "no source is configured" in PlannedRun(("talos",), 2, 60).told
