"""The ledger's tables, and what a transaction does to them. Every function runs inside one that is alone."""

from __future__ import annotations

import json
import sqlite3
from typing import List, Mapping, Optional, Tuple, Union

from ..database import LATEST, moment
from .account import CALENDAR, LONGEST_RESET, MOST, Account, Grant, Refusal, Standing, Window, clock_text, span
from .cells import COLUMNS, Known, Spent, limits_in, read_known, read_spent

VERSION = 2
SCHEMA: Tuple[str, ...] = (
    "CREATE TABLE IF NOT EXISTS slots (id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS slots_at ON slots (account, at)",
    # Version 1 kept one row per period, so that a clock that leapt into the next month wiped the count of this one.
    "CREATE TABLE IF NOT EXISTS spent (account TEXT NOT NULL, period TEXT NOT NULL, start REAL NOT NULL,"
    " used INTEGER NOT NULL, ceiling INTEGER, PRIMARY KEY (account, period)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS spending (account TEXT NOT NULL, period TEXT NOT NULL, start REAL NOT NULL,"
    " used INTEGER NOT NULL, ceiling INTEGER, PRIMARY KEY (account, period, start)) WITHOUT ROWID",
    "INSERT OR IGNORE INTO spending SELECT account, period, start, used, ceiling FROM spent",
    "DROP TABLE spent",
    "CREATE TABLE IF NOT EXISTS accounts (account TEXT PRIMARY KEY, blocked_until REAL NOT NULL DEFAULT 0,"
    " why TEXT NOT NULL DEFAULT '', learnt TEXT NOT NULL DEFAULT '{}', status TEXT NOT NULL DEFAULT '',"
    " reason TEXT NOT NULL DEFAULT '', at REAL NOT NULL DEFAULT 0)",
)
_IMPLAUSIBLE = 7200.0
"""A slot farther ahead than this, in seconds, was made by a clock that was wrong."""
_PERIODS_KEPT = 100
"""Days, and months, whose counts are kept per account; old ones go by number, since the clock may be wrong."""


def copy(shared: sqlite3.Connection, own: sqlite3.Connection) -> None:
    """All that one ledger holds, into another."""
    for table in ("slots", "spending", "accounts"):
        rows = shared.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608  # the names are ours
        if rows:
            own.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)  # noqa: S608


def known(connection: sqlite3.Connection, account: Account) -> Known:
    """The account's row, or what it would be if there were one."""
    row = connection.execute(f"SELECT {COLUMNS} FROM accounts WHERE account = ?", (account.name,)).fetchone()  # noqa: S608
    return Known() if row is None else read_known(row)


def _made(connection: sqlite3.Connection, account: Account) -> None:
    """Makes the account's row where there is none."""
    connection.execute("INSERT OR IGNORE INTO accounts (account) VALUES (?)", (account.name,))


def take(
    connection: sqlite3.Connection, account: Account, now: float, patience: float, cost: int = 1
) -> Union[Grant, Refusal]:
    """Spends one request at the earliest moment that all limits allow, if that is within `patience` seconds.

    It counts for `cost` requests of the day and the month.
    """
    row = known(connection, account)
    limits = account.known(row.learnt)
    windows = account.pace(limits)
    _bring_back(connection, account, now)
    earliest = _earliest(connection, account, windows, max(now, _blocked(row, now)))
    if earliest > now + patience:
        return Refusal(_why_wait(row, windows, now, earliest), earliest)
    spent = {period: _spent(connection, account, period, earliest) for period in CALENDAR}
    for period, item in spent.items():
        allowed = _allowed(account, limits.get(period), item)
        if allowed is not None and item.used + cost > allowed:
            return _exhausted(account, period, limits.get(period, allowed), earliest)
    slot = _book(connection, account, [*windows, *account.windows(limits)], earliest, now) if windows else 0
    numbers = {period: _spend(connection, account, period, earliest, item, cost) for period, item in spent.items()}
    return Grant(max(0.0, earliest - now), slot, numbers, earliest, cost)


def _bring_back(connection: sqlite3.Connection, account: Account, now: float) -> None:
    """Requests made while the clock was ahead were made just now, as far as anybody can tell."""
    statement = "UPDATE slots SET at = ? WHERE account = ? AND at > ? AND typeof(at) = 'real'"
    connection.execute(statement, (now, account.name, now + _IMPLAUSIBLE))


def _book(connection: sqlite3.Connection, account: Account, windows: List[Window], at: float, now: float) -> int:
    """A slot at that moment; those that no window looks at any more go."""
    slot = connection.execute("INSERT INTO slots (account, at) VALUES (?, ?)", (account.name, at)).lastrowid or 0
    old = now - max(seconds for seconds, _ in windows)
    connection.execute("DELETE FROM slots WHERE account = ? AND at < ?", (account.name, old))
    return slot


def start(connection: sqlite3.Connection, account: Account, grant: Grant, now: float) -> float:
    """Notes that the request of a grant is made now, if the windows allow; else how long it must still wait.

    Whoever waits for a moment wakes up after it, some later than others. So it is counted when it really goes.
    """
    windows = account.windows(account.known(known(connection, account).learnt))
    wait = _earliest(connection, account, windows, now, grant, now) - now
    if wait <= 0:
        connection.execute("UPDATE slots SET at = ? WHERE id = ?", (now, grant.slot))
    return max(0.0, wait)


def give_back(connection: sqlite3.Connection, account: Account, grant: Grant) -> None:
    """Undoes a grant that was not used."""
    connection.execute("DELETE FROM slots WHERE id = ? AND account = ?", (grant.slot, account.name))
    statement = "UPDATE spending SET used = MAX(0, used - ?) WHERE account = ? AND period = ? AND start = ?"
    for period in grant.numbers:
        connection.execute(statement, (grant.cost, account.name, period, span(period, grant.at)[0]))


def learn(connection: sqlite3.Connection, account: Account, grant: Grant, rate: Mapping[str, int], now: float) -> None:
    """Takes in what an answer said of limits and of what remains.

    A remainder speaks of the moment the provider counted this request, so it bounds the numbers of later ones. It only
    ever lowers the bound: answers overtake one another.
    """
    row = known(connection, account)
    limits = limits_in({key[6:]: value for key, value in rate.items() if key.startswith("limit_")})
    if {**row.learnt, **limits} != row.learnt:
        _made(connection, account)
        learnt = json.dumps({**row.learnt, **limits}, sort_keys=True)
        connection.execute("UPDATE accounts SET learnt = ? WHERE account = ?", (learnt, account.name))
    statement = (
        "UPDATE spending SET ceiling = MIN(COALESCE(ceiling, ?1), ?1) WHERE account = ?2 AND period = ?3 AND start = ?4"
    )
    for period, number in grant.numbers.items():
        remaining = rate.get(f"remaining_{period}", MOST)
        if remaining < MOST:
            start = span(period, grant.at)[0]
            connection.execute(statement, (number + max(0, remaining), account.name, period, start))
    if any(value <= 0 for key, value in rate.items() if key.startswith("remaining_")):
        until = min(max(0, rate.get("reset", 0)), now + LONGEST_RESET)
        block(connection, account, until, "the quota is spent")


def block(connection: sqlite3.Connection, account: Account, until: float, why: str) -> None:
    """Grants nothing before a moment."""
    _made(connection, account)
    statement = "UPDATE accounts SET blocked_until = ?, why = ? WHERE account = ? AND blocked_until < ?"
    connection.execute(statement, (until, why[:200], account.name, until))


def lift(connection: sqlite3.Connection, provider: str) -> Tuple[Tuple[str, float], ...]:
    """Forgets what a provider has said of all its accounts: blocks, remainders, limits. What was spent stays counted.

    (account, until when it was blocked, in seconds since 1970, 0.0 for not at all) of each account there is.
    """
    rows = connection.execute(
        "SELECT account, COALESCE(blocked_until, 0) FROM (SELECT account FROM accounts UNION SELECT account FROM"
        " spending) LEFT JOIN accounts USING (account) ORDER BY account"
    ).fetchall()
    found = tuple((str(name), moment(until, "accounts.blocked_until")) for name, until in rows)
    own = tuple(item for item in found if item[0].partition(":")[0] == provider)
    for name, _ in own:
        statement = "UPDATE accounts SET blocked_until = 0, why = '', learnt = '{}' WHERE account = ?"
        connection.execute(statement, (name,))
        connection.execute("UPDATE spending SET ceiling = NULL WHERE account = ?", (name,))
    return own


def _blocked(row: Known, now: float) -> float:
    """Until when nothing is granted; 0.0 when that is over, or so far off that a wrong clock must have set it."""
    return row.blocked_until if now < row.blocked_until <= now + LONGEST_RESET else 0.0


def note(connection: sqlite3.Connection, account: Account, status: str, reason: str, now: float) -> None:
    """Notes how a run's look-ups ended."""
    _made(connection, account)
    statement = "UPDATE accounts SET status = ?, reason = ?, at = ? WHERE account = ?"
    connection.execute(statement, (status, reason[:200], now, account.name))


def standing(connection: sqlite3.Connection, account: Account, now: float) -> Standing:
    """What is known of the account. It only reads."""
    row = known(connection, account)
    blocked = _blocked(row, now)
    limits = account.known(row.learnt)
    spent = {period: _spent(connection, account, period, now) for period in CALENDAR}
    allowed = {period: _allowed(account, limits.get(period), item) for period, item in spent.items()}
    return Standing(
        used={period: item.used for period, item in spent.items()},
        left={period: max(0, most - spent[period].used) for period, most in allowed.items() if most is not None},
        told=frozenset(period for period, item in spent.items() if item.ceiling is not None),
        resets={period: span(period, now)[1] for period in CALENDAR},
        limits=limits,
        next_at=_earliest(connection, account, account.pace(limits), max(now, blocked), None, now + _IMPLAUSIBLE),
        blocked_until=blocked,
        why=row.why,
        status=row.status,
        reason=row.reason,
        at=row.at,
    )


def _earliest(
    connection: sqlite3.Connection,
    account: Account,
    windows: List[Window],
    start: float,
    own: Optional[Grant] = None,
    end: float = LATEST,
) -> float:
    """The first moment from `start` on at which every window has room for one more.

    Slots after `end` and the one that is one's own are not looked at.
    """
    earliest = start
    statement = (
        "SELECT at FROM slots WHERE account = ? AND (at <= ? OR typeof(at) <> 'real') AND id <> ?"
        " ORDER BY at DESC LIMIT 1 OFFSET ?"
    )
    for seconds, most in windows:
        row = connection.execute(statement, (account.name, end, own.slot if own else 0, most - 1)).fetchone()
        if row is not None:
            earliest = max(earliest, moment(row[0], "slots.at") + seconds)
    return earliest


def _spent(connection: sqlite3.Connection, account: Account, period: str, at: float) -> Spent:
    statement = "SELECT used, ceiling FROM spending WHERE account = ? AND period = ? AND start = ?"
    row = connection.execute(statement, (account.name, period, span(period, at)[0])).fetchone()
    return read_spent(row) if row else Spent()


def _allowed(account: Account, limit: Optional[int], item: Spent) -> Optional[int]:
    """The number of the last request this machine may make in the period; None without any limit."""
    bounds = [account.share(limit)] if limit is not None else []
    bounds += [item.ceiling] if item.ceiling is not None else []
    return min(bounds) if bounds else None


def _spend(connection: sqlite3.Connection, account: Account, period: str, at: float, item: Spent, cost: int) -> int:
    """Counts it in its day or month; what number the last of it has."""
    values = (account.name, period, span(period, at)[0], item.used + cost, item.ceiling)
    connection.execute("INSERT OR REPLACE INTO spending VALUES (?, ?, ?, ?, ?)", values)
    oldest = "SELECT start FROM spending WHERE account = ?1 AND period = ?2 ORDER BY start DESC LIMIT 1 OFFSET ?3"
    statement = f"DELETE FROM spending WHERE account = ?1 AND period = ?2 AND start < ({oldest})"  # noqa: S608  # ours
    connection.execute(statement, (account.name, period, _PERIODS_KEPT - 1))
    return item.used + cost


def _why_wait(row: Known, windows: List[Window], now: float, earliest: float) -> str:
    if _blocked(row, now):
        return f"{row.why}; nothing is asked before {clock_text(earliest)}"
    told = " and ".join(f"{most} in {seconds:g} s" for seconds, most in windows)
    return f"the limit ({told}) leaves no room before {clock_text(earliest)}"


def _exhausted(account: Account, period: str, limit: int, at: float) -> Refusal:
    ends = span(period, at)[1]
    shares = f", shared by {account.members} machines" if account.members > 1 else ""
    kept = f", {account.reserve:.0%} of it kept for alerts" if account.reserve else ""
    return Refusal(f"the quota of the {period} ({limit}{shares}{kept}) is spent until {clock_text(ends)}", ends)
