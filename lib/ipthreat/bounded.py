"""Reading from a server that may send too much, too slowly or something else: every read here ends.

`TimedReader` sits between http.client and the socket, so that headers and body alike stop at the deadline of the
exchange, however slowly the bytes drip: a socket's own timeout starts afresh with every byte. `read_body` counts
while it decompresses, so that a gzip bomb costs no more memory than the limit.
"""

from __future__ import annotations

import contextlib
import io
import re
import socket
import zlib
from contextvars import ContextVar
from typing import Any, Callable, Iterable, Iterator, List, Optional, Protocol

from .errors import FetchError

_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS  # zlib's way of asking for a gzip header
_remaining: ContextVar[Callable[[], float]] = ContextVar("remaining")


@contextlib.contextmanager
def until(remaining: Callable[[], float]) -> Iterator[None]:
    """Makes every TimedReader of this thread stop when `remaining()`, in seconds, has come down to nothing."""
    token = _remaining.set(remaining)
    try:
        yield
    finally:
        _remaining.reset(token)


def reading() -> bool:
    """True while this thread is inside `until`: an exchange of ours is under way."""
    return _remaining.get(None) is not None


class TimedReader(io.RawIOBase):
    """The raw stream of a socket that raises `socket.timeout` at the deadline set by `until`."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._connection = connection

    def readable(self) -> bool:
        """Always true: io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads what has come, at most until the deadline or the socket's own timeout, whichever is sooner."""
        left = _remaining.get()()
        if left <= 0:
            raise socket.timeout("the deadline has passed")
        patience = self._connection.gettimeout()
        self._connection.settimeout(left if patience is None else min(left, patience))
        return self._raw.readinto(buffer) or 0

    def close(self) -> None:
        """Lets the socket go; it stays open as long as its connection holds it."""
        self._raw.close()
        super().close()


class RawAnswer(Protocol):
    """The part of urllib3's response that is read here."""

    def read(self, amt: int, decode_content: bool) -> bytes:
        """Up to `amt` bytes; empty at the end."""


def read_body(raw: RawAnswer, length: str, encoding: str, limit: int) -> bytes:
    """The whole body, decompressed; neither that nor what comes over the wire may have more than `limit` bytes.

    `length` and `encoding` are the Content-Length and Content-Encoding headers, empty when absent. Raises FetchError
    (without naming the URL: the caller knows it) for a body that is too large, cut short, or compressed in another way
    than gzip, the one we accept.
    """
    announced = int(length) if re.fullmatch("[0-9]{1,15}", length) else None
    if announced is not None and announced > limit:
        raise _too_large(limit)
    pieces = _pieces(raw, announced)
    if encoding.lower() in ("gzip", "x-gzip"):
        pieces = _gunzipped(pieces)
    elif encoding.lower() not in ("", "identity"):
        raise FetchError("the answer is compressed in an unknown way")
    return _joined(pieces, limit)


def _pieces(raw: RawAnswer, announced: Optional[int]) -> Iterator[bytes]:
    """The body as it comes over the wire, checked against the announced length at its end."""
    total = 0
    for piece in iter(lambda: raw.read(_PIECE, decode_content=False), b""):
        total += len(piece)
        yield piece
    if announced is not None and total != announced:
        raise FetchError("the answer was cut short")


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decompressed in bounded steps. A gzip stream may have several members, or, with an empty body, none."""
    decoder = zlib.decompressobj(_GZIP)
    complete = True
    for piece in pieces:
        rest = piece
        while rest:
            if decoder.eof:
                decoder = zlib.decompressobj(_GZIP)
            try:
                yield decoder.decompress(rest, _PIECE)
            except zlib.error:
                raise FetchError("the answer's gzip stream is damaged") from None
            complete = decoder.eof
            rest = decoder.unused_data if complete else decoder.unconsumed_tail
    if not complete:
        raise FetchError("the answer's gzip stream was cut short")


def _joined(pieces: Iterable[bytes], limit: int) -> bytes:
    kept: List[bytes] = []
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit:
            raise _too_large(limit)
        kept.append(piece)
    return b"".join(kept)


def _too_large(limit: int) -> FetchError:
    return FetchError(f"the answer is larger than the {limit:,} bytes allowed")
