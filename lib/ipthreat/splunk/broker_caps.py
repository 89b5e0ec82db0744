"""How many new addresses each search and each user may have asked about, counted in one file for all handler copies.

What is to be asked is taken first and what was not needed given back, so that a copy that is killed over it has spent
too little rather than too much of what the others may.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Callable, Optional

from ..clock import SYSTEM, Clock
from ..database import Database
from ..errors import StoreError

FILE = "caps.sqlite"
VERSION = 1
KEPT_DAYS = 2

_DAY = 86_400
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS spent (kind TEXT NOT NULL, name TEXT NOT NULL, day INTEGER NOT NULL,"
    " n INTEGER NOT NULL, PRIMARY KEY (kind, name, day)) WITHOUT ROWID",
)
_ADD = "INSERT INTO spent VALUES (?, ?, ?, ?) ON CONFLICT (kind, name, day) DO UPDATE SET n = n + excluded.n"
_TAKE_BACK = "UPDATE spent SET n = max(0, n - ?) WHERE kind = ? AND name = ? AND day = ?"


class Caps:
    """The counts. Without a usable file nothing is granted: a cap that nobody counts is none."""

    def __init__(
        self,
        path: Optional[Path],
        user_day: int,
        search_most: int,
        *,
        clock: Clock = SYSTEM,
        tell: Callable[[str], None],
    ) -> None:
        self._most = {"user": user_day, "search": search_most}
        self._clock, self._tell = clock, tell
        self._database = Database(path, _SCHEMA, VERSION, tell=tell)

    def take(self, user: str, sid: str, wanted: int) -> int:
        """How many of the wanted new addresses may be asked about; they are counted."""
        work = partial(self._take, names=self._names(user, sid), wanted=wanted, day=self._day())
        try:
            return self._database.write(work)
        except StoreError as error:
            self._tell(f"nothing new is asked, since it cannot be counted: {error}")
            return 0

    def give_back(self, user: str, sid: str, number: int) -> None:
        """Undoes the count of so many that were not asked about."""
        names, day = self._names(user, sid), self._day()
        rows = [(number, kind, name, day) for kind, name in names.items()]
        try:
            self._database.write(lambda connection: connection.executemany(_TAKE_BACK, rows))
        except StoreError as error:
            self._tell(f"what was not asked is counted all the same: {error}")

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    @staticmethod
    def _names(user: str, sid: str) -> dict[str, str]:
        return {"user": user, **({"search": f"{user}/{sid}"} if sid else {})}

    def _day(self) -> int:
        return int(self._clock.wall() // _DAY)

    def _take(self, connection: sqlite3.Connection, names: dict[str, str], wanted: int, day: int) -> int:
        connection.execute("DELETE FROM spent WHERE day < ?", (day - KEPT_DAYS,))
        left = [self._most[kind] - _spent(connection, kind, name, day) for kind, name in names.items()]
        granted = max(0, min([wanted, *left]))
        connection.executemany(_ADD, [(kind, name, day, granted) for kind, name in names.items()])
        return granted


def _spent(connection: sqlite3.Connection, kind: str, name: str, day: int) -> int:
    """What was spent today; by a search also yesterday, as it may run over midnight."""
    first = day if kind == "user" else day - 1
    statement = "SELECT COALESCE(SUM(n), 0) FROM spent WHERE kind = ? AND name = ? AND day >= ?"
    return int(connection.execute(statement, (kind, name, first)).fetchone()[0])
