"""`| ipthreatstatus`: a row for each part of the embedded snapshot, each list and each source, with its age."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Iterator

from .base import Configuration, GeneratingCommand, SafeCommand, run
from .conf import app_lists
from .joblog import JobLog
from .status_rows import status_rows


@Configuration(type="reporting")
class IpthreatStatusCommand(SafeCommand, GeneratingCommand):  # type: ignore[misc] # the SDK has no types
    """The command. It asks nobody: what it tells is in the app's own files."""

    def __init__(self) -> None:
        super().__init__()
        self.log = JobLog("ipthreatstatus")

    def prepare(self) -> None:
        """Refuses arguments, of which there are none."""
        if self.fieldnames:
            self.stop(f"ipthreatstatus takes no arguments, and there is {self.fieldnames[0][:60]!r}")

    def generate(self) -> Iterator[Dict[str, Any]]:
        """The rows."""
        rows = status_rows(app_lists(), datetime.now(timezone.utc))
        for row in rows:
            if row["status"] == "error":
                self.log.problem(row["name"], row["reason"])
        self.log.count("rows", len(rows))
        self.log.tell(self)
        yield from rows


def main() -> None:
    """Runs the command on standard input and output."""
    run(IpthreatStatusCommand())
