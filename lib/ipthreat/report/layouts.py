"""The layout of each chart, from its numbers to shapes. Pure: `charts` paints what comes out."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

from ..assessment import Assessment
from ..case import Case
from ..priority import Severity, priority_of
from ..providers.virustotal import STATS
from . import chartstyle as style
from . import series
from .citations import title as source_title
from .drawing import (
    INK,
    LINE,
    RULE,
    SOFT,
    WIDTH,
    Box,
    Drawing,
    Fill,
    Mark,
    Rule,
    Shape,
    Text,
    address_label,
    column,
    fitted,
    text_width,
    wrapped,
)

_ROW = 0.28
_LABEL = 2.05
"""Inches of the longest label."""
_FIGURE = 0.36
"""Inches of a column of figures."""
_TRACK = 0.4
"""Inches of a row of the timeline."""
_STEP = LINE * 1.15
"""Inches from one line of a list to the next."""

_Ranks = Tuple[Tuple[str, int], ...]


def board(case: Case) -> Optional[Drawing]:
    """Confidence across, severity upwards; symbol and tint say the priority; numbers lead to the list at the right."""
    data = series.board(case)
    if data is None:
        return None
    cell, height, left, top = 0.35, 0.6, 0.95, 0.1
    shapes: List[Shape] = list(_squares(cell, height, left, top))
    for point in data.points:
        x = left + (point.confidence + 0.5) * cell
        y = top + (3 - point.severity.rank + 0.5) * height
        level = style.LEVELS[point.priority]
        shapes.append(Mark(x, y - 0.1, level.symbol, min(0.26, 0.13 + 0.02 * math.sqrt(len(point.ranks))), level.fill))
        shapes.append(Text(x, y + 0.17, _places(point.ranks, cell), "centre"))
    shapes += _board_list(data, left + 11 * cell + 0.1)
    bottom = max(top + 4 * height + 0.5, 0.2 + _STEP * (len(data.listed) + bool(data.hidden)))
    shapes += style.priority_legend(bottom + 0.1)
    return Drawing(bottom + 0.26, tuple(shapes))


def _squares(cell: float, height: float, left: float, top: float) -> Iterator[Shape]:
    for severity in Severity:
        y = top + (3 - severity.rank) * height
        yield Text(left - 0.08, y + height / 2, severity.value, "right")
        for confidence in range(11):
            base, _ = priority_of(confidence, severity, False, (), None)
            yield Box(left + confidence * cell, y, cell, height, Fill(style.LEVELS[base].tint, "", "#ffffff"))
    for confidence in range(11):
        yield Text(left + (confidence + 0.5) * cell, top + 4 * height + 0.12, f"{confidence}", "centre")
    yield Text(left + 5.5 * cell, top + 4 * height + 0.32, "confidence", "centre", SOFT)
    yield Text(0.12, top + 2 * height + text_width("severity") / 2, "severity", "centre", SOFT, turned=True)


def _places(ranks: Sequence[int], inches: float) -> str:
    """`1–3`: places in the list; the bare number of addresses where that does not fit."""
    first, last = ranks[0], ranks[-1]
    unbroken = last - first + 1 == len(ranks)
    words = f"{first}–{last}" if unbroken and first != last else ", ".join(map(str, ranks))
    return words if last <= series.TOP and text_width(words) <= inches else f"×{len(ranks)}"


def _board_list(data: series.Board, x: float) -> Iterator[Shape]:
    for place, item in enumerate(data.listed):
        y, level = 0.18 + place * _STEP, style.LEVELS[item.priority]
        yield Text(x + 0.2, y, f"{place + 1}", "right", SOFT)
        yield Mark(x + 0.32, y, level.symbol, 0.11, level.fill)
        yield Text(x + 0.44, y, address_label(item.address, WIDTH - x - 0.46))
    if data.hidden:
        yield Text(x + 0.44, 0.18 + len(data.listed) * _STEP, f"and {data.hidden:,} more", colour=SOFT)


def engine_stats(case: Case) -> Optional[Drawing]:
    """One bar per address, its parts by opinion, and every count in figures beside it."""
    data = series.engine_stats(case)
    if data is None:
        return None
    names = [address_label(row.address, _LABEL) for row in data.rows]
    left, right = column(names, _LABEL), WIDTH - len(STATS) * _FIGURE
    inch = (right - left - 0.1) / max(1, *(sum(row.counts) for row in data.rows))
    shapes = list(style.legend(0.12, [(style.STATS_FILLS[stat], stat) for stat in STATS]))
    for place, stat in enumerate(STATS):
        shapes.append(Box(right + (place + 0.5) * _FIGURE - 0.12, 0.32, 0.24, 0.14, style.STATS_FILLS[stat]))
    for place, (name, row) in enumerate(zip(names, data.rows)):
        y, x = 0.5 + place * _ROW, left
        shapes.append(Text(left - 0.08, y + _ROW / 2, name, "right"))
        for nth, (stat, count) in enumerate(zip(STATS, row.counts)):
            shapes += [Box(x, y + 0.04, count * inch, _ROW - 0.08, style.STATS_FILLS[stat])] if count else []
            shapes.append(Text(right + (nth + 0.5) * _FIGURE, y + _ROW / 2, f"{count}", "centre"))
            x += count * inch
    end = 0.5 + len(names) * _ROW
    shapes += style.note(end + 0.14, style.more(data.hidden))
    return Drawing(end + (0.28 if data.hidden else 0.08), tuple(shapes))


def timeline(case: Case) -> Optional[Drawing]:
    """A row per address: one stroke per interval with events, as high as its share of the row's peak."""
    data = series.timeline(case)
    if data is None:
        return None
    names = [address_label(row.address, _LABEL) for row in data.rows]
    left, right = column(names, _LABEL), WIDTH - column([_remark(row) for row in data.rows], 1.8)
    span = max((data.end - data.start).total_seconds(), 1.0)

    def at(moment: datetime) -> float:
        return left + 0.1 + (moment - data.start).total_seconds() / span * (right - left - 0.2)

    end = 0.05 + len(names) * _TRACK
    shapes: List[Shape] = []
    for moment, words in _ticks(data.start, data.end):
        shapes.append(Rule(at(moment), 0.05, at(moment), end + 0.04))
        shapes.append(Text(at(moment), end + 0.14, words, "centre"))
    for place, (name, row) in enumerate(zip(names, data.rows)):
        base = 0.05 + (place + 1) * _TRACK
        shapes.append(Text(left - 0.08, base - 0.12, name, "right"))
        shapes.append(Text(right + 0.08, base - 0.12, _remark(row)))
        shapes += [Rule(left, base, right, base), *_strokes(row, base, at)]
    scale = "UTC; at the right all events and the peak of one interval; each row has a scale of its own"
    shapes.append(Text(0.05, end + 0.36, scale, colour=SOFT))
    shapes += style.note(end + 0.56, style.more(data.hidden))
    return Drawing(end + (0.7 if data.hidden else 0.5), tuple(shapes))


def _remark(row: series.TimelineRow) -> str:
    return f"{row.events:,}, peak {max(events for _, events in row.buckets):,}"


def _strokes(row: series.TimelineRow, base: float, at: Callable[[datetime], float]) -> Iterator[Shape]:
    peak = max(1, *(events for _, events in row.buckets))
    for moment, events in row.buckets:
        yield Rule(at(moment), base, at(moment), base - (_TRACK - 0.08) * events / peak, style.COUNT.colour, 3.0)


_MINUTE, _DAY = 60, 86_400
_TICK_STEPS = (
    1,
    60,
    300,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    *(_DAY * days for days in (1, 2, 7, 14, 28, 91, 364)),
)


def _ticks(start: datetime, end: datetime, most: int = 5) -> Iterator[Tuple[datetime, str]]:
    """Round times within a period, `most` at most, and how they are written."""
    first, last = start.timestamp(), end.timestamp()
    step = next((step for step in _TICK_STEPS if (last - first) / step <= most - 1), 10 * 364 * _DAY)
    form = "%Y-%m-%d" if step >= _DAY else "%m-%d %H:%M" if step >= _MINUTE else "%m-%d %H:%M:%S"
    at = math.ceil(first / step) * step
    while at <= last:
        moment = datetime.fromtimestamp(at, timezone.utc)
        yield moment, moment.strftime(form)
        at += step


def origins(case: Case) -> Optional[Drawing]:
    """Two lists of bars: countries at the left, networks at the right."""
    data = series.origins(case)
    if data is None:
        return None
    countries, left = _fitted(data.countries, "country", 0.05, 2.2)
    networks, right = _fitted(data.networks, "network", 2.5, WIDTH)
    most = max(count for _, count in (*countries, *networks))
    inch = (min(2.2 - left, WIDTH - right) - 0.5) / most  # both lists share one scale
    shapes = [*_ranking(left, "country", countries, inch), *_ranking(right, "network", networks, inch)]
    end = 0.3 + max(len(countries), len(networks)) * _ROW
    shapes += style.note(end + 0.14, style.more(data.hidden, "countries and networks"))
    return Drawing(end + (0.28 if data.hidden else 0.08), tuple(shapes))


def _fitted(entries: _Ranks, head: str, x: float, to: float) -> Tuple[_Ranks, float]:
    """The entries with labels that leave room for the bars, and where the bars begin."""
    most = (to - x) * 0.62
    shown = tuple((fitted(label, most - 0.15), count) for label, count in entries)
    return shown, x + column([head, *(label for label, _ in shown)], most)


def _ranking(left: float, head: str, entries: _Ranks, inch: float) -> Iterator[Shape]:
    yield Text(left - 0.08, 0.12, head, "right", SOFT)
    yield Text(left, 0.12, "hostile addresses", colour=SOFT)
    for place, (label, count) in enumerate(entries):
        y = 0.27 + place * _ROW
        yield Text(left - 0.08, y + _ROW / 2, label, "right")
        yield Box(left, y + 0.04, count * inch, _ROW - 0.08, style.COUNT)
        yield Text(left + count * inch + 0.07, y + _ROW / 2, f"{count:,}")


_STEPS_LEFT = 2.75
_CHANCES = (0.50, 0.10, 0.90, 0.01, 0.99, 0.25, 0.75, 0.001, 0.999)
_APART = 0.5
"""Inches between two labels of a scale."""


def waterfall(assessment: Assessment) -> Optional[Drawing]:
    """From the prior to the sum: each bar starts where the one before ended. Below, log-odds as probability."""
    bars = series.waterfall(assessment)
    if not bars:
        return None
    height, end = 0.4, 0.05 + 0.4 * len(bars)
    ends = [0.0, *(bar.start for bar in bars), *(bar.end for bar in bars)]
    low, high, room = min(ends), max(ends), 0.55  # room for the figures beside the bars
    inch = (WIDTH - _STEPS_LEFT - 2 * room) / max(high - low, 1.0)

    def at(log_odds: float) -> float:
        return _STEPS_LEFT + room + (log_odds - low) * inch

    shapes = list(_probabilities(low, high, end, at))
    for place, bar in enumerate(bars):
        shapes += _step(bar, place in (0, len(bars) - 1), 0.05 + place * height, height, at)
    words = "; ".join(["probability; bars are nats of log-odds", *assessment.guards])
    lines = wrapped(words, WIDTH - 0.1, 2)
    shapes += [Text(0.05, end + 0.36 + place * LINE, line, colour=SOFT) for place, line in enumerate(lines)]
    return Drawing(end + 0.33 + len(lines) * LINE, tuple(shapes))


def _probabilities(low: float, high: float, end: float, at: Callable[[float], float]) -> Iterator[Shape]:
    """The scale below: the most telling probabilities for which there is room."""
    taken: List[float] = []
    for chance in _CHANCES:
        log_odds = math.log(chance / (1.0 - chance))
        if low <= log_odds <= high and all(abs(at(log_odds) - x) >= _APART for x in taken):
            taken.append(at(log_odds))
            yield Rule(taken[-1], 0.05, taken[-1], end + 0.03, INK if chance == 0.5 else RULE)
            yield Text(taken[-1], end + 0.14, f"{100 * chance:g} %", "centre")


def _step(bar: series.Bar, total: bool, y: float, height: float, at: Callable[[float], float]) -> Iterator[Shape]:
    words = f"{source_title(bar.source)}: {bar.label}" if bar.source else bar.label
    lines = wrapped(words, _STEPS_LEFT - 0.15, 2)
    for place, line in enumerate(lines):
        middle = y + height / 2 + (place - (len(lines) - 1) / 2) * LINE
        yield Text(_STEPS_LEFT - 0.08, middle, line, "right", bold=total)
    fill = style.TOTAL if total else style.RAISES if bar.nats > 0 else style.LOWERS
    left, right = sorted((at(bar.start), at(bar.end)))
    yield Box(left, y + 0.08, right - left, height - 0.16, fill)
    beside, align = (right + 0.06, "left") if bar.nats >= 0 else (left - 0.06, "right")
    yield Text(beside, y + height / 2, f"{bar.nats:+.2f}", align)
