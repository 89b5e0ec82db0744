"""The intelligence at hand without any provider: the embedded snapshot and the user's lists, opened once per run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Tuple

from .dossier import Dossier, Status
from .errors import SnapshotError
from .gather import ListsSource, SnapshotFailure, SnapshotSource, Source
from .snapshot import AgentPattern, Snapshot

if TYPE_CHECKING:
    from .case import SourcePart


@dataclass(frozen=True)
class Intelligence:
    """What could be opened, and why the rest could not. A run goes on without a part and says so.

    Opening a file reads little of it, so that damage may show later. What a run needs as a whole is read before it
    begins: a file in which that is damaged counts as one that could not be opened. What is read address by address may
    still fail for some of them, whose dossiers then say so.
    """

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

    def for_events(self) -> Intelligence:
        """The same for a run that reads user agents, too."""
        try:
            self.agents()
        except SnapshotError as error:
            return replace(self, snapshot=None, snapshot_error=str(error))
        return self

    def verified(self) -> Intelligence:
        """The same when each byte was compared with what it was: some 20 milliseconds for the shipped snapshot."""
        snapshot, snapshot_error = _verified(self.snapshot)
        lists, lists_error = _verified(self.lists)
        return Intelligence(snapshot, self.snapshot_error or snapshot_error, lists, self.lists_error or lists_error)

    def failures(self, dossiers: Iterable[Dossier]) -> Dict[str, str]:
        """Which of `snapshot` and `lists` could not be read, or not for one of these addresses, and why."""
        found = {"snapshot": self.snapshot_error, "lists": self.lists_error}
        for dossier in dossiers:
            for item in dossier.evidence:
                if item.status is Status.ERROR and item.source in found:
                    found[item.source] = found[item.source] or item.reason
        return {name: reason for name, reason in found.items() if reason}

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
        try:
            return any(item.kind == "c2" for item in (self.lists.listed(address) if self.lists else ()))
        except SnapshotError:  # told once, by the source that gathers from the same file
            return False

    def crawler_ranges(self, address: str) -> Tuple[str, ...]:
        """Names of the crawler lists that hold the address. Raises SnapshotError: not to know is not to hold none."""
        listed = self.snapshot.listed(address) if self.snapshot else ()
        return tuple(item.name for item in listed if item.kind == "crawler")

    def owner(self, address: str) -> str:
        """The organisation that announces the address; empty when none is known. Raises SnapshotError, too."""
        return self.snapshot.lookup(address).organisation if self.snapshot else ""

    def agents(self) -> Tuple[AgentPattern, ...]:
        """Known user agents; empty without a snapshot. Raises SnapshotError unless this is `for_events`."""
        return self._agents

    def parts(self) -> Tuple[SourcePart, ...]:
        """Each part and list with its date, for the Method section and `ipthreat status`."""
        from .case import SourcePart  # here, as what enriches events does without

        found: List[SourcePart] = []
        for part in self.snapshot.parts() if self.snapshot else ():
            found.append(SourcePart(part.name, part.date, part.entries, part.licence, part.source))
        for item in self.lists.lists() if self.lists else ():
            found.append(SourcePart(item.name, item.date, item.entries, item.licence, item.source))
        return tuple(found)

    @cached_property
    def _agents(self) -> Tuple[AgentPattern, ...]:
        return self.snapshot.agents() if self.snapshot else ()


def _opened(path: Optional[Path]) -> Tuple[Optional[Snapshot], str]:
    try:
        file = Snapshot.open(path) if path else Snapshot.shipped()
        file.lists()  # dates and kinds of all that is listed
        file.parts()
    except SnapshotError as error:
        return None, str(error)
    return file, ""


def _verified(file: Optional[Snapshot]) -> Tuple[Optional[Snapshot], str]:
    try:
        if file:
            file.verify()
    except SnapshotError as error:
        return None, str(error)
    return file, ""
