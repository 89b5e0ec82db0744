"""GreyNoise: what its sensors saw scanning, and services that are known; in the shapes of v3, community and v2."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.providers.greynoise import GreyNoise
from ipthreat.testkit.providers import CanarySettings

GREYNOISE = GreyNoise()
COMMUNITY = CanarySettings(extra={"plan": "community"})
PREMIUM = CanarySettings(extra={"plan": "premium"})
SCANNER = "internet_scanner_intelligence"
SERVICE = "business_service_intelligence"


def parsed(body):
    return GREYNOISE.parse(ADDRESS, body, NOW)


@pytest.mark.parametrize(
    "word, verdict, labels, score",
    [
        ("malicious", Verdict.MALICIOUS, ("malicious",), 90),
        ("suspicious", Verdict.SUSPICIOUS, ("suspicious",), 60),
        ("unknown", Verdict.UNKNOWN, (), 30),
        ("benign", Verdict.BENIGN, ("benign",), 0),
        ("", Verdict.UNKNOWN, (), None),
        ("wicked", Verdict.UNKNOWN, (), None),
    ],
)
def test_the_classification_is_the_verdict(word, verdict, labels, score):
    evidence = parsed(changed(load("greynoise", "hostile"), word, SCANNER, "classification"))
    assert (evidence.status, evidence.verdict, evidence.labels, evidence.score) == (Status.OK, verdict, labels, score)


def test_each_address_of_a_batch_is_charged():
    assert [GreyNoise().cost(size) for size in (1, 200)] == [1, 200]


def test_dates_owner_and_flags_are_kept():
    evidence = parsed(load("greynoise", "hostile"))
    assert evidence.first_seen == datetime(2025, 11, 1, tzinfo=timezone.utc)
    assert evidence.last_seen == evidence.dated == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert (evidence.asn, evidence.organisation, evidence.country) == (64500, "Example Hosting B.V.", "NL")
    assert evidence.flags == ("bot", "hosting")
    assert evidence.related == ("node7.example.net",)


def test_only_a_benign_scanner_is_called_a_known_one():
    benign = changed(load("greynoise", "hostile"), "benign", SCANNER, "classification")
    assert "scanner" in parsed(benign).flags
    assert "scanner" not in parsed(load("greynoise", "hostile")).flags


@pytest.mark.parametrize(
    "level, label, verdict",
    [
        ("1", "trust_1", Verdict.BENIGN),
        (1, "trust_1", Verdict.BENIGN),
        ("2", "trust_2", Verdict.UNKNOWN),
        (2, "trust_2", Verdict.UNKNOWN),
        ("3", "", Verdict.UNKNOWN),
        (None, "", Verdict.UNKNOWN),
    ],
)
def test_the_trust_in_a_service_is_read_as_text_and_as_number(level, label, verdict):
    evidence = parsed(changed(load("greynoise", "service"), level, SERVICE, "trust_level"))
    assert (evidence.labels, evidence.verdict) == ((label,) if label else (), verdict)


def test_a_trusted_service_that_scans_maliciously_is_malicious_and_keeps_both_words():
    evidence = parsed(changed(load("greynoise", "hostile"), {"found": True, "trust_level": "1"}, SERVICE))
    assert (evidence.verdict, evidence.labels) == (Verdict.MALICIOUS, ("malicious", "trust_1"))


def test_a_service_ages_from_its_last_update_and_a_hostile_scanner_from_when_it_was_seen():
    service = {"found": True, "trust_level": "2", "last_updated": "2026-01-02T00:00:00Z"}
    hostile = changed(load("greynoise", "hostile"), service, SERVICE)
    assert parsed(hostile).dated == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert parsed(changed(hostile, "unknown", SCANNER, "classification")).dated == datetime(
        2026, 1, 2, tzinfo=timezone.utc
    )


def test_an_address_that_no_sensor_saw_is_not_found():
    evidence = parsed(load("greynoise", "unseen"))
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.NOT_FOUND, Verdict.UNKNOWN, None)
    assert evidence.retrieved_at == NOW


def test_the_community_api_says_not_found_with_404_and_a_body():
    body = {"ip": ADDRESS, "noise": False, "riot": False, "message": "IP not observed scanning the internet."}
    assert GREYNOISE.answers([ADDRESS], answer(body, 404), NOW)[ADDRESS].status is Status.NOT_FOUND
    assert GREYNOISE.answers([ADDRESS], answer(body), NOW)[ADDRESS].status is Status.NOT_FOUND


@pytest.mark.parametrize(
    "body, verdict, labels",
    [
        (load("greynoise", "community"), Verdict.MALICIOUS, ("malicious",)),
        ({"ip": ADDRESS, "noise": False, "riot": True, "classification": "benign"}, Verdict.BENIGN, ("benign",)),
        ({"ip": ADDRESS, "noise": True, "riot": False, "code": "0x01"}, Verdict.UNKNOWN, ()),
        ({"ip": ADDRESS, "riot": True, "trust_level": "1", "name": "Example"}, Verdict.BENIGN, ("trust_1",)),
        ({"ip": ADDRESS, "seen": True, "classification": "malicious"}, Verdict.MALICIOUS, ("malicious",)),
    ],
    ids=["community", "community service", "quick", "riot", "context"],
)
def test_the_older_shapes_are_read(body, verdict, labels):
    evidence = parsed(body)
    assert (evidence.status, evidence.verdict, evidence.labels) == (Status.OK, verdict, labels)


@pytest.mark.parametrize(
    "body",
    [
        {"ip": ADDRESS},
        {"ip": ADDRESS, "noise": "yes", "riot": False},
        {"ip": ADDRESS, SCANNER: {"found": True}},
        {"ip": ADDRESS, SCANNER: {}, SERVICE: {"found": False}},
        {"ip": "198.51.100.8", SCANNER: {"found": True}, SERVICE: {"found": False}},
        {SCANNER: {"found": True}, SERVICE: {"found": False}},
    ],
)
def test_what_does_not_say_whether_this_address_was_seen_is_an_error(body):
    assert parsed(body).status is Status.ERROR


def test_several_addresses_are_asked_in_one_request():
    request = GREYNOISE.question([ADDRESS, "198.51.100.8"], PREMIUM)
    assert (request.method, request.url) == ("POST", "https://api.greynoise.io/v3/ip")
    assert json.loads(request.body) == {"ips": [ADDRESS, "198.51.100.8"]}
    assert GREYNOISE.question([ADDRESS], SETTINGS).url == f"https://api.greynoise.io/v3/ip/{ADDRESS}"


def test_only_a_paid_plan_asks_for_several_at_a_time():
    assert GREYNOISE.at_once(COMMUNITY) == GREYNOISE.at_once(SETTINGS) == 1
    assert GREYNOISE.at_once(PREMIUM) == GREYNOISE.batch > 1
    assert GREYNOISE.question([ADDRESS], COMMUNITY).url == f"https://api.greynoise.io/v3/community/{ADDRESS}"


def test_a_batch_has_records_addresses_not_found_and_none_that_is_passed_over():
    asked = [ADDRESS, "198.51.100.8", "198.51.100.9", "198.51.100.10"]
    found = GREYNOISE.answers(asked, answer(load("greynoise", "batch")), NOW)
    assert list(found) == asked
    assert [item.status.value for item in found.values()] == ["ok", "ok", "not_found", "error"]
    assert [item.verdict.value for item in found.values()] == ["malicious", "benign", "unknown", "unknown"]


def test_a_batch_may_come_as_a_plain_list():
    found = GREYNOISE.answers([ADDRESS], answer(load("greynoise", "batch")["data"]), NOW)
    assert found[ADDRESS].verdict is Verdict.MALICIOUS


def test_ipv6_is_not_supported():
    found = GREYNOISE.answers(["2001:db8::7"], Response(400), NOW)["2001:db8::7"]
    assert (found.status, found.reason) == (Status.UNSUPPORTED, "GreyNoise knows IPv4 only")
