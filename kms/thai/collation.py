"""Thai dictionary order for lists that people read."""

import re
import unicodedata

from kms.thai.numbers import to_arabic

SortKey = tuple[str, str, str]

_LEADING = re.compile("([เแโใไ])([ก-ฮ])")
_SECONDARY = "\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"
_WEIGHTS = {mark: chr(ord("1") + i) for i, mark in enumerate(_SECONDARY)}


def sort_key(text: str) -> SortKey:
    """Key for ``sorted``: เแโใไ come after their consonant; tone marks decide only between equals.

    Punctuation and spaces do not count, nor do capitals, until all else is equal.
    """
    plain = to_arabic(unicodedata.normalize("NFC", text)).casefold()
    swapped = _LEADING.sub(r"\2\1", plain)
    primary: list[str] = []
    secondary: list[str] = []
    for char in swapped:
        if char in _WEIGHTS:
            secondary.append(_WEIGHTS[char])
        elif char.isalnum() or unicodedata.category(char).startswith("M"):
            primary.append(char)
            secondary.append("0")
    return "".join(primary), "".join(secondary), text
