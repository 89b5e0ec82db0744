"""The ledger's tables, and what a transaction does to them. Every function runs inside one that is alone."""

from __future__ import annotations

import json
import sqlite3
from typing import List, Mapping, NamedTuple, Optional, Tuple, Union

from .account import CALENDAR, Account, Grant, Refusal, Standing, Window, clock_text, span

VERSION = 1
SCHEMA: Tuple[str, ...] = (
    "CREATE TABLE IF NOT EXISTS slots (id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS slots_at ON slots (account, at)",
    "CREATE TABLE IF NOT EXISTS spent (account TEXT NOT NULL, period TEXT NOT NULL, start REAL NOT NULL,"
    " used INTEGER NOT NULL, ceiling INTEGER, PRIMARY KEY (account, period)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS accounts (account TEXT PRIMARY KEY, blocked_until REAL NOT NULL DEFAULT 0,"
    " why TEXT NOT NULL DEFAULT '', learnt TEXT NOT NULL DEFAULT '{}', status TEXT NOT NULL DEFAULT '',"
    " reason TEXT NOT NULL DEFAULT '', at REAL NOT NULL DEFAULT 0)",
)
_IMPLAUSIBLE = 7200.0
"""A slot farther ahead than this, in seconds, was made by a clock that was wrong."""
_LONGEST_BLOCK = 32 * 86_400.0


class Known(NamedTuple):
    """An account's row."""

    blocked_until: float = 0.0
    why: str = ""
    learnt: Mapping[str, int] = {}
    status: str = ""
    reason: str = ""
    at: float = 0.0


class Spent(NamedTuple):
    """What was spent in one period."""

    used: int = 0
    ceiling: Optional[int] = None
    """The highest number the provider's own count leaves room for; None when it has not said."""


def copy(shared: sqlite3.Connection, own: sqlite3.Connection) -> None:
    """All that one ledger holds, into another."""
    for table in ("slots", "spent", "accounts"):
        rows = shared.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608  # the names are ours
        if rows:
            own.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)  # noqa: S608


def known(connection: sqlite3.Connection, account: Account) -> Known:
    """The account's row, made when there is none."""
    columns = "blocked_until, why, learnt, status, reason, at"
    row = connection.execute(f"SELECT {columns} FROM accounts WHERE account = ?", (account.name,)).fetchone()  # noqa: S608
    if row is None:
        connection.execute("INSERT INTO accounts (account) VALUES (?)", (account.name,))
        return Known()
    return Known(row[0], row[1], json.loads(row[2]), *row[3:])


def take(connection: sqlite3.Connection, account: Account, now: float, patience: float) -> Union[Grant, Refusal]:
    """Spends one request at the earliest moment that all limits allow, if that is within `patience` seconds."""
    row = known(connection, account)
    limits = account.known(row.learnt)
    windows = account.pace(limits)
    earliest = _earliest(connection, account, windows, max(now, row.blocked_until), now + _IMPLAUSIBLE)
    if earliest > now + patience:
        return Refusal(_why_wait(row, windows, now, earliest), earliest)
    spent = {period: _spent(connection, account, period, earliest) for period in CALENDAR}
    for period, item in spent.items():
        allowed = _allowed(account, limits.get(period), item)
        if allowed is not None and item.used >= allowed:
            return _exhausted(account, period, limits.get(period, allowed), earliest)
    slot = 0
    if windows:
        values = (account.name, earliest)
        slot = connection.execute("INSERT INTO slots (account, at) VALUES (?, ?)", values).lastrowid or 0
        old = now - max(seconds for seconds, _ in (*windows, *account.windows(limits)))
        connection.execute("DELETE FROM slots WHERE account = ? AND at < ?", (account.name, old))
    numbers = {period: _spend(connection, account, period, earliest, item) for period, item in spent.items()}
    return Grant(max(0.0, earliest - now), slot, numbers)


def start(connection: sqlite3.Connection, account: Account, grant: Grant, now: float) -> float:
    """Notes that the request of a grant is made now, if the windows allow; else how long it must still wait.

    Whoever waits for a moment wakes up after it, some later than others. So it is counted when it really goes.
    """
    windows = account.windows(account.known(known(connection, account).learnt))
    wait = _earliest(connection, account, windows, now, now, grant.slot) - now
    if wait <= 0:
        connection.execute("UPDATE slots SET at = ? WHERE id = ?", (now, grant.slot))
    return max(0.0, wait)


def give_back(connection: sqlite3.Connection, account: Account, grant: Grant) -> None:
    """Undoes a grant that was not used."""
    connection.execute("DELETE FROM slots WHERE id = ? AND account = ?", (grant.slot, account.name))
    connection.execute("UPDATE spent SET used = MAX(0, used - 1) WHERE account = ?", (account.name,))


def learn(connection: sqlite3.Connection, account: Account, grant: Grant, rate: Mapping[str, int], now: float) -> None:
    """Takes in what an answer said of limits and of what remains.

    A remainder speaks of the moment the provider counted this request, so it bounds the numbers of later ones. It only
    ever lowers the bound: answers overtake one another.
    """
    row = known(connection, account)
    limits = {key[6:]: value for key, value in rate.items() if key.startswith("limit_") and value > 0}
    if {**row.learnt, **limits} != row.learnt:
        learnt = json.dumps({**row.learnt, **limits}, sort_keys=True)
        connection.execute("UPDATE accounts SET learnt = ? WHERE account = ?", (learnt, account.name))
    for period, number in grant.numbers.items():
        remaining = rate.get(f"remaining_{period}")
        if remaining is not None:
            statement = (
                "UPDATE spent SET ceiling = MIN(COALESCE(ceiling, ?1), ?1)"
                " WHERE account = ?2 AND period = ?3 AND start <= ?4"
            )
            connection.execute(statement, (number + max(0, remaining), account.name, period, now))
    if any(value <= 0 for key, value in rate.items() if key.startswith("remaining_")):
        block(connection, account, min(float(rate.get("reset", 0)), now + _LONGEST_BLOCK), "the quota is spent")


def block(connection: sqlite3.Connection, account: Account, until: float, why: str) -> None:
    """Grants nothing before a moment."""
    known(connection, account)
    statement = "UPDATE accounts SET blocked_until = ?, why = ? WHERE account = ? AND blocked_until < ?"
    connection.execute(statement, (until, why[:200], account.name, until))


def note(connection: sqlite3.Connection, account: Account, status: str, reason: str, now: float) -> None:
    """Notes how a run's look-ups ended."""
    known(connection, account)
    statement = "UPDATE accounts SET status = ?, reason = ?, at = ? WHERE account = ?"
    connection.execute(statement, (status, reason[:200], now, account.name))


def standing(connection: sqlite3.Connection, account: Account, now: float) -> Standing:
    """What is known of the account."""
    row = known(connection, account)
    limits = account.known(row.learnt)
    spent = {period: _spent(connection, account, period, now) for period in CALENDAR}
    allowed = {period: _allowed(account, limits.get(period), item) for period, item in spent.items()}
    return Standing(
        used={period: item.used for period, item in spent.items()},
        left={period: max(0, most - spent[period].used) for period, most in allowed.items() if most is not None},
        resets={period: span(period, now)[1] for period in CALENDAR},
        limits=limits,
        next_at=_earliest(connection, account, account.pace(limits), max(now, row.blocked_until), now + _IMPLAUSIBLE),
        blocked_until=row.blocked_until if row.blocked_until > now else 0.0,
        why=row.why,
        status=row.status,
        reason=row.reason,
        at=row.at,
    )


def _earliest(
    connection: sqlite3.Connection, account: Account, windows: List[Window], start: float, end: float, own: int = 0
) -> float:
    """The first moment from `start` on at which every window has room for one more.

    Slots after `end` and the one that is one's own are not looked at.
    """
    earliest = start
    statement = "SELECT at FROM slots WHERE account = ? AND at <= ? AND id <> ? ORDER BY at DESC LIMIT 1 OFFSET ?"
    for seconds, most in windows:
        row = connection.execute(statement, (account.name, end, own, most - 1)).fetchone()
        if row is not None:
            earliest = max(earliest, row[0] + seconds)
    return earliest


def _spent(connection: sqlite3.Connection, account: Account, period: str, moment: float) -> Spent:
    statement = "SELECT used, ceiling FROM spent WHERE account = ? AND period = ? AND start = ?"
    row = connection.execute(statement, (account.name, period, span(period, moment)[0])).fetchone()
    return Spent(*row) if row else Spent()


def _allowed(account: Account, limit: Optional[int], item: Spent) -> Optional[int]:
    """The number of the last request this machine may make in the period; None without any limit."""
    bounds = [account.share(limit)] if limit is not None else []
    bounds += [item.ceiling] if item.ceiling is not None else []
    return min(bounds) if bounds else None


def _spend(connection: sqlite3.Connection, account: Account, period: str, moment: float, item: Spent) -> int:
    values = (account.name, period, span(period, moment)[0], item.used + 1, item.ceiling)
    connection.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?, ?)", values)
    return item.used + 1


def _why_wait(row: Known, windows: List[Window], now: float, earliest: float) -> str:
    if row.blocked_until > now:
        return f"{row.why}; nothing is asked before {clock_text(earliest)}"
    told = " and ".join(f"{most} in {seconds:g} s" for seconds, most in windows)
    return f"the limit ({told}) leaves no room before {clock_text(earliest)}"


def _exhausted(account: Account, period: str, limit: int, moment: float) -> Refusal:
    ends = span(period, moment)[1]
    shares = f", shared by {account.members} machines" if account.members > 1 else ""
    kept = f", {account.reserve:.0%} of it kept for alerts" if account.reserve else ""
    return Refusal(f"the quota of the {period} ({limit}{shares}{kept}) is spent until {clock_text(ends)}", ends)
