"""STIX 2.1 indicators of addresses and prefixes, read out of a bundle or a TAXII envelope (OASIS STIX 2.1, §4.7, §9).

A pattern is taken when it is nothing but addresses joined by OR: `[ipv4-addr:value = '203.0.113.7']`, `ISSUBSET`, `IN`.
One that says more, such as an address AND a port within a time, would be wrong if its address alone were taken.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from . import base

LONGEST_PATTERN = 10_000
_TOKENS = re.compile(r"'[^']*'|[A-Za-z0-9_:.-]+|[\[\](),=]")
# The tokens of a pattern with a space between them, each quoted value written as one quote.
_COMPARED = r"ipv[46]-addr:value (?:(?:=|ISSUBSET) '|IN \( '(?: , ')* \))"
_OBSERVED = rf"\[ {_COMPARED}(?: OR {_COMPARED})* \]"
_PATTERN = re.compile(rf"{_OBSERVED}(?: OR {_OBSERVED})*")
_HARMLESS = frozenset({"benign", "anonymization", "unknown"})
"""Types of indicators that do not call an address hostile."""


class Indicator(NamedTuple):
    """What one indicator says of one prefix."""

    network: str
    """Canonical CIDR text; a single address has its full length."""
    identifier: str
    score: Optional[int]
    """The author's confidence, 0 to 100; None where there is none, or where the indicator calls nothing hostile."""
    hostile: bool
    revoked: bool = False
    valid_from: Optional[datetime] = None
    valid_until: Optional[datetime] = None
    modified: Optional[datetime] = None

    def speaks(self, moment: Optional[datetime]) -> bool:
        """True at a time when it is neither revoked nor expired. Without a time only revocation counts."""
        return not self.revoked and not (self.valid_until and moment and self.valid_until < moment)


def networks_of(pattern: Any) -> Tuple[str, ...]:
    """The prefixes of a pattern; empty for one that says anything else."""
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        return ()
    tokens = _TOKENS.findall(pattern)
    skeleton = " ".join("'" if token[0] == "'" else token for token in tokens)
    rest = _TOKENS.sub("", pattern)
    if rest.strip() or not _PATTERN.fullmatch(skeleton):
        return ()
    found = [_prefix(token[1:-1]) for token in tokens if token[0] == "'"]
    return tuple(dict.fromkeys(found)) if all(found) else ()


def read_objects(objects: Iterable[Any]) -> Tuple[List[Indicator], int]:
    """The indicators of addresses among STIX objects, and how many other objects there were."""
    found: List[Indicator] = []
    others = 0
    for item in map(base.mapping, objects):
        kind, pattern_type = item.get("type"), item.get("pattern_type", "stix")
        usable = (kind, pattern_type) == ("indicator", "stix") and _readable(item)
        networks = networks_of(item.get("pattern")) if usable else ()
        found += [_indicator(item, network) for network in networks]
        others += not networks
    return found, others


def _readable(item: Mapping[str, Any]) -> bool:
    """What limits an indicator can be understood: when it ends, and what it says of an address."""
    types = item.get("indicator_types", ["malicious-activity"])
    ends = "valid_until" not in item or base.when(item["valid_until"]) is not None
    return ends and isinstance(types, list) and len(base.texts(types)) == len(types) > 0


def _indicator(item: Mapping[str, Any], network: str) -> Indicator:
    types = set(base.texts(item.get("indicator_types")))
    hostile = not types or bool(types - _HARMLESS)
    return Indicator(
        network,
        base.text(item.get("id")),
        base.number(item.get("confidence"), high=100) if hostile else None,
        hostile,
        item.get("revoked", False) is not False,
        base.when(item.get("valid_from")),
        base.when(item.get("valid_until")),
        base.when(item.get("modified")),
    )


def _prefix(text: str) -> str:
    """The prefix of an address or of CIDR text; empty for anything else."""
    address = base.address(text) if "/" not in text else ""
    return f"{address}/{128 if ':' in address else 32}" if address else base.network(text)


class Mirror:
    """Indicators by prefix. Of several versions of one indicator the last modified counts."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        latest: Dict[Tuple[str, str], Indicator] = {}
        for item in indicators:
            known = latest.get((item.identifier, item.network))
            if known is None or not (known.modified and item.modified and item.modified < known.modified):
                latest[item.identifier, item.network] = item
        self._found: Dict[Tuple[int, int], Dict[int, List[Indicator]]] = {}
        for item in latest.values():
            network = ipaddress.ip_network(item.network)
            level = self._found.setdefault((network.version, network.prefixlen), {})
            level.setdefault(int(network.network_address) >> (network.max_prefixlen - network.prefixlen), []).append(
                item
            )

    def covering(self, address: str) -> List[Indicator]:
        """All indicators whose prefix holds the address, the longest prefix first."""
        wanted = ipaddress.ip_address(address)
        levels = sorted((key for key in self._found if key[0] == wanted.version), reverse=True)
        value, width = int(wanted), wanted.max_prefixlen
        return [item for key in levels for item in self._found[key].get(value >> (width - key[1]), [])]
