"""The intelligence at hand without any provider: the embedded snapshot and the user's lists, opened once per run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional, Tuple

from .errors import SnapshotError
from .gather import ListsSource, SnapshotFailure, SnapshotSource, Source
from .snapshot import AgentPattern, Listing, Snapshot

if TYPE_CHECKING:
    from .case import SourcePart


@dataclass(frozen=True)
class Intelligence:
    """What could be opened, and why the rest could not. A run goes on without a part and says so."""

    snapshot: Optional[Snapshot]
    snapshot_error: str = ""
    lists: Optional[Snapshot] = None
    lists_error: str = ""

    @classmethod
    def opened(cls, lists_path: Optional[Path] = None, snapshot_path: Optional[Path] = None) -> Intelligence:
        """Opens the shipped snapshot (or the one at `snapshot_path`) and, where it exists, the user's lists file."""
        snapshot, snapshot_error = _opened(snapshot_path)
        if lists_path is None or not lists_path.exists():
            return cls(snapshot, snapshot_error)
        lists, lists_error = _opened(lists_path)
        return cls(snapshot, snapshot_error, lists, lists_error)

    def sources(self, as_of: datetime) -> Tuple[Source, ...]:
        """The sources to gather from, failures included."""
        first: Source = SnapshotFailure("snapshot", self.snapshot_error)
        if self.snapshot:
            first = SnapshotSource(self.snapshot)
        if self.lists:
            return first, ListsSource(self.lists, as_of)
        return (first, SnapshotFailure("lists", self.lists_error)) if self.lists_error else (first,)

    def is_c2(self, address: str) -> bool:
        """True when one of the user's lists names the address (canonical text) as a C2 server."""
        return any(item.kind == "c2" for item in self._listed(self.lists, address))

    def crawler_ranges(self, address: str) -> Tuple[str, ...]:
        """Names of the crawler lists that hold the address."""
        return tuple(item.name for item in self._listed(self.snapshot, address) if item.kind == "crawler")

    def owner(self, address: str) -> str:
        """The organisation that announces the address; empty when none is known."""
        try:
            return self.snapshot.lookup(address).organisation if self.snapshot else ""
        except SnapshotError:  # told once, by the source that gathers from the same file
            return ""

    def agents(self) -> Tuple[AgentPattern, ...]:
        """Known user agents; empty without a snapshot."""
        return self.snapshot.agents() if self.snapshot else ()

    def parts(self) -> Tuple[SourcePart, ...]:
        """Each part and list with its date, for the Method section and `ipthreat status`."""
        from .case import SourcePart  # here, as what enriches events does without

        found: List[SourcePart] = []
        for part in self.snapshot.parts() if self.snapshot else ():
            found.append(SourcePart(part.name, part.date, part.entries, part.licence, part.source))
        for item in self.lists.lists() if self.lists else ():
            found.append(SourcePart(item.name, item.date, item.entries, item.licence, item.source))
        return tuple(found)

    @staticmethod
    def _listed(file: Optional[Snapshot], address: str) -> Tuple[Listing, ...]:
        try:
            return file.listed(address) if file else ()
        except SnapshotError:  # told once, by the source that gathers from the same file
            return ()


def _opened(path: Optional[Path]) -> Tuple[Optional[Snapshot], str]:
    try:
        return (Snapshot.open(path) if path else Snapshot.shipped()), ""
    except SnapshotError as error:
        return None, str(error)
