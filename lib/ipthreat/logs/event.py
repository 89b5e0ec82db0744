"""What a log reader hands on: events, and an account of the lines that gave none."""

from __future__ import annotations

import enum
from typing import Dict, List, NamedTuple, Optional, Tuple

_EXAMPLES = 3
_EXAMPLE_LENGTH = 120


class Event(NamedTuple):
    """One row of a log, reduced to what the behaviour rules read. Text is as the log has it: attacker-controlled."""

    address: str
    """Canonical text of the address that acted: the client, the source, the caller."""
    time: Optional[float] = None
    """Seconds since the epoch, from 0 to 2**32 - 2; None when the row bears no time that can be read."""
    user_agent: str = ""
    request: str = ""
    """`GET /path?query HTTP/1.1`, or as much of it as there is."""
    status: Optional[int] = None
    """HTTP status."""
    action: str = ""
    """Of a log-in: `success` or `failure`. Of a connection: `allowed` or `blocked`. Else empty."""
    bytes_out: Optional[int] = None
    """Bytes out of our network; with a `peer`, bytes that the address sent to it."""
    bytes_in: Optional[int] = None
    """Bytes into our network; with a `peer`, bytes that the address received from it."""
    peer: str = ""
    """Canonical text of the other end, where the row names it."""
    port: Optional[int] = None
    """Port of the service that was spoken to."""
    user: str = ""
    repeats: int = 1
    """How often it happened: more than once for `message repeated 5 times`."""


Row = Tuple[
    str, Optional[float], str, str, Optional[int], str, Optional[int], Optional[int], str, Optional[int], str, int
]
"""An event as a plain tuple, its fields in the same order: half a second less for a million of them."""


class Skip(str, enum.Enum):
    """Why a line gave no event."""

    SHAPE = "not in the format of the file"
    ADDRESS = "the address field holds no IP address"
    NO_ADDRESS = "no address in it"
    TOO_LONG = "longer than 1 MB"
    COLUMNS = "more or fewer columns than the header"
    JSON = "no JSON object, or cut short"
    CUT = "the compressed file is cut short or damaged"


class Account:
    """Counts what was read, so that no line is lost silently."""

    def __init__(self) -> None:
        self.read = 0
        """Lines (records of CSV and JSON documents) seen, skipped ones included."""
        self.skipped: Dict[str, int] = {}
        """Lines without an event, by reason."""
        self.examples: Dict[str, List[str]] = {}
        """The first three of each reason, cut to 120 characters, escaped to printable ASCII."""

    def skip(self, reason: Skip, text: str, lines: int = 1) -> None:
        """Notes lines that gave no event; `text` is the first of them."""
        self.skipped[reason.value] = self.skipped.get(reason.value, 0) + lines
        shown = self.examples.setdefault(reason.value, [])
        if len(shown) < _EXAMPLES:
            shown.append(text[:_EXAMPLE_LENGTH].encode("unicode_escape").decode("ascii"))
