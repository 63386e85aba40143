"""What the pages of a place and of a theme show: lessons first, then other notes, and counts."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import Session, aliased

from kms.models import Note, NotePlace, NoteTheme, Theme
from kms.note_cards import NoteCard, cards
from kms.note_kinds import Kind
from kms.permissions import Viewer, visible_to

SHOWN_OF_EACH = 10


@dataclass(frozen=True)
class LessonsAndNotes:
    """The latest of both, and how many of each the viewer may see in all."""

    lessons: list[NoteCard]
    notes: list[NoteCard]
    total_lessons: int
    total_notes: int

    @property
    def total(self) -> int:
        """Lessons and notes together."""
        return self.total_lessons + self.total_notes


def of_place(session: Session, code: str, *, seen_by: Viewer) -> LessonsAndNotes:
    """What is from this place or from a place in it; three statements."""
    inside = NotePlace.place_code.startswith(code, autoescape=True)
    there = select(NotePlace.note_id).where(inside)
    return _latest(session, Note.id.in_(there), seen_by)


def of_themes(session: Session, slugs: Collection[str], *, seen_by: Viewer) -> LessonsAndNotes:
    """What is about any of these themes (give ``Tree.subtree``); three statements."""
    having = (
        select(NoteTheme.note_id)
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .where(Theme.slug.in_(slugs))
    )
    return _latest(session, Note.id.in_(having), seen_by)


def counts_by_theme(session: Session, *, seen_by: Viewer) -> dict[str, int]:
    """Slug → notes on this theme or on any beneath it, each note once."""
    # UNION, not UNION ALL, so that even a ring of parents comes to an end.
    climb = select(Theme.id.label("theme_id"), Theme.id.label("above_id")).cte(
        "climb", recursive=True
    )
    step = aliased(Theme)
    climb = climb.union(
        select(climb.c.theme_id, step.parent_id)
        .join(step, step.id == climb.c.above_id)
        .where(step.parent_id.is_not(None))
    )
    rows = session.execute(
        select(Theme.slug, func.count(NoteTheme.note_id.distinct()))
        .join(climb, climb.c.above_id == Theme.id)
        .join(NoteTheme, NoteTheme.theme_id == climb.c.theme_id)
        .join(Note, Note.id == NoteTheme.note_id)
        .where(visible_to(seen_by))
        .group_by(Theme.slug)
    )
    return dict(rows.all())


def _latest(session: Session, chosen: ColumnElement[bool], viewer: Viewer) -> LessonsAndNotes:
    def last(kind: ColumnElement[bool]) -> Select[tuple[int, int]]:
        # Counted over the window before the limit cuts it.
        found = (
            select(Note.id.label("number"), func.count().over().label("total"))
            .where(visible_to(viewer), chosen, kind)
            .order_by(Note.held_from.is_(None), Note.held_from.desc(), Note.id.desc())
            .limit(SHOWN_OF_EACH)
            .subquery()
        )
        return select(found.c.number, found.c.total)

    lesson = Note.kind == Kind.LESSON.value
    rows = session.execute(union_all(last(lesson), last(~lesson))).all()
    totals = {row.number: row.total for row in rows}
    shown = cards(session, list(totals), seen_by=viewer)
    lessons = [card for card in shown if card.kind == Kind.LESSON]
    notes = [card for card in shown if card.kind != Kind.LESSON]
    return LessonsAndNotes(
        lessons,
        notes,
        total_lessons=totals[lessons[0].number] if lessons else 0,
        total_notes=totals[notes[0].number] if notes else 0,
    )
