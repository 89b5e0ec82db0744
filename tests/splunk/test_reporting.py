"""`| ipthreatreport` over the real protocol: the same bytes however the events come, the same answer as elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import List

import pytest
from searches import ROOT, answer, app, asked, events, ground, records, reduced, report_of

from ipthreat.report.formats import FORMATS
from ipthreat.report.tables import COLUMNS
from ipthreat.splunk.protocol import Table, body_of, table_from
from ipthreat.splunk.reporting_options import FORMS
from ipthreat.splunk.runner import run
from ipthreat.splunk.search_case import parts_of

FIELDS = ["report", "format", "title", "report_id", "tlp", "as_of", "addresses", "hostile", "part", "parts"]


@pytest.fixture(scope="module")
def log() -> Table:
    return events(600)


def test_one_map_part_and_five_give_identical_bytes(log):
    one = run(ground(parts=1), "| ipthreatreport format=csv", log)
    five = run(ground(parts=5, chunk_rows=37), "| ipthreatreport format=csv", log)
    assert not one.failed
    assert body_of(one.table) == body_of(five.table)


@pytest.fixture(scope="module")
def mapped(log) -> List[Table]:
    """What one map part makes of the events, and what five do."""
    fifths = [Table(log.names, log.rows[number::5]) for number in range(5)]
    one, *five = (run(ground(), "| ipthreatreport phase=map", part).table for part in (log, *fifths))
    return [one, Table(one.names, [row for part in five for row in part.rows])]


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_in_every_format_the_parts_give_identical_bytes(mapped, form):
    one, five = (reduced(ground(chunk_rows=1000), table, f"format={form}") for table in mapped)
    assert one == five


def test_without_a_map_phase_the_report_is_the_same(log):
    place = ground(search="| ipthreatreport format=json", chunk_rows=100)
    assert reduced(place, log, "format=json") == answer(place, "| ipthreatreport format=json", log)


def test_the_report_is_that_of_the_command_line(log, tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(body_of(log))
    options = ["--input", "csv", "--format", "json", "--as-of", "2023-11-14T22:13:20Z"]
    words = [sys.executable, "-m", "ipthreat", "report", str(path), *options]
    environment = {"IPTHREAT_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "lib")}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    here, there = json.loads(report_of(ground(), ["format=json"], log)), json.loads(done.stdout)
    assert here["assessments"] == there["assessments"]
    assert here["counts"] == there["counts"]
    assert here["events"]["read"] == there["events"]["read"] == 600


def test_what_an_address_did_counts(log):
    (first, *_) = answer(ground(), "| ipthreatreport format=csv", log)
    assert (first["address"], first["events"], first["severity"]) == ("18.237.3.202", "240", "Low")
    assert "nikto" in first["reasons"].lower()


def test_a_report_as_text_is_one_record_with_fixed_fields(log):
    (record,) = answer(ground(), '| ipthreatreport title="Web  {x}" tlp=green', log)
    assert list(record) == FIELDS
    assert (record["format"], record["title"], record["tlp"]) == ("threat", "Web {x}", "TLP:GREEN")
    assert record["as_of"] == "2023-11-14T22:13:20+00:00"
    assert record["report"].startswith("Threat Report")


def test_a_table_has_a_record_per_address_the_most_pressing_first(log):
    rows = answer(ground(), "| ipthreatreport format=csv", log)
    assert list(rows[0]) == list(COLUMNS)
    assert len({row["address"] for row in rows}) == len(rows) > 50


def test_top_tells_of_the_most_pressing_and_says_so(log):
    result = run(ground(), "| ipthreatreport format=csv top=2", log)
    assert records(result)[0]["address"] == "18.237.3.202"
    assert len(records(result)) == 2
    assert any("the 2 most pressing of" in text for level, text in result.messages if level == "INFO")


def test_by_names_the_field_of_the_address():
    log = table_from(("visitor", "src_ip"), [{"visitor": "8.8.8.8", "src_ip": "9.9.9.9"}])
    assert [row["address"] for row in answer(ground(), "| ipthreatreport by=visitor format=csv", log)] == ["8.8.8.8"]


def test_by_reaches_the_map_phase_and_nothing_else_does():
    session = asked(ground(), "ipthreatreport", "by=my.field-1", 'title=x" | delete', "format=csv")
    assert session.outcome.configuration["streaming_preop"] == 'ipthreatreport phase="map" by="my.field-1"'


def test_events_without_an_address_are_counted_in_one_message():
    log = table_from(("src_ip",), [{"src_ip": text} for text in ("8.8.8.8", "rubbish", "", "x")])
    result = run(ground(parts=2), "| ipthreatreport format=csv", log)
    assert [row["address"] for row in records(result)] == ["8.8.8.8"]
    assert [text for level, text in result.messages if level == "WARN"] == [
        "3 of 4 events are not in the report: the address field holds no IP address"
    ]


def test_the_report_comes_with_the_last_chunk_only(log):
    result = run(ground(chunk_rows=50), "| ipthreatreport", log)
    reduce = result.outcomes[0]
    assert len(reduce.bodies) > 1
    assert set(reduce.bodies[:-1]) == {b""}
    assert b"Threat Report" in reduce.bodies[-1]


@pytest.mark.parametrize("table", [Table([], []), Table(["src_ip"], []), Table(["_time", "_raw"], [])])
def test_no_events_give_a_report_that_says_so(table):
    assert "Found 0 suspicious IP addresses" in report_of(ground(), [], table)


def test_a_preview_gives_the_report_of_the_events_so_far(log):
    assert answer(ground(preview=True), "| ipthreatreport", log) == answer(ground(), "| ipthreatreport", log)


def test_metrics_tell_how_much_was_judged(log):
    result = run(ground(), "| ipthreatreport", log)
    assert {name: value[2] for name, value in result.outcomes[0].metrics.items()} == {
        "ipthreat.events": 600,
        "ipthreat.addresses": len({record["src_ip"] for record in log.records()}),
        "ipthreat.hostile": int(records(result)[0]["hostile"]),
    }


def test_rubbish_in_events_loses_no_other_event():
    rows = [
        {"src_ip": "8.8.8.8", "http_user_agent": agent}
        for agent in ("a\0b", "\ufeff", "x" * 11_000_000, '"', "\r", "{}")
    ]
    result = run(ground(), "| ipthreatreport format=csv", table_from(("src_ip", "http_user_agent"), rows))
    assert not result.failed
    assert [row["events"] for row in records(result)] == ["6"]


@pytest.mark.parametrize(
    "option, why",
    [
        ("format=pdf", "format=pdf is not known; it may be threat, strict"),
        ('format="{x}"', "format={x} is not known"),
        ("tlp=purple", "tlp=purple is no TLP 2.0 label; it may be TLP:RED"),
        ("top=many", "top=many is no number of addresses"),
        ("top=-1", "top=-1 is no number of addresses"),
        ('"by=a|b"', "by=a|b is no name of one field"),
        ('by="a b"', "by=a b is no name of one field"),
        (r'by="x\""', 'by=x" is no name of one field'),
        ("src_ip", "'src_ip' is no option; name the field of the address as by=<field>"),
        ("colour=red", "Unrecognized option: colour=red"),
        ("record=true", "Unrecognized option: record=true"),
        ("logging_configuration=/tmp/x", "Unrecognized option: logging_configuration=/tmp/x"),
        ("phase=other", "Illegal value: phase=other"),
    ],
)
def test_a_bad_option_is_one_message_in_the_reply_to_getinfo_and_nothing_else(option, why):
    result = run(ground(), f"| ipthreatreport {option}", events(3))
    (outcome,) = result.outcomes
    ((level, text),) = outcome.messages
    assert level == "ERROR"
    assert why in text
    assert (outcome.bodies, outcome.stderr, outcome.exit_code) == ([], "", 1)


def test_the_forms_are_those_that_can_be_rendered():
    assert tuple(FORMATS) == FORMS


def test_own_networks_of_the_apps_settings_are_ours(tmp_path):
    place = tmp_path / "ipthreat"
    shutil.copytree(app(), place)
    (place / "local").mkdir()
    (place / "local" / "ipthreat.conf").write_text("[settings]\nown_networks = 203.0.113.0/24\n", encoding="utf-8")
    log = table_from(("src_ip", "dest_ip"), [{"src_ip": "203.0.113.9", "dest_ip": "8.8.8.8"}])
    assert [row["address"] for row in answer(ground(app()), "| ipthreatreport format=csv", log)] == ["203.0.113.9"]
    assert [row["address"] for row in answer(ground(place), "| ipthreatreport format=csv", log)] == ["8.8.8.8"]
    (place / "local" / "ipthreat.conf").write_text("[settings]\nown_networks = nonsense\n", encoding="utf-8")
    result = run(ground(place), "| ipthreatreport", log)
    assert [text for level, text in result.messages if level == "ERROR"] == [
        "'nonsense' in own_networks of ipthreat.conf is no network, such as 203.0.113.0/24"
    ]


def test_an_allow_listed_address_is_told_as_such_and_a_policy_by_its_name(log, tmp_path):
    place = tmp_path / "ipthreat"
    shutil.copytree(app(), place)
    (place / "lookups").mkdir(exist_ok=True)
    (place / "lookups" / "ours.csv").write_text("address,reason\n18.237.3.202,our own scanner\n", encoding="utf-8")
    search = "| ipthreatreport format=json allowlist=ours policy=bulk"
    (record,) = answer(ground(place), search, log)
    found = {item["ip"]: item for item in json.loads(str(record["report"]))["assessments"]}
    assert found["18.237.3.202"]["priority"] == "Monitor"
    assert found["18.237.3.202"]["policy"].startswith("bulk ")
    assert "our own scanner" in str(record["report"])


def test_a_report_that_is_too_long_for_a_field_comes_in_parts():
    for text in ("", "one line", "a\nbc\n" * 50, "é" * 100, "x" * 99 + "\n" + "y" * 3, "\n" * 40, "𝔘𝔫\n" * 9):
        parts = parts_of(text, 20)
        assert "".join(parts) == text
        assert all(0 < len(part.encode()) <= 20 for part in parts) or parts == [""]
    assert parts_of("a\n" * 10, 7) == ["a\na\na\n", "a\na\na\n", "a\na\na\n", "a\n"]
