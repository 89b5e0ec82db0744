"""AbuseIPDB v2: what victims reported (https://docs.abuseipdb.com/).

`verbose` is never asked for: it adds up to ten thousand comments of free text to each answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request, Response
from . import base
from .base import Failure, Settings
from .service import Service, escaped

WINDOW_DAYS = 90
"""Reports older than this are not counted by the question."""
MALICIOUS_AT = 75  # the score from which AbuseIPDB suggests blocking

# The vendor's words for the use of an address that are flags of ours.
_USAGE: Mapping[str, str] = {
    "data center/web hosting/transit": "hosting",
    "content delivery network": "cdn",
    "search engine spider": "crawler",
    "mobile isp": "mobile",
}


class AbuseIPDB(Service):
    """Asks and reads AbuseIPDB. No report is no statement; only a whitelisted address is benign."""

    name = "abuseipdb"
    title = "AbuseIPDB"
    home = "https://api.abuseipdb.com/api/v2"
    quota: Mapping[str, int] = {"day": 1000}
    statuses: Mapping[int, Failure] = {404: base.NO_SUCH_PLACE}
    rate_headers: Mapping[str, str] = {
        "limit_day": "X-RateLimit-Limit",
        "remaining_day": "X-RateLimit-Remaining",
        "reset": "X-RateLimit-Reset",
    }

    def link(self, address: str) -> str:
        """The page with the reports."""
        return f"https://www.abuseipdb.com/check/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /check` about one address."""
        return self._ask("/check", settings, ipAddress=addresses[0])

    def block_question(self, network: str, settings: Settings) -> Request:
        """`GET /check-block` about a network: the reported neighbours of an address.

        On the free plan a /24 at most, with a quota of its own of 100 a day.
        """
        return self._ask("/check-block", settings, network=network)

    def _ask(self, path: str, settings: Settings, **params: str) -> Request:
        headers = {"Key": settings.key, "Accept": "application/json"}
        params["maxAgeInDays"] = str(WINDOW_DAYS)
        return Request(self.place(settings, path), headers=headers, params=params)

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the body of `GET /check`."""
        data = base.mapping(base.mapping(body).get("data"))
        score = base.signed(data.get("abuseConfidenceScore"))
        if score is None or not 0 <= score <= 100:
            return self.without(address, Status.ERROR, "the answer holds no abuse confidence score")
        if base.address(data.get("ipAddress")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        if data.get("isPublic") is False:
            return self.without(address, Status.NOT_GLOBAL, "AbuseIPDB holds it to be no public address")
        whitelisted = data.get("isWhitelisted") is True
        counts = {"reports": data.get("totalReports"), "distinct_reporters": data.get("numDistinctUsers")}
        return self._rated(
            address,
            retrieved_at,
            score,
            last=base.when(data.get("lastReportedAt")),
            whitelisted=whitelisted,
            counts={name: base.count(value) for name, value in counts.items()},
            flags=_flags(data),
            organisation=base.text(data.get("isp")),
            country=base.country(data.get("countryCode")),
            related=base.texts(data.get("hostnames")),
        )

    def block(self, response: Response, retrieved_at: Optional[datetime]) -> Tuple[Failure, Mapping[str, Evidence]]:
        """How `GET /check-block` ended, and the addresses of the network that were reported.

        The answer does not say by how many distinct reporters, so the policy gives these scores no weight.
        """
        body, failure = self.opened(response, retrieved_at)
        data = base.mapping(base.mapping(body).get("data"))
        if failure is not None or not isinstance(data.get("reportedAddress"), list):
            return failure or Failure(Status.ERROR, "the answer holds no list of addresses"), {}
        found: Dict[str, Evidence] = {}
        for row in map(base.mapping, base.listed(data["reportedAddress"], 70_000)):
            address, score = base.address(row.get("ipAddress")), base.signed(row.get("abuseConfidenceScore"))
            if address and score is not None and 0 <= score <= 100:
                last = base.when(row.get("mostRecentReport"))
                counts = {"reports": base.count(row.get("numReports"))}
                place = base.country(row.get("countryCode"))
                found[address] = self._rated(address, retrieved_at, score, last=last, counts=counts, country=place)
        return Failure(Status.OK if found else Status.NOT_FOUND, ""), found

    def _rated(
        self,
        address: str,
        retrieved_at: Optional[datetime],
        score: int,
        last: Optional[datetime],
        whitelisted: bool = False,
        flags: Tuple[str, ...] = (),
        **fields: Any,
    ) -> Evidence:
        return self.stated(
            address,
            retrieved_at,
            verdict=Verdict.BENIGN if whitelisted else _verdict(score),
            labels=("whitelisted",) if whitelisted else (),
            score=score,
            native=str(score),
            scale="abuse confidence",
            flags=(*flags, "whitelisted") if whitelisted else flags,
            observed_at=None if whitelisted else last,  # the white list holds now, whenever the last report came
            last_seen=last,
            **fields,
        )


def _verdict(score: int) -> Verdict:
    if score >= MALICIOUS_AT:
        return Verdict.MALICIOUS
    return Verdict.SUSPICIOUS if score else Verdict.UNKNOWN


def _flags(data: Mapping[str, Any]) -> Tuple[str, ...]:
    usage = _USAGE.get(base.text(data.get("usageType")).lower())
    return (*base.flagged(tor=data.get("isTor")), *([usage] if usage else []))
