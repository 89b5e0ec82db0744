"""The ledger's cells, read with care: what nobody here wrote is damage, however sound SQLite calls the file."""

from __future__ import annotations

import json
import sqlite3
from typing import Dict, Mapping, NamedTuple, Optional, Sequence

from ..database import counter, damaged, moment
from .account import MOST, PERIODS

COLUMNS = "blocked_until, why, learnt, status, reason, at"
"""Those of an account's row, in the order of `Known`."""


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


def check(connection: sqlite3.Connection) -> None:
    """Reads every cell that is relied on. Raises what `damaged` makes for one that nobody here wrote."""
    for row in connection.execute(f"SELECT {COLUMNS} FROM accounts"):  # noqa: S608  # the names are ours
        read_known(row)
    for row in connection.execute("SELECT used, ceiling FROM spending"):
        read_spent(row)
    for (at,) in connection.execute("SELECT at FROM slots"):
        moment(at, "slots.at")


def read_known(row: Sequence[object]) -> Known:
    """An account's row. Raises what `damaged` makes."""
    until, why, learnt, status, reason, at = row
    if not (isinstance(why, str) and isinstance(status, str) and isinstance(reason, str)):
        raise damaged("a text of accounts")
    blocked = moment(until, "accounts.blocked_until")
    return Known(blocked, why, _learnt(learnt), status, reason, moment(at, "accounts.at"))


def _learnt(cell: object) -> Mapping[str, int]:
    """The limits that were learnt."""
    try:
        told = json.loads(cell) if isinstance(cell, str) else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or limits_in(told) != told:
        raise damaged("accounts.learnt")
    return told


def limits_in(told: Mapping[str, object]) -> Dict[str, int]:
    """Those that are limits: whole numbers from 1 to a thousand million, for a period there is."""
    known = ((period, limit) for period, limit in told.items() if period in PERIODS)
    return {period: limit for period, limit in known if type(limit) is int and 0 < limit <= MOST}


def read_spent(row: Sequence[object]) -> Spent:
    """A row of spending. Raises what `damaged` makes."""
    used, ceiling = row
    return Spent(counter(used, "spending.used"), None if ceiling is None else counter(ceiling, "spending.ceiling"))
