"""Where a user's own data live. Pure functions: the environment is an argument, the disk is not touched."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

from .errors import InputError


def data_dir(env: Mapping[str, str]) -> Path:
    """The folder of a user's data: `IPTHREAT_HOME`, else `ipthreat` in the data folder of the XDG specification.

    An empty variable counts as unset, and so does a relative XDG_DATA_HOME, as that specification demands. Raises
    InputError when the environment names no home folder either.
    """
    if env.get("IPTHREAT_HOME"):
        return Path(env["IPTHREAT_HOME"])
    shared = Path(env.get("XDG_DATA_HOME", ""))
    if shared.is_absolute():
        return shared / "ipthreat"
    home = env.get("HOME") or env.get("USERPROFILE")
    if not home:
        raise InputError("no home folder is known: set IPTHREAT_HOME to the folder for ipthreat's data")
    return Path(home) / ".local" / "share" / "ipthreat"


def lists_path(folder: Path) -> Path:
    """The compiled file of downloaded and own lists, in a user's data folder."""
    return folder / "lists.snapshot"


def feeds_dir(folder: Path) -> Path:
    """The last good copies of the feeds, in a user's data folder."""
    return folder / "feeds"
