"""Severity, technique and priority: what was observed here, and what to do first."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, List, Mapping, Optional, Tuple

from .dossier import Allowance, Behaviour, BehaviourKind


class Severity(str, enum.Enum):
    """The impact of what our own events show."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"

    @property
    def rank(self) -> int:
        """0 for Low … 3 for Critical."""
        return list(Severity).index(self)


class Priority(str, enum.Enum):
    """What to do first."""

    MONITOR = "Monitor"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"

    @property
    def rank(self) -> int:
        """0 for Monitor … 3 for High."""
        return list(Priority).index(self)

    def raised(self) -> Priority:
        """One step up; High stays High."""
        return list(Priority)[min(self.rank + 1, 3)]


@dataclass(frozen=True)
class Technique:
    """An ATT&CK technique (Enterprise matrix) and its name there."""

    id: str
    name: str

    @property
    def link(self) -> str:
        """Its page at MITRE."""
        return f"https://attack.mitre.org/techniques/{self.id}/"


SCANNING = Technique("T1595", "Active Scanning")
BRUTE_FORCE = Technique("T1110", "Brute Force")
VALID_ACCOUNTS = Technique("T1078", "Valid Accounts")
EXPLOIT = Technique("T1190", "Exploit Public-Facing Application")
C2_PROTOCOL = Technique("T1071", "Application Layer Protocol")
EXFILTRATION = Technique("T1041", "Exfiltration Over C2 Channel")

# (kind, succeeded) → severity and techniques. Kinds that are absent are context and show no technique.
OBSERVED: Mapping[Tuple[BehaviourKind, bool], Tuple[Severity, Tuple[Technique, ...]]] = {
    (BehaviourKind.SUSPICIOUS_USER_AGENT, False): (Severity.LOW, (SCANNING,)),
    (BehaviourKind.PORT_SCAN, False): (Severity.LOW, (SCANNING,)),
    (BehaviourKind.WEB_PROBING, False): (Severity.LOW, (SCANNING,)),
    (BehaviourKind.BRUTE_FORCE, False): (Severity.MEDIUM, (BRUTE_FORCE,)),
    (BehaviourKind.BRUTE_FORCE, True): (Severity.HIGH, (BRUTE_FORCE, VALID_ACCOUNTS)),
    (BehaviourKind.EXPLOIT_ATTEMPT, False): (Severity.MEDIUM, (EXPLOIT,)),
    (BehaviourKind.EXPLOIT_ATTEMPT, True): (Severity.HIGH, (EXPLOIT,)),
    (BehaviourKind.C2_CONTACT, False): (Severity.HIGH, (C2_PROTOCOL,)),
    (BehaviourKind.C2_BEACON, False): (Severity.HIGH, (C2_PROTOCOL,)),
}

HOSTILE: FrozenSet[BehaviourKind] = frozenset(
    {BehaviourKind.BRUTE_FORCE, BehaviourKind.EXPLOIT_ATTEMPT, BehaviourKind.C2_CONTACT, BehaviourKind.C2_BEACON}
)
"""Behaviour that no warning list excuses. Scanning alone is not hostile."""

_COLUMNS = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_MATRIX: Tuple[Tuple[int, Tuple[Priority, ...]], ...] = (
    # lowest confidence of the row, then the priority for each severity
    (9, (Priority.MEDIUM, Priority.HIGH, Priority.HIGH, Priority.HIGH)),
    (6, (Priority.MEDIUM, Priority.MEDIUM, Priority.HIGH, Priority.HIGH)),
    (3, (Priority.LOW, Priority.LOW, Priority.MEDIUM, Priority.HIGH)),
    (0, (Priority.MONITOR, Priority.MONITOR, Priority.LOW, Priority.MEDIUM)),
)


def hostile_kinds(behaviours: Iterable[Behaviour]) -> Tuple[BehaviourKind, ...]:
    """The kinds of hostile behaviour among these, each once."""
    return tuple(dict.fromkeys(item.kind for item in behaviours if item.kind in HOSTILE))


def _beacon_with_volume(behaviours: Iterable[Behaviour]) -> bool:
    return {BehaviourKind.C2_BEACON, BehaviourKind.VOLUME_OUT} <= {item.kind for item in behaviours}


def _observed(item: Behaviour) -> Optional[Tuple[Severity, Tuple[Technique, ...]]]:
    return OBSERVED.get((item.kind, item.succeeded)) or OBSERVED.get((item.kind, False))


def severity_of(behaviours: Tuple[Behaviour, ...]) -> Severity:
    """The worst of what was observed; Low when nothing was."""
    if _beacon_with_volume(behaviours):
        return Severity.CRITICAL
    found = [entry[0] for entry in map(_observed, behaviours) if entry]
    return max(found, key=lambda severity: severity.rank, default=Severity.LOW)


def causes_of(behaviours: Tuple[Behaviour, ...]) -> Tuple[Behaviour, ...]:
    """The behaviours that the severity comes from; none when nothing was seen that has one."""
    if _beacon_with_volume(behaviours):
        return tuple(item for item in behaviours if item.kind in (BehaviourKind.C2_BEACON, BehaviourKind.VOLUME_OUT))
    worst = severity_of(behaviours)
    return tuple(item for item in behaviours if (_observed(item) or (None,))[0] is worst)


def techniques_of(behaviours: Tuple[Behaviour, ...]) -> Tuple[Tuple[Technique, Behaviour], ...]:
    """Each technique shown, with the behaviour that shows it, worst last seen first in table order."""
    found: Dict[str, Tuple[Technique, Behaviour]] = {}
    for item in behaviours:
        entry = _observed(item)
        for technique in entry[1] if entry else ():
            found.setdefault(technique.id, (technique, item))
        if item.kind is BehaviourKind.VOLUME_OUT and _beacon_with_volume(behaviours):
            found.setdefault(EXFILTRATION.id, (EXFILTRATION, item))
    return tuple(found.values())


def priority_of(
    confidence: int,
    severity: Severity,
    active: bool,
    behaviours: Tuple[Behaviour, ...],
    allowance: Optional[Allowance],
) -> Tuple[Priority, Tuple[str, ...]]:
    """The priority, and in words each step that led to it: table, activity, floors, allow-list."""
    row = next(row for lowest, row in _MATRIX if confidence >= lowest)
    priority = row[_COLUMNS.index(severity)]
    steps = [f"confidence {confidence} and severity {severity.value} give {priority.value}"]
    if confidence >= 9 and active and priority is not Priority.HIGH:
        priority = priority.raised()
        steps.append(f"one step up to {priority.value}: confidence {confidence} and active in our own events")
    priority = _at_least(priority, severity, behaviours, steps)
    if allowance is not None:
        priority = _allowed(priority, severity, allowance, steps)
    return priority, tuple(steps)


def _at_least(priority: Priority, severity: Severity, behaviours: Tuple[Behaviour, ...], steps: List[str]) -> Priority:
    broke_in = any(item.kind is BehaviourKind.BRUTE_FORCE and item.succeeded for item in behaviours)
    floor = Priority.MONITOR
    if severity is Severity.CRITICAL or broke_in:
        floor = Priority.HIGH
    elif severity is Severity.HIGH:
        floor = Priority.MEDIUM
    if floor.rank <= priority.rank:
        return priority
    cause = "a log-in after brute force" if broke_in else f"severity {severity.value}"
    steps.append(f"raised to {floor.value}: {cause} is never below it")
    return floor


def _allowed(priority: Priority, severity: Severity, allowance: Allowance, steps: List[str]) -> Priority:
    if severity.rank >= Severity.HIGH.rank:
        steps.append(f"{allowance.words}, yet kept: severity {severity.value}")
        return priority
    steps.append(f"Monitor: {allowance.words}")
    return Priority.MONITOR
