"""IPinfo: who owns the network, in the shapes of its plans. Never a verdict."""

from __future__ import annotations

import pytest
from answers import ADDRESS, INSTANCE, NOW, SETTINGS, answer, load

from ipthreat.dossier import Status, Verdict
from ipthreat.providers.ipinfo import IpInfo
from ipthreat.testkit.providers import CanarySettings

IPINFO = IpInfo()


def parsed(body):
    return IPINFO.parse(ADDRESS, body, NOW)


def test_the_free_plan_tells_system_and_country():
    evidence = parsed(load("ipinfo", "clean"))
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.OK, Verdict.UNKNOWN, None)
    assert (evidence.asn, evidence.as_owner, evidence.country) == (64500, "Example Transit", "NL")


def test_other_plans_tell_network_company_privacy_and_abuse_contact():
    evidence = parsed(load("ipinfo", "core"))
    assert (evidence.network, evidence.organisation) == ("198.51.100.0/24", "Example Hosting B.V.")
    assert (evidence.flags, evidence.abuse_contact) == (("vpn", "hosting"), "abuse@example.net")
    assert (evidence.as_owner, evidence.related) == ("Example Transit", ("node7.example.net",))


@pytest.mark.parametrize(
    "body, asn, owner",
    [
        ({"ip": ADDRESS, "org": "AS64500 Example Transit"}, 64500, "Example Transit"),
        ({"ip": ADDRESS, "asn": "AS64500", "as_name": "Example"}, 64500, "Example"),
        ({"ip": ADDRESS, "as": {"asn": "AS64500", "name": "Example"}, "is_hosting": True}, 64500, "Example"),
        ({"ip": ADDRESS, "country": "NL"}, None, ""),
    ],
    ids=["legacy", "lite", "plus", "country only"],
)
def test_the_system_is_read_wherever_it_stands(body, asn, owner):
    assert (parsed(body).asn, parsed(body).as_owner) == (asn, owner)


def test_newer_plans_say_anonymous_and_their_country_in_full():
    body = {"ip": ADDRESS, "geo": {"country": "Netherlands", "country_code": "NL"}, "anonymous": {"is_relay": True}}
    evidence = parsed({**body, "country": "Netherlands", "is_hosting": True, "is_mobile": True})
    assert (evidence.country, evidence.flags) == ("NL", ("relay", "hosting", "mobile"))


def test_a_bogon_is_no_public_address():
    assert parsed(load("ipinfo", "bogon")).status is Status.NOT_GLOBAL


def test_an_answer_that_tells_nothing_is_not_found():
    assert parsed({"ip": ADDRESS, "hostname": "x.example"}).status is Status.NOT_FOUND


def test_an_answer_about_another_address_is_an_error():
    assert parsed({"ip": "198.51.100.8", "country": "NL"}).status is Status.ERROR


@pytest.mark.parametrize(
    "body, code, status",
    [
        ({"title": "Unknown token", "message": "…"}, 403, Status.AUTH_ERROR),
        ({"status": 404, "error": {"title": "Wrong ip"}}, 404, Status.ERROR),
        ({"title": "Rate limit exceeded"}, 429, Status.RATE_LIMITED),
    ],
)
def test_its_ways_to_refuse(body, code, status):
    assert IPINFO.answers([ADDRESS], answer(body, code), NOW)[ADDRESS].status is status


@pytest.mark.parametrize(
    "settings, place",
    [
        (SETTINGS, "https://api.ipinfo.io/lite"),
        (CanarySettings(extra={"plan": "core"}), "https://ipinfo.io"),
        (CanarySettings(extra={"plan": "core"}, base_url=INSTANCE), INSTANCE),
    ],
)
def test_the_plan_chooses_the_api_and_the_key_goes_into_a_header(settings, place):
    request = IPINFO.question([ADDRESS], settings)
    assert (request.url, dict(request.params)) == (f"{place}/{ADDRESS}", {})
    assert request.headers["Authorization"] == f"Bearer {SETTINGS.key}"
