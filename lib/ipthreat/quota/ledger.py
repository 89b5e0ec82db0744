"""The ledger in its file: exact across all processes of a machine.

A request is made only after `take` has granted it. Seconds and minutes are counted as sliding windows, so that no
stretch of that length, wherever it begins, holds more than the limit. A grant may lie in the future: whoever gets it
waits until then, and nobody else is given that moment. `start` then counts the request at the moment it really goes.
"""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from pathlib import Path
from typing import Callable, Mapping, Optional, TypeVar, Union

from ..clock import SYSTEM, Clock
from ..database import Database, Work
from ..errors import StoreError
from . import rows
from .account import Account, Grant, Refusal, Standing

FILE = "quota.sqlite"

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
        self._database = Database(path, rows.SCHEMA, rows.VERSION, tell=tell)

    def take(self, account: Account, patience: float) -> Union[Grant, Refusal]:
        """Spends one request, now or within `patience` seconds; a Refusal spends nothing."""
        return self._run(lambda connection: rows.take(connection, account, self._clock.wall(), patience))

    def start(self, account: Account, grant: Grant) -> float:
        """To be called when the wait of a grant is over: 0.0 when the request may go, else seconds to wait still."""
        if not grant.slot:
            return 0.0
        return self._run(lambda connection: rows.start(connection, account, grant, self._clock.wall()))

    def give_back(self, account: Account, grant: Grant) -> None:
        """Undoes a grant that was not used."""
        self._run(partial(rows.give_back, account=account, grant=grant))

    def learn(self, account: Account, grant: Grant, rate: Mapping[str, int]) -> None:
        """Takes in what an answer's headers say: `limit_day`, `remaining_day`, …, and `reset` (seconds since 1970)."""
        if rate:
            self._run(partial(rows.learn, account=account, grant=grant, rate=rate, now=self._clock.wall()))

    def block(self, account: Account, until: float, why: str) -> None:
        """Grants nothing before a moment (seconds since 1970): the provider said that the quota is spent."""
        self._run(partial(rows.block, account=account, until=until, why=why))

    def note(self, account: Account, status: str, reason: str) -> None:
        """Notes how the look-ups of a run ended, for `standing`."""
        self._run(partial(rows.note, account=account, status=status, reason=reason, now=self._clock.wall()))

    def standing(self, account: Account) -> Standing:
        """What is known of the account; nothing is spent."""
        return self._run(partial(rows.standing, account=account, now=self._clock.wall()))

    def now(self) -> float:
        """The ledger's clock, in seconds since 1970."""
        return self._clock.wall()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _run(self, work: Work[Result]) -> Result:
        try:
            return self._database.write(work)
        except StoreError as error:
            self._keep_alone(str(error))
            return self._database.write(work)

    def _keep_alone(self, problem: str) -> None:
        with self._lock:
            if not self.problem:
                self.problem = problem
                self._tell(f"quotas are kept by this process alone: {problem}")
                alone = Database(None, rows.SCHEMA, rows.VERSION)
                with contextlib.suppress(StoreError):  # what was spent so far, if that can still be read
                    self._database.read(lambda shared: alone.write(lambda own: rows.copy(shared, own)))
                self._database = alone
