"""What the engine does with the records under one header: which cells it reads, and where its answers go."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Pattern, Sequence, Tuple

from .rows import Buffer, Record, cell_of, record_at, record_pattern, sampled, text_of

_MV = b"__mv_"


class Task(NamedTuple):
    """One address field and what is to be added for it."""

    fields: Tuple[Optional[str], ...]
    """The fields that an answer depends on: the address first. None is one that is never there."""
    columns: Tuple[str, ...]
    """The columns to add, `__mv_` columns among them."""
    answers: Callable[[Sequence[Any]], Iterable[bytes]]
    """For each record the raw cell of the field, or a tuple of them for several fields → for each record a cell for
    each column, each after a comma. A field without a column is an empty cell."""


class Plan(NamedTuple):
    """The tasks, settled for one header."""

    width: int
    """Columns of the header."""
    found: Tuple[str, ...]
    """The fields of the tasks that are among them."""
    header: bytes
    """The header with the added columns, without its line end."""
    places: Tuple[Tuple[Optional[int], ...], ...]
    """For each task the columns of its fields; None for a field that is not there."""
    replaced: Tuple[Tuple[int, int], ...]
    """(column, place among the added columns of all tasks) of the columns that are there already."""
    appended: Tuple[int, ...]
    """Places of the others."""
    pattern: Optional[Pattern[bytes]]
    """Splits a block into records; None when each record must be scanned."""
    slots: Tuple[Tuple[Optional[int], ...], ...]
    """For each task the groups of the pattern with its cells; None for a field that is not there."""
    stride: int
    """Pieces of a split per record: the gap before it, itself, its groups."""


def plan_of(tasks: Sequence[Task], data: Buffer, header: Record, stop: int) -> Plan:
    """The plan for a chunk, with a pattern tuned to its first records, which follow the header in `data[:stop]`."""
    names = [text_of(bytes(data[start:end])) for start, end in header.cells]
    columns = [column for task in tasks for column in task.columns]
    first: Dict[Optional[str], int] = {}
    for place, name in enumerate(names):
        first.setdefault(name, place)
    places = tuple(tuple(first.get(field) for field in task.fields) for task in tasks)
    replaced = tuple((place, columns.index(name)) for place, name in enumerate(names) if name in columns)
    held = {place for _, place in replaced}
    appended = tuple(place for place in range(len(columns)) if place not in held)
    line = b",".join([bytes(data[: header.end]), *(cell_of(columns[place]) for place in appended)])
    plain = not replaced and data[header.end : header.next] == b"\n"
    wanted = _wanted(places)
    pattern = _pattern(data, header, stop, wanted) if plain else None
    slots = tuple(tuple(None if place is None else wanted.index(place) for place in item) for item in places)
    found = tuple(field for task in tasks for field in task.fields if field in first and field is not None)
    return Plan(len(names), found, line, places, replaced, appended, pattern, slots, len(wanted) + 2)


def _wanted(places: Sequence[Sequence[Optional[int]]]) -> List[Optional[int]]:
    """The columns that need a group: those that are read, and as many groups as there are answers to put in."""
    read = sorted({place for item in places for place in item if place is not None})
    return [*read, *[None] * (len(places) - len(read))]


def _pattern(data: Buffer, header: Record, stop: int, wanted: Sequence[Optional[int]]) -> Pattern[bytes]:
    shapes = sampled(data, header.next, stop, len(header.cells))
    tail = 0
    for start, end in reversed(header.cells):
        if not bytes(data[start:end]).strip(b'"').startswith(_MV):
            break
        tail += 1
    return record_pattern(shapes, tail, wanted)


def header_at(data: Buffer, stop: int, last: bool) -> Optional[Record]:
    """The header of a body, when it is there as a whole."""
    return record_at(data, 0, stop, last)
