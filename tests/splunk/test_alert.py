"""The alert action as splunkd starts it: payload by standard input, the real script, handler and provider."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import threading

import pytest
from alerts import SID, executed, outcomes, payload, results, scans
from cim import ALERTS
from splunkds import CANARY, place

from ipthreat.testkit import behaviours

REFERENCE = {"malicious": 7, "suspicious": 4, "undetected": 26, "harmless": 58, "timeout": 0}


def virustotal(talk):
    """What VirusTotal says of the address of the reference report."""
    attributes = {"last_analysis_stats": REFERENCE, "asn": 16509, "as_owner": "AMAZON-02", "country": "US"}
    found = {"id": "18.237.3.202", "type": "ip_address", "attributes": attributes}
    talk.answer(200, json.dumps({"data": found}).encode())


@pytest.fixture
def here(tmp_path):
    with place(tmp_path, routes={"/api/v3/ip_addresses/18.237.3.202": virustotal}) as found:
        yield found


def events(here, sourcetype):
    found = [event for event in here.splunkd.state.indexes["summary"] if event.sourcetype == sourcetype]
    return [json.loads(line) for event in found for line in event.text.splitlines()]


def test_the_reference_case_from_the_payload_to_both_reports(here):
    done = executed(here, payload(here, results(here.home, scans()), params={"case": "1", "file": "1"}))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "INFO done\n")
    (told,) = events(here, "ipthreat:assessment")
    judged = {name: told[name] for name in ("src", "verdict", "confidence", "severity", "priority")}
    expected = {"src": "18.237.3.202", "verdict": "malicious", "confidence": 10, "severity": "low", "priority": "High"}
    assert judged == expected
    threat, actionable = events(here, "ipthreat:report")
    assert "- VirusTotal Stats: {'malicious': 7, 'suspicious': 4, 'undetected': 26" in threat["report"]
    assert "- ASN: 16509" in threat["report"]
    assert actionable["report"].startswith("# ")
    assert len(here.splunkd.state.collection("ipthreat_cases").documents) == 1
    reports = here.home / "var" / "lib" / "splunk" / "ipthreat" / "reports"
    assert {path.suffix for path in reports.iterdir()} == {".txt", ".md"}
    assert [re.search(r"outcome=(\w+)", line)[1] for line in outcomes(here)] == ["delivered"] * 3


def test_the_indexed_event_has_cims_field_names_and_values(here):
    executed(here, payload(here, results(here.home, scans())))
    (told,) = events(here, "ipthreat:assessment")
    assert ALERTS.required - {"dest"} <= set(told)
    assert told["vendor_product"] == "ipthreat"
    assert [told[name] in values for name, values in ALERTS.values.items()] == [True, True]


def test_run_again_for_the_same_search_nothing_is_delivered_twice(here):
    path = results(here.home, scans())
    for _ in range(3):
        assert executed(here, payload(here, path)).returncode == 0
    assert len(events(here, "ipthreat:assessment")) == 1
    assert [re.search(r"outcome=(\w+)", line)[1] for line in outcomes(here)] == ["delivered", "skipped", "skipped"]


def test_another_search_is_throttled_while_it_says_the_same(here):
    path = results(here.home, scans())
    for number in range(2):
        executed(here, payload(here, path, sid=f"{SID}{number}", params={"throttle": "10"}))
    assert len(events(here, "ipthreat:assessment")) == 1
    assert "throttled" in outcomes(here)[-1]


@pytest.mark.parametrize(
    "params, words",
    [
        ({"index": "main"}, "may not write into the index"),
        ({"destinations": "nobody"}, "no destination 'nobody'"),
    ],
)
def test_a_target_that_no_administrator_allows_is_refused_and_the_others_are_delivered(here, params, words):
    done = executed(here, payload(here, results(here.home, scans()), params={**params, "file": "1"}))
    assert done.returncode == 2
    lines = outcomes(here)
    assert any("outcome=failed" in line and words in line for line in lines)
    assert any("outcome=delivered" in line and "target=file" in line for line in lines)


def test_a_webhook_is_named_never_typed(here):
    done = executed(here, payload(here, results(here.home, scans()), params={"destinations": "https://evil.example/"}))
    assert (done.returncode, "names of destinations, never URLs" in done.stderr) == (2, True)


def test_a_destination_that_leads_to_this_machine_is_refused_and_may_be_tried_again(here):
    here.splunkd.state.confs["ipthreat"]["destination:soc"] = {"kind": "slack"}
    here.splunkd.state.passwords["ipthreat_destination", "soc"] = f"https://localhost/{CANARY}"
    path = results(here.home, scans())
    for _ in range(2):
        assert executed(here, payload(here, path, params={"index": "", "destinations": "soc"})).returncode == 2
    assert ["loopback" in line and "not allowed" in line for line in outcomes(here)] == [True, True]
    assert CANARY not in here.log


# --- what the results may be ----------------------------------------------------------------------


def test_several_values_of_a_field_are_read_from_their_own_column(here):
    rows = [{"src_ip": "18.237.3.202", "http_user_agent": ["Nikto", "a;b$c"], "_time": "1795490000"}]
    executed(here, payload(here, results(here.home, rows)))
    assert len(events(here, "ipthreat:assessment")) == 1


def test_without_a_results_file_an_ad_hoc_run_judges_its_one_result(here):
    told = payload(here, None, sid="1795500000.7", result={"src_ip": "18.237.3.202", "dest": ["a", "b"]})
    assert executed(here, told).returncode == 0
    assert [item["src"] for item in events(here, "ipthreat:assessment")] == ["18.237.3.202"]


def test_a_results_file_that_is_gone_is_told_and_the_first_result_judged(here):
    told = payload(here, here.home / "gone.csv.gz", result={"src_ip": "18.237.3.202"})
    assert executed(here, told).returncode == 0
    assert "the results file is missing" in outcomes(here)[0]


@pytest.mark.parametrize(
    "content", [b"", gzip.compress(b""), gzip.compress(b"src_ip\n"), gzip.compress(b"a\n1\n")], ids=range(4)
)
def test_results_with_nothing_in_them_are_an_outcome_too(here, content):
    path = here.home / "results.csv.gz"
    path.write_bytes(content)
    done = executed(here, payload(here, path))
    assert done.returncode == 0
    assert ["outcome=nothing" in line for line in outcomes(here)] == [True]


def test_results_that_cannot_be_read_fail_in_one_line(here):
    for name, content in (("gone.csv.gz", None), ("bad.csv.gz", b"no gzip at all")):
        path = here.home / name
        if content is not None:
            path.write_bytes(content)
        assert executed(here, payload(here, path)).returncode == 2
    assert ["outcome=failed" in line for line in outcomes(here)] == [True, True]


def test_results_that_are_cut_short_are_judged_as_far_as_they_go(here):
    path = results(here.home, scans(4000))
    path.write_bytes(path.read_bytes()[:-200])
    assert executed(here, payload(here, path)).returncode == 0
    assert "the rest of the file cannot be read" in outcomes(here)[0]


def test_fifty_thousand_rows_are_judged_and_delivered(here):
    rows = [
        {"_time": str(1795490000 + number), "src_ip": f"20.{number % 5}.{number % 199}.7"} for number in range(50_000)
    ]
    assert executed(here, payload(here, results(here.home, rows))).returncode == 0
    (line,) = outcomes(here)
    assert "rows=50000" in line
    assert len(events(here, "ipthreat:assessment")) == len({row["src_ip"] for row in rows})


# --- what may be away -----------------------------------------------------------------------------


def test_without_the_kv_store_it_is_delivered_all_the_same_once(here):
    here.splunkd.state.kv_status = 503
    path = results(here.home, scans())
    assert executed(here, payload(here, path)).returncode == 0
    assert executed(here, payload(here, path)).returncode == 0
    assert len(events(here, "ipthreat:assessment")) == 1
    assert "503" in outcomes(here)[0]


def test_an_expired_session_fails_in_one_line_and_is_delivered_when_run_again(here):
    path = results(here.home, scans())
    assert executed(here, payload(here, path, session_key="expired")).returncode == 2
    (line,) = outcomes(here)
    assert "outcome=failed" in line
    assert "401" in line
    assert executed(here, payload(here, path)).returncode == 0
    assert len(events(here, "ipthreat:assessment")) == 1


def test_who_has_not_the_capability_delivers_nothing(here):
    assert executed(here, payload(here, results(here.home, scans()), user="visitor")).returncode == 2
    assert here.splunkd.state.indexes["summary"] == []
    assert "ipthreat_lookup" in outcomes(here)[0]


def test_a_provider_that_is_away_is_in_the_report(here):
    here.vendor.route("/api/v3/ip_addresses/18.237.3.202", behaviours.status(500))
    assert executed(here, payload(here, results(here.home, scans()))).returncode == 0
    (told,) = events(here, "ipthreat:assessment")
    assert "virustotal=error" in told["sources"]


def test_a_handler_that_was_killed_delivers_with_its_next_copy(here):
    os.kill(here.host.processes[0].pid, signal.SIGKILL)
    assert executed(here, payload(here, results(here.home, scans()))).returncode == 0
    assert len(events(here, "ipthreat:assessment")) == 1


def test_three_copies_of_which_one_is_killed_deliver_the_same_search_once(tmp_path):
    with place(tmp_path, copies=3) as here:
        told = payload(here, results(here.home, scans()), params={"mode": "offline", "case": "1", "file": "1"})
        found = []
        threads = [threading.Thread(target=lambda: found.append(executed(here, told).returncode)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while not here.splunkd.state.indexes["summary"] and any(thread.is_alive() for thread in threads):
            pass
        os.kill(here.host.processes[0].pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        assert set(found) <= {0, 2}
        executed(here, told)
        assert len(events(here, "ipthreat:assessment")) == 1
        assert len(here.splunkd.state.collection("ipthreat_cases").documents) == 1
        outcome = [re.search(r"outcome=(\w+)", line)[1] for line in outcomes(here)]
        assert outcome.count("delivered") <= 3


def test_neither_key_nor_session_is_in_what_the_action_leaves(here):
    told = payload(here, results(here.home, scans()), params={"case": "1", "file": "1"})
    done = executed(here, told)
    left = [done.stderr, here.log, str(here.splunkd.state.indexes), str(here.splunkd.state.collections)]
    left += [path.read_bytes().decode("latin-1") for path in here.home.rglob("*") if path.is_file()]
    assert not [text for text in left if CANARY in text or told["session_key"] in text]


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"sid": "1.2"}', '{"sid": "1", "configuration": 7}'])
def test_a_payload_that_is_none_ends_in_one_line(here, text):
    done = executed(here, text)
    assert done.returncode == 2
    assert done.stderr.startswith("ERROR ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "params", [{"mode": "fast"}, {"tlp": "x"}, {"least": "x"}, {"policy": "x"}, {"throttle": "-1"}]
)
def test_a_parameter_that_cannot_be_used_is_told(here, params):
    assert executed(here, payload(here, None, params=params, result={"src_ip": "20.1.2.3"})).returncode == 2
    assert len(outcomes(here)) == 1


def test_it_runs_for_splunkd_alone(here):
    assert executed(here, "{}", "--help").returncode == 1


def test_tens_of_thousands_of_addresses_are_bounded_and_what_is_left_out_is_told(here):
    rows = [{"src_ip": f"20.{number // 62500}.{number // 250 % 250}.{number % 250}"} for number in range(12_000)]
    assert executed(here, payload(here, results(here.home, rows), params={"mode": "offline"})).returncode == 0
    assert len(events(here, "ipthreat:assessment")) == 10_000
    assert "left_out=2000" in outcomes(here)[0]


def test_reports_that_cannot_be_written_fail_and_are_written_when_they_can(here):
    folder = here.home / "var" / "lib" / "splunk" / "ipthreat" / "reports"
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    told = payload(here, results(here.home, scans()), params={"index": "", "file": "1"})
    assert executed(here, told).returncode == 2
    folder.unlink()
    assert executed(here, told).returncode == 0
    assert len(list(folder.iterdir())) == 2
