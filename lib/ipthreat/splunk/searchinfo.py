"""What splunkd tells a command about its search."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

_STARTED = re.compile(r"(?<!\d)([12]\d{9})(?!\d)")


def moment_of(searchinfo: Any) -> datetime:
    """The second in which the search was started, as its number (`sid`) tells; now, for one that does not.

    All processes of a search, on every machine and at every preview, so judge as of the same moment. The number is
    `1790000000.12` for a search typed in, and has the same seconds in it for scheduled, remote and real-time ones.
    """
    match = _STARTED.search(str(getattr(searchinfo, "sid", "")))
    return datetime.fromtimestamp(int(match[1]), timezone.utc) if match else datetime.now(timezone.utc)


def search_of(searchinfo: Any) -> str:
    """The search as typed, in one line of at most 2,000 characters."""
    return " ".join(str(getattr(searchinfo, "search", "")).split())[:2000]
