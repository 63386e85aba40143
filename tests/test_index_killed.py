"""Killed at any moment of saving, merging, swapping or rebuilding, nothing saved is lost."""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from kms.db import begin_writing
from kms.models import IndexChange, Note
from kms.permissions import SYSTEM
from kms.saving import Store
from kms.search import shelf
from kms.search.query import Query
from kms.settings import Settings

TIMES = 50
LONGEST_LIFE_S = 0.12

Kill = Callable[[int], None]


@pytest.fixture
def kill(settings: Settings) -> Iterator[Kill]:
    """Let a child work, and kill it after a moment drawn from the seed."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "tests.killed_index"]
    with subprocess.Popen(
        [*command, str(settings.instance), settings.database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None

        def kill_one(seed: int) -> None:
            print(seed, file=parent.stdin, flush=True)
            child = int(parent.stdout.readline())
            time.sleep(random.Random(seed).uniform(0.005, LONGEST_LIFE_S))
            os.kill(child, signal.SIGKILL)

        yield kill_one
        parent.stdin.close()


# Four parts, so that the cores share them; a seed that fails is told and can be set here.
@pytest.mark.parametrize("part", range(4))
def test_a_killed_process_loses_nothing_that_was_saved(
    store: Store, settings: Settings, kill: Kill, part: int
) -> None:
    first = secrets.randbelow(10**9)
    for seed in range(first, first + TIMES):
        kill(seed)
        told = f"part {part}, killed with seed {seed} after {seed - first} others"
        is_open = store.index.is_healthy()
        assert is_open, told
        assert unaccounted(store) == set(), told
        if seed % 5 == 0:
            with store.reading() as session:
                store.index.check(session, repair=True)
            store.index.catch_up(store.sessions)
            assert_agreed(store, told)
    store.index.catch_up(store.sessions)
    store.index.reindex(store.sessions)
    assert_agreed(store, f"part {part}, first seed {first}")
    assert len(list(store.index.folder.glob("g-*"))) == 1
    assert leftovers(store) == []


def unaccounted(store: Store) -> set[int]:
    """Notes whose newest state is neither in the index nor in the queue."""
    with store.sessions() as session:
        # No child is alive: what the database and the index say now they say of one moment.
        begin_writing(session)
        waiting = set(session.scalars(select(IndexChange.note_id)))
        versions = {row.id: row.version for row in session.execute(select(Note.id, Note.version))}
        has = indexed(store)
        session.rollback()
    differing = {
        number for number in versions.keys() | has.keys() if versions.get(number) != has.get(number)
    }
    return differing - waiting


def indexed(store: Store) -> dict[int, int]:
    snapshot = store.index._refresh().snapshot
    live = snapshot.live.nonzero()[0]
    found = dict(zip(snapshot.number[live].tolist(), snapshot.version[live].tolist(), strict=True))
    assert len(found) == len(live), "a note is in the index twice"
    return found


def assert_agreed(store: Store, told: str) -> None:
    assert unaccounted(store) == set(), told
    with store.reading() as session:
        report = store.index.check(session)
        everything = set(session.scalars(select(Note.id)))
        found = store.index.find(session, Query(words="ปลาทู", limit=1), seen_by=SYSTEM)
    assert report.is_sound, told
    assert report.waiting == 0, told
    assert found.total == len(everything), told


def leftovers(store: Store) -> list[str]:
    """Files of the index that nobody will read again."""
    generation = store.index._refresh().generation
    named = {f"{record.segment_id()}.seg" for record in generation.segments()}
    kept = named | {shelf.ABOUT, f"_MAIN_{generation.commit}.toc"}
    inside = {file.name for file in generation.folder.iterdir()} - kept
    usual = {shelf.CURRENT, shelf.CHANGED, generation.folder.name}
    around = {file.name for file in store.index.folder.iterdir() if file.suffix != ".lock"} - usual
    return sorted(inside | around)
