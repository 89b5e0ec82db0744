"""From the analyst's own events to what each address did: sightings and behaviour.

    observer = Observer(is_c2=lists.is_c2, agents=AgentTable.build(snapshot.agents()))
    observer.add_all(events)
    for address, observation in observer.observations().items(): …

Events may come in any order, and in parts: observers of the parts, merged, find what one observer of all events finds.
"""

from __future__ import annotations

import heapq
from array import array
from datetime import datetime
from itertools import islice
from typing import Callable, Dict, Iterable, NamedTuple, Optional, Sequence, Tuple

from .address import GLOBAL, classify, network, parse
from .agents import AgentTable
from .dossier import Behaviour, Sighting
from .logs.event import Event, Row
from .memo import Memo
from .observed.aspect import Context, utc
from .observed.reading import Agents, note_contact, note_peer, note_unusual, what_requests_ask
from .observed.sketches import UNDATED, whole_second
from .observed.tally import AGENT_BITS, Tally
from .thresholds import Thresholds

__all__ = ["OWN_NETWORKS", "Observation", "Observer", "Thresholds"]

OWN_NETWORKS = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1",
)
"""The networks that are ours when nothing else is said: those that exist only inside (RFC 1918, 3927, 4193, 4291)."""
MOST_ADDRESSES = 100_000
"""Addresses held at a time. Over it, those with no finding and the fewest events give way, and are counted."""

_THRESHOLDS = Thresholds()
_NEVER = (UNDATED, -1)  # the span of no time at all
_BATCH = 4096
_SWEEP = 524_288  # events between two looks for addresses that have more than …
_RECENT = 32  # … events that were not made history of
_MOST_BYTES = 2**64 - 1  # of one address, as an array holds them: a log may claim any number
_KEPT = 65_536  # addresses of which it is remembered whose they are


class Observation(NamedTuple):
    """What our own events show of one address."""

    sighting: Sighting
    behaviours: Tuple[Behaviour, ...]


class _Recent(Dict[str, "array[int]"]):
    """Address → its recent events, as `Tally.fold` takes them: an array costs least of all, in time and in memory."""

    def __init__(self, make_room: Callable[[], None]) -> None:
        super().__init__()
        self._make_room = make_room

    def know(self, address: str) -> None:
        """Makes an entry for an address that has none."""
        if address not in self:
            self.__missing__(address)

    def __missing__(self, address: str) -> array[int]:
        self._make_room()
        made = self[address] = array("Q", (0,))
        return made


class Observer:
    """Watches events go by and tells what each address did."""

    crowded_out: int
    """Addresses that gave way to others; one that came back and gave way again is counted twice."""
    undated: int
    """Events without a time that can be read."""

    def __init__(
        self,
        own_networks: Iterable[str] = OWN_NETWORKS,
        *,
        is_c2: Callable[[str], bool] = lambda _address: False,
        agents: Optional[AgentTable] = None,
        crawler_ranges: Callable[[str], Iterable[str]] = lambda _address: (),
        owner: Callable[[str], str] = lambda _address: "",
        thresholds: Thresholds = _THRESHOLDS,
        most_addresses: int = MOST_ADDRESSES,
    ) -> None:
        """`own_networks` (CIDR text) tell which end of a connection is ours.

        Of an address, `is_c2` answers whether a list names it as a C2 server, `crawler_ranges` which crawler lists hold
        it, and `owner` which organisation announces it. They are asked when the observations are made.
        """
        self.crowded_out = self.undated = 0
        self._networks = [network(text) for text in own_networks]
        self._known = (thresholds, is_c2, crawler_ranges, owner)  # as Context takes them
        self._most_addresses = most_addresses
        self._recent = _Recent(self._make_room)  # every address is in here …
        self._tallies: Dict[str, Tally] = {}  # … and here when there is more to it than a few events
        self._since_sweep = 0
        self._gone = _NEVER  # the span of the addresses that gave way
        self._own = Memo(self._is_own, _KEPT)
        self._outside = Memo(_is_outside, _KEPT)
        self._agents = Agents(agents or AgentTable())
        self._requests = what_requests_ask()

    def add(self, event: Event) -> None:
        """Notes one event."""
        self._add_rows((event,))

    def add_all(self, events: Iterable[Row]) -> None:
        """Notes events; a large log is read fastest with `for rows in stream.batches(): observer.add_all(rows)`."""
        rest = iter(events)
        for rows in iter(lambda: list(islice(rest, _BATCH)), []):
            self._add_rows(rows)

    def _add_rows(self, rows: Sequence[Row]) -> None:
        """Notes events. This loop is what a large log costs: the usual event must call next to nothing."""
        recents, agents, requests = self._recent, self._agents, self._requests
        for row in rows:
            address, time, agent, request, status, action, sent, _, peer, _, user, repeats = row
            if peer or time is None or repeats != 1:
                self._add_special(Event._make(row))
                continue
            said = agents[agent]
            recent = recents[address]
            recent.append(int(time) << AGENT_BITS | said.number)
            if sent:
                recent[0] = min(recent[0] + sent, _MOST_BYTES)
            asked = requests[request]
            if asked or said.telling or action or user or (status is not None and status >= 400):
                note_unusual(self._tally(address), Event._make(row), said, asked)
        self._since_sweep += len(rows)
        if self._since_sweep >= _SWEEP:
            self._sweep()

    def merge(self, other: Observer) -> None:
        """Takes in what another observer, with the same settings, saw of other events."""
        self.crowded_out += other.crowded_out
        self.undated += other.undated
        self._gone = _wider(self._gone, other._gone)
        for address in other._recent:
            self._tally(address).merge(other._folded(address))

    def observations(self) -> Dict[str, Observation]:
        """Canonical text of each address → what was seen of it."""
        return {address: self._observed(address) for address in self._recent}

    def period(self) -> Tuple[Optional[datetime], Optional[datetime]]:
        """The times of the first and the last event (UTC), to the second; None when no event had one."""
        first, last = self._gone
        for address in self._recent:
            first, last = _wider((first, last), self._span(address))
        return (utc(first), utc(last)) if last >= 0 else (None, None)

    def _observed(self, address: str) -> Observation:
        tally = self._folded(address)
        sighting = tally.sighting()
        if address not in self._tallies:
            return Observation(sighting, ())
        return Observation(sighting, tally.behaviours(Context(address, sighting.count, *self._known)))

    def _add_special(self, event: Event) -> None:
        """Notes an event that has another end or no time, or happened more than once."""
        outbound = bool(event.peer) and self._own[event.address] and self._outside[event.peer]
        judged = event.peer if outbound else event.address
        said = self._agents["" if outbound else event.user_agent]
        if event.time is None or event.repeats != 1:
            self.undated += event.repeats if event.time is None else 0
            self._tally(judged).see(whole_second(event.time), self._agents.texts[said.number], event.repeats)
        else:
            self._recent[judged].append(int(event.time) << AGENT_BITS | said.number)
        if outbound:  # what counts is the other end; user agent and request are our own
            note_contact(self._tally(judged), event)
            return
        note_unusual(self._tally(judged), event, said, self._requests[event.request])
        if event.peer:
            note_peer(self._tally(judged), event, self._own[event.peer])
        else:
            recent = self._recent[judged]
            recent[0] = min(recent[0] + (event.bytes_out or 0), _MOST_BYTES)

    def _tally(self, address: str) -> Tally:
        """The tally of an address, made when there is none yet."""
        tally = self._tallies.get(address)
        if tally is None:
            self._recent.know(address)
            tally = self._tallies[address] = Tally()
        return tally

    def _folded(self, address: str) -> Tally:
        """All there is of an address in one tally; a new one, not kept, for the many that have a few events only."""
        tally = self._tallies.get(address)
        if tally is None:
            tally = Tally()
            tally.fold(self._recent[address][:], self._agents.texts)
        else:
            tally.fold(self._recent[address], self._agents.texts)
        return tally

    def _sweep(self) -> None:
        """Makes history of the events of busy addresses, so that memory does not grow with the log."""
        self._since_sweep = 0
        busy = [address for address, recent in self._recent.items() if len(recent) > _RECENT]
        for address in busy:
            self._tally(address).fold(self._recent[address], self._agents.texts)

    def _make_room(self) -> None:
        """Drops a quarter of the addresses when there are too many: without findings first, then the least active."""
        if len(self._recent) < self._most_addresses:
            return
        ranked = ((*self._rank(address), address) for address in self._recent)
        for _, _, address in heapq.nsmallest(max(1, len(self._recent) // 4), ranked):
            self._gone = _wider(self._gone, self._span(address))
            del self._recent[address]
            self._tallies.pop(address, None)
            self.crowded_out += 1

    def _rank(self, address: str) -> Tuple[bool, int]:
        tally, recent = self._tallies.get(address), len(self._recent[address]) - 1
        return (tally.notable, tally.count + recent) if tally else (False, recent)

    def _span(self, address: str) -> Tuple[int, int]:
        """First and last second of an address, as History has them."""
        tally, events = self._tallies.get(address), self._recent[address][1:]
        past = (tally.history.first, tally.history.last) if tally and tally.history else _NEVER
        return _wider(past, (min(events) >> AGENT_BITS, max(events) >> AGENT_BITS)) if events else past

    def _is_own(self, address: str) -> bool:
        parsed = parse(address)
        return any(parsed in network for network in self._networks if network.version == parsed.version)


def _wider(one: Tuple[int, int], other: Tuple[int, int]) -> Tuple[int, int]:
    """The span of time that holds both."""
    return min(one[0], other[0]), max(one[1], other[1])


def _is_outside(address: str) -> bool:
    return classify(parse(address)) == GLOBAL
