"""Which addresses may be blocked, and until when; `firewalls.py` writes the list in the syntax of each firewall.

An address is listed only with confidence 9 or 10 and an own event in the last days, and never when it is allow-listed,
private or reserved, or in a range whose operator a warning list names. Every entry expires: firewalls that know
time-outs get one, counted from the time of the report; for the others the expiry stands beside the entry.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import FrozenSet, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import Evidence, SourceKind

CONFIDENT = 9
"""Lowest confidence that is blocked."""
RENTED: FrozenSet[str] = frozenset(
    {"cloud", "dynamic", "hosting", "vpn", "tor", "open_resolver", "sinkhole", "parking"}
)
"""Kinds of warning list that do not spare an address: space where anybody may be. Any other kind names an operator
whose service would be cut off."""


@dataclass(frozen=True)
class Entry:
    """One address to block."""

    address: str
    """Canonical text."""
    expires: datetime
    lifetime: timedelta
    """From the time of the report to `expires`."""
    confidence: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.address).version

    @property
    def prefix(self) -> str:
        """The address as a network of one: `18.237.3.202/32`."""
        return f"{self.address}/{32 if self.version == 4 else 128}"

    @property
    def until(self) -> str:
        """`2023-11-02T12:00:00Z`."""
        return utc(self.expires)

    @property
    def seconds(self) -> int:
        """The lifetime as firewalls count it."""
        return int(self.lifetime.total_seconds())


def utc(moment: datetime) -> str:
    """A time as exports write it, in UTC: `2023-11-02T12:00:00Z`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_operated(assessment: Assessment) -> bool:
    """True when a warning list names the operator of the range: a block would cut off its service."""
    return any(map(names_operator, assessment.dossier.evidence))


def names_operator(item: Evidence) -> bool:
    """True for a listing that names who runs the range, not merely that anybody can rent it."""
    listed = item.kind is SourceKind.WARNING_LIST and item.speaks
    return listed and any(label not in RENTED for label in item.labels)


def is_spared(assessment: Assessment) -> bool:
    """True for what must never be blocked or passed on as an indicator, however hostile it looks.

    That is: not a global address, allow-listed, or in a range whose operator a warning list names.
    """
    dossier = assessment.dossier
    return not dossier.is_global or dossier.allowance is not None or is_operated(assessment)


def block_days(assessment: Assessment) -> int:
    """How long a block lasts: 7 days in space that changes hands quickly (cloud, dynamic), 30 elsewhere."""
    return 7 if assessment.policy.short_lived.intersection(assessment.flags) else 30


def expiry(assessment: Assessment) -> datetime:
    """When a block of it, or an indicator on it, ends."""
    return assessment.as_of + timedelta(days=block_days(assessment))


def is_blockable(assessment: Assessment) -> bool:
    """True when the address belongs on a block list."""
    confident = assessment.confidence is not None and assessment.confidence >= CONFIDENT
    return confident and assessment.active and not is_spared(assessment)


def entries(case: Case) -> Tuple[Entry, ...]:
    """The addresses to block, in numerical order, IPv4 first."""
    found = [
        Entry(item.address, expiry(item), expiry(item) - item.as_of, item.confidence or 0)
        for item in case.assessments
        if is_blockable(item)
    ]
    return tuple(sorted(found, key=lambda entry: (entry.version, int(ipaddress.ip_address(entry.address)))))
