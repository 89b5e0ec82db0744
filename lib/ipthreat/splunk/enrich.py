"""Answers for the engine: the raw cell of an address field → the cells to add.

An address is looked up once, judged once per set of lists that hold it, and its cells are put together from parts that
most others have, too: of a million events nearly all end at a dictionary. What makes that right: the judgement reads
nothing of the owner (as `judge.judged` relies on, too), and every source but the two files says the same of every
address.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Callable, Container, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..address import canonical, split
from ..allowlist import Allowlist
from ..assessment import Assessment, assess
from ..dossier import Behaviour, Dossier, Evidence, SourceKind, Status
from ..errors import AddressError, SnapshotError
from ..fields import Owner, Subject, owner_of
from ..gather import Gatherer, Preferred, RecordedSource, Source
from ..intelligence import Intelligence
from ..policy import Policy
from ..snapshot import Answer
from ..snapshot.reader import NOBODY
from ..snapshot.reader import Owner as FoundOwner
from ..snapshot.records import Facts
from .encoding import Cells, Encoder
from .rows import text_of

MOST_ADDRESSES = 256
"""Addresses of one cell that are answered; what comes after them is counted and left out."""

_KNOWN_KEPT = 8192
_LONGEST_SHOWN = 256  # characters of a text that is no address
_SPECIAL = 2  # of the facts: the special-purpose range
_NOBODY = Owner(None, "", "", "", "")
_SYSTEMS_KEPT = 16_384


class Shown(NamedTuple):
    """What the event itself shows of an address."""

    number: int
    """Of these behaviours alone; 0 for none."""
    behaviours: Tuple[Behaviour, ...]


NOTHING = Shown(0, ())


class Known(NamedTuple):
    """What addresses have in common of which the same is known, but for system and network."""

    assessment: Assessment
    cells: Cells


class System(NamedTuple):
    """An autonomous system, written."""

    name: str
    cells: Cells


class Unasked:
    """Stands for the live sources in a run that asks none of them, so that every answer says so."""

    def __init__(self, names: Sequence[str], reason: str) -> None:
        self._items = tuple(
            Evidence(name, SourceKind.PROVIDER, Status.NOT_ASKED, reason=reason) for name in names if name != "talos"
        )

    def evidence(self, address: str) -> Sequence[Evidence]:
        """An entry per source."""
        return self._items


class Enricher:
    """Judges addresses under one policy at one moment."""

    def __init__(
        self,
        intelligence: Intelligence,
        encoder: Encoder,
        policy: Policy,
        as_of: datetime,
        allowlist: Optional[Allowlist] = None,
        unasked: Optional[Source] = None,
        noted: Optional[Callable[[str, str], None]] = None,
        answered: Container[str] = frozenset(),
    ) -> None:
        """`unasked` stands for the live sources; what it says is the same of every address that is not in `answered`.

        `noted` is called with each address that is looked up, in canonical text, and its special-purpose range.
        """
        self.encoder, self.policy, self.as_of = encoder, policy, as_of
        self.left_out = 0
        """Addresses beyond the most that are answered of one cell."""
        self.failure = intelligence.snapshot_error or intelligence.lists_error
        """Why a part of the data cannot be read, in one sentence; empty when all is well."""
        self._noted, self._lists, self._allowlist = noted, intelligence.lists, allowlist or Allowlist()
        self._answered = answered
        self._alike = not (self._lists or self._allowlist.entries or noted or answered)  # the snapshot alone decides
        last: Source = Preferred(unasked, RecordedSource()) if unasked else RecordedSource()
        self._gatherer = Gatherer((*intelligence.sources(as_of), last), self._allowlist)
        self._find = intelligence.snapshot.find if intelligence.snapshot else self._no_snapshot
        self._numbers = 0
        self._assessments: Dict[object, Assessment] = {}
        self._known: Dict[object, Known] = {}
        self._systems: Dict[int, System] = {}

    def cells(self, cell: bytes) -> bytes:
        """The cells for the raw cell of an address field."""
        try:
            # Around an address quotes mean nothing, be they those of the cell or its own.
            return self.written(cell.strip(b'"').decode())
        except (AddressError, SnapshotError, UnicodeDecodeError):  # no plain address, or no data
            return self.encoded([self.subject(member) for member in self.addresses(text_of(cell))])

    def quickly(self) -> Callable[[bytes], bytes]:
        """`cells`, in one step where nothing about an address is new but its network, as of nearly all."""
        if not (self._alike and self.encoder.usual):
            return self.cells
        find, known, systems, cells = self._find, self._known.get, self._systems.get, self.cells

        def answer(cell: bytes) -> bytes:
            try:
                text = cell.strip(b'"').decode()
                owner, facts = find(text)
            except (AddressError, SnapshotError, UnicodeDecodeError):
                return cells(cell)
            shared = known(facts)
            if not shared or text[0] in ":0":  # which may carry an IPv4 address
                return cells(cell)
            asn, organisation, name, network = NOBODY if facts[_SPECIAL] else owner
            system = systems(asn)
            if not system or system.name != (name or organisation):
                system = self._system(asn, name or organisation, shared.assessment)
            head, tail = shared.cells
            return (
                f'{head}{system.cells[0]},"{network}",{tail}' if network else f"{head}{system.cells[0]},,{tail}"
            ).encode()

        return answer

    def written(self, text: str, shown: Shown = NOTHING) -> bytes:
        """The cells of one plain address. Raises AddressError for any other text, SnapshotError without the data."""
        if ":" in text and text[0] in ":0":  # which may carry an IPv4 address
            text = canonical(text)
        if self._answered and canonical(text) in self._answered:
            return self.encoded([self._gathered(canonical(text), shown)])
        owner, facts = self._find(text)
        known = self._known_of(text, owner, facts, shown)
        asn, organisation, name, network = NOBODY if facts[_SPECIAL] else owner
        system = self._systems.get(asn)
        if system is None or system.name != (name or organisation):
            system = self._system(asn, name or organisation, known.assessment)
        subject = Subject(canonical(text), _NOBODY, known.assessment) if self.encoder.by_address else None
        return self.encoder.laid(known.cells, system.cells, network, subject)

    def encoded(self, subjects: Sequence[Subject]) -> bytes:
        """The cells of an event with these addresses."""
        return self.encoder.one(subjects[0]) if len(subjects) == 1 else self.encoder.several(subjects)

    def addresses(self, text: str) -> List[str]:
        """The addresses of a field, as they are written: one a line, or a list on a line; at least one text.

        A line without any address is one text, so that prose is not answered word by word.
        """
        found: List[str] = []
        lines = text.split("\n")
        for place, line in enumerate(lines, start=1):
            words = split(line)
            found += words if len(words) > 1 and not _is_address(line) and any(map(_is_address, words)) else [line]
            if len(found) > MOST_ADDRESSES:
                self.left_out += len(found) - MOST_ADDRESSES + len(lines) - place
                return found[:MOST_ADDRESSES]
        return found

    def subject(self, text: str, shown: Shown = NOTHING) -> Subject:
        """One address, judged; text that is none is judged as `invalid`."""
        try:
            address = canonical(text)
        except AddressError:
            return self._gathered(text[:_LONGEST_SHOWN], NOTHING)
        if address in self._answered:
            return self._gathered(address, shown)
        try:
            owner, facts = self._find(address)
            own = None if self._alike else self._own_word(address, facts[_SPECIAL])
        except SnapshotError as error:
            self.failure = self.failure or str(error)
            return self._gathered(address, shown)
        return self._judged(address, owner, facts, own, shown)

    def shown(self, behaviours: Tuple[Behaviour, ...]) -> Shown:
        """What an event shows, with a number that nothing else has; to be kept by who asks."""
        if not behaviours:
            return NOTHING
        self._numbers += 1
        return Shown(self._numbers, behaviours)

    def answer(self, address: str) -> Answer:
        """What the snapshot knows. Raises AddressError or SnapshotError."""
        owner, facts = self._find(address)
        return Answer(*owner, *facts)

    def _known_of(self, address: str, owner: FoundOwner, facts: Facts, shown: Shown) -> Known:
        """What an address has in common with others; it is judged when it is the first of them."""
        own = None if self._alike else self._own_word(address, facts[_SPECIAL])
        key: object = (facts, own, shown.number) if own or shown.number else facts
        known = self._known.get(key)
        if known is None:
            subject = self._judged(address, owner, facts, own, shown)
            known = Known(subject.assessment, self.encoder.shared(subject))
            if _agree(subject.assessment, facts):
                if len(self._known) >= _KNOWN_KEPT:
                    self._known.clear()
                self._known[key] = known
        return known

    def _system(self, asn: int, name: str, assessment: Assessment) -> System:
        """A system that was not met before, or not by this name."""
        if len(self._systems) >= _SYSTEMS_KEPT:
            self._systems.clear()
        owner = Owner(asn or None, name, "", "", "")
        system = self._systems[asn] = System(name, self.encoder.system(Subject("", owner, assessment)))
        return system

    def _judged(self, address: str, owner: FoundOwner, facts: Facts, own: object, shown: Shown) -> Subject:
        """An address, judged when no other with the same listings was before."""
        country, rir, special, listings = facts
        key = (special, listings, own, shown.number)
        assessment = self._assessments.get(key)
        if assessment is None:
            assessment = assess(self._dossier(address, shown), self.policy, self.as_of)
            if not _agree(assessment, facts):
                return Subject(address, owner_of(assessment), assessment)
            if len(self._assessments) >= _KNOWN_KEPT:
                self._assessments.clear()
            self._assessments[key] = assessment
        asn, organisation, name, network = owner
        told = _NOBODY if special else Owner(asn or None, name or organisation, network, country, rir)
        return Subject(address, told, assessment)

    def _own_word(self, text: str, special: object) -> object:
        """What the user's own lists say of an address; it is noted by the way."""
        address = canonical(text)
        if self._noted:
            self._noted(address, str(special))
        if special:
            return None
        return self._lists.listed(address) if self._lists else (), self._allowlist.allowance(address)

    def _no_snapshot(self, _address: str) -> Tuple[FoundOwner, Facts]:
        raise SnapshotError(self.failure)

    def _dossier(self, address: str, shown: Shown) -> Dossier:
        """All that is known about an address."""
        dossier = next(self._gatherer.gather([address], {}, None))
        return replace(dossier, behaviours=shown.behaviours) if shown.number else dossier

    def _gathered(self, text: str, shown: Shown) -> Subject:
        """The long way: for what is no address, and without a snapshot."""
        assessment = assess(self._dossier(text, shown), self.policy, self.as_of)
        return Subject(assessment.address, owner_of(assessment), assessment)


def _agree(assessment: Assessment, facts: Facts) -> bool:
    """False when the file is of another version and calls other ranges special: its word does not count then."""
    return assessment.dossier.is_global is not bool(facts[_SPECIAL])


def _is_address(text: str) -> bool:
    try:
        canonical(text)
    except AddressError:
        return False
    return True
