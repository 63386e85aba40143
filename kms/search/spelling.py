"""Words near a mistyped one: a slip of the finger, or the keyboard in the other language.

Words are kept by their skeleton (without tone marks, one letter for those that sound alike), each
under itself and under itself less one letter. Two words that share such a key are near enough for
a closer look, so that a search looks at a few words of many thousands.
"""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kms.search import analysis

LONGEST = 24
SHORTEST = 3
# Up to this length one slip is forgiven, beyond it two.
SHORT = 4
# From this length on two letters too many are looked for.
LONG = 6
MOST_NEAR = 24

_LATIN = (
    "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
    '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
)
_THAI = (
    "_ๅ/-ภถ\u0e38\u0e36คตจขชๆไำพะ\u0e31\u0e35รนยบลฃฟหกดเ\u0e49\u0e48าสวงผปแอ\u0e34\u0e37ทมใฝ"
    '%+๑๒๓๔\u0e39฿๕๖๗๘๙๐"ฎฑธ\u0e4d\u0e4aณฯญฐ,ฅฤฆฏโฌ\u0e47\u0e4bษศซ.()ฉฮ\u0e3a\u0e4c?ฒฬฦ'
)
_ROWS = (13, 13, 11, 10)
_TO_THAI = str.maketrans(_LATIN, _THAI)
_TO_LATIN = str.maketrans(_THAI, _LATIN)

# Marks that are most easily left out or mistaken.
_LIGHT = "\u0e48\u0e49\u0e4a\u0e4b\u0e47\u0e4c"
# Slips between these cost less: they sound alike or stand alike.
_ALIKE = ("สศษซ", "คขฆ", "นณ", "ทธฒฑถฐ", "รล", "พภผ", "ชฉ", "ดฎ", "ตฏ", "ยญ", "ใไ", "ิี", "ึื", "ุู")
_GROUP = {char: group for group in (*_ALIKE, _LIGHT) for char in group}
_TO_SKELETON = str.maketrans(
    {char: group[0] for group in _ALIKE for char in group} | dict.fromkeys(_LIGHT, "")
)
_CHEAP, _NEXT_KEY, _FULL = 0.5, 0.75, 1.0

_BASE, _MIX = 0x100000001B3, 0x9E3779B97F4A7C15
_WHOLE = (1 << 64) - 1

Keys = NDArray[np.uint32]
Codes = NDArray[np.uint64]


def other_layout(typed: str) -> str:
    """What the same keys say on the other keyboard, Thai (Kedmanee) or Latin."""
    return typed.translate(_TO_THAI if typed.isascii() else _TO_LATIN)


def allowed(word: str) -> float:
    """How many slips are forgiven in a word of this length."""
    return 1.0 if len(word) <= SHORT else 2.0


class Words:
    """Words to be found by what is near them; about ten numbers for each are kept."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if SHORTEST <= len(word) <= LONGEST]
        skeletons = [skeleton(word) for word in self._words]
        self._lengths = np.array([len(one) for one in skeletons], dtype=np.int8)
        self._signs = np.array([_sign(one) for one in skeletons], dtype=np.uint64)
        keys, which = _all_keys(skeletons, self._lengths)
        order = np.argsort(keys, kind="stable")
        self._keys, self._which = keys[order], which[order]

    @property
    def nbytes(self) -> int:
        """Memory taken by all but the words themselves."""
        arrays = (self._lengths, self._signs, self._keys, self._which)
        return sum(one.nbytes for one in arrays) + 8 * len(self._words)

    def near(self, folded: str) -> list[tuple[float, str]]:
        """Slips and word, nearest first; the word itself is not near itself."""
        if not SHORTEST <= len(folded) <= LONGEST:
            return []
        most = allowed(folded)
        bones = skeleton(folded)
        alike = self._sharing_a_key(bones)
        close = np.abs(self._lengths[alike] - len(bones)) <= most
        close &= np.bitwise_count(self._signs[alike] ^ np.uint64(_sign(bones))) <= 2 * most
        words = (self._words[at] for at in alike[close].tolist())
        costs = ((distance(folded, word), word) for word in words)
        return sorted((cost, word) for cost, word in costs if 0 < cost <= most)[:MOST_NEAR]

    def _sharing_a_key(self, bones: str) -> NDArray[np.int32]:
        shorter = set(_less_one(bones))
        keys = {bones, *shorter}
        if len(bones) >= LONG:
            keys.update(less for one in shorter for less in _less_one(one))
        asked = np.array(sorted(_key(_hash(one)) for one in keys), dtype=np.uint32)
        first = np.searchsorted(self._keys, asked)
        last = np.searchsorted(self._keys, asked, side="right")
        found = [self._which[a:b] for a, b in zip(first, last, strict=True) if a < b]
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int32)


@cache
def dictionary() -> Words:
    """The words that the analysis knows; made once for each process."""
    return Words(sorted(analysis.vocabulary().known))


def near(folded: str) -> list[str]:
    """Words of the dictionary within a slip or two of this one, nearest first."""
    return [word for _, word in dictionary().near(folded)]


# --- keys ----------------------------------------------------------------------------------------


def skeleton(word: str) -> str:
    """What is left of a word without that in which careless spellings differ."""
    return word.translate(_TO_SKELETON)


def _less_one(text: str) -> Iterator[str]:
    return (text[:at] + text[at + 1 :] for at in range(len(text)) if len(text) > 1)


def _sign(word: str) -> int:
    """A bit for each character; one slip changes two at most, so most words need no closer look."""
    sign = 0
    for char in word:
        sign |= 1 << (ord(char) & 63)
    return sign


def _hash(text: str) -> int:
    found = 0
    for char in text:
        found = (found * _BASE + ord(char)) & _WHOLE
    return found


def _key(found: int) -> int:
    return (found * _MIX & _WHOLE) >> 32


def _all_keys(skeletons: list[str], lengths: NDArray[np.int8]) -> tuple[Keys, NDArray[np.int32]]:
    """The keys of every word, and which word each is of; words of one length together."""
    keys: list[Keys] = [np.empty(0, dtype=np.uint32)]
    which: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    for length in np.unique(lengths[lengths > 0]).tolist():
        at = np.flatnonzero(lengths == length).astype(np.int32)
        text = "".join(skeletons[one] for one in at.tolist())
        chars = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").reshape(len(at), length)
        for hashes in _hashes(chars.astype(np.uint64)):
            keys.append((hashes * np.uint64(_MIX) >> np.uint64(32)).astype(np.uint32))
            which.append(at)
    return np.concatenate(keys), np.concatenate(which)


def _hashes(chars: Codes) -> Iterator[Codes]:
    """``_hash`` of each row, then of each row less its first letter, its second, and so on."""
    length = chars.shape[1]
    base = np.uint64(_BASE)
    power, after = np.uint64(1), np.zeros(len(chars), dtype=np.uint64)
    before = [after]
    for at in range(length):
        before.append(before[-1] * base + chars[:, at])
    yield before[length]
    if length == 1:
        return
    with np.errstate(over="ignore"):
        for at in reversed(range(length)):
            yield before[at] * power + after
            after = after + chars[:, at] * power
            power = power * base


# --- distance ------------------------------------------------------------------------------------


def distance(first: str, second: str) -> float:
    """Slips from one word to the other; two neighbours changing places are one."""
    before: list[float] = []
    row = [0.0]
    for at in range(len(second)):
        row.append(row[-1] + _extra(second, at))
    for i, char in enumerate(first, 1):
        more = _extra(first, i - 1)
        earlier, before, row = before, row, [row[0] + more]
        for j, other in enumerate(second, 1):
            cost = min(
                before[j] + more,
                row[j - 1] + _extra(second, j - 1),
                before[j - 1] + _change(char, other),
            )
            if i > 1 and j > 1 and (char, first[i - 2]) == (second[j - 2], other):
                cost = min(cost, earlier[j - 2] + _CHEAP)
            row.append(cost)
    return row[-1]


def _extra(word: str, at: int) -> float:
    """What a letter too many or too few costs: little when it is a tone mark or typed twice."""
    char = word[at]
    return _CHEAP if char in _LIGHT or char in (word[at - 1 : at], word[at + 1 : at + 2]) else _FULL


def _change(char: str, other: str) -> float:
    if char == other:
        return 0.0
    if other in _GROUP.get(char, ""):
        return _CHEAP
    return _NEXT_KEY if other in _beside().get(char, "") else _FULL


@cache
def _beside() -> dict[str, str]:
    """For each Thai letter those on the same key and on the keys at its left and right."""
    found: dict[str, str] = {}
    half = len(_THAI) // 2
    start = 0
    for row in _ROWS:
        for at in range(start, start + row):
            around = [one for one in (at - 1, at, at + 1) if start <= one < start + row]
            letters = "".join(_THAI[one] + _THAI[one + half] for one in around)
            found[_THAI[at]] = found[_THAI[at + half]] = letters
        start += row
    return found
