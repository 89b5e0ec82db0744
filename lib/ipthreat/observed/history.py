"""When, how often and with which user agents an address was seen, in little memory."""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from typing import Dict, Iterable, List, Tuple

from .sketches import UNDATED

BUCKETS = 64
"""The most buckets of a timeline."""
BUCKET = 3600
"""Width of a bucket in seconds, doubled until the buckets suffice."""

_MOST_AGENTS = 20  # user agents counted; of more, only a sample is
_SAMPLED_AGENTS = 10
_EMPTY = array("Q")


class History:
    """Counts in time buckets and of user agents. Merging gives what one history of all events would be."""

    __slots__ = ("_agents", "_buckets", "_sampled", "_start", "_width", "count", "first", "last")

    def __init__(self) -> None:
        self.count = 0
        self.first = UNDATED
        """Second of the first dated event; UNDATED when there is none."""
        self.last = -1
        self._start = 0  # of the first bucket, in seconds, a multiple of the width
        self._width = BUCKET
        self._buckets = _EMPTY  # events in each bucket
        self._agents: Dict[str, int] = {}
        self._sampled = False  # there were too many user agents

    def add(self, second: int, repeats: int) -> None:
        """Notes an event that happened `repeats` times in a second (UNDATED for one without a time)."""
        self.count += repeats
        if second != UNDATED:
            self._lay_out(second, second, BUCKET)
            self._buckets[(second - self._start) // self._width] += repeats

    def add_all(self, seconds: List[int]) -> None:
        """Notes events at these seconds, of which there is at least one, none of them UNDATED."""
        self.count += len(seconds)
        self._lay_out(min(seconds), max(seconds), BUCKET)
        width, first = self._width, self._start // self._width
        for bucket, events in Counter([second // width for second in seconds]).items():
            self._buckets[bucket - first] += events

    def add_agents(self, agents: Iterable[Tuple[str, int]]) -> None:
        """Notes user agents and how often each came."""
        known = self._agents
        for agent, number in agents:
            known[agent] = known.get(agent, 0) + number
        if len(known) > _MOST_AGENTS:
            self._sampled = True
            self._agents = {agent: known[agent] for agent in sorted(known, key=_rank)[:_SAMPLED_AGENTS]}

    def merge(self, other: History) -> None:
        """Takes in what another one saw."""
        self.count += other.count
        if other.last >= 0:
            self._lay_out(other.first, other.last, other._width)
            self._refill(other.timeline())
        self._sampled = self._sampled or other._sampled
        self.add_agents(other._agents.items())

    def timeline(self) -> List[Tuple[int, int]]:
        """(start in seconds, events) of each bucket that has any."""
        places = enumerate(self._buckets)
        return [(self._start + place * self._width, number) for place, number in places if number]

    def agents(self, number: int) -> List[Tuple[str, int]]:
        """The most frequent user agents with their counts.

        Of an address with more than twenty, those of a sample of ten: the ones with the smallest hashes, which are the
        same however the events are split, and each of which is counted from its first event on.
        """
        known = self._agents
        shown = sorted(known, key=_rank)[:_SAMPLED_AGENTS] if self._sampled and len(known) > _SAMPLED_AGENTS else known
        return sorted(((agent, known[agent]) for agent in shown), key=lambda entry: (-entry[1], entry[0]))[:number]

    def _lay_out(self, first: int, last: int, width: int) -> None:
        """Makes room for events between two seconds, in buckets at least `width` wide."""
        self.first, self.last = min(self.first, first), max(self.last, last)
        width = max(self._width, width)
        while self.last // width - self.first // width >= BUCKETS:
            width *= 2
        start = self.first // width * width
        number = (self.last - start) // width + 1
        if self._buckets and (start, width) == (self._start, self._width):
            self._buckets.frombytes(bytes(_EMPTY.itemsize * (number - len(self._buckets))))
            return
        before = self.timeline()
        self._start, self._width, self._buckets = start, width, array("Q", bytes(_EMPTY.itemsize * number))
        self._refill(before)

    def _refill(self, timeline: List[Tuple[int, int]]) -> None:
        for second, events in timeline:
            self._buckets[(second - self._start) // self._width] += events


def _rank(agent: str) -> Tuple[int, str]:
    """An order that is the same in every process, unlike that of Python's own hashes."""
    return zlib.crc32(agent.encode("utf-8", "replace")), agent
