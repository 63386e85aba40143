"""Finding in one snapshot: which notes have the words, how well, and what narrows them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from kms.search import meant, ranking
from kms.search.arrays import Ids, Mask, Snapshot, Values
from kms.search.asking import Asked, understand
from kms.search.matching import as_mask, occurrences, wanted_of
from kms.search.query import Query
from kms.search.ranking import WEIGHTS, Scores, Weights

# Of a question a note needs to have words that tell such a part of what all of them tell.
ENOUGH = 0.2

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
    snapshot: Snapshot,
    query: Query,
    asked: Asked,
    audiences: frozenset[str] | None,
    weights: Weights = WEIGHTS,
) -> Answer:
    """What this query finds for members of these audiences; None sees everything."""
    allowed = _allowed(snapshot, asked, audiences)
    narrowed = {name: _narrowed(snapshot, query, name) for name in DIMENSIONS}
    within = _all([allowed, *narrowed.values()])
    among = ranking.counted(snapshot, audiences)
    rare = ranking.rarities(snapshot, asked, among, weights)
    scores = ranking.score(snapshot, asked, rare, weights)
    matched, loosened = _matched(snapshot, asked, within, among, scores)
    said = None
    if matched is not None:
        is_found = not loosened and bool((within & matched).any())
        said = meant.corrected(snapshot, query.words, within, is_found=is_found)
        within = within & matched
    is_by_words = query.sort == "relevance" and bool(asked.wanted)
    order, values = _ordered(snapshot, query, is_by_words, within, scores)
    if is_by_words:
        needed = query.offset + query.limit
        order, values = ranking.reranked(
            snapshot, asked, rare, order, values, needed=needed, weights=weights
        )
    return Answer(
        total=len(order),
        places=tuple(map(int, order[query.offset : query.offset + query.limit])),
        scores=tuple(map(float, values[query.offset : query.offset + query.limit])),
        counts=_counts(snapshot, narrowed, _all([allowed, matched])),
        loosened=loosened,
        did_you_mean=said,
    )


def count(snapshot: Snapshot, query: Query, audiences: frozenset[str] | None) -> int:
    """Notes with all words and every filter of the query, for members of these audiences."""
    return int(_exactly(snapshot, query, understand(query.words), audiences).sum())


def numbers(snapshot: Snapshot, query: Query, audiences: frozenset[str] | None) -> frozenset[int]:
    """The numbers of the same notes; of a question those that have enough of its words."""
    asked = understand(query.words)
    if asked.is_loose:
        whole = replace(query, sort="newest", offset=0, limit=snapshot.size)
        places = answer(snapshot, whole, asked, audiences).places
        return frozenset(snapshot.number[list(places)].tolist())
    return frozenset(snapshot.number[_exactly(snapshot, query, asked, audiences)].tolist())


def _exactly(
    snapshot: Snapshot, query: Query, asked: Asked, audiences: frozenset[str] | None
) -> Mask:
    narrowed = (_narrowed(snapshot, query, name) for name in DIMENSIONS)
    within = _all([_allowed(snapshot, asked, audiences), *narrowed])
    words = (as_mask(snapshot, wanted_of(snapshot, ask, within)) for ask in asked.wanted)
    return _all([within, *words])


def _allowed(snapshot: Snapshot, asked: Asked, audiences: frozenset[str] | None) -> Mask:
    allowed = snapshot.live
    if audiences is not None:
        allowed = allowed & snapshot.mask("audience", tuple(sorted(audiences)))
    for ask in asked.refused:
        allowed = allowed & ~as_mask(snapshot, occurrences(snapshot, ask))
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
    snapshot: Snapshot, asked: Asked, within: Mask, among: Mask, scores: Scores
) -> tuple[Mask | None, bool]:
    """Notes with all words; of a question with enough; notes with any when there are none.

    Quoted texts are never let go. The second value tells that no note has all words.
    """
    if not asked.wanted:
        return None, False
    lists = [wanted_of(snapshot, ask, within) for ask in asked.wanted]
    masks = [as_mask(snapshot, ids) for ids in lists]
    exact = [mask for mask, ask in zip(masks, asked.wanted, strict=True) if ask.is_quoted]
    sure = _all([within, *exact])
    every = _all(masks)
    has_all = bool((every & sure).any())
    if has_all and not asked.is_loose:
        return every, False
    told = np.zeros(snapshot.size, dtype=np.float32)
    # What occurs nowhere cannot be missed in a note.
    rarities = [ranking.rarity(among, ids) if among[ids].any() else 0.0 for ids in lists]
    for ids, rare in zip(lists, rarities, strict=True):
        told[ids] += rare
    least = ENOUGH * sum(rarities) if asked.is_loose else 0.0
    some: Mask = _all([told > 0, told >= least, *exact])
    if not (some & within).any():
        # Of a few words a broken one would bring every note that has one of its pieces.
        some = _all([scores > 0 if asked.is_loose else told > 0, *exact])
    return some, not has_all and bool((some & within).any())


def _ordered(
    snapshot: Snapshot, query: Query, is_by_words: bool, within: Mask, scores: Scores
) -> tuple[Ids, Scores]:
    places = np.flatnonzero(within).astype(np.int32)
    values = scores[places]
    newest = -snapshot.number[places]
    day = snapshot.from_day[places]
    if query.sort == "oldest":
        # Undated notes come last in both directions.
        keys = (-newest, np.where(day == 0, np.iinfo(np.int64).max, day))
    elif is_by_words:
        keys = (newest, -values)
    else:
        keys = (newest, -day)
    order = np.lexsort(keys)
    return places[order], values[order]


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
