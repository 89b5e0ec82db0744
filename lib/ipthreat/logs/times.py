"""Time stamps of logs, as seconds since the epoch (UTC).

A stamp without a zone is taken as UTC. A stamp outside 1970–2106 is no time: such values come from broken clocks and
from fields that hold something else.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Optional, Tuple

from ..memo import Memo

LATEST = float(2**32 - 1)
"""First second that is not accepted: times fit an unsigned 32-bit number, whose last value means "no time"."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY = 86400
_CLOSE = 60 * _DAY  # a log that holds as-of may go on for that long after its first stamp
_KEPT = 8192  # stamps remembered; a log has few distinct ones within a stretch of lines
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_SECONDS = {f":{second:02}": second for second in range(60)}
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?(?!\d)", re.IGNORECASE
)
_CLF = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?: ([+-]\d{4}))?")
_SYSLOG = re.compile(r"\b([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?: (\d{4})\b)?")
_NUMBER = re.compile(r"\d{1,20}(?:\.\d+)?(?:[eE]\+?\d{1,2})?")


def epoch(year: int, month: int, day: int, clock: Tuple[int, int, int], zone: str = "") -> Optional[float]:
    """Seconds since the epoch, or None for a date that does not exist or lies outside 1970–2106.

    `clock` is (hours, minutes, seconds; 60 for a leap second), `zone` is `+hhmm`, `+hh:mm`, `Z` or empty for UTC.
    """
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    hours, minutes, seconds = clock
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return within(float(days * _DAY + hours * 3600 + minutes * 60 + seconds - _offset(zone)))


def within(seconds: float) -> Optional[float]:
    """The same number if it is an acceptable time, else None (also for NaN)."""
    return seconds if 0 <= seconds < LATEST else None


def from_number(value: float) -> Optional[float]:
    """Seconds from an epoch number in seconds, milli-, micro- or nanoseconds, told apart by their size."""
    for unit in (1.0, 1e3, 1e6, 1e9):
        if value / unit < LATEST:
            return within(value / unit)
    return None


def iso(text: str) -> Optional[float]:
    """The first ISO 8601 stamp in the text (`T` or space, fraction and zone optional)."""
    match = _ISO.search(text)
    if match is None:
        return None
    year, month, day, *clock = map(int, match.groups()[:6])
    whole = epoch(year, month, day, (clock[0], clock[1], clock[2]), match[8] or "")
    return whole if whole is None or not match[7] else whole + float(f"0.{match[7]}")


def clf(text: str) -> Optional[float]:
    """The first access-log stamp in the text: `17/May/2015:10:05:03 +0000`."""
    match = _CLF.search(text)
    if match is None:
        return None
    day, month, year = int(match[1]), _MONTHS.get(match[2].lower(), 0), int(match[3])
    return epoch(year, month, day, (int(match[4]), int(match[5]), int(match[6])), match[7] or "")


def access_log_stamps() -> Memo[Optional[float]]:
    """What the stamps of an access log mean. Minutes are remembered too: they repeat far more often than seconds."""
    minutes = Memo(clf, _KEPT)

    def read(stamp: str) -> Optional[float]:
        second = _SECONDS.get(stamp[17:20])
        if second is None:
            return clf(stamp)
        minute = minutes[f"{stamp[:17]}:00{stamp[20:]}"]
        return None if minute is None else minute + second

    return Memo(read, _KEPT)


class Clock:
    """Reads stamps of any known shape; `as_of` (an aware datetime) settles the year where a stamp has none.

    The year of a syslog stamp is the latest that puts it not after as-of, with one day to spare for servers whose
    local time runs ahead of UTC. Where as-of lies inside a log, what comes after it would go back a year by that: such
    a stamp stays in the year that puts it close to the first stamp read.
    """

    def __init__(self, as_of: datetime) -> None:
        self._year = as_of.year
        self._latest = as_of.timestamp() + _DAY
        self._first: Optional[float] = None

    def syslog(self, text: str) -> Optional[float]:
        """The first syslog stamp in the text: `Mar 27 13:06:56`, with a year before or behind the clock, or none."""
        match = _SYSLOG.search(text)
        if match is None:
            return None
        month, day = _MONTHS.get(match[1].lower(), 0), int(match[2])
        clock = (int(match[4]), int(match[5]), int(match[6]))
        if match[3] or match[7]:
            return epoch(int(match[3] or match[7]), month, day, clock)
        return self._nearest(month, day, clock)

    def _nearest(self, month: int, day: int, clock: Tuple[int, int, int]) -> Optional[float]:
        """The stamp in the latest year that puts it before as-of, or in the next one if it is close to the first."""
        next_year = None
        # Eight years back always holds a 29 February, also around 1900 and 2100.
        for year in range(self._year + 1, self._year - 9, -1):
            seconds = epoch(year, month, day, clock)
            if seconds is not None and seconds <= self._latest:
                self._first = seconds if self._first is None else self._first
                close = next_year is not None and abs(next_year - self._first) <= _CLOSE
                return next_year if close else seconds
            next_year = seconds
        return None

    def find(self, text: str) -> Optional[float]:
        """The first stamp of any known shape in free text."""
        for read in (iso, clf, self.syslog):
            seconds = read(text)
            if seconds is not None:
                return seconds
        return None

    def stamps(self) -> Memo[Optional[float]]:
        """What the time fields of records mean."""
        return Memo(self.field, _KEPT)

    def field(self, text: str) -> Optional[float]:
        """The time in a field of a record: an epoch number or a stamp."""
        text = text.strip()
        return from_number(float(text)) if _NUMBER.fullmatch(text) else self.find(text)


def _offset(zone: str) -> int:
    """Seconds east of UTC."""
    if zone in ("", "Z", "z"):
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -seconds if zone[0] == "-" else seconds
