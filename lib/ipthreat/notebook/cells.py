"""Cells of a DataFrame as texts and addresses: whatever stands in a column, no cell is lost and none raises.

Missing values are empty texts; lists, tuples, sets and arrays are several values; whole numbers that pandas holds as
floats (because a value is missing elsewhere in the column) are written as whole numbers.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple, Sequence, Tuple

import numpy
import pandas

from ..address import canonical, split
from ..errors import AddressError, InputError

MOST_ADDRESSES = 256
"""Addresses of one cell that are answered; those after them are left out, as in `| ipthreat`."""
LONGEST_SHOWN = 256
"""Characters of a text that is no address."""


class Distinct(NamedTuple):
    """A column by its distinct values."""

    codes: Any
    """Per row the place of its value in `values` (an integer array)."""
    values: List[Any]
    """Each distinct value once; missing ones are None."""


def column_of(frame: pandas.DataFrame, name: Any) -> pandas.Series:
    """A column by name. Raises InputError that lists the columns there are, or that says that a name is used twice."""
    if name not in frame.columns:
        listed = ", ".join(ascii(str(item))[1:-1] for item in list(frame.columns)[:30])
        raise InputError(f"there is no column {str(name)[:60]!a}; there are {listed or 'none'}")
    column = frame[name]
    if isinstance(column, pandas.DataFrame):
        raise InputError(f"more than one column is named {str(name)[:60]!a}")
    return column


def distinct(column: pandas.Series) -> Distinct:
    """The distinct values of a column, in order of first appearance; 1,000,000 rows take a tenth of a second."""
    try:
        codes, found = pandas.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists and arrays cannot be told apart by hashing: as tuples they can
        codes, found = pandas.factorize(_hashable(column), use_na_sentinel=True)
    values = list(found)
    if (codes < 0).any():
        codes = numpy.where(codes < 0, len(values), codes)
        values.append(None)
    return Distinct(codes, values)


def _hashable(column: pandas.Series) -> Any:
    made = numpy.empty(len(column), dtype=object)
    for place, value in enumerate(column.array):
        made[place] = (
            tuple(map(text, value)) if isinstance(value, _SEVERAL) else value if _plain(value) else text(value)
        )
    return made


_SEVERAL = (list, tuple, set, frozenset, numpy.ndarray)


def _plain(value: Any) -> bool:
    return getattr(type(value), "__hash__", None) is not None


def text(value: Any) -> str:
    """One cell as text, as a CSV file or a JSON record would have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, _SEVERAL):
        return " ".join(text(member) for member in value)
    if value is None or value is pandas.NA or value is pandas.NaT or value != value:
        return ""
    if isinstance(value, (bool, numpy.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (float, numpy.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def members(value: Any) -> Sequence[str]:
    """The addresses of one cell, as they are written; at least one text.

    A text without any address is one text, so that prose is not answered word by word.
    """
    if isinstance(value, _SEVERAL):
        found = [member for item in value for member in members(item)]
        return found[:MOST_ADDRESSES] or [""]
    written = text(value)
    if _is_address(written):
        return [written]
    found = [member for line in written.split("\n") for member in _in_line(line)]
    return found[:MOST_ADDRESSES]


def _in_line(line: str) -> List[str]:
    words = split(line)
    return words if len(words) > 1 and not _is_address(line) and any(map(_is_address, words)) else [line]


def _is_address(written: str) -> bool:
    try:
        canonical(written)
    except AddressError:
        return False
    return True


def key(written: str) -> str:
    """What an address is known by: its canonical text, or the beginning of a text that is none."""
    try:
        return canonical(written)
    except AddressError:
        return written[:LONGEST_SHOWN]


def combined(parts: Sequence[Distinct]) -> Tuple[Any, List[Tuple[Any, ...]]]:
    """Several columns as one: per row the place of its values among the distinct rows, and those rows."""
    if len(parts) == 1:
        return parts[0].codes, [(value,) for value in parts[0].values]
    codes = numpy.zeros(len(parts[0].codes), dtype=numpy.int64)
    seen = numpy.zeros(1, dtype=numpy.int64)
    for part in parts:  # after each column anew, so that the numbers stay small
        codes, seen = pandas.factorize(codes * max(1, len(part.values)) + part.codes)
    firsts = numpy.unique(codes, return_index=True)[1] if len(codes) else seen[:0]
    return codes, [tuple(part.values[part.codes[row]] for part in parts) for row in firsts]
