"""The broker: asks providers for whoever may, with keys that never leave it, within quotas, caps and a deadline.

Splunk may run several copies of it, each with a short life. What must be right lies in files that all copies share:
the ledger of quotas, the caps, the store. Connections are kept in memory, and lost without harm.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..allowlist import Allowlist
from ..clock import SYSTEM, Clock
from ..connecting import Connect, Wish, open_live, over_requests
from ..dossier import Dossier, Evidence, Status
from ..exchange import Outcome, Request, Response, Transport
from ..gather import Gatherer
from ..intelligence import Intelligence
from ..live import Live
from ..localfiles import NO_FILES, Local
from ..policy import policy_named
from ..providers import LiveProvider
from ..settings import LiveSettings, ProviderSettings
from ..store import EvidenceStore
from ..store.evidence import FILE as STORE_FILE
from .broker_caps import FILE as CAPS_FILE
from .broker_caps import Caps
from .broker_log import note_exchange
from .broker_settings import BrokerSettings
from .kvstore import SharedEvidence

CACHED = "nothing is on record, and mode=cached asks nobody"
MOST_CONNECTIONS_KEPT = 64

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """What somebody wants to know."""

    addresses: Tuple[str, ...]
    """Canonical texts, each once."""
    user: str
    sid: str = ""
    live: bool = False
    """False asks the stores alone."""
    providers: Tuple[str, ...] = ()
    """Of those that are configured; empty for all."""
    budget: int = 100
    seconds: float = 30.0
    alert: bool = False
    """True may spend what is kept in reserve."""


@dataclass(frozen=True)
class Circumstances:
    """What an answer depends on beside its question."""

    settings: BrokerSettings
    shared: SharedEvidence
    allowed: Allowlist
    tell: Tell
    """Hears what the caller should know."""
    local: Local = NO_FILES
    """Files on this machine that are looked up whoever is asked."""


@dataclass(frozen=True)
class Answered:
    """What came of it."""

    evidence: Mapping[str, Tuple[Evidence, ...]]
    """Global address → an entry per source."""
    asked: int
    """New addresses that were asked about."""
    late: bool
    """True when the time was over before everything had been asked."""
    requests: Mapping[str, int]
    hits: int
    """Answers of other members that were taken over."""


@dataclass
class _Account:
    """What one question may still ask about."""

    left: int


class _Shelf:
    """New answers on their way to the cluster: all at once at the end of a run, those that come later as they come."""

    def __init__(self, shared: SharedEvidence) -> None:
        self._shared = shared
        self._fresh: List[Tuple[str, Evidence]] = []
        self._ended = False
        self._lock = threading.Lock()

    def put(self, _addresses: Sequence[str], _response: Response, found: Mapping[str, Evidence]) -> None:
        """Takes answers in."""
        with self._lock:
            self._fresh.extend(found.items())
            ended = self._ended
        if ended:
            self.share()

    def share(self) -> None:
        """Shares what is there."""
        with self._lock:
            fresh, self._fresh, self._ended = tuple(self._fresh), [], True
        self._shared.save(fresh)


class Connections:
    """The ways to the providers, kept from question to question; those of other settings are let go."""

    def __init__(self) -> None:
        self._kept: Dict[object, Transport] = {}
        self._lock = threading.Lock()

    def connect(self, settings: LiveSettings, make: Connect) -> Connect:
        """Makes or finds the way to a provider; whoever closes it gives it back."""
        way = (settings.proxy, settings.ca_bundle, settings.plain_hosts)

        def _connect(own: ProviderSettings, connections: int) -> Transport:
            key = (way, own.base_url, own.key, own.timeout, connections)
            with self._lock:
                if len(self._kept) >= MOST_CONNECTIONS_KEPT:
                    self._close()
                if key not in self._kept:
                    self._kept[key] = make(own, connections)
                return _Lent(self._kept[key], own.timeout)

        return _connect

    def close(self) -> None:
        """Closes all."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        for transport in self._kept.values():
            transport.close()
        self._kept.clear()


class _Lent:
    """A kept way: closing it does nothing.

    A request is given its provider's whole time, though the run that made it has less: the run does not wait for it,
    and an answer that is paid for is kept when it comes.
    """

    def __init__(self, transport: Transport, patience: float) -> None:
        self._transport, self._patience = transport, patience

    def send(self, request: Request) -> Response:
        return self._transport.send(request)

    def attempt(self, request: Request, _seconds: float) -> Outcome:
        return self._transport.attempt(request, self._patience)

    def close(self) -> None:
        """It stays open for the next."""


class Broker:
    """One process's broker; the folder is shared with all others of the machine."""

    def __init__(
        self,
        folder: Path,
        providers: Mapping[str, LiveProvider],
        intelligence: Callable[[], Intelligence],
        *,
        connect: Optional[Connect] = None,
        clock: Clock = SYSTEM,
    ) -> None:
        """`intelligence` gives the data as they are now. `connect` is a seam for tests, `over_requests` by default."""
        self.folder = folder
        self.providers = providers
        self._intelligence = intelligence
        self._connect, self._clock = connect, clock
        self._connections = Connections()

    def close(self) -> None:
        """Lets go of the connections."""
        self._connections.close()

    def answer(self, question: Question, around: Circumstances) -> Answered:
        """The answer within the question's time, however incomplete. Raises InputError for unusable settings."""
        live = self._settings(question, around.settings)
        started = time.monotonic()
        dossiers = self._dossiers(question.addresses, around.allowed)
        hits = self._adopt(dossiers, live, around)
        wanted = min(question.budget, around.settings.live.budget, len(dossiers)) if question.live else 0
        with self._granted(question, around, wanted) as account:
            seconds = max(0.05, question.seconds - (time.monotonic() - started))
            bounded = replace(question, budget=account.left, seconds=seconds)
            return self._asked(bounded, live, dossiers, around, account, hits)

    @contextlib.contextmanager
    def _granted(self, question: Question, around: Circumstances, wanted: int) -> Iterator[_Account]:
        """What the caps leave of the wanted new addresses; what is left in the account at the end is given back."""
        settings, tell = around.settings, around.tell
        caps = Caps(self.folder / CAPS_FILE, settings.user_day, settings.search_most, clock=self._clock, tell=tell)
        account = _Account(caps.take(question.user, question.sid, wanted) if wanted else 0)
        if account.left < wanted:
            said = f"{account.left:,} of {wanted:,} new addresses"
            tell(f"{said} may still be asked about for this search and user today")
        try:
            yield account
        finally:
            if account.left:
                caps.give_back(question.user, question.sid, account.left)
            caps.close()

    def _asked(  # the parts of one run, used here alone
        self,
        question: Question,
        live: LiveSettings,
        dossiers: Sequence[Dossier],
        around: Circumstances,
        account: _Account,
        hits: int,
    ) -> Answered:
        shelf = _Shelf(around.shared)
        run, started = self._run(question, live, around, shelf), time.monotonic()
        try:
            found = run.answers(dossiers)
            account.left, requests = run.left, run.requests
        finally:
            run.close()
            shelf.share()
        late = any(requests.values()) and time.monotonic() - started >= question.seconds
        told = _with_local(found if question.live else _from_record(found), around.local)
        return Answered(told, question.budget - account.left, late, requests, hits)

    def _run(self, question: Question, live: LiveSettings, around: Circumstances, shelf: _Shelf) -> Live:
        """A run of the live sources, whose new answers are put on the shelf."""
        wish = Wish(
            budget=question.budget,
            seconds=question.seconds,
            alert=question.alert,
            watchers=(shelf.put,),
            policy=policy_named(around.settings.policy),
            user=question.user,
            search=question.sid,
            heard=partial(note_exchange, question.user, question.sid),
        )
        connect = self._connections.connect(live, self._connect or over_requests(live))
        return open_live(
            live, self.folder, wish, around.tell, providers=self.providers, connect=connect, clock=self._clock
        )

    def _settings(self, question: Question, settings: BrokerSettings) -> LiveSettings:
        wanted = question.providers or tuple(settings.live.providers)
        chosen = {name: own for name, own in settings.live.providers.items() if name in wanted}
        return replace(settings.live, providers=chosen)

    def _dossiers(self, addresses: Sequence[str], allowed: Allowlist) -> List[Dossier]:
        sources = self._intelligence().sources(self._clock.now())
        return list(Gatherer(sources, allowed).gather(addresses, {}, None))

    def _adopt(self, dossiers: Sequence[Dossier], live: LiveSettings, around: Circumstances) -> int:
        """Takes over what other members know and this one does not; how many answers."""
        store = EvidenceStore(self.folder / STORE_FILE, clock=self._clock, tell=around.tell)
        addresses = [dossier.address for dossier in dossiers if dossier.is_global]
        wanted: Dict[str, List[str]] = {}
        for name, own in live.providers.items():
            held = store.get_many(name, addresses) if own.enabled else {}
            missing = [address for address in addresses if address not in held or not held[address].fresh]
            wanted.update({name: missing} if own.enabled and missing else {})
        found = around.shared.find(wanted) if wanted else []
        store.adopt(found)
        store.close()
        return len(found)


def _from_record(found: Mapping[str, Tuple[Evidence, ...]]) -> Dict[str, Tuple[Evidence, ...]]:
    """The same, where nobody was to be asked: that is the reason, and no budget."""
    return {address: tuple(map(_unasked, items)) for address, items in found.items()}


def _with_local(found: Mapping[str, Tuple[Evidence, ...]], local: Local) -> Dict[str, Tuple[Evidence, ...]]:
    """The same with what the files of this machine state."""
    return {address: (*items, *local.evidence(address)) for address, items in found.items()}


def _unasked(item: Evidence) -> Evidence:
    withheld = item.reason.startswith("not sent:")
    return replace(item, reason=CACHED) if item.status is Status.NOT_ASKED and not withheld else item
