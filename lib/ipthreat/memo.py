"""A function's answers, remembered up to a number of them."""

from __future__ import annotations

from typing import Callable, Dict, TypeVar

LONGEST = 512
"""Characters of the longest text that is remembered."""

Answer = TypeVar("Answer")


class Memo(Dict[str, Answer]):
    """`memo[text]` is `answer(text)`; a text met before costs one look-up in a dictionary.

    Texts longer than LONGEST are not remembered, so that their senders cannot fill the memory.
    When `limit` answers are kept, all are forgotten at once: logs repeat themselves within a stretch of lines, and a
    cleverer order of forgetting would cost more on every look-up than it saves.
    """

    def __init__(self, answer: Callable[[str], Answer], limit: int) -> None:
        super().__init__()
        self._answer = answer
        self._limit = limit

    def __missing__(self, text: str) -> Answer:
        value = self._answer(text)
        if len(text) <= LONGEST:
            if len(self) >= self._limit:
                self.clear()
            self[text] = value
        return value
