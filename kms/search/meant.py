"""What was probably meant, when what was typed looks like a slip."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kms.search import analysis, spelling, titles
from kms.search.arrays import Ids, Mask, Postings, Snapshot, united
from kms.search.asking import Ask, Word, understand
from kms.search.entry import WORD_FIELDS
from kms.search.folding import fold
from kms.search.matching import ids_alone, occurrences, with_all

MOST_CORRECTED = 12
MOST_MENDED = 3
# How much of a slip a word makes up for by being common; the most common by no more than MOST.
COMMON = 0.05
MOST_COMMON = 0.5
# A name that no dictionary knows is less likely meant.
RARE = 0.25
# What is found a few times by chance, though it is no word, gives way to so much more common words.
MUCH_MORE = 10
# A slip inside a long chunk breaks the word around it into at most so many pieces.
MOST_PIECES = 5
MOST_WINDOWS = 16
WEAK = 3


@dataclass(frozen=True)
class _Guess:
    """A word that may have been meant, how far it is from what was typed, and how common."""

    text: str
    slips: float
    notes: int

    @property
    def score(self) -> float:
        """The lower, the likelier."""
        return self.slips - min(MOST_COMMON, COMMON * float(np.log1p(self.notes)))


def corrected(snapshot: Snapshot, typed: str, within: Mask, *, is_found: bool) -> str | None:
    """What was probably meant: near words that occur in these notes, and all of them in one.

    When notes are found as typed (``is_found``) only what looks like a single slip is mended: a
    word broken by one is often made of smaller words that do occur. None when all is well.
    """
    words = typed.split()
    if '"' in typed or len(words) > MOST_CORRECTED:
        return None
    meant: list[str | None] = []
    for word in words:
        is_tried = sum(map(bool, meant)) < MOST_MENDED
        meant.append(_meant(snapshot, word, within, is_found=is_found) if is_tried else None)
    if not any(meant):
        return None
    said = " ".join(word or old for word, old in zip(meant, words, strict=True))
    wanted = understand(said).wanted
    return said if wanted and (within & with_all(snapshot, wanted)).any() else None


def _meant(snapshot: Snapshot, typed: str, within: Mask, *, is_found: bool) -> str | None:
    """None when the chunk is well as it is, or nothing near it occurs."""
    folded = fold(typed)
    pieces = list(analysis.pieces(folded))
    if typed.startswith("-") or not pieces:
        return None
    notes = _notes_with(snapshot, folded, within)
    if notes and _is_sound(pieces):
        return None
    most = 1.0 if is_found else spelling.allowed(folded)
    guess = _on_other_keyboard(snapshot, typed, within) if typed.isascii() else None
    guess = guess or _nearest(snapshot, folded, within, most)
    if guess and guess.notes >= MUCH_MORE * notes:
        return guess.text
    if notes or is_found:
        return None
    if not typed.isascii() and (guess := _on_other_keyboard(snapshot, typed, within)):
        return guess.text
    return _mended(snapshot, folded, pieces, within)


def _is_sound(pieces: list[analysis.Piece]) -> bool:
    """Whether these are words and not letters left over beside a slip."""
    return all(piece.is_known and len(piece.text) >= WEAK for piece in pieces)


def _on_other_keyboard(snapshot: Snapshot, typed: str, within: Mask) -> _Guess | None:
    """The same keys on the other keyboard, when they say words; a slip is forgiven there too."""
    turned = fold(spelling.other_layout(typed))
    if not turned.isascii():
        notes = _notes_with(snapshot, turned, within)
        sound = notes and all(piece.is_known for piece in analysis.pieces(turned))
        return _Guess(turned, 0.0, notes) if sound else _nearest(snapshot, turned, within, 1.0)
    if len(turned) < spelling.SHORTEST or not turned.isalnum():
        return None
    notes = _seen(within, _as_word(snapshot, turned))
    return _Guess(turned, 0.0, notes) if notes else None


def _nearest(snapshot: Snapshot, folded: str, within: Mask, most: float) -> _Guess | None:
    """The likeliest of the words near this one, of those that occur."""
    best: _Guess | None = None
    for slips, word, is_rare in _near(snapshot, folded):
        if slips > most or (best and slips - MOST_COMMON > best.score):
            break
        notes = _seen(within, _as_word(snapshot, word))
        # Hidden notes may have brought a rare word: notes that may be seen must have it too.
        notes = notes or (0 if is_rare else _notes_with(snapshot, word, within))
        guess = _Guess(word, slips, notes)
        if guess.notes and (best is None or guess.score < best.score):
            best = guess
    return best


def _near(snapshot: Snapshot, folded: str) -> list[tuple[float, str, bool]]:
    known = [(slips, word, False) for slips, word in spelling.dictionary().near(folded)]
    rare = [(slips + RARE, word, True) for slips, word in titles.near(snapshot, folded)]
    return sorted([*known, *rare])


def _mended(
    snapshot: Snapshot, folded: str, pieces: list[analysis.Piece], within: Mask
) -> str | None:
    """The chunk with the one word mended in it that a slip broke into pieces."""
    best: tuple[float, str] | None = None
    for start, end in _windows(folded, pieces):
        guess = _nearest(snapshot, folded[start:end], within, 1.0)
        if guess is None:
            continue
        said = folded[:start] + guess.text + folded[end:]
        wanted = understand(said).wanted
        found = wanted and (within & with_all(snapshot, wanted)).any()
        # A longer word mended by one slip is the less likely to be near by chance.
        if found and (best is None or (guess.score / (end - start), said) < best):
            best = guess.score / (end - start), said
    return best[1] if best else None


def _windows(folded: str, pieces: list[analysis.Piece]) -> Iterator[tuple[int, int]]:
    """Stretches of a few neighbouring pieces, one of them no word of its own; the short first."""
    spans: list[tuple[int, int, bool]] = []
    at = 0
    for piece in pieces:
        start = folded.find(piece.text, at)
        at = start + len(piece.text)
        spans.append((start, at, not piece.is_known or len(piece.text) < WEAK))
    found = (
        (spans[first][0], spans[first + count - 1][1])
        for count in range(1, MOST_PIECES + 1)
        for first in range(len(spans) - count + 1)
        if any(weak for _, _, weak in spans[first : first + count])
    )
    short = ((start, end) for start, end in found if end - start <= spelling.LONGEST)
    return (pair for pair, _ in zip(short, range(MOST_WINDOWS), strict=False))


# --- how often it occurs -------------------------------------------------------------------------


def _notes_with(snapshot: Snapshot, text: str, within: Mask) -> int:
    """Notes that have the text: as a word, or else anywhere."""
    as_word = _seen(within, _as_word(snapshot, text))
    if as_word:
        return as_word
    return _seen(within, occurrences(snapshot, Ask(((Word(text, (), how="text"),),))))


def _as_word(snapshot: Snapshot, text: str) -> Ids:
    def together() -> Postings:
        lists = (snapshot.postings(field, text).ids for field in WORD_FIELDS)
        return ids_alone(united(snapshot.size, lists))

    return snapshot.kept(("as a word", text), together).ids


def _seen(within: Mask, ids: Ids) -> int:
    return int(within[ids].sum())
