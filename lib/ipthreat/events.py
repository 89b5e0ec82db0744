"""Reading the analyst's own logs: any supported format in, a stream of events out, in constant memory.

    with open_events("access.log.gz", as_of=now) as events:
        for event in events:
            …
    print(events.read, events.skipped)

Formats are told apart by the first lines. No line is lost silently: what gives no event is counted by reason.
"""

from __future__ import annotations

import enum
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Callable, Iterator, List, Mapping, Optional, Sequence, Tuple, Type

from .errors import EventsError
from .logs.access import looks_like_access_log, read_access_log
from .logs.event import Account, Event, Row, Skip
from .logs.fields import has_address
from .logs.labelled import looks_labelled, read_labelled
from .logs.records import field_names, looks_like_json, read_json
from .logs.source import LogSource, open_source
from .logs.syslog import looks_like_syslog, read_syslog, read_text
from .logs.tables import looks_like_table, read_table, table_shape
from .logs.times import Clock

__all__ = ["Event", "EventStream", "LogFormat", "Skip", "open_events"]

_LOOKED_AT = 50  # lines by which a format is told; a quarter of them must have it
_BATCH = 256  # events of the slower formats that are handed on at a time
_NAMES_LISTED = 30
_NAME_LENGTH = 40


class LogFormat(str, enum.Enum):
    """The formats that can be read."""

    ACCESS = "access"  # Apache and nginx, common or combined
    SYSLOG = "syslog"  # sshd and other daemons, firewall packets
    CSV = "csv"  # a header line and rows; also W3C extended (IIS) and Zeek's own format
    JSON = "json"  # one object a line, an array, or an array in an object
    LABELLED = "labelled"  # pasted alerts: a label on one line, its value on the next
    TEXT = "text"  # anything else: the addresses in it, without behaviour


class EventStream:
    """The events of one log, to be iterated over once; counts are complete when it is at its end."""

    def __init__(self, source: LogSource, form: LogFormat, batches: Iterator[Sequence[Row]]) -> None:
        self.format = form
        self._source = source
        self._batches = batches

    def __iter__(self) -> Iterator[Event]:
        """The events."""
        for rows in self._batches:
            yield from map(Event._make, rows)

    def batches(self) -> Iterator[Sequence[Row]]:
        """The events as plain tuples, some hundreds at a time: what `Observer.add_all` reads, at half the cost."""
        return self._batches

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._source.close()

    @property
    def name(self) -> str:
        """The path as given, escaped to printable ASCII, or `standard input`."""
        return self._source.name

    @property
    def read(self) -> int:
        """Lines (of CSV and JSON: rows and objects) seen so far, the skipped ones among them."""
        return self._source.account.read

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many of them gave no event, by reason in words (the values of `Skip`)."""
        return self._source.account.skipped

    @property
    def examples(self) -> Mapping[str, List[str]]:
        """The first three skipped lines of each reason, shortened, escaped to printable ASCII."""
        return self._source.account.examples

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the file so far: for a progress bar with `size`."""
        return self._source.bytes_read

    @property
    def size(self) -> Optional[int]:
        """Bytes of the file as it lies on the disk; None for standard input and pipes."""
        return self._source.size


def open_events(
    path: str, *, as_of: datetime, field: Optional[str] = None, format: Optional[str] = None
) -> EventStream:
    """Opens a log: a file, plain or gzip, or standard input for `-`.

    `as_of` (aware) settles the year of syslog stamps, which bear none. `field` names the field that holds the address
    in CSV and JSON, where its name is not known. `format` is a value of LogFormat and overrides what the first lines
    look like. Raises EventsError, in one sentence, for what cannot be read or has no field with an address.
    """
    source = open_source(path, Account())
    try:
        form = _named(format) if format else _told(source.head)
        _check_field(source, form, field)
    except EventsError:
        source.close()
        raise
    return EventStream(source, form, _READERS[form](source, Clock(as_of), field))


Reader = Callable[[LogSource, Clock, Optional[str]], Iterator[Sequence[Row]]]
_READERS: Mapping[LogFormat, Reader] = {
    LogFormat.ACCESS: lambda source, _clock, _field: read_access_log(source),
    LogFormat.SYSLOG: lambda source, clock, _field: _batched(read_syslog(source, clock)),
    LogFormat.CSV: lambda source, clock, field: _batched(read_table(source, clock, field)),
    LogFormat.JSON: lambda source, clock, field: _batched(read_json(source, clock, field)),
    LogFormat.LABELLED: lambda source, clock, _field: _batched(read_labelled(source, clock)),
    LogFormat.TEXT: lambda source, clock, _field: _batched(read_text(source, clock)),
}


def _batched(events: Iterator[Event]) -> Iterator[Sequence[Row]]:
    return iter(lambda: list(islice(events, _BATCH)), [])


def _named(text: str) -> LogFormat:
    try:
        return LogFormat(text)
    except ValueError:
        raise EventsError(
            f"{text!r} is no log format; there are {', '.join(form.value for form in LogFormat)}"
        ) from None


def _told(head: str) -> LogFormat:
    """The format that a text looks like by its beginning."""
    if looks_like_json(head):
        return LogFormat.JSON
    lines = [line for line in head.split("\n") if line.strip()][:_LOOKED_AT]
    for form, looks in ((LogFormat.ACCESS, looks_like_access_log), (LogFormat.SYSLOG, looks_like_syslog)):
        if 4 * sum(map(looks, lines)) >= len(lines):
            return form
    if looks_like_table(head):
        return LogFormat.CSV
    return LogFormat.LABELLED if looks_labelled(head) else LogFormat.TEXT


def _check_field(source: LogSource, form: LogFormat, field: Optional[str]) -> None:
    """Refuses a log whose fields hold no address as far as its beginning tells."""
    if form not in (LogFormat.CSV, LogFormat.JSON):
        if field:
            raise EventsError(f"{source.name} is read as {form.value}, which has no named fields such as {field!a}")
        return
    names = _field_names(source, form)
    if has_address(names, field) or not names:
        return
    listed = ", ".join(ascii(name[:_NAME_LENGTH])[1:-1] for name in names[:_NAMES_LISTED])
    more = f" and {len(names) - _NAMES_LISTED} more" if len(names) > _NAMES_LISTED else ""
    lacking = f"has no field {field!a}" if field else "has no field known to hold an address: name it with --field"
    raise EventsError(f"{source.name} {lacking}; there are {listed}{more}")


def _field_names(source: LogSource, form: LogFormat) -> Tuple[str, ...]:
    """The fields that the beginning of a CSV or JSON log has; none when no JSON object is complete there."""
    if form is LogFormat.JSON:
        return field_names(source.head)
    shape = table_shape(source.head)
    if shape is None:
        raise EventsError(f"{source.name} has no header line that names its columns")
    return shape.names
