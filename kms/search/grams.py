"""Which notes have which three characters in a row: what narrows the search for any text.

A segment's list of trigrams is one file beside its terms: the keys, where the notes of each end,
and the notes, as plain arrays that are used where they are mapped. Whoever holds all trigrams of
a text is a candidate; only its text tells whether they stand together.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kms.search.kept_text import ONE_BYTE, decode_text

GRAMS_FILE = ".grams"
# So many notes are gathered at once: their places fit beside a trigram into 32 bits.
GATHERED = 256
# The rarest trigrams of a long text narrow enough.
MOST_ASKED = 16

Ids = NDArray[np.int32]
Keys = NDArray[np.uint32]

_HEAD = 16
_END = b"\x00\x00"


class GramsBuilder:
    """Trigrams of the notes of a new segment, in the order added."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._keys: list[Keys] = []
        self._places: list[NDArray[np.uint32]] = []
        self._others: list[int] = []
        self._size = 0

    def add(self, kept: bytes) -> None:
        """Take the next note's text as ``encode_text`` keeps it."""
        if kept[:1] != ONE_BYTE:
            self._others.append(self._size)
        self._waiting.append(_plain(kept))
        self._size += 1
        if len(self._waiting) == GATHERED:
            self._gather()

    def _gather(self) -> None:
        if not self._waiting:
            return
        row = np.frombuffer(_END.join([*self._waiting, b""]), dtype=np.uint8)
        keys = _keys(row)
        lengths = [len(text) + len(_END) for text in self._waiting]
        which = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)[: len(keys)]
        # What begins with the mark of an end would reach into the next text.
        pairs = _each_once(((keys << np.uint32(8)) | which)[row[: len(keys)] != 0])
        self._keys.append(pairs >> np.uint32(8))
        self._places.append((pairs & np.uint32(0xFF)) + np.uint32(self._size - len(lengths)))
        self._waiting = []

    def finish(self) -> bytes:
        """The file."""
        self._gather()
        keys = np.concatenate([*self._keys, np.empty(0, dtype=np.uint32)])
        places = np.concatenate([*self._places, np.empty(0, dtype=np.uint32)])
        # Stable: within a trigram the notes stay in rising order.
        order = np.argsort(keys, kind="stable")
        each = _each_once(keys)
        ends = np.searchsorted(keys[order], each, side="right")
        width = 2 if self._size <= 1 << 16 else 4
        head = np.array([len(each), len(self._others), len(places), width], dtype="<u4")
        return b"".join(
            part.tobytes()
            for part in (
                head,
                each.astype("<u4"),
                ends.astype("<u4"),
                np.array(self._others, dtype="<u4"),
                places[order].astype(f"<u{width}"),
            )
        )


class Grams:
    """The trigrams of one segment; ``others`` are the notes not kept a byte a character."""

    def __init__(self, file: memoryview) -> None:
        count, others, size, width = np.frombuffer(file[:_HEAD], dtype="<u4").tolist()
        at = _HEAD

        def part(length: int, bytes_each: int = 4) -> NDArray[Any]:
            nonlocal at
            found = np.frombuffer(file, dtype=f"<u{bytes_each}", count=length, offset=at)
            at += length * bytes_each
            return found

        self._keys = part(count)
        self._ends = np.concatenate([[0], part(count)])
        self.others: Ids = part(others).astype(np.int32)
        self._places = part(size, width)

    def candidates(self, text: str) -> Ids:
        """Notes, rising, that may have the folded text: all that have it, and few others."""
        asked = text.encode("cp874", "replace")
        if len(asked) < 3:
            return self._beginning(asked)
        keys = np.unique(_keys(np.frombuffer(asked, dtype=np.uint8)))
        at = np.searchsorted(self._keys, keys)
        at[at == len(self._keys)] = 0
        if not len(self._keys) or (self._keys[at] != keys).any():
            return np.empty(0, dtype=np.int32)
        sizes = self._ends[at + 1] - self._ends[at]
        rarest, *others = at[np.argsort(sizes, kind="stable")][:MOST_ASKED]
        found = self._of(rarest, rarest + 1)
        for other in others:
            if not len(found):
                break
            found = _both(found, self._of(other, other + 1))
        return found.astype(np.int32)

    def _beginning(self, asked: bytes) -> Ids:
        """Notes of all trigrams that begin with one or two characters."""
        missing = 8 * (3 - len(asked))
        first = int.from_bytes(asked) << missing
        low, high = np.searchsorted(self._keys, [first, first + (1 << missing)])
        return np.unique(self._of(low, high)).astype(np.int32)

    def _of(self, first: np.intp, end: np.intp) -> NDArray[np.unsignedinteger]:
        return self._places[self._ends[first] : self._ends[end]]


def build(texts: Iterable[bytes]) -> bytes:
    """The file of these texts."""
    builder = GramsBuilder()
    for kept in texts:
        builder.add(kept)
    return builder.finish()


def _plain(kept: bytes) -> bytes:
    if kept[:1] == ONE_BYTE:
        return kept[1:]
    return decode_text(kept).encode("cp874", "replace")


def _each_once(pairs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """As ``np.unique``, which hashes and takes twenty times as long on these."""
    ordered = np.sort(pairs)
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    first: NDArray[np.uint32] = ordered[is_first]
    return first


def _keys(row: NDArray[np.uint8]) -> Keys:
    wide = row.astype(np.uint32)
    keys: Keys = (wide[:-2] << np.uint32(16)) | (wide[1:-1] << np.uint32(8)) | wide[2:]
    return keys


def _both(
    some: NDArray[np.unsignedinteger], others: NDArray[np.unsignedinteger]
) -> NDArray[np.unsignedinteger]:
    at = np.searchsorted(others, some)
    at[at == len(others)] = 0
    both: NDArray[np.unsignedinteger] = some[others[at] == some]
    return both
