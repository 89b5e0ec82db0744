"""A lock between processes."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Iterator

from ..errors import InputError
from .layout import reason


@contextlib.contextmanager
def exclusive(path: Path, patience: float) -> Iterator[None]:
    """Holds the lock of a file, which is made when it is not there, while the block runs.

    The lock is SQLite's on an empty database: the same on every system, and gone with the process that holds it,
    however that ends. Raises InputError when the folder cannot be written or another process holds the lock for longer
    than `patience`, in seconds.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(str(path), timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"{path.parent}: cannot be written ({reason(error)})") from None
    with contextlib.closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            busy = "locked" in str(error)
            words = "another update is at work; try again when it has ended" if busy else f"cannot be locked ({error})"
            raise InputError(f"{path}: {words}") from None
        yield
