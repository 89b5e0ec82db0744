"""Contacts that our own hosts make to an address: to C2 servers, at regular intervals, with much data going out."""

from __future__ import annotations

from statistics import median
from typing import Dict, Iterator, List, NamedTuple, Optional

from ..dossier import Behaviour, BehaviourKind
from ..thresholds import Thresholds
from .aspect import Aspect, Context, Trace
from .sketches import Few, Times, texts, whole_second, with_text

_HOSTS_KEPT = 8  # of our hosts whose rhythm is looked at: the first in the order of their names
_PORTS_SHOWN = 5
_CONTACTS_KEPT = 128  # of each of them


class Rhythm(NamedTuple):
    """The regularity of a series of contacts."""

    period: float
    """Median of the intervals, in seconds."""
    jitter: float
    """Median deviation of the intervals from the period, as a share of it."""


def rhythm(seconds: List[int], limits: Thresholds) -> Optional[Rhythm]:
    """The rhythm of contacts at these ascending, distinct seconds, or None when they have none.

    Medians, so that a few missed beats and a pause over night change nothing: the method of RITA and other beacon
    hunters, with the median absolute deviation as the measure.
    """
    if len(seconds) < limits.beacon_contacts:
        return None
    intervals = [later - earlier for earlier, later in zip(seconds, seconds[1:])]
    period = float(median(intervals))
    if period < limits.beacon_period:
        return None
    jitter = median(abs(interval - period) for interval in intervals) / period
    near = sum(abs(interval - period) <= period / 2 for interval in intervals)
    if jitter > limits.beacon_jitter or near < limits.beacon_share * len(intervals):
        return None
    return Rhythm(period, jitter)


class Contacts(Aspect):
    """Connections that our own hosts opened to the address."""

    __slots__ = ("_bytes_in", "_bytes_out", "_hosts", "_ports", "_trace")

    def __init__(self) -> None:
        self._trace = Trace()
        self._hosts: Dict[str, Times] = {}
        self._ports: Few = ()
        self._bytes_out = 0
        self._bytes_in = 0

    def add(self, time: Optional[float], repeats: int, host: str, bytes_out: int, bytes_in: int, port: str) -> None:
        """Notes a connection. `port` is our word for where it went, or empty."""
        self._trace.add(time, repeats)
        if port:
            self._ports = with_text(self._ports, whole_second(time), port, _PORTS_SHOWN)
        self._bytes_out += bytes_out
        self._bytes_in += bytes_in
        times = self._hosts.get(host)
        if times is None:
            times = self._hosts[host] = Times(_CONTACTS_KEPT, once=True)
            self._drop_hosts()
        times.add(whole_second(time))

    def merge(self, other: Contacts) -> None:
        """Takes in what another one saw."""
        self._trace.merge(other._trace)
        for second, port in other._ports:
            self._ports = with_text(self._ports, second, port, _PORTS_SHOWN)
        self._bytes_out += other._bytes_out
        self._bytes_in += other._bytes_in
        for host, times in other._hosts.items():
            self._hosts.setdefault(host, Times(_CONTACTS_KEPT, once=True)).merge(times)
        self._drop_hosts()

    @property
    def notable(self) -> bool:
        """That our hosts talk to an address is ordinary; a rhythm takes eight contacts, volume takes bytes."""
        return self._trace.count >= 8 or self._bytes_out >= 1_000_000

    @property
    def count(self) -> int:
        """Connections noted."""
        return self._trace.count

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """Contact and beacon for a listed C2 server, regular contact for any other address, and volume out."""
        listed = context.is_c2(context.address)
        if listed:
            yield self._trace.behaviour(BehaviourKind.C2_CONTACT, texts(self._ports))
        regular = self._most_regular(context.thresholds)
        if regular:
            names = (f"every {_duration(regular.period)}", f"jitter {regular.jitter:.0%}")
            kind = BehaviourKind.C2_BEACON if listed else BehaviourKind.REGULAR_CONTACT
            yield self._trace.behaviour(kind, names)
        if self._is_volume(context.thresholds):
            sizes = (f"{_size(self._bytes_out)} out", f"{_size(self._bytes_in)} in")
            yield self._trace.behaviour(BehaviourKind.VOLUME_OUT, sizes)

    def _most_regular(self, limits: Thresholds) -> Optional[Rhythm]:
        found = (rhythm(times.dated(), limits) for _, times in sorted(self._hosts.items())[:_HOSTS_KEPT])
        return min(filter(None, found), key=lambda item: item.jitter, default=None)

    def _is_volume(self, limits: Thresholds) -> bool:
        return self._bytes_out >= max(limits.volume_bytes, limits.volume_ratio * self._bytes_in)

    def _drop_hosts(self) -> None:
        if len(self._hosts) > 2 * _HOSTS_KEPT:
            self._hosts = dict(sorted(self._hosts.items())[:_HOSTS_KEPT])


def _duration(seconds: float) -> str:
    """A period in words: `90 s`, `5 min`, `6 h`."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _size(number: float) -> str:
    """Bytes in words: `12 MB`."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.4g} GB"
