"""Events in short, and what an observer makes of them."""

from __future__ import annotations

from typing import Any, Iterable, List, Optional, Tuple

from ipthreat.behaviour import Observation, Observer
from ipthreat.dossier import Behaviour, BehaviourKind
from ipthreat.events import Event

VISITOR, OURS, OUTSIDE = "203.0.113.9", "10.0.0.5", "18.237.3.202"
START = 1_767_323_045.0  # 2026-01-02T03:04:05Z


def request(path: str, status: Optional[int] = 200, after: float = 0.0, **fields: Any) -> Event:
    """A request of the visitor, `after` seconds from the start."""
    values = {"address": VISITOR, "time": START + after, "request": f"GET {path} HTTP/1.1", "status": status, **fields}
    return Event(**values)


def log_in(action: str, after: float = 0.0, **fields: Any) -> Event:
    """A log-in of the visitor."""
    return Event(**{"address": VISITOR, "time": START + after, "action": action, **fields})


def contact(after: float = 0.0, **fields: Any) -> Event:
    """A connection from one of our hosts to the outside."""
    return Event(**{"address": OURS, "time": START + after, "peer": OUTSIDE, "port": 443, **fields})


def knock(port: int, host: str = OURS, after: float = 0.0, **fields: Any) -> Event:
    """A connection of the visitor that one of our firewalls blocked."""
    values = {"address": VISITOR, "time": START + after, "peer": host, "port": port, "action": "blocked", **fields}
    return Event(**values)


def watch(events: Iterable[Event], address: str = VISITOR, **settings: Any) -> Observation:
    """What an observer tells of an address after these events."""
    observer = Observer(**settings)
    observer.add_all(events)
    return observer.observations()[address]


def found(events: Iterable[Event], address: str = VISITOR, **settings: Any) -> List[str]:
    """The kinds of behaviour found, as words."""
    return [item.kind.value for item in watch(events, address, **settings).behaviours]


def finding(kind: BehaviourKind, events: Iterable[Event], address: str = VISITOR, **settings: Any) -> Behaviour:
    """The finding of a kind, which there must be."""
    (item,) = [item for item in watch(events, address, **settings).behaviours if item.kind is kind]
    return item


def parts(events: List[Event], number: int) -> Tuple[List[Event], ...]:
    """The events dealt out like cards."""
    return tuple(events[place::number] for place in range(number))
