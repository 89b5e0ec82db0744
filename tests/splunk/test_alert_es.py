"""Enterprise Security: `cim_actions` is used where it is installed, and nothing is missed where it is not."""

from __future__ import annotations

import pytest
from alerts import executed, outcomes, payload, results, scans
from splunkds import place

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
