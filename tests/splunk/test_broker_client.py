"""The broker as a search sees it: whatever the handler answers, every address is told of and nothing fails."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from splunkds import LOOKUP, Splunkd

from ipthreat.dossier import Dossier, Evidence, SourceKind, Status
from ipthreat.policy import policy_named
from ipthreat.splunk.broker_client import BATCH, PATH, BrokerClient, Search
from ipthreat.splunk.splunkd import Splunkd as Connection
from ipthreat.store.encoding import encoded

ADDRESS = "20.1.2.3"
NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
KEYS = ("evidence", "sources", "asked", "late", "requests", "messages")


class Handler:
    """A handler that answers what it is told to, and notes what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, request):
        self.asked.append(json.loads(json.loads(request)["payload"]))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, payload = answer if isinstance(answer, tuple) else (200, answer)
        return {"status": status, "payload": payload if isinstance(payload, str) else json.dumps(payload)}


def entry(address=ADDRESS, status=Status.OK, at=NOON):
    return json.loads(encoded(Evidence("vendor", SourceKind.PROVIDER, status, retrieved_at=at)))


def answer(evidence=None, **more):
    told = {"evidence": evidence or {}, "sources": ["vendor"], "asked": 0, "late": False, "requests": {}}
    return {**told, **more}


@pytest.fixture(scope="module")
def splunkd():
    with Splunkd() as found:
        yield found


def client(splunkd, handler, user="analyst", clock=None, **search):
    splunkd.mount(PATH, handler, {"post": LOOKUP})
    settled = {"sid": "1795500000.7", "live": True, "budget": 100, "seconds": 60.0, **search}
    way = Connection(splunkd.url, splunkd.state.log_in(user))
    more = {"clock": clock} if clock else {}
    return BrokerClient(way, policy_named("standard"), Search(**settled), **more)


def dossiers(*addresses):
    return [Dossier(address, "global") for address in addresses]


def states(found):
    return {address: [item.status.value for item in items] for address, items in found.items()}


def test_what_the_handler_says_is_the_evidence(splunkd):
    handler = Handler(answer({ADDRESS: [entry()]}, asked=1, requests={"vendor": 2}))
    found = client(splunkd, handler)
    assert states(found.answers(dossiers(ADDRESS))) == {ADDRESS: ["ok"]}
    assert (found.problem, found.messages, found.requests) == ("", [], {"vendor": 2})


def test_it_asks_with_addresses_budget_search_and_time_and_nothing_else(splunkd):
    handler = Handler(answer())
    client(splunkd, handler, providers=("vendor",), budget=7).answers(dossiers(ADDRESS))
    (asked,) = handler.asked
    assert set(asked) == {"mode", "sid", "providers", "addresses", "budget", "timeout"}
    assert (asked["mode"], asked["sid"], asked["budget"], asked["providers"]) == ("live", "1795500000.7", 7, ["vendor"])
    assert 0 < asked["timeout"] <= 50


def test_many_addresses_are_asked_about_in_batches_within_one_budget(splunkd):
    handler = Handler(answer(asked=60))
    found = client(splunkd, handler, budget=100)
    found.answers(dossiers(*(f"20.2.{number // 250}.{number % 250}" for number in range(BATCH + 1))))
    assert [len(asked["addresses"]) for asked in handler.asked] == [BATCH, 1]
    assert [asked["budget"] for asked in handler.asked] == [100, 40]


def test_what_was_late_is_asked_for_again_and_costs_no_budget_twice(splunkd):
    late = answer({ADDRESS: [entry(status=Status.TIMEOUT)]}, asked=5, late=True)
    handler = Handler(late, answer({ADDRESS: [entry()]}, asked=0))
    found = client(splunkd, handler, budget=10)
    assert states(found.answers(dossiers(ADDRESS))) == {ADDRESS: ["ok"]}
    found.answers(dossiers("20.1.2.9"))
    assert [asked["budget"] for asked in handler.asked] == [10, 10, 5]


def test_nothing_is_asked_once_the_time_of_the_search_is_over(splunkd):
    moments = iter([0.0, 0.0, 0.0, 61.0, 61.0, 61.0, 61.0])
    handler = Handler(answer({ADDRESS: [entry(status=Status.TIMEOUT)]}, late=True))
    found = client(splunkd, handler, clock=lambda: next(moments, 61.0))
    assert states(found.answers(dossiers(ADDRESS))) == {ADDRESS: ["timeout"]}
    assert len(handler.asked) == 1
    assert states(found.answers(dossiers("20.1.2.9"))) == {"20.1.2.9": ["not_asked"]}


@pytest.mark.parametrize(
    "reply, words",
    [
        ((403, {"error": "this needs the capability ipthreat_lookup"}), "ipthreat_lookup"),
        ((401, {"messages": []}), "the session has expired"),
        ((404, {}), "the app's handler is not there"),
        ((500, {"error": "the handler's process ended"}), "the handler's process ended"),
        ((503, {}), "answers 503"),
        ((200, "<html>"), "no JSON"),
        ((200, [1]), "answers 200"),
    ],
)
def test_a_handler_that_is_away_is_one_sentence_and_is_asked_no_more(splunkd, reply, words):
    handler = Handler(reply)
    found = client(splunkd, handler)
    assert found.answers(dossiers(ADDRESS)) == {}
    assert found.answers(dossiers("20.1.2.9")) == {}
    assert found.problem.startswith("live sources were not asked: ")
    assert words in found.problem
    assert len(handler.asked) == 1


def test_a_handler_that_goes_away_in_the_middle_leaves_what_it_has_said(splunkd):
    handler = Handler(answer({ADDRESS: [entry()]}), (500, {"error": "gone"}))
    found = client(splunkd, handler)
    first = found.answers(dossiers(ADDRESS))
    second = found.answers(dossiers("20.1.2.9"))
    assert (states(first), states(second)) == ({ADDRESS: ["ok"]}, {"20.1.2.9": ["not_asked"]})
    assert "gone" in second["20.1.2.9"][0].reason


def test_a_user_without_the_capability_is_told_which_it_is(splunkd):
    found = client(splunkd, Handler(answer()), user="visitor")
    found.answers(dossiers(ADDRESS))
    assert "ipthreat_lookup" in found.problem


def test_addresses_that_are_not_global_never_reach_the_handler(splunkd):
    handler = Handler(answer())
    client(splunkd, handler).answers([Dossier("10.0.0.1", "private"), *dossiers(ADDRESS)])
    assert [asked["addresses"] for asked in handler.asked] == [[ADDRESS]]


def test_an_address_that_nobody_asked_about_is_not_believed(splunkd):
    handler = Handler(answer({ADDRESS: [entry()], "8.8.8.8": [entry()]}))
    assert set(client(splunkd, handler).answers(dossiers(ADDRESS))) == {ADDRESS}


def test_nothing_is_known_later_than_the_moment_judged(splunkd):
    handler = Handler(answer({ADDRESS: [entry(at=NOON + timedelta(hours=1))]}))
    (item,) = client(splunkd, handler, as_of=NOON).answers(dossiers(ADDRESS))[ADDRESS]
    assert item.retrieved_at == NOON


def test_a_message_is_told_once_and_never_at_length(splunkd):
    found = client(splunkd, Handler(answer(messages=["a", "a", "x" * 5000])))
    found.answers(dossiers(ADDRESS))
    found.answers(dossiers("20.1.2.9"))
    assert [len(text) for text in found.messages] == [1, 300]


RUBBISH = some.recursive(
    some.none() | some.booleans() | some.integers(-5, 10**6) | some.text(max_size=5),
    lambda inside: some.lists(inside, max_size=3) | some.dictionaries(some.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(some.dictionaries(some.sampled_from(KEYS), RUBBISH))
def test_no_answer_of_a_handler_makes_a_search_fail(splunkd, told):
    told["late"] = False
    found = client(splunkd, Handler(told)).answers(dossiers(ADDRESS))
    assert set(found) <= {ADDRESS}
