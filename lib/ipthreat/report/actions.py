"""Immediate next steps of a whole case: the patterns applied to every address worth one, and equal steps merged."""

from __future__ import annotations

from typing import Dict, Iterator, Tuple

from ..assessment import Assessment
from ..case import Case
from .patterns import ADDRESS_RULES, is_worth_a_step
from .reconfirm import reconfirm
from .steps import Action, Step, merged

_URGENCY = [*ADDRESS_RULES, "reconfirm"]


def spoken_of(case: Case) -> Tuple[Assessment, ...]:
    """The addresses worth a step, most pressing first."""
    return tuple(filter(is_worth_a_step, case.assessments))


def actions(case: Case) -> Tuple[Action, ...]:
    """All steps of a case, equal ones together, grouped in print order and the more urgent first within a group."""
    return merged(sorted(_steps(case), key=lambda pair: _URGENCY.index(pair[1].name)))


def _steps(case: Case) -> Iterator[Tuple[str, Step]]:
    told = spoken_of(case)
    for item in told:
        for rule in ADDRESS_RULES.values():
            step = rule(item, case)
            if step:
                yield item.address, step
    yield from reconfirm(case, {item.address for item in told})


def first_steps(steps: Tuple[Action, ...]) -> Dict[str, Action]:
    """Address → the most urgent of its steps."""
    first: Dict[str, Action] = {}
    for action in sorted(steps, key=lambda action: _URGENCY.index(action.step.name)):
        for address in action.addresses:
            first.setdefault(address, action)
    return first
