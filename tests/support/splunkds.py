"""A stand-in for splunkd with the app's real handler behind it, and a provider on loopback for it to ask."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from searches import app, laid

from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.splunkd import Splunkd
from ipthreat.testkit.splunkd_host import HandlerHost
from ipthreat.testkit.splunkd_state import ADMIN, LOOKUP
from ipthreat.testkit.vendors import vendor_routes

if str(laid() / "lib") not in sys.path:  # last, for the SDK alone: the library is the checkout's
    sys.path.append(str(laid() / "lib"))

CANARY = "canary-key-5f1e9d0c7b3a"
"""The key of a provider: it may be found in requests to the provider, and nowhere else."""
HANDLERS = {
    "ipthreat/evidence": {"post": LOOKUP},
    "ipthreat/assess": {"post": LOOKUP},
    "ipthreat/deliver": {"post": LOOKUP},
    "ipthreat/status": {"get": LOOKUP},
    "ipthreat/settings": {"get": ADMIN, "post": ADMIN},
    "ipthreat/test": {"post": ADMIN},
}
COLLECTIONS = ("ipthreat_evidence", "ipthreat_cases", "ipthreat_deliveries")


class Place(NamedTuple):
    """Everything on loopback."""

    splunkd: Splunkd
    vendor: FakeServer
    host: HandlerHost
    home: Path
    """SPLUNK_HOME."""

    def ask(self, method: str, path: str, document: Any = None, user: str = "analyst") -> Tuple[int, Dict[str, Any]]:
        """Status and answer of a handler, asked by a user who has just logged in."""
        from ipthreat.splunk.splunkd import Splunkd as Connection

        connection = Connection(self.splunkd.url, self.splunkd.state.log_in(user))
        answer = connection.get(path) if method == "GET" else connection.post_json(path, document)
        return answer.status, json.loads(answer.body)

    @property
    def looked_up(self) -> List[str]:
        """The addresses that the provider was asked about, in order."""
        return [asked.path.rpartition("/")[2] for asked in self.vendor.asked]

    @property
    def log(self) -> str:
        """The app's log."""
        path = self.home / "var" / "log" / "splunk" / "ipthreat.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


def settled(splunkd: Splunkd, vendor: str, **live: str) -> None:
    """VirusTotal with a key, as if it were at the vendor's URL, without limits that would slow a test."""
    state = splunkd.state
    quota = {"quota_minute": "100000", "quota_day": "100000", "quota_month": "1000000"}
    stanzas: Dict[str, Dict[str, str]] = {
        "settings": {"default_mode": "offline"},
        "live": {"providers": "virustotal", "budget": "100", **live},
        "provider:virustotal": {"base_url": f"{vendor}/api/v3", **quota},
        "delivery": {"indexes": "summary"},
    }
    state.confs["ipthreat"] = stanzas
    state.passwords["ipthreat", "virustotal"] = CANARY
    for name in COLLECTIONS:
        state.collection(name)


@contextlib.contextmanager
def place(
    home: Path,
    copies: int = 1,
    routes: Mapping[str, Any] = {},
    latency: float = 0.0,
    sdk: str = "2.1.1",
    installed: Optional[Path] = None,
) -> Iterator[Place]:
    """splunkd, handler and provider, running; `installed` is the folder of an app that is not as it is shipped."""
    (home / "var" / "log" / "splunk").mkdir(parents=True, exist_ok=True)
    script, environment = "ipthreat_rest_handler_command.py", {"SPLUNK_HOME": str(home)}
    host = HandlerHost(installed or app(sdk), script, "RestHandler", copies=copies, environment=environment)
    with FakeServer({**vendor_routes(latency), **routes}) as vendor, Splunkd() as splunkd, host:
        settled(splunkd, vendor.url)
        for path, capabilities in HANDLERS.items():
            splunkd.mount(path, host, capabilities)
        yield Place(splunkd, vendor, host, home)
