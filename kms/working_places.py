"""Who works in a place besides the people: the organisations of its activities and its notes."""

from dataclasses import dataclass

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from kms.activity_lines import (
    OrganisationNamed,
    at_or_around,
    inside,
    organisation_named,
    seen,
)
from kms.models import (
    Activity,
    ActivityOrganisation,
    ActivityPlace,
    Note,
    NoteOrganisation,
    NotePlace,
    Organisation,
)
from kms.permissions import Viewer, visible_to


@dataclass(frozen=True)
class OrganisationsThere:
    """Those named most often, and how many there are in all."""

    total: int
    organisations: list[OrganisationNamed]


def organisations(
    session: Session, code: str, *, seen_by: Viewer, limit: int
) -> OrganisationsThere:
    """Those with a part in an activity here or around, or in a note from here; one statement."""
    there = select(ActivityPlace.activity_id).where(at_or_around(ActivityPlace.place_code, code))
    doing = (
        select(ActivityOrganisation.organisation_id.label("id"))
        .join(Activity, Activity.id == ActivityOrganisation.activity_id)
        .where(Activity.id.in_(there), seen(seen_by))
    )
    here = select(NotePlace.note_id).where(inside(NotePlace.place_code, code))
    named = (
        select(NoteOrganisation.organisation_id)
        .join(Note, Note.id == NoteOrganisation.note_id)
        .where(Note.id.in_(here), visible_to(seen_by))
    )
    every = union_all(doing, named).subquery()
    often = func.count().label("often")
    counted = select(every.c.id, often).group_by(every.c.id).subquery()
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            Organisation.abbreviation,
            func.count().over().label("total"),
        )
        .join(counted, counted.c.id == Organisation.id)
        .order_by(counted.c.often.desc(), Organisation.name)
        .limit(limit)
    ).all()
    groups = [organisation_named(row.id, row.name, row.abbreviation) for row in rows]
    return OrganisationsThere(rows[0].total if rows else 0, groups)
