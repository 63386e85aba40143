"""Kept pages are made anew after a change elsewhere, and nobody stops anybody by it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from kms import notes, page_steps
from kms.models import LessonSource, Note
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.statements import counting

PATIENCE_S = 20


@pytest.fixture
def numbers(store: Store) -> list[int]:
    with store.saving() as session:
        made = [
            notes.create(session, NoteContent(Kind.NOTE, title), by=SYSTEM)
            for title in ("หนึ่ง", "สอง", "สาม")
        ]
        return [note.number for note in made]


def steps(store: Store, numbers: list[int]) -> list[int]:
    with store.reading() as session:
        chosen = select(Note.relinked).where(Note.id.in_(numbers)).order_by(Note.id)
        return list(session.scalars(chosen))


def test_pages_step_once_whatever_they_were_chosen_by(store: Store, numbers: list[int]) -> None:
    before = steps(store, numbers)
    with store.saving() as session:
        page_steps.step(session, [*numbers[:2], *numbers[:2]])
        page_steps.step_free(session, select(Note.id).where(Note.id == numbers[2]))
        page_steps.step(session, select(LessonSource.lesson_id))
        with counting(store) as sent:
            page_steps.step(session, [])
        assert not sent
    assert steps(store, numbers) == [one + 1 for one in before]


def test_two_who_step_the_same_pages_wait_in_one_order(
    store: Store, numbers: list[int], database: str
) -> None:
    if not database.startswith("postgresql"):
        pytest.skip("SQLite lets one write at a time")
    first, last = numbers[0], numbers[2]
    before = steps(store, numbers)
    with store.saving() as session:
        # The first row now stands behind the others in the table.
        session.execute(update(Note).where(Note.id == first).values(reads=7))
    with ThreadPoolExecutor(1) as pool, held(store, first) as holding:
        waiting = pool.submit(_step, store, [last, first])
        _until_blocked(store)
        free = select(Note.id).where(Note.id == last).with_for_update(nowait=True)
        assert holding.scalar(free) == last
        page_steps.step_free(holding, [first, last])
        holding.commit()
        waiting.result(PATIENCE_S)
    assert steps(store, numbers) == [before[0] + 2, before[1], before[2] + 2]


def test_a_page_that_someone_is_changing_is_left_to_them(
    store: Store, numbers: list[int], database: str
) -> None:
    if not database.startswith("postgresql"):
        pytest.skip("SQLite lets one write at a time")
    before = steps(store, numbers)
    with held(store, numbers[0]), store.saving() as session:
        page_steps.step_free(session, numbers)
    assert steps(store, numbers) == [before[0], before[1] + 1, before[2] + 1]


def test_stepping_a_page_waits_for_nobody_who_writes_about_it(
    store: Store, numbers: list[int], database: str
) -> None:
    """A comment, a link or a source refers to a note's row and holds its number only."""
    if not database.startswith("postgresql"):
        pytest.skip("SQLite lets one write at a time")
    before = steps(store, numbers)
    with store.sessions() as referring, store.saving() as session:
        key = (
            select(Note.id).where(Note.id == numbers[0]).with_for_update(read=True, key_share=True)
        )
        referring.scalar(key)
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
        page_steps.step(session, numbers)
    assert steps(store, numbers) == [one + 1 for one in before]


@contextmanager
def held(store: Store, number: int) -> Iterator[Session]:
    """A session that has locked this note as a change of it does."""
    with store.sessions() as session:
        own = select(Note.id).where(Note.id == number).with_for_update(key_share=True)
        session.scalar(own)
        yield session


def _step(store: Store, numbers: list[int]) -> None:
    with store.sessions() as session:
        page_steps.step(session, numbers)
        session.commit()


def _until_blocked(store: Store) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    ends = monotonic() + PATIENCE_S
    with store.sessions() as session:
        while not session.scalar(waiting):
            assert monotonic() < ends, "nobody waits"
            session.rollback()
            sleep(0.02)
