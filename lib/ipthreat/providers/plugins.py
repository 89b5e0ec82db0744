"""Providers of third parties: distributions that name them in the entry point group `ipthreat.providers`.

They are loaded only when somebody asks for them. The code is not ours, so whatever it raises ends here: a provider that
cannot be loaded is left out with one line of warning, an answer that cannot be read is a look-up of status `error`.
"""

from __future__ import annotations

import re
import sys
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Type, cast

from ..dossier import Evidence, SourceKind, Status, Verdict
from ..errors import FetchError
from ..exchange import Request, Response
from ..policy import WEIGHTS
from . import base
from .base import LiveProvider, Settings
from .service import extras_of
from .soundness import unsound

GROUP = "ipthreat.providers"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_MEMBERS = ("name", "title", "needs", "quota", "batch", "concurrency", "tlp")
_SPEAKING = (Status.OK, Status.STALE)
_METHODS = ("link", "parse", "supports", "at_once", "question", "answers", "rate")


class Contained(AbstractContextManager["Contained"]):
    """A block that runs code of others: neither Exception nor exit leaves it; `error` tells which one there was."""

    error: Optional[BaseException] = None

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> bool:
        self.error = error if isinstance(error, (Exception, SystemExit)) else None
        return self.error is not None


class ThirdParty:
    """A provider of others that keeps the contract whatever its code does."""

    def __init__(self, inner: LiveProvider) -> None:
        self._inner = inner
        self.name = inner.name
        self.title = base.text(inner.title)
        self.needs = tuple(map(str, inner.needs))
        self.extras = extras_of(inner)
        self.quota = {str(span): int(most) for span, most in inner.quota.items()}
        self.batch = max(1, int(inner.batch))
        self.concurrency = max(1, int(inner.concurrency))
        self.tlp = str(inner.tlp)

    def link(self, address: str) -> str:
        """Its page about the address; empty when it fails."""
        with Contained():
            return base.text(self._inner.link(address), 2000)
        return ""

    def supports(self, address: str) -> bool:
        """Whether it knows such addresses; False when it fails."""
        with Contained():
            return bool(self._inner.supports(address))
        return False

    def at_once(self, settings: Settings) -> int:
        """How many addresses one request may carry; 1 when it fails."""
        with Contained():
            return max(1, min(self.batch, int(self._inner.at_once(settings))))
        return 1

    def cost(self, addresses: int) -> int:
        """What it says, as a whole number from 1 on; 1 when it says nothing or fails."""
        with Contained():
            stated = getattr(self._inner, "cost", None)
            return max(1, int(stated(addresses))) if callable(stated) else 1
        return 1

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """Its question. Raises FetchError, whose text has no word of its own, when it makes none."""
        with Contained():
            request = self._inner.question(addresses, settings)
            if isinstance(request, Request):
                return request
        raise FetchError(f"provider {self.name}: it could not make its question")

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Its evidence, or an entry of status `error`."""
        with Contained():
            return self._checked(address, self._inner.parse(address, body, retrieved_at))
        return self._checked(address, None)

    def answers(
        self, addresses: Sequence[str], response: Response, retrieved_at: Optional[datetime]
    ) -> Mapping[str, Evidence]:
        """Its evidence for every address, with entries of status `error` where it gives none."""
        found: Mapping[str, Evidence] = {}
        with Contained():
            found = dict(self._inner.answers(addresses, response, retrieved_at))
        return {address: self._checked(address, found.get(address)) for address in addresses}

    def rate(self, response: Response) -> Mapping[str, int]:
        """Its reading of the headers, as far as its figures are whole numbers below 2³²; nothing when it fails."""
        with Contained():
            read = {str(name): base.number(figure) for name, figure in self._inner.rate(response).items()}
            return {name: figure for name, figure in read.items() if figure is not None}
        return {}

    def _checked(self, address: str, found: Any) -> Evidence:
        """The evidence if it is some, sound, by this provider, with a verdict only where there is an answer."""
        with Contained():
            own = isinstance(found, Evidence) and (found.source, found.kind) == (self.name, SourceKind.PROVIDER)
            if own and not unsound(found) and (found.status in _SPEAKING or found.verdict is Verdict.UNKNOWN):
                return cast(Evidence, found)
        return base.failed(self, address, Status.ERROR, "the provider's code failed")


def installed(taken: Iterable[str], warn: Callable[[str], None]) -> Dict[str, LiveProvider]:
    """The providers of third parties, by name. One that is broken, or whose name is taken, is one line to `warn`."""
    reserved = {*taken, *(key.partition(".")[0] for key in WEIGHTS)}
    found: Dict[str, LiveProvider] = {}
    for point in _entry_points():
        fault = "its name is taken" if point.name in reserved or point.name in found else ""
        with Contained() as loading:
            if not fault:
                provider = _made(point.load())
                fault = _fault(point.name, provider)
                found.update({} if fault else {point.name: ThirdParty(provider)})
        if loading.error is not None:
            fault = f"it cannot be loaded ({type(loading.error).__name__})"
        if fault:
            warn(f"provider {point.name[:40]!a} of another distribution is left out: {fault}")
    return found


def _entry_points() -> Sequence[Any]:
    from importlib.metadata import entry_points  # costs 20 ms, and few processes ask

    points = entry_points(group=GROUP) if sys.version_info >= (3, 10) else entry_points().get(GROUP, ())
    return sorted(points, key=lambda point: (point.name, point.value))


def _made(found: Any) -> LiveProvider:
    """The entry point's object, or an instance of its class."""
    return cast(LiveProvider, found() if isinstance(found, type) else found)


def _fault(name: str, provider: LiveProvider) -> str:
    """What the provider lacks, in words; empty when it lacks nothing."""
    lacking = [item for item in _MEMBERS if not hasattr(provider, item)]
    lacking += [item for item in _METHODS if not callable(getattr(provider, item, None))]
    if lacking:
        return f"it has no {lacking[0]}"
    return "" if provider.name == name and _NAME.fullmatch(name) else "its name is not that of its entry point"
