"""Entries of lists from outside: a network or address in text → an interval, or the reason why it is left out."""

from __future__ import annotations

import enum
from bisect import bisect_right
from socket import AF_INET, AF_INET6, inet_pton
from typing import Dict, List, NamedTuple, Tuple, Union

from ..special import special_intervals


class Rejection(str, enum.Enum):
    """Why an entry of a list is left out."""

    NO_ADDRESS = "no address"  # neither a network nor an address
    NOT_GLOBAL = "not global"  # touches private, reserved or another special-purpose range
    TOO_WIDE = "too wide"  # larger than any allocation: a typing error, or a list that blocks everything
    BAD_LEVEL = "bad level"  # a level outside 0–255


class Span(NamedTuple):
    """The addresses of an entry, first and last included."""

    version: int
    first: int
    last: int


WIDEST = {4: 8, 6: 16}
"""Shortest prefix an entry may have: the largest blocks ever given to one holder are a /8 and a /16."""

_PREFIXES = {str(length): length for length in range(129)}
_EDGES: Dict[int, Tuple[List[int], List[int]]] = {
    version: (
        [first for first, _, _ in special_intervals(version)],
        [last for _, last, _ in special_intervals(version)],
    )
    for version in WIDEST
}


def read_entry(text: str) -> Union[Span, Rejection]:
    """The span of `192.0.2.0/24`, `192.0.2.7` or their IPv6 like; host bits after the prefix are ignored.

    >>> read_entry("8.8.8.8/24")
    Span(version=4, first=134744064, last=134744319)
    >>> read_entry("10.0.0.1")
    <Rejection.NOT_GLOBAL: 'not global'>
    """
    host, slash, length = text.partition("/")
    version, family, width = (6, AF_INET6, 128) if ":" in host else (4, AF_INET, 32)
    try:
        address = int.from_bytes(inet_pton(family, host), "big")
        bits = width - _PREFIXES[length] if slash else 0
    except (OSError, ValueError, KeyError):
        return Rejection.NO_ADDRESS
    if bits < 0:
        return Rejection.NO_ADDRESS
    if bits > width - WIDEST[version]:
        return Rejection.TOO_WIDE
    first = address >> bits << bits
    last = first | (1 << bits) - 1
    starts, ends = _EDGES[version]
    place = bisect_right(starts, last) - 1
    if place >= 0 and ends[place] >= first:
        return Rejection.NOT_GLOBAL
    return Span(version, first, last)
