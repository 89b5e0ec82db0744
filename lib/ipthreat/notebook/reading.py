"""Logs as DataFrames, and the sample events that every notebook opens with."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any, Optional

import pandas

from .. import demo
from ..commands.ground import now
from ..events import open_events
from .ground import Ground, Place

COLUMNS = (
    *("src_ip", "_time", "http_user_agent", "request", "status", "action", "bytes_out", "bytes_in", "dest_ip"),
    *("dest_port", "user", "repeats"),
)
"""The columns of a log read as a frame, by the names that `assess` knows."""


def read_events(path: Place = "", as_of: Optional[datetime] = None, field: Optional[str] = None) -> pandas.DataFrame:
    """Any log that `ipthreat report` reads, a row per event; without a path the sample events of the demo.

    `as_of` settles the year of syslog stamps, `field` names the address field where it is not found by itself. Rows
    that give no event are counted in `frame.attrs["skipped"]`. Raises EventsError in one sentence.
    """
    shipped = not os.fspath(path)
    moment = as_of or (demo.AS_OF if shipped else now())
    with open_events(str(demo.EVENTS) if shipped else os.fspath(path), as_of=moment, field=field) as events:
        made = pandas.DataFrame([row for rows in events.batches() for row in rows], columns=list(COLUMNS))
        made.attrs["skipped"] = dict(events.skipped)
    made["_time"] = pandas.to_datetime(made["_time"].astype("float64"), unit="s", utc=True)
    for name in ("status", "bytes_out", "bytes_in", "dest_port"):
        made[name] = made[name].astype("Int64")
    return _without_empty(made)


def _without_empty(made: pandas.DataFrame) -> pandas.DataFrame:
    """The frame without columns of which the log says nothing; repeated events get a row for each time."""
    if len(made) and (made["repeats"] > 1).any():
        made = made.loc[made.index.repeat(made["repeats"])].reset_index(drop=True)
    told = [name for name in made.columns[:-1] if name in COLUMNS[:2] or _tells(made[name])]
    return made[told]


def _tells(column: Any) -> bool:
    return bool((column.notna() & (column.astype(str) != "")).any())


def demo_ground(**options: Any) -> Ground:
    """The ground of the demo: the recorded evidence of the reference case, at its date, without a user's own lists."""
    return Ground.of(**{"evidence": demo.EVIDENCE, "as_of": demo.AS_OF, "environment": {}, **options})
