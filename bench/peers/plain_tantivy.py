"""tantivy over the same terms: its aggregations and its snippets."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from tantivy import (
    DocAddress,
    Document,
    Index,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    SearchResult,
    SnippetGenerator,
)

from bench.peers.peer import FACETS, TITLE_WEIGHT, TOP, Cut, Page, Words

MOST_VALUES = 100
MEMORY = 256_000_000
_COUNTED = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in FACETS}


class PlainTantivy:
    """As many threads write as it chooses by itself; one searches."""

    has_and: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schema = _schema()

    def build(self, notes: Iterable[Cut]) -> None:
        self.folder.mkdir(parents=True)
        writer = Index(self.schema, str(self.folder)).writer(heap_size=MEMORY)
        for note in notes:
            writer.add_document(
                Document(number=note.number, title=note.title, body=note.body, **note.values)
            )
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        self.searcher = Index.open(str(self.folder)).searcher()

    def best(self, words: Words) -> list[int]:
        return self._numbers(self._addresses(self.searcher.search(self._wanted(words), TOP)))

    def page(self, words: Words, *, every: bool = False) -> Page:
        query = self._wanted(words, every=every)
        found = self._addresses(self.searcher.search(query, TOP))
        told = self.searcher.aggregate(query, _COUNTED)
        counts = {
            name: {bucket["key"]: bucket["doc_count"] for bucket in told[name]["buckets"]}
            for name in FACETS
        }
        passages = SnippetGenerator.create(self.searcher, query, self.schema, "body")
        snippets = [
            passages.snippet_from_doc(self.searcher.doc(address)).to_html() for address in found
        ]
        return Page(self._numbers(found), counts, snippets)

    def having(self, words: Words) -> set[int]:
        terms = list(words.terms)
        if not terms:
            return set()
        each = [(Occur.Should, self._phrase(name, terms)) for name in ("title", "body")]
        everything = self.searcher.search(Query.boolean_query(each), self.searcher.num_docs)
        return set(self._numbers(self._addresses(everything)))

    def _phrase(self, field: str, terms: list[str]) -> Query:
        if len(terms) == 1:
            return Query.term_query(self.schema, field, terms[0])
        return Query.phrase_query(self.schema, field, terms)

    def _wanted(self, words: Words, *, every: bool = False) -> Query:
        each = [
            (Occur.Must if every else Occur.Should, self._in_either_field(term))
            for term in words.terms
        ]
        return Query.boolean_query(each)

    def _in_either_field(self, term: str) -> Query:
        title = Query.term_query(self.schema, "title", term, "freq")
        body = Query.term_query(self.schema, "body", term, "freq")
        weighted = Query.boost_query(title, TITLE_WEIGHT)
        return Query.boolean_query([(Occur.Should, weighted), (Occur.Should, body)])

    @staticmethod
    def _addresses(found: SearchResult) -> list[DocAddress]:
        return [address for _, address in found.hits]

    def _numbers(self, addresses: list[DocAddress]) -> list[int]:
        return self.searcher.fast_field_values("number", addresses)


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_integer_field("number", fast=True)
    for name in ("title", "body"):
        builder.add_text_field(name, stored=True, tokenizer_name="whitespace")
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw")
    return builder.build()
