"""Words near a mistyped one: a slip of the finger, or the keyboard in the other language."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kms.search import analysis

LONGEST = 24
SHORTEST = 3
# Up to this length one slip is forgiven, beyond it two.
SHORT = 4
MOST_NEAR = 12

_LATIN = (
    "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
    '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
)
_THAI = (
    "_ๅ/-ภถ\u0e38\u0e36คตจขชๆไำพะ\u0e31\u0e35รนยบลฃฟหกดเ\u0e49\u0e48าสวงผปแอ\u0e34\u0e37ทมใฝ"
    '%+๑๒๓๔\u0e39฿๕๖๗๘๙๐"ฎฑธ\u0e4d\u0e4aณฯญฐ,ฅฤฆฏโฌ\u0e47\u0e4bษศซ.()ฉฮ\u0e3a\u0e4c?ฒฬฦ'
)
_TO_THAI = str.maketrans(_LATIN, _THAI)
_TO_LATIN = str.maketrans(_THAI, _LATIN)

# Slips between these cost less: they sound alike or stand alike.
_ALIKE = ("สศษซ", "คขฆ", "นณ", "ทธฒฑถฐ", "รล", "พภผ", "ชฉ", "ดฎ", "ตฏ", "ยญ", "ใไ", "ิี", "ึื", "ุู", "่้๊๋์็")
_GROUP = {char: number for number, group in enumerate(_ALIKE) for char in group}
_CHEAP, _FULL = 0.5, 1.0


def other_layout(typed: str) -> str:
    """What the same keys say on the other keyboard, Thai (Kedmanee) or Latin."""
    return typed.translate(_TO_THAI if typed.isascii() else _TO_LATIN)


def near(folded: str) -> list[str]:
    """Words of the dictionary within a slip or two of this one, nearest first."""
    if not SHORTEST <= len(folded) <= LONGEST:
        return []
    slips = 1 if len(folded) <= SHORT else 2
    words, lengths, signs = _known()
    differing = np.bitwise_count(signs ^ np.uint64(_sign(folded)))
    alike = (abs(lengths - len(folded)) <= slips) & (differing <= 2 * slips)
    costs = ((distance(folded, words[at]), words[at]) for at in np.flatnonzero(alike).tolist())
    found = sorted((cost, word) for cost, word in costs if 0 < cost <= slips)
    return [word for _, word in found[:MOST_NEAR]]


@cache
def _known() -> tuple[list[str], NDArray[np.int64], NDArray[np.uint64]]:
    words = [word for word in analysis.vocabulary().known if SHORTEST <= len(word) <= LONGEST]
    words.sort()
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    return words, lengths, np.array([_sign(word) for word in words], dtype=np.uint64)


def _sign(word: str) -> int:
    """A bit for each character; one slip changes two at most, so most words need no closer look."""
    sign = 0
    for char in word:
        sign |= 1 << (ord(char) & 63)
    return sign


def distance(first: str, second: str) -> float:
    """Slips from one word to the other; two neighbours changing places are one."""
    before: list[float] = []
    row = [float(at) for at in range(len(second) + 1)]
    for i, char in enumerate(first, 1):
        earlier, before, row = before, row, [float(i)]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + _FULL, row[j - 1] + _FULL, before[j - 1] + _change(char, other))
            if i > 1 and j > 1 and (char, first[i - 2]) == (second[j - 2], other):
                cost = min(cost, earlier[j - 2] + _CHEAP)
            row.append(cost)
    return row[-1]


def _change(char: str, other: str) -> float:
    if char == other:
        return 0.0
    return _CHEAP if _GROUP.get(char, -1) == _GROUP.get(other, -2) else _FULL
