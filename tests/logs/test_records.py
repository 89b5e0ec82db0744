"""JSON logs: objects by line, in arrays, in envelopes, nested; and what is no JSON is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import at, read_text

from ipthreat.events import Event, LogFormat, Skip

WHEN = at("2026-01-02T03:04:05")


def one(folder: Path, record: Dict[str, Any]) -> Event:
    """The event of one object."""
    (event,) = read_text(folder, json.dumps(record) + "\n").events
    return event


def test_suricatas_http_events_are_read(tmp_path: Path) -> None:
    record = {
        "timestamp": "2026-01-02T03:04:05.000000+0000", "event_type": "http", "src_ip": "192.0.2.1", "src_port": 5,
        "dest_ip": "10.0.0.1", "dest_port": 80, "proto": "TCP",
        "http": {"hostname": "x", "url": "/a", "http_user_agent": "Nikto", "http_method": "GET", "status": 404},
    }  # fmt: skip
    assert one(tmp_path, record) == Event("192.0.2.1", WHEN, "Nikto", "GET /a", 404, peer="10.0.0.1", port=80)


def test_suricatas_alerts_and_flows_are_read(tmp_path: Path) -> None:
    record = {
        "timestamp": "2026-01-02T03:04:05+0000", "src_ip": "192.0.2.1", "dest_ip": "10.0.0.1", "dest_port": 22,
        "alert": {"action": "blocked", "signature": "x"}, "flow": {"bytes_toserver": 74, "bytes_toclient": 0},
    }  # fmt: skip
    assert one(tmp_path, record) == Event(
        "192.0.2.1", WHEN, action="blocked", bytes_out=74, bytes_in=0, peer="10.0.0.1", port=22
    )


@pytest.mark.parametrize("nested", [False, True])
def test_zeeks_json_is_read_with_its_dotted_or_nested_names(tmp_path: Path, nested: bool) -> None:
    ends = {"orig_h": "192.0.2.1", "orig_p": 5, "resp_h": "10.0.0.1", "resp_p": 22}
    record: Dict[str, Any] = {"ts": 1767323045.0, "auth_success": False, "orig_bytes": 5, "resp_bytes": 6}
    record.update({"id": ends} if nested else {f"id.{name}": value for name, value in ends.items()})
    assert one(tmp_path, record) == Event(
        "192.0.2.1", WHEN, action="failure", bytes_out=5, bytes_in=6, peer="10.0.0.1", port=22
    )


def test_cloudtrails_log_ins_are_read(tmp_path: Path) -> None:
    record = {
        "eventTime": "2026-01-02T03:04:05Z", "eventName": "ConsoleLogin", "sourceIPAddress": "192.0.2.1",
        "userAgent": "Mozilla/5.0", "userIdentity": {"userName": "bob"},
        "responseElements": {"ConsoleLogin": "Failure"},
    }  # fmt: skip
    assert one(tmp_path, record) == Event(
        "192.0.2.1", WHEN, "Mozilla/5.0", "ConsoleLogin", action="failure", user="bob"
    )


def test_a_service_instead_of_an_address_is_counted(tmp_path: Path) -> None:
    lines = [{"sourceIPAddress": "ec2.amazonaws.com"}, {"sourceIPAddress": "192.0.2.1"}, {"sourceIPAddress": None}]
    log = read_text(tmp_path, "".join(json.dumps(line) + "\n" for line in lines))
    assert len(log.events) == 1
    assert log.stream.skipped == {Skip.ADDRESS.value: 2}


def test_records_of_the_aws_web_firewall_are_read_headers_included(tmp_path: Path) -> None:
    record = {
        "timestamp": 1767323045000, "action": "BLOCK",
        "httpRequest": {
            "clientIp": "192.0.2.1", "uri": "/a", "args": "b=1", "httpMethod": "GET",
            "headers": [{"name": "Host", "value": "x"}, {"name": "User-Agent", "value": "sqlmap/1.5"}],
        },
    }  # fmt: skip
    assert one(tmp_path, record) == Event("192.0.2.1", WHEN, "sqlmap/1.5", "GET /a?b=1", action="blocked")


VENDORS: Dict[str, Dict[str, Any]] = {
    "Azure sign-in": {"createdDateTime": "2026-01-02T03:04:05Z", "ipAddress": "192.0.2.1"},
    "Azure diagnostic": {"time": "2026-01-02T03:04:05Z", "properties": {"callerIpAddress": "192.0.2.1"}},
    "Google Cloud audit": {
        "timestamp": "2026-01-02T03:04:05Z", "protoPayload": {"requestMetadata": {"callerIp": "192.0.2.1"}},
    },
    "Google Cloud balancer": {"timestamp": "2026-01-02T03:04:05Z", "httpRequest": {"remoteIp": "192.0.2.1"}},
    "nginx": {"time_iso8601": "2026-01-02T03:04:05+00:00", "remote_addr": "192.0.2.1"},
    "Elastic": {"@timestamp": "2026-01-02T03:04:05Z", "source": {"ip": "192.0.2.1"}},
    "Elastic export": {"_source": {"@timestamp": "2026-01-02T03:04:05Z", "client": {"ip": "192.0.2.1"}}},
    "Splunk export": {"preview": False, "result": {"_time": "2026-01-02T03:04:05Z", "src": "192.0.2.1"}},
    "Cowrie": {"timestamp": "2026-01-02T03:04:05Z", "eventid": "cowrie.session.connect", "src_ip": "192.0.2.1"},
}  # fmt: skip


@pytest.mark.parametrize("record", VENDORS.values(), ids=list(VENDORS))
def test_the_names_of_vendors_are_known(tmp_path: Path, record: Dict[str, Any]) -> None:
    event = one(tmp_path, record)
    assert (event.address, event.time) == ("192.0.2.1", WHEN)


RECORDS = [
    {"ts": 1767323045, "src_ip": f"192.0.2.{number}", "deep": {"x": [1, 2, {"y": number}]}} for number in range(9)
]
ADDRESSES = [f"192.0.2.{number}" for number in range(9)]
SHAPES = {
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "an array on one line": json.dumps(RECORDS),
    "an array on many lines": json.dumps(RECORDS, indent=2),
    "an array of a line each": "[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]\n",
    "an envelope on one line": json.dumps({"Records": RECORDS}),
    "an envelope on many lines": json.dumps({"Records": RECORDS}, indent=1),
    "an envelope of another name": json.dumps({"value": RECORDS}),
    "an envelope with more in it": json.dumps({"version": 1, "Records": RECORDS}),
    "an envelope in each line": "\n".join(json.dumps({"Records": [record]}) for record in RECORDS),
    "an envelope in an envelope": json.dumps(
        {"took": 5, "hits": {"total": 9, "hits": [{"_source": r} for r in RECORDS]}}
    ),
    "objects one after the other": "\n".join(json.dumps(record, indent=2) for record in RECORDS),
    "objects without a line between": "\n{\n" + "".join(map(json.dumps, RECORDS))[1:],
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=list(SHAPES))
def test_objects_are_found_in_every_usual_arrangement(tmp_path: Path, text: str) -> None:
    log = read_text(tmp_path, text)
    assert log.stream.format is LogFormat.JSON
    assert [event.address for event in log.events] == ADDRESSES
    assert {event.time for event in log.events} == {WHEN}
    assert (log.stream.read, log.stream.skipped) == (9, {})


@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_of_many_megabytes_is_read_piece_by_piece(tmp_path: Path, indent: int) -> None:
    records = [{"src_ip": "192.0.2.1", "note": "ä" * 500, "n": n} for n in range(6000)]
    log = read_text(tmp_path, json.dumps({"Records": records}, indent=indent, ensure_ascii=False))
    assert (len(log.events), log.stream.skipped) == (6000, {})


def test_a_document_cut_short_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    log = read_text(tmp_path, json.dumps({"Records": RECORDS})[:-80])
    assert 5 < len(log.events) < 9
    assert log.stream.skipped == {Skip.JSON.value: 1}


def test_an_object_beyond_the_limit_ends_a_document_and_is_counted(tmp_path: Path) -> None:
    log = read_text(tmp_path, json.dumps([*RECORDS, {"src_ip": "192.0.2.1", "note": "x" * 20_000_000}], indent=1))
    assert len(log.events) == 9
    assert log.stream.skipped == {Skip.JSON.value: 1}


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "}",
        "not JSON",
        '{"src_ip": "192.0.2.1"',
        "[" * 100_000,
        '{"a":' * 50_000,
        "17",
        '"text"',
        "[]",
        "null",
        "NaN",
        '{"src_ip": "192.0.2.1"} trailing',
    ],
)
def test_a_line_that_is_no_json_object_is_counted(tmp_path: Path, bad: str) -> None:
    log = read_text(tmp_path, SHAPES["lines"] + "\n" + bad + "\n" + SHAPES["lines"] + "\n")
    assert [event.address for event in log.events] == ADDRESSES * 2
    assert log.stream.skipped == {Skip.JSON.value: 1}
    assert log.stream.read == 19


def test_numbers_of_any_length_and_kind_are_survived(tmp_path: Path) -> None:
    text = (
        f'{{"src_ip": "192.0.2.1", "dest_port": {"9" * 200_000}, "bytes_out": 1e400, "ts": -Infinity, "status": 2.5}}\n'
    )
    (event,) = read_text(tmp_path, text).events
    assert (event.port, event.bytes_out, event.time, event.status) == (None, None, None, None)


def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path: Path) -> None:
    event = one(tmp_path, {"src_ip": "192.0.2.1", "user_agent": "a\ud800b"})
    assert event.user_agent == "a?b"


def test_an_object_of_very_many_fields_is_read(tmp_path: Path) -> None:
    record = {"src_ip": "192.0.2.1", **{f"f{number}": {"x": number} for number in range(5000)}}
    assert one(tmp_path, record).address == "192.0.2.1"


def test_objects_of_many_shapes_are_read(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"src_ip": "192.0.2.1", f"f{number}": 1}) + "\n" for number in range(1000))
    assert len(read_text(tmp_path, lines).events) == 1000


def test_an_object_without_an_address_field_is_told_apart_from_one_with_rubbish_in_it(tmp_path: Path) -> None:
    log = read_text(tmp_path, '{"src_ip": "192.0.2.1"}\n{"event_type": "stats"}\n{"src_ip": "rubbish"}\n')
    assert len(log.events) == 1
    assert log.stream.skipped == {Skip.NO_ADDRESS.value: 1, Skip.ADDRESS.value: 1}


def test_a_field_is_named_with_dots_between_nested_keys(tmp_path: Path) -> None:
    text = json.dumps({"a": {"b": {"wer": "192.0.2.1"}}, "src_ip": "192.0.2.2"}) + "\n"
    log = read_text(tmp_path, text, field="a.b.wer")
    assert [event.address for event in log.events] == ["192.0.2.1"]


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["src", "dest", "time", "status", "action", "http", "headers"]), values),
        max_size=6,
    )
)
def test_any_objects_are_events_or_counted(
    tmp_path_factory: pytest.TempPathFactory, records: List[Dict[str, Any]]
) -> None:
    first = {"src_ip": "192.0.2.1"}
    log = read_text(tmp_path_factory.mktemp("any"), "".join(json.dumps(record) + "\n" for record in [first, *records]))
    assert log.events[0].address == "192.0.2.1"
    assert len(log.events) + sum(log.stream.skipped.values()) == log.stream.read >= 1 + len(records)
