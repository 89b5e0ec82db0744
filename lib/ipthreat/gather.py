"""Sources → dossiers: one look-up per distinct address; a source that fails becomes an entry, never an exception.

The only part of the judgement that does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, Mapping, Optional, Protocol, Sequence, Tuple

from .address import canonical, classify, parse
from .allowlist import Allowlist
from .dossier import Dossier, Evidence, SourceKind, Status
from .errors import AddressError, SnapshotError
from .providers.talos import Talos, TalosBlockList
from .snapshot import Answer, Listing, Snapshot

if TYPE_CHECKING:  # the type alone: readers of one address need no rules of behaviour
    from .behaviour import Observation

LIST_LIFETIME = timedelta(days=7)
"""A downloaded list older than this is stale."""

_BLOCK_KINDS = {"block", "c2", "drop"}


class Source(Protocol):
    """Something that can be asked about one global address. Never raises: a failure is an entry with its status."""

    def evidence(self, address: str) -> Sequence[Evidence]:
        """All it states about the address (canonical text)."""


class LiveSources(Protocol):
    """Sources that are asked about many addresses at once, when all that is known without asking is known."""

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests made so far, by provider."""

    def answers(self, dossiers: Sequence[Dossier]) -> Mapping[str, Sequence[Evidence]]:
        """Address → what the sources state, failures included. Never raises because a source failed."""


def _utc(date: str) -> Optional[datetime]:
    try:
        return datetime.fromisoformat(date[:10]).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


class SnapshotSource:
    """The embedded snapshot: owner of every address, and the warning lists that hold it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._date = _utc(snapshot.built)
        self._dates = {item.name: item.date for item in snapshot.lists()}
        self._hits: Dict[Listing, Evidence] = {}

    def evidence(self, address: str) -> Sequence[Evidence]:
        """Owner and warning lists. A corrupt file gives one entry of status error."""
        try:
            answer = self._snapshot.lookup(address)
        except SnapshotError as error:
            return SnapshotFailure("snapshot", str(error)).evidence(address)
        return (self._owner(answer), *[self._hit(listing) for listing in answer.listings])

    def _owner(self, answer: Answer) -> Evidence:
        return Evidence(
            "snapshot",
            SourceKind.OWNERSHIP,
            Status.OK,
            retrieved_at=self._date,
            asn=answer.asn or None,
            as_owner=answer.as_name,
            organisation=answer.organisation,
            network=answer.network,
            country=answer.country,
            rir=answer.rir,
        )

    def _hit(self, listing: Listing) -> Evidence:
        if listing not in self._hits:
            date = _utc(self._dates.get(listing.name, ""))
            self._hits[listing] = Evidence(
                listing.name, SourceKind.WARNING_LIST, Status.OK, labels=(listing.kind,), retrieved_at=date
            )
        return self._hits[listing]


@dataclass(frozen=True)
class SnapshotFailure:
    """Stands for a snapshot or lists file that is missing or corrupt, so that every dossier tells."""

    name: str
    reason: str

    def evidence(self, address: str) -> Sequence[Evidence]:
        """One entry of status error."""
        kind = SourceKind.OWNERSHIP if self.name == "snapshot" else SourceKind.BLOCK_LIST
        return (Evidence(self.name, kind, Status.ERROR, reason=self.reason),)


class ListsSource:
    """The user's own file of downloaded and own lists. A list that does not hold the address has answered, too."""

    def __init__(self, lists: Snapshot, as_of: datetime) -> None:
        self._lists = lists
        self._silent: Dict[str, Evidence] = {}
        self._hits: Dict[Listing, Evidence] = {}
        self._info = {item.name: item for item in lists.lists()}
        for name, item in self._info.items():
            if item.kind in _BLOCK_KINDS:
                date = _utc(item.date)
                stale = date is not None and as_of - date > LIST_LIFETIME
                self._silent[name] = Evidence(
                    name,
                    SourceKind.BLOCK_LIST,
                    Status.STALE if stale else Status.NOT_FOUND,
                    retrieved_at=date,
                    reason=f"the list is of {item.date[:10]}" if stale else "",
                )

    def evidence(self, address: str) -> Sequence[Evidence]:
        """Each listing, and for each block list without one that it has none."""
        try:
            listings = self._lists.listed(address)
        except SnapshotError as error:
            return SnapshotFailure("lists", str(error)).evidence(address)
        if not listings:
            return tuple(self._silent.values())
        hit = {listing.name for listing in listings}
        silent = [item for name, item in self._silent.items() if name not in hit]
        return (*[self._hit(listing) for listing in listings], *silent)

    def _hit(self, listing: Listing) -> Evidence:
        if listing not in self._hits:
            info, block = self._info[listing.name], listing.kind in _BLOCK_KINDS
            silent = self._silent.get(listing.name)
            self._hits[listing] = Evidence(
                listing.name,
                SourceKind.BLOCK_LIST if block else SourceKind.WARNING_LIST,
                Status.STALE if silent and silent.status is Status.STALE else Status.OK,
                labels=(f"level_{listing.level}" if listing.level else listing.kind,),
                group=info.group,
                retrieved_at=_utc(info.date),
                reason=silent.reason if silent else "",
            )
        return self._hits[listing]


@dataclass(frozen=True)
class RecordedSource:
    """Provider answers that were recorded; Cisco Talos, which has no interface, is always accounted for."""

    answers: Mapping[str, Tuple[Evidence, ...]] = field(default_factory=dict)
    blocklist: Optional[TalosBlockList] = None
    """The Talos block list that the user downloaded: it speaks where no answer of Talos was recorded."""

    def evidence(self, address: str) -> Sequence[Evidence]:
        """What was recorded about the address. A recorded provider without an answer to this one was not asked."""
        found = self.answers.get(address, ())
        spoke = {item.source for item in found}
        silent = [item for item in self._silent if item.source not in spoke]
        if self.blocklist and Talos.name not in spoke:
            return (*found, *self.blocklist.evidence(address), *silent[1:])
        return (*found, *silent)

    @cached_property
    def _silent(self) -> Tuple[Evidence, ...]:
        """The entries of those without an answer: the same for every address, so that a million share them."""
        names = sorted({item.source for items in self.answers.values() for item in items} - {Talos.name})
        reason = "no answer about this address was recorded"
        not_asked = [Evidence(name, SourceKind.PROVIDER, Status.NOT_ASKED, reason=reason) for name in names]
        return (Talos.unavailable(), *not_asked)


@dataclass(frozen=True)
class Preferred:
    """Two sources as one: what the second says of itself counts where the first is silent about it."""

    first: Source
    second: Source

    def evidence(self, address: str) -> Sequence[Evidence]:
        """The entries of the first, and those of the second by others."""
        found = self.first.evidence(address)
        spoke = {item.source for item in found}
        return (*found, *(item for item in self.second.evidence(address) if item.source not in spoke))


@dataclass(frozen=True)
class Gatherer:
    """Puts dossiers together from sources, own events and the allow-list."""

    sources: Tuple[Source, ...]
    allowlist: Allowlist = field(default_factory=Allowlist)
    live: Optional[LiveSources] = None
    """Asked last, about all addresses together: which of them matter is told by what the others say."""

    @property
    def requests(self) -> Dict[str, int]:
        """Requests made so far, by provider."""
        return dict(self.live.requests) if self.live else {}

    def gather(
        self, addresses: Iterable[str], observations: Mapping[str, Observation], period_end: Optional[datetime]
    ) -> Iterator[Dossier]:
        """One dossier per distinct address, in order of first mention; what is no address gets the scope `invalid`."""
        dossiers = self._local(addresses, observations, period_end)
        return _joined(list(dossiers), self.live) if self.live else dossiers

    def _local(
        self, addresses: Iterable[str], observations: Mapping[str, Observation], period_end: Optional[datetime]
    ) -> Iterator[Dossier]:
        done = set()
        for text in addresses:
            address, scope = scoped(text)
            if address not in done:
                done.add(address)
                yield self._dossier(address, scope, observations.get(address), period_end)

    def _dossier(
        self, address: str, scope: str, seen: Optional[Observation], period_end: Optional[datetime]
    ) -> Dossier:
        sighting, behaviours = (seen.sighting, seen.behaviours) if seen else (None, ())
        if scope != "global":  # never asked anywhere: it is classified here and does not leave the machine
            return Dossier(address, scope, (), sighting, behaviours, period_end)
        evidence: List[Evidence] = []
        for source in self.sources:
            evidence += source.evidence(address)
        allowance = self.allowlist.allowance(address)
        return Dossier(address, scope, tuple(evidence), sighting, behaviours, period_end, allowance)


def _joined(dossiers: Sequence[Dossier], live: LiveSources) -> Iterator[Dossier]:
    """The dossiers with the live answers in them, which take the place of "was not asked" by the same source."""
    answers = live.answers(dossiers)
    for dossier in dossiers:
        found = answers.get(dossier.address, ())
        spoke = {item.source for item in found}
        kept = [item for item in dossier.evidence if item.source not in spoke]
        yield replace(dossier, evidence=(*kept, *found)) if found else dossier


def scoped(text: str) -> Tuple[str, str]:
    """The canonical address and its scope; the text itself and `invalid` when it is no address."""
    try:
        address = canonical(text)
    except AddressError:
        return text, "invalid"
    return address, classify(parse(address))
