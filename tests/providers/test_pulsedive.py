"""Pulsedive: a risk in words; a low one is no praise, and its headers tell what may still be asked."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.providers.pulsedive import Pulsedive

PULSEDIVE = Pulsedive()


def parsed(value=None, *path):
    body = load("pulsedive", "hostile")
    return PULSEDIVE.parse(ADDRESS, changed(body, value, *path) if path else body, NOW)


@pytest.mark.parametrize(
    "risk, verdict, score, labels",
    [
        ("critical", Verdict.MALICIOUS, 100, ("critical",)),
        ("high", Verdict.MALICIOUS, 75, ("high",)),
        ("medium", Verdict.SUSPICIOUS, 50, ("medium",)),
        ("low", Verdict.UNKNOWN, 25, ()),
        ("none", Verdict.UNKNOWN, 0, ()),
        ("retired", Verdict.UNKNOWN, None, ()),
        ("unknown", Verdict.UNKNOWN, None, ()),
    ],
)
def test_the_risk_is_the_verdict(risk, verdict, score, labels):
    evidence = parsed(risk, "risk")
    assert (evidence.verdict, evidence.score, evidence.labels, evidence.native) == (verdict, score, labels, risk)


@pytest.mark.parametrize("risk", [None, "severe", "", 5, ["high"], {"risk": "high"}])
def test_a_risk_that_is_none_is_an_error(risk):
    assert parsed(risk, "risk").status is Status.ERROR


def test_it_ages_from_when_it_was_last_seen():
    evidence = parsed()
    assert evidence.dated == evidence.last_seen == datetime(2025, 12, 10, 0, 13, 33, tzinfo=timezone.utc)
    assert evidence.first_seen == datetime(2024, 9, 27, 18, 12, 13, tzinfo=timezone.utc)


def test_a_property_may_have_one_value_or_several():
    assert (parsed().organisation, parsed("Other B.V.", "properties", "geo", "org").organisation) == (
        "Example Hosting B.V.", "Other B.V.",
    )  # fmt: skip
    assert parsed().related == ("node7.example.net",)
    assert parsed({"PTR": ["a.example", "b.example"]}, "properties", "dns").related == ("a.example", "b.example")


def test_an_unknown_indicator_is_not_found():
    found = PULSEDIVE.answers([ADDRESS], answer({"error": "Indicator not found."}, 404), NOW)
    assert found[ADDRESS].status is Status.NOT_FOUND


def test_the_headers_tell_the_quota():
    headers = {"X-Requests-Remaining-Second": "0", "X-Requests-Remaining-Day": "7", "X-Requests-Remaining-Month": "249"}
    assert PULSEDIVE.rate(Response(200, headers)) == {
        "remaining_second": 0, "remaining_day": 7, "remaining_month": 249,
    }  # fmt: skip


def test_what_is_known_is_asked_for_and_no_scan_started():
    request = PULSEDIVE.question([ADDRESS], SETTINGS)
    assert (request.method, request.url) == ("GET", "https://pulsedive.com/api/info.php")
    assert request.params == {"indicator": ADDRESS, "key": SETTINGS.key}


def test_the_link_names_the_address_in_base64():
    assert PULSEDIVE.link(ADDRESS) == "https://pulsedive.com/indicator/?ioc=MTk4LjUxLjEwMC43"
