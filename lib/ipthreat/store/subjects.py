"""Under what an answer is kept: the address it is about, or the whole prefix that it holds for."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Sequence, Tuple

from ..dossier import Evidence

PER_PREFIX = frozenset({"rdap"})
"""Providers whose answer holds for the whole prefix it names, so that one look-up serves all its addresses."""
_PREFIXES = {4: range(32, 7, -1), 6: range(128, 15, -1)}  # longest first; nobody answers for less


def subjects(provider: str, address: str) -> Sequence[str]:
    """Under what an answer about the address may be kept, most specific first."""
    if provider not in PER_PREFIX:
        return (address,)
    parsed = ipaddress.ip_address(address)
    prefixes = [f"{ipaddress.ip_network((parsed, length), strict=False)}" for length in _PREFIXES[parsed.version]]
    return (address, *prefixes)


def subject_of(address: str, item: Evidence) -> Tuple[str, Evidence]:
    """Under what an answer is kept, and as what: the prefix it names, for a provider that answers by prefix."""
    if item.source in PER_PREFIX and item.network:
        try:
            network = ipaddress.ip_network(item.network, strict=False)
        except ValueError:
            return address, item
        parsed = ipaddress.ip_address(address)
        if parsed in network and network.prefixlen in _PREFIXES[parsed.version]:
            return str(network), replace(item, link="")  # the page was about the one address
    return address, item
