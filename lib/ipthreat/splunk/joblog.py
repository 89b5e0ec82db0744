"""What a command tells about its run: the job inspector's metrics, messages to the user, a line in ipthreat.log.

Nothing goes to stdout, which carries the records, nor to stderr, which splunkd takes for trouble. A log that cannot be
written stops no search.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from .conf import APP

LOG = "ipthreat.log"
LARGEST_LOG = 25_000_000
"""Bytes beyond which the log becomes ipthreat.log.1, as Splunk's own logs do."""

LONGEST_VALUE = 300
"""Characters of a value in a line of the log; what is longer is cut."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+-]+")
_NO_WORD = re.compile(r"\W+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class JobLog:
    """Counts what a search did and what went wrong, and tells each kind of problem once."""

    def __init__(self, command: str, app: Path = APP) -> None:
        self.counts: Dict[str, int] = {}
        """Name → number: `events`, `distinct`, `memo_hits`, `calls` …; each becomes a metric and a key of the line."""
        self.facts: Dict[str, str] = {"command": command}
        """Further keys of the line: the mode, the options."""
        self._app = app
        self._started = time.monotonic()
        self._problems: Dict[str, List[Any]] = {}  # kind → [first text, number]
        self._told: Dict[str, int] = {}

    def count(self, name: str, number: int = 1) -> None:
        """Adds to a count."""
        self.counts[name] = self.counts.get(name, 0) + number

    def problem(self, kind: str, text: str, number: int = 1) -> None:
        """Notes a problem; of each kind the first text is told, with how often it came."""
        entry = self._problems.setdefault(_NO_WORD.sub("_", kind), [text, 0])
        entry[1] += number

    def tell(self, command: Any) -> None:
        """Writes the metrics, and a warning for each kind of problem that was not told yet; once per chunk."""
        seconds = round(time.monotonic() - self._started, 3)
        for name, number in self.counts.items():
            command.write_metric(f"ipthreat.{name}", (seconds, 1, number, None))
        for kind, text in self._new_problems():
            command.write_warning("{}", text)
            self._told[kind] = 1

    def _new_problems(self) -> Iterator[Tuple[str, str]]:
        for kind, (text, number) in self._problems.items():
            if kind not in self._told:
                yield kind, f"{text} ({number:,} times)" if number > 1 else text

    def close(self, searchinfo: Optional[Any] = None) -> None:
        """Writes the line of the search; `searchinfo` is what splunkd told about it."""
        facts: Dict[str, object] = {**self.facts}
        for name in ("sid", "owner", "app"):
            facts[name] = getattr(searchinfo, name, "") or ""
        facts.update(self.counts, seconds=round(time.monotonic() - self._started, 3))
        for kind, (text, number) in self._problems.items():
            facts.update({f"problem_{kind}": number, f"problem_{kind}_text": text})
        folder = log_folder(self._app, os.environ)
        if folder is not None:
            append_line(folder / LOG, line("WARN" if self._problems else "INFO", facts, datetime.now(timezone.utc)))


def line(level: str, facts: Mapping[str, object], moment: datetime) -> str:
    """A line of the log: the time, then key=value pairs, quoted where they must be.

    >>> line("INFO", {"command": "x", "note": 'a "b"'}, datetime(2026, 1, 2, tzinfo=timezone.utc))
    '2026-01-02T00:00:00.000+00:00 level=INFO command=x note="a \\\\"b\\\\""\\n'
    """
    pairs = [f"level={level}", *(f"{key}={_value(value)}" for key, value in facts.items() if value != "")]
    return f"{moment.isoformat(timespec='milliseconds')} {' '.join(pairs)}\n"


def one_line(text: str, longest: int) -> str:
    """A text without line breaks and other control characters, cut to a length."""
    text = _CONTROLS.sub(" ", text).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def log_folder(app: Path, environment: Mapping[str, str]) -> Optional[Path]:
    """The folder of Splunk's own logs, which it indexes in `_internal`; None when there is none.

    An app lies in `etc/apps/<app>`, on an indexer in `var/run/searchpeers/<bundle>/apps/<app>`.
    """
    homes = [Path(environment["SPLUNK_HOME"])] if environment.get("SPLUNK_HOME") else []
    homes += [parent for parent in app.parents if parent.name and app.is_absolute()][2:6]
    for home in homes:
        folder = home / "var" / "log" / "splunk"
        if folder.is_dir():
            return folder
    return None


def _value(value: object) -> str:
    text = one_line(str(value), LONGEST_VALUE)
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def append_line(path: Path, text: str) -> None:
    """Adds a line in one write, so that searches that run at once do not mix theirs."""
    with suppress(OSError):
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            os.replace(path, path.with_name(f"{path.name}.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
