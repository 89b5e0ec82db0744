"""MISP: attributes of a user's own instance or a partner's (https://www.misp-project.org/openapi/).

One request asks about many addresses. Only attributes marked for detection (`to_ids`) weigh, by the threat level of
their event: 1 high, 2 medium, 3 low, 4 undefined.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

ANSWER_LIMIT = 2000
"""Most attributes in one answer: with their context they have 1 to 2 kB each, and an answer may have 4 MB."""
UNDEFINED = 4  # the threat level of an event to which nobody gave one
WINDOW = "365d"
"""Attributes that were last changed before this are not asked for."""
_TYPES = ("ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain|ip")
_SCORES = {1: 90, 2: 70, 3: 40}
_VERDICTS = {1: Verdict.MALICIOUS, 2: Verdict.SUSPICIOUS, 3: Verdict.SUSPICIOUS}


class Misp(Service):
    """Asks and reads a MISP instance."""

    name = "misp"
    title = "MISP"
    needs: Tuple[str, ...] = ("key", "base_url")
    batch = 200
    concurrency = 2
    tlp = "TLP:AMBER+STRICT"  # the user's own instance, or one whose community the user belongs to
    statuses: Mapping[int, Failure] = {403: base.REFUSED, 404: base.NO_SUCH_PLACE}

    def page(self, address: str, settings: Settings) -> str:
        """The instance's search for the address."""
        return self.place(settings, f"/attributes/index?value={escaped(address)}")

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`POST /attributes/restSearch`. The instance leaves out what is on its warning lists."""
        query = {
            "returnFormat": "json",
            "value": list(addresses),
            "type": list(_TYPES),
            "enforceWarninglist": True,
            "includeContext": True,  # brings the threat level of the event
            "deleted": False,
            "last": WINDOW,
            "limit": ANSWER_LIMIT,
            "page": 1,
        }
        kind = "application/json"
        headers = {"Authorization": settings.key, "Accept": kind, "Content-Type": kind}
        return Request(self.place(settings, "/attributes/restSearch"), "POST", headers, body=json.dumps(query).encode())

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """The attributes of all addresses, by address. In a full answer, what is missing may have been cut off."""
        rows = _attributes(body)
        if rows is None:
            return super().read(addresses, body, retrieved_at)
        found: Dict[str, List[Mapping[str, Any]]] = {address: [] for address in addresses}
        for row in rows:
            for address in _addresses(row):
                found.get(address, []).append(row)
        cut = len(rows) >= ANSWER_LIMIT
        return {
            address: self.without(address, Status.ERROR, f"the answer was cut off at {ANSWER_LIMIT} attributes")
            if cut and not known
            else self._known(address, known, retrieved_at)
            for address, known in found.items()
        }

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer of `restSearch`."""
        rows = _attributes(body)
        if rows is None:
            return self.without(address, Status.ERROR, "the answer holds no list of attributes")
        return self._known(address, [row for row in rows if address in _addresses(row)], retrieved_at)

    def _known(self, address: str, rows: Sequence[Mapping[str, Any]], retrieved_at: Optional[datetime]) -> Evidence:
        if not rows:
            return self.unknown(address, retrieved_at)
        level = min((found for found in map(_level, rows) if found), default=None)
        firsts = [base.when(row.get("first_seen")) for row in rows]
        last = base.latest([_last(row) for row in rows])
        return self.stated(
            address,
            retrieved_at,
            verdict=_VERDICTS.get(level or 0, Verdict.UNKNOWN),
            labels=(f"level_{level}",) if level else (),
            score=_SCORES.get(level or 0),
            native=str(level) if level else "",
            scale="threat level",
            counts={"attributes": len(rows), "events": len({base.text(row.get("event_id")) for row in rows})},
            observed_at=last,
            first_seen=base.earliest(firsts),
            last_seen=last,
        )


def _attributes(body: Any) -> Optional[List[Mapping[str, Any]]]:
    """The attributes of an answer; None when it has no list of them."""
    found = base.mapping(base.mapping(body).get("response")).get("Attribute")
    return [base.mapping(row) for row in found[:ANSWER_LIMIT]] if isinstance(found, list) else None


def _addresses(row: Mapping[str, Any]) -> Tuple[str, ...]:
    """The addresses of an attribute; composite ones are written `203.0.113.7|443` or `host.example|203.0.113.7`."""
    parts = base.text(row.get("value")).split("|")
    found = map(base.address, parts if row.get("type") in _TYPES else ())
    return tuple(address for address in found if address)


def _level(row: Mapping[str, Any]) -> Optional[int]:
    """The threat level of an attribute that is marked for detection; undefined where its event does not tell."""
    level = base.number(base.mapping(row.get("Event")).get("threat_level_id"), 1, 4)
    return (level or UNDEFINED) if row.get("to_ids") is True else None


def _last(row: Mapping[str, Any]) -> Optional[datetime]:
    """When it was last seen, else when the attribute was last changed."""
    return base.when(row.get("last_seen")) or base.moment(base.number(row.get("timestamp")))
