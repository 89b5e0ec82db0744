"""Builds `world.json`, the shapes of the world map: `python -m ipthreat.report.world_build ATLAS CODES`.

ATLAS is the unpacked npm package world-atlas (Natural Earth, public domain, as TopoJSON), CODES the file codes.json of
the npm package i18n-iso-countries. Countries come from the scale 1:110,000,000; those too small for it become dots, at
the middle of their largest shape at 1:50,000,000. The projection is Equal Earth (Šavrič, Patterson and Jenny, Int. J.
Geogr. Inf. Sci. 33, 2019), so that areas compare. Coordinates count ten-thousandths of the width, downwards from the
top; Antarctica is left out.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Tuple

Point = Tuple[float, float]
Ring = List[Point]

UNITS = 10_000
"""Width of the map."""
TARGET = Path(__file__).with_name("world.json")

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_LEFT_OUT = "AQ"
_NORTH, _SOUTH = 84.0, -57.0


def projected(longitude: float, latitude: float) -> Point:
    """Equal Earth: degrees to the plane, x from −2.71 to 2.71, y upwards."""
    theta = math.asin(math.sqrt(3.0) / 2.0 * math.sin(math.radians(latitude)))
    slope = 9 * _A[3] * theta**8 + 7 * _A[2] * theta**6 + 3 * _A[1] * theta**2 + _A[0]
    x = 2 * math.sqrt(3.0) * math.radians(longitude) * math.cos(theta) / (3 * slope)
    return x, _A[3] * theta**9 + _A[2] * theta**7 + _A[1] * theta**3 + _A[0] * theta


def placed(longitude: float, latitude: float) -> Tuple[int, int]:
    """Degrees to the units of the map."""
    half, top = projected(180.0, 0.0)[0], projected(0.0, _NORTH)[1]
    x, y = projected(longitude, latitude)
    return round((x + half) / (2 * half) * UNITS), round((top - y) / (2 * half) * UNITS)


class Atlas:
    """A TopoJSON file of countries (github.com/topojson/topojson-specification)."""

    def __init__(self, path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8"))
        (scale_x, scale_y), (first_x, first_y) = data["transform"]["scale"], data["transform"]["translate"]
        self.countries: List[Dict[str, Any]] = data["objects"]["countries"]["geometries"]
        self._arcs: List[Ring] = []
        for arc in data["arcs"]:
            x = y = 0
            points: Ring = []
            for step_x, step_y in arc:
                x, y = x + step_x, y + step_y
                points.append((x * scale_x + first_x, y * scale_y + first_y))
            self._arcs.append(points)

    def rings(self, country: Dict[str, Any]) -> Iterator[Ring]:
        """The outer rings of a country, in degrees; its holes are countries of their own."""
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for outer, *_ in polygons:
            ring: Ring = []
            for number in outer:
                arc = self._arcs[number] if number >= 0 else self._arcs[~number][::-1]
                ring += arc[1:] if ring else arc
            yield from uncrossed(ring)


def uncrossed(ring: Ring) -> List[Ring]:
    """A ring as rings that do not cross the 180th meridian."""
    turns, shift = [ring[0]], 0.0
    for (before, _), (longitude, latitude) in zip(ring, ring[1:]):
        shift += 360.0 if longitude - before < -180.0 else -360.0 if longitude - before > 180.0 else 0.0
        turns.append((longitude + shift, latitude))
    if all(-180.0 <= longitude <= 180.0 for longitude, _ in turns):
        return [ring]
    moved = ([(longitude + turn, latitude) for longitude, latitude in turns] for turn in (-360.0, 0.0, 360.0))
    cut = (clipped(clipped(part, 180.0, 1.0), -180.0, -1.0) for part in moved)
    return [part for part in cut if len(part) > 2]


def clipped(ring: Ring, meridian: float, sign: float) -> Ring:
    """The part of a ring west (+1) or east (−1) of a meridian (Sutherland and Hodgman, Commun. ACM 17, 1974)."""
    kept: Ring = []
    for (x, y), (other_x, other_y) in zip([*ring[-1:], *ring[:-1]], ring):
        inside, enters = sign * x <= sign * meridian, sign * other_x <= sign * meridian
        if inside != enters:
            kept.append((meridian, y + (other_y - y) * (meridian - x) / (other_x - x)))
        if enters:
            kept.append((other_x, other_y))
    return kept


def area(ring: Sequence[Point]) -> float:
    """Area that a ring encloses, in square degrees."""
    pairs = zip(ring, [*ring[1:], ring[0]])
    return abs(math.fsum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairs)) / 2


def shapes(atlas: Path, codes: Path) -> Dict[str, Any]:
    """The content of world.json."""
    names = {row[2]: row[0] for row in json.loads(codes.read_text(encoding="utf-8"))}
    coarse, fine = Atlas(atlas / "countries-110m.json"), Atlas(atlas / "countries-50m.json")
    drawn: Dict[str, List[List[int]]] = {}
    for country in coarse.countries:
        code = names.get(country.get("id", ""), "")
        if code != _LEFT_OUT:
            rings = [[number for point in ring for number in placed(*point)] for ring in coarse.rings(country)]
            drawn.setdefault(code, []).extend(rings)
    dots = {}
    for country in fine.countries:
        code = names.get(country.get("id", ""), "")
        if code and code not in drawn and code != _LEFT_OUT:
            largest = max(fine.rings(country), key=area)
            dots[code] = placed(*(sum(values) / len(largest) for values in zip(*largest)))
    height = placed(0.0, _SOUTH)[1]
    return {"height": height, "countries": dict(sorted(drawn.items())), "dots": dict(sorted(dots.items()))}


def main(arguments: Sequence[str]) -> None:
    """Writes world.json."""
    made = shapes(Path(arguments[0]), Path(arguments[1]))
    TARGET.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
