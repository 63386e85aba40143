"""Whoosh as it comes: its writer, searcher, BM25F, grouping and highlighter."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from whoosh import fields, index, query, sorting
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.searching import Hit, Searcher

from bench.peers.peer import FACETS, TITLE_WEIGHT, TOP, Cut, Page, Words

MEMORY_MB = 256


class PlainWhoosh:
    """Passages are made by its own highlighter, which cuts the stored terms at spaces again."""

    has_and: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._searcher: Searcher | None = None

    def build(self, notes: Iterable[Cut]) -> None:
        text = {"analyzer": SpaceSeparatedTokenizer(), "stored": True}
        schema = fields.Schema(
            number=fields.NUMERIC(int, stored=True, sortable=True),
            title=fields.TEXT(**text),
            body=fields.TEXT(**text),
            **{name: fields.ID(sortable=True) for name in FACETS},
        )
        self.folder.mkdir(parents=True)
        writer = index.create_in(str(self.folder), schema).writer(limitmb=MEMORY_MB)
        for note in notes:
            writer.add_document(number=note.number, title=note.title, body=note.body, **note.values)
        writer.commit()

    def open(self) -> None:
        self._searcher = index.open_dir(str(self.folder)).searcher()

    @property
    def searcher(self) -> Searcher:
        """Kept open, as Whoosh advises."""
        assert self._searcher
        return self._searcher

    def best(self, words: Words) -> list[int]:
        return _numbers(self.searcher.search(_wanted(words, every=False), limit=TOP))

    def page(self, words: Words, *, every: bool = False) -> Page:
        grouped = sorting.Facets()
        for name in FACETS:
            grouped.add_facet(name, sorting.FieldFacet(name, maptype=sorting.Count))
        found = self.searcher.search(_wanted(words, every=every), limit=TOP, groupedby=grouped)
        counts = {name: dict(found.groups(name)) for name in FACETS}
        # Grouping makes it give every hit, whatever the limit.
        top = found[:TOP]
        return Page(_numbers(top), counts, [hit.highlights("body") for hit in top])

    def having(self, words: Words) -> set[int]:
        terms = list(words.terms)
        if not terms:
            return set()
        wanted = query.Or([query.Phrase(name, terms) for name in ("title", "body")])
        column = self.searcher.reader().column_reader("number")
        return {column[place] for place in self.searcher.docs_for_query(wanted)}


def _numbers(found: Iterable[Hit]) -> list[int]:
    return [hit["number"] for hit in found]


def _wanted(words: Words, *, every: bool) -> query.Query:
    each = [
        query.Or([query.Term("title", term, boost=TITLE_WEIGHT), query.Term("body", term)])
        for term in words.terms
    ]
    return (query.And(each) if every else query.Or(each)).normalize()
