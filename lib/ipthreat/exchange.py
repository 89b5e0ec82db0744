"""What is asked over HTTP and what comes back, with the rules between: limits, allowed URLs, retries, redaction.

Nothing here touches the network; `transport.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Protocol, Tuple
from urllib.parse import quote, urlsplit

from .errors import FetchError, InputError

LONGEST_WAIT = 86_400.0
"""No server is believed that asks with Retry-After to be left alone for longer than a day, in seconds."""


@dataclass(frozen=True, repr=False)
class Request:
    """One question. Its repr shows neither query, headers nor body: they may carry keys."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    """Query parameters, added to those of the URL."""
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {redacted(self.url)})"


@dataclass(frozen=True, repr=False)
class Response:
    """One complete answer, already decompressed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """The header of that name in any spelling of case; empty when there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"


class Transport(Protocol):
    """Whatever can carry a request: `RequestsTransport` for real, `MockTransport` in tests."""

    def send(self, request: Request) -> Response:
        """The answer. Raises FetchError when there is no complete one."""

    def attempt(self, request: Request, seconds: float) -> Outcome:
        """One attempt of at most so many seconds, for a caller that decides itself whether to ask again."""

    def close(self) -> None:
        """Lets go of connections that are kept; it may be used again afterwards."""


class MockTransport:
    """A transport for tests: a callable answers, and `requests` keeps what was asked, in order."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer
        self.requests: List[Request] = []

    def send(self, request: Request) -> Response:
        """Whatever the callable returns or raises for this request."""
        self.requests.append(request)
        return self._answer(request)

    def attempt(self, request: Request, seconds: float) -> Outcome:
        """The same, with a FetchError that is raised as the outcome."""
        try:
            return Outcome(self.send(request))
        except FetchError as error:
            return Outcome(failure=error)

    def close(self) -> None:
        """There are no connections here."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one `send`, in seconds and bytes. Resolving a host name is the system's matter and not bounded here."""

    connect: float = 5.0
    read: float = 15.0
    """Longest silence of the server."""
    overall: float = 30.0
    """From the call to its return: redirects, retries and waits included."""
    body: int = 4 * 2**20
    """Largest body, counted after decompression."""
    redirects: int = 3
    """Followed on the same host; with 0 a redirect is a failure."""


@dataclass(frozen=True)
class Access:
    """The way out to the network."""

    proxy: str = field(default="", repr=False)
    """`http://[user:password@]host:port`; loopback is reached without it. The environment is not consulted."""
    ca_bundle: Optional[Path] = None
    """Certificates to trust instead of those that come with requests. Verification cannot be switched off."""
    plain_hosts: FrozenSet[str] = frozenset()
    """Hosts that may be asked over plain http; loopback always may."""

    def __post_init__(self) -> None:
        """Refuses a CA bundle that is not there, before anything depends on it."""
        if self.ca_bundle is not None and not self.ca_bundle.exists():
            raise InputError(f"{self.ca_bundle}: there is no such CA bundle")

    def route(self, host: str) -> Dict[str, str]:
        """The proxies for a host, as requests wants them."""
        return {"http": self.proxy, "https": self.proxy} if self.proxy and not is_loopback(host) else {}

    def check(self, url: str) -> str:
        """The host of a URL that may be asked. Raises FetchError for any other: not https, or no URL at all."""
        try:
            scheme, host, _ = origin(url)
        except ValueError:
            raise FetchError("(an unreadable URL): nothing was asked") from None
        plain = scheme == "http" and (is_loopback(host) or host in self.plain_hosts)
        if not host or not (plain or scheme == "https"):
            raise FetchError(f"{redacted(url)}: only https may be used, save for loopback and hosts allowed by name")
        return host


@dataclass(frozen=True)
class Retries:
    """When a question is asked again: if no answer began, or after 502, 503, 504; after 429 only as the server says.

    Requests are taken to be look-ups, harmless to repeat; use `Retries(attempts=1)` for one that has an effect.
    """

    attempts: int = 3
    first_wait: float = 0.5
    """Upper bound of the first wait, doubled each time; the real wait is a random part of it. Seconds."""
    longest_wait: float = 10.0
    """Cap of a wait. A server that asks for more with Retry-After is left alone, its answer handed to the caller."""

    def wait(self, outcome: Outcome, attempt: int, jitter: float) -> Optional[float]:
        """Seconds until the next attempt; None when the outcome stands. `jitter` is between 0 and 1."""
        if attempt >= self.attempts:
            return None
        if outcome.response is None:
            return self._backoff(attempt, jitter) if outcome.again else None
        asked = retry_after(outcome.response)
        if asked is not None and outcome.response.status in (429, 502, 503, 504):
            return asked if asked <= self.longest_wait else None
        return self._backoff(attempt, jitter) if outcome.response.status in (502, 503, 504) else None

    def _backoff(self, attempt: int, jitter: float) -> float:
        return jitter * min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))


class Outcome(NamedTuple):
    """How one attempt ended: with an answer, or with a failure that may or may not be tried again."""

    response: Optional[Response] = None
    failure: Optional[FetchError] = None
    again: bool = False

    def result(self) -> Response:
        """The answer. Raises the failure when there is none."""
        if self.response is None:
            raise self.failure or FetchError("there was no answer")
        return self.response


def retry_after(response: Response) -> Optional[float]:
    """Seconds the server asks us to wait (RFC 9110 §10.2.3), a day at most; None when it does not readably say.

    A date is counted from the answer's own Date header, so that our clock need not agree with the server's.
    """
    from email.utils import parsedate_to_datetime  # 13 ms that few processes need

    asked = response.header("Retry-After").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return min(float(asked), LONGEST_WAIT)
    try:
        moments = [parsedate_to_datetime(text).timestamp() for text in (asked, response.header("Date"))]
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, moments[0] - moments[1]), LONGEST_WAIT)


def redacted(url: str) -> str:
    """The URL without user name, password, query and fragment, fit for messages and logs on any terminal."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        host = quote(parts.hostname or "", safe=":")
    except ValueError:
        return "(an unreadable URL)"
    return f"{quote(parts.scheme)}://{f'[{host}]' if ':' in host else host}{port}{quote(parts.path, safe='/%')}"


def is_loopback(host: str) -> bool:
    """True when the host is this machine, by name or by address."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> Tuple[str, str, Optional[int]]:
    """Scheme, host and port: what a redirect may not leave. Raises ValueError for what is no URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
