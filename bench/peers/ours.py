"""Platu itself: an instance in the folder, searched as page and API search it."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from bench.peers.peer import TOP, Cut, Page, Words
from kms.permissions import ANONYMOUS
from kms.saving import Store, open_store
from kms.search import analysis, engine, shelf
from kms.search.arrays import Cache, Segment, Snapshot
from kms.search.asking import understand
from kms.search.found import Found
from kms.search.query import Query
from kms.settings import Settings

FACET_NAMES = ("kind", "province", "theme", "role", "year")


def settings_of(folder: Path) -> Settings:
    """Settings of the instance in this folder."""
    return Settings(folder, f"sqlite:///{folder / 'kms.db'}", "bench")


class Ours:
    """``Index.find`` whole: reading the words, hits, facets, snippets, the check in the database.

    The instance must be in the folder already (``bench.loading``). It keeps and cuts its own
    text: ``build`` indexes the instance whatever notes it is given.
    """

    has_and: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        self.settings = settings_of(folder)
        self._store: Store | None = None
        self._snapshot: Snapshot | None = None

    def build(self, notes: Iterable[Cut]) -> None:
        store = open_store(self.settings)
        store.index.reindex(store.sessions)
        store.close()

    def open(self) -> None:
        self._store = open_store(self.settings)
        analysis.vocabulary()

    @property
    def store(self) -> Store:
        """The opened instance."""
        assert self._store
        return self._store

    def find(self, words: Words, *, snippets: bool = True) -> Found:
        """One search, in a session of its own as every request has."""
        query = Query(words=words.typed, limit=TOP, snippets=snippets)
        with self.store.reading() as session:
            return self.store.index.find(session, query, seen_by=ANONYMOUS)

    def best(self, words: Words) -> list[int]:
        return [hit.number for hit in self.find(words, snippets=False).hits]

    def page(self, words: Words, *, every: bool = False) -> Page:
        found = self.find(words)
        counts = {
            name: {value.value: value.count for value in found.facets[name]} for name in FACET_NAMES
        }
        return Page([hit.number for hit in found.hits], counts, [hit.snippet for hit in found.hits])

    def having(self, words: Words) -> set[int]:
        """All places from the engine: a page of twenty thousand hits is nobody's search."""
        snapshot = self._snapshot = self._snapshot or self._open_snapshot()
        query = Query(words=words.typed, limit=snapshot.size)
        answer = engine.answer(snapshot, query, understand(words.typed), None)
        return set(snapshot.number[list(answer.places)].tolist())

    def _open_snapshot(self) -> Snapshot:
        folder = self.settings.index_folder
        generation = shelf.open_generation(folder, shelf.current_name(folder))
        records = generation.segments()
        segments = [Segment(generation.reader(record), Cache()) for record in records]
        return Snapshot(segments, [frozenset(one.deleted_docs()) for one in records], "bench")
