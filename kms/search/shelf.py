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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.reading import SegmentReader
from whoosh.util.filelock import try_for
from whoosh.writing import SegmentWriter

from kms.errors import Unavailable
from kms.language import gettext as _
from kms.search.schema import schema

CURRENT = "current"
REBUILDING = "rebuilding"
CHANGED = "changed-meanwhile"
ABOUT = "about.json"
BLOCK = 1024
# A commit merges at most this many notes, so that no save waits for a big merge.
MOST_MERGED = 400
MOST_SEGMENTS = 24


class Damaged(Exception):
    """The index cannot be read and must be built again from the database."""


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
        return SegmentReader(self.index.storage, self.index.schema, segment)


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


def write(generation: Generation, documents: Iterable[dict[str, Any]], gone: Iterable[int]) -> None:
    """Add documents and drop old ones by their place, in one commit. Hold the writer's lock."""
    writer = SegmentWriter(
        generation.index, codec=W3Codec(blocklimit=BLOCK), limitmb=256, timeout=5.0
    )
    try:
        for place in gone:
            writer.delete_document(place)
        for document in documents:
            writer.add_document(**document)
    except BaseException:
        writer.cancel()
        raise
    writer.commit(mergetype=_merge_a_little)


def _merge_a_little(writer: SegmentWriter, segments: list[Any]) -> list[Any]:
    """Merge the smallest segments when there are many, never more than a save can bear."""
    alive = [segment for segment in segments if segment.doc_count() > 0]
    if len(alive) < MOST_SEGMENTS:
        return alive
    alive.sort(key=lambda segment: int(segment.doc_count()))
    taken, notes = 0, 0
    for segment in alive:
        if notes + segment.doc_count() > MOST_MERGED:
            break
        notes += segment.doc_count()
        taken += 1
    if taken < 2:
        return alive
    for segment in alive[:taken]:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return alive[taken:]
