# mypy: allow-untyped-calls
"""Posting lists in bulk: gathered in flat arrays, written and read as Whoosh's codec lays them out.

Whoosh makes a dozen calls for each list; a segment has tens of thousands of lists, and most of
them hold a note or two. The files are the same.
"""

import io
import pickle
import struct
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import COMPRESSION_MIN_SIZE, WHOOSH3_HEADER_MAGIC, W3TermInfo
from whoosh.system import pack_int
from whoosh.util.numeric import length_to_byte

BLOCK = 1024
COMPRESSION = 3
# The loosest bounds of a note's length are true bounds; only Whoosh's own scorer reads them.
SHORTEST, LONGEST = length_to_byte(1), 255
PICKLED = 2

# Where a posting list begins and how long it is, at the end of what the term index says of it.
_EXTENT = struct.Struct("!qi")

Numbers = NDArray[np.uint32]
Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Lists:
    """The posting lists of one field, one behind another: ``sizes[i]`` notes have ``terms[i]``."""

    terms: list[str]
    sizes: Numbers
    ids: Numbers
    weights: Weights


class Gathered:
    """Postings of one field while notes come in, in the order of the notes."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._terms, self._weights = array("I"), array("f")
        self._places, self._sizes = array("I"), array("I")
        self._parts: list[tuple[Numbers, Numbers, Weights]] = []

    def add(self, place: int, counts: Mapping[str, int]) -> None:
        """Take the terms of one note."""
        self._terms.extend(map(self._numbers.__getitem__, counts))
        self._weights.extend(counts.values())
        self._places.append(place)
        self._sizes.append(len(counts))

    def take(self, lists: Lists, places: NDArray[np.int64]) -> None:
        """Take lists of another segment; ``places`` are its notes' new places, -1 for none."""
        self._settle()
        numbers = np.fromiter(map(self._numbers.__getitem__, lists.terms), dtype=np.uint32)
        ids = places[lists.ids]
        live = ids >= 0
        terms = np.repeat(numbers, lists.sizes)[live]
        self._parts.append((terms, ids[live].astype(np.uint32), lists.weights[live]))

    def _settle(self) -> None:
        places, sizes = (np.frombuffer(row, dtype=np.uint32) for row in (self._places, self._sizes))
        terms = np.frombuffer(self._terms, dtype=np.uint32)
        weights = np.frombuffer(self._weights, dtype=np.float32)
        self._parts.append((terms, np.repeat(places, sizes), weights))
        self._terms, self._weights = array("I"), array("f")
        self._places, self._sizes = array("I"), array("I")

    def lists(self) -> Lists:
        """Everything gathered, the terms in the order of their bytes."""
        self._settle()
        terms, ids, weights = (np.concatenate(row) for row in zip(*self._parts, strict=True))
        names = sorted((name.encode(), number) for name, number in self._numbers.items())
        rank = np.empty(len(names), dtype=np.uint32)
        rank[[number for _, number in names]] = np.arange(len(names), dtype=np.uint32)
        ranks = rank[terms]
        # Stable: within a term the notes stay in rising order.
        order = np.argsort(ranks, kind="stable")
        sizes = np.bincount(ranks, minlength=len(names)).astype(np.uint32)
        found = [name.decode() for name, _ in names]
        if not sizes.all():
            found = [name for name, size in zip(found, sizes, strict=True) if size]
        return Lists(found, sizes[sizes > 0], ids[order], weights[order])


def write_lists(writer: Any, lists: Lists) -> None:
    """Write the lists of the field that was begun with ``writer.start_field``."""
    file, key = writer._postfile, writer._fieldid.to_bytes(2, "big")
    add, offset = writer._tindex.add, file.tell()
    ends = np.cumsum(lists.sizes, dtype=np.int64)
    starts = ends - lists.sizes
    most, total = (
        function.reduceat(lists.weights, starts).tolist() if len(starts) else []
        for function in (np.maximum, np.add)
    )
    written = bytearray()
    bounds = zip(starts.tolist(), ends.tolist(), strict=True)
    for i, (start, end) in enumerate(bounds):
        ids, weights = lists.ids[start:end], lists.weights[start:end]
        begin = len(written)
        written += WHOOSH3_HEADER_MAGIC
        for block in range(0, end - start, BLOCK):
            upto = block + BLOCK
            written += _block(ids[block:upto], weights[block:upto], is_last=upto >= end - start)
        info = W3TermInfo._struct.pack(
            False, total[i], end - start, SHORTEST, LONGEST, most[i], int(ids[0]), int(ids[-1])
        )
        extent = _EXTENT.pack(offset + begin, len(written) - begin)
        add(key + lists.terms[i].encode(), info + extent)
    file.write(bytes(written))


def _block(ids: Numbers, weights: Weights, *, is_last: bool) -> bytes:
    places, kept = ids.tolist(), weights.tolist()
    gaps = (places[0], *(after - before for before, after in pairwise(places)))
    most = max(kept)
    alike: Any = None if most == 1.0 else most
    data = pickle.dumps((gaps, alike if min(kept) == most else tuple(kept), None), PICKLED)
    compression = COMPRESSION if len(data) >= COMPRESSION_MIN_SIZE else 0
    if compression:
        data = zlib.compress(data, compression)
    head = (len(places), places[-1], most, compression, SHORTEST, LONGEST)
    info = pickle.dumps(head, PICKLED)
    length = len(info) + len(data)
    return pack_int(-length if is_last else length) + info + data


def read_lists(reader: Any) -> Iterator[tuple[str, Lists]]:
    """Every field of a segment with all its posting lists."""
    terms = reader._terms
    fields = {number: name for name, number in terms._tindex.extras["fieldmap"].items()}
    read: dict[int, _Read] = {number: _Read() for number in fields}
    for key, value in terms._tindex.items():
        offset, length = _EXTENT.unpack(value[-_EXTENT.size :])
        whole = bytes(terms._postfile.get(offset, length))
        read[int.from_bytes(key[:2], "big")].add(bytes(key[2:]).decode(), whole)
    for number, name in fields.items():
        yield name, read[number].lists()


class _Read:
    """Posting lists as they lie in the file, joined."""

    def __init__(self) -> None:
        self._terms: list[str] = []
        self._sizes, self._blocks = array("I"), array("I")
        self._gaps, self._weights = array("I"), array("f")

    def add(self, term: str, whole: bytes) -> None:
        at, size = len(WHOOSH3_HEADER_MAGIC), 0
        while at < len(whole):
            length = abs(int.from_bytes(whole[at : at + 4], "big", signed=True))
            block = io.BytesIO(whole[at + 4 : at + 4 + length])
            head = pickle.load(block)  # noqa: S301 - the index is as private as the database
            rest = block.read()
            data = zlib.decompress(rest) if head[3] else rest
            gaps, weights, _ = pickle.loads(data)  # noqa: S301 - the same
            count = len(gaps)
            self._gaps.extend(gaps)
            if isinstance(weights, tuple):
                self._weights.extend(weights)
            else:
                self._weights.extend((1.0 if weights is None else weights,) * count)
            self._blocks.append(count)
            at, size = at + 4 + length, size + count
        self._terms.append(term)
        self._sizes.append(size)

    def lists(self) -> Lists:
        gaps = np.frombuffer(self._gaps, dtype=np.uint32).astype(np.int64)
        blocks = np.frombuffer(self._blocks, dtype=np.uint32)
        sums = np.cumsum(gaps)
        starts = np.cumsum(blocks, dtype=np.int64) - blocks
        ids = sums - np.repeat(sums[starts] - gaps[starts], blocks)
        sizes = np.frombuffer(self._sizes, dtype=np.uint32)
        weights = np.frombuffer(self._weights, dtype=np.float32)
        return Lists(self._terms, sizes, ids.astype(np.uint32), weights)
