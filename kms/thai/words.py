"""Thai text for machines: one folded form, character clusters, words, leaves of compounds."""

import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path
from threading import Lock

import nlpo3
from pythainlp.corpus import thai_words

CONSONANTS = "ก-ฮ"
LEADING_VOWELS = "เแโใไ"
MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
TONES = "\u0e48-\u0e4b"
SHORTEST_LEAF = 3
SHORTEST_OWN_LEAF = 5
LONGEST_COMPOUND = 80
LONGEST_RUN = 400

_MAI_HAN_AKAT = "\u0e31"
_NIKHAHIT = "\u0e4d"
_PHINTHU = "\u0e3a"
_SPACES = "\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = (
    "\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
)

# --- folding -------------------------------------------------------------------------------------

_ONE_TO_ONE = {
    **{0x0E50 + digit: str(digit) for digit in range(10)},
    **{ord(space): " " for space in re.findall(f"[{_SPACES}]", "".join(map(chr, range(0x3001))))},
    0x2028: "\n",
    0x2029: "\n",
    # str.lower() looks at the neighbours of Σ, and NFC brings back capitals for the other three.
    ord("Σ"): "σ",
    0x2126: "ω",
    0x212A: "k",
    0x212B: "å",
}
_NEEDS_CARE = re.compile(
    f"[{_UNSEEN}]|เเ|[{MARKS}]{{2}}|{_NIKHAHIT}า|[าำ][{MARKS}]"
    "|[^\\x00-\u02ff\u0e00-\u0e7f\\s“”‘’–—…•]"
)
_UNSEEN_CHARS = frozenset(re.findall(f"[{_UNSEEN}]", "".join(map(chr, range(0x10000)))))
# Nothing that folding changes reaches across a space, so only the odd runs need care.
_RUN = re.compile("[^ \n]+|[ \n]+")
_MARK_RUN = re.compile(f"[{MARKS}าำ]{{2,}}")
_DOUBLE_E = re.compile("เเ")

Rewrite = Callable[[str], list[tuple[str, int]]]


def fold(text: str) -> str:
    """The form in which two spellings of the same words are the same string.

    Typing slips that look alike are mended (ํา, เเ, marks out of order or doubled), invisible
    characters go, odd spaces and Thai digits become plain ones, capitals become small.
    Folding twice changes nothing more. Line breaks stay.
    """
    if not _NEEDS_CARE.search(text):
        return text.translate(_ONE_TO_ONE).lower()
    return "".join(
        "".join(char for char, _ in _fold_carefully(run))
        if _NEEDS_CARE.search(run)
        else run.translate(_ONE_TO_ONE).lower()
        for run in _RUN.findall(text)
    )


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """The folded text and, for each of its characters, where it stood in the original."""
    if not _NEEDS_CARE.search(text):
        folded = text.translate(_ONE_TO_ONE).lower()
        if len(folded) == len(text):
            return folded, list(range(len(text)))
    pieces: list[str] = []
    offsets: list[int] = []
    start = 0
    for run in _RUN.findall(text):
        plain = run.translate(_ONE_TO_ONE).lower()
        if len(plain) == len(run) and not _NEEDS_CARE.search(run):
            pieces.append(plain)
            offsets.extend(range(start, start + len(run)))
        else:
            for char, offset in _fold_carefully(run):
                pieces.append(char)
                offsets.append(start + offset)
        start += len(run)
    return "".join(pieces), offsets


def _fold_carefully(run: str) -> list[tuple[str, int]]:
    chars = [
        (small, offset)
        for offset, char in enumerate(run)
        if char not in _UNSEEN_CHARS
        for small in (_ONE_TO_ONE.get(ord(char)) or char).lower()
    ]
    chars = _composed(chars)
    chars = _rewritten(chars, _DOUBLE_E, lambda _: [("แ", 0)])
    return _rewritten(chars, _MARK_RUN, _ordered_marks)


def _composed(chars: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """NFC in small steps, so that every composed character keeps the offset of its base."""
    if unicodedata.is_normalized("NFC", "".join(char for char, _ in chars)):
        return chars
    done: list[tuple[str, int]] = []
    held, held_at = "", 0
    for char, offset in chars:
        if held and not _composes(held, char):
            done.extend((each, held_at) for each in unicodedata.normalize("NFC", held))
            held = ""
        if not held:
            held_at = offset
        held += char
    done.extend((each, held_at) for each in unicodedata.normalize("NFC", held))
    return done


def _composes(before: str, char: str) -> bool:
    if unicodedata.combining(char):
        return True
    last = before[-1]
    return unicodedata.normalize("NFC", last + char) != last + char


def _rewritten(
    chars: list[tuple[str, int]], pattern: re.Pattern[str], rewrite: Rewrite
) -> list[tuple[str, int]]:
    text = "".join(char for char, _ in chars)
    done: list[tuple[str, int]] = []
    at = 0
    for match in pattern.finditer(text):
        done.extend(chars[at : match.start()])
        done.extend((char, chars[match.start() + i][1]) for char, i in rewrite(match[0]))
        at = match.end()
    return done + chars[at:]


def _ordered_marks(run: str) -> list[tuple[str, int]]:
    """Vowel signs before tone marks, each once, all before a following า or ำ (ํ + า is ำ)."""
    marks: dict[str, int] = {}
    tail: list[tuple[str, int]] = []
    for i, char in enumerate(run):
        if char in "าำ":
            tail.append((char, i))
        else:
            marks.setdefault(char, i)
    if tail and _NIKHAHIT in marks:
        tail[0] = ("ำ", tail[0][1])
        del marks[_NIKHAHIT]
    return sorted(marks.items(), key=lambda item: (_mark_class(item[0]), item[0])) + tail


def _mark_class(mark: str) -> int:
    if mark == _PHINTHU:
        return 0
    if "\u0e48" <= mark <= "\u0e4b":
        return 2
    return 3 if mark in "\u0e4c\u0e4e" else 1


# --- clusters ------------------------------------------------------------------------------------

_HANGS_ON = re.compile(f"[{MARKS}ะาำๅ]")


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

_CHUNK = re.compile(
    r"(?P<thai>[ก-\u0e4e]+(?:\.[ก-\u0e4e]+)*\.?)|[0-9๐-๙]+(?:[.,][0-9๐-๙]+)*|[^\W\d_ก-๛]+|\S"
)
_numbers = count(1)
_TRAILING_DOT = re.compile(r"(?<=.)\.$")


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
