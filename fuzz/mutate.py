"""Mutations of a corpus, the same for the same seed: what fuzzes where atheris is not installed, and in the tests."""

from __future__ import annotations

import random
from typing import Callable, Iterator, Sequence, Tuple

LONGEST = 8192
TOKENS: Tuple[bytes, ...] = (
    *(b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\t", b"\\", b"'"),
    *(b"[", b"]", b"{", b"}", b"null", b"true", b"-1", b"1e999", b"NaN", b"99999999999999999999", b'{"a":' * 40),
    *(b"[.]", b"(dot)", b"hxxp://", b"[:]", b"::ffff:", b"%eth0", b"/32", b"198.51.100.7", b"2001:db8::7"),
    *(b"256.1.1.1", b"24/Nov/2026:12:00:00 +0000", b"9999-99-99T99:99:99Z", b"Feb 29 24:60:61"),
    *(b"\x1f\x8b\x08", b"#fields\tid.orig_h"),
)
"""What readers treat in a way of its own."""

_Change = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def mutants(seeds: Sequence[bytes], seed: object) -> Iterator[bytes]:
    """Endless: each seed as it is, then changed in one to six places."""
    draw = random.Random(str(seed))
    yield from seeds
    while True:
        data = bytearray(draw.choice(seeds))
        for _ in range(draw.randint(1, 6)):
            draw.choice(_CHANGES)(data, draw, seeds)
        yield bytes(data[:LONGEST])


def _span(data: bytearray, draw: random.Random) -> slice:
    start = draw.randint(0, len(data))
    return slice(start, min(len(data), start + 1 + int(draw.expovariate(1 / 12))))


def _flip(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    if data:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def _value(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    if data:
        data[draw.randrange(len(data))] = draw.randrange(256)


def _remove(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    del data[_span(data, draw)]


def _repeat(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    span = _span(data, draw)
    data[span.start : span.start] = data[span] * draw.choice((1, 1, 2, 40))


def _insert(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    at = draw.randint(0, len(data))
    data[at:at] = draw.choice(TOKENS)


def _replace(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    data[_span(data, draw)] = draw.choice(TOKENS)


def _splice(data: bytearray, draw: random.Random, seeds: Sequence[bytes]) -> None:
    other = draw.choice(seeds)
    data[draw.randint(0, len(data)) :] = other[draw.randint(0, len(other)) :]


def _cut(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    del data[draw.randint(0, len(data)) :]


_CHANGES: Tuple[_Change, ...] = (_flip, _value, _remove, _repeat, _insert, _insert, _replace, _splice, _cut)
