"""IPQualityScore: a fraud score (https://www.ipqualityscore.com/documentation/proxy-detection-api/overview).

It rates how likely a visitor is to defraud a shop, not how hostile a host is: even a search engine's crawler may score
75. Only the highest scores together with recent abuse carry weight. Errors come with HTTP 200 and `success: false`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

ABUSE_AT = 90
"""The fraud score from which recent abuse counts."""
SUSPICIOUS_AT = 85

# The only mark of a failure is its message. What it says in these words is known; the message itself is not passed on.
_MESSAGES: Sequence[Tuple[str, Failure]] = (
    ("quota", base.STATUS_OF_HTTP[429]),
    ("exceeded", base.STATUS_OF_HTTP[429]),
    ("insufficient credits", base.STATUS_OF_HTTP[429]),
    ("key", base.REFUSED),
    ("unauthorized", base.REFUSED),
)
_PAID = ("Premium required.", "N/A")
"""What stands where a value would be."""


class IpQualityScore(Service):
    """Asks and reads IPQualityScore."""

    name = "ipqs"
    title = "IPQualityScore"
    home = "https://ipqualityscore.com/api/json/ip"
    quota: Mapping[str, int] = {"day": 35, "month": 1000}
    statuses: Mapping[int, Failure] = {404: base.NO_SUCH_PLACE}

    def link(self, address: str) -> str:
        """The page of the free look-up."""
        return f"https://www.ipqualityscore.com/free-ip-lookup-proxy-vpn-test/lookup/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """The look-up with the mildest strictness. The key goes into a header; the older form has it in the path."""
        params = {"ip": addresses[0], "strictness": "0", "allow_public_access_points": "true"}
        return Request(self.place(settings, ""), headers={"IPQS-KEY": settings.key}, params=params)

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer, which does not name its address."""
        answer = base.mapping(body)
        if answer.get("success") is not True:
            status, reason = _failure(base.text(answer.get("message")).lower())
            return self.without(address, status, reason, retrieved_at)
        score = base.signed(answer.get("fraud_score"))
        if score is None or not 0 <= score <= 100:
            return self.without(address, Status.ERROR, "the answer holds no fraud score")
        abused = score >= ABUSE_AT and answer.get("recent_abuse") is True
        return self.stated(
            address,
            retrieved_at,
            verdict=Verdict.SUSPICIOUS if abused or score >= SUSPICIOUS_AT else Verdict.UNKNOWN,
            labels=("recent_abuse",) if abused else (),
            score=score,
            native=str(score),
            scale="fraud score",
            flags=_flags(answer),
            asn=base.number(answer.get("ASN"), 1),
            as_owner=_known(answer.get("ISP")),
            organisation=_known(answer.get("organization")),
            country=base.country(answer.get("country_code")),
            related=tuple(name for name in [_known(answer.get("host"))] if name and name != address),
        )


def _failure(message: str) -> Failure:
    return next((known for word, known in _MESSAGES if word in message), Failure(Status.ERROR, "no success"))


def _known(value: Any) -> str:
    found = base.text(value)
    return "" if found in _PAID else found


def _flags(answer: Mapping[str, Any]) -> Tuple[str, ...]:
    return base.flagged(
        tor=answer.get("tor"),
        vpn=answer.get("vpn"),
        proxy=answer.get("proxy"),
        crawler=answer.get("is_crawler"),
        mobile=answer.get("mobile"),
        bot=answer.get("bot_status"),
    )
