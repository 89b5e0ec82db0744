"""VirusTotal's answers become evidence; nonsense becomes a status and never a verdict."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Detection, Status, Verdict
from ipthreat.providers import PROVIDERS

VIRUSTOTAL = PROVIDERS["virustotal"]
SHARED = Path(__file__).parents[3] / "shared" / "fixtures" / "virustotal"

# An answer in the shape of the API's IP object, with made-up values.
BODY = {
    "data": {
        "id": "198.51.100.7",
        "type": "ip_address",
        "attributes": {
            "as_owner": "Example\nTransit",
            "asn": 64500,
            "country": "nl",
            "regional_internet_registry": "RIPE NCC",
            "network": "198.51.100.0/24",
            "reputation": -6,
            "last_analysis_date": 1698278400,
            "last_analysis_stats": {"malicious": 3, "suspicious": 1, "undetected": 20, "harmless": 60, "timeout": 1},
            "last_analysis_results": {
                "Fortinet": {"category": "malicious", "result": "phishing"},
                "Comodo Valkyrie Verdict": {"category": "suspicious", "result": "suspicious"},
                "Avira": {"category": "harmless", "result": "clean"},
            },
            "tags": ["tor", "self-signed"],
        },
    }
}


def parsed(body=BODY, address="198.51.100.7"):
    return VIRUSTOTAL.parse(address, body, None)


def test_the_counts_and_the_named_engines_are_kept():
    evidence = parsed()
    assert evidence.status is Status.OK
    assert evidence.verdict is Verdict.MALICIOUS
    assert evidence.counts["malicious"] == 3
    assert evidence.counts["reputation"] == -6
    assert (evidence.native, evidence.scale, evidence.score) == ("3/85", "engines", 65)
    assert Detection("Fortinet", "malicious", "phishing") in evidence.detections


def test_a_renamed_engine_carries_its_present_name():
    assert [item.engine for item in parsed().detections] == ["Fortinet", "Xcitium Verdict Cloud"]


def test_the_owner_is_read_and_normalised():
    evidence = parsed()
    assert (evidence.asn, evidence.as_owner, evidence.country) == (64500, "Example Transit", "NL")
    assert (evidence.rir, evidence.network) == ("RIPE NCC", "198.51.100.0/24")


def test_the_scan_date_is_what_the_evidence_ages_from():
    assert parsed().dated == datetime(2023, 10, 26, tzinfo=timezone.utc)


def test_known_tags_become_flags():
    assert parsed().flags == ("tor",)


def test_an_answer_without_reputation_has_none_rather_than_zero():
    body = copy.deepcopy(BODY)
    del body["data"]["attributes"]["reputation"]
    assert "reputation" not in parsed(body).counts


@pytest.mark.parametrize(
    "code, status",
    [
        ("NotFoundError", Status.NOT_FOUND),
        ("QuotaExceededError", Status.RATE_LIMITED),
        ("WrongCredentialsError", Status.AUTH_ERROR),
        ("ForbiddenError", Status.FORBIDDEN),
        ("DeadlineExceededError", Status.TIMEOUT),
        ("TransientError", Status.ERROR),
        (None, Status.ERROR),
    ],
)
def test_an_error_body_is_a_status_and_no_verdict(code, status):
    evidence = parsed({"error": {"code": code, "message": "…"}})
    assert (evidence.status, evidence.verdict, evidence.score) == (status, Verdict.UNKNOWN, None)


@pytest.mark.parametrize(
    "body", [None, [], "captcha", {}, {"data": []}, {"data": {"type": "domain"}}, {"data": {"type": "ip_address"}}]
)
def test_what_is_no_ip_object_is_an_error(body):
    assert parsed(body).status is Status.ERROR


@pytest.mark.parametrize("stats", [None, {}, [], {"malicious": "60"}, {"malicious": None}, {"malicious": -1}])
def test_counts_that_are_missing_or_malformed_are_a_failed_lookup_and_not_zero(stats):
    body = copy.deepcopy(BODY)
    body["data"]["attributes"]["last_analysis_stats"] = stats
    evidence = parsed(body)
    assert (evidence.status, evidence.verdict, dict(evidence.counts)) == (Status.ERROR, Verdict.UNKNOWN, {})


def test_an_answer_about_another_address_is_refused():
    assert parsed(address="198.51.100.8").status is Status.ERROR


def test_the_link_leads_to_the_page_of_the_address_even_for_ipv6():
    assert VIRUSTOTAL.link("2001:db8::1") == "https://www.virustotal.com/gui/ip-address/2001%3Adb8%3A%3A1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
ATTRIBUTES = sorted(BODY["data"]["attributes"])


@given(st.dictionaries(st.sampled_from(ATTRIBUTES), JSON))
def test_any_attribute_may_hold_anything(replaced):
    body = copy.deepcopy(BODY)
    body["data"]["attributes"].update(replaced)
    evidence = parsed(body)
    assert evidence.status in (Status.OK, Status.ERROR)
    assert all(count >= 0 for name, count in evidence.counts.items() if name != "reputation")


@given(JSON)
def test_any_body_gives_evidence_and_no_exception(body):
    assert parsed(body).status in Status


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded answers beside the project are not here")
def test_recorded_answers_are_read_as_they_came():
    body = json.loads((SHARED / "ip_183.81.169.238.json").read_text(encoding="utf-8"))
    evidence = VIRUSTOTAL.parse("183.81.169.238", body, None)
    assert evidence.counts["malicious"] == 15
    assert (evidence.asn, evidence.rir, evidence.native) == (206264, "RIPE NCC", "15/92")
    assert "Criminal IP" in [item.engine for item in evidence.detections]


@pytest.mark.parametrize("category", ["malicious", "suspicious"])
def test_engines_that_are_named_but_not_counted_are_an_error_and_not_clean(category):
    named = {"Engine": {"category": category, "result": "malware"}, "Other": {"category": "harmless"}}
    body = copy.deepcopy(BODY)
    body["data"]["attributes"]["last_analysis_results"] = named
    body["data"]["attributes"]["last_analysis_stats"][category] = 0
    evidence = VIRUSTOTAL.parse("198.51.100.7", body, None)
    assert (evidence.status, evidence.reason) == (
        Status.ERROR,
        "the counts of engines contradict the engines that are named",
    )
