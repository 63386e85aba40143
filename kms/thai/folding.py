"""The one form in which two spellings of the same Thai words are the same text.

Most text is already as folding leaves it but for capitals and digits, and that is quick to see:
a byte a character, by a table of which two characters in a row need care.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"

_NIKHAHIT = "\u0e4d"
_PHINTHU = "\u0e3a"
_SPACES = "\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = (
    "\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
)
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
    f"[{_UNSEEN}İ]|เเ|[{MARKS}]{{2}}|{_NIKHAHIT}า|[าำ][{MARKS}]"
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
    quick = _folded_plainly(text)
    if quick is not None:
        return quick
    lines = text.split("\n")
    if len(lines) > 1:
        return "\n".join(map(fold, lines))
    return _fold_line(text)


def fold_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """The folded text and, for each of its characters, where it stood in the original."""
    quick = _folded_plainly(text)
    return _fold_runs(text) if quick is None else (quick, range(len(text)))


def _folded_plainly(text: str) -> str | None:
    """The folded text when every character folds by itself to one other."""
    try:
        row = text.encode("cp874")
    except UnicodeEncodeError:
        return None
    pairs = np.frombuffer(row + _END, dtype="<u2", count=len(row) // 2 + 1)
    shifted = np.frombuffer(_END[:1] + row + _END, dtype="<u2", count=len(row) // 2 + 1)
    if _PAIR_NEEDS_CARE[pairs].any() or _PAIR_NEEDS_CARE[shifted].any():
        return None
    return row.translate(_BYTE_TO_BYTE).decode("cp874")


def _fold_line(text: str) -> str:
    if not _NEEDS_CARE.search(text):
        return text.translate(_ONE_TO_ONE).lower()
    return "".join(
        "".join(char for char, _ in _fold_carefully(run))
        if _NEEDS_CARE.search(run)
        else run.translate(_ONE_TO_ONE).lower()
        for run in _RUN.findall(text)
    )


def _fold_runs(text: str) -> tuple[str, list[int]]:
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


# --- a byte a character --------------------------------------------------------------------------

_END = b"\n\n\n"
_THAI_MARKS = re.findall(f"[{MARKS}]", "".join(map(chr, range(0x0E00, 0x0E80))))


def _byte_to_byte() -> bytes:
    """What each byte of cp874 folds to, for ``bytes.translate``."""
    table = bytearray(range(256))
    for byte in range(256):
        char = bytes([byte]).decode("cp874", "ignore")
        if char:
            table[byte] = char.translate(_ONE_TO_ONE).lower().encode("cp874")[0]
    return bytes(table)


def _pairs_that_need_care() -> Iterator[str]:
    """Every two characters of cp874 that may not fold each by itself, wherever they stand."""
    yield "เเ"
    for first in _THAI_MARKS:
        yield from (first + second for second in _THAI_MARKS if _is_changed(first + second))
        yield from (letter + first for letter in "าำ")
        yield from (_NIKHAHIT + other for other in (first, "า", "ำ"))
    yield from (first + second for first in "าำ" for second in "าำ")


def _is_changed(marks: str) -> bool:
    return _fold_line(f"ก{marks}") != f"ก{marks}"


def _pair_table() -> NDArray[np.bool_]:
    table = np.zeros(1 << 16, dtype=np.bool_)
    for pair in _pairs_that_need_care():
        table[int.from_bytes(pair.encode("cp874"), "little")] = True
    return table


_BYTE_TO_BYTE = _byte_to_byte()
_PAIR_NEEDS_CARE = _pair_table()
