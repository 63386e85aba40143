"""Where people of a network stand in a drawing: those who worked together near each other.

Forces decide, the same ones every time; then each gets a box of its own for sign and name, so
that no name lies over another and each can be touched.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kms.network import Network, Tie
from kms.thai.words import clusters

STEPS = 120
ROW = 52.0
GAP = 6.0
LETTER = 8.6
LEAST_WIDTH = 52.0
MOST_LETTERS = 16

Places = NDArray[np.float64]


@dataclass(frozen=True)
class Spot:
    """Where a sign stands (its middle) and what is written under it; ``width`` is the box's."""

    x: float
    y: float
    width: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """A drawing so wide and so high, with a spot for each member in their order."""

    width: float
    height: float
    spots: tuple[Spot, ...]


def draw(network: Network, width: float) -> Drawing:
    """The drawing of this width; kept, since the same network is asked for again and again."""
    labels = tuple(shortened(member.name) for member in network.members)
    return _drawn(labels, network.ties, width)


def shortened(name: str) -> str:
    """The name as it fits under a sign, cut between clusters."""
    parts = clusters(" ".join(name.split()))
    shown, letters = "", 0
    for part in parts:
        letters += _letters(part)
        if letters > MOST_LETTERS:
            return f"{shown.rstrip()}…"
        shown += part
    return shown


@lru_cache(maxsize=128)
def _drawn(labels: tuple[str, ...], ties: tuple[Tie, ...], width: float) -> Drawing:
    if not labels:
        return Drawing(width, 0, ())
    sizes = [max(LEAST_WIDTH, LETTER * _letters(label) + 2 * GAP) for label in labels]
    room = sum(size + GAP for size in sizes) * (ROW + GAP)
    height = max(2 * ROW, 1.25 * room / width)
    places = _settled(len(labels), ties) * (width, height)
    spots = _apart(places, sizes, width)
    boxes = (
        Spot(x, y, size, label) for (x, y), size, label in zip(spots, sizes, labels, strict=True)
    )
    return Drawing(width, max(y for _x, y in spots) + ROW, tuple(boxes))


def _letters(text: str) -> int:
    """How many letters stand beside each other: vowel signs and tone marks stand above or below."""
    return sum(unicodedata.category(char) != "Mn" for char in text)


def _settled(count: int, ties: Sequence[Tie]) -> Places:
    """Places in the unit square: ties pull, all push each other, from a ring to begin with."""
    angles = np.arange(count) * (2 * np.pi / count)
    places = 0.5 + 0.35 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    pull = np.zeros((count, count))
    for tie in ties:
        pull[tie.first, tie.second] = pull[tie.second, tie.first] = 1 + np.log(tie.notes)
    rest = 0.9 / np.sqrt(count)
    for step in range(STEPS):
        apart = places[:, None, :] - places[None, :, :]
        far = np.sqrt((apart**2).sum(axis=2)) + 1e-9
        force = rest**2 / far**2 - pull * far / rest
        np.fill_diagonal(force, 0)
        moved = (apart * (force / far)[:, :, None]).sum(axis=1) + 0.3 * (0.5 - places)
        length = np.sqrt((moved**2).sum(axis=1, keepdims=True)) + 1e-9
        most = 0.1 * (1 - step / STEPS)
        places = places + moved / length * np.minimum(length, most)
    least, most_ = places.min(axis=0), places.max(axis=0)
    spread: Places = (places - least) / np.maximum(most_ - least, 1e-9)
    return spread


def _apart(places: Places, sizes: Sequence[float], width: float) -> list[tuple[float, float]]:
    """Each box at the first free height from the top, where its forces want it across."""
    order = sorted(range(len(sizes)), key=lambda at: (places[at, 1], places[at, 0], at))
    rows: list[list[tuple[float, float]]] = []
    found: dict[int, tuple[float, float]] = {}
    for at in order:
        half = sizes[at] / 2
        wanted = min(max(float(places[at, 0]), half), width - half)
        row = min(int(max(0.0, float(places[at, 1]) - ROW / 2) / ROW), len(rows))
        x = None
        while x is None:
            while row >= len(rows):
                rows.append([])
            x = _free(rows[row], wanted, half, width)
            row += x is None
        rows[row].append((x - half - GAP / 2, x + half + GAP / 2))
        found[at] = (round(x, 1), round(ROW * row + ROW / 2 - GAP, 1))
    return [found[at] for at in range(len(sizes))]


def _free(
    taken: Sequence[tuple[float, float]], wanted: float, half: float, width: float
) -> float | None:
    """The middle nearest to the wanted one at which a box touches none that stand there."""
    reach = half + GAP / 2
    edges = [
        wanted,
        *(end + reach for _begin, end in taken),
        *(begin - reach for begin, _end in taken),
    ]
    fits = [
        x
        for x in edges
        if half <= x <= width - half
        and all(x + reach <= begin + 1e-6 or x - reach >= end - 1e-6 for begin, end in taken)
    ]
    return min(fits, key=lambda x: (abs(x - wanted), x), default=None)
