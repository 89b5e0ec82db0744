"""Why an assessment came out as it did: the waterfall of its log-odds, and what would change its priority."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .assessment import Assessment, assess
from .dossier import Behaviour, BehaviourKind, Dossier, Evidence, SourceKind, Status, Verdict
from .policy import Policy
from .priority import Priority
from .signals import OWN_EVENTS


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall."""

    label: str
    nats: float
    total: float
    """Log-odds after this step."""
    source: str = ""
    age_days: Optional[float] = None
    signal: str = ""
    """Name of the signal, `own_events.brute_force`; empty for the prior, a limit and the sum."""


@dataclass(frozen=True)
class Counterfactual:
    """What the judgement would be, were one thing different."""

    change: str
    """In words: `without our own events`."""
    source: str
    """The evidence it takes away; empty for one that adds some."""
    nats: float
    """How much evidence the change moves, in nats: the smaller, the more the judgement hangs on it."""
    confidence: int
    verdict: Verdict
    priority: Priority


def explain(assessment: Assessment) -> Tuple[Step, ...]:
    """The waterfall: prior, each signal strongest first, a family's limit where it bites, and the sum as the last step.

    Empty for an address that was not judged (not global, or no address).
    """
    if assessment.log_odds is None:
        return ()
    total = prior = assessment.log_odds - sum(item.nats for item in assessment.families)
    steps = [Step(f"prior {assessment.policy.prior:.2f}", prior, total)]
    for signal in assessment.signals:
        total += signal.nats
        steps.append(Step(signal.text, signal.nats, total, signal.source, signal.age_days, signal.name))
    for family in assessment.families:
        if family.nats != family.unclipped:
            total += family.nats - family.unclipped
            steps.append(Step(f"limit of the family {family.family}", family.nats - family.unclipped, total))
    return (*steps, Step("sum", assessment.log_odds, assessment.log_odds))


def explanation(assessment: Assessment) -> Dict[str, Any]:
    """The same as plain data for JSON: fixed keys and order, floats to three places so that reports diff cleanly.

    What would change the priority is told of addresses that are raised or not harmless: of ten thousand quiet ones it
    would be ten thousand times the same.
    """
    told = assessment.raised or assessment.indicator
    return {
        "ip": assessment.address,
        "schema": 1,
        "policy": f"{assessment.policy.name} {assessment.policy.version}",
        "scored_at": assessment.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "p": None if assessment.probability is None else round(assessment.probability, 3),
        "confidence": assessment.confidence,
        "severity": assessment.severity.value,
        "priority": assessment.priority.value,
        "verdict": assessment.verdict.value,
        "status": assessment.status.value,
        "coverage": {
            "answered": list(assessment.coverage.answered),
            "missing": {source: status.value for source, status in assessment.coverage.missing},
        },
        "waterfall": [_step_data(step) for step in explain(assessment)],
        "guards": list(assessment.guards),
        "priority_steps": list(assessment.priority_steps),
        "counterfactuals": [_counterfactual_data(item) for item in counterfactuals(assessment)] if told else [],
    }


def _step_data(step: Step) -> Dict[str, Any]:
    age = None if step.age_days is None else round(step.age_days, 1)
    return {
        "label": step.label,
        "source": step.source,
        "nats": round(step.nats, 3),
        "total": round(step.total, 3),
        "age_d": age,
    }


def _counterfactual_data(item: Counterfactual) -> Dict[str, Any]:
    return {
        "change": item.change,
        "nats": round(item.nats, 3),
        "confidence": item.confidence,
        "verdict": item.verdict.value,
        "priority": item.priority.value,
    }


# Evidence that might still come in, each tried where its source has not spoken: source, label, score, reporters, words.
_MIGHT_COME: Tuple[Tuple[str, Tuple[str, ...], Optional[int], Dict[str, int], str], ...] = (
    ("greynoise", ("benign",), None, {}, "if GreyNoise called it benign"),
    ("greynoise", ("malicious",), None, {}, "if GreyNoise called it malicious"),
    ("abuseipdb", (), 100, {"distinct_reporters": 5}, "if AbuseIPDB rated it 100 by five reporters or more"),
)
_MIGHT_HAPPEN: Tuple[Tuple[BehaviourKind, bool, str], ...] = (
    (BehaviourKind.SUSPICIOUS_USER_AGENT, False, "if a scanning tool from it showed in our own events"),
    (BehaviourKind.EXPLOIT_ATTEMPT, False, "if an exploit attempt from it showed in our own events"),
    (BehaviourKind.BRUTE_FORCE, True, "if a log-in succeeded from it after a brute force"),
)


def _without(dossier: Dossier) -> Iterator[Tuple[str, str, Dossier]]:
    """The dossier without each of its sources in turn: (change, source, dossier)."""
    for source in dict.fromkeys(item.source for item in dossier.evidence if item.status in (Status.OK, Status.STALE)):
        rest = tuple(item for item in dossier.evidence if item.source != source)
        gone = tuple(
            replace(item, status=Status.NOT_ASKED, labels=(), counts={}, detections=(), score=None, flags=())
            for item in dossier.evidence
            if item.source == source and item.kind is not SourceKind.WARNING_LIST
        )
        yield f"without {source}", source, replace(dossier, evidence=rest + gone)
    if dossier.behaviours or dossier.sighting:
        yield "without our own events", OWN_EVENTS, replace(dossier, behaviours=(), sighting=None)


def _with(dossier: Dossier, as_of: datetime) -> Iterator[Tuple[str, str, Dossier]]:
    """The dossier with each piece of evidence that might still come: (change, '', dossier)."""
    spoke = {item.source for item in dossier.evidence if item.status is Status.OK}
    for source, labels, score, counts, change in _MIGHT_COME:
        if source not in spoke:
            item = Evidence(
                source, SourceKind.PROVIDER, Status.OK, labels=labels, score=score, counts=counts, observed_at=as_of
            )
            rest = tuple(other for other in dossier.evidence if other.source != source)
            yield change, "", replace(dossier, evidence=(*rest, item))
    shown = {(item.kind, item.succeeded) for item in dossier.behaviours}
    for kind, succeeded, change in _MIGHT_HAPPEN:
        if not {(kind, succeeded), (kind, True)} & shown:
            behaviour = Behaviour(kind, 1, as_of, as_of, succeeded=succeeded)
            yield change, "", replace(dossier, behaviours=(*dossier.behaviours, behaviour), period_end=as_of)


def _changes(assessment: Assessment) -> Iterator[Counterfactual]:
    dossier, policy = assessment.dossier, assessment.policy
    for change, source, other in (*_without(dossier), *_with(dossier, assessment.as_of)):
        yield _judged(change, source, other, assessment, policy)


def _judged(change: str, source: str, dossier: Dossier, before: Assessment, policy: Policy) -> Counterfactual:
    after = assess(dossier, policy, before.as_of)
    moved = abs((after.log_odds or 0.0) - (before.log_odds or 0.0))
    return Counterfactual(change, source, moved, after.confidence or 0, after.verdict, after.priority)


def counterfactuals(assessment: Assessment) -> Tuple[Counterfactual, ...]:
    """Every single change of evidence that would change the priority, smallest first.

    What is known and might be wrong comes before what is not known and might come. Empty for an address not judged.
    """
    if assessment.log_odds is None:
        return ()
    found: List[Counterfactual] = [item for item in _changes(assessment) if item.priority is not assessment.priority]
    return tuple(sorted(found, key=lambda item: (not item.source, item.nats, item.change)))


def counterfactual(assessment: Assessment) -> Optional[Counterfactual]:
    """The smallest change of evidence that would change the priority; None when no single change would."""
    return min(counterfactuals(assessment), key=lambda item: (item.nats, not item.source, item.change), default=None)
