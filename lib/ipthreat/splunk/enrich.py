"""Answers for the engine: the raw cell of an address field → the cells to add.

An address is looked up once, judged once per set of lists that hold it, and written once per network: of a million
events nearly all end at a dictionary. What makes that right: the judgement reads nothing of the owner (as
`judge.judged` relies on, too), and every source but the two files says the same of every address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..address import canonical, split
from ..allowlist import Allowlist
from ..assessment import Assessment, assess
from ..dossier import Allowance, Dossier, Evidence, SourceKind, Status
from ..errors import AddressError, SnapshotError
from ..fields import Owner, Subject, owner_of
from ..gather import Gatherer, RecordedSource, Source
from ..intelligence import Intelligence
from ..policy import Policy
from ..snapshot import Answer, Listing
from .encoding import Encoder, Frozen
from .rows import text_of

CELLS_KEPT = 40_000
"""Distinct cells whose answer is remembered; all are forgotten when there are more."""
MOST_ADDRESSES = 256
"""Addresses of one cell that are answered; what comes after them is counted and left out."""

_NETWORKS_KEPT = 16_384
_LONGEST_KEPT = 1024  # bytes of a cell that is remembered
_LONGEST_SHOWN = 256  # characters of a text that is no address
_NOBODY = Owner(None, "", "", "", "")

_Key = Tuple[str, Tuple[Listing, ...], Tuple[Listing, ...], Optional[Allowance]]


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
        self._noted = noted
        self._snapshot, self._lists = intelligence.snapshot, intelligence.lists
        self._allowlist = allowlist or Allowlist()
        sources: Tuple[Source, ...] = (*intelligence.sources(as_of), RecordedSource(), *([unasked] if unasked else []))
        self._gatherer = Gatherer(sources, self._allowlist)
        self._look_up = self._snapshot.lookup if self._snapshot else self._no_snapshot
        self._judged: Dict[Optional[_Key], Tuple[Assessment, Frozen]] = {}
        self._written: Dict[object, bytes] = {}

    def cells(self, cell: bytes) -> bytes:
        """The cells for the raw cell of an address field."""
        text = text_of(cell)
        if "\n" not in text:
            try:
                address = canonical(text) if text[:2] == "::" else text  # which may carry an IPv4 address
                return self._written_for(address, self._look_up(address))
            except (AddressError, SnapshotError):  # no plain address, or no data: both are looked at closely
                pass
        members = self.addresses(text)
        if len(members) > 1:
            return self.encoder.several([self.subject(member) for member in members])
        return self.encoder.one(self.subject(members[0]))

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

    def subject(self, text: str) -> Subject:
        """One address, judged; text that is none is judged as `invalid`."""
        try:
            address = canonical(text)
        except AddressError:
            return self._gathered(text[:_LONGEST_SHOWN])
        try:
            answer = self._look_up(address)
            listed = self._lists.listed(address) if self._lists and not answer.special else ()
        except SnapshotError as error:
            self.failure = self.failure or str(error)
            return self._gathered(address)
        if self._noted:
            self._noted(address, answer.special)
        allowance = None if answer.special else self._allowlist.allowance(address)
        return self._judgement(address, answer, listed, allowance)[0]

    def dossier(self, address: str) -> Dossier:
        """All that is known about an address, without events."""
        return next(self._gatherer.gather([address], {}, None))

    def _written_for(self, address: str, answer: Answer) -> bytes:
        """The cells of one address, of which all of one network have the same."""
        listed = self._lists.listed(address) if self._lists and not answer.special else ()
        allowance = self._allowlist.allowance(address) if self._allowlist.entries and not answer.special else None
        if self._noted:
            self._noted(canonical(address), answer.special)
        key = (answer, listed, allowance) if listed or allowance else answer
        written = self._written.get(key)
        if written is None:
            subject, frozen = self._judgement(address, answer, listed, allowance)
            if not self.encoder.shared:
                return self.encoder.filled(frozen, Subject(canonical(address), *subject[1:]))
            if self.encoder.usual:
                written = self.encoder.with_owner(frozen, subject.owner)
            else:
                written = self.encoder.filled(frozen, subject)
            if len(self._written) >= _NETWORKS_KEPT:
                self._written.clear()
            self._written[key] = written
        return written

    def _judgement(
        self, address: str, answer: Answer, listed: Tuple[Listing, ...], allowance: Optional[Allowance]
    ) -> Tuple[Subject, Frozen]:
        """The judgement on an address, made when no other with the same listings was judged before."""
        asn, organisation, name, network, country, rir, special, listings = answer
        key = (special, listings, listed, allowance) if special or listings or listed or allowance else None
        judged = self._judged.get(key)
        if judged is None:
            assessment = assess(self.dossier(address), self.policy, self.as_of)
            if assessment.dossier.is_global is bool(special):  # a file of another version: its word does not count
                subject = Subject(assessment.address, owner_of(assessment), assessment)
                return subject, self.encoder.frozen(subject)
            judged = self._judged[key] = assessment, self.encoder.frozen(Subject(address, _NOBODY, assessment))
        owner = _NOBODY if special else Owner(asn or None, name or organisation, network, country, rir)
        return Subject(address, owner, judged[0]), judged[1]

    def _no_snapshot(self, _address: str) -> Answer:
        raise SnapshotError(self.failure)

    def _gathered(self, text: str) -> Subject:
        """The long way: for what is no address, and without a snapshot."""
        assessment = assess(self.dossier(text), self.policy, self.as_of)
        return Subject(assessment.address, owner_of(assessment), assessment)


class Answers(Dict[object, bytes]):
    """`answers[key]` is `answer(key)`, remembered; a key is a raw cell or a tuple of them."""

    def __init__(self, answer: Callable[[Any], bytes]) -> None:
        super().__init__()
        self.asked = 0
        """Keys that were not remembered."""
        self._answer = answer

    def __missing__(self, key: object) -> bytes:
        self.asked += 1
        value = self._answer(key)
        if len(self) >= CELLS_KEPT:
            self.clear()
        if (len(key) if isinstance(key, bytes) else sum(map(len, key))) <= _LONGEST_KEPT:  # type: ignore[call-overload]
            self[key] = value
        return value


def _is_address(text: str) -> bool:
    try:
        canonical(text)
    except AddressError:
        return False
    return True
