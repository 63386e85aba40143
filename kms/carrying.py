"""Action items that a later note goes on with: they are open there and no longer here."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from kms.models import Note, NoteAction
from kms.permissions import Viewer, visible_to


def carried_to(seen_by: Viewer) -> Any:
    """For a row of NoteAction: the newest note the viewer may see that carries it over."""
    return _later(func.max, seen_by).scalar_subquery()


def is_carried(seen_by: Viewer) -> ColumnElement[bool]:
    """Whether a note that the viewer may see carries the NoteAction over."""
    return _later(lambda number: number, seen_by).exists()


def of_note(session: Session, number: int, *, seen_by: Viewer) -> dict[int, int]:
    """Position of an item of this note → the later note that carries it over."""
    to = carried_to(seen_by).label("to")
    rows = session.execute(
        select(NoteAction.position, to).where(NoteAction.note_id == number, is_carried(seen_by))
    )
    return dict(rows.all())


def _later(what: Any, seen_by: Viewer) -> Select[Any]:
    later = aliased(NoteAction)
    return (
        select(what(later.note_id))
        .join(Note, Note.id == later.note_id)
        .where(
            later.carried_from == NoteAction.note_id,
            later.carried_key == NoteAction.what_key,
            later.note_id != NoteAction.note_id,
            visible_to(seen_by),
        )
        .correlate(NoteAction)
    )
