"""Pasted alerts: labels and values on lines of their own become records with a time and a user agent."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from logfiles import at, read_text

from ipthreat.events import Event, LogFormat, Skip
from ipthreat.logs.labelled import looks_labelled

ALERT = """Somebody looked into a bucket of yours
Alert #{number}
Event DateTime
2022-01-31T18:21:5{number}Z
Source IP
203.0.113.{number}
Request User Agent
Boto3/1.17.40 Python/3.6.12
Repeated Attempts
1
Event Name
ListObjects
Request User Agent
Boto3/1.17.40 Python/3.6.12
"""
TEXT = "".join(ALERT.format(number=number) for number in range(1, 4))


def test_each_alert_is_one_event_with_its_time_user_agent_and_request(tmp_path: Path) -> None:
    log = read_text(tmp_path, TEXT)
    assert log.stream.format is LogFormat.LABELLED
    assert log.events == [
        Event(f"203.0.113.{n}", at(f"2022-01-31T18:21:5{n}"), "Boto3/1.17.40 Python/3.6.12", "ListObjects")
        for n in (1, 2, 3)
    ]
    assert log.stream.read == 3


def test_a_record_without_an_address_is_counted(tmp_path: Path) -> None:
    log = read_text(tmp_path, TEXT.replace("203.0.113.2", "not known"))
    assert [event.address for event in log.events] == ["203.0.113.1", "203.0.113.3"]
    assert log.stream.skipped == {Skip.ADDRESS.value: 1}


def test_an_address_outside_of_the_records_is_not_lost(tmp_path: Path) -> None:
    log = read_text(tmp_path, "Forwarded by 198.51.100.9 at 2022-02-01 10:00:00\n" + TEXT)
    assert Event("198.51.100.9", at("2022-02-01T10:00:00")) in log.events
    assert len(log.events) == 4


def test_the_value_of_a_field_is_never_taken_for_a_label(tmp_path: Path) -> None:
    forged = TEXT.replace("Boto3/1.17.40 Python/3.6.12", "x Source IP 198.51.100.66")
    assert {event.address for event in read_text(tmp_path, forged).events} == {f"203.0.113.{n}" for n in (1, 2, 3)}


def test_prose_and_other_logs_are_not_taken_for_labels() -> None:
    assert not looks_labelled("The source of it\n203.0.113.9\nwas seen\nby us\n")
    assert not looks_labelled("Time\n2022-01-31\nUser\nroot\nAction\nfailed\n")  # no address
    assert not looks_labelled("")


@given(st.lists(st.sampled_from(["Source IP", "203.0.113.9", "Event DateTime", "time", "", "x", "Alert"]), max_size=30))
def test_any_sequence_of_labels_and_values_is_read_to_its_end(tmp_path_factory, lines: list[str]) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = read_text(folder, "\n".join(["begin", *lines]), form="labelled")
    assert all(event.address == "203.0.113.9" for event in log.events)
