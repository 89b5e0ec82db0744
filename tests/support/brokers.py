"""A broker of this process: several made-up providers on loopback, each as slow or broken as a test wants it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from splunkds import COLLECTIONS

from ipthreat.splunk.handlers import rest
from ipthreat.splunk.handlers.ground import Ground
from ipthreat.splunk.splunkd import Splunkd as Connection
from ipthreat.testkit.server import Behaviour, FakeServer
from ipthreat.testkit.splunkd import Splunkd
from ipthreat.testkit.vendors import FakeVendor, vendor_routes

KEY = "canary-of-{name}-7d1c"
PATHS = ("ipthreat/evidence", "ipthreat/status", "ipthreat/test", "ipthreat/assess")


class Desk(NamedTuple):
    """splunkd with the handlers of this process, and a server per provider."""

    splunkd: Splunkd
    ground: Ground
    vendors: Mapping[str, FakeServer]

    def ask(self, addresses: List[str], user: str = "analyst", **more: Any) -> Dict[str, Any]:
        """The broker's answer; the request must be a good one."""
        question = {"addresses": addresses, "mode": "live", "timeout": 10, **more}
        status, told = self.post("ipthreat/evidence", question, user)
        assert status == 200, told
        return told

    def post(self, path: str, document: Any, user: str = "analyst") -> Tuple[int, Dict[str, Any]]:
        """Status and answer of a handler."""
        answer = Connection(self.splunkd.url, self.splunkd.state.log_in(user)).post_json(path, document)
        return answer.status, answer.json()

    def asked(self, name: str) -> List[str]:
        """The addresses that a provider was asked about."""
        return [asked.path.rpartition("/")[2] for asked in self.vendors[name].asked]

    def secrets(self) -> List[str]:
        """The keys, which may be in requests to the providers and nowhere else."""
        return [KEY.format(name=name) for name in self.vendors]


def states(told: Mapping[str, Any], address: str) -> Dict[str, str]:
    """Source → status of an address in an answer."""
    return {item["source"]: item["status"] for item in told["evidence"][address]}


def until(holds: Callable[[], object], seconds: float = 10.0) -> bool:
    """Waits until something holds; False when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@contextlib.contextmanager
def desk(home: Path, vendors: Mapping[str, Mapping[str, Behaviour]], **live: str) -> Iterator[Desk]:
    """Providers by name with their routes; those of an empty mapping answer well and at once."""
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(FakeServer(dict(routes) or vendor_routes())) for name, routes in vendors.items()
        }
        splunkd = stack.enter_context(Splunkd())
        providers = {name: FakeVendor(name) for name in servers}
        ground = Ground(home / "var" / "lib" / "splunk" / "ipthreat", providers=providers)
        stack.callback(ground.broker.close)
        stanzas = {f"provider:{name}": {"base_url": server.url} for name, server in servers.items()}
        splunkd.state.confs["ipthreat"] = {"settings": {}, "live": {"plain_hosts": "127.0.0.1", **live}, **stanzas}
        for name in servers:
            splunkd.state.passwords["ipthreat", name] = KEY.format(name=name)
        for name in COLLECTIONS:
            splunkd.state.collection(name)
        for path in PATHS:
            splunkd.mount(path, rest(ground).handle, {})
        yield Desk(splunkd, ground, servers)
