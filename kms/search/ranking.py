"""How well notes answer: BM25F by term, then neighbouring words among the best."""

import numpy as np
from numpy.typing import NDArray

from kms.search.arrays import Ids, Postings, Snapshot
from kms.search.asking import Asked
from kms.search.kept_text import Needle

# Tuned on the training questions only (see bench/relevance.py).
K1 = 1.2
B = 0.75
FIELD_WEIGHTS = {"title": 1.5, "body": 1.0, "about": 0.6}
PAIR_WEIGHT = 0.25
RERANKED = 50

Scores = NDArray[np.float32]


def score(snapshot: Snapshot, asked: Asked) -> Scores:
    """BM25F over title, body and names."""
    scores: Scores = np.zeros(snapshot.size, dtype=np.float32)
    for leaf in asked.leaves:
        postings = impacts(snapshot, leaf)
        scores[postings.ids] += postings.weights
    return scores


def impacts(snapshot: Snapshot, leaf: str) -> Postings:
    """What one term adds to the score of each note that has it."""
    return snapshot.kept(("impact", leaf), lambda: _impacts(snapshot, leaf))


def _impacts(snapshot: Snapshot, leaf: str) -> Postings:
    found: Scores = np.zeros(snapshot.size, dtype=np.float32)
    for field, weight in FIELD_WEIGHTS.items():
        postings = snapshot.postings(field, leaf)
        lengths, mean = snapshot.norm(field)
        norm = 1 - B + B * lengths[postings.ids] / mean
        found[postings.ids] += weight * postings.weights / norm
    ids = np.flatnonzero(found).astype(np.int32)
    frequency = found[ids]
    return Postings(ids, idf(snapshot, len(ids)) * frequency * (K1 + 1) / (frequency + K1))


def idf(snapshot: Snapshot, notes: int) -> np.float32:
    """Rarer terms tell more; never negative."""
    return np.float32(np.log(1 + (snapshot.size - notes + 0.5) / (notes + 0.5)))


def reranked(snapshot: Snapshot, asked: Asked, places: Ids, values: Scores) -> tuple[Ids, Scores]:
    """The best again by neighbouring words: in the text as they were typed, they tell more."""
    pairs = [
        (Needle(first + second), Needle(f"{first} {second}"), _pair_weight(snapshot, first, second))
        for first, second in asked.pairs
    ]
    if not pairs:
        return places, values
    best = min(RERANKED, len(places))
    added = values[:best].copy()
    for row in range(best):
        text = snapshot.text(int(places[row]))
        for together, apart, weight in pairs:
            if together.is_in(text) or apart.is_in(text):
                added[row] += weight
    order = np.lexsort((np.arange(best), -added))
    places[:best], values[:best] = places[:best][order], added[order]
    return places, values


def _pair_weight(snapshot: Snapshot, first: str, second: str) -> float:
    rarity = [idf(snapshot, len(impacts(snapshot, leaf).ids)) for leaf in (first, second)]
    return float(PAIR_WEIGHT * sum(rarity))
