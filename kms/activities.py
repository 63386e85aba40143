"""Activities and projects, recorded once from a note: who pays, who runs, where, about what, when.

How lists and pages show them is in ``activity_lines``, which this module offers under its own
name. Whoever may not see the note that told of one knows nothing of it.
"""

from collections.abc import Callable, Collection, Hashable
from typing import TypeVar

from sqlalchemy import false, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kms import naming, organisations, overlap_finding, page_steps, themes
from kms.activity_facts import LONGEST, ActivityFacts, Part, checked
from kms.activity_lines import (
    ActivitiesListed,
    ActivityLine,
    OrganisationNamed,
    chosen_lines,
    lines,
    listing,
    of_note,
    of_organisation,
    of_place,
    organisation_named,
    seen,
    working,
)
from kms.db import now
from kms.errors import NotFound
from kms.language import gettext as _
from kms.models import (
    Activity,
    ActivityNote,
    ActivityOrganisation,
    ActivityPlace,
    ActivityTheme,
    Note,
    Organisation,
)
from kms.permissions import Viewer, audience_of, may, require, visible_to

__all__ = [
    "ActivitiesListed",
    "ActivityFacts",
    "ActivityLine",
    "OrganisationNamed",
    "Part",
    "alike",
    "facts_of",
    "get",
    "is_overtaken",
    "leave",
    "lines",
    "listing",
    "named",
    "notes_of",
    "of_note",
    "of_organisation",
    "of_place",
    "organisation_asked",
    "record",
    "recorded_by",
    "remove",
    "removed",
    "restore",
    "revise",
    "stamp",
    "tell",
    "untell",
    "was_sent",
    "working",
]

# From how much in common two names are shown to the writer as perhaps one.
ALIKE = 0.6
SHORTEST_INSIDE = 8

Row = TypeVar("Row")


def record(
    session: Session, note: Note, facts: ActivityFacts, *, by: Viewer, sent_as: str | None = None
) -> Activity:
    """A new activity told by a note that was fetched with permission; its overlaps are found.

    What was sent before as ``sent_as`` is found and not recorded again. Raises Invalid with
    problems by field, NotAllowed or SignInNeeded.
    """
    require(by, "record_activity")
    if sent_as and (before := _sent_before(session, sent_as)):
        return before
    wanted = checked(facts)
    activity = Activity(
        note_id=note.id,
        name=wanted.name,
        name_key=naming.key(wanted.name, LONGEST["name"]),
        owner_id=by.account_id,
        by_id=by.person_id,
        sent_as=sent_as,
    )
    try:
        with session.begin_nested():
            session.add(activity)
    except IntegrityError:
        before = _sent_before(session, sent_as) if sent_as else None
        if before is None:
            raise
        return before
    _write(session, activity, wanted)
    page_steps.step(session, [note.id])
    overlap_finding.find(session, [activity.id])
    return activity


def revise(session: Session, activity: Activity, facts: ActivityFacts, *, by: Viewer) -> bool:
    """Other facts, by its writer or a curator; answers whether anything changed.

    Overlaps that were marked as co-ordinated open again when places, themes or organisations are
    others now.
    """
    require(by, "revise_activity", activity)
    wanted = checked(facts)
    before, where = facts_of(activity), _where_and_who(activity)
    _write(session, activity, wanted)
    if facts_of(activity) == before:
        return False
    activity.revised_at = now()
    page_steps.step(session, _note_ids(activity))
    is_elsewhere = _where_and_who(activity) != where
    overlap_finding.find(session, [activity.id], reopen=is_elsewhere)
    return True


def stamp(activity: Activity) -> str:
    """What a form keeps of the state it was filled from."""
    return activity.revised_at.isoformat()


def is_overtaken(
    session: Session, activity: Activity, facts: ActivityFacts, *, based_on: str
) -> bool:
    """Whether these facts, typed into a form of that ``stamp``, would undo what others said since.

    Nobody revises it from here to the end of the transaction.
    """
    session.refresh(activity, ["revised_at"], with_for_update={"key_share": True})
    return stamp(activity) != based_on and checked(facts) != facts_of(activity)


def remove(session: Session, activity: Activity, *, by: Viewer) -> None:
    """Take it from every list; its writer or a curator may bring it back."""
    require(by, "revise_activity", activity)
    activity.removed_at = now()
    session.flush()
    page_steps.step(session, _note_ids(activity))


def restore(session: Session, activity: Activity, *, by: Viewer) -> None:
    """Bring back what was removed, and find its overlaps as things are now."""
    require(by, "revise_activity", activity)
    activity.removed_at = None
    session.flush()
    page_steps.step(session, _note_ids(activity))
    overlap_finding.find(session, [activity.id])


def tell(session: Session, activity: Activity, note: Note, *, by: Viewer) -> None:
    """Let another note, fetched with permission, tell of the activity too."""
    require(by, "record_activity")
    if note.id in _note_ids(activity):
        return
    activity.notes.append(ActivityNote(note_id=note.id))
    session.flush()
    page_steps.step(session, [note.id])


def untell(session: Session, activity: Activity, note: Note, *, by: Viewer) -> None:
    """Take that back; the note that it was recorded from stays."""
    require(by, "record_activity")
    activity.notes[:] = [one for one in activity.notes if one.note_id != note.id]
    session.flush()
    page_steps.step(session, [note.id])


def leave(session: Session, note: Note) -> None:
    """Let what a note told go on with another note that tells it, before the note is deleted.

    Never to one that more people may read. What has no such note goes with the deleted one.
    """
    linked = (
        select(Activity, Note)
        .join(ActivityNote, ActivityNote.activity_id == Activity.id)
        .join(Note, Note.id == ActivityNote.note_id)
        .where(Activity.note_id == note.id)
        .order_by(Activity.id, Note.visibility != note.visibility, Note.id)
    )
    moved: set[int] = set()
    for activity, other in session.execute(linked).all():
        if activity.id in moved or not _is_no_wider(other, note):
            continue
        moved.add(activity.id)
        activity.note_id = other.id
        activity.notes[:] = [one for one in activity.notes if one.note_id != other.id]
    session.flush()
    told = select(ActivityNote.note_id).join(Activity, Activity.id == ActivityNote.activity_id)
    page_steps.step(session, told.where(Activity.note_id == note.id))


def step_telling(session: Session, note: Note) -> None:
    """Who may see this note has changed: so has what others that tell of the same may name."""
    also = (
        select(ActivityNote.note_id)
        .join(Activity, Activity.id == ActivityNote.activity_id)
        .where(Activity.note_id == note.id)
    )
    page_steps.step(session, also)


def get(session: Session, activity_id: int, *, seen_by: Viewer) -> Activity:
    """The activity; raises NotFound alike for one that is absent, removed or hidden."""
    wanted = Activity.id == naming.require_row_id(activity_id)
    found = session.scalar(select(Activity).where(wanted, seen(seen_by)))
    if found is None:
        raise _not_found()
    return found


def removed(session: Session, activity_id: int, *, by: Viewer) -> Activity:
    """An activity that was removed, for those who may bring it back; else NotFound."""
    found = session.scalar(
        select(Activity)
        .join(Note, Note.id == Activity.note_id)
        .where(
            Activity.id == naming.require_row_id(activity_id),
            Activity.removed_at.is_not(None),
            visible_to(by),
        )
    )
    if found is None or not may(by, "revise_activity", found):
        raise _not_found()
    return found


def notes_of(activity: Activity) -> list[int]:
    """The numbers of the notes that tell of it, the one it was recorded from first."""
    return _note_ids(activity)


def facts_of(activity: Activity) -> ActivityFacts:
    """What is recorded of it, as ``record`` takes it."""
    return ActivityFacts(
        name=activity.name,
        places=tuple(one.place_code for one in activity.places),
        themes=tuple(one.theme.slug for one in activity.themes),
        organisations=tuple(
            Part(one.organisation.name, one.part) for one in activity.organisations
        ),
        starts=activity.starts,
        ends=activity.ends,
        amount_satang=activity.amount_satang,
        reach=activity.reach,
        about=activity.about,
    )


def alike(session: Session, name: str, *, seen_by: Viewer, limit: int = 5) -> list[ActivityLine]:
    """Activities whose name is this one or nearly so, the nearest first."""
    wanted = naming.key(name, LONGEST["name"])
    if not wanted:
        return []
    rows = session.execute(select(Activity.id, Activity.name_key).where(seen(seen_by))).all()
    pairs = _pairs(wanted)
    near = [(_in_common(wanted, pairs, row.name_key), row.id) for row in rows]
    best = sorted(((share, number) for share, number in near if share >= ALIKE), reverse=True)
    found = lines(session, [number for _share, number in best[:limit]], seen_by=seen_by)
    return [found[number] for _share, number in best[:limit]]


def named(session: Session, name: str, *, seen_by: Viewer, limit: int) -> list[ActivityLine]:
    """Activities with these words in their name; without words the last recorded."""
    wanted = naming.key(name, LONGEST["name"])
    chosen = select(Activity.id)
    if wanted:
        chosen = chosen.where(Activity.name_key.contains(wanted, autoescape=True))
    latest = (Activity.created_at.desc(), Activity.id.desc())
    return chosen_lines(session, chosen, latest, seen_by=seen_by, limit=limit)


def recorded_by(session: Session, account_id: int, *, seen_by: Viewer) -> list[Activity]:
    """What this account recorded from notes that it may see, removed ones too."""
    told = select(Note.id).where(Note.id == Activity.note_id, visible_to(seen_by))
    mine = select(Activity).where(Activity.owner_id == account_id, told.exists())
    return list(session.scalars(mine.order_by(Activity.id)))


def was_sent(session: Session, sent_as: str) -> bool:
    """Whether this very form was saved already."""
    return _sent_before(session, sent_as) is not None


def organisation_asked(session: Session, said: str, *, seen_by: Viewer) -> OrganisationNamed | None:
    """The organisation that its number or any of its names mean, if the viewer may know of it."""
    if said.isascii() and said.isdigit():
        number = int(said[:10])
        wanted = select(Organisation).where(
            Organisation.id == number if number <= naming.LARGEST_ID else false()
        )
        found = session.scalar(wanted.where(organisations.known_to(seen_by)))
    else:
        found = next(iter(organisations.suggest(session, said, 1, seen_by=seen_by)), None)
    return organisation_named(found.id, found.name, found.abbreviation) if found else None


def _in_common(wanted: str, pairs: Collection[str], name: str) -> float:
    """How much of two names is the same, from 0 to 1: of their pairs of letters."""
    shorter, longer = sorted((wanted, name), key=len)
    if len(shorter) >= SHORTEST_INSIDE and shorter in longer:
        return 1.0
    others = _pairs(name)
    return 2 * len(others.intersection(pairs)) / max(1, len(others) + len(pairs))


def _pairs(name: str) -> set[str]:
    bare = name.replace(" ", "")
    return {bare[at : at + 2] for at in range(len(bare) - 1)} or {bare}


# --- keeping it ----------------------------------------------------------------------------------


def _write(session: Session, activity: Activity, facts: ActivityFacts) -> None:
    activity.name = facts.name
    activity.name_key = naming.key(facts.name, LONGEST["name"])
    activity.reach, activity.about = facts.reach, facts.about
    activity.starts, activity.ends = facts.starts, facts.ends
    activity.amount_satang = facts.amount_satang
    known = themes.resolve(session, facts.themes)
    groups = organisations.resolve(session, (one.name for one in facts.organisations))
    _replace(
        session,
        activity.places,
        [ActivityPlace(place_code=code) for code in facts.places],
        lambda row: row.place_code,
    )
    _replace(
        session,
        activity.themes,
        [ActivityTheme(theme_id=theme.id, theme=theme) for theme in known],
        lambda row: row.theme_id,
    )
    parts = {(groups[one.name].id, one.part): groups[one.name] for one in facts.organisations}
    _replace(
        session,
        activity.organisations,
        [
            ActivityOrganisation(organisation_id=number, organisation=group, part=part)
            for (number, part), group in parts.items()
        ],
        lambda row: (row.organisation_id, row.part),
    )
    session.flush()


def _replace(
    session: Session, rows: list[Row], wanted: list[Row], same: Callable[[Row], Hashable]
) -> None:
    """Make ``rows`` the wanted ones in their order, when they are not so already."""
    if [same(row) for row in rows] == [same(row) for row in wanted]:
        return
    rows.clear()
    # An insert goes to the database before a delete, so a row made anew would meet itself.
    session.flush()
    for position, row in enumerate(wanted):
        row.position = position  # type: ignore[attr-defined]
    rows.extend(wanted)


def _where_and_who(activity: Activity) -> Hashable:
    return (
        frozenset(one.place_code for one in activity.places),
        frozenset(one.theme_id for one in activity.themes),
        frozenset((one.organisation_id, one.part) for one in activity.organisations),
    )


def _note_ids(activity: Activity) -> list[int]:
    return [activity.note_id, *(one.note_id for one in activity.notes)]


def _is_no_wider(other: Note, than: Note) -> bool:
    """Whether nobody reads the other note who may not read this one."""
    if than.visibility == "public":
        return True
    if than.visibility == "members":
        return other.visibility != "public"
    return audience_of(other) == audience_of(than)


def _sent_before(session: Session, sent_as: str) -> Activity | None:
    return session.scalar(select(Activity).where(Activity.sent_as == sent_as))


def _not_found() -> NotFound:
    return NotFound(_("ไม่พบงานหรือโครงการนี้ หรือเป็นของบันทึกที่คุณยังไม่มีสิทธิ์อ่าน"))
