"""What is kept about one address, for a person who looks into the store or clears a part of it."""

from __future__ import annotations

import sqlite3
from typing import Iterator, List, NamedTuple, Optional

from ..database import moment
from ..dossier import Evidence
from .encoding import decoded
from .subjects import subjects


class Entry(NamedTuple):
    """A row of the store. Moments are seconds since 1970."""

    provider: str
    subject: str
    """The address, or the prefix that the answer holds for."""
    retrieved: float
    fresh_until: float
    """Until then it is used without asking; after that it may only stand in …"""
    expires: float
    """… until then."""
    fresh: bool
    evidence: Optional[Evidence]
    """None for an answer that this version cannot read: it is asked for again, and replaced."""


def entries(connection: sqlite3.Connection, address: str, now: float) -> Iterator[Entry]:
    """The rows about an address, by provider, the most specific subject first."""
    statement = "SELECT retrieved, fresh_until, expires, body FROM evidence WHERE provider = ? AND subject = ?"
    for provider in _providers(connection):
        for subject in _held(connection, provider, address):
            *cells, body = connection.execute(statement, (provider, subject)).fetchone()
            names = ("retrieved", "fresh_until", "expires")
            retrieved, until, ends = (moment(cell, f"evidence.{name}") for cell, name in zip(cells, names))
            yield Entry(provider, subject, retrieved, until, ends, retrieved <= now < until, decoded(body))


def forgotten(connection: sqlite3.Connection, address: str, provider: Optional[str]) -> int:
    """Removes the rows about an address, or one provider's; how many went."""
    gone = 0
    for name in [provider] if provider else _providers(connection):
        rows = [(name, subject) for subject in _held(connection, name, address)]
        gone += len(rows)
        connection.executemany("DELETE FROM evidence WHERE provider = ? AND subject = ?", rows)
    return gone


def _providers(connection: sqlite3.Connection) -> List[str]:
    return [name for (name,) in connection.execute("SELECT DISTINCT provider FROM evidence ORDER BY provider")]


def _held(connection: sqlite3.Connection, provider: str, address: str) -> List[str]:
    """The subjects under which the provider's answers about the address are kept."""
    wanted = subjects(provider, address)
    marks = ",".join("?" * len(wanted))
    statement = f"SELECT subject FROM evidence WHERE provider = ? AND subject IN ({marks})"  # noqa: S608  # question marks
    found = {subject for (subject,) in connection.execute(statement, (provider, *wanted))}
    return [subject for subject in wanted if subject in found]
