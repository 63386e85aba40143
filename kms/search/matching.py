"""Which notes of a snapshot have what is asked."""

import re
from collections.abc import Iterable
from functools import reduce
from itertools import islice, pairwise

import numpy as np

from kms.search.arrays import Ids, Mask, Postings, Segment, Snapshot, common, united
from kms.search.asking import Ask, Word
from kms.search.entry import TEXT_FIELDS, WORD_FIELDS

# A single letter is a word by itself or nothing: it is inside almost every text.
SHORTEST_INSIDE = 2
# With more notes to look into it is quicker to ask for some longer words first.
MOST_UNSURE = 200
MOST_LONGER = 8

_MAY_HAVE_GAPS = re.compile(r"\d+|[ก-ฮ]{2,8}")


def occurrences(snapshot: Snapshot, ask: Ask) -> Ids:
    """Notes, rising, in which one of the forms of what is asked occurs."""
    found = [common([_has(snapshot, word) for word in form]) for form in ask.forms]
    return found[0] if len(found) == 1 else united(snapshot.size, found)


def wanted_of(snapshot: Snapshot, ask: Ask, within: Mask) -> Ids:
    """Notes, rising, that have what is asked; the name it is a part of first, when ``within``."""
    if ask.together:
        named = _has(snapshot, ask.together)
        if within[named].any():
            return named
    return occurrences(snapshot, ask)


def with_all(snapshot: Snapshot, asks: Iterable[Ask]) -> Mask:
    """Notes that have everything asked; at least one thing must be."""
    return reduce(np.logical_and, (as_mask(snapshot, occurrences(snapshot, ask)) for ask in asks))


def _has(snapshot: Snapshot, word: Word) -> Ids:
    how = word.how
    if len(word.text) < SHORTEST_INSIDE or (how == "word" and word.text.isascii()):
        how = "term"
    find = {"text": _literally, "word": _as_word, "term": _by_itself}[how]
    return snapshot.joined((how, word.text), lambda one: ids_alone(find(one, word))).ids


def _by_itself(segment: Segment, word: Word) -> Ids:
    lists = [any_field(segment, leaf) for leaf in word.leaves]
    return lists[0] if len(lists) == 1 else common([_literally(segment, word), *lists])


def _as_word(segment: Segment, word: Word) -> Ids:
    """Anywhere in a text; an abbreviation and a number also as others write them."""
    lists = [any_field(segment, leaf) for leaf in word.leaves if len(word.leaves) == 1]
    return united(segment.size, [_literally(segment, word), *lists])


def _literally(segment: Segment, word: Word) -> Ids:
    """Known of what the notes were cut into, and looked for in the few other texts."""
    candidates = segment.candidates(word.text)
    known = common([candidates, _with_word(segment, word.text)])
    if len(candidates) > len(known) + MOST_UNSURE:
        longer = [
            _with_word(segment, other)
            for other in islice(segment.terms_with(word.text), MOST_LONGER)
        ]
        known = common([candidates, united(segment.size, [known, *longer])])
    known = np.setdiff1d(known, _with_gaps(segment, word.text), assume_unique=True)
    unsure = np.setdiff1d(candidates, known, assume_unique=True)
    return united(segment.size, [known, segment.holding(word.text, unsure)])


def _with_gaps(segment: Segment, text: str) -> Ids:
    """Notes whose terms may have lost what stood within: พร of พ.ร. and 1000 of 1,000."""
    if not _MAY_HAVE_GAPS.fullmatch(text):
        return np.empty(0, dtype=np.int32)
    mark = "," if text.isdecimal() else "."
    gaps = {first + mark + second for first, second in pairwise(text)}
    return united(segment.size, [segment.candidates(gap) for gap in gaps])


def _with_word(segment: Segment, word: str) -> Ids:
    lists = [segment.postings(field, word).ids for field in WORD_FIELDS]
    return united(segment.size, lists)


def any_field(segment: Segment | Snapshot, term: str) -> Ids:
    """Notes that have the term in any text field."""
    lists = [segment.postings(field, term).ids for field in TEXT_FIELDS]
    return united(segment.size, lists)


def ids_alone(ids: Ids) -> Postings:
    """Notes without weights, to be kept."""
    return Postings(ids, np.empty(0, dtype=np.float32))


def as_mask(snapshot: Snapshot, ids: Ids) -> Mask:
    """The same notes as a mask."""
    found: Mask = np.zeros(snapshot.size, dtype=np.bool_)
    found[ids] = True
    return found
