"""Finding in one snapshot: which notes have the words, how well, and what narrows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from kms.search import meant, ranking
from kms.search.arrays import Ids, Mask, Snapshot, Values
from kms.search.asking import Asked, understand
from kms.search.matching import as_mask, occurrences, wanted_of
from kms.search.query import Query
from kms.search.ranking import Scores

# More words than these are a question: a note needs to have but a part of them.
MOST_STRICT = 4
MOST_OF = 0.25

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
    snapshot: Snapshot, query: Query, asked: Asked, audiences: frozenset[str] | None
) -> Answer:
    """What this query finds for members of these audiences; None sees everything."""
    allowed = _allowed(snapshot, asked, audiences)
    narrowed = {name: _narrowed(snapshot, query, name) for name in DIMENSIONS}
    within = _all([allowed, *narrowed.values()])
    scores = ranking.score(snapshot, asked)
    matched, loosened = _matched(snapshot, asked, within, scores)
    said = None
    if matched is not None:
        is_found = not loosened and bool((within & matched).any())
        said = meant.corrected(snapshot, query.words, within, is_found=is_found)
        within = within & matched
    order, values = _ordered(snapshot, query, asked, within, scores)
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
    asked = understand(query.words)
    narrowed = (_narrowed(snapshot, query, name) for name in DIMENSIONS)
    within = _all([_allowed(snapshot, asked, audiences), *narrowed])
    words = (as_mask(snapshot, wanted_of(snapshot, ask, within)) for ask in asked.wanted)
    return int(_all([within, *words]).sum())


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
    snapshot: Snapshot, asked: Asked, within: Mask, scores: Scores
) -> tuple[Mask | None, bool]:
    """Notes with all words, of a long question most; notes with any when there are none.

    The second value tells that no note has all words.
    """
    if not asked.wanted:
        return None, False
    lists = [as_mask(snapshot, wanted_of(snapshot, ask, within)) for ask in asked.wanted]
    every = _all(lists)
    has_all = bool((every & within).any())
    if len(lists) > MOST_STRICT:
        most: Mask = np.sum(lists, axis=0) >= MOST_OF * len(lists)
        if (most & within).any():
            return most, not has_all
    if has_all:
        return every, False
    some: Mask = reduce(np.logical_or, lists)
    if len(lists) > MOST_STRICT:
        # Of a few words a broken one would bring every note that has one of its pieces.
        some = some | (scores > 0)
    return some, bool((some & within).any())


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
        places, values = ranking.reranked(snapshot, asked, places, values)
    return places, values


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
