"""A function's answers, remembered up to a number of them."""

from __future__ import annotations

from typing import Callable, Dict, TypeVar

Answer = TypeVar("Answer")


class Memo(Dict[str, Answer]):
    """`memo[text]` is `answer(text)`; a text met before costs one look-up in a dictionary.

    When `limit` answers are kept, all are forgotten at once: logs repeat themselves within a stretch of lines, and a
    cleverer order of forgetting would cost more on every look-up than it saves.
    """

    def __init__(self, answer: Callable[[str], Answer], limit: int) -> None:
        super().__init__()
        self._answer = answer
        self._limit = limit

    def __missing__(self, text: str) -> Answer:
        if len(self) >= self._limit:
            self.clear()
        value = self[text] = self._answer(text)
        return value
