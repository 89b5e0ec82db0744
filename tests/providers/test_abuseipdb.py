"""AbuseIPDB: a score by reports. Nobody's report is no praise, and only the vendor's own white list is."""

from __future__ import annotations

import random
from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.providers import base
from ipthreat.providers.abuseipdb import AbuseIPDB
from ipthreat.testkit.providers import CANARY, mutants_at, paths

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


# --- a whole network ------------------------------------------------------------------------------------------------

QUIET = "198.51.100.200"
"""An address of the network that nobody reported."""


def test_a_network_is_asked_about_when_enough_of_its_addresses_are():
    near = [f"198.51.100.{number}" for number in range(4)]
    found = ABUSEIPDB.surveys(["203.0.113.1", *near, "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"])
    assert found == {"198.51.100.0/24": near}
    assert ABUSEIPDB.surveys(near[:3]) == {}


def test_the_question_about_a_network_is_one_of_the_same_window():
    request = ABUSEIPDB.survey_question("198.51.100.0/24", SETTINGS)
    assert request.url.endswith("/check-block")
    assert request.params == {"network": "198.51.100.0/24", "maxAgeInDays": "90"}
    assert CANARY in request.headers["Key"]


def test_only_addresses_that_nobody_reported_are_settled_by_the_answer_about_their_network():
    found = ABUSEIPDB.survey_answer([ADDRESS, QUIET, "198.51.100.9"], answer(load("abuseipdb", "block")), NOW)
    assert found is not None
    assert {address: item.status for address, item in found.items()} == {QUIET: Status.NOT_FOUND}
    assert "whether it is whitelisted, the answer about its network does not say" in found[QUIET].reason
    assert (found[QUIET].verdict, found[QUIET].score) == (Verdict.UNKNOWN, None)


def test_the_neighbours_in_a_block_have_scores_and_no_reporters():
    found = ABUSEIPDB.answers([ADDRESS, "198.51.100.9"], answer(load("abuseipdb", "block")), NOW)
    assert {item.status for item in found.values()} == {Status.OK}
    assert {address: item.score for address, item in found.items()} == {"198.51.100.7": 84, "198.51.100.9": 0}
    assert found[ADDRESS].counts == {"reports": 3}
    assert found[ADDRESS].last_seen == datetime(2025, 12, 28, 20, 8, 34, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "response",
    [
        answer({"data": {}}),
        answer([]),
        answer({"data": {"reportedAddress": {}}}),
        Response(401, {}, b"{}"),
        Response(402, {}, b"{}"),
        Response(404, {}, b"{}"),
        Response(429, {}, b"{}"),
        Response(500, {}, b"{}"),
        Response(200, {}, b"<html>"),
        Response(200, {}, b'{"data": {"reportedAdd'),
    ],
)
def test_a_block_without_an_answer_settles_nothing(response):
    assert ABUSEIPDB.survey_answer([ADDRESS, QUIET], response, NOW) is None
    told = ABUSEIPDB.answers([ADDRESS, QUIET], response, NOW)
    assert not [item for item in told.values() if item.status in (Status.OK, Status.NOT_FOUND)]


@pytest.mark.parametrize("row", [None, "x", {"ipAddress": "x", "abuseConfidenceScore": 9}, {}, []])
def test_a_row_that_names_no_address_could_be_any_so_that_nobody_is_taken_for_unreported(row):
    body = load("abuseipdb", "block")
    body["data"]["reportedAddress"].append(row)
    assert ABUSEIPDB.survey_answer([QUIET], answer(body), NOW) is None


def test_a_reported_address_whose_score_cannot_be_read_is_not_taken_for_unreported():
    body = load("abuseipdb", "block")
    body["data"]["reportedAddress"].append({"ipAddress": QUIET, "abuseConfidenceScore": "9"})
    assert ABUSEIPDB.survey_answer([QUIET], answer(body), NOW) == {}


@pytest.mark.parametrize(
    "network, netmask", [("203.0.113.0", "255.255.255.0"), (None, None), ("198.51.100.0", "x"), ("::", "1")]
)
def test_an_answer_about_another_network_settles_nothing(network, netmask):
    body = load("abuseipdb", "block")
    body["data"].update(networkAddress=network, netmask=netmask)
    assert ABUSEIPDB.survey_answer([QUIET], answer(body), NOW) == {}


@given(seed=st.integers(0, 2**32))
def test_a_damaged_answer_about_a_network_never_hides_a_report(seed):
    chance, body = random.Random(seed), load("abuseipdb", "block")
    place = chance.choice([place for place in paths(body) if "ipAddress" not in place])
    damaged = chance.choice(list(mutants_at(body, place)))
    if len(base.listed(base.mapping(base.mapping(damaged).get("data")).get("reportedAddress"))) == 2:
        assert ADDRESS not in (ABUSEIPDB.survey_answer([ADDRESS], answer(damaged), NOW) or {})
