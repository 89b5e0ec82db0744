"""The Threat Report: the reference byte for byte in the strict layout, and honest about gaps in the full one."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import owner
from dossiers import NOW, behaviour, dossier, provider, sighting, silent, virustotal
from markdown_it import MarkdownIt

from ipthreat import demo
from ipthreat.assessment import assess
from ipthreat.case import Case, pressing
from ipthreat.dossier import Dossier, Evidence, SourceKind, Status
from ipthreat.policy import POLICIES
from ipthreat.providers.talos import Talos
from ipthreat.recorded import read_evidence
from ipthreat.report.citations import owner_line
from ipthreat.report.threat import render

REFERENCE = Path(__file__).parents[1] / "data" / "threat_report.txt"
SHARED = Path(__file__).parents[3] / "shared" / "seed" / "threat_report.txt"


def case(*dossiers: Dossier) -> Case:
    assessments = sorted((assess(item, POLICIES["standard"], NOW) for item in dossiers), key=pressing)
    return Case("Test", tuple(assessments), NOW, POLICIES["standard"])


def golden() -> Case:
    """The reference case: the recorded counts, one address with scanners' user agents in our own events."""
    answers = read_evidence(demo.EVIDENCE)
    did = {demo.REFERENCE[0]: [behaviour("suspicious_user_agent", names=("nikto", "dirbuster", "nmap"))]}
    return case(
        *[
            dossier(*answers[address], Talos.unavailable(), did=did.get(address, ()), address=address)
            for address in demo.REFERENCE
        ]
    )


def test_the_strict_layout_is_the_reference_byte_for_byte():
    assert render(golden(), strict=True).encode() == REFERENCE.read_bytes()


@pytest.mark.skipif(not SHARED.exists(), reason="the reference report beside the project is not here")
def test_the_copy_of_the_reference_is_the_reference():
    assert REFERENCE.read_bytes() == SHARED.read_bytes()


def test_the_full_layout_keeps_the_reference_lines_in_order_but_for_the_honest_status():
    wanted = [line for line in REFERENCE.read_text(encoding="utf-8").splitlines() if line]
    lines = iter(render(golden()).splitlines())
    for line in wanted:
        line = line.replace("Reputation: N/A", "Reputation: unavailable").replace("Owner: N/A", "Owner: unavailable")
        assert any(line == other for other in lines), line


def test_the_full_layout_adds_the_axes_the_events_and_the_evidence():
    text = render(case(dossier(virustotal(7, 4), did=[behaviour("port_scan")], sighting=sighting(14))))
    for label in ("Network", "Confidence", "Priority", "First Seen", "Last Seen", "Events", "Evidence", "Signals"):
        assert f"- {label}: " in text
    assert "- Events: 14" in text


@pytest.mark.parametrize(
    "source, word",
    [
        (None, "not asked"),
        (silent("virustotal", Status.RATE_LIMITED), "rate limited"),
        (silent("virustotal", Status.TIMEOUT), "timeout"),
        (Evidence("virustotal", SourceKind.PROVIDER, Status.NOT_FOUND), "N/A"),
    ],
)
def test_a_missing_value_is_na_only_where_the_source_was_asked(source, word):
    hostile = [provider("abuseipdb", score=100, distinct_reporters=9), provider("greynoise", "malicious")]
    given = case(dossier(*hostile, *([source] if source else [])))
    assert f"- VirusTotal Stats: {word}\n" in render(given)
    assert "- VirusTotal Stats: N/A\n" in render(given, strict=True)


def test_only_malicious_and_suspicious_addresses_are_counted():
    text = render(
        case(dossier(virustotal(9, 0)), dossier(virustotal(2, 0), address="192.0.2.1"), dossier(address="::2"))
    )
    assert "Found 2 suspicious IP addresses." in text
    assert "Others judged: 1 unknown." in text


def test_one_address_is_an_address():
    assert "Found 1 suspicious IP address.\n" in render(case(dossier(virustotal(9, 0))))


def test_zero_found_is_not_told_as_clean():
    gaps = dossier(silent("virustotal", Status.TIMEOUT), silent("otx", Status.TIMEOUT))
    text = render(case(gaps, Dossier("10.0.0.1", scope="private-use"), Dossier("rubbish", scope="invalid")))
    assert "Found 0 suspicious IP addresses.\nOthers judged: 1 insufficient data, 1 invalid, 1 not global.\n" in text
    assert "No address reached the verdict malicious or suspicious." in text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[click](http://evil.example)",
        "a\nb\n- Severity: *None*",
        "\x1b[31mred",
        "*bold* `x` | y",
    ],
)
def test_what_others_wrote_stays_text_on_its_own_line(hostile):
    text = render(case(dossier(virustotal(9, 0, as_owner=hostile))))
    page = MarkdownIt("commonmark").render(text)  # raw HTML would survive this
    assert "\x1b" not in text
    assert text.count("\n- Severity: ") == 1
    for mark in ("<script", "<a ", "<code", "<em>bold"):
        assert mark not in page


def test_a_system_whose_name_begins_with_its_number_is_not_given_it_twice() -> None:
    numbered = owner(20712, "AS20712 Andrews & Arnold Ltd", "81.2.64.0/18", "GB", "RIPE NCC")
    assert owner_line(numbered).startswith("AS20712 Andrews & Arnold Ltd, ")
    assert owner_line(owner(16509, "AMAZON-02", "18.236.0.0/15", "US", "ARIN")).startswith("AS16509 AMAZON-02, ")
    assert owner_line(owner(20712, "", "81.2.64.0/18", "GB", "")) == "AS20712, 81.2.64.0/18, GB"
