"""Puts ranges, systems, lists and descriptions together into the bytes of one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Sequence

from .answer import AgentPattern, ListInfo, Part
from .intervals import Interval, sweep
from .layout import pack
from .ranges import NOTHING, Row, pack_networks, pack_ranges, pack_whole
from .records import NO_WORDS, RecordIds, Words, compact
from .systems import System, pack_systems

WIDTHS = {4: 32, 6: 128}
"""IP version → bits of an address."""

ByVersion = Dict[int, List[Interval]]
"""Disjoint, ascending intervals for IP version 4 and for 6."""


def no_intervals() -> ByVersion:
    """Nothing, for both versions."""
    return {4: [], 6: []}


@dataclass(frozen=True)
class CompiledList:
    """One list, cleaned and flattened; the value of an interval is the level + 1."""

    info: ListInfo
    intervals: ByVersion


@dataclass(frozen=True)
class Contents:
    """All that goes into a file."""

    lists: Sequence[CompiledList]
    systems: Sequence[System] = ()
    """Ids from `FIRST_ID` on, in this order."""
    owners: ByVersion = field(default_factory=no_intervals)
    """The value is the id of the system; touching intervals of one system are one interval."""
    words: Words = NO_WORDS
    countries: ByVersion = field(default_factory=no_intervals)
    """As `rirs` and `specials`: the value is the place in the `words` of that name."""
    rirs: ByVersion = field(default_factory=no_intervals)
    specials: ByVersion = field(default_factory=no_intervals)
    parts: Sequence[Part] = ()
    agents: Sequence[AgentPattern] = ()


def assemble(contents: Contents, built: str) -> bytes:
    """The bytes of a file; `built` is an ISO date. The same contents give the same bytes."""
    ids = RecordIds()
    facts = {version: _fact_rows(contents, version, ids) for version in WIDTHS}
    owners = {version: _owner_rows(contents.owners[version], version) for version in WIDTHS}
    return pack(
        [
            *pack_ranges("owner", owners[4], owners[6]),
            *pack_networks("owner", owners[4]),
            *pack_ranges("fact", facts[4], facts[6]),
            *pack_whole("fact", facts[4]),
            *ids.pack(contents.words, [item.info for item in contents.lists]),
            *pack_systems(contents.systems),
            ("parts", compact([list(part) for part in contents.parts])),
            ("agents", compact([list(agent) for agent in contents.agents])),
        ],
        built,
    )


def _owner_rows(intervals: Iterable[Interval], version: int) -> List[Row]:
    rows = [(0, NOTHING)]
    for first, last, number in intervals:
        _lay(rows, first, number)
        if last + 1 < 1 << WIDTHS[version]:
            _lay(rows, last + 1, NOTHING)
    return rows


def _fact_rows(contents: Contents, version: int, ids: RecordIds) -> List[Row]:
    layers = [contents.countries, contents.rirs, contents.specials, *(item.intervals for item in contents.lists)]
    rows = [(0, NOTHING)]
    for address, state in sweep([layer[version] for layer in layers]):
        if address < 1 << WIDTHS[version]:
            _lay(rows, address, ids[state])
    return rows


def _lay(rows: List[Row], start: int, number: int) -> None:
    """Append a row; a row at the start of the last one replaces it, and one that changes nothing is left out."""
    if rows[-1][0] == start:
        rows.pop()
    if not rows or rows[-1][1] != number:
        rows.append((start, number))
