"""Selected fields: what splunkd does for a command that names the fields it requires.

It sends those alone, with the number of each record in `_chunked_idx`, and puts the fields of the reply back into the
records by that number. A record that does not come back is lost; a field that was there is replaced.
"""

from __future__ import annotations

from typing import List, Sequence

from ..errors import IpthreatError
from .protocol import MV, Table

INDEX = "_chunked_idx"
"""The field with the number of a record within its chunk."""


def narrowed(chunk: Table, wanted: Sequence[str]) -> Table:
    """The required fields of a chunk and the numbers of its records; all fields when `*` is required."""
    if "*" in wanted:
        return chunk
    places = [place for place, name in enumerate(chunk.names) if _plain(name) in wanted]
    names = [chunk.names[place] for place in places]
    rows = [[row[place] for place in places] + [str(number)] for number, row in enumerate(chunk.rows)]
    return Table([*names, INDEX], rows)


def merged(chunk: Table, reply: Table) -> Table:
    """The records of a chunk with the fields of the reply. Raises IpthreatError for a record without its number."""
    if not reply.rows:
        return Table(chunk.names, [])
    if INDEX not in reply.names:
        raise IpthreatError(f"the reply to selected fields has no {INDEX}")
    index = reply.names.index(INDEX)
    new = [place for place, name in enumerate(reply.names) if _plain(name) != INDEX]
    names = list(dict.fromkeys([*chunk.names, *(reply.names[place] for place in new)]))
    targets = {place: names.index(reply.names[place]) for place in new}
    rows: List[List[str]] = []
    for row in reply.rows:
        record = _record(chunk, row[index], len(names))
        for place, target in targets.items():
            record[target] = row[place]
        rows.append(record)
    return Table(names, rows)


def _record(chunk: Table, number: str, width: int) -> List[str]:
    """A copy of the record with this number, as wide as the result."""
    if not number.isascii() or not number.isdigit() or int(number) >= len(chunk.rows):
        raise IpthreatError(f"the reply to selected fields names a record {number[:20]!r}, which was not sent")
    row = chunk.rows[int(number)]
    return [*row, *[""] * (width - len(row))]


def _plain(name: str) -> str:
    return name[len(MV) :] if name.startswith(MV) else name
