"""Enterprise Security: `cim_actions` is used where it is installed, and nothing is missed where it is not."""

from __future__ import annotations

import json

import pytest
from alerts import executed, outcomes, payload, results, scans
from searches import ROOT
from splunkds import place

from ipthreat.splunk.conf import read_conf

# What the action calls of Splunk_SA_CIM's own class, written down by a class of ours.
CIM = """
import json, os
class ModularAction:
    def __init__(self, settings, logger, action_name):
        self.told = {"name": action_name, "sid": json.loads(settings)["sid"], "updates": 0, "events": []}
    def update(self, result):
        self.told["updates"] += 1
    def invoke(self):
        self.told["invoked"] = True
    def addevent(self, raw, sourcetype):
        self.told["events"].append(sourcetype)
    def writeevents(self, index, source):
        self.told["index"] = index
    def message(self, signature, status):
        self.told["message"] = [signature, status]
        with open(os.path.join(os.environ["SPLUNK_HOME"], "cim.json"), "w") as file:
            json.dump(self.told, file)
"""


@pytest.fixture
def here(tmp_path):
    with place(tmp_path) as found:
        yield found


def installed(here, text):
    folder = here.home / "etc" / "apps" / "Splunk_SA_CIM" / "lib"
    folder.mkdir(parents=True)
    (folder / "cim_actions.py").write_text(text)


def test_where_es_is_installed_its_library_gets_the_events_and_the_status(here):
    installed(here, CIM)
    assert executed(here, payload(here, results(here.home, scans()))).returncode == 0
    told = (here.home / "cim.json").read_text()
    assert '"name": "ipthreat_report"' in told
    assert '"events": ["ipthreat:assessment"]' in told
    assert '"success"' in told


def test_a_library_of_es_that_fails_spoils_nothing(here):
    installed(here, "raise RuntimeError('no such version')")
    assert executed(here, payload(here, results(here.home, scans()))).returncode == 0
    assert "outcome=delivered" in outcomes(here)[0]


def test_an_ad_hoc_run_without_results_works_there_too(here):
    installed(here, CIM)
    told = payload(here, None, sid="1795500000.9", result={"src_ip": "20.1.2.3"})
    assert executed(here, told).returncode == 0
    assert '"updates": 1' in (here.home / "cim.json").read_text()


# --- events that ES itself reads ------------------------------------------------------------------


def es(here):
    """ES's indexes, which an administrator has allowed."""
    for name in ("notable", "risk"):
        here.splunkd.state.indexes[name] = []
    here.splunkd.state.confs["ipthreat"]["delivery"]["indexes"] = "summary, notable, risk"


def written(here, index):
    return [line for event in here.splunkd.state.indexes[index] for line in event.text.splitlines()]


def test_notable_and_risk_events_are_written_as_stash_once(here):
    es(here)
    rows = [{**row, "dest_ip": "10.1.2.3"} for row in scans()]
    told = payload(here, results(here.home, rows), params={"notable": "1", "risk": "1", "index": ""})
    for _ in range(2):
        assert executed(here, told).returncode == 0
    (notable,), (risk,) = written(here, "notable"), written(here, "risk")
    assert 'search_name="Web scans"' in notable
    assert 'src="18.237.3.202"' in notable
    for pair in (
        'risk_object="10.1.2.3"',
        'risk_object_type="system"',
        'threat_object="18.237.3.202"',
        'threat_object_type="ip_address"',
        'annotations.mitre_attack="T1595"',
    ):
        assert pair in risk
    assert "risk_score=" in risk
    events = here.splunkd.state.indexes["notable"] + here.splunkd.state.indexes["risk"]
    assert {event.sourcetype for event in events} == {"stash"}
    assert [line.count("outcome=delivered") for line in outcomes(here)] == [1, 1, 0, 0]


@pytest.mark.parametrize("kind", ["notable", "risk"])
def test_who_may_deliver_may_not_raise_risk_until_an_administrator_allows_it(here, kind):
    here.splunkd.state.indexes[kind] = []
    told = payload(here, results(here.home, scans()), params={kind: "1", "index": ""})
    assert executed(here, told).returncode == 2
    assert f"may not write into the index '{kind}'" in outcomes(here)[0]
    assert written(here, kind) == []


def test_without_es_the_missing_index_is_one_failed_outcome_and_the_rest_is_delivered(here):
    here.splunkd.state.confs["ipthreat"]["delivery"]["indexes"] = "summary, risk"
    told = payload(here, results(here.home, scans()), params={"risk": "1"})
    assert executed(here, told).returncode == 2
    assert ["outcome=delivered" in line for line in outcomes(here)] == [True, False]
    assert "the index risk was not written: splunkd answers 400" in outcomes(here)[1]


def test_the_adaptive_response_says_what_es_must_know_to_offer_it():
    about = json.loads(read_conf(ROOT, "alert_actions")["ipthreat_report"]["param._cam"])
    assert {"category", "task", "subject", "technology", "supports_adhoc"} <= set(about)
    assert about["supports_adhoc"] is True
