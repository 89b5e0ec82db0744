"""AlienVault OTX: authors count, not pulses; validated addresses are harmless; nothing makes it malicious."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.providers.otx import Otx

OTX = Otx()


def parsed(name="hostile", value=None, *path):
    body = load("otx", name)
    return OTX.parse(ADDRESS, changed(body, value, *path) if path else body, NOW)


def test_many_pulses_of_one_author_are_one_opinion():
    assert parsed().counts == {"pulses": 3, "authors": 2}
    assert parsed("clean").counts == {"pulses": 2, "authors": 1}
    assert (parsed().verdict, parsed("clean").verdict) == (Verdict.SUSPICIOUS, Verdict.UNKNOWN)


def test_the_score_rises_with_the_pulses_up_to_a_limit():
    assert (parsed().score, parsed().native, parsed().scale) == (30, "3", "pulses")
    assert parsed("hostile", 500, "pulse_info", "count").score == 60


@pytest.mark.parametrize(
    "field, value",
    [("adversary", "APT-Example"), ("malware_families", ["Mirai"]), ("malware_families", [{"display_name": "Mirai"}])],
)
def test_one_author_who_names_an_adversary_or_malware_is_enough_for_suspicion(field, value):
    assert parsed("clean", value, "pulse_info", "pulses", 0, field).verdict is Verdict.SUSPICIOUS


def test_it_ages_from_the_newest_pulse():
    evidence = parsed()
    assert evidence.first_seen == datetime(2025, 12, 11, 0, 0, 26, tzinfo=timezone.utc)
    assert evidence.last_seen == evidence.dated == datetime(2025, 12, 13, 0, 0, 26, tzinfo=timezone.utc)


def test_the_system_and_its_name_are_read_from_one_text():
    assert (parsed().asn, parsed().as_owner, parsed().country) == (64500, "Example Transit", "NL")


@pytest.mark.parametrize("field", ["validation", "false_positive"])
def test_a_validated_address_is_benign_with_score_zero(field):
    evidence = parsed("hostile", [{"source": "whitelist", "message": "Whitelisted IP"}], field)
    assert (evidence.verdict, evidence.labels, evidence.score) == (Verdict.BENIGN, ("validated",), 0)
    assert evidence.dated == NOW


def test_an_address_in_no_pulse_is_not_found():
    evidence = parsed("unnamed")
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.NOT_FOUND, Verdict.UNKNOWN, None)


@pytest.mark.parametrize("count", [None, "3", -1, 10**9, []])
def test_a_number_of_pulses_that_is_none_is_an_error_save_when_written_as_text(count):
    assert parsed("hostile", count, "pulse_info", "count").status is (Status.OK if count == "3" else Status.ERROR)


def test_the_question_names_the_version_of_the_address():
    home = "https://otx.alienvault.com/api/v1/indicators"
    assert OTX.question([ADDRESS], SETTINGS).url == f"{home}/IPv4/{ADDRESS}/general"
    assert OTX.question(["2001:db8::7"], SETTINGS).url == f"{home}/IPv6/2001%3Adb8%3A%3A7/general"
    assert OTX.question([ADDRESS], SETTINGS).headers == {"X-OTX-API-KEY": SETTINGS.key}


def test_a_404_says_that_the_url_is_wrong_and_not_that_the_address_is_unknown():
    assert OTX.answers([ADDRESS], answer({"detail": "endpoint not found"}, 404), NOW)[ADDRESS].status is Status.ERROR


def test_a_timeout_of_its_gateway_is_an_error():
    assert OTX.answers([ADDRESS], Response(504), NOW)[ADDRESS].status is Status.ERROR
