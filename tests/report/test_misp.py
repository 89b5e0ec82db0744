"""The MISP event: read by PyMISP, tagged with known taxonomies, and marked for detection with care."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from cases import build_case, crowded_case, first_reference_address, golden_case, quiet_case
from dossiers import behaviour, dossier, provider, sighting, virustotal, warning_list

from ipthreat.case import Case
from ipthreat.report import blocklist, misp

HOSTILE = (virustotal(9, 2), provider("abuseipdb", score=100, distinct_reporters=9), provider("greynoise", "malicious"))
CASES = {"golden": golden_case(), "thirty": crowded_case(30), "quiet": quiet_case(), "empty": build_case()}
GOLDEN = misp.event(CASES["golden"])["Event"]


def attributes(case: Case) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = misp.event(case)["Event"]["Attribute"]
    return found


def tags(thing: Dict[str, Any]) -> List[str]:
    return [tag["name"] for tag in thing["Tag"]]


@pytest.mark.parametrize("name", CASES)
def test_pymisp_reads_the_event_and_gives_it_back(name: str, need) -> None:
    pymisp = need("pymisp")
    event = misp.event(CASES[name])
    read = pymisp.MISPEvent()
    read.load(json.dumps(event))
    back = json.loads(read.to_json())
    for key in ("uuid", "info", "date", "threat_level_id", "analysis", "distribution", "published"):
        assert back[key] == event["Event"][key]
    wanted = [(found["uuid"], found["type"], found["value"], found["to_ids"]) for found in event["Event"]["Attribute"]]
    assert [
        (found["uuid"], found["type"], found["value"], found["to_ids"]) for found in back.get("Attribute", [])
    ] == wanted
    assert [[tag["name"] for tag in found["Tag"]] for found in back.get("Attribute", [])] == [
        tags(found) for found in event["Event"]["Attribute"]
    ]


@pytest.mark.parametrize("name", CASES)
def test_the_event_fits_the_published_schema(name: str, need) -> None:
    pymisp, jsonschema = need("pymisp"), need("jsonschema")
    schema = json.loads((Path(pymisp.__file__).parent / "data" / "schema-lax.json").read_text(encoding="utf-8"))
    assert list(jsonschema.Draft4Validator(schema).iter_errors(misp.event(CASES[name]))) == []


def test_types_and_categories_are_ones_that_misp_knows(need) -> None:
    pymisp = need("pymisp")
    known = pymisp.AbstractMISP().describe_types["category_type_mappings"]
    for found in GOLDEN["Attribute"]:
        assert found["type"] in known[found["category"]]


def test_the_golden_event_tells_level_date_and_state() -> None:
    assert GOLDEN["threat_level_id"] == "1"
    assert GOLDEN["date"] == "2023-10-26"
    assert GOLDEN["analysis"] == "0"
    assert GOLDEN["published"] is False
    assert tags(GOLDEN) == ["tlp:amber"]


def test_only_what_belongs_on_a_block_list_is_marked_for_detection() -> None:
    for case in CASES.values():
        listed = {entry.address for entry in blocklist.entries(case)}
        assert {found["value"] for found in attributes(case) if found["to_ids"]} == listed


def test_a_vouched_range_is_never_marked_for_detection() -> None:
    case = build_case(dossier(*HOSTILE, warning_list("cdn"), did=[behaviour("exploit_attempt")]))
    assert [found["to_ids"] for found in attributes(case)] == [False]


def test_what_came_to_us_is_a_source_and_what_we_talked_to_a_destination() -> None:
    inbound = build_case(dossier(*HOSTILE, sighting=sighting(5)))
    outbound = build_case(dossier(*HOSTILE, sighting=sighting(5, outbound=5)))
    both = build_case(dossier(*HOSTILE, sighting=sighting(5, outbound=2)))
    beacon = build_case(dossier(*HOSTILE, did=[behaviour("c2_beacon")]))
    unseen = build_case(dossier(*HOSTILE))
    kinds = [[found["type"] for found in attributes(case)] for case in (inbound, outbound, both, beacon, unseen)]
    assert kinds == [["ip-src"], ["ip-dst"], ["ip-src", "ip-dst"], ["ip-dst"], ["ip-src"]]


def test_times_are_those_of_our_own_events() -> None:
    first = GOLDEN["Attribute"][0]
    assert first["first_seen"] == "2023-10-26T07:00:00.000000+00:00"
    assert first["last_seen"] == "2023-10-26T11:00:00.000000+00:00"
    assert "first_seen" not in attributes(build_case(dossier(*HOSTILE)))[0]


def test_an_attribute_is_tagged_with_likelihood_quality_and_technique() -> None:
    assert tags(GOLDEN["Attribute"][0]) == [
        'estimative-language:likelihood-probability="almost-certain"',
        'estimative-language:confidence-in-analytic-judgment="moderate"',
        'misp-galaxy:mitre-attack-pattern="Active Scanning - T1595"',
    ]


def test_the_comment_tells_axes_and_reasons() -> None:
    comment = GOLDEN["Attribute"][0]["comment"]
    assert comment.startswith("confidence 10/10, severity Low, priority High; virustotal: 7 engines malicious")


@pytest.mark.parametrize(
    "label, distribution",
    [("TLP:RED", "0"), ("TLP:AMBER+STRICT", "0"), ("TLP:AMBER", "0"), ("TLP:GREEN", "1"), ("TLP:CLEAR", "3")],
)
def test_the_label_bounds_the_distribution(label: str, distribution: str) -> None:
    event = misp.event(build_case(first_reference_address(), tlp=label))["Event"]
    assert event["distribution"] == distribution
    assert tags(event) == [label.lower()]


def test_the_same_case_gives_the_same_event() -> None:
    assert json.dumps(misp.event(golden_case())["Event"]) == json.dumps(GOLDEN)
    assert len({found["uuid"] for found in attributes(CASES["thirty"])}) == len(attributes(CASES["thirty"]))


def test_a_case_without_findings_is_an_event_without_attributes() -> None:
    event = misp.event(CASES["quiet"])["Event"]
    assert event["Attribute"] == []
    assert event["threat_level_id"] == "4"
