"""Which notes of a snapshot have what is asked."""

from collections.abc import Iterable
from functools import reduce

import numpy as np

from kms.search.arrays import Ids, Mask, Postings, Segment, Snapshot, common, united
from kms.search.asking import Ask, Word
from kms.search.entry import TEXT_FIELDS
from kms.search.kept_text import Needle

SHORTEST_EXPANDED = 2
# Up to so many notes every new word is looked for in all their texts, which misses nothing;
# of more notes only names and quoted words are, and dictionary words are found by their terms.
MOST_SCANNED = 5_000
# With more candidates than these it is quicker to look through the whole segment.
MOST_LOOKED_INTO = 500


def occurrences(snapshot: Snapshot, ask: Ask) -> Ids:
    """Notes, rising, in which one of the forms of what is asked occurs."""
    found = [common([_has(snapshot, word) for word in form]) for form in ask.forms]
    return found[0] if len(found) == 1 else united(snapshot.size, found)


def with_all(snapshot: Snapshot, asks: Iterable[Ask]) -> Mask:
    """Notes that have everything asked; at least one thing must be."""
    return reduce(np.logical_and, (as_mask(snapshot, occurrences(snapshot, ask)) for ask in asks))


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
    found = common([any_field(segment, leaf) for leaf in word.leaves])
    if len(word.leaves) > 1:
        if len(found) > MOST_LOOKED_INTO:
            return segment.scan(needle)
        texts = ((place, segment.text(place)) for place in found.tolist())
        found = np.array([place for place, text in texts if needle.is_in(text)], dtype=np.int32)
    if how == "term":
        return found
    wider = [any_field(segment, term) for term in segment.terms_with(word.text)]
    return united(segment.size, [found, *wider])


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
