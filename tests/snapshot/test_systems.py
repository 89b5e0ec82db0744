"""Systems in a file: whatever their texts are, they come out as they went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import SnapshotError
from ipthreat.snapshot.layout import Container, pack
from ipthreat.snapshot.ranges import FIRST_ID
from ipthreat.snapshot.systems import System, Systems, clean, pack_systems

texts = st.one_of(
    st.sampled_from(["", "A", "AS", "Net", "A Net", "Net A Net", "NET - Net", "é", "\x01\x02"]), st.text(max_size=20)
)


def stored(folder, sections):
    path = folder / "systems"
    path.write_bytes(pack(sections, "2026-10-26"))
    return Container(path)


@given(st.lists(st.builds(System, st.integers(0, 2**32 - 1), texts, texts), max_size=6))
def test_systems_come_out_as_they_went_in_without_control_characters(tmp_path_factory, systems):
    container = stored(tmp_path_factory.mktemp("any"), pack_systems(systems))
    table = Systems(container)
    for number, system in enumerate(systems, FIRST_ID):
        assert table.system(number) == (system.asn, clean(system.organisation), clean(system.as_name))
    container.close()


@pytest.mark.parametrize("number", range(FIRST_ID))
def test_the_ids_that_the_file_takes_are_nobody(tmp_path, number):
    container = stored(tmp_path, pack_systems([System(64500, "Amber", "AMBER")]))
    assert Systems(container).system(number) == (0, "", "")
    container.close()


@pytest.mark.parametrize(
    "organisation, name",
    [
        ("Amber Networks", "AMBER-AS Amber Networks"),
        ("AMBER - Amber Networks", "AMBER"),
        ("Amber", "Amber"),
        ("Amber", "Amber Amber Amber"),
        ("A", ""),
        ("", "A"),
    ],
)
def test_texts_that_hold_each_other_are_stored_once(tmp_path, organisation, name):
    sections = dict(pack_systems([System(64500, organisation, name)]))
    stored_bytes = len(sections["asn.text"]) - FIRST_ID  # the separators of the ids that are nobody
    assert stored_bytes <= len(organisation) + len(name) + 1
    if organisation and name:
        assert stored_bytes < len(organisation) + len(name) + 1
    container = stored(tmp_path, list(sections.items()))
    assert Systems(container).system(FIRST_ID) == (64500, organisation, name)
    container.close()


@pytest.mark.parametrize("section", ["asn.number", "asn.offset"])
def test_tables_of_different_lengths_are_refused(tmp_path, section):
    sections = dict(pack_systems([System(64500, "Amber", "AMBER")]))
    sections[section] += bytes(4)
    container = stored(tmp_path, list(sections.items()))
    with pytest.raises(SnapshotError, match="sections of asn"):
        Systems(container)
    container.close()


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("  Amber \t Networks\r\n", "Amber Networks"),
        ("a\x00b\x1b[0m", "a b [0m"),
        ("x\u2028y\u200bz\u0085", "x y z"),
        ("\ud800x", "x"),
        ("Grüße, 中文", "Grüße, 中文"),
        ("", ""),
    ],
)
def test_cleaning_leaves_one_printable_line(text, cleaned):
    assert clean(text) == cleaned


@given(st.text())
def test_cleaning_twice_changes_nothing_and_the_result_is_printable(text):
    assert clean(clean(text)) == clean(text)
    assert clean(text).isprintable()
