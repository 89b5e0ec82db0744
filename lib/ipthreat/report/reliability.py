"""The reliability diagram: what was said against what was so, with the uncertainty of few labels."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from ..calibration import Bin, Calibration
from . import charts
from .blocks import Figure, Line, Table
from .drawing import INK, LINE, RULE, SOFT, WIDTH, Drawing, Fill, Mark, Rule, Shape, Text, wrapped

_SIDE = 3.4
"""Inches of the square."""
_LEFT, _TOP = 0.75, 0.12
_POINT = Fill("#0072b2")


def figure(found: Calibration) -> Figure:
    """What the diagram says, in words and as a table."""
    off = [item for item in found.bins if not item.least <= item.mean <= item.most]
    fit = "every bin agrees with its labels" if not off else f"{len(off)} of {len(found.bins)} bins are off"
    title = (
        f"Brier score {found.brier:.3f} ({found.reference:.3f} by the base rate alone) on {found.count} labels; {fit}"
    )
    told = "; ".join(f"said {item.mean:.2f}, {item.hostile} of {item.members} hostile" for item in found.bins)
    alt = f"Said probability across, share that was hostile upwards, with a diagonal for perfect agreement. {told}."
    rows: Tuple[Tuple[Line, ...], ...] = tuple(tuple((text,) for text in _row(item)) for item in found.bins)
    header = ("Probability", "Addresses #", "Said #", "Hostile #", "Share #", "Interval")
    return Figure("reliability", title, alt, Table(header, rows, "Reliability"))


def _row(item: Bin) -> Tuple[str, ...]:
    span, held = f"{item.low:.1f} to {item.high:.1f}", f"{item.least:.2f} to {item.most:.2f}"
    return span, f"{item.members}", f"{item.mean:.2f}", f"{item.hostile}", f"{item.share:.2f}", held


def drawing(found: Calibration) -> Drawing:
    """A point per bin with its 95 % interval; the diagonal is perfect agreement."""
    bottom = _TOP + _SIDE
    shapes: List[Shape] = list(_scales(bottom))
    shapes.append(Rule(_LEFT, bottom, _LEFT + _SIDE, _TOP, SOFT, 1.0))
    for item in found.bins:
        x, y = _LEFT + item.mean * _SIDE, bottom - item.share * _SIDE
        shapes.append(Rule(x, bottom - item.least * _SIDE, x, bottom - item.most * _SIDE, INK, 1.2))
        shapes.append(Mark(x, y, "o", min(0.22, 0.08 + 0.01 * item.members**0.5), _POINT))
    shapes += _beside(found, _LEFT + _SIDE + 0.25)
    return Drawing(bottom + 0.55, tuple(shapes))


def png(found: Calibration) -> bytes:
    """The diagram as PNG. Raises MissingExtraError without matplotlib."""
    return charts.png(drawing(found), figure(found).title)


def _scales(bottom: float) -> Iterator[Shape]:
    for tenth in range(0, 11, 2):
        step = tenth / 10 * _SIDE
        yield Rule(_LEFT, bottom - step, _LEFT + _SIDE, bottom - step, RULE, 0.6)
        yield Rule(_LEFT + step, bottom, _LEFT + step, _TOP, RULE, 0.6)
        yield Text(_LEFT - 0.08, bottom - step, f"{tenth / 10:.1f}", "right")
        yield Text(_LEFT + step, bottom + 0.14, f"{tenth / 10:.1f}", "centre")
    yield Text(_LEFT + _SIDE / 2, bottom + 0.36, "probability that was said", "centre", SOFT)
    yield Text(0.16, _TOP + _SIDE / 2 + 0.75, "share that was hostile", "centre", SOFT, turned=True)


def _beside(found: Calibration, x: float) -> Iterator[Shape]:
    """The figures, and the signals whose weight the labels contradict."""
    told = [
        f"{found.count} labels, {found.hostile} hostile",
        f"Brier score {found.brier:.3f} (0 is perfect)",
        f"… by the base rate alone {found.reference:.3f}",
        f"skill {found.skill:+.2f}",
        "",
        "bars: 95 % intervals (Wilson)",
        "line: perfect agreement",
    ]
    off = [ratio for ratio in found.ratios if ratio.disagrees][:4]
    told += ["", "labels contradict the weight of:"] if off else []
    told += [f"{ratio.signal}: {ratio.weight:+.1f}, labels {ratio.nats:+.1f}" for ratio in off]
    y = _TOP + 0.1
    for words in told:
        for line in wrapped(words, WIDTH - x - 0.05, 2) or [""]:
            yield Text(x, y, line)
            y += LINE
