"""Output fields → the cells that are added to an event: each value, and the `__mv_` cell that Splunk wants beside it.

    encoder = Encoder(chosen("core"))
    encoder.one(subject)                  # b',malicious,,10,,…'
    encoder.several([first, second])      # the same columns, a value per address

With several addresses the values align by position, and a field that has several values of its own joins them with
`; `. Every text is on one line: the sources' words may be an attacker's.

Of most addresses nothing is new but the network. So cells are also to be had in parts: those that all share of which
the same is known (`shared`), those of an autonomous system (`system`), and `laid`, which puts them together.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ..fields import Field, Rests, Subject, Value
from .protocol import MV

_TEXTS_KEPT = 16_384
_JUDGEMENTS_KEPT = 1024
_SHARED, _SYSTEM, _NETWORK, _ADDRESS = range(4)
_PARTS: Mapping[Rests, int] = {
    Rests.JUDGEMENT: _SHARED,
    Rests.PLACE: _SHARED,
    Rests.SYSTEM: _SYSTEM,
    Rests.NETWORK: _NETWORK,
    Rests.ADDRESS: _ADDRESS,
}
_USUAL = [_SHARED, _SYSTEM, _NETWORK, _SHARED]
"""The parts of the core fields."""

Cells = Tuple[str, ...]
"""The cells of each run of neighbouring fields that rest on the same."""


class Encoder:
    """Writes the cells of fields: for each a comma and its value, another comma and its `__mv_` cell."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self._written = _Written()
        self._joined: Dict[int, Tuple[object, List[Optional[str]]]] = {}
        found = [(part, tuple(run)) for part, run in groupby(fields, lambda item: _PARTS[item.rests])]
        self._runs = [[run for kind, run in found if kind == part] for part in range(4)]
        self.by_address = bool(self._runs[_ADDRESS])
        """True when one of the fields rests on the address itself."""
        parts = [part for part, _ in found]
        self.usual = parts == _USUAL
        """True when the fields are those that come first from the judgement, then from the system, and so on, as the
        core fields do: `head, tail = shared(…)` then."""
        self._ordered = _order(parts)

    def columns(self, prefix: str, of: str = "") -> Tuple[str, ...]:
        """The names of the columns; `of` comes first in each where several address fields are answered."""
        names = [item.named(prefix, of) for item in self.fields]
        return tuple(column for name in names for column in (name, MV + name))

    def one(self, subject: Subject) -> bytes:
        """The cells of an event with one address."""
        return _run(self.fields, subject).encode()

    def several(self, subjects: Sequence[Subject]) -> bytes:
        """The cells of an event with several addresses."""
        written = self._written
        return "".join([written[texts] for texts in zip(*map(self._told, subjects))]).encode()

    def shared(self, subject: Subject) -> Cells:
        """What rests on the judgement and on country and registry."""
        return tuple(_run(run, subject) for run in self._runs[_SHARED])

    def system(self, subject: Subject) -> Cells:
        """What rests on the autonomous system."""
        return tuple(_run(run, subject) for run in self._runs[_SYSTEM])

    def laid(self, shared: Cells, system: Cells, network: str, subject: Optional[Subject]) -> bytes:
        """The cells of an address: parts that hold for it, its network as the snapshot writes it (so that no byte of it
        needs care), and the address itself, which may be left out unless `by_address`."""
        told = f',"{network}",' if network else ",,"
        if self.usual:  # twice as fast as the general way
            return f"{shared[0]}{system[0]}{told}{shared[1]}".encode()
        cells = (told, "", *shared, *system)
        if subject:
            cells += tuple(_run(run, subject) for run in self._runs[_ADDRESS])
        return "".join(self._ordered(cells)).encode()

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


def _order(parts: Sequence[int]) -> Callable[[Cells], Any]:
    """From the cells as `laid` has them to those of the fields in their order: network, nothing, then part by part."""
    first = {_SHARED: 2, _SYSTEM: 2 + parts.count(_SHARED), _ADDRESS: 2 + parts.count(_SHARED) + parts.count(_SYSTEM)}
    places = []
    for part in parts:
        places.append(first.get(part, 0))
        if part in first:
            first[part] += 1
    return itemgetter(*places, 1, 1)  # two more that are nothing, as for a single one it would give no tuple


class _Written(Dict[Tuple[str, ...], str]):
    """Texts of one field → their cells, remembered."""

    def __missing__(self, texts: Tuple[str, ...]) -> str:
        if len(self) >= _TEXTS_KEPT:
            self.clear()
        cells = self[texts] = _cells(texts)
        return cells


def _run(run: Iterable[Field], subject: Subject) -> str:
    return "".join([_told(item.read(subject)) for item in run])


def _told(value: Value) -> str:
    """The cells of one value."""
    if type(value) is str:
        if value.isprintable() and '"' not in value:  # as nearly all are
            return f',"{value}",' if value and not (value.isalnum() and value.isascii()) else f",{value},"
    elif type(value) is int and value >= 0:
        return f",{value},"
    return _cells(_texts(value))


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
