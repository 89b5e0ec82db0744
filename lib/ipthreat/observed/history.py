"""When, how often and with which user agents an address was seen, in little memory."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
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
            self._spread([(second, repeats)], second, second, BUCKET)

    def add_sorted(self, seconds: List[int]) -> None:
        """Notes events at these seconds, which ascend and are not empty."""
        self.count += len(seconds)
        runs, begin, width = [], 0, self._width
        while begin < len(seconds):  # one step a bucket: the events of an address lie close together
            second = seconds[begin]
            end = bisect_left(seconds, second // width * width + width, begin)
            runs.append((second, end - begin))
            begin = end
        self._spread(runs, seconds[0], seconds[-1], BUCKET)

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
        if other.timeline():
            self._spread(other.timeline(), other.first, other.last, other._width)
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
        shown = sorted(self._agents, key=_rank)[:_SAMPLED_AGENTS] if self._sampled else list(self._agents)
        return sorted(((agent, self._agents[agent]) for agent in shown), key=lambda entry: (-entry[1], entry[0]))[
            :number
        ]

    def _spread(self, entries: List[Tuple[int, int]], first: int, last: int, width: int) -> None:
        """Adds (second, events) entries that lie between `first` and `last`, in buckets at least `width` wide."""
        self.first, self.last = min(self.first, first), max(self.last, last)
        width = max(self._width, width)
        while self.last // width - self.first // width >= BUCKETS:
            width *= 2
        start = self.first // width * width
        number = (self.last - start) // width + 1
        if self._buckets and (start, width) == (self._start, self._width):
            self._buckets.frombytes(bytes(_EMPTY.itemsize * (number - len(self._buckets))))
        else:
            entries = [*self.timeline(), *entries]
            self._start, self._width, self._buckets = start, width, array("Q", bytes(_EMPTY.itemsize * number))
        for second, events in entries:
            self._buckets[(second - start) // width] += events


def _rank(agent: str) -> Tuple[int, str]:
    """An order that is the same in every process, unlike that of Python's own hashes."""
    return zlib.crc32(agent.encode("utf-8", "replace")), agent
