"""A case: all addresses judged in one run, and everything its reports are rendered from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Mapping, Optional, Sequence, Tuple

from .address import canonical
from .assessment import Assessment
from .dossier import Verdict
from .errors import InputError
from .policy import Policy
from .version import __version__

TLP_LABELS = ("TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR")
"""Traffic Light Protocol 2.0 labels (FIRST), in the spelling the standard fixes."""


@dataclass(frozen=True)
class EventsRead:
    """What was read of the analyst's own events."""

    origin: str
    """File name, or `standard input`."""
    format: str
    read: int
    """Lines or rows read, the skipped ones among them."""
    skipped: Mapping[str, int]
    """Reason → rows that were skipped for it."""
    start: Optional[datetime] = None
    end: Optional[datetime] = None
    crowded_out: int = 0
    """Addresses without findings that gave way because there were too many to hold."""


@dataclass(frozen=True)
class SourcePart:
    """A part of the embedded snapshot or a list of the user's, with its date."""

    name: str
    date: str
    """ISO date of the data."""
    entries: int
    licence: str
    source: str


@dataclass(frozen=True)
class Prose:
    """What a language model made of the evidence, or why none of it is printed."""

    model: str
    text: str = ""
    """Sentences with their evidence, `… [E1, E4].`; checked word for word."""
    refused: str = ""


@dataclass(frozen=True)
class Case:
    """Everything the reports of one run are rendered from."""

    title: str
    assessments: Tuple[Assessment, ...]
    """Most pressing first: priority, then severity, then confidence, then events."""
    as_of: datetime
    policy: Policy
    tlp: str = "TLP:AMBER"
    events: Optional[EventsRead] = None
    parts: Tuple[SourcePart, ...] = ()
    requests: Mapping[str, int] = field(default_factory=dict)
    """Requests made per provider in this run; 0 for one whose answers were replayed."""
    rerun: str = "ipthreat report"
    """The command that makes this report anew."""
    prose: Optional[Prose] = None
    """Asked for by the user; None as a rule. The report's id does not depend on it."""

    @property
    def hostile(self) -> Tuple[Assessment, ...]:
        """The malicious and the suspicious: what "Found N suspicious IP addresses" counts."""
        return tuple(item for item in self.assessments if item.verdict in (Verdict.MALICIOUS, Verdict.SUSPICIOUS))

    @property
    def raised(self) -> Tuple[Assessment, ...]:
        """The addresses of High and Medium priority."""
        return tuple(item for item in self.assessments if item.raised)

    def only(self, addresses: Sequence[str]) -> Case:
        """The same case, told of these addresses alone. Raises InputError for one that was not judged."""
        wanted = {canonical(address) for address in addresses}
        kept = tuple(item for item in self.assessments if item.address in wanted)
        absent = wanted - {item.address for item in kept}
        if absent:
            raise InputError(f"{min(absent)} does not occur in the events")
        return self.about(kept)

    def about(self, assessments: Tuple[Assessment, ...]) -> Case:
        """The same case, told of these assessments alone."""
        return replace(self, assessments=assessments)

    @cached_property
    def report_id(self) -> str:
        """Twelve hex digits of a hash over the inputs and what was judged: the same inputs give the same id."""
        policy = (self.policy.name, self.policy.version, sorted(self.policy.weights.items()), self.policy.prior)
        digest = hashlib.sha256(repr((__version__, self.title, self.as_of, self.tlp, policy)).encode())
        digest.update(repr((self.events, self.parts, sorted(self.requests.items()))).encode())
        for item in self.assessments:
            axes = (item.address, item.verdict, item.confidence, item.probability, item.severity, item.priority)
            # Of a quiet address the figures suffice; of one that is told of, every word counts.
            told = item.dossier if item.raised or item.indicator else item.dossier.sighting
            digest.update(repr((axes, told)).encode())
        return digest.hexdigest()[:12]


def pressing(assessment: Assessment) -> Tuple[object, ...]:
    """Sort key: the most pressing address first, ties broken by events and then by address."""
    events = assessment.dossier.sighting.count if assessment.dossier.sighting else 0
    confidence = -1 if assessment.confidence is None else assessment.confidence
    axes = (-assessment.priority.rank, -assessment.severity.rank, -confidence, -(assessment.probability or 0.0))
    return (*axes, -events, assessment.address)
