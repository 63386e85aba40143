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
from contextlib import contextmanager, suppress
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
from kms.search.arrays import Cache, Segment
from kms.search.bulk import SegmentBuilder
from kms.search.entry import Entry
from kms.search.mapped import open_segment
from kms.search.schema import schema

CURRENT = "current"
REBUILDING = "rebuilding"
CHANGED = "changed-meanwhile"
ABOUT = "about.json"
TRIES = 5
# What a merge beside the saves writes has this before its name until it takes its place.
ASIDE = "aside-"
# A save merges segments of so few notes each when there are so many of them: in some 30 ms.
SMALL, MOST_SMALL = 4, 6
# Larger ones are merged beside the saves: of more notes than the first number and at most the
# second, when there are as many as the third. Still larger ones wait for ``kms reindex``.
MERGED_BESIDE = ((SMALL, 32, 8), (32, 256, 8), (256, 2048, 8))
LARGEST_MERGED = 5_000


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
        for _again in range(TRIES):
            # A writer may throw away the table of contents between our looking and our reading.
            with suppress(FileNotFoundError):
                return list(self.index._segments())
        return list(self.index._segments())

    def reader(self, segment: Any) -> SegmentReader:
        """Opens the files of one segment."""
        return open_segment(self.index.storage, schema(), segment)


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
    """Swap the current generation; ``tidy`` throws the old one away. Hold the writer's lock."""
    fresh = folder / f"{CURRENT}.{os.getpid()}"
    with fresh.open("w", encoding="ascii") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / CURRENT)


def tidy(folder: Path) -> None:
    """Throw away what a rebuild has left, one that was killed too.

    Hold the rebuilder's lock, or the writer's while nobody rebuilds.
    """
    for leftover in folder.glob(f"{CURRENT}.*"):
        leftover.unlink(missing_ok=True)
    (folder / REBUILDING).unlink(missing_ok=True)
    current = current_name(folder)
    for other in folder.glob("g-*"):
        if other.name != current:
            shutil.rmtree(other, ignore_errors=True)


@contextmanager
def writing_lock(folder: Path, timeout_s: float) -> Iterator[None]:
    """The one right to write; raises Unavailable when another keeps it for longer."""
    with _lock(folder, "writer", timeout_s):
        yield


@contextmanager
def rebuilding_lock(folder: Path, timeout_s: float = 0.2) -> Iterator[None]:
    """The one right to rebuild; raises Unavailable when somebody already does."""
    with _lock(folder, "rebuilder", timeout_s):
        yield


@contextmanager
def merging_lock(folder: Path) -> Iterator[None]:
    """The one right to merge beside the saves; raises Unavailable when somebody already does."""
    with _lock(folder, "merger", 0):
        yield


def is_being_rebuilt(folder: Path) -> bool:
    """Whether some process rebuilds the index right now."""
    try:
        with rebuilding_lock(folder, 0):
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
    toc = _read_toc(generation)
    _drop(toc.segments, gone)
    fresh = builder(generation)
    for entry in entries:
        fresh.add(entry)
    kept = [segment for segment in toc.segments if segment.doc_count() > 0]
    if known:
        kept = _merge_a_little(fresh, kept, known)
    if fresh.size:
        kept.append(fresh.finish())
    _commit(generation, toc, kept)


def builder(generation: Generation) -> SegmentBuilder:
    """What makes a new segment in this generation's folder."""
    index = generation.index
    return SegmentBuilder(index.storage, index.indexname, schema())


def add_segments(generation: Generation, segments: Iterable[Any]) -> None:
    """Let readers see finished segments. Hold the writer's lock unless nobody reads yet."""
    toc = _read_toc(generation)
    _commit(generation, toc, [*toc.segments, *segments])


def _read_toc(generation: Generation) -> Any:
    index = generation.index
    return TOC.read(index.storage, index.indexname, schema=schema())


def _commit(generation: Generation, toc: Any, segments: list[Any]) -> None:
    index, commit = generation.index, toc.generation + 1
    TOC(schema(), segments, commit).write(index.storage, index.indexname)
    clean_files(index.storage, index.indexname, commit, segments)


def _drop(segments: list[Any], gone: Iterable[int]) -> None:
    base, places = 0, sorted(gone)
    for segment in segments:
        end = base + segment.doc_count_all()
        for place in places[bisect_left(places, base) : bisect_left(places, end)]:
            segment.delete_document(place - base)
        base = end


def _merge_a_little(
    fresh: SegmentBuilder, segments: list[Any], known: Mapping[str, Segment]
) -> list[Any]:
    """Merge the smallest segments when there are many; never more than a save can bear."""
    small = [segment for segment in segments if segment.doc_count() <= SMALL]
    if len(small) < MOST_SMALL:
        return segments
    small = small[:MOST_SMALL]
    for segment in small:
        fresh.merge(known[segment.segment_id()], _live(segment))
    return [segment for segment in segments if segment not in small]


def _live(segment: Any) -> list[int]:
    dead = set(segment.deleted_docs())
    return [place for place in range(segment.doc_count_all()) if place not in dead]


# --- merging beside the saves --------------------------------------------------------------------


def to_merge(generation: Generation) -> list[Any]:
    """Records of segments of a size of which there are many; empty when all is well."""
    segments = generation.segments()
    for above, largest, most in MERGED_BESIDE:
        alike = [segment for segment in segments if above < segment.doc_count() <= largest]
        if len(alike) >= most:
            return _fitting(sorted(alike, key=lambda segment: int(segment.doc_count())))
    return []


def _fitting(segments: list[Any]) -> list[Any]:
    """As many as make one segment that is not too large, but two at least."""
    total = 0
    chosen: list[Any] = []
    for segment in segments:
        total += segment.doc_count()
        if len(chosen) >= 2 and total > LARGEST_MERGED:
            break
        chosen.append(segment)
    return chosen


def merge_aside(generation: Generation, segments: Iterable[Any]) -> Any:
    """The live notes of these as one segment, whose file nobody else takes for one yet."""
    for leftover in generation.folder.glob(f"{ASIDE}*"):
        leftover.unlink()
    fresh = builder(generation)
    for segment in segments:
        fresh.merge(Segment(generation.reader(segment), Cache()), _live(segment))
    return fresh.finish(ASIDE)


def take_merged(generation: Generation, merged: Any, sources: list[Any]) -> bool:
    """Let it take the place of its sources; false when one is gone. Hold the writer's lock."""
    toc = _read_toc(generation)
    now = {segment.segment_id(): segment for segment in toc.segments}
    name = merged.make_filename(merged.COMPOUND_EXT)
    written = generation.folder / f"{ASIDE}{name}"
    if any(source.segment_id() not in now for source in sources):
        written.unlink(missing_ok=True)
        return False
    place = 0
    for source in sources:
        dead = set(now.pop(source.segment_id()).deleted_docs())
        for old in _live(source):
            if old in dead:
                merged.delete_document(place)
            place += 1
    written.replace(generation.folder / name)
    _commit(generation, toc, [*now.values(), merged])
    return True
