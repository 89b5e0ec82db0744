"""Compiles lists of networks and addresses into a file that `Snapshot` reads: block lists, scanners, own ranges.

Runs on Python 3.9 with the standard library, because users run it on their own lists.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ..errors import InputError
from .answer import ListInfo
from .assemble import ByVersion, CompiledList, Contents, assemble, no_intervals
from .entries import Rejection, read_entry
from .intervals import MAX_LAYERS, flatten
from .kinds import ListKind
from .layout import write
from .reader import Snapshot
from .records import FIRST_LIST

KEPT_EXAMPLES = 5
EXAMPLE_LENGTH = 80


@dataclass(frozen=True)
class ListInput:
    """One list to compile."""

    name: str
    """Unique within the file."""
    kind: str
    """A value of `ListKind`."""
    entries: Iterable[Tuple[str, int]]
    """Network or address as text, and level 0–255; read once. The highest level wins where entries overlap."""
    operator: str = ""
    source: str = ""
    date: str = ""
    """ISO date of the list."""
    licence: str = ""
    group: str = ""
    """Lists that copy each other share a group."""


class ListReport(NamedTuple):
    """What became of the entries of one list."""

    name: str
    entries: int
    """Entries taken in."""
    rejected: Mapping[str, int]
    """Value of `Rejection` → entries left out for it."""
    examples: Tuple[str, ...]
    """The first few of them, cut to a printable length: text from outside."""


def compile_lists(target: Path, lists: Sequence[ListInput], built: str) -> Tuple[ListReport, ...]:
    """Write the lists into one file, which takes the place of `target` only when it opens.

    `built` is the ISO date of the file. Entries that cannot be used are counted, never fatal. InputError for an unknown
    kind, a name used twice, a date that is none; SnapshotError when the file cannot be written.
    """
    _check(lists, built)
    compiled, reports = [], []
    for item in lists:
        result, report = compile_list(item)
        compiled.append(result)
        reports.append(report)
    write(target, assemble(Contents(lists=compiled), built), check_file)
    return tuple(reports)


def compile_list(item: ListInput) -> Tuple[CompiledList, ListReport]:
    """One list as flattened intervals, and what became of its entries."""
    spans: ByVersion = no_intervals()
    rejected: Counter[str] = Counter()
    examples: List[str] = []
    for text, level in item.entries:
        span = read_entry(text.strip()) if 0 <= level <= 255 else Rejection.BAD_LEVEL
        if isinstance(span, Rejection):
            rejected[span.value] += 1
            if len(examples) < KEPT_EXAMPLES:
                examples.append(text[:EXAMPLE_LENGTH])
        else:
            spans[span.version].append((span.first, span.last, level + 1))
    entries = sum(len(found) for found in spans.values())
    total = sum(rejected.values())
    described = (item.operator, item.source, item.date, item.licence, entries, item.group, total)
    info = ListInfo(item.name, ListKind(item.kind).value, *described)
    flat = {version: flatten(found) for version, found in spans.items()}
    return CompiledList(info, flat), ListReport(item.name, entries, dict(rejected), tuple(examples))


def check_file(path: Path) -> None:
    """SnapshotError unless the file opens and all its digests are right."""
    with Snapshot.open(path) as snapshot:
        snapshot.verify()
        snapshot.lists()


def _check(lists: Sequence[ListInput], built: str) -> None:
    kinds = [kind.value for kind in ListKind]
    names = Counter(item.name for item in lists)
    if len(lists) > MAX_LAYERS - FIRST_LIST:
        raise InputError(f"{len(lists)} lists are more than a file can hold.")
    for item in lists:
        if item.kind not in kinds:
            raise InputError(
                f"The list {item.name!r} has the unknown kind {item.kind!r}; known are {', '.join(kinds)}."
            )
        if names[item.name] > 1 or not item.name:
            raise InputError(f"The list name {item.name!r} is empty or used twice.")
    for text in (built, *(item.date for item in lists if item.date)):
        if not _is_date(text):
            raise InputError(f"{text!r} is no date of the form 2026-10-26.")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text  # newer Pythons read other forms too
    except ValueError:
        return False
