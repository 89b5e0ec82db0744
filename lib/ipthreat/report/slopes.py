"""Before and after: what changed between two judgements of the same addresses, as slopes of confidence. Pure."""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..assessment import Assessment
from ..case import Case, pressing
from . import chartstyle as style
from .blocks import Figure, Line, Table
from .drawing import INK, RULE, SOFT, WIDTH, Drawing, Fill, Mark, Rule, Shape, Text, address_label
from .escape import defanged
from .prose import counted, joined, moment_text
from .series import TOP

CHANGES = ("new", "rose", "fell", "gone", "same")
"""What may have happened to an address, in the order in which it is told."""
_COLOURS: Dict[str, str] = {"new": "#cc79a7", "rose": "#d55e00", "fell": "#0072b2", "gone": "#777777"}
_LEFT, _RIGHT, _TOP, _HEIGHT, _APART = 2.1, 4.6, 0.45, 3.3, 0.2


class Change(NamedTuple):
    """One address before and after."""

    address: str
    change: str
    before: Optional[Assessment]
    after: Optional[Assessment]


def changes(before: Case, after: Case) -> Tuple[Change, ...]:
    """Every address of either, in the order of CHANGES and then the most pressing first."""
    old = {item.address: item for item in before.assessments}
    new = {item.address: item for item in after.assessments}
    told = (item.address for item in sorted({**old, **new}.values(), key=pressing))
    found = [Change(one, _change(old.get(one), new.get(one)), old.get(one), new.get(one)) for one in told]
    return tuple(sorted(found, key=lambda item: CHANGES.index(item.change)))


def _change(first: Optional[Assessment], last: Optional[Assessment]) -> str:
    if first is None or last is None:
        return "new" if first is None else "gone"
    old, new = _height(first), _height(last)
    return "rose" if new > old else "fell" if new < old else "same"


def _height(item: Assessment) -> Tuple[int, int, int]:
    """Priority first, as what to do; then what was seen, then how sure."""
    return item.priority.rank, item.severity.rank, -1 if item.confidence is None else item.confidence


def figure(before: Case, after: Case) -> Optional[Figure]:
    """What the chart says, in words and as a table; None when nothing changed."""
    told = [item for item in changes(before, after) if item.change != "same"]
    if not told:
        return None
    counts = {name: sum(item.change == name for item in told) for name in CHANGES}
    split = joined([f"{counts[name]} {name}" for name in CHANGES if counts[name]])
    title = f"{counted(len(told), 'change')} since {moment_text(before.as_of)}: {split}"
    rows: Tuple[Tuple[Line, ...], ...] = tuple(
        ((defanged(item.address),), (item.change,), (_axes(item.before),), (_axes(item.after),)) for item in told
    )
    named = "; ".join(f"{defanged(item.address)} {item.change}" for item in told[:TOP])
    alt = f"Lines from confidence before to confidence after. {named}."
    return Figure("slopes", title, alt, Table(("Address", "Change", "Before", "After"), rows, "What changed"))


def _axes(item: Optional[Assessment]) -> str:
    if item is None:
        return "not there"
    sure = "no confidence" if item.confidence is None else f"{item.confidence}/10"
    return f"{sure}, {item.severity.value}, {item.priority.value}"


def drawing(before: Case, after: Case) -> Optional[Drawing]:
    """Confidence before at the left, after at the right; what is new or gone has one end only."""
    told = [item for item in changes(before, after) if item.change != "same"]
    if not told:
        return None
    shown = told[:TOP]
    shapes: List[Shape] = list(_frame(before, after))
    for item in shown:
        shapes += _line(item)
    shapes += _names([item for item in shown if item.after], True)
    shapes += _names([item for item in shown if not item.after], False)
    shapes += _legend(_TOP + _HEIGHT + 0.3)
    shapes += style.note(_TOP + _HEIGHT + 0.55, style.more(len(told) - len(shown), "changes"))
    return Drawing(_TOP + _HEIGHT + (0.7 if len(told) > len(shown) else 0.45), tuple(shapes))


def _frame(before: Case, after: Case) -> Iterator[Shape]:
    for x, case in ((_LEFT, before), (_RIGHT, after)):
        yield Rule(x, _TOP, x, _TOP + _HEIGHT, INK)
        yield Text(x, 0.14, f"{case.as_of:%Y-%m-%d %H:%M} UTC", "centre", SOFT)
    for confidence in range(0, 11, 2):
        yield Rule(_LEFT, _at(confidence), _RIGHT, _at(confidence), RULE, 0.5)
        yield Text((_LEFT + _RIGHT) / 2, _at(confidence) - 0.08, f"{confidence}", "centre", SOFT)


def _at(confidence: float) -> float:
    return _TOP + (10 - confidence) / 10 * _HEIGHT


def _sure(item: Assessment) -> int:
    return item.confidence or 0


def _line(item: Change) -> Iterator[Shape]:
    colour = _COLOURS[item.change]
    if item.before and item.after:
        yield Rule(_LEFT, _at(_sure(item.before)), _RIGHT, _at(_sure(item.after)), colour, 1.8)
    for side, x in ((item.before, _LEFT), (item.after, _RIGHT)):
        if side:
            level = style.LEVELS[side.priority]
            yield Mark(x, _at(_sure(side)), level.symbol, 0.12, Fill(colour))


def _names(held: Sequence[Change], right: bool) -> Iterator[Shape]:
    """Labels beside their ends, pushed apart where they would overlap."""
    ends = [(_at(_sure(side)), item) for item in held for side in [item.after if right else item.before] if side]
    ends.sort(key=lambda end: end[0])
    places = _spread([y for y, _ in ends])
    for (end, item), y in zip(ends, places):
        x, step, align = (_RIGHT, 0.14, "left") if right else (_LEFT, -0.14, "right")
        room = WIDTH - _RIGHT - 0.35 if right else _LEFT - 0.35
        yield Rule(x + step * 0.5, end, x + step * 1.6, y, RULE, 0.6)
        side = item.after if right else item.before
        level = f" {side.priority.value}" if side else ""
        yield Text(x + step * 1.8, y, address_label(item.address, room - 0.75) + level, align)


def _spread(places: Sequence[float]) -> List[float]:
    """The same places in order, at least `_APART` from each other, and within the chart."""
    made: List[float] = []
    for place in places:
        made.append(max(place, made[-1] + _APART) if made else place)
    over = made[-1] - (_TOP + _HEIGHT) if made else 0.0
    for at in range(len(made) - 1, -1, -1):
        limit = _TOP + _HEIGHT if at == len(made) - 1 else made[at + 1] - _APART
        made[at] = min(made[at], limit) if over > 0 else made[at]
    return made


def _legend(y: float) -> Iterator[Shape]:
    entries = [(Fill(_COLOURS[name]), name) for name in ("new", "rose", "fell", "gone")]
    yield from style.legend(y, entries)
    yield Text(3.4, y, "symbol: priority; height: confidence", colour=SOFT)
