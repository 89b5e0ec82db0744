"""The results of an alert, row by row, from the gzipped CSV of splunkd: `__mv_` columns hold several values."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from ..errors import EventsError
from .protocol import MV, values_of

LARGEST = 512 << 20
"""Bytes of the unpacked file that are read; what is beyond is told, not judged."""
LONGEST_FIELD = 10 << 20
MOST_ROWS = 1_000_000


class Results:
    """The rows of a file. `problem` tells, after the last row, what could not be read."""

    def __init__(self, path: Path) -> None:
        self.problem = ""
        """Why rows may be missing; empty when all were read."""
        self.rows = 0
        self._path = path

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        """A record per row; several values as a list. Raises EventsError for a file that cannot be opened."""
        csv.field_size_limit(LONGEST_FIELD)
        try:
            with self._opened() as file:
                reader = csv.reader(line.replace("\0", "\ufffd") for line in file)
                yield from self._read(reader)
        except (OSError, EOFError, zlib.error, csv.Error) as error:
            if not self.rows:
                words = getattr(error, "strerror", "") or type(error).__name__
                raise EventsError(f"the results of the alert cannot be read ({words})") from None
            self.problem = f"the results end after {self.rows:,} rows: the rest of the file cannot be read"

    def _read(self, reader: Iterator[List[str]]) -> Iterator[Dict[str, Any]]:
        names = next(reader, [])
        columns = _columns(names)
        for row in reader:
            if self.rows >= MOST_ROWS:
                self.problem = f"only the first {MOST_ROWS:,} rows are judged"
                return
            self.rows += 1
            yield _record(columns, row)

    def _opened(self) -> io.TextIOWrapper:
        opened = gzip.open if self._path.suffix == ".gz" else open
        stream: Any = opened(self._path, "rb")  # closed with what it is wrapped in
        bounded: Any = io.BufferedReader(_Bounded(stream))
        return io.TextIOWrapper(bounded, encoding="utf-8", errors="replace", newline="")


class _Bounded(io.RawIOBase):
    """A stream that is cut after LARGEST bytes: a small file may unpack to anything."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = LARGEST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), self._left))
        self._left -= len(data)
        if data or not self._left:
            buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _columns(names: List[str]) -> List[Tuple[str, int, int]]:
    """(field, its column, its `__mv_` column or -1)."""
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    plain = [name for name in places if not name.startswith(MV)]
    return [(name, places[name], places.get(MV + name, -1)) for name in plain]


def _record(columns: List[Tuple[str, int, int]], row: List[str]) -> Dict[str, Any]:
    record: Dict[str, Any] = {}
    for name, place, several in columns:
        encoded = row[several] if 0 <= several < len(row) else ""
        values = values_of(encoded) if encoded else []
        record[name] = values if len(values) > 1 else row[place] if place < len(row) else ""
    return record
