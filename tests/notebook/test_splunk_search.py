"""Splunk from a notebook: a search becomes a frame that can be enriched, a result becomes events."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pandas
import pytest

pytest.importorskip("splunklib", reason="splunk-sdk is needed to search Splunk")

from cases import golden_case
from splunkd import TOKEN, Splunkd, serving

import ipthreat.notebook as ti
from ipthreat.errors import InputError
from ipthreat.notebook.splunk_search import access

ROWS = [
    {"_time": "2023-10-26T10:12:00.000+00:00", "src_ip": "18.237.3.202", "status": "404", "tag": ["a", "b"]},
    {"_time": "2023-10-26T12:13:00.000+02:00", "src_ip": "8.8.8.8", "status": "200"},
]


def searched(splunkd, spl="index=web", **options):
    with serving(splunkd) as server:
        port = urlsplit(server.url).port
        where = {"host": "127.0.0.1", "port": port, "token": TOKEN, "scheme": "http"}
        return ti.search_splunk(spl, **{"progress": False, **where, **options})


def test_a_search_becomes_a_frame_with_times_and_lists():
    frame = searched(Splunkd(ROWS))
    assert list(frame.columns) == ["_time", "src_ip", "status", "tag"]
    assert frame["_time"].tolist() == [
        pandas.Timestamp("2023-10-26 10:12", tz="UTC"), pandas.Timestamp("2023-10-26 10:13", tz="UTC")
    ]  # fmt: skip
    assert frame.loc[0, "tag"] == ["a", "b"]
    assert len(frame.ipthreat.assess("src_ip", as_of="2023-10-26").case.assessments) == 2


def test_a_search_without_results_is_a_frame_without_rows():
    frame = searched(Splunkd([]), enrich="src_ip")
    assert len(frame) == 0


def test_times_that_cannot_be_read_stay_as_they_are():
    frame = searched(Splunkd([{"_time": "yesterday"}]))
    assert frame["_time"].tolist() == ["yesterday"]


def test_splunk_enriches_where_the_app_is_and_this_machine_where_it_is_not():
    there, absent = Splunkd(ROWS), Splunkd(ROWS)
    there.has_app = True
    searched(there, enrich="src_ip")
    assert there.search["search"] == "search index=web | ipthreat src_ip"
    frame = searched(absent, enrich="src_ip")
    assert absent.search["search"] == "search index=web"
    assert frame["ti_org"].astype(str).tolist() == ["AMAZON-02", "GOOGLE"]


def test_fields_that_splunk_added_have_the_same_dtypes_as_those_added_here():
    rows = [{"src_ip": "8.8.8.8", "ti_confidence": "0",
             "ti_verdict": "benign", "ti_reasons": ["a", "b"], "ti_asn": "1"},
            {"src_ip": "x", "ti_confidence": "", "ti_verdict": "unknown", "ti_reasons": "", "ti_asn": ""}]  # fmt: skip
    splunkd = Splunkd(rows)
    splunkd.has_app = True
    frame = searched(splunkd, enrich="src_ip")
    mine = frame[["src_ip"]].ipthreat.enrich("src_ip", fields="confidence,verdict,reasons,asn")
    assert {name: mine[name].dtype for name in frame.columns[1:]} == dict(frame.dtypes.iloc[1:])
    assert frame["ti_reasons"].tolist() == [("a", "b"), ()]
    with pytest.raises(InputError, match="cannot stand in a search as a field"):
        searched(splunkd, enrich="src_ip | delete")


def test_values_previews_and_the_progress_bar_work(capsys):
    splunkd, shown = Splunkd(ROWS), []
    searched(splunkd, "index=$index$", values={"index": "web"}, preview=shown.append, progress=True)
    assert splunkd.search["search"] == 'search index="web"'
    assert len(shown) >= 1
    assert shown[0]["src_ip"].tolist() == ["18.237.3.202"]
    assert "results" in capsys.readouterr().err


def test_a_result_becomes_an_event_per_address_that_matters():
    splunkd, result = Splunkd([]), ti.Result(golden_case())
    with serving(splunkd) as server:
        port = urlsplit(server.url).port
        sent = ti.push_report(result, "threat", host="127.0.0.1", port=port, token=TOKEN, scheme="http")
    assert sent == len(splunkd.events) == 2
    event = json.loads(splunkd.events[0]["event"])
    assert (event["address"], event["confidence"], event["priority"]) == ("18.237.3.202", 10, "High")
    assert event["report_id"] == result.case.report_id
    assert splunkd.events[0]["sourcetype"] == "ipthreat:report"


def test_the_environment_says_where_splunk_is_unless_the_caller_does():
    found = access({"SPLUNK_HOST": "splunk.example", "SPLUNK_PORT": "8090", "SPLUNK_TOKEN": "x"})
    assert (found.host, found.port, found.token) == ("splunk.example", 8090, "x")
    assert access({"SPLUNK_HOST": "splunk.example", "SPLUNK_TOKEN": "x"}, host="other.example").host == "other.example"
    with pytest.raises(InputError, match="SPLUNK_PORT: 'x' is no port"):
        access({"SPLUNK_PORT": "x", "SPLUNK_TOKEN": "x"})
