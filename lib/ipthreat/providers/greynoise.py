"""GreyNoise: who scans the whole internet, and which addresses belong to common services (https://docs.greynoise.io/).

Every key may ask the v3 API about one address; several at once need a paid plan (`plan = premium`). With
`plan = community` the community API is asked instead. The shapes of v3, community and the older v2 are read.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Settings
from .service import Service, escaped

COMMUNITY, PREMIUM = "community", "premium"
"""The setting `plan`: for the community API, and for keys that may ask about several addresses at once."""

_VERDICTS = {
    "malicious": Verdict.MALICIOUS,
    "suspicious": Verdict.SUSPICIOUS,
    "unknown": Verdict.UNKNOWN,
    "benign": Verdict.BENIGN,
}
_HOSTILE = ("malicious", "suspicious")
_SCORES = {"malicious": 90, "suspicious": 60, "unknown": 30, "benign": 0}


class GreyNoise(Service):
    """Asks and reads GreyNoise. An address that its sensors did not see is not found; being seen alone is no harm."""

    name = "greynoise"
    title = "GreyNoise"
    home = "https://api.greynoise.io"
    extras: Tuple[str, ...] = ("plan",)
    batch = 200  # the endpoint takes 10,000, but a record may have 10 kB, and an answer 4 MB
    versions = (4,)

    def link(self, address: str) -> str:
        """The page of GreyNoise's visualizer."""
        return f"https://viz.greynoise.io/ip/{escaped(address)}"

    def at_once(self, settings: Settings) -> int:
        """One, unless the plan is `premium`: a batch is refused to the keys of free plans."""
        return self.batch if settings.extra.get("plan") == PREMIUM else 1

    def cost(self, addresses: int) -> int:
        """Each address of a batch is charged."""
        return addresses

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /v3/community/{ip}` or `/v3/ip/{ip}` for one address, `POST /v3/ip` for several."""
        headers = {"key": settings.key, "Accept": "application/json"}
        if len(addresses) == 1:
            kind = "community" if settings.extra.get("plan") == COMMUNITY else "ip"
            return Request(self.place(settings, f"/v3/{kind}/{escaped(addresses[0])}"), headers=headers)
        headers["Content-Type"] = "application/json"
        body = json.dumps({"ips": list(addresses)}).encode()
        return Request(self.place(settings, "/v3/ip"), "POST", headers, body=body)

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """One record, or the records of a batch and the addresses that were not found."""
        document = base.mapping(body)
        if not isinstance(body, list) and not isinstance(document.get("data"), list):
            return super().read(addresses, body, retrieved_at)
        rows = base.listed(document.get("data", body), self.batch)
        records = {base.address(base.mapping(row).get("ip")): row for row in rows}
        missing = base.listed(base.mapping(document.get("request_metadata")).get("ips_not_found"), self.batch)
        found: Dict[str, Evidence] = {}
        for address in addresses:
            if address in records:
                found[address] = self.parse(address, records[address], retrieved_at)
            elif address in missing:
                found[address] = self.unknown(address, retrieved_at)
            else:
                found[address] = self.without(address, Status.ERROR, "the answer does not mention the address")
        return found

    def knows_nothing(self, body: Any) -> bool:
        """By its message, or by the record it gives for an address that was not seen."""
        record = base.mapping(body)
        states = [part.get("found") for part in _parts(record)] if base.address(record.get("ip")) else []
        return base.text(record.get("message")).startswith("IP not observed") or states == [False, False]

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from one record of v3, of the community API or of v2."""
        record = base.mapping(body)
        scanner, business = _parts(record)
        if not isinstance(scanner.get("found"), bool) or not isinstance(business.get("found"), bool):
            return self.without(address, Status.ERROR, "the answer does not say whether the address was seen")
        if base.address(record.get("ip")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        if not scanner["found"] and not business["found"]:
            return self.unknown(address, retrieved_at)
        return self._seen(address, scanner, business, retrieved_at)

    def _seen(
        self, address: str, scanner: Mapping[str, Any], business: Mapping[str, Any], retrieved_at: Optional[datetime]
    ) -> Evidence:
        word, trust = _word(scanner), _trust(business)
        labels = [word] if word in _VERDICTS and word != "unknown" else []
        metadata = base.mapping(scanner.get("metadata"))
        last = base.when(scanner.get("last_seen"))
        return self.stated(
            address,
            retrieved_at,
            verdict=_VERDICTS.get(word, Verdict.BENIGN if trust == "trust_1" else Verdict.UNKNOWN),
            labels=(*labels, *([trust] if trust else [])),
            score=_SCORES.get(word, 0 if trust == "trust_1" else None),
            native=word if word in _SCORES else "",
            scale="classification",
            flags=_flags(scanner, metadata),
            observed_at=last if word in _HOSTILE else base.latest([last, base.when(business.get("last_updated"))]),
            first_seen=base.when(scanner.get("first_seen")),
            last_seen=last,
            asn=base.system(metadata.get("asn"))[0],
            organisation=base.text(metadata.get("organization")),
            country=base.country(metadata.get("source_country_code", metadata.get("country_code"))),
            related=tuple(filter(None, [base.text(metadata.get("rdns"))])),
        )


def _parts(record: Mapping[str, Any]) -> Tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the scanner sensors say and what is known of a business service, in the shape of v3."""
    if "internet_scanner_intelligence" in record or "business_service_intelligence" in record:
        scanner, business = record.get("internet_scanner_intelligence"), record.get("business_service_intelligence")
        return base.mapping(scanner), base.mapping(business)
    seen = record.get("noise", record.get("seen", False if "riot" in record else None))
    return {**record, "found": seen}, {**record, "found": record.get("riot", False)}


def _word(scanner: Mapping[str, Any]) -> str:
    """The classification, where the sensors saw it; the community API also gives it for a service."""
    return base.text(scanner.get("classification")) if scanner["found"] or "noise" in scanner else ""


def _trust(business: Mapping[str, Any]) -> str:
    """`trust_1`, `trust_2` or nothing. The vendor writes the level as text; some clients expect a number."""
    level = base.number(business.get("trust_level"), 1, 2) if business["found"] else None
    return f"trust_{level}" if level else ""


def _flags(scanner: Mapping[str, Any], metadata: Mapping[str, Any]) -> Tuple[str, ...]:
    flags = base.flagged(
        tor=scanner.get("tor", metadata.get("tor")),
        vpn=scanner.get("vpn"),
        bot=scanner.get("bot"),
        spoofable=scanner.get("spoofable"),
        hosting=metadata.get("category") == "hosting",
    )
    known = scanner["found"] and scanner.get("classification") == "benign"
    return ("scanner", *flags) if known else flags
