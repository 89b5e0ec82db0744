"""The settings of live look-ups, as frozen values. `keys.py` reads them from files and the environment.

Nothing below the edge reads settings by itself: they are passed down. Secrets never show in a repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import FrozenSet, Mapping, Optional, Tuple

from .address import network
from .case import TLP_LABELS
from .errors import InputError

PERIODS: Tuple[str, ...] = ("second", "minute", "hour", "day", "month")
"""The periods a quota may be counted in. Days and months are those of UTC."""


_PUBLIC = frozenset({"plan", "bootstrap"})
"""Extra settings whose values are ordinary words, such as `community` or `off`, that answers hold as well."""


@dataclass(frozen=True)
class ProviderSettings:
    """What a user settles for one provider."""

    key: str = field(default="", repr=False)
    base_url: str = ""
    """Where to ask; empty = the vendor's own address."""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Whatever else the provider needs, such as a second secret."""
    enabled: bool = True
    tlp: str = ""
    """The highest label of data whose addresses may be sent; empty = the provider's own ceiling."""
    no_send: Tuple[str, ...] = ()
    """Addresses and prefixes that are never sent to this provider."""
    quota: Mapping[str, int] = field(default_factory=dict)
    """Requests per second, minute, hour, day, month of the user's plan; overrides what is documented and learnt."""
    timeout: float = 15.0
    """Seconds one request may take."""
    concurrency: int = 0
    """Requests under way at a time; 0 = what the provider deems polite."""

    def __post_init__(self) -> None:
        """Refuses what could not be obeyed, in one sentence."""
        if self.tlp and self.tlp not in TLP_LABELS:
            raise InputError(f"{self.tlp[:40]!r} is no TLP 2.0 label; there are {', '.join(TLP_LABELS)}")
        for prefix in self.no_send:
            network(prefix)
        for period, limit in self.quota.items():
            if period not in PERIODS or limit < 1:
                raise InputError(f"a quota is a number ≥ 1 per {', '.join(PERIODS)}, not {limit} per {period[:40]!r}")
        if not 0 < self.timeout <= 300 or not 0 <= self.concurrency <= 64:
            raise InputError("timeout must be 0–300 seconds and concurrency 0–64")

    @property
    def secrets(self) -> Tuple[str, ...]:
        """Everything that must never be seen outside a request."""
        extra = (text for name, text in self.extra.items() if name not in _PUBLIC)
        return tuple(text for text in (self.key, *extra) if text)


@dataclass(frozen=True)
class ProseSettings:
    """A language model's service that may say the evidence again."""

    base_url: str
    """Of an OpenAI-compatible service, up to and without `/chat/completions`."""
    model: str
    key: str = field(default="", repr=False)
    tlp: str = "TLP:GREEN"
    """The highest label of a report whose evidence may be sent there."""
    timeout: float = 60.0

    def __post_init__(self) -> None:
        """Refuses what could not be obeyed, in one sentence."""
        if self.tlp not in TLP_LABELS:
            raise InputError(f"{self.tlp[:40]!r} is no TLP 2.0 label; there are {', '.join(TLP_LABELS)}")
        if not 0 < self.timeout <= 300:
            raise InputError("timeout must be 0–300 seconds")


@dataclass(frozen=True)
class LiveSettings:
    """What a user settles for all live look-ups."""

    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    """By name; only those named here are asked."""
    budget: int = 100
    """New addresses one run may ask about."""
    timeout: float = 60.0
    """Seconds one run may take."""
    members: int = 1
    """Machines that share the keys (a search-head cluster); each spends its share, limit ÷ members."""
    reserve: float = 0.1
    """Share of each daily and monthly quota that is kept for alerts."""
    tlp: str = "TLP:GREEN"
    """Label of the data the addresses come from, unless a run says otherwise."""
    proxy: str = field(default="", repr=False)
    ca_bundle: Optional[Path] = None
    plain_hosts: FrozenSet[str] = frozenset()
    """Hosts that may be asked over plain http, such as a MISP of one's own."""

    def __post_init__(self) -> None:
        """Refuses what could not be obeyed, in one sentence."""
        if self.tlp not in TLP_LABELS:
            raise InputError(f"{self.tlp[:40]!r} is no TLP 2.0 label; there are {', '.join(TLP_LABELS)}")
        if self.budget < 0 or not 0 < self.timeout <= 86_400:
            raise InputError("budget must be ≥ 0 and timeout between 0 and 86,400 seconds")
        if not 1 <= self.members <= 1000 or not 0.0 <= self.reserve < 1.0:
            raise InputError("members must be 1–1,000 and reserve from 0 to below 1")
