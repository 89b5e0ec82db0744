"""The files of the user that `check` and `report` look up on this machine: databases, the Talos block list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Optional, Tuple

from ..configuration import FILE, read_local

if TYPE_CHECKING:
    from ..gather import Source
    from ..providers.talos import TalosBlockList


class Local(NamedTuple):
    """Such files, opened."""

    sources: Tuple[Source, ...] = ()
    blocklist: Optional[TalosBlockList] = None


NO_FILES = Local()


def local_files(folder: Path) -> Local:
    """What the settings in the folder name. Raises InputError, EvidenceError, MissingExtraError for any other."""
    if not (folder / FILE).exists():
        return NO_FILES
    found = read_local(folder)
    sources: Tuple[Source, ...] = ()
    if found.mmdb:
        from ..providers.maxmind import MaxMindFile, MaxMindFiles

        sources = (MaxMindFiles(tuple(map(MaxMindFile, found.mmdb))),)
    if not found.blocklist:
        return Local(sources)
    from ..providers.talos import read_block_list

    return Local(sources, read_block_list(found.blocklist))
