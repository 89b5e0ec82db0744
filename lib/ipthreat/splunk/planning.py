"""`mode=plan`: what a live run would ask, told without asking anything."""

from __future__ import annotations

import math
from typing import Sequence, Set

MOST_TOLD_APART = 250_000
"""Distinct addresses of each sort that are told apart; more are counted as `at least`."""

_AT_ONCE = 8  # look-ups of one source under way at a time …
_SECONDS = 0.5  # … each of which takes about this long


class PlannedRun:
    """Counts the distinct addresses of a search."""

    def __init__(self, sources: Sequence[str], budget: int, timeout: int) -> None:
        self._sources = tuple(name for name in sources if name != "talos")  # which has no interface to ask
        self._budget = budget
        self._timeout = timeout
        self._global: Set[str] = set()
        self._local: Set[str] = set()

    def note(self, address: str, special: str) -> None:
        """Notes an address in canonical text; `special` is the name of its special-purpose range, if any."""
        kept = self._local if special else self._global
        if len(kept) < MOST_TOLD_APART:
            kept.add(address)

    @property
    def told(self) -> str:
        """The plan in one sentence or two."""
        asked = min(len(self._global), self._budget)
        calls = ", ".join(f"{name} {asked:,}" for name in self._sources) or "no source is configured"
        seconds = min(self._timeout, math.ceil(asked / _AT_ONCE * _SECONDS)) if self._sources else 0
        return (
            f"plan: {_number(self._global)} distinct global addresses, none of them on record, and "
            f"{_number(self._local)} that are never asked about (private, reserved). "
            f"A live run would ask about {asked:,} (budget {self._budget:,}): {calls}; about {seconds} s"
        )


def _number(kept: Set[str]) -> str:
    return f"{'at least ' if len(kept) >= MOST_TOLD_APART else ''}{len(kept):,}"
