"""From settings to a run: which providers are asked, with which keys, by which way, on which ground."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Callable, List, Mapping, Optional, Sequence, Tuple

from .address import network
from .asking import Answered
from .clock import SYSTEM, Clock
from .copies import FOLDER as COPIES
from .copies import CopyFiles
from .database import PATIENCE
from .egress import AUDIT_FILE, Audit, Egress
from .errors import InputError
from .live import Bounds, Ground, Live
from .livesource import LiveSource
from .policy import POLICIES, Policy
from .providers import LiveProvider, with_third_parties
from .quota import Account, Ledger
from .quota.account import account_name
from .quota.ledger import FILE as QUOTA_FILE
from .sending import Heard, unheard
from .settings import LiveSettings, ProviderSettings
from .store import EvidenceStore
from .store.evidence import FILE as STORE_FILE
from .transport import Access, Limits, RequestsTransport, Transport

Connect = Callable[[ProviderSettings, int], Transport]
"""Makes the way to one provider, from its settings and the number of simultaneous requests."""


@dataclass(frozen=True)
class Wish:
    """What one run is to do; None leaves it to the settings."""

    budget: Optional[int] = None
    seconds: Optional[float] = None
    tlp: Optional[str] = None
    """Label of the data the addresses come from."""
    dry: bool = False
    deep: bool = False
    """True for a deep look at a single address."""
    alert: bool = False
    """True lets the run spend what is kept in reserve for alerts."""
    watchers: Tuple[Answered, ...] = ()
    policy: Policy = POLICIES["standard"]
    as_of: Optional[datetime] = None
    """The moment judged; None leaves every answer its own date."""
    user: str = ""
    search: str = ""
    """Who wants to know and in which search, for the audit file."""
    heard: Heard = unheard
    """Called after each request."""


def live_sources(
    settings: LiveSettings, providers: Mapping[str, LiveProvider], connect: Connect, *, alert: bool = False
) -> List[LiveSource]:
    """The providers that are configured and switched on. Raises InputError for one that is not there or incomplete."""
    sources = []
    for name, own in settings.providers.items():
        if name not in providers:
            there = ", ".join(sorted(providers)) or "none"
            raise InputError(f"{name[:40]!r} is no provider that can be asked; there are: {there}")
        provider = providers[name]
        absent = [item for item in provider.needs if not (getattr(own, item, "") or own.extra.get(item))]
        if own.enabled and absent:
            raise InputError(f"{name} needs {' and '.join(absent)}: `ipthreat configure {name}`")
        if own.enabled:
            account = account_of(provider, own, settings, alert=alert)
            source = LiveSource(provider, own, account, connect(own, own.concurrency or provider.concurrency))
            sources.append(source)
    return sources


def account_of(
    provider: LiveProvider, own: ProviderSettings, settings: LiveSettings, *, alert: bool = False
) -> Account:
    """The account that pays for the look-ups at a provider."""
    return Account(
        account_name(provider.name, own.key),
        {**provider.quota, **own.quota},
        frozenset(own.quota),
        settings.members,
        0.0 if alert else settings.reserve,
    )


def egress_of(settings: LiveSettings, sources: Sequence[LiveSource]) -> Egress:
    """What may leave the machine in a run."""
    return Egress(
        settings.tlp,
        {source.name: source.settings.tlp or source.provider.tlp for source in sources},
        {source.name: tuple(network(text) for text in source.settings.no_send) for source in sources},
    )


def over_requests(settings: LiveSettings) -> Connect:
    """The real way: a pool of kept connections per provider."""
    access = Access(settings.proxy, settings.ca_bundle, settings.plain_hosts)

    def _connect(own: ProviderSettings, connections: int) -> Transport:
        limits = Limits(read=own.timeout, overall=own.timeout, redirects=0)  # a hop is a request that nobody granted
        return RequestsTransport(limits, access=access, connections=connections)

    return _connect


def _wished(settings: LiveSettings, wish: Wish) -> LiveSettings:
    """The settings with what this run wants otherwise. Raises InputError for what no run may want."""
    return replace(
        settings,
        budget=settings.budget if wish.budget is None else wish.budget,
        timeout=settings.timeout if wish.seconds is None else wish.seconds,
        tlp=wish.tlp or settings.tlp,
    )


def open_live(
    settings: LiveSettings,
    folder: Path,
    wish: Wish,
    tell: Callable[[str], None],
    *,
    providers: Optional[Mapping[str, LiveProvider]] = None,
    connect: Optional[Connect] = None,
    clock: Clock = SYSTEM,
) -> Live:
    """A run, ready to ask. Store, ledger and audit file live in the folder; `tell` hears what goes wrong with them."""
    settings = _wished(settings, wish)
    known = with_third_parties(tell) if providers is None else providers
    sources = live_sources(settings, known, connect or over_requests(settings), alert=wish.alert)
    ground = Ground(
        EvidenceStore(folder / STORE_FILE, clock=clock, tell=tell, patience=min(PATIENCE, settings.timeout)),
        Ledger(folder / QUOTA_FILE, clock=clock, tell=tell),
        egress_of(settings, sources),
        Audit(folder / AUDIT_FILE, uuid.uuid4().hex[:12], settings.tlp, wish.user, wish.search),
        wish.policy,
        clock,
        tuple(name for name, own in settings.providers.items() if not own.enabled),
        wish.as_of,
        wish.watchers,
        CopyFiles(folder / COPIES, tell),
        wish.heard,
    )
    return Live(sources, ground, Bounds(settings.budget, settings.timeout, wish.dry, wish.deep))
