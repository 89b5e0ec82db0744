"""The formats that publishers of address lists use, as pure parsers: bytes in, entries out.

Each parser takes the body of a download and returns what it holds, in order, each network once with its highest level.
Lines that hold no address are counted, never fatal; a body that is something else altogether is refused with
FetchError, whose text does not name the feed: the caller knows it. Bodies are hostile: the work grows with their size
and with nothing else.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from ..errors import FetchError
from .entries import Rejection, read_entry
from .ownspace import Entry

LONGEST_LINE = 4096
"""Characters; a longer line holds no entry."""
_COMMENT = re.compile(r"#|;|//")
_SEPARATORS = re.compile(r"[\s,;|#\"]+")
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):[0-9]{1,5}")
_DATED = re.compile(r"(?:updat|generat|date|modif)[^:]*:?\s*(.*)", re.IGNORECASE)
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_HEADER_LINES = 60  # a publisher's date stands in the comment at the top


@dataclass(frozen=True)
class Parsed:
    """What a body holds."""

    entries: Tuple[Entry, ...]
    """Network or address as the publisher writes it, and its level, 1–255; 0 in a format without levels."""
    date: str
    """ISO day (UTC) on which the publisher made the list; empty when the body does not say."""
    rejected: int
    """Lines that should hold an address and do not."""


Parser = Callable[[bytes], Parsed]
_Reader = Callable[[str], Optional[Entry]]  # a line → its entry, or None when it holds none


def parse_plain(body: bytes) -> Parsed:
    """An address or network at the start of each line, comments after `#`, `;` or `//`: also netset and ipset files."""
    return _parsed(body, lambda line: _entry(_SEPARATORS.split(line, maxsplit=1)[0]))


def parse_levels(body: bytes) -> Parsed:
    """`address TAB count` (ipsum): on how many lists the address is."""
    return _parsed(body, _levelled)


def parse_table(body: bytes) -> Parsed:
    """Columns between commas, pipes or tabs, quoted or not: the first cell with an address, with or without a port.

    A first line without an address is a heading and not counted.
    """
    return _parsed(body, _first_address, headed=True)


def parse_spans(body: bytes) -> Parsed:
    """`first address, last address, prefix length` between blanks (DShield)."""
    return _parsed(body, _span, headed=True)


def parse_urls(body: bytes) -> Parsed:
    """A URL a line: those whose host is an address. A URL with a named host is no entry and no fault."""
    return _parsed(body, lambda line: _entry(_host(line)), optional=True)


def parse_drop(body: bytes) -> Parsed:
    """Spamhaus DROP: a JSON object a line, the last one with the number of records, which must be right."""
    entries: List[Entry] = []
    rejected = 0
    metadata: Dict[str, Any] = {}
    for line in _lines(body):
        record = _json_object(line)
        entry = _entry(str(record.get("cidr", "")))
        if record.get("type") == "metadata":
            metadata = record
        elif entry:
            entries.append(entry)
        else:
            rejected += 1
    if not metadata:
        raise FetchError("the list lacks the line that ends it")
    if metadata.get("records") != len(entries):
        raise FetchError(f"the list has {len(entries):,} entries, which is not the number its last line gives")
    return Parsed(tuple(dict.fromkeys(entries)), _epoch_day(metadata), rejected)


def parse_json(body: bytes) -> Parsed:
    """Any JSON document: every text in it that is a network in CIDR notation (the published ranges of clouds)."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise FetchError("the list is no JSON") from None
    entries = dict.fromkeys(_entry(text) for text in _texts(document) if "/" in text)
    return Parsed(tuple(entry for entry in entries if entry), "", 0)


FORMATS: Mapping[str, Parser] = {
    "plain": parse_plain,
    "levels": parse_levels,
    "table": parse_table,
    "spans": parse_spans,
    "urls": parse_urls,
    "drop": parse_drop,
    "json": parse_json,
}
"""Name of a format, as the catalogue and the stored copies have it → its parser."""


def parse(format_name: str, body: bytes) -> Parsed:
    """What a body in the format of that name holds. FetchError for what is no list: HTML, binary, mostly rubbish."""
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        raise FetchError("a page of HTML came instead of a list")
    if b"\0" in body:
        raise FetchError("binary data came instead of a list")
    if format_name not in FORMATS:
        raise FetchError(f"there is no format {format_name[:80]!r}")
    parsed = FORMATS[format_name](body)
    if parsed.rejected > len(parsed.entries):
        raise FetchError(f"only {len(parsed.entries):,} lines hold an address and {parsed.rejected:,} do not")
    return parsed


def _parsed(body: bytes, read: _Reader, headed: bool = False, optional: bool = False) -> Parsed:
    """Reads line by line. `headed`: the first line may be a heading; `optional`: a line need not hold an entry."""
    entries: Dict[str, int] = {}
    rejected = 0
    for number, line in enumerate(_data_lines(body)):
        row = read(line) if len(line) <= LONGEST_LINE else None
        if row is not None:
            entries[row[0]] = max(row[1], entries.get(row[0], 0))
        elif not (optional or (headed and number == 0)):
            rejected += 1
    return Parsed(tuple(entries.items()), _published(body), rejected)


def _lines(body: bytes) -> Iterator[str]:
    for line in body.decode("utf-8-sig", "replace").split("\n"):
        stripped = line.strip()
        if stripped:
            yield stripped


def _data_lines(body: bytes) -> Iterator[str]:
    return (line for line in _lines(body) if not _COMMENT.match(line))


def _entry(text: str, level: int = 0) -> Optional[Entry]:
    return None if read_entry(text) is Rejection.NO_ADDRESS else (text, level)


def _levelled(line: str) -> Optional[Entry]:
    cells = line.split()
    if len(cells) < 2 or not re.fullmatch("[0-9]{1,9}", cells[1]) or int(cells[1]) < 1:
        return None
    return _entry(cells[0], min(int(cells[1]), 255))


def _first_address(line: str) -> Optional[Entry]:
    rows = (_entry(_without_port(cell)) for cell in _SEPARATORS.split(line) if "." in cell or ":" in cell)
    return next((row for row in rows if row), None)


def _without_port(text: str) -> str:
    found = _WITH_PORT.fullmatch(text)
    return (found.group(1) or found.group(2)) if found else text


def _span(line: str) -> Optional[Entry]:
    cells = line.split()
    return _entry(f"{cells[0]}/{cells[2]}") if len(cells) > 2 and cells[2].isdigit() else None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _json_object(line: str) -> Dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(line) if len(line) <= LONGEST_LINE else None
        if isinstance(value, dict):
            return value
    return {}


def _texts(document: Any) -> Iterator[str]:
    """All texts of a decoded JSON document, without recursion."""
    waiting: List[Any] = [document]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            waiting.extend(reversed(item))


def _epoch_day(metadata: Mapping[str, Any]) -> str:
    seconds = metadata.get("timestamp")
    try:
        return datetime.fromtimestamp(float(seconds), timezone.utc).date().isoformat() if seconds else ""
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _published(body: bytes) -> str:
    """The first day that the comment at the top names as that of an update."""
    head = body[: _HEADER_LINES * 200].decode("utf-8-sig", "replace").split("\n")[:_HEADER_LINES]
    days = (_day(found.group(1)) for found in map(_DATED.search, filter(_COMMENT.match, head)) if found)
    return next((day for day in days if day), "")


def _day(text: str) -> str:
    """ISO day of a date as publishers write it: ISO 8601, RFC 5322 or the output of `date`."""
    iso = _ISO_DAY.search(text)
    with contextlib.suppress(ValueError, TypeError, OverflowError, IndexError):
        if iso:
            return datetime(int(iso.group(1)), int(iso.group(2)), int(iso.group(3))).date().isoformat()
        moment = parsedate_to_datetime(text.strip(" #\r"))
        return moment.astimezone(timezone.utc).date().isoformat() if moment.tzinfo else moment.date().isoformat()
    return ""
