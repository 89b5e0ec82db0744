"""One aspect of what an address did, and the traces that its findings are made of."""

from __future__ import annotations

import abc
from datetime import datetime, timezone
from functools import lru_cache
from typing import Callable, Dict, Iterable, Iterator, NamedTuple, Optional, Tuple, TypeVar

from ..dossier import Behaviour, BehaviourKind
from ..thresholds import Thresholds
from .sketches import Few, texts, whole_second, with_text

SAMPLES = 3
SAMPLE_LENGTH = 200
_MOST_NAMES = 8  # names of one finding; they are printed in one line

Merged = TypeVar("Merged", bound="Aspect")


@lru_cache(maxsize=4096)
def utc(seconds: float) -> datetime:
    """Seconds since the epoch as an aware datetime. Timelines share their buckets, and so the datetimes of them."""
    return datetime.fromtimestamp(seconds, timezone.utc)


class Context(NamedTuple):
    """What the rules need to know beside the aspect itself."""

    address: str
    events: int
    """All events of the address."""
    thresholds: Thresholds
    is_c2: Callable[[str], bool]
    """True for an address that a list names as a C2 server."""
    crawler_ranges: Callable[[str], Iterable[str]]
    """Names of the crawler lists that hold an address."""
    owner: Callable[[str], str]
    """The organisation that announces an address; empty when not known."""


class Aspect(abc.ABC):
    """What is remembered of one side of an address's doings; made when there is first something to remember."""

    __slots__ = ()

    @abc.abstractmethod
    def merge(self: Merged, other: Merged) -> None:
        """Takes in what another one saw of the same address."""

    @abc.abstractmethod
    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """The findings, if it comes to any."""

    @property
    def notable(self) -> bool:
        """True when the address should be kept before one of which there is nothing like it."""
        return True


class Trace:
    """Count, first and last time, names and samples of events of one kind."""

    __slots__ = ("count", "first", "last", "names", "samples")

    def __init__(self) -> None:
        self.count = 0
        self.first: Optional[float] = None
        self.last: Optional[float] = None
        self.names: Optional[Dict[str, int]] = None
        self.samples: Few = ()

    def add(self, time: Optional[float], repeats: int, names: Iterable[str] = (), sample: str = "") -> None:
        """Notes an event. `names` are our own words, `sample` is the attacker's."""
        self.count += repeats
        self._extend(time, time)
        for name in names:
            self.name(name, repeats)
        if sample:
            self.samples = with_text(self.samples, whole_second(time), sample[:SAMPLE_LENGTH], SAMPLES)

    def name(self, name: str, repeats: int) -> None:
        """Notes how many of the events a word of ours fits."""
        if self.names is None:
            self.names = {}
        self.names[name] = self.names.get(name, 0) + repeats

    def merge(self, other: Trace) -> None:
        """Takes in what another one saw."""
        self.count += other.count
        self._extend(other.first, other.last)
        for name, number in (other.names or {}).items():
            self.name(name, number)
        for second, text in other.samples:
            self.samples = with_text(self.samples, second, text, SAMPLES)

    def behaviour(
        self, kind: BehaviourKind, names: Optional[Tuple[str, ...]] = None, succeeded: bool = False
    ) -> Behaviour:
        """The finding that this trace is of; `names` instead of its own, most frequent first, where given."""
        if names is None:
            counted = self.names or {}
            names = tuple(sorted(counted, key=lambda name: (-counted[name], name)))
        first, last = self.first, self.last
        return Behaviour(
            kind,
            self.count,
            None if first is None else utc(first),
            None if last is None else utc(last),
            names[:_MOST_NAMES],
            texts(self.samples),
            succeeded,
        )

    def _extend(self, first: Optional[float], last: Optional[float]) -> None:
        if first is not None and (self.first is None or first < self.first):
            self.first = first
        if last is not None and (self.last is None or last > self.last):
            self.last = last
