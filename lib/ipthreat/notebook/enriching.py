"""`.enrich`: a DataFrame with the judgement on the address of each row beside it. Same rows, same index, same order.

An address is looked up and judged once, however many rows carry it. Of an answer only the values of the fields are
held, so that a million distinct addresses fit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import AbstractSet, Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy
import pandas

from ..assessment import Assessment, assess
from ..case import pressing
from ..dossier import Dossier
from ..fields import Field, Rests, Subject, Value, owner_of
from ..judge import judged
from . import cells, columns
from .ground import Ground
from .progress import watched
from .shown import Shown, shown_by

ADDRESS = "address"
"""Beside the chosen fields: the canonical address that the others are about; empty for what is no address."""
_BATCH = 10_000  # addresses judged at a time


class Answer(NamedTuple):
    """What is written beside a row."""

    address: str
    """Canonical text; empty for what is no address."""
    rank: Tuple[object, ...]
    """Of the addresses of one cell the one that ranks lowest is told of: the most pressing. Empty where it is alone."""
    values: Tuple[Value, ...]
    """Of the chosen fields, in their order."""


class Answered(NamedTuple):
    """The answers for one address column."""

    codes: Any
    """Per row the place of its answer."""
    answers: List[Answer]


class Enricher:
    """Answers address columns of DataFrames on one ground."""

    def __init__(self, ground: Ground, fields: Sequence[Field], shown: Optional[bool] = None) -> None:
        """`shown` forces or forbids the progress bar."""
        self._ground = ground
        self._fields = tuple(fields)
        self._own = [(place, field) for place, field in enumerate(fields) if field.rests is not Rests.JUDGEMENT]
        self._shown = shown

    def enriched(
        self, frame: pandas.DataFrame, names: Sequence[Any], prefix: str, told: Mapping[str, Any]
    ) -> pandas.DataFrame:
        """The frame with the fields added; with several address columns their names precede the prefix.

        `told` is role → column of what the event itself shows. Columns that were there under the same names, as after
        the second run of a cell, are replaced.
        """
        made = frame.copy(deep=False)
        for name in names:
            column = cells.column_of(frame, name)
            answered = self._answered(column, shown_by(frame, name, told, self._ground.intelligence))
            label = f"{name}_{prefix}" if len(names) > 1 else prefix
            for title, array in self._arrays(answered.answers, label):
                made[title] = array.take(answered.codes)
        return made

    def _arrays(self, answers: Sequence[Answer], prefix: str) -> Iterator[Tuple[str, Any]]:
        yield f"{prefix}{ADDRESS}", columns.words([answer.address for answer in answers])
        for place, field in enumerate(self._fields):
            yield field.named(prefix), columns.typed(field.name, [answer.values[place] for answer in answers])

    def _answered(self, column: pandas.Series, events: Optional[Shown]) -> Answered:
        codes, values = cells.distinct(column)
        groups = [[cells.key(member) for member in cells.members(value)] for value in values]
        rivals = {member for group in groups if len(group) > 1 for member in group}
        known = self._known(list(dict.fromkeys(member for group in groups for member in group)), rivals)
        plain = Answered(codes, [_most_pressing(known[member] for member in group) for group in groups])
        if events is None or not events.telling.any():
            return plain
        return self._with_events(plain, groups, events)

    def _known(self, addresses: Sequence[str], rivals: AbstractSet[str]) -> Dict[str, Answer]:
        """Each text → its answer by what is known of it. Interrupted, it loses nothing that a live source answered.

        `judged` passes one judgement on to all addresses of which the same is known, coverage and all: what rests on
        the judgement is read once for them.
        """
        ground, found = self._ground, {}
        dossiers = ground.gatherer.gather(addresses, {}, None)
        for batch in _batches(watched(dossiers, len(addresses), "look-up", "addresses", self._shown)):
            shared: Dict[Tuple[int, str], Tuple[Value, ...]] = {}
            for item in judged(batch, ground.policy, ground.as_of):
                key = (id(item.coverage), item.dossier.scope)
                if key not in shared:
                    shared[key] = self._values(item)
                found[item.address] = self._answer(item, shared[key], item.address in rivals)
        return found

    def _values(self, assessment: Assessment) -> Tuple[Value, ...]:
        subject = Subject(assessment.address, owner_of(assessment), assessment)
        return tuple(field.read(subject) for field in self._fields)

    def _answer(self, assessment: Assessment, shared: Sequence[Value], ranked: bool) -> Answer:
        """The answer of an address, of whose values some are known from another that was judged alike."""
        values = list(shared)
        if self._own:
            subject = Subject(assessment.address, owner_of(assessment), assessment)
            for place, field in self._own:
                values[place] = field.read(subject)
        held = "" if assessment.dossier.scope == "invalid" else assessment.address
        return Answer(held, pressing(assessment) if ranked else (), tuple(values))

    def _with_events(self, plain: Answered, groups: List[List[str]], events: Shown) -> Answered:
        """The answers of rows whose event shows something, judged together with that."""
        width = len(events.telling)
        rows = numpy.flatnonzero(events.telling[events.codes])
        places, found = pandas.factorize(plain.codes[rows].astype(numpy.int64) * width + events.codes[rows])
        codes = plain.codes.astype(numpy.int64)
        codes[rows] = places + len(plain.answers)
        pairs = [(member, pair % width) for pair in found.tolist() for member in groups[pair // width]]
        known = dict(zip(pairs, self._judged(pairs, events)))
        more = [_most_pressing(known[one, pair % width] for one in groups[pair // width]) for pair in found.tolist()]
        return Answered(codes, [*plain.answers, *more])

    def _judged(self, pairs: Sequence[Tuple[str, int]], events: Shown) -> Iterator[Answer]:
        """The answer for each (address, combination of cells of an event)."""
        ground = self._ground
        dossiers = {item.address: item for item in ground.dossiers(dict.fromkeys(address for address, _ in pairs))}
        shown = events.behaviours([("" if dossiers[one].scope == "invalid" else one, code) for one, code in pairs])
        for (address, _), behaviours in zip(pairs, shown):
            dossier = dossiers[address]
            told = dossier if dossier.scope == "invalid" else replace(dossier, behaviours=behaviours)
            assessment = assess(told, ground.policy, ground.as_of)
            yield self._answer(assessment, self._values(assessment), True)


def _batches(dossiers: Iterable[Dossier]) -> Iterator[List[Dossier]]:
    batch: List[Dossier] = []
    for dossier in dossiers:
        batch.append(dossier)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _most_pressing(answers: Iterable[Answer]) -> Answer:
    first, *others = answers
    return min((first, *others), key=lambda answer: answer.rank) if others else first
