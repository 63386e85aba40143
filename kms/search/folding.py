"""Folding at indexing speed: most text is already as folding leaves it, and that is quick to see.

The result is always that of ``kms.thai.words``; a test holds the two together.
"""

import re
from collections.abc import Sequence

from kms.thai import words

_TONES = "\u0e48\u0e49\u0e4a\u0e4b"
_MARKS = "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47" + _TONES + "\u0e4c\u0e4d\u0e4e"

# What folds to one character at a time, besides capitals and Thai digits.
_PLAIN = "\\n -~ก-\u0e4e\u0e50-\u0e59“”‘’–—…•\\xa0"
_TO_PLAIN = {0xA0: " ", **{0x0E50 + digit: str(digit) for digit in range(10)}}


def _turned_about() -> str:
    """Two marks in a row that folding does not leave as they are."""
    wrong = {
        first: "".join(
            second for second in _MARKS if words.fold(f"ก{first}{second}") != f"ก{first}{second}"
        )
        for first in _MARKS
    }
    return "|".join(f"{first}[{seconds}]" for first, seconds in wrong.items() if seconds)


_NEEDS_CARE = re.compile(f"[^{_PLAIN}]|เเ|\u0e4d[{_MARKS}]*[าำ]|[าำ][{_MARKS}าำ]|{_turned_about()}")


def fold(text: str) -> str:
    """See ``kms.thai.words.fold``."""
    if not _NEEDS_CARE.search(text):
        return text.translate(_TO_PLAIN).lower()
    lines = text.split("\n")
    if len(lines) == 1:
        return words.fold(text)
    return "\n".join(map(fold, lines))


def fold_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """See ``kms.thai.words.fold_with_offsets``."""
    if not _NEEDS_CARE.search(text):
        return text.translate(_TO_PLAIN).lower(), range(len(text))
    return words.fold_with_offsets(text)
