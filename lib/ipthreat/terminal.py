"""What a person sees on a terminal: colours where they are wanted, and a progress bar that keeps out of pipes."""

from __future__ import annotations

import os
import sys
import time
from typing import Callable, Mapping, Optional, TextIO

from .report.escape import visible

_CODES = {"High": "31;1", "Medium": "33;1", "Low": "36", "Monitor": "2", "Critical": "31;1"}
_WIDTH = 24
_EVERY = 0.1  # seconds between two drawings


def colours_wanted(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """True on a terminal, unless NO_COLOR (no-color.org) is set or the terminal is `dumb`."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def coloured(text: str, word: str, wanted: bool) -> str:
    """The text in the colour of a priority or severity word."""
    code = _CODES.get(word)
    return f"\x1b[{code}m{text}\x1b[0m" if wanted and code else text


def say(message: str, stream: Optional[TextIO] = None) -> None:
    """A line for the person at the terminal, on stderr so that output stays clean; control characters are shown."""
    (stream or sys.stderr).write(visible(message, 2000) + "\n")


class Progress:
    """A bar on stderr, drawn at most ten times a second and only on a terminal; a context manager that wipes it."""

    def __init__(
        self,
        size: Optional[int],
        stream: TextIO = sys.stderr,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size, self._stream, self._clock = size, stream, clock
        self._shown = stream.isatty() and environment.get("TERM") != "dumb"
        self._next = clock()

    def __enter__(self) -> Progress:
        """Nothing is drawn before the first `at`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wipes the bar."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def at(self, done: int, rows: int) -> None:
        """Draws the bar at `done` of the size in bytes, with the rows read so far."""
        now = self._clock()
        if not self._shown or now < self._next:
            return
        self._next = now + _EVERY
        share = min(1.0, done / self._size) if self._size else 0.0
        bar = ("█" * int(share * _WIDTH)).ljust(_WIDTH, "·")
        self._stream.write(f"\r{bar} {100 * share:3.0f} %  {rows:,} rows\x1b[K")
        self._stream.flush()
