"""The outlines of the provinces as SVG paths, from the TopoJSON file in ``static/map``.

The file is Natural Earth's 10m admin-1 outlines, simplified (public domain). Its ids TH-xx end
in the DOPA code; its names are not used, for some are wrong.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "static" / "map" / "thailand-provinces.topo.json"
WIDTH = 300
# Thailand's middle latitude: a degree east is this much shorter than a degree north.
_NARROWING = cos(radians(13.5))

Point = tuple[float, float]


@dataclass(frozen=True)
class Outlines:
    """Size of the drawing and one SVG path for each two-digit province code."""

    width: int
    height: int
    paths: dict[str, str]

    @property
    def box(self) -> str:
        """The ``viewBox`` to draw them in."""
        return f"0 0 {self.width} {self.height}"


@cache
def outlines() -> Outlines:
    """Every province, drawn once per process."""
    topology = json.loads(SOURCE.read_text(encoding="utf-8"))
    arcs = _arcs(topology)
    west, east, south, north = _bounds(arcs)
    scale = WIDTH / ((east - west) * _NARROWING)

    def placed(point: Point) -> tuple[int, int]:
        across = round((point[0] - west) * _NARROWING * scale)
        return across, round((north - point[1]) * scale)

    paths: dict[str, str] = {}
    for code, shape in _shapes(topology):
        rings = (map(placed, _ring(ring, arcs)) for ring in _rings(shape))
        paths[code] = paths.get(code, "") + "".join(_path(ring) for ring in rings)
    return Outlines(WIDTH, round((north - south) * scale), dict(sorted(paths.items())))


@cache
def middles() -> dict[str, Point]:
    """Province code → longitude and latitude of the middle of its area."""
    topology = json.loads(SOURCE.read_text(encoding="utf-8"))
    arcs = _arcs(topology)
    return {
        code: _middle([list(_ring(ring, arcs)) for ring in _rings(shape)])
        for code, shape in _shapes(topology)
    }


@cache
def neighbours() -> dict[str, frozenset[str]]:
    """Province code → the provinces that share a border with it, by the arcs they share."""
    topology = json.loads(SOURCE.read_text(encoding="utf-8"))
    beside: dict[int, set[str]] = {}
    for code, shape in _shapes(topology):
        for ring in _rings(shape):
            for number in ring:
                beside.setdefault(max(number, ~number), set()).add(code)
    found: dict[str, frozenset[str]] = {code: frozenset() for code, _ in _shapes(topology)}
    for both in beside.values():
        for code in both:
            found[code] |= both - {code}
    return found


def _shapes(topology: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each province's two-digit code with its shape."""
    for layer in topology["objects"].values():
        for shape in layer["geometries"]:
            yield shape["properties"]["iso_3166_2"].removeprefix("TH-"), shape


def _middle(rings: list[list[Point]]) -> Point:
    """The centroid of the rings together: islands count by their area, holes against it."""
    area = across = up = 0.0
    for ring in rings:
        for (x, y), (next_x, next_y) in pairwise(ring):
            twice = x * next_y - next_x * y
            area += twice
            across += (x + next_x) * twice
            up += (y + next_y) * twice
    return across / (3 * area), up / (3 * area)


def _arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """Each arc as longitudes and latitudes; in the file every point is a step from the last."""
    (wide, high), (left, low) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc: list[Point] = []
        for dx, dy in steps:
            x, y = x + dx, y + dy
            arc.append((x * wide + left, y * high + low))
        arcs.append(arc)
    return arcs


def _bounds(arcs: list[list[Point]]) -> tuple[float, float, float, float]:
    across = [point[0] for arc in arcs for point in arc]
    up = [point[1] for arc in arcs for point in arc]
    return min(across), max(across), min(up), max(up)


def _rings(shape: dict[str, Any]) -> Iterator[list[int]]:
    polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
    for polygon in polygons:
        yield from polygon


def _ring(numbers: list[int], arcs: list[list[Point]]) -> Iterator[Point]:
    """The points of a ring; a negative number is that arc backwards (~n)."""
    for number in numbers:
        yield from arcs[number] if number >= 0 else reversed(arcs[~number])


def _path(points: Iterable[tuple[int, int]]) -> str:
    """A closed path of relative steps, without the steps too small to see."""
    drawn: list[tuple[int, int]] = []
    for point in points:
        if not drawn or point != drawn[-1]:
            drawn.append(point)
    if len(drawn) < 4:
        return ""
    steps = (f"{x - a} {y - b}" for (a, b), (x, y) in pairwise(drawn))
    # A minus sign parts two numbers as well as a space does.
    return f"M{drawn[0][0]} {drawn[0][1]}l{' '.join(steps)}z".replace(" -", "-")
