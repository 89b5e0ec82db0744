"""Answers for the engine: the raw cell of an address field → the cells to add.

An address is looked up once, judged once per set of lists that hold it, and its cells are put together from parts that
most others have, too: of a million events nearly all end at a dictionary. What makes that right: the judgement reads
nothing of the owner (as `judge.judged` relies on, too), and every source but the two files says the same of every
address.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..address import canonical, split
from ..allowlist import Allowlist
from ..assessment import Assessment, assess
from ..dossier import Behaviour, Dossier, Evidence, SourceKind, Status
from ..errors import AddressError, SnapshotError
from ..fields import Owner, Subject, owner_of
from ..gather import Gatherer, RecordedSource, Source
from ..intelligence import Intelligence
from ..policy import Policy
from ..snapshot import Answer
from .encoding import Cells, Encoder
from .rows import text_of

CELLS_KEPT = 32_768
"""Distinct cells whose answer is remembered; all are forgotten when there are more."""
MOST_ADDRESSES = 256
"""Addresses of one cell that are answered; what comes after them is counted and left out."""

_KNOWN_KEPT = 8192
_LONGEST_KEPT = 1024  # bytes of a cell that is remembered
_LONGEST_SHOWN = 256  # characters of a text that is no address
_NOBODY = Owner(None, "", "", "", "")
_SYSTEMS_KEPT = 16_384


class Shown(NamedTuple):
    """What the event itself shows of an address."""

    number: int
    """The same for the same behaviours."""
    behaviours: Tuple[Behaviour, ...]


NOTHING = Shown(0, ())


class Known(NamedTuple):
    """What addresses have in common of which the same is known, but for system and network."""

    assessment: Assessment
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
        unasked: Optional[Unasked] = None,
        noted: Optional[Callable[[str, str], None]] = None,
    ) -> None:
        """`unasked` stands for the live sources in a run that asks none of them.

        `noted` is called with each address that is looked up, in canonical text, and its special-purpose range.
        """
        self.encoder = encoder
        self.policy = policy
        self.as_of = as_of
        self.left_out = 0
        """Addresses beyond the most that are answered of one cell."""
        self.failure = intelligence.snapshot_error or intelligence.lists_error
        """Why a part of the data cannot be read, in one sentence; empty when all is well."""
        self._noted, self._lists, self._allowlist = noted, intelligence.lists, allowlist or Allowlist()
        self._alike = not (self._lists or self._allowlist.entries or noted)  # nothing but the snapshot tells them apart
        sources: Tuple[Source, ...] = (*intelligence.sources(as_of), RecordedSource(), *([unasked] if unasked else []))
        self._gatherer = Gatherer(sources, self._allowlist)
        self._look_up = intelligence.snapshot.lookup if intelligence.snapshot else self._no_snapshot
        self._assessments: Dict[object, Assessment] = {}
        self._known: Dict[object, Known] = {}
        self._systems: Dict[object, Cells] = {}

    def cells(self, cell: bytes) -> bytes:
        """The cells for the raw cell of an address field."""
        try:
            # Around an address quotes mean nothing, be they those of the cell or its own.
            return self.written(cell.strip(b'"').decode())
        except (AddressError, SnapshotError, UnicodeDecodeError):  # no plain address, or no data
            return self.encoded([self.subject(member) for member in self.addresses(text_of(cell))])

    def written(self, text: str, shown: Shown = NOTHING) -> bytes:
        """The cells of one plain address. Raises AddressError for any other text, SnapshotError without the data."""
        if ":" in text and text[0] in ":0":  # which may carry an IPv4 address
            text = canonical(text)
        answer = self._look_up(text)
        asn, organisation, name, network, country, rir, special, listings = answer
        own = None if self._alike else self._own_word(text, special)
        known = self._known.get((country, rir, special, listings, own, shown.number))
        if known is None:
            known = self._learn(text, answer, own, shown)
        if special:
            asn, organisation, name, network = 0, "", "", ""
        system = self._systems.get((asn, name or organisation))
        if system is None:
            system = self._system(asn, name or organisation, known.assessment)
        subject = Subject(canonical(text), _NOBODY, known.assessment) if self.encoder.by_address else None
        return self.encoder.laid(known.cells, system, network, subject)

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
        try:
            answer = self._look_up(address)
            own = None if self._alike else self._own_word(address, answer.special)
        except SnapshotError as error:
            self.failure = self.failure or str(error)
            return self._gathered(address, shown)
        return self._judged(address, answer, own, shown)

    def answer(self, address: str) -> Answer:
        """What the snapshot knows. Raises AddressError or SnapshotError."""
        return self._look_up(address)

    def _learn(self, address: str, answer: Answer, own: object, shown: Shown) -> Known:
        """Judges an address of which something is known that was of none before."""
        subject = self._judged(address, answer, own, shown)
        known = Known(subject.assessment, self.encoder.shared(subject))
        if _agree(subject.assessment, answer):
            _, _, _, _, country, rir, special, listings = answer
            if len(self._known) >= _KNOWN_KEPT:
                self._known.clear()
            self._known[(country, rir, special, listings, own, shown.number)] = known
        return known

    def _system(self, asn: int, name: str, assessment: Assessment) -> Cells:
        """The cells of a system that was not met before."""
        if len(self._systems) >= _SYSTEMS_KEPT:
            self._systems.clear()
        owner = Owner(asn or None, name, "", "", "")
        cells = self._systems[(asn, name)] = self.encoder.system(Subject("", owner, assessment))
        return cells

    def _judged(self, address: str, answer: Answer, own: object, shown: Shown) -> Subject:
        """An address, judged when no other with the same listings was before."""
        asn, organisation, name, network, country, rir, special, listings = answer
        key = (special, listings, own, shown.number)
        assessment = self._assessments.get(key)
        if assessment is None:
            assessment = assess(self._dossier(address, shown), self.policy, self.as_of)
            if not _agree(assessment, answer):
                return Subject(address, owner_of(assessment), assessment)
            self._assessments[key] = assessment
        owner = _NOBODY if special else Owner(asn or None, name or organisation, network, country, rir)
        return Subject(address, owner, assessment)

    def _own_word(self, text: str, special: str) -> object:
        """What the user's own lists say of an address; it is noted by the way."""
        address = canonical(text)
        if self._noted:
            self._noted(address, special)
        if special:
            return None
        return self._lists.listed(address) if self._lists else (), self._allowlist.allowance(address)

    def _no_snapshot(self, _address: str) -> Answer:
        raise SnapshotError(self.failure)

    def _dossier(self, address: str, shown: Shown) -> Dossier:
        """All that is known about an address."""
        dossier = next(self._gatherer.gather([address], {}, None))
        return replace(dossier, behaviours=shown.behaviours) if shown.number else dossier

    def _gathered(self, text: str, shown: Shown) -> Subject:
        """The long way: for what is no address, and without a snapshot."""
        assessment = assess(self._dossier(text, shown), self.policy, self.as_of)
        return Subject(assessment.address, owner_of(assessment), assessment)


class Answers(Dict[Any, bytes]):
    """`answers[key]` is `answer(key)`, remembered; a key is a raw cell, or a tuple whose first member is one."""

    def __init__(self, answer: Callable[[Any], bytes], length: Callable[[Any], int] = len) -> None:
        """`length` tells how much memory a key takes, in bytes."""
        super().__init__()
        self.asked = 0
        """Keys that were not remembered."""
        self._answer = answer
        self._length = length

    def __missing__(self, key: Any) -> bytes:
        self.asked += 1
        value = self._answer(key)
        if len(self) >= CELLS_KEPT:
            self.clear()
        if self._length(key) <= _LONGEST_KEPT:
            self[key] = value
        return value


def _agree(assessment: Assessment, answer: Answer) -> bool:
    """False when the file is of another version and calls other ranges special: its word does not count then."""
    return assessment.dossier.is_global is not bool(answer.special)


def _is_address(text: str) -> bool:
    try:
        canonical(text)
    except AddressError:
        return False
    return True
