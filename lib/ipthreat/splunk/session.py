"""One process of a search command, spoken to as splunkd does: getinfo, then a reply to each chunk before the next."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import threading
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type, cast
from urllib.parse import quote

from ..errors import IpthreatError
from .protocol import Frame, encoded, read_frame

Message = Tuple[str, str]
"""Level (INFO, WARN, ERROR …) and text, as the user sees it above the results."""

_PATIENCE = 300.0


@dataclass(frozen=True)
class Ground:
    """Where and how the processes of a search run."""

    app: Path
    """The folder of the app, as `splunk_app/package.py stage` lays it."""
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    """Empty by default: a command must not depend on the environment it was started from."""
    splunkd_uri: str = "https://127.0.0.1:8089"
    session_key: str = ""
    sid: str = "1790000000.1"
    """The number of the search; it begins with the second in which the search was started."""
    search: str = ""
    """The whole search, as typed."""
    preview: bool = False
    chunk_rows: int = 50_000
    """Rows of a chunk; splunkd's own limit is `maxresultrows`."""
    parts: int = 1
    """Indexers over which the events are spread."""
    piece: int = 0
    """Bytes written to the pipe at a time; 0 for all at once."""


@dataclass
class Outcome:
    """What came of one process."""

    configuration: Dict[str, Any] = field(default_factory=dict)
    """The reply to getinfo."""
    bodies: List[bytes] = field(default_factory=list)
    """The body of each further reply."""
    messages: List[Message] = field(default_factory=list)
    metrics: Dict[str, List[Optional[float]]] = field(default_factory=dict)
    """Metric of the job inspector → seconds, invocations, input and output count; the last value of each."""
    exit_code: int = 0
    stderr: str = ""

    def take(self, frame: Frame) -> Frame:
        """Notes the messages and metrics of a reply."""
        for name, value in (frame.metadata.get("inspector") or {}).items():
            if name == "messages":
                self.messages += [(str(level), str(text)) for level, text in value]
            else:
                self.metrics[name.replace("metric.", "", 1)] = value
        return frame

    @property
    def failed(self) -> bool:
        """True when splunkd would stop the search."""
        return self.exit_code != 0 or any(level in ("ERROR", "FATAL") for level, _ in self.messages)


class Session:
    """A running process. `with Session(ground, script, args) as session: session.getinfo(); session.execute(body)`."""

    def __init__(self, ground: Ground, script: str, command: str, args: Sequence[str]) -> None:
        self.outcome = Outcome()
        self._ground = ground
        self._command = command
        self._args = list(args)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._dispatch = tempfile.TemporaryDirectory(prefix="dispatch-")
        words = [ground.python, "-E", "-s", "-S", "-B", str(ground.app / "bin" / script)]
        self._process = subprocess.Popen(  # noqa: S603 - the words are ours, no shell
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(ground.environment),
            cwd="/",
            bufsize=0,
        )
        self._input = cast(BinaryIO, self._process.stdin)
        self._output = io.BufferedReader(cast(io.RawIOBase, self._process.stdout))
        self._killer = threading.Timer(_PATIENCE, self._process.kill)
        self._killer.daemon = True
        self._killer.start()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        with suppress(IpthreatError) if kind else nullcontext():  # the first error says more than what follows from it
            self.close()

    def getinfo(self) -> Dict[str, Any]:
        """Asks what the command is; its reply, which is empty when it ended without one."""
        ground = self._ground
        info = {
            "args": self._args,
            "raw_args": [_quoted(arg) for arg in self._args],
            "dispatch_dir": self._dispatch.name,
            "sid": ground.sid,
            "app": "search",
            "owner": "admin",
            "username": "admin",
            "session_key": ground.session_key,
            "splunkd_uri": ground.splunkd_uri,
            "splunk_version": "9.4.1",
            "search": quote(ground.search, safe=""),
            "command": self._command,
            "maxresultrows": 50_000,
            "earliest_time": "0",
            "latest_time": "0",
        }
        asked = {"action": "getinfo", "preview": ground.preview, "streaming_command_will_restart": False}
        frame = self._say(encoded({**asked, "searchinfo": info}))
        self.outcome.configuration = frame.metadata if frame else {}
        return self.outcome.configuration

    def execute(self, body: bytes, finished: bool) -> Optional[Frame]:
        """Sends a chunk and waits for the reply; None when the command ended instead."""
        frame = self._say(encoded({"action": "execute", "finished": finished}, body))
        if frame is not None:
            self.outcome.bodies.append(frame.body)
        return frame

    def close(self) -> Outcome:
        """Ends the conversation as splunkd does, by closing the pipe, and waits for the process."""
        if self._output.closed:
            return self.outcome
        self._input.close()
        rest = self._output.read()
        self.outcome.exit_code = self._process.wait()
        self._killer.cancel()
        self._output.close()
        self._errors.seek(0)
        self.outcome.stderr = self._errors.read().decode("utf-8", "replace")
        self._errors.close()
        self._dispatch.cleanup()
        if rest:
            raise IpthreatError(f"{self._command} wrote {len(rest)} bytes that nobody asked for: {rest[:80]!r}")
        return self.outcome

    def _say(self, data: bytes) -> Optional[Frame]:
        try:
            for piece in self._pieces(data):
                _write(self._input, piece)
        except BrokenPipeError:  # it ended early; what it said before is still in the pipe
            pass
        frame = read_frame(self._output)
        return self.outcome.take(frame) if frame else None

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        size = self._ground.piece or len(data)
        return (data[start : start + size] for start in range(0, len(data), size))


def _write(stream: BinaryIO, data: bytes) -> None:
    """Writes all of it; a pipe without a buffer takes what it can at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(stream.fileno(), view) :]


def _quoted(arg: str) -> str:
    """An argument as it may have been typed: the value in quotes where it needs them."""
    name, mark, value = arg.partition("=")
    if not re.search(r'[\s"|,]', value):
        return arg
    return f"{name}{mark}" + '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
