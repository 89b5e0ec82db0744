"""ipthreat.log as Splunk reads it: lines that the app writes, taken apart by the rules of props.conf, and found by the
app's macros, event types and searches."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Dict, List

import pytest
from dashboards import EGRESS_FIELDS, MOMENT, REQUEST_FIELDS, definition
from hypothesis import given
from hypothesis import strategies as st
from searches import ROOT, ground
from spl import Search, expanded, searched
from spl_terms import Terms

from ipthreat.splunk.conf import read_conf
from ipthreat.splunk.joblog import line

PROPS = read_conf(ROOT, "props")
SEARCHES = read_conf(ROOT, "savedsearches")
PAIR = re.compile(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|([^\s"]+))')
"""What `KV_MODE = auto_escaped` finds: a quoted value may have quotes and backslashes in it after a backslash."""
NOON = datetime.fromtimestamp(MOMENT, timezone.utc)
EGRESS = {
    "event": "egress",
    "provider": "virustotal",
    "host": "www.virustotal.com",
    "user": "ann",
    "sid": "1698324799.2",
    "addresses": "20.1.2.3 20.1.2.4",
}
LINES = [
    ("INFO", {"event": "request", "provider": "virustotal", "status": "ok", "seconds": "0.412", "left": 431}),
    ("WARN", {"event": "request", "provider": "virustotal", "status": "rate_limited", "seconds": "0.1", "left": 12}),
    ("INFO", EGRESS),
    ("INFO", {**EGRESS, "user": 'o"neil \\ x', "sid": "rt_md_1698324799.9", "addresses": "2600::1"}),
    (
        "WARN",
        {"command": "ipthreat", "distinct": 120, "calls": 9, "problem_data": 1, "problem_data_text": 'a "b"=c d=e'},
    ),
    ("INFO", {"input": "ipthreat_refresh", "outcome": "refreshed", "lists": 1}),
]


def read(text: str) -> Dict[str, Any]:
    """The fields of a line."""
    found = {key: re.sub(r"\\(.)", r"\1", quoted) or plain for key, quoted, plain in PAIR.findall(text)}
    return {"_time": text.split(" ", 1)[0], **found}


def log() -> List[Dict[str, Any]]:
    """The sample log, read."""
    return [{**read(line(level, facts, NOON)), "_time": str(MOMENT)} for level, facts in LINES]


def test_the_file_has_the_sourcetype_and_the_sourcetype_the_rules():
    by_source, by_type = PROPS["source::...ipthreat.log(.\\d+)?"], PROPS["ipthreat:log"]
    assert by_source["sourcetype"] == "ipthreat:log"
    assert by_type["KV_MODE"] == "auto_escaped"
    for key in ("SHOULD_LINEMERGE", "LINE_BREAKER", "TIME_FORMAT", "MAX_TIMESTAMP_LOOKAHEAD"):
        assert by_source[key] == by_type[key]


def test_the_time_of_a_line_is_where_and_as_the_rules_say():
    rules = PROPS["ipthreat:log"]
    text = line("INFO", {"event": "request"}, NOON)
    stamp = text.split(" ", 1)[0]
    form = rules["TIME_FORMAT"].replace(".%3N", ".%f").replace("%:z", "%z")
    assert datetime.strptime(stamp, form) == NOON
    assert len(stamp) <= int(rules["MAX_TIMESTAMP_LOOKAHEAD"])
    assert re.fullmatch(r"[^\r\n]+\n", text)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.text(min_size=1, max_size=40), max_size=5))
def test_every_value_is_read_as_it_was_written_on_one_line(facts):
    text = line("INFO", facts, NOON)
    assert text.count("\n") == 1
    told = read(text)
    for key, value in facts.items():
        shown = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", value).strip()
        if shown and key not in ("level",):
            assert told[key] == shown


def test_no_value_of_an_attacker_makes_a_field_of_its_own():
    facts = {"event": "egress", "user": 'x" event=request provider="nobody', "sid": "1 addresses=20.9.9.9"}
    told = read(line("INFO", facts, NOON))
    assert (told["event"], told["user"], told["sid"]) == ("egress", facts["user"], facts["sid"])
    assert not {"provider", "addresses"} & set(told)


@pytest.mark.parametrize(
    "kind, macro, fields", [("request", "requests", REQUEST_FIELDS), ("egress", "egress", EGRESS_FIELDS)]
)
def test_macro_and_event_type_find_the_lines_of_a_kind_with_their_fields(kind, macro, fields):
    for text in (expanded(f"`ipthreat_{macro}`"), read_conf(ROOT, "eventtypes")[f"ipthreat_{kind}"]["search"]):
        found = [row for row in log() if Terms(text).hold(row)]
        assert len(found) == 2
        assert all(set(fields) <= set(row) for row in found)


def test_who_sent_what_to_whom_is_found_in_the_log_from_which_search():
    text = definition("provider_health")["dataSources"]["egress"]["options"]["query"]
    rows = {row["sid"]: row for row in searched(text, Search(ground(), log())).rows}
    assert (rows["1698324799.2"]["user"], float(rows["1698324799.2"]["addresses"])) == ("ann", 2.0)
    assert rows["rt_md_1698324799.9"]["user"] == 'o"neil \\ x'


def test_the_saved_searches_over_the_log_find_their_lines():
    (sent, other) = searched(SEARCHES["IP Threat - What left this deployment"]["search"], Search(ground(), log())).rows
    assert {sent["host"], other["host"]} == {"www.virustotal.com"}
    (alarm,) = searched(SEARCHES["IP Threat - Quota alarm"]["search"], Search(ground(), log())).rows
    assert (alarm["provider"], float(alarm["refused"]), float(alarm["left"])) == ("virustotal", 1.0, 12.0)
    rows = [{"action": None, "handler": None, **row} for row in log()]
    (problem,) = searched(SEARCHES["IP Threat - Problems of the app"]["search"], Search(ground(), rows)).rows
    assert problem["part"] == "ipthreat"


def test_the_audit_is_tagged():
    tags = read_conf(ROOT, "tags")["eventtype=ipthreat_egress"]
    assert tags == {"audit": "enabled", "egress": "enabled"}
