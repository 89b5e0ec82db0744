"""Records in raw CSV bytes: where they end, where their cells lie, and the regular expression that finds many at once.

What a record is, is defined by Python's `csv` module with its default dialect, which splunk-sdk reads with: quotes
count at the start of a cell only, a doubled one inside stands for itself, line breaks inside quotes belong to the cell.
A record ends at LF or CRLF; a lone CR belongs to its cell. No byte is ever decoded here.
"""

from __future__ import annotations

import re
import sys
from typing import FrozenSet, List, Mapping, NamedTuple, Optional, Pattern, Sequence, Set, Tuple, Union

Buffer = Union[bytes, bytearray]

_QUOTE, _COMMA, _LF, _CR = b'",\n\r'
_UNQUOTED_END = re.compile(rb"[,\n]")
_QUOTES = re.compile(rb'"+')
_BARE = re.compile(rb"[A-Za-z0-9]*")
_SAMPLED = 60

# Possessive quantifiers save a third of the time, and gave wrong matches before 3.11.5 (CPython issues 100061, 106052).
_POSSESSIVE = b"+" if sys.version_info >= (3, 11, 5) else b""
_QUOTED_CELL = b'"[^"]*%b"(?:"[^"]*%b")*%b' % (_POSSESSIVE, _POSSESSIVE, _POSSESSIVE)
# All bytes but quote, comma, CR and LF, told as those it takes: the engine tests a negated set in three steps a byte.
_BARE_CELL = rb"[\x00-\x09\x0b\x0c\x0e-!#-+\--\xff]*" + _POSSESSIVE
_SIMPLE_CELL = b'"[^"]*%b"' % _POSSESSIVE  # without doubled quotes, which cost time even where there are none
_CELL = b"(?:%b|%b)" % (_QUOTED_CELL, _BARE_CELL)
_SHAPES: Mapping[FrozenSet[bytes], bytes] = {
    frozenset({_BARE_CELL}): _BARE_CELL,
    frozenset({_SIMPLE_CELL}): _SIMPLE_CELL,
    frozenset({_QUOTED_CELL}): _QUOTED_CELL,
    frozenset({_SIMPLE_CELL, _QUOTED_CELL}): _QUOTED_CELL,
    frozenset({_BARE_CELL, _SIMPLE_CELL}): b"(?:%b|%b)" % (_SIMPLE_CELL, _BARE_CELL),
}
"""The kinds of cells seen in a column → the expression to try first. All others are any cells."""


class Record(NamedTuple):
    """One record of a buffer."""

    cells: List[Tuple[int, int]]
    """Start and end of each cell, quotes included; a blank line has one empty cell."""
    end: int
    """Where its last cell ends …"""
    next: int
    """… and where the next record begins."""


def record_at(data: Buffer, start: int, stop: int, last: bool) -> Optional[Record]:
    """The record that begins at `start` of `data[:stop]`; None when it does not end there.

    With `last` nothing follows `stop`, so that it ends a record, too. Walks cell by cell: exact, and slow.
    """
    cells, at = [], start
    while True:
        found = _cell_end(data, at, stop, last)
        if found is None:
            return None
        line_ends = found == stop or data[found] == _LF
        end = found - 1 if line_ends and found > at and data[found - 1] == _CR else found
        cells.append((at, end))
        if line_ends:
            return Record(cells, end, min(found + 1, stop))
        at = found + 1


def _cell_end(data: Buffer, start: int, stop: int, last: bool) -> Optional[int]:
    """Where the comma or LF after the cell lies; `stop` for the last cell of all; None when it does not end."""
    at = start
    if at < stop and data[at] == _QUOTE:
        closed = _closing(data, at + 1, stop)
        if closed < 0 or (closed == stop and not last):
            return stop if last else None
        at = closed
    found = _UNQUOTED_END.search(data, at, stop)
    if found:
        return found.start()
    return stop if last else None


def _closing(data: Buffer, start: int, stop: int) -> int:
    """The place after the closing quote of a cell whose text begins at `start`; -1 when it has none."""
    for quotes in _QUOTES.finditer(data, start, stop):
        first, after = quotes.span()
        if (after - first) % 2:
            return after
    return -1


def text_of(cell: bytes) -> str:
    """The text of a cell, as `csv` reads it; bytes that are no UTF-8 come out as U+FFFD.

    >>> text_of(b'"a ""b"" c"')
    'a "b" c'
    """
    if cell[:1] == b'"' == cell[-1:] and cell.count(b'"') == 2:  # as nearly all are
        return cell[1:-1].decode("utf-8", "replace")
    if cell.startswith(b'"'):
        closed = _closing(cell, 1, len(cell))
        quoted, rest = (cell[1 : closed - 1], cell[closed:]) if closed >= 0 else (cell[1:], b"")
        cell = quoted.replace(b'""', b'"') + rest
    return cell.decode("utf-8", "replace")


def closed(cell: bytes) -> bytes:
    """The cell with the closing quote that it lacks where a body breaks off inside it: its text stays the same."""
    return cell + b'"' if cell.startswith(b'"') and _closing(cell, 1, len(cell)) < 0 else cell


def cell_of(text: str) -> bytes:
    """A text as a cell, quoted as splunkd does it: unless it is letters and digits alone."""
    data = text.encode("utf-8", "replace")
    return data if _BARE.fullmatch(data) else b'"' + data.replace(b'"', b'""') + b'"'


def sampled(data: Buffer, start: int, stop: int, columns: int) -> Tuple[bytes, ...]:
    """For each column the expression that all its cells in the first records fit: it makes the pattern fast, and is
    never relied on."""
    kinds: List[Set[bytes]] = [set() for _ in range(columns)]
    for _ in range(_SAMPLED):
        record = record_at(data, start, stop, False) if start < stop else None
        if record is None:
            break
        for kind, (first, end) in zip(kinds, record.cells):
            kind.add(_kind(bytes(data[first:end])))
        start = record.next
    return tuple(_SHAPES.get(frozenset(kind), _CELL) for kind in kinds)


def _kind(cell: bytes) -> bytes:
    """The simplest expression for a cell."""
    if cell[:1] != b'"':
        return _BARE_CELL
    return _SIMPLE_CELL if cell.count(b'"') == 2 else _QUOTED_CELL


def record_pattern(shapes: Sequence[bytes], empty_tail: int, wanted: Sequence[Optional[int]]) -> Pattern[bytes]:
    """The expression for one whole record of as many cells as there are shapes, and the LF after it.

    Group 1 is the record without its LF, then comes a group for each wanted column in ascending order, and an empty one
    for each None. The last `empty_tail` columns are usually empty: that is tried first. `pattern.split(block)`
    then gives `[gap, record, cell, …, gap, record, cell, …, rest]` without a step of Python per record. When the block
    begins with a record and all gaps are empty, no record was missed or invented: each match is one whole record, and
    begins where the one before it ended.
    """
    columns = len(shapes)
    marks = sorted(column for column in wanted if column is not None)
    parts, at = [], 0
    for mark in marks:
        parts += [_cells(shapes[at:mark], columns, 0), b"(%b)" % _CELL]
        at = mark + 1
    parts.append(_cells(shapes[at:], columns, min(empty_tail, columns - at)))
    row = b",".join(part for part in parts if part)
    # Only at the start of a line can a record begin: it keeps the search for one from trying every byte.
    return re.compile(b"^(%b)%b\\n" % (row, b"()" * list(wanted).count(None)), re.MULTILINE)


def _cells(shapes: Sequence[bytes], columns: int, empty_tail: int) -> bytes:
    """The expression for neighbouring cells: as sampled, else any cells."""
    head, tail = list(shapes[: len(shapes) - empty_tail]), empty_tail
    if not shapes:
        return b""
    likely = b",".join(head)
    any_head = b",".join([_CELL] * len(head))
    first = likely if likely == any_head else b"(?:%b|%b)" % (likely, any_head)
    if not tail:
        return first
    if not head:
        return b"(?:%b|%b)" % (b"," * (tail - 1), b",".join([_CELL] * tail))
    return first + b"(?:%b|%b)" % (b"," * tail, b"".join([b"," + _CELL] * tail))
