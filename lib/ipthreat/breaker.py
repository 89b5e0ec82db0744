"""The circuit breaker: a provider that keeps failing is not asked again in the run."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import Mapping, NamedTuple, Optional

from .dossier import Status

# Failures in a row after which asking on makes no sense. A refused key is refused the next time, too.
OPENS_AFTER: Mapping[Status, int] = MappingProxyType(
    {
        Status.AUTH_ERROR: 1,
        Status.RATE_LIMITED: 1,
        Status.FORBIDDEN: 3,
        Status.TIMEOUT: 5,
        Status.ERROR: 5,
    }
)


class Cause(NamedTuple):
    """Why a provider is not asked any more."""

    status: Status
    reason: str


class Breaker:
    """Counts the failures in a row of one provider in one run; shared by the threads that ask it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self.cause: Optional[Cause] = None
        """Why nothing is asked any more; None as long as it is."""

    def note(self, status: Status, reason: str) -> None:
        """Notes how a question ended."""
        limit = OPENS_AFTER.get(status)
        with self._lock:
            self._failures = self._failures + 1 if limit else 0
            if limit and self._failures >= limit and self.cause is None:
                times = f" after {self._failures} failures in a row" if limit > 1 else ""
                self.cause = Cause(status, f"not asked{times}: {reason}")
