"""OpenCTI: valid indicators speak, revoked and expired ones do not; its errors hide behind HTTP 200."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from answers import ADDRESS, INSTANCE, NOW, SELF_HOSTED, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.providers.opencti import OpenCti

OPENCTI = OpenCti()
NODE = ("data", "stixCyberObservables", "edges", 0, "node")
INDICATOR = (*NODE, "indicators", "edges", 0, "node")


def parsed(name="hostile", value=None, *path, address=ADDRESS):
    body = load("opencti", name)
    return OPENCTI.parse(address, changed(body, value, *path) if path else body, NOW)


@pytest.mark.parametrize(
    "score, verdict",
    [
        (100, Verdict.MALICIOUS),
        (75, Verdict.MALICIOUS),
        (74, Verdict.SUSPICIOUS),
        (40, Verdict.SUSPICIOUS),
        (39, Verdict.UNKNOWN),
    ],
)
def test_the_score_of_a_valid_indicator_is_the_verdict(score, verdict):
    evidence = parsed("hostile", score, *INDICATOR, "x_opencti_score")
    assert (evidence.verdict, evidence.score, evidence.native) == (verdict, score, str(score))


def test_expired_and_revoked_indicators_say_nothing():
    evidence = parsed("clean")
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.OK, Verdict.UNKNOWN, None)
    assert evidence.counts == {"observables": 1, "indicators": 2, "valid_indicators": 0}


@pytest.mark.parametrize("end", ["2026-01-02T03:04:04Z", "soon", 5, []])
def test_an_indicator_that_has_ended_or_whose_end_cannot_be_read_is_not_relied_on(end):
    assert parsed("hostile", end, *INDICATOR, "valid_until").score is None


def test_an_indicator_without_end_is_valid():
    assert parsed("hostile", None, *INDICATOR, "valid_until").score == 80


def test_what_is_valid_now_does_not_age_and_an_observable_does():
    assert parsed().dated == NOW
    bare = parsed("hostile", {"edges": []}, *NODE, "indicators")
    assert (bare.score, bare.dated) == (50, datetime(2025, 12, 1, tzinfo=timezone.utc))


@pytest.mark.parametrize("indicators", [None, [], {}, {"edges": None}])
def test_an_answer_that_does_not_tell_the_indicators_is_an_error(indicators):
    assert parsed("hostile", indicators, *NODE, "indicators").status is Status.ERROR


@pytest.mark.parametrize("score", [None, "high", 101, -1, [80]])
def test_a_score_that_is_none_is_none(score):
    assert parsed("hostile", score, *INDICATOR, "x_opencti_score").score is None


def test_one_answer_serves_all_addresses():
    asked = [ADDRESS, "198.51.100.8", "198.51.100.9"]
    found = OPENCTI.answers(asked, answer(load("opencti", "hostile")), NOW)
    assert [item.status for item in found.values()] == [Status.OK, Status.OK, Status.NOT_FOUND]


def test_what_is_missing_where_there_are_more_pages_is_an_error():
    body = changed(load("opencti", "hostile"), True, "data", "stixCyberObservables", "pageInfo", "hasNextPage")
    found = OPENCTI.answers([ADDRESS, "198.51.100.9"], answer(body), NOW)
    assert [item.status for item in found.values()] == [Status.OK, Status.ERROR]


@pytest.mark.parametrize(
    "code, status",
    [
        ("AUTH_REQUIRED", Status.AUTH_ERROR),
        ("FORBIDDEN_ACCESS", Status.FORBIDDEN),
        ("GRAPHQL_VALIDATION_FAILED", Status.ERROR),
        (None, Status.ERROR),
    ],
)
def test_an_error_with_http_200_is_a_status(code, status):
    body = {"errors": [{"message": "…", "extensions": {"code": code}}], "data": None}
    assert OPENCTI.answers([ADDRESS], answer(body), NOW)[ADDRESS].status is status


def test_older_versions_have_the_code_as_a_name():
    body = {"errors": [{"message": "…", "name": "AUTH_REQUIRED"}]}
    assert OPENCTI.parse(ADDRESS, body, NOW).status is Status.AUTH_ERROR


def test_the_question_is_one_query_with_all_addresses_as_variables():
    request = OPENCTI.question([ADDRESS, "2001:db8::7"], SELF_HOSTED)
    body = json.loads(request.body)
    assert (request.method, request.url) == ("POST", f"{INSTANCE}/graphql")
    assert body["variables"]["values"] == [ADDRESS, "2001:db8::7"]
    assert ADDRESS not in body["query"]
    assert request.headers["Authorization"] == f"Bearer {SELF_HOSTED.key}"


def test_the_page_is_the_users_own_platform():
    assert OPENCTI.page(ADDRESS, SELF_HOSTED) == f"{INSTANCE}/dashboard/search/knowledge/{ADDRESS}"
