"""Files of the user that are looked up on this machine: databases in MaxMind's format, the Talos block list.

They are part of every face: whatever judges takes `sources` and `blocklist`, the Splunk handler `evidence`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Tuple

from .configuration import LocalFiles
from .errors import IpthreatError

if TYPE_CHECKING:  # readers are loaded when there is something to read
    from .dossier import Evidence
    from .gather import Source
    from .providers.talos import TalosBlockList


class Local(NamedTuple):
    """Such files, opened."""

    sources: Tuple[Source, ...] = ()
    blocklist: Optional[TalosBlockList] = None
    """Goes into the source of recorded answers, since what an analyst has looked up goes before it."""

    def evidence(self, address: str) -> Tuple[Evidence, ...]:
        """All that the files state about a global address (canonical text), the block list included."""
        every = (*self.sources, *((self.blocklist,) if self.blocklist else ()))
        return tuple(item for source in every for item in source.evidence(address))


NO_FILES = Local()


class Failed(NamedTuple):
    """Stands for files that cannot be used, in a run that goes on without them and says so."""

    reason: str
    names: Tuple[str, ...]
    """The sources that the settings name."""

    def evidence(self, address: str) -> Tuple[Evidence, ...]:
        """An entry per source, the same for every address."""
        from .dossier import Evidence, SourceKind, Status

        return tuple(Evidence(name, SourceKind.PROVIDER, Status.ERROR, reason=self.reason) for name in self.names)


def open_or_fail(found: LocalFiles) -> Local:
    """The files, opened; all of them stand for their failure when one cannot be used."""
    try:
        return open_local(found)
    except IpthreatError as error:
        named = (("maxmind", found.mmdb), ("talos", found.blocklist))
        return Local((Failed(str(error), tuple(name for name, files in named if files)),))


def open_local(found: LocalFiles) -> Local:
    """The files, opened. Raises InputError, EvidenceError or MissingExtraError for one that cannot be used."""
    sources: Tuple[Source, ...] = ()
    if found.mmdb:
        from .providers.maxmind import MaxMindFile, MaxMindFiles

        sources = (MaxMindFiles(tuple(map(MaxMindFile, found.mmdb))),)
    if not found.blocklist:
        return Local(sources)
    from .providers.talos import read_block_list

    return Local(sources, read_block_list(found.blocklist))
