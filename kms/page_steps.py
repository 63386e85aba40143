"""Kept pages of notes are stale: what they show of something else has changed.

Rows are locked in the order of their numbers, so that two who do this wait for each other and do
not stop each other. References to a note may be written meanwhile.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import CompoundSelect, Select, select, update
from sqlalchemy.orm import Session

from kms.models import Note

BATCH = 500

Chosen = Select[int] | CompoundSelect[int]


def step(session: Session, notes: Iterable[int] | Chosen) -> None:
    """Let kept pages of these notes be made anew; what the index keeps stays right."""
    _step(session, notes, skip_busy=False)


def step_free(session: Session, notes: Iterable[int] | Chosen) -> None:
    """The same for those that nobody is changing at this moment.

    The others step by that change, and two people who change notes that name one another must
    not wait for each other.
    """
    _step(session, notes, skip_busy=True)


def _step(session: Session, notes: Iterable[int] | Chosen, *, skip_busy: bool) -> None:
    for some in _in_order(notes):
        locked = (
            select(Note.id)
            .where(Note.id.in_(some))
            .order_by(Note.id)
            .with_for_update(key_share=True, skip_locked=skip_busy)
        )
        session.execute(
            update(Note)
            .where(Note.id.in_(locked))
            .values(relinked=Note.relinked + 1)
            .execution_options(synchronize_session=False)
        )


def _in_order(notes: Iterable[int] | Chosen) -> Iterator[Chosen | list[int]]:
    if isinstance(notes, Select | CompoundSelect):
        yield notes
        return
    ordered = sorted(set(notes))
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
