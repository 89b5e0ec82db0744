"""Interval algebra over addresses: the largest value of overlapping intervals, subtraction, many layers at once.

An interval is (first address, last address, value) with a value of at least 1; addresses are integers.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import groupby
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

Interval = Tuple[int, int, int]
State = Tuple[Tuple[int, int], ...]
"""The layers that hold at an address with their values, by number of the layer: ((0, 7), (3, 1))."""

MAX_VALUE = MAX_LAYERS = 0xFFFF


def flatten(intervals: Iterable[Interval]) -> List[Interval]:
    """Disjoint, ascending intervals whose value is the highest of those that cover the address.

    Touching intervals of one value become one.
    """
    flat: List[Interval] = []
    waiting: List[Tuple[int, int]] = []  # (-value, last) of the intervals that may still cover something
    at = 0
    for first, last, value in sorted(intervals):
        at = _drain(waiting, flat, at, first)
        heappush(waiting, (-value, last))
    _drain(waiting, flat, at, None)
    return flat


def _drain(waiting: List[Tuple[int, int]], flat: List[Interval], at: int, until: Optional[int]) -> int:
    """Lay down what covers the addresses from `at` up to `until`; returns where to go on."""
    while waiting and (until is None or at < until):
        value, last = -waiting[0][0], waiting[0][1]
        if last < at:
            heappop(waiting)
            continue
        end = last if until is None else min(last, until - 1)
        if flat and flat[-1][2] == value and flat[-1][1] == at - 1:
            flat[-1] = (flat[-1][0], end, value)
        else:
            flat.append((at, end, value))
        at = end + 1
    return at if until is None else max(at, until)


def subtract(intervals: Sequence[Interval], holes: Sequence[Interval]) -> List[Interval]:
    """The parts of disjoint ascending intervals that no hole covers; the holes are disjoint and ascending too."""
    left: List[Interval] = []
    place = 0
    for first, last, value in intervals:
        while place < len(holes) and holes[place][1] < first:
            place += 1
        at, hole = first, place
        while hole < len(holes) and holes[hole][0] <= last:
            if holes[hole][0] > at:
                left.append((at, holes[hole][0] - 1, value))
            at = holes[hole][1] + 1
            hole += 1
        if at <= last:
            left.append((at, last, value))
    return left


def sweep(layers: Sequence[Iterable[Interval]]) -> Iterator[Tuple[int, State]]:
    """Every address, ascending, at which the set of layers and values may change, and what holds from there on.

    The intervals of one layer must be disjoint. Up to `MAX_LAYERS` layers, values up to `MAX_VALUE`.
    """
    events: List[int] = []  # address, layer and value in one number: a third of the memory of tuples, sorts faster
    for number, layer in enumerate(layers):
        tag = number << 16
        for first, last, value in layer:
            events.append(first << 32 | tag | value)
            events.append(last + 1 << 32 | tag)  # value 0 ends the interval, and sorts before a new one of the layer
    events.sort()
    holds: Dict[int, int] = {}
    for address, group in groupby(events, key=lambda event: event >> 32):
        for event in group:
            number, value = event >> 16 & 0xFFFF, event & 0xFFFF
            if value:
                holds[number] = value
            else:
                holds.pop(number, None)
        yield address, tuple(sorted(holds.items()))
