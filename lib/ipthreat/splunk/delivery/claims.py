"""What was delivered: each delivery is claimed before it is made, so that none is made twice, whoever asks again.

A claim that was never settled (the process was killed over it) is not repeated: nobody knows whether it arrived.
"""

from __future__ import annotations

import hashlib
import platform
import sqlite3
from functools import partial
from pathlib import Path
from typing import Callable, Optional, Sequence, Tuple

from ...clock import SYSTEM, Clock
from ...database import Database
from ...errors import SplunkError
from ..kvstore import DELIVERIES, change_document, delete_document, get_document, put_document
from ..splunkd import Splunkd

FILE = "deliveries.sqlite"
VERSION = 1
KEPT_DAYS = 30
_DAY = 86_400
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS delivery (key TEXT PRIMARY KEY, time REAL NOT NULL, outcome TEXT NOT NULL)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS said (subject TEXT PRIMARY KEY, time REAL NOT NULL) WITHOUT ROWID",
)
_OUTCOME = "UPDATE delivery SET outcome = ? WHERE key = ?"
BEGUN, DONE, GIVEN_UP = "begun", "done", "given up"


class Claims:
    """The deliveries of this machine in a file, and of the cluster in the KV store where that can be had."""

    def __init__(
        self,
        path: Optional[Path],
        splunkd: Optional[Splunkd],
        *,
        clock: Clock = SYSTEM,
        tell: Callable[[str], None],
        member: str = "",
    ) -> None:
        """`member` names this machine among those of a cluster; its host name by default."""
        self._member = member or platform.node()
        self._splunkd, self._clock, self._tell = splunkd, clock, tell
        self._database = Database(path, _SCHEMA, VERSION, tell=tell)

    def claim(self, key: str, subjects: Sequence[str], throttle: float) -> str:
        """Empty when the delivery may be made, and is now claimed; else why not. Raises StoreError without a file.

        `subjects` are what it says, to whom; it is throttled when all of that was said within so many seconds.
        """
        now = self._clock.wall()
        refused = self._database.write(partial(_claim, key=key, subjects=subjects, throttle=throttle, now=now))
        if not refused and not self._shared(partial(self._claimed, key)):
            self._database.write(partial(_settle, key=key, subjects=(), now=now))
            return "already delivered by another member of the cluster"
        return refused

    def _claimed(self, key: str, splunkd: Splunkd) -> bool:
        """Claims it in the cluster; false when another member has, or had, it.

        A claim of this machine can only be one that was given up while the KV store was away: any other is in the file.
        """
        document = self._document(key, BEGUN)
        if put_document(splunkd, DELIVERIES, key, document):
            return True
        found = get_document(splunkd, DELIVERIES, key) or {}
        if (found.get("outcome"), found.get("member")) != (BEGUN, self._member):
            return False
        return change_document(splunkd, DELIVERIES, key, document)

    def done(self, key: str, subjects: Sequence[str]) -> None:
        """Notes that the delivery was made, and what it said."""
        now, document = self._clock.wall(), self._document(key, DONE)
        self._database.write(partial(_settle, key=key, subjects=subjects, now=now))
        self._shared(lambda splunkd: change_document(splunkd, DELIVERIES, key, document))

    def release(self, key: str) -> None:
        """Gives up a claim: the delivery was certainly not made, and may be tried again."""
        self._database.write(lambda connection: connection.execute(_OUTCOME, (GIVEN_UP, key)))
        self._shared(lambda splunkd: delete_document(splunkd, DELIVERIES, key))

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _document(self, key: str, outcome: str) -> dict[str, object]:
        return {"destination": key, "outcome": outcome, "time": self._clock.wall(), "member": self._member}

    def _shared(self, work: Callable[[Splunkd], bool]) -> bool:
        """Does something in the KV store; true when it went well or the store is away, which is told."""
        if self._splunkd is None:
            return True
        try:
            return work(self._splunkd)
        except SplunkError as error:
            self._splunkd = None
            self._tell(f"that this is delivered once is certain for this machine alone: {error}")
            return True


def claim_key(sid: str, target: str) -> str:
    """The key of what one search delivers to one target."""
    return hashlib.sha256(f"{sid}\n{target}".encode("utf-8", "replace")).hexdigest()[:32]


def _claim(connection: sqlite3.Connection, key: str, subjects: Sequence[str], throttle: float, now: float) -> str:
    for table in ("delivery", "said"):
        connection.execute(f"DELETE FROM {table} WHERE time < ?", (now - KEPT_DAYS * _DAY,))  # noqa: S608  # our names
    known: Optional[Tuple[str]] = connection.execute("SELECT outcome FROM delivery WHERE key = ?", (key,)).fetchone()
    if known and known[0] != GIVEN_UP:
        return "already delivered" if known[0] == DONE else "begun before and interrupted: it is not made again"
    if throttle > 0 and subjects and not any(_is_new(connection, subject, now - throttle) for subject in subjects):
        return f"throttled: all of it was reported within the last {throttle:,.0f} s"
    connection.execute("INSERT OR REPLACE INTO delivery VALUES (?, ?, ?)", (key, now, BEGUN))
    return ""


def _is_new(connection: sqlite3.Connection, subject: str, since: float) -> bool:
    found = connection.execute("SELECT time FROM said WHERE subject = ?", (subject,)).fetchone()
    return found is None or found[0] <= since


def _settle(connection: sqlite3.Connection, key: str, subjects: Sequence[str], now: float) -> None:
    connection.execute(_OUTCOME, (DONE, key))
    connection.executemany("INSERT OR REPLACE INTO said VALUES (?, ?)", [(subject, now) for subject in subjects])
