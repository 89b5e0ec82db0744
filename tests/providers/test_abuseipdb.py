"""AbuseIPDB: a score by reports. Nobody's report is no praise, and only the vendor's own white list is."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.providers.abuseipdb import AbuseIPDB

ABUSEIPDB = AbuseIPDB()


def parsed(name="hostile", value=None, *path):
    body = load("abuseipdb", name)
    return ABUSEIPDB.parse(ADDRESS, changed(body, value, "data", *path) if path else body, NOW)


def test_score_reports_and_reporters_are_kept():
    evidence = parsed()
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.OK, Verdict.MALICIOUS, 100)
    assert evidence.counts == {"reports": 120, "distinct_reporters": 41}
    assert (evidence.native, evidence.scale) == ("100", "abuse confidence")
    assert evidence.flags == ("tor", "hosting")
    assert (evidence.organisation, evidence.country) == ("Example Hosting B.V.", "NL")
    assert evidence.related == ("node7.example.net",)


def test_it_ages_from_the_last_report():
    assert parsed().dated == parsed().last_seen == datetime(2026, 1, 1, 10, 11, 12, tzinfo=timezone.utc)
    assert parsed("clean").dated == NOW


@pytest.mark.parametrize(
    "score, verdict",
    [(0, Verdict.UNKNOWN), (1, Verdict.SUSPICIOUS), (74, Verdict.SUSPICIOUS), (75, Verdict.MALICIOUS)],
)
def test_the_vendors_threshold_for_blocking_is_malicious(score, verdict):
    assert parsed("clean", score, "abuseConfidenceScore").verdict is verdict


def test_no_report_is_an_answer_and_no_praise():
    evidence = parsed("clean")
    assert (evidence.status, evidence.verdict, evidence.score, evidence.labels) == (Status.OK, Verdict.UNKNOWN, 0, ())


def test_a_whitelisted_address_is_benign_although_it_is_reported():
    evidence = parsed("whitelisted")
    assert (evidence.verdict, evidence.labels, evidence.score) == (Verdict.BENIGN, ("whitelisted",), 12)
    assert evidence.flags == ("crawler", "whitelisted")
    assert (evidence.dated, evidence.last_seen) == (NOW, datetime(2026, 1, 1, 10, 11, 12, tzinfo=timezone.utc))


@pytest.mark.parametrize("score", [None, "100", 101, -1, 100.0, True, [100]])
def test_a_score_that_is_none_is_a_failed_look_up_and_not_zero(score):
    evidence = parsed("hostile", score, "abuseConfidenceScore")
    assert (evidence.status, evidence.score) == (Status.ERROR, None)


def test_an_answer_about_another_address_is_refused():
    assert parsed("hostile", "198.51.100.8", "ipAddress").status is Status.ERROR


def test_an_address_that_the_service_holds_to_be_private_has_no_verdict():
    evidence = parsed("hostile", False, "isPublic")
    assert (evidence.status, evidence.verdict) == (Status.NOT_GLOBAL, Verdict.UNKNOWN)


def test_the_question_asks_without_the_comments_of_reporters():
    request = ABUSEIPDB.question([ADDRESS], SETTINGS)
    assert request.url == "https://api.abuseipdb.com/api/v2/check"
    assert request.params == {"ipAddress": ADDRESS, "maxAgeInDays": "90"}
    assert request.headers["Key"] == SETTINGS.key


def test_the_headers_tell_the_quota():
    headers = {"x-ratelimit-limit": "1000", "X-RateLimit-Remaining": "998", "X-RateLimit-Reset": "1767400000"}
    assert ABUSEIPDB.rate(Response(200, headers)) == {"limit_day": 1000, "remaining_day": 998, "reset": 1767400000}


def test_the_neighbours_in_a_block_have_scores_and_no_reporters():
    request = ABUSEIPDB.block_question("198.51.100.0/24", SETTINGS)
    ended, found = ABUSEIPDB.block(answer(load("abuseipdb", "block")), NOW)
    assert request.url.endswith("/check-block")
    assert request.params["network"] == "198.51.100.0/24"
    assert ended.status is Status.OK
    assert {address: item.score for address, item in found.items()} == {"198.51.100.7": 84, "198.51.100.9": 0}
    assert found[ADDRESS].counts == {"reports": 3}
    assert found[ADDRESS].last_seen == datetime(2025, 12, 28, 20, 8, 34, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "response, status",
    [
        (answer({"data": {"reportedAddress": []}}), Status.NOT_FOUND),
        (answer({"data": {}}), Status.ERROR),
        (answer([]), Status.ERROR),
        (Response(402, {}, b"{}"), Status.FORBIDDEN),
        (Response(429, {}, b"{}"), Status.RATE_LIMITED),
        (Response(200, {}, b"<html>"), Status.ERROR),
    ],
)
def test_a_block_without_an_answer_says_why(response, status):
    ended, found = ABUSEIPDB.block(response, NOW)
    assert (ended.status, found) == (status, {})


def test_nonsense_among_the_neighbours_is_left_out():
    body = load("abuseipdb", "block")
    rows = body["data"]["reportedAddress"]
    rows += [None, "x", {"ipAddress": "x", "abuseConfidenceScore": 9}, {**rows[0], "abuseConfidenceScore": "9"}]
    assert len(ABUSEIPDB.block(answer(body), NOW)[1]) == 2
