"""Notes like a note: those that share the words that tell most about it, its themes, its places."""

import re

import numpy as np

from kms.permissions import SYSTEM, Viewer
from kms.search import analysis, ranking
from kms.search.arrays import Mask, Snapshot
from kms.search.folding import fold
from kms.search.kept_text import decode_text

MOST = 10
# The opening tells what a note is about; the rest of a long one would only cost time.
LONGEST_TEXT = 3_000
# So many terms are weighed by how rare they are, and of those so many are compared by.
MOST_WEIGHED = 24
MOST_COMPARED = 10
TITLE_WEIGHT = 3
# What each shared theme and place adds, those around them too, in parts of the best by words.
SHARED = {"theme": 0.08, "place": 0.05}
# Less than this part of what the note itself would score is not alike.
LEAST_ALIKE = 0.12

_TELLING = re.compile(r"[^\W\d_]{3,}|[ก-\u0e4e]{3,}")


def similar(snapshot: Snapshot, number: int, *, seen_by: Viewer) -> list[int]:
    """Numbers of the notes most alike, by the index alone; more than are shown, never itself."""
    found = np.flatnonzero(snapshot.live & (snapshot.number == number))
    if not len(found):
        return []
    place = int(found[0])
    audiences = None if seen_by == SYSTEM else seen_by.audiences
    within = snapshot.live.copy()
    if audiences is not None:
        within &= snapshot.mask("audience", tuple(sorted(audiences)))
    within[place] = False
    scores = _scores(snapshot, place, ranking.counted(snapshot, audiences))
    least = LEAST_ALIKE * float(scores[place])
    alike = np.flatnonzero(within & (scores > least))
    order = np.lexsort((-snapshot.number[alike], -scores[alike]))
    return [int(snapshot.number[at]) for at in alike[order[:MOST]]]


def _scores(snapshot: Snapshot, place: int, among: Mask) -> ranking.Scores:
    scores: ranking.Scores = np.zeros(snapshot.size, dtype=np.float32)
    for term, weight, rare in _telling(snapshot, place, among):
        postings = ranking.saturated(snapshot, term)
        scores[postings.ids] += np.float32(weight * rare) * postings.weights
    best = float(scores[place])
    for field, boost in SHARED.items():
        values = snapshot.values(field)
        for which in values.which[values.ids == place].tolist():
            shared = snapshot.postings(field, values.terms[which]).ids
            scores[shared] += np.float32(boost * best)
    return scores


def _telling(snapshot: Snapshot, place: int, among: Mask) -> list[tuple[str, float, float]]:
    """The note's terms that say most, each with its weight and its rarity: often here, in few
    other notes."""
    title = decode_text(snapshot.text(place)).partition("\n")[0]
    # Without the names of its places and people: those are shared by other means.
    text = decode_text(snapshot.shown(place)).split("\n", 2)[2][:LONGEST_TEXT]
    counts = analysis.terms(analysis.words(fold(text)))
    for term, times in analysis.terms(analysis.words(title)).items():
        counts[term] += TITLE_WEIGHT * times
    frequent = [
        (term, float(np.log1p(times)))
        for term, times in counts.most_common()
        if _TELLING.fullmatch(term) and not analysis.is_stop_word(term)
    ]
    weighed = []
    for term, weight in frequent[:MOST_WEIGHED]:
        ids = ranking.saturated(snapshot, term).ids
        if among[ids].sum() > 1:
            rare = ranking.rarity(among, ids)
            weighed.append((term, weight * rare, rare))
    return sorted(weighed, key=lambda pair: -pair[1])[:MOST_COMPARED]
