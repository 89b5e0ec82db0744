"""CrowdSec CTI: what the community's sensors saw an address do (https://docs.crowdsec.net/u/cti_api/intro).

Several addresses at once need an advanced plan (`plan = premium`); each of them costs one unit of quota all the same.
Records from before 2024 have no `reputation`; theirs is derived from the overall score.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

PREMIUM = "premium"
"""The setting `plan` for keys that may ask about several addresses at once."""

FALSE_POSITIVE = "false_positive"
"""The label of an address that CrowdSec knows to be reported wrongly. It goes before the reputation."""
_VERDICTS = {
    "malicious": Verdict.MALICIOUS,
    "suspicious": Verdict.SUSPICIOUS,
    "known": Verdict.UNKNOWN,
    "unknown": Verdict.UNKNOWN,
    "safe": Verdict.BENIGN,
    FALSE_POSITIVE: Verdict.BENIGN,
}
_LABELLED = ("malicious", "suspicious", "safe", FALSE_POSITIVE)
_BY_SCORE = {3: "suspicious", 4: "malicious", 5: "malicious"}
_PROXIES = ("tor", "vpn")


class CrowdSec(Service):
    """Asks and reads CrowdSec. A known false positive is benign whatever else is said of it."""

    name = "crowdsec"
    title = "CrowdSec CTI"
    home = "https://cti.api.crowdsec.net/v2"
    extras: Tuple[str, ...] = ("plan",)
    quota: Mapping[str, int] = {"day": 50}
    batch = 100
    concurrency = 2
    statuses: Mapping[int, Failure] = {403: base.REFUSED}
    absence: Mapping[str, str] = {"message": "IP address information not found"}

    def link(self, address: str) -> str:
        """The page of CrowdSec's console."""
        return f"https://app.crowdsec.net/cti/{escaped(address)}"

    def at_once(self, settings: Settings) -> int:
        """One, unless the plan is `premium`."""
        return self.batch if settings.extra.get("plan") == PREMIUM else 1

    def cost(self, addresses: int) -> int:
        """Each address of a batch is charged."""
        return addresses

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /smoke/{ip}` for one address, `GET /smoke?ips=` for several."""
        headers = {"x-api-key": settings.key, "Accept": "application/json"}
        if len(addresses) == 1:
            return Request(self.place(settings, f"/smoke/{escaped(addresses[0])}"), headers=headers)
        return Request(self.place(settings, "/smoke"), headers=headers, params={"ips": ",".join(addresses)})

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """One record, or those of several; an address without one is not found if their numbers agree."""
        document = base.mapping(body)
        if not isinstance(document.get("items"), list):
            return super().read(addresses, body, retrieved_at)
        items = {base.address(base.mapping(item).get("ip")): item for item in base.listed(document["items"])}
        lacking = [address for address in addresses if address not in items]
        counted = base.number(document.get("not_found")) == len(lacking)
        found: Dict[str, Evidence] = {}
        for address in addresses:
            if address in items:
                found[address] = self.parse(address, items[address], retrieved_at)
            elif counted:
                found[address] = self.unknown(address, retrieved_at)
            else:
                found[address] = self.without(address, Status.ERROR, "the answer does not mention the address")
        return found

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from one record."""
        record = base.mapping(body)
        overall = base.mapping(base.mapping(record.get("scores")).get("overall"))
        total = base.signed(overall.get("total"))
        total = total if total is not None and 0 <= total <= 5 else None
        word = record.get("reputation", _BY_SCORE.get(total, "unknown") if total is not None else None)
        if not isinstance(word, str) or word not in _VERDICTS or word == FALSE_POSITIVE:
            return self.without(address, Status.ERROR, "the answer holds neither a reputation nor a score")
        if base.address(record.get("ip")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        rows = base.mapping(record.get("classifications")).get("false_positives")
        if not isinstance(rows, list) or not all(map(base.mapping, rows)):
            return self.without(address, Status.ERROR, "the answer does not say whether it is a known false positive")
        return self._rated(address, record, FALSE_POSITIVE if rows else word, total, retrieved_at)

    def _rated(
        self, address: str, record: Mapping[str, Any], word: str, total: Optional[int], retrieved_at: Optional[datetime]
    ) -> Evidence:
        history = base.mapping(record.get("history"))
        last = base.when(history.get("last_seen"))
        verdict = _VERDICTS[word]
        return self.stated(
            address,
            retrieved_at,
            verdict=verdict,
            labels=(word,) if word in _LABELLED else (),
            score=0 if word == FALSE_POSITIVE else None if total is None else 20 * total,
            native="" if total is None else f"{total}/5",
            scale="overall score",
            flags=_flags(record),
            observed_at=None if verdict is Verdict.BENIGN else last,  # that it is harmless holds now
            first_seen=base.when(history.get("first_seen")),
            last_seen=last,
            asn=base.number(record.get("as_num"), 1),
            as_owner=base.text(record.get("as_name")),
            network=base.network(record.get("ip_range")),
            country=base.country(base.mapping(record.get("location")).get("country")),
            related=tuple(filter(None, [base.text(record.get("reverse_dns"))])),
        )


def _flags(record: Mapping[str, Any]) -> Tuple[str, ...]:
    """`tor`, `vpn` or `proxy` by the classifications `proxy:…` and the field `proxy_or_vpn`."""
    rows = base.listed(base.mapping(record.get("classifications")).get("classifications"))
    names = [base.text(base.mapping(row).get("name")) for row in rows]
    kinds = [name[6:] for name in names if name.startswith("proxy:")]
    found = [kind if kind in _PROXIES else "proxy" for kind in kinds]
    return tuple(dict.fromkeys(found)) or base.flagged(proxy=record.get("proxy_or_vpn"))
