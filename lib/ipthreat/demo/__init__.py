"""Sample events and recorded evidence of the reference case: a reconstruction, labelled as one (see README.md here)."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

EVENTS = Path(__file__).parent / "reconstruction.access.log"
EVIDENCE = Path(__file__).parent / "evidence.json"
AS_OF = datetime(2023, 10, 26, 23, 59, 59, tzinfo=timezone.utc)
"""End of the day that the reference reports are dated."""
REFERENCE = ("18.237.3.202", "14.103.172.199")
"""The two addresses of the reference reports."""
LABEL = "The demo's events are a reconstruction of the reference case of 2023-10-26, not a recorded log."
