"""AbuseIPDB v2: what victims reported (https://docs.abuseipdb.com/).

`verbose` is never asked for: it adds up to ten thousand comments of free text to each answer.

Where several addresses of one /24 are asked about, `check-block` comes first. It names the reported addresses of the
network, so the others need no question of their own. Of those it names it does not say how many reported them, nor
whether they are whitelisted, and the policy weighs both: about these the question is asked all the same.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request, Response
from . import base
from .base import Failure, Settings
from .service import Service, escaped

WINDOW_DAYS = 90
"""Reports older than this are not counted by the question."""
WORTH_A_SURVEY = 4
"""Addresses of one /24 from which on the question about it is asked: it has a quota of its own, a tenth as large."""
MALICIOUS_AT = 75  # the score from which AbuseIPDB suggests blocking

# The vendor's words for the use of an address that are flags of ours.
_UNREPORTED = Failure(
    Status.NOT_FOUND, "nobody reported it; whether it is whitelisted, the answer about its network does not say"
)
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
    survey_quota: Mapping[str, int] = {"day": 100}
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

    def surveys(self, addresses: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The /24 networks of IPv4 that hold enough of the addresses; the free plan allows no larger ones."""
        found: Dict[str, List[str]] = {}
        for address in addresses:
            if ":" not in address:
                found.setdefault(f"{address.rpartition('.')[0]}.0/24", []).append(address)
        return {network: held for network, held in found.items() if len(held) >= WORTH_A_SURVEY}

    def survey_question(self, network: str, settings: Settings) -> Request:
        """`GET /check-block` about a network."""
        return self._ask("/check-block", settings, network=network)

    def survey_answer(
        self, addresses: Sequence[str], response: Response, retrieved_at: Optional[datetime]
    ) -> Optional[Mapping[str, Evidence]]:
        """The addresses of the network that nobody reported; None for an answer that is none."""
        told = self.answers(addresses, response, retrieved_at)
        body, failure = self.opened(response, retrieved_at)
        if failure is not None or not _is_block(body):
            return None
        return {address: item for address, item in told.items() if item.status is Status.NOT_FOUND}

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

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """The answer of `GET /check` about one address, or that of `GET /check-block` about those of its network."""
        if not _is_block(body):
            return super().read(addresses, body, retrieved_at)
        data, reported = body["data"], self._reported(body["data"], retrieved_at)
        outside = Failure(Status.ERROR, "the answer is about another network")
        return {
            address: reported.get(address)
            or self.without(address, *(_UNREPORTED if _holds(data, address) else outside), retrieved_at)
            for address in addresses
        }

    def _reported(self, data: Mapping[str, Any], retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """The reported addresses of a network.

        The answer does not say by how many distinct reporters, so the policy gives these scores no weight. One whose
        score cannot be read was reported all the same.
        """
        found: Dict[str, Evidence] = {}
        for row in map(base.mapping, data["reportedAddress"]):
            address, score = base.address(row.get("ipAddress")), base.signed(row.get("abuseConfidenceScore"))
            if score is not None and 0 <= score <= 100:
                last = base.when(row.get("mostRecentReport"))
                counts = {"reports": base.count(row.get("numReports"))}
                place = base.country(row.get("countryCode"))
                found[address] = self._rated(address, retrieved_at, score, last=last, counts=counts, country=place)
            else:
                found[address] = self.without(address, Status.ERROR, "the answer holds no abuse confidence score")
        return found

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


def _is_block(body: Any) -> bool:
    """True for a readable answer about a network: each of its rows names an address."""
    rows = base.mapping(base.mapping(body).get("data")).get("reportedAddress")
    return isinstance(rows, list) and all(base.address(base.mapping(row).get("ipAddress")) for row in rows)


def _holds(data: Mapping[str, Any], address: str) -> bool:
    """True when the network of the answer holds the address."""
    network = base.network(f"{base.text(data.get('networkAddress'))}/{base.text(data.get('netmask'))}")
    return bool(network) and ip_address(address) in ip_network(network)


def _verdict(score: int) -> Verdict:
    if score >= MALICIOUS_AT:
        return Verdict.MALICIOUS
    return Verdict.SUSPICIOUS if score else Verdict.UNKNOWN


def _flags(data: Mapping[str, Any]) -> Tuple[str, ...]:
    usage = _USAGE.get(base.text(data.get("usageType")).lower())
    return (*base.flagged(tor=data.get("isTor")), *([usage] if usage else []))
