"""What a provider is to the rest of the library, and the careful readers its parser is built from."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Mapping, Optional, Protocol, Sequence, Tuple

from ..dossier import Evidence, SourceKind, Status

if TYPE_CHECKING:
    from ..exchange import Request, Response
    from ..settings import ProviderSettings

_NETWORK = re.compile(r"[0-9A-Fa-f.:]{2,45}/[0-9]{1,3}")
_RIRS = {
    "arin": "ARIN",
    "apnic": "APNIC",
    "ripe": "RIPE NCC",
    "ripe ncc": "RIPE NCC",
    "ripencc": "RIPE NCC",
    "lacnic": "LACNIC",
    "afrinic": "AFRINIC",
}
TEXT_LIMIT = 200
"""Longest text kept of any field, in characters."""


class Provider(Protocol):
    """Code that knows one service's answers."""

    name: str
    """Key in PROVIDERS and `Evidence.source`."""
    title: str
    """The service's own spelling of its name."""

    def link(self, address: str) -> str:
        """The page about the address that an analyst can open."""

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from a decoded JSON answer. Pure, and never raises: nonsense gives status `error`."""


class LiveProvider(Provider, Protocol):
    """A provider that can be asked over the network. Its methods are pure; the asking is done by others."""

    needs: Tuple[str, ...]
    """Names of the settings it cannot do without: `("key",)`, `("key", "base_url")`; none for a keyless one."""
    quota: Mapping[str, int]
    """Documented limits of the free tier: requests per `second`, `minute`, `day`, `month`; none where none is known."""
    batch: int
    """Most addresses in one request; 1 where there is no batch endpoint."""
    concurrency: int
    """Polite number of simultaneous requests."""
    tlp: str
    """The highest label of data whose addresses may be sent to it, unless the settings say otherwise."""

    def question(self, addresses: Sequence[str], settings: ProviderSettings) -> Request:
        """The request that asks about the addresses; keys in headers where the vendor allows it."""

    def answers(self, addresses: Sequence[str], response: Response, retrieved_at: datetime) -> Mapping[str, Evidence]:
        """An entry for every address that was asked about. Never raises."""

    def rate(self, response: Response) -> Mapping[str, int]:
        """What the headers say of the quota: `limit_day`, `remaining_day`, `reset` (seconds since 1970)."""


def failed(provider: Provider, address: str, status: Status, reason: str) -> Evidence:
    """Evidence that says why there is no answer."""
    return Evidence(provider.name, SourceKind.PROVIDER, status, link=provider.link(address), reason=reason)


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A single-line text of at most `limit` characters; empty for anything but a string."""
    return " ".join(value.split())[:limit] if isinstance(value, str) else ""


def count(value: Any) -> int:
    """A whole number ≥ 0; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0


def signed(value: Any) -> Optional[int]:
    """A whole number of either sign within ± 10⁹; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else None


def moment(value: Any) -> Optional[datetime]:
    """UTC time of seconds since 1970, from 1990 to 2100; None for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 631_152_000 <= value <= 4_102_444_800:
        return datetime.fromtimestamp(value, tz=timezone.utc)
    return None


def country(value: Any) -> str:
    """An ISO 3166 two-letter code in capitals; empty for anything else."""
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else ""


def rir(value: Any) -> str:
    """A registry's printed name: ARIN, APNIC, RIPE NCC, LACNIC, AFRINIC; empty for anything else."""
    return _RIRS.get(value.strip().lower(), "") if isinstance(value, str) else ""


def network(value: Any) -> str:
    """A prefix in CIDR text; empty for anything else."""
    return value if isinstance(value, str) and _NETWORK.fullmatch(value) else ""
