"""Criminal IP: its inbound word is the score; its errors hide behind HTTP 200."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.providers.criminalip import CriminalIp

CRIMINALIP = CriminalIp()


def parsed(value=None, *path):
    body = load("criminalip", "hostile")
    return CRIMINALIP.parse(ADDRESS, changed(body, value, *path) if path else body, NOW)


@pytest.mark.parametrize(
    "word, verdict, score",
    [
        ("Critical", Verdict.MALICIOUS, 99),
        ("Dangerous", Verdict.SUSPICIOUS, 75),
        ("moderate", Verdict.SUSPICIOUS, 50),
        ("Low", Verdict.UNKNOWN, 25),
        ("Safe", Verdict.UNKNOWN, 0),
    ],
)
def test_the_inbound_word_is_the_verdict_and_safe_is_no_praise(word, verdict, score):
    evidence = parsed(word, "score", "inbound")
    assert (evidence.verdict, evidence.score, evidence.labels) == (verdict, score, (word.lower(),))
    assert (evidence.native, evidence.scale) == (word.capitalize(), "inbound score")


def test_outbound_is_not_looked_at():
    assert parsed("Critical", "score", "outbound") == parsed()


@pytest.mark.parametrize("word", [None, "", "99%", 99, ["Critical"]])
def test_a_word_that_is_none_is_an_error(word):
    assert parsed(word, "score", "inbound").status is Status.ERROR


@pytest.mark.parametrize(
    "code, status",
    [
        (403, Status.RATE_LIMITED),
        ("403", Status.RATE_LIMITED),
        (401, Status.AUTH_ERROR),
        (412, Status.ERROR),
        (420, Status.ERROR),
        (500, Status.ERROR),
        (None, Status.ERROR),
        ([200], Status.ERROR),
    ],
)
def test_the_status_in_the_body_goes_before_http(code, status):
    body = {"status": code, "message": "Free Membership users can view a total of 100 data queries."}
    assert CRIMINALIP.answers([ADDRESS], answer(body), NOW)[ADDRESS].status is status


def test_the_status_may_be_written_as_text():
    assert parsed("200", "status").status is Status.OK


def test_owner_flags_and_the_newest_confirmation_are_kept():
    evidence = parsed()
    assert (evidence.asn, evidence.as_owner, evidence.organisation) == (
        64500,
        "Example Transit",
        "Example Hosting B.V.",
    )
    assert (evidence.country, evidence.flags) == ("NL", ("vpn", "hosting"))
    assert evidence.dated == evidence.last_seen == datetime(2025, 12, 24, tzinfo=timezone.utc)


def test_the_light_question_is_asked():
    request = CRIMINALIP.question([ADDRESS], SETTINGS)
    assert request.url == "https://api.criminalip.io/v2/feature/ip/suspicious-info"
    assert (request.params, request.headers) == ({"ip": ADDRESS}, {"x-api-key": SETTINGS.key})
