"""Shares and periods: plain arithmetic."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.quota.account import MARGIN, Account, account_name, clock_text, span


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    "at, period, start, end",
    [
        ("2026-11-24T12:30:00", "day", "2026-11-24", "2026-11-25"),
        ("2026-11-24T00:00:00", "day", "2026-11-24", "2026-11-25"),
        ("2026-11-24T12:30:00", "month", "2026-11-01", "2026-12-01"),
        ("2026-12-31T23:59:59", "month", "2026-12-01", "2027-01-01"),
        ("2028-02-29T01:00:00", "month", "2028-02-01", "2028-03-01"),
    ],
)
def test_days_and_months_are_those_of_utc(at: str, period: str, start: str, end: str):
    assert span(period, moment(at)) == (moment(start), moment(end))


def test_no_second_and_no_minute_holds_more_than_its_limit():
    account = Account("a", {"second": 10, "minute": 4, "hour": 100, "day": 500})
    assert account.windows(account.limits) == [(MARGIN, 10), (MARGIN * 60, 4), (MARGIN * 3600, 100)]


def test_the_pace_spreads_a_limit_per_second_evenly_and_lets_one_per_minute_come_at_once():
    account = Account("a", {"second": 10, "minute": 4, "day": 500})
    assert account.pace(account.limits) == [(MARGIN * 0.1, 1), (MARGIN * 60, 4)]


def test_each_machine_has_its_share():
    account = Account("a", {"second": 10, "minute": 8, "day": 500}, members=4)
    assert account.windows(account.limits) == [(MARGIN, 2), (MARGIN * 60, 2)]
    assert account.pace(account.limits) == [(pytest.approx(MARGIN * 0.4), 1), (MARGIN * 60, 2)]
    assert account.share(500) == 125


def test_a_share_below_one_a_minute_is_one_in_a_longer_time():
    account = Account("a", {"minute": 4}, members=6)
    assert account.windows(account.limits) == [(pytest.approx(MARGIN * 90), 1)]
    assert account.pace(account.limits) == [(pytest.approx(MARGIN * 90), 1)]


@pytest.mark.parametrize(
    "limit, members, reserve, share",
    [(500, 1, 0.1, 450), (500, 1, 0.0, 500), (50, 3, 0.1, 14), (10, 1, 0.1, 9), (1, 1, 0.1, 0), (5, 10, 0.0, 0)],
)
def test_the_reserve_is_left_untouched(limit: int, members: int, reserve: float, share: int):
    assert Account("a", members=members, reserve=reserve).share(limit) == share


@given(st.integers(1, 10**6), st.integers(1, 1000), st.floats(0.0, 0.99))
def test_all_members_together_never_have_more_than_the_limit(limit: int, members: int, reserve: float):
    assert Account("a", members=members, reserve=reserve).share(limit) * members <= limit


@given(st.integers(1, 10**5), st.integers(1, 1000))
def test_all_members_together_never_ask_faster_than_the_limit(limit: int, members: int):
    for period, seconds in (("second", 1.0), ("minute", 60.0)):
        account = Account("a", {period: limit}, members=members)
        for window in (*account.windows(account.limits), *account.pace(account.limits)):
            assert members * window.most / window.seconds <= limit / seconds * (1 + 1e-9)


def test_what_is_learnt_replaces_what_is_documented_and_not_what_the_user_settled():
    account = Account("a", {"day": 500, "month": 15500, "minute": 4}, settled=frozenset({"minute"}))
    assert account.known({"day": 1000, "minute": 30}) == {"day": 1000, "month": 15500, "minute": 4}


def test_an_account_is_named_after_a_hash_of_its_key():
    name = account_name("virustotal", "canary-key")
    assert name.startswith("virustotal:")
    assert "canary" not in name
    assert name == account_name("virustotal", "canary-key")
    assert name != account_name("virustotal", "another key")


def test_a_moment_is_named_in_utc():
    assert clock_text(moment("2026-11-24T12:01:05")) == "2026-11-24 12:01:05 UTC"
