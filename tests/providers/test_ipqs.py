"""IPQualityScore: a fraud score is no hostility; only the highest with recent abuse carries weight."""

from __future__ import annotations

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, load

from ipthreat.dossier import Status, Verdict
from ipthreat.providers.ipqs import IpQualityScore

IPQS = IpQualityScore()


def parsed(name="hostile", **values):
    return IPQS.parse(ADDRESS, {**load("ipqs", name), **values}, NOW)


@pytest.mark.parametrize(
    "score, abuse, verdict, labels",
    [
        (100, True, Verdict.SUSPICIOUS, ("recent_abuse",)),
        (90, True, Verdict.SUSPICIOUS, ("recent_abuse",)),
        (89, True, Verdict.SUSPICIOUS, ()),
        (100, False, Verdict.SUSPICIOUS, ()),
        (85, False, Verdict.SUSPICIOUS, ()),
        (84, True, Verdict.UNKNOWN, ()),
        (100, "true", Verdict.SUSPICIOUS, ()),
    ],
)
def test_the_score_is_a_suspicion_at_most(score, abuse, verdict, labels):
    evidence = parsed(fraud_score=score, recent_abuse=abuse)
    assert (evidence.verdict, evidence.labels, evidence.score) == (verdict, labels, score)


@pytest.mark.parametrize("score", [None, "100", 101, -1, 99.5, True])
def test_a_score_that_is_none_is_an_error(score):
    assert parsed(fraud_score=score).status is Status.ERROR


@pytest.mark.parametrize(
    "message, status",
    [
        ("You have exceeded your request quota of 35 per day.", Status.RATE_LIMITED),
        ("You have insufficient credits to make this query.", Status.RATE_LIMITED),
        ("Invalid or unauthorized key. Please check the API key.", Status.AUTH_ERROR),
        ("Invalid IPv4 address.", Status.ERROR),
        ("", Status.ERROR),
        (None, Status.ERROR),
    ],
)
def test_no_success_is_told_by_the_message_alone(message, status):
    body = {"success": False, "message": message}
    evidence = IPQS.answers([ADDRESS], answer(body), NOW)[ADDRESS]
    assert (evidence.status, evidence.score) == (status, None)


@pytest.mark.parametrize("success", [None, "true", 1, [True]])
def test_anything_but_true_is_no_success(success):
    assert parsed(success=success).status is Status.ERROR


def test_what_only_paid_plans_tell_is_empty():
    evidence = parsed("clean")
    assert (evidence.organisation, evidence.as_owner, evidence.related) == ("", "Example Transit", ())


def test_owner_and_flags_are_kept():
    evidence = parsed()
    assert (evidence.asn, evidence.country, evidence.flags) == (64500, "NL", ("vpn", "proxy", "bot"))
    assert "crawler" in parsed("clean").flags


def test_the_address_is_a_parameter_and_the_key_a_header():
    request = IPQS.question(["2001:db8::7"], SETTINGS)
    assert request.url == "https://ipqualityscore.com/api/json/ip"
    assert request.params["ip"] == "2001:db8::7"
    assert request.headers == {"IPQS-KEY": SETTINGS.key}


def test_a_recorded_refusal_is_read_as_it_came():
    assert IPQS.parse(ADDRESS, load("ipqs", "refused"), NOW).status is Status.RATE_LIMITED
