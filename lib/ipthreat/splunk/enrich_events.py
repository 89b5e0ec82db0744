"""Answers that also rest on the event itself: its user agent, request, status and action, or the bytes it sent.

Nearly all events tell nothing: whether one may is settled cell by cell, and remembered. What tells something is brought
down to its signs (the tools, attacks and weak paths named, not the texts that name them), of which there are few, and
judged once for all addresses of which the same is known.

User agent, request, status and action are those of who asks. So they count for an address field that names a source,
and bytes for one that names the other end (`dest_ip`, `dst` …): that a web server answers with a large file is no
leak, and its visitors' user agents are not the server's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Callable, Dict, Generic, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

from ..address import GLOBAL, canonical, classify, network, parse
from ..agents import AgentTable, CrawlerClaim
from ..behaviour import Observer
from ..dossier import Behaviour
from ..errors import AddressError, SnapshotError
from ..intelligence import Intelligence
from ..logs.event import Event
from ..logs.fields import FieldPlan, role_of, stated
from ..memo import Memo
from ..observed.reading import Agents, what_requests_ask
from ..thresholds import Thresholds
from .answers import Answers
from .enrich import NOTHING, Enricher, Shown
from .rows import text_of

REQUEST_OPTIONS = ("user_agent", "uri", "http_status", "action")
"""The options that tell of a request, in the order in which `Requests` takes their cells."""

_ANYONE, _OURS = "8.8.8.8", "192.168.0.1"
_KEPT = 16_384
_LONGEST_KEPT = 1024
_VOLUME = Thresholds().volume_bytes
_SMALL = len(str(_VOLUME))  # digits, with fewer of which there can be no volume

Sign = TypeVar("Sign")


class Signs(Dict[bytes, Sign], Generic[Sign]):
    """`signs[cell]` is what the raw cell of one field tells, remembered."""

    def __init__(self, read: Callable[[str], Sign]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: bytes) -> Sign:
        sign = self._read(text_of(cell))
        if len(cell) <= _LONGEST_KEPT:
            if len(self) >= _KEPT:
                self.clear()
            self[cell] = sign
        return sign


def names_other_end(field: str) -> bool:
    """True for a field that by its name holds the other end of a connection, not who opened it."""
    return role_of(field)[0] in ("peer", "remote")


class _Judge(ABC):
    """Judges addresses along with the signs of an event."""

    def __init__(self, enricher: Enricher) -> None:
        self._enricher = enricher
        self._shown: Dict[Tuple[Any, ...], Shown] = {}

    def answer(self, cell: bytes, signs: Tuple[Any, ...]) -> bytes:
        """The cells for the raw cell of the address field."""
        enricher = self._enricher
        try:
            text = cell.strip(b'"').decode()
            return enricher.written(text, self._of(text, signs))
        except (AddressError, SnapshotError, UnicodeDecodeError):  # several addresses, rubbish, or no data
            members = enricher.addresses(text_of(cell))
            return enricher.encoded([enricher.subject(member, self._member(member, signs)) for member in members])

    def _member(self, text: str, signs: Tuple[Any, ...]) -> Shown:
        try:
            return self._of(canonical(text), signs)
        except AddressError:
            return NOTHING

    def _of(self, address: str, signs: Tuple[Any, ...]) -> Shown:
        """What the event shows of an address."""
        key = (signs, self._about(address, signs))
        shown = self._shown.get(key)
        if shown is None:
            if len(self._shown) >= _KEPT:
                self._shown.clear()
            shown = self._shown[key] = self._enricher.shown(self._behaviours(*key))
        return shown

    @abstractmethod
    def _about(self, address: str, signs: Tuple[Any, ...]) -> Tuple[Any, ...]:
        """What of the address decides what the signs mean. Raises AddressError for a text that is none."""

    @abstractmethod
    def _behaviours(self, signs: Tuple[Any, ...], about: Tuple[Any, ...]) -> Tuple[Behaviour, ...]:
        """What the signs show of an address about which that is so."""


class _Told(NamedTuple):
    """What stands for all user agents that tell the same."""

    text: str
    """The first of them."""
    claim: Optional[CrawlerClaim]


class Requests(_Judge):
    """Judges who sent a request by it."""

    def __init__(self, enricher: Enricher, intelligence: Intelligence, plain: Mapping[bytes, bytes]) -> None:
        """`plain` are the answers for the address alone."""
        super().__init__(enricher)
        self._plain = plain
        self._table = AgentTable.build(intelligence.agents())
        self._say, self._ask = Agents(self._table), what_requests_ask()
        self._first: Dict[Any, Any] = {}  # what is told → the first that tells it
        self._plan = FieldPlan(["src_ip", "status", "action"], Memo(lambda _: None, 1), "src_ip")
        self._agents: Signs[Optional[_Told]] = Signs(self._said)
        self._requests: Signs[Optional[str]] = Signs(self._asked)
        self._outcomes: Dict[Tuple[bytes, bytes], Tuple[Optional[int], str]] = {}
        self._answers = Answers(lambda key: self.answer(key[0], key[1:]), lambda key: len(key[0]), _KEPT)

    def __call__(self, key: Tuple[bytes, bytes, bytes, bytes, bytes]) -> bytes:
        """The cells for the raw cells of address, user agent, request, status and action."""
        address, agent, request, status, action = key
        said, asked = self._agents[agent], self._requests[request]
        if said is None and asked is None:
            return self._plain[address]
        return self._answers[address, said, asked, self._outcome(status, action)]

    def _said(self, text: str) -> Optional[_Told]:
        agent = stated(text)
        said = self._say.said(agent)
        return self._standing_for(said, _Told(agent, said.claim)) if said.telling else None

    def _asked(self, text: str) -> Optional[str]:
        request = stated(text)
        asked = self._ask[request]
        return self._standing_for(asked, request) if asked else None

    def _standing_for(self, told: Any, first: Any) -> Any:
        if len(self._first) >= _KEPT:
            self._first.clear()
        return self._first.setdefault(told, first)

    def _outcome(self, status: bytes, action: bytes) -> Tuple[Optional[int], str]:
        """Status and action as an event has them."""
        known = self._outcomes.get((status, action))
        if known is None:
            event = self._plan.event([_ANYONE, text_of(status), text_of(action)]) or Event(_ANYONE)
            if len(self._outcomes) >= _KEPT:
                self._outcomes.clear()
            known = self._outcomes[(status, action)] = (event.status, event.action)
        return known

    def _about(self, address: str, signs: Tuple[Any, ...]) -> Tuple[Any, ...]:
        """Whether one that claims to be a crawler comes from its operator: by the lists that hold it, and its owner.

        The lists are None when they cannot be read.
        """
        told: Optional[_Told] = signs[0]
        if told is None or told.claim is None:
            return ()
        try:
            answer, claim = self._enricher.answer(address), told.claim
        except SnapshotError:  # which the answer about the address itself tells
            return None, ""
        lists = tuple(item.name for item in answer.listings if item.name in claim.ranges)
        return lists, claim.operator if claim.operator.lower() in answer.organisation.lower() else ""

    def _behaviours(self, signs: Tuple[Any, ...], about: Tuple[Any, ...]) -> Tuple[Behaviour, ...]:
        told, request, (status, action) = signs
        lists, owner = about or ((), "")
        table = AgentTable() if lists is None else self._table  # a claim that cannot be checked says nothing
        observer = Observer((), agents=table, crawler_ranges=lambda _: lists or (), owner=lambda _: owner)
        observer.add(Event(_ANYONE, None, told.text if told else "", request or "", status, action))
        return observer.observations()[_ANYONE].behaviours


class Transfers(_Judge):
    """Judges who was sent bytes by how many there were, and by whether a list names it as a C2 server."""

    def __init__(
        self, enricher: Enricher, intelligence: Intelligence, plain: Mapping[bytes, bytes], own: Sequence[str] = ()
    ) -> None:
        """`own` are networks of ours beside the private ones, as CIDR text: what is sent there does not leave us."""
        super().__init__(enricher)
        self._plain = plain
        self._is_c2 = intelligence.is_c2 if intelligence.lists else None
        self._own = [network(text) for text in own]
        self._bytes: Signs[int] = Signs(_bytes_in)
        self._answers = Answers(lambda key: self.answer(key[0], key[1:]), lambda key: len(key[0]), _KEPT)

    def __call__(self, key: Tuple[bytes, bytes]) -> bytes:
        """The cells for the raw cells of address and number of bytes."""
        address, cell = key
        sent = self._bytes[cell]
        if not sent or (sent < _VOLUME and not self._is_c2):
            return self._plain[address]
        return self._answers[address, sent]

    def _about(self, address: str, signs: Tuple[Any, ...]) -> Tuple[Any, ...]:
        parsed = parse(address)
        ours = classify(parsed) != GLOBAL or any(parsed in item for item in self._own if item.version == parsed.version)
        return ours, bool(self._is_c2 and self._is_c2(str(parsed)))

    def _behaviours(self, signs: Tuple[Any, ...], about: Tuple[Any, ...]) -> Tuple[Behaviour, ...]:
        (sent,), (ours, listed) = signs, about
        if ours:
            return ()
        observer = Observer([_OURS], is_c2=lambda _: listed)
        observer.add(Event(_OURS, None, bytes_out=sent, peer=_ANYONE))
        return observer.observations()[_ANYONE].behaviours


def _bytes_in(text: str) -> int:
    """The number of bytes; of less than a volume only that there were some."""
    if len(text) < _SMALL and text.isascii() and text.isdigit():
        return min(int(text), 1)
    event = _SIZES.event([_ANYONE, text])
    sent = (event.bytes_out if event else None) or 0
    return sent if sent >= _VOLUME else min(sent, 1)


_SIZES = FieldPlan(["src_ip", "bytes_out"], Memo(lambda _: None, 1), "src_ip")
