"""The search index of one instance: finding, keeping in step with the database, mending."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from kms.errors import Unavailable
from kms.language import gettext as _
from kms.models import IndexChange, Note
from kms.permissions import SYSTEM, Viewer
from kms.search import analysis, building, completing, documents, engine, finding, shelf, similar
from kms.search.arrays import Cache, Segment, Snapshot
from kms.search.completing import Completion
from kms.search.found import Found
from kms.search.query import Query
from kms.search.schema import entry
from kms.search.ways_out import WaysOut, ways_out

BATCH = 500
READ_AT_ONCE = 100
TIMEOUT_S = 2.0
# A larger instance is rebuilt beside the requests, not within one.
REBUILT_AT_ONCE = 200
TRIES = 5

Progress = Callable[[int, int], None]
Answered = TypeVar("Answered")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What comparing database and index told; notes are named by number."""

    is_readable: bool
    notes: int = 0
    missing: tuple[int, ...] = ()
    left_over: tuple[int, ...] = ()
    stale: tuple[int, ...] = ()
    waiting: int = 0
    needs_rebuild: bool = False
    repaired: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether index and database agree, but for changes that wait their turn."""
        wrong = self.missing or self.left_over or self.stale or self.needs_rebuild
        return self.is_readable and not wrong


@dataclass(frozen=True)
class _Opened:
    """One generation as this process last saw it."""

    generation: shelf.Generation
    name: str
    commit: int
    segments: dict[str, Segment]
    snapshot: Snapshot


def open_index(folder: Path) -> "Index":
    """The index in this folder; never raises, whatever it finds there (see ``is_healthy``)."""
    return Index(folder)


class Index:
    """One for each process; its threads share it, and other processes share its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: _Opened | None = None
        self._lock = Lock()
        self._cache = Cache()
        self._rebuilder: Thread | None = None
        self._merger: Thread | None = None
        self._was_open = False
        # Something in it could not be read though it opened well.
        self._is_suspect = False

    # --- finding ---------------------------------------------------------------------------------

    def find(self, session: Session, query: Query, *, seen_by: Viewer) -> Found:
        """What this viewer finds; at most three statements.

        Hits are checked once more in the database, so an index that lags never shows what may
        no longer be seen. Raises Unavailable when the index cannot be read.
        """
        began = time.perf_counter()
        reached = self._read(session, lambda snapshot: finding.reach(snapshot, query, seen_by))
        if reached is None:
            return finding.nothing(session, query)
        return finding.told(session, reached, seen_by, began)

    def complete(self, session: Session, typed: str, *, seen_by: Viewer) -> list[Completion]:
        """What to offer for words half typed. Raises Unavailable as ``find`` does."""
        offer = partial(completing.complete, session, typed=typed, seen_by=seen_by)
        return self._read(session, offer) or []

    def similar(self, session: Session, number: int, *, seen_by: Viewer) -> list[int]:
        """Notes like this one, the most alike first; the database has still to be asked."""
        like = partial(similar.similar, number=number, seen_by=seen_by)
        return self._read(session, like) or []

    def numbers(self, session: Session, query: Query, *, seen_by: Viewer) -> frozenset[int]:
        """Every note that this finds, by the index alone; the database has still to be asked."""
        audiences = None if seen_by == SYSTEM else seen_by.audiences
        found = partial(engine.numbers, query=query, audiences=audiences)
        return self._read(session, found) or frozenset()

    def ways_out(self, session: Session, query: Query, *, seen_by: Viewer) -> WaysOut:
        """What to try when this finds nothing or not all of it."""
        return self._read(session, partial(ways_out, query=query, seen_by=seen_by)) or WaysOut()

    def _read(self, session: Session, read: Callable[[Snapshot], Answered]) -> Answered | None:
        """What the newest snapshot answers; None without one. Raises Unavailable."""
        snapshot = self._snapshot_or_none(session)
        if snapshot is None:
            return None
        try:
            return read(snapshot)
        except Exception as problem:
            _log.exception("the index could not answer")
            self._let_go()
            self._is_suspect |= isinstance(problem, shelf.SIGNS_OF_DAMAGE)
            raise _unavailable() from problem

    def _snapshot_or_none(self, session: Session) -> Snapshot | None:
        """The newest snapshot; None when there is no index and no note that could be in it."""
        try:
            return self._refresh().snapshot
        except shelf.Damaged as problem:
            if session.scalar(select(Note.id).limit(1)) is None:
                return None
            raise _unavailable() from problem

    def is_healthy(self) -> bool:
        """Whether the index can be read, or is so new that nothing was ever in it."""
        try:
            self._refresh()
        except shelf.Damaged:
            return not self._was_open and shelf.is_untouched(self.folder)
        return not self._is_suspect

    def close(self) -> None:
        """Let go of the files."""
        for thread in (self._rebuilder, self._merger):
            if thread is not None:
                thread.join()
        self._let_go()

    def _let_go(self) -> None:
        # Readers in other threads may still hold these segments; their files close with the last.
        with self._lock:
            self._opened = None
            self._cache = Cache()

    def _refresh(self) -> _Opened:
        """The current generation at its newest commit; raises Damaged."""
        with self._lock:
            for again in range(TRIES):
                try:
                    return self._reopened()
                except FileNotFoundError as problem:
                    # A writer may have tidied away files between our looking and our opening.
                    if again == TRIES - 1:
                        raise shelf.Damaged(str(problem)) from problem
                    time.sleep(0.01)
                except shelf.Damaged:
                    raise
                except Exception as problem:
                    self._opened = None
                    raise shelf.Damaged(str(problem)) from problem
        raise shelf.Damaged

    def _reopened(self) -> _Opened:
        name = shelf.current_name(self.folder)
        if not name:
            self._opened = None
            raise shelf.Damaged("there is no index")
        opened = self._opened
        if opened is None or opened.name != name:
            generation = shelf.open_generation(self.folder, name)
            known: dict[str, Segment] = {}
        else:
            generation, known = opened.generation, opened.segments
            if opened.commit == generation.commit:
                return opened
        commit = generation.commit
        if commit < 0:
            self._opened = None
            raise shelf.Damaged("the index has lost its table of contents")
        records = generation.segments()
        segments = {
            record.segment_id(): known.get(record.segment_id())
            or Segment(generation.reader(record), self._cache)
            for record in records
        }
        deleted = [frozenset(record.deleted_docs()) for record in records]
        snapshot = Snapshot(list(segments.values()), deleted, (name, commit))
        self._opened = _Opened(generation, name, commit, segments, snapshot)
        self._was_open = True
        return self._opened

    # --- keeping in step -------------------------------------------------------------------------

    def catch_up(
        self,
        sessions: sessionmaker[Session],
        *,
        timeout_s: float = TIMEOUT_S,
        progress: Progress | None = None,
    ) -> int:
        """Write every waiting change into the index; the number of rows taken off the queue.

        Rows leave the queue only after the index has their notes. When another process writes
        for longer than ``timeout_s`` the rows stay for it or for the next time. An index that is
        missing, damaged or made by another analysis is rebuilt.
        """
        if self._needs_rebuild():
            self._rebuild(sessions)
        done = 0
        with suppress(Unavailable):
            while taken := self._take(sessions, timeout_s):
                done += taken
                if progress:
                    progress(done, done)
        if done:
            self._merge_beside()
        return done

    def _take(self, sessions: sessionmaker[Session], timeout_s: float) -> int:
        with sessions() as session:
            if session.scalar(select(IndexChange.id).limit(1)) is None:
                return 0
        with shelf.writing_lock(self.folder, timeout_s), sessions() as session:
            waiting = select(IndexChange.id, IndexChange.note_id).order_by(IndexChange.id)
            rows = session.execute(waiting.limit(BATCH)).all()
            ids = sorted({row.note_id for row in rows})
            try:
                opened = self._refresh()
            except shelf.Damaged:
                return 0
            _replace(session, opened, ids)
            self._tell_rebuilder(ids)
            session.rollback()
            session.execute(delete(IndexChange).where(IndexChange.id.in_([row.id for row in rows])))
            session.commit()
            return len(rows)

    def _tell_rebuilder(self, ids: Iterable[int]) -> None:
        """A rebuild under way has perhaps read these notes already: it takes them again."""
        if not (self.folder / shelf.REBUILDING).exists():
            return
        if shelf.is_being_rebuilt(self.folder):
            with (self.folder / shelf.CHANGED).open("a", encoding="ascii") as file:
                file.writelines(f"{number}\n" for number in ids)
        else:
            shelf.tidy(self.folder)

    def _merge_beside(self) -> None:
        """Let many segments become one while saves go on."""
        if self._merger is not None and self._merger.is_alive():
            return
        try:
            generation = self._refresh().generation
            if shelf.to_merge(generation):
                self._merger = Thread(target=self._merge_quietly, args=(generation,), daemon=True)
                self._merger.start()
        except shelf.Damaged:
            return

    def _merge_quietly(self, generation: shelf.Generation) -> None:
        try:
            with shelf.merging_lock(self.folder):
                while sources := shelf.to_merge(generation):
                    merged = building.merge(generation, sources)
                    with shelf.writing_lock(self.folder, TIMEOUT_S * 10):
                        if shelf.current_name(self.folder) != generation.folder.name:
                            return
                        shelf.take_merged(generation, merged, sources)
        except Unavailable:
            _log.info("another process merges the index")
        except Exception:
            _log.warning("segments of the index could not be merged", exc_info=True)

    def _needs_rebuild(self) -> bool:
        try:
            return self._is_suspect or self._refresh().generation.analysis != analysis.version()
        except shelf.Damaged:
            return True

    def _rebuild(self, sessions: sessionmaker[Session]) -> None:
        """Now when it is quick; otherwise beside the requests, which search the old index."""
        with sessions() as session:
            notes = session.scalar(select(func.count()).select_from(Note)) or 0
        if notes <= REBUILT_AT_ONCE:
            self.reindex(sessions)
        elif self._rebuilder is None or not self._rebuilder.is_alive():
            _log.warning("the search index is rebuilt in the background (%s notes)", notes)
            self._rebuilder = Thread(target=self._rebuild_quietly, args=(sessions,), daemon=True)
            self._rebuilder.start()

    def _rebuild_quietly(self, sessions: sessionmaker[Session]) -> None:
        try:
            self.reindex(sessions, politely=True)
        except Unavailable:
            _log.info("another process rebuilds the index")
        except Exception:
            _log.exception("the index could not be rebuilt")

    def reindex(
        self,
        sessions: sessionmaker[Session],
        progress: Progress | None = None,
        *,
        politely: bool = False,
    ) -> int:
        """Build a new index beside the old one while writes go on, then swap; notes indexed.

        ``progress(done, total)`` is called after every batch. Many notes are cut by other
        processes, ``politely`` by such as leave the processor to the rest. Raises Unavailable
        when another process rebuilds; whatever fails, the old index stays.
        """
        with shelf.rebuilding_lock(self.folder):
            with shelf.writing_lock(self.folder, TIMEOUT_S * 10):
                (self.folder / shelf.CHANGED).write_text("", encoding="ascii")
                made = shelf.make_generation(self.folder, analysis.version())
                (self.folder / shelf.REBUILDING).write_text(made.folder.name, encoding="ascii")
            try:
                done = building.fill(sessions, made, progress, politely=politely)
                with shelf.writing_lock(self.folder, TIMEOUT_S * 10):
                    self._take_again(sessions, made)
                    shelf.make_current(self.folder, made.folder.name)
                self._is_suspect = False
            finally:
                shelf.tidy(self.folder)
        return done

    def _take_again(self, sessions: sessionmaker[Session], made: shelf.Generation) -> None:
        text = (self.folder / shelf.CHANGED).read_text(encoding="ascii")
        ids = sorted({int(line) for line in text.split()})
        with sessions() as session:
            for start in range(0, len(ids), BATCH):
                _replace(session, _open_alone(made), ids[start : start + BATCH])

    # --- mending ---------------------------------------------------------------------------------

    def check(self, session: Session, repair: bool = False) -> Report:
        """Compare every note with its index entry; with ``repair`` mend what differs at once."""
        sessions = sessionmaker(session.get_bind(), expire_on_commit=False)
        waiting = set(session.scalars(select(IndexChange.note_id)))
        versions = {row.id: row.version for row in session.execute(select(Note.id, Note.version))}
        try:
            opened = self._refresh()
            has = _versions(opened.snapshot)
            _read_through(opened.snapshot)
        except Exception:
            self._let_go()
            if repair:
                self.reindex(sessions)
            return Report(False, len(versions), waiting=len(waiting), repaired=repair)
        report = Report(
            is_readable=True,
            notes=len(versions),
            missing=_sorted(versions.keys() - has.keys() - waiting),
            left_over=_sorted(has.keys() - versions.keys() - waiting),
            stale=_sorted(
                number
                for number in versions.keys() & has.keys() - waiting
                if versions[number] != has[number]
            ),
            waiting=len(waiting),
            needs_rebuild=opened.generation.analysis != analysis.version(),
        )
        return self._repaired(session, sessions, report) if repair else report

    def _repaired(
        self, session: Session, sessions: sessionmaker[Session], report: Report
    ) -> Report:
        if report.needs_rebuild:
            self.reindex(sessions)
        else:
            wrong = sorted({*report.missing, *report.left_over, *report.stale})
            for start in range(0, len(wrong), BATCH):
                with shelf.writing_lock(self.folder, TIMEOUT_S * 10):
                    _replace(session, self._refresh(), wrong[start : start + BATCH])
        return Report(**{**report.__dict__, "repaired": True})


def _replace(session: Session, opened: _Opened, ids: list[int]) -> None:
    """Bring these notes in the index to what the database says. Hold the writer's lock."""
    snapshot = opened.snapshot
    old = np.flatnonzero(snapshot.live & np.isin(snapshot.number, ids))
    fresh = map(entry, _read_documents(session, ids))
    shelf.write(opened.generation, fresh, map(int, old), opened.segments)


def _read_documents(session: Session, ids: list[int]) -> Iterator[documents.Document]:
    for start in range(0, len(ids), READ_AT_ONCE):
        yield from documents.read(session, ids[start : start + READ_AT_ONCE])


def _open_alone(generation: shelf.Generation) -> _Opened:
    records = generation.segments()
    segments = {
        record.segment_id(): Segment(generation.reader(record), Cache()) for record in records
    }
    deleted = [frozenset(record.deleted_docs()) for record in records]
    snapshot = Snapshot(list(segments.values()), deleted, None)
    return _Opened(generation, generation.folder.name, generation.commit, segments, snapshot)


def _versions(snapshot: Snapshot) -> dict[int, int]:
    live = np.flatnonzero(snapshot.live)
    return dict(zip(snapshot.number[live].tolist(), snapshot.version[live].tolist(), strict=True))


def _read_through(snapshot: Snapshot) -> None:
    """Touch every field and every note, so that damage shows itself."""
    for field in ("kind", "audience", "place", "theme", "role", "year"):
        snapshot.values(field)
    for place in np.flatnonzero(snapshot.live):
        snapshot.text(int(place))
        snapshot.shown(int(place))


def _sorted(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(numbers))


def _unavailable() -> Unavailable:
    return Unavailable(_("ค้นหาไม่ได้ชั่วคราว ดัชนีค้นหากำลังถูกซ่อม บันทึกทั้งหมดยังอยู่ครบ ลองใหม่อีกครู่"))
