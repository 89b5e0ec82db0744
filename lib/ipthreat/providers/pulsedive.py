"""Pulsedive: a community's risk rating of an indicator (https://docs.pulsedive.com/api/).

Only `info.php` is asked: it tells what is known. Its sister `analyze.php` may contact the address itself and is left
alone. The vendor takes the key in the query only.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import quote

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Settings
from .service import Service

_SCORES: Mapping[str, Optional[int]] = {
    "none": 0,
    "low": 25,
    "medium": 50,
    "high": 75,
    "critical": 100,
    "retired": None,
    "unknown": None,
}
_VERDICTS = {"medium": Verdict.SUSPICIOUS, "high": Verdict.MALICIOUS, "critical": Verdict.MALICIOUS}


class Pulsedive(Service):
    """Asks and reads Pulsedive. A low risk, or none, is no statement that the address is good."""

    name = "pulsedive"
    title = "Pulsedive"
    home = "https://pulsedive.com"
    quota: Mapping[str, int] = {"second": 1, "day": 10, "month": 250}
    concurrency = 1
    absence: Mapping[str, str] = {"error": "Indicator not found"}
    rate_headers: Mapping[str, str] = {
        "remaining_second": "X-Requests-Remaining-Second",
        "remaining_day": "X-Requests-Remaining-Day",
        "remaining_month": "X-Requests-Remaining-Month",
    }

    def link(self, address: str) -> str:
        """The indicator's page."""
        return f"https://pulsedive.com/indicator/?ioc={quote(b64encode(address.encode()).decode(), safe='')}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /api/info.php`."""
        params = {"indicator": addresses[0], "key": settings.key}
        return Request(self.place(settings, "/api/info.php"), params=params)

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer of `info.php`."""
        answer = base.mapping(body)
        risk = base.text(answer.get("risk"))
        if risk not in _SCORES:
            return self.without(address, Status.ERROR, "the answer holds no risk")
        if base.address(answer.get("indicator")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        properties = base.mapping(answer.get("properties"))
        place = base.mapping(properties.get("geo"))
        last = base.when(answer.get("stamp_seen"))
        return self.stated(
            address,
            retrieved_at,
            verdict=_VERDICTS.get(risk, Verdict.UNKNOWN),
            labels=(risk,) if risk in _VERDICTS else (),
            score=_SCORES[risk],
            native=risk,
            scale="risk",
            counts={"feeds": len(base.listed(answer.get("feeds"))), "threats": len(base.listed(answer.get("threats")))},
            observed_at=last,
            first_seen=base.when(answer.get("stamp_added")),
            last_seen=last,
            asn=base.system(place.get("asn"))[0],
            organisation=_first(place.get("org")),
            country=base.country(place.get("countrycode")),
            related=_names(base.mapping(properties.get("dns"))),
        )


def _first(value: Any) -> str:
    """A property with one value is a text, one with several an array."""
    return next(iter(base.texts(value if isinstance(value, list) else [value])), "")


def _names(records: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that the address resolves to: the record's type is written in either case."""
    found = records.get("ptr", records.get("PTR"))
    return base.texts(found if isinstance(found, list) else [found])
