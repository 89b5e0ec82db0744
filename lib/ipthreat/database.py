"""A SQLite file that several processes share, and what becomes of it when something goes wrong.

| what happens | what is done |
|---|---|
| the process is killed | nothing: the write-ahead log keeps whole transactions |
| the disk is full, the folder read-only | StoreError in one sentence; the file stays as it is |
| another process holds it for too long | StoreBusy, a StoreError: it is sound, and may be had later |
| the file, or a cell in it, is damaged | it is set aside beside itself, told in one line, and a new one is begun |
| the file is of a newer version of ipthreat | StoreError; the file stays untouched |
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Callable, NoReturn, Optional, Sequence, TypeVar

from .errors import InputError, StoreBusy, StoreError
from .snapshot.lock import exclusive

PATIENCE = 10.0
"""Seconds to wait for another process, or another thread of this one, that writes."""
_PAUSE = 0.02
"""Seconds between two attempts where SQLite itself does not wait: two that make a new file at once, for one."""
LATEST = 4_102_444_800.0
"""The first moment of the year 2100, in seconds since 1970: no clock has been there."""

_MEMORY = Path(":memory:")  # SQLite's word for a database in memory

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]
"""Does something inside a transaction. Called again when that could not be ended, or the file was set aside."""


def _silence(_message: str) -> None:
    """For callers that want to hear nothing."""


def _all_right(_connection: sqlite3.Connection) -> None:
    """For tables in which every cell is right."""


class Database:
    """One file, opened at first use; may be shared between threads. `tell` gets a line when a file was set aside.

    Without a path it is in memory: this process's alone, and gone with it. `check` reads all cells that work relies on
    and raises what `damaged` makes for one that nobody here wrote; it is run only when work has met such a cell.
    """

    def __init__(
        self,
        path: Optional[Path],
        schema: Sequence[str],
        version: int,
        *,
        tell: Callable[[str], None] = _silence,
        patience: float = PATIENCE,
        check: Work[None] = _all_right,
    ) -> None:
        self._connection: Optional[sqlite3.Connection] = None
        self._process = os.getpid()
        self.path = path or _MEMORY
        self._schema = tuple(schema)
        self._version = version
        self._tell = tell
        self._patience = patience
        self._check = check
        self._lock = threading.Lock()

    def write(self, work: Work[Result], patience: Optional[float] = None) -> Result:
        """Runs the work alone among all processes, and keeps all of what it did or nothing. Raises StoreError.

        `patience` is how long to wait for others, in seconds, where that is not the file's own.
        """
        return self._run("BEGIN IMMEDIATE", work, self._patience if patience is None else patience)

    def read(self, work: Work[Result], patience: Optional[float] = None) -> Result:
        """Runs the work on one state of the file; writers do not disturb it. Raises StoreError."""
        return self._run("BEGIN", work, self._patience if patience is None else patience)

    def close(self) -> None:
        """Closes the file; it is opened again when needed. One that a thread still waits for is left to that thread."""
        if self._lock.acquire(timeout=_PAUSE):
            try:
                self._forget()
            finally:
                self._lock.release()

    def __del__(self) -> None:
        """Closes what nobody closed: Python 3.13 warns of a connection that just goes away."""
        self._forget()

    def _run(self, begin: str, work: Work[Result], patience: float) -> Result:
        end = time.monotonic() + patience
        if not self._lock.acquire(timeout=max(0.0, patience)):
            self._tell_failure(sqlite3.OperationalError(_BUSY))
        try:
            return self._patiently(begin, work, end)
        except (sqlite3.Error, OSError) as error:
            if not _is_damage(error):  # the connection stays: what cannot be written may still be read
                self._tell_failure(error)
            return self._anew(begin, work, end)
        finally:
            self._lock.release()

    def _anew(self, begin: str, work: Work[Result], end: float) -> Result:
        """The same work on a new file."""
        self._set_aside()
        try:
            return self._patiently(begin, work, end)
        except (sqlite3.Error, OSError) as error:
            self._forget()
            self._tell_failure(error)

    def _tell_failure(self, error: Exception) -> NoReturn:
        """Raises StoreError, or StoreBusy where another process or thread is in the way."""
        kind = StoreBusy if _waits(error) else StoreError
        raise kind(f"{self.path}: {_reason(error)}") from None

    def _patiently(self, begin: str, work: Work[Result], end: float) -> Result:
        """Does it once, again and again while another process is in the way and there is time."""
        while True:
            try:
                return self._once(begin, work, end)
            except sqlite3.OperationalError as error:
                if not _waits(error) or time.monotonic() >= end:
                    raise
            time.sleep(_PAUSE)

    def _once(self, begin: str, work: Work[Result], end: float) -> Result:
        connection = self._opened(end)
        connection.execute(f"PRAGMA busy_timeout = {_milliseconds(end)}")
        connection.execute(begin)
        try:
            result = work(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    connection.execute("ROLLBACK")
        return result

    def _opened(self, end: float) -> sqlite3.Connection:
        if self._connection is not None and self._process != os.getpid():
            self._connection = None  # a forked child must not touch its parent's connection, not even to close it
        if self._connection is None:
            self._connection = self._open(end)
            self._process = os.getpid()
        return self._connection

    def _open(self, end: float) -> sqlite3.Connection:
        if self.path is not _MEMORY:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            if os.stat(self.path).st_mode & 0o077:
                os.chmod(self.path, 0o600)
        with contextlib.ExitStack() as undo:
            connection = sqlite3.connect(
                str(self.path), timeout=_milliseconds(end) / 1000, isolation_level=None, check_same_thread=False
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
            with contextlib.closing(self._open(time.monotonic() + self._patience)) as connection:
                self._check(connection)
                return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except sqlite3.Error as error:
            return not _is_damage(error)  # one that is only held by another process stays where it is


def damaged(cell: str) -> sqlite3.DatabaseError:
    """What work raises at a cell that nobody here wrote: SQLite calls such a file sound, and still it is damaged."""
    return sqlite3.DatabaseError(f"malformed cell: {cell}")


def moment(value: object, cell: str) -> float:
    """The cell's moment, in seconds since 1970. Raises what `damaged` makes for anything but one before 2100."""
    if isinstance(value, (int, float)) and 0 <= value < LATEST:
        return float(value)
    raise damaged(cell)


def counter(value: object, cell: str) -> int:
    """The cell's whole number ≥ 0. Raises what `damaged` makes for anything else."""
    if isinstance(value, int) and value >= 0:
        return value
    raise damaged(cell)


_BUSY = "database is locked"  # SQLite's words


def _waits(error: Exception) -> bool:
    """True when another process, or another thread of this one, is in the way."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _milliseconds(end: float) -> int:
    return max(0, int((end - time.monotonic()) * 1000))


def _is_damage(error: Exception) -> bool:
    """True for a file that is no database, or one that contradicts itself."""
    words = str(error)
    return isinstance(error, sqlite3.DatabaseError) and ("malformed" in words or "not a database" in words)


def _reason(error: Exception) -> str:
    """The failure in words for a person, without the path that Python's own text may repeat."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return {_BUSY: "another process has held it for too long"}.get(str(error), str(error))
