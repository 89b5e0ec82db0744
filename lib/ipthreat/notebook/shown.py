"""What each event of a DataFrame shows by itself: its user agent, request, status and action.

The rules are those of `| ipthreat`: behaviour of the event alone. Few events tell anything, and whether one does is
settled once for each distinct combination of those cells.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple

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
_ANYONE = "192.0.2.1"


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
        self.telling = numpy.array([bool(self._read(_ANYONE, texts)) for texts in self._texts], dtype=bool)
        """Per combination: whether it shows anything."""

    def behaviours(self, address: str, code: int) -> Tuple[Behaviour, ...]:
        """What a combination shows of an address (canonical text)."""
        return self._read(address, self._texts[code])

    def _read(self, address: str, texts: Sequence[str]) -> Tuple[Behaviour, ...]:
        event = self._plan.event([address, *texts])
        if event is None:
            return ()
        observer = Observer((), agents=self._agents, crawler_ranges=self._intelligence.crawler_ranges)
        observer.add(event)
        return observer.observations()[event.address].behaviours
