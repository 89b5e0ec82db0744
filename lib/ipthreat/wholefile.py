"""Files that are put in place in one step: readers see the old bytes or the new ones, never a part."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Optional

PRIVATE, SHARED = 0o600, 0o666
"""Modes of a new file: the user's alone, or as the umask has it."""


def put_whole(path: Path, content: bytes, mode: int = PRIVATE, check: Optional[Callable[[Path], None]] = None) -> None:
    """Writes a file beside the old one and puts it in its place once it is on the disk. Raises OSError.

    The old one stays, and nothing beside it, when that fails or when `check` raises on the new one.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if check:
            check(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
