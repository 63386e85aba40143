"""What was probably meant, when nothing is found as typed."""

import numpy as np

from kms.search import spelling
from kms.search.arrays import Mask, Snapshot
from kms.search.asking import understand
from kms.search.folding import fold
from kms.search.matching import with_all

MOST_CORRECTED = 12
# How much of a slip a word makes up for by being common.
COMMON = 0.05


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
    wanted = understand(typed).wanted
    return int((within & with_all(snapshot, wanted)).sum()) if wanted else 0
