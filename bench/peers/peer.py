"""What every system measured here can do, and what it is given.

Nothing of ours is imported, so that the memory of a peer's process is its own.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Protocol

FACETS = ("kind", "year", "province", "theme", "role")
TOP = 10
TITLE_WEIGHT = 1.5
SNIPPET_TERMS = 30


@dataclass(frozen=True)
class Cut:
    """A note as our analysis cuts it: terms joined by spaces; a value for each facet."""

    number: int
    title: str
    body: str
    values: dict[str, str]


@dataclass(frozen=True)
class Words:
    """Something to search for, as typed and as terms without stop words."""

    typed: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The best ten, how many notes have each value, ten passages."""

    numbers: list[int]
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    snippets: list[str] = field(default_factory=list)


class Peer(Protocol):
    """One system over one folder of its own; built once, then opened by each process."""

    # Whether a search can be asked to want all words; ours decides by itself.
    has_and: ClassVar[bool]

    def __init__(self, folder: Path) -> None: ...

    def build(self, notes: Iterable[Cut]) -> None:
        """Index all notes and close."""

    def open(self) -> None:
        """Make ready to answer."""

    def best(self, words: Words) -> list[int]:
        """Numbers of the ten best of the notes with any word."""

    def page(self, words: Words, *, every: bool = False) -> Page:
        """The whole of a page of hits; of notes with all the words when ``every``."""

    def having(self, words: Words) -> set[int]:
        """All notes that this system finds for one word or name, in its usual way."""


def write_lines(file: Path, rows: Iterable[Any]) -> None:
    """Dataclasses or plain values as JSON lines."""
    with file.open("w", encoding="utf-8") as lines:
        for row in rows:
            plain = asdict(row) if hasattr(row, "__dataclass_fields__") else row
            lines.write(json.dumps(plain, ensure_ascii=False) + "\n")


def read_lines(file: Path) -> Iterator[Any]:
    """What ``write_lines`` wrote."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_cut(file: Path, notes: int | None = None) -> Iterator[Cut]:
    """Notes that were cut before."""
    return (Cut(**row) for row in islice(read_lines(file), notes))


def as_words(row: dict[str, Any]) -> Words:
    """Words again, from JSON."""
    return Words(row["typed"], tuple(row["terms"]))


def folder_mb(folder: Path) -> float:
    """Size of all files in it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
