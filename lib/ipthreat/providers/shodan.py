"""Shodan: what an address offers to the internet (https://developer.shodan.io/api, https://internetdb.shodan.io/).

Two sources: the keyless InternetDB, updated weekly, free for non-commercial use; and the host API with a key. Open
ports are no verdict. Only the tags `c2`, `malware` and `compromised` say something, and only the host API's weigh.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Settings
from .service import Service, escaped

HOSTILE_TAGS = ("c2", "malware", "compromised")
HOSTILE_SCORE = 60
"""The score of an address with one of these tags; others have none."""
_FLAG_TAGS = ("tor", "vpn", "proxy", "cdn", "cloud", "scanner", "honeypot")


class _Exposure(Service):
    """What the two sources have in common."""

    concurrency = 1
    quota: Mapping[str, int] = {"second": 1}
    absence: Mapping[str, str] = {"detail": "No information available", "error": "No information available"}
    address_field = ""
    """Where the answer names its address."""

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer about one host."""
        host = base.mapping(body)
        if not isinstance(host.get("ports"), list):
            return self.without(address, Status.ERROR, "the answer holds no list of ports")
        if base.address(host.get(self.address_field)) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        tags = [tag.lower() for tag in base.texts(host.get("tags"))]
        hostile = tuple(tag for tag in HOSTILE_TAGS if tag in tags)
        last = base.when(host.get("last_update"))
        return self.stated(
            address,
            retrieved_at,
            verdict=Verdict.SUSPICIOUS if hostile else Verdict.UNKNOWN,
            labels=hostile,
            score=HOSTILE_SCORE if hostile else None,
            native=", ".join(hostile),
            scale="tags",
            counts={"ports": len(host["ports"]), "vulns": len(_vulns(host.get("vulns")))},
            flags=tuple(tag for tag in _FLAG_TAGS if tag in tags),
            observed_at=last,
            last_seen=last,
            asn=base.system(host.get("asn"))[0],
            organisation=base.text(host.get("org")),
            country=base.country(host.get("country_code")),
            related=base.texts(host.get("hostnames")),
        )


class InternetDb(_Exposure):
    """Shodan's keyless summary of a host."""

    name = "internetdb"
    title = "Shodan InternetDB"
    home = "https://internetdb.shodan.io"
    needs: Tuple[str, ...] = ()
    address_field = "ip"

    def link(self, address: str) -> str:
        """The answer itself."""
        return f"https://internetdb.shodan.io/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /{ip}`."""
        return Request(self.place(settings, f"/{escaped(addresses[0])}"), headers={"Accept": "application/json"})


class Shodan(_Exposure):
    """Shodan's host API. The vendor takes the key in the query only."""

    name = "shodan"
    title = "Shodan"
    home = "https://api.shodan.io"
    address_field = "ip_str"

    def link(self, address: str) -> str:
        """The host's page."""
        return f"https://www.shodan.io/host/{escaped(address)}"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`GET /shodan/host/{ip}` without the banners."""
        place = self.place(settings, f"/shodan/host/{escaped(addresses[0])}")
        return Request(place, params={"key": settings.key, "minify": "true"})


def _vulns(value: Any) -> Sequence[Any]:
    """CVEs as a list or as the keys of an object: the answers have both."""
    return list(value) if isinstance(value, dict) else base.listed(value)
