"""System logs and free text: who failed to log in, who was blocked, and no address that an attacker wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import AS_OF, at, read, read_text, write

from ipthreat.events import Event, LogFormat, Skip
from ipthreat.logs.syslog import MOST_REPEATS

CLIENT, FORGED = "203.0.113.9", "198.51.100.66"


def line(message: str, program: str = "sshd[4711]", stamp: str = "Mar 27 13:06:56") -> str:
    """A line of a system log."""
    return f"{stamp} gate {program}: {message}\n"


def only(folder: Path, message: str, program: str = "sshd[4711]") -> Event:
    """The event of one message."""
    (event,) = read_text(folder, line(message, program), form="syslog").events
    return event


def told(folder: Path, *messages: str) -> List[Event]:
    """The events of some messages of one process."""
    return read_text(folder, "".join(map(line, messages)), form="syslog").events


MESSAGES: Dict[str, Dict[str, Any]] = {
    f"Failed password for root from {CLIENT} port 57588 ssh2": {"action": "failure", "user": "root"},
    f"Failed password for invalid user admin from {CLIENT} port 5 ssh2": {"action": "failure", "user": "admin"},
    f"Failed keyboard-interactive/pam for root from {CLIENT} port 5 ssh2": {"action": "failure", "user": "root"},
    f"Failed publickey for root from {CLIENT} port 5 ssh2: RSA SHA256:abc": {"user": "root"},
    f"Failed none for root from {CLIENT} port 5 ssh2": {"user": "root"},
    f"Invalid user  from {CLIENT}": {"action": "failure"},
    f"Invalid user test from {CLIENT} port 5": {"action": "failure", "user": "test"},
    f"Accepted password for ubuntu from {CLIENT} port 5 ssh2": {"action": "success", "user": "ubuntu"},
    f"Accepted publickey for git from {CLIENT} port 5 ssh2: ED25519 SHA256:x": {"action": "success", "user": "git"},
    f"Connection from {CLIENT} port 5 on 10.0.0.1 port 22": {"peer": "10.0.0.1"},
    f"Connection closed by {CLIENT} port 5 [preauth]": {},
    f"Connection closed by invalid user admin {CLIENT} port 5 [preauth]": {},
    f"Connection reset by {CLIENT} port 5 [preauth]": {},
    f"Disconnected from user git {CLIENT} port 5": {},
    f"Received disconnect from {CLIENT} port 5:11: Bye Bye [preauth]": {},
    f"Received disconnect from {CLIENT}: 11: Bye Bye [preauth]": {},
    f"Did not receive identification string from {CLIENT}": {},
    f"Bad protocol version identification 'GET / HTTP/1.1' from {CLIENT} port 5": {},
    f"fatal: Unable to negotiate with {CLIENT} port 5: no matching cipher found. Their offer: x": {},
    f"error: maximum authentication attempts exceeded for root from {CLIENT} port 5 ssh2 [preauth]": {},
    f"Starting session: shell on pts/1 for git from {CLIENT} port 5 id 0": {},
    f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={CLIENT}  user=root": {},
    f"PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={CLIENT}": {},
    f"pam_unix(dovecot:auth): authentication failure; uid=0 tty=dovecot ruser=x rhost={CLIENT}  user=bob": {
        "action": "failure",
        "user": "bob",
    },
    f"imap-login: Disconnected (auth failed, 3 attempts in 6 secs): user=<x>, rip={CLIENT}, lip=10.0.0.1": {
        "action": "failure",
        "repeats": 3,
    },
    f"warning: unknown[{CLIENT}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6": {"action": "failure"},
    f'[ftp] FAIL LOGIN: Client "{CLIENT}"': {"action": "failure", "user": "ftp"},
    f'[bob] OK LOGIN: Client "::ffff:{CLIENT}"': {"action": "success", "user": "bob"},
    f"[UFW BLOCK] IN=eth0 OUT= MAC=aa SRC={CLIENT} DST=10.0.0.1 LEN=40 PROTO=TCP SPT=5 DPT=23 WINDOW=1": {
        "action": "blocked",
        "peer": "10.0.0.1",
        "port": 23,
    },
    f"[1234.5] DROP IN=eth0 OUT= SRC={CLIENT} DST=10.0.0.1 LEN=84 PROTO=ICMP TYPE=8": {
        "action": "blocked",
        "peer": "10.0.0.1",
    },
    f"ACCEPT IN=eth0 SRC={CLIENT} DST=10.0.0.1 PROTO=UDP SPT=5 DPT=53 LEN=20": {"peer": "10.0.0.1", "port": 53},
    f"client {CLIENT} asked for something": {},
}


@pytest.mark.parametrize(("message", "fields"), MESSAGES.items())
def test_a_message_tells_who_did_what(tmp_path: Path, message: str, fields: Dict[str, Any]) -> None:
    assert only(tmp_path, message) == Event(CLIENT, at("2026-03-27T13:06:56"), **fields)


@pytest.mark.parametrize(
    "message",
    [
        f"Invalid user x from {FORGED} from {CLIENT}",
        f"Invalid user x from {FORGED} port 22 from {CLIENT} port 5",
        f"Failed password for invalid user x from {FORGED} port 22 ssh2 from {CLIENT} port 5 ssh2",
        f"Failed password for invalid user root from {FORGED} port 1 ssh2: RSA from {CLIENT} port 5 ssh2",
        f"Failed publickey for x from {FORGED} port 1 ssh2 from {CLIENT} port 5 ssh2: RSA SHA256:a",
        f"Connection closed by invalid user {FORGED} port 22 {CLIENT} port 5 [preauth]",
        f"Disconnected from invalid user x {FORGED} port 22 {CLIENT} port 5 [preauth]",
        f"Received disconnect from {CLIENT} port 5:11: bye from {FORGED} port 22 [preauth]",
        f"Received disconnect from {CLIENT}: 11: from {FORGED} port 22",
        f"Bad protocol version identification 'GET / from {FORGED} port 22' from {CLIENT} port 5",
        f"fatal: Unable to negotiate with {CLIENT} port 5: no matching cipher. Their offer: from {FORGED} port 22",
        f"error: maximum authentication attempts exceeded for x from {FORGED} port 2 from {CLIENT} port 5 ssh2",
        f"pam_unix(vsftpd:auth): authentication failure; ruser=x rhost={FORGED} rhost={CLIENT}",
        f'[x] OK LOGIN: Client "{FORGED}" [y] FAIL LOGIN: Client "{CLIENT}"',
    ],
)
def test_an_address_in_a_user_name_or_farewell_is_not_taken_for_the_client(tmp_path: Path, message: str) -> None:
    assert only(tmp_path, message).address == CLIENT


def test_a_forged_success_in_a_user_name_is_a_failure(tmp_path: Path) -> None:
    forged = f"Accepted password for root from {FORGED} port 1 ssh2"
    message = f"Failed password for invalid user {forged} from {CLIENT} port 5 ssh2"
    assert only(tmp_path, message).action == "failure"


def test_an_unknown_user_and_the_first_failed_password_are_one_failure(tmp_path: Path) -> None:
    events = told(
        tmp_path,
        f"Invalid user admin from {CLIENT} port 5",
        "pam_unix(sshd:auth): check pass; user unknown",
        f"Failed password for invalid user admin from {CLIENT} port 5 ssh2",
        f"Failed password for invalid user admin from {CLIENT} port 5 ssh2",
        f"Failed password for invalid user admin from {CLIENT} port 5 ssh2",
    )
    assert [event.action for event in events] == ["failure", "", "failure", "failure"]


def test_an_unknown_user_alone_is_a_failure_each_time(tmp_path: Path) -> None:
    text = "".join(line(f"Invalid user a{n} from {CLIENT} port 5", f"sshd[{n}]") for n in range(6000))
    events = read_text(tmp_path, text).events
    assert [event.action for event in events] == ["failure"] * 6000


def test_repetitions_count(tmp_path: Path) -> None:
    failed = f"Failed password for root from {CLIENT} port 5 ssh2"
    events = told(tmp_path, failed, f"message repeated 4 times: [ {failed}]")
    assert [event.repeats for event in events] == [1, 4]
    assert {event.action for event in events} == {"failure"}


def test_the_older_form_of_repetition_stands_for_the_line_before(tmp_path: Path) -> None:
    text = (
        line(f"Failed password for root from {CLIENT} port 5 ssh2")
        + "Mar 27 13:07:56 gate last message repeated 3 times\n"
    )
    events = read_text(tmp_path, text, form="syslog").events
    assert [(event.action, event.repeats) for event in events] == [("failure", 1), ("failure", 3)]
    assert events[1].time == at("2026-03-27T13:07:56")


def test_a_repetition_of_nothing_is_nothing(tmp_path: Path) -> None:
    text = "Mar 27 13:07:56 gate last message repeated 3 times\n" + line("pam: no address") * 2
    assert read_text(tmp_path, text, form="syslog").events == []


def test_an_absurd_number_of_repetitions_is_not_believed(tmp_path: Path) -> None:
    event = only(tmp_path, f"message repeated 999999999 times: [ Failed password for root from {CLIENT} port 5 ssh2]")
    assert event.repeats == MOST_REPEATS


def test_lines_without_a_remote_address_are_counted_as_such(tmp_path: Path) -> None:
    text = (
        line("pam_unix(cron:session): session opened for user root by (uid=0)", "CRON[1]")
        + line("Server listening on 0.0.0.0 port 22.")
        + line("Invalid user x from UNKNOWN")
        + line(f"Invalid user x from {CLIENT}")
        + "a line that is no syslog\n"
    )
    log = read_text(tmp_path, text)
    assert len(log.events) == 1
    assert log.stream.skipped == {Skip.NO_ADDRESS.value: 3, Skip.SHAPE.value: 1}


@pytest.mark.parametrize(
    ("stamp", "when"),
    {
        "Mar 27 13:06:56": "2026-03-27T13:06:56",
        "Mar  7 13:06:56": "2026-03-07T13:06:56",
        "Nov 24 11:00:00": "2026-11-24T11:00:00",
        "Nov 25 11:00:00": "2026-11-25T11:00:00",  # within the day that local time may run ahead
        "Nov 26 13:00:00": "2025-11-26T13:00:00",
        "Dec 31 23:59:59": "2025-12-31T23:59:59",
        "Feb 29 01:02:03": "2024-02-29T01:02:03",
        "Mar 27 2019 13:06:56": "2019-03-27T13:06:56",
        "2026-03-27T13:06:56.250+01:00": "2026-03-27T12:06:56.250",
        "2026-03-27T13:06:56Z": "2026-03-27T13:06:56",
        "2026-03-27 13:06:56": "2026-03-27T13:06:56",
        "Feb 30 01:02:03": None,
        "Xyz 12 01:02:03": None,
    }.items(),
)
def test_a_stamp_without_a_year_lies_in_the_latest_year_not_after_as_of(
    tmp_path: Path, stamp: str, when: Optional[str]
) -> None:
    text = line(f"Invalid user x from {CLIENT}", stamp=stamp)
    (event,) = read_text(tmp_path, text, form="syslog").events
    assert event.time == (when and at(when))


@given(st.datetimes(min_value=AS_OF.replace(year=1975, tzinfo=None), max_value=AS_OF.replace(year=2100, tzinfo=None)))
def test_no_event_lies_more_than_a_day_after_as_of(tmp_path_factory: pytest.TempPathFactory, moment: Any) -> None:
    as_of = moment.replace(tzinfo=AS_OF.tzinfo)
    folder = tmp_path_factory.mktemp("any")
    stamps = ("Jan  1 00:00:00", "Feb 29 12:00:00", "Jun 15 12:00:00", "Dec 31 23:59:59")
    path = write(folder, "".join(line(f"Invalid user x from {CLIENT}", stamp=stamp) for stamp in stamps))
    for event in read(path, form="syslog", as_of=as_of).events:
        assert event.time is None or event.time <= as_of.timestamp() + 86400
        assert event.time is None or event.time > as_of.timestamp() - 9 * 366 * 86400


def test_priorities_of_raw_syslog_are_passed_over(tmp_path: Path) -> None:
    text = f"<38>Mar 27 13:06:56 gate sshd[1]: Invalid user x from {CLIENT}\n"
    assert [event.action for event in read_text(tmp_path, text).events] == ["failure"]


def test_a_long_user_name_is_cut(tmp_path: Path) -> None:
    assert len(only(tmp_path, f"Invalid user {'x' * 5000} from {CLIENT} port 5").user) == 100


def test_hostile_messages_are_read_in_time(tmp_path: Path) -> None:
    pieces = (" from ", "SRC=1 ", "port 1 ", "rhost=", "BLOCK ", "[", '"', "x from 1.2.3.4 port 5 ")
    text = "".join(line("Failed password for " + piece * (50_000 // len(piece))) for piece in pieces)
    log = read_text(tmp_path, text, form="syslog")
    assert log.stream.read == len(pieces)


# --- free text -------------------------------------------------------------------------------------


def test_each_address_in_a_line_of_text_is_an_event_at_the_time_of_the_line(tmp_path: Path) -> None:
    text = "2026-01-02T03:04:05Z 192.0.2.1 spoke to 192.0.2.2, 192.0.2.1 again\nand 192.0.2.3, some day\n"
    log = read_text(tmp_path, text)
    assert log.stream.format is LogFormat.TEXT
    assert [(event.address, event.time) for event in log.events] == [
        ("192.0.2.1", at("2026-01-02T03:04:05")),
        ("192.0.2.2", at("2026-01-02T03:04:05")),
        ("192.0.2.3", None),
    ]


@pytest.mark.parametrize(
    "stamp", ["2026-01-02 03:04:05", "[02/Jan/2026:03:04:05 +0000]", "Jan  2 03:04:05", "[Fri Jan 02 03:04:05 2026]"]
)
def test_stamps_of_any_known_shape_are_found_in_text(tmp_path: Path, stamp: str) -> None:
    (event,) = read_text(tmp_path, f"{stamp} alert: 192.0.2.1\n", form="text").events
    assert event.time == at("2026-01-02T03:04:05")


def test_lines_of_text_without_an_address_are_counted_and_blank_ones_are_not(tmp_path: Path) -> None:
    log = read_text(tmp_path, "Source IP\n192.0.2.1\n\nRepeated Attempts\n1\n")
    assert len(log.events) == 1
    assert log.stream.skipped == {Skip.NO_ADDRESS.value: 3}
