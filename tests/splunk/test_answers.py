"""Remembered answers: asked for once, bounded, and not remembered while all keys are new."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from ipthreat.splunk.answers import CELLS_KEPT, Answers


def test_an_answer_is_asked_for_once():
    asked = []
    answers = Answers(lambda key: asked.append(key) or b",x,")
    assert list(answers.of([b"a", b"a", (b"b", b"c"), (b"b", b"c")])) == [b",x,"] * 4
    assert asked == [b"a", (b"b", b"c")]
    assert answers.asked == 2


def test_memory_is_bounded_in_number_and_in_size():
    answers = Answers(lambda key: b",x,")
    for number in range(CELLS_KEPT + 10):
        answers[b"%d" % number]
    assert len(answers) <= CELLS_KEPT
    answers[b"x" * 100_000]
    assert b"x" * 100_000 not in answers
    assert answers.asked == CELLS_KEPT + 11


def test_while_all_keys_are_new_none_is_remembered():
    answers, numbers = Answers(lambda key: key), count()
    for _ in range(40):
        keys = [b"%d" % next(numbers) for _ in range(CELLS_KEPT // 8)]
        assert list(answers.of(keys)) == keys
    assert 0 < len(answers) < CELLS_KEPT // 4
    assert answers.asked == 5 * CELLS_KEPT


def test_after_a_stretch_of_new_keys_known_ones_are_remembered_again():
    asked = []
    answers = Answers(lambda key: asked.append(key) or key)
    for number in range(CELLS_KEPT + 1):
        list(answers.of([b"%d" % number]))
    for _ in range(4):
        list(answers.of([b"known"] * CELLS_KEPT))
    asked.clear()
    for _ in range(4):
        list(answers.of([b"known"] * CELLS_KEPT))
    assert asked == []


@given(st.lists(st.lists(st.sampled_from([b"a", b"b", b"c", b"x" * 2000]), max_size=5), max_size=8))
def test_answers_are_those_of_the_function_however_they_are_asked_for(batches):
    answers = Answers(lambda key: key + b"!")
    for keys in batches:
        assert list(answers.of(keys)) == [key + b"!" for key in keys]
