"""Dossier → assessment: how sure, how bad, what first, and why. Pure and deterministic.

L = logit(prior) + Σ over families of clip(Σ weight·decay, ±4);  p = 1/(1 + e^−L);  confidence = ⌊10·p + 0.5⌋
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Dict, List, Optional, Tuple

from .dossier import Dossier, Evidence, SourceKind, Status, Verdict
from .policy import Policy
from .priority import Priority, Severity, Technique, hostile_kinds, priority_of, severity_of, techniques_of
from .signals import EARLY, OWN_EVENTS, Signal, age_in_days, dossier_flags, signals_of


class OverallStatus(str, enum.Enum):
    """How complete the look-up of one address was (`ti_status`)."""

    OK = "ok"
    PARTIAL = "partial"  # some sources did not answer
    NOT_GLOBAL = "not_global"  # private or reserved: classified here, never sent anywhere
    INVALID = "invalid"  # no address
    NOT_ASKED = "not_asked"  # no source was asked
    ERROR = "error"  # every source that was asked failed

    @property
    def words(self) -> str:
        """The status as a reader sees it: `not global`."""
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class FamilySum:
    """What one family of sources adds to the log-odds."""

    family: str
    nats: float
    """After the family's limit."""
    unclipped: float


@dataclass(frozen=True)
class Coverage:
    """Which of the sources that count have answered."""

    answered: Tuple[str, ...]
    missing: Tuple[Tuple[str, Status], ...]
    context: Tuple[str, ...] = ()
    """Providers among them that the policy gives no weight: nothing they say tells good from bad."""

    @property
    def share(self) -> float:
        """Answered ÷ all that count, without those that give context alone; 0.0 when there is none."""
        answered = sum(source not in self.context for source in self.answered)
        total = answered + sum(source not in self.context for source, _ in self.missing)
        return answered / total if total else 0.0


@dataclass(frozen=True)
class Assessment:
    """One address judged: three axes, their reasons, and what they rest on."""

    dossier: Dossier
    policy: Policy
    as_of: datetime
    status: OverallStatus
    verdict: Verdict
    severity: Severity
    priority: Priority
    priority_steps: Tuple[str, ...]
    confidence: Optional[int] = None
    """0–10: how sure we are that the address is hostile. None when it is not global or not an address."""
    probability: Optional[float] = None
    log_odds: Optional[float] = None
    signals: Tuple[Signal, ...] = ()
    families: Tuple[FamilySum, ...] = ()
    coverage: Coverage = Coverage((), ())
    guards: Tuple[str, ...] = ()
    """The limits that held the probability down, in words."""
    techniques: Tuple[Technique, ...] = ()
    active: bool = False
    """An own event lies within the policy's `active_days` before as-of."""
    insufficient: bool = False
    """Too few sources answered, and none of them said anything."""

    def about(self, dossier: Dossier) -> Assessment:
        """The same judgement on another dossier that it holds for; `replace` would take ten times as long."""
        twin = object.__new__(Assessment)
        twin.__dict__.update(self.__dict__, dossier=dossier)
        return twin

    @property
    def address(self) -> str:
        """Canonical text of the address, or the text as it came when it is none."""
        return self.dossier.address

    @property
    def indicator(self) -> str:
        """`Malicious IP Detected`, `Suspicious IP Detected`, or empty."""
        if self.verdict in (Verdict.MALICIOUS, Verdict.SUSPICIOUS):
            return f"{self.verdict.value.capitalize()} IP Detected"
        return ""

    @property
    def raised(self) -> bool:
        """True when the address belongs on the priority board as High or Medium."""
        return self.priority in (Priority.HIGH, Priority.MEDIUM)

    @property
    def flags(self) -> Tuple[str, ...]:
        """What the address is and did: `tor`, `cloud`, `suspicious_user_agent`, …"""
        return dossier_flags(self.dossier)

    @property
    def reasons(self) -> Tuple[str, ...]:
        """The signals in words, strongest first; those that add nothing are left out."""
        told = [item for item in self.signals if abs(item.nats) >= 0.005]
        return tuple(f"{item.source}: {item.text} ({item.nats:+.2f})" for item in told)

    @property
    def owner(self) -> Evidence:
        """Who owns the address, each field from the best source that has it."""
        return _owner(self.dossier)


_OWNER_FIELDS = ("asn", "as_owner", "organisation", "network", "country", "rir")
_OWNER_ORDER = ("virustotal", "snapshot")


def _owner(dossier: Dossier) -> Evidence:
    def rank(item: Evidence) -> int:
        return _OWNER_ORDER.index(item.source) if item.source in _OWNER_ORDER else len(_OWNER_ORDER)

    merged: Dict[str, object] = {}
    for item in sorted(dossier.evidence, key=rank):
        if item.kind is not SourceKind.WARNING_LIST:
            for name in _OWNER_FIELDS:
                merged.setdefault(name, getattr(item, name)) if getattr(item, name) else None
    return Evidence("owner", SourceKind.OWNERSHIP, Status.OK, **merged)  # type: ignore[arg-type]  # keys are Evidence's own fields


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def _sigmoid(log_odds: float) -> float:
    # Two forms, so that neither overflows.
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    return math.exp(log_odds) / (1.0 + math.exp(log_odds))


def _families(signals: Tuple[Signal, ...], policy: Policy) -> Tuple[FamilySum, ...]:
    sums: Dict[str, List[float]] = {}
    for signal in signals:
        sums.setdefault(signal.family, []).append(signal.nats)
    limit = policy.family_limit
    return tuple(
        FamilySum(family, max(-limit, min(limit, math.fsum(nats))), math.fsum(nats))
        for family, nats in sorted(sums.items())
    )


def _coverage(dossier: Dossier, policy: Policy) -> Coverage:
    asked = [item for item in dossier.evidence if item.kind is not SourceKind.WARNING_LIST and item.status.counts]
    return Coverage(
        tuple(sorted(item.source for item in asked if item.status.answered)),
        tuple(sorted((item.source, item.status) for item in asked if not item.status.answered)),
        tuple(sorted(item.source for item in asked if _is_context(item, policy))),
    )


def _is_context(item: Evidence, policy: Policy) -> bool:
    """True for a provider such as RDAP, of which no word has a weight."""
    if item.kind is not SourceKind.PROVIDER:
        return False
    return not any(name.startswith(f"{item.source}.") for name in policy.weights)


def _overall(dossier: Dossier, coverage: Coverage) -> OverallStatus:
    if dossier.scope == "invalid":
        return OverallStatus.INVALID
    if not dossier.is_global:
        return OverallStatus.NOT_GLOBAL
    if not coverage.missing:
        return OverallStatus.OK if coverage.answered else OverallStatus.NOT_ASKED
    if coverage.answered:
        return OverallStatus.PARTIAL
    asked = [status for _, status in coverage.missing if status is not Status.NOT_ASKED]
    return OverallStatus.ERROR if asked else OverallStatus.NOT_ASKED


def _guarded(
    probability: float, signals: Tuple[Signal, ...], families: Tuple[FamilySum, ...], hostile: bool, policy: Policy
) -> Tuple[float, Tuple[str, ...]]:
    guards = []
    positive = [item.family for item in families if item.nats >= policy.positive_family]
    if len(positive) < 2 and probability > policy.single_family_ceiling:
        probability = policy.single_family_ceiling
        guards.append(f"held at {probability:.2f}: only one family of sources speaks for hostility")
    vouched = [item for item in signals if item.family == "warning lists" and item.nats <= policy.vouched_nats]
    if vouched and not hostile and probability > policy.vouched_ceiling:
        probability = policy.vouched_ceiling
        source = vouched[0].source
        guards.append(f"held at {probability:.2f}: {source} vouches for the range and nothing hostile was seen")
    return probability, tuple(guards)


def _verdict(probability: float, signals: Tuple[Signal, ...], hostile: bool, policy: Policy) -> Verdict:
    # Community votes are opinions, not statements: they never make an address benign.
    stated = math.fsum(item.nats for item in signals if item.nats < 0 and item.name != "virustotal.votes")
    if probability >= policy.malicious_at:
        return Verdict.MALICIOUS
    if probability >= policy.suspicious_at:
        return Verdict.SUSPICIOUS
    if stated <= policy.benign_nats and probability < policy.benign_below and not hostile:
        return Verdict.BENIGN
    return Verdict.UNKNOWN


def is_active(dossier: Dossier, policy: Policy, as_of: datetime) -> bool:
    """True when an own event lies within the policy's `active_days` before as-of; undated events count as current."""
    seen = [item.last_seen for item in dossier.behaviours]
    seen += [dossier.sighting.last_seen] if dossier.sighting else []
    ages = [age_in_days(moment, as_of) for moment in seen if moment]
    if not ages:  # own events without any date: they are what the analyst is looking at
        return bool(dossier.behaviours or dossier.sighting)
    return any(age is not None and EARLY <= age <= policy.active_days for age in ages)


def assess(dossier: Dossier, policy: Policy, as_of: datetime) -> Assessment:
    """Judges one address. Same dossier, policy and clock give the same assessment, in whatever order evidence came."""
    coverage = _coverage(dossier, policy)
    status = _overall(dossier, coverage)
    severity = severity_of(dossier.behaviours)
    if status in (OverallStatus.INVALID, OverallStatus.NOT_GLOBAL):
        why = "not an address" if status is OverallStatus.INVALID else f"not a global address ({dossier.scope})"
        return Assessment(dossier, policy, as_of, status, Verdict.UNKNOWN, severity, Priority.MONITOR, (why,))
    signals = signals_of(dossier, policy, as_of)
    families = _families(signals, policy)
    log_odds = _logit(policy.prior) + math.fsum(item.nats for item in families)
    hostile = bool(hostile_kinds(dossier.behaviours))
    probability, guards = _guarded(_sigmoid(log_odds), signals, families, hostile, policy)
    confidence = math.floor(10.0 * probability + 0.5)
    active = is_active(dossier, policy, as_of)
    insufficient = coverage.share < policy.coverage_floor and not any(signal.nats for signal in signals)
    priority, steps = priority_of(confidence, severity, active, dossier.behaviours, dossier.allowance)
    verdict = Verdict.UNKNOWN if insufficient else _verdict(probability, signals, hostile, policy)
    techniques = tuple(technique for technique, _ in techniques_of(dossier.behaviours))
    return Assessment(
        dossier, policy, as_of, status, verdict, severity, priority, steps, confidence, probability, log_odds,
        signals, families, coverage, guards, techniques, active, insufficient,
    )  # fmt: skip


__all__ = [
    "OWN_EVENTS",
    "Assessment",
    "Coverage",
    "FamilySum",
    "OverallStatus",
    "assess",
]
