"""The folded text of a note as the index keeps it: a byte a character, and how to look into it."""

import re
from functools import lru_cache

from kms.thai.words import is_cluster_boundary

# One byte for a Thai or Latin character; what does not fit is kept as UTF-8 behind a mark.
ONE_BYTE, UTF8 = b"\x01", b"\x02"

# In one-byte text: what hangs on the letter before it, and what binds the consonant after it.
_SPACE = rb"\t-\r\x1c-\x20\x85\xa0"
_HANGING = bytes([*range(0xD0, 0xDB), 0xE5, *range(0xE7, 0xEF)])
_CONSONANTS = b"\xa1-\xce"
_MAI_HAN_AKAT = "\u0e31".encode("cp874")
_BINDING = "เแโใไ".encode("cp874") + _MAI_HAN_AKAT
_TONES = b"\xe8-\xeb"


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
            self.pattern = _pattern(text.encode("cp874")) if text else None
        except UnicodeEncodeError:
            self.pattern = None

    def is_in(self, kept: bytes) -> bool:
        """Whether the text occurs in what ``encode_text`` kept."""
        return self.find(kept) >= 0

    def find(self, kept: bytes) -> int:
        """First byte of the first match, or -1."""
        if kept[:1] == ONE_BYTE:
            match = self.pattern.search(kept, 1) if self.pattern else None
            return match.start() if match else -1
        at = kept.find(self._utf8, 1) if self._utf8 else -1
        while at >= 0:
            if _is_whole(kept, at, at + len(self._utf8)):
                return at
            at = kept.find(self._utf8, at + 1)
        return -1


@lru_cache(maxsize=500)
def _pattern(wanted: bytes) -> re.Pattern[bytes]:
    """The rules of ``is_cluster_boundary`` at both ends, for texts of one byte a character.

    What must stand before is asked after the letters, so that they are what is looked for first.
    """
    letters = re.escape(wanted)
    first, last = wanted[:1], wanted[-1:]
    before = after = b""
    if re.match(b"[" + _HANGING + b"]", first):
        before = b"(?<=[" + _SPACE + ONE_BYTE + b"]" + letters + b")"
    elif re.match(b"[" + _CONSONANTS + b"]", first):
        before = b"(?<![" + _BINDING + b"]" + letters + b")"
        before += b"(?<!" + _MAI_HAN_AKAT + b"[" + _TONES + b"]" + letters + b")"
    if not re.match(b"[" + _SPACE + b"]", last):
        after = b"(?![" + _HANGING + b"])"
    if re.search(b"[" + _BINDING + b"]$|" + _MAI_HAN_AKAT + b"[" + _TONES + b"]$", wanted):
        after += b"(?![" + _CONSONANTS + b"])"
    return re.compile(letters + after + before)


def _is_whole(kept: bytes, start: int, end: int) -> bool:
    before = str(kept[max(1, start - 12) : start], "utf-8", "ignore")
    inside = str(kept[start:end], "utf-8", "ignore")
    after = str(kept[end : end + 12], "utf-8", "ignore")
    text = before + inside + after
    return is_cluster_boundary(text, len(before)) and is_cluster_boundary(
        text, len(before) + len(inside)
    )
