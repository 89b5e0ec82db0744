"""The search command protocol, version 2, as splunkd speaks it: whole frames (`framing`), and the CSV inside them.

A record has a column `f` for each field and a column `__mv_f`, which is empty unless the field has several
values: then it holds `$v1$;$v2$` with each `$` of a value doubled, and `f` holds the values on a line each.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import contextmanager
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import IpthreatError
from .framing import exactly, head_of, read_head

MV = "__mv_"
"""What the name of the column with the encoded values of a field begins with."""

_BARE = re.compile(r"[A-Za-z0-9]*")
_ENCODED = re.compile(r"\$((?:\$\$|[^$])*)\$(?:;|$)")
_LONGEST_FIELD = 2**31 - 1


class Frame(NamedTuple):
    """One message of either side."""

    metadata: Dict[str, Any]
    body: bytes


def encoded(metadata: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A frame as it goes through the pipe."""
    return head_of(metadata, len(body)) + body


def read_frame(stream: BinaryIO) -> Optional[Frame]:
    """The next frame; None when the stream is at its end. Raises IpthreatError for anything that is no whole frame."""
    head = read_head(stream)
    return Frame(head.metadata, exactly(stream, head.length)) if head else None


class Table(NamedTuple):
    """Records as CSV has them: the names of all columns, `__mv_` columns among them, and a list of texts per record."""

    names: List[str]
    rows: List[List[str]]

    def records(self) -> Iterator[Dict[str, Any]]:
        """Each record as a dictionary: a text per field, or a list of texts for a field with several values."""
        for row in self.rows:
            record: Dict[str, Any] = {}
            for name, text in zip(self.names, row):
                if not name.startswith(MV):
                    record.setdefault(name, text)
                elif text:
                    record[name[len(MV) :]] = values_of(text)
            yield record


def table_of(body: bytes) -> Table:
    """The records of a body; no names when it is empty. Raises IpthreatError for a row that is no row of the table."""
    text = io.StringIO(body.decode("utf-8", "replace"), newline="")
    with _long_fields():
        try:
            names, *rows = list(csv.reader(text)) or [[]]
        except csv.Error as error:
            raise IpthreatError(f"the body of a chunk is no CSV: {error}") from None
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise IpthreatError(f"row {number} of a chunk has {len(row)} columns, its header {len(names)}")
    return Table(names, rows)


def body_of(table: Table) -> bytes:
    """Records as splunkd writes them: fields first, then a `__mv_` column for each of them, in the same order."""
    plain = [name for name in table.names if not name.startswith(MV)]
    if not plain:
        return b""
    places = {name: place for place, name in reversed(list(enumerate(table.names)))}
    order = [places.get(name, -1) for name in (*plain, *(MV + name for name in plain))]
    names = (*plain, *(MV + name for name in plain))
    lines = [_line(names), *(_line([row[place] if place >= 0 else "" for place in order]) for row in table.rows)]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _line(cells: Iterable[str]) -> str:
    return ",".join(cell if _BARE.fullmatch(cell) else '"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def values_of(text: str) -> List[str]:
    """The values in a `__mv_` column.

    >>> values_of("$a$;$b$$c$")
    ['a', 'b$c']
    """
    return [value.replace("$$", "$") for value in _ENCODED.findall(text)]


def cells_of(value: object) -> Tuple[str, str]:
    """What the two columns of a field hold for a value or a list of values.

    >>> cells_of(["a", "b$c"])
    ('a\\nb$c', '$a$;$b$$c$')
    """
    if not isinstance(value, (list, tuple)):
        return str(value), ""
    texts = [str(item) for item in value]
    if len(texts) < 2:
        return "".join(texts), ""
    return "\n".join(texts), ";".join("$" + text.replace("$", "$$") + "$" for text in texts)


def table_from(names: Sequence[str], records: Iterable[Mapping[str, object]]) -> Table:
    """A table with these fields out of records; a field that a record lacks is empty."""
    rows = []
    for record in records:
        pairs = [cells_of(record.get(name, "")) for name in names]
        rows.append([*(plain for plain, _ in pairs), *(encoded for _, encoded in pairs)])
    return Table([*names, *(MV + name for name in names)], rows)


@contextmanager
def _long_fields() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
