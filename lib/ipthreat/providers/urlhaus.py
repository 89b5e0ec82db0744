"""URLhaus of abuse.ch: URLs that deliver malware, by the address of their host (https://urlhaus-api.abuse.ch/)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence
from urllib.parse import urlencode

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped
from .threatfox import ABUSE_CH_STATUSES, query_status

ONLINE_SCORE, OFFLINE_SCORE = 90, 60
_RELATED_LIMIT = 20
_STATES = ("online", "offline", "unknown")


class UrlHaus(Service):
    """Asks and reads URLhaus. A host that delivers malware now is malicious, one that did is suspicious."""

    name = "urlhaus"
    title = "URLhaus"
    home = "https://urlhaus-api.abuse.ch/v1"
    statuses: Mapping[int, Failure] = ABUSE_CH_STATUSES

    def link(self, address: str) -> str:
        """The host's page."""
        return f"https://urlhaus.abuse.ch/host/{escaped(address)}/"

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`POST /host/` with the address in a form."""
        headers = {"Auth-Key": settings.key, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"host": addresses[0]}).encode()
        return Request(self.place(settings, "/host/"), "POST", headers, body=body)

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer about a host. Its URLs lead to live malware: they are only ever shown defanged."""
        status, reason = query_status(body)
        if status is not Status.OK:
            return self.without(address, status, reason, retrieved_at)
        answer = base.mapping(body)
        urls = [row for row in map(base.mapping, base.listed(answer.get("urls"))) if row.get("url_status") in _STATES]
        if not urls:
            return self.without(address, Status.ERROR, "the answer holds no list of URLs")
        if base.address(answer.get("host")) != address:
            return self.without(address, Status.ERROR, "the answer is about another address")
        return self._known(address, answer, urls, retrieved_at)

    def _known(
        self, address: str, answer: Mapping[str, Any], urls: List[dict[str, Any]], retrieved_at: Optional[datetime]
    ) -> Evidence:
        online = sum(row["url_status"] == "online" for row in urls)
        last = base.latest([base.when(row.get("date_added")) for row in urls])
        total = max(len(urls), base.number(answer.get("url_count"), high=10**6) or 0)
        return self.stated(
            address,
            retrieved_at,
            verdict=Verdict.MALICIOUS if online else Verdict.SUSPICIOUS,
            labels=("online",) if online else ("offline",),
            score=ONLINE_SCORE if online else OFFLINE_SCORE,
            native=f"{online}/{total}",
            scale="URLs online",
            counts={"urls": total, "online": online},
            observed_at=None if online else last,  # what is online now is seen now, whenever it was added
            first_seen=base.when(answer.get("firstseen")),
            last_seen=last,
            related=base.texts([row.get("url") for row in urls], _RELATED_LIMIT),
        )
