"""The app's own .conf files: `default/<name>.conf` with `local/<name>.conf` laid over it, and what they settle.

Reads what Splunk reads of them: stanzas, `key = value`, comments, and lines that end in a backslash. Nothing is asked
from Splunk, so that a command knows its settings on an indexer, too, where there is no service to ask.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Mapping, Tuple

from ..errors import InputError
from ..paths import lists_path

APP = Path(os.path.dirname(os.path.abspath(__file__))).parents[2]
"""The folder of the app this file belongs to; links are not followed, as an app may be one."""
MODES = ("offline", "cached", "live")
"""What `default_mode` may be."""

KINDS = ("webhook", "slack", "teams")
"""What a destination may be."""
POLICIES = ("standard", "bulk")
"""The names of `policy.POLICIES`, which is not loaded until something is judged."""

Stanzas = Dict[str, Dict[str, str]]

_LARGEST = 1 << 20
_DESTINATION = re.compile(r"destination:([a-z0-9_-]{1,64})")
_SECRET = re.compile(r"key|.*(secret|token|password|passwd)", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """What ipthreat.conf settles for searches."""

    default_mode: str = "offline"
    """What `| ipthreat` does without a mode option."""
    own_networks: Tuple[str, ...] = ()
    """Networks of the user's beside the private ones, as written."""
    policy: str = "standard"
    """What alerts and dashboards judge by."""
    allowlist: str = ""
    """The lookup file of what alerts and dashboards deem allowed."""


@dataclass(frozen=True)
class ServiceSettings:
    """What ipthreat.conf settles for the handlers, the alert action and the input. No secret is among it."""

    providers: Tuple[str, ...] = ()
    """Asked when a search names none; empty = all that are configured."""
    search_most: int = 1000
    """New addresses that one search may ask about, whatever it says."""
    user_day: int = 5000
    """New addresses that all searches of one user may ask about in a day (UTC)."""
    feeds: Tuple[str, ...] = ()
    """The lists that the input fetches; empty = those that are on by default."""
    mirror: str = ""
    """Where to fetch lists instead of from their publishers."""
    indexes: Tuple[str, ...] = ("summary",)
    """Indexes that the alert action may write to."""
    private_hosts: Tuple[str, ...] = ()
    """Destinations that may resolve to an address that is not global."""
    retries: int = 3
    """How often a failed delivery is tried again."""
    destinations: Mapping[str, str] = field(default_factory=dict)
    """Name → kind of each destination that is not disabled."""
    live: Mapping[str, str] = field(default_factory=dict)
    """What else [live] says, as written: budget, timeout, members, reserve, tlp, proxy, ca_bundle, plain_hosts."""
    stanzas: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Provider → its stanza, as written."""


def settings(app: Path = APP) -> Settings:
    """The settings of an app. Raises InputError, in one sentence, for a file or value that cannot be used."""
    stanza = read_conf(app, "ipthreat").get("settings", {})
    mode = _one_of("default_mode", stanza.get("default_mode", ""), MODES)
    policy = _one_of("policy", stanza.get("policy", ""), POLICIES)
    return Settings(mode, listed(stanza.get("own_networks", "")), policy, stanza.get("allowlist", ""))


def service_settings(app: Path = APP) -> ServiceSettings:
    """The settings of what serves searches. Raises InputError as `settings` does, and for a secret in the file."""
    stanzas = read_conf(app, "ipthreat")
    for name, pairs in stanzas.items():
        for key in pairs:
            if _SECRET.fullmatch(key):
                raise InputError(f"[{name[:40]}] {key[:40]} in ipthreat.conf is a secret: enter it on the setup page")
    values = {attribute: _value(stanzas, *place) for attribute, place in _SERVICE.items()}
    known = {key for stanza, key, _ in _SERVICE.values() if stanza == "live"}
    live = {key: text for key, text in stanzas.get("live", {}).items() if key not in known and text}
    ours = {"default", "settings", *(stanza for stanza, _, _ in _SERVICE.values())}
    others = {name: pairs for name, pairs in stanzas.items() if name not in ours}
    providers = {name: pairs for name, pairs in others.items() if not name.startswith("destination:")}
    given = {key: value for key, value in values.items() if value is not None}
    return ServiceSettings(**given, destinations=_destinations(others), live=live, stanzas=providers)


def listed(text: str) -> Tuple[str, ...]:
    """The items of a list that commas separate."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)


# Attribute of ServiceSettings → the stanza and name of the setting, and what reads it.
_SERVICE: Mapping[str, Tuple[str, str, Callable[[str], Any]]] = {
    "providers": ("live", "providers", listed),
    "search_most": ("live", "search_most", _count),
    "user_day": ("live", "user_day", _count),
    "feeds": ("feeds", "names", listed),
    "mirror": ("feeds", "mirror", str),
    "indexes": ("delivery", "indexes", listed),
    "private_hosts": ("delivery", "private_hosts", listed),
    "retries": ("delivery", "retries", _count),
}


def _value(stanzas: Stanzas, stanza: str, key: str, read: Callable[[str], Any]) -> Any:
    """The value of a setting; None when nothing is said."""
    text = stanzas.get(stanza, {}).get(key)
    try:
        return None if text is None else read(text)
    except ValueError:
        raise InputError(f"[{stanza}] {key} in ipthreat.conf is {text[:40]!r}, which is no whole number") from None


def _destinations(stanzas: Stanzas) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for title, pairs in stanzas.items():
        match = _DESTINATION.fullmatch(title)
        if title.startswith("destination:") and match is None:
            raise InputError(f"[{title[:60]}] in ipthreat.conf: a name is made of a-z, 0-9, dash and underscore")
        if match and pairs.get("disabled", "").lower() not in ("1", "true", "yes"):
            found[match[1]] = _one_of(f"[{title}] kind", pairs.get("kind", ""), KINDS)
    return found


def _one_of(name: str, text: str, words: Tuple[str, ...]) -> str:
    """The word that is said, the first of them when nothing is."""
    word = text.lower() or words[0]
    if word not in words:
        raise InputError(f"{name} in ipthreat.conf is {word[:40]!r}; it may be {', '.join(words)}")
    return word


def app_lists(app: Path = APP) -> Path:
    """The file of downloaded and own lists of an app; it need not exist."""
    return lists_path(app / "data")


def read_conf(app: Path, name: str) -> Stanzas:
    """The stanzas of a .conf file, local over default, key by key; none when there is no such file."""
    merged: Stanzas = {}
    for folder in ("default", "local"):
        path = app / folder / f"{name}.conf"
        for stanza, pairs in _stanzas(path).items():
            merged.setdefault(stanza, {}).update(pairs)
    return merged


def _stanzas(path: Path) -> Stanzas:
    found: Stanzas = {}
    name = "default"
    for number, line in _lines(path):
        if line.startswith("["):
            if not line.endswith("]"):
                raise InputError(f"{path}: line {number} begins a stanza that does not end")
            name = line[1:-1]
            found.setdefault(name, {})
            continue
        key, mark, value = (part.strip() for part in line.partition("="))
        if not mark or not key:
            raise InputError(f"{path}: line {number} is neither a stanza nor `key = value`")
        found.setdefault(name, {})[key] = value
    return found


def _lines(path: Path) -> Iterator[Tuple[int, str]]:
    """(number, text) of each line that says something; continued lines as one, joined by line feeds."""
    waiting = ""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not waiting and line.lstrip().startswith("#"):
            continue
        if line.endswith("\\"):
            waiting += line[:-1] + "\n"
            continue
        whole, waiting = (waiting + line).strip(), ""
        if whole:
            yield number, whole
    if waiting.strip():
        raise InputError(f"{path}: the last line is continued, but nothing follows")


def _text(path: Path) -> str:
    try:
        if not path.exists():
            return ""
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise InputError(f"{path} is larger than {_LARGEST} bytes")
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error})") from None
