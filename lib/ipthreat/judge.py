"""The main job: events or addresses in, a case out. Everything the reports print is decided here and below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Dict, Iterable, List, Optional, Tuple

from .assessment import Assessment, assess, is_active
from .behaviour import Observer
from .case import Case, EventsRead, SourcePart, pressing
from .dossier import Dossier, Evidence, SourceKind, Status
from .gather import Gatherer
from .policy import Policy


@dataclass(frozen=True)
class Judge:
    """Judges addresses under one policy at one moment."""

    gatherer: Gatherer
    policy: Policy
    as_of: datetime
    parts: Tuple[SourcePart, ...] = ()

    def addresses(self, addresses: Iterable[str], title: str, rerun: str, tlp: str = "TLP:AMBER") -> Case:
        """A case from addresses alone, without events of our own. Text that is no address is judged as `invalid`."""
        dossiers = self.gatherer.gather(addresses, {}, None)
        return self._case(dossiers, title, rerun, tlp, None)

    def observed(self, observer: Observer, read: EventsRead, title: str, rerun: str, tlp: str = "TLP:AMBER") -> Case:
        """A case from all events that an observer has seen."""
        observations = observer.observations()
        start, end = observer.period()
        dossiers = self.gatherer.gather(observations, observations, end)
        return self._case(dossiers, title, rerun, tlp, replace(read, start=start, end=end))

    def _case(
        self, dossiers: Iterable[Dossier], title: str, rerun: str, tlp: str, events: Optional[EventsRead]
    ) -> Case:
        assessments = sorted(judged(dossiers, self.policy, self.as_of), key=pressing)
        asked = self.gatherer.requests
        return Case(title, tuple(assessments), self.as_of, self.policy, tlp, events, self.parts, asked, rerun)


def judged(dossiers: Iterable[Dossier], policy: Policy, as_of: datetime) -> List[Assessment]:
    """An assessment per dossier, in order.

    Of a million addresses nearly all have the same evidence: none. So a judgement is made once per signature, which is
    all of a dossier that the judgement reads, and passed on to the dossiers that share it.
    """
    known: Dict[object, Assessment] = {}
    results = []
    for dossier in dossiers:
        signature = _signature(dossier, policy, as_of)
        found = known.get(signature) if signature else None
        if found is None:
            found = assess(dossier, policy, as_of)
            known[signature] = found
        results.append(found.about(dossier))
    return results


def _signature(dossier: Dossier, policy: Policy, as_of: datetime) -> object:
    """What two dossiers share when they must be judged alike; None for one that is judged for itself."""
    if dossier.behaviours:
        return None
    said = tuple(
        item if _speaks(item) else (item.source, item.status, item.flags)  # an owner alone decides nothing
        for item in dossier.evidence
    )
    return dossier.scope, said, is_active(dossier, policy, as_of), dossier.allowance


def _speaks(item: Evidence) -> bool:
    return item.kind is not SourceKind.OWNERSHIP and item.status in (Status.OK, Status.STALE)
