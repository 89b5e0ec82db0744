"""The cluster's memory: within the KV store's limits, believed no longer than an answer lives, written by no user."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some
from splunkds import Splunkd  # the stand-in; its module puts the SDK on the path

from ipthreat.dossier import Evidence, SourceKind, Status, Verdict
from ipthreat.splunk.kvstore import (
    LARGEST_AT_ONCE,
    MOST_AT_ONCE,
    SharedEvidence,
    change_document,
    get_document,
    put_document,
)
from ipthreat.splunk.splunkd import Splunkd as Connection

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def item(source="virustotal", age=timedelta(), **more):
    return Evidence(source, SourceKind.PROVIDER, Status.OK, Verdict.MALICIOUS, retrieved_at=NOW - age, **more)


@pytest.fixture
def splunkd():
    with Splunkd() as found:
        found.state.collection("ipthreat_evidence")
        yield found


def shared(splunkd, said=None, user="splunk-system-user", now=NOW):
    said = [] if said is None else said
    return SharedEvidence(Connection(splunkd.url, splunkd.state.log_in(user)), now.timestamp, said.append)


def test_what_one_member_saves_another_finds(splunkd):
    shared(splunkd).save([("198.51.100.7", item(score=90)), ("198.51.100.8", item("abuseipdb"))])
    wanted = {"virustotal": ["198.51.100.7", "198.51.100.8"], "abuseipdb": ["198.51.100.8"]}
    found = shared(splunkd).find(wanted)
    assert {(entry.address, entry.evidence.source) for entry in found} == {
        ("198.51.100.7", "virustotal"),
        ("198.51.100.8", "abuseipdb"),
    }
    assert found[0].evidence == item(found[0].evidence.source, score=found[0].evidence.score)


@pytest.mark.parametrize("status", [Status.ERROR, Status.RATE_LIMITED, Status.NOT_ASKED, Status.STALE, Status.TIMEOUT])
def test_failures_are_not_shared(splunkd, status):
    shared(splunkd).save([("198.51.100.7", Evidence("virustotal", SourceKind.PROVIDER, status, retrieved_at=NOW))])
    assert splunkd.state.collection("ipthreat_evidence").documents == {}


def test_an_answer_ends_with_its_lifetime_whatever_the_document_says(splunkd):
    shared(splunkd).save([("198.51.100.7", item())])
    (document,) = splunkd.state.collection("ipthreat_evidence").documents.values()
    document["expires"] = 1e12
    wanted = {"virustotal": ["198.51.100.7"]}
    assert len(shared(splunkd, now=NOW + timedelta(hours=5)).find(wanted)) == 1
    assert shared(splunkd, now=NOW + timedelta(hours=7)).find(wanted) == []
    assert shared(splunkd, now=NOW - timedelta(hours=1)).find(wanted) == []


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "{}"},
        {"answer": 7},
        {"answer": "x" * 100_000},
        {"address": "198.51.100.9"},
        {"answer": '{"source": "abuseipdb", "kind": "provider", "status": "ok", "retrieved_at": 1795000000}'},
        {"answer": '{"source": "virustotal", "kind": "provider", "status": "ok"}'},
    ],
)
def test_a_document_that_contradicts_itself_is_as_good_as_none(splunkd, change):
    shared(splunkd).save([("198.51.100.7", item())])
    (document,) = splunkd.state.collection("ipthreat_evidence").documents.values()
    document.update(change)
    assert shared(splunkd).find({"virustotal": ["198.51.100.7"]}) == []


def test_thousands_of_answers_go_in_batches_within_the_limits(splunkd):
    answers = [(f"198.51.{number // 250}.{number % 250}", item(reason="x" * 200)) for number in range(2100)]
    shared(splunkd).save(answers)
    saved = [asked for asked in splunkd.asked if asked.path.endswith("batch_save")]
    assert len(saved) >= 2100 / MOST_AT_ONCE
    assert all(len(asked.body) <= LARGEST_AT_ONCE * 1.1 for asked in saved)
    found = shared(splunkd).find({"virustotal": [address for address, _ in answers]})
    assert {entry.address for entry in found} == {address for address, _ in answers}


def test_a_store_that_is_away_is_told_once_and_asked_no_more(splunkd):
    said = []
    memory = shared(splunkd, said)
    splunkd.state.kv_status = 503
    for _ in range(3):
        assert memory.find({"virustotal": ["198.51.100.7"]}) == []
        memory.save([("198.51.100.7", item())])
    assert said == ["answers are not shared with the cluster in this run: the KV store answers 503"]
    assert len(splunkd.asked) == 1


def test_a_user_cannot_write_into_it(splunkd):
    said = []
    shared(splunkd, said, user="analyst").save([("198.51.100.7", item())])
    assert "403" in said[0]
    assert splunkd.state.collection("ipthreat_evidence").documents == {}


@given(some.dictionaries(some.text(max_size=8), some.none() | some.integers() | some.text(max_size=20), max_size=4))
def test_no_document_makes_a_search_fail(document):
    with Splunkd() as splunkd:
        key = "virustotal:198.51.100.7"
        splunkd.state.collection("ipthreat_evidence").replace(key, {**document, "address": "198.51.100.7"})
        assert shared(splunkd).find({"virustotal": ["198.51.100.7"]}) == []


def test_a_document_is_added_once_and_can_be_changed(splunkd):
    connection = Connection(splunkd.url, splunkd.state.log_in("splunk-system-user"))
    assert put_document(connection, "ipthreat_evidence", "a", {"n": 1})
    assert not put_document(connection, "ipthreat_evidence", "a", {"n": 2})
    change_document(connection, "ipthreat_evidence", "a", {"n": 3})
    assert get_document(connection, "ipthreat_evidence", "a")["n"] == 3
    assert get_document(connection, "ipthreat_evidence", "b") is None
