"""What a provider is to the rest of the library, what an HTTP status means, and the careful readers of answers.

Everything here is pure. `service.py` has the class that most providers are built on.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple

from ..address import canonical
from ..address import network as parse_network
from ..dossier import Evidence, SourceKind, Status
from ..errors import AddressError

if TYPE_CHECKING:  # who reads recorded answers needs no HTTP
    from ..exchange import Request, Response

TEXT_LIMIT = 200
"""Longest text kept of any field, in characters."""
_LONGEST_NUMBER = 12  # digits of a number written as text
_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_SYSTEM = re.compile(r"(?:AS)?(\d{1,10})(?:\s+(.*))?", re.ASCII | re.IGNORECASE | re.DOTALL)
_MAILBOX = re.compile(r"[^\s@<>\"',;:()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,189}", re.ASCII)
_RIRS = {
    "arin": "ARIN",
    "apnic": "APNIC",
    **dict.fromkeys(("ripe", "ripe ncc", "ripencc"), "RIPE NCC"),
    "lacnic": "LACNIC",
    "afrinic": "AFRINIC",
}


class Settings(Protocol):
    """What a question needs of a provider's settings; `ProviderSettings` has it."""

    @property
    def key(self) -> str:
        """The key of the user's account; empty where none is needed."""

    @property
    def base_url(self) -> str:
        """Where the service is, for one that the user runs or reaches through a gateway; empty = the vendor's."""

    @property
    def extra(self) -> Mapping[str, str]:
        """Whatever else one provider wants: `plan`, `collection`, `user`."""


class Provider(Protocol):
    """Code that knows one service's answers."""

    name: str
    """Key in PROVIDERS and `Evidence.source`."""
    title: str
    """The service's own spelling of its name."""

    def link(self, address: str) -> str:
        """The page about the address that an analyst can open; empty when there is none."""

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from a decoded JSON answer. Pure, and never raises: nonsense gives status `error`."""


class LiveProvider(Provider, Protocol):
    """A provider that can be asked over HTTP. All methods are pure: others send the request."""

    needs: Tuple[str, ...]
    """Names of the settings it cannot do without: `("key",)`, `("key", "base_url")`, `()`."""
    quota: Mapping[str, int]
    """Documented limits of the free plan, by `second`, `minute`, `day`, `month`; empty when none is known."""
    batch: int
    """Most addresses its endpoint takes in one request."""
    concurrency: int
    """Polite number of simultaneous requests."""
    tlp: str
    """The highest label of data whose addresses may be sent to it, unless the settings say otherwise."""

    def supports(self, address: str) -> bool:
        """False for an address of a kind the service knows nothing of; it need not be asked."""

    def at_once(self, settings: Settings) -> int:
        """How many addresses one request may carry under the plan that these settings name; at most `batch`."""

    def cost(self, addresses: int) -> int:
        """How many requests of the day and the month the vendor charges for one about so many addresses."""

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """What to send to learn about these addresses (canonical text, at most `at_once` of them)."""

    def answers(
        self, addresses: Sequence[str], response: Response, retrieved_at: Optional[datetime]
    ) -> Mapping[str, Evidence]:
        """Evidence for every address that was asked, whatever came back. Never raises."""

    def rate(self, response: Response) -> Mapping[str, int]:
        """What the headers say of the quota: `remaining_day`, `limit_day`, `reset` (seconds since 1970); {} if none."""


class Failure(NamedTuple):
    """A status other than ok, and why in our words: no text of the answer, which may repeat the key."""

    status: Status
    reason: str


# What a status means unless the provider's own table says otherwise; any other one is an error.
STATUS_OF_HTTP: Mapping[int, Failure] = {
    401: Failure(Status.AUTH_ERROR, "the key was refused"),
    402: Failure(Status.FORBIDDEN, "the plan does not include this question"),
    403: Failure(Status.FORBIDDEN, "the key or its plan does not allow this question"),
    404: Failure(Status.ERROR, "an answer without the service's own words"),  # a gateway or a wrong URL says that, too
    408: Failure(Status.TIMEOUT, "the service gave up waiting"),
    429: Failure(Status.RATE_LIMITED, "the quota is spent"),
}
NOTHING_KNOWN = Failure(Status.NOT_FOUND, "the source knows nothing about it")
"""For the answers by which a service says so in its own words."""
REFUSED = Failure(Status.AUTH_ERROR, "the key was refused")
"""For services that answer 403 to a wrong key."""
NO_SUCH_PLACE = Failure(Status.ERROR, "there is nothing at the place that was asked")
"""For services that answer 200 about every address: a 404 then says that the URL is wrong."""
_NOTHING: Mapping[int, Failure] = {}


def status_of(
    response: Response, retrieved_at: Optional[datetime] = None, own: Mapping[int, Failure] = _NOTHING
) -> Optional[Failure]:
    """What is wrong with the answer by its HTTP status; None for 2xx. `own` goes before the shared table."""
    code = response.status
    if 200 <= code < 300:
        return None
    found = own.get(code) or STATUS_OF_HTTP.get(code)
    if found is None:
        words = "the service failed" if code >= 500 else "the service did not answer the question"
        found = Failure(Status.ERROR, words)
    until = _until(response, retrieved_at) if found.status is Status.RATE_LIMITED else ""
    return Failure(found.status, f"{found.reason}{until} (HTTP {code})")


def _until(response: Response, retrieved_at: Optional[datetime]) -> str:
    """When the quota is said to be there again, in words; empty when the answer does not say."""
    from ..exchange import retry_after

    wait = retry_after(response)
    last = int(retrieved_at.timestamp()) + 40 * 86_400 if retrieved_at else 2**32 - 1  # no quota is for longer
    told = moment(number(response.header("X-RateLimit-Reset"), 0, last))
    reset = told if wait is None or retrieved_at is None else retrieved_at + timedelta(seconds=wait)
    if reset is not None:
        return f" until {reset:%Y-%m-%d %H:%M:%S} UTC"
    return "" if wait is None else f" for {wait:.0f} seconds"


def document(response: Response) -> Any:
    """The decoded JSON body. Raises ValueError for anything else."""
    import json

    try:
        return json.loads(response.body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def failed(
    provider: Provider, address: str, status: Status, reason: str, retrieved_at: Optional[datetime] = None
) -> Evidence:
    """Evidence that says why there is no answer."""
    return Evidence(
        provider.name,
        SourceKind.PROVIDER,
        status,
        retrieved_at=retrieved_at,
        link=provider.link(address),
        reason=reason,
    )


# --- careful readers: whatever the value is, they give what they promise and never raise ----------------------------


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any, limit: int = 1000) -> List[Any]:
    """The first `limit` items if the value is a JSON array, else an empty one."""
    return value[:limit] if isinstance(value, list) else []


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """A single-line text of at most `limit` characters; empty for anything but a string."""
    return " ".join(value.split())[:limit] if isinstance(value, str) else ""


def texts(values: Any, limit: int = 50) -> Tuple[str, ...]:
    """The distinct non-empty texts among the first items of a JSON array."""
    return tuple(dict.fromkeys(filter(None, map(text, listed(values, limit)))))


def count(value: Any) -> int:
    """A whole number ≥ 0; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0


def signed(value: Any) -> Optional[int]:
    """A whole number of either sign within ± 10⁹; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else None


def number(value: Any, low: int = 0, high: int = 2**32 - 1) -> Optional[int]:
    """A whole number from `low` to `high`, also one written as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        value = int(value)
    inside = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return value if inside else None


def moment(value: Any) -> Optional[datetime]:
    """UTC time of seconds since 1970, from 1990 to 2100; None for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 631_152_000 <= value <= 4_102_444_800:
        return datetime.fromtimestamp(value, tz=timezone.utc)
    return None


def when(value: Any) -> Optional[datetime]:
    """UTC time of a date or time like `2024-05-26T08:15:00.5+02:00` or `2024-05-26 06:15:00 UTC`; None for any other.

    Without a zone it is UTC. The years are 1990 to 2099.
    """
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 40 else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    zone = (found.group(7) or "").replace(":", "")
    offset = int(zone[1:3]) * 60 + int(zone[3:]) if len(zone) == 5 else 0
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        result = local - timedelta(minutes=-offset if zone[:1] == "-" else offset)
    except (ValueError, OverflowError):
        return None
    return result if 1990 <= result.year < 2100 else None


def latest(values: Sequence[Optional[datetime]]) -> Optional[datetime]:
    """The last of the times that are known."""
    return max((value for value in values if value), default=None)


def earliest(values: Sequence[Optional[datetime]]) -> Optional[datetime]:
    """The first of the times that are known."""
    return min((value for value in values if value), default=None)


def system(value: Any) -> Tuple[Optional[int], str]:
    """Number and name of an autonomous system from 15169, `AS15169` or `AS15169 Google LLC`; else (None, "")."""
    found = _SYSTEM.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 400 else None
    return (number(found.group(1), 1), text(found.group(2))) if found else (number(value, 1), "")


def country(value: Any) -> str:
    """An ISO 3166 two-letter code in capitals; empty for anything else."""
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else ""


def rir(value: Any) -> str:
    """A registry's printed name: ARIN, APNIC, RIPE NCC, LACNIC, AFRINIC; empty for anything else."""
    return _RIRS.get(value.strip().lower(), "") if isinstance(value, str) else ""


def network(value: Any) -> str:
    """A prefix in canonical CIDR text; empty for anything else."""
    if not isinstance(value, str) or "/" not in value or len(value) > 64:
        return ""
    try:
        return str(parse_network(value))
    except AddressError:
        return ""


def mailbox(value: Any) -> str:
    """An e-mail address; empty for anything else."""
    return value if isinstance(value, str) and _MAILBOX.fullmatch(value) else ""


def address(value: Any) -> str:
    """The canonical text of an address in whatever spelling, also with a port; empty for anything else."""
    try:
        return canonical(value) if isinstance(value, str) and len(value) <= TEXT_LIMIT else ""
    except AddressError:
        return ""


def flagged(**states: Any) -> Tuple[str, ...]:
    """The names of what is true: `flagged(tor=body.get("tor"))`. Anything but JSON's true is not."""
    return tuple(name for name, state in states.items() if state is True)
