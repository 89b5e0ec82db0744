"""Immediate next steps as values: what to do, with whom it deals, until when, and how it is printed.

A rule makes a `Step` for one address. Equal steps for several addresses are one `Action`, so that a report on a hundred
attackers has one line to block them and one search to run, not a hundred.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Callable, Dict, Iterable, List, Sequence, Tuple

from .escape import defanged
from .prose import counted, joined, moment_text

WHO = "{who}"
"""Stands in a step's text for the addresses it is about."""
NAMED = 10
"""Addresses that a step spells out; the others are in its search and in the exports."""
SEARCHED = 200
"""Addresses that a search holds: an SPL search of more terms gets slow before it gets long."""
NOW, HOUR, DAY, WEEK = timedelta(0), timedelta(hours=1), timedelta(hours=24), timedelta(days=7)


class Group(str, enum.Enum):
    """The five parts of the section, in print order."""

    BLOCK = "Block"
    INVESTIGATE = "Investigate"
    MONITOR = "Monitor"
    RECONFIRM = "Reconfirm Threat Intelligence"
    RESPOND = "Incident Response"


Search = Callable[[Sequence[str], datetime], str]


def no_search(addresses: Sequence[str], as_of: datetime) -> str:
    """For a step without a search to run."""
    return ""


@dataclass(frozen=True)
class Step:
    """What to do about an address: verb + object + condition + time."""

    name: str
    """Key of its rule in `ADDRESS_RULES`."""
    group: Group
    verb: str
    """The step in one or two words, as the priority board prints it."""
    text: str
    """The whole sentence, with `{who}` for the addresses."""
    within: timedelta
    """From the time of the report until it must be done."""
    keys: Tuple[str, ...] = ()
    """Keys of the evidence it rests on; empty: all evidence that weighs."""
    search: Search = no_search
    """The SPL to run, for the addresses it is about."""
    rollback: str = ""


@dataclass(frozen=True)
class Action:
    """One step, and all the addresses it is to be taken for, most pressing first."""

    step: Step
    addresses: Tuple[str, ...]

    @property
    def named(self) -> Tuple[str, ...]:
        """The addresses that the text spells out."""
        return self.addresses[:NAMED]

    @property
    def text(self) -> str:
        """The sentence, with its addresses defanged."""
        return self.step.text.replace(WHO, who(self.addresses))

    def search(self, as_of: datetime) -> str:
        """The SPL to run, for a report of that time; empty when there is none."""
        return self.step.search(self.addresses[:SEARCHED], as_of)

    def due(self, as_of: datetime) -> str:
        """When it must be done, as a time: `2023-10-26 13:00 UTC`."""
        return moment_text(as_of + self.step.within)


def who(addresses: Sequence[str]) -> str:
    """`198.51.100[.]1, 198.51.100[.]2 and 40 further addresses (all in the CSV export)`."""
    names = [defanged(address) for address in addresses[:NAMED]]
    more = len(addresses) - len(names)
    if not more:
        return joined(names)
    return f"{', '.join(names)} and {counted(more, 'further address', 'further addresses')} (all in the CSV export)"


def merged(steps: Iterable[Tuple[str, Step]]) -> Tuple[Action, ...]:
    """One action per distinct step, with all its addresses in the order they came, grouped in print order."""
    found: Dict[Step, List[str]] = {}
    for address, step in steps:
        found.setdefault(step, []).append(address)
    order = list(Group)
    actions = [Action(step, tuple(dict.fromkeys(addresses))) for step, addresses in found.items()]
    return tuple(sorted(actions, key=lambda action: order.index(action.step.group)))
