"""Fetches the feeds that are due, keeps their last good copies, and compiles all copies into one file of lists.

    data folder/
      feeds/…           the copies (see copies.py); to drop a list, remove its .json file and update again
      lists.snapshot    all copies, compiled: what look-ups read
      update.lock       held while an update works

Whatever a publisher does (goes away, sends HTML, half a list, another list), the last good copy stands. Whatever
happens to this process, every file is the old one or the new one, never a part of one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import FetchError, InputError, SnapshotError
from ..paths import feeds_dir, lists_path
from ..special import Network
from ..transport import Transport
from .copies import Copies, FeedCopy
from .feeds import Feed
from .formats import parse
from .kinds import ListKind
from .layout import reason
from .lists import ListInput, ListReport, compile_lists
from .lock import exclusive
from .ownspace import Entry, OwnSpace
from .refresh import FEED_LIMITS, FeedState, Outcome, OwnList, Refresher

__all__ = ["FEED_LIMITS", "FeedAge", "FeedRow", "FeedState", "OwnList", "UpdateReport", "ages", "update"]


class FeedRow(NamedTuple):
    """One list in the report of an update."""

    name: str
    kind: str
    state: FeedState
    reason: str
    """Why a feed was kept or failed; empty otherwise."""
    entries: int
    """Entries of the compiled list; 0 when it is not in the compiled file."""
    left_out: Mapping[str, int]
    """Reason → entries left out: `no address`, `not global`, `too wide`, `own network`."""
    day: str
    """ISO day as of which the list is current; empty without a good copy."""


@dataclass(frozen=True)
class UpdateReport:
    """What an update did."""

    rows: Tuple[FeedRow, ...]
    """Every list that was asked for or is on disk, by name."""
    lists_file: Path
    failure: str = ""
    """Why the compiled file is still the old one, or missing; empty when it is new."""

    @property
    def complete(self) -> bool:
        """True when every list is as current as it can be."""
        short = (FeedState.KEPT, FeedState.FAILED)
        return not self.failure and not any(row.state in short for row in self.rows)


class FeedAge(NamedTuple):
    """How old one of the lists is."""

    name: str
    kind: str
    entries: int
    """Entries of the last good copy."""
    day: str
    """ISO day as of which it is current; empty without a good copy."""
    age: Optional[timedelta]
    """From that day to now; None without a good copy."""
    checked: str
    """When the copy was last known to be the current one, ISO 8601 in UTC."""
    failure: str
    """Why the last update brought no new copy; empty when it went well."""


def update(
    feeds: Iterable[Feed],
    transport: Transport,
    data_dir: Path,
    *,
    now: datetime,
    own_networks: Iterable[Network] = (),
    own_lists: Sequence[OwnList] = (),
    force: bool = False,
    patience: float = 60.0,
) -> UpdateReport:
    """Refreshes the feeds, takes in own lists, compiles every copy in `data_dir`. `now` has a time zone.

    What goes wrong with a feed or the disk is in the report. Raises InputError for an own list that cannot be used, for
    a data folder that cannot be written, and when another update does not end within `patience`, in seconds.
    """
    wanted = tuple(feeds)
    given = [item.read() for item in own_lists]
    own = OwnSpace(own_networks)
    with exclusive(data_dir / "update.lock", patience):
        copies = Copies(feeds_dir(data_dir))
        _prepare(data_dir)
        refresher = Refresher(copies, transport, now, force)
        outcomes = {feed.name: refresher.refresh(feed) for feed in wanted}
        outcomes.update({feed.name: refresher.take(feed, body) for feed, body in given})
        kinds = {feed.name: feed.kind for feed in (*wanted, *(feed for feed, _ in given))}
        return _Compilation(copies, own, lists_path(data_dir), now).report(kinds, outcomes)


def ages(data_dir: Path, now: datetime) -> Tuple[FeedAge, ...]:
    """The age of every list on disk, by name, without reading the lists themselves."""
    return tuple(_age(copy, now) for copy in Copies(feeds_dir(data_dir)))


def _age(copy: FeedCopy, now: datetime) -> FeedAge:
    day = copy.day if copy.sha256 else ""
    age = now - datetime.fromisoformat(day).replace(tzinfo=timezone.utc) if day else None
    return FeedAge(copy.name, copy.kind, copy.entries, day, age, copy.checked, copy.failure)


def _prepare(data_dir: Path) -> None:
    """Makes the folder of copies and removes what a killed update left half-written."""
    folder = feeds_dir(data_dir)
    try:
        folder.mkdir(exist_ok=True)
        patterns = ((data_dir, f".{lists_path(data_dir).name}.*"), (folder, ".*.json.*"), (folder, ".*.list.*"))
        for path in (path for place, pattern in patterns for path in place.glob(pattern)):
            path.unlink()
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({reason(error)})") from None


class _Draft(NamedTuple):
    """A copy on its way into the compiled file."""

    copy: FeedCopy
    entries: List[Entry]
    own: int
    """Entries that held addresses of ours."""


@dataclass(frozen=True)
class _Compilation:
    """Compiles the copies on disk and reports on each."""

    copies: Copies
    own: OwnSpace
    target: Path
    now: datetime

    def report(self, kinds: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> UpdateReport:
        """Compiles, and joins what became of each list with what became of asking for its feed."""
        drafts, unusable = self._drafts()
        failure = ""
        taken: Dict[str, ListReport] = {}
        try:
            taken = self._compiled(drafts)
        except SnapshotError as error:
            failure = str(error)
        rows = {name: _empty_row(name, kind, outcomes[name].reason) for name, kind in kinds.items()}
        for copy, words in unusable:
            asked = outcomes.get(copy.name)
            if asked or copy.sha256 or not copy.url:  # a feed that once failed and is not wanted now is no news
                rows[copy.name] = _empty_row(copy.name, copy.kind, asked.reason if asked and asked.reason else words)
        rows.update({draft.copy.name: _row(draft, outcomes, taken) for draft in drafts})
        return UpdateReport(tuple(rows[name] for name in sorted(rows)), self.target, failure)

    def _drafts(self) -> Tuple[List[_Draft], List[Tuple[FeedCopy, str]]]:
        """The good copies, and those that cannot be used with the reason."""
        drafts: List[_Draft] = []
        unusable: List[Tuple[FeedCopy, str]] = []
        for copy in self.copies:
            try:
                drafts.append(self._draft(copy))
            except FetchError as error:
                unusable.append((copy, str(error)))
        return drafts, unusable

    def _draft(self, copy: FeedCopy) -> _Draft:
        """Raises FetchError for a copy that cannot be compiled."""
        if not copy.sha256:
            raise FetchError(copy.failure)
        body = self.copies.body(copy)
        if body is None:
            raise FetchError("its copy on disk is missing or was changed")
        if copy.kind not in {kind.value for kind in ListKind}:
            raise FetchError(f"there is no kind {copy.kind[:80]!r}")
        entries, own = self.own.without(parse(copy.format, body).entries)
        return _Draft(copy, entries, own)

    def _compiled(self, drafts: Sequence[_Draft]) -> Dict[str, ListReport]:
        """Reports of the compiled lists by name. Without any copy the file stays as it is."""
        inputs = [
            ListInput(copy.name, copy.kind, entries, copy.operator, copy.source, copy.day, copy.licence, copy.group)
            for copy, entries, _ in drafts
        ]
        if not inputs:
            return {}
        return {report.name: report for report in compile_lists(self.target, inputs, self.now.date().isoformat())}


def _row(draft: _Draft, outcomes: Mapping[str, Outcome], taken: Mapping[str, ListReport]) -> FeedRow:
    copy = draft.copy
    outcome = outcomes.get(copy.name, Outcome(FeedState.NOT_ASKED))
    report = taken.get(copy.name)
    left_out = Counter({"no address": copy.rejected, "own network": draft.own})
    left_out.update(report.rejected if report else {})
    return FeedRow(copy.name, copy.kind, *outcome, report.entries if report else 0, dict(+left_out), copy.day)


def _empty_row(name: str, kind: str, words: str) -> FeedRow:
    return FeedRow(name, kind, FeedState.FAILED, words, 0, {}, "")
