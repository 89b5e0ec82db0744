"""Lists compiled into a file of their own: levels, overlaps, rubbish, and the swap of the file."""

from __future__ import annotations

import ipaddress
import os
import re

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ipthreat.errors import InputError, SnapshotError
from ipthreat.snapshot import Listing, ListInput, ListKind, Snapshot, compile_lists

BUILT = "2026-11-24"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "lists.snapshot"


def compiled(target, *lists):
    compile_lists(target, lists, BUILT)
    return Snapshot.open(target)


def listed(snapshot, text):
    return {item.name: item.level for item in snapshot.listed(text)}


def test_a_list_comes_back_with_its_kind_operator_and_level(target):
    with compiled(target, ListInput("edge", "cdn", [("20.0.0.0/16", 7)], operator="Edge Inc.")) as snapshot:
        assert snapshot.listed("20.0.255.255") == (Listing("edge", "cdn", 7, "Edge Inc."),)
        assert snapshot.listed("20.1.0.0") == ()


def test_the_highest_level_wins_where_entries_of_a_list_overlap(target):
    entries = [("20.0.0.0/8", 1), ("20.5.0.0/16", 3), ("20.5.6.0/24", 2), ("20.5.6.7", 9), ("20.5.6.7", 4)]
    with compiled(target, ListInput("bad", "block", entries)) as snapshot:
        levels = [
            listed(snapshot, text)["bad"] for text in ("20.0.0.1", "20.5.0.1", "20.5.6.1", "20.5.6.7", "20.5.6.8")
        ]
        assert levels == [1, 3, 3, 9, 3]


def test_an_address_on_several_lists_is_told_so_in_the_order_of_the_file(target):
    lists = [ListInput(name, "block", [(entry, 2)]) for name, entry in (("z", "20.0.0.0/8"), ("a", "20.0.0.1"))]
    with compiled(target, *lists, ListInput("m", "tor", [("20.0.0.0/31", 0)])) as snapshot:
        assert [item.name for item in snapshot.listed("20.0.0.1")] == ["z", "a", "m"]
        assert [item.name for item in snapshot.listed("20.0.0.2")] == ["z"]


def test_levels_from_0_to_255_survive(target):
    entries = [(f"20.0.{level}.1", level) for level in range(256)]
    with compiled(target, ListInput("levels", "block", entries)) as snapshot:
        assert [listed(snapshot, text)["levels"] for text, _ in entries] == list(range(256))


def test_rubbish_is_counted_by_reason_with_examples_and_not_fatal(target):
    entries = [("20.0.0.1", 1), ("<html>", 1), ("10.0.0.1", 1), ("0.0.0.0/0", 1), ("20.0.0.2", 256), ("20.0.0.3", -1)]
    (report,) = compile_lists(target, [ListInput("messy", "block", entries)], BUILT)
    assert report.entries == 1
    assert report.rejected == {"no address": 1, "not global": 1, "too wide": 1, "bad level": 2}
    assert report.examples == ("<html>", "10.0.0.1", "0.0.0.0/0", "20.0.0.2", "20.0.0.3")
    with Snapshot.open(target) as snapshot:
        assert (snapshot.lists()[0].entries, snapshot.lists()[0].rejected) == (1, 5)
        assert listed(snapshot, "20.0.0.1") == {"messy": 1}
        assert listed(snapshot, "20.0.0.2") == listed(snapshot, "10.0.0.1") == {}


def test_examples_are_few_and_short(target):
    (report,) = compile_lists(target, [ListInput("noise", "block", [("x" * 10_000, 0)] * 100)], BUILT)
    assert report.rejected == {"no address": 100}
    assert len(report.examples) == 5
    assert max(map(len, report.examples)) == 80


def test_blanks_around_an_entry_do_not_matter(target):
    with compiled(target, ListInput("blank", "block", [(" 20.0.0.1\r\n", 1), ("\t2600::1 ", 1)])) as snapshot:
        assert listed(snapshot, "20.0.0.1") == listed(snapshot, "2600::1") == {"blank": 1}


def test_what_the_file_says_about_a_list_is_what_was_given(target):
    given_list = ListInput(
        "tor", "tor", [("20.0.0.1", 0)], "The Tor Project", "a page", "2026-11-20", "CC0-1.0", "onion"
    )
    with compiled(target, given_list) as snapshot:
        (info,) = snapshot.lists()
        assert info == ("tor", "tor", "The Tor Project", "a page", "2026-11-20", "CC0-1.0", 1, "onion", 0)
        assert snapshot.built == BUILT


def test_a_list_file_knows_nothing_but_its_lists(target):
    with compiled(target, ListInput("edge", "cdn", [("20.0.0.0/16", 0), ("2600::/32", 0)])) as snapshot:
        for text in ("20.0.0.1", "2600::1", "30.0.0.1", "3000::", "10.0.0.1"):
            assert snapshot.lookup(text)[:7] == (0, "", "", "", "", "", "")
        assert snapshot.parts() == snapshot.agents() == ()


def test_no_lists_and_empty_lists_make_a_file_that_answers(target):
    with compiled(target) as snapshot:
        assert snapshot.lists() == snapshot.listed("8.8.8.8") == snapshot.listed("2600::1") == ()
    with compiled(target, ListInput("empty", "scanner", [])) as snapshot:
        assert snapshot.lists()[0].entries == 0
        assert snapshot.listed("8.8.8.8") == ()


def test_entries_are_read_once_from_any_iterable(target):
    entries = ((f"20.0.0.{number}", number) for number in range(10))
    with compiled(target, ListInput("lazy", "block", entries)) as snapshot:
        assert listed(snapshot, "20.0.0.9") == {"lazy": 9}


@pytest.mark.parametrize("kind", list(ListKind), ids=lambda kind: kind.value)
def test_every_kind_is_accepted_as_word_and_as_member(target, kind):
    with compiled(
        target, ListInput("one", kind.value, [("20.0.0.1", 0)]), ListInput("two", kind, [("20.0.0.1", 0)])
    ) as it:
        assert [item.kind for item in it.listed("20.0.0.1")] == [kind.value] * 2
        assert type(it.listed("20.0.0.1")[1].kind) is str


@pytest.mark.parametrize(
    "lists, built, complaint",
    [
        ([ListInput("odd", "nonsense", [])], BUILT, "unknown kind 'nonsense'; known are resolver"),
        ([ListInput("same", "cdn", []), ListInput("same", "tor", [])], BUILT, "'same' is empty or used twice"),
        ([ListInput("", "cdn", [])], BUILT, "empty or used twice"),
        ([ListInput("a", "cdn", [], date="yesterday")], BUILT, "'yesterday' is no date"),
        ([], "26.10.2026", "is no date of the form"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_before_anything_is_written(target, lists, built, complaint):
    with pytest.raises(InputError, match=re.escape(complaint)):
        compile_lists(target, lists, built)
    assert not target.exists()


def test_more_lists_than_a_file_can_number_are_refused(target):
    lists = [ListInput(f"l{number}", "block", []) for number in range(65_533)]
    with pytest.raises(InputError, match="65533 lists are more than a file can hold"):
        compile_lists(target, lists, BUILT)


def test_the_same_lists_give_the_same_bytes(target, tmp_path):
    lists = [
        ListInput("bad", "block", [("20.0.0.0/24", 3), ("2600::/48", 1)]),
        ListInput("edge", "cdn", [("20.0.0.7", 0)]),
    ]
    compile_lists(target, lists, BUILT)
    compile_lists(tmp_path / "again", lists, BUILT)
    assert target.read_bytes() == (tmp_path / "again").read_bytes()


def test_the_order_of_entries_does_not_change_the_bytes(target, tmp_path):
    entries = [("20.0.0.0/24", 3), ("20.0.0.9", 5), ("2600::/48", 1), ("30.0.0.0/8", 2), ("30.1.0.0/16", 2)]
    compile_lists(target, [ListInput("bad", "block", entries)], BUILT)
    compile_lists(tmp_path / "again", [ListInput("bad", "block", reversed(entries))], BUILT)
    assert target.read_bytes() == (tmp_path / "again").read_bytes()


def test_an_open_snapshot_keeps_answering_while_its_file_is_replaced(target):
    with compiled(target, ListInput("old", "block", [("20.0.0.1", 1)])) as before:
        with compiled(target, ListInput("new", "block", [("20.0.0.1", 2)])) as after:
            assert listed(after, "20.0.0.1") == {"new": 2}
        assert listed(before, "20.0.0.1") == {"old": 1}
        before.verify()
    assert os.listdir(target.parent) == [target.name]


def test_entries_that_break_off_leave_the_old_file_in_place(target):
    def breaking():
        yield "20.0.0.2", 1
        raise SnapshotError("the download broke off")

    compile_lists(target, [ListInput("old", "block", [("20.0.0.1", 1)])], BUILT)
    with pytest.raises(SnapshotError, match="broke off"):
        compile_lists(target, [ListInput("new", "block", breaking())], BUILT)
    with Snapshot.open(target) as snapshot:
        assert listed(snapshot, "20.0.0.1") == {"old": 1}


def test_more_sets_of_lists_than_16_bits_can_count_are_kept_apart(target):
    lists = [
        ListInput(
            f"l{list_number}",
            "block",
            [(f"20.{number >> 8}.{number & 255}.1", number >> shift & 255) for number in held],
        )
        for list_number, shift in ((0, 0), (1, 8), (2, 4))
        for held in [range(65536)]
    ]
    extra = ListInput("more", "block", [(f"20.{number}.0.1", 1) for number in range(256)] + [("2600::1", 1)])
    with compiled(target, *lists, extra) as snapshot:
        for number in (0, 1, 255, 256, 4097, 40000, 65533, 65534, 65535):
            held = listed(snapshot, f"20.{number >> 8}.{number & 255}.1")
            assert [held["l0"], held["l1"], held["l2"]] == [number & 255, number >> 8, number >> 4 & 255]
            text = f"20.{number >> 8}.{number & 255}.1"
            assert snapshot.lookup(text).listings == snapshot.listed(text)
        assert listed(snapshot, "2600::1") == {"more": 1}


networks = st.builds(
    lambda version, number, length: ipaddress.ip_network(
        (
            (20 << 24) + number if version == 4 else (0x2600 << 112) + (number << 40) + number,
            length + (0 if version == 4 else 40),
        ),
        strict=False,
    ),
    st.sampled_from([4, 6]),
    st.integers(0, 2**20),
    st.integers(8, 32),
)
a_list = st.lists(st.tuples(networks, st.integers(0, 255)), max_size=15)


@settings(max_examples=examples(0.15), deadline=None)
@given(st.lists(a_list, max_size=4))
def test_any_nested_networks_answer_as_a_search_through_them_would(tmp_path_factory, lists):
    inputs = [
        ListInput(f"l{number}", "block", [(str(network), level) for network, level in entries])
        for number, entries in enumerate(lists)
    ]
    probes = {network[0] for entries in lists for network, _ in entries}
    probes |= {network[-1] for entries in lists for network, _ in entries}
    probes |= {probe + step for probe in probes for step in (-1, 1)}
    with compiled(tmp_path_factory.mktemp("any") / "lists", *inputs) as snapshot:
        for probe in probes:
            by_hand = {
                f"l{number}": max(level for network, level in entries if _within(probe, network))
                for number, entries in enumerate(lists)
                if any(_within(probe, network) for network, _ in entries)
            }
            assert listed(snapshot, str(probe)) == by_hand


def _within(address, network):
    return address.version == network.version and address in network
