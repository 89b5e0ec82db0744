"""Access logs: what the fast way reads and what the careful way reads must be the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import at, read_text

from ipthreat.events import Event, LogFormat, Skip

STAMP = "17/May/2015:10:05:03 +0000"
WHEN = at("2015-05-17T10:05:03")


def line(
    request: str = "GET /a HTTP/1.1",
    agent: Optional[str] = "Mozilla/5.0",
    host: str = "192.0.2.1",
    status: str = "200",
    size: str = "5",
    user: str = "-",
    stamp: str = STAMP,
    before: str = "",
    after: str = "",
) -> str:
    """A line of an access log."""
    tail = "" if agent is None else f' "https://example.org/" "{agent}"'
    return f'{before}{host} - {user} [{stamp}] "{request}" {status} {size}{tail}{after}\n'


def only(folder: Path, text: str) -> Event:
    """The single event of a log."""
    (event,) = read_text(folder, text).events
    return event


def test_every_field_of_the_combined_format_is_read(tmp_path: Path) -> None:
    assert only(tmp_path, line(user="alice", status="404")) == Event(
        "192.0.2.1", WHEN, "Mozilla/5.0", "GET /a HTTP/1.1", 404, bytes_out=5, user="alice"
    )


def test_the_common_format_has_no_user_agent(tmp_path: Path) -> None:
    log = read_text(tmp_path, line(agent=None) * 3)
    assert [(event.user_agent, event.request) for event in log.events] == [("", "GET /a HTTP/1.1")] * 3


def test_hyphens_stand_for_nothing(tmp_path: Path) -> None:
    event = only(tmp_path, line(agent="-", size="-"))
    assert (event.user_agent, event.bytes_out, event.user) == ("", None, "")


@pytest.mark.parametrize("before", ["www.example.org ", "www.example.org:443 "])
def test_a_virtual_host_may_stand_in_front(tmp_path: Path, before: str) -> None:
    log = read_text(tmp_path, line(before=before) * 3)
    assert [event.address for event in log.events] == ["192.0.2.1"] * 3


@pytest.mark.parametrize("after", [' "192.0.2.9"', " 0.003", " 12 34 -", ' "-" rt=0.1 "x y"', " "])
def test_more_fields_may_follow(tmp_path: Path, after: str) -> None:
    log = read_text(tmp_path, line(after=after) * 3)
    assert [event.user_agent for event in log.events] == ["Mozilla/5.0"] * 3


@pytest.mark.parametrize(
    ("host", "address"),
    {
        "2001:DB8::1": "2001:db8::1",
        "::1": "::1",
        "::ffff:192.0.2.7": "192.0.2.7",
        "192.0.2.1, 10.0.0.1": "192.0.2.1",
        "10.0.0.1, 18.237.3.202": "18.237.3.202",
        "192.0.2.1:5432": "192.0.2.1",
        "fe80::1%eth0": "fe80::1",
    }.items(),
)
def test_the_client_may_be_written_in_any_form(tmp_path: Path, host: str, address: str) -> None:
    assert only(tmp_path, line(host=host)).address == address
    assert [event.address for event in read_text(tmp_path, line() * 5 + line(host=host)).events][-1] == address
    assert [event.address for event in read_text(tmp_path, line(host=host) * 5 + line()).events][-1] == "192.0.2.1"


@pytest.mark.parametrize("host", ["client.example.org", "256.1.1.1", "01.2.3.4", "1.2.3", "-", "2001:db8::x"])
def test_a_client_that_is_no_address_is_counted(tmp_path: Path, host: str) -> None:
    for text in (line() * 5 + line(host=host), line(host="2001:db8::1") * 5 + line(host=host)):
        log = read_text(tmp_path, text)
        assert len(log.events) == 5
        assert (log.stream.read, log.stream.skipped) == (6, {Skip.ADDRESS.value: 1})


@pytest.mark.parametrize(
    ("stamp", "when"),
    {
        "17/May/2015:10:05:03 +0200": at("2015-05-17T08:05:03"),
        "17/May/2015:10:05:03 -0330": at("2015-05-17T13:35:03"),
        "29/Feb/2024:23:59:60 +0000": at("2024-03-01T00:00:00"),
        "17/May/2015:10:05:03": WHEN,
        "17/May/2015:10:05:03.123 +0000": WHEN,
        "31/Feb/2024:10:05:03 +0000": None,
        "17/Mai/2015:10:05:03 +0000": None,
        "17/May/2015:10:05:61 +0000": None,
        "17/May/2015:10:05:x3 +0000": None,
        "17/May/2015:24:05:03 +0000": None,
        "17/May/1915:10:05:03 +0000": None,
        "17/May/2215:10:05:03 +0000": None,
        "yesterday": None,
    }.items(),
)
def test_the_stamp_is_read_or_the_event_has_no_time(tmp_path: Path, stamp: str, when: Optional[float]) -> None:
    log = read_text(tmp_path, line() * 5 + line(stamp=stamp))
    assert log.events[-1].time == when
    assert not log.stream.skipped


ESCAPED = [
    ('GET /a\\"b HTTP/1.1', "Mozilla/5.0"),
    ("GET /a HTTP/1.1", 'say \\"hi\\" and go'),
    ('GET /\\" 200 5 \\"-\\" \\"forged', "Mozilla/5.0"),
    ('GET /\\" 404 9', 'x\\" \\"y'),
    ("\\x16\\x03\\x01", "-\\\\"),
    ("-", "Mozilla/5.0"),
    ("", ""),
]


@pytest.mark.parametrize(("request_line", "agent"), ESCAPED)
def test_escaped_quotes_neither_end_a_field_nor_forge_another(tmp_path: Path, request_line: str, agent: str) -> None:
    for text in (
        line(request_line, agent),
        line() * 5 + line(request_line, agent),
        line(agent=None) + line(request_line, agent),
    ):
        event = read_text(tmp_path, text).events[-1]
        assert (event.request, event.status, event.bytes_out) == (request_line, 200, 5)
        assert event.user_agent == agent


@pytest.mark.parametrize(
    "bad",
    [
        '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /unended',
        '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" ok 5',
        '192.0.2.1 - - [17/May/2015:10:05:03 +0000 "GET / HTTP/1.1" 200 5',
        '"',
        "something else entirely",
        "192.0.2.1",
    ],
)
def test_a_line_of_another_shape_is_counted_and_takes_no_other_line_with_it(tmp_path: Path, bad: str) -> None:
    log = read_text(tmp_path, line() * 2 + bad + "\n" + line() * 3)
    assert len(log.events) == 5
    assert (log.stream.read, log.stream.skipped) == (6, {Skip.SHAPE.value: 1})
    assert log.stream.examples == {Skip.SHAPE.value: [bad]}


def test_events_keep_the_order_of_their_lines(tmp_path: Path) -> None:
    hosts = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3, 10.0.0.1", "192.0.2.4"] * 300
    log = read_text(tmp_path, "".join(line(host=host) for host in hosts))
    assert [event.address for event in log.events] == [host.split(",")[0] for host in hosts]


def test_blank_lines_are_no_events_and_no_loss(tmp_path: Path) -> None:
    log = read_text(tmp_path, "\n" + line() + "\n  \n" + line() + "\n")
    assert len(log.events) == 2
    assert not log.stream.skipped


def test_lines_are_read_whole_across_the_blocks_of_a_large_file(tmp_path: Path) -> None:
    numbers = range(20_000)
    log = read_text(tmp_path, "".join(line(f"GET /{number} HTTP/1.1", agent=f"x{number}") for number in numbers))
    assert [event.request for event in log.events] == [f"GET /{number} HTTP/1.1" for number in numbers]
    assert log.stream.format is LogFormat.ACCESS


def test_a_file_of_lines_that_never_end_a_bracket_is_read_in_time(tmp_path: Path) -> None:
    for bad in ("a b c [", 'a b c [x] "', "[" * 30, "a b c " + "[x] " * 5, '"' * 9, "\\" * 30 + '"'):
        log = read_text(tmp_path, line() * 99 + (bad + "\n") * 200 + (bad * 20_000)[:900_000] + "\n", form="access")
        assert len(log.events) == 99
        assert sum(log.stream.skipped.values()) == 201


# An independent reading of a line: the definition of the combined format, one quoted field after the other.
FIELD = r'"((?:[^"\\]|\\.)*)"'
DEFINITION = re.compile(rf"^(\S+) (\S+) (\S+) \[([^\]]+)\] {FIELD} (\d+) (\S+) {FIELD} {FIELD}$")

field_text = st.text(st.characters(exclude_characters='"\\\n\r\0', exclude_categories=["Cs"]), max_size=20)
escaped = st.lists(
    st.one_of(field_text, st.sampled_from(['\\"', "\\\\", "\\n", '\\" 200 5 \\"', '] \\"'])), max_size=4
).map("".join)


@given(st.lists(st.tuples(escaped, escaped, st.booleans()), min_size=1, max_size=8))
def test_lines_are_taken_apart_as_the_format_is_defined(
    tmp_path_factory: pytest.TempPathFactory, fields: List[tuple[str, str, bool]]
) -> None:
    text = "".join(line(request, agent, after=" 0.1" if more else "") for request, agent, more in fields)
    log = read_text(tmp_path_factory.mktemp("any"), text, form="access")
    expected = []
    for one in text.split("\n")[:-1]:
        match = DEFINITION.match(one.removesuffix(" 0.1"))
        assert match
        expected.append((match[5], "" if match[9] == "-" else match[9]))
    assert [(event.request, event.user_agent) for event in log.events] == expected


# --- user agents that an attacker or a careless server makes hard to read ---------------------------------------------

NIKTO = "Mozilla/5.00 (Nikto/2.1.6)"
SHELLSHOCK = '() { :; }; /bin/bash -c "id"'


@pytest.mark.parametrize(
    "first",
    [
        line(agent=None, after=" 0.003"),
        line(agent=None),
        line(agent=SHELLSHOCK),
        line(after=" 0.003"),
        line(after=' "192.0.2.9" rt=0.1'),
        line(agent="plain"),
    ],
    ids=["common with a field", "common", "unescaped", "combined with a field", "combined with more", "combined"],
)
@pytest.mark.parametrize("agent", [NIKTO, SHELLSHOCK, "plain"])
def test_the_first_line_of_a_file_never_costs_the_others_their_user_agent(
    tmp_path: Path, first: str, agent: str
) -> None:
    log = read_text(tmp_path, first + line(agent=agent) * 2)
    assert [event.user_agent for event in log.events[1:]] == [agent] * 2
    assert log.stream.skipped == {}


def test_a_quote_in_a_user_agent_hides_nothing_that_stands_before_or_behind_it(tmp_path: Path) -> None:
    log = read_text(tmp_path, line() * 3 + line(agent='a" sqlmap/1.5 "b') + line(agent='x"'))
    assert [event.user_agent for event in log.events[3:]] == ['a" sqlmap/1.5 "b', 'x"']


def test_a_referer_with_a_quote_does_not_hide_the_user_agent(tmp_path: Path) -> None:
    hostile = line().replace("https://example.org/", 'https://example.org/?q="x')
    (event,) = read_text(tmp_path, hostile).events
    assert "Mozilla/5.0" in event.user_agent
