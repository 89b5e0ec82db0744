"""The settings file and the environment → settings of live look-ups. Used by the edge alone.

    [live]                       [virustotal]
    budget = 100                 key = …            # or key_in = keyring
    timeout = 60                 tlp = TLP:AMBER
                                 quota_minute = 4

A variable such as IPTHREAT_VIRUSTOTAL_KEY goes before the file. What a provider's stanza holds beyond the settings all
have is handed to the provider as it is, if the provider declares that it has such a setting: a rule of egress with a
slip of the pen must not go unheeded.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from .errors import InputError
from .settings import PERIODS, LiveSettings, ProseSettings, ProviderSettings
from .wholefile import put_whole

FILE = "ipthreat.conf"
LARGEST = 1 << 20
"""Bytes of the largest settings file that is read."""

Stanzas = Dict[str, Dict[str, str]]
KeyOf = Callable[[str], str]
"""The key of a provider out of the keyring."""


def _listed(text: str) -> Tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _true(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words[text.lower()]


# What a setting is made of; any other name of a provider's stanza belongs to the provider.
LIVE_SETTINGS: Mapping[str, Callable[[str], Any]] = {
    "budget": int,
    "timeout": float,
    "members": int,
    "reserve": float,
    "tlp": str,
    "proxy": str,
    "ca_bundle": Path,
    "plain_hosts": lambda text: frozenset(_listed(text)),
}
_OF_PROVIDER: Mapping[str, Callable[[str], Any]] = {
    "key": str,
    "base_url": str,
    "enabled": _true,
    "tlp": str,
    "no_send": _listed,
    "timeout": float,
    "concurrency": int,
}
_QUOTAS: Mapping[str, Callable[[str], Any]] = {f"quota_{period}": int for period in PERIODS}
LOCAL: Mapping[str, str] = {"maxmind": "mmdb", "talos": "blocklist"}
"""Sources that are files of the user, with the setting that names them: they are read here and asked nowhere."""
PROSE = "prose"
"""The stanza of the language model's service."""
_OF_PROSE: Mapping[str, Callable[[str], Any]] = {
    "base_url": str,
    "model": str,
    "key": str,
    "tlp": str,
    "timeout": float,
}
ExtrasOf = Callable[[str], Optional[Tuple[str, ...]]]
"""The settings that a provider declares beside those all have; None for one that is not known."""
KEYRING = "keyring"
"""The word that `key_in` has where the key is in the keyring."""


class LocalFiles(NamedTuple):
    """Files of the user that are looked up on this machine."""

    mmdb: Tuple[Path, ...] = ()
    """Databases in MaxMind's format."""
    blocklist: Optional[Path] = None
    """The Talos block list that the user downloaded."""


def read_local(folder: Path) -> LocalFiles:
    """The local files that the settings name. Raises InputError for a setting that there is not."""
    path = folder / FILE
    return local_of(read_stanzas(path), str(path))


def local_of(stanzas: Mapping[str, Mapping[str, str]], place: str) -> LocalFiles:
    """The local files that stanzas name. Raises InputError for a setting that there is not."""
    found = {name: check_local(name, stanzas.get(name, {}), place) for name in LOCAL}
    return LocalFiles(found["maxmind"], next(iter(found["talos"]), None))


def check_local(name: str, pairs: Mapping[str, str], place: str) -> Tuple[Path, ...]:
    """The files of a local source that is switched on. Raises InputError for a setting that there is not."""
    values = _values(pairs, {LOCAL[name]: _listed, "enabled": _true}, f"{place}: [{name}]")
    files = values.get(LOCAL[name], ())
    if name == "talos" and len(files) > 1:
        raise InputError(f"{place}: [talos] blocklist takes one file")
    return tuple(Path(text).expanduser() for text in files) if values.get("enabled", True) else ()


def _extras_unknown(_name: str) -> Optional[Tuple[str, ...]]:
    return None


def read_settings(
    folder: Path,
    environment: Mapping[str, str],
    names: Iterable[str],
    key_of: KeyOf,
    extras_of: ExtrasOf = _extras_unknown,
) -> LiveSettings:
    """The settings of a user whose data lie in the folder. Raises InputError that names file and setting, not values.

    `names` are the providers there are: a variable of the environment may configure any of them.
    """
    path = folder / FILE
    stanzas = read_stanzas(path)
    for name in names:
        found = {
            key: environment[variable(name, key)] for key in ("key", "base_url") if environment.get(variable(name, key))
        }
        if found:
            stanzas[name] = {**stanzas.get(name, {}), **found}
            stanzas[name].pop("key_in", "" if "key" in found else None)
    for name in (PROSE, *LOCAL):
        stanzas.pop(name, None)
    shared = stanzas.setdefault("live", {})
    for key in ("proxy", "ca_bundle"):
        if environment.get(f"IPTHREAT_{key.upper()}"):
            shared[key] = environment[f"IPTHREAT_{key.upper()}"]
    return settings_of(stanzas, str(path), key_of, extras_of)


def settings_of(stanzas: Stanzas, place: str, key_of: KeyOf, extras_of: Optional[ExtrasOf] = None) -> LiveSettings:
    """The settings in stanzas, `live` and one per provider. Raises InputError that names place and setting.

    `extras_of` names the settings that a provider has beyond those of all; without it any name is let through.
    """
    values = _values(stanzas.get("live", {}), LIVE_SETTINGS, f"{place}: [live]")
    providers = {
        name: provider_of(name, pairs, place, key_of, extras_of(name) if extras_of else None)
        for name, pairs in stanzas.items()
        if name != "live"
    }
    return LiveSettings(providers, **values)


def read_prose(folder: Path, environment: Mapping[str, str], key_of: KeyOf) -> ProseSettings:
    """The settings of the language model's service. Raises InputError when there is none, or none that can be used."""
    path = folder / FILE
    pairs = read_stanzas(path).get(PROSE, {})
    if environment.get(variable(PROSE, "key")):
        pairs = {**pairs, "key": environment[variable(PROSE, "key")]}
    if pairs.pop("key_in", "") == KEYRING and not pairs.get("key"):
        pairs["key"] = key_of(PROSE)
    values = _values(pairs, _OF_PROSE, f"{path}: [{PROSE}]")
    absent = [name for name in ("base_url", "model") if name not in values]
    if absent:
        raise InputError(f"{path}: [{PROSE}] has no {absent[0]}; --prose needs a service and a model")
    return ProseSettings(**values)


def variable(name: str, key: str) -> str:
    """The variable of the environment for a setting of a provider: IPTHREAT_VIRUSTOTAL_KEY."""
    return f"IPTHREAT_{name.upper()}_{key.upper()}"


def read_stanzas(path: Path) -> Stanzas:
    """The stanzas of the file; none when there is no file. Raises InputError, which repeats nothing of the file."""
    parser = configparser.ConfigParser(interpolation=None, default_section="\0", delimiters=("=",))
    try:
        if not path.exists():
            return {}
        _check(path)
        parser.read_string(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no UTF-8 text") from None
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", [(0, "")])))[0]
        raise InputError(f"{path}: line {line} is neither a [stanza] of its own nor a setting of its own") from None
    return {name: dict(parser[name]) for name in parser.sections()}


def write_stanza(path: Path, name: str, pairs: Mapping[str, str]) -> None:
    """Puts a stanza in place of the one of that name; without pairs it is removed. The file is the user's alone.

    Other lines and all comments stay as they are.
    """
    old = read_stanzas(path).get(name, {})
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = _edited(text.split("\n"), name, pairs, old)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        put_whole(path, ("\n".join(lines).rstrip("\n") + "\n" * any(lines)).encode())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None


def _edited(lines: List[str], name: str, pairs: Mapping[str, str], old: Mapping[str, str]) -> List[str]:
    """The lines of the file with the settings of one stanza changed in their places, new ones behind the others."""
    heads = [at for at, line in enumerate(lines) if line.startswith("[")]
    at = next((head for head in heads if lines[head].startswith(f"[{name}]")), None)
    told = {key: f"{key} = {value}".replace("\n", "\n  ") for key, value in pairs.items()}
    if at is None:
        return [*lines, *([""] if any(lines[-1:]) else []), f"[{name}]", *told.values()] if told else lines
    end = next((head for head in heads if head > at), len(lines))
    body, last, dropped = [lines[at]] if told else [], 1 if told else 0, False
    for line in lines[at + 1 : end]:
        key = line.partition("=")[0].strip().lower()
        if not line.strip() or line.lstrip()[:1] in "#;":
            body.append(line)
        elif line[:1].isspace():  # more of the setting above
            body += [] if dropped else [line]
        else:
            dropped = key not in told or pairs[key] != old.get(key)
            body += ([told[key]] if key in told else []) if dropped else [line]
            told.pop(key, None)
        last = len(body) if line.strip() and line.lstrip()[:1] not in "#;" else last
    return [*lines[:at], *body[:last], *told.values(), *body[last:], *lines[end:]]


def _check(path: Path) -> None:
    """Refuses a file that is too large, or that others can read although it may hold keys."""
    stat = path.stat()
    if stat.st_size > LARGEST:
        raise InputError(f"{path}: is larger than {LARGEST:,} bytes")
    if os.name == "posix" and stat.st_mode & 0o077:
        raise InputError(f"{path}: others can read it, and it may hold keys: chmod 600 {path}")


def provider_of(
    name: str, pairs: Mapping[str, str], origin: str, key_of: KeyOf, extras: Optional[Tuple[str, ...]] = None
) -> ProviderSettings:
    """A provider's stanza as settings. Raises InputError for a setting that neither all have nor `extras` names."""
    place = f"{origin}: [{name[:40]}]"
    values = _values({key: text for key, text in pairs.items() if key in _OF_PROVIDER}, _OF_PROVIDER, place)
    limits = _values({key: text for key, text in pairs.items() if key in _QUOTAS}, _QUOTAS, place)
    values["quota"] = {key[6:]: limit for key, limit in limits.items()}
    ours = (*_OF_PROVIDER, *_QUOTAS, "key_in")
    values["extra"] = {key: text for key, text in pairs.items() if key not in ours}
    wrong = next((key for key in values["extra"] if extras is not None and key not in extras), None)
    if wrong is not None:
        there = ", ".join(dict.fromkeys((*ours, *(extras or ()))))
        raise InputError(f"{place} there is no setting {wrong[:40]!r}; there are {there}")
    if pairs.get("key_in"):
        if pairs["key_in"] != KEYRING:
            raise InputError(f"{place}: key_in may be {KEYRING}, nothing else")
        values["key"] = key_of(name) if values.get("enabled", True) else ""
    try:
        return ProviderSettings(**values)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def _values(pairs: Mapping[str, str], readers: Mapping[str, Callable[[str], Any]], place: str) -> Dict[str, Any]:
    """The settings as values; an empty one counts as absent."""
    found: Dict[str, Any] = {}
    for key, text in pairs.items():
        if key not in readers:
            raise InputError(f"{place} there is no setting {key[:40]!r}; there are {', '.join(readers)}")
        try:
            if text.strip():
                found[key] = readers[key](text.strip())
        except (ValueError, KeyError):
            raise InputError(f"{place} the value of {key} cannot be used") from None
    return found
