"""A search under way in the small reading of SPL: its rows, and the fields that rows may have."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Set

from searches import answer
from spl_eval import Expression, SplError, text_of

from ipthreat.report.tables import COLUMNS
from ipthreat.splunk.lookup_rows import FIELDS as LOOKUP_FIELDS
from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.session import Ground
from ipthreat.splunk.status_rows import FIELDS as STATUS_FIELDS

Row = Dict[str, Any]


class Search(NamedTuple):
    """Where a search runs and what it finds there."""

    ground: Ground
    events: Sequence[Row]
    """What any `search` and `index=` gives, unless the search says more of their fields."""
    blanks: bool = True
    """Whether an empty cell of a command is an empty text; else it is a field that the record lacks."""
    lookups: Mapping[str, List[Row]] = {}
    """Rows of lookups by name; `outputlookup` writes here."""


class Found(NamedTuple):
    """What a search gave, and which fields it read that nothing had made."""

    rows: List[Row]
    fields: List[str]
    unknown: Set[str]


def split(text: str, by: str) -> List[str]:
    """A text cut at a character that stands outside quotes and brackets."""
    parts, depth, quoted, start, place = [], 0, False, 0, 0
    while place < len(text):
        sign = text[place]
        if quoted and sign == "\\":
            place += 1
        elif sign == '"':
            quoted = not quoted
        elif not quoted and sign in "[(":
            depth += 1
        elif not quoted and sign in "])":
            depth -= 1
        elif not quoted and depth == 0 and sign == by:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [part.strip() for part in (*parts, text[start:])]


class Run:
    """Rows on their way from command to command, and the fields that rows may have, of which these show some."""

    def __init__(self, where: Search, commands: Commands) -> None:
        self.where, self.commands = where, commands
        self.stages = 0
        self.rows: List[Row] = []
        self.fields: List[str] = []
        self.unknown: Set[str] = set()

    def stage(self, text: str) -> None:
        """Runs one command."""
        word, _, rest = text.partition(" ")
        self.stages += 1
        if word.startswith("ipthreat"):
            self._own(text)
        elif word in self.commands:
            self.commands[word](self, rest.strip())
        else:
            raise SplError(f"command {word}")

    def _own(self, text: str) -> None:
        names = list(self.fields)
        table = table_from(names, self.rows) if names else None
        rows = answer(self.where.ground, f"| {text}", table)
        self.fields = list(rows[0]) if rows else OUTPUTS[text.split()[0]](text, names)
        self.rows = [{name: value for name, value in row.items() if value != "" or self.where.blanks} for row in rows]

    def inner(self, text: str) -> Found:
        """What a search in brackets gives; what it reads is noted here, too."""
        run = Run(self.where, self.commands)
        for stage in split(text, "|"):
            if stage:
                run.stage(stage)
        self.unknown |= run.unknown
        return Found(run.rows, run.fields, run.unknown)

    def read(self, *names: str) -> None:
        """Notes that fields are read."""
        self.unknown.update(name for name in names if name not in self.fields)

    def made(self, *names: str) -> None:
        """Notes that rows may have fields from here on."""
        self.fields += [name for name in names if name not in self.fields]

    def only(self, names: Sequence[str]) -> None:
        """Keeps these fields, in this order."""
        self.fields = list(names)
        self.rows = [{name: row.get(name) for name in names if row.get(name) is not None} for row in self.rows]

    def value(self, text: str, row: Row) -> Any:
        """An expression over a row."""
        expression = Expression(text, row)
        found = expression.value()
        self.read(*expression.fields)
        return found


def cell(value: Any) -> str:
    """A value as one text, a line per value."""
    return "" if value is None else "\n".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


OUTPUTS: Dict[str, Callable[[str, List[str]], List[str]]] = {
    "ipthreat": lambda text, names: names,
    "ipthreatreport": lambda text, names: list(COLUMNS) if "format=csv" in text else ["report"],
    "ipthreatlookup": lambda text, names: list(LOOKUP_FIELDS),
    "ipthreatstatus": lambda text, names: list(STATUS_FIELDS),
}
"""The fields that a command gives its records, for when there are none."""

Commands = Mapping[str, Callable[[Run, str], None]]
"""Splunk's own commands, by name: each changes the run it is given, by its arguments."""
