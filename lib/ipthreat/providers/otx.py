"""AlienVault OTX: which community collections ("pulses") name the address (https://otx.alienvault.com/api).

Only the section `general` is asked. Pulses are also made of the logs of honeypots, so their number says little:
distinct authors count, and an address that the vendor validated as harmless speaks against them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional, Sequence

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

SCORE_LIMIT = 60
"""No number of pulses makes more than this."""


class Otx(Service):
    """Asks and reads OTX. Keyless use is throttled to nothing, so a key is needed."""

    name = "otx"
    title = "AlienVault OTX"
    home = "https://otx.alienvault.com/api/v1"
    statuses: Mapping[int, Failure] = {403: base.REFUSED, 404: base.NO_SUCH_PLACE}

    def link(self, address: str) -> str:
        """The indicator's page."""
        return f"https://otx.alienvault.com/indicator/ip/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /indicators/{IPv4|IPv6}/{ip}/general`. Answers about busy addresses may take half a minute."""
        address = addresses[0]
        kind = "IPv6" if ":" in address else "IPv4"
        place = self.place(settings, f"/indicators/{kind}/{escaped(address)}/general")
        return Request(place, headers={"X-OTX-API-KEY": settings.key})

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the section `general`."""
        answer = base.mapping(body)
        info = base.mapping(answer.get("pulse_info"))
        number = base.number(info.get("count"), high=10**6)
        if number is None or not isinstance(info.get("pulses"), list):
            return self.without(address, Status.ERROR, "the answer does not say how many pulses name the address")
        if base.address(answer.get("indicator")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        pulses = [base.mapping(pulse) for pulse in base.listed(info["pulses"])]
        validated = any(
            map(base.mapping, base.listed(answer.get("validation")) + base.listed(answer.get("false_positive")))
        )
        if not number and not validated:
            return self.unknown(address, retrieved_at)
        return self._named(address, answer, pulses, number, validated, retrieved_at)

    def _named(
        self,
        address: str,
        answer: Mapping[str, Any],
        pulses: Sequence[Mapping[str, Any]],
        number: int,
        validated: bool,
        retrieved_at: Optional[datetime],
    ) -> Evidence:
        authors = len({name for name in map(_author, pulses) if name})
        dates = [base.when(pulse.get("created")) for pulse in pulses]
        asn, owner = base.system(answer.get("asn"))
        return self.stated(
            address,
            retrieved_at,
            verdict=Verdict.BENIGN if validated else _verdict(pulses, authors),
            labels=("validated",) if validated else (),
            score=0 if validated else min(SCORE_LIMIT, 10 * number),
            native=str(number),
            scale="pulses",
            counts={"pulses": number, "authors": authors},
            observed_at=None if validated else base.latest(dates),  # a validation holds now
            first_seen=base.earliest(dates),
            last_seen=base.latest(dates),
            asn=asn,
            as_owner=owner,
            country=base.country(answer.get("country_code")),
        )


def _author(pulse: Mapping[str, Any]) -> str:
    author = base.mapping(pulse.get("author"))
    return base.text(author.get("username")) or base.text(author.get("id"))


def _verdict(pulses: Sequence[Mapping[str, Any]], authors: int) -> Verdict:
    """Suspicious at the most: by two authors, or where a pulse names an adversary or malware."""
    named = any(base.text(pulse.get("adversary")) or _families(pulse) for pulse in pulses)
    return Verdict.SUSPICIOUS if named or authors >= 2 else Verdict.UNKNOWN


def _families(pulse: Mapping[str, Any]) -> bool:
    rows = base.listed(pulse.get("malware_families"))
    return any(base.text(row) or base.text(base.mapping(row).get("display_name")) for row in rows)
