"""The kit for providers finds every way in which one may break the contract."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Evidence, SourceKind, Status, Verdict
from ipthreat.exchange import Request, Response
from ipthreat.providers.base import Failure
from ipthreat.providers.service import Service
from ipthreat.testkit.providers import ANOTHER, CANARY, FAULTS, NOW, CanarySettings, breaches, mutations, paths, turned

ADDRESS = "198.51.100.7"
BODY = {"ip": ADDRESS, "rating": "bad", "seen": ["2026-01-01"]}


class Good(Service):
    name = "good"
    title = "Good"
    home = "https://good.example"

    def question(self, addresses, settings):
        return Request(self.place(settings, f"/{addresses[0]}"), headers={"X-Key": settings.key})

    def parse(self, address, body, retrieved_at):
        if not isinstance(body, dict) or body.get("ip") != address or body.get("rating") not in ("bad", "none"):
            return self.without(address, Status.ERROR, "no answer about the address")
        bad = body["rating"] == "bad"
        return self.stated(address, retrieved_at, verdict=Verdict.MALICIOUS if bad else Verdict.UNKNOWN)


def made(**members):
    """A provider that is good save for these members."""
    return type("Bad", (Good,), members)()


def ok(**fields):
    """A `parse` that gives this evidence for every body."""
    return lambda self, address, body, at: Evidence("good", SourceKind.PROVIDER, Status.OK, **fields)


def test_a_good_provider_breaks_nothing():
    assert breaches(Good(), ADDRESS, BODY) == ()


@pytest.mark.parametrize(
    "members, words",
    [
        ({"title": ""}, "it has no name or no title"),
        ({"quota": {"week": 50}}, "its quota has other spans"),
        ({"quota": {"day": 0}}, "its quota has other spans"),
        ({"batch": 0}, "its batch or its concurrency is less than 1"),
        ({"tlp": "GREEN"}, "its tlp is no TLP label"),
        ({"at_once": lambda self, settings: 5}, "at_once is not from 1 to batch"),
        ({"question": lambda self, a, s: "https://x"}, "its question is no request over https"),
        ({"question": lambda self, a, s: Request("http://x.example")}, "its question is no request over https"),
        ({"question": lambda self, a, s: Request(f"https://x.example/{s.key}")}, "the key stands in the URL"),
        (
            {"question": lambda self, a, s: Request("https://x.example", params={"k": s.key})},
            "the key stands in the query",
        ),
        ({"question": lambda self, a, s: Request("https://x.example")}, "it does not send the key that it needs"),
        ({"rate": lambda self, response: {"day": "many"}}, "rate gives something else than whole numbers"),
        ({"answers": lambda self, addresses, r, at: {}}, "401: it gives no entry for an address that was asked"),
        ({"statuses": {429: Failure(Status.NOT_FOUND, "x")}}, "429: the status is"),
        ({"parse": lambda self, a, b, at: {}}, "its parse gives no Evidence"),
    ],
)
def test_each_breach_is_named(members, words):
    assert any(words in breach for breach in breaches(made(**members), ADDRESS, BODY))


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"score": 101}, "its score is 101"),
        ({"first_seen": NOW.replace(tzinfo=None)}, "it has a time without a zone"),
        ({"organisation": "x" * 600}, "it has a text that is long or broken into lines"),
        ({"related": ("a\nb",)}, "it has a text that is long or broken into lines"),
        ({"labels": (5,)}, "it has a text that is long or broken into lines"),
        ({"reason": f"key {CANARY}"}, "it shows the key"),
    ],
)
def test_unsound_evidence_is_named(fields, words):
    assert any(words in breach for breach in breaches(made(parse=ok(**fields)), ADDRESS, BODY))


def test_a_verdict_without_an_answer_is_named():
    def parse(self, address, body, at):
        return Evidence("good", SourceKind.PROVIDER, Status.ERROR, verdict=Verdict.MALICIOUS)

    assert any(
        "a verdict or a score with the status error" in breach for breach in breaches(made(parse=parse), ADDRESS, BODY)
    )


def test_a_provider_that_believes_anything_is_named():
    found = breaches(made(parse=ok(verdict=Verdict.BENIGN)), ADDRESS, BODY)
    assert any("JSON null: the status is ok" in breach for breach in found)


def test_nonsense_that_becomes_an_accusation_is_named():
    def parse(self, address, body, at):
        bad = isinstance(body, dict) and body.get("rating") != "none"
        return self.stated(address, at, verdict=Verdict.MALICIOUS if bad else Verdict.UNKNOWN)

    found = breaches(made(parse=parse), ADDRESS, {"ip": ADDRESS, "rating": "none"})
    assert "with rating changed: unknown becomes malicious" in found


def test_an_answer_that_the_provider_does_not_accept_is_named_first_of_all():
    assert breaches(Good(), ADDRESS, {"ip": ANOTHER})[-1] == f"the answer about {ADDRESS} gives the status error"


def test_the_settings_hide_their_key():
    assert CANARY not in repr(CanarySettings(extra={"token": CANARY}))


def test_the_faults_are_named_once_and_none_of_them_may_be_ok():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert not any(Status.OK in fault.statuses for fault in FAULTS)
    assert all(isinstance(fault.response, Response) for fault in FAULTS)


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (Verdict.UNKNOWN, Verdict.MALICIOUS, True),
        (Verdict.BENIGN, Verdict.MALICIOUS, True),
        (Verdict.UNKNOWN, Verdict.SUSPICIOUS, False),
        (Verdict.SUSPICIOUS, Verdict.MALICIOUS, False),
        (Verdict.SUSPICIOUS, Verdict.BENIGN, True),
        (Verdict.MALICIOUS, Verdict.BENIGN, True),
        (Verdict.MALICIOUS, Verdict.UNKNOWN, False),
    ],
)
def test_a_damaged_answer_may_lose_its_meaning_and_not_turn_it_around(before, after, expected):
    assert turned(before, after) is expected


def test_every_value_of_a_document_is_reached_and_of_an_array_the_first_three():
    assert set(paths({"a": {"b": [1, 2, 3, 4]}, "c": None})) == {
        ("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1), ("a", "b", 2), ("c",),
    }  # fmt: skip
    assert list(paths(5)) == []


def test_each_value_is_dropped_retyped_nested_and_enlarged():
    mutants = [mutant for path, mutant in mutations({"a": "x"})]
    assert {} in mutants
    assert {"a": None} in mutants
    assert {"a": 7} in mutants
    assert {"a": True} in mutants
    assert {"a": ["x"]} in mutants
    assert {"a": {"value": "x"}} in mutants
    assert {"a": "x" * 1000} in mutants


def test_an_absent_or_negative_answer_is_never_mutated_into_a_yes():
    for value in (None, False, True):
        assert {"a": True} not in [mutant for _, mutant in mutations({"a": value})]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_mutations_leave_the_document_itself_alone(document):
    before = copy.deepcopy(document)
    assert all(mutant is not document for _, mutant in mutations(document))
    assert document == before
