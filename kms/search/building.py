# mypy: allow-untyped-calls
"""Segments made beside this process, by others: all of a new index, or many small ones merged.

A worker is another interpreter that takes requests from its standard input and tells on its
output how far it is, so that a server under way neither forks nor shares its interpreter lock
with the work. It ends with the process that asked: its input ends, or nobody reads what it tells.
"""

import gc
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from kms.db import open_engine
from kms.errors import KmsError
from kms.language import gettext as _
from kms.models import Note
from kms.search import analysis, documents, shelf
from kms.search.schema import entry

# Fewer notes are not worth the start of other processes.
FEWEST_BESIDE = 1_500
MOST_WORKERS = 4
LARGEST_SEGMENT = 5_000
READ_AT_ONCE = 100
NICENESS = 10
POLITELY = "politely"
WORK = f"from {__name__} import work; work()"
ROOT = Path(__file__).parents[2]

Told = Callable[[int], None]

_log = logging.getLogger(__name__)


class WorkerFailed(KmsError):
    """A worker could not do its part; nothing that readers see has changed."""

    code = "worker_failed"


@dataclass(frozen=True)
class _Failure:
    """What a worker tells, or its end without a word."""

    why: str


@dataclass(frozen=True)
class _Fill:
    """A request: one segment of these notes."""

    folder: Path
    url: str
    ids: Sequence[int]

    def done(self, told: Told) -> Any:
        analysis.vocabulary()
        # What lives as long as the worker need not be looked through again and again.
        gc.freeze()
        sessions = sessionmaker(open_engine(self.url))
        return build(sessions, _generation(self.folder), self.ids, told)


@dataclass(frozen=True)
class _Merge:
    """A request: one segment of the live notes of these, not yet where readers look."""

    folder: Path
    segments: Sequence[Any]

    def done(self, _told: Told) -> Any:
        return shelf.merge_aside(_generation(self.folder), self.segments)


def fill(
    sessions: sessionmaker[Session],
    made: shelf.Generation,
    progress: Callable[[int, int], None] | None,
    *,
    politely: bool,
) -> int:
    """Write every note into a new generation; how many. Raises WorkerFailed.

    ``politely`` leaves the processor to others first.
    """
    with sessions() as session:
        ids = list(session.scalars(select(Note.id).order_by(Note.id)))
        engine = session.get_bind()
    workers = _workers(engine, len(ids))
    parts = _parts(ids, workers)
    done = 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, len(ids))

    if workers > 1:
        requests = [_Fill(made.folder, _address(engine), part) for part in parts]
        segments = _beside(requests, workers, told, politely=politely)
    else:
        segments = [build(sessions, made, part, told) for part in parts]
    shelf.add_segments(made, segments)
    return len(ids)


def merge(made: shelf.Generation, segments: Sequence[Any]) -> Any:
    """These segments as one, made by a worker; see ``shelf.merge_aside``."""
    return _beside([_Merge(made.folder, segments)], 1, lambda _more: None, politely=True)[0]


def build(
    sessions: sessionmaker[Session], made: shelf.Generation, ids: Sequence[int], told: Told
) -> Any:
    """One segment of these notes; Whoosh's record of it."""
    builder = shelf.builder(made)
    for start in range(0, len(ids), READ_AT_ONCE):
        some = ids[start : start + READ_AT_ONCE]
        with sessions() as session:
            found = documents.read(session, some)
        for document in found:
            builder.add(entry(document))
        told(len(some))
    return builder.finish()


def _generation(folder: Path) -> shelf.Generation:
    return shelf.open_generation(folder.parent, folder.name)


def _workers(bind: Any, notes: int) -> int:
    engine: Engine = bind.engine
    is_in_memory = engine.dialect.name == "sqlite" and engine.url.database in (None, "", ":memory:")
    if notes < FEWEST_BESIDE or is_in_memory:
        return 1
    return min(MOST_WORKERS, _processors())


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _address(bind: Any) -> str:
    url: str = bind.engine.url.render_as_string(hide_password=False)
    return url


def _parts(ids: list[int], workers: int) -> list[list[int]]:
    """Equal parts, as many as keep all workers at work and each segment within its size."""
    rounds = -(-len(ids) // (workers * LARGEST_SEGMENT))
    size = max(1, -(-len(ids) // (workers * max(1, rounds))))
    return [ids[start : start + size] for start in range(0, len(ids), size)]


# --- asking workers ------------------------------------------------------------------------------


def _beside(requests: Sequence[Any], workers: int, told: Told, *, politely: bool) -> list[Any]:
    """What workers make of these requests, in their order."""
    waiting = list(enumerate(requests))[::-1]
    made: list[Any] = [None] * len(requests)
    heard: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    with _started(min(workers, len(requests)), heard, politely=politely) as inputs:
        at_work: dict[int, int] = {}
        for worker, source in enumerate(inputs):
            at_work[worker] = _give(source, *waiting.pop())
        while at_work:
            worker, message = heard.get()
            if isinstance(message, int):
                told(message)
                continue
            if isinstance(message, _Failure):
                raise _failed(message.why)
            made[at_work.pop(worker)] = message
            if waiting:
                at_work[worker] = _give(inputs[worker], *waiting.pop())
    return made


@contextmanager
def _started(
    number: int, heard: "SimpleQueue[tuple[int, Any]]", *, politely: bool
) -> Iterator[list[IO[bytes]]]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    around = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", WORK]
    command += [POLITELY] if politely else []
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, env=around)  # noqa: S603 - ourselves
        for _each in range(number)
    ]
    listening = [
        Thread(target=_listen, args=(worker, process.stdout, heard), daemon=True)
        for worker, process in enumerate(processes)
    ]
    for thread in listening:
        thread.start()
    try:
        yield [process.stdin for process in processes if process.stdin]
    finally:
        for process, thread in zip(processes, listening, strict=True):
            process.kill()
            thread.join()
            process.communicate()


def _listen(worker: int, output: IO[bytes], heard: "SimpleQueue[tuple[int, Any]]") -> None:
    try:
        while True:
            heard.put((worker, pickle.load(output)))  # noqa: S301 - from a worker of our own
    except Exception as problem:
        heard.put((worker, _Failure(repr(problem))))


def _give(source: IO[bytes], number: int, request: object) -> int:
    # A worker that is gone is heard of by its output.
    with suppress(BrokenPipeError):
        _send(source, request)
    return number


def _send(file: IO[bytes], message: object) -> None:
    pickle.dump(message, file)
    file.flush()


def _failed(why: str) -> WorkerFailed:
    return WorkerFailed(_("สร้างดัชนีไม่สำเร็จ ดัชนีเดิมยังใช้ค้นหาได้ (%(problem)s)", problem=why))


# --- being a worker ------------------------------------------------------------------------------


def work() -> None:
    """Do what is asked on standard input until it ends."""
    output = os.fdopen(os.dup(1), "wb")
    # What some library prints must not come between our messages.
    os.dup2(2, 1)
    if POLITELY in sys.argv:
        os.nice(NICENESS)
    with suppress(BrokenPipeError), suppress(EOFError):
        while True:
            request = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that made us
            _send(output, _answer(request, output))


def _answer(request: Any, output: IO[bytes]) -> Any:
    try:
        return request.done(lambda more: _send(output, more))
    except BrokenPipeError:
        raise
    except Exception as problem:
        _log.exception("a worker failed")
        return _Failure(repr(problem))
