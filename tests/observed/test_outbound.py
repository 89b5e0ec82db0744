"""The rhythm of contacts: found in the beat of a timer, not in the doings of people."""

from __future__ import annotations

import random
from typing import List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.observed.outbound import Rhythm, rhythm
from ipthreat.thresholds import Thresholds

LIMITS = Thresholds()


def beats(period: float, number: int, jitter: float = 0.0, seed: int = 1) -> List[int]:
    """Contacts of a timer that is early or late by up to a share of its period."""
    draw, now, found = random.Random(seed), 0.0, []
    for _ in range(number):
        found.append(round(now))
        now += period * (1 + jitter * draw.uniform(-1, 1))
    return found


@given(st.integers(10, 90_000), st.integers(8, 60), st.integers(0, 2**31))
def test_an_exact_timer_of_any_period_has_no_jitter(period: int, number: int, start: int) -> None:
    assert rhythm([start + second for second in beats(period, number)], LIMITS) == Rhythm(period, 0.0)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("jitter", [0.05, 0.1, 0.2])
def test_a_timer_with_the_usual_jitter_is_found(jitter: float, seed: int) -> None:
    found = rhythm(beats(600, 60, jitter, seed), LIMITS)
    assert found
    assert found.period == pytest.approx(600, rel=0.15)
    assert found.jitter <= jitter


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        ([], "nothing"),
        ([5], "one contact"),
        (beats(300, 7), "seven contacts"),
        (beats(9, 50), "a period below ten seconds"),
        ([number * number * 60 for number in range(30)], "ever longer intervals"),
        ([0, 10, 3000, 3010, 6000, 6010, 9000, 9010, 12000, 12010], "pairs of contacts"),
        ([0, 60, 120, 180, 240, 900, 5000, 9000, 20000, 50000, 90000], "as many beats as breaks"),
    ],
)
def test_other_contacts_have_no_rhythm(seconds: List[int], why: str) -> None:
    assert rhythm(seconds, LIMITS) is None, why


@given(st.integers(0, 10_000))
def test_random_contacts_hardly_ever_have_a_rhythm(seed: int) -> None:
    draw = random.Random(seed)
    seconds = sorted(draw.sample(range(86_400), 40))
    assert rhythm(seconds, LIMITS) is None


def test_the_numbers_are_the_thresholds() -> None:
    assert rhythm(beats(300, 5), Thresholds(beacon_contacts=5)) == Rhythm(300, 0.0)
    assert rhythm(beats(5, 50), Thresholds(beacon_period=5)) == Rhythm(5, 0.0)
    shaky = beats(600, 60, 0.9)
    assert rhythm(shaky, LIMITS) is None
    assert rhythm(shaky, Thresholds(beacon_jitter=0.9, beacon_share=0.1)) is not None


@given(st.lists(st.integers(0, 10**9), unique=True, max_size=40).map(sorted))
def test_any_contacts_have_a_rhythm_within_the_thresholds_or_none(seconds: List[int]) -> None:
    found: Optional[Rhythm] = rhythm(seconds, LIMITS)
    if found is not None:
        assert found.period >= LIMITS.beacon_period
        assert 0 <= found.jitter <= LIMITS.beacon_jitter
