"""The container: named sections of fixed-width numbers in one file, read through mmap without decoding.

    header   8s magic, u16 version, u16 number of sections, u32 CRC-32 of header and table (with this field 0),
             u64 size of the file, 16s ISO date (ASCII, padded with NUL)
    table    per section: 16s name (ASCII, padded with NUL), u64 offset, u64 length, 32s SHA-256
    sections each at a multiple of 8 bytes, zero bytes between them

All numbers are little-endian. Opening checks header, table and bounds, whose cost does not depend on the size of the
file; `Container.verify` reads everything and checks the digests.
"""

from __future__ import annotations

import mmap
import struct
import sys
import zlib
from array import array
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Literal, NamedTuple, Optional, Sequence, Tuple

from ..errors import SnapshotError
from ..wholefile import SHARED, put_whole

MAGIC = b"IPTHREAT"
VERSION = 1
HEADER = struct.Struct("<8sHHIQ16s")
ROW = struct.Struct("<16sQQ32s")
CRC_AT = 12
MAX_SECTIONS = 64

Numbers = memoryview
"""A section seen as numbers: index it, bisect it; no copy is made."""
Code = Literal["B", "H", "I", "Q"]
"""Unsigned numbers of 8, 16, 32 or 64 bits."""


class Span(NamedTuple):
    """Where a section lies in the file, in bytes, and its SHA-256."""

    offset: int
    length: int
    sha256: bytes


def pack(sections: Sequence[Tuple[str, bytes]], built: str) -> bytes:
    """The bytes of a file with these sections in this order.

    `built` is an ISO date. The same input gives the same bytes.
    """
    from hashlib import sha256  # here, as readers do without: it loads a library of megabytes

    offset = HEADER.size + ROW.size * len(sections)
    rows, body = [], []
    for name, content in sections:
        padding = -offset % 8
        body += [bytes(padding), content]
        offset += padding
        rows.append(ROW.pack(name.encode("ascii"), offset, len(content), sha256(content).digest()))
        offset += len(content)
    head = [MAGIC, VERSION, len(sections), 0, offset, built.encode("ascii")]
    head[3] = zlib.crc32(b"".join([HEADER.pack(*head), *rows]))
    return b"".join([HEADER.pack(*head), *rows, *body])


class Container:
    """An open file of sections. Everything taken from it is void after `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._views: List[memoryview] = []
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # mmap refuses an empty file with ValueError
            raise SnapshotError(f"The snapshot {path} cannot be read: {reason(error)}.") from error
        try:
            self._buffer = memoryview(self._map)
            self.built, self.spans = self._table()
        except SnapshotError:
            self.close()
            raise

    def numbers(self, name: str, code: Code) -> Numbers:
        """A section as unsigned numbers of one width."""
        view = self._slice(name)
        if len(view) % struct.calcsize(code):
            raise self.fault(f"section {name} is cut short")
        if sys.byteorder == "big" and code != "B":
            view = _swapped(view, code)
        return self._keep(view.cast("B").cast(code))

    def text(self, name: str) -> str:
        """A section as UTF-8 text."""
        try:
            return str(self._slice(name), "utf-8")
        except UnicodeDecodeError as error:
            raise self.fault(f"section {name} is no text") from error

    def has(self, name: str) -> bool:
        """True when the file has that section."""
        return name in self.spans

    def verify(self) -> None:
        """Read every section and compare it with its SHA-256; SnapshotError names the first that differs."""
        from hashlib import sha256  # the same

        for name, span in self.spans.items():
            if sha256(self._slice(name)).digest() != span.sha256:
                raise self.fault(f"section {name} has changed since it was built")

    @property
    def closed(self) -> bool:
        """True after `close`."""
        return self._map.closed

    def close(self) -> None:
        """Give the file back. Closing twice is allowed."""
        for view in reversed(self._views):
            view.release()
        self._views.clear()
        if hasattr(self, "_buffer"):
            self._buffer.release()
        self._map.close()

    def fault(self, what: str) -> SnapshotError:
        """The error for a damaged file: one sentence with the remedy."""
        return SnapshotError(f"The snapshot {self.path} is damaged ({what}): install it or build it again.")

    def _slice(self, name: str) -> memoryview:
        span = self.spans.get(name)
        if span is None:
            raise self.fault(f"section {name} is missing")
        return self._keep(self._buffer[span.offset : span.offset + span.length])

    def _keep(self, view: memoryview) -> memoryview:
        self._views.append(view)
        return view

    def _table(self) -> Tuple[str, Dict[str, Span]]:
        """Date and section table, checked against the size of the file."""
        size = len(self._buffer)
        if size < HEADER.size:
            raise self.fault("it is cut short")
        magic, version, count, crc, expected, built = HEADER.unpack_from(self._buffer)
        if magic != MAGIC:
            raise SnapshotError(f"The file {self.path} is no ipthreat snapshot.")
        if version != VERSION:
            raise SnapshotError(f"The snapshot {self.path} has format {version}, this version reads {VERSION}.")
        end = HEADER.size + ROW.size * count
        if size != expected or count > MAX_SECTIONS or end > size:
            raise self.fault("it is cut short")
        head = bytearray(self._buffer[:end])
        head[CRC_AT : CRC_AT + 4] = bytes(4)
        if zlib.crc32(head) != crc:
            raise self.fault("its header does not add up")
        rows = [ROW.unpack_from(head, HEADER.size + ROW.size * number) for number in range(count)]
        spans = {_ascii(name): Span(offset, length, digest) for name, offset, length, digest in rows}
        if any(span.offset < end or span.offset + span.length > size for span in spans.values()):
            raise self.fault("a section lies outside the file")
        return _ascii(built), spans


def write(path: Path, content: bytes, check: Optional[Callable[[Path], None]] = None) -> None:
    """Put a file in place in one step: readers see the old bytes or the new ones, never a part.

    The new file is written beside the old one, which stays when `check` raises on the new one.
    """
    try:
        put_whole(path, content, SHARED, check)
    except OSError as error:
        raise SnapshotError(f"The file {path} cannot be written: {reason(error)}.") from error


def little(code: Code, numbers: Iterable[int]) -> bytes:
    """Numbers as little-endian bytes."""
    values = array(code, numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def reason(error: Exception) -> str:
    """An operating system error in words, without its number."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _ascii(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii", "replace")


def _swapped(view: memoryview, code: Code) -> memoryview:
    numbers = array(code, bytes(view))
    numbers.byteswap()
    return memoryview(numbers)
