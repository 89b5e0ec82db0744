"""Sends to a webhook: https alone, to the address that was checked, following no redirect.

A name is resolved once. What its owner lets it lead to afterwards does not matter: the connection is made to the
address that was found fit, and the certificate must be the name's. A proxy is asked for that address, too.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import ssl
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Tuple
from urllib.parse import unquote, urlsplit

from ...errors import DeliveryError
from ...version import __version__
from ..broker_settings import Destination
from .destinations import check_address, check_url

SECONDS = 15.0
"""Seconds that the other side may be silent."""
LONGEST = 30.0
"""Seconds of one attempt, however slowly something trickles in."""
_LONGEST_ANSWER = 16_384  # bytes of a proxy's answer
_FIRST_WAIT = 0.5
_AGAIN = (429, 503)
_UNSURE = (502, 504)  # a gateway does not know what became of what it passed on
_FAILURES = (OSError, http.client.HTTPException, ValueError)

Resolve = Callable[[str, int], List[str]]
"""Host and port → its addresses. Raises OSError."""
Connect = Callable[[Tuple[str, int], float], socket.socket]
"""Connects to an address. Raises OSError."""


def resolved(host: str, port: int) -> List[str]:
    """The addresses of a host, as the system finds them."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Sent(NamedTuple):
    """How an attempt ended."""

    status: int
    """HTTP status; 0 when there was none."""
    words: str
    again: bool
    """True when it certainly had no effect and may be made again."""
    perhaps: bool = False
    """True when nobody knows whether it had."""


@dataclass(frozen=True)
class Webhooks:
    """The way to webhooks. `resolve`, `connect`, `sleep` are seams for tests."""

    ca_bundle: Optional[Path] = None
    proxy: str = field(default="", repr=False)
    private_hosts: Tuple[str, ...] = ()
    retries: int = 3
    resolve: Resolve = resolved
    connect: Connect = socket.create_connection
    sleep: Callable[[float], object] = time.sleep
    longest: float = LONGEST

    def send(self, destination: Destination, body: bytes) -> int:
        """The status of the answer, 2xx. Raises InputError for a forbidden place, DeliveryError when it was not taken.

        It is tried again only after an attempt that certainly had no effect.
        """
        for attempt in range(self.retries + 1):
            sent = self._attempt(destination, body)
            if 200 <= sent.status < 300:
                return sent.status
            if not sent.again or attempt == self.retries:
                break
            self.sleep(random.random() * _FIRST_WAIT * 2.0**attempt)  # noqa: S311 - only to come at different times
        raise DeliveryError(f"{destination.name}: {sent.words}", perhaps=sent.perhaps)

    def _attempt(self, destination: Destination, body: bytes) -> Sent:
        host, port = check_url(destination.url), urlsplit(destination.url).port or 443
        if self.proxy and urlsplit(self.proxy).scheme != "http":
            return Sent(0, "it is not reached through a proxy that is no http:// one", False)
        try:
            address = self._address(destination, host, port)
            channel = self._channel(host, address, port)
        except (OSError, http.client.HTTPException) as error:
            return Sent(0, f"it cannot be reached ({_words(error)})", not isinstance(error, ssl.SSLError))
        try:
            return self._exchange(channel, destination.url, body)
        finally:
            channel.close()

    def _address(self, destination: Destination, host: str, port: int) -> str:
        """The one address that is connected to; all that the name leads to must be fit. Raises InputError, OSError."""
        private = destination.allow_private or host in self.private_hosts
        found = [check_address(address, private) for address in self.resolve(host, port)]
        if not found:
            raise OSError(0, "its name leads nowhere")
        return found[0]

    def _channel(self, host: str, address: str, port: int) -> _Pinned:
        context = ssl.create_default_context(cafile=str(self.ca_bundle) if self.ca_bundle else None)
        channel = _Pinned(host, port, address, context, self)
        try:
            channel.connect()
        except (OSError, http.client.HTTPException):
            channel.close()
            raise
        return channel

    @staticmethod
    def _exchange(channel: _Pinned, url: str, body: bytes) -> Sent:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/json", "User-Agent": f"ipthreat/{__version__}"}
        try:
            channel.request("POST", target, body, headers)
            status = channel.getresponse().status
        except _FAILURES as error:
            return Sent(0, f"the connection broke, and it may have been taken ({_words(error)})", False, True)
        words = "it answers with a redirect, which is not followed" if 300 <= status < 400 else f"it answers {status}"
        unsure = status in _UNSURE
        return Sent(status, f"{words}, and it may have been taken" if unsure else words, status in _AGAIN, unsure)


class _Pinned(http.client.HTTPSConnection):
    """A connection to a name at an address that is settled."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext, way: Webhooks) -> None:
        super().__init__(host, port, timeout=SECONDS, context=context)
        self._pinned, self._tls, self._way = (address, port), context, way
        self._raw: Optional[socket.socket] = None
        self._end = threading.Timer(way.longest, self._cut)
        self._end.daemon = True

    def connect(self) -> None:
        """Connects to the address, through the proxy where there is one, and demands the name's certificate."""
        proxy = urlsplit(self._way.proxy) if self._way.proxy else None
        target = (proxy.hostname or "", proxy.port or 3128) if proxy else self._pinned
        self._raw = self._way.connect(target, SECONDS)
        self._end.start()
        self._raw.settimeout(SECONDS)
        if proxy:
            _tunnel(self._raw, self._pinned, proxy.username or "", proxy.password or "")
        self.sock = self._tls.wrap_socket(self._raw, server_hostname=self.host)

    def close(self) -> None:
        """Ends the connection, and the watch over its time."""
        self._end.cancel()
        super().close()
        if self._raw is not None:
            self._raw.close()

    def _cut(self) -> None:
        """The time is over: whoever reads from the connection reads its end."""
        for end in (self.sock, self._raw):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _tunnel(raw: socket.socket, target: Tuple[str, int], user: str, password: str) -> None:
    """Asks a proxy for a connection to an address (RFC 9110 §9.3.6). Raises OSError."""
    host = f"[{target[0]}]" if ":" in target[0] else target[0]
    lines = [f"CONNECT {host}:{target[1]} HTTP/1.1", f"Host: {host}:{target[1]}"]
    if user:
        secret = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {secret}")
    raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n") and len(answer) < _LONGEST_ANSWER:
        byte = raw.recv(1)
        if not byte:
            break
        answer += byte
    if answer.split(b" ", 2)[1:2] != [b"200"]:
        raise OSError(0, "the proxy refuses")


def _words(error: Exception) -> str:
    """The failure without what was sent: neither URL nor proxy."""
    return getattr(error, "strerror", "") or type(error).__name__
