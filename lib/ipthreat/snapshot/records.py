"""Records: id → country, RIR, special range and the lists that hold an address.

    record       8 bytes each: country 2s (NUL NUL for none), RIR u8, special range u8, number of the set of lists u32
    set.offset   u32[n+1]  where the entries of a set begin
    set.list     u16[m]    number of the list
    set.level    u8[m]     its level
    words        JSON      {"rirs": ["", "ARIN", …], "specials": ["", "private", …]}
    lists        JSON      [[name, kind, operator, source, date, licence, entries, group, rejected], …]

JSON is parsed when the first record asks for it, not when the file is opened. Ids 0 to 2 are the empty record.
"""

from __future__ import annotations

import json
import struct
from functools import cached_property
from itertools import accumulate
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple, TypeVar

from .answer import AgentPattern, ListInfo, Listing, Part
from .intervals import State
from .layout import Container, little
from .ranges import FIRST_ID, NOTHING

RECORD = struct.Struct("<2sBBI")
COUNTRY, RIR, SPECIAL, FIRST_LIST = range(4)
"""Layers of a `State`: the facts, then one layer per list, whose value is the level + 1."""

Facts = Tuple[str, str, str, Tuple[Listing, ...]]
"""Country, RIR, special range and listings: how an `Answer` ends."""
Described = TypeVar("Described", Part, ListInfo, AgentPattern)
BLANK_LIST = ListInfo("", "", "", "", "", "", 0, "", 0)


class Words(NamedTuple):
    """The texts that the values of the fact layers stand for; value 0 is ''."""

    countries: Sequence[str]
    rirs: Sequence[str]
    specials: Sequence[str]


NO_WORDS = Words(("",), ("",), ("",))


class Records:
    """The records of an open file."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._records = container.numbers("record", "B")
        self._offsets = container.numbers("set.offset", "I")
        self._lists = container.numbers("set.list", "H")
        self._levels = container.numbers("set.level", "B")
        if len(self._records) % RECORD.size or len(self._lists) != len(self._levels) or not len(self._offsets):
            raise container.fault("the sections of the records do not fit each other")

    def facts(self, number: int) -> Facts:
        """The record with an id. Raises IndexError, ValueError or struct.error when the file is damaged."""
        country, rir, special, held = RECORD.unpack_from(self._records, number * RECORD.size)
        span = range(self._offsets[held], self._offsets[held + 1])
        listings = tuple(self._listing(self._lists[place], self._levels[place]) for place in span)
        rirs, specials = self._words
        return str(country, "ascii").strip("\0"), rirs[rir], specials[special], listings

    @cached_property
    def lists(self) -> Tuple[ListInfo, ...]:
        """The lists of the file."""
        return described(self._container, "lists", BLANK_LIST)

    @cached_property
    def _words(self) -> Tuple[List[str], List[str]]:
        words = parsed(self._container, "words")
        rirs, specials = (words.get("rirs"), words.get("specials")) if isinstance(words, dict) else (None, None)
        if not (isinstance(rirs, list) and isinstance(specials, list)):
            raise self._container.fault("section words has another shape")
        if not all(isinstance(word, str) for word in [*rirs, *specials]):
            raise self._container.fault("section words has another shape")
        return rirs, specials

    def _listing(self, number: int, level: int) -> Listing:
        info = self.lists[number]
        return Listing(info.name, info.kind, level, info.operator)


class RecordIds:
    """Gives equal states equal ids while a file is built."""

    def __init__(self) -> None:
        self._ids: Dict[State, int] = {(): NOTHING}

    def __getitem__(self, state: State) -> int:
        return self._ids.setdefault(state, len(self._ids) + FIRST_ID - 1)

    def pack(self, words: Words, lists: Sequence[ListInfo]) -> List[Tuple[str, bytes]]:
        """The sections for the states seen so far."""
        sets: Dict[State, int] = {(): 0}
        records = [RECORD.pack(b"", 0, 0, 0)] * FIRST_ID
        for state in list(self._ids)[1:]:
            facts = dict(item for item in state if item[0] < FIRST_LIST)
            held = sets.setdefault(tuple(item for item in state if item[0] >= FIRST_LIST), len(sets))
            country = words.countries[facts.get(COUNTRY, 0)].encode("ascii")
            records.append(RECORD.pack(country, facts.get(RIR, 0), facts.get(SPECIAL, 0), held))
        entries = [item for state in sets for item in state]
        return [
            ("record", b"".join(records)),
            ("set.offset", little("I", accumulate((len(state) for state in sets), initial=0))),
            ("set.list", little("H", (layer - FIRST_LIST for layer, _ in entries))),
            ("set.level", bytes(value - 1 for _, value in entries)),
            ("words", compact({"rirs": list(words.rirs), "specials": list(words.specials)})),
            ("lists", compact([list(item) for item in lists])),
        ]


def described(container: Container, section: str, blank: Described) -> Tuple[Described, ...]:
    """A JSON section of rows with the cells of `blank` (a `Part`, `ListInfo` or `AgentPattern`), as a tuple of those.

    SnapshotError when the section is something else.
    """
    rows = parsed(container, section)
    if not isinstance(rows, list) or not all(_like(row, blank) for row in rows):
        raise container.fault(f"section {section} has another shape")
    cells: List[List[Any]] = [[tuple(cell) if isinstance(cell, list) else cell for cell in row] for row in rows]
    return tuple(type(blank)(*row) for row in cells)


def _like(row: object, blank: Described) -> bool:
    """True when a row has a cell of the right type for every field."""
    if not isinstance(row, list) or len(row) != len(blank):
        return False
    cells = [tuple if isinstance(cell, list) else type(cell) for cell in row]
    texts = [text for cell in row if isinstance(cell, list) for text in cell]
    return cells == [type(cell) for cell in blank] and all(isinstance(text, str) for text in texts)


def parsed(container: Container, section: str) -> object:
    """A JSON section; SnapshotError when it is none."""
    try:
        content: object = json.loads(container.text(section))
        compact(content)  # which refuses text that cannot be written, as the half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise container.fault(f"section {section} is no JSON") from error
    return content


def compact(content: object) -> bytes:
    """JSON without spaces, the same bytes for the same content."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
