"""The searches of the app's dashboards, run without Splunk: its own commands by the runner, the rest by a small reading
of SPL that knows what the dashboards use and refuses everything else.

    rows = searched('| ipthreatstatus | where status!="ok" | table name', Ground(...), events)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime, timezone
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from searches import answer
from spl_eval import Expression, SplError, number, text_of, unquoted

from ipthreat.report.tables import COLUMNS
from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.session import Ground

Row = Dict[str, Any]


class Search(NamedTuple):
    """Where a search runs and what it finds there."""

    ground: Ground
    events: Sequence[Row]
    """What any `search` and `index=` gives."""
    blanks: bool = True
    """Whether an empty cell of a command is an empty text; else it is a field that the record lacks."""


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


def searched(text: str, where: Search, start: Optional[Found] = None) -> Found:
    """Runs a search, or what follows `start`. Raises SplError for what this reading of SPL does not know."""
    run = _Run(where)
    if start is not None:
        run.rows, run.fields, run.unknown = [dict(row) for row in start.rows], list(start.fields), set(start.unknown)
    for stage in split(text, "|"):
        if stage:
            run.stage(stage)
    return Found(run.rows, run.fields, run.unknown)


class _Run:
    """A search under way: its rows, and the fields that rows may have, which are more than the present rows show."""

    def __init__(self, where: Search) -> None:
        self.where = where
        self.rows: List[Row] = []
        self.fields: List[str] = []
        self.unknown: Set[str] = set()

    def stage(self, text: str) -> None:
        """Runs one command."""
        word, _, rest = text.partition(" ")
        if word.startswith("ipthreat"):
            self._own(text)
        elif word in _COMMANDS:
            _COMMANDS[word](self, rest.strip())
        else:
            raise SplError(f"command {word}")

    def _own(self, text: str) -> None:
        names = list(self.fields)
        table = table_from(names, self.rows) if names else None
        rows = answer(self.where.ground, f"| {text}", table)
        self.fields = list(rows[0]) if rows else OUTPUTS[text.split()[0]](text, names)
        self.rows = [{name: value for name, value in row.items() if value != "" or self.where.blanks} for row in rows]

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


def _cell(value: Any) -> str:
    return "" if value is None else "\n".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


OUTPUTS: Dict[str, Callable[[str, List[str]], List[str]]] = {
    "ipthreat": lambda text, names: names,
    "ipthreatreport": lambda text, names: list(COLUMNS) if "format=csv" in text else ["report"],
}
"""The fields that a command gives its records, for when there are none."""


# --- commands -------------------------------------------------------------------------------------


def _search(run: _Run, rest: str) -> None:
    run.rows = [dict(row) for row in run.where.events]
    for inner in re.findall(r"\[\|(.*)\]", rest):
        found = searched(inner, run.where)
        run.unknown |= found.unknown
        terms = [_cell(row["search"]).strip('"') for row in found.rows]
        run.rows = [row for row in run.rows if any(term in map(_cell, row.values()) for term in terms)]
    run.made(*(name for row in run.rows for name in row))


def _makeresults(run: _Run, rest: str) -> None:
    run.rows = [{"_time": "1795478400"}]
    run.made("_time")


def _eval(run: _Run, rest: str) -> None:
    for assignment in split(rest, ","):
        name, _, text = assignment.partition("=")
        for row in run.rows:
            value = run.value(text, row)
            row.pop(name, None)
            if value is not None:
                row[name] = value
        if not run.rows:
            run.value(text, {})
        run.made(name)


def _where(run: _Run, rest: str) -> None:
    run.value(rest, {})
    run.rows = [row for row in run.rows if run.value(rest, row) is True]


def _table(run: _Run, rest: str) -> None:
    names = re.split(r"[\s,]+", rest)
    run.read(*names)
    run.only(names)


def _head(run: _Run, rest: str) -> None:
    run.rows = run.rows[: int(rest)]


def _sort(run: _Run, rest: str) -> None:
    words = rest.split()
    limit = int(words.pop(0)) if words[0].isdigit() else 10_000
    for word in reversed(words):
        name = re.sub(r"^-|num\(|\)", "", word.replace("-num(", "-"))
        run.read(name)
        run.rows.sort(key=lambda row: _order(row.get(name)), reverse=word.startswith("-"))
    run.rows = run.rows[:limit]


def _order(value: Any) -> Tuple[int, float, str]:
    found = number(value)
    return (0, found, "") if found is not None else (1, 0.0, _cell(value))


def _makemv(run: _Run, rest: str) -> None:
    (by, name) = re.fullmatch(r'delim="(.*)" (\w+)', rest).groups()  # type: ignore[union-attr]
    run.read(name)
    for row in run.rows:
        if row.get(name) is not None:
            row[name] = _cell(row[name]).split(by)


def _mvexpand(run: _Run, name: str) -> None:
    run.read(name)
    run.rows = [
        {**row, name: value} if value is not None else row
        for row in run.rows
        for value in (row.get(name) if isinstance(row.get(name), list) else [row.get(name)])
    ]


def _rex(run: _Run, rest: str) -> None:
    name, pattern = re.fullmatch(r"field=(\w+) (\".*\")", rest).groups()  # type: ignore[union-attr]
    compiled = re.compile(unquoted(pattern).replace("(?<", "(?P<"))
    run.read(name)
    run.made(*compiled.groupindex)
    for row in run.rows:
        found = compiled.search(_cell(row.get(name)))
        row.update(found.groupdict() if found else {})


def _spath(run: _Run, rest: str) -> None:
    given = dict(re.findall(r"(\w+)=(\S+)", rest))
    run.read(given["input"])
    output = given.get("output", given["path"])
    for row in run.rows:
        found = list(_along(_document(row.get(given["input"])), given["path"].split(".")))
        if found:
            row[output] = found if len(found) > 1 else found[0]
    run.made(output)


def _document(value: Any) -> Any:
    try:
        return json.loads(_cell(value))
    except ValueError:
        return None


def _along(value: Any, path: Sequence[str]) -> Iterator[str]:
    """What lies at a path, as texts; `name{}` goes through a list. JSON's null is nothing."""
    if not path:
        if isinstance(value, (dict, list)):
            yield json.dumps(value)
        elif value is not None:
            yield str(value).lower() if isinstance(value, bool) else str(value)
        return
    name = path[0].replace("{}", "")
    inner = value.get(name) if isinstance(value, dict) else None
    for item in inner if path[0].endswith("{}") and isinstance(inner, list) else [inner]:
        yield from _along(item, path[1:])


def _append(run: _Run, rest: str) -> None:
    found = searched(rest[1:-1], run.where)
    run.unknown |= found.unknown
    run.rows += found.rows
    run.made(*found.fields)


# --- statistics -----------------------------------------------------------------------------------


class _Figure(NamedTuple):
    """`dc(address) as addresses`."""

    kind: str
    argument: str
    name: str


def _figures(text: str) -> List[_Figure]:
    found = re.findall(
        r"\b(count|dc|sum|min|max|p95)\b(?:\((eval\([^()]*(?:\([^()]*\)[^()]*)*\)|\w+)\))?(?: as (\w+))?", text
    )
    return [
        _Figure(kind, argument, name or (f"{kind}({argument})" if argument else kind)) for kind, argument, name in found
    ]


def _figure(run: _Run, figure: _Figure, rows: Sequence[Row]) -> Any:
    if figure.argument.startswith("eval("):
        run.value(figure.argument[5:-1], {})
        return float(sum(run.value(figure.argument[5:-1], row) is True for row in rows))
    if not figure.argument:
        return float(len(rows))
    run.read(figure.argument)
    values = [row[figure.argument] for row in rows if row.get(figure.argument) not in (None, "")]
    numbers = sorted(found for found in map(number, values) if found is not None)
    made: Dict[str, Callable[[], Any]] = {
        "dc": lambda: float(len({_cell(value) for value in values})),
        "count": lambda: float(len(values)),
        "sum": lambda: sum(numbers) if numbers else None,
        "min": lambda: numbers[0] if numbers else None,
        "max": lambda: numbers[-1] if numbers else None,
        "p95": lambda: numbers[min(len(numbers) - 1, int(0.95 * len(numbers)))] if numbers else None,
    }
    return made[figure.kind]()


def _stats(run: _Run, rest: str) -> None:
    head, _, by = rest.partition(" by ")
    figures, names = _figures(head), by.replace(",", " ").split()
    run.read(*names)
    groups: Dict[Tuple[str, ...], List[Row]] = {} if names else {(): run.rows}
    for row in run.rows if names else ():
        if all(row.get(name) not in (None, "") for name in names):
            groups.setdefault(tuple(_cell(row[name]) for name in names), []).append(row)
    run.rows = [
        {**dict(zip(names, key)), **{figure.name: _figure(run, figure, rows) for figure in figures}}
        for key, rows in sorted(groups.items())
    ]
    run.fields = [*names, *(figure.name for figure in figures)]


def _chart(run: _Run, rest: str) -> None:
    (figure, over, by) = re.fullmatch(r"(?:limit=\d+ |useother=f )*(.+) over (\w+) by (\w+)", rest).groups()  # type: ignore[union-attr]
    _crossed(run, _figures(figure)[0], over, by)


def _timechart(run: _Run, rest: str) -> None:
    (figure, by) = re.fullmatch(r"(?:limit=\d+ |useother=f )*(.+) by (\w+)", rest).groups()  # type: ignore[union-attr]
    for row in run.rows:
        hour = 3600 * int(float(row["_time"]) // 3600)
        row["_time"] = datetime.fromtimestamp(hour, timezone.utc).isoformat()
    _crossed(run, _figures(figure)[0], "_time", by)


def _crossed(run: _Run, figure: _Figure, over: str, by: str) -> None:
    """A row per value of one field, a column per value of another."""
    run.read(over, by)
    cells: Dict[str, Dict[str, List[Row]]] = {}
    for row in run.rows:
        if row.get(over) not in (None, "") and row.get(by) not in (None, ""):
            cells.setdefault(_cell(row[over]), {}).setdefault(_cell(row[by]), []).append(row)
    columns = sorted(Counter(name for line in cells.values() for name in line))
    run.read(*([figure.argument] if figure.argument else []))
    run.rows = [
        {over: key, **{name: _figure(run, figure, line.get(name, [])) for name in columns}}
        for key, line in sorted(cells.items())
    ]
    run.fields = [over, *columns]


_COMMANDS: Dict[str, Callable[[_Run, str], None]] = {
    "search": _search,
    "makeresults": _makeresults,
    "eval": _eval,
    "where": _where,
    "table": _table,
    "fields": _table,
    "head": _head,
    "sort": _sort,
    "makemv": _makemv,
    "mvexpand": _mvexpand,
    "rex": _rex,
    "spath": _spath,
    "append": _append,
    "stats": _stats,
    "chart": _chart,
    "timechart": _timechart,
}


def as_columns(found: Found) -> Dict[str, Any]:
    """A result in the shape in which a dashboard takes it: names, and a column of texts for each."""
    return {
        "fields": [{"name": name} for name in found.fields],
        "columns": [[_shown(name, row.get(name)) for row in found.rows] for name in found.fields],
    }


def _shown(name: str, value: Any) -> Any:
    if name == "_time" and number(value) is not None:  # Splunk hands times out in ISO 8601
        return datetime.fromtimestamp(float(value), timezone.utc).isoformat()
    return [text_of(item) for item in value] if isinstance(value, list) else None if value is None else text_of(value)
