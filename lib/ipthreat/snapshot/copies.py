"""The last good copy of every feed, kept on disk with what is known about it.

    feeds/ipsum.json                     what is known: origin, validators, times, digest, the last failure
    feeds/ipsum.5f1d0c9a7e3b2468.list    the body as it came, named after its SHA-256

The body is written first and the description, which names the body, takes its place in one step. So whatever kills the
process and whenever, a description always finds the body it speaks of.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Iterator, Optional

from .layout import write

_SHA256 = re.compile("(?:[0-9a-f]{64})?")
_NUMBERS = frozenset({"entries", "rejected"})
_REQUIRED = frozenset({"name", "url", "format", "kind"})


@dataclass(frozen=True)
class FeedCopy:
    """What is known of a feed on this machine. Times are ISO 8601 in UTC, empty for never."""

    name: str
    url: str
    format: str
    kind: str
    group: str = ""
    source: str = ""
    licence: str = ""
    operator: str = ""
    asked: str = ""
    """When the server last gave any answer."""
    checked: str = ""
    """When the server last sent this copy or said that it is still the current one."""
    fetched: str = ""
    """When this copy was sent."""
    etag: str = ""
    last_modified: str = ""
    published: str = ""
    """ISO day of the publisher's own making, when the list names one."""
    entries: int = 0
    rejected: int = 0
    """Lines of the body without an address."""
    sha256: str = ""
    """Digest of the body; empty when there is no good copy."""
    failure: str = ""
    """Why the last question brought no copy."""

    @property
    def day(self) -> str:
        """ISO day as of which the list is current: its publisher's, else the server's, else that of the last check."""
        checked = _moment(self.checked)
        known = _moment(self.published) or _http_date(self.last_modified) or checked
        if known is None:
            return ""
        return (min(known, checked) if checked else known).date().isoformat()  # no list is newer than its last check

    def asked_ago(self, now: datetime) -> float:
        """Seconds since the server last answered; infinite when it never did, or in the future of our clock."""
        moment = _moment(self.asked)
        return (now - moment).total_seconds() if moment and moment <= now else float("inf")


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(timezone.utc).replace(microsecond=0).isoformat()


class Copies:
    """The folder of copies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __iter__(self) -> Iterator[FeedCopy]:
        """Every feed of which something is known, by name; one that cannot be read says so as its failure."""
        paths = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        return (self.load(path.stem) or _unreadable(path) for path in paths)

    def load(self, name: str) -> Optional[FeedCopy]:
        """What is known of a feed; None when nothing is, or nothing that can be read."""
        try:
            return _read(json.loads(self.description(name).read_bytes()), name)
        except (OSError, ValueError, RecursionError):
            return None

    def body(self, copy: FeedCopy) -> Optional[bytes]:
        """The last good body; None when there is none or it is not what it was when it came."""
        try:
            body = self._body_path(copy).read_bytes() if copy.sha256 else b""
        except OSError:
            return None
        return body if digest(body) == copy.sha256 else None

    def save(self, copy: FeedCopy, body: Optional[bytes] = None) -> None:
        """Stores what is known, and a new body. SnapshotError when the disk does not take it; the old copy stays."""
        if body is not None:
            write(self._body_path(copy), body, check=_unchecked)
        write(self.description(copy.name), json.dumps(asdict(copy), indent=1).encode(), check=_unchecked)
        for path in self.folder.glob(f"{copy.name}.*.list"):
            if path != self._body_path(copy):
                with contextlib.suppress(OSError):  # a body that nothing speaks of is untidy, no more
                    path.unlink()

    def description(self, name: str) -> Path:
        """The file that describes a feed. Removing it makes the feed unknown."""
        return self.folder / f"{name}.json"

    def _body_path(self, copy: FeedCopy) -> Path:
        return self.folder / f"{copy.name}.{copy.sha256[:16]}.list"


def digest(body: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def _read(data: Any, name: str) -> FeedCopy:
    """A description from decoded JSON. Raises ValueError for anything that is none."""
    if not isinstance(data, dict) or data.get("name") != name:
        raise ValueError("this is no description of this feed")
    known = {item.name for item in fields(FeedCopy)}
    values = {key: value for key, value in data.items() if key in known}
    if not all(isinstance(value, int if key in _NUMBERS else str) for key, value in values.items()):
        raise ValueError("a field of the description has the wrong type")
    if not _SHA256.fullmatch(values.get("sha256", "")) or not set(values) >= _REQUIRED:
        raise ValueError("the description is incomplete")
    return FeedCopy(**values)


def _unreadable(path: Path) -> FeedCopy:
    return FeedCopy(path.stem, "", "", "", failure=f"{path}: cannot be read")


def _moment(text: str) -> Optional[datetime]:
    try:
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _http_date(text: str) -> Optional[datetime]:
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _unchecked(path: Path) -> None:
    """The content was checked before it was written."""
