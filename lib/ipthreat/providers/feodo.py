"""Feodo Tracker of abuse.ch: command servers of botnets (https://feodotracker.abuse.ch/blocklist/).

The service publishes a list, so the question is always the same, names no address, and one answer serves all addresses.
The list is nearly empty whenever the botnets it follows have been taken down: an empty list is an answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped
from .threatfox import ABUSE_CH_STATUSES

ONLINE_SCORE, OFFLINE_SCORE = 95, 70
_ROW_LIMIT = 100_000


class Feodo(Service):
    """Asks for the list of the last 30 days and reads it."""

    name = "feodo"
    title = "Feodo Tracker"
    home = "https://feodotracker.abuse.ch/downloads"
    needs: Tuple[str, ...] = ()
    batch = 100_000
    concurrency = 1
    whole = True
    tlp = "TLP:RED"  # the question names no address
    versions = (4,)
    statuses: Mapping[int, Failure] = ABUSE_CH_STATUSES

    def link(self, address: str) -> str:
        """The host's page."""
        return f"https://feodotracker.abuse.ch/browse/host/{escaped(address)}/"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /ipblocklist.json`, whatever the addresses. Not more often than every five minutes."""
        headers = {"Auth-Key": settings.key} if settings.key else {}
        return Request(self.place(settings, "/ipblocklist.json"), headers=headers)

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """Every address against the list, which is gone through once."""
        if not _is_list(body):
            return super().read(addresses, body, retrieved_at)
        rows: dict[str, List[Any]] = {address: [] for address in addresses}
        for row in body[:_ROW_LIMIT]:
            name = base.mapping(row).get("ip_address")
            if isinstance(name, str) and name in rows:
                rows[name].append(row)
        return {address: self.parse(address, found, retrieved_at) for address, found in rows.items()}

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the list, or from those of its rows that are about the address."""
        if not _is_list(body):
            return self.without(address, Status.ERROR, "the answer is no list of servers")
        rows = [row for row in map(base.mapping, body[:_ROW_LIMIT]) if row.get("ip_address") == address]
        known = [row for row in rows if row.get("status") in ("online", "offline")]
        if rows and not known:
            return self.without(address, Status.ERROR, "the list does not say whether the server is online")
        if not known:
            return self.unknown(address, retrieved_at)
        online = any(row["status"] == "online" for row in known)
        last = base.latest([base.when(row.get("last_online")) for row in known])
        return self.stated(
            address,
            retrieved_at,
            verdict=Verdict.MALICIOUS if online else Verdict.SUSPICIOUS,
            labels=("online",) if online else ("offline",),
            score=ONLINE_SCORE if online else OFFLINE_SCORE,
            native="online" if online else "offline",
            scale="server",
            observed_at=None if online else last,
            first_seen=base.earliest([base.when(row.get("first_seen")) for row in known]),
            last_seen=last,
            asn=base.number(known[0].get("as_number"), 1),
            as_owner=base.text(known[0].get("as_name")),
            country=base.country(known[0].get("country")),
        )


def _is_list(body: Any) -> bool:
    """True for an empty list and for one whose first row names an address."""
    return isinstance(body, list) and all(base.address(base.mapping(row).get("ip_address")) for row in body[:1])
