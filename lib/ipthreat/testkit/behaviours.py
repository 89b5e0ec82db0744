"""What a fake server can do to a client: the good answers first, then the faults.

Each function returns a behaviour for a route of `FakeServer`.
"""

from __future__ import annotations

import itertools
import threading
import zlib
from typing import Iterator, Mapping, Optional

from .server import Behaviour, Conversation

CAPTCHA_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body>Are you human?</body></html>\n"
)
_ZEROS = bytes(64 * 1024)


def data(
    body: bytes, etag: str = "", last_modified: str = "", headers: Optional[Mapping[str, str]] = None
) -> Behaviour:
    """200 with the body, or 304 when the client shows that it has this version."""
    validators = {name: value for name, value in (("ETag", etag), ("Last-Modified", last_modified)) if value}

    def _answer(talk: Conversation) -> None:
        held = bool(etag) and talk.asked.header("If-None-Match") == etag
        held = held or (bool(last_modified) and talk.asked.header("If-Modified-Since") == last_modified)
        talk.answer(304 if held else 200, b"" if held else body, {**validators, **(headers or {})})

    return _answer


def gzipped(body: bytes) -> Behaviour:
    """200 with the body compressed, as a server may do for a client that accepts it."""
    return data(_gzip(iter([body])), headers={"Content-Encoding": "gzip"})


def status(code: int, body: bytes = b"", headers: Optional[Mapping[str, str]] = None) -> Behaviour:
    """Any status with any body."""
    return lambda talk: talk.answer(code, body, headers)


def rate_limited(seconds: int, code: int = 429) -> Behaviour:
    """429 (or 503) with Retry-After."""
    return status(code, b"slow down\n", {"Retry-After": str(seconds)})


def redirect(location: str, code: int = 302) -> Behaviour:
    """A redirect to anywhere."""
    return status(code, headers={"Location": location})


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first request gets the first behaviour, and so on; the last one stays."""
    lock = threading.Lock()
    queue: Iterator[Behaviour] = itertools.chain(behaviours, itertools.repeat(behaviours[-1]))

    def _answer(talk: Conversation) -> None:
        with lock:
            behaviour = next(queue)
        behaviour(talk)

    return _answer


def after(seconds: float, behaviour: Behaviour) -> Behaviour:
    """The behaviour, late."""

    def _answer(talk: Conversation) -> None:
        talk.pause(seconds)
        behaviour(talk)

    return _answer


def html_page() -> Behaviour:
    """200 with a page for humans where data should be."""
    return data(CAPTCHA_PAGE, headers={"Content-Type": "text/html"})


def truncated(body: bytes, missing: int = 1000) -> Behaviour:
    """Announces `missing` bytes more than it sends, then closes."""

    def _answer(talk: Conversation) -> None:
        talk.head(200, {"Content-Length": str(len(body) + missing)})
        talk.write(body)
        talk.hang_up()

    return _answer


def cut_off(body: bytes) -> Behaviour:
    """Closes in the middle of a chunk, without having announced a length."""

    def _answer(talk: Conversation) -> None:
        talk.head(200, {"Transfer-Encoding": "chunked"})
        talk.write(b"%x\r\n" % (len(body) + 1) + body)
        talk.hang_up()

    return _answer


def hang_up() -> Behaviour:
    """Closes without a word."""
    return lambda talk: talk.hang_up()


def oversize(size: int, announced: bool = True) -> Behaviour:
    """A body of `size` zeros; unannounced, it comes in chunks and only counting tells."""

    def _answer(talk: Conversation) -> None:
        talk.head(200, {"Content-Length": str(size)} if announced else {"Transfer-Encoding": "chunked"})
        for piece in _zeros(size):
            talk.write(piece if announced else b"%x\r\n" % len(piece) + piece + b"\r\n")
        if not announced:
            talk.write(b"0\r\n\r\n")

    return _answer


def gzip_bomb(size: int) -> Behaviour:
    """A small body that unpacks to `size` zeros."""
    return data(_gzip(_zeros(size)), headers={"Content-Encoding": "gzip"})


def slow_drip(body: bytes, pause: float) -> Behaviour:
    """The body byte by byte, with a pause in seconds after each: never silent for long, never done."""

    def _answer(talk: Conversation) -> None:
        talk.head(200, {"Content-Length": str(len(body))})
        for position in range(len(body)):
            talk.write(body[position : position + 1])
            talk.pause(pause)

    return _answer


def slow_headers(pause: float) -> Behaviour:
    """An endless header, byte by byte."""

    def _answer(talk: Conversation) -> None:
        talk.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
        while True:
            talk.write(b"z")
            talk.pause(pause)

    return _answer


def nonsense(text: bytes = b"220 mail.example ESMTP\r\n") -> Behaviour:
    """Something that is no HTTP."""

    def _answer(talk: Conversation) -> None:
        talk.write(text)
        talk.hang_up()

    return _answer


def _zeros(size: int) -> Iterator[bytes]:
    for start in range(0, size, len(_ZEROS)):
        yield _ZEROS[: size - start]


def _gzip(pieces: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*map(packer.compress, pieces), packer.flush()])
