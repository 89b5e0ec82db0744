"""CSV with a header line, and the two usual kinds of log that name their columns in a comment.

Those are W3C extended logs (`#Fields:`, https://www.w3.org/TR/WD-logfile.html) and Zeek's own format (`#fields`,
https://docs.zeek.org/en/current/log-formats.html).
"""

from __future__ import annotations

import csv
import re
from typing import Iterator, List, NamedTuple, Optional, Tuple

from ..address import extract
from .event import Event, Skip
from .fields import FieldPlan, role_of
from .source import LogSource
from .times import Clock

_DELIMITERS = ",;\t|"
_COMMENTED = re.compile(r"^#fields(?::[ \t]*(?P<w3c>.+)|\t(?P<zeek>.+))$", re.IGNORECASE | re.MULTILINE)
_LOOKED_AT = 20  # lines after the header that tell a table from prose with commas
_REGULAR_SHARE = 0.8  # of those lines must have as many columns as the header


class TableShape(NamedTuple):
    """How the columns of a table are named and told apart."""

    names: Tuple[str, ...]
    delimiter: str
    commented: bool
    """The names stand in a comment, other comments may follow anywhere, and quotes mean nothing."""


def table_shape(head: str) -> Optional[TableShape]:
    """The shape of the table that a text begins with; None when it has no header line."""
    match = _COMMENTED.search(head) if head.startswith("#") else None
    if match:
        delimiter = "\t" if match["zeek"] else " "
        return TableShape(tuple((match["zeek"] or match["w3c"]).strip().split(delimiter)), delimiter, True)
    header = next((line for line in head.split("\n") if line.strip()), "")
    names, delimiter = max(((_cells(header, mark), mark) for mark in _DELIMITERS), key=lambda found: len(found[0]))
    known = any(role_of(name)[0] for name in names)
    if extract(header) or not (len(names) > 1 or known):
        return None
    return TableShape(tuple(names), delimiter, False)


def looks_like_table(head: str) -> bool:
    """True when a text begins with a header line and rows of as many columns."""
    shape = table_shape(head)
    if shape is None or shape.commented:
        return shape is not None
    rows = [line for line in head.split("\n") if line.strip()][1 : _LOOKED_AT + 1]
    regular = sum(len(_cells(line, shape.delimiter)) == len(shape.names) for line in rows)
    return regular >= _REGULAR_SHARE * len(rows)


def read_table(source: LogSource, clock: Clock, field: Optional[str] = None) -> Iterator[Event]:
    """An event for each row; `field` names the column of the address."""
    shape = table_shape(source.head)
    if shape is None:
        return
    account, plan, width = source.account, FieldPlan(shape.names, clock.stamps(), field), len(shape.names)
    for row, line in _Rows(source, shape):
        account.read += 1
        while len(row) > width and not row[-1]:
            row.pop()
        event = plan.event(row) if len(row) == width else None
        if event:
            yield event
        else:
            account.skip(Skip.COLUMNS if len(row) != width else Skip.ADDRESS, line)


class _Rows:
    """(cells, first line) of each row. A quote that is not closed costs its own line only, and is noted."""

    def __init__(self, source: LogSource, shape: TableShape) -> None:
        self._source = source
        self._shape = shape
        self._taken: List[str] = []  # lines that the row being read is made of

    def __iter__(self) -> Iterator[Tuple[List[str], str]]:
        reader = csv.reader(self._lines(), delimiter=self._shape.delimiter, quoting=self._quoting())
        while True:
            self._taken.clear()
            try:
                row = next(reader, None)
            except csv.Error:  # the field is longer than csv.field_size_limit
                row = []
            if row is None:
                return
            if row and (len(self._taken) == 1 or len(row) >= len(self._shape.names)):
                yield row, self._taken[0]
            elif self._taken:
                yield from self._one_by_one(self._taken)

    def _quoting(self) -> int:
        return csv.QUOTE_NONE if self._shape.commented else csv.QUOTE_MINIMAL

    def _one_by_one(self, lines: List[str]) -> Iterator[Tuple[List[str], str]]:
        """The lines that an open quote swallowed, each as a row of its own."""
        for number, line in enumerate(lines):
            if number == 0:
                self._source.account.read += 1
                self._source.account.skip(Skip.QUOTES, line)
            elif line.strip():
                yield _cells(line, self._shape.delimiter), line

    def _lines(self) -> Iterator[str]:
        """The lines below the header, without comments where the format has them."""
        waiting = not self._shape.commented
        for line in self._source.lines():
            if waiting or not line.strip() or (self._shape.commented and line.startswith("#")):
                waiting = waiting and not line.strip()
                continue
            self._taken.append(line)
            yield line


def _cells(line: str, delimiter: str) -> List[str]:
    """The cells of one line."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
