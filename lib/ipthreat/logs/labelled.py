"""Alerts as people paste them: a label on one line, its value on the next (`Source IP`, then the address).

A record begins where the first known label of the text comes again. The labels are the field names of every other
format; lines between that are neither label nor value belong to nobody, and an address in one is an event of its own.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

from ..address import extract
from .event import Account, Event, Skip
from .fields import FieldPlan, has_address, role_of
from .source import LogSource
from .times import Clock

_LABEL_LENGTH = 40
_MOST_FIELDS = 100
_FEWEST = 3
"""Labels with a value in the beginning of a text, one of an address among them, by which the form is told."""


def _is_label(line: str) -> bool:
    return len(line) <= _LABEL_LENGTH and bool(role_of(line)[0])


def looks_labelled(head: str) -> bool:
    """True when a text begins with labels and values in turn, an address among them."""
    lines = [line.strip() for line in head.split("\n") if line.strip()]
    labels = [line for line, value in zip(lines, lines[1:]) if _is_label(line) and not _is_label(value)]
    return len(labels) >= _FEWEST and has_address(labels)


def read_labelled(source: LogSource, clock: Clock) -> Iterator[Event]:
    """An event for each record, and for each address that stands outside of them."""
    account, times = source.account, clock.stamps()
    for fields, loose in _records(source):
        if fields:
            account.read += 1
            event = FieldPlan(tuple(fields), times).event(tuple(fields.values()))
            if event:
                yield event
            else:
                account.skip(Skip.ADDRESS, next(iter(fields.values())))
        yield from _loose(loose, account, clock)


def _loose(lines: List[str], account: Account, clock: Clock) -> Iterator[Event]:
    for line in lines:
        account.read += 1
        time = clock.find(line)
        yield from (Event(address, time) for address in extract(line))


def _records(source: LogSource) -> Iterator[Tuple[Dict[str, str], List[str]]]:
    """(label → value of one record, lines that belong to none and hold an address)."""
    first, label = "", ""
    fields: Dict[str, str] = {}
    loose: List[str] = []
    for text in source.lines():
        line = text.strip()
        if _is_label(line):
            first = first or line
            if line == first and fields:
                yield fields, loose
                fields, loose = {}, []
            label = line
        elif label and line:
            if len(fields) < _MOST_FIELDS:
                fields.setdefault(label, line)
            label = ""
        elif extract(line):
            loose.append(line)
    yield fields, loose
