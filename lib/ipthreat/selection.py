"""What a run asks whom, decided before anything is asked: from the store, the rules of egress, and the budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Sequence, Set

from .dossier import Dossier, Evidence, SourceKind, Status
from .egress import Egress
from .livesource import LiveSource
from .store import EvidenceStore


@dataclass(frozen=True)
class Part:
    """One provider's part. Every global address whose answer the dossier has not got yet is in one of these."""

    fresh: Mapping[str, Evidence] = field(default_factory=dict)
    """Answers that need no look-up."""
    old: Mapping[str, Evidence] = field(default_factory=dict)
    """Answers that may stand in when the look-up is not made or fails; their addresses are elsewhere as well."""
    silent: Mapping[str, Evidence] = field(default_factory=dict)
    """Addresses that are not asked about, with the reason."""
    withheld: int = 0
    """How many of those are not sent, by the rules of egress or for their kind; the others are beyond the budget."""
    asked: Sequence[str] = ()
    """Addresses to ask about, most worrying first."""
    never_sent: FrozenSet[str] = frozenset()
    """Addresses that must not be part of any question."""


class _Sorted(NamedTuple):
    """A provider's addresses before the budget has its word."""

    fresh: Dict[str, Evidence]
    old: Dict[str, Evidence]
    withheld: Dict[str, Evidence]
    open: Dict[str, None]


def select(
    dossiers: Sequence[Dossier], sources: Sequence[LiveSource], store: EvidenceStore, egress: Egress, budget: int
) -> Dict[str, Part]:
    """Provider → its part. The dossiers come most worrying first; the budget goes to the first that need a look-up.

    An address that is not global is in nobody's part.
    """
    sendable = [dossier for dossier in dossiers if dossier.is_global]
    sorted_out = {source.name: _sorted(source, sendable, store, egress) for source in sources}
    chosen: Set[str] = set()
    for dossier in sendable:
        if len(chosen) >= budget:
            break
        if any(dossier.address in item.open for item in sorted_out.values()):
            chosen.add(dossier.address)
    return {name: _part(name, item, chosen, budget) for name, item in sorted_out.items()}


def _sorted(source: LiveSource, dossiers: Sequence[Dossier], store: EvidenceStore, egress: Egress) -> _Sorted:
    name = source.name
    unanswered = [dossier for dossier in dossiers if not _answered(dossier, name)]
    held = store.get_many(name, [dossier.address for dossier in unanswered])
    fresh = {address: item.evidence for address, item in held.items() if item.fresh}
    old = {address: item.evidence for address, item in held.items() if not item.fresh}
    found = _Sorted(fresh, old, {}, {})
    closed = egress.closed(name)
    told: Dict[str, Evidence] = {}
    for dossier in unanswered:
        address = dossier.address
        if address in fresh:
            continue
        why = closed or egress.withheld(name, address, dossier.allowance)
        if why:
            found.withheld[address] = told.setdefault(why, not_asked(name, f"not sent: {why}"))
        elif not source.provider.supports(address):
            found.withheld[address] = told.setdefault("", _unsupported(source))
        else:
            found.open[address] = None
    return found


def _part(name: str, item: _Sorted, chosen: Set[str], budget: int) -> Part:
    beyond = not_asked(name, f"the budget of {budget:,} new addresses went to more worrying ones")
    left_out = {address: beyond for address in item.open if address not in chosen}
    asked: List[str] = [address for address in item.open if address in chosen]
    silent, withheld = {**item.withheld, **left_out}, frozenset(item.withheld)
    return Part(item.fresh, item.old, silent, len(withheld), asked, withheld)


def _answered(dossier: Dossier, name: str) -> bool:
    found = dossier.source(name)
    return found is not None and found.status.answered


def _unsupported(source: LiveSource) -> Evidence:
    reason = f"{source.provider.title} knows no addresses of this kind"
    return Evidence(source.name, SourceKind.PROVIDER, Status.UNSUPPORTED, reason=reason)


def not_asked(name: str, reason: str) -> Evidence:
    """The entry of a provider that was not asked."""
    return Evidence(name, SourceKind.PROVIDER, Status.NOT_ASKED, reason=reason)
