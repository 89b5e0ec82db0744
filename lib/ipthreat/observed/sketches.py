"""Small memories that give the same answer however the events were split and in whatever order they came.

Each keeps the smallest members under a fixed order. A member that is thrown away has enough smaller ones beside it
already, which merging can only make more, so that throwing away early loses nothing that the end would have kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Dict, Generic, List, Optional, Tuple, TypeVar

UNDATED = 2**32 - 1
"""Stands for the time of an event that has none; later than all others."""

Item = TypeVar("Item", str, int)


def whole_second(time: Optional[float]) -> int:
    """A time as the sketches keep it: whole seconds, UNDATED for None."""
    return UNDATED if time is None else int(time)


class Times:
    """The earliest times at which something happened, in whole seconds, and how often it happened in all."""

    __slots__ = ("_kept", "_limit", "_once", "total")

    def __init__(self, limit: int, once: bool = False) -> None:
        """Keeps `limit` times; with `once`, each second counts once."""
        self._limit = limit
        self._once = once
        self._kept = array("I")
        self.total = 0

    def add(self, second: int, repeats: int = 1) -> None:
        """Notes something that happened `repeats` times in one second."""
        self.total += repeats
        kept = self._kept
        if len(kept) == self._limit and second >= kept[-1]:
            return
        place = bisect_right(kept, second)
        if self._once and place and kept[place - 1] == second:
            return
        kept[place:place] = array("I", [second]) * (1 if self._once else min(repeats, self._limit))
        del kept[self._limit :]

    def merge(self, other: Times) -> None:
        """Takes in what another one saw."""
        both = sorted([*self._kept, *other._kept])
        self._kept = array("I", (list(dict.fromkeys(both)) if self._once else both)[: self._limit])
        self.total += other.total

    def dated(self) -> List[int]:
        """The kept times in order, without those of undated events."""
        return [second for second in self._kept if second != UNDATED]


def burst_end(seconds: List[int], number: int, window: int) -> Optional[int]:
    """When `number` of the ascending times first lie within a window: the last of them; None when they never do."""
    for first, last in zip(seconds, seconds[number - 1 :]):
        if last - first <= window:
            return last
    return None


class Firsts(Generic[Item]):
    """The items that came first, each with the second in which it did; at most `limit` of them."""

    __slots__ = ("_limit", "_seen")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: Dict[Item, int] = {}

    def add(self, item: Item, second: int) -> None:
        """Notes an item."""
        before = self._seen.get(item)
        if before is None or second < before:
            self._seen[item] = second
            if len(self._seen) > 2 * self._limit:
                self._seen = dict(self.entries())

    def merge(self, other: Firsts[Item]) -> None:
        """Takes in what another one saw."""
        for item, second in other._seen.items():
            self.add(item, second)

    def entries(self) -> List[Tuple[Item, int]]:
        """(item, second) in the order in which they came."""
        return sorted(self._seen.items(), key=lambda entry: (entry[1], entry[0]))[: self._limit]

    def items(self) -> Tuple[Item, ...]:
        """The items in the order in which they came."""
        return tuple(item for item, _ in self.entries())

    def seconds(self) -> List[int]:
        """Their times, ascending, without undated ones."""
        return [second for _, second in self.entries() if second != UNDATED]


class Distinct:
    """Counts distinct numbers of 32 bits (hashes), exactly as long as there are at most `limit`."""

    __slots__ = ("_kept", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = array("I")

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, value: int) -> None:
        """Notes a number."""
        kept = self._kept
        place = bisect_left(kept, value)
        if place == self._limit or (place < len(kept) and kept[place] == value):
            return
        kept.insert(place, value)
        del kept[self._limit :]

    def merge(self, other: Distinct) -> None:
        """Takes in what another one saw."""
        self._kept = array("I", sorted({*self._kept, *other._kept})[: self._limit])


Few = Tuple[Tuple[int, str], ...]
"""The few texts that came first, as (second, text), ascending. A tuple is the smallest thing that can hold them."""


def with_text(few: Few, second: int, text: str, limit: int) -> Few:
    """The few and another text, at most `limit`; each text once, at its earliest second."""
    if not few:
        return ((second, text),)
    if len(few) >= limit and second > few[-1][0]:
        return few
    earliest = {known: when for when, known in reversed(few)}
    earliest[text] = min(second, earliest.get(text, second))
    return tuple(sorted((when, known) for known, when in earliest.items())[:limit])


def texts(few: Few) -> Tuple[str, ...]:
    """The texts in the order in which they came."""
    return tuple(text for _, text in few)
