"""Events as DataFrames: those of the demo."""

from __future__ import annotations

import pandas

from ipthreat import demo
from ipthreat.events import open_events
from ipthreat.notebook import demo_ground

__all__ = ["SAMPLE", "demo_events", "demo_ground"]

COLUMNS = ("src_ip", "_time", "http_user_agent", "request", "status", "bytes_out")
SAMPLE = "18.237.3.202"
"""The first reference address."""


def demo_events() -> pandas.DataFrame:
    """The demo's access log, a row per event."""
    with open_events(str(demo.EVENTS), as_of=demo.AS_OF) as events:
        rows = [(event.address, event.time, *event[2:5], event.bytes_out) for event in events]
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    frame["_time"] = pandas.to_datetime(frame["_time"], unit="s", utc=True)
    return frame
