"""How well notes answer: BM25F by term, then the words as they were typed among the best.

What counts how rare a word is are the notes that viewers of one kind may all see, and how long a
note is usually, the public ones: a score never tells of a hidden note.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kms.search.arrays import Ids, Mask, Postings, Snapshot
from kms.search.asking import Asked

# Tuned on the training questions only (see bench/relevance.py).
K1 = 1.2
B = 0.75
FIELD_WEIGHTS = {"title": 1.5, "body": 1.0, "about": 0.6}
# What two neighbouring terms add of their rarity where they stand as typed.
PAIR_WEIGHT = 0.25
# What a note adds of its score when the words name its whole title.
TITLE_BONUS = 0.1
SHORTEST_TITLE = 3
RERANKED = 50
# The rarest pairs of a long question, and the beginning of a long text, are enough.
MOST_PAIRS = 16
LONGEST_READ = 8_000
PUBLIC = ("public",)
EVERYONE_S = ("public", "members")

_BESIDE_TITLE = re.compile(rb"\([^)]*\)|[ .]")

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """Two neighbouring terms in the forms in which texts may have them, and what they add."""

    forms: tuple[bytes, ...]
    weight: float


def counted(snapshot: Snapshot, audiences: frozenset[str] | None) -> Mask:
    """Notes by which rarity is told: all for the system, else those shared with such viewers."""
    if audiences is None:
        return snapshot.live
    shared = tuple(name for name in EVERYONE_S if name in audiences)
    return snapshot.live & snapshot.mask("audience", shared)


def score(snapshot: Snapshot, asked: Asked, among: Mask) -> Scores:
    """BM25F over title, body and names; ``among`` are the notes of ``counted``."""
    scores: Scores = np.zeros(snapshot.size, dtype=np.float32)
    notes = int(among.sum())
    for leaf in asked.leaves:
        postings = saturated(snapshot, leaf)
        scores[postings.ids] += postings.weights * idf(notes, int(among[postings.ids].sum()))
    return scores


def saturated(snapshot: Snapshot, leaf: str) -> Postings:
    """How much each note is about a term, from 0 to K1 + 1, however rare the term is."""
    return snapshot.kept(("saturated", leaf), lambda: _saturated(snapshot, leaf))


def _saturated(snapshot: Snapshot, leaf: str) -> Postings:
    found: Scores = np.zeros(snapshot.size, dtype=np.float32)
    for field, weight in FIELD_WEIGHTS.items():
        postings = snapshot.postings(field, leaf)
        lengths, mean = snapshot.norm(field)
        norm = 1 - B + B * lengths[postings.ids] / mean
        found[postings.ids] += weight * postings.weights / norm
    ids = np.flatnonzero(found).astype(np.int32)
    frequency = found[ids]
    return Postings(ids, frequency * (K1 + 1) / (frequency + K1))


def idf(notes: int, having: int) -> np.float32:
    """Rarer terms tell more; never negative."""
    return np.float32(np.log(1 + (notes - having + 0.5) / (having + 0.5)))


def rarity(among: Mask, ids: Ids) -> float:
    """The same of any notes."""
    return float(idf(int(among.sum()), int(among[ids].sum())))


def reranked(
    snapshot: Snapshot, asked: Asked, among: Mask, places: Ids, values: Scores
) -> tuple[Ids, Scores]:
    """The best again: words that stand in the text as typed tell more, and so does a title."""
    pairs = _pairs(snapshot, asked, among)
    typed = "".join(leaf for word in asked.typed for leaf in word).encode("cp874", "replace")
    best = min(RERANKED, len(places))
    added = values[:best].copy()
    for row, place in enumerate(places[:best].tolist()):
        text = snapshot.text(place)[:LONGEST_READ]
        added[row] += sum(pair.weight for pair in pairs if any(form in text for form in pair.forms))
        if _names_title(typed, text):
            added[row] += TITLE_BONUS * values[row]
    order = np.lexsort((np.arange(best), -added))
    places[:best], values[:best] = places[:best][order], added[order]
    return places, values


def _names_title(typed: bytes, text: bytes) -> bool:
    title = _BESIDE_TITLE.sub(b"", text[1 : text.find(b"\n")])
    return len(title) >= SHORTEST_TITLE and title in typed


def _pairs(snapshot: Snapshot, asked: Asked, among: Mask) -> list[Pair]:
    """Neighbours in two words, and in questions also within one; the rarest first."""
    flat = [(leaf, number) for number, word in enumerate(asked.typed) for leaf in word]
    rare = {leaf: rarity(among, saturated(snapshot, leaf).ids) for leaf in asked.leaves}
    found: dict[tuple[str, str], Pair] = {}
    for (first, word), (second, other) in pairwise(flat):
        told = PAIR_WEIGHT * (rare.get(first, 0.0) + rare.get(second, 0.0))
        # Whoever has all words has what stands within each of them.
        if told and (asked.is_loose or word != other):
            between = ("", " ") if word != other else ("",)
            forms = (f"{first}{space}{second}".encode("cp874", "replace") for space in between)
            found[first, second] = Pair(tuple(forms), told)
    return sorted(found.values(), key=lambda pair: -pair.weight)[:MOST_PAIRS]
