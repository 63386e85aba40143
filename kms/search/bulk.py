# mypy: allow-untyped-calls
"""Writes a whole segment at once through Whoosh's codec.

Whoosh's own writer sorts one tuple for each posting; here postings are gathered by term and
handed to the codec a list at a time, which is several times faster and makes the same files.
Beside them goes a list of the segment's words, so that nobody reads the whole term index for it.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.filestore import RamStorage
from whoosh.util.numeric import byte_to_length

from kms.search.arrays import Segment
from kms.search.entry import NUMBERS, TEXT_FIELDS, VALUE_FIELDS, WORD_FIELDS, WORDS_FILE, Entry
from kms.search.grams import GRAMS_FILE, GramsBuilder

BLOCK = 1024
LONGEST = byte_to_length(255)

# Quoted: an array takes no type at run time before Python 3.12.
Pair: TypeAlias = "tuple[array[int], array[float]]"
Lists: TypeAlias = dict[str, Pair]


class SegmentBuilder:
    """One new segment; documents in the order added."""

    def __init__(self, storage: Any, index_name: str, schema: Any) -> None:
        self._storage = storage
        # Put together in memory, so that one file is made and not twenty for each save.
        self._desk = RamStorage()
        self._schema = schema
        self._codec = W3Codec(blocklimit=BLOCK)
        self._segment = self._codec.new_segment(storage, index_name)
        self._documents = self._codec.per_document_writer(self._desk, self._segment)
        self._postings: dict[str, Lists] = {name: {} for name in (*TEXT_FIELDS, *VALUE_FIELDS)}
        self._grams = GramsBuilder()
        self.size = 0

    def add(self, entry: Entry) -> None:
        """Take one document."""
        lengths = {name: sum(counts.values()) for name, counts in entry.counts.items()}
        place = self._add_document(entry, lengths)
        for name, counts in entry.counts.items():
            self._gather(name, place, counts)
        for name, values in entry.values.items():
            self._gather(name, place, dict.fromkeys(values, 1))

    def _add_document(self, entry: Entry, lengths: Mapping[str, int]) -> int:
        place = self.size
        documents = self._documents
        documents.start_doc(place)
        for name, length in lengths.items():
            documents.add_field(name, self._schema[name], None, length)
        for name, number in zip(NUMBERS, entry.numbers, strict=True):
            documents.add_column_value(name, self._schema[name].column_type, number)
        documents.add_column_value("folded", self._schema["folded"].column_type, entry.folded)
        documents.add_column_value("shown", self._schema["shown"].column_type, entry.shown)
        documents.finish_doc()
        self._grams.add(entry.folded)
        self.size += 1
        return place

    def _gather(self, name: str, place: int, counts: Mapping[str, int]) -> None:
        lists = self._postings[name]
        for term, count in counts.items():
            found = lists.get(term)
            if found is None:
                lists[term] = found = (array("I"), array("f"))
            found[0].append(place)
            found[1].append(count)

    def merge(self, segment: Segment, live: Iterable[int]) -> None:
        """Take the live documents of another segment as they are."""
        places = {}
        for old in live:
            places[old] = self._add_document(segment.entry(old), segment.coarse_lengths(old))
        for name, term, postings in segment.all_postings():
            lists = self._postings[name]
            for old, weight in zip(postings.ids.tolist(), postings.weights.tolist(), strict=True):
                if old in places:
                    ids, weights = lists.setdefault(term, (array("I"), array("f")))
                    ids.append(places[old])
                    weights.append(weight)

    def finish(self) -> Any:
        """Write it all; Whoosh's record of the segment."""
        self._segment.set_doc_count(self.size)
        self._documents.close()
        writer = self._codec.field_writer(self._desk, self._segment)
        for name in sorted(self._postings):
            writer.start_field(name, self._schema[name])
            for term, pair in _in_order(self._postings[name]):
                _write_term(writer, term, pair)
            writer.finish_field()
        writer.close()
        with self._segment.create_file(self._desk, WORDS_FILE) as file:
            file.write("\n".join(["", *self._words(), ""]).encode("cp874", "replace"))
        with self._segment.create_file(self._desk, GRAMS_FILE) as file:
            file.write(self._grams.finish())
        whole = self._segment.create_file(self._storage, self._segment.COMPOUND_EXT)
        CompoundStorage.assemble(whole, self._desk, self._segment.list_files(self._desk))
        self._segment.compound = True
        return self._segment

    def _words(self) -> list[str]:
        """Terms and compounds, those of the most notes first."""
        notes = Counter[str]()
        for name in WORD_FIELDS:
            notes.update({word: len(ids) for word, (ids, _) in self._postings[name].items()})
        return sorted(notes, key=lambda word: (-notes[word], word))


def _in_order(lists: Lists) -> Iterator[tuple[bytes, Pair]]:
    yield from sorted((term.encode(), found) for term, found in lists.items())


def _write_term(writer: Any, term: bytes, pair: Pair) -> None:
    """What ``add`` for each posting would leave behind, a block at a time."""
    ids, weights = pair
    writer.start_term(term)
    postings = writer._postwriter
    for start in range(0, len(ids), BLOCK):
        postings._ids = ids[start : start + BLOCK]
        postings._weights = weights[start : start + BLOCK]
        postings._maxweight = max(postings._weights)
        # The loosest bounds are true bounds; only Whoosh's own scorer reads them.
        postings._minlength, postings._maxlength = 1, LONGEST
        if start + BLOCK < len(ids):
            postings._write_block()
    writer.finish_term()
