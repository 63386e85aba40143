"""SQLite FTS5 over the same terms: bm25(), snippet(), facets by GROUP BY."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from bench.peers.peer import FACETS, SNIPPET_TERMS, TITLE_WEIGHT, TOP, Cut, Page, Words

FILE = "fts.db"
# Everything but white space is part of a word: the terms are cut already.
TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"

_BEST = f"SELECT rowid FROM notes WHERE notes MATCH ? ORDER BY rank LIMIT {TOP}"
_TOLD = (
    f"SELECT rowid, snippet(notes, 1, '<mark>', '</mark>', '…', {SNIPPET_TERMS}) FROM notes"
    f" WHERE notes MATCH ? ORDER BY rank LIMIT {TOP}"
)
_COUNTED = (
    "WITH found AS MATERIALIZED (SELECT facts.* FROM notes JOIN facts ON facts.number ="
    " notes.rowid WHERE notes MATCH ?) "
) + " UNION ALL ".join(
    f"SELECT '{name}', {name}, count(*) FROM found GROUP BY {name}" for name in FACETS
)


class SqliteFts:
    """One file; values of the facets in an ordinary table beside the texts."""

    has_and: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection: sqlite3.Connection | None = None

    def build(self, notes: Iterable[Cut]) -> None:
        self.folder.mkdir(parents=True)
        self.open()
        run = self.connection.execute
        run("PRAGMA synchronous = NORMAL")
        run(f'CREATE VIRTUAL TABLE notes USING fts5(title, body, tokenize = "{TOKENIZER}")')
        run(f"CREATE TABLE facts (number INTEGER PRIMARY KEY, {', '.join(FACETS)})")
        run(f"INSERT INTO notes(notes, rank) VALUES ('rank', 'bm25({TITLE_WEIGHT}, 1.0)')")
        blanks = ", ".join("?" * len(FACETS))
        for note in notes:
            row = (note.number, note.title, note.body)
            run("INSERT INTO notes(rowid, title, body) VALUES (?, ?, ?)", row)
            values = (note.number, *(note.values[name] for name in FACETS))
            run(f"INSERT INTO facts VALUES (?, {blanks})", values)
        self.connection.commit()
        run("INSERT INTO notes(notes) VALUES ('optimize')")
        self.connection.commit()
        self.connection.close()

    def open(self) -> None:
        self._connection = sqlite3.connect(self.folder / FILE)

    @property
    def connection(self) -> sqlite3.Connection:
        """Open to the one file."""
        assert self._connection
        return self._connection

    def best(self, words: Words) -> list[int]:
        return [number for (number,) in self._all(_BEST, _match(words.terms, " OR "))]

    def page(self, words: Words, *, every: bool = False) -> Page:
        match = _match(words.terms, " AND " if every else " OR ")
        told = self._all(_TOLD, match)
        counts: dict[str, dict[str, int]] = {name: {} for name in FACETS}
        for name, value, count in self._all(_COUNTED, match):
            counts[name][value] = count
        return Page([number for number, _ in told], counts, [text for _, text in told])

    def having(self, words: Words) -> set[int]:
        phrase = _match([" ".join(words.terms)], "")
        found = self._all("SELECT rowid FROM notes WHERE notes MATCH ?", phrase)
        return {number for (number,) in found}

    def _all(self, statement: str, match: str) -> list[tuple]:
        return self.connection.execute(statement, (match,)).fetchall() if match else []


def _match(terms: Iterable[str], between: str) -> str:
    quoted = [f'"{doubled}"' for term in terms if (doubled := term.replace('"', '""'))]
    return between.join(quoted)
