"""The state of what a judgement rests on: a row for each part of the embedded snapshot, each list and each source.

Rows have the fields of FIELDS, whatever the row is about; a field that does not apply is empty.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Dict, List, Mapping, Optional

from ..case import SourcePart
from ..gather import LIST_LIFETIME
from ..intelligence import Intelligence
from ..paths import feeds_dir
from ..providers.talos import Talos
from ..recorded import parse_time

FIELDS = ("kind", "name", "status", "date", "age_days", "entries", "licence", "source", "reason")
"""The fields of every row. `kind` is part, list or provider, `status` a word of the judgement's vocabulary."""


def status_rows(lists: Path, moment: datetime) -> List[Dict[str, str]]:
    """A row per part, list and source, and one for each file that cannot be used; `lists` is the file of lists."""
    intelligence, failures = Intelligence.opened(lists).verified(), update_failures(lists.parent, moment)
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
