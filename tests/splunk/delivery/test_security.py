"""Notable and risk events: ES's field names, one line each, and no text of others breaks out of its quotes."""

from __future__ import annotations

import re

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path
from hypothesis import given
from hypothesis import strategies as some

from ipthreat.splunk.delivery.parcel import Parcel
from ipthreat.splunk.delivery.security import MOST_NOTABLES, MOST_OBJECTS, notable_events, risk_events, risk_score

ROW = {
    "src": "203.0.113.9",
    "dest": ["10.1.2.3", "web-1"],
    "verdict": "malicious",
    "confidence": 9,
    "severity": "medium",
    "priority": "High",
    "signature": "Malicious IP Detected",
    "description": "7 engines",
    "mitre_technique_id": ["T1110", "T1190"],
}
PAIR = re.compile(r', ([A-Za-z_.]+)="((?:[^"\\]|\\.)*)"')
RISK_FIELDS = {
    *("search_name", "orig_sid", "risk_object", "risk_object_type", "risk_score", "risk_message", "threat_object"),
    *("threat_object_type", "annotations.mitre_attack"),
}


def parcel(*rows, **more):
    texts = {"sid": "1.2", "search_name": "Web scans", "app": "search", "owner": "admin", "title": "T", "link": ""}
    texts.update(report_id="ab", tlp="TLP:AMBER", time="2026-11-24T00:00:00Z", threat="t", actionable="a")
    return Parcel(**{**texts, **more}, rows=tuple(rows), addresses=len(rows))


def pairs(line):
    """Name → values, read as splunkd reads a stash event; the whole line must be made of them."""
    found = {}
    for name, value in PAIR.findall(line):
        found.setdefault(name, []).append(value)
    assert PAIR.sub("", line).isdigit(), line
    return found


def test_each_host_of_ours_gets_the_risk_of_the_address_that_it_met():
    first, second = map(pairs, risk_events(parcel(ROW)))
    assert set(first) >= RISK_FIELDS
    assert [first["risk_object"], second["risk_object"]] == [["10.1.2.3"], ["web-1"]]
    assert first["risk_object_type"] == ["system"]
    assert (first["threat_object"], first["threat_object_type"]) == (["203.0.113.9"], ["ip_address"])
    assert first["risk_score"] == ["90"]
    assert first["annotations.mitre_attack"] == ["T1110", "T1190"]


def test_where_no_host_is_known_the_address_itself_is_at_risk():
    (line,) = risk_events(parcel({**ROW, "dest": []}))
    assert (pairs(line)["risk_object"], pairs(line)["risk_object_type"]) == (["203.0.113.9"], ["other"])


def test_a_notable_event_has_a_title_an_urgency_and_a_way_back_to_its_search():
    (line,) = notable_events(parcel(ROW))
    told = pairs(line)
    assert told["rule_title"] == ["Malicious IP Detected: 203.0.113.9"]
    assert (told["urgency"], told["severity"], told["security_domain"]) == (["high"], ["high"], ["threat"])
    assert (told["search_name"], told["orig_sid"], told["src"]) == (["Web scans"], ["1.2"], ["203.0.113.9"])
    assert told["dest"] == ["10.1.2.3", "web-1"]
    assert "confidence 9 of 10" in told["rule_description"][0]


@pytest.mark.parametrize(
    "priority, urgency", [("High", "high"), ("Medium", "medium"), ("Low", "low"), ("Monitor", "informational")]
)
def test_urgency_is_the_priority(priority, urgency):
    (line,) = notable_events(parcel({**ROW, "priority": priority}))
    assert pairs(line)["urgency"] == [urgency]


def test_an_event_begins_with_its_moment():
    assert notable_events(parcel(ROW))[0].startswith("1795478400, ")
    assert notable_events(parcel(ROW, time="yesterday"))[0].startswith("search_name=")


@pytest.mark.parametrize(
    "confidence, score", [(10, 100), (0, 0), (99, 100), (-1, 0), (None, 0), ("9", 0), (True, 0), (2.5, 0)]
)
def test_a_score_is_from_0_to_100_whatever_the_row_says(confidence, score):
    assert risk_score({"confidence": confidence}) == score


def test_people_get_no_more_tasks_than_they_can_do_and_risk_no_more_objects_than_are_of_use():
    rows = [{**ROW, "dest": [f"host-{number}" for number in range(200)]} for _ in range(150)]
    assert len(notable_events(parcel(*rows))) == MOST_NOTABLES
    assert len(risk_events(parcel(*rows))) == 150 * MOST_OBJECTS


@given(some.text(max_size=80), some.text(max_size=80), some.lists(some.text(max_size=20), max_size=3))
def test_no_text_makes_a_second_line_or_a_second_field(words, host, techniques):
    row = {**ROW, "description": words, "signature": words, "dest": [host], "mitre_technique_id": techniques}
    for line in (*notable_events(parcel(row, search_name=words)), *risk_events(parcel(row))):
        assert len(line.splitlines()) == 1
        names = set(pairs(line))
        assert names <= RISK_FIELDS | {
            *("rule_name", "rule_title", "rule_description", "security_domain", "severity", "urgency", "src", "dest"),
            *("verdict", "confidence", "priority", "report_id"),
        }


@given(some.dictionaries(some.sampled_from(sorted(ROW)), some.none() | some.integers() | some.text(max_size=9)))
def test_no_row_of_a_caller_makes_it_fail(row):
    lines = [*notable_events(parcel(row)), *risk_events(parcel(row))]
    assert len(lines) >= 2
    assert all(pairs(line)["orig_sid"] == ["1.2"] for line in lines)
