"""Stamps of every shape mean the same moment as Python's own calendar says."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import AS_OF

from ipthreat.logs.times import LATEST, Clock, access_log_stamps, clf, epoch, from_number, iso, within

CLOCK = Clock(AS_OF)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1971, 1, 1), datetime(2105, 1, 1), timezones=zones).map(
    lambda moment: moment.replace(fold=0)
)


def offset(moment: datetime, between: str) -> str:
    """The zone of a moment as stamps write it."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{between}{abs(minutes) % 60:02}"


def access_stamp(moment: datetime) -> str:
    """A moment as access logs write it, in English whatever the locale."""
    month = MONTHS[moment.month - 1]
    return f"{moment.day:02}/{month}/{moment.year}:{moment:%H:%M:%S} {offset(moment, '')}"


@given(moments)
def test_iso_stamps_mean_what_python_says(moment: datetime) -> None:
    seconds = moment.timestamp()
    for between in ("", ":"):
        for separator in ("T", " "):
            text = f"{moment:%Y-%m-%d}{separator}{moment:%H:%M:%S}.{moment.microsecond:06}{offset(moment, between)}"
            assert iso(text.replace(moment.strftime("%Y"), f"{moment.year:04}")) == pytest.approx(seconds, abs=1e-6)


@given(moments)
def test_access_log_stamps_mean_what_python_says(moment: datetime) -> None:
    stamp = access_stamp(moment)
    assert clf(stamp) == access_log_stamps()[stamp] == int(moment.replace(microsecond=0).timestamp())


@given(st.lists(moments, max_size=20))
def test_remembered_stamps_mean_what_they_meant(stamps: list[datetime]) -> None:
    remembered = access_log_stamps()
    for moment in stamps * 2:
        assert remembered[access_stamp(moment)] == clf(access_stamp(moment))


@given(st.text(max_size=30))
def test_any_text_is_a_time_within_bounds_or_none(text: str) -> None:
    for read in (iso, clf, CLOCK.syslog, CLOCK.find, CLOCK.field, access_log_stamps().__getitem__):
        seconds = read(text)
        assert seconds is None or 0 <= seconds < LATEST


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers())
def test_any_number_is_a_time_within_bounds_or_none(value: float) -> None:
    for seconds in (within(value), from_number(value)):
        assert seconds is None or 0 <= seconds < LATEST


@given(moments, st.sampled_from([1, 1000, 1_000_000, 1_000_000_000]))
def test_units_of_epoch_numbers_are_told_apart_by_their_size(moment: datetime, unit: int) -> None:
    seconds = int(moment.timestamp())
    if seconds > 31_536_000 * 2:  # in the first years, milliseconds look like seconds of a later one
        assert from_number(seconds * unit) == pytest.approx(seconds)
        assert CLOCK.field(str(seconds * unit)) == pytest.approx(seconds)


@given(st.integers(1, 12), st.integers(1, 31), st.integers(0, 23), st.integers(0, 59))
def test_a_syslog_stamp_is_the_latest_such_day_not_after_as_of(month: int, day: int, hour: int, minute: int) -> None:
    seconds = CLOCK.syslog(f"{MONTHS[month - 1]} {day:2} {hour:02}:{minute:02}:00")
    candidates = []
    for year in range(2018, 2028):
        try:
            candidates.append(datetime(year, month, day, hour, minute, tzinfo=timezone.utc))
        except ValueError:
            continue
    fitting = [moment.timestamp() for moment in candidates if moment <= AS_OF + timedelta(days=1)]
    assert seconds == (max(fitting) if fitting else None)


@pytest.mark.parametrize(
    ("zone", "seconds"),
    {"": 0, "Z": 0, "z": 0, "+0000": 0, "+01:00": -3600, "-0330": 12600, "+1400": -50400}.items(),
)
def test_zones_count_from_greenwich(zone: str, seconds: int) -> None:
    assert epoch(1970, 1, 2, (0, 0, 0), zone) == 86400 + seconds


@pytest.mark.parametrize(
    ("date", "clock"),
    [((2026, 2, 29), (0, 0, 0)), ((2026, 13, 1), (0, 0, 0)), ((2026, 1, 1), (24, 0, 0)), ((2026, 1, 1), (0, 60, 0)),
     ((2026, 1, 1), (0, 0, 61)), ((1969, 12, 31), (23, 59, 59)), ((2107, 1, 1), (0, 0, 0)), ((0, 1, 1), (0, 0, 0))],
)  # fmt: skip
def test_moments_that_do_not_exist_are_none(date: tuple[int, int, int], clock: tuple[int, int, int]) -> None:
    assert epoch(*date, clock) is None


def test_stamps_do_not_depend_on_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> list[Optional[float]]:
        return [iso("2026-07-02T03:04:05"), clf("02/Jul/2026:03:04:05"), Clock(AS_OF).syslog("Jul 2 03:04:05")]

    here = read()
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert read() == here
    finally:
        monkeypatch.undo()
        time.tzset()


def test_stamps_on_both_sides_of_as_of_stay_in_one_year() -> None:
    clock = Clock(datetime(2015, 3, 15, tzinfo=timezone.utc))
    read = [clock.syslog(f"Mar {day:2} 10:00:00 host sshd[1]: x") for day in (1, 14, 17, 31)]
    years = [time.gmtime(seconds).tm_year for seconds in read if seconds is not None]
    assert years == [2015, 2015, 2015, 2015]


def test_a_log_that_ends_in_january_began_in_the_year_before() -> None:
    clock = Clock(datetime(2015, 1, 10, tzinfo=timezone.utc))
    read = [clock.syslog(f"{stamp} 10:00:00 host sshd[1]: x") for stamp in ("Nov 20", "Dec 31", "Jan  1", "Jan  9")]
    years = [time.gmtime(seconds).tm_year for seconds in read if seconds is not None]
    assert years == [2014, 2014, 2015, 2015]


def test_a_log_of_many_months_that_ends_before_as_of_is_not_moved() -> None:
    clock = Clock(datetime(2026, 11, 24, tzinfo=timezone.utc))
    read = [clock.syslog(f"{stamp} 10:00:00 host sshd[1]: x") for stamp in ("Jan  5", "Jun 20", "Nov 20")]
    assert [time.gmtime(seconds).tm_year for seconds in read if seconds is not None] == [2026, 2026, 2026]
