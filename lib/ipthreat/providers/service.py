"""The class that most providers are built on: what to ask is theirs, how an answer is opened is common to all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote

from ..dossier import Evidence, SourceKind, Status
from . import base
from .base import Failure, LiveProvider, Provider, Settings

if TYPE_CHECKING:
    from ..exchange import Request, Response


class Service(ABC):
    """A LiveProvider without its question and its `parse`. The attributes are explained at LiveProvider."""

    name = ""
    title = ""
    home = ""
    """The vendor's base URL, without a slash at its end; empty for a service that users run themselves."""
    needs: Tuple[str, ...] = ("key",)
    extras: Tuple[str, ...] = ()
    """Names of the settings of its own that it can do without: `("plan",)`. Any other name is refused as a slip."""
    quota: Mapping[str, int] = {}
    batch = 1
    concurrency = 4
    tlp = "TLP:GREEN"
    versions: Tuple[int, ...] = (4, 6)
    """The IP versions that the service knows."""
    per_network = False
    """True when an answer holds for every address of its `network`, so that one look-up serves them all."""
    whole = False
    """True when the question asks for a whole list, so that no address leaves with it."""
    statuses: Mapping[int, Failure] = {}
    """What HTTP statuses mean at this service, where that is not what the shared table says."""
    absence: Mapping[str, str] = {}
    """Field of the JSON that comes with 404 → how its text begins where the service knows nothing; else it failed."""
    rate_headers: Mapping[str, str] = {}
    """Figure of the quota (`remaining_day`, …) → the header that bears it."""

    def supports(self, address: str) -> bool:
        """True when the service knows addresses of this version."""
        return (6 if ":" in address else 4) in self.versions

    def at_once(self, settings: Settings) -> int:
        """As many as the endpoint takes."""
        return self.batch

    def cost(self, addresses: int) -> int:
        """One, unless the vendor charges for each address."""
        return 1

    def place(self, settings: Settings, path: str) -> str:
        """The URL of a path at the vendor's, or where the settings say."""
        return (settings.base_url.rstrip("/") or self.home) + path

    def link(self, address: str) -> str:
        """No page, unless the provider knows one."""
        return ""

    def page(self, address: str, settings: Settings) -> str:
        """The page about the address where it depends on the settings (services that users run), else `link`."""
        return self.link(address)

    @abstractmethod
    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """What to send. Each provider says."""

    @abstractmethod
    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from a decoded answer. Each provider says."""

    def answers(
        self, addresses: Sequence[str], response: Response, retrieved_at: Optional[datetime]
    ) -> Mapping[str, Evidence]:
        """Evidence for every address that was asked: by HTTP status, then by the body."""
        asked = [address for address in addresses if self.supports(address)]
        body, failure = self.opened(response, retrieved_at)
        if failure is None:
            found = self.read(asked, body, retrieved_at)
        else:
            found = {address: self.without(address, *failure, retrieved_at) for address in asked}
        return {address: found.get(address) or self._unsupported(address) for address in addresses}

    def _unsupported(self, address: str) -> Evidence:
        kinds = " and ".join(f"IPv{version}" for version in self.versions)
        return self.without(address, Status.UNSUPPORTED, f"{self.title} knows {kinds} only")

    def opened(self, response: Response, retrieved_at: Optional[datetime]) -> Tuple[Any, Optional[Failure]]:
        """The decoded body, or why there is none."""
        failure = base.status_of(response, retrieved_at, self.statuses)
        if failure is not None and response.status != 404:
            return None, failure
        try:
            body = base.document(response)
        except ValueError:
            return None, failure or Failure(Status.ERROR, "the answer is no JSON")
        if failure is not None and 404 not in self.statuses and self.knows_nothing(body):
            return None, Failure(base.NOTHING_KNOWN.status, f"{base.NOTHING_KNOWN.reason} (HTTP 404)")
        return (body, None) if failure is None else (None, failure)

    def knows_nothing(self, body: Any) -> bool:
        """True when the JSON that came with 404 says in the service's own words that it knows nothing."""
        told = base.mapping(body)
        return any(base.text(told.get(name)).startswith(words) for name, words in self.absence.items())

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """Evidence for each address from a decoded body; a provider with a batch endpoint reads it as a whole."""
        return {address: self.parse(address, body, retrieved_at) for address in addresses}

    def rate(self, response: Response) -> Mapping[str, int]:
        """The figures of `rate_headers` that the answer bears."""
        figures = {name: base.number(response.header(header)) for name, header in self.rate_headers.items()}
        return {name: figure for name, figure in figures.items() if figure is not None}

    def without(self, address: str, status: Status, reason: str, retrieved_at: Optional[datetime] = None) -> Evidence:
        """Evidence that says why there is no answer."""
        return base.failed(self, address, status, reason, retrieved_at)

    def unknown(self, address: str, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence that the source knows nothing."""
        return self.without(address, *base.NOTHING_KNOWN, retrieved_at)

    def stated(self, address: str, retrieved_at: Optional[datetime], **fields: Any) -> Evidence:
        """Evidence of status ok with these fields of Evidence."""
        return Evidence(
            self.name,
            SourceKind.PROVIDER,
            Status.OK,
            retrieved_at=retrieved_at,
            **{"link": self.link(address), **fields},
        )


def extras_of(provider: Provider) -> Tuple[str, ...]:
    """The settings of its own that a provider declares: what it needs, and its `extras` where it has such."""
    return tuple(map(str, (*getattr(provider, "needs", ()), *getattr(provider, "extras", ()))))


def escaped(address: str) -> str:
    """The address as part of a URL: the colons of IPv6 are escaped."""
    return quote(address, safe="")


if TYPE_CHECKING:

    def _keeps_the_contract(service: Service) -> LiveProvider:
        return service
