"""Which notes of a snapshot have what is asked."""

from collections.abc import Iterable
from functools import reduce

import numpy as np

from kms.search.arrays import Ids, Mask, Postings, Segment, Snapshot, common, united
from kms.search.asking import Ask, Word
from kms.search.entry import TEXT_FIELDS

# A single letter is a word by itself or nothing: it is inside almost every text.
SHORTEST_INSIDE = 2


def occurrences(snapshot: Snapshot, ask: Ask) -> Ids:
    """Notes, rising, in which one of the forms of what is asked occurs."""
    found = [common([_has(snapshot, word) for word in form]) for form in ask.forms]
    return found[0] if len(found) == 1 else united(snapshot.size, found)


def with_all(snapshot: Snapshot, asks: Iterable[Ask]) -> Mask:
    """Notes that have everything asked; at least one thing must be."""
    return reduce(np.logical_and, (as_mask(snapshot, occurrences(snapshot, ask)) for ask in asks))


def _has(snapshot: Snapshot, word: Word) -> Ids:
    is_alone = word.how == "term" or (
        word.how == "word" and (word.text.isascii() or len(word.text) < SHORTEST_INSIDE)
    )
    key = ("term" if is_alone else "inside", word.text)
    return snapshot.joined(key, lambda one: _as_postings(_find(one, word, is_alone))).ids


def _find(segment: Segment, word: Word, is_alone: bool) -> Ids:
    """As a word by itself when it must be ``is_alone``, or anywhere in a text."""
    lists = [any_field(segment, leaf) for leaf in word.leaves] if is_alone else []
    if len(lists) == 1:
        return lists[0]
    is_term = word.leaves == (word.text,)
    known = (any_field if is_term else _as_compound)(segment, word.text)
    return common([segment.having(word.text, known), *lists])


def _as_compound(segment: Segment, word: str) -> Ids:
    return segment.postings("compound", word).ids


def any_field(segment: Segment | Snapshot, term: str) -> Ids:
    """Notes that have the term in any text field."""

    def together() -> Postings:
        lists = [segment.postings(field, term).ids for field in TEXT_FIELDS]
        return _as_postings(united(segment.size, lists))

    return segment.kept(("any", term), together).ids


def _as_postings(ids: Ids) -> Postings:
    return Postings(ids, np.empty(0, dtype=np.float32))


def as_mask(snapshot: Snapshot, ids: Ids) -> Mask:
    """The same notes as a mask."""
    found: Mask = np.zeros(snapshot.size, dtype=np.bool_)
    found[ids] = True
    return found
