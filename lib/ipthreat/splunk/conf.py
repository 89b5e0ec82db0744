"""The app's own .conf files: `default/<name>.conf` with `local/<name>.conf` laid over it, and what they settle.

Reads what Splunk reads of them: stanzas, `key = value`, comments, and lines that end in a backslash. Nothing is asked
from Splunk, so that a command knows its settings on an indexer, too, where there is no service to ask.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Tuple

from ..errors import InputError
from ..paths import lists_path

APP = Path(os.path.dirname(os.path.abspath(__file__))).parents[2]
"""The folder of the app this file belongs to; links are not followed, as an app may be one."""
MODES = ("offline", "cached", "live")
"""What `default_mode` may be."""

Stanzas = Dict[str, Dict[str, str]]

_LARGEST = 1 << 20


@dataclass(frozen=True)
class Settings:
    """What ipthreat.conf settles."""

    default_mode: str = "offline"
    """What `| ipthreat` does without a mode option."""
    own_networks: Tuple[str, ...] = ()
    """Networks of the user's beside the private ones, as written."""


def settings(app: Path = APP) -> Settings:
    """The settings of an app. Raises InputError, in one sentence, for a file or value that cannot be used."""
    stanza = read_conf(app, "ipthreat").get("settings", {})
    mode = stanza.get("default_mode", "").lower() or Settings.default_mode
    if mode not in MODES:
        raise InputError(f"default_mode in ipthreat.conf is {mode[:40]!r}; it may be {', '.join(MODES)}")
    networks = tuple(text.strip() for text in stanza.get("own_networks", "").split(",") if text.strip())
    return Settings(mode, networks)


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
