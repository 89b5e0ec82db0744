"""TAXII: collections are mirrored and looked up here; STIX patterns are taken only when they say nothing more."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime, timedelta, timezone

import pytest
from answers import ADDRESS, INSTANCE, NOW, SELF_HOSTED, answer, changed, load
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.providers.stix_indicators import Indicator, Mirror, networks_of, read_objects
from ipthreat.providers.taxii import Taxii
from ipthreat.testkit.providers import CanarySettings

TAXII = Taxii()


def indicator(network="198.51.100.7/32", identifier="indicator--1", score=85, **more):
    return Indicator(network, identifier, score, True, **more)


def parsed(value=None, *path, address=ADDRESS, at=NOW):
    body = load("taxii", "hostile")
    return TAXII.parse(address, changed(body, value, *path) if path else body, at)


# --- patterns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern, networks",
    [
        ("[ipv4-addr:value = '198.51.100.7']", ("198.51.100.7/32",)),
        ("[ipv4-addr:value='198.51.100.7']", ("198.51.100.7/32",)),
        ("  [ ipv4-addr:value\n=\t'198.51.100.7' ] ", ("198.51.100.7/32",)),
        ("[ipv6-addr:value = '2001:DB8::7']", ("2001:db8::7/128",)),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ("198.51.100.0/24",)),
        ("[ipv4-addr:value = '198.51.100.0/24']", ("198.51.100.0/24",)),
        ("[ipv4-addr:value IN ('198.51.100.7', '198.51.100.8')]", ("198.51.100.7/32", "198.51.100.8/32")),
        (
            "[ipv4-addr:value = '198.51.100.7' OR ipv6-addr:value = '2001:db8::7']",
            ("198.51.100.7/32", "2001:db8::7/128"),
        ),
        ("[ipv4-addr:value = '198.51.100.7'] OR [ipv4-addr:value = '198.51.100.7']", ("198.51.100.7/32",)),
    ],
)
def test_a_pattern_of_nothing_but_addresses_is_read(pattern, networks):
    assert networks_of(pattern) == networks


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value = '198.51.100.7' AND network-traffic:dst_port = 443]",
        "[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [domain-name:value = 'x.example']",
        "[ipv4-addr:value = '198.51.100.7'] WITHIN 300 SECONDS",
        "[ipv4-addr:value = '198.51.100.7'] START t'2020-01-01T00:00:00Z' STOP t'2020-02-01T00:00:00Z'",
        "[ipv4-addr:value != '198.51.100.7']",
        "[NOT ipv4-addr:value = '198.51.100.7']",
        "[ipv4-addr:value NOT IN ('198.51.100.7')]",
        "[ipv4-addr:value LIKE '198.51.100.%']",
        "[ipv4-addr:value ISSUPERSET '198.51.100.0/24']",
        "[network-traffic:src_ref.value = '198.51.100.7']",
        "[domain-name:value = '198.51.100.7']",
        "[ipv4-addr:value = 'host.example']",
        "[ipv4-addr:value = '198.51.100.7' OR ipv4-addr:value = 'x']",
        "[ipv4-addr:value = '198.51.100.7'",
        "ipv4-addr:value = '198.51.100.7'",
        '[ipv4-addr:value = "198.51.100.7"]',
        "[]",
        "",
        None,
        5,
        "[ipv4-addr:value IN ('198.51.100.7' " + ", '198.51.100.7'" * 1000 + ")]",
    ],
)
def test_a_pattern_that_says_more_or_something_else_is_not_taken(pattern):
    assert networks_of(pattern) == ()


@given(st.text(alphabet="[]()=',ORIN ipv46-adr:valu\n\t0123456789.", max_size=200))
def test_any_pattern_is_read_or_left(pattern):
    assert isinstance(networks_of(pattern), tuple)


def test_rows_of_blanks_take_no_time():
    assert networks_of("[ipv4-addr:value IN (" + " '" * 2000 + " " * 5000) == ()


# --- objects --------------------------------------------------------------------------------------------------------


def test_what_is_no_indicator_of_an_address_is_counted():
    found, others = read_objects(load("taxii", "hostile")["objects"])
    assert [item.network for item in found] == ["198.51.100.7/32", "203.0.113.0/26", "2001:db8::7/128"]
    assert others == 2


@pytest.mark.parametrize("types", ["benign", ["benign"], ["anonymization"], ["unknown", "benign"]])
def test_an_indicator_of_something_harmless_has_no_score(types):
    found = parsed(types, "objects", 0, "indicator_types")
    assert (found.score, found.verdict) == (None, Verdict.UNKNOWN)


@pytest.mark.parametrize("types", [None, [], [5], "x", {}])
def test_an_indicator_whose_types_make_no_sense_is_left_out(types):
    assert parsed(types, "objects", 0, "indicator_types").status is Status.NOT_FOUND


@pytest.mark.parametrize("end", ["soon", 5, None, []])
def test_an_indicator_whose_end_cannot_be_read_is_left_out(end):
    assert parsed(end, "objects", 0, "valid_until").status is Status.NOT_FOUND


def test_a_pattern_in_another_language_is_left_out():
    assert parsed("snort", "objects", 0, "pattern_type").status is Status.NOT_FOUND


# --- the mirror -----------------------------------------------------------------------------------------------------


def test_the_longest_prefix_comes_first_and_families_do_not_mix():
    mirror = Mirror([indicator("198.51.100.0/24", "a"), indicator("198.51.100.7/32", "b"), indicator("::/0", "c")])
    assert [item.identifier for item in mirror.covering(ADDRESS)] == ["b", "a"]
    assert [item.identifier for item in mirror.covering("2001:db8::7")] == ["c"]
    assert mirror.covering("203.0.113.7") == []


def test_of_several_versions_the_last_modified_counts_in_any_order():
    old, new = indicator(score=20, modified=NOW - timedelta(days=9)), indicator(score=90, modified=NOW)
    for versions in ((old, new), (new, old)):
        assert [item.score for item in Mirror(versions).covering(ADDRESS)] == [90]


def test_a_later_version_revokes():
    mirror = Mirror([indicator(modified=NOW - timedelta(days=9)), indicator(modified=NOW, revoked=True)])
    assert TAXII.evidence(ADDRESS, mirror, NOW).status is Status.NOT_FOUND


@pytest.mark.parametrize(
    "score, verdict",
    [
        (85, Verdict.MALICIOUS),
        (74, Verdict.SUSPICIOUS),
        (40, Verdict.SUSPICIOUS),
        (39, Verdict.UNKNOWN),
        (None, Verdict.SUSPICIOUS),
    ],
)
def test_the_confidence_of_the_author_is_the_verdict(score, verdict):
    found = TAXII.evidence(ADDRESS, Mirror([indicator(score=score)]), NOW)
    assert (found.verdict, found.score) == (verdict, score)


def test_the_highest_confidence_of_those_that_are_valid_counts():
    mirror = Mirror(
        [indicator(identifier="a", score=50), indicator(identifier="b", score=99, valid_until=NOW - timedelta(1))]
    )
    assert (TAXII.evidence(ADDRESS, mirror, NOW).score, TAXII.evidence(ADDRESS, mirror, NOW - timedelta(2)).score) == (
        50,
        99,
    )


def test_what_has_an_end_does_not_age_before_it():
    assert parsed().dated == NOW
    assert parsed(at=NOW + timedelta(days=300)).status is Status.NOT_FOUND
    endless = TAXII.evidence("203.0.113.7", Mirror(read_objects(load("taxii", "hostile")["objects"])[0]), NOW)
    assert endless.dated == datetime(2025, 12, 4, 3, 4, 5, tzinfo=timezone.utc)


# --- pages ----------------------------------------------------------------------------------------------------------


def test_a_page_has_indicators_the_way_to_the_next_one_and_where_to_begin_next_time():
    response = answer(load("taxii", "first_page"), X_TAXII_Date_Added_Last="2026-01-01T00:00:00.000Z")
    page = TAXII.page_of(response)
    assert (page.status, len(page.indicators), page.next) == (Status.OK, 1, "42")
    request = TAXII.page_question(SELF_HOSTED, added_after=page.added_last, following=page.next)
    assert request.url == f"{INSTANCE}/objects/"
    assert request.params == {
        "match[type]": "indicator", "limit": "500", "added_after": "2026-01-01T00:00:00.000Z", "next": "42",
    }  # fmt: skip
    assert request.headers["Accept"] == "application/taxii+json;version=2.1"


def test_the_last_page_has_no_next_one_even_if_it_names_one():
    assert TAXII.page_of(answer({"more": False, "next": "42", "objects": []})).next == ""
    assert TAXII.page_of(answer({})).status is Status.OK


@pytest.mark.parametrize(
    "response, status",
    [
        (Response(401), Status.AUTH_ERROR),
        (Response(404), Status.ERROR),
        (Response(406), Status.ERROR),
        (answer([]), Status.ERROR),
        (answer({"objects": {}}), Status.ERROR),
        (answer({"more": "yes"}), Status.ERROR),
        (answer({"collections": []}), Status.ERROR),
        (Response(200, {}, b"<html>"), Status.ERROR),
    ],
)
def test_what_is_no_page_says_why(response, status):
    page = TAXII.page_of(response)
    assert (page.status, page.indicators) == (status, ())
    assert page.reason
    assert TAXII.answers([ADDRESS], response, NOW)[ADDRESS].status is status


def test_one_page_of_several_finds_what_it_holds_and_leaves_the_rest_open():
    found = TAXII.answers([ADDRESS, "203.0.113.7"], answer(load("taxii", "first_page")), NOW)
    assert [item.status for item in found.values()] == [Status.OK, Status.ERROR]
    assert "mirrored" in found["203.0.113.7"].reason


def test_a_user_name_makes_it_basic_authentication():
    settings = CanarySettings(base_url=INSTANCE, extra={"user": "me"})
    scheme, _, token = TAXII.question([], settings).headers["Authorization"].partition(" ")
    assert (scheme, b64decode(token)) == ("Basic", f"me:{settings.key}".encode())
    assert TAXII.question([], SELF_HOSTED).headers["Authorization"] == f"Bearer {SELF_HOSTED.key}"
