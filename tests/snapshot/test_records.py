"""Records in a file: facts and lists by id, and descriptions that have the shape they must have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import SnapshotError
from ipthreat.snapshot import ListInfo, Listing, Part
from ipthreat.snapshot.layout import Container, pack
from ipthreat.snapshot.ranges import FIRST_ID, NOTHING
from ipthreat.snapshot.records import (
    COUNTRY,
    FIRST_LIST,
    RIR,
    SPECIAL,
    RecordIds,
    Records,
    Words,
    compact,
    described,
)

WORDS = Words(("", "DE", "US"), ("", "ARIN", "RIPE NCC"), ("", "private"))
LISTS = [ListInfo(f"l{number}", "cdn", f"op{number}", "", "", "", 1, "", 0) for number in range(3)]
BLANK = Part("", "", "", "", "", 0, "")

states = st.dictionaries(
    st.sampled_from([COUNTRY, RIR, SPECIAL, FIRST_LIST, FIRST_LIST + 1, FIRST_LIST + 2]), st.integers(1, 1), max_size=6
).map(lambda state: tuple(sorted(state.items())))


def stored(folder, sections):
    path = folder / "records"
    path.write_bytes(pack(sections, "2026-10-26"))
    return Container(path)


def test_equal_states_share_an_id_and_the_empty_one_is_nothing():
    ids = RecordIds()
    assert ids[()] == NOTHING
    assert ids[((COUNTRY, 1),)] == ids[((COUNTRY, 1),)] == FIRST_ID
    assert ids[((COUNTRY, 2),)] == FIRST_ID + 1


@given(st.lists(states, max_size=10))
def test_every_state_comes_out_as_facts_and_listings(tmp_path_factory, states):
    ids = RecordIds()
    numbers = [ids[state] for state in states]
    container = stored(tmp_path_factory.mktemp("any"), ids.pack(WORDS, LISTS))
    records = Records(container)
    for number, state in zip(numbers, states):
        held = dict(state)
        listings = tuple(
            Listing(info.name, info.kind, held[layer] - 1, info.operator)
            for layer, info in enumerate(LISTS, FIRST_LIST)
            if layer in held
        )
        country, rir, special = (WORDS[layer][held.get(layer, 0)] for layer in (COUNTRY, RIR, SPECIAL))
        assert records.facts(number) == (country, rir, special, listings)
    container.close()


@pytest.mark.parametrize("value, level", [(1, 0), (2, 1), (256, 255)])
def test_the_level_of_a_listing_is_its_value_less_one(tmp_path, value, level):
    ids = RecordIds()
    number = ids[((FIRST_LIST, value),)]
    container = stored(tmp_path, ids.pack(WORDS, LISTS))
    assert Records(container).facts(number)[3] == (Listing("l0", "cdn", level, "op0"),)
    container.close()


@pytest.mark.parametrize("number", range(FIRST_ID))
def test_the_ids_that_the_file_takes_are_the_empty_record(tmp_path, number):
    container = stored(tmp_path, RecordIds().pack(WORDS, LISTS))
    assert Records(container).facts(number) == ("", "", "", ())
    container.close()


@pytest.mark.parametrize("section, extra", [("record", b"x"), ("set.list", bytes(2)), ("set.level", b"x")])
def test_sections_of_records_that_do_not_fit_are_refused(tmp_path, section, extra):
    sections = [(name, held + extra if name == section else held) for name, held in RecordIds().pack(WORDS, LISTS)]
    container = stored(tmp_path, sections)
    with pytest.raises(SnapshotError, match="do not fit"):
        Records(container)
    container.close()


def test_a_set_table_without_an_entry_is_refused(tmp_path):
    sections = [(name, b"" if name == "set.offset" else held) for name, held in RecordIds().pack(WORDS, LISTS)]
    container = stored(tmp_path, sections)
    with pytest.raises(SnapshotError, match="do not fit"):
        Records(container)
    container.close()


def test_descriptions_come_out_as_they_went_in(tmp_path):
    parts = (Part("a", "b", "2026-10-26", "c", "d" * 64, 2**40, "list"), Part("é", "", "", "", "", -1, ""))
    container = stored(tmp_path, [("parts", compact([list(part) for part in parts]))])
    assert described(container, "parts", BLANK) == parts
    container.close()


OTHER_SHAPES = (
    *({}, None, "text", [[]], [["a"]], [["a", "b", "c", "d", "e", "6", "g"]], [["a", "b", "c", "d", "e", 6, 7]]),
    *([["a", "b", "c", "d", "e", 6.0, "g"]], [["a", "b", "c", "d", "e", 6, "g", "h"]]),
    [[["a"], "b", "c", "d", "e", 6, "g"]],
)


@pytest.mark.parametrize("rows", OTHER_SHAPES, ids=repr)
def test_descriptions_of_another_shape_are_refused(tmp_path, rows):
    container = stored(tmp_path, [("parts", compact(rows))])
    with pytest.raises(SnapshotError, match="section parts has another shape"):
        described(container, "parts", BLANK)
    container.close()


def test_json_in_the_file_has_no_spaces_and_keeps_letters():
    assert compact({"b": ["é", 1], "a": {}}) == '{"a":{},"b":["é",1]}'.encode()
