"""A small snapshot with everything in it, and a slow, obvious reading of the same contents to compare with."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from ipthreat.snapshot import AgentPattern, Answer, ListInfo, Listing, Part, Snapshot
from ipthreat.snapshot.assemble import ByVersion, CompiledList, Contents, assemble
from ipthreat.snapshot.intervals import Interval
from ipthreat.snapshot.ranges import FIRST_ID
from ipthreat.snapshot.records import Words
from ipthreat.snapshot.systems import System
from ipthreat.special import Address

BUILT = "2026-10-26"
Network = Tuple[str, int]
"""A network or a range `first-last` in text, and the value that it holds."""


def intervals(*networks: Network) -> ByVersion:
    """Disjoint intervals out of networks and ranges."""
    found: ByVersion = {4: [], 6: []}
    for text, value in networks:
        first, _, last = text.partition("-")
        low = ipaddress.ip_network(first)
        high = ipaddress.ip_network(last or first)
        found[low.version].append((int(low[0]), int(high[-1]), value))
    return {version: sorted(items) for version, items in found.items()}


def a_list(name: str, kind: str, *networks: Network, operator: str = "") -> CompiledList:
    """A list whose entries have these levels."""
    info = ListInfo(name, kind, operator, "a test", BUILT, "CC0-1.0", len(networks), "", 0)
    return CompiledList(info, intervals(*((text, level + 1) for text, level in networks)))


SYSTEMS = (
    System(64500, "Amber Networks", "AMBER Amber Networks"),
    System(64501, "BIRCH - Birch Hosting", "BIRCH"),
    System(4200000000, "Cèdre Télécom", ""),
)

CONTENTS = Contents(
    lists=(
        a_list("edges", "cdn", ("20.0.64.0/18", 0), ("2600:1:2::/48", 0), operator="Amber"),
        a_list("bad", "block", ("20.0.64.7/32", 9), ("20.1.0.0/16", 255), ("2600:1:2:3::5/128", 3), ("30.0.0.0/8", 0)),
        a_list("empty", "scanner"),
    ),
    systems=SYSTEMS,
    owners=intervals(
        ("20.0.0.0-20.1.255.255", FIRST_ID),
        ("20.2.0.0-20.2.1.255", FIRST_ID + 1),
        ("20.2.2.0-20.2.200.255", FIRST_ID + 2),
        ("30.0.0.0/8", FIRST_ID),
        ("2600:1::/32", FIRST_ID + 1),
        ("2600:2::-2600:2:0:ffff:ffff:ffff:ffff:ffff", FIRST_ID),
        ("2600:3:0:1:8000::/65", FIRST_ID + 2),
    ),
    words=Words(("", "DE", "US"), ("", "ARIN", "RIPE NCC"), ("", "private", "unique local")),
    countries=intervals(("20.0.0.0/15", 2), ("20.2.2.0/23", 1), ("2600:1::/32", 1), ("2600:2:0:1::77/128", 2)),
    rirs=intervals(("20.0.0.0/8", 1), ("30.0.0.0/8", 2), ("2600::/12", 1)),
    specials=intervals(("10.0.0.0/8", 1), ("fc00::/7", 2)),
    parts=(Part("systems", "a test", BUILT, "CC0-1.0", "ab" * 32, 7, "ownership"),),
    agents=(AgentPattern("Nikto", "Nikto", "", ("scanner",), ""), AgentPattern("bot", "Bot", "Amber", (), "edges")),
)


def write_contents(path: Path, contents: Contents = CONTENTS) -> Path:
    """Assemble contents into a file."""
    path.write_bytes(assemble(contents, BUILT))
    return path


def open_contents(path: Path, contents: Contents = CONTENTS) -> Snapshot:
    """A snapshot of these contents."""
    return Snapshot.open(write_contents(path, contents))


def expected(contents: Contents, text: str) -> Answer:
    """What the contents say about an address, by looking through all of them."""
    address = ipaddress.ip_address(text)
    version, number = address.version, int(address)
    owner = _holding(contents.owners[version], number)
    system = contents.systems[owner[2] - FIRST_ID] if owner else System(0, "", "")
    listings = []
    for item in contents.lists:
        held = _holding(item.intervals[version], number)
        if held:
            listings.append(Listing(item.info.name, item.info.kind, held[2] - 1, item.info.operator))
    words = contents.words
    facts = [
        vocabulary[held[2]] if held else ""
        for vocabulary, layer in zip(words, (contents.countries, contents.rirs, contents.specials))
        for held in [_holding(layer[version], number)]
    ]
    network = largest_network(address, owner[0], owner[1]) if owner else ""
    return Answer(*system, network, *facts, tuple(listings))


def largest_network(address: Address, first: int, last: int) -> str:
    """The largest prefix that holds the address within first … last, by trying them all from the widest on."""
    number, width = int(address), address.max_prefixlen
    for bits in range(width, -1, -1):
        base = number >> bits << bits
        if first <= base and base + (1 << bits) - 1 <= last:
            return f"{type(address)(base)}/{width - bits}"
    raise AssertionError("an address is a network of its own")


def edges(contents: Contents) -> List[str]:
    """Every address at which something begins or ends, with its neighbours."""
    layers = [contents.owners, contents.countries, contents.rirs, contents.specials]
    layers += [item.intervals for item in contents.lists]
    found = []
    for version, width, kind in ((4, 32, ipaddress.IPv4Address), (6, 128, ipaddress.IPv6Address)):
        numbers = {0, (1 << width) - 1}
        for first, last, _ in (interval for layer in layers for interval in layer[version]):
            numbers |= {first - 1, first, first + 1, last - 1, last, last + 1}
        found += [str(kind(number)) for number in sorted(numbers) if 0 <= number < 1 << width]
    return found


def _holding(layer: Sequence[Interval], number: int) -> Optional[Interval]:
    return next((item for item in layer if item[0] <= number <= item[1]), None)
