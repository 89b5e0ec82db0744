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
from ..providers.base import Settings, failed, mapping, signed, status_of, text
from ..providers.virustotal import STATS
from . import behaviours
from .server import Behaviour, Conversation

ONE = "/look-up/"
MANY = "/look-ups"


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
    charge: int = 0
    """Requests it charges per address of a batch; 0 charges one for the whole."""

    def link(self, address: str) -> str:
        """A page that does not exist."""
        return f"https://vendor.example/{quote(address, safe='')}"

    def supports(self, address: str) -> bool:
        """It knows them all."""
        return True

    def at_once(self, settings: Settings) -> int:
        """As many as it was made with."""
        return self.batch

    def cost(self, addresses: int) -> int:
        """By its charge."""
        return max(1, addresses * self.charge)

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """A GET for one address, a POST for several."""
        headers = {"X-Key": settings.key}
        if self.batch == 1:
            return Request(f"{settings.base_url}{ONE}{quote(addresses[0], safe='')}", headers=headers)
        body = json.dumps({"addresses": list(addresses)}).encode()
        return Request(settings.base_url + MANY, "POST", {**headers, "Content-Type": "application/json"}, body=body)

    def answers(
        self, addresses: Sequence[str], response: Response, retrieved_at: Optional[datetime]
    ) -> Mapping[str, Evidence]:
        """An entry per address, whatever came."""
        failure = status_of(response, retrieved_at)
        if failure is not None:
            return {address: failed(self, address, *failure) for address in addresses}
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
    """Routes of a server behind `FakeVendor`, and behind VirusTotal at `<url>/api/v3`.

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

    one, many = _one(rating), behaviours.after(latency, _answer_many)
    return {f"{ONE}*": one, MANY: many, "/api/v3/ip_addresses/*": _one(virustotal_object)}


def _answer_many(talk: Conversation) -> None:
    wanted = json.loads(talk.asked.body)["addresses"]
    talk.answer(200, json.dumps({"answers": {address: rating(address) for address in wanted}}).encode())
