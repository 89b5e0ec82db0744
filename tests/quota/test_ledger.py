"""The ledger: never one request too many, whoever asks; what providers say of quotas is learnt and remembered."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import KEY, START, Ticks, Told

from ipthreat.quota import Account, Grant, Ledger, Refusal
from ipthreat.quota.account import MARGIN, account_name
from ipthreat.quota.ledger import FILE

DAY = 86_400.0
MIDNIGHT = START + DAY / 2


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def ledger(tmp_path: Path, ticks: Ticks) -> Ledger:
    return Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told())


def account(**more) -> Account:
    limits = {period: more.pop(period) for period in ("second", "minute", "day", "month") if period in more}
    return Account("vendor:1", limits, **more)


def spend(ledger: Ledger, who: Account, times: int) -> None:
    for _ in range(times):
        assert isinstance(ledger.take(who, 0.0), Grant)


def slots(ledger: Ledger, who: Account, ticks: Ticks, times: int) -> List[float]:
    """The moments of so many grants, asked for one after the other without waiting."""
    return [ticks.now + ledger.take(who, 1e6).wait for _ in range(times)]


def test_without_a_limit_everything_is_granted_at_once_and_counted(ledger: Ledger):
    spend(ledger, account(), 50)
    assert ledger.standing(account()).used == {"day": 50, "month": 50}


def test_a_limit_per_second_spreads_requests_evenly(ledger: Ledger, ticks: Ticks):
    found = slots(ledger, account(second=10), ticks, 21)
    assert found[0] == START
    assert [later - earlier for earlier, later in zip(found, found[1:])] == pytest.approx([MARGIN / 10] * 20, abs=1e-5)


def test_a_limit_per_minute_lets_that_many_pass_and_then_waits(ledger: Ledger, ticks: Ticks):
    found = slots(ledger, account(minute=4), ticks, 9)
    assert found == pytest.approx([START] * 4 + [START + 60 * MARGIN] * 4 + [START + 120 * MARGIN], abs=1e-5)


@given(st.lists(st.floats(0, 40), min_size=1, max_size=40), st.integers(1, 6), st.integers(1, 3))
def test_no_minute_wherever_it_begins_holds_more_than_the_limit(pauses: List[float], limit: int, second: int):
    ticks = Ticks()
    ledger = Ledger(None, clock=ticks.clock, tell=Told())
    found = []
    for pause in pauses:
        ticks.move(pause)
        found += slots(ledger, account(minute=limit, second=second), ticks, 1)
    for start in found:
        assert sum(start <= moment < start + 60.0 for moment in found) <= limit
        assert sum(start <= moment < start + 1.0 for moment in found) <= second
    ledger.close()


@given(st.lists(st.floats(0, 0.4), min_size=1, max_size=60), st.integers(1, 8))
def test_no_second_holds_too_many_however_late_they_wake_up(delays: List[float], limit: int):
    ticks = Ticks()
    ledger = Ledger(None, clock=ticks.clock, tell=Told())
    who = account(second=limit)
    due = [(START + index * MARGIN / limit + late, ledger.take(who, 1e6)) for index, late in enumerate(delays)]
    went = []
    while due:  # each wakes up late, looks whether it may go, and else sleeps on
        due.sort(key=lambda item: item[0])
        at, grant = due.pop(0)
        ticks.now = max(ticks.now, at)
        wait = ledger.start(who, grant)
        if wait:
            due.append((ticks.now + wait, grant))
        else:
            went.append(ticks.now)
    assert all(sum(begin <= moment < begin + 1.0 - 1e-6 for moment in went) <= limit for begin in went)
    ledger.close()


def test_a_grant_without_a_window_may_go_at_once(ledger: Ledger):
    assert ledger.start(account(day=5), ledger.take(account(day=5), 0.0)) == 0.0


def test_who_cannot_wait_is_refused_and_nothing_is_spent(ledger: Ledger, ticks: Ticks):
    spend(ledger, account(minute=4), 4)
    refused = ledger.take(account(minute=4), 30.0)
    assert isinstance(refused, Refusal)
    assert refused.until == pytest.approx(START + 60 * MARGIN)
    assert refused.reason == "the limit (4 in 61.8 s) leaves no room before 2026-11-24 12:01:01 UTC"
    assert ledger.standing(account()).used["day"] == 4


def test_the_day_s_quota_ends_at_midnight_utc(ledger: Ledger, ticks: Ticks):
    spend(ledger, account(day=3), 3)
    refused = ledger.take(account(day=3), 1e9)
    assert refused == Refusal("the quota of the day (3) is spent until 2026-11-25 00:00:00 UTC", MIDNIGHT)
    ticks.now = MIDNIGHT
    spend(ledger, account(day=3), 3)
    assert ledger.standing(account(day=3)).used == {"day": 3, "month": 6}


def test_the_month_s_quota_outlasts_the_day(ledger: Ledger, ticks: Ticks):
    who = account(day=3, month=4)
    spend(ledger, who, 3)
    ticks.now = MIDNIGHT
    spend(ledger, who, 1)
    assert "quota of the month (4) is spent until 2026-12-01" in ledger.take(who, 0.0).reason


def test_a_wait_across_midnight_is_counted_where_it_ends(ledger: Ledger, ticks: Ticks):
    ticks.now = MIDNIGHT - 10
    who = account(minute=1, day=1)
    spend(ledger, who, 1)
    assert ledger.take(who, 100.0).numbers == {"day": 1, "month": 2}


def test_the_reserve_is_for_alerts(ledger: Ledger):
    spend(ledger, account(day=10, reserve=0.2), 8)
    refused = ledger.take(account(day=10, reserve=0.2), 0.0)
    assert "the quota of the day (10, 20% of it kept for alerts)" in refused.reason
    spend(ledger, account(day=10), 2)
    assert isinstance(ledger.take(account(day=10), 0.0), Refusal)


def test_a_member_of_a_cluster_spends_its_share(ledger: Ledger):
    spend(ledger, account(day=10, members=3), 3)
    assert "the quota of the day (10, shared by 3 machines)" in ledger.take(account(day=10, members=3), 0.0).reason


def test_keys_have_nothing_to_do_with_each_other(ledger: Ledger):
    spend(ledger, account(day=1), 1)
    other = Account("vendor:2", {"day": 1})
    spend(ledger, other, 1)
    assert [ledger.standing(who).left["day"] for who in (account(day=1), other)] == [0, 0]


def test_a_grant_that_is_given_back_was_never_made(ledger: Ledger, ticks: Ticks):
    who = account(minute=1, day=1)
    ledger.give_back(who, ledger.take(who, 0.0))
    spend(ledger, who, 1)
    assert ledger.standing(who).used["day"] == 1


def test_the_ledger_outlives_the_process(tmp_path: Path, ticks: Ticks):
    spend(Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told()), account(day=2), 2)
    assert isinstance(Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told()).take(account(day=2), 0.0), Refusal)


def test_processes_that_share_a_key_never_spend_one_too_many(tmp_path: Path):
    code = """
import sys, json
from pathlib import Path
from ipthreat.quota import Account, Grant, Ledger
ledger = Ledger(Path(sys.argv[1]), tell=print)
who = Account("vendor:1", {"day": 100, "second": 10**6})
print(sum(isinstance(ledger.take(who, 5.0), Grant) for _ in range(60)))
"""
    command = [sys.executable, "-c", code, str(tmp_path / FILE)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 100


# What providers say


def test_a_limit_in_an_answer_replaces_the_documented_one(ledger: Ledger):
    who = account(day=3)
    grant = ledger.take(who, 0.0)
    ledger.learn(who, grant, {"limit_day": 1000})
    spend(ledger, who, 500)
    assert ledger.standing(who).limits["day"] == 1000


def test_a_limit_the_user_settled_stands(ledger: Ledger):
    who = account(day=3, settled=frozenset({"day"}))
    ledger.learn(who, ledger.take(who, 0.0), {"limit_day": 1000})
    spend(ledger, who, 2)
    assert isinstance(ledger.take(who, 0.0), Refusal)


def test_what_remains_bounds_what_is_asked_even_if_others_spent_the_rest(ledger: Ledger):
    who = account(day=500)
    ledger.learn(who, ledger.take(who, 0.0), {"remaining_day": 2})
    assert ledger.standing(who).left["day"] == 2
    spend(ledger, who, 2)
    assert isinstance(ledger.take(who, 0.0), Refusal)


def test_answers_that_overtake_each_other_never_raise_the_bound(ledger: Ledger):
    who = account(day=500)
    first, second = ledger.take(who, 0.0), ledger.take(who, 0.0)
    ledger.learn(who, second, {"remaining_day": 8})
    ledger.learn(who, first, {"remaining_day": 9})
    assert ledger.standing(who).left["day"] == 8
    ledger.learn(who, first, {"remaining_day": 7})
    assert ledger.standing(who).left["day"] == 6


def test_an_overtaken_answer_with_more_room_does_not_raise_the_bound(ledger: Ledger):
    who = account(day=500)
    first, second = ledger.take(who, 0.0), ledger.take(who, 0.0)
    ledger.learn(who, second, {"remaining_day": 5})
    ledger.learn(who, first, {"remaining_day": 90})
    assert ledger.standing(who).left["day"] == 5


def test_a_remainder_bounds_the_day_its_request_was_of(ledger: Ledger, ticks: Ticks):
    ticks.now = MIDNIGHT - 1
    late = ledger.take(account(day=500), 0.0)
    ticks.now = MIDNIGHT + 1
    spend(ledger, account(day=500), 1)
    ledger.learn(account(), late, {"remaining_day": 0})
    assert ledger.standing(account(day=500)).left["day"] == 499


def test_the_bound_is_gone_with_the_day(ledger: Ledger, ticks: Ticks):
    who = account(day=500)
    ledger.learn(who, ledger.take(who, 0.0), {"remaining_day": 0})
    ticks.now = MIDNIGHT
    spend(ledger, who, 100)
    assert ledger.standing(who).left["day"] == 400


def test_nothing_remaining_with_a_reset_blocks_until_then(ledger: Ledger, ticks: Ticks):
    who = account()
    ledger.learn(who, ledger.take(who, 0.0), {"remaining_minute": 0, "reset": int(START + 20)})
    assert isinstance(ledger.take(who, 10.0), Refusal)
    assert ledger.take(who, 30.0).wait == pytest.approx(20.0)


def test_a_reset_in_the_far_future_is_not_believed(ledger: Ledger):
    who = account()
    ledger.learn(who, ledger.take(who, 0.0), {"remaining_minute": 0, "reset": 10**12})
    assert ledger.standing(who).blocked_until == START + 40 * DAY


def test_a_refusal_is_remembered_until_its_reset_and_no_longer(tmp_path: Path, ledger: Ledger, ticks: Ticks):
    ledger.block(account(), START + 3600, "vendor said that the quota is spent")
    other = Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told())
    refused = other.take(account(), 60.0)
    assert refused.reason == ("vendor said that the quota is spent; nothing is asked before 2026-11-24 13:00:00 UTC")
    assert other.standing(account()).blocked_until == START + 3600
    ticks.now = START + 3600
    spend(other, account(), 1)
    assert other.standing(account()).blocked_until == 0.0


def test_a_shorter_block_does_not_shorten_a_longer_one(ledger: Ledger):
    ledger.block(account(), START + 3600, "long")
    ledger.block(account(), START + 60, "short")
    assert ledger.standing(account()).blocked_until == START + 3600


def test_what_a_provider_has_said_can_be_forgotten_and_what_was_spent_stays_counted(ledger: Ledger):
    who, other = Account("vendor:1", {"day": 5}), Account("vendors:1", {"day": 5})
    for item in (who, other):
        ledger.learn(item, ledger.take(item, 0.0), {"remaining_day": 0, "limit_day": 1})
        ledger.block(item, START + 3600, "the quota is spent")
    assert ledger.lift("vendor") == (("vendor:1", START + 3600),)
    lifted, left = ledger.standing(who), ledger.standing(other)
    assert (lifted.blocked_until, lifted.why, lifted.used["day"], lifted.left["day"]) == (0.0, "", 1, 4)
    assert (left.blocked_until, left.left["day"]) == (START + 3600, 0)
    spend(ledger, who, 4)
    assert isinstance(ledger.take(who, 0.0), Refusal)
    assert ledger.lift("vendor") == (("vendor:1", 0.0),)


def test_a_remainder_is_forgotten_where_nothing_else_was_said(ledger: Ledger):
    who = account(day=5)
    ledger.learn(who, ledger.take(who, 0.0), {"remaining_day": 0})
    assert isinstance(ledger.take(who, 0.0), Refusal)
    assert ledger.lift("vendor") == (("vendor:1", 0.0),)
    spend(ledger, who, 4)


def test_of_a_provider_that_was_never_asked_nothing_can_be_forgotten(ledger: Ledger):
    spend(ledger, account(), 1)
    assert ledger.lift("nobody") == ()


# When things go wrong


def test_slots_of_a_clock_that_was_wrong_do_not_block_for_ever(ledger: Ledger, ticks: Ticks):
    ticks.now = START + 400 * DAY
    spend(ledger, account(minute=1), 1)
    ticks.now = START
    assert ledger.take(account(minute=1), 60 * MARGIN).wait == pytest.approx(60 * MARGIN)


def test_a_clock_that_was_ahead_and_is_set_right_gives_no_minute_twice(ledger: Ledger, ticks: Ticks):
    ticks.now = START + 3 * 3600
    spend(ledger, account(minute=4), 4)
    ticks.now = START
    refused = ledger.take(account(minute=4), 30.0)
    assert isinstance(refused, Refusal)
    assert refused.until == pytest.approx(START + 60 * MARGIN)


def test_a_clock_that_leaps_into_the_next_month_and_back_wipes_no_count(ledger: Ledger, ticks: Ticks):
    spend(ledger, account(day=9, month=9), 9)
    ticks.now = START + 7 * DAY
    spend(ledger, account(day=9, month=9), 1)
    ticks.now = START + 60
    assert isinstance(ledger.take(account(day=9), 0.0), Refusal)
    assert isinstance(ledger.take(account(month=9), 0.0), Refusal)
    assert ledger.standing(account()).used == {"day": 9, "month": 9}


def test_a_block_of_a_clock_that_was_years_ahead_does_not_hold(ledger: Ledger, ticks: Ticks):
    ledger.block(account(), START + 400 * DAY, "long ago or never")
    assert ledger.standing(account()).blocked_until == 0.0
    spend(ledger, account(), 1)


def test_counts_of_old_days_are_not_kept_for_ever(ledger: Ledger, tmp_path: Path, ticks: Ticks):
    for _ in range(120):
        spend(ledger, account(), 1)
        ticks.move(DAY)
    rows = cells(tmp_path, "SELECT COUNT(*) FROM spending WHERE period = 'day'")
    assert rows == [(100,)]


def test_what_is_given_back_after_midnight_is_given_to_the_day_it_was_of(ledger: Ledger, ticks: Ticks):
    ticks.now = MIDNIGHT - 1
    late = ledger.take(account(day=5), 0.0)
    ticks.now = MIDNIGHT + 1
    spend(ledger, account(day=5), 5)
    ledger.give_back(account(day=5), late)
    assert isinstance(ledger.take(account(day=5), 0.0), Refusal)
    assert ledger.standing(account()).used == {"day": 5, "month": 5}


def test_a_booking_for_after_midnight_leaves_today_s_count_alone(ledger: Ledger, ticks: Ticks):
    ticks.now = MIDNIGHT - 30
    who = account(minute=4, day=6)
    spend(ledger, who, 4)
    booked = ledger.take(who, 100.0)
    assert (booked.numbers["day"], ledger.standing(who).used["day"]) == (1, 4)
    ledger.give_back(who, booked)
    assert ledger.standing(who).used["day"] == 4


def test_a_request_that_is_charged_per_address_counts_for_them_all(ledger: Ledger):
    who = account(day=10)
    grant = ledger.take(who, 0.0, cost=7)
    assert (grant.numbers["day"], ledger.standing(who).left["day"]) == (7, 3)
    assert isinstance(ledger.take(who, 0.0, cost=4), Refusal)
    ledger.give_back(who, grant)
    assert ledger.standing(who).left["day"] == 10


# Other processes

TAKERS = """
import sys
from pathlib import Path
from ipthreat.quota import Account, Grant, Ledger
print("ready", flush=True)
sys.stdin.readline()
ledger = Ledger(Path(sys.argv[1]), tell=lambda words: print(words, file=sys.stderr))
print(sum(isinstance(ledger.take(Account("vendor:1", {"day": 20}), 5.0), Grant) for _ in range(10)))
"""


@pytest.mark.parametrize("attempt", range(4))
def test_processes_that_start_together_on_a_new_home_share_the_quota(tmp_path: Path, attempt: int):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", TAKERS, str(tmp_path / FILE)]
    running = [subprocess.Popen(command, **pipes) for _ in range(8)]
    assert {process.stdout.readline() for process in running} == {"ready\n"}
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60) for process in running]
    assert [words for _, words in ended] == [""] * 8
    assert sum(int(number) for number, _ in ended) == 20


def cells(folder: Path, statement: str) -> List[tuple]:
    with contextlib.closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """The file while another process writes and does not end."""
    with contextlib.closing(sqlite3.connect(folder / FILE, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield


def test_while_another_process_holds_the_file_nothing_is_granted_and_nothing_forgotten(tmp_path: Path, ticks: Ticks):
    told = Told()
    ledger = Ledger(tmp_path / FILE, clock=ticks.clock, tell=told)
    spend(ledger, account(day=5), 1)
    with held(tmp_path):
        other = Ledger(tmp_path / FILE, clock=ticks.clock, tell=told)
        for each in (ledger, other):
            refused = each.take(account(day=5), 0.0)
            assert isinstance(refused, Refusal)
            assert refused.reason == "the ledger is busy: another process has held it for too long"
        assert ledger.standing(account(day=5)).left["day"] == 4  # readers are not disturbed
    spend(other, account(day=5), 4)
    assert isinstance(ledger.take(account(day=5), 0.0), Refusal)
    assert (told, ledger.problem, other.problem) == ([], "", "")


def test_a_grant_is_not_begun_while_the_file_is_held(ledger: Ledger, tmp_path: Path):
    grant = ledger.take(account(minute=4), 0.0)
    with held(tmp_path):
        assert ledger.start(account(minute=4), grant) > 0.0
    assert ledger.start(account(minute=4), grant) == 0.0


def test_what_could_not_be_noted_is_noted_with_the_next(ledger: Ledger, tmp_path: Path):
    who = account(day=5)
    grant, unused = ledger.take(who, 0.0), ledger.take(who, 0.0)
    with held(tmp_path):
        ledger.learn(who, grant, {"limit_day": 50})
        ledger.give_back(who, unused)
        ledger.block(who, START + 60, "spent")
        ledger.note(who, "rate_limited", "spent")
    assert isinstance(ledger.take(who, 0.0), Refusal)
    standing = ledger.standing(who)
    assert (standing.limits["day"], standing.used["day"], standing.blocked_until) == (50, 1, START + 60)
    assert standing.status == "rate_limited"


def test_what_could_not_be_noted_is_noted_at_the_end(ledger: Ledger, tmp_path: Path, ticks: Ticks):
    spend(ledger, account(), 1)
    with held(tmp_path):
        ledger.note(account(), "ok", "")
    ledger.close()
    assert Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told()).standing(account()).status == "ok"


# Cells that nobody here wrote


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET learnt = '{'",
        "UPDATE accounts SET learnt = '[]'",
        "UPDATE accounts SET learnt = '{\"day\": 1e999}'",
        "UPDATE accounts SET learnt = '{\"day\": 1000000000000}'",
        "UPDATE accounts SET learnt = '{\"week\": 5}'",
        "UPDATE accounts SET blocked_until = 'x'",
        "UPDATE accounts SET blocked_until = 9e999",
        "UPDATE accounts SET at = 1e300",
        "UPDATE accounts SET why = x'00'",
        "UPDATE spending SET used = 'x'",
        "UPDATE spending SET used = -4",
        "UPDATE spending SET ceiling = 'x'",
        "UPDATE slots SET at = 'x'",
    ],
)
def test_a_cell_that_nobody_here_wrote_is_damage(tmp_path: Path, ticks: Ticks, statement: str):
    first = Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told())
    spend(first, account(minute=4, day=9), 4)
    first.note(account(), "ok", "")
    first.close()
    cells(tmp_path, statement)
    told = Told()
    ticks.move(120)
    ledger = Ledger(tmp_path / FILE, clock=ticks.clock, tell=told)
    spend(ledger, account(minute=4, day=9), 1)
    assert ledger.standing(account()).used["day"] == 1
    assert len(told) == 1
    assert "was damaged; it is kept as quota.damaged-" in told[0]


@pytest.mark.parametrize("figure", ["limit_day", "limit_second", "limit_hour", "remaining_day", "reset", "limit_week"])
@pytest.mark.parametrize("size", [10**9 + 1, 10**30, 10**400, -(10**400)], ids=["9", "30", "400", "negative"])
def test_figures_beyond_all_sense_are_not_learnt(ledger: Ledger, figure: str, size: int):
    who = account(day=5)
    ledger.learn(who, ledger.take(who, 0.0), {figure: size})
    standing = ledger.standing(who)
    assert standing.limits == {"day": 5}
    assert standing.left["day"] in (0, 4)


def test_a_ledger_of_the_first_format_is_taken_on(tmp_path: Path, ticks: Ticks):
    with contextlib.closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as old:
        old.execute(
            "CREATE TABLE spent (account TEXT NOT NULL, period TEXT NOT NULL, start REAL NOT NULL,"
            " used INTEGER NOT NULL, ceiling INTEGER, PRIMARY KEY (account, period)) WITHOUT ROWID"
        )
        old.execute("INSERT INTO spent VALUES ('vendor:1', 'day', ?, 3, 4)", (MIDNIGHT - DAY,))
        old.execute("PRAGMA user_version = 1")
    standing = Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told()).standing(account(day=9))
    assert (standing.used["day"], standing.left["day"]) == (3, 1)


def test_without_a_usable_file_this_process_keeps_the_limits_alone_and_says_so(tmp_path: Path, ticks: Ticks):
    (tmp_path / "file").write_text("")
    told = Told()
    ledger = Ledger(tmp_path / "file" / FILE, clock=ticks.clock, tell=told)
    spend(ledger, account(day=2), 2)
    assert isinstance(ledger.take(account(day=2), 0.0), Refusal)
    assert len(told) == 1
    assert told[0].startswith("quotas are kept by this process alone: ")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_on_a_full_disk_this_process_goes_on_from_what_was_spent(tmp_path: Path):
    code = """
import resource, signal, sys
from pathlib import Path
from ipthreat.quota import Account, Grant, Ledger
who = Account("vendor:1", {"day": 500})
ledger = Ledger(Path(sys.argv[1]), tell=print)
spent = sum(isinstance(ledger.take(who, 0.0), Grant) for _ in range(300))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
print(spent + sum(isinstance(ledger.take(who, 0.0), Grant) for _ in range(300)))
"""
    command = [sys.executable, "-c", code, str(tmp_path / FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told, total = done.stdout.splitlines()
    assert told.startswith("quotas are kept by this process alone: ")
    assert total == "500"


def test_the_last_outcome_is_noted(ledger: Ledger):
    ledger.note(account(), "auth_error", "the key was refused")
    found = ledger.standing(account())
    assert (found.status, found.reason, found.at) == ("auth_error", "the key was refused", START)


def test_no_key_is_in_the_file(tmp_path: Path, ticks: Ticks):
    ledger = Ledger(tmp_path / FILE, clock=ticks.clock, tell=Told())
    spend(ledger, Account(account_name("vendor", KEY), {"day": 5, "second": 9}), 1)
    ledger.close()
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())
