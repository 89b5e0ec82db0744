"""Small memories: exact within their bounds, and the same however they were filled."""

from __future__ import annotations

from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.observed.sketches import UNDATED, Distinct, Firsts, Times, burst_end, texts, whole_second, with_text

seconds = st.integers(0, 50) | st.just(UNDATED)
limits = st.integers(1, 6)


def sweep(number: int, span: int, window: int, sorted_seconds: List[int]) -> bool:
    """True when some window of seconds holds that many; the definition, tried at every start."""
    return any(sum(start <= second <= start + window for second in sorted_seconds) >= number for start in range(span))


@given(st.lists(st.integers(0, 40), max_size=25), st.integers(1, 6), st.integers(0, 12))
def test_a_burst_is_found_exactly_when_a_window_holds_one(times: List[int], number: int, window: int) -> None:
    ordered = sorted(times)
    end = burst_end(ordered, number, window)
    assert (end is not None) == sweep(number, 41, window, ordered)
    if end is not None:
        assert end in ordered
        before = [second for second in ordered if second < end]
        assert not sweep(number, 41, window, before)


@given(st.lists(st.tuples(seconds, st.integers(1, 3)), max_size=30), limits)
def test_the_earliest_times_are_kept_and_all_are_counted(entries: List[Tuple[int, int]], limit: int) -> None:
    times = Times(limit)
    for second, repeats in entries:
        times.add(second, repeats)
    every = sorted(second for second, repeats in entries for _ in range(repeats))
    assert times.total == len(every)
    assert times.dated() == [second for second in every[:limit] if second != UNDATED]


@given(st.lists(seconds, max_size=30), limits)
def test_each_second_may_be_kept_once(entries: List[int], limit: int) -> None:
    times = Times(limit, once=True)
    for second in entries:
        times.add(second)
    assert times.dated() == [second for second in sorted(set(entries))[:limit] if second != UNDATED]
    assert times.total == len(entries)


@given(st.lists(seconds, max_size=30), st.lists(seconds, max_size=30), limits, st.booleans())
def test_merged_times_are_the_times_of_both(one: List[int], two: List[int], limit: int, once: bool) -> None:
    left, right, both = Times(limit, once), Times(limit, once), Times(limit, once)
    for second in one:
        left.add(second)
    for second in two:
        right.add(second)
    for second in one + two:
        both.add(second)
    left.merge(right)
    assert (left.dated(), left.total) == (both.dated(), both.total)


def earliest(entries: List[Tuple[str, int]], limit: int) -> List[Tuple[str, int]]:
    """The definition: each item at its first second, the first ones by second and name."""
    first = {item: min(second for other, second in entries if other == item) for item, _ in entries}
    return sorted(first.items(), key=lambda entry: (entry[1], entry[0]))[:limit]


items = st.lists(st.tuples(st.sampled_from("abcdefghij"), seconds), max_size=40)


@given(items, items, limits)
def test_the_first_items_are_kept_each_at_its_first_second(
    one: List[Tuple[str, int]], two: List[Tuple[str, int]], limit: int
) -> None:
    left: Firsts[str] = Firsts(limit)
    right: Firsts[str] = Firsts(limit)
    for item, second in one:
        left.add(item, second)
    for item, second in two:
        right.add(item, second)
    assert left.entries() == earliest(one, limit)
    left.merge(right)
    assert left.entries() == earliest(one + two, limit)
    assert left.items() == tuple(item for item, _ in left.entries())
    assert left.seconds() == [second for _, second in left.entries() if second != UNDATED]


@given(items, limits)
def test_a_few_texts_are_kept_like_first_items(entries: List[Tuple[str, int]], limit: int) -> None:
    few: Tuple[Tuple[int, str], ...] = ()
    for text, second in entries:
        few = with_text(few, second, text, limit)
    assert [(text, second) for second, text in few] == earliest(entries, limit)
    assert texts(few) == tuple(text for text, _ in earliest(entries, limit))


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40), st.lists(st.integers(0, 99), max_size=40), limits)
def test_distinct_numbers_are_counted_up_to_the_limit(one: List[int], two: List[int], limit: int) -> None:
    left, right = Distinct(limit), Distinct(limit)
    for value in one:
        left.add(value)
    for value in two:
        right.add(value)
    assert len(left) == min(len(set(one)), limit)
    left.merge(right)
    assert len(left) == min(len(set(one + two)), limit)


@pytest.mark.parametrize(("time", "second"), {0.0: 0, 1.9: 1, 4294967294.5: 4294967294, None: UNDATED}.items())
def test_times_are_kept_in_whole_seconds(time: float, second: int) -> None:
    assert whole_second(time) == second
