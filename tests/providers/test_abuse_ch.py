"""The three services of abuse.ch: indicators by confidence, hosts of malware, and a list of command servers."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from urllib.parse import parse_qs

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load
from dossiers import NOW as AS_OF
from dossiers import block_list, dossier, provider

from ipthreat.dossier import Status, Verdict
from ipthreat.policy import policy_named
from ipthreat.providers.feodo import Feodo
from ipthreat.providers.threatfox import ThreatFox
from ipthreat.providers.urlhaus import UrlHaus
from ipthreat.signals import signals_of
from ipthreat.testkit.providers import CanarySettings

THREATFOX, URLHAUS, FEODO = ThreatFox(), UrlHaus(), Feodo()
POSTED = pytest.mark.parametrize("provider", [THREATFOX, URLHAUS], ids=lambda provider: provider.name)


def test_they_are_one_family():
    assert {policy_named("standard").family(item.name, "") for item in (THREATFOX, URLHAUS, FEODO)} == {"abuse.ch"}


@POSTED
@pytest.mark.parametrize(
    "word, status",
    [
        ("no_result", Status.NOT_FOUND),
        ("no_results", Status.NOT_FOUND),
        ("unknown_auth_key", Status.AUTH_ERROR),
        ("illegal_search_term", Status.ERROR),
        ("invalid_host", Status.ERROR),
        ("", Status.ERROR),
        (None, Status.ERROR),
    ],
)
def test_the_status_of_the_query_is_the_status(provider, word, status):
    evidence = provider.answers([ADDRESS], answer({"query_status": word, "data": "…"}), NOW)[ADDRESS]
    assert (evidence.status, evidence.verdict) == (status, Verdict.UNKNOWN)


@POSTED
def test_ok_without_rows_is_an_error(provider):
    for rows in (None, "none", {}, 5):
        assert provider.parse(ADDRESS, {"query_status": "ok", "data": rows, "urls": rows}, NOW).status is Status.ERROR


# --- ThreatFox ------------------------------------------------------------------------------------------------------


def test_the_highest_confidence_among_the_indicators_of_the_address_counts():
    evidence = THREATFOX.parse(ADDRESS, load("threatfox", "hostile"), NOW)
    assert (evidence.score, evidence.native, evidence.scale) == (100, "100", "confidence level")
    assert (evidence.verdict, evidence.counts, evidence.labels) == (
        Verdict.MALICIOUS, {"indicators": 2}, ("botnet_cc",),
    )  # fmt: skip
    assert evidence.first_seen == datetime(2025, 12, 2, 1, 5, 27, tzinfo=timezone.utc)
    assert evidence.last_seen == evidence.dated == datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "level, verdict",
    [
        (100, Verdict.MALICIOUS),
        (75, Verdict.MALICIOUS),
        (74, Verdict.SUSPICIOUS),
        (49, Verdict.UNKNOWN),
        ("75", Verdict.MALICIOUS),
    ],
)
def test_the_confidence_level_is_the_verdict(level, verdict):
    body = changed(load("threatfox", "clean"), level, "data", 0, "confidence_level")
    assert THREATFOX.parse(ADDRESS, body, NOW).verdict is verdict


@pytest.mark.parametrize("level", [None, 101, -1, "high", []])
def test_indicators_without_a_level_are_an_error_and_not_zero(level):
    body = changed(load("threatfox", "clean"), level, "data", 0, "confidence_level")
    assert THREATFOX.parse(ADDRESS, body, NOW).status is Status.ERROR


@pytest.mark.parametrize(
    "ioc, found",
    [
        ("198.51.100.7:443", True),
        ("198.51.100.7", True),
        ("http://198.51.100.7:8080/gate.php", True),
        ("198.51.100.77:443", False),
        ("98.51.100.7:443", False),
        ("x198.51.100.7.example:443", False),
        (None, False),
    ],
)
def test_an_indicator_that_only_holds_the_text_of_the_address_is_another_one(ioc, found):
    evidence = THREATFOX.parse(ADDRESS, changed(load("threatfox", "clean"), ioc, "data", 0, "ioc"), NOW)
    assert evidence.status is (Status.OK if found else Status.NOT_FOUND)


def test_the_search_goes_into_the_body():
    request = THREATFOX.question([ADDRESS], SETTINGS)
    assert (request.method, request.url) == ("POST", "https://threatfox-api.abuse.ch/api/v1/")
    assert json.loads(request.body) == {"query": "search_ioc", "search_term": ADDRESS}
    assert request.headers["Auth-Key"] == SETTINGS.key


# --- URLhaus --------------------------------------------------------------------------------------------------------


def test_a_host_that_delivers_malware_now_is_malicious_and_seen_now():
    evidence = URLHAUS.parse(ADDRESS, load("urlhaus", "hostile"), NOW)
    assert (evidence.verdict, evidence.labels, evidence.score) == (Verdict.MALICIOUS, ("online",), 90)
    assert (evidence.native, evidence.counts) == ("1/2", {"urls": 2, "online": 1})
    assert evidence.dated == NOW


def test_a_host_that_did_is_suspicious_and_ages_from_its_last_url():
    evidence = URLHAUS.parse(ADDRESS, load("urlhaus", "offline"), NOW)
    assert (evidence.verdict, evidence.labels, evidence.score) == (Verdict.SUSPICIOUS, ("offline",), 60)
    assert evidence.dated == evidence.last_seen == datetime(2025, 12, 11, 10, tzinfo=timezone.utc)
    assert evidence.first_seen == datetime(2025, 11, 2, 7, 8, 9, tzinfo=timezone.utc)


def test_its_urls_are_kept_as_related_at_most_twenty():
    body = load("urlhaus", "hostile")
    body["urls"] = [{**body["urls"][0], "url": f"http://{ADDRESS}/{number}"} for number in range(100)]
    evidence = URLHAUS.parse(ADDRESS, body, NOW)
    assert (len(evidence.related), evidence.counts["urls"]) == (20, 100)


def test_an_answer_about_another_host_is_refused():
    body = changed(load("urlhaus", "hostile"), "198.51.100.8", "host")
    assert URLHAUS.parse(ADDRESS, body, NOW).status is Status.ERROR


def test_the_host_goes_into_a_form():
    request = URLHAUS.question(["2001:db8::7"], SETTINGS)
    assert (request.method, request.url) == ("POST", "https://urlhaus-api.abuse.ch/v1/host/")
    assert parse_qs(request.body.decode()) == {"host": ["2001:db8::7"]}


# --- Feodo Tracker --------------------------------------------------------------------------------------------------


def test_one_list_answers_for_all_addresses_and_none_of_them_is_sent():
    asked = [ADDRESS, "198.51.100.8", "198.51.100.9"]
    request = FEODO.question(asked, SETTINGS)
    assert request.url == "https://feodotracker.abuse.ch/downloads/ipblocklist.json"
    assert (dict(request.params), request.body, FEODO.batch >= 10_000) == ({}, b"", True)
    found = FEODO.answers(asked, answer(load("feodo", "hostile")), NOW)
    assert [item.status for item in found.values()] == [Status.OK, Status.OK, Status.NOT_FOUND]
    assert [item.verdict for item in found.values()] == [Verdict.MALICIOUS, Verdict.SUSPICIOUS, Verdict.UNKNOWN]


def test_the_key_is_sent_when_there_is_one():
    assert FEODO.question([ADDRESS], CanarySettings(key="")).headers == {}
    assert FEODO.question([ADDRESS], SETTINGS).headers == {"Auth-Key": SETTINGS.key}


def test_the_list_as_a_feed_and_as_a_provider_is_one_observation():
    asked, fed = provider("feodo", "online"), block_list("feodo", "c2")
    policy = policy_named("standard")
    names = [signal.name for signal in signals_of(dossier(asked, fed), policy, AS_OF)]
    assert names == ["block_list.c2"]
    assert [signal.name for signal in signals_of(dossier(asked), policy, AS_OF)] == ["feodo.online"]


def test_an_empty_list_is_an_answer():
    assert FEODO.answers([ADDRESS], answer([]), NOW)[ADDRESS].status is Status.NOT_FOUND


def test_a_server_that_is_offline_ages_from_when_it_was_last_online():
    evidence = FEODO.parse(ADDRESS, load("feodo", "offline"), NOW)
    assert (evidence.labels, evidence.score, evidence.asn) == (("offline",), 70, 64500)
    assert evidence.dated == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert FEODO.parse(ADDRESS, load("feodo", "hostile"), NOW).dated == NOW


def test_a_row_without_the_first_date_is_read_all_the_same():
    assert FEODO.parse("198.51.100.8", load("feodo", "offline"), NOW).first_seen is None


@pytest.mark.parametrize("status", [None, "unknown", True])
def test_a_server_whose_state_is_not_told_is_an_error(status):
    body = changed(load("feodo", "hostile"), status, 1, "status")
    assert FEODO.answers([ADDRESS], answer(body), NOW)[ADDRESS].status is Status.ERROR
