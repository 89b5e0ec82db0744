"""What each event of a DataFrame shows by itself: its user agent, request, status and action, or the bytes it sent.

The rules are those of `| ipthreat`: behaviour of the event alone. What a client says counts for a column that names a
source, bytes for one that names the other end. Few events tell anything, and whether one does is settled once for each
distinct combination of those cells.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy
import pandas

from ..address import GLOBAL, classify, parse
from ..agents import AgentTable
from ..behaviour import OWN_NETWORKS, Observer
from ..dossier import Behaviour
from ..intelligence import Intelligence
from ..logs.event import Event
from ..logs.fields import FieldPlan, role_of
from ..memo import Memo
from . import cells

ASKED = ("user_agent", "request", "status", "action")
"""What may be told of a request; each is a name by which `logs.fields` knows such a field."""
SENT = ("bytes_out",)
"""What may be told of a transfer."""
ROLES = (*ASKED, *SENT)

_TOGETHER = 50_000  # events that one observer watches
_FIRST = int(ipaddress.ip_address("20.0.0.0"))
_OURS = "192.168.0.1"
_NOBODY = ""  # in the place of an address: whether anybody's event would tell something

Pair = Tuple[str, int]
"""(address in canonical text, place of a combination of cells)."""


def shown_by(
    frame: pandas.DataFrame, column: Any, told: Mapping[str, Any], intelligence: Intelligence
) -> Optional[Shown]:
    """What the events show of the addresses in a column; None where nothing is told that counts for it.

    `told` is role → column. Raises InputError for a column that the frame does not have.
    """
    other_end = role_of(str(column))[0] in ("peer", "remote")
    roles = {role: told[role] for role in (SENT if other_end else ASKED) if role in told}
    for name in told.values():
        cells.column_of(frame, name)
    return (Sent if other_end else Shown)(frame, roles, intelligence) if roles else None


class Shown:
    """What requests show of who sent them, by distinct combination of their cells."""

    def __init__(self, frame: pandas.DataFrame, roles: Mapping[str, Any], intelligence: Intelligence) -> None:
        self._intelligence = intelligence
        self._agents = AgentTable.build(intelligence.agents())
        self._plan = FieldPlan(["src_ip", *roles], Memo(lambda _: None, 1), "src_ip")
        parts = [cells.distinct(cells.column_of(frame, name)) for name in roles.values()]
        self.codes, rows = cells.combined(parts)
        """Per row the place of its combination."""
        self._texts: List[Tuple[str, ...]] = [tuple(map(cells.text, row)) for row in rows]
        nobody = self.behaviours([(_NOBODY, code) for code in range(len(rows))])
        self.telling = numpy.array([bool(found) for found in nobody], dtype=bool)
        """Per combination: whether it shows anything."""

    def behaviours(self, pairs: Sequence[Pair]) -> List[Tuple[Behaviour, ...]]:
        """What each event shows by itself."""
        found: List[Tuple[Behaviour, ...]] = []
        for start in range(0, len(pairs), _TOGETHER):
            found += self._watched(pairs[start : start + _TOGETHER])
        return found

    def _watched(self, pairs: Sequence[Pair]) -> Iterator[Tuple[Behaviour, ...]]:
        """One observer for many events: each gets an address of its own to be known by, so that none adds to another.

        What a rule asks about an address is answered for the real one.
        """
        stand_ins = [str(ipaddress.ip_address(_FIRST + place)) for place in range(len(pairs))]
        observer = self._observer(dict(zip(stand_ins, (address for address, _ in pairs))))
        for stand_in, (address, code) in zip(stand_ins, pairs):
            event = self._event(stand_in, address, code)
            if event is not None:
                observer.add(event)
        observations = observer.observations()
        return (observations[one].behaviours if one in observations else () for one in stand_ins)

    def _event(self, stand_in: str, _address: str, code: int) -> Optional[Event]:
        return self._plan.event([stand_in, *self._texts[code]])

    def _observer(self, real: Mapping[str, str]) -> Observer:
        known, nothing = self._intelligence, ()
        return Observer(
            (),
            agents=self._agents,
            crawler_ranges=lambda one: known.crawler_ranges(real[one]) if real[one] else nothing,
            owner=lambda one: known.owner(real[one]) if real[one] else "",
        )


class Sent(Shown):
    """What transfers show of who got the bytes. Who is no global address is one of ours, and gets none."""

    def _event(self, stand_in: str, address: str, code: int) -> Optional[Event]:
        event = super()._event(stand_in, address, code)
        if event is None or not event.bytes_out or (address and classify(parse(address)) != GLOBAL):
            return None
        return Event(_OURS, None, bytes_out=event.bytes_out, peer=stand_in)

    def _observer(self, real: Mapping[str, str]) -> Observer:
        known = self._intelligence
        return Observer(
            OWN_NETWORKS, is_c2=lambda one: known.is_c2(real[one]) if real[one] else known.lists is not None
        )
