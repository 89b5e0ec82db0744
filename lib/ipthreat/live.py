"""Live look-ups: everything between the dossiers of local evidence and the providers' answers.

    live = open_live(settings, folder, Wish(budget=100), say)      # connecting.py
    answers = live.answers(dossiers)            # address → evidence of every source, failures included
    live.close()

One `Live` is one run: its budget, its deadline and its breakers hold for all its calls together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .asking import Answered, Asking
from .clock import SYSTEM, Clock, Run
from .copies import IN_MEMORY, CopyFiles, kept_copy
from .deep import deep_looks, deepened, lacking, requests_of
from .dossier import Dossier, Evidence, SourceKind, Status
from .egress import Audit, Egress
from .exchange import Response
from .lanes import Lane, ask_all
from .livesource import LiveSource
from .metering import quota_errand
from .plan import Plan, plan_of
from .policy import Policy
from .providers.further import Mirrored
from .quota import Ledger
from .selection import Part, not_asked, select
from .sending import Heard, unheard
from .store import EvidenceStore, stale
from .triage import by_worry


@dataclass(frozen=True)
class Bounds:
    """How far one run may go."""

    budget: int = 100
    """New addresses it may ask about; 0 uses what the store knows and asks nothing."""
    seconds: float = 60.0
    dry: bool = False
    """Goes all the way to the asking and asks nothing."""
    deep: bool = False
    """Also asks what is tied to the address, where the run is about a single one."""


@dataclass(frozen=True)
class Ground:
    """What a run stands on."""

    store: EvidenceStore
    ledger: Ledger
    egress: Egress
    audit: Audit
    policy: Policy
    clock: Clock = SYSTEM
    disabled: Tuple[str, ...] = ()
    """Providers that are switched off in the settings; each dossier says so."""
    as_of: Optional[datetime] = None
    """The moment judged, which came before the asking: what is answered in this run counts as known then."""
    watchers: Tuple[Answered, ...] = field(default=())
    """Called with each answer as it comes: recording, progress."""
    copies: CopyFiles = IN_MEMORY
    """Of what providers work with."""
    heard: Heard = unheard
    """Called after each request, whatever became of it."""


class Live:
    """The live sources of one run."""

    def __init__(self, sources: Sequence[LiveSource], ground: Ground, bounds: Bounds) -> None:
        self._sources = tuple(sources)
        self._ground = ground
        self._bounds = bounds
        self._left = bounds.budget
        self._run: Optional[Run] = None
        self._asking: Dict[str, Asking] = {}
        self.planned: Optional[Plan] = None
        """What a dry run would have asked; None for any other run."""
        self._remarks: List[str] = []

    def close(self) -> None:
        """Closes connections, store and ledger; what has expired leaves the store."""
        for source in self._sources:
            source.transport.close()
        if any(self.requests.values()):
            self._ground.store.evict()
        self._ground.store.close()
        self._ground.ledger.close()

    @property
    def requests(self) -> Dict[str, int]:
        """Requests made per provider so far, retries included."""
        return {source.name: self._requests(source.name) for source in self._sources}

    @property
    def left(self) -> int:
        """New addresses that may still be asked about."""
        return self._left

    @property
    def remarks(self) -> Tuple[str, ...]:
        """What a person should know of the run and no entry tells, a line each."""
        return (*[line for asking in self._asking.values() for line in asking.remarks], *self._remarks)

    def plan(self, dossiers: Sequence[Dossier]) -> Plan:
        """What `answers` would ask, cost and take; asks nothing."""
        return self._plan(dossiers, self._selected(dossiers))

    def answers(self, dossiers: Sequence[Dossier]) -> Dict[str, Tuple[Evidence, ...]]:
        """Address → an entry per source for each global address; one whose answer its dossier has is left as it is.

        Answers reach the store as they come, so that an interrupted run that is begun again asks nothing twice.
        """
        parts = self._selected(dossiers)
        self.planned = self._plan(dossiers, parts) if self._bounds.dry else None
        self._left -= len({address for part in parts.values() for address in part.asked})
        found = self._dry(parts) if self._bounds.dry else self._asked(parts)
        gathered: Dict[str, List[Evidence]] = {dossier.address: [] for dossier in dossiers if dossier.is_global}
        for name, part in parts.items():
            for address, item in self._joined(part, found.get(name, {})).items():
                gathered[address].append(item)
        if not self._bounds.dry:
            self._deepen(dossiers, gathered)
        off = [Evidence(name, SourceKind.PROVIDER, Status.DISABLED) for name in self._ground.disabled]
        return {address: (*map(self._dated, items), *off) for address, items in gathered.items()}

    def _deepen(self, dossiers: Sequence[Dossier], gathered: Mapping[str, List[Evidence]]) -> None:
        """Puts what is tied to the address into its entry, where the run is a deep look at one."""
        for source, address in self._deep_looks(dossiers):
            items = gathered[address]
            place = next((place for place, item in enumerate(items) if lacking(item)), None)
            if place is not None:
                found = deepened(self._asking_of(source), address, items[place])
                self._remarks += found.remarks
                self._ground.store.adopt([(address, found.evidence)])  # the look-up itself grows no younger by it
                items[place] = found.evidence

    def _deep_looks(self, dossiers: Sequence[Dossier]) -> List[Tuple[LiveSource, str]]:
        """Whom to ask about what is tied to the one address of the run."""
        wished = self._bounds.deep and self._bounds.budget > 0 and len(dossiers) == 1
        return deep_looks(self._sources, self._ground.egress, dossiers[0]) if wished else []

    def _selected(self, dossiers: Sequence[Dossier]) -> Dict[str, Part]:
        ground = self._ground
        return select(by_worry(dossiers, ground.policy), self._sources, ground.store, ground.egress, self._left)

    def _plan(self, dossiers: Sequence[Dossier], parts: Mapping[str, Part]) -> Plan:
        bounds = self._bounds
        further = {source.name: self._further(source, parts[source.name]) for source in self._sources}
        for source, address in self._deep_looks(dossiers):
            further[source.name] += requests_of(address, parts[source.name])
        return plan_of(dossiers, self._sources, parts, self._ground.ledger, bounds.budget, bounds.seconds, further)

    def _further(self, source: LiveSource, part: Part) -> int:
        """Requests beside those of the look-ups, where there are any look-ups."""
        ground, provider = self._ground, source.provider
        due = 1 if part.asked and quota_errand(source, ground.ledger) else 0
        if part.asked and isinstance(provider, Mirrored):
            copy = kept_copy(provider, source, ground.copies)
            due += provider.due(copy, source.settings, ground.clock.now())
        return due

    def _dry(self, parts: Mapping[str, Part]) -> Dict[str, Dict[str, Evidence]]:
        return {
            name: dict.fromkeys(part.asked, not_asked(name, "this is a dry run: nothing is sent"))
            for name, part in parts.items()
        }

    def _asked(self, parts: Mapping[str, Part]) -> Dict[str, Dict[str, Evidence]]:
        lanes = [
            Lane(self._asking_of(source), parts[source.name].asked, parts[source.name].never_sent)
            for source in self._sources
            if parts[source.name].asked
        ]
        try:
            return ask_all(lanes, self._current_run()) if lanes else {}
        finally:
            self._account_for(parts)

    def _account_for(self, parts: Mapping[str, Part]) -> None:
        """Notes the store's use, and how each provider did."""
        ground = self._ground
        for name, part in parts.items():
            ground.store.count(name, len(part.fresh), len(part.asked))
        for asking in self._asking.values():
            ended = asking.breaker.cause or asking.last
            if ended is not None:
                ground.ledger.note(asking.source.account, ended.status.value, ended.reason)

    def _asking_of(self, source: LiveSource) -> Asking:
        if source.name not in self._asking:
            ground = self._ground
            self._asking[source.name] = Asking(
                *(source, ground.ledger, ground.audit, self._current_run(), self._answered),
                copies=ground.copies,
                heard=ground.heard,
            )
        return self._asking[source.name]

    def _current_run(self) -> Run:
        """The run, whose time begins with the first question."""
        if self._run is None:
            self._run = Run(self._bounds.seconds, self._ground.clock)
        return self._run

    def _requests(self, name: str) -> int:
        return self._asking[name].requests if name in self._asking else 0

    def _answered(self, addresses: Sequence[str], response: Response, found: Mapping[str, Evidence]) -> None:
        self._ground.store.put_many(found.items())
        for watcher in self._ground.watchers:
            watcher(addresses, response, found)

    def _dated(self, item: Evidence) -> Evidence:
        """The entry, dated no later than the moment judged; the store and a recording have its own time."""
        moment = self._ground.as_of
        if moment is None or item.retrieved_at is None or item.retrieved_at <= moment:
            return item
        return replace(item, retrieved_at=moment)

    def _joined(self, part: Part, found: Mapping[str, Evidence]) -> Dict[str, Evidence]:
        """An entry per address of the part: the answer, else an old one, else why there is none."""
        joined = {**part.silent, **found}
        now = self._ground.clock.now()
        for address, item in joined.items():
            old = part.old.get(address)
            if old is not None and item.status not in (Status.OK, Status.NOT_FOUND, Status.UNSUPPORTED):
                age = max(timedelta(), now - old.retrieved_at) if old.retrieved_at else timedelta()
                joined[address] = stale(old, f"{item.status.words}: {item.reason}", age)
        return {**joined, **part.fresh}
