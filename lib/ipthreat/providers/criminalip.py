"""Criminal IP: how dangerous an address is as a source of connections (https://www.criminalip.io/developer/api).

The light question `suspicious-info` is asked; the full report is read, too. Errors come with HTTP 200 and a `status` in
the body. The inbound score is known to call public resolvers critical, so the policy gives it little weight.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

_SCORES = {"safe": 0, "low": 25, "moderate": 50, "dangerous": 75, "critical": 99}
_VERDICTS = {
    "moderate": Verdict.SUSPICIOUS,
    "dangerous": Verdict.SUSPICIOUS,
    "critical": Verdict.MALICIOUS,
}
# `status` in the body of an answer with HTTP 200. 403 is how it says that the free plan's questions are used up.
_STATUS_OF_BODY: Mapping[int, Failure] = {
    401: base.STATUS_OF_HTTP[401],
    403: base.STATUS_OF_HTTP[429],
    429: base.STATUS_OF_HTTP[429],
}
_ISSUES = {
    "tor": ("is_tor",),
    "vpn": ("is_vpn", "is_anonymous_vpn"),
    "proxy": ("is_proxy",),
    "hosting": ("is_hosting",),
    "cloud": ("is_cloud",),
    "mobile": ("is_mobile",),
    "scanner": ("is_scanner",),
}
_DATED = ("ids", "whois", "ip_category", "current_opened_port", "port", "honeypot")
"""Sections whose rows say when they were confirmed."""


class CriminalIp(Service):
    """Asks and reads Criminal IP."""

    name = "criminalip"
    title = "Criminal IP"
    home = "https://api.criminalip.io"
    quota: Mapping[str, int] = {"month": 100}
    concurrency = 2
    versions = (4,)
    statuses: Mapping[int, Failure] = {404: base.NO_SUCH_PLACE}

    def link(self, address: str) -> str:
        """The report's page."""
        return f"https://www.criminalip.io/asset/report/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /v2/feature/ip/suspicious-info`."""
        place = self.place(settings, "/v2/feature/ip/suspicious-info")
        return Request(place, headers={"x-api-key": settings.key}, params={"ip": addresses[0]})

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from `suspicious-info` or from the report."""
        answer = base.mapping(body)
        code = base.number(answer.get("status"))
        if code != 200:
            status, reason = _STATUS_OF_BODY.get(code or 0, Failure(Status.ERROR, "the service did not answer"))
            return self.without(address, status, f"{reason} (status {code} in the body)", retrieved_at)
        word = base.text(base.mapping(answer.get("score")).get("inbound")).lower()
        if word not in _SCORES:
            return self.without(address, Status.ERROR, "the answer holds no inbound score")
        if base.address(answer.get("ip")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        return self._rated(address, answer, word, retrieved_at)

    def _rated(self, address: str, answer: Mapping[str, Any], word: str, retrieved_at: Optional[datetime]) -> Evidence:
        issues = base.mapping(answer.get("issues"))
        states = {flag: any(issues.get(name) is True for name in names) for flag, names in _ISSUES.items()}
        owner = base.mapping(next(iter(_rows(answer, "whois")), None))
        confirmed = [row.get("confirmed_time") for section in _DATED for row in _rows(answer, section)]
        last = base.latest([base.when(time) for time in confirmed])
        return self.stated(
            address,
            retrieved_at,
            verdict=_VERDICTS.get(word, Verdict.UNKNOWN),
            labels=(word,),
            score=_SCORES[word],
            native=word.capitalize(),
            scale="inbound score",
            flags=base.flagged(**states),
            observed_at=last,
            last_seen=last,
            asn=base.number(owner.get("as_no"), 1),
            as_owner=base.text(owner.get("as_name")),
            organisation=base.text(owner.get("org_name")),
            country=base.country(owner.get("org_country_code")),
        )


def _rows(answer: Mapping[str, Any], section: str) -> List[Mapping[str, Any]]:
    """The rows of a section, which is `{"count": …, "data": […]}`."""
    return [base.mapping(row) for row in base.listed(base.mapping(answer.get(section)).get("data"))]
