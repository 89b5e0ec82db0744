"""Requests and user agents that say what they are: attack tools, exploits, and the search for weak paths."""

from __future__ import annotations

import zlib
from typing import Dict, Iterator, Optional, Tuple

from ..agents import CrawlerClaim
from ..dossier import Behaviour, BehaviourKind
from ..errors import SnapshotError
from ..logs.event import Event
from .aspect import Aspect, Context, Trace
from .sketches import Distinct

_PATHS_COUNTED = 64  # more than any threshold that makes sense
_FEW_PATHS = 2


class Tools(Aspect):
    """Events whose user agent names an attack tool."""

    __slots__ = ("trace",)

    def __init__(self) -> None:
        self.trace = Trace()

    def merge(self, other: Tools) -> None:
        """Takes in what another one saw."""
        self.trace.merge(other.trace)

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """One such event is enough: no browser calls itself nikto."""
        yield self.trace.behaviour(BehaviourKind.SUSPICIOUS_USER_AGENT)


class Exploits(Aspect):
    """Events that carry an exploit."""

    __slots__ = ("answered", "trace")

    def __init__(self) -> None:
        self.trace = Trace()
        self.answered = False

    def add(self, time: Optional[float], repeats: int, attacks: Tuple[str, ...], sample: str, outcome: str) -> None:
        """Notes an event. `outcome` is the HTTP status as text, `blocked`, or empty when the log does not tell."""
        names = (f"{attack} ({outcome})" if outcome else attack for attack in attacks)
        self.trace.add(time, repeats, names, sample)
        self.answered = self.answered or outcome.startswith("2")

    def merge(self, other: Exploits) -> None:
        """Takes in what another one saw."""
        self.trace.merge(other.trace)
        self.answered = self.answered or other.answered

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """One such event is enough; it succeeded, as far as a log can tell, when the server answered 2xx."""
        yield self.trace.behaviour(BehaviourKind.EXPLOIT_ATTEMPT, succeeded=self.answered)


class Claims(Aspect):
    """Events whose user agent claims to be the crawler of an operator that publishes its ranges."""

    __slots__ = ("traces",)

    def __init__(self) -> None:
        self.traces: Dict[CrawlerClaim, Trace] = {}

    def add(self, time: Optional[float], repeats: int, claim: CrawlerClaim, user_agent: str) -> None:
        """Notes an event."""
        trace = self.traces.get(claim)
        if trace is None:
            trace = self.traces[claim] = Trace()
        trace.add(time, repeats, (claim.name,), user_agent)

    def merge(self, other: Claims) -> None:
        """Takes in what another one saw."""
        for claim, trace in other.traces.items():
            self.traces.setdefault(claim, Trace()).merge(trace)

    @property
    def notable(self) -> bool:
        """Many addresses of a crawler are nothing to keep before others; false ones show when they do something."""
        return False

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """A claim is true when one of the operator's lists holds the address.

        It is not called false while the address belongs to the operator all the same: lists leave crawlers out, and
        change after the events.
        """
        try:
            lists, owner = set(context.crawler_ranges(context.address)), context.owner(context.address).lower()
        except SnapshotError:  # nothing follows from what cannot be read
            return
        kinds: Dict[BehaviourKind, Trace] = {}
        for claim, trace in self.traces.items():
            if not lists.isdisjoint(claim.ranges):
                kinds.setdefault(BehaviourKind.VERIFIED_CRAWLER, Trace()).merge(trace)
            elif not claim.operator or claim.operator.lower() not in owner:
                kinds.setdefault(BehaviourKind.FALSE_CRAWLER, Trace()).merge(trace)
        for kind, trace in kinds.items():
            yield trace.behaviour(kind)


class Probing(Aspect):
    """Requests for what is not there, and for paths where software of a known weakness lies."""

    __slots__ = ("_lost", "_paths", "_told", "_weak", "_weak_paths")

    def __init__(self) -> None:
        # Many visitors miss a page now and then: what is not needed for that is not made.
        self._lost: Optional[Trace] = None
        self._weak: Optional[Trace] = None
        self._paths = Distinct(_PATHS_COUNTED)  # of both
        self._weak_paths: Optional[Distinct] = None
        self._told = False

    def add_lost(self, event: Event, path: str) -> None:
        """Notes a request for a path that does not exist."""
        self._lost = self._lost or Trace()
        self._lost.add(event.time, event.repeats, (), event.request)
        self._paths.add(_hashed(path))

    def add_weak(self, event: Event, name: str, path: str, telling: bool) -> None:
        """Notes a request for a weak path. `name` is our word for it; one `telling` path is enough for a finding."""
        self._weak = self._weak or Trace()
        self._weak.add(event.time, event.repeats, (name,), event.request)
        self._weak_paths = self._weak_paths or Distinct(_PATHS_COUNTED)
        self._weak_paths.add(_hashed(path))
        self._paths.add(_hashed(path))
        self._told = self._told or telling

    def merge(self, other: Probing) -> None:
        """Takes in what another one saw."""
        self._lost = _merged(self._lost, other._lost)
        self._weak = _merged(self._weak, other._weak)
        self._paths.merge(other._paths)
        if other._weak_paths:
            self._weak_paths = self._weak_paths or Distinct(_PATHS_COUNTED)
            self._weak_paths.merge(other._weak_paths)
        self._told = self._told or other._told

    @property
    def notable(self) -> bool:
        """A few missing pages are nothing."""
        return self._told or len(self._paths) > _FEW_PATHS

    def behaviours(self, context: Context) -> Iterator[Behaviour]:
        """Probing: one telling path, several weak ones, or mostly paths that do not exist."""
        limits = context.thresholds
        both = _merged(self._lost, self._weak) or Trace()
        if len(self._paths) >= limits.lost_paths and both.count >= limits.lost_share * context.events:
            if self._lost:
                both.name("missing paths", self._lost.count)
            yield both.behaviour(BehaviourKind.WEB_PROBING)
        elif self._weak and (self._told or len(self._weak_paths or ()) >= limits.weak_paths):
            yield self._weak.behaviour(BehaviourKind.WEB_PROBING)


def _merged(one: Optional[Trace], other: Optional[Trace]) -> Optional[Trace]:
    """A new trace of both; None when there is neither."""
    if one is None and other is None:
        return None
    both = Trace()
    for trace in filter(None, (one, other)):
        both.merge(trace)
    return both


def _hashed(path: str) -> int:
    """A hash that is the same in every process, unlike Python's own."""
    return zlib.crc32(path.encode("utf-8", "replace"))
