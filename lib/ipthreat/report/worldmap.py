"""The world map: where the hostile addresses are used, drawn from shapes that ship with the library, without network.

Pure, like the other charts: `figure` says what the map shows, `drawing` and `outlines` lay it out. The shapes come from
Natural Earth (see `world_build`); a country too small for them is a dot, and one without either is named below.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..case import Case
from . import chartstyle as style
from .blocks import Figure, Line, Table
from .drawing import INK, LINE, WIDTH, Drawing, Fill, Mark, Shape, Text, wrapped
from .prose import counted
from .series import UNKNOWN

CLASSES: Tuple[Tuple[int, Fill], ...] = (
    (10, Fill("#8a3b00")),
    (5, Fill("#d55e00")),
    (2, Fill("#f5a15a")),
    (1, Fill("#fddcb8")),
)
"""From so many addresses on → how a country is filled."""
NONE = Fill("#ececec", "", "#c4c4c4")
_NAMED = 24
"""Countries that are named below the map."""
_DOT = 0.09
_KIND = "malicious or suspicious"


class World(NamedTuple):
    """Hostile addresses by country."""

    counts: Tuple[Tuple[str, int], ...]
    """(ISO code of the country, addresses), most first."""
    unknown: int
    """Addresses whose country is not known."""
    unplaced: Tuple[str, ...]
    """Countries that the map cannot show."""


class Outline(NamedTuple):
    """One shape of a country: corners in inches from the top left of the drawing."""

    corners: Tuple[Tuple[float, float], ...]
    fill: Fill


def world(case: Case) -> Optional[World]:
    """Where the malicious and suspicious addresses are used; None when no country is known of any."""
    countries = Counter(item.owner.country or UNKNOWN for item in case.hostile)
    unknown = countries.pop(UNKNOWN, 0)
    ranked = tuple(sorted(countries.items(), key=lambda entry: (-entry[1], entry[0])))
    drawn = _shapes()
    lost = tuple(code for code, _ in ranked if code not in drawn["countries"] and code not in drawn["dots"])
    return World(ranked, unknown, lost) if ranked else None


def figure(case: Case) -> Optional[Figure]:
    """What the map says, in words and as a table."""
    data = world(case)
    if data is None:
        return None
    total = sum(count for _, count in data.counts)
    top, most = data.counts[0]
    places = "one country" if len(data.counts) == 1 else counted(len(data.counts), "country", "countries")
    title = f"{counted(total, f'{_KIND} address comes', f'{_KIND} addresses come')} from {places}"
    title += f"; most from {top}: {most}" if len(data.counts) > 1 and most > 1 else f": {top}" if most == total else ""
    told = ", ".join(f"{code} {count}" for code, count in data.counts[:_NAMED])
    rows: Tuple[Tuple[Line, ...], ...] = tuple(((code,), (f"{count}",)) for code, count in data.counts)
    alt = f"A world map, countries shaded by their number of hostile addresses: {told}."
    return Figure("world", title, alt, Table(("Country", "Hostile addresses #"), rows, "Hostile addresses by country"))


def outlines(case: Case) -> Tuple[Outline, ...]:
    """The countries, to be painted beneath the drawing."""
    data, shapes = world(case), _shapes()
    counts = dict(data.counts) if data else {}
    found: List[Outline] = []
    for code, rings in shapes["countries"].items():
        fill = filled(counts.get(code, 0))
        found += [Outline(tuple(_placed(ring)), fill) for ring in rings]
    return tuple(sorted(found, key=lambda outline: outline.fill is not NONE))  # borders of the shaded lie on top


def drawing(case: Case) -> Optional[Drawing]:
    """What lies on the map: dots of small countries, the legend, and the countries by name."""
    data = world(case)
    if data is None:
        return None
    shapes = _shapes()
    bottom = shapes["height"] / 10_000 * WIDTH
    marks: List[Shape] = [
        Mark(x, y, "o", _DOT, filled(count))
        for code, count in data.counts
        if code in shapes["dots"]
        for x, y in _placed(shapes["dots"][code])
    ]
    named = " · ".join(f"{code} {count}" for code, count in data.counts[:_NAMED])
    if len(data.counts) > _NAMED:
        named += f" · and {len(data.counts) - _NAMED} more countries"
    rest = [f"not on the map: {', '.join(data.unplaced)}"] if data.unplaced else []
    rest += [f"country of {data.unknown} more not known"] if data.unknown else []
    lines = [*wrapped(named, WIDTH - 0.1, 2), *(wrapped("; ".join(rest), WIDTH - 0.1, 1) if rest else [])]
    words = [Text(0.05, bottom + 0.42 + place * LINE, line) for place, line in enumerate(lines)]
    return Drawing(bottom + 0.4 + len(lines) * LINE, (*marks, *_legend(bottom + 0.12), *words))


def filled(count: int) -> Fill:
    """How a country with so many hostile addresses is filled."""
    return next((fill for least, fill in CLASSES if count >= least), NONE)


def _legend(y: float) -> Iterator[Shape]:
    bounds = [least for least, _ in CLASSES]
    entries = [(NONE, "none")]
    for place in range(len(CLASSES) - 1, -1, -1):
        least, most = bounds[place], bounds[place - 1] - 1
        words = f"{least} or more" if not place else f"{least}" if most == least else f"{least} to {most}"
        entries.append((CLASSES[place][1], words))
    yield Text(0.05, y, "hostile addresses:", colour=INK)
    yield from style.legend(y, entries, 1.3)


def _placed(numbers: List[int]) -> Iterator[Tuple[float, float]]:
    """Units of the shapes as inches."""
    pairs = zip(numbers[::2], numbers[1::2])
    return ((x / 10_000 * WIDTH, y / 10_000 * WIDTH) for x, y in pairs)


@lru_cache(maxsize=1)
def _shapes() -> Dict[str, Any]:
    return dict(json.loads(Path(__file__).with_name("world.json").read_text(encoding="ascii")))
