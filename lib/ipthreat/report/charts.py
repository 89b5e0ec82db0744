"""Paints charts as PNG with matplotlib, the extra `reports`. No other module of the library imports it.

PNG, not SVG: it shows in every viewer, mail and wiki, and text that an attacker wrote stays pixels. The same case gives
the same bytes on the same matplotlib: one backend, the fonts it ships, its default style whatever the user's settings.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Optional, Tuple

from ..assessment import Assessment
from ..case import Case
from ..errors import InputError, MissingExtraError
from . import chartdata, grids, layouts
from .blocks import Document, Figure
from .drawing import INK, TITLE_SIZE, WIDTH, Box, Drawing, Mark, Rule, Shape, Text, wrapped

DPI = 200
"""Twice the density of a screen: sharp in print."""
_COLOURS = 256
_TITLE_LINE = 0.2
_BOLDER = 1.1
"""Width of bold letters against ordinary ones."""
_NO_GLYPH = "\u25a1"

CHARTS: Dict[str, Callable[[Case], Optional[Drawing]]] = {
    "board": layouts.board,
    "engines": grids.engines,
    "stats": layouts.engine_stats,
    "timeline": layouts.timeline,
    "origins": layouts.origins,
    "coverage": grids.coverage,
}
"""The charts of a case by name; a waterfall, named `waterfall/<address>`, is of one assessment."""


def draw(name: str, case: Case, titled: bool = True) -> bytes:
    """The chart of that name as PNG, `WIDTH` inches wide at `DPI`, with its finding as title unless `titled` is false.

    Raises InputError for a chart that there is not or that has nothing to show, MissingExtraError without matplotlib.
    """
    if name.startswith(chartdata.WATERFALL):
        assessment = _assessment(name[len(chartdata.WATERFALL) :], case)
        described, drawing = chartdata.waterfall(assessment), layouts.waterfall(assessment)
    elif name in CHARTS:
        described, drawing = chartdata.FIGURES[name](case), CHARTS[name](case)
    else:
        raise InputError(f"there is no chart named {name!r}; there are {', '.join(CHARTS)} and waterfall/<address>")
    if described is None or drawing is None:
        raise InputError(f"the chart {name!r} has nothing to show in this case")
    return png(drawing, described.title if titled else "")


def pictures(document: Document, case: Case) -> Dict[str, bytes]:
    """A PNG for each figure of a document, without titles: the document prints them itself."""
    names = [block.name for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    return {name: draw(name, case, titled=False) for name in names}


def _assessment(address: str, case: Case) -> Assessment:
    found = next((item for item in case.assessments if item.address == address), None)
    if found is None:
        raise InputError(f"the case has no address {address!r} to draw a waterfall of")
    return found


class Painter:
    """A matplotlib figure in inches from its top left corner, whatever the user's matplotlib settings say."""

    def __init__(self, height: float, above: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Canvas

        self.figure = Canvas(figsize=(WIDTH, height + above), dpi=DPI, facecolor="white")
        self.surface: Any = FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_xlim(0.0, WIDTH)
        self.axes.set_ylim(height, -above)
        self.painted = 0

    def paint(self, shape: Shape) -> None:
        """One shape, over all that were painted before."""
        self.painted += 1
        _PAINT[type(shape)](self, shape)

    def text(self, shape: Text) -> None:
        """Words, with a box for each character that the font lacks."""
        font, glyphs = _font(shape.bold)
        words = "".join(char if ord(char) in glyphs else _NO_GLYPH for char in shape.words)
        upright = {"left": "left", "centre": "center", "right": "right"}[shape.align]
        place: Dict[str, Any] = {"ha": upright, "va": "center_baseline"}
        if shape.turned:
            place = {"ha": "center", "va": "bottom", "rotation": "vertical"}
        self.axes.text(
            shape.x, shape.y, words, color=shape.colour, font=font, fontsize=shape.size, parse_math=False,
            zorder=self.painted, **place,
        )  # fmt: skip

    def box(self, shape: Box) -> None:
        """A rectangle with its pattern."""
        face, pattern, edge = shape.fill
        self.axes.bar(
            shape.x, shape.height, shape.width, shape.y, align="edge", color=face, hatch=pattern, edgecolor=edge,
            lw=0.5, zorder=self.painted,
        )  # fmt: skip

    def rule(self, shape: Rule) -> None:
        """A straight line."""
        ends = ([shape.x, shape.to_x], [shape.y, shape.to_y])
        self.axes.plot(*ends, color=shape.colour, lw=shape.points, solid_capstyle="butt", zorder=self.painted)

    def mark(self, shape: Mark) -> None:
        """A symbol."""
        face, _, edge = shape.fill
        size = shape.inches * 72.0
        self.axes.plot([shape.x], [shape.y], shape.shape, ms=size, mfc=face, mec=edge, mew=0.8, zorder=self.painted)

    def png(self) -> bytes:
        """The picture with a palette: less than half the size, each colour within 2/255 of its true value."""
        from PIL import Image  # which matplotlib itself requires

        self.surface.draw()
        pixels = self.surface.buffer_rgba()
        picture = Image.frombuffer("RGBA", self.surface.get_width_height(), pixels, "raw", "RGBA", 0, 1).convert("RGB")
        out = io.BytesIO()
        picture.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            out, "png", optimize=True, dpi=(DPI, DPI)
        )
        return out.getvalue()


@lru_cache(maxsize=2)
def _font(bold: bool) -> Tuple[Path, FrozenSet[int]]:
    """DejaVu Sans as matplotlib ships it, and the code points it has."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", name)
    return path, frozenset(FT2Font(str(path)).get_charmap())


_PAINT: Dict[type, Callable[[Painter, Any], None]] = {
    Text: Painter.text,
    Box: Painter.box,
    Rule: Painter.rule,
    Mark: Painter.mark,
}


def png(drawing: Drawing, title: str) -> bytes:
    """The drawing as a PNG, below its title. Raises MissingExtraError where matplotlib is not installed."""
    try:
        from matplotlib import style
    except ImportError:
        raise MissingExtraError("charts need matplotlib: install it with pip install 'ipthreat[reports]'") from None
    lines = wrapped(title, (WIDTH - 0.1) / _BOLDER, 3, TITLE_SIZE)
    above = _TITLE_LINE * len(lines) + 0.12 if lines else 0.0
    # The user's settings come back when the block ends.
    with style.context(["default", {"hatch.linewidth": 0.6, "hatch.color": INK}]):
        painter = Painter(drawing.height, above)
        for place, line in enumerate(lines):
            painter.paint(Text(0.05, _TITLE_LINE * (place + 0.6) - above, line, size=TITLE_SIZE, bold=True))
        for shape in drawing.shapes:
            painter.paint(shape)
        return painter.png()
