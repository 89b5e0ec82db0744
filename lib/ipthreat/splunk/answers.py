"""Answers that are remembered from record to record and chunk to chunk, in bounded memory."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, Sequence

CELLS_KEPT = 32_768
"""Keys whose answer is remembered; all are forgotten when there are more."""

_FEW_KNOWN = 1.25  # keys asked about for each that was new, below which remembering does not pay …
_PAUSE = 4  # … for as long as it would take to fill the memory so many times
_LONGEST_KEPT = 1024


class Answers(Dict[Any, bytes]):
    """`answers[key]` is `answer(key)`, remembered; a key is a raw cell, or a tuple whose first member is one."""

    def __init__(
        self, answer: Callable[[Any], bytes], length: Callable[[Any], int] = len, kept: int = CELLS_KEPT
    ) -> None:
        """`length` tells how much memory a key takes, in bytes; `kept` keys are remembered."""
        super().__init__()
        self._kept = kept
        self._answer = answer
        self._length = length
        self._gone = 0
        self._all = self._full_at = self._again_at = 0

    @property
    def asked(self) -> int:
        """Keys that were not remembered."""
        return self._gone + len(self)

    def of(self, keys: Sequence[Any]) -> Iterator[bytes]:
        """The answers for many keys.

        While nearly all are new, nothing is remembered: it would cost as much as a third of an answer, for nothing.
        """
        self._all += len(keys)
        if self._all < self._again_at:
            self._gone += len(keys)
            return map(self._answer, keys)
        return map(self.__getitem__, keys)

    def __missing__(self, key: Any) -> bytes:
        value = self._answer(key)
        if len(self) >= self._kept:
            self._make_room()
        if self._length(key) <= _LONGEST_KEPT:
            self[key] = value
        else:
            self._gone += 1
        return value

    def _make_room(self) -> None:
        if self._all - self._full_at < _FEW_KNOWN * self._kept:
            self._again_at = self._all + _PAUSE * self._kept
        self._full_at = max(self._all, self._again_at)
        self._gone += len(self)
        self.clear()
