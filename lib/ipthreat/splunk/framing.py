"""The frames of the search command protocol, seen from the command: heads are read here, bodies by the engine."""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO, Dict, NamedTuple, Optional

from ..errors import IpthreatError

_HEAD = re.compile(rb"chunked\s+1\.0\s*,\s*(\d{1,12})\s*,\s*(\d{1,12})\s*\n")
_LONGEST_HEAD = 4096
_PIPE_SIZE = 1 << 20
_SET_PIPE_SIZE = 1031  # Linux's F_SETPIPE_SZ, which Python names from 3.10 on


class Head(NamedTuple):
    """What comes before a body."""

    metadata: Dict[str, Any]
    length: int
    """Bytes of the body that follows."""


def read_head(stream: BinaryIO) -> Optional[Head]:
    """The head of the next frame; None at the end of the stream. Raises IpthreatError for anything else."""
    line = stream.readline(_LONGEST_HEAD)
    if not line:
        return None
    match = _HEAD.fullmatch(line)
    if match is None:
        raise IpthreatError(f"where a chunk should begin there is {line[:80]!r}")
    text = stream.read(int(match[1]))
    try:
        metadata = json.loads(text or b"{}")
    except ValueError:
        raise IpthreatError("the metadata of a chunk are no JSON") from None
    if not isinstance(metadata, dict):
        raise IpthreatError("the metadata of a chunk are no JSON object")
    return Head(metadata, int(match[2]))


def write_frame(stream: BinaryIO, metadata: Dict[str, Any], body: memoryview) -> None:
    """Sends a frame."""
    text = json.dumps(metadata, separators=(",", ":")).encode("ascii")
    stream.write(b"chunked 1.0,%d,%d\n%b" % (len(text), len(body), text))
    stream.write(body)
    stream.flush()


def widen(*streams: Any) -> None:
    """Asks the system for larger pipes, which saves a quarter of the time in them; where it refuses, all goes on."""
    try:
        from fcntl import fcntl
    except ImportError:  # Windows
        return
    for stream in streams:
        try:
            fcntl(stream.fileno(), _SET_PIPE_SIZE, _PIPE_SIZE)
        except (OSError, ValueError, AttributeError):  # no pipe, no descriptor, over the user's limit, not Linux
            continue
