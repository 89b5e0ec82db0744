"""How long an answer is fresh, and how long it may stand in for one that cannot be had.

Freshness and expiry are apart: an answer is used without asking while it is fresh; after that the source is asked
again, and only when that fails the old answer is shown, as `stale`, until it expires.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Mapping, NamedTuple, Optional

from ..dossier import Evidence, Status, Verdict

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Fresh(NamedTuple):
    """How long a provider's answers are fresh."""

    rated: timedelta
    """For an answer with a verdict: hostile addresses change hands, and quickly."""
    unknown: timedelta
    """For an answer without one, "nothing known" included."""


USUAL = Fresh(6 * _HOUR, _DAY)

# What each provider's data are worth, by how often they change and how dear a question is.
BY_PROVIDER: Mapping[str, Fresh] = MappingProxyType(
    {
        "virustotal": USUAL,
        "abuseipdb": USUAL,
        "greynoise": USUAL,
        "otx": Fresh(12 * _HOUR, _DAY),
        "crowdsec": Fresh(12 * _HOUR, _DAY),
        "criminalip": Fresh(_DAY, 2 * _DAY),
        "threatfox": Fresh(_HOUR, 6 * _HOUR),
        "urlhaus": Fresh(_HOUR, 6 * _HOUR),
        "feodo": Fresh(_HOUR, 6 * _HOUR),
        "pulsedive": Fresh(_DAY, 7 * _DAY),
        "ipqs": Fresh(_DAY, _DAY),
        "misp": Fresh(_HOUR / 4, _HOUR / 4),
        "opencti": Fresh(_HOUR / 4, _HOUR / 4),
        "taxii": Fresh(_HOUR / 4, _HOUR / 4),
        "internetdb": Fresh(5 * _DAY, 2 * _DAY),
        "shodan": Fresh(5 * _DAY, 2 * _DAY),
        "ipinfo": Fresh(7 * _DAY, 7 * _DAY),
        "rdap": Fresh(14 * _DAY, 14 * _DAY),
    }
)

# Statuses that are answers. A failure is never stored: it says nothing about the address.
ANSWERS = frozenset({Status.OK, Status.NOT_FOUND, Status.UNSUPPORTED})


@dataclass(frozen=True)
class Lifetimes:
    """The lifetimes of answers; a provider that is not named has the usual ones."""

    fresh: Mapping[str, Fresh] = field(default_factory=lambda: BY_PROVIDER)
    expiry: timedelta = timedelta(days=30)
    """After this an answer is gone."""

    def of(self, evidence: Evidence) -> Optional[timedelta]:
        """How long this answer is fresh; None for what is no answer and is not kept."""
        if evidence.status not in ANSWERS:
            return None
        fresh = self.fresh.get(evidence.source, USUAL)
        return fresh.unknown if evidence.verdict is Verdict.UNKNOWN else fresh.rated
