"""The clock a run lives by, as a value that tests replace."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import Callable, NamedTuple


def _wait(stopped: threading.Event, seconds: float) -> None:
    stopped.wait(seconds)


class Clock(NamedTuple):
    """Three ways to deal with time."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970, UTC: the same for all processes of a machine."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that only ever move forward, for deadlines."""
    wait: Callable[[threading.Event, float], None] = _wait
    """Lets so many seconds pass, or fewer when the event is set."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.fromtimestamp(self.wall(), timezone.utc)


SYSTEM = Clock()


class Run:
    """The bounds of one run: its deadline, and whether it was stopped. Shared by all its threads."""

    def __init__(self, seconds: float, clock: Clock = SYSTEM) -> None:
        self.seconds = seconds
        self.clock = clock
        self._deadline = clock.monotonic() + seconds
        self._stopped = threading.Event()

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0.0 when it has passed or the run was stopped."""
        return 0.0 if self._stopped.is_set() else max(0.0, self._deadline - self.clock.monotonic())

    @property
    def stopped(self) -> bool:
        """True once somebody stopped the run."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Ends all waiting; nothing new is asked."""
        self._stopped.set()

    def pause(self, seconds: float) -> bool:
        """Waits; False when the run ended meanwhile."""
        if seconds > 0:
            self.clock.wait(self._stopped, seconds)
        return not self._stopped.is_set()
