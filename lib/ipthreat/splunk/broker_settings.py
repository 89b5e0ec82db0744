"""The settings of live look-ups and of delivery inside Splunk: ipthreat.conf and storage/passwords → frozen values.

    [live]                    [provider:virustotal]         [destination:soc]
    providers = virustotal    quota_day = 500               kind = slack
    search_most = 1000        base_url = https://…          allow_private = false

Secrets come from storage/passwords alone: a key in the file is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Mapping, Optional, Tuple

from ..configuration import LIVE_SETTINGS, LOCAL, LocalFiles, Stanzas, local_of, settings_of
from ..errors import InputError
from ..settings import LiveSettings
from .secrets import DESTINATIONS, EXTRAS, KEYS, WAY_OUT

PROVIDER, DESTINATION = "provider:", "destination:"
"""How the names of such stanzas begin."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What the name of a provider or destination looks like."""
PROXY = "proxy"
"""The one name in the realm of the way out."""

Kept = Mapping[str, Mapping[str, str]]
"""Realm → name → secret, as `Secrets.all` gives them."""


@dataclass(frozen=True)
class Destination:
    """A place that reports may be sent to, which an administrator made."""

    name: str
    kind: str
    url: str = field(default="", repr=False)
    allow_private: bool = False
    """True lets it be an address that is not global."""


@dataclass(frozen=True)
class BrokerSettings:
    """What the handlers go by."""

    live: LiveSettings
    absent: Mapping[str, str] = field(default_factory=dict)
    """Provider that is named and cannot be asked → what it lacks."""
    search_most: int = 1000
    """New addresses that one search may have asked about, whatever its budget."""
    user_day: int = 5000
    """… and one user in a day of UTC."""
    policy: str = "standard"
    allowlist: str = ""
    own_networks: Tuple[str, ...] = ()
    indexes: Tuple[str, ...] = ()
    """Indexes that alerts may write into."""
    private_hosts: Tuple[str, ...] = ()
    """Hosts of destinations that may have an address that is not global."""
    retries: int = 3
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    local: LocalFiles = field(default_factory=LocalFiles)
    """Files that the app's handler looks up on its own machine."""


def broker_settings(stanzas: Stanzas, kept: Kept, needs: Mapping[str, Tuple[str, ...]]) -> BrokerSettings:
    """The settings. `needs` has, for each provider there is, what it cannot do without. Raises InputError."""
    shared, general, delivery = (stanzas.get(name, {}) for name in ("live", "settings", "delivery"))
    named = listed(shared.get("providers", "")) or _implied(stanzas, kept, needs)
    names = [name for name in named if name not in LOCAL]
    given = {name: _pairs(name, stanzas, kept) for name in names}
    absent = {name: what for name, pairs in given.items() for what in [_lacking(needs.get(name), pairs)] if what}
    usable = {name: pairs for name, pairs in given.items() if name not in absent}
    live = {name: text for name, text in shared.items() if name in LIVE_SETTINGS and name != "proxy"}
    live["proxy"] = kept.get(WAY_OUT, {}).get(PROXY, "")
    return BrokerSettings(
        settings_of({**usable, "live": live}, "ipthreat.conf", lambda _: ""),
        absent,
        whole(shared, "search_most", 1000),
        whole(shared, "user_day", 5000),
        general.get("policy") or "standard",
        general.get("allowlist", ""),
        listed(general.get("own_networks", "")),
        listed(delivery.get("indexes", "")),
        listed(delivery.get("private_hosts", "")),
        whole(delivery, "retries", 3),
        {item.name: item for item in _destinations(stanzas, kept)},
        local_of({name: stanzas.get(f"{PROVIDER}{name}", {}) for name in LOCAL}, "ipthreat.conf"),
    )


def _lacking(needed: Optional[Tuple[str, ...]], pairs: Mapping[str, str]) -> str:
    """Why a provider cannot be asked; empty when it can."""
    if needed is None:
        return "is no provider"
    lacking = [item for item in needed if not pairs.get(item)]
    return f"has no {' and '.join(lacking)}" if lacking else ""


def listed(text: str) -> Tuple[str, ...]:
    """The items of a list with commas."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def whole(pairs: Mapping[str, str], name: str, default: int) -> int:
    """A setting that is a whole number from 0 to 1,000,000. Raises InputError."""
    text = pairs.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text) <= 1_000_000):
        raise InputError(f"ipthreat.conf: {name} is a whole number from 0 to 1,000,000")
    return int(text)


def _implied(stanzas: Stanzas, kept: Kept, needs: Iterable[str]) -> List[str]:
    """Where no providers are named: those that have a key or a stanza."""
    return [name for name in needs if kept.get(KEYS, {}).get(name) or f"{PROVIDER}{name}" in stanzas]


def _pairs(name: str, stanzas: Stanzas, kept: Kept) -> Dict[str, str]:
    pairs = {key: text for key, text in stanzas.get(f"{PROVIDER}{name}", {}).items() if text}
    if "key" in pairs or "key_in" in pairs:
        raise InputError(f"ipthreat.conf: the key of {name[:40]} belongs into storage/passwords: use the setup page")
    extras = {key.partition(".")[2]: text for key, text in kept.get(EXTRAS, {}).items() if key.startswith(f"{name}.")}
    key = kept.get(KEYS, {}).get(name, "")
    return {**pairs, **extras, **({"key": key} if key else {})}


def _destinations(stanzas: Stanzas, kept: Kept) -> Iterable[Destination]:
    urls = kept.get(DESTINATIONS, {})
    for stanza, pairs in stanzas.items():
        name = stanza[len(DESTINATION) :]
        if stanza.startswith(DESTINATION) and urls.get(name):
            private = pairs.get("allow_private", "").lower() in ("1", "true")
            yield Destination(name, pairs.get("kind") or "generic", urls[name], private)
