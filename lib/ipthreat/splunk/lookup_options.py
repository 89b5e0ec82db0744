"""The options of `| ipthreatlookup`: checked without reading any data, each mistake one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Mapping, Optional, Tuple

from ..errors import InputError
from .conf import MODES
from .lookups import NAME, lookup_path

OPTIONS = ("ip", "mode", "providers", "timeout", "policy", "allowlist")
"""The names of the options."""
LONGEST_ADDRESS = 256
"""Characters of `ip` that are read and shown; no address is nearly as long."""

_MOST_SECONDS = 3600


@dataclass(frozen=True)
class LookupOptions:
    """The options of the command, checked."""

    ip: str = ""
    """The address as typed; it may be none. Empty when nothing was given in the quotes."""
    mode: str = "offline"
    providers: Tuple[str, ...] = ()
    """The live sources that may be asked; empty for all that are configured."""
    timeout: int = 60
    """Seconds that the live sources may take."""
    policy: str = "standard"
    allowlist: Optional[Path] = None
    """File of the lookup with what is allowed."""

    @classmethod
    def checked(cls, given: Mapping[str, Optional[str]], fieldnames: List[str], default_mode: str) -> LookupOptions:
        """The options as typed, in text. Raises InputError in one sentence for the first that cannot be used."""
        if fieldnames:
            raise InputError(f"{fieldnames[0][:60]!r} is no option; name the address as ip=<address>")
        ip = given.get("ip")
        if ip is None:
            raise InputError("name the address, as in: | ipthreatlookup ip=18.237.3.202")
        mode = (given.get("mode") or default_mode).lower()
        if mode not in MODES:
            raise InputError(f"mode={mode[:40]} is not known; it may be {', '.join(MODES)}")
        policy = given.get("policy") or cls.policy
        if policy != cls.policy:
            from ..policy import policy_named

            policy_named(policy)
        named, seconds = _providers(given.get("providers") or ""), _seconds(given.get("timeout") or str(cls.timeout))
        return cls(ip.strip()[:LONGEST_ADDRESS], mode, named, seconds, policy, _allowlist(given.get("allowlist")))


def _allowlist(name: Optional[str]) -> Optional[Path]:
    if name and not NAME.fullmatch(name):
        raise InputError(f"allowlist={name[:60]} is no name of a lookup")
    return lookup_path(name)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= _MOST_SECONDS):
        raise InputError(f"timeout={text[:40]} is no number of seconds from 1 to {_MOST_SECONDS:,}")
    return int(text)


def _providers(text: str) -> Tuple[str, ...]:
    names = tuple(name for name in re.split(r"[,\s]+", text) if name)
    if names:
        from ..providers import PROVIDERS

        for name in names:
            if name not in PROVIDERS:
                raise InputError(f"providers: there is no source {name[:40]!a}; there are {', '.join(PROVIDERS)}")
    return names
