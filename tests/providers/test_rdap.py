"""RDAP: who holds the network and whom to write to, wherever the registries hide it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answers import ADDRESS, NOW, RECORDINGS, SELF_HOSTED, SETTINGS, answer, changed, load, recorded
from hypothesis import given
from hypothesis import strategies as st
from refreshing import refreshed

from ipthreat.dossier import Status, Verdict
from ipthreat.errors import FetchError
from ipthreat.exchange import Response
from ipthreat.providers.base import Failure
from ipthreat.providers.rdap import Rdap
from ipthreat.providers.rdap_bootstrap import REGISTRIES, built_in, read_bootstrap, read_copy
from ipthreat.testkit.providers import CanarySettings

RDAP = Rdap()


def parsed(name="clean", value=None, *path, address=ADDRESS):
    body = load("rdap", name)
    return RDAP.parse(address, changed(body, value, *path) if path else body, NOW)


def test_holder_network_registry_and_country_are_told_and_no_verdict():
    evidence = parsed()
    assert (evidence.status, evidence.verdict, evidence.score) == (Status.OK, Verdict.UNKNOWN, None)
    assert (evidence.organisation, evidence.network) == ("Example Hosting B.V.", "198.51.100.0/23")
    assert (evidence.rir, evidence.country, evidence.asn) == ("ARIN", "NL", 64500)


def test_the_abuse_contact_is_found_inside_another_entity_and_in_a_list_of_values():
    assert parsed().abuse_contact == "abuse@example.net"
    assert parsed("ripe").abuse_contact == "abuse@example.org"


@pytest.mark.parametrize("box", [None, 5, {}, [], ["none", 5], "see website", "x" * 999 + "@example.net"])
def test_a_contact_without_a_mailbox_is_none(box):
    place = ("entities", 1, "vcardArray", 1, 3, 3)
    assert parsed("ripe", box, *place).abuse_contact == ""


def test_without_named_prefixes_the_one_between_start_and_end_that_holds_the_address_is_meant():
    assert parsed("ripe").network == "198.51.100.0/25"
    assert parsed("ripe", address="198.51.100.129").network == "198.51.100.128/26"


@pytest.mark.parametrize("address", ["198.51.100.192", "198.51.99.255", "203.0.113.7", "2001:db8::7"])
def test_an_answer_about_another_network_is_refused(address):
    assert parsed("ripe", address=address).status is Status.ERROR


@pytest.mark.parametrize(
    "prefixes", [None, [], [{"v4prefix": "128.0.0.0", "length": 1}], [{"v4prefix": "x", "length": 23}]]
)
def test_named_prefixes_that_cannot_be_right_are_passed_over(prefixes):
    assert parsed("clean", prefixes, "cidr0_cidrs").network == "198.51.100.0/23"


def test_of_several_origins_none_is_taken():
    assert parsed("clean", [64500, 64501], "arin_originas0_originautnums").asn is None


def test_a_registrant_without_a_card_leaves_the_name_of_the_network():
    assert (parsed("ripe").organisation, parsed("ripe").country, parsed("ripe").rir) == (
        "EXAMPLE-RIPE",
        "DE",
        "RIPE NCC",
    )


def test_entities_within_entities_without_end_are_not_followed_for_ever():
    entity = {"roles": ["technical"]}
    for _ in range(400):
        entity = {"roles": ["technical"], "entities": [entity, entity]}
    assert parsed("ripe", [entity], "entities").status is Status.OK


@pytest.mark.parametrize(
    "response, status",
    [
        (answer({"errorCode": 404, "title": "Not Found", "description": []}, 404), Status.NOT_FOUND),
        (Response(404), Status.ERROR),
        (Response(429, {"Retry-After": "10"}), Status.RATE_LIMITED),
        (Response(302, {"Location": "https://rdap.db.ripe.net/ip/198.51.100.7"}), Status.ERROR),
        (answer({"objectClassName": "autnum", "startAutnum": 64500}), Status.ERROR),
    ],
)
def test_its_ways_not_to_answer(response, status):
    assert RDAP.answers([ADDRESS], response, NOW)[ADDRESS].status is status


def test_an_answer_holds_for_its_whole_network():
    assert RDAP.per_network


# --- the bootstrap --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address, registry",
    [
        ("18.237.3.202", "ARIN"),
        ("14.103.172.199", "APNIC"),
        ("185.199.108.153", "RIPE NCC"),
        ("200.160.2.3", "LACNIC"),
        ("41.0.0.1", "AFRINIC"),
        ("2a00:2381:ffff::1", "RIPE NCC"),
        ("2606:4700::1111", "ARIN"),
        ("2400:cb00::1", "APNIC"),
    ],
)
def test_the_built_in_table_knows_who_answers(address, registry):
    assert built_in().base(address) == REGISTRIES[registry]
    assert Rdap().question([address], SETTINGS).url.startswith(REGISTRIES[registry] + "/ip/")


def test_an_address_in_no_prefix_has_no_service_and_arin_is_asked():
    assert built_in().base("240.0.0.1") == ""
    assert Rdap().question(["240.0.0.1"], SETTINGS).url.startswith(REGISTRIES["ARIN"])


def test_the_question_has_the_media_type_and_an_escaped_address():
    request = RDAP.question(["2a00:2381:ffff::1"], SETTINGS)
    assert request.url == "https://rdap.db.ripe.net/ip/2a00%3A2381%3Affff%3A%3A1"
    assert request.headers == {"Accept": "application/rdap+json"}


def test_whoever_knows_the_registry_asks_it_directly():
    settings = CanarySettings(base_url=REGISTRIES["LACNIC"])
    assert RDAP.question([ADDRESS], settings).url == f"https://rdap.lacnic.net/rdap/ip/{ADDRESS}"


def test_ianas_file_is_read_with_the_longest_prefix_first_and_https_only():
    bases = read_bootstrap(load("rdap", "bootstrap"))
    assert bases.base("198.51.100.7") == "https://rdap.two.example/x"
    assert bases.base("198.52.0.1") == "https://rdap.one.example"
    assert bases.base("203.0.113.7") == ""
    assert Rdap(bases).question([ADDRESS], SETTINGS).url == f"https://rdap.two.example/x/ip/{ADDRESS}"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"services": []},
        {"services": [[]]},
        {"services": [[["x"], ["http://x.example"]]]},
        {"services": "x"},
    ],
)
def test_a_file_that_names_no_service_is_refused_in_one_sentence(document):
    with pytest.raises(FetchError, match=r"^the RDAP bootstrap file names no service$"):
        read_bootstrap(document)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded answers beside the project are not here")
def test_the_built_in_table_is_ianas():
    files = recorded("rdap/whoisit_bootstrap.json")
    assert read_bootstrap(files["ipv4"], files["ipv6"]) == built_in()


# --- the copy of IANA's table ---------------------------------------------------------------------------------------

WEEK, DAY = timedelta(days=7), timedelta(days=1)
SIX = {"services": [[["2001:db8::/32"], ["https://rdap.six.example/"]]]}


def fresh_copy(at=NOW):
    found, _ = refreshed(RDAP.refresh(None, SETTINGS, at), [answer(load("rdap", "bootstrap")), answer(SIX)])
    return found


def test_both_files_of_iana_are_fetched_and_tell_which_registry_is_asked():
    found, asked = refreshed(RDAP.refresh(None, SETTINGS, NOW), [answer(load("rdap", "bootstrap")), answer(SIX)])
    assert [request.url for request in asked] == [f"https://data.iana.org/rdap/ipv{version}.json" for version in (4, 6)]
    provider = RDAP.equipped(found.copy)
    assert found.failure is None
    assert provider.question([ADDRESS], SETTINGS).url == f"https://rdap.two.example/x/ip/{ADDRESS}"
    assert provider.question(["2001:db8::7"], SETTINGS).url.startswith("https://rdap.six.example/ip/")


def test_a_copy_is_used_for_a_week_and_then_fetched_anew():
    kept = fresh_copy().copy
    assert RDAP.due(kept, SETTINGS, NOW + WEEK - DAY) == 0
    assert refreshed(RDAP.refresh(kept, SETTINGS, NOW + WEEK - DAY), []) == ((kept, None), [])
    assert RDAP.due(kept, SETTINGS, NOW + WEEK) == 2
    assert len(refreshed(RDAP.refresh(kept, SETTINGS, NOW + WEEK), [answer(SIX), answer(SIX)])[1]) == 2


def test_a_copy_of_a_clock_that_was_ahead_is_fetched_anew():
    assert RDAP.due(fresh_copy(NOW + DAY).copy, SETTINGS, NOW) == 2


@pytest.mark.parametrize(
    "broken",
    [
        Response(401),
        Response(404),
        Response(429),
        Response(500),
        Response(302, {"Location": "https://else.example"}),
        Response(200, {}, b"<html>"),
        Response(200, {}, b'{"services": [[['),
        answer({"services": [[["198.0.0.0/8"], ["http://plain.example"]]]}),
        answer([]),
        Failure(Status.TIMEOUT, "late"),
    ],
)
@pytest.mark.parametrize("sound", [0, 1])
def test_a_file_that_cannot_be_had_leaves_the_older_table_and_is_tried_for_once_a_day(broken, sound):
    kept, later = fresh_copy().copy, NOW + WEEK
    found, _ = refreshed(RDAP.refresh(kept, SETTINGS, later), [answer(SIX)] * sound + [broken])
    assert found.failure is not None
    assert "an older table tells which registry to ask" in found.failure.reason
    assert read_copy(found.copy) == read_copy(kept)
    assert RDAP.due(found.copy, SETTINGS, later + DAY / 2) == 0
    assert RDAP.due(found.copy, SETTINGS, later + DAY) == 2


def test_a_try_that_was_never_made_does_not_count():
    found, _ = refreshed(RDAP.refresh(None, SETTINGS, NOW), [Failure(Status.NOT_ASKED, "the run was over")])
    assert RDAP.due(found.copy, SETTINGS, NOW) == 2


def test_without_any_copy_the_built_in_table_tells():
    found, _ = refreshed(RDAP.refresh(None, SETTINGS, NOW), [Response(500)])
    assert RDAP.equipped(found.copy) is RDAP


@pytest.mark.parametrize("settings", [SELF_HOSTED, CanarySettings(extra={"bootstrap": "off"})])
def test_who_needs_no_table_or_wants_none_fetches_none(settings):
    assert RDAP.place_of_copy(settings) == ""
    assert RDAP.due(None, settings, NOW) == 0
    assert refreshed(RDAP.refresh(None, settings, NOW), []) == ((None, None), [])


def test_a_mirror_of_the_table_can_be_named():
    settings = CanarySettings(extra={"bootstrap": "https://mirror.example/rdap/"})
    _, asked = refreshed(RDAP.refresh(None, settings, NOW), [answer(SIX), answer(SIX)])
    assert asked[0].url == "https://mirror.example/rdap/ipv4.json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["files", "fetched", "tried", "ipv4.json", "ipv6.json", "services"]), inner)
    ),
    max_leaves=10,
)


@given(kept=JSON)
def test_whatever_was_kept_as_a_copy_there_is_a_registry_to_ask(kept):
    assert RDAP.equipped(kept).question([ADDRESS], SETTINGS).url.startswith("https://")
    assert RDAP.due(kept, SETTINGS, NOW) in (0, 2)
