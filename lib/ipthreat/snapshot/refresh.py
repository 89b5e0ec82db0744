"""Brings one feed up to date: asks when it is due, believes what deserves it, else keeps the last good copy."""

from __future__ import annotations

import contextlib
import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple

from ..errors import FetchError, InputError, SnapshotError
from ..exchange import redacted, retry_after
from ..transport import Limits, Request, Response, Transport
from .copies import Copies, FeedCopy, digest, stamp
from .feeds import FEEDS, Feed, Publisher
from .formats import parse
from .layout import reason

FEED_LIMITS = Limits(connect=10.0, read=30.0, overall=180.0, body=32 * 2**20)
"""For the transport that fetches feeds; an own list may be as large."""
SHRUNK_TO = 0.1
"""A feed that comes with less than this share of the entries it had is not believed."""
FORGIVEN = 0.1
"""Share of the interval that may be missing, so that a daily job does not skip every other day."""
AFTER_FAILURE = timedelta(hours=1)
"""A server whose answer was of no use is asked again after this time, or the feed's interval if that is shorter."""
LONGEST_VALIDATOR = 512


class FeedState(str, enum.Enum):
    """What became of a feed in an update."""

    UPDATED = "updated"  # a new copy came
    NOT_MODIFIED = "not modified"  # the server says that our copy is the current one
    NOT_DUE = "not due"  # the server was asked so recently that it was not asked again
    NOT_ASKED = "not asked"  # on disk from earlier updates, not among the feeds of this one
    KEPT = "kept"  # no good new copy came: the last good one stands
    FAILED = "failed"  # there is no good copy at all


class Outcome(NamedTuple):
    """What became of a feed, and why."""

    state: FeedState
    reason: str = ""
    """Why a feed was kept or failed; empty otherwise."""


@dataclass(frozen=True)
class OwnList:
    """A list of the user's: any file with an address or network at the start of each line."""

    name: str
    path: Path
    kind: str = "block"

    @classmethod
    def parse(cls, text: str) -> OwnList:
        """From `name=path` or `name=path,kind`. Raises InputError."""
        name, equals, rest = text.partition("=")
        path, comma, kind = rest.rpartition(",")
        if not equals or not rest:
            raise InputError(f"{text[:80]!r} is not of the form name=path or name=path,kind")
        return cls(name, Path(path), kind) if comma else cls(name, Path(rest))

    def read(self) -> Tuple[Feed, bytes]:
        """The list as a feed, and its body. Raises InputError for a list that cannot be used."""
        publisher = Publisher("own list", "", "own", "")
        feed = Feed(self.name, self.path.absolute().as_uri(), "plain", self.kind, publisher, timedelta(0), 0)
        if self.name in FEEDS:
            raise InputError(f"{self.name}: this is the name of a feed, a list of yours needs another")
        try:
            with self.path.open("rb") as file:
                body = file.read(FEED_LIMITS.body + 1)
            if len(body) > FEED_LIMITS.body:
                raise InputError(f"{self.path}: a list may be {FEED_LIMITS.body // 2**20} MiB large at most")
            if not parse(feed.format, body).entries:
                raise InputError(f"{self.path}: holds no address")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({reason(error)})") from None
        except FetchError as error:
            raise InputError(f"{self.path}: {error}") from None
        return feed, body


@dataclass(frozen=True)
class Refresher:
    """What one update knows while it goes through the feeds."""

    copies: Copies
    transport: Transport
    now: datetime
    force: bool = False
    """Ask although it is not due."""

    def refresh(self, feed: Feed) -> Outcome:
        """Asks the feed's server, if it is due, and stores what is worth storing. Never raises for what others do."""
        held = self._held(feed)
        good = self.copies.body(held) is not None
        if not self.force and held.url == feed.url and not self._due(feed, held):
            return _standing(good, held.failure)
        try:
            response = self.transport.send(Request(feed.url, headers=_validators(held, feed) if good else {}))
        except FetchError as error:
            return self._missed(held, good, str(error))
        held = replace(held, asked=stamp(self.now))
        if response.status == 304 and good:
            return self._stored(FeedState.NOT_MODIFIED, replace(held, checked=held.asked, failure=""), good)
        try:
            copy = self._accepted(feed, held.entries if good else 0, response)
        except FetchError as error:
            return self._missed(held, good, f"{redacted(feed.url)}: {error}")
        return self._stored(FeedState.UPDATED, copy, good, response.body)

    def take(self, feed: Feed, body: bytes) -> Outcome:
        """Stores a list of the user's own."""
        good = self.copies.body(self._held(feed)) is not None
        copy = self._accepted(feed, 0, Response(200, body=body))
        return self._stored(FeedState.UPDATED, copy, good, body)

    def _held(self, feed: Feed) -> FeedCopy:
        known = self.copies.load(feed.name)
        return _described(feed) if known is None else _renewed(known, feed)

    def _due(self, feed: Feed, held: FeedCopy) -> bool:
        interval = min(feed.interval, AFTER_FAILURE) if held.failure else feed.interval
        return held.asked_ago(self.now) >= interval.total_seconds() * (1 - FORGIVEN)

    def _accepted(self, feed: Feed, had: int, response: Response) -> FeedCopy:
        """The description of a good new copy. Raises FetchError for an answer that is none."""
        if response.status != 200:
            wait = retry_after(response)
            asked = "" if wait is None else f" and asks to be left alone for {wait:.0f} s"
            raise FetchError(f"the server answered {response.status}{asked}")
        parsed = parse(feed.format, response.body)
        _believed(feed, len(parsed.entries), had)
        now = stamp(self.now)
        return replace(
            _described(feed),
            asked=now,
            checked=now,
            fetched=now,
            etag=response.header("ETag"),
            last_modified=response.header("Last-Modified"),
            published=parsed.date,
            entries=len(parsed.entries),
            rejected=parsed.rejected,
            sha256=digest(response.body),
        )

    def _stored(self, state: FeedState, copy: FeedCopy, good: bool, body: Optional[bytes] = None) -> Outcome:
        try:
            self.copies.save(copy, body)
        except SnapshotError as error:
            return Outcome(FeedState.KEPT if good else FeedState.FAILED, str(error))
        return Outcome(state)

    def _missed(self, held: FeedCopy, good: bool, words: str) -> Outcome:
        """Remembers why there is no new copy, for `ipthreat status`; a full disk then matters no more."""
        with contextlib.suppress(SnapshotError):
            self.copies.save(replace(held, failure=words))
        return Outcome(FeedState.KEPT if good else FeedState.FAILED, words)


def _standing(good: bool, failure: str) -> Outcome:
    """The outcome for a feed that is not asked again yet."""
    if good and not failure:
        return Outcome(FeedState.NOT_DUE)
    return Outcome(FeedState.KEPT if good else FeedState.FAILED, f"{failure} (not asked again yet)")


def _described(feed: Feed) -> FeedCopy:
    """A feed of which there is no copy yet."""
    return _renewed(FeedCopy(feed.name, feed.url, feed.format, feed.kind), feed)


def _renewed(copy: FeedCopy, feed: Feed) -> FeedCopy:
    """The copy with what the catalogue says of the feed today."""
    publisher = feed.publisher
    source = f"{publisher.name}, {redacted(feed.url)}"
    return replace(
        copy,
        kind=feed.kind,
        group=publisher.group,
        source=source,
        licence=publisher.licence,
        operator=feed.operator,
    )


def _validators(held: FeedCopy, feed: Feed) -> Dict[str, str]:
    """The headers that let the server answer "not modified"; none when the copy came from elsewhere."""
    pairs = (("If-None-Match", held.etag), ("If-Modified-Since", held.last_modified))
    return {name: value for name, value in pairs if value and held.url == feed.url and len(value) <= LONGEST_VALIDATOR}


def _believed(feed: Feed, entries: int, had: int) -> None:
    """Raises FetchError for a list that is too short to be true."""
    if entries < feed.min_entries:
        raise FetchError(f"only {entries:,} entries came, and there should be {feed.min_entries:,} at least")
    if feed.min_entries and entries < had * SHRUNK_TO:
        raise FetchError(f"only {entries:,} entries came, after {had:,} in the last copy")
