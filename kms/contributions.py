"""Who took part in which notes, and how: what people know and whom they worked with follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, literal, null, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from kms import themes
from kms.models import Comment, LessonSource, Note, NotePerson, NoteTheme, RoleAssignment, Theme
from kms.permissions import Viewer, numbers_seen_by, visible_to

MOST_REMARKS = 50
# Who is asked about may be in any number of notes; everybody only in the latest.
MOST_NOTES = 2_000

Rows = Select[*tuple[Any, ...]]

AUTHOR, PRESENT, REMARK = "author", "present", "remark"


def contributions(
    seen_by: Viewer, *chosen: ColumnElement[bool], whom: Iterable[int] | None = None
) -> CompoundSelect[*tuple[Any, ...]]:
    """Rows of ``person_id``, ``note_id``, ``how`` and ``place_code``; several for one who did more.

    Only in notes the viewer may see; ``chosen`` are further conditions on Note. Without ``whom``
    the last MOST_NOTES of these notes count, whoever is in them. ``how`` is the code of a role,
    AUTHOR, PRESENT (chair or attendee), or REMARK for a comment that a lesson was drawn from,
    where the note is that lesson. ``place_code`` is a role's own.
    """
    seen = [visible_to(seen_by), *chosen]
    if whom is None:
        last = select(Note.id).where(*seen).order_by(Note.id.desc()).limit(MOST_NOTES).cte("last")
        seen = [Note.id.in_(select(last.c.id))]
    by_role = select(
        RoleAssignment.person_id.label("person_id"),
        RoleAssignment.note_id.label("note_id"),
        RoleAssignment.role.label("how"),
        RoleAssignment.place_code.label("place_code"),
    ).join(Note, Note.id == RoleAssignment.note_id)
    present = select(NotePerson.person_id, NotePerson.note_id, literal(PRESENT), null()).join(
        Note, Note.id == NotePerson.note_id
    )
    credited = select(Note.author_id, Note.id, literal(AUTHOR), null())
    people = None if whom is None else list(whom)
    return union_all(
        _of(by_role, RoleAssignment.person_id, people).where(*seen),
        _of(present, NotePerson.person_id, people).where(*seen),
        _of(credited, Note.author_id, people).where(*seen),
        _of(_remarks(seen_by), Comment.author_id, people).where(*seen),
    )


def on_themes(session: Session, slugs: Iterable[str]) -> ColumnElement[bool] | None:
    """The notes on any of these themes or beneath them, as a condition; None for no theme.

    One statement. A slug that is no theme narrows to nothing.
    """
    wanted = list(slugs)
    if not wanted:
        return None
    tree = themes.load(session)
    beneath = {one for slug in wanted if slug in tree.by_slug for one in tree.subtree(slug)}
    # Asked of each note: a broad theme has so many that to list them first is the slow way round.
    having = select(NoteTheme.note_id).join(Theme, Theme.id == NoteTheme.theme_id)
    on_this = having.where(NoteTheme.note_id == Note.id, Theme.slug.in_(beneath))
    return on_this.correlate(Note).exists()


@dataclass(frozen=True)
class RemarkUsed:
    """A comment that a lesson was drawn from; ``passage`` are its words there."""

    comment_id: int
    note: int
    passage: str
    lesson: int
    lesson_title: str


def remarks_used(session: Session, person_id: int, *, seen_by: Viewer) -> list[RemarkUsed]:
    """Where both the comment, which still says it, and the lesson may be read, the newest lesson
    first."""
    rows = session.execute(
        _remarks(seen_by)
        .where(Comment.author_id == person_id, visible_to(seen_by))
        .with_only_columns(Comment.id, Comment.note_id, LessonSource.passage, Note.id, Note.title)
        .order_by(Note.id.desc(), Comment.id)
        .limit(MOST_REMARKS)
    )
    return [RemarkUsed(*row) for row in rows]


def _remarks(seen_by: Viewer) -> Rows:
    # The remark stands under another note than the lesson, which the viewer must see as well, and
    # still says what the lesson says it did.
    said = or_(LessonSource.passage == "", LessonSource.starts_at.is_not(None))
    readable = numbers_seen_by(seen_by).where(Note.id == Comment.note_id).correlate(Comment)
    return (
        select(Comment.author_id, Note.id, literal(REMARK), null())
        .join(LessonSource, LessonSource.comment_id == Comment.id)
        .join(Note, Note.id == LessonSource.lesson_id)
        .where(Comment.hidden_at.is_(None), said, readable.exists())
    )


def _of(
    rows: Rows,
    who: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
    people: list[int] | None,
) -> Rows:
    return rows.where(who.is_not(None) if people is None else who.in_(people))
