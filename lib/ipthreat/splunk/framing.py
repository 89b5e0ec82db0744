"""The frames of the search command protocol: heads are read and frames written here, bodies are their readers' part.

A frame is `chunked 1.0,<bytes of metadata>,<bytes of body>\\n`, the metadata as JSON, and the body as CSV, one after
the other.
"""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO, Dict, Mapping, NamedTuple, Optional

from ..errors import IpthreatError

_HEAD = re.compile(rb"chunked\s+1\.0\s*,\s*(\d{1,12})\s*,\s*(\d{1,12})\s*\n")
_LONGEST_HEAD = 4096
_MOST_METADATA = 1 << 26
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
    if int(match[1]) > _MOST_METADATA:
        raise IpthreatError(f"a chunk announces {match[1].decode()} bytes of metadata")
    return Head(_metadata(exactly(stream, int(match[1]))), int(match[2]))


def _metadata(data: bytes) -> Dict[str, Any]:
    try:
        metadata = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        raise IpthreatError(f"the metadata of a chunk are no JSON: {data[:80]!r}") from None
    if not isinstance(metadata, dict):
        raise IpthreatError(f"the metadata of a chunk are no JSON object: {data[:80]!r}")
    return metadata


def exactly(stream: BinaryIO, size: int) -> bytes:
    """So many bytes of a stream. Raises IpthreatError when it ends before them."""
    data = stream.read(size)
    if len(data) != size:
        raise IpthreatError(f"a chunk announces {size} bytes and ends after {len(data)}")
    return data


def head_of(metadata: Mapping[str, Any], length: int) -> bytes:
    """What comes before a body of so many bytes."""
    text = json.dumps(metadata, separators=(",", ":")).encode("ascii")
    return b"chunked 1.0,%d,%d\n%b" % (len(text), length, text)


def write_frame(stream: BinaryIO, metadata: Dict[str, Any], body: memoryview) -> None:
    """Sends a frame."""
    stream.write(head_of(metadata, len(body)))
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
