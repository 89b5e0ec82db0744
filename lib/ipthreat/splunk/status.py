"""`| ipthreatstatus`: a row for each part of the embedded snapshot, each list and each source, with its age."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Mapping

from ..errors import SplunkError
from .base import Configuration, GeneratingCommand, SafeCommand, run
from .conf import app_lists
from .joblog import JobLog
from .status_providers import FIELDS as OF_PROVIDERS
from .status_rows import FIELDS as OF_ALL
from .status_rows import status_rows

FIELDS = (*OF_ALL, *OF_PROVIDERS)
"""The fields of every row. `kind` is part, list or provider, `status` a word of the judgement's vocabulary."""


def _row(told: Mapping[str, str]) -> Dict[str, str]:
    return {name: told.get(name, "") for name in FIELDS}


@Configuration(type="reporting")
class IpthreatStatusCommand(SafeCommand, GeneratingCommand):  # type: ignore[misc] # the SDK has no types
    """The command. It asks no provider: what it tells is in the app's own files, or known to its handler."""

    def __init__(self) -> None:
        super().__init__()
        self.log = JobLog("ipthreatstatus")

    def prepare(self) -> None:
        """Refuses arguments, of which there are none."""
        if self.fieldnames:
            self.stop(f"ipthreatstatus takes no arguments, and there is {self.fieldnames[0][:60]!r}")

    def generate(self) -> Iterator[Dict[str, Any]]:
        """The rows."""
        rows = list(map(_row, status_rows(app_lists(), datetime.now(timezone.utc))))
        for row in rows:
            if row["status"] == "error":
                self.log.problem(row["name"], row["reason"])
        rows += self._providers()
        self.log.count("rows", len(rows))
        self.log.tell(self)
        yield from rows

    def _providers(self) -> List[Dict[str, str]]:
        """The rows of the live sources; a warning in place of those that the handler does not tell."""
        about = self.metadata.searchinfo
        if not (getattr(about, "splunkd_uri", "") and getattr(about, "session_key", "")):
            return []  # there is no splunkd: the command runs by itself
        from .splunkd import Splunkd
        from .status_providers import provider_rows

        try:
            return list(map(_row, provider_rows(Splunkd(about.splunkd_uri, about.session_key))))
        except SplunkError as error:
            self.log.problem("live sources", f"live sources are not told of: {error}")
            return []


def main() -> None:
    """Runs the command on standard input and output."""
    run(IpthreatStatusCommand())
