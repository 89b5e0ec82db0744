"""Splunk's statistics, as far as the app's searches use them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from spl_eval import number
from spl_run import Commands, Row, Run, cell


class _Figure(NamedTuple):
    """`dc(address) as addresses`."""

    kind: str
    argument: str
    name: str


def _figures(text: str) -> List[_Figure]:
    found = re.findall(
        r"\b(count|dc|sum|min|max|p95|latest|values)\b(?:\((eval\([^()]*(?:\([^()]*\)[^()]*)*\)|\w+)\))?(?: as (\w+))?",
        text,
    )
    return [
        _Figure(kind, argument, name or (f"{kind}({argument})" if argument else kind)) for kind, argument, name in found
    ]


def _figure(run: Run, figure: _Figure, rows: Sequence[Row]) -> Any:
    if figure.argument.startswith("eval("):
        run.value(figure.argument[5:-1], {})
        return float(sum(run.value(figure.argument[5:-1], row) is True for row in rows))
    if not figure.argument:
        return float(len(rows))
    run.read(figure.argument)
    cells = [row[figure.argument] for row in rows if row.get(figure.argument) not in (None, "")]
    values = [value for found in cells for value in (found if isinstance(found, list) else [found])]
    numbers = sorted(found for found in map(number, values) if found is not None)
    made: Dict[str, Callable[[], Any]] = {
        "dc": lambda: float(len({cell(value) for value in values})),
        "count": lambda: float(len(values)),
        "sum": lambda: sum(numbers) if numbers else None,
        "min": lambda: numbers[0] if numbers else None,
        "max": lambda: numbers[-1] if numbers else None,
        "latest": lambda: values[-1] if values else None,  # rows come in the order of time here
        "values": lambda: sorted({cell(value) for value in values}) or None,
        "p95": lambda: numbers[min(len(numbers) - 1, int(0.95 * len(numbers)))] if numbers else None,
    }
    return made[figure.kind]()


def _stats(run: Run, rest: str) -> None:
    head, _, by = rest.partition(" by ")
    figures, names = _figures(head), by.replace(",", " ").split()
    run.read(*names)
    groups: Dict[Tuple[str, ...], List[Row]] = {} if names else {(): run.rows}
    for row in run.rows if names else ():
        if all(row.get(name) not in (None, "") for name in names):
            groups.setdefault(tuple(cell(row[name]) for name in names), []).append(row)
    run.rows = [
        {**dict(zip(names, key)), **{figure.name: _figure(run, figure, rows) for figure in figures}}
        for key, rows in sorted(groups.items())
    ]
    run.fields = [*names, *(figure.name for figure in figures)]


def _chart(run: Run, rest: str) -> None:
    (figure, over, by) = re.fullmatch(r"(?:limit=\d+ |useother=f )*(.+) over (\w+) by (\w+)", rest).groups()  # type: ignore[union-attr]
    _crossed(run, _figures(figure)[0], over, by)


def _timechart(run: Run, rest: str) -> None:
    (figure, by) = re.fullmatch(r"(?:limit=\d+ |useother=f )*(.+) by (\w+)", rest).groups()  # type: ignore[union-attr]
    for row in run.rows:
        hour = 3600 * int(float(row["_time"]) // 3600)
        row["_time"] = datetime.fromtimestamp(hour, timezone.utc).isoformat()
    _crossed(run, _figures(figure)[0], "_time", by)


def _crossed(run: Run, figure: _Figure, over: str, by: str) -> None:
    """A row per value of one field, a column per value of another."""
    run.read(over, by)
    cells: Dict[str, Dict[str, List[Row]]] = {}
    for row in run.rows:
        if row.get(over) not in (None, "") and row.get(by) not in (None, ""):
            cells.setdefault(cell(row[over]), {}).setdefault(cell(row[by]), []).append(row)
    columns = sorted(Counter(name for line in cells.values() for name in line))
    run.read(*([figure.argument] if figure.argument else []))
    run.rows = [
        {over: key, **{name: _figure(run, figure, line.get(name, [])) for name in columns}}
        for key, line in sorted(cells.items())
    ]
    run.fields = [over, *columns]


COMMANDS: Commands = {"stats": _stats, "chart": _chart, "timechart": _timechart}
"""The commands that count rows."""
