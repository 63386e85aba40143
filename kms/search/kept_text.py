"""The folded text of a note as the index keeps it: a byte a character, and how to look into it."""

import re
from functools import cached_property

from kms.thai.words import is_cluster_boundary

# What hangs on the letter before it, and what may bind the letter after it, in one-byte text.
_HANGING = bytes([*range(0xD0, 0xDB), 0xE5, *range(0xE7, 0xEF)])
_BINDING = frozenset("\u0e31เแโใไ\u0e48\u0e49\u0e4a\u0e4b".encode("cp874"))

# One byte for a Thai or Latin character; what does not fit is kept as UTF-8 behind a mark.
ONE_BYTE, UTF8 = b"1", b"8"


def encode_text(text: str) -> bytes:
    """Folded text as compact bytes in which ``needle`` finds it."""
    try:
        return ONE_BYTE + text.encode("cp874")
    except UnicodeEncodeError:
        return UTF8 + text.encode("utf-8", "replace")


def decode_text(kept: bytes) -> str:
    """The folded text that ``encode_text`` was given."""
    return kept[1:].decode("cp874" if kept[:1] == ONE_BYTE else "utf-8")


class Needle:
    """Folded text to look for in kept texts; a match never splits a character cluster."""

    def __init__(self, text: str) -> None:
        self._utf8 = text.encode("utf-8", "replace")
        try:
            self._one_byte: bytes | None = text.encode("cp874")
        except UnicodeEncodeError:
            self._one_byte = None

    @cached_property
    def one_byte_pattern(self) -> re.Pattern[bytes] | None:
        """Finds it in texts of one byte a character; None where it cannot be in any."""
        if not self._one_byte:
            return None
        return re.compile(re.escape(self._one_byte) + b"(?![" + _HANGING + b"])")

    def is_whole(self, texts: memoryview, first: int, start: int, end: int) -> bool:
        """Whether a match of the pattern, in the text that begins at ``first``, splits nothing."""
        around = (texts[start - 1], texts[end - 1])
        if not _BINDING.intersection(around) and texts[start] not in _HANGING:
            return True
        return _is_whole(texts[first:], start - first, end - first, "cp874")

    def is_in(self, kept: bytes) -> bool:
        """Whether the text occurs in what ``encode_text`` kept."""
        return self.find(kept) >= 0

    def find(self, kept: bytes) -> int:
        """First byte of the first match, or -1."""
        is_one_byte = kept[:1] == ONE_BYTE
        needle = self._one_byte if is_one_byte else self._utf8
        if not needle:
            return -1
        at = kept.find(needle, 1)
        while at >= 0:
            if _is_whole(kept, at, at + len(needle), "cp874" if is_one_byte else "utf-8"):
                return at
            at = kept.find(needle, at + 1)
        return -1


def _is_whole(kept: bytes | memoryview, start: int, end: int, encoding: str) -> bool:
    before = str(kept[max(1, start - 12) : start], encoding, "ignore")
    inside = str(kept[start:end], encoding, "ignore")
    after = str(kept[end : end + 12], encoding, "ignore")
    text = before + inside + after
    return is_cluster_boundary(text, len(before)) and is_cluster_boundary(
        text, len(before) + len(inside)
    )
