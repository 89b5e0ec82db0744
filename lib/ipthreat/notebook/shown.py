"""What each event of a DataFrame shows by itself: its user agent, request, status and action.

The rules are those of `| ipthreat`: behaviour of the event alone. Few events tell anything, and whether one does is
settled once for each distinct combination of those cells.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator, List, Mapping, Sequence, Tuple

import numpy
import pandas

from ..agents import AgentTable
from ..behaviour import Observer
from ..dossier import Behaviour
from ..intelligence import Intelligence
from ..logs.fields import FieldPlan, role_of
from ..memo import Memo
from . import cells

ROLES = ("user_agent", "request", "status", "action")
"""What may be told of an event; each is a name by which `logs.fields` knows such a field."""
_TOGETHER = 50_000  # events that one observer watches
_FIRST = int(ipaddress.ip_address("10.0.0.0"))


def names_other_end(column: Any) -> bool:
    """True for a column that by its name holds the other end of a connection: what the client did is not its doing."""
    return role_of(str(column))[0] in ("peer", "remote")


class Shown:
    """What the events show, by distinct combination of their cells."""

    def __init__(self, frame: pandas.DataFrame, columns: Mapping[str, Any], intelligence: Intelligence) -> None:
        """`columns`: role → column; raises InputError for a column that the frame does not have."""
        self._intelligence = intelligence
        self._agents = AgentTable.build(intelligence.agents())
        self._plan = FieldPlan(["src_ip", *columns], Memo(lambda _: None, 1), "src_ip")
        parts = [cells.distinct(cells.column_of(frame, name)) for name in columns.values()]
        self.codes, rows = cells.combined(parts)
        """Per row the place of its combination."""
        self._texts: List[Tuple[str, ...]] = [tuple(map(cells.text, row)) for row in rows]
        nobody = self.behaviours([("", code) for code in range(len(rows))])
        self.telling = numpy.array([bool(found) for found in nobody], dtype=bool)
        """Per combination: whether it shows anything."""

    def behaviours(self, pairs: Sequence[Tuple[str, int]]) -> List[Tuple[Behaviour, ...]]:
        """What each event, (address in canonical text or empty, combination), shows by itself."""
        found: List[Tuple[Behaviour, ...]] = []
        for start in range(0, len(pairs), _TOGETHER):
            found += self._watched(pairs[start : start + _TOGETHER])
        return found

    def _watched(self, pairs: Sequence[Tuple[str, int]]) -> Iterator[Tuple[Behaviour, ...]]:
        """One observer for many events: each gets an address of its own to be known by, so that none adds to another.

        All that a rule asks about the address itself is whose crawlers come from it.
        """
        stand_ins = [str(ipaddress.ip_address(_FIRST + place)) for place in range(len(pairs))]
        real = dict(zip(stand_ins, (address for address, _ in pairs)))
        observer = Observer((), agents=self._agents, crawler_ranges=lambda known_as: self._ranges(real[known_as]))
        for stand_in, (_, code) in zip(stand_ins, pairs):
            event = self._plan.event([stand_in, *self._texts[code]])
            if event is not None:
                observer.add(event)
        observations = observer.observations()
        return (observations[stand_in].behaviours for stand_in in stand_ins)

    def _ranges(self, address: str) -> Tuple[str, ...]:
        return self._intelligence.crawler_ranges(address) if address else ()
