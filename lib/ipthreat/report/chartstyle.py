"""One style for all charts: what each colour, pattern and symbol means.

Colours are of the Okabe-Ito palette, which people with any colour vision can tell apart; a pattern, a letter or a
symbol always says the same as the colour. Dark text on light ground throughout.
"""

from __future__ import annotations

from typing import Iterator, Mapping, NamedTuple, Sequence, Tuple

from ..priority import Priority
from .drawing import RULE, SOFT, Box, Fill, Mark, Shape, Text, text_width

MALICIOUS, SUSPICIOUS = Fill("#d55e00"), Fill("#f0c266", "////")
NEITHER = Fill("#f2f2f2")
STATS_FILLS: Mapping[str, Fill] = {
    "malicious": MALICIOUS,
    "suspicious": SUSPICIOUS,
    "undetected": Fill("#cccccc"),
    "harmless": Fill("#009e73", "...."),
    "timeout": Fill("#ffffff", "xxxx"),
}
ANSWERED, NOTHING_KNOWN = Fill("#0072b2"), Fill("#a6d1ee", "----")
NO_ANSWER, CANNOT_ASK, NO_ENTRY = Fill("#ffffff", "/////"), Fill("#ffffff", "...."), Fill("#f2f2f2", "", RULE)
RAISES, LOWERS, TOTAL = Fill("#d55e00"), Fill("#56b4e9", "\\\\\\\\"), Fill("#999999")
COUNT = Fill("#0072b2")


class Level(NamedTuple):
    """How a priority is drawn."""

    symbol: str
    fill: Fill
    tint: str
    """Of the squares in which confidence and severity alone give this priority."""


LEVELS: Mapping[Priority, Level] = {
    Priority.HIGH: Level("D", Fill("#d55e00"), "#f9e0d1"),
    Priority.MEDIUM: Level("s", Fill("#e69f00"), "#fbf0d9"),
    Priority.LOW: Level("o", Fill("#56b4e9"), "#e3f2fc"),
    Priority.MONITOR: Level("o", Fill("#ffffff"), "#f5f5f5"),
}


def legend(y: float, entries: Sequence[Tuple[Fill, str]], x: float = 0.05) -> Iterator[Shape]:
    """Swatches with their words on one line, from the left."""
    for fill, words in entries:
        yield Box(x, y - 0.07, 0.24, 0.14, fill)
        yield Text(x + 0.31, y, words)
        x += 0.5 + text_width(words)


def priority_legend(y: float) -> Iterator[Shape]:
    """Each priority's symbol on its tint."""
    x = 0.15
    for priority in reversed(Priority):
        level = LEVELS[priority]
        yield Box(x - 0.1, y - 0.1, 0.2, 0.2, Fill(level.tint, "", RULE))
        yield Mark(x, y, level.symbol, 0.11, level.fill)
        yield Text(x + 0.16, y, priority.value)
        x += 0.42 + text_width(priority.value)
    yield Text(x, y, "tint: what confidence and severity alone give", colour=SOFT)


def note(y: float, words: str) -> Iterator[Shape]:
    """A remark under a chart; nothing for an empty one."""
    if words:
        yield Text(0.05, y, words, colour=SOFT)


def more(hidden: int, noun: str = "addresses, less pressing") -> str:
    """`and 18 more addresses, less pressing`; empty for none."""
    return f"and {hidden:,} more {noun}" if hidden else ""
