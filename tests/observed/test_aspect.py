"""Traces of events: counted, dated, named, sampled, and merged without loss."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import List, Optional, Tuple

from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Behaviour, BehaviourKind
from ipthreat.observed.aspect import Trace, utc

Noted = Tuple[Optional[float], int, List[str], str]
KIND = BehaviourKind.EXPLOIT_ATTEMPT

noted = st.lists(
    st.tuples(
        st.none() | st.floats(0, 2e9), st.integers(1, 9), st.lists(st.sampled_from("abcdefghijkl"), max_size=3),
        st.text(max_size=5),
    ),
    max_size=20,
)  # fmt: skip


def traced(events: List[Noted]) -> Trace:
    """The trace of some events."""
    trace = Trace()
    for time, repeats, names, sample in events:
        trace.add(time, repeats, names, sample)
    return trace


def test_nothing_is_a_finding_without_dates_names_and_samples() -> None:
    assert Trace().behaviour(KIND) == Behaviour(KIND, 0)


@given(noted)
def test_a_trace_counts_dates_and_samples_its_events(events: List[Noted]) -> None:
    told = traced(events).behaviour(KIND)
    dated = [time for time, *_ in events if time is not None]
    assert told.count == sum(repeats for _, repeats, _, _ in events)
    assert told.first_seen == (utc(min(dated)) if dated else None)
    assert told.last_seen == (utc(max(dated)) if dated else None)
    assert set(told.samples) <= {sample for *_, sample in events} - {""}
    assert len(set(told.samples)) == len(told.samples) <= 3


@given(noted)
def test_names_are_told_most_frequent_first_and_at_most_eight(events: List[Noted]) -> None:
    sums: dict[str, int] = {}
    for _, repeats, names, _ in events:
        for name in names:
            sums[name] = sums.get(name, 0) + repeats
    expected = sorted(sums, key=lambda name: (-sums[name], name))[:8]
    assert traced(events).behaviour(KIND).names == tuple(expected)


@given(noted, noted)
def test_merged_traces_are_the_trace_of_all(one: List[Noted], two: List[Noted]) -> None:
    left = traced(one)
    left.merge(traced(two))
    assert left.behaviour(KIND) == traced(one + two).behaviour(KIND)


def test_names_may_be_given_instead_of_the_traces_own() -> None:
    trace = traced([(1.0, 1, ["a"], "s")])
    assert trace.behaviour(KIND, names=("x", "y"), succeeded=True) == Behaviour(
        KIND, 1, utc(1.0), utc(1.0), ("x", "y"), ("s",), True
    )


def test_moments_are_aware_and_in_utc() -> None:
    assert utc(1_767_323_045) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
