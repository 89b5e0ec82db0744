"""Providers that exist only on loopback, and the fake servers behind them.

    vendor = FakeVendor("vendor")
    with FakeServer(vendor_routes(latency=0.1)) as server:
        settings = ProviderSettings(key="a key", base_url=server.url)

`FakeVendor` shows what a third party writes to add a provider; it obeys the same protocol as the shipped ones.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote, unquote

from ..dossier import Evidence, SourceKind, Status, Verdict
from ..exchange import Request, Response
from ..providers.base import failed, mapping, signed, text
from ..providers.virustotal import STATS, VirusTotal
from ..settings import ProviderSettings
from . import behaviours
from .server import Behaviour, Conversation

ONE = "/look-up/"
MANY = "/look-ups"

_STATUSES: Mapping[int, Status] = MappingProxyType(
    {401: Status.AUTH_ERROR, 403: Status.FORBIDDEN, 404: Status.NOT_FOUND, 429: Status.RATE_LIMITED}
)


def _decoded(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


@dataclass
class FakeVendor:
    """A made-up service that rates addresses as `{"verdict": "malicious", "score": 90}`."""

    name: str = "vendor"
    title: str = "Vendor"
    needs: Tuple[str, ...] = ("key",)
    quota: Mapping[str, int] = field(default_factory=dict)
    batch: int = 1
    concurrency: int = 8
    tlp: str = "TLP:GREEN"

    def link(self, address: str) -> str:
        """A page that does not exist."""
        return f"https://vendor.example/{quote(address, safe='')}"

    def question(self, addresses: Sequence[str], settings: ProviderSettings) -> Request:
        """A GET for one address, a POST for several."""
        headers = {"X-Key": settings.key}
        if self.batch == 1:
            return Request(f"{settings.base_url}{ONE}{quote(addresses[0], safe='')}", headers=headers)
        body = json.dumps({"addresses": list(addresses)}).encode()
        return Request(settings.base_url + MANY, "POST", {**headers, "Content-Type": "application/json"}, body=body)

    def answers(self, addresses: Sequence[str], response: Response, retrieved_at: datetime) -> Mapping[str, Evidence]:
        """An entry per address, whatever came."""
        if response.status != 200:
            status = _STATUSES.get(response.status, Status.ERROR)
            reason = f"{self.title} answered {response.status}"
            return {address: failed(self, address, status, reason) for address in addresses}
        body = mapping(_decoded(response))
        told = mapping(body.get("answers")) if self.batch > 1 else {addresses[0]: body}
        return {address: self.parse(address, told.get(address), retrieved_at) for address in addresses}

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from one rating; status `error` for anything else."""
        word = text(mapping(body).get("verdict"))
        if word not in [verdict.value for verdict in Verdict]:
            return failed(self, address, Status.ERROR, "the answer is no rating")
        score = signed(mapping(body).get("score"))
        return Evidence(
            self.name,
            SourceKind.PROVIDER,
            Status.OK,
            Verdict(word),
            labels=(word,),
            score=score,
            retrieved_at=retrieved_at,
            link=self.link(address),
        )

    def rate(self, response: Response) -> Mapping[str, int]:
        """`X-Limit-Day: 50` as `limit_day`, and so on."""
        names = ("limit_day", "remaining_day", "remaining_minute", "reset")
        told = {name: response.header("X-" + name.replace("_", "-")) for name in names}
        return {name: int(value) for name, value in told.items() if value.isascii() and value.isdigit()}


class FakeVirusTotal(VirusTotal):
    """VirusTotal v3 as far as benchmarks and fault tests need it: one address, one GET."""

    needs = ("key",)
    quota: Mapping[str, int] = MappingProxyType({})
    batch = 1
    concurrency = 8
    tlp = "TLP:GREEN"

    def question(self, addresses: Sequence[str], settings: ProviderSettings) -> Request:
        """The IP address object."""
        url = f"{settings.base_url}/api/v3/ip_addresses/{quote(addresses[0], safe='')}"
        return Request(url, headers={"x-apikey": settings.key})

    def answers(self, addresses: Sequence[str], response: Response, retrieved_at: datetime) -> Mapping[str, Evidence]:
        """The parsed object; the HTTP status where it says more."""
        (address,) = addresses
        if response.status in _STATUSES:
            reason = f"VirusTotal answered {response.status}"
            return {address: failed(self, address, _STATUSES[response.status], reason)}
        return {address: self.parse(address, _decoded(response), retrieved_at)}

    def rate(self, response: Response) -> Mapping[str, int]:
        """VirusTotal's headers say nothing."""
        return {}


def rating(address: str) -> Dict[str, Any]:
    """A made-up rating, the same for an address every time; one address in four is hostile."""
    number = hashlib.sha256(address.encode()).digest()[0]
    return {"verdict": "malicious", "score": 90} if number % 4 == 0 else {"verdict": "unknown", "score": None}


def virustotal_object(address: str) -> Dict[str, Any]:
    """A made-up VirusTotal object: eleven engines flag one address in four."""
    hostile = rating(address)["verdict"] == "malicious"
    stats = dict(zip(STATS, (7, 4, 26, 58, 0) if hostile else (0, 0, 37, 58, 0)))
    flagged = {f"Engine {number}": {"category": "malicious", "result": "malware"} for number in range(7 * hostile)}
    attributes = {"last_analysis_stats": stats, "last_analysis_results": flagged, "asn": 64500, "as_owner": "EXAMPLE"}
    return {"data": {"id": address, "type": "ip_address", "attributes": attributes}}


def vendor_routes(
    latency: float = 0.0,
    fault: Optional[Behaviour] = None,
    *,
    faulty: Callable[[str], bool] = lambda address: False,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Dict[str, Behaviour]:
    """Routes of a server behind `FakeVendor` and `FakeVirusTotal`.

    Each answer comes after `latency` seconds; where `faulty` says so of an address, the `fault` comes instead.
    """

    def _one(make: Callable[[str], Dict[str, Any]]) -> Behaviour:
        def _answer(talk: Conversation) -> None:
            address = unquote(talk.asked.path.rpartition("/")[2])
            if fault is not None and faulty(address):
                fault(talk)
            else:
                talk.answer(200, json.dumps(make(address)).encode(), headers)

        return behaviours.after(latency, _answer)

    def _many(talk: Conversation) -> None:
        wanted = json.loads(talk.asked.body)["addresses"]
        talk.answer(200, json.dumps({"answers": {address: rating(address) for address in wanted}}).encode(), headers)

    return {
        f"{ONE}*": _one(rating),
        MANY: behaviours.after(latency, _many),
        "/api/v3/ip_addresses/*": _one(virustotal_object),
    }
