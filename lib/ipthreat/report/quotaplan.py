"""The quota plan as a chart: of each live source, how many answers are at hand, to be asked for, and out of reach."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from . import chartstyle as style
from .blocks import Figure, Line, Table
from .citations import title as source_title
from .drawing import INK, LINE, SOFT, WIDTH, Box, Drawing, Fill, Shape, Text, column, fitted
from .prose import counted

_ROW, _LABELS, _FIGURES = 0.44, 1.9, 2.55
FILLS: Tuple[Tuple[str, Fill], ...] = (
    ("at hand", style.ANSWERED),
    ("to ask", Fill("#e69f00")),
    ("beyond budget or quota", style.NO_ANSWER),
    ("never sent", style.CANNOT_ASK),
)
"""What becomes of the addresses of a source, in the order of the bar."""


class PlannedSource(NamedTuple):
    """What a run would ask one source."""

    source: str
    kept: int
    """Addresses whose answer is at hand."""
    asked: int
    """Addresses it would be asked about."""
    beyond: int = 0
    """Addresses for which budget or quota has no room."""
    withheld: int = 0
    """Addresses that may not be sent."""
    seconds: float = 0.0
    """How long that takes; 0 when nobody can tell."""
    left: Tuple[Tuple[str, int], ...] = ()
    """What is left of its quota before the run: (day or month, requests)."""

    @property
    def parts(self) -> Tuple[int, int, int, int]:
        """The addresses in the order of `FILLS`."""
        return self.kept, self.asked, self.beyond, self.withheld


def figure(plan: Sequence[PlannedSource]) -> Optional[Figure]:
    """What the chart says, in words and as a table; None when there is no live source."""
    if not plan:
        return None
    asked, beyond = sum(item.asked for item in plan), sum(item.beyond for item in plan)
    seconds = max(item.seconds for item in plan)
    title = f"The run would ask for {counted(asked, 'answer')}"
    title += f" in about {duration(seconds)}" if seconds else ""
    title += f"; {counted(beyond, 'answer')} would be out of reach" if beyond else "; nothing would be out of reach"
    rows: Tuple[Tuple[Line, ...], ...] = tuple(
        tuple((text,) for text in (source_title(item.source), *map(str, item.parts), _left(item))) for item in plan
    )
    told = "; ".join(f"{source_title(item.source)}: {item.kept} at hand, {item.asked} to ask" for item in plan)
    header = ("Source", "At hand #", "To ask #", "Beyond budget or quota #", "Never sent #", "Quota left")
    return Figure("quota", title, f"A stacked bar per source. {told}.", Table(header, rows, "Plan of a live run"))


def drawing(plan: Sequence[PlannedSource]) -> Optional[Drawing]:
    """A bar per source, every count in figures, time and quota beside it."""
    if not plan:
        return None
    names = [source_title(item.source) for item in plan]
    left = column(names, _LABELS)
    inch = (WIDTH - left - _FIGURES) / max(1, *(sum(item.parts) for item in plan))
    shapes: List[Shape] = list(style.legend(0.12, [(fill, words) for words, fill in FILLS]))
    for place, (item, name) in enumerate(zip(plan, names)):
        y = 0.32 + place * _ROW
        shapes.append(Text(left - 0.08, y + _ROW / 2, fitted(name, left - 0.1), "right"))
        shapes += _bar(item, left, y, inch)
        x, lines = WIDTH - _FIGURES + 0.1, [line for line in (_time(item), _left(item)) if line]
        for number, line in enumerate(lines):
            middle = y + _ROW / 2 + (number - (len(lines) - 1) / 2) * LINE
            shapes.append(Text(x, middle, fitted(line, _FIGURES - 0.15), colour=SOFT if number else INK))
    return Drawing(0.4 + len(plan) * _ROW, tuple(shapes))


def _bar(item: PlannedSource, x: float, y: float, inch: float) -> Iterator[Shape]:
    for count, (_, fill) in zip(item.parts, FILLS):
        if count:
            yield Box(x, y + 0.05, count * inch, _ROW - 0.1, fill)
            x += count * inch


def _time(item: PlannedSource) -> str:
    told = f"{item.kept:,} at hand, {item.asked:,} to ask"
    return f"{told}, {duration(item.seconds)}" if item.seconds else told


def _left(item: PlannedSource) -> str:
    return ", ".join(f"{number:,} left this {period}" for period, number in item.left)


def duration(seconds: float) -> str:
    """`40 s`, `47 min`, `2.1 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
