"""CSV, W3C extended and Zeek logs: columns found by name, rows never lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import at, read_text

from ipthreat.events import Event, LogFormat, Skip

WHEN = "2026-01-02T03:04:05Z"


def table(*rows: List[str], delimiter: str = ",") -> str:
    """CSV text of some rows, quoted where need be."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def one(folder: Path, **cells: str) -> Event:
    """The event of a table of one row."""
    (event,) = read_text(folder, table(list(cells), list(cells.values())), form="csv").events
    return event


def test_the_names_of_splunks_common_information_model_are_known(tmp_path: Path) -> None:
    event = one(
        tmp_path, _time=WHEN, src="192.0.2.1", dest="10.0.0.1", dest_port="443", http_method="GET", uri_path="/a",
        uri_query="b=1", http_user_agent="curl/8", status="404", action="blocked", bytes_in="7", bytes_out="9",
        user="bob",
    )  # fmt: skip
    assert event == Event(
        "192.0.2.1", at("2026-01-02T03:04:05"), "curl/8", "GET /a?b=1", 404, "blocked", 9, 7, "10.0.0.1", 443, "bob"
    )


VENDORS: Dict[str, Dict[str, str]] = {
    "AWS VPC flow": {
        "srcaddr": "192.0.2.1", "dstaddr": "10.0.0.1", "dstport": "22", "action": "REJECT", "start": "1767323045",
    },
    "Fortinet": {
        "srcip": "192.0.2.1", "dstip": "10.0.0.1", "dstport": "22", "action": "deny",
        "eventtime": "1767323045000000000",
    },
    "Palo Alto": {
        "Source address": "192.0.2.1", "Destination address": "10.0.0.1", "Destination Port": "22", "Action": "drop",
        "Start Time": "2026/01/02", "time": WHEN,
    },
    "Elastic": {
        "source.ip": "192.0.2.1", "destination.ip": "10.0.0.1", "destination.port": "22", "@timestamp": WHEN,
        "event.outcome": "denied",
    },
    "Windows": {
        "Source_Address": "192.0.2.1", "Destination_Address": "10.0.0.1", "dest port": "22", "Time_Created": WHEN,
        "Action": "Blocked",
    },
    "Splunk export": {
        "result._time": WHEN, "result.src_ip": "192.0.2.1", "result.dest_ip": "10.0.0.1", "result.dest_port": "22",
        "result.action": "blocked", "source": "/var/log/x", "host": "gate",
    },
}  # fmt: skip


@pytest.mark.parametrize("cells", VENDORS.values(), ids=list(VENDORS))
def test_the_names_of_vendors_are_known(tmp_path: Path, cells: Dict[str, str]) -> None:
    event = one(tmp_path, **cells)
    assert (event.address, event.peer, event.port, event.action) == ("192.0.2.1", "10.0.0.1", 22, "blocked")
    assert event.time == at("2026-01-02T03:04:05")


@pytest.mark.parametrize(
    ("written", "address"),
    {
        "::ffff:192.0.2.1": "192.0.2.1",
        "192.0.2.1:443": "192.0.2.1",
        "['192.0.2.1', '192.0.2.2']": "192.0.2.1",
        "10.0.0.1, 18.237.3.202, 8.8.8.8": "18.237.3.202",
        "10.0.0.1 10.0.0.2": "10.0.0.1",
        "18.237.3[.]202": "18.237.3.202",
        " 192.0.2.1 ": "192.0.2.1",
    }.items(),
)
def test_an_address_cell_may_be_written_in_any_form(tmp_path: Path, written: str, address: str) -> None:
    assert one(tmp_path, src_ip=written, x="").address == address


def test_the_first_known_field_that_holds_an_address_counts(tmp_path: Path) -> None:
    assert one(tmp_path, src="web-01", src_ip="-", client_ip="192.0.2.1").address == "192.0.2.1"


@pytest.mark.parametrize(
    ("direction", "ends"),
    {
        "O": ("10.0.3.5", "203.0.113.7"),
        "outbound": ("10.0.3.5", "203.0.113.7"),
        "": ("10.0.3.5", "203.0.113.7"),
        "I": ("203.0.113.7", "10.0.3.5"),
        "Ingress": ("203.0.113.7", "10.0.3.5"),
    }.items(),
)
def test_flows_that_name_a_near_and_a_far_end_are_turned_by_their_direction(
    tmp_path: Path, direction: str, ends: tuple[str, str]
) -> None:
    event = one(tmp_path, SrcIP="", VMIPAddress="10.0.3.5", AllExtIPs="203.0.113.7", FlowDirection=direction)
    assert (event.address, event.peer) == ends


def test_a_far_end_alone_is_the_address(tmp_path: Path) -> None:
    assert one(tmp_path, external_ip="203.0.113.7", note="x").address == "203.0.113.7"


@pytest.mark.parametrize(
    ("written", "when"),
    {
        "1767323045": "2026-01-02T03:04:05",
        "1767323045.5": "2026-01-02T03:04:05.500",
        "1767323045500": "2026-01-02T03:04:05.500",
        "1767323045500000": "2026-01-02T03:04:05.500",
        "1767323045500000000": "2026-01-02T03:04:05.500",
        "1.767323045e9": "2026-01-02T03:04:05",
        "2026-01-02T03:04:05": "2026-01-02T03:04:05",
        "2026-01-02 03:04:05.250": "2026-01-02T03:04:05.250",
        "2026-01-02 03:04:05,250": "2026-01-02T03:04:05.250",
        "2026-01-02T03:04:05.000+02:00": "2026-01-02T01:04:05",
        "2026-01-02T03:04:05-0930": "2026-01-02T12:34:05",
        "02/Jan/2026:03:04:05 +0000": "2026-01-02T03:04:05",
        "Jan  2 2026 03:04:05": "2026-01-02T03:04:05",
        "Jan 2 03:04:05": "2026-01-02T03:04:05",
        "": None,
        "-1": None,
        "nan": None,
        "1e99": None,
        "9" * 400: None,
        "soon": None,
        "2026-13-02T03:04:05": None,
        "0001-01-01T00:00:00Z": None,
        "9999-12-31T23:59:59Z": None,
    }.items(),
)
def test_a_time_may_be_a_number_or_a_stamp(tmp_path: Path, written: str, when: Optional[str]) -> None:
    assert one(tmp_path, src_ip="192.0.2.1", _time=written).time == (when and at(when))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"status": "200"}, (200, "")),
        ({"status": "200.0"}, (200, "")),
        ({"status": "999"}, (None, "")),
        ({"status": "Failed"}, (None, "failure")),
        ({"status": "success", "action": "login"}, (None, "success")),
        ({"outcome": "FAILURE"}, (None, "failure")),
        ({"EventCode": "4625"}, (None, "failure")),
        ({"EventCode": "4624"}, (None, "success")),
        ({"EventCode": "4688"}, (None, "")),
        ({"conn_state": "S0"}, (None, "blocked")),
        ({"conn_state": "SF"}, (None, "allowed")),
        ({"action": "drop"}, (None, "blocked")),
        ({"action": "", "disposition": "ALLOW"}, (None, "allowed")),
        ({"action": "teleported"}, (None, "")),
    ],
)
def test_status_and_action_are_read_in_the_words_of_many_vendors(
    tmp_path: Path, cells: Dict[str, str], expected: tuple[Optional[int], str]
) -> None:
    event = one(tmp_path, src_ip="192.0.2.1", **cells)
    assert (event.status, event.action) == expected


@pytest.mark.parametrize(
    ("written", "number"),
    {
        "443": 443,
        "443.0": 443,
        "1e3": 1000,
        "": None,
        "-": None,
        "-5": None,
        "inf": None,
        "nan": None,
        "x": None,
        "9e99": None,
    }.items(),
)
def test_counts_are_whole_numbers_or_absent(tmp_path: Path, written: str, number: Optional[int]) -> None:
    event = one(tmp_path, src_ip="192.0.2.1", dest_port=written, bytes_out=written, bytes_in=written)
    assert (event.port, event.bytes_out, event.bytes_in) == (number, number, number)


def test_a_request_line_is_put_together_from_its_parts(tmp_path: Path) -> None:
    assert one(tmp_path, src_ip="192.0.2.1", method="POST", url="/a", query="b").request == "POST /a?b"
    assert one(tmp_path, src_ip="192.0.2.1", url="/a").request == "/a"
    assert one(tmp_path, src_ip="192.0.2.1", method="POST").request == ""
    assert one(tmp_path, src_ip="192.0.2.1", method="POST", request="GET /x HTTP/1.1").request == "GET /x HTTP/1.1"


def test_quoted_cells_may_hold_delimiters_quotes_and_line_feeds(tmp_path: Path) -> None:
    agent = 'a, "b";\nc'
    log = read_text(tmp_path, table(["src_ip", "user_agent"], ["192.0.2.1", agent], ["192.0.2.2", "d"]))
    assert [(event.address, event.user_agent.replace("\n", "")) for event in log.events] == [
        ("192.0.2.1", 'a, "b";c'),
        ("192.0.2.2", "d"),
    ]


def test_a_row_of_another_width_is_counted(tmp_path: Path) -> None:
    text = "src_ip,user\n192.0.2.1,a\n192.0.2.2\n192.0.2.3,b,c\n192.0.2.4,d,,\n\n192.0.2.5,e\n" + "192.0.2.6,f\n" * 9
    log = read_text(tmp_path, text)
    assert [event.user for event in log.events] == ["a", "d", "e", *"fffffffff"]
    assert (log.stream.read, log.stream.skipped) == (14, {Skip.COLUMNS.value: 2})
    assert log.stream.examples == {Skip.COLUMNS.value: ["192.0.2.2", "192.0.2.3,b,c"]}


@pytest.mark.parametrize("rows", [5, 20_000])
def test_a_quote_that_is_not_closed_costs_its_own_cell_only(tmp_path: Path, rows: int) -> None:
    log = read_text(tmp_path, "src_ip,user\n" + "192.0.2.1,a\n" * 30 + '192.0.2.2,"open\n' + "192.0.2.3,b\n" * rows)
    assert [event.user for event in log.events] == ["a"] * 30 + ["open"] + ["b"] * rows
    assert (log.stream.read, log.stream.skipped) == (31 + rows, {})


def test_many_open_quotes_are_read_in_time_and_lose_nothing(tmp_path: Path) -> None:
    log = read_text(tmp_path, "src_ip,user\n" + "192.0.2.1,a\n" * 30 + '192.0.2.2,"open\n192.0.2.3,b\n' * 30_000)
    assert (log.stream.read, len(log.events), log.stream.skipped) == (60_030, 60_030, {})


def test_text_behind_a_closing_quote_is_kept(tmp_path: Path) -> None:
    assert one(tmp_path, src_ip="192.0.2.1", user="x").user == "x"
    log = read_text(tmp_path, 'src_ip,user\n192.0.2.1,"a"b\n192.0.2.2,c"d\n192.0.2.3,"e ""f"""\n')
    assert [event.user for event in log.events] == ["ab", 'c"d', 'e "f"']


def test_a_w3c_extended_log_names_its_columns_in_a_comment(tmp_path: Path) -> None:
    text = (
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status\n"
        '2026-01-02 03:04:05 10.0.0.1 GET /a - 443 - 192.0.2.1 Mozilla/5.0+"x 404\n'
        "#Date: 2026-01-02 04:00:00\n"
        "2026-01-02 04:04:05 10.0.0.1 POST /b c=1 443 bob 192.0.2.2 - 200\n"
    )
    log = read_text(tmp_path, text)
    assert log.stream.format is LogFormat.CSV
    assert log.events == [
        Event("192.0.2.1", at("2026-01-02T03:04:05"), 'Mozilla/5.0+"x', "GET /a", 404, peer="10.0.0.1", port=443),
        Event("192.0.2.2", at("2026-01-02T04:04:05"), "", "POST /b?c=1", 200, peer="10.0.0.1", port=443, user="bob"),
    ]
    assert not log.stream.skipped


def test_zeeks_own_format_is_read(tmp_path: Path) -> None:
    text = (
        "#separator \\x09\n#set_separator\t,\n#path\tconn\n"
        "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\torig_bytes\tresp_bytes\tconn_state\n"
        "#types\ttime\taddr\tport\taddr\tport\tcount\tcount\tstring\n"
        "1767323045.5\t192.0.2.1\t5\t10.0.0.1\t22\t-\t0\tS0\n#close\t2026-01-02\n"
    )
    log = read_text(tmp_path, text)
    when = at("2026-01-02T03:04:05.500")
    assert log.events == [Event("192.0.2.1", when, action="blocked", bytes_in=0, peer="10.0.0.1", port=22)]
    assert not log.stream.skipped


cell = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(st.ip_addresses(v=4), cell, cell), min_size=1, max_size=10), st.sampled_from(",;\t"))
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: List[tuple[object, str, str]], delimiter: str
) -> None:
    text = table(
        ["src_ip", "http_user_agent", "user"], *([str(part) for part in row] for row in rows), delimiter=delimiter
    )
    log = read_text(tmp_path_factory.mktemp("any"), text, form="csv")
    assert [event.address for event in log.events] == [str(row[0]) for row in rows]
    for event, (_, agent, _user) in zip(log.events, rows):
        assert event.user_agent in (agent.strip(), "")
