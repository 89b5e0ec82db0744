"""The terms of Splunk's `search` command: words, `field=value` with wildcards, `IN`, `NOT`, `OR`, brackets."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any, Callable, Dict, List, Mapping

from spl_eval import SplError, number, text_of, unquoted

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|[(),]|!=|<=|>=|[=<>]|[^\s()=!<>,"]+)')
WHERE = {"index", "source", "sourcetype", "tag", "eventtype", "host"}
"""Fields that say where events are; here they are all in one place."""

_ORDER: Dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


class Terms:
    """A condition on rows. The fields that it reads are noted in `fields`."""

    def __init__(self, text: str) -> None:
        """Raises SplError for what cannot be read to its end."""
        self.fields: List[str] = []
        self._words = TOKEN.findall(text)
        self._place = 0
        self._test = self._any() if self._words else lambda row: True
        if self._place != len(self._words):
            raise SplError(f"{self._words[self._place]!r} in {text!r}")

    def hold(self, row: Row) -> bool:
        """Whether they hold for a row."""
        return self._test(row)

    def _peek(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""

    def _next(self) -> str:
        self._place += 1
        if self._place > len(self._words):
            raise SplError("terms that end too early")
        return str(self._words[self._place - 1])

    def _any(self) -> Test:
        tests = [self._all()]
        while self._peek() == "OR":
            self._next()
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() not in ("", "OR", ")"):
            if self._peek() == "AND":
                self._next()
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        word = self._next()
        if word == "NOT":
            test = self._one()
            return lambda row: not test(row)
        if word == "(":
            inner = self._any()
            self._close()
            return inner
        if self._peek() == "IN":
            self._next()
            return self._either(word)
        if self._peek() in ("=", "!=", *_ORDER):
            return self._compared(word, self._next(), _plain(self._next()))
        return lambda row: any(_plain(word).lower() in text_of(value).lower() for value in row.values())

    def _either(self, name: str) -> Test:
        if self._next() != "(":
            raise SplError("IN without a list")
        values = []
        while self._peek() != ")":
            values.append(_plain(self._next()))
            self._place += self._peek() == ","
        self._close()
        tests = [self._compared(name, "=", value) for value in values]
        return lambda row: any(test(row) for test in tests)

    def _compared(self, name: str, sign: str, value: str) -> Test:
        if name in WHERE:
            return lambda row: True
        self.fields.append(name)
        if sign in _ORDER:
            limit = float(value)
            return lambda row: any(
                _ORDER[sign](found, limit) for found in map(number, _values(row, name)) if found is not None
            )
        if sign == "!=":
            return lambda row: bool(_values(row, name)) and not any(_like(item, value) for item in _values(row, name))
        return lambda row: any(_like(item, value) for item in _values(row, name))

    def _close(self) -> None:
        if self._next() != ")":
            raise SplError("a bracket that does not close")


def _plain(word: str) -> str:
    return unquoted(word) if word.startswith('"') else word


def _values(row: Row, name: str) -> List[Any]:
    value = row.get(name)
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _like(value: Any, pattern: str) -> bool:
    """Case does not matter, and `*` stands for any text."""
    return fnmatchcase(text_of(value).lower(), pattern.lower().replace("[", "[[]").replace("?", "[?]"))
