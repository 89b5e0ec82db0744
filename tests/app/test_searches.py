"""The searches that ship with the app run: every macro, command, option, field and lookup in them exists."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

import pytest
from dashboards import MOMENT, log_lines, requests
from searches import ROOT, events, ground
from spl import MACROS, Found, Search, expanded, searched
from spl_eval import NOW
from spl_rows import LOOKUPS

from ipthreat.splunk.conf import read_conf
from ipthreat.splunk.runner import run

SAVED = read_conf(ROOT, "savedsearches")
COMMANDS = set(read_conf(ROOT, "commands"))
SPLUNKS = {"search", "table", "stats", "convert", "where", "eval", "makeresults", "outputlookup", "inputlookup"}
"""Commands of Splunk's own that the searches in the manual use."""
PARTS = ("command", "action", "input", "handler")
"""What a line of the log is about: it has one of these fields."""
HOSTILE = "45.155.205.233"
ADMIN = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")


# --- what a search finds --------------------------------------------------------------------------


def connections() -> List[Dict[str, Any]]:
    """Connections of two of our hosts to addresses, one of which a list names as a C2 server."""
    ends = [("10.1.2.3", "20.9.8.7", "5000")] * 4 + [("10.1.2.4", "8.8.8.8", "90")] * 9
    names = ("src_ip", "dest_ip", "bytes_out")
    return [{"_time": str(NOW - number), **dict(zip(names, row))} for number, row in enumerate(ends)]


def found_by(search: str) -> List[Dict[str, Any]]:
    """The events that the macro with which a search begins stands for, with the fields that CIM promises."""
    if "`ipthreat_network_events`" in search:
        return connections()
    if "`ipthreat_log`" in search:
        return [{"_time": str(MOMENT), "level": level, part: "x"} for level in ("WARN", "INFO") for part in PARTS]
    if re.search(r"`ipthreat_(requests|egress)`", search):
        return log_lines()
    (attack,) = [row for row in requests() if row["src_ip"] == "14.103.172.201"]
    found = (*requests(), {**attack, "src_ip": "20.9.8.7"})
    return [{**row, "dest": "web-1", "_time": str(float(row["_time"]) + NOW - MOMENT)} for row in found]


@functools.cache
def place_of(folder: Path) -> Any:
    """The app with a list of C2 servers."""
    import shutil

    from searches import app

    from ipthreat.snapshot import ListInput, ListKind, compile_lists

    copy = Path(shutil.copytree(app(), folder / "ipthreat"))
    (copy / "data").mkdir()
    day = "2026-11-23"
    item = ListInput("c2", ListKind.C2.value, [("20.9.8.0/24", 0)], source="a test", date=day)
    compile_lists(copy / "data" / "lists.snapshot", [item], day)
    return ground(copy, sid=f"{NOW:.0f}.1", splunkd_uri="http://127.0.0.1:9", session_key="x")


@pytest.fixture(scope="module")
def searching(tmp_path_factory):
    """Runs a saved search by name; `lookups` are those that it reads and writes."""
    folder = tmp_path_factory.mktemp("searching")

    def found(name: str, lookups: Any = None) -> Found:
        text = SAVED[name]["search"]
        kept = {lookup: [] for lookup in LOOKUPS} if lookups is None else lookups
        return searched(text, Search(place_of(folder), found_by(text), lookups=kept))

    return found


# --- saved searches -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SAVED))
def test_a_saved_search_runs_and_reads_only_fields_that_there_are(searching, name):
    found = searching(name)
    assert found.unknown == set()
    assert found.fields


@pytest.mark.parametrize("name", sorted(set(SAVED) - {"IP Threat - Stale or failing sources"}))
def test_a_saved_search_finds_what_is_to_be_found_in_the_sample_events(searching, name):
    assert searching(name).rows


@pytest.mark.parametrize("name", sorted(SAVED))
def test_a_saved_search_is_off_until_somebody_wants_it(name):
    pairs = SAVED[name]
    assert pairs["disabled"] == "1"
    assert pairs["cron_schedule"].split()[0] not in ("0", "00", "*")  # all others run at full hours
    assert pairs["description"].endswith(".")
    assert name in ADMIN


def test_saved_searches_do_not_all_start_at_the_same_minute():
    minutes = [pairs["cron_schedule"].split()[0] for pairs in SAVED.values()]
    assert len(set(minutes)) == len(minutes)


@pytest.mark.parametrize("name", sorted(SAVED))
def test_an_alert_reads_its_address_and_suppresses_by_fields_of_its_results(searching, name):
    pairs = SAVED[name]
    wanted = set(filter(None, pairs.get("alert.suppress.fields", "").split(", ")))
    wanted |= {value for key, value in pairs.items() if key.endswith("param.field")}
    wanted |= set(re.findall(r"\$(\w+)\$", pairs.get("action.risk.param._risk_message", "")))
    for entry in json.loads(pairs.get("action.risk.param._risk", "[]")):
        wanted |= {value for key, value in entry.items() if key.endswith("_object_field")}
    assert wanted <= set(searching(name).fields)


@pytest.mark.parametrize("name", [name for name, pairs in SAVED.items() if pairs.get("action.risk") == "1"])
def test_a_risk_rule_says_whose_risk_it_is_and_what_the_threat_is(searching, name):
    pairs = SAVED[name]
    risk, threat = json.loads(pairs["action.risk.param._risk"])
    assert set(risk) == {"risk_object_field", "risk_object_type", "risk_score"}
    assert set(threat) == {"threat_object_field", "threat_object_type"}
    assert json.loads(pairs["action.correlationsearch.annotations"])["mitre_attack"]
    rows = searching(name).rows
    assert rows
    assert all(row[risk["risk_object_field"]] and row[threat["threat_object_field"]] for row in rows)


def test_the_risk_rules_find_the_host_that_talks_to_a_c2_server_and_the_server_that_is_attacked(searching):
    (ours,) = searching("IP Threat - Risk for Enterprise Security").rows
    assert (ours["src_ip"], ours["threat_object"], ours["annotations.mitre_attack"]) == (
        "10.1.2.3",
        "20.9.8.7",
        "T1071",
    )
    attacked = searching("IP Threat - Risk of attackers for Enterprise Security").rows
    assert {row["dest"] for row in attacked} == {"web-1"}
    assert {row["threat_object"] for row in attacked} <= {row["src_ip"] for row in found_by("")}


def test_an_exported_address_has_the_fields_of_ip_intel_and_lapses(searching):
    name = "IP Threat - Export for threat intelligence"
    old: Dict[str, Any] = {"ip": "20.0.0.1", "description": "x", "weight": 60.0, "threat_category": "ipthreat"}
    lookups = {"ipthreat_ip_intel": [{**old, "expires": 1.0}, {**old, "ip": "20.0.0.2", "expires": 4e9}]}
    searching(name, lookups)
    kept = {row["ip"]: row for row in lookups["ipthreat_ip_intel"]}
    assert set(kept) == {"20.0.0.2", "20.9.8.7"}
    assert kept["20.0.0.2"]["expires"] == 4e9
    for row in kept.values():
        assert set(row) == set(LOOKUPS["ipthreat_ip_intel"])
        assert 0 < float(row["weight"]) <= 100


def test_a_new_address_of_high_priority_is_told_once_in_thirty_days(searching):
    name, lookups = "IP Threat - New high-priority addresses", {"ipthreat_told": []}
    assert HOSTILE in [row["address"] for row in searching(name, lookups).rows]
    for days, told in ((1, []), (28, []), (2, [HOSTILE])):
        for kept in lookups["ipthreat_told"]:
            kept["told"] -= days * 86400
        assert [row["address"] for row in searching(name, lookups).rows if row["address"] == HOSTILE] == told


def test_the_quota_alarm_names_who_refused_and_who_is_nearly_out(searching):
    rows = {row["provider"]: row for row in searching("IP Threat - Quota alarm").rows}
    assert float(rows["virustotal"]["refused"]) > 0
    assert "rdap" not in rows


def test_the_audit_names_every_address_with_who_sent_it_where(searching):
    rows = searching("IP Threat - What left this deployment").rows
    sent = {address for line in log_lines() for address in line.get("addresses", "").split()}
    told = {address for row in rows for address in row["addresses"]}
    assert told == sent
    assert all(row["user"] and row["host"] and row["sid"] for row in rows)


def test_the_top_talkers_are_looked_up_with_the_most_events_first(searching):
    rows = searching("IP Threat - Top talkers, looked up at night").rows
    assert [row["dest_ip"] for row in rows] == ["8.8.8.8", "20.9.8.7"]


# --- macros ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MACROS))
def test_a_macro_says_how_many_arguments_it_has(name):
    arguments = [text for text in MACROS[name].get("args", "").split(",") if text]
    assert name.endswith(f"({len(arguments)})") if arguments else "(" not in name
    for argument in arguments:
        assert f"${argument}$" in MACROS[name]["definition"]


@pytest.mark.parametrize("name", sorted(MACROS))
def test_a_macro_is_explained_to_the_administrator(name):
    assert f"`{name.split('(')[0]}" in ADMIN


def test_the_fields_in_macros_are_fields_of_the_command():
    names = set(names_of("| ipthreat src_ip fields=full es=true explain=true"))
    for pairs in MACROS.values():
        assert set(re.findall(r"\bti_\w+", pairs["definition"])) <= names


@pytest.mark.parametrize("name", sorted(name for name, pairs in MACROS.items() if "args" in pairs))
def test_a_macro_with_a_field_runs_and_refuses_what_is_no_name_of_one(name):
    pairs, short = MACROS[name], name.partition("(")[0]
    assert "ti_verdict" in names_of(f"| {expanded(f'`{short}(src_ip)`')}")
    pattern = re.fullmatch(r'match\(field, "(.*)"\)', pairs["validation"])[1]
    assert re.search(pattern, "src_ip")
    for text in ("src ip", "src_ip mode=live", "| delete", "", "a`b", "1x", 'a"b'):
        assert not re.search(pattern, text)


def test_macros_without_a_field_are_where_events_are_or_a_condition():
    for name, pairs in MACROS.items():
        if "args" not in pairs:
            text = expanded(pairs["definition"])
            assert re.match(r"(index|tag|ti_verdict)\b", text), name
            assert "|" not in text


# --- searches in the manual and in the help -------------------------------------------------------


def stages(search: str) -> List[Tuple[str, str]]:
    """(command, arguments) of each stage of a search."""
    parts = re.split(r"\|(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", search)
    words = [part.strip() for part in parts]
    found = [("search", words[0])] if words[0] else []
    return found + [(word.split()[0], word[len(word.split()[0]) :].strip()) for word in words[1:]]


def names_of(search: str) -> Set[str]:
    """What an app's command gives for events of the tests' web server."""
    generating = re.match(r"\| ipthreat(status|lookup)", search)
    result = run(ground(), search, None if generating else events(60))
    assert not result.failed, result.messages
    return set(result.table.names)


def told() -> Iterator[str]:
    """The searches with a command of the app that the documentation and the help of the search bar show."""
    for page in ("admin", "splunk"):
        for line in (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").splitlines():
            if re.match(r"    (index=|\| )", line):
                yield re.split(r"\s{3,}\|\s", line.strip())[0]
    for pairs in read_conf(ROOT, "searchbnf").values():
        yield from (value for key, value in pairs.items() if key.startswith("example"))


@pytest.mark.parametrize("search", sorted(set(told())))
def test_a_search_that_is_shown_uses_commands_and_fields_that_there_are(search):
    for command, arguments in stages(search):
        assert command in COMMANDS | SPLUNKS, command
        if command in COMMANDS:
            plain = re.sub(r"\ballowlist=\w+|\bby=\w+", "", arguments)
            fields: Dict[str, str] = {"src_ip": "src_ip", "dest_ip": "src_ip"}
            for name, present in fields.items():
                plain = re.sub(rf"\b{name}\b", present, plain)
            names_of(f"| {command} {plain}".strip())
