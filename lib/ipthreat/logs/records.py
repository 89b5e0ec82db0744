"""JSON: one object a line, an array, an object around an array (CloudTrail's `Records`), or objects in a row.

Nested objects are read as one record with dotted names, and a list of `{"name": …, "value": …}` (the headers in AWS WAF
records) as fields of those names.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, Mapping, Optional, Pattern, Tuple

from .event import Event, Skip
from .fields import FieldPlan
from .source import LogSource
from .times import Clock

LONGEST_RECORD = 8 * 1024 * 1024
"""Characters beyond which one object of a document is not read."""

_ENVELOPES = ("Records", "records", "events", "logEvents", "value", "results", "hits")
_ENVELOPE_KEYS = 6  # an object with more keys is a record that happens to have one of those names
_OPENING = re.compile(rf'\s*(?:\{{\s*"(?:{"|".join(_ENVELOPES)})"\s*:\s*)?\[')
_BETWEEN = re.compile(r"[\s,\]}]*")  # what stands between objects, and closes the array and its envelope
_DEEPEST = 6
_MOST_FIELDS = 400
_MOST_MEMBERS = 20
_PLANS_KEPT = 256
_LONGEST_NUMBER = 25


def _integer(digits: str) -> float:
    """Python refuses or labours over numbers of thousands of digits; none of those is a time, size or port."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float("inf")


_DECODER = json.JSONDecoder(parse_int=_integer)


def looks_like_json(head: str) -> bool:
    """True when a text begins with a JSON object or an array of them."""
    text = head.lstrip()
    return re.match(r'\{\s*("|\}|$)|\[\s*(\{|$)', text) is not None


def read_json(source: LogSource, clock: Clock, field: Optional[str] = None) -> Iterator[Event]:
    """An event for each object; `field` names the address field, with dots between nested keys."""
    account, times = source.account, clock.stamps()
    plans: Dict[Tuple[str, ...], FieldPlan] = {}
    for record in _records(source):
        account.read += 1
        names = tuple(record)
        plan = plans.get(names)
        if plan is None:
            if len(plans) >= _PLANS_KEPT:
                plans.clear()
            plan = plans[names] = FieldPlan(names, times, field)
        event = plan.event(tuple(record.values()))
        if event:
            yield event
        else:
            account.skip(Skip.ADDRESS if plan.has_address else Skip.NO_ADDRESS, json.dumps(record))


def field_names(head: str) -> Tuple[str, ...]:
    """The names of all fields in the complete objects that a text begins with, for a message to the user."""
    values = _Document(iter([head])).values()
    return tuple(dict.fromkeys(name for value in values for record in _objects_in(value) for name in _flat(record)))


def _records(source: LogSource) -> Iterator[Dict[str, str]]:
    """Every object as a flat record; what holds none is noted in the account."""
    account = source.account
    for value, text in _lines(source) if _one_a_line(source.head) else _elements(source):
        objects = list(_objects_in(value))
        yield from map(_flat, objects)
        if not objects:
            account.read += 1
            account.skip(Skip.JSON, text)


def _one_a_line(head: str) -> bool:
    """True when the first line is a complete JSON value."""
    line = next((line for line in head.split("\n") if line.strip()), "")
    return _decoded(line) is not None


def _decoded(line: str) -> Any:
    """The JSON value of a line, or None."""
    try:
        return _DECODER.decode(line)
    except (ValueError, RecursionError):
        return None


def _lines(source: LogSource) -> Iterator[Tuple[Any, str]]:
    return ((_decoded(line), line) for line in source.lines() if line.strip())


def _elements(source: LogSource) -> Iterator[Tuple[Any, str]]:
    document = _Document(source.pieces())
    for value in document.values():
        yield value, str(value)
    if document.rest:
        yield None, document.rest


class _Document:
    """The elements of an array, or values in a row, of a text that comes in pieces."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._place = 0

    @property
    def rest(self) -> str:
        """The beginning of what was not read because it is no JSON, or cut short; empty at a proper end."""
        return self._text[self._place : self._place + 200]

    def values(self) -> Iterator[Any]:
        """The values, until the end or the first thing that is no JSON."""
        self._extend()
        self._pass(_OPENING)
        while True:
            self._pass(_BETWEEN)
            try:
                value, self._place = _DECODER.raw_decode(self._text, self._place)
            except (ValueError, RecursionError):
                if not self._extend():
                    return
            else:
                yield value

    def _pass(self, pattern: Pattern[str]) -> None:
        match = pattern.match(self._text, self._place)
        self._place = match.end() if match else self._place

    def _extend(self) -> bool:
        """Forgets what was read and takes in at least as much again as is left, so that retries stay cheap."""
        self._text, self._place = self._text[self._place :], 0
        wanted = 2 * len(self._text) + 1
        if len(self._text) > LONGEST_RECORD:
            return False
        before = len(self._text)
        parts, length = [self._text], before
        for piece in self._pieces:
            parts.append(piece)
            length += len(piece)
            if length >= wanted:
                break
        self._text = "".join(parts)
        return length > before


def _objects_in(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The objects in a value: itself, the members of a list, what an envelope holds."""
    if isinstance(value, list) and depth < _DEEPEST:
        for member in value:
            yield from _objects_in(member, depth + 1)
    elif isinstance(value, dict):
        inner = next((value[key] for key in _ENVELOPES if isinstance(value.get(key), (list, dict))), None)
        if inner is None or len(value) > _ENVELOPE_KEYS:
            yield value
        elif depth < _DEEPEST:
            yield from _objects_in(inner, depth + 1)


def _flat(record: Mapping[str, Any]) -> Dict[str, str]:
    """A record without nesting: dotted names, values as text."""
    fields: Dict[str, str] = {}
    _flatten(record, "", 1, fields)
    return fields


def _flatten(record: Mapping[str, Any], prefix: str, depth: int, fields: Dict[str, str]) -> None:
    for key, value in record.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            _flatten(value, f"{prefix}{key}.", depth + 1, fields)
        elif isinstance(value, list):
            fields.update(_members(value[:_MOST_MEMBERS], f"{prefix}{key}"))
        elif len(fields) < _MOST_FIELDS:
            fields[f"{prefix}{key}"] = _text(value)


def _members(members: List[Any], name: str) -> Dict[str, str]:
    """The fields in a list: a field for each `{"name": …, "value": …}`, else the plain members as one list."""
    named = [item for item in members if isinstance(item, dict) and {"name", "value"} <= item.keys()]
    if named:
        return {f"{name}.{item['name']}": _text(item["value"]) for item in named}
    return {name: " ".join(_text(item) for item in members if not isinstance(item, (dict, list)))}


def _text(value: Any) -> str:
    """A plain value as text; null and nested values as nothing, true and false as JSON writes them."""
    if isinstance(value, str):  # JSON can spell half a surrogate pair, which no file or terminal takes
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
