"""Answers are remembered, up to a number of them and a length of their questions."""

from __future__ import annotations

from typing import List

from hypothesis import given
from hypothesis import strategies as st

from ipthreat.memo import LONGEST, Memo


def counting(limit: int) -> tuple[Memo[int], List[str]]:
    """A memo of lengths, and the texts that it had to ask about."""
    asked: List[str] = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    return Memo(length, limit), asked


def test_a_text_met_before_is_not_asked_about_again() -> None:
    memo, asked = counting(10)
    assert [memo[text] for text in ("a", "bb", "a", "bb", "a")] == [1, 2, 1, 2, 1]
    assert asked == ["a", "bb"]


def test_an_answer_of_nothing_is_remembered_too() -> None:
    asked: List[str] = []
    memo: Memo[None] = Memo(asked.append, 10)
    assert memo["a"] is None
    assert memo["a"] is None
    assert asked == ["a"]


def test_all_are_forgotten_when_there_are_too_many() -> None:
    memo, asked = counting(3)
    for text in "abcda":
        assert memo[text] == 1
    assert asked == ["a", "b", "c", "d", "a"]
    assert len(memo) == 2


def test_long_texts_are_answered_and_not_kept() -> None:
    memo, asked = counting(10)
    for _ in range(2):
        assert memo["x" * LONGEST] == LONGEST
        assert memo["x" * (LONGEST + 1)] == LONGEST + 1
    assert [len(text) for text in asked] == [LONGEST, LONGEST + 1, LONGEST + 1]


@given(st.lists(st.text(max_size=4), max_size=50), st.integers(1, 5))
def test_answers_are_right_and_few_are_kept_whatever_is_asked(texts: List[str], limit: int) -> None:
    memo, _ = counting(limit)
    for text in texts:
        assert memo[text] == len(text)
        assert len(memo) <= limit
