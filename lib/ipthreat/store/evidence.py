"""The store itself: a table of answers by provider and address, or by provider and prefix.

It is a convenience and never a condition: when the file cannot be used, a run goes on without it and says so once.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

from ..clock import SYSTEM, Clock
from ..database import PATIENCE, Database, Work, counter, moment
from ..dossier import Evidence, Status
from ..errors import StoreBusy, StoreError
from .encoding import decoded, encoded
from .entries import Entry, entries, forgotten
from .lifetimes import Lifetimes
from .subjects import subject_of, subjects

FILE = "evidence.sqlite"
VERSION = 1
MOST_ANSWERS = 2_000_000
"""Answers kept; beyond it the oldest go."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS evidence (provider TEXT NOT NULL, subject TEXT NOT NULL, retrieved REAL NOT NULL,"
    " fresh_until REAL NOT NULL, expires REAL NOT NULL, body BLOB NOT NULL, PRIMARY KEY (provider, subject))"
    " WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS evidence_expires ON evidence (expires)",
    "CREATE TABLE IF NOT EXISTS usage (provider TEXT PRIMARY KEY, hits INTEGER NOT NULL, misses INTEGER NOT NULL)",
)
MOMENT = 0.25
"""Seconds to wait for the file for what may as well be left to the next run: figures of use, and eviction."""
AHEAD = 3600.0
"""An answer dated farther ahead than this, in seconds, was kept by a clock that was wrong, and is evicted."""
_AT_ONCE = 500  # subjects of one question to the file
_LIFETIMES = Lifetimes()

Result = TypeVar("Result")


class Held(NamedTuple):
    """An answer of the store."""

    evidence: Evidence
    fresh: bool
    """False for one that may only stand in when the source cannot be asked."""


class Kept(NamedTuple):
    """What the store holds of one provider."""

    provider: str
    answers: int
    fresh: int
    oldest: float
    """When the oldest was retrieved, seconds since 1970."""
    hits: int
    """Addresses that needed no look-up so far, thanks to the store …"""
    misses: int
    """… and those that did."""


class EvidenceStore:
    """Answers of providers. Every method returns normally without a usable file; `problem` then says why."""

    def __init__(
        self,
        path: Optional[Path],
        lifetimes: Lifetimes = _LIFETIMES,
        *,
        clock: Clock = SYSTEM,
        tell: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        """`tell` gets a line when a file was set aside or the store cannot be used. `path` None keeps it in memory.

        `patience` is how long other processes are waited for, in seconds.
        """
        self.problem = ""
        """Why the store keeps nothing any more; empty while it works."""
        self._works = {"read": True, "write": True}
        self._lifetimes = lifetimes
        self._clock = clock
        self._tell = tell
        self._database = Database(path, _SCHEMA, VERSION, tell=tell, patience=patience, check=_check)

    def get_many(self, provider: str, addresses: Sequence[str]) -> Dict[str, Held]:
        """Address → answer, for those that are held and have not expired."""
        places = {address: subjects(provider, address) for address in addresses}
        wanted = list(dict.fromkeys(subject for names in places.values() for subject in names))
        now = self._clock.wall()
        nothing: List[Tuple[str, bool, bytes]] = []
        rows = self._read(lambda connection: list(_found(connection, provider, wanted, now)), nothing)
        return dict(_answers(places, {subject: (body, fresh) for subject, fresh, body in rows}))

    def put_many(self, answers: Iterable[Tuple[str, Evidence]]) -> None:
        """Keeps (address, evidence), each for its lifetime; what is no answer is left out."""
        now = self._clock.wall()
        self._put([row for address, item in answers for row in self._row(address, item, now)])

    def adopt(self, answers: Iterable[Tuple[str, Evidence]]) -> None:
        """Keeps (address, evidence) that another store has held since it was retrieved: it grows no younger here."""
        dated = [(address, item, item.retrieved_at) for address, item in answers]
        rows = [row for address, item, at in dated if at for row in self._row(address, item, at.timestamp())]
        self._put(rows)

    def _put(self, rows: Sequence[Tuple[Any, ...]]) -> None:
        if rows:
            statement = "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?, ?, ?)"
            self._write(lambda connection: connection.executemany(statement, rows), None)

    def count(self, provider: str, hits: int, misses: int) -> None:
        """Adds to the provider's figures of use."""
        statement = (
            "INSERT INTO usage VALUES (?, ?, ?) ON CONFLICT (provider)"
            " DO UPDATE SET hits = hits + excluded.hits, misses = misses + excluded.misses"
        )
        if hits or misses:
            self._write(lambda connection: connection.execute(statement, (provider, hits, misses)), None, MOMENT)

    def inspect(self) -> Tuple[Kept, ...]:
        """What is held, a row per provider."""
        statement = (
            "SELECT provider, COALESCE(answers, 0), COALESCE(fresh, 0), COALESCE(oldest, 0), COALESCE(hits, 0),"
            " COALESCE(misses, 0) FROM (SELECT provider FROM evidence UNION SELECT provider FROM usage)"
            " LEFT JOIN (SELECT provider, COUNT(*) AS answers, "
            " SUM(fresh_until > ?1 AND retrieved <= ?1) AS fresh,"
            " MIN(retrieved) AS oldest FROM evidence GROUP BY provider) USING (provider)"
            " LEFT JOIN usage USING (provider) ORDER BY provider"
        )
        now = self._clock.wall()
        return self._read(lambda connection: tuple(map(_kept, connection.execute(statement, (now,)))), ())

    def about(self, address: str) -> Tuple[Entry, ...]:
        """All answers that are kept about an address (canonical text), expired ones included, by provider."""
        now, nothing = self._clock.wall(), ()  # type: float, Tuple[Entry, ...]
        return self._read(lambda connection: tuple(entries(connection, address, now)), nothing)

    def forget(self, address: str, provider: Optional[str] = None) -> int:
        """Removes what `about` tells of an address, or one provider's part of it; how many answers went."""
        return self._write(lambda connection: forgotten(connection, address, provider), 0)

    def evict(self, most: int = MOST_ANSWERS, patience: Optional[float] = MOMENT) -> int:
        """Removes what has expired or is dated ahead and, beyond `most` answers, the oldest; how many went.

        It may be left undone while another process holds the file; with a patience of None it is not.
        """
        now = self._clock.wall()
        return self._write(lambda connection: _evicted(connection, now, most), 0, patience)

    def flush(self, provider: Optional[str] = None) -> int:
        """Removes all answers, or those of one provider; how many went."""
        where, values = ("WHERE provider = ?", (provider,)) if provider else ("", ())
        statement = f"DELETE FROM evidence {where}"  # noqa: S608  # both texts are ours
        return self._write(lambda connection: connection.execute(statement, values).rowcount, 0)

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _row(self, address: str, item: Evidence, now: float) -> Iterator[Tuple[Any, ...]]:
        """The row of an answer that was had at a moment, in seconds since 1970; none for what is no answer."""
        fresh = self._lifetimes.of(item)
        if fresh is None:
            return
        subject, kept = subject_of(address, item)
        ends = now + max(fresh, self._lifetimes.expiry).total_seconds()
        yield item.source, subject, now, now + fresh.total_seconds(), ends, encoded(kept)

    def _read(self, work: Work[Result], otherwise: Result) -> Result:
        return self._try("read", lambda: self._database.read(work), otherwise)

    def _write(self, work: Work[Result], otherwise: Result, patience: Optional[float] = None) -> Result:
        """With a patience of its own, it is work that may be left undone while another process holds the file."""
        return self._try("write", lambda: self._database.write(work, patience), otherwise, patience is not None)

    def _try(self, way: str, run: Callable[[], Result], otherwise: Result, spare: bool = False) -> Result:
        """Runs the work. After a failure to write, what is held can still be read; not the other way round."""
        if not self._works[way]:
            return otherwise
        try:
            return run()
        except StoreError as error:
            if spare and isinstance(error, StoreBusy):
                return otherwise
            self._works = {"read": self._works["read"] and way == "write", "write": False}
            if not self.problem:
                self.problem = str(error)
                self._tell(f"answers are not kept in this run: {error}")
            return otherwise


def stale(held: Evidence, reason: str, age: timedelta) -> Evidence:
    """An old answer in place of one that could not be had, and why."""
    return replace(held, status=Status.STALE, reason=f"{reason}; this answer is {age_words(age)} old"[:300])


def age_words(age: timedelta) -> str:
    """An age as a person says it: `5 hours`, `12 days`."""
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"


def _found(
    connection: sqlite3.Connection, provider: str, subjects: Sequence[str], now: float
) -> Iterator[Tuple[str, bool, bytes]]:
    """Subject, whether it is fresh, and body. One dated ahead is not: nobody knows how old it is."""
    for start in range(0, len(subjects), _AT_ONCE):
        some = subjects[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        statement = (
            "SELECT subject, retrieved, fresh_until, body FROM evidence"  # noqa: S608  # nothing but question marks is put in
            f" WHERE provider = ? AND expires > ? AND subject IN ({marks})"
        )
        for subject, retrieved, until, body in connection.execute(statement, (provider, now, *some)):
            dated = moment(retrieved, "evidence.retrieved")
            yield subject, dated <= now < moment(until, "evidence.fresh_until"), body


def _kept(row: Sequence[Any]) -> Kept:
    provider, answers, fresh, oldest, hits, misses = row
    used = counter(hits, "usage.hits"), counter(misses, "usage.misses")
    return Kept(str(provider), answers, fresh, moment(oldest, "evidence.retrieved"), *used)


def _check(connection: sqlite3.Connection) -> None:
    """Reads every cell that is relied on. Raises what `damaged` makes for one that nobody here wrote."""
    for cells in connection.execute("SELECT retrieved, fresh_until, expires FROM evidence"):
        for name, cell in zip(("retrieved", "fresh_until", "expires"), cells):
            moment(cell, f"evidence.{name}")
    for hits, misses in connection.execute("SELECT hits, misses FROM usage"):
        counter(hits, "usage.hits")
        counter(misses, "usage.misses")


def _answers(places: Dict[str, Sequence[str]], held: Dict[str, Tuple[bytes, bool]]) -> Iterator[Tuple[str, Held]]:
    """Per address the answer about itself, else about the longest prefix that holds it."""
    for address, names in places.items():
        subject = next((name for name in names if name in held), None)
        if subject is not None:
            body, fresh = held[subject]
            evidence = decoded(body)
            if evidence is not None:  # a row that cannot be read is as good as none: it is asked again and replaced
                yield address, Held(evidence, fresh)


def _evicted(connection: sqlite3.Connection, now: float, most: int) -> int:
    statement = "DELETE FROM evidence WHERE expires <= ? OR retrieved > ?"
    gone = connection.execute(statement, (now, now + AHEAD)).rowcount
    surplus = connection.execute("SELECT COUNT(*) FROM evidence").fetchone()[0] - most
    if surplus > 0:
        oldest: List[Tuple[str, str]] = connection.execute(
            "SELECT provider, subject FROM evidence ORDER BY retrieved LIMIT ?", (surplus,)
        ).fetchall()
        connection.executemany("DELETE FROM evidence WHERE provider = ? AND subject = ?", oldest)
        gone += len(oldest)
    return int(gone)
