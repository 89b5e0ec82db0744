"""Shodan: ports are no verdict, hostile tags are a suspicion, and the keyless source is context."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer, changed, load

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.policy import policy_named
from ipthreat.providers.shodan import InternetDb, Shodan

BOTH = pytest.mark.parametrize("provider", [InternetDb(), Shodan()], ids=lambda provider: provider.name)


@BOTH
@pytest.mark.parametrize("tag", ["c2", "malware", "compromised", "C2"])
def test_a_hostile_tag_is_a_suspicion(provider, tag):
    evidence = provider.parse(ADDRESS, changed(load(provider.name, "clean"), ["x", tag], "tags"), NOW)
    assert (evidence.verdict, evidence.labels, evidence.score) == (Verdict.SUSPICIOUS, (tag.lower(),), 60)


@BOTH
def test_open_ports_and_weaknesses_are_no_verdict_and_no_score(provider):
    evidence = provider.parse(ADDRESS, load(provider.name, "clean"), NOW)
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.OK, Verdict.UNKNOWN, None)


@BOTH
def test_known_tags_are_flags(provider):
    tags = ["tor", "vpn", "cdn", "cloud", "self-signed", "honeypot"]
    evidence = provider.parse(ADDRESS, changed(load(provider.name, "clean"), tags, "tags"), NOW)
    assert evidence.flags == ("tor", "vpn", "cdn", "cloud", "honeypot")


def test_only_the_host_api_weighs():
    policy = policy_named("standard")
    assert policy.weight("shodan.c2") > 0 == policy.weight("internetdb.c2")


def test_a_host_has_owner_names_and_date():
    evidence = Shodan().parse(ADDRESS, load("shodan", "hostile"), NOW)
    assert (evidence.asn, evidence.organisation, evidence.country) == (64500, "Example Hosting B.V.", "NL")
    assert evidence.dated == datetime(2025, 12, 31, 9, 6, 45, tzinfo=timezone.utc)
    assert evidence.counts == {"ports": 2, "vulns": 1}
    assert evidence.related == ("node7.example.net",)


@BOTH
@pytest.mark.parametrize("ports", [None, "22", {}])
def test_an_answer_without_ports_is_an_error(provider, ports):
    assert provider.parse(ADDRESS, changed(load(provider.name, "hostile"), ports, "ports"), NOW).status is Status.ERROR


@BOTH
@pytest.mark.parametrize(
    "response, status",
    [
        (answer({"error": "No information available for that IP."}, 404), Status.NOT_FOUND),
        (answer({"detail": "No information available"}, 404), Status.NOT_FOUND),
        (Response(401, {"Content-Type": "text/html"}, b"<html>Unauthorized"), Status.AUTH_ERROR),
        (answer({"error": "Requires membership"}, 403), Status.FORBIDDEN),
        (answer({"detail": "Rate limit exceeded"}, 429), Status.RATE_LIMITED),
    ],
)
def test_its_ways_to_refuse(provider, response, status):
    assert provider.answers([ADDRESS], response, NOW)[ADDRESS].status is status


def test_the_keyless_source_sends_no_key_and_the_other_leaves_the_banners_out():
    assert InternetDb().question([ADDRESS], SETTINGS).headers == {"Accept": "application/json"}
    request = Shodan().question([ADDRESS], SETTINGS)
    assert request.url == f"https://api.shodan.io/shodan/host/{ADDRESS}"
    assert request.params == {"key": SETTINGS.key, "minify": "true"}
