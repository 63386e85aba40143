"""The roles that someone played, note by note: for the pages of people and organisations."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from kms.models import Note, Organisation, Person, RoleAssignment
from kms.note_kinds import Kind
from kms.permissions import Viewer, visible_to


@dataclass(frozen=True)
class RoleOnNote:
    """A role played in one note."""

    role: str
    level: str
    place_code: str | None
    did: str
    person_id: int | None
    person_name: str
    organisation_id: int | None
    organisation_name: str
    number: int
    kind: str
    title: str
    held_from: date | None
    held_to: date | None
    visibility: str

    @property
    def url(self) -> str:
        """The address of the note's page."""
        return f"/notes/{self.number}"


@dataclass(frozen=True)
class PageTotals:
    """How much there is in all, whatever the page has room for; ``notes`` without the lessons."""

    notes: int
    lessons: int
    roles: int


def role_history(
    session: Session, who: ColumnElement[bool], *, seen_by: Viewer, limit: int
) -> tuple[list[RoleOnNote], int]:
    """The roles of those assignments, the latest event first, and how many there are in all.

    Only in notes the viewer may see; at most ``limit``, in one statement.
    """
    rows = session.execute(
        select(
            RoleAssignment.role,
            RoleAssignment.level,
            RoleAssignment.place_code,
            RoleAssignment.did,
            RoleAssignment.person_id,
            Person.name.label("person_name"),
            RoleAssignment.organisation_id,
            Organisation.name.label("organisation_name"),
            Note.id.label("number"),
            Note.kind,
            Note.title,
            Note.held_from,
            Note.held_to,
            Note.visibility,
            func.count().over().label("total"),
        )
        .join(Note, Note.id == RoleAssignment.note_id)
        .outerjoin(Person, Person.id == RoleAssignment.person_id)
        .outerjoin(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .where(who, visible_to(seen_by))
        .order_by(Note.held_from.desc().nulls_last(), Note.id.desc(), RoleAssignment.position)
        .limit(limit)
    ).all()
    return [_played(row) for row in rows], rows[0].total if rows else 0


@dataclass(frozen=True)
class RolePeriod:
    """A role played at one level and place, from the first to the last note that tells of it."""

    role: str
    level: str
    place_code: str | None
    organisation_id: int | None
    organisation_name: str
    first: date | None
    last: date | None
    notes: int


def role_periods(
    session: Session, who: ColumnElement[bool], *, seen_by: Viewer, limit: int
) -> list[RolePeriod]:
    """The same assignments put together, the latest first; one statement."""
    last = func.max(func.coalesce(Note.held_to, Note.held_from))
    same = (
        RoleAssignment.role,
        RoleAssignment.level,
        RoleAssignment.place_code,
        RoleAssignment.organisation_id,
        func.coalesce(Organisation.name, ""),
    )
    rows = session.execute(
        select(*same, func.min(Note.held_from), last, func.count(Note.id.distinct()))
        .join(Note, Note.id == RoleAssignment.note_id)
        .outerjoin(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .where(who, visible_to(seen_by))
        .group_by(*same)
        .order_by(last.desc().nulls_last(), *same)
        .limit(limit)
    )
    return [RolePeriod(*row) for row in rows]


def page_totals(
    session: Session, chosen: ColumnElement[bool], *, seen_by: Viewer, roles: int
) -> PageTotals:
    """Count the notes chosen that the viewer may see; one statement."""
    rows = session.execute(
        select(Note.kind, func.count()).where(chosen, visible_to(seen_by)).group_by(Note.kind)
    )
    counts = dict(rows.all())
    lessons = counts.pop(Kind.LESSON.value, 0)
    return PageTotals(sum(counts.values()), lessons, roles)


def _played(row: Row[*tuple[Any, ...]]) -> RoleOnNote:
    return RoleOnNote(
        role=row.role,
        level=row.level,
        place_code=row.place_code,
        did=row.did,
        person_id=row.person_id,
        person_name=row.person_name or "",
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name or "",
        number=row.number,
        kind=row.kind,
        title=row.title,
        held_from=row.held_from,
        held_to=row.held_to,
        visibility=row.visibility,
    )
