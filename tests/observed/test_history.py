"""Histories: every event in a bucket, buckets of one width, the same from any split."""

from __future__ import annotations

from typing import Dict, List, Tuple

from hypothesis import given
from hypothesis import strategies as st

from ipthreat.observed.history import BUCKET, BUCKETS, History
from ipthreat.observed.sketches import UNDATED

# From seconds to years apart: timelines of every width.
seconds = st.one_of(st.integers(0, 7200), st.integers(0, 10**6), st.integers(0, 2**32 - 2))
entries = st.lists(st.tuples(seconds | st.just(UNDATED), st.integers(1, 3)), max_size=30)


def history(events: List[Tuple[int, int]]) -> History:
    """A history of (second, repeats) events."""
    made = History()
    for second, repeats in events:
        made.add(second, repeats)
    return made


def told(made: History) -> object:
    """All that a history tells."""
    return made.count, made.first, made.last, made.timeline(), made.agents(5)


@given(entries)
def test_every_dated_event_lies_in_its_bucket(events: List[Tuple[int, int]]) -> None:
    made = history(events)
    dated = [second for second, repeats in events for _ in range(repeats) if second != UNDATED]
    assert made.count == sum(repeats for _, repeats in events)
    assert (made.first, made.last) == ((min(dated), max(dated)) if dated else (UNDATED, -1))
    timeline = made.timeline()
    assert sum(number for _, number in timeline) == len(dated)
    assert len(timeline) <= BUCKETS
    widths = {BUCKET * 2**power for power in range(24)}
    if dated:
        fitting = min(width for width in widths if max(dated) // width - min(dated) // width < BUCKETS)
        expected: Dict[int, int] = {}
        for second in dated:
            expected[second // fitting * fitting] = expected.get(second // fitting * fitting, 0) + 1
        assert timeline == sorted(expected.items())


@given(st.lists(seconds, min_size=1, max_size=40), entries)
def test_many_seconds_may_be_added_at_once(many: List[int], before: List[Tuple[int, int]]) -> None:
    at_once, singly = history(before), history(before)
    at_once.add_all(many)
    for second in many:
        singly.add(second, 1)
    assert told(at_once) == told(singly)


agents = st.lists(st.tuples(st.integers(0, 30).map(lambda number: f"agent {number}"), st.integers(1, 5)), max_size=60)


@given(entries, entries, agents, agents)
def test_merged_histories_are_the_history_of_all(
    one: List[Tuple[int, int]], two: List[Tuple[int, int]], mine: List[Tuple[str, int]], yours: List[Tuple[str, int]]
) -> None:
    left, right, whole = history(one), history(two), history(one + two)
    left.add_agents(mine)
    right.add_agents(yours)
    for agent in mine + yours:
        whole.add_agents([agent])
    left.merge(right)
    assert told(left) == told(whole)


@given(agents)
def test_up_to_twenty_user_agents_are_counted_exactly(counted: List[Tuple[str, int]]) -> None:
    made = History()
    made.add_agents(counted)
    sums: Dict[str, int] = {}
    for agent, number in counted:
        sums[agent] = sums.get(agent, 0) + number
    told_agents = made.agents(5)
    assert all(sums[agent] == number for agent, number in told_agents)
    if len(sums) <= 20:
        assert told_agents == sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))[:5]
