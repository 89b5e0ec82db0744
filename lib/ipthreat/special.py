"""Special-purpose address ranges: the same answer on every Python version.

`ipaddress.is_global` and its siblings changed their minds between patch releases of Python, so the project carries its
own table. Sources: the IANA IPv4 and IPv6 Special-Purpose Address registries with their rows up to RFC 9780 (2025), the
IANA multicast registry (RFC 5771) and the IANA IPv6 address space registry, which reserves what is outside 2000::/3.

"Globally reachable" is the registry's column of that name, with its "N/A" read as no. Whether an address is *looked
up* is a decision of this project, because a look-up sends the address to other people:

- AS112, AMT, and the PCP, TURN and SRP anycast addresses are ordinary global services: looked up.
- NAT64 (64:ff9b::/96), although globally reachable, and 6to4, Teredo and the IPv4-mapped and IPv4-compatible forms
  wrap an IPv4 address, which may be a private one, and no source knows the wrapped form: not looked up.
- ORCHIDv2 and drone identity tags are identifiers of hosts and aircraft, not locations: not looked up.
- The rest is not globally reachable: not looked up.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from typing import Dict, List, NamedTuple, Tuple, Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class SpecialRange(NamedTuple):
    """One special-purpose range. Ranges nest: the smallest one that holds an address speaks for it."""

    network: Network
    name: str
    """Short name as shown to an analyst: `private`, `loopback`, `documentation`."""
    rfc: str
    """The document that defines the range."""
    globally_reachable: bool
    """The IANA registry's column; False where it says "N/A"."""
    looked_up: bool
    """True when sources may be asked about its addresses (see the module's text)."""


def _range(network: str, name: str, rfc: str, reachable: bool = False, looked_up: bool = False) -> SpecialRange:
    return SpecialRange(ipaddress.ip_network(network), name, rfc, reachable, looked_up)


SPECIAL_RANGES: Tuple[SpecialRange, ...] = (
    _range("0.0.0.0/8", "this network", "RFC 791"),
    _range("0.0.0.0/32", "unspecified", "RFC 1122"),
    _range("10.0.0.0/8", "private", "RFC 1918"),
    _range("100.64.0.0/10", "carrier-grade NAT", "RFC 6598"),
    _range("127.0.0.0/8", "loopback", "RFC 1122"),
    _range("169.254.0.0/16", "link-local", "RFC 3927"),
    _range("172.16.0.0/12", "private", "RFC 1918"),
    _range("192.0.0.0/24", "IETF protocol", "RFC 6890"),
    _range("192.0.0.0/29", "IPv4 service continuity", "RFC 7335"),
    _range("192.0.0.8/32", "IPv4 dummy", "RFC 7600"),
    _range("192.0.0.9/32", "PCP anycast", "RFC 7723", reachable=True, looked_up=True),
    _range("192.0.0.10/32", "TURN anycast", "RFC 8155", reachable=True, looked_up=True),
    _range("192.0.0.170/31", "NAT64 discovery", "RFC 8880"),
    _range("192.0.2.0/24", "documentation", "RFC 5737"),
    _range("192.31.196.0/24", "AS112", "RFC 7535", reachable=True, looked_up=True),
    _range("192.52.193.0/24", "AMT", "RFC 7450", reachable=True, looked_up=True),
    _range("192.88.99.0/24", "6to4 relay", "RFC 7526"),
    _range("192.88.99.2/32", "6a44 relay", "RFC 6751"),
    _range("192.168.0.0/16", "private", "RFC 1918"),
    _range("192.175.48.0/24", "AS112", "RFC 7534", reachable=True, looked_up=True),
    _range("198.18.0.0/15", "benchmarking", "RFC 2544"),
    _range("198.51.100.0/24", "documentation", "RFC 5737"),
    _range("203.0.113.0/24", "documentation", "RFC 5737"),
    _range("224.0.0.0/4", "multicast", "RFC 5771"),
    _range("240.0.0.0/4", "reserved", "RFC 1112"),
    _range("255.255.255.255/32", "broadcast", "RFC 919"),
    # Everything outside 2000::/3 that no narrower row below names is reserved by the IETF.
    _range("::/3", "reserved", "RFC 4291"),
    _range("4000::/2", "reserved", "RFC 4291"),
    _range("8000::/1", "reserved", "RFC 4291"),
    _range("::/96", "IPv4-compatible", "RFC 4291"),
    _range("::/128", "unspecified", "RFC 4291"),
    _range("::1/128", "loopback", "RFC 4291"),
    _range("::ffff:0:0/96", "IPv4-mapped", "RFC 4291"),
    _range("64:ff9b::/96", "NAT64", "RFC 6052", reachable=True),
    _range("64:ff9b:1::/48", "local NAT64", "RFC 8215"),
    _range("100::/64", "discard-only", "RFC 6666"),
    _range("100:0:0:1::/64", "IPv6 dummy", "RFC 9780"),
    _range("2001::/23", "IETF protocol", "RFC 2928"),
    _range("2001::/32", "Teredo", "RFC 4380"),
    _range("2001:1::1/128", "PCP anycast", "RFC 7723", reachable=True, looked_up=True),
    _range("2001:1::2/128", "TURN anycast", "RFC 8155", reachable=True, looked_up=True),
    _range("2001:1::3/128", "SRP anycast", "RFC 9665", reachable=True, looked_up=True),
    _range("2001:2::/48", "benchmarking", "RFC 5180"),
    _range("2001:3::/32", "AMT", "RFC 7450", reachable=True, looked_up=True),
    _range("2001:4:112::/48", "AS112", "RFC 7535", reachable=True, looked_up=True),
    _range("2001:10::/28", "ORCHID", "RFC 4843"),
    _range("2001:20::/28", "ORCHIDv2", "RFC 7343", reachable=True),
    _range("2001:30::/28", "drone identity", "RFC 9374", reachable=True),
    _range("2001:db8::/32", "documentation", "RFC 3849"),
    _range("2002::/16", "6to4", "RFC 3056"),
    _range("2620:4f:8000::/48", "AS112", "RFC 7534", reachable=True, looked_up=True),
    _range("3fff::/20", "documentation", "RFC 9637"),
    _range("5f00::/16", "SRv6 segment", "RFC 9602"),
    _range("fc00::/7", "unique local", "RFC 4193"),
    _range("fe80::/10", "link-local", "RFC 4291"),
    _range("fec0::/10", "site-local", "RFC 3879"),
    _range("ff00::/8", "multicast", "RFC 4291"),
)
"""Every special-purpose range, IPv4 first, each before the narrower ranges inside it where they touch."""


def special_name(address: Address) -> str:
    """Name of the special-purpose range that holds the address; '' when sources may be asked about it.

    >>> special_name(ipaddress.ip_address("10.1.2.3")), special_name(ipaddress.ip_address("8.8.8.8"))
    ('private', '')
    """
    starts, names = _NAMES[address.version]
    return names[bisect_right(starts, int(address)) - 1]


def special_intervals(version: int) -> Tuple[Tuple[int, int, str], ...]:
    """All that `special_name` answers for IP version 4 or 6: (first, last, name) of every named stretch, ascending."""
    starts, names = _NAMES[version]
    ends = [*(start - 1 for start in starts[1:]), 2 ** (32 if version == 4 else 128) - 1]
    return tuple(stretch for stretch in zip(starts, ends, names) if stretch[2])


def _flat(version: int) -> Tuple[List[int], List[str]]:
    """Boundaries of the nested table and the name that holds from each boundary on."""
    ranges = [item for item in SPECIAL_RANGES if item.network.version == version]
    ranges.sort(key=lambda item: item.network.prefixlen)
    edges = {0}
    for item in ranges:
        edges |= {int(item.network[0]), int(item.network[-1]) + 1}
    starts = sorted(edges - {2 ** (32 if version == 4 else 128)})
    names = [""] * len(starts)
    for item in ranges:  # widest first, so that a narrower range paints over the one around it
        first, last = int(item.network[0]), int(item.network[-1])
        for place in range(bisect_right(starts, first) - 1, bisect_right(starts, last)):
            names[place] = "" if item.looked_up else item.name
    return starts, names


_NAMES: Dict[int, Tuple[List[int], List[str]]] = {4: _flat(4), 6: _flat(6)}
