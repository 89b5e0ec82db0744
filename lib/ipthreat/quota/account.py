"""A key and what may be spent on it, and the arithmetic of shares and periods. No I/O."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Tuple

MARGIN = 1.03
"""Windows are kept this much longer than they are: between leave to go and going a process may have to wait its turn,
and requests do not travel equally fast."""

MOST = 10**9
"""No provider is believed that more requests than this are allowed, or remain."""
LONGEST_RESET = 40 * 86_400.0
"""No provider is believed that a quota is there again only after this, in seconds: the longest is a month's."""
_SECONDS: Mapping[str, float] = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
CALENDAR = ("day", "month")
"""Periods that begin at midnight UTC, of every day or of the first of a month."""
PERIODS = (*_SECONDS, *CALENDAR)
"""All that a limit may be for."""


class Window(NamedTuple):
    """No stretch of so many seconds may hold more than so many requests."""

    seconds: float
    most: int


@dataclass(frozen=True)
class Account:
    """One key at one provider, with what may be spent on it."""

    name: str
    """Provider and a hash of the key: `virustotal:1f0e…`. The key itself is stored nowhere."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Requests per second, minute, hour, day, month; a period without a limit is absent."""
    settled: FrozenSet[str] = frozenset()
    """Periods whose limit is the user's own word, which nothing that is learnt overrides."""
    members: int = 1
    """Machines that share the key; this one spends its share, limit ÷ members."""
    reserve: float = 0.0
    """Share of the daily and monthly limit that is left untouched; 0 for an alert, which it is kept for."""

    def known(self, learnt: Mapping[str, int]) -> Dict[str, int]:
        """The limits with what was learnt of them."""
        return {**self.limits, **{period: limit for period, limit in learnt.items() if period not in self.settled}}

    def windows(self, limits: Mapping[str, int]) -> List[Window]:
        """What no stretch of time may hold more of: the limits as this machine shares them, and a margin of time.

        A share below one request per window is one request per longer window.
        """
        found = []
        for period, seconds in _SECONDS.items():
            if period in limits:
                share = limits[period] // self.members
                longer = Window(MARGIN * seconds * self.members / limits[period], 1)
                found.append(Window(MARGIN * seconds, share) if share else longer)
        return found

    def pace(self, limits: Mapping[str, int]) -> List[Window]:
        """The windows by which requests are scheduled: the same, but a limit per second is spread evenly."""
        spread = [Window(MARGIN * self.members / limits["second"], 1)] if "second" in limits else []
        return [*spread, *self.windows({period: limit for period, limit in limits.items() if period != "second"})]

    def share(self, limit: int) -> int:
        """How much of a daily or monthly limit this machine may spend, the reserve left out."""
        return int(limit // self.members * (1.0 - self.reserve) + 1e-9)


def account_name(provider: str, key: str) -> str:
    """The name of a key's account. A key cannot be found out from it."""
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8, person=b"ipthreat quota").hexdigest()
    return f"{provider}:{digest}"


class Grant(NamedTuple):
    """Leave to make one request."""

    wait: float
    """Seconds from now until it may be made."""
    slot: int
    """Its row in the ledger."""
    numbers: Mapping[str, int]
    """Per day and month: the how-manieth request of the period it is."""
    at: float
    """The moment it is booked for, in seconds since 1970: its day and month."""
    cost: int
    """How many requests of the day and the month it counts for."""


class Refusal(NamedTuple):
    """Why no request may be made in the time the caller can wait."""

    reason: str
    until: float
    """When to try again, seconds since 1970."""


@dataclass(frozen=True)
class Standing:
    """What is known of an account."""

    used: Mapping[str, int] = field(default_factory=dict)
    """Requests of this machine in the current day and month."""
    left: Mapping[str, int] = field(default_factory=dict)
    """What this machine may still spend in those that have a limit, the reserve left out."""
    told: FrozenSet[str] = frozenset()
    """Those of which the provider itself has said what is left."""
    resets: Mapping[str, float] = field(default_factory=dict)
    """When day and month end, seconds since 1970."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """The limits of the key as far as they are known."""
    next_at: float = 0.0
    """When the next request could be made, days and months left out."""
    blocked_until: float = 0.0
    why: str = ""
    status: str = ""
    """How the last run's look-ups ended: a value of `Status`; empty before the first run."""
    reason: str = ""
    at: float = 0.0
    """When that was, seconds since 1970."""


def span(period: str, moment: float) -> Tuple[float, float]:
    """Start and end of the day or month of UTC that holds the moment, in seconds since 1970."""
    start = datetime.fromtimestamp(moment, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return start.timestamp(), (start + timedelta(days=1)).timestamp()
    start = start.replace(day=1)
    following = (start + timedelta(days=32)).replace(day=1)
    return start.timestamp(), following.timestamp()


def clock_text(moment: float) -> str:
    """A moment as a reason names it: `2026-11-24 12:01:05 UTC`."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
