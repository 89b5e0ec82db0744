"""ThreatFox of abuse.ch: indicators of malware and its command servers (https://threatfox.abuse.ch/api/).

The three services of abuse.ch take the same free key. Their commercial use may need a subscription.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

ROW_LIMIT = 100_000
"""Most indicators that are read of one answer."""
MALICIOUS_AT, SUSPICIOUS_AT = 75, 50
"""Confidence levels of the service from which an address counts as such."""

ABUSE_CH_STATUSES: Mapping[int, Failure] = {403: base.REFUSED, 404: base.NO_SUCH_PLACE}
"""What HTTP statuses mean at the services of abuse.ch."""
# `query_status` of their answers; any other word is an error.
_QUERY_STATUS: Mapping[str, Status] = {
    "ok": Status.OK,
    "no_result": Status.NOT_FOUND,
    "no_results": Status.NOT_FOUND,
    "unknown_auth_key": Status.AUTH_ERROR,
}
_TYPES = ("botnet_cc", "payload_delivery", "payload", "cc_skimming")


def query_status(body: Any) -> Failure:
    """How abuse.ch says the query ended."""
    status = _QUERY_STATUS.get(base.text(base.mapping(body).get("query_status")), Status.ERROR)
    reasons = {Status.AUTH_ERROR: base.REFUSED.reason, Status.NOT_FOUND: base.NOTHING_KNOWN.reason}
    return Failure(status, reasons.get(status, "the service did not answer the question"))


class ThreatFox(Service):
    """Asks and reads ThreatFox. The highest confidence level among the indicators counts."""

    name = "threatfox"
    title = "ThreatFox"
    home = "https://threatfox-api.abuse.ch/api/v1/"
    statuses: Mapping[int, Failure] = ABUSE_CH_STATUSES

    def link(self, address: str) -> str:
        """The search for the address."""
        return f"https://threatfox.abuse.ch/browse.php?search=ioc%3A{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`search_ioc`. Its search also finds longer texts that hold the address: `parse` leaves those out."""
        query = {"query": "search_ioc", "search_term": addresses[0]}
        headers = {"Auth-Key": settings.key, "Content-Type": "application/json", "Accept": "application/json"}
        return Request(self.place(settings, ""), "POST", headers, body=json.dumps(query).encode())

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer to `search_ioc`, or from any list of indicators."""
        status, reason = query_status(body)
        rows = base.mapping(body).get("data")
        if status is not Status.OK:
            return self.without(address, status, reason, retrieved_at)
        if not isinstance(rows, list):
            return self.without(address, Status.ERROR, "the answer holds no list of indicators")
        found = [
            row for row in map(base.mapping, base.listed(rows, ROW_LIMIT)) if base.address(row.get("ioc")) == address
        ]
        if not found:
            return self.unknown(address, retrieved_at)
        level = max((base.number(row.get("confidence_level"), high=100) or 0 for row in found), default=0)
        if not any(base.number(row.get("confidence_level"), high=100) is not None for row in found):
            return self.without(address, Status.ERROR, "the indicators bear no confidence level")
        return self._known(address, found, level, retrieved_at)

    def _known(
        self, address: str, found: List[dict[str, Any]], level: int, retrieved_at: Optional[datetime]
    ) -> Evidence:
        firsts = [base.when(row.get("first_seen")) for row in found]
        lasts = [base.when(row.get("last_seen")) for row in found]
        last = base.latest([*firsts, *lasts])
        types = {base.text(row.get("threat_type")) for row in found}
        return self.stated(
            address,
            retrieved_at,
            verdict=_verdict(level),
            labels=tuple(word for word in _TYPES if word in types),
            score=level,
            native=str(level),
            scale="confidence level",
            counts={"indicators": len(found)},
            flags=base.flagged(compromised=any(row.get("is_compromised") is True for row in found)),
            observed_at=last,
            first_seen=base.earliest(firsts),
            last_seen=last,
        )


def _verdict(level: int) -> Verdict:
    if level >= MALICIOUS_AT:
        return Verdict.MALICIOUS
    return Verdict.SUSPICIOUS if level >= SUSPICIOUS_AT else Verdict.UNKNOWN
