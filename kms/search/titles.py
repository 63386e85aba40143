"""Titles and rare words as the index keeps them, for those who type: offered, and not mistaken.

Both belong to a segment, which never changes: gathered when first asked for, they stay with it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from kms.search import analysis, spelling
from kms.search.arrays import Mask, Segment, Snapshot
from kms.search.kept_text import decode_text
from kms.thai.words import is_cluster_boundary

# Longer pieces of a title are phrases, which nobody mistypes as a whole.
LONGEST_PIECE = 12
# So few notes with a word's beginning anywhere are looked at one by one.
FEW = 150
SHORTEST_RARE, LONGEST_RARE = 3, 5

_PIECE = re.compile(r"[^\s\d\"'“”‘’()\[\],.;:!?…/|–—-]{3,}")
_HAS_DIGIT = re.compile(r"\d")

Thing = TypeVar("Thing")


class _OfSegments(Generic[Thing]):
    """One thing made of each segment, kept as long as the segment is."""

    def __init__(self, make: Callable[[Segment], Thing]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[Segment, Thing] = WeakKeyDictionary()
        self._lock = Lock()

    def of(self, segment: Segment) -> Thing:
        with self._lock:
            found = self._made.get(segment)
            if found is None:
                found = self._made[segment] = self._make(segment)
            return found


class _Titles:
    """The folded titles of a segment in one string, a line each, the last note's first."""

    def __init__(self, segment: Segment) -> None:
        rows = (segment.text(place) for place in reversed(range(segment.size)))
        self.lines = "\n".join(["", *map(_title, rows), ""])
        self._size = segment.size
        self._ends = [end.start() for end in re.finditer("\n", self.lines)]

    def beginning(self, typed: str) -> Iterator[int]:
        """Places of the notes whose title begins so, the newest first."""
        at = self.lines.find(f"\n{typed}")
        while at >= 0:
            yield self._place(at + 1)
            at = self.lines.find(f"\n{typed}", at + 1)

    def inside(self, words: list[str]) -> Iterator[int]:
        """Places of the notes with each of these in the title, in any order, the newest first."""
        longest = max(words, key=len)
        at = self.lines.find(longest)
        while at >= 0:
            end = self.lines.find("\n", at)
            if _has_all(self.lines[self.lines.rfind("\n", 0, at) + 1 : end], words):
                yield self._place(at)
            at = self.lines.find(longest, end)

    def _place(self, at: int) -> int:
        return self._size - bisect_left(self._ends, at)

    def of(self, place: int) -> str:
        """The title of one note."""
        line = self._size - 1 - place
        return self.lines[self._ends[line] + 1 : self._ends[line + 1]]


@dataclass(frozen=True)
class _Looked:
    """Where in a segment to look; ``few`` are all places that may have the words, if so few."""

    base: int
    titles: _Titles
    few: list[int] | None

    def find(self, words: list[str], *, begins: bool) -> Iterator[int]:
        """Places in the segment, the newest first."""
        typed = " ".join(words)
        if self.few is None:
            return self.titles.beginning(typed) if begins else self.titles.inside(words)
        titled = ((place, self.titles.of(place)) for place in self.few)
        if begins:
            return (place for place, title in titled if title.startswith(typed))
        return (place for place, title in titled if _has_all(title, words))


def _title(kept: bytes) -> str:
    return decode_text(kept).partition("\n")[0]


def _has_all(line: str, words: list[str]) -> bool:
    return all(_begins_in(line, word) for word in words)


def _begins_in(line: str, word: str) -> bool:
    """Whether the line holds the word; its last cluster may be unfinished, its first may not."""
    at = line.find(word)
    while at >= 0 and not is_cluster_boundary(line, at):
        at = line.find(word, at + 1)
    return at >= 0


def _rare(segment: Segment) -> spelling.Words:
    """Words that no dictionary knows: names for the most part."""
    known = analysis.vocabulary().known
    terms = (term for term in segment.words() if not _HAS_DIGIT.search(term))
    pieces = _PIECE.findall(_titles.of(segment).lines)
    words = {*terms, *(piece for piece in pieces if len(piece) <= LONGEST_PIECE)}
    return spelling.Words(sorted(words - known))


_titles = _OfSegments(_Titles)
_rare_words = _OfSegments(_rare)


def find(snapshot: Snapshot, folded: str, within: Mask, most: int) -> list[tuple[int, bool]]:
    """Notes whose title has the words typed so far, and whether it begins with them.

    Those that begin so come first, then the newest. Gives places in the snapshot.
    """
    words = folded.split()
    if not words:
        return []
    looked = [_looked(base, segment, words) for base, segment in _newest_first(snapshot)]
    found: dict[int, bool] = {}
    for begins in (True, False):
        for one in looked:
            for place in one.find(words, begins=begins):
                if within[one.base + place]:
                    found.setdefault(one.base + place, begins)
                if len(found) >= most:
                    return list(found.items())
    return list(found.items())


def _looked(base: int, segment: Segment, words: list[str]) -> _Looked:
    beginnings = (word[:LONGEST_RARE] for word in words if len(word) >= SHORTEST_RARE)
    narrow = (segment.candidates(beginning) for beginning in beginnings)
    rarest = min(narrow, key=len, default=None)
    few = None if rarest is None or len(rarest) > FEW else rarest[::-1].tolist()
    return _Looked(base, _titles.of(segment), few)


def near(snapshot: Snapshot, folded: str) -> list[tuple[float, str]]:
    """Slips and word: near words of the notes that no dictionary knows."""
    found = {
        pair for _, one in _newest_first(snapshot) for pair in _rare_words.of(one).near(folded)
    }
    return sorted(found)


def _newest_first(snapshot: Snapshot) -> Iterator[tuple[int, Segment]]:
    bases: list[int] = snapshot._bases.tolist()
    yield from reversed(list(zip(bases, snapshot._segments, strict=False)))
