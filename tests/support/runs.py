"""What tests of live look-ups share: a clock that moves only when someone waits, and a run over a mock or a server."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional

from ipthreat.asking import LiveSource
from ipthreat.clock import Clock
from ipthreat.connecting import Wish, live_sources, open_live
from ipthreat.dossier import Dossier
from ipthreat.exchange import MockTransport, Request, Response, Transport
from ipthreat.gather import Gatherer
from ipthreat.live import Live
from ipthreat.settings import LiveSettings, ProviderSettings
from ipthreat.testkit.vendors import FakeVendor, rating

KEY = "canary-key-5d41402a"
"""The key of every provider here: it must be nowhere but in requests."""
START = 1_795_521_600.0
"""2026-11-24 12:00 UTC, when every test's clock begins."""


class Ticks:
    """A clock that only moves when someone waits or a test says so."""

    def __init__(self, now: float = START) -> None:
        self.now = now
        self.waited: List[float] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while someone waits."""
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.now, self._wait)

    def move(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds

    def _wait(self, stopped: threading.Event, seconds: float) -> None:
        self.waited.append(seconds)
        self.meanwhile()
        self.move(seconds)


class Told(List[str]):
    """Collects what is told to a person."""

    def __call__(self, message: str) -> None:
        self.append(message)


def answering(**ratings: Any) -> Callable[[Request], Response]:
    """Answers of `FakeVendor`'s server without a server: the usual rating of every address."""
    import json
    from urllib.parse import unquote

    def _answer(request: Request) -> Response:
        address = unquote(request.url.rpartition("/")[2])
        return Response(200, {}, json.dumps({**rating(address), **ratings}).encode())

    return _answer


def settings_for(*names: str, base_url: str = "https://vendor.example", **values: Any) -> LiveSettings:
    """Settings with these providers, all alike: `own` holds what is settled for each, the rest is for all together."""
    own = ProviderSettings(key=KEY, base_url=base_url, **values.pop("own", {}))
    return LiveSettings(dict.fromkeys(names, own), **values)


def live_over(
    folder: Path,
    transport: Optional[Transport] = None,
    *,
    vendors: Iterable[FakeVendor] = (FakeVendor(),),  # never changed
    settings: Optional[LiveSettings] = None,
    ticks: Optional[Ticks] = None,
    told: Optional[Told] = None,
    **wish: Any,
) -> Live:
    """A run of these vendors over one transport."""
    known = {vendor.name: vendor for vendor in vendors}
    way = transport or MockTransport(answering())
    return open_live(
        settings or settings_for(*known),
        folder,
        Wish(**wish),
        Told() if told is None else told,
        providers=known,
        connect=lambda own, connections: way,
        clock=(ticks or Ticks()).clock,
    )


def dossiers_of(*addresses: str, **more: Any) -> List[Dossier]:
    """Dossiers of addresses about which nothing is known yet."""
    return [Dossier(address, **more) for address in addresses]


def source_of(vendor: FakeVendor, transport: Transport, settings: Optional[LiveSettings] = None) -> LiveSource:
    """The vendor as a configured source."""
    (source,) = live_sources(
        settings or settings_for(vendor.name), {vendor.name: vendor}, lambda own, connections: transport
    )
    return source


def statuses(answers: Mapping[str, Iterable[Any]]) -> Dict[str, List[str]]:
    """Address → the statuses of its entries."""
    return {address: [item.status.value for item in items] for address, items in answers.items()}


def gathered(live: Live, *texts: str) -> List[Dossier]:
    """Dossiers of texts, with the live answers in them."""
    return list(Gatherer((), live=live).gather(texts, {}, None))
