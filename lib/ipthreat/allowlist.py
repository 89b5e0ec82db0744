"""The analyst's allow-list: addresses and prefixes with an optional expiry and reason.

A file has one entry a line: `<address or prefix>[,<expiry ISO date>][,<reason>]`; `#` starts a comment.
A second field that begins with a digit is the expiry.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Dict, Iterable, Mapping, Optional, Tuple, Union

from .dossier import Allowance
from .errors import InputError
from .recorded import parse_time

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Key = Tuple[int, int, int]


@dataclass(frozen=True)
class Allowlist:
    """Prefixes an analyst vouches for. The longest prefix that holds an address decides."""

    entries: Mapping[Key, Allowance] = field(default_factory=dict)
    """(version, prefix length, network as number) → allowance."""
    expired: int = 0
    """Entries of the file that no longer hold."""

    @classmethod
    def of(cls, lines: Iterable[str], as_of: datetime, origin: str = "allow-list") -> Allowlist:
        """From the lines of a file; entries that expired before as-of are left out.

        Raises InputError that names the line which is no entry: a broken allow-list must not pass for an empty one.
        """
        entries: Dict[Key, Allowance] = {}
        expired = 0
        for number, line in enumerate(lines, start=1):
            text = line.split("#", 1)[0].strip()
            if text:
                network, allowance = _entry(text, f"{origin}: line {number}")
                if allowance.expires is None or allowance.expires > as_of:
                    entries[(network.version, network.prefixlen, int(network.network_address))] = allowance
                else:
                    expired += 1
        return cls(entries, expired)

    @classmethod
    def read(cls, path: Path, as_of: datetime) -> Allowlist:
        """From a file. Raises InputError in one sentence."""
        try:
            return cls.of(path.read_text(encoding="utf-8-sig").splitlines(), as_of, str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: the allow-list cannot be read ({error})") from None

    def allowance(self, address: str) -> Optional[Allowance]:
        """The most specific entry that covers the address (canonical text)."""
        if not self.entries:
            return None
        parsed = ipaddress.ip_address(address)
        number, width = int(parsed), parsed.max_prefixlen
        for length in range(width, -1, -1):
            shift = width - length
            found = self.entries.get((parsed.version, length, number >> shift << shift))
            if found:
                return found
        return None


def _unmapped(network: Network) -> Network:
    """An IPv4 network where it is written as IPv4-mapped IPv6: addresses are compared in their IPv4 form."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.ip_network((mapped, network.prefixlen - 96))


def _entry(text: str, place: str) -> Tuple[Network, Allowance]:
    prefix, _, rest = (part.strip() for part in text.partition(","))
    try:
        network = _unmapped(ipaddress.ip_network(prefix, strict=False))
    except ValueError:
        raise InputError(f"{place}: {prefix[:60]!r} is no address or prefix") from None
    first, _, others = (part.strip() for part in rest.partition(","))
    if not first[:1].isdigit():
        return network, Allowance(str(network), rest if first else others)
    try:
        return network, Allowance(str(network), others, parse_time(first))
    except (ValueError, OverflowError):  # an expiry that cannot be read must not become an entry without one
        raise InputError(f"{place}: {first[:60]!r} is no ISO date or time for the entry to expire") from None
