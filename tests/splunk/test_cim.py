"""What the alert action writes has the names and values of CIM, whatever the finding is."""

from __future__ import annotations

import importlib.util
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cim import ALERTS, SOURCE, model_of
from searches import ROOT
from splunkds import place  # puts the SDK on the path

from ipthreat.splunk.alert_payload import payload_of
from ipthreat.splunk.alert_report import AlertCase, parcel_for
from ipthreat.splunk.conf import read_conf
from ipthreat.splunk.delivery.parcel import events

assert place
AGENT = "Mozilla/5.00 (Nikto/2.1.6)"
FINDINGS = {
    "a scanner": [{"src_ip": "18.237.3.202", "http_user_agent": AGENT, "uri": "/admin", "status": "404"}],
    "a scanner of a host of ours": [{"src_ip": "18.237.3.202", "dest_ip": "10.1.2.3", "http_user_agent": AGENT}],
    "an address of which nothing is known": [{"src_ip": "20.1.2.3"}],
    "a private address": [{"src_ip": "10.0.0.1"}],
    "a resolver that everybody knows": [{"src_ip": "8.8.8.8"}],
    "brute force": [
        {"src_ip": "20.1.2.3", "user": "root", "action": "failure", "_time": str(1795490000 + number)}
        for number in range(40)
    ],
}


def told(rows):
    """The events of the addresses in some results."""
    configuration = {"mode": "offline", "least": "Monitor"}
    payload = payload_of(json.dumps({"sid": "1795500000.7", "search_name": "S", "configuration": configuration}))
    judge = AlertCase(payload, ROOT)
    judge.add([{"_time": "1795490000", **row} for row in rows])
    parcel = parcel_for(payload, judge.case(None))
    return [json.loads(text) for sourcetype, text in events(parcel) if sourcetype == "ipthreat:assessment"]


@pytest.mark.parametrize("finding", FINDINGS)
def test_an_event_has_every_field_that_the_model_requires_with_a_value_it_allows(finding):
    for event in told(FINDINGS[finding]):
        missing = ALERTS.required - set(event)
        assert missing <= {"dest"}, missing  # the model itself makes of a missing destination `unknown`
        assert not [name for name, values in ALERTS.values.items() if event[name] not in values]
        assert not [name for name in ALERTS.required & set(event) if event[name] in ("", None, [])]


def test_a_host_of_ours_that_was_reached_is_the_destination():
    (event,) = told(FINDINGS["a scanner of a host of ours"])
    assert event["dest"] == ["10.1.2.3"]


def test_a_technique_of_attack_is_named_by_its_number():
    (event,) = told(FINDINGS["a scanner"])
    assert event["mitre_technique_id"] == ["T1595"]


def test_events_are_tagged_as_the_model_wants_them():
    types = read_conf(ROOT, "eventtypes")
    tags = read_conf(ROOT, "tags")
    (name,) = [name for name, pairs in types.items() if 'sourcetype="ipthreat:assessment"' in pairs["search"]]
    assert tags[f"eventtype={name}"][ALERTS.tag] == "enabled"


def test_the_events_time_is_that_of_the_judgement_and_readable():
    (event,) = told(FINDINGS["a scanner"])
    moment = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert moment.timestamp() == 1795500000


def _carried():
    """The package's folder, found without importing it: it is a plugin of the test runner."""
    found = importlib.util.find_spec("pytest_splunk_addon")
    return Path(found.origin).parent if found and found.origin else None


@pytest.mark.skipif(_carried() is None, reason=f"{SOURCE} is not installed")
def test_the_fields_above_are_those_that_the_addon_tests_carry():
    path = _carried() / "data_models" / "Alerts.json"
    assert model_of(json.loads(path.read_text(encoding="utf-8"))) == ALERTS
