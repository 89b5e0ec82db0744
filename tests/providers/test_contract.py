"""Every provider keeps the same contract: honest statuses, no verdict out of nonsense, no key where others see it."""

from __future__ import annotations

import json
import random

import pytest
from answers import ADDRESS, INSTANCE, NOW, SELF_HOSTED, SETTINGS, TESTS, load
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Response
from ipthreat.policy import ENGINE_SOURCES, WEIGHTS
from ipthreat.providers import LIVE, PROVIDERS
from ipthreat.testkit.providers import ANOTHER, CANARY, FAULTS, answer, breaches, mutants_at, paths, turned, unsound

EVERY = pytest.mark.parametrize("name", sorted(LIVE))
KEY_IN_QUERY = {"shodan", "pulsedive"}
"""The services that take a key nowhere else."""
DOCUMENTS = [
    (name, path.stem)
    for name in sorted(PROVIDERS)
    for path in sorted((TESTS / "data" / name).glob("*.json"))
    if PROVIDERS[name].parse(ADDRESS, load(name, path.stem), NOW).status is Status.OK
]
"""Every answer of ours with which a provider answers ok."""
# 404 means "not known" only in the words by which a service says so.
OWN_WORDS = {
    "virustotal": {"error": {"code": "NotFoundError", "message": "IP address not found"}},
    "greynoise": {"ip": ADDRESS, "noise": False, "riot": False, "message": "IP not observed scanning the internet."},
    "crowdsec": {"message": "IP address information not found"},
    "internetdb": {"detail": "No information available"},
    "shodan": {"error": "No information available for that IP."},
    "pulsedive": {"error": "Indicator not found."},
    "rdap": {"errorCode": 404, "title": "Not Found", "description": []},
}
OTHERS_WORDS = [
    b"",
    b"404 page not found\n",
    b"<html>404",
    b"[]",
    b"null",
    b'{"detail": "Not Found"}',
    b'{"error": "Invalid IP"}',
    b'{"error": {"code": "NotAvailableYet"}}',
    b'{"message": "no Route matched with those values"}',
]
# A wrong key is answered with 403 by these.
REFUSED_BY_403 = {"otx", "crowdsec", "threatfox", "urlhaus", "feodo", "ipinfo", "misp"}


def settings_of(name):
    return SELF_HOSTED if "base_url" in LIVE[name].needs else SETTINGS


@EVERY
def test_a_built_in_provider_keeps_the_contract_that_third_parties_are_held_to(name):
    documents = [document for owner, document in DOCUMENTS if owner == name]
    assert documents, "there is no answer to hold it against"
    for document in documents:
        # Where a list of exceptions is emptied, what they except speaks: that is no nonsense.
        if (name, document) != ("crowdsec", "false_positive"):
            assert breaches(LIVE[name], ADDRESS, load(name, document), name in KEY_IN_QUERY) == ()


@EVERY
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_a_status_with_a_reason_and_never_a_verdict(name, fault):
    found = LIVE[name].answers([ADDRESS, ANOTHER], fault.response, NOW)
    assert list(found) == [ADDRESS, ANOTHER]
    for evidence in found.values():
        assert evidence.status in fault.statuses
        assert (evidence.verdict, evidence.score, evidence.labels) == (Verdict.UNKNOWN, None, ())
        assert evidence.reason


@EVERY
def test_only_an_answer_in_the_words_of_the_service_is_not_found(name):
    for owner, words in OWN_WORDS.items():
        found = LIVE[name].answers([ADDRESS], answer(words, 404), NOW)[ADDRESS]
        same = owner == name or {owner, name} == {"internetdb", "shodan"}
        assert found.status is (Status.NOT_FOUND if same else Status.ERROR), owner


@EVERY
@pytest.mark.parametrize("body", OTHERS_WORDS)
def test_a_404_of_a_gateway_or_at_a_wrong_url_is_an_error(name, body):
    found = LIVE[name].answers([ADDRESS], Response(404, {}, body), NOW)[ADDRESS]
    assert (found.status, found.reason.endswith("(HTTP 404)")) == (Status.ERROR, True)


@EVERY
def test_a_403_is_a_wrong_key_where_the_service_says_it_that_way(name):
    found = LIVE[name].answers([ADDRESS], Response(403, {}, b"{}"), NOW)[ADDRESS]
    assert found.status is (Status.AUTH_ERROR if name in REFUSED_BY_403 else Status.FORBIDDEN)


@EVERY
def test_a_spent_quota_says_until_when_if_the_service_does(name):
    answers = LIVE[name].answers
    assert (
        "until 2026-01-02 03:06:05 UTC"
        in answers([ADDRESS], Response(429, {"Retry-After": "120"}), NOW)[ADDRESS].reason
    )
    assert "until" not in answers([ADDRESS], Response(429), NOW)[ADDRESS].reason


@EVERY
def test_the_key_is_in_a_header_wherever_the_vendor_allows_it(name):
    provider = LIVE[name]
    request = provider.question([ADDRESS], settings_of(name))
    in_query = any(CANARY in value for value in request.params.values())
    in_header = any(CANARY in value for value in request.headers.values())
    assert in_query == (name in KEY_IN_QUERY)
    assert in_header == ("key" in provider.needs and not in_query) or name == "feodo"
    assert CANARY.encode() not in request.body
    assert CANARY not in request.url


@EVERY
def test_no_repr_and_no_reason_shows_the_key_even_when_the_service_repeats_it(name):
    provider = LIVE[name]
    shown = [repr(provider.question([ADDRESS], settings_of(name))), repr(settings_of(name)), repr(provider)]
    for body in (f'{{"error": {{"code": "{CANARY}"}}}}', f'{{"message": "{CANARY}", "query_status": "{CANARY}"}}'):
        for status in (200, 401, 403, 429, 500):
            shown += map(repr, provider.answers([ADDRESS], Response(status, {}, body.encode()), NOW).values())
    assert not [text for text in shown if CANARY in text]


@EVERY
def test_a_question_is_https_and_names_the_address_or_none(name):
    request = LIVE[name].question([ADDRESS], settings_of(name))
    assert request == LIVE[name].question([ADDRESS], settings_of(name))
    assert request.url.startswith("https://")
    sent = request.url + json.dumps(dict(request.params)) + request.body.decode()
    assert (ADDRESS in sent) == (name not in ("feodo", "taxii"))


@EVERY
def test_a_question_can_be_sent_elsewhere_by_the_settings(name):
    assert LIVE[name].question([ADDRESS], SELF_HOSTED).url.startswith(INSTANCE)


@EVERY
def test_an_ipv6_address_is_escaped_in_urls_and_links(name):
    provider, address = LIVE[name], "2001:db8::7"
    if provider.supports(address):
        path = provider.question([address], settings_of(name)).url.partition("://")[2].partition("/")[2]
        assert ":" not in path
    assert ":" not in provider.link(address).partition("://")[2]


@EVERY
def test_an_address_of_a_version_that_the_service_does_not_know_is_unsupported_whatever_it_answers(name):
    provider, address = LIVE[name], "2001:db8::7"
    found = provider.answers([ADDRESS, address], Response(200, {}, b"{}"), NOW)
    assert provider.supports(ADDRESS)
    assert (found[address].status is Status.UNSUPPORTED) == (not provider.supports(address))
    assert list(found) == [ADDRESS, address]


@EVERY
def test_what_is_asked_at_once_is_within_the_batch(name):
    provider = LIVE[name]
    assert 1 <= provider.at_once(SETTINGS) <= provider.batch


@EVERY
def test_silent_headers_say_nothing_of_the_quota(name):
    assert LIVE[name].rate(Response(200, {"X-RateLimit-Remaining": "many"}, b"{}")) == {}


def test_the_registry_knows_every_provider_by_its_own_name():
    assert all(name == provider.name for name, provider in PROVIDERS.items())
    assert len({provider.title for provider in PROVIDERS.values()}) == len(PROVIDERS)
    assert set(PROVIDERS) - set(LIVE) == {"maxmind", "talos"}


@pytest.mark.parametrize("owner, document", DOCUMENTS)
def test_every_answer_leads_to_a_page_that_is_https_or_to_none(owner, document):
    link = PROVIDERS[owner].parse(ADDRESS, load(owner, document), NOW).link
    assert link.startswith("https://") or (owner in ("misp", "opencti", "taxii", "maxmind") and not link)


@pytest.mark.parametrize("owner, document", DOCUMENTS)
def test_every_label_has_a_weight_or_is_known_context(owner, document):
    context = {"criminalip.low", "threatfox.botnet_cc", "internetdb.c2"}
    labels = {f"{owner}.{label}" for label in PROVIDERS[owner].parse(ADDRESS, load(owner, document), NOW).labels}
    assert labels <= {*WEIGHTS, *context}


def test_every_weight_of_a_provider_is_one_that_its_parser_can_reach():
    lists = {"block_list", "warning_list", "own_events", "ipsum"}
    sources = {name.partition(".")[0] for name in WEIGHTS} - lists
    assert sources <= set(PROVIDERS)


def test_engines_that_are_providers_here_are_left_out_of_virustotals_count():
    assert {source for source in ENGINE_SOURCES.values() if source in PROVIDERS} == {
        "crowdsec", "criminalip", "otx", "urlhaus", "talos",
    }  # fmt: skip


@pytest.mark.parametrize("owner, document", DOCUMENTS)
@settings(max_examples=examples(0.25), deadline=None)
@given(seed=st.integers(0, 2**32), times=st.integers(2, 4))
def test_an_answer_damaged_in_several_places_raises_nothing_and_accuses_nobody(owner, document, seed, times):
    provider, chance, body = PROVIDERS[owner], random.Random(seed), load(owner, document)
    before, touched = provider.parse(ADDRESS, body, NOW).verdict, set()
    for _ in range(times):  # no place twice: a no that became a text may not become a yes after that
        places = [place for place in paths(body) if not any(place[: len(done)] == done for done in touched)]
        if 0 < len(places) < 1000:
            place = chance.choice(places)
            touched.add(place)
            body = chance.choice(list(mutants_at(body, place)))
    after = provider.parse(ADDRESS, body, NOW)
    assert not list(unsound(provider, after))
    if (owner, document) != ("crowdsec", "false_positive"):
        assert not turned(before, after.verdict)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@given(body=JSON)
def test_any_body_gives_evidence_and_never_an_accusation(name, body):
    evidence = PROVIDERS[name].parse(ADDRESS, body, NOW)
    assert not list(unsound(PROVIDERS[name], evidence))
    assert evidence.verdict is Verdict.UNKNOWN


@EVERY
@given(body=st.binary(max_size=60), status=st.integers(100, 599))
def test_any_response_gives_an_entry_for_every_address(name, body, status):
    found = LIVE[name].answers([ADDRESS, ANOTHER], Response(status, {}, body), NOW)
    assert list(found) == [ADDRESS, ANOTHER]
    assert all(item.verdict is Verdict.UNKNOWN for item in found.values())
