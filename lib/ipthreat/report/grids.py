"""The layout of the two charts that are grids with addresses across: named engines, and how each source answered."""

from __future__ import annotations

from typing import Callable, Iterator, List, Optional, Sequence, Tuple

from ..case import Case
from ..dossier import Status
from . import chartstyle as style
from . import series
from .citations import title as source_title
from .drawing import WIDTH, Box, Drawing, Fill, Shape, Text, address_label, column, fitted

_ROW = 0.26
_LABELS = 2.3
_WIDEST = 1.45
"""Inches of the widest column."""
_HEAD = 1.6
"""Inches of the longest address in the head."""

Cell = Callable[[int, int, float, float, float], Iterator[Shape]]
"""Shapes of the cell at (row, column) that starts at (x, y) and is so wide."""


def _grid(addresses: Sequence[str], labels: Sequence[str], cell: Cell) -> Tuple[List[Shape], float]:
    """Labels down, addresses across, level where they fit; and where the grid ends."""
    left = column(labels, _LABELS)
    width = min(_WIDEST, (WIDTH - left - 0.1) / len(addresses))
    names = [address_label(address, _HEAD) for address in addresses]
    level = column(names, _HEAD, 0.05) <= width
    top = 0.3 if level else column(names, _HEAD, 0.2)
    shapes: List[Shape] = [
        Text(left + (place + 0.5) * width, top - (0.14 if level else 0.06), name, "centre", turned=not level)
        for place, name in enumerate(names)
    ]
    for row, label in enumerate(labels):
        y = top + row * _ROW
        shapes.append(Text(left - 0.08, y + _ROW / 2, fitted(label, left - 0.1), "right"))
        for place in range(len(addresses)):
            shapes += cell(row, place, left + place * width, y, width)
    return shapes, top + len(labels) * _ROW


def engines(case: Case) -> Optional[Drawing]:
    """Named engines down, addresses across; the last two rows count the opinions without a name."""
    data = series.engine_map(case)
    if data is None:
        return None
    named = len(data.engines)

    def cell(row: int, place: int, x: float, y: float, width: float) -> Iterator[Shape]:
        entry = data.rows[place]
        words = entry.opinions[row][:1].upper() if row < named else f"{entry.unnamed[row - named]}"
        fill = _OPINIONS.get(words, style.NEITHER) if row < named else Fill("#ffffff")
        yield Box(x, y, width, _ROW, fill._replace(edge="#ffffff"))
        yield Text(x + width / 2, y + _ROW / 2, words, "centre", bold=row < named)

    labels = [*data.engines, "malicious, not named", "suspicious, not named"]
    shapes, end = _grid([row.address for row in data.rows], labels, cell)
    shapes += style.legend(end + 0.22, [(_OPINIONS["M"], "M: malicious"), (_OPINIONS["S"], "S: suspicious")])
    shapes.append(Text(3.0, end + 0.22, "blank: no such opinion, or not named"))
    hidden = style.more(data.hidden_engines, "engines") or style.more(data.hidden)
    hidden += f", and {data.hidden} more addresses" if data.hidden_engines and data.hidden else ""
    shapes += style.note(end + 0.44, hidden)
    return Drawing(end + (0.58 if hidden else 0.36), tuple(shapes))


# A letter in the cell says what a pattern says elsewhere: on a pattern it could not be read.
_OPINIONS = {"M": style.MALICIOUS._replace(pattern=""), "S": style.SUSPICIOUS._replace(pattern="")}


def coverage(case: Case) -> Optional[Drawing]:
    """Sources down, addresses across: a solid swatch for an answer, a pattern for none; words where there is room."""
    data = series.coverage_strip(case)
    if data is None:
        return None

    def cell(row: int, place: int, x: float, y: float, width: float) -> Iterator[Shape]:
        status = data.rows[place].statuses[row]
        words = status.words if status else "no entry"
        roomy = width >= 1.2
        yield Box(x + 0.04, y + 0.03, 0.24 if roomy else width - 0.08, _ROW - 0.06, _fill(status))
        if roomy:
            yield Text(x + 0.34, y + _ROW / 2, fitted(words, width - 0.36))

    labels = [source_title(source) for source in data.sources]
    shapes, end = _grid([row.address for row in data.rows], labels, cell)
    shapes += style.legend(end + 0.22, _COVERAGE)
    hidden = style.more(data.hidden_sources, "sources") or style.more(data.hidden)
    hidden += f", and {data.hidden} more addresses" if data.hidden_sources and data.hidden else ""
    shapes += style.note(end + 0.44, hidden)
    return Drawing(end + (0.58 if hidden else 0.36), tuple(shapes))


_COVERAGE = [
    (style.ANSWERED, "answered"),
    (style.NOTHING_KNOWN, "knows nothing of it"),
    (style.NO_ANSWER, "no answer"),
    (style.CANNOT_ASK, "cannot be asked"),
    (style.NO_ENTRY, "no entry"),
]


def _fill(status: Optional[Status]) -> Fill:
    if status is None:
        return style.NO_ENTRY
    if status.answered:
        return style.ANSWERED if status is Status.OK else style.NOTHING_KNOWN
    return style.NO_ANSWER if status.counts else style.CANNOT_ASK
