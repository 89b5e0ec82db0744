"""Output fields → the cells that are added to an event: each value, and the `__mv_` cell that Splunk wants beside it.

    encoder = Encoder(chosen("core"))
    encoder.one(subject)                  # b',malicious,,10,,…'
    encoder.several([first, second])      # the same columns, a value per address

With several addresses the values align by position, and a field that has several values of its own joins them with
`; `. Every text is on one line: the sources' words may be an attacker's.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from ..fields import Field, Owner, Rests, Subject, Value
from .protocol import MV

_TEXTS_KEPT = 16_384
_JUDGEMENTS_KEPT = 1024

Frozen = Tuple[Optional[str], ...]
"""The cells of each run of fields; None for a run that does not rest on the judgement alone."""


class Encoder:
    """Writes the cells of fields: for each a comma and its value, another comma and its `__mv_` cell."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self.shared = all(item.rests is not Rests.ADDRESS for item in fields)
        """True when addresses of one owner that are judged alike have the same cells."""
        self._written = _Written()
        self._joined: Dict[int, Tuple[object, List[Optional[str]]]] = {}
        self._runs = [(rests, tuple(run)) for rests, run in groupby(fields, lambda item: item.rests)]
        rests = (Rests.JUDGEMENT, Rests.OWNER, Rests.JUDGEMENT)
        self.usual = tuple(item for item, _ in self._runs) == rests and len(self._runs[1][1]) == len(Owner._fields)
        """True when `with_owner` may be used."""
        self._readers = [tuple(item.read for item in run) for _, run in self._runs]

    def columns(self, prefix: str) -> Tuple[str, ...]:
        """The names of the columns."""
        names = [item.named(prefix) for item in self.fields]
        return tuple(column for name in names for column in (name, MV + name))

    def one(self, subject: Subject) -> bytes:
        """The cells of an event with one address."""
        return self.filled(self.frozen(subject), subject)

    def several(self, subjects: Sequence[Subject]) -> bytes:
        """The cells of an event with several addresses."""
        written = self._written
        return "".join([written[texts] for texts in zip(*map(self._told, subjects))]).encode("utf-8", "replace")

    def _told(self, subject: Subject) -> List[str]:
        """A text per field; those of a judgement are joined once for all addresses that share it."""
        key = id(subject.assessment)
        known = self._joined.get(key)
        if known is None:
            if len(self._joined) >= _JUDGEMENTS_KEPT:
                self._joined.clear()
            texts = [_joined(item.read(subject)) if item.rests is Rests.JUDGEMENT else None for item in self.fields]
            known = self._joined[key] = (subject.assessment, texts)  # which keeps its id its own
        return [_joined(item.read(subject)) if text is None else text for item, text in zip(self.fields, known[1])]

    def frozen(self, subject: Subject) -> Frozen:
        """What all addresses share that are judged alike."""
        return tuple(_run(run, subject) if rests is Rests.JUDGEMENT else None for rests, run in self._runs)

    def filled(self, frozen: Frozen, subject: Subject) -> bytes:
        """The cells of a subject for whose judgement `frozen` holds."""
        written = self._written
        parts = [
            "".join([written[read(subject)] for read in readers]) if known is None else known
            for known, readers in zip(frozen, self._readers)
        ]
        return "".join(parts).encode("utf-8", "replace")

    def with_owner(self, frozen: Frozen, owner: Tuple[Value, ...]) -> bytes:
        """The same, where the fields are the judgement's and all of the owner's in one run: what `core` is, faster.

        `owner` are the fields of an `Owner`.
        """
        head, _, tail = frozen
        return "".join([head or "", *map(self._written.__getitem__, owner), tail or ""]).encode("utf-8", "replace")


class _Written(Dict[Value, str]):
    """A value → its cells, remembered."""

    def __missing__(self, value: Value) -> str:
        if len(self) >= _TEXTS_KEPT:
            self.clear()
        if type(value) is str and value.isprintable() and '"' not in value:  # networks above all, which are many
            cells = f",{value}," if not value or (value.isalnum() and value.isascii()) else f',"{value}",'
        else:
            cells = _cells(_texts(value))
        self[value] = cells
        return cells


def _run(run: Iterable[Field], subject: Subject) -> str:
    return "".join([_cells(_texts(item.read(subject))) for item in run])


def _joined(value: Value) -> str:
    return "; ".join(_texts(value))


def _texts(value: Value) -> Tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(map(_line, value))
    return ("" if value is None else _line(str(value)),)


def _line(text: str) -> str:
    return text if text.isprintable() else _UNPRINTABLE.sub(" ", text)


def _cells(values: Tuple[str, ...]) -> str:
    if len(values) < 2:
        return f",{_cell(values[0])}," if values else ",,"
    encoded = ";".join(["$" + value.replace("$", "$$") + "$" for value in values])
    return "," + _cell("\n".join(values)) + "," + _cell(encoded)


def _cell(text: str) -> str:
    return text if (text.isalnum() and text.isascii()) or not text else '"' + text.replace('"', '""') + '"'


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
