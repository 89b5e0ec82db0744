"""CSV with a header line, and the two usual kinds of log that name their columns in a comment.

Those are W3C extended logs (`#Fields:`, https://www.w3.org/TR/WD-logfile.html) and Zeek's own format (`#fields`,
https://docs.zeek.org/en/current/log-formats.html).
"""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import Iterable, Iterator, List, Literal, NamedTuple, Optional, Tuple

from ..address import extract
from .event import Event, Skip
from .fields import FieldPlan, role_of
from .source import LogSource
from .times import Clock

_DELIMITERS = ",;\t|"
_COMMENTED = re.compile(r"^#fields(?::[ \t]*(?P<w3c>.+)|\t(?P<zeek>.+))$", re.IGNORECASE | re.MULTILINE)
_LOOKED_AT = 20  # rows that tell a table from prose with commas: half of them must be as wide as the header


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
    """True when a text begins with a header line and rows of as many columns; a single column must hold addresses."""
    shape = table_shape(head)
    if shape is None or shape.commented:
        return shape is not None
    lines = (line for line in head.split("\n") if line.strip())
    rows = [row for row, _ in islice(_rows(lines, shape), 1, _LOOKED_AT + 1)]
    if len(shape.names) == 1:  # any text has one column
        regular = sum(bool(row and extract(row[0])) for row in rows)
    else:
        regular = sum(len(row) == len(shape.names) for row in rows)
    return 2 * regular >= len(rows)


def read_table(source: LogSource, clock: Clock, field: Optional[str] = None) -> Iterator[Event]:
    """An event for each row; `field` names the column of the address."""
    shape = table_shape(source.head)
    if shape is None:
        return
    account, plan, width = source.account, FieldPlan(shape.names, clock.stamps(), field), len(shape.names)
    for row, line in _rows(_body(source, shape), shape):
        account.read += 1
        while len(row) > width and not row[-1]:
            row.pop()
        event = plan.event(row) if len(row) == width else None
        if event:
            yield event
        else:
            account.skip(Skip.COLUMNS if len(row) != width else Skip.ADDRESS, line)


def _body(source: LogSource, shape: TableShape) -> Iterator[str]:
    """The lines below the header, without blank ones, and without comments where the format has them."""
    lines = (line for line in source.lines() if line.strip())
    if shape.commented:
        return (line for line in lines if not line.startswith("#"))
    return islice(lines, 1, None)


def _rows(lines: Iterable[str], shape: TableShape) -> Iterator[Tuple[List[str], str]]:
    """(cells, first line) of each row. Lines that make no proper row together are each taken for a row of their own.

    So a quote that is not closed costs nothing but its own cell.
    """
    taken: List[str] = []  # lines that the row being read is made of
    quoting: Literal[0, 3] = csv.QUOTE_NONE if shape.commented else csv.QUOTE_MINIMAL
    reader = csv.reader(_noted(lines, taken), delimiter=shape.delimiter, quoting=quoting, strict=True)
    while True:
        taken.clear()
        try:
            row = next(reader, None)
        except csv.Error:  # also for a field longer than csv.field_size_limit
            yield from ((_cells(line, shape.delimiter), line) for line in taken)
            continue
        if row is None:
            return
        yield row, taken[0]


def _noted(lines: Iterable[str], taken: List[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _cells(line: str, delimiter: str) -> List[str]:
    """The cells of one line."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
