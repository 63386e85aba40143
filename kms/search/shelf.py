"""Where the index lies: one folder for each generation, and a small file that names the current.

A rebuild writes a new generation beside the current one and then swaps the name, so readers
meet the old or the new one and never half of one. One writer at a time, whatever the number of
processes: the lock is the folder's own, held by the system for as long as the process lives.
"""

# mypy: allow-untyped-calls
import json
import os
import secrets
import shutil
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex, clean_files
from whoosh.reading import CorruptIndexError, SegmentReader
from whoosh.util.filelock import try_for

from kms.errors import Unavailable
from kms.language import gettext as _
from kms.search.arrays import Segment
from kms.search.bulk import SegmentBuilder
from kms.search.entry import Entry
from kms.search.mapped import open_segment
from kms.search.schema import schema

CURRENT = "current"
REBUILDING = "rebuilding"
CHANGED = "changed-meanwhile"
ABOUT = "about.json"
# Segments of more notes than the first number and at most the second are merged when there are as
# many of them as the third. Larger ones wait for ``kms reindex``: no save waits for a big merge.
MERGED = ((0, 16, 32), (16, 512, 8))


class Damaged(Exception):
    """The index cannot be read and must be built again from the database."""


# What reading a damaged file raises, deep inside.
SIGNS_OF_DAMAGE = (
    CorruptIndexError,
    EOFError,
    OSError,
    UnicodeDecodeError,
    UnpicklingError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Generation:
    """One complete index: its folder, the analysis that made it, its Whoosh index."""

    folder: Path
    analysis: str
    index: FileIndex

    @property
    def commit(self) -> int:
        """Number of its last commit."""
        return int(self.index.latest_generation())

    def segments(self) -> list[Any]:
        """Whoosh's own record of each segment at the last commit."""
        return list(self.index._segments())

    def reader(self, segment: Any) -> SegmentReader:
        """Opens the files of one segment."""
        return open_segment(self.index.storage, self.index.schema, segment)


def current_name(folder: Path) -> str:
    """Name of the current generation; empty when there is none."""
    try:
        return (folder / CURRENT).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return ""


def is_untouched(folder: Path) -> bool:
    """Whether nothing was ever kept here."""
    return not folder.exists() or not any(folder.iterdir())


def open_generation(folder: Path, name: str) -> Generation:
    """The generation of this name; raises Damaged."""
    try:
        about = json.loads((folder / name / ABOUT).read_text(encoding="utf-8"))
        index = FileIndex(FileStorage(str(folder / name)), schema())
        return Generation(folder / name, str(about["analysis"]), index)
    except Exception as problem:
        raise Damaged(str(problem)) from problem


def make_generation(folder: Path, analysis: str) -> Generation:
    """An empty generation that nobody reads yet (see ``make_current``)."""
    name = f"g-{secrets.token_hex(6)}"
    (folder / name).mkdir(parents=True)
    index = FileIndex.create(FileStorage(str(folder / name)), schema())
    about = json.dumps({"analysis": analysis})
    (folder / name / ABOUT).write_text(about, encoding="utf-8")
    return Generation(folder / name, analysis, index)


def make_current(folder: Path, name: str) -> None:
    """Swap the current generation and throw the others away. Hold the writer's lock."""
    fresh = folder / f"{CURRENT}.{os.getpid()}"
    with fresh.open("w", encoding="ascii") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / CURRENT)
    for other in folder.glob("g-*"):
        if other.name != name:
            shutil.rmtree(other, ignore_errors=True)


@contextmanager
def writing_lock(folder: Path, timeout_s: float) -> Iterator[None]:
    """The one right to write; raises Unavailable when another keeps it for longer."""
    with _lock(folder, "writer", timeout_s):
        yield


@contextmanager
def rebuilding_lock(folder: Path) -> Iterator[None]:
    """The one right to rebuild; raises Unavailable when somebody already does."""
    with _lock(folder, "rebuilder", 0):
        yield


def is_being_rebuilt(folder: Path) -> bool:
    """Whether some process rebuilds the index right now."""
    try:
        with rebuilding_lock(folder):
            return False
    except Unavailable:
        return True


@contextmanager
def _lock(folder: Path, name: str, timeout_s: float) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileStorage(str(folder)).lock(f"{name}.lock")
    if not try_for(lock.acquire, timeout=timeout_s, delay=0.01):
        raise Unavailable(_("ดัชนีค้นหากำลังถูกเขียนอยู่ ลองใหม่อีกครู่"))
    try:
        yield
    finally:
        lock.release()


def write(
    generation: Generation,
    entries: Iterable[Entry],
    gone: Iterable[int] = (),
    known: Mapping[str, Segment] | None = None,
) -> None:
    """Add notes and drop old ones by their place, in one commit. Hold the writer's lock.

    ``known`` are the segments of the last commit by key; without them nothing is merged.
    """
    index = generation.index
    toc = TOC.read(index.storage, index.indexname, schema=index.schema)
    _drop(toc.segments, gone)
    builder = SegmentBuilder(index.storage, index.indexname, index.schema)
    for entry in entries:
        builder.add(entry)
    kept = [segment for segment in toc.segments if segment.doc_count() > 0]
    if known:
        kept = _merge_a_little(builder, kept, known)
    if builder.size:
        kept.append(builder.finish())
    TOC(index.schema, kept, toc.generation + 1).write(index.storage, index.indexname)
    clean_files(index.storage, index.indexname, toc.generation + 1, kept)


def _drop(segments: list[Any], gone: Iterable[int]) -> None:
    base, places = 0, sorted(gone)
    for segment in segments:
        end = base + segment.doc_count_all()
        for place in places[bisect_left(places, base) : bisect_left(places, end)]:
            segment.delete_document(place - base)
        base = end


def _merge_a_little(
    builder: SegmentBuilder, segments: list[Any], known: Mapping[str, Segment]
) -> list[Any]:
    """Merge the segments of a size of which there are many; never more than a save can bear."""
    for above, largest, most in MERGED:
        alike = [segment for segment in segments if above < segment.doc_count() <= largest]
        if len(alike) >= most:
            for segment in alike:
                dead = set(segment.deleted_docs())
                live = [place for place in range(segment.doc_count_all()) if place not in dead]
                builder.merge(known[segment.segment_id()], live)
            segments = [segment for segment in segments if segment not in alike]
    return segments
