"""bm25s, which scores and keeps no text: facets and passages are made here, over arrays."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import bm25s
import numpy as np

from bench.peers.peer import FACETS, TOP, Cut, Page, Words

BEFORE, LENGTH = 40, 160
SILENT = {"show_progress": False}


class Bm25sArrays:
    """Title and body are one text to it; texts lie in one mapped file."""

    has_and: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, notes: Iterable[Cut]) -> None:
        self.folder.mkdir(parents=True)
        numbers: list[int] = []
        values: dict[str, list[str]] = {name: [] for name in FACETS}
        texts: list[list[str]] = []
        ends = [0]
        with (self.folder / "texts").open("wb") as file:
            for note in notes:
                numbers.append(note.number)
                texts.append(f"{note.title} {note.body}".split())
                ends.append(ends[-1] + file.write(note.body.encode()))
                for name in FACETS:
                    values[name].append(note.values[name])
        scorer = bm25s.BM25()
        scorer.index(texts, **SILENT)
        scorer.save(str(self.folder / "scores"), **SILENT)
        columns = {name: np.unique(values[name], return_inverse=True) for name in FACETS}
        which = {name: inverse.astype(np.int16) for name, (_, inverse) in columns.items()}
        np.savez(self.folder / "columns.npz", numbers=numbers, ends=ends, **which)
        names = {name: terms.tolist() for name, (terms, _) in columns.items()}
        (self.folder / "names.json").write_text(json.dumps(names), encoding="utf-8")

    def open(self) -> None:
        self.scorer = bm25s.BM25.load(str(self.folder / "scores"), mmap=True)
        self.columns = dict(np.load(self.folder / "columns.npz"))
        self.names = json.loads((self.folder / "names.json").read_text(encoding="utf-8"))
        self.texts = np.memmap(self.folder / "texts", dtype=np.uint8, mode="r")

    def best(self, words: Words) -> list[int]:
        return self.columns["numbers"][self._top(self._scores(words.terms))].tolist()

    def page(self, words: Words, *, every: bool = False) -> Page:
        scores = self._scores(words.terms)
        top, found = self._top(scores), scores > 0
        counts = {}
        for name in FACETS:
            each = np.bincount(self.columns[name][found], minlength=len(self.names[name]))
            counts[name] = dict(zip(self.names[name], each.tolist(), strict=True))
        snippets = [self._passage(int(place), words.terms) for place in top]
        return Page(self.columns["numbers"][top].tolist(), counts, snippets)

    def having(self, words: Words) -> set[int]:
        """Notes with all the terms: it knows no phrases."""
        if not words.terms:
            return set()
        has = [self._scores((term,)) > 0 for term in words.terms]
        return set(self.columns["numbers"][np.logical_and.reduce(has)].tolist())

    def _scores(self, terms: tuple[str, ...]) -> np.ndarray:
        known = [term for term in terms if term in self.scorer.vocab_dict]
        if not known:
            return np.zeros(len(self.columns["numbers"]), dtype=np.float32)
        return self.scorer.get_scores(known)

    @staticmethod
    def _top(scores: np.ndarray) -> np.ndarray:
        most = min(TOP, len(scores))
        best = np.argpartition(-scores, most - 1)[:most]
        best = best[np.argsort(-scores[best], kind="stable")]
        return best[scores[best] > 0]

    def _passage(self, place: int, terms: tuple[str, ...]) -> str:
        """From a little before the first term; every term marked."""
        start, end = self.columns["ends"][place : place + 2]
        text = bytes(self.texts[start:end]).decode()
        first = min((at for term in terms if (at := text.find(term)) >= 0), default=0)
        passage = text[max(0, first - BEFORE) : first + LENGTH]
        for term in terms:
            passage = passage.replace(term, f"<mark>{term}</mark>")
        return passage
