"""The Whoosh index as arrays: a segment never changes, so what is decoded once is kept.

Whoosh walks postings one by one through Python objects. Here a term's posting list is decoded
block by block into numpy, columns are taken whole, and a search is sums and masks over them.
Only this module knows how Whoosh lays postings and columns out; wherever its layout is not what
we know, the public road (one posting at a time) is taken instead.
"""

import re
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pickle import loads
from threading import Lock, RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.reading import TermNotFound
from whoosh.util.numeric import byte_to_length

from kms.search.entry import NUMBERS, TEXT_FIELDS, WORDS_FILE, Entry
from kms.search.grams import GRAMS_FILE, Grams
from kms.search.kept_text import Needle
from kms.search.rows import Rows, open_rows

CACHE_BYTES = 32 * 2**20
RECENT_BYTES = 2**19
# Posting lists read until the mapped pages are given back to the system.
DECODED_BEFORE_GIVING_BACK = 100
LONGEST_LINE = 200
# With more candidates than this part of a segment it is quicker to look through all of it.
MOST_LOOKED_INTO = 0.6

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LENGTHS = np.array([byte_to_length(code) for code in range(256)], dtype=np.float32)
_EMPTY_IDS: Ids = np.empty(0, dtype=np.int32)
_EMPTY_WEIGHTS: Weights = np.empty(0, dtype=np.float32)


@dataclass(frozen=True)
class Postings:
    """Notes (by their place in the segment or snapshot, rising) and a weight for each."""

    ids: Ids
    weights: Weights

    @property
    def nbytes(self) -> int:
        """Memory taken."""
        return int(self.ids.nbytes + self.weights.nbytes) + 200


NOTHING = Postings(_EMPTY_IDS, _EMPTY_WEIGHTS)


def united(size: int, lists: Iterable[Ids]) -> Ids:
    """All places of these lists, rising; ``size`` is how many places there are."""
    found = np.zeros(size, dtype=np.bool_)
    for ids in lists:
        found[ids] = True
    return np.flatnonzero(found).astype(np.int32)


def common(lists: Sequence[Ids]) -> Ids:
    """The places that are in every one of these rising lists."""
    shortest, *others = sorted(lists, key=len)
    for ids in others:
        if len(shortest):
            at = np.searchsorted(ids, shortest)
            at[at == len(ids)] = 0
            shortest = shortest[ids[at] == shortest] if len(ids) else ids
    return shortest


class Cache:
    """Postings kept while they fit into so many bytes; the least used go first."""

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, ...], Postings] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: tuple[str, ...], make: Callable[[], Postings]) -> Postings:
        """The postings under this key, made when they are not kept."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._bytes += made.nbytes
            while self._bytes > self._most and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= gone.nbytes
        return made


@dataclass(frozen=True)
class Values:
    """A field of many values: ``terms[i]`` stands on the notes ``ids`` where ``which == i``."""

    terms: tuple[str, ...]
    which: NDArray[np.int32]
    ids: Ids


class Segment:
    """One immutable segment of the index, decoded as it is asked for."""

    def __init__(self, reader: Any, cache: Cache) -> None:
        self._reader = reader
        self._cache = cache
        # Postings are asked for several times while a new word is made sense of, and then no more.
        self._recent = Cache(RECENT_BYTES)
        self._decoded = 0
        # Whoosh's files keep one reading position for all threads.
        self._lock = RLock()
        self._values: dict[str, Values] = {}
        self.key: str = reader._segid
        self.size: int = reader.doc_count_all()

    def postings(self, field: str, term: str) -> Postings:
        """Notes that have the term in the field, deleted ones too."""
        return self._recent.get((field, term), lambda: self._decode(field, term))

    def _decode(self, field: str, term: str) -> Postings:
        form = self._reader.schema[field].format
        with self._lock:
            self._decoded += 1
            if self._decoded % DECODED_BEFORE_GIVING_BACK == 0:
                self._reader.storage().give_back()
            try:
                matcher = self._reader._terms.matcher(field, term.encode(), form)
            except (TermNotFound, KeyError):
                return NOTHING
            return _decode_blocks(matcher)

    @cached_property
    def _words(self) -> memoryview:
        """Every term and compound as ``encode_text`` keeps them, one on a line."""
        with self._reader.storage().open_file(f"{self.key}{WORDS_FILE}") as file:
            whole: memoryview = file._buf[:]
            return whole

    def words(self) -> list[str]:
        """Every term and compound of Thai or Latin letters; those of the most notes come first."""
        return bytes(self._words).decode("cp874").split("\n")[1:-1]

    def terms_with(self, text: str) -> Iterator[str]:
        """Terms and compounds that contain the text without splitting a cluster, common first."""
        pattern, at = Needle(text).pattern, 0
        while pattern and (match := pattern.search(self._words, at)):
            start, end = match.span()
            before = bytes(self._words[max(0, start - LONGEST_LINE) : start])
            after = bytes(self._words[end : end + LONGEST_LINE])
            line = before[before.rfind(b"\n") + 1 :] + match[0] + after[: after.find(b"\n")]
            yield line.decode("cp874")
            at = end + after.find(b"\n")

    def _terms(self, field: str) -> Iterator[str]:
        if field not in self._reader.indexed_field_names():
            return
        for name, term in self._reader.terms_from(field, b""):
            if name != field:
                return
            yield term.decode()

    def values(self, field: str) -> Values:
        """All values of a value field at once."""
        with self._lock:
            if field not in self._values:
                self._values[field] = self._read_values(field)
            return self._values[field]

    def _read_values(self, field: str) -> Values:
        terms = tuple(self._terms(field))
        lists = [self._decode(field, term).ids for term in terms]
        sizes = [len(ids) for ids in lists]
        which = np.repeat(np.arange(len(terms), dtype=np.int32), sizes)
        return Values(terms, which, np.concatenate(lists) if lists else _EMPTY_IDS)

    def lengths(self, field: str) -> Weights:
        """Number of terms of each note in a text field (as coarse as Whoosh keeps it)."""
        found: Weights = _LENGTHS[self._column(f"_{field}_len", "u1", 0)]
        return found

    def numbers(self, column: str) -> NDArray[np.int64]:
        """A column of whole numbers; 0 where a note has none."""
        return self._column(column, ">u4", 0).astype(np.int64)

    def _column(self, name: str, dtype: str, default: int) -> NDArray[Any]:
        found: NDArray[Any] = np.full(self.size, default, dtype=np.dtype(dtype).newbyteorder("="))
        perdoc = self._reader._perdoc
        if not perdoc.has_column(name):
            return found
        file, start, length = perdoc._get_column_file(name)
        count = min(length // np.dtype(dtype).itemsize, self.size)
        raw = bytes(file.get(start, count * np.dtype(dtype).itemsize))
        found[:count] = np.frombuffer(raw, dtype=dtype)
        return found

    @cached_property
    def _grams(self) -> Grams:
        storage = self._reader.storage()
        with storage.open_file(f"{self.key}{GRAMS_FILE}") as file:
            return Grams(file._buf[:])

    def candidates(self, text: str) -> Ids:
        """Notes, rising, that may have the folded text: all that have it, and few others."""
        return self._grams.candidates(text)

    def holding(self, text: str, unsure: Ids) -> Ids:
        """Those of these notes whose text holds the folded text without splitting a cluster."""
        needle = Needle(text)
        if len(unsure) > MOST_LOOKED_INTO * self.size:
            return common([unsure, self.scan(needle)])
        return np.array(self._holding(needle, unsure), dtype=np.int32)

    def _holding(self, needle: Needle, unsure: Ids) -> list[int]:
        is_other = np.isin(unsure, self._grams.others)
        found = [place for place in unsure[is_other].tolist() if needle.is_in(self.text(place))]
        if needle.pattern:
            search, texts = needle.pattern.search, self._texts
            found += [place for place in unsure[~is_other].tolist() if search(texts[place])]
        return found

    def kept(self, key: tuple[str, ...], make: Callable[[], Postings]) -> Postings:
        """Something computed of this segment, kept while it fits."""
        return self._cache.get((self.key, "computed", *key), make)

    @cached_property
    def _texts(self) -> Rows:
        return open_rows(self._reader, "folded", self.size)

    @cached_property
    def _shown(self) -> Rows:
        return open_rows(self._reader, "shown", self.size)

    def text(self, place: int) -> bytes:
        """Folded title, text and names of a note as ``encode_text`` keeps them."""
        return self._texts[place]

    def shown(self, place: int) -> bytes:
        """What a hit is shown by (see ``Entry``)."""
        return self._shown[place]

    def scan(self, needle: "Needle") -> Ids:
        """Notes whose text holds the needle, by looking through all of it: nothing is missed.

        The texts lie one behind another, so that one search runs over many at memory speed.
        """
        others = self._grams.others.tolist()
        found: set[int] = set()
        if needle.pattern:
            for first, whole, ends in self._texts.in_order():
                found.update(first + row for row in _rows_with(needle.pattern, whole, ends))
        found.difference_update(others)
        found.update(place for place in others if needle.is_in(self.text(place)))
        return np.array(sorted(found), dtype=np.int32)

    def entry(self, place: int) -> Entry:
        """What is kept of one note beside its terms and values."""
        numbers = tuple(int(self._all_numbers[name][place]) for name in NUMBERS)
        return Entry({}, {}, numbers, self.text(place), self.shown(place))

    @cached_property
    def _all_numbers(self) -> dict[str, NDArray[np.int64]]:
        return {name: self.numbers(name) for name in NUMBERS}

    def coarse_lengths(self, place: int) -> dict[str, int]:
        """Lengths of one note's text fields as coarse as they are kept."""
        return {name: int(lengths[place]) for name, lengths in self._all_lengths.items()}

    @cached_property
    def _all_lengths(self) -> dict[str, Weights]:
        return {name: self.lengths(name) for name in TEXT_FIELDS}

    def all_postings(self) -> Iterator[tuple[str, str, Postings]]:
        """Every field, term and posting list; nothing of it is cached."""
        codec, file = self._reader.codec(), self._reader._terms._postfile
        for (field, term), info in self._reader._terms.items():
            matcher = codec.postings_reader(file, info, self._reader.schema[field].format)
            yield field, term.decode(), _decode_blocks(matcher)

    def close(self) -> None:
        """Let go of the files."""
        if not self._reader.is_closed:
            self._reader.close()


def _rows_with(pattern: re.Pattern[bytes], whole: bytes, ends: list[int]) -> Iterator[int]:
    at = 0
    while match := pattern.search(whole, at):
        row = bisect_right(ends, match.start())
        if match.end() <= ends[row]:
            yield row
            at = ends[row]
        else:
            at = match.start() + 1


def _decode_blocks(matcher: Any) -> Postings:
    if not hasattr(matcher, "_read_data"):
        return decode_one_by_one(matcher)
    ids: list[Ids] = []
    weights: list[Weights] = []
    while True:
        datalen = matcher._nextoffset - matcher._dataoffset
        data = matcher._postfile.get(matcher._dataoffset, datalen)
        if matcher._compression:
            data = zlib.decompress(data)
        gaps, block_weights, _ = loads(data)  # noqa: S301 - the index is as private as the database
        steps = np.cumsum(np.array(gaps, dtype=np.int32), dtype=np.int32)
        ids.append(steps)
        if block_weights is None:
            weights.append(np.ones(len(steps), dtype=np.float32))
        elif isinstance(block_weights, float):
            weights.append(np.full(len(steps), block_weights, dtype=np.float32))
        else:
            weights.append(np.array(block_weights, dtype=np.float32))
        if matcher._lastblock:
            break
        matcher._goto(matcher._nextoffset)
    if len(ids) == 1:
        return Postings(ids[0], weights[0])
    return Postings(np.concatenate(ids), np.concatenate(weights))


def decode_one_by_one(matcher: Any) -> Postings:
    """A posting list by Whoosh's public interface: slower, and the same."""
    ids: list[int] = []
    weights: list[float] = []
    while matcher.is_active():
        ids.append(matcher.id())
        weights.append(matcher.weight())
        matcher.next()
    return Postings(np.array(ids, dtype=np.int32), np.array(weights, dtype=np.float32))


class Snapshot:
    """All segments at one commit as one row of arrays; what a search works on.

    A note's place is its row here. ``live`` is false for what was deleted or replaced.
    """

    def __init__(self, segments: list[Segment], deleted: list[frozenset[int]], key: object) -> None:
        self.key = key
        self._segments = segments
        self._cache = Cache()
        self._lock = Lock()
        self._values: dict[str, Values] = {}
        self._bases = np.cumsum([0, *(segment.size for segment in segments)])
        self.size = int(self._bases[-1])
        self.live: Mask = np.ones(self.size, dtype=np.bool_)
        for base, gone in zip(self._bases, deleted, strict=False):
            self.live[np.fromiter(gone, dtype=np.int64, count=len(gone)) + base] = False
        self.count = int(self.live.sum())
        self.number = self._numbers("number")
        self.version = self._numbers("version")
        self.from_day = self._numbers("from_day")
        self.to_day = self._numbers("to_day")
        self.made = self._numbers("made")

    def _numbers(self, column: str) -> NDArray[np.int64]:
        found = [segment.numbers(column) for segment in self._segments]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    @cached_property
    def _norms(self) -> dict[str, tuple[Weights, float]]:
        """For each text field the lengths, and their mean over the public notes.

        Where no note is public the anonymous find nothing, and all notes may tell.
        """
        found = {}
        public = self.live & self.mask("audience", ("public",))
        public = public if public.any() else self.live
        for field in TEXT_FIELDS:
            lists = [segment.lengths(field) for segment in self._segments]
            lengths = np.concatenate(lists) if lists else _EMPTY_WEIGHTS
            mean = float(lengths[public].sum(dtype=np.float64)) / max(int(public.sum()), 1)
            found[field] = (lengths, mean or 1.0)
        return found

    def norm(self, field: str) -> tuple[Weights, float]:
        """Lengths in a text field and their mean."""
        return self._norms[field]

    def postings(self, field: str, term: str) -> Postings:
        """Live and deleted notes that have the term in the field."""
        if len(self._segments) == 1:
            return self._segments[0].postings(field, term)
        return self._joined(lambda segment: segment.postings(field, term))

    def kept(self, key: tuple[str, ...], make: Callable[[], Postings]) -> Postings:
        """Something computed of this snapshot, kept while it fits."""
        return self._cache.get(("computed", *key), make)

    def joined(self, key: tuple[str, ...], of: Callable[[Segment], Postings]) -> Postings:
        """Something computed of each segment, once while it lives, joined for this snapshot."""
        return self.kept(
            key, lambda: self._joined(lambda segment: segment.kept(key, lambda: of(segment)))
        )

    def _joined(self, of: Callable[[Segment], Postings]) -> Postings:
        parts = [(base, of(one)) for base, one in zip(self._bases, self._segments, strict=False)]
        parts = [(base, part) for base, part in parts if len(part.ids)]
        if not parts:
            return NOTHING
        return Postings(
            np.concatenate([part.ids + np.int32(base) for base, part in parts]),
            np.concatenate([part.weights for _, part in parts]),
        )

    def values(self, field: str) -> Values:
        """All values of a value field."""
        with self._lock:
            if field not in self._values:
                self._values[field] = self._join_values(field)
            return self._values[field]

    def _join_values(self, field: str) -> Values:
        order: dict[str, int] = {}
        which: list[NDArray[np.int32]] = [_EMPTY_IDS]
        ids: list[Ids] = [_EMPTY_IDS]
        for base, segment in zip(self._bases, self._segments, strict=False):
            part = segment.values(field)
            remap = np.array(
                [order.setdefault(term, len(order)) for term in part.terms], dtype=np.int32
            )
            if len(remap):
                which.append(remap[part.which])
                ids.append(part.ids + np.int32(base))
        return Values(tuple(order), np.concatenate(which), np.concatenate(ids))

    def mask(self, field: str, terms: tuple[str, ...]) -> Mask:
        """Notes that have any of these values."""
        found: Mask = np.zeros(self.size, dtype=np.bool_)
        for term in terms:
            kept = self.kept(("value", field, term), lambda t=term: self.postings(field, t))  # type: ignore[misc]
            found[kept.ids] = True
        return found

    def text(self, place: int) -> bytes:
        """See ``Segment.text``."""
        segment, row = self._at(place)
        return segment.text(row)

    def shown(self, place: int) -> bytes:
        """See ``Segment.shown``."""
        segment, row = self._at(place)
        return segment.shown(row)

    def _at(self, place: int) -> tuple[Segment, int]:
        which = int(np.searchsorted(self._bases, place, side="right")) - 1
        return self._segments[which], place - int(self._bases[which])
