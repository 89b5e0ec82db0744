"""The bytes of a log: a file, a gzip file or standard input, as blocks of whole lines, in constant memory."""

from __future__ import annotations

import codecs
import itertools
import os
import stat
import sys
import zlib
from typing import BinaryIO, Iterable, Iterator, Optional, Tuple

from ..errors import EventsError
from .event import Account, Skip

BLOCK = 256 * 1024
"""Bytes read at a time: stays in the processor's cache, and memory does not grow with the file."""
LONGEST_LINE = 1024 * 1024
"""Bytes beyond which a line is counted and skipped without being held."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS  # zlib's way of asking for a gzip header
_ODD_SHARE = 0.3  # of the characters of the first block: more, and the file is no text
_FOREIGN: Tuple[Tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it first"),
    (b"ElfFile\x00", "a Windows event log: export it as CSV or JSON first"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture: read it with Zeek or Suricata first"),
    (b"\xff\xfe", "encoded as UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "encoded as UTF-16: save it as UTF-8"),
)
_CONTROL = dict.fromkeys([*range(9), *range(14, 27), *range(28, 32), 127, 0xFFFD])


class LogSource:
    """An open log. `pieces`, `blocks` and `lines` hand out its text once, from the beginning."""

    def __init__(self, name: str, handle: BinaryIO, size: Optional[int], account: Account) -> None:
        self.name = name
        self.size = size
        """Bytes on disk, or None for a stream of unknown length."""
        self.bytes_read = 0
        """Bytes taken from the disk or stream so far, compressed ones where the file is."""
        self.account = account
        self._handle = handle
        self._chunks = self._unpacked()
        self._head = next(self._chunks, b"")
        self._check()

    @property
    def head(self) -> str:
        """The beginning, at most one block, for finding out the format: whole lines if it holds any."""
        cut = self._head.rfind(b"\n") + 1 if len(self._head) >= BLOCK else 0
        return _text(self._head[: cut or None])

    def pieces(self) -> Iterator[str]:
        """The text in pieces that may end anywhere."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for chunk in self._all():
            yield decoder.decode(chunk).replace("\0", "")
        yield decoder.decode(b"", final=True)

    def blocks(self) -> Iterator[str]:
        """The text in blocks of whole lines, each ended by a line feed.

        Carriage returns before it and NUL bytes are removed, invalid UTF-8 becomes U+FFFD, and lines longer than
        LONGEST_LINE are noted in the account instead.
        """
        kept, length = b"", 0  # the beginning of a line that is not complete; kept no longer than allowed
        for chunk in self._all():
            cut = chunk.rfind(b"\n") + 1
            if cut:
                begin = 0
                first = chunk.index(b"\n")
                if length + first > LONGEST_LINE:
                    self._skip_long(kept or chunk)
                    kept, begin = b"", first + 1
                if kept or cut > begin:
                    yield _text(kept + chunk[begin:cut])
                kept, length = b"", 0
            length += len(chunk) - cut
            kept = kept + chunk[cut:] if length <= LONGEST_LINE else (kept + chunk[cut:])[:BLOCK]
        if length > LONGEST_LINE:
            self._skip_long(kept)
        elif kept:
            yield _text(kept + b"\n")

    def lines(self) -> Iterator[str]:
        """The lines of `blocks` without their line feeds."""
        for block in self.blocks():
            lines = block.split("\n")
            lines.pop()
            yield from lines

    def close(self) -> None:
        """Lets the file go; reading to the end does not."""
        self._handle.close()

    def _skip_long(self, kept: bytes) -> None:
        self.account.read += 1
        self.account.skip(Skip.TOO_LONG, _text(kept[:1000]))

    def _check(self) -> None:
        """Refuses what is no text."""
        for magic, words in _FOREIGN:
            if self._head.startswith(magic):
                raise EventsError(f"{self.name} is {words}")
        text = self._head[: BLOCK // 4].decode("utf-8", "replace")
        if not text.strip():
            raise EventsError(f"{self.name} is empty")
        odd = len(text) - len(text.translate(_CONTROL))
        if odd > _ODD_SHARE * len(text):
            raise EventsError(f"{self.name} is a binary file, not a log")

    def _all(self) -> Iterator[bytes]:
        yield self._head
        self._head = b""
        yield from self._chunks

    def _unpacked(self) -> Iterator[bytes]:
        """Blocks as they lie on the disk, or what a gzip file unpacks to; without a byte order mark."""
        chunks = self._raw()
        first = next(chunks, b"")
        if first.startswith(_GZIP_MAGIC):
            yield from self._gunzipped(itertools.chain((first,), chunks))
            return
        yield first[len(codecs.BOM_UTF8) :] if first.startswith(codecs.BOM_UTF8) else first
        yield from chunks

    def _raw(self) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._handle.read(BLOCK)
            except OSError as error:
                if not self.bytes_read:
                    raise _unreadable(self.name, error) from None
                self.account.skip(Skip.CUT, error.strerror or "read error")
                return
            if not chunk:
                return
            self.bytes_read += len(chunk)
            yield chunk

    def _gunzipped(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """What gzip data unpacks to; damage ends it, and what came before counts."""
        try:
            yield from _members(chunks)
        except zlib.error as error:
            self.account.skip(Skip.CUT, str(error))


def open_source(path: str, account: Account) -> LogSource:
    """Opens a file, or standard input for `-`. Raises EventsError, in one sentence, for what is no readable log."""
    if path == "-":
        return LogSource("standard input", sys.stdin.buffer, None, account)
    name = ascii(path)[1:-1]
    try:
        handle = open(path, "rb")  # noqa: SIM115 - LogSource.close closes it
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(name, error) from None
    about = os.fstat(handle.fileno())
    try:
        return LogSource(name, handle, about.st_size if stat.S_ISREG(about.st_mode) else None, account)
    except EventsError:
        handle.close()
        raise


def _members(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Gzip data unpacked in bounded steps, member after member, with the padding that tapes put behind them left out.

    Raises zlib.error where the data is damaged or ends too early.
    """
    decoder = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        rest = chunk.lstrip(b"\0") if decoder.eof else chunk
        while rest:
            if decoder.eof:
                decoder = zlib.decompressobj(_GZIP)
            unpacked = decoder.decompress(rest, BLOCK)
            if unpacked:
                yield unpacked
            rest = decoder.unused_data.lstrip(b"\0") if decoder.eof else decoder.unconsumed_tail
    if not decoder.eof:
        raise zlib.error("the compressed data ends too early")


def _text(chunk: bytes) -> str:
    """Whole lines as text: no NUL bytes, no carriage returns at line ends, U+FFFD for invalid UTF-8."""
    text = chunk.decode("utf-8", "replace")
    if "\0" in text:
        text = text.replace("\0", "")
    return text.replace("\r\n", "\n") if "\r" in text else text


def _unreadable(name: str, error: Exception) -> EventsError:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return EventsError(f"{name} cannot be read: {words[:1].lower()}{words[1:]}")
