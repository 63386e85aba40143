"""Finding in one snapshot: which notes have the words, how well, and what narrows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from kms.search import spelling
from kms.search.arrays import Ids, Mask, Needle, Postings, Segment, Snapshot, Values, common, united
from kms.search.asking import Ask, Asked, Word, understand
from kms.search.entry import TEXT_FIELDS
from kms.search.folding import fold
from kms.search.query import Query

# Tuned on the training questions only (see bench/relevance.py).
K1 = 1.2
B = 0.75
FIELD_WEIGHTS = {"title": 1.5, "body": 1.0, "about": 0.6}
PAIR_WEIGHT = 0.25
RERANKED = 50
SHORTEST_EXPANDED = 2
# More words than these are a question: a note needs to have but a part of them.
MOST_STRICT = 4
MOST_OF = 0.25
# Up to so many notes every new word is looked for in all their texts, which misses nothing;
# of more notes only names and quoted words are, and dictionary words are found by their terms.
MOST_SCANNED = 5_000
# With more candidates than these it is quicker to look through the whole segment.
MOST_LOOKED_INTO = 500
MOST_CORRECTED = 12
# How much of a slip a word makes up for by being common.
COMMON = 0.05

# A name of the query, the field that holds it.
DIMENSIONS = ("places", "themes", "kinds", "roles", "people", "organisations", "tags", "days")
_FIELDS = {
    "places": "place",
    "themes": "theme",
    "kinds": "kind",
    "roles": "role",
    "people": "person",
    "organisations": "organisation",
    "tags": "tag",
}

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """Places of the notes found, best first from ``offset`` on, with counts of facet values."""

    total: int
    places: tuple[int, ...]
    scores: tuple[float, ...]
    counts: dict[str, dict[str, int]]
    loosened: bool
    did_you_mean: str | None = None


def answer(
    snapshot: Snapshot, query: Query, asked: Asked, audiences: frozenset[str] | None
) -> Answer:
    """What this query finds for members of these audiences; None sees everything."""
    allowed = _allowed(snapshot, asked, audiences)
    narrowed = {name: _narrowed(snapshot, query, name) for name in DIMENSIONS}
    within = _all([allowed, *narrowed.values()])
    scores = score(snapshot, asked)
    matched, loosened = _matched(snapshot, asked, within, scores)
    meant = None
    if matched is not None:
        if loosened or not (within & matched).any():
            meant = corrected(snapshot, query.words, within)
        within = within & matched
    order, values = _ordered(snapshot, query, asked, within, scores)
    return Answer(
        total=len(order),
        places=tuple(map(int, order[query.offset : query.offset + query.limit])),
        scores=tuple(map(float, values[query.offset : query.offset + query.limit])),
        counts=_counts(snapshot, narrowed, _all([allowed, matched])),
        loosened=loosened,
        did_you_mean=meant,
    )


def _allowed(snapshot: Snapshot, asked: Asked, audiences: frozenset[str] | None) -> Mask:
    allowed = snapshot.live
    if audiences is not None:
        allowed = allowed & snapshot.mask("audience", tuple(sorted(audiences)))
    for ask in asked.refused:
        allowed = allowed & ~_mask(snapshot, occurrences(snapshot, ask))
    return allowed


def _narrowed(snapshot: Snapshot, query: Query, name: str) -> Mask | None:
    if name == "days":
        return _days(snapshot, query)
    values = tuple(map(str, getattr(query, name)))
    return snapshot.mask(_FIELDS[name], values) if values else None


def _days(snapshot: Snapshot, query: Query) -> Mask | None:
    if query.from_day is None and query.to_day is None:
        return None
    kept: Mask = snapshot.from_day > 0
    if query.from_day:
        kept = kept & (snapshot.to_day >= query.from_day.toordinal())
    if query.to_day:
        kept = kept & (snapshot.from_day <= query.to_day.toordinal())
    return kept


def _all(masks: Iterable[Mask | None]) -> Mask:
    return reduce(np.logical_and, [mask for mask in masks if mask is not None])


def _matched(
    snapshot: Snapshot, asked: Asked, within: Mask, scores: Scores
) -> tuple[Mask | None, bool]:
    """Notes with all words, of a long question most; notes with any when there are none.

    The second value tells that no note has all words.
    """
    if not asked.wanted:
        return None, False
    lists = [_mask(snapshot, occurrences(snapshot, ask)) for ask in asked.wanted]
    every = _all(lists)
    has_all = bool((every & within).any())
    if len(lists) > MOST_STRICT:
        most: Mask = np.sum(lists, axis=0) >= MOST_OF * len(lists)
        if (most & within).any():
            return most, not has_all
    if has_all:
        return every, False
    some: Mask = (scores > 0) | reduce(np.logical_or, lists)
    return some, bool((some & within).any())


# --- which notes have the words ------------------------------------------------------------------


def occurrences(snapshot: Snapshot, ask: Ask) -> Ids:
    """Notes, rising, in which one of the forms of what is asked occurs."""
    found = [common([_has(snapshot, word) for word in form]) for form in ask.forms]
    return found[0] if len(found) == 1 else united(snapshot.size, found)


def _has(snapshot: Snapshot, word: Word) -> Ids:
    how = word.how
    if how == "word" and (word.text.isascii() or len(word.text) < SHORTEST_EXPANDED):
        how = "term"
    elif how == "word" and snapshot.size <= MOST_SCANNED:
        how = "text"
    return snapshot.joined(
        (how, word.text), lambda segment: _as_postings(_find(segment, word, how))
    ).ids


def _find(segment: Segment, word: Word, how: str) -> Ids:
    """By looking through the texts (``text``), or by terms: as a whole word, or inside others."""
    needle = Needle(word.text)
    if how == "text":
        return segment.scan(needle)
    found = common([_any_field(segment, leaf) for leaf in word.leaves])
    if len(word.leaves) > 1:
        if len(found) > MOST_LOOKED_INTO:
            return segment.scan(needle)
        texts = ((place, segment.text(place)) for place in found.tolist())
        found = np.array([place for place, text in texts if needle.is_in(text)], dtype=np.int32)
    if how == "term":
        return found
    wider = [_any_field(segment, term) for term in segment.terms_with(word.text)]
    return united(segment.size, [found, *wider])


def _any_field(segment: Segment | Snapshot, term: str) -> Ids:
    def together() -> Postings:
        lists = [segment.postings(field, term).ids for field in TEXT_FIELDS]
        return _as_postings(united(segment.size, lists))

    return segment.kept(("any", term), together).ids


def _as_postings(ids: Ids) -> Postings:
    return Postings(ids, np.empty(0, dtype=np.float32))


def _mask(snapshot: Snapshot, ids: Ids) -> Mask:
    found: Mask = np.zeros(snapshot.size, dtype=np.bool_)
    found[ids] = True
    return found


# --- how well ------------------------------------------------------------------------------------


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


def _ordered(
    snapshot: Snapshot, query: Query, asked: Asked, within: Mask, scores: Scores
) -> tuple[Ids, Scores]:
    places = np.flatnonzero(within).astype(np.int32)
    values = scores[places]
    newest = -snapshot.number[places]
    day = snapshot.from_day[places]
    if query.sort == "oldest":
        # Undated notes come last in both directions.
        keys = (-newest, np.where(day == 0, np.iinfo(np.int64).max, day))
    elif query.sort == "newest" or not asked.wanted:
        keys = (newest, -day)
    else:
        keys = (newest, -values)
    order = np.lexsort(keys)
    places, values = places[order], values[order]
    if query.sort == "relevance" and asked.wanted:
        places, values = _reranked(snapshot, asked, places, values)
    return places, values


def _reranked(snapshot: Snapshot, asked: Asked, places: Ids, values: Scores) -> tuple[Ids, Scores]:
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
    rarity = [idf(snapshot, len(_any_field(snapshot, leaf))) for leaf in (first, second)]
    return float(PAIR_WEIGHT * sum(rarity))


# --- what narrows further ------------------------------------------------------------------------


def _counts(
    snapshot: Snapshot, narrowed: dict[str, Mask | None], base: Mask
) -> dict[str, dict[str, int]]:
    """Notes for each value of each dimension, as if that dimension were not narrowed."""
    found = {}
    for dimension, field in (
        ("kinds", "kind"),
        ("places", "place"),
        ("themes", "theme"),
        ("roles", "role"),
        ("organisations", "organisation"),
        ("days", "year"),
    ):
        others = [mask for name, mask in narrowed.items() if name != dimension]
        found[field] = _count(snapshot.values(field), _all([base, *others]))
    return found


def _count(values: Values, within: Mask) -> dict[str, int]:
    counts = np.bincount(values.which[within[values.ids]], minlength=len(values.terms))
    present = np.flatnonzero(counts)
    return {values.terms[which]: int(counts[which]) for which in present}


# --- when nothing is found -----------------------------------------------------------------------


def corrected(snapshot: Snapshot, typed: str, within: Mask) -> str | None:
    """What was probably meant: near words that occur in these notes, and all of them in one.

    None when there is no such thing.
    """
    words = typed.split()
    if '"' in typed or len(words) > MOST_CORRECTED:
        return None
    meant = [_meant(snapshot, word, within) for word in words]
    said = " ".join(word or old for word, old in zip(meant, words, strict=True))
    return said if any(meant) and _notes_with(snapshot, said, within) else None


def _meant(snapshot: Snapshot, typed: str, within: Mask) -> str | None:
    """None when the word is well as it is, or nothing near it occurs."""
    if typed.startswith("-") or _notes_with(snapshot, typed, within):
        return None
    turned = spelling.other_layout(typed)
    if _notes_with(snapshot, turned, within):
        return turned
    whole = _nearest(snapshot, fold(typed), within)
    if whole:
        return whole
    mended = fold(typed)
    for ask in understand(typed).wanted:
        text = ask.forms[0][0].text
        if not _notes_with(snapshot, text, within):
            mended = mended.replace(text, _nearest(snapshot, text, within) or text)
    return mended if mended != fold(typed) else None


def _nearest(snapshot: Snapshot, word: str, within: Mask) -> str | None:
    near = spelling.near(word)
    counted = [(_notes_with(snapshot, other, within), other) for other in near]
    # ``near`` is in order of distance: a much more common word may still be the likelier one.
    ranked = [
        (spelling.distance(word, other) - COMMON * np.log1p(notes), other)
        for notes, other in counted
        if notes
    ]
    return min(ranked)[1] if ranked else None


def _notes_with(snapshot: Snapshot, typed: str, within: Mask) -> int:
    asked = understand(typed)
    if not asked.wanted:
        return 0
    return int(
        _all([within, *(_mask(snapshot, occurrences(snapshot, a)) for a in asked.wanted)]).sum()
    )
