"""Expressions of SPL's `eval` and `where`, as far as the app's dashboards use them.

A value is None, a number, a text, a truth value, or a list of texts (multivalue). Splunk's own rules: what is missing
makes a comparison false and an arithmetic result missing; a text that is a number compares as a number.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, Optional

Row = Mapping[str, Any]
TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*")|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(!=|<=|>=|==|[-+*/=<>(),.]))')
NOW = datetime(2026, 11, 24, tzinfo=timezone.utc).timestamp()
"""The moment at which the searches are run, seconds since the epoch."""


class SplError(Exception):
    """A search says what this reading of SPL does not know."""


def tokens(text: str) -> List[str]:
    """The words of an expression."""
    found, place = [], 0
    while place < len(text.rstrip()):
        word = TOKEN.match(text, place)
        if word is None:
            raise SplError(f"{text[place : place + 30]!r} in {text!r}")
        found.append(word.group().strip())
        place = word.end()
    return found


def unquoted(word: str) -> str:
    """A literal without its quotes: a backslash keeps a quote or a backslash, and stands for itself before all else."""
    return re.sub(r'\\(["\\])', r"\1", word[1:-1])


def number(value: Any) -> Optional[float]:
    """A value as a number; None for what is none."""
    try:
        return None if value is None or isinstance(value, (list, bool)) else float(value)
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """A value as text; whole numbers without a fraction."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def time_of(text: Any, form: str) -> Optional[float]:
    """`strptime`: seconds since the epoch, None for what does not fit."""
    try:
        moment = datetime.strptime(str(text).replace("Z", "+0000"), form.replace("%Z", "%z"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _utc(value: Any) -> datetime:
    return datetime.fromtimestamp(float(value), timezone.utc)


def _appended(*values: Any) -> Any:
    flat = [item for value in values if value is not None for item in (value if isinstance(value, list) else [value])]
    return flat or None


def _extreme(best: Callable[[List[float]], float]) -> Callable[..., Optional[float]]:
    def chosen(*values: Any) -> Optional[float]:
        numbers = [found for found in map(number, values) if found is not None]
        return best(numbers) if numbers else None

    return chosen


def _case(*pairs: Any) -> Any:
    return next((value for truth, value in zip(pairs[::2], pairs[1::2]) if truth), None)


def _text(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of texts: what is missing gives what is missing."""
    return lambda value, *rest: None if value is None else function(text_of(value), *rest)


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "if": lambda truth, yes, no: yes if truth else no,
    "case": _case,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "isnotnull": lambda value: value is not None,
    "null": lambda: None,
    "true": lambda: True,
    "now": lambda: NOW,
    "lower": _text(str.lower),
    "trim": _text(str.strip),
    "match": lambda value, pattern: value is not None and re.search(pattern, text_of(value)) is not None,
    "replace": _text(lambda value, pattern, new: re.sub(pattern, new, value)),
    "round": lambda value, digits=0: None if value is None else float(round(value, int(digits))),
    "tonumber": number,
    "min": _extreme(min),
    "max": _extreme(max),
    "strptime": time_of,
    "strftime": lambda value, form: None if number(value) is None else _utc(value).strftime(form),
    "relative_time": lambda value, change: value + 86400 * float(change.rstrip("d")),
    "mvappend": _appended,
    "mvjoin": lambda value, by: by.join(map(text_of, value)) if isinstance(value, list) else value,
    "mvindex": lambda value, start, end: value[int(start) : int(end) + 1] if isinstance(value, list) else value,
}


def _equal(left: Any, right: Any) -> bool:
    numbers = number(left), number(right)
    return numbers[0] == numbers[1] if None not in numbers else text_of(left) == text_of(right)


_COMPARISONS: Dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": lambda left, right: (number(left) or 0) < (number(right) or 0),
    ">": lambda left, right: (number(left) or 0) > (number(right) or 0),
    "<=": lambda left, right: (number(left) or 0) <= (number(right) or 0),
    ">=": lambda left, right: (number(left) or 0) >= (number(right) or 0),
}


class Expression:
    """One expression, evaluated over a row. Fields that it reads are noted in `fields`."""

    def __init__(self, text: str, row: Row) -> None:
        self.words, self.place, self.row = tokens(text), 0, row
        self.fields: List[str] = []

    def value(self) -> Any:
        """Its value. Raises SplError for what cannot be read to its end."""
        found = self._any()
        if self.place != len(self.words):
            raise SplError(f"{self.words[self.place]!r} after an expression")
        return found

    def _next(self, *wanted: str) -> bool:
        if self.place < len(self.words) and (
            self.words[self.place] in wanted or self.words[self.place].upper() in wanted
        ):
            self.place += 1
            return True
        return False

    def _any(self) -> Any:
        left = self._all()
        while self._next("OR"):
            right = self._all()
            left = bool(left) or bool(right)
        return left

    def _all(self) -> Any:
        left = self._comparison()
        while self._next("AND"):
            right = self._comparison()
            left = bool(left) and bool(right)
        return left

    def _comparison(self) -> Any:
        left = self._sum()
        for operator, holds in _COMPARISONS.items():
            if self._next(operator):
                right = self._sum()
                return left is not None and right is not None and holds(left, right)
        return left

    def _sum(self) -> Any:
        left = self._product()
        while self.place < len(self.words) and self.words[self.place] in "+-.":
            operator = self.words[self.place]
            self.place += 1
            left = _added(left, operator, self._product())
        return left

    def _product(self) -> Any:
        left = self._atom()
        while self.place < len(self.words) and self.words[self.place] in "*/":
            operator = self.words[self.place]
            self.place += 1
            first, second = number(left), number(self._atom())
            if first is None or second is None or (operator == "/" and not second):
                left = None
            else:
                left = first * second if operator == "*" else first / second
        return left

    def _atom(self) -> Any:
        word = self.words[self.place]
        self.place += 1
        if word.startswith('"'):
            return unquoted(word)
        if word[0].isdigit():
            return float(word)
        if word == "(":
            return self._closed(self._any())
        if self._next("("):
            return self._call(word)
        self.fields.append(word)
        return self.row.get(word)

    def _call(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise SplError(f"function {name}")
        values: List[Any] = []
        while not self._next(")"):
            values.append(self._any())
            self._next(",")
        return FUNCTIONS[name](*values)

    def _closed(self, value: Any) -> Any:
        if not self._next(")"):
            raise SplError("a bracket that does not close")
        return value


def _added(left: Any, operator: str, right: Any) -> Any:
    if left is None or right is None:
        return None
    if operator == ".":
        return text_of(left) + text_of(right)
    first, second = number(left), number(right)
    if first is None or second is None:
        return None
    total = first + second if operator == "+" else first - second
    return total if math.isfinite(total) else None
