"""How many notes there are, where, about what and when, among those the viewer may see."""

from dataclasses import dataclass

from sqlalchemy import Integer, cast, extract, func, select
from sqlalchemy.orm import Session

from kms.models import Note, NotePlace, Person
from kms.note_kinds import Kind
from kms.people import named_in_notes
from kms.permissions import Viewer, numbers_seen_by, visible_to


@dataclass(frozen=True)
class Totals:
    """Of all a viewer may see; ``notes`` counts lessons too, ``people`` those named in notes."""

    notes: int
    lessons: int
    people: int
    provinces: int


def totals(session: Session, *, seen_by: Viewer) -> Totals:
    """The whole in four numbers, in one statement."""
    seen = visible_to(seen_by)
    province = func.substr(NotePlace.place_code, 1, 2)
    row = session.execute(
        select(
            select(func.count()).select_from(Note).where(seen).scalar_subquery(),
            select(func.count())
            .select_from(Note)
            .where(seen, Note.kind == Kind.LESSON.value)
            .scalar_subquery(),
            select(func.count())
            .select_from(Person)
            .where(named_in_notes(seen_by))
            .scalar_subquery(),
            select(func.count(province.distinct()))
            .where(NotePlace.note_id.in_(numbers_seen_by(seen_by)))
            .scalar_subquery(),
        )
    ).one()
    return Totals(*row)


def counts_by_province(session: Session, *, seen_by: Viewer) -> dict[str, int]:
    """Province code → notes of the province or of a place in it."""
    return counts_by_child_place(session, "", seen_by=seen_by)


def counts_by_child_place(session: Session, code: str, *, seen_by: Viewer) -> dict[str, int]:
    """Code of each place right inside this one → its notes; places without a note are absent."""
    child = func.substr(NotePlace.place_code, 1, len(code) + 2)
    rows = session.execute(
        select(child, func.count(NotePlace.note_id.distinct()))
        .where(
            NotePlace.note_id.in_(numbers_seen_by(seen_by)),
            NotePlace.place_code.startswith(code, autoescape=True),
            func.length(NotePlace.place_code) > len(code),
        )
        .group_by(child)
    )
    return dict(rows.all())


def counts_by_year(session: Session, *, seen_by: Viewer) -> dict[int, int]:
    """Year (CE) in which the event began → notes, the latest year first."""
    year = cast(extract("year", Note.held_from), Integer)
    rows = session.execute(
        select(year, func.count())
        .where(visible_to(seen_by), Note.held_from.is_not(None))
        .group_by(year)
        .order_by(year.desc())
    )
    return dict(rows.all())
