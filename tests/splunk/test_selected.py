"""Selected fields: the records come back whole, by number, whatever order the reply has."""

from __future__ import annotations

import pytest

from ipthreat.errors import IpthreatError
from ipthreat.splunk.protocol import Table
from ipthreat.splunk.selected import INDEX, merged, narrowed

CHUNK = Table(["a", "b", "__mv_a", "__mv_b"], [["1", "x", "", ""], ["2", "y", "", "$y$;$z$"]])


def test_the_required_fields_are_sent_with_their_values_and_the_numbers_of_the_records():
    assert narrowed(CHUNK, ["b"]) == Table(["b", "__mv_b", INDEX], [["x", "", "0"], ["y", "$y$;$z$", "1"]])


def test_a_star_requires_all_fields_as_they_are():
    assert narrowed(CHUNK, ["*"]) is CHUNK


def test_a_required_field_that_is_not_there_is_left_out():
    assert narrowed(CHUNK, ["nothing"]) == Table([INDEX], [["0"], ["1"]])


def test_new_fields_are_put_into_the_records_by_number():
    reply = Table([INDEX, "__mv_" + INDEX, "new"], [["1", "", "N1"], ["0", "", "N0"]])
    whole = merged(CHUNK, reply)
    assert whole.names == [*CHUNK.names, "new"]
    assert whole.rows == [[*CHUNK.rows[1], "N1"], [*CHUNK.rows[0], "N0"]]


def test_a_field_that_was_there_is_replaced():
    assert merged(CHUNK, Table(["a", INDEX], [["9", "0"]])).rows == [["9", "x", "", ""]]


def test_the_chunk_itself_is_left_as_it_was():
    merged(CHUNK, Table(["a", INDEX], [["9", "0"]]))
    assert CHUNK.rows[0][0] == "1"


def test_a_reply_without_numbers_is_refused():
    with pytest.raises(IpthreatError, match="has no _chunked_idx"):
        merged(CHUNK, Table(["a"], [["9"]]))


@pytest.mark.parametrize("number", ["2", "-1", "", "x", "²"])
def test_a_number_that_was_not_sent_is_refused(number):
    with pytest.raises(IpthreatError, match="which was not sent"):
        merged(CHUNK, Table(["a", INDEX], [["9", number]]))


def test_an_empty_reply_leaves_no_records():
    assert merged(CHUNK, Table([], [])) == Table(CHUNK.names, [])
