"""A picture as a list of shapes in inches, apart from what paints it: chart layouts are pure and can be measured.

The origin is the top left corner; y grows downwards. Text stands in points and never falls below `SIZE`.
"""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple, Union

from .escape import defanged, visible

WIDTH = 7.0
"""Inches: the text width of an A4 page, so that text keeps its size in print."""
SIZE = 9.0
"""Points of ordinary text."""
TITLE_SIZE = 11.0
LINE = 0.17
"""Inches from one line of ordinary text to the next."""
INK = "#1a1a1a"
SOFT = "#555555"
RULE = "#bdbdbd"


class Fill(NamedTuple):
    """How an area is painted. A pattern says the same as the colour, for whoever cannot tell colours apart."""

    colour: str
    pattern: str = ""
    """matplotlib's hatch code."""
    edge: str = INK


class Text(NamedTuple):
    """Words at a place; `align` is where that place lies in them: left, centre or right."""

    x: float
    y: float
    """Of the middle of the line."""
    words: str
    align: str = "left"
    colour: str = INK
    size: float = SIZE
    bold: bool = False
    turned: bool = False
    """Reads upwards, from the place on."""


class Box(NamedTuple):
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: Fill


class Rule(NamedTuple):
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: str = RULE
    points: float = 0.8


class Mark(NamedTuple):
    """A symbol: `o` round, `s` square, `D` diamond, `v` triangle."""

    x: float
    y: float
    shape: str
    inches: float
    fill: Fill


Shape = Union[Text, Box, Rule, Mark]


class Drawing(NamedTuple):
    """A picture, `WIDTH` wide."""

    height: float
    shapes: Tuple[Shape, ...]


# Widths in em of the classes of characters in DejaVu Sans, a little generous.
_NARROW, _WIDE = frozenset("ijlI.,:;'|![]()ft "), frozenset("mwMW%@…—")
_EM_NARROW, _EM_CAPITAL, _EM_WIDE, _EM = 0.41, 0.74, 1.02, 0.645


def text_width(words: str, size: float = SIZE) -> float:
    """Inches that a line of text takes at most, near enough to lay it out."""
    return sum(_em(char) for char in words) * size / 72.0


def _em(char: str) -> float:
    if char in _NARROW:
        return _EM_NARROW
    if char in _WIDE or ord(char) > 0x2E7F:
        return _EM_WIDE
    return _EM_CAPITAL if char.isupper() else _EM


def fitted(words: str, inches: float, size: float = SIZE) -> str:
    """The text on one line, inert, cut with `…` so that it takes no more than `inches`."""
    shown = visible(words)
    if text_width(shown, size) <= inches:
        return shown
    while shown and text_width(shown + "…", size) > inches:
        shown = shown[:-1]
    return shown.rstrip() + "…"


def address_label(address: str, inches: float) -> str:
    """A defanged address; one that is too long loses its middle, since head and tail tell addresses apart."""
    shown = visible(defanged(address))
    keep = len(shown)
    while text_width(shown) > inches and keep > 4:
        keep -= 1
        whole = visible(defanged(address))
        shown = f"{whole[: keep - keep // 2]}…{whole[-(keep // 2) :]}"
    return shown


def wrapped(words: str, inches: float, lines: int, size: float = SIZE) -> List[str]:
    """At most so many lines of the text, each no wider than `inches`; cut with `…` beyond them."""
    shown = visible(words, 1000).split()
    found: List[str] = []
    while shown and len(found) < lines - 1:
        taken = 1
        while taken < len(shown) and text_width(" ".join(shown[: taken + 1]), size) <= inches:
            taken += 1
        found.append(fitted(" ".join(shown[:taken]), inches, size))
        shown = shown[taken:]
    return [*found, fitted(" ".join(shown), inches, size)] if shown else found


def column(labels: Sequence[str], most: float, pad: float = 0.15) -> float:
    """Width in inches of a column that holds these labels, `most` at most."""
    return min(most, max((text_width(label) for label in labels), default=0.0) + pad)
