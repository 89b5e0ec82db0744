"""The fault matrix: everything a server can do to a look-up, and the status each must end with.

    @pytest.mark.parametrize("fault", FAULTS, ids=str)
    def test_a_fault_ends_as_documented(fault):
        evidence = suffered(MyProvider(), fault)
        assert evidence.status in fault.statuses and evidence.verdict is Verdict.UNKNOWN

A provider of a third party is held against the same matrix as the shipped ones: over the real transport, with a key
that must be nowhere afterwards.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import FrozenSet, List, NamedTuple, Tuple

from ..asking import Asking
from ..clock import Run
from ..dossier import Evidence, Status
from ..egress import Audit
from ..exchange import Access, Limits, Retries
from ..livesource import LiveSource
from ..providers.base import LiveProvider
from ..quota import Account, Ledger
from ..settings import ProviderSettings
from ..transport import RequestsTransport
from . import behaviours
from .server import Behaviour, FakeServer

CANARY = "canary-key-8b1a9953c4611296"
"""The key of every look-up made here."""
ADDRESS = "8.8.8.8"
PATIENCE = 0.5
"""Seconds a look-up may take here, so that what drips ends soon."""

_SETTINGS = ProviderSettings()
_DIRECT = Access()
_LARGE = 100 * 2**20
_SOME = b'{"data": {"id": "8.8.8.8", "type": "ip_address", "attributes": {"last_analysis'


class Fault(NamedTuple):
    """Something that goes wrong, and the statuses a look-up may end with then."""

    name: str
    behaviour: Behaviour
    statuses: FrozenSet[Status]

    def __str__(self) -> str:
        """Its name, for the ids of tests."""
        return self.name


def _fault(name: str, behaviour: Behaviour, *statuses: Status) -> Fault:
    return Fault(name, behaviour, frozenset(statuses or (Status.ERROR,)))


def _echo() -> Behaviour:
    """A page that repeats the key, as some services do in their errors."""
    return behaviours.status(403, f"the key {CANARY} may not do this".encode(), {"X-Your-Key": CANARY})


_GONE = (Status.NOT_FOUND, Status.ERROR)
_EMPTY_BODIES = (b"[]", b"{}")
_WRONG_BODIES = (b"null", b"5", b'"text"', b'{"data": []}', b'{"data": {"attributes": 5}}', b"\xff\xfe")

FAULTS: Tuple[Fault, ...] = (
    _fault("401", behaviours.status(401), Status.AUTH_ERROR),
    _fault("403", behaviours.status(403), Status.FORBIDDEN, Status.AUTH_ERROR),
    _fault("403 that repeats the key", _echo(), Status.FORBIDDEN, Status.AUTH_ERROR),
    _fault("404", behaviours.status(404)),
    _fault("404 with a page", behaviours.status(404, behaviours.CAPTCHA_PAGE)),
    _fault("404 with JSON", behaviours.status(404, b'{"error": {"code": "NotFoundError"}}'), *_GONE),
    _fault("429", behaviours.status(429), Status.RATE_LIMITED),
    _fault("429 with Retry-After", behaviours.rate_limited(3600), Status.RATE_LIMITED),
    *[_fault(str(code), behaviours.status(code, b"oops")) for code in (400, 500, 502, 503, 504)],
    _fault("captcha page with 200", behaviours.html_page()),
    _fault("JSON that ends early", behaviours.data(_SOME)),
    *[_fault(f"body {body!r}", behaviours.data(body)) for body in _WRONG_BODIES],
    *[_fault(f"body {body!r}", behaviours.data(body), *_GONE) for body in _EMPTY_BODIES],  # a list may well be empty
    _fault("JSON nested too deeply", behaviours.data(b"[" * 100_000)),
    _fault("empty body", behaviours.data(b"")),
    _fault("204", behaviours.status(204)),
    _fault("100 MB announced", behaviours.oversize(_LARGE)),
    _fault("100 MB unannounced", behaviours.oversize(_LARGE, announced=False)),
    _fault("gzip bomb", behaviours.gzip_bomb(_LARGE)),
    _fault("body that drips", behaviours.slow_drip(_SOME * 9, 0.05), Status.TIMEOUT),
    _fault("headers that drip", behaviours.slow_headers(0.05), Status.TIMEOUT),
    _fault("silence", behaviours.after(30.0, behaviours.data(b"{}")), Status.TIMEOUT),
    _fault("shorter than announced", behaviours.truncated(_SOME)),
    _fault("reset in the body", behaviours.cut_off(_SOME)),
    _fault("closed without a word", behaviours.hang_up()),
    _fault("no HTTP", behaviours.nonsense()),
    _fault("redirect to another host", behaviours.redirect(f"https://else.example/?key={CANARY}")),
    _fault("redirect to itself", behaviours.redirect("/again")),
)


def suffered(provider: LiveProvider, fault: Fault, settings: ProviderSettings = _SETTINGS) -> Evidence:
    """What a look-up ends with when the provider's server does this. Nothing is tried twice."""
    with FakeServer({"/*": fault.behaviour}) as server:
        return looked_up(provider, server.url, settings)


def looked_up(
    provider: LiveProvider, base_url: str, settings: ProviderSettings = _SETTINGS, access: Access = _DIRECT
) -> Evidence:
    """What a look-up ends with when the provider is asked at this place, within half a second."""
    own = replace(settings, key=CANARY, base_url=base_url, timeout=PATIENCE)
    run = Run(60.0)
    told: List[str] = []
    with RequestsTransport(
        Limits(overall=PATIENCE, redirects=0), Retries(attempts=1), access, connections=1
    ) as transport:
        source = LiveSource(provider, own, Account("fault matrix"), transport)
        ledger = Ledger(None, tell=told.append)
        asking = Asking(
            source,
            ledger,
            Audit(None, "fault matrix", "TLP:GREEN"),
            run,
            lambda addresses, response, found: None,
            retries=Retries(attempts=1),
            jitter=random.random,
        )
        found = asking.ask((ADDRESS,))[ADDRESS]
        ledger.close()
        return found
