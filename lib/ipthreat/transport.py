"""The only HTTP of ipthreat: bounded in time and size, polite on retries, silent about secrets.

    with RequestsTransport(Limits(overall=60.0), access=Access(proxy="http://proxy.example:3128")) as transport:
        response = transport.send(Request("https://feeds.example/list.txt"))

An answer with any HTTP status is a Response: what a 404 means is the caller's knowledge. FetchError is raised when
there is no complete answer. Its text is made of the redacted URL and words of ours: no query, user name, header or
body, and no chained exception that would show them in a traceback.
"""

from __future__ import annotations

import contextlib
import io
import logging
import random
import socket
import sys
import threading
import time
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple, Type
from urllib.parse import urljoin

from .bounded import TimedReader, read_body, reading, until
from .errors import FetchError, FetchTimeout
from .exchange import Access, Limits, MockTransport, Outcome, Request, Response, Retries, Transport, origin, redacted
from .version import __version__

if TYPE_CHECKING:  # HTTP costs 120 ms to import: only a process that really asks someone pays for it
    import requests
    from requests.adapters import HTTPAdapter

__all__ = ["Access", "Limits", "MockTransport", "Request", "RequestsTransport", "Response", "Retries", "Transport"]

# VirusTotal compresses only for clients whose name contains "gzip".
USER_AGENT = f"ipthreat/{__version__} (gzip)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOOK_UP = Limits()
_POLITE = Retries()
_DIRECT = Access()


class RequestsTransport:
    """HTTP over `requests` with a pool of kept connections. One per purpose: a provider, or all feeds.

    Safe to share between threads. `sleep`, `clock` (monotonic seconds) and `jitter` (0 to 1) are seams for tests.
    """

    def __init__(
        self,
        limits: Limits = _LOOK_UP,
        retries: Retries = _POLITE,
        access: Access = _DIRECT,
        *,
        connections: int = 8,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._limits = limits
        self._retries = retries
        self._access = access
        self._connections = connections
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._lock = threading.Lock()
        self._opened: Optional[HTTPAdapter] = None

    def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises FetchError when there is no complete one within the limits."""
        deadline = self._clock() + self._limits.overall
        attempt = 1
        while True:
            outcome = self.attempt(request, deadline - self._clock())
            wait = self._retries.wait(outcome, attempt, self._jitter())
            if wait is None or self._clock() + wait >= deadline:
                return outcome.result()
            self._sleep(wait)
            attempt += 1

    def attempt(self, request: Request, seconds: float) -> Outcome:
        """One attempt, redirects included, of at most `seconds` and the overall limit. Never raises."""
        deadline = self._clock() + min(seconds, self._limits.overall)
        try:
            return self._attempt(request, lambda: deadline - self._clock())
        except FetchError as error:
            return Outcome(failure=error)

    def close(self) -> None:
        """Closes the kept connections. The transport may be used again afterwards."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def __enter__(self) -> RequestsTransport:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _attempt(self, request: Request, remaining: Callable[[], float]) -> Outcome:
        """One question with the redirects it leads through, none of them to another host."""
        for _ in range(self._limits.redirects + 1):
            outcome = self._exchange(request, remaining)
            if outcome.response is None or outcome.response.status not in _REDIRECTS:
                return outcome
            request = _redirected(request, outcome.response.header("Location"), follow=self._limits.redirects > 0)
        return Outcome(failure=FetchError(f"{redacted(request.url)}: more than {self._limits.redirects} redirects"))

    def _exchange(self, request: Request, remaining: Callable[[], float]) -> Outcome:
        """One request and its answer. A failure is made here and raised elsewhere: nothing gets chained to it."""
        from urllib3.exceptions import HTTPError

        host = self._access.check(request.url)
        outside = sys.exc_info()[1]
        answer: Optional[requests.Response] = None
        try:
            with until(remaining):
                answer = self._ask(request, host, remaining())
                return Outcome(Response(answer.status_code, dict(answer.headers), self._body(request, answer)))
        except FetchError as error:
            kind, words, again = FetchError, str(error), False
        except (OSError, ValueError, HTTPError) as error:  # requests' own exceptions are OSErrors
            kind, words, again = _explained(_chain(error, outside), late=remaining() <= 0)
            again = again and answer is None
        finally:
            if answer is not None:
                answer.close()
        return Outcome(None, kind(f"{redacted(request.url)}: {words}"), again)

    def _ask(self, request: Request, host: str, left: float) -> requests.Response:
        """Sends the request and reads the answer's headers.

        The adapter alone does it: a session would add cookies, netrc, the environment's proxies and its own redirects.
        """
        import requests

        if left <= 0:
            raise socket.timeout("the deadline has passed")
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **request.headers}
        question = requests.Request(
            request.method, request.url, headers, params=dict(request.params), data=request.body
        )
        return self._adapter().send(
            question.prepare(),
            stream=True,
            timeout=(min(self._limits.connect, left), min(self._limits.read, left)),
            verify=str(self._access.ca_bundle) if self._access.ca_bundle else True,
            proxies=self._access.route(host),
        )

    def _body(self, request: Request, answer: requests.Response) -> bytes:
        if request.method == "HEAD" or answer.status_code in (204, 304):
            return b""  # such answers announce the length of a body they do not have
        length = answer.headers.get("Content-Length", "").strip()
        encoding = answer.headers.get("Content-Encoding", "").strip()
        return read_body(answer.raw, length, encoding, self._limits.body)

    def _adapter(self) -> HTTPAdapter:
        with self._lock:
            if self._opened is None:
                logging.getLogger("urllib3.connectionpool").addFilter(_silent)  # adding it again changes nothing
                self._opened = _bounded_adapter(self._connections)
            return self._opened


def _silent(record: logging.LogRecord) -> bool:
    """Keeps what urllib3 notes of our requests out of debug logs: it names the whole query, and keys with it."""
    return record.levelno > logging.DEBUG or not reading()


def _redirected(request: Request, location: str, follow: bool) -> Request:
    """The same question at the place the answer points to. Raises FetchError for a place on another host.

    Raises it for any place where redirects are not followed.
    """
    target = ""
    with contextlib.suppress(ValueError):  # a location that is no URL leads nowhere either
        target = urljoin(request.url, location)
        if follow and request.method in ("GET", "HEAD") and origin(target) == origin(request.url):
            return replace(request, url=target, params={})
    raise FetchError(f"{redacted(request.url)}: it redirects to {redacted(target)}, which is not followed")


def _explained(chain: List[BaseException], late: bool) -> Tuple[Type[FetchError], str, bool]:
    """Our error and words for a failure, and whether to ask again.

    The wrappers' own texts contain the URL, so none is used.
    """
    if late:
        return FetchTimeout, "there was no complete answer in the time allowed", False
    for cause, words, again in _causes():
        if any(isinstance(link, cause) for link in chain):
            return (FetchTimeout if issubclass(cause, _slow()) else FetchError), words, again
    return FetchError, "the request could not be sent", False


def _slow() -> Tuple[Type[BaseException], ...]:
    """The causes that are a matter of time."""
    from requests.exceptions import ConnectTimeout

    return ConnectTimeout, socket.timeout


def _causes() -> Tuple[Tuple[Type[BaseException], str, bool], ...]:
    """What may lie in a chain of exceptions, most telling first: class, words, and whether asking again makes sense.

    It does so only as long as no answer has begun.
    """
    import http.client
    import ssl

    from requests.exceptions import ConnectTimeout, ProxyError
    from urllib3.exceptions import NewConnectionError

    return (
        (ProxyError, "the proxy did not let the request through", False),
        (ConnectTimeout, "no connection in time", True),
        (socket.gaierror, "its host name cannot be resolved", True),
        (ConnectionRefusedError, "the connection was refused", True),
        (ssl.SSLCertVerificationError, "its TLS certificate is not trusted", False),
        (ssl.SSLError, "no TLS connection could be made", False),
        (ConnectionError, "the connection was closed before the answer was complete", True),
        (socket.timeout, "the server was silent for too long", False),
        (http.client.IncompleteRead, "the answer was cut short", False),
        (http.client.HTTPException, "the answer is no proper HTTP", False),
        (NewConnectionError, "no connection could be made", True),
    )


def _chain(error: Optional[BaseException], outside: Optional[BaseException]) -> List[BaseException]:
    """The error and what led to it, up to whatever the caller was handling before it asked."""
    links: List[BaseException] = []
    while error is not None and error is not outside:
        links.append(error)
        error = error.__context__
    return links


def _bounded_pools() -> Dict[str, Any]:
    """Connection pools by scheme whose connections read through TimedReader, by public names of the libraries."""
    import http.client

    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class _Answer(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(TimedReader(self.fp.detach(), sock))

    pairs = {"http": (HTTPConnectionPool, HTTPConnection), "https": (HTTPSConnectionPool, HTTPSConnection)}
    pools: Dict[str, Any] = {}
    for scheme, (pool, connection) in pairs.items():
        bounded = type("BoundedConnection", (connection,), {"response_class": _Answer})
        pools[scheme] = type("BoundedPool", (pool,), {"ConnectionCls": bounded})
    return pools


def _bounded_adapter(connections: int) -> HTTPAdapter:
    from requests.adapters import HTTPAdapter

    pools = _bounded_pools()

    class _BoundedAdapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            """Pools for direct connections."""
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            """Pools for connections through a proxy."""
            manager = super().proxy_manager_for(proxy, **kwargs)
            manager.pool_classes_by_scheme = pools
            return manager

    return _BoundedAdapter(pool_connections=connections, pool_maxsize=connections, pool_block=False)
