"""The ledger in its file: exact across all processes of a machine.

A request is made only after `take` has granted it. Seconds and minutes are counted as sliding windows, so that no
stretch of that length, wherever it begins, holds more than the limit. A grant may lie in the future: whoever gets it
waits until then, and nobody else is given that moment. `start` then counts the request at the moment it really goes.

A file that another process holds is waited for; after that nothing is granted, and what was to be noted is noted with
the next that can be. Only when the file cannot be used at all does this process keep the limits by itself.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import Callable, Deque, Mapping, Optional, Tuple, TypeVar, Union

from ..clock import SYSTEM, Clock
from ..database import PATIENCE, Database, Work
from ..errors import StoreBusy, StoreError
from . import rows
from .account import Account, Grant, Refusal, Standing
from .cells import check

FILE = "quota.sqlite"
MOMENT = 0.25
"""Seconds to wait for the file where nothing depends on it, or where the caller can come again."""
_BUSY_FOR = 1.0  # seconds after which a caller who found it busy may come again

Result = TypeVar("Result")


class Ledger:
    """All accounts. When the file cannot be used, this process keeps the limits by itself, and `tell` hears of it."""

    def __init__(self, path: Optional[Path], *, clock: Clock = SYSTEM, tell: Callable[[str], None]) -> None:
        """`path` None keeps the ledger in memory."""
        self.problem = ""
        """Why the ledger is not shared with other processes; empty while it is."""
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._owed: Deque[Work[None]] = deque()  # what is to be noted and could not yet be
        self._database = Database(path, rows.SCHEMA, rows.VERSION, tell=tell, check=check)

    def take(self, account: Account, patience: float, cost: int = 1) -> Union[Grant, Refusal]:
        """Spends one request, now or within `patience` seconds; a Refusal spends nothing.

        It counts for `cost` requests of the day and the month, for a provider that charges for each address of a batch.
        """

        def _take(connection: sqlite3.Connection) -> Union[Grant, Refusal]:
            return rows.take(connection, account, self._clock.wall(), patience, cost)

        try:
            return self._run(_take, min(max(patience - MOMENT, MOMENT), PATIENCE))  # there must be time to say so
        except StoreBusy:
            return Refusal("the ledger is busy: another process has held it for too long", self.now() + _BUSY_FOR)

    def start(self, account: Account, grant: Grant) -> float:
        """To be called when the wait of a grant is over: 0.0 when the request may go, else seconds to wait still."""
        if not grant.slot:
            return 0.0
        try:
            return self._run(lambda connection: rows.start(connection, account, grant, self._clock.wall()), MOMENT)
        except StoreBusy:
            return _BUSY_FOR

    def give_back(self, account: Account, grant: Grant) -> None:
        """Undoes a grant that was not used."""
        self._later(partial(rows.give_back, account=account, grant=grant))

    def learn(self, account: Account, grant: Grant, rate: Mapping[str, int]) -> None:
        """Takes in what an answer's headers say: `limit_day`, `remaining_day`, …, and `reset` (seconds since 1970)."""
        if rate:
            self._later(partial(rows.learn, account=account, grant=grant, rate=rate, now=self._clock.wall()))

    def block(self, account: Account, until: float, why: str) -> None:
        """Grants nothing before a moment (seconds since 1970): the provider said that the quota is spent."""
        self._later(partial(rows.block, account=account, until=until, why=why))

    def lift(self, provider: str) -> Tuple[Tuple[str, float], ...]:
        """Forgets what a provider has said of its quotas, so that it is asked again; what was spent stays counted.

        (account, until when it was blocked, in seconds since 1970) of each of its accounts. Raises StoreBusy.
        """
        return self._run(lambda connection: rows.lift(connection, provider), PATIENCE)

    def note(self, account: Account, status: str, reason: str) -> None:
        """Notes how the look-ups of a run ended, for `standing`."""
        self._later(partial(rows.note, account=account, status=status, reason=reason, now=self._clock.wall()))

    def standing(self, account: Account) -> Standing:
        """What is known of the account; nothing is spent. Raises StoreBusy when another process locks out readers."""
        work = partial(rows.standing, account=account, now=self._clock.wall())
        try:
            return self._database.read(work)
        except StoreBusy:
            raise
        except StoreError as error:
            self._keep_alone(error)
            return self._database.read(work)

    def now(self) -> float:
        """The ledger's clock, in seconds since 1970."""
        return self._clock.wall()

    def close(self) -> None:
        """Closes the file, after a last try to note what is still to be noted."""
        self._flush(MOMENT)
        self._database.close()

    def _later(self, work: Work[None]) -> None:
        """Does it now, or with the next that is done: who only notes something does not wait for other processes."""
        first = not self._owed
        self._owed.append(work)
        self._flush(MOMENT if first else 0.0)

    def _flush(self, patience: float) -> None:
        if self._owed:
            with contextlib.suppress(StoreBusy):  # it stays owed
                self._run(lambda connection: None, patience)

    def _run(self, work: Work[Result], patience: float) -> Result:
        """Does what is owed and then the work, together. Raises StoreBusy and nothing else."""
        with self._lock:
            owed = tuple(self._owed)
            self._owed.clear()

        def _all(connection: sqlite3.Connection) -> Result:
            for item in owed:
                item(connection)
            return work(connection)

        try:
            return self._database.write(_all, patience)
        except StoreBusy:
            self._owed.extendleft(reversed(owed))
            raise
        except StoreError as error:
            self._keep_alone(error)
            return self._database.write(_all)

    def _keep_alone(self, error: StoreError) -> None:
        """Leaves the file for good: it is not merely busy."""
        with self._lock:
            if not self.problem:
                self.problem = str(error)
                self._tell(f"quotas are kept by this process alone: {error}")
                alone = Database(None, rows.SCHEMA, rows.VERSION)
                with contextlib.suppress(StoreError):  # what was spent so far, if that can still be read
                    self._database.read(lambda shared: alone.write(lambda own: rows.copy(shared, own)))
                self._database = alone
