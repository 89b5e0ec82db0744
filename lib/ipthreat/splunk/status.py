"""`| ipthreatstatus`: a row for each part of the embedded snapshot, each list and each source, with its age.

Rows have the fields of FIELDS, whatever the row is about; a field that does not apply is empty.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional

from ..case import SourcePart
from ..errors import SplunkError
from ..gather import LIST_LIFETIME
from ..intelligence import Intelligence
from ..paths import feeds_dir
from ..providers.talos import Talos
from ..recorded import parse_time
from .base import Configuration, GeneratingCommand, SafeCommand, run
from .conf import app_lists
from .joblog import JobLog
from .status_providers import FIELDS as OF_PROVIDERS

FIELDS = ("kind", "name", "status", "date", "age_days", "entries", "licence", "source", "reason", *OF_PROVIDERS)
"""The fields of every row. `kind` is part, list or provider, `status` a word of the judgement's vocabulary."""


def status_rows(lists: Path, moment: datetime) -> List[Dict[str, str]]:
    """A row per part, list and source, and one for each file that cannot be used; `lists` is the file of lists."""
    intelligence, failures = Intelligence.opened(lists), update_failures(lists.parent, moment)
    listed = {item.name for item in (intelligence.lists.lists() if intelligence.lists else ())}
    rows = [
        _list(part, moment, failures.get(part.name, "")) if part.name in listed else _part(part, moment)
        for part in intelligence.parts()
    ]
    failed = {name: reason for name, reason in sorted(failures.items()) if name not in listed}
    rows += [_row(kind="list", name=name, status="error", reason=reason) for name, reason in failed.items()]
    for kind, name, reason in (
        ("part", "snapshot", intelligence.snapshot_error),
        ("list", "lists", intelligence.lists_error),
    ):
        rows += [_row(kind=kind, name=name, status="error", reason=reason)] if reason else []
    talos = Talos.unavailable()
    rows.append(_row(kind="provider", name=talos.source, status=talos.status.value, reason=talos.reason))
    return rows


def update_failures(data: Path, moment: datetime) -> Mapping[str, str]:
    """Name → reason for each list whose last update brought no new copy."""
    if not feeds_dir(data).is_dir():
        return {}
    from ..snapshot.update import ages  # loads what only updates need

    return {feed.name: feed.failure for feed in ages(data, moment) if feed.failure}


def _part(part: SourcePart, moment: datetime) -> Dict[str, str]:
    age = _age_days(part.date, moment)
    return _row(
        kind="part",
        name=part.name,
        status="ok",
        date=part.date[:10],
        age_days="" if age is None else str(age),
        entries=str(part.entries),
        licence=part.licence,
        source=part.source,
    )


def _list(part: SourcePart, moment: datetime, failure: str) -> Dict[str, str]:
    """A list is a part that ages; after its lifetime it counts as not answered."""
    age = _age_days(part.date, moment)
    stale = age is not None and age > LIST_LIFETIME.days
    return {**_part(part, moment), "kind": "list", "status": "stale" if stale else "ok", "reason": failure}


def _age_days(date: str, moment: datetime) -> Optional[int]:
    return (moment - parse_time(date[:10])).days if date else None


def _row(**known: str) -> Dict[str, str]:
    return {name: known.get(name, "") for name in FIELDS}


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
        rows = status_rows(app_lists(), datetime.now(timezone.utc))
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
            return [_row(**row) for row in provider_rows(Splunkd(about.splunkd_uri, about.session_key))]
        except SplunkError as error:
            self.log.problem("live sources", f"live sources are not told of: {error}")
            return []


def main() -> None:
    """Runs the command on standard input and output."""
    run(IpthreatStatusCommand())
