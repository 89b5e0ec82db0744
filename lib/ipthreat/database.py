"""A SQLite file that several processes share, and what becomes of it when something goes wrong.

| what happens | what is done |
|---|---|
| the process is killed | nothing: the write-ahead log keeps whole transactions |
| the disk is full, the folder read-only, the lock not to be had | StoreError in one sentence; the file stays as it is |
| the file is damaged | it is set aside beside itself, told in one line, and a new one is begun |
| the file is of a newer version of ipthreat | StoreError; the file stays untouched |
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Callable, Optional, Sequence, TypeVar

from .errors import InputError, StoreError
from .snapshot.lock import exclusive

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

_MEMORY = Path(":memory:")  # SQLite's word for a database in memory

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]
"""Does something inside a transaction. It may be called twice, the second time on a new, empty file."""


def _silence(_message: str) -> None:
    """For callers that want to hear nothing."""


class Database:
    """One file, opened at first use; may be shared between threads. `tell` gets a line when a file was set aside.

    Without a path it is in memory: this process's alone, and gone with it.
    """

    def __init__(
        self,
        path: Optional[Path],
        schema: Sequence[str],
        version: int,
        *,
        tell: Callable[[str], None] = _silence,
        patience: float = PATIENCE,
    ) -> None:
        self._connection: Optional[sqlite3.Connection] = None
        self._process = os.getpid()
        self.path = path or _MEMORY
        self._schema = tuple(schema)
        self._version = version
        self._tell = tell
        self._patience = patience
        self._lock = threading.Lock()

    def write(self, work: Work[Result]) -> Result:
        """Runs the work alone among all processes, and keeps all of what it did or nothing. Raises StoreError."""
        return self._run("BEGIN IMMEDIATE", work)

    def read(self, work: Work[Result]) -> Result:
        """Runs the work on one state of the file; writers do not disturb it. Raises StoreError."""
        return self._run("BEGIN", work)

    def close(self) -> None:
        """Closes the file; it is opened again when needed."""
        with self._lock:
            self._forget()

    def __del__(self) -> None:
        """Closes what nobody closed: Python 3.13 warns of a connection that just goes away."""
        self._forget()

    def _run(self, begin: str, work: Work[Result]) -> Result:
        with self._lock:
            try:
                return self._once(begin, work)
            except (sqlite3.Error, OSError) as error:
                failure = error
            if not _is_damage(failure):  # the connection stays: what cannot be written may still be read
                raise StoreError(f"{self.path}: {_reason(failure)}") from None
            self._set_aside()
            try:
                return self._once(begin, work)
            except (sqlite3.Error, OSError) as error:
                self._forget()
                raise StoreError(f"{self.path}: {_reason(error)}") from None

    def _once(self, begin: str, work: Work[Result]) -> Result:
        connection = self._opened()
        connection.execute(begin)
        try:
            result = work(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    connection.execute("ROLLBACK")
        return result

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self._process != os.getpid():
            self._connection = None  # a forked child must not touch its parent's connection, not even to close it
        if self._connection is None:
            self._connection = self._open()
            self._process = os.getpid()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        if self.path is not _MEMORY:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            if os.stat(self.path).st_mode & 0o077:
                os.chmod(self.path, 0o600)
        with contextlib.ExitStack() as undo:
            connection = sqlite3.connect(
                str(self.path), timeout=self._patience, isolation_level=None, check_same_thread=False
            )
            undo.callback(connection.close)
            self._prepare(connection)
            undo.pop_all()
            return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Makes the tables where there are none. Two processes may do so at once."""
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found > self._version:
            words = f"it is of a newer ipthreat (format {found}; this one knows {self._version}) and stays untouched"
            raise StoreError(f"{self.path}: {words}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # safe against a killed process; a power cut costs the last
        if found < self._version:
            connection.execute("BEGIN IMMEDIATE")
            for statement in self._schema:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {self._version}")
            connection.execute("COMMIT")

    def _forget(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _set_aside(self) -> None:
        """Moves a damaged file out of the way, unless another process has already done so."""
        self._forget()
        try:
            with exclusive(self.path.with_suffix(".lock"), self._patience):
                if not self._is_sound():
                    self._move(self.path.with_suffix(f".damaged-{int(time.time())}"))
        except (InputError, OSError) as error:
            raise StoreError(f"{self.path}: it is damaged and cannot be set aside ({error})") from None

    def _move(self, aside: Path) -> None:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self.path}{suffix}", f"{aside}{suffix}")
        self._tell(f"{self.path} was damaged; it is kept as {aside.name} and a new one begun")

    def _is_sound(self) -> bool:
        try:
            with contextlib.closing(self._open()) as connection:
                return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except sqlite3.Error:
            return False


def _is_damage(error: Exception) -> bool:
    """True for a file that is no database, or one that contradicts itself."""
    words = str(error)
    return isinstance(error, sqlite3.DatabaseError) and ("malformed" in words or "not a database" in words)


def _reason(error: Exception) -> str:
    """The failure in words for a person, without the path that Python's own text may repeat."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return {"database is locked": "another process has held it for too long"}.get(str(error), str(error))
