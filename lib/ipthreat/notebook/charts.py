"""The charts in a notebook: each takes a result and returns matplotlib axes, with the finding as title.

They are the charts of the reports, painted onto a figure of pyplot, so that a notebook shows them and a caller may go
on with them. The axes' label (`axes.get_label()`) is the alternative text. Lengths are inches from the top left corner.
"""

from __future__ import annotations

from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from ..calibration import Calibration
from ..case import Case
from ..errors import InputError, MissingExtraError
from ..report import chartdata, quotaplan, reliability, worldmap
from ..report import charts as report_charts
from ..report import slopes as slope_chart
from ..report.blocks import Figure
from ..report.drawing import TITLE_SIZE, WIDTH, Drawing, Mark, Rule, Shape, Text, wrapped
from ..report.layouts import waterfall as waterfall_layout
from .result import Result

SIZES: Mapping[str, float] = {"report": 1.0, "slide": 1.8}
"""Size of a chart → how much larger than on paper everything is, letters too."""
_DPI = 110
_TITLE_LINE = 0.2

Described = Callable[[Case], Optional[Figure]]
Laid = Callable[[Case], Optional[Drawing]]

CHARTS: Mapping[str, Tuple[Described, Laid]] = {
    **{name: (chartdata.FIGURES[name], layout) for name, layout in report_charts.CHARTS.items()},
    "world": (worldmap.figure, worldmap.drawing),
}
"""The charts of a case by name."""


class Charts:
    """The charts of one result: `result.charts.board()`, `result.charts.waterfall("18.237.3.202", size="slide")`.

    Each raises InputError in one sentence when it has nothing to show.
    """

    def __init__(self, result: Result) -> None:
        self._result = result
        self._case = result.case

    def board(self, size: str = "report") -> Any:
        """Confidence × severity."""
        return self._chart("board", size)

    def engines(self, size: str = "report") -> Any:
        """Addresses × named VirusTotal engines."""
        return self._chart("engines", size)

    def stats(self, size: str = "report") -> Any:
        """VirusTotal's five counts by address."""
        return self._chart("stats", size)

    def timeline(self, size: str = "report") -> Any:
        """Own events of the raised addresses over time."""
        return self._chart("timeline", size)

    def origins(self, size: str = "report") -> Any:
        """Countries and networks of the hostile addresses, as bars."""
        return self._chart("origins", size)

    def world(self, size: str = "report") -> Any:
        """Countries of the hostile addresses, as a map."""
        return self._chart("world", size)

    def coverage(self, size: str = "report") -> Any:
        """Address × source: who answered."""
        return self._chart("coverage", size)

    def waterfall(self, address: str, size: str = "report") -> Any:
        """How the confidence in one address came about."""
        assessment = self._result.assessment(address)
        return painted(chartdata.waterfall(assessment), waterfall_layout(assessment), size)

    def all(self, size: str = "report") -> List[Any]:
        """Every chart of the case that has something to show."""
        return [self._chart(name, size) for name in self.names]

    @property
    def names(self) -> Tuple[str, ...]:
        """The charts that have something to show."""
        return tuple(name for name, (describe, _) in CHARTS.items() if describe(self._case))

    def _chart(self, name: str, size: str) -> Any:
        describe, layout = CHARTS[name]
        beneath = worldmap.outlines(self._case) if name == "world" else ()
        return painted(describe(self._case), layout(self._case), size, beneath)

    def __repr__(self) -> str:
        return f"<Charts: {', '.join(self.names)}, waterfall(address)>"


def calibration(found: Calibration, size: str = "report") -> Any:
    """The reliability diagram: what was said against what was so."""
    return painted(reliability.figure(found), reliability.drawing(found), size)


def quota(plan: Sequence[quotaplan.PlannedSource], size: str = "report") -> Any:
    """The plan of a live run, a bar per source."""
    return painted(quotaplan.figure(plan), quotaplan.drawing(plan), size)


def slopes(before: Case, after: Case, size: str = "report") -> Any:
    """What changed between two cases, as slopes of confidence."""
    return painted(slope_chart.figure(before, after), slope_chart.drawing(before, after), size)


def painted(
    described: Optional[Figure], drawing: Optional[Drawing], size: str, beneath: Sequence[worldmap.Outline] = ()
) -> Any:
    """Paints a chart onto a new figure of pyplot; returns its axes.

    Raises InputError for a chart that has nothing to show or a size that there is not.
    """
    if described is None or drawing is None:
        raise InputError("this chart has nothing to show here")
    if size not in SIZES:
        raise InputError(f"there is no size {size[:20]!a}; there are {', '.join(SIZES)}")
    try:
        from matplotlib import pyplot, style
    except ImportError:
        raise MissingExtraError("charts need matplotlib: pip install 'ipthreat[notebooks]'") from None
    lines = wrapped(described.title, (WIDTH - 0.1) / 1.1, 3, TITLE_SIZE)
    above = _TITLE_LINE * len(lines) + 0.12
    scale, height = SIZES[size], drawing.height + above
    # Before the style: what a notebook's backend sets when it makes its first figure must stay.
    figure = pyplot.figure(figsize=(WIDTH * scale, height * scale), dpi=_DPI, facecolor="white", layout="none")
    with style.context(["default", {"hatch.linewidth": 0.6}]):
        painter = AxesPainter(figure, drawing.height, above, scale)
        for outline in beneath:
            painter.outline(outline)
        for place, line in enumerate(lines):
            painter.paint(Text(0.05, _TITLE_LINE * (place + 0.6) - above, line, size=TITLE_SIZE, bold=True))
        for shape in drawing.shapes:
            painter.paint(shape)
    painter.axes.set_label(described.alt)
    return painter.axes


class AxesPainter(report_charts.Painter):
    """Paints as the reports do, onto a figure of pyplot and at any size."""

    def __init__(self, figure: Any, height: float, above: float, scale: float) -> None:
        self.scale = scale
        self.figure, self.surface = figure, figure.canvas
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_xlim(0.0, WIDTH)
        self.axes.set_ylim(height, -above)
        self.painted = 0

    def paint(self, shape: Shape) -> None:
        """One shape, its letters, lines and symbols as large as the size demands."""
        if isinstance(shape, Text):
            shape = shape._replace(size=shape.size * self.scale)
        elif isinstance(shape, Rule):
            shape = shape._replace(points=shape.points * self.scale)
        elif isinstance(shape, Mark):
            shape = shape._replace(inches=shape.inches * self.scale)
        super().paint(shape)

    def outline(self, outline: worldmap.Outline) -> None:
        """A filled shape with many corners."""
        across, down = zip(*outline.corners)
        face, _, edge = outline.fill
        self.painted += 1
        self.axes.fill(across, down, facecolor=face, edgecolor=edge, lw=0.4 * self.scale, zorder=self.painted)
