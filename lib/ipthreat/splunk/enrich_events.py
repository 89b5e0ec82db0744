"""Answers that also rest on the event itself: its user agent, request, status and action.

Nearly all events tell nothing: whether one does is settled by those fields alone, and remembered. Only what tells
something is judged together with the address.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Sequence, Tuple

from ..address import canonical
from ..agents import AgentTable
from ..assessment import assess
from ..behaviour import Observer
from ..dossier import Behaviour
from ..errors import AddressError
from ..fields import Subject
from ..intelligence import Intelligence
from ..logs.fields import FieldPlan
from ..memo import Memo
from .enrich import Enricher
from .rows import text_of

ROLES = {"user_agent": "user_agent", "uri": "uri", "http_status": "status", "action": "action"}
"""Option → a name by which `logs.fields` knows such a field. Bytes of one event alone are no behaviour."""

_ANY_ADDRESS = "192.0.2.1"
_KEPT = 32_768


class EventEnricher:
    """Judges addresses along with what one event shows of them."""

    def __init__(self, enricher: Enricher, intelligence: Intelligence, options: Sequence[str]) -> None:
        """`options` are keys of ROLES, in the order in which their cells come."""
        self._enricher = enricher
        self._intelligence = intelligence
        self._agents = AgentTable.build(intelligence.agents())
        self._plan = FieldPlan(["src_ip", *(ROLES[name] for name in options)], Memo(lambda _: None, 1), "src_ip")
        self._telling: Dict[Tuple[bytes, ...], bool] = {}

    def cells(self, plain: bytes, key: Tuple[bytes, ...]) -> bytes:
        """The cells for the raw cells of address and other fields; `plain` are those for the address alone."""
        others = key[1:]
        telling = self._telling.get(others)
        if telling is None:
            if len(self._telling) >= _KEPT:
                self._telling.clear()
            telling = self._telling[others] = bool(self._behaviours(_ANY_ADDRESS, others))
        return self._judged(key) if telling else plain

    def _judged(self, key: Tuple[bytes, ...]) -> bytes:
        text = text_of(key[0])
        members = [self._subject(member, key[1:]) for member in self._enricher.addresses(text)]
        encoder = self._enricher.encoder
        return encoder.one(members[0]) if len(members) == 1 else encoder.several(members)

    def _subject(self, text: str, others: Tuple[bytes, ...]) -> Subject:
        known = self._enricher.subject(text)
        try:
            address = canonical(text)
        except AddressError:
            return known
        behaviours = self._behaviours(address, others)
        if not behaviours:
            return known
        dossier = replace(self._enricher.dossier(address), behaviours=behaviours)
        return known._replace(assessment=assess(dossier, self._enricher.policy, self._enricher.as_of))

    def _behaviours(self, address: str, others: Tuple[bytes, ...]) -> Tuple[Behaviour, ...]:
        event = self._plan.event([address, *map(text_of, others)])
        if event is None:
            return ()
        observer = Observer((), agents=self._agents, crawler_ranges=self._intelligence.crawler_ranges)
        observer.add(event)
        return observer.observations()[event.address].behaviours
