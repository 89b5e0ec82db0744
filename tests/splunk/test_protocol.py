"""Frames and tables: what one side writes the other reads, and what is neither is refused in one sentence."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import IpthreatError
from ipthreat.splunk.protocol import (
    Frame,
    Table,
    body_of,
    cells_of,
    encoded,
    read_frame,
    table_from,
    table_of,
    values_of,
)

TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
NAMES = ("a", "b_c", "_raw")


@given(st.dictionaries(TEXTS, TEXTS | st.booleans()), st.binary(max_size=50))
def test_a_frame_is_read_as_it_was_written(metadata, body):
    stream = io.BytesIO(encoded(metadata, body) * 2)
    assert read_frame(stream) == read_frame(stream) == Frame(metadata, body)
    assert read_frame(stream) is None


def test_a_frame_is_counted_in_bytes():
    assert encoded({"ä": 1}, "é".encode()) == b'chunked 1.0,12,2\n{"\\u00e4":1}' + "é".encode()


def test_spaces_in_the_head_of_a_frame_are_allowed():
    assert read_frame(io.BytesIO(b"chunked 1.0, 2 ,1 \n{}x")) == Frame({}, b"x")


@pytest.mark.parametrize(
    "data, why",
    [
        (b"hello\n", "where a chunk should begin"),
        (b"print(1)\nchunked 1.0,2,0\n{}", "where a chunk should begin"),
        (b"chunked 1.0,5,0\n{}", "announces 5 bytes and ends after 2"),
        (b"chunked 1.0,2,9\n{}abc", "announces 9 bytes and ends after 3"),
        (b"chunked 1.0,3,0\n{x}", "no JSON"),
        (b"chunked 1.0,2,0\n[]", "no JSON object"),
        (b"c" * 10_000, "where a chunk should begin"),
    ],
)
def test_what_is_no_frame_is_refused_in_one_sentence(data, why):
    with pytest.raises(IpthreatError, match=why):
        read_frame(io.BytesIO(data))


@given(st.lists(st.fixed_dictionaries({name: TEXTS | st.lists(TEXTS, min_size=2, max_size=3) for name in NAMES})))
def test_records_survive_the_table_and_the_body(records):
    table = table_from(NAMES, records)
    assert table_of(body_of(table)) == table
    assert list(table.records()) == records


def test_splunkd_writes_all_fields_first_and_quotes_what_is_not_plain():
    body = body_of(table_from(("a", "b"), [{"a": "x1", "b": ["p", "$"]}]))
    assert body == b'a,b,"__mv_a","__mv_b"\nx1,"p\n$",,"$p$;$$$$"\n'


def test_columns_in_pairs_are_put_in_splunkds_order():
    body = b"a,__mv_a,b,__mv_b\r\n1,,2,$2$;$3$\r\n"
    assert body_of(table_of(body)) == b'a,b,"__mv_a","__mv_b"\n1,2,,"$2$;$3$"\n'


def test_a_lacking_column_of_values_is_added_empty():
    assert body_of(Table(["a"], [["1"]])) == b'a,"__mv_a"\n1,\n'


def test_an_empty_body_has_no_names_and_a_header_only_has_no_rows():
    assert table_of(b"") == Table([], [])
    assert table_of(b"a,b\n") == Table(["a", "b"], [])
    assert body_of(Table([], [])) == b""


def test_a_row_that_is_longer_than_the_header_is_refused():
    with pytest.raises(IpthreatError, match="row 1 of a chunk has 2 columns, its header 1"):
        table_of(b"a\n1,2\n")


def test_a_field_over_ten_megabytes_is_read_and_the_limit_stays_as_it_was():
    before = csv.field_size_limit()
    assert len(table_of(b"a\n" + b"x" * 11_000_000 + b"\n").rows[0][0]) == 11_000_000
    assert csv.field_size_limit() == before


def test_invalid_utf8_is_replaced_as_the_sdk_does():
    assert table_of(b'a\n"\xff"\n').rows == [["\ufffd"]]


@given(st.lists(TEXTS, min_size=2, max_size=5))
def test_several_values_are_decoded_as_they_were_encoded(values):
    plain, encoded_values = cells_of(values)
    assert plain == "\n".join(values)
    assert values_of(encoded_values) == values


@pytest.mark.parametrize("value, cells", [([], ("", "")), (["x"], ("x", "")), ("x", ("x", "")), (7, ("7", ""))])
def test_a_single_value_needs_no_encoding(value, cells):
    assert cells_of(value) == cells
