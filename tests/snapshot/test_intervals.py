"""Interval algebra, compared with painting every address by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.snapshot.intervals import flatten, subtract, sweep

SPACE = 40


@st.composite
def an_interval(draw):
    first = draw(st.integers(0, SPACE - 1))
    return first, draw(st.integers(first, SPACE - 1)), draw(st.integers(1, 4))


some_intervals = st.lists(an_interval(), max_size=12)


def painted(intervals):
    """Address → highest value of the intervals that hold it."""
    values = {}
    for first, last, value in intervals:
        for address in range(first, last + 1):
            values[address] = max(value, values.get(address, 0))
    return values


@given(some_intervals)
def test_flattening_keeps_the_highest_value_of_every_address(intervals):
    assert painted(flatten(intervals)) == painted(intervals)


@given(some_intervals)
def test_flat_intervals_ascend_and_touching_equal_ones_are_one(intervals):
    flat = flatten(intervals)
    for before, after in zip(flat, flat[1:]):
        assert before[1] < after[0]
        assert before[1] + 1 < after[0] or before[2] != after[2]


@given(some_intervals)
def test_flattening_twice_changes_nothing(intervals):
    assert flatten(flatten(intervals)) == flatten(intervals)


@given(some_intervals, some_intervals)
def test_subtracting_leaves_exactly_the_addresses_outside_the_holes(intervals, holes):
    holes = flatten((first, last, 1) for first, last, _ in holes)
    left = subtract(flatten(intervals), holes)
    covered = painted(holes)
    assert painted(left) == {address: value for address, value in painted(intervals).items() if address not in covered}
    assert all(before[1] < after[0] for before, after in zip(left, left[1:]))


@given(st.lists(some_intervals, max_size=4))
def test_a_sweep_tells_every_address_which_layers_hold_it(layers):
    layers = [flatten(layer) for layer in layers]
    paintings = [painted(layer) for layer in layers]
    changes = dict(sweep(layers))
    state = ()
    for address in range(SPACE + 1):
        state = changes.get(address, state)
        by_hand = tuple((number, values[address]) for number, values in enumerate(paintings) if address in values)
        assert state == by_hand


def test_a_sweep_over_nothing_has_no_changes():
    assert list(sweep([[], []])) == []


@pytest.mark.parametrize("top", [2**32 - 1, 2**128 - 1])
def test_the_last_address_of_a_space_can_be_covered(top):
    whole = [(0, top, 1), (top, top, 2)]
    assert flatten(whole) == [(0, top - 1, 1), (top, top, 2)]
    assert list(sweep([flatten(whole)])) == [(0, ((0, 1),)), (top, ((0, 2),)), (top + 1, ())]


def test_of_two_intervals_that_end_together_the_higher_value_wins_whatever_came_first():
    assert flatten([(0, 9, 1), (5, 9, 3)]) == [(0, 4, 1), (5, 9, 3)]
    assert flatten([(0, 9, 3), (5, 9, 1)]) == [(0, 9, 3)]
    assert flatten([(0, 4, 2), (2, 9, 1)]) == [(0, 4, 2), (5, 9, 1)]
