"""Small log files for tests, and the events in them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import List, NamedTuple, Optional, Union

from ipthreat.events import Event, EventStream, open_events

AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


class Log(NamedTuple):
    """A log read to its end."""

    events: List[Event]
    stream: EventStream


def write(folder: Path, content: Union[str, bytes], name: str = "a.log") -> str:
    """Writes a file and returns its path."""
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return str(path)


def read(path: str, field: Optional[str] = None, form: Optional[str] = None, as_of: datetime = AS_OF) -> Log:
    """Reads a log to its end."""
    with open_events(path, as_of=as_of, field=field, format=form) as stream:
        return Log(list(stream), stream)


def read_text(folder: Path, content: Union[str, bytes], **options: Optional[str]) -> Log:
    """Writes a log and reads it to its end."""
    return read(write(folder, content), **options)


def at(text: str) -> float:
    """Seconds since the epoch of an ISO time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()
