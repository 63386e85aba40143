# mypy: allow-untyped-calls
"""Writes a whole segment at once in the files of Whoosh's codec.

Whoosh's own writer sorts one tuple for each posting; here postings are gathered in flat arrays
(see ``postings``), which is many times faster and makes the same files. Beside them go a list of
the segment's words and its trigrams, so that nobody reads the whole term index for them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.filestore import RamStorage

from kms.search.arrays import Segment
from kms.search.entry import NUMBERS, TEXT_FIELDS, VALUE_FIELDS, WORD_FIELDS, WORDS_FILE, Entry
from kms.search.grams import GRAMS_FILE, GramsBuilder
from kms.search.postings import BLOCK, Gathered, Lists, read_lists, write_lists


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
        self._postings = {name: Gathered() for name in (*TEXT_FIELDS, *VALUE_FIELDS)}
        self._grams = GramsBuilder()
        self.size = 0

    def add(self, entry: Entry) -> None:
        """Take one document."""
        lengths = {name: sum(counts.values()) for name, counts in entry.counts.items()}
        place = self._add_document(entry, lengths)
        for name, counts in entry.counts.items():
            self._postings[name].add(place, counts)
        for name, values in entry.values.items():
            self._postings[name].add(place, dict.fromkeys(values, 1))

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

    def merge(self, segment: Segment, live: Iterable[int]) -> None:
        """Take the live documents of another segment as they are."""
        places = np.full(segment.size, -1, dtype=np.int64)
        for old in live:
            places[old] = self._add_document(segment.entry(old), segment.coarse_lengths(old))
        for name, lists in read_lists(segment._reader):
            self._postings[name].take(lists, places)

    def finish(self, aside: str = "") -> Any:
        """Write it all; Whoosh's record of the segment. ``aside`` is put before the file's name."""
        self._segment.set_doc_count(self.size)
        self._documents.close()
        writer = self._codec.field_writer(self._desk, self._segment)
        lists = {name: self._postings[name].lists() for name in sorted(self._postings)}
        for name, found in lists.items():
            writer.start_field(name, self._schema[name])
            write_lists(writer, found)
            writer.finish_field()
        writer.close()
        with self._segment.create_file(self._desk, WORDS_FILE) as file:
            file.write("\n".join(["", *_words(lists), ""]).encode("cp874", "replace"))
        with self._segment.create_file(self._desk, GRAMS_FILE) as file:
            file.write(self._grams.finish())
        name = self._segment.make_filename(self._segment.COMPOUND_EXT)
        whole = self._storage.create_file(aside + name)
        CompoundStorage.assemble(whole, self._desk, self._segment.list_files(self._desk))
        self._segment.compound = True
        return self._segment


def _words(lists: Mapping[str, Lists]) -> list[str]:
    """Terms and compounds, those of the most notes first."""
    notes: dict[str, int] = {}
    for name in WORD_FIELDS:
        for word, size in zip(lists[name].terms, lists[name].sizes.tolist(), strict=True):
            notes[word] = notes.get(word, 0) + size
    return sorted(notes, key=lambda word: (-notes[word], word))
