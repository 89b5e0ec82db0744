"""The command `configure`: which providers are asked, and where their keys are kept."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional

from .. import paths
from ..configuration import (
    FILE,
    KEYRING,
    LOCAL,
    check_local,
    local_of,
    provider_of,
    read_stanzas,
    variable,
    write_stanza,
)
from ..errors import InputError
from ..keys import SERVICE, Ring, system_ring
from ..providers import LiveProvider, with_third_parties
from ..providers.service import extras_of
from ..report.escape import visible
from ..report.prose import counted
from ..terminal import say
from .ground import Environment, output

TITLES: Mapping[str, str] = {"maxmind": "MaxMind databases", "talos": "Talos block list"}
"""Local source → what a person calls it."""
_SECRET = frozenset({"key", "key_in", "secret", "client_secret", "token", "password", "passwd"})
"""Settings that are no arguments."""


def configure(
    options: argparse.Namespace, environment: Environment, ring: Callable[[], Optional[Ring]] = system_ring
) -> int:
    """`ipthreat configure`: sets or removes one provider, or lists where each has its key."""
    path = paths.data_dir(environment) / FILE
    known = with_third_parties(say)
    if not options.provider:
        return _list(known, read_stanzas(path), environment, options.json)
    if options.provider in LOCAL:
        return _local(options, path)
    if options.provider not in known:
        raise InputError(f"there is no provider {options.provider[:40]!r}; there are {', '.join((*known, *LOCAL))}")
    kept = None if options.in_file else ring()
    if options.remove:
        return _remove(path, options.provider, ring())
    old, new, provider = read_stanzas(path).get(options.provider, {}), _pairs(options.set), known[options.provider]
    stanza = {**old, **new}
    provider_of(provider.name, stanza, str(path), lambda _: "", extras_of(provider))
    _check_needs(provider, stanza, environment)
    has_key = bool(old.get("key") or old.get("key_in") or environment.get(variable(provider.name, "key")))
    if "key" in provider.needs and not (new and has_key):
        stanza = _with_key(stanza, provider, kept)
    write_stanza(path, options.provider, stanza or {"enabled": "true"})
    say(f"{options.provider} is configured in {path}{', its key in the keyring' if 'key_in' in stanza else ''}")
    return 0


def _check_needs(provider: LiveProvider, stanza: Mapping[str, str], environment: Environment) -> None:
    """Refuses, before the key is asked for, what would be of no use for want of another setting."""
    absent = [
        item
        for item in provider.needs
        if item != "key" and not (stanza.get(item) or environment.get(variable(provider.name, item)))
    ]
    if absent:
        wanted = " ".join(f"--set {item}=…" for item in absent)
        raise InputError(f"{provider.name} needs {' and '.join(absent)}: ipthreat configure {provider.name} {wanted}")


def _local(options: argparse.Namespace, path: Path) -> int:
    """Sets or removes a source that is a file of the user."""
    name, setting = options.provider, LOCAL[options.provider]
    stanza = {} if options.remove else {**read_stanzas(path).get(name, {}), **_pairs(options.set)}
    check_local(name, stanza, str(path))
    if not options.remove and not stanza.get(setting):
        raise InputError(f"{name} needs a file: ipthreat configure {name} --set {setting}=FILE")
    write_stanza(path, name, stanza)
    say(f"{name} is configured {'no more' if options.remove else f'in {path}'}")
    return 0


def _with_key(stanza: Mapping[str, str], provider: LiveProvider, ring: Optional[Ring]) -> Dict[str, str]:
    """The stanza with the key that is asked for, or with the word that the keyring has it."""
    key = _asked_key(provider)
    rest = {name: value for name, value in stanza.items() if name not in ("key", "key_in")}
    if ring is None:
        return {"key": key, **rest}
    ring.set_password(SERVICE, provider.name, key)
    return {"key_in": KEYRING, **rest}


def _asked_key(provider: LiveProvider) -> str:
    """The key, typed unseen, or the first line of a pipe. Never an argument: those can be seen by everybody."""
    prompt = f"key for {provider.title}: "
    key = (getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not key or not key.isprintable() or len(key) > 4096:
        raise InputError(f"that is no key for {provider.title}: nothing was changed")
    return key


def _pairs(texts: List[str]) -> Dict[str, str]:
    """`name=value` options as settings."""
    found = {}
    for text in texts:
        name, mark, value = (part.strip() for part in text.partition("="))
        if not mark or not re.fullmatch("[a-z][a-z0-9_]*", name) or not value.isprintable() or name in _SECRET:
            raise InputError("--set takes name=value, and no key or secret: arguments can be seen by everybody")
        found[name] = value
    return found


def _remove(path: Path, name: str, ring: Optional[Ring]) -> int:
    if ring is not None and read_stanzas(path).get(name, {}).get("key_in") == KEYRING:
        ring.delete_password(SERVICE, name)
    write_stanza(path, name, {})
    say(f"{name} is configured no more")
    return 0


def _list(
    known: Mapping[str, LiveProvider], stanzas: Mapping[str, Mapping[str, str]], environment: Environment, as_json: bool
) -> int:
    rows = [(name, item.title, " and ".join(item.needs) or "nothing") for name, item in known.items()]
    told = [(*row, _place(row[0], stanzas, environment)) for row in rows]
    told += [(name, TITLES[name], setting, _files(name, stanzas)) for name, setting in LOCAL.items()]
    if as_json:
        output(json.dumps([dict(zip(("provider", "title", "needs", "key"), row)) for row in told], indent=2))
        return 0
    output(f"{'provider':<12} {'title':<22} {'needs':<20} key")
    for name, title, needs, place in told:
        output(f"{name:<12} {title:<22} {needs:<20} {place}")
    return 0


def _place(name: str, stanzas: Mapping[str, Mapping[str, str]], environment: Environment) -> str:
    """Where a provider has its key."""
    if environment.get(variable(name, "key")):
        return "environment"
    stanza = stanzas.get(name)
    if stanza is None:
        return "not configured"
    return "keyring" if stanza.get("key_in") == KEYRING else "file" if stanza.get("key") else "none"


def _files(name: str, stanzas: Mapping[str, Mapping[str, str]]) -> str:
    """The state of a local source: its files need no key, and may be gone."""
    if name not in stanzas:
        return "not configured"
    found = local_of({name: stanzas[name]}, FILE)
    files = found.mmdb if name == "maxmind" else tuple(filter(None, (found.blocklist,)))
    gone = next((file for file in files if not file.is_file()), None)
    return f"no file {visible(str(gone))}" if gone else counted(len(files), "file") if files else "disabled"
