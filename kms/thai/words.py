"""Thai text for machines: one folded form, character clusters, words, leaves of compounds."""

import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from threading import Lock

import nlpo3
from pythainlp.corpus import thai_words

from kms.thai.folding import MARKS, fold, fold_with_offsets

__all__ = [
    "Cutter",
    "clusters",
    "configure",
    "cut",
    "fold",
    "fold_with_offsets",
    "is_cluster_boundary",
    "leaves",
    "shorten",
]

LEADING_VOWELS = "เแโใไ"
SHORTEST_LEAF = 3
SHORTEST_OWN_LEAF = 5
LONGEST_COMPOUND = 80
LONGEST_RUN = 400
# Runs that come again and again are cut once: so many of at most so many characters.
KEPT_RUNS = 10_000
LONGEST_KEPT_RUN = 16

_MAI_HAN_AKAT = "\u0e31"

# --- clusters ------------------------------------------------------------------------------------

_HANGING = f"{MARKS}ะาำๅ"
_HANGS_ON = re.compile(f"[{_HANGING}]")


def is_cluster_boundary(text: str, i: int) -> bool:
    """May the text be cut before position ``i`` without breaking a syllable's signs apart?

    Not between a consonant and its vowel signs or tone marks, not after a leading vowel (เแโใไ),
    and not between ั and the consonant it needs. The two ends of the text are boundaries.
    """
    if i <= 0 or i >= len(text):
        return True
    char, before = text[i], text[i - 1]
    if before.isspace() or char.isspace():
        return True
    if _HANGS_ON.match(char) or unicodedata.category(char) == "Mn":
        return False
    if not "ก" <= char <= "ฮ":
        return True
    if before in LEADING_VOWELS:
        return False
    if "\u0e48" <= before <= "\u0e4b" and i >= 2:
        before = text[i - 2]
    return before != _MAI_HAN_AKAT


def clusters(text: str) -> list[str]:
    """The text in its smallest pieces that a reader sees whole; joined they are the text again."""
    return [text[start:end] for start, end in _spans_between_boundaries(text)]


def _spans_between_boundaries(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or is_cluster_boundary(text, i):
            yield start, i
            start = i


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last of them "…" when something was left out."""
    if len(text) <= limit:
        return text
    end = max(limit - 1, 0)
    while end and not is_cluster_boundary(text, end):
        end -= 1
    return text[:end].rstrip() + "…" if limit > 0 else ""


# --- words ---------------------------------------------------------------------------------------

_THAI_RUN = r"[ก-\u0e4e]+(?:\.[ก-\u0e4e]+)*\.?"
_OTHER_RUN = r"[0-9๐-๙]+(?:[.,][0-9๐-๙]+)*|[^\W\d_ก-๛]+|\S"
_CHUNK = re.compile(f"(?P<thai>{_THAI_RUN})|{_OTHER_RUN}")
_RUN = re.compile(f"{_THAI_RUN}|{_OTHER_RUN}")
_numbers = count(1)
_TRAILING_DOT = re.compile(r"(?<=.)\.$")
# Where a chunk may begin inside a cluster: a sign after what is not Thai, or a mark of elsewhere.
_MAY_HANG_TOGETHER = re.compile(
    f"[^\\sก-\u0e4e][{_HANGING}]|[^\\x00-\u02ff\u0e01-\u0e5b\u2010-\u2027\u2030-\u205e]"
)
# Words, each before a line break, of which one ends inside a cluster (see is_cluster_boundary).
_CUT_INSIDE = re.compile(
    f"\n[{_HANGING}]|[{LEADING_VOWELS}{_MAI_HAN_AKAT}]\n[ก-ฮ]|{_MAI_HAN_AKAT}[\u0e48-\u0e4b]\n[ก-ฮ]"
)


class Cutter:
    """Cuts Thai into words by pythainlp's dictionary and our own words, and compounds into leaves.

    Own words under five letters (tambons named แคน, ออย) are cut where they stand, but never
    taken as parts of a longer word.
    The dictionary is loaded once; one cutter serves all threads. nlpo3's safe mode is never
    used: it corrupts long text. Runs without a space are handed over 400 characters at a time.
    """

    def __init__(self, extra_words: Iterable[str] = ()) -> None:
        own = {fold(word).strip() for word in extra_words}
        self._words = frozenset(word for word in thai_words() | own if word)
        extra = own - thai_words()
        self._dictionary = f"platu-{next(_numbers)}"
        with tempfile.TemporaryDirectory() as folder:
            listing = Path(folder) / "words.txt"
            listing.write_text("\n".join(sorted(self._words)), encoding="utf-8")
            nlpo3.load_dict(str(listing), self._dictionary)
        self._parts = frozenset(
            word
            for word in self._words
            if len(word) >= (SHORTEST_OWN_LEAF if word in extra else SHORTEST_LEAF)
        )
        self._longest_part = max(map(len, self._parts))
        self.leaves = lru_cache(maxsize=60_000)(self._leaves)
        self._short_run_words = lru_cache(maxsize=KEPT_RUNS)(self._run_words)

    def cut(self, text: str) -> list[tuple[str, int, int]]:
        """Words with their start and end in ``text``; only white space is left out.

        No word begins or ends inside a character cluster. Fold the text first for best results.
        """
        found: list[tuple[str, int, int]] = []
        for chunk in _CHUNK.finditer(text):
            start = chunk.start()
            if chunk["thai"] is None:
                self._add(found, text, start, chunk.end())
                continue
            for word in self._cut_thai(chunk[0]):
                self._add(found, text, start, start + len(word))
                start += len(word)
        return found

    def count(self, text: str) -> Counter[str]:
        """How often ``cut`` would find each word, in a third of the time."""
        if not _MAY_HANG_TOGETHER.search(text):
            return Counter(chain.from_iterable(map(self._words_of, _RUN.findall(text))))
        counts: Counter[str] = Counter()
        for line in text.split("\n"):
            if _MAY_HANG_TOGETHER.search(line):
                counts.update(word for word, _, _ in self.cut(line))
            else:
                counts.update(chain.from_iterable(map(self._words_of, _RUN.findall(line))))
        return counts

    def _words_of(self, run: str) -> Sequence[str]:
        """What ``cut`` finds in a run that holds no white space and stands alone."""
        if not "ก" <= run[0] <= "\u0e4e":
            return (run,)
        short = len(run) <= LONGEST_KEPT_RUN
        return self._short_run_words(run) if short else self._run_words(run)

    def _run_words(self, run: str) -> Sequence[str]:
        if len(run) <= LONGEST_RUN and "." not in run:
            words: list[str] = nlpo3.segment(run, self._dictionary)
            if not _CUT_INSIDE.search("\n".join(words)):
                return words
        return [word for word, _, _ in self.cut(run)]

    def _add(self, found: list[tuple[str, int, int]], text: str, start: int, end: int) -> None:
        if found and found[-1][2] == start and not is_cluster_boundary(text, start):
            start = found.pop()[1]
        found.append((text[start:end], start, end))

    def _cut_thai(self, run: str) -> Iterator[str]:
        for piece in _pieces(run):
            for word in nlpo3.segment(piece, self._dictionary):
                stem = _TRAILING_DOT.sub("", word)
                if stem != word and word not in self._words:
                    yield stem
                    yield "."
                else:
                    yield word

    def _leaves(self, word: str) -> tuple[str, ...]:
        """The dictionary words a compound is made of, each at least three characters long.

        Fewest parts first, and parts are split again until none can be, so that a compound and
        its parts written apart give the same leaves. A word that cannot be split is its own leaf.
        """
        parts = self._split(word) if 2 * SHORTEST_LEAF <= len(word) <= LONGEST_COMPOUND else ()
        if not parts:
            return (word,)
        return tuple(leaf for part in parts for leaf in self.leaves(part))

    def _split(self, word: str) -> tuple[str, ...]:
        """Fewest parts; among equals the most even split. Empty when there is none."""
        best: list[tuple[int, int, tuple[str, ...]] | None] = [None] * (len(word) + 1)
        best[0] = (0, 0, ())
        for end in range(SHORTEST_LEAF, len(word) + 1):
            if not is_cluster_boundary(word, end):
                continue
            for start in range(max(0, end - self._longest_part), end - SHORTEST_LEAF + 1):
                so_far, part = best[start], word[start:end]
                if so_far is None or part == word or part not in self._parts:
                    continue
                offer = (so_far[0] + 1, so_far[1] + len(part) ** 2, (*so_far[2], part))
                now = best[end]
                if now is None or offer < now:
                    best[end] = offer
        whole = best[len(word)]
        return whole[2] if whole else ()


def _pieces(run: str) -> Iterator[str]:
    start = 0
    while len(run) - start > LONGEST_RUN:
        full = start + LONGEST_RUN
        # Signs without an end, such as ำำำ, have no place to cut and are joined again afterwards.
        end = next((at for at in range(full, start, -1) if is_cluster_boundary(run, at)), full)
        yield run[start:end]
        start = end
    yield run[start:]


class _Shared:
    cutter: Cutter | None = None
    lock = Lock()


def configure(extra_words: Iterable[str]) -> Cutter:
    """Make the cutter that ``cut`` and ``leaves`` use know these words besides the dictionary."""
    made = Cutter(extra_words)
    with _Shared.lock:
        _Shared.cutter = made
    return made


def _shared() -> Cutter:
    with _Shared.lock:
        if _Shared.cutter is None:
            _Shared.cutter = Cutter()
        return _Shared.cutter


def cut(text: str) -> list[tuple[str, int, int]]:
    """``Cutter.cut`` of the shared cutter (see ``configure``)."""
    return _shared().cut(text)


def leaves(word: str) -> list[str]:
    """``Cutter.leaves`` of the shared cutter (see ``configure``)."""
    return list(_shared().leaves(word))
