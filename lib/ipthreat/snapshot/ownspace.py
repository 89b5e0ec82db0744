"""Keeps our own networks off downloaded lists.

A list that names the reader's own networks, by mistake or on purpose, would turn the reader's block rules against him.
"""

from __future__ import annotations

from bisect import bisect_right
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Dict, Iterable, List, Tuple

from ..special import Network
from .entries import Rejection, Span, read_entry
from .intervals import Interval, flatten, subtract

Entry = Tuple[str, int]
"""Network or address as text, and its level."""


class OwnSpace:
    """Our own networks, merged, for quick questions."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        spans: Dict[int, List[Interval]] = {4: [], 6: []}
        for network in networks:
            spans[network.version].append((int(network[0]), int(network[-1]), 1))
        self._holes = {version: flatten(found) for version, found in spans.items()}
        self._starts = {version: [hole[0] for hole in holes] for version, holes in self._holes.items()}

    def without(self, entries: Iterable[Entry]) -> Tuple[List[Entry], int]:
        """The entries without what is ours, and how many of them were touched. A wide entry keeps its other parts."""
        kept: List[Entry] = []
        touched = 0
        for text, level in entries:
            span = read_entry(text)
            if isinstance(span, Rejection) or not self._holds_any_of(span):
                kept.append((text, level))
            else:
                touched += 1
                kept += [(rest, level) for rest in self._outside(span)]
        return kept, touched

    def _holds_any_of(self, span: Span) -> bool:
        place = bisect_right(self._starts[span.version], span.last) - 1
        return place >= 0 and self._holes[span.version][place][1] >= span.first

    def _outside(self, span: Span) -> List[str]:
        """The fewest networks that cover the part of the span that is not ours."""
        parts = subtract([(span.first, span.last, 1)], self._holes[span.version])
        return [text for first, last, _ in parts for text in _networks(span.version, first, last)]


def _networks(version: int, first: int, last: int) -> List[str]:
    if version == 4:
        return [str(network) for network in summarize_address_range(IPv4Address(first), IPv4Address(last))]
    return [str(network) for network in summarize_address_range(IPv6Address(first), IPv6Address(last))]
