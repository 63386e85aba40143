"""Activities as lists and pages show them; who may see the note that told of one may see it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from kms import themes as theme_tree
from kms.models import (
    Activity,
    ActivityNote,
    ActivityOrganisation,
    ActivityPlace,
    ActivityTheme,
    Note,
    Organisation,
    Theme,
)
from kms.note_cards import theme_label
from kms.permissions import Viewer, visible_to
from kms.thai.periods import Period, show

# The longest code a place has; a code filled up with nines comes after all that lie in it.
_WIDTH = 6
# A longer name stands in a sentence by its abbreviation.
LONG_NAME = 24


@dataclass(frozen=True)
class OrganisationNamed:
    """An organisation of an activity; ``name`` is the short one where people use one."""

    id: int
    name: str
    full_name: str


@dataclass(frozen=True)
class ThemeNamed:
    """A theme of an activity, with its name in the current language."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True)
class ActivityLine:
    """What is known of an activity, and from which note.

    ``told_from`` to ``told_to`` are the days of that note's event: what is said of an activity
    without a period was so then.
    """

    id: int
    name: str
    reach: str
    starts: date | None
    ends: date | None
    amount_satang: int | None
    note: int
    note_title: str
    told_from: date | None
    told_to: date | None
    owner_id: int | None
    recorded_at: datetime
    place_codes: tuple[str, ...] = ()
    themes: tuple[ThemeNamed, ...] = ()
    funders: tuple[OrganisationNamed, ...] = ()
    runners: tuple[OrganisationNamed, ...] = ()
    partners: tuple[OrganisationNamed, ...] = ()

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"/activities/{self.id}"

    @property
    def period(self) -> Period:
        """When it is done, as far as anybody knows."""
        return Period(self.starts, self.ends)

    @property
    def when(self) -> str:
        """The period in words."""
        return show(self.period)

    @property
    def theme_labels(self) -> tuple[str, ...]:
        """The names of its themes."""
        return tuple(theme.name for theme in self.themes)

    def state(self, on: date) -> str:
        """``now``, ``before``, ``later``, or ``open`` when nobody knows whether it ended."""
        if self.starts and self.starts > on:
            return "later"
        if self.ends is None:
            return "open"
        return "before" if self.ends < on else "now"


@dataclass
class _Facts:
    places: list[str] = field(default_factory=list)
    themes: list[ThemeNamed] = field(default_factory=list)
    organisations: dict[str, list[OrganisationNamed]] = field(default_factory=dict)


@dataclass(frozen=True)
class ActivitiesListed:
    """One page of a list, and how many there are in all."""

    total: int
    activities: list[ActivityLine]


def seen(viewer: Viewer, activity: type[Activity] = Activity) -> ColumnElement[bool]:
    """The activities (or those of this alias) that the viewer may see; not those removed."""
    told = select(Note.id).where(Note.id == activity.note_id, visible_to(viewer))
    return and_(activity.removed_at.is_(None), told.correlate(activity).exists())


def at_or_around(column: InstrumentedAttribute[str], code: str) -> ColumnElement[bool]:
    """The codes of this place, of the places it lies in, and of those in it."""
    above = [code[:width] for width in range(2, len(code) + 1, 2)]
    return or_(column.in_(above), inside(column, code))


def inside(column: InstrumentedAttribute[str], code: str) -> ColumnElement[bool]:
    """The codes of this place and of those in it; a range, which an index answers."""
    return column.between(code, code.ljust(_WIDTH, "9"))


def working(
    session: Session,
    *,
    place: str,
    themes: Sequence[str] = (),
    on: date,
    seen_by: Viewer,
    limit: int = 20,
) -> list[ActivityLine]:
    """Activities in this place, inside it or in what it lies in, that run on that day.

    One without an end runs still, for nobody has said otherwise; those whose end is known come
    first. ``themes`` are slugs: one of the activity's is one of these, or beneath or above it.
    """
    chosen = _of_place(place).where(
        or_(Activity.starts.is_(None), Activity.starts <= on),
        or_(Activity.ends.is_(None), Activity.ends >= on),
    )
    if themes:
        tree = theme_tree.load(session)
        chosen = chosen.where(_about(_around(tree, themes)))
    return chosen_lines(session, chosen, _CERTAIN_FIRST, seen_by=seen_by, limit=limit)


def of_place(session: Session, code: str, *, seen_by: Viewer, limit: int) -> ActivitiesListed:
    """Every activity in this place, inside it or in what it lies in, the latest first."""
    return _counted(session, _of_place(code), seen_by=seen_by, limit=limit)


def of_organisation(
    session: Session, organisation_id: int, *, seen_by: Viewer, limit: int = 20
) -> ActivitiesListed:
    """What an organisation pays for, runs or helps with, the latest first."""
    return _counted(session, _of_organisation(organisation_id), seen_by=seen_by, limit=limit)


def of_note(session: Session, number: int, *, seen_by: Viewer) -> list[ActivityLine]:
    """The activities that a note tells of, whether recorded from it or not."""
    also = exists().where(ActivityNote.activity_id == Activity.id, ActivityNote.note_id == number)
    chosen = select(Activity.id).where(or_(Activity.note_id == number, also))
    return chosen_lines(session, chosen, (Activity.id,), seen_by=seen_by)


def listing(
    session: Session,
    *,
    seen_by: Viewer,
    place: str | None = None,
    theme: str | None = None,
    organisation: int | None = None,
    year: int | None = None,
    offset: int = 0,
    limit: int = 50,
) -> ActivitiesListed:
    """Activities in a place, of a theme or beneath it, of an organisation, in a year (CE).

    One whose period nobody knows is in the year of the note that told of it.
    """
    chosen = _of_place(place) if place else select(Activity.id)
    if theme:
        chosen = chosen.where(_about(theme_tree.load(session).subtree(theme)))
    if organisation:
        chosen = chosen.where(Activity.id.in_(_of_organisation(organisation)))
    if year:
        chosen = chosen.where(_in_year(year))
    return _counted(session, chosen, seen_by=seen_by, limit=limit, offset=offset)


def lines(session: Session, ids: Iterable[int], *, seen_by: Viewer) -> dict[int, ActivityLine]:
    """Those of these activities that the viewer may see, by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    chosen = select(Activity.id).where(Activity.id.in_(wanted))
    return {one.id: one for one in chosen_lines(session, chosen, (Activity.id,), seen_by=seen_by)}


_CERTAIN_FIRST = (
    Activity.ends.is_(None),
    Activity.starts.is_(None),
    Activity.starts.desc(),
    Activity.id.desc(),
)
_LATEST_FIRST = (Activity.starts.is_(None), Activity.starts.desc(), Activity.id.desc())


def _of_place(code: str) -> Select[int]:
    there = select(ActivityPlace.activity_id).where(at_or_around(ActivityPlace.place_code, code))
    return select(Activity.id).where(Activity.id.in_(there))


def _of_organisation(organisation_id: int) -> Select[int]:
    part = ActivityOrganisation
    return select(Activity.id).where(
        Activity.id.in_(select(part.activity_id).where(part.organisation_id == organisation_id))
    )


def _about(slugs: Collection[str]) -> ColumnElement[bool]:
    return Activity.id.in_(
        select(ActivityTheme.activity_id)
        .join(Theme, Theme.id == ActivityTheme.theme_id)
        .where(Theme.slug.in_(slugs))
    )


def _around(tree: theme_tree.Tree, slugs: Iterable[str]) -> set[str]:
    """The themes themselves, all beneath them and all above."""
    found: set[str] = set()
    for slug in slugs:
        found |= tree.subtree(slug) | {node.slug for node in tree.path(slug)}
    return found


def _in_year(year: int) -> ColumnElement[bool]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    known = or_(Activity.starts.is_not(None), Activity.ends.is_not(None))
    told = exists().where(Note.id == Activity.note_id, Note.held_from.between(first, last))
    during = and_(
        or_(Activity.starts.is_(None), Activity.starts <= last),
        or_(Activity.ends.is_(None), Activity.ends >= first),
    )
    return or_(and_(known, during), and_(Activity.starts.is_(None), Activity.ends.is_(None), told))


def _counted(
    session: Session, chosen: Select[int], *, seen_by: Viewer, limit: int, offset: int = 0
) -> ActivitiesListed:
    every = chosen.where(seen(seen_by)).subquery()
    total = session.scalar(select(func.count()).select_from(every)) or 0
    shown = chosen_lines(
        session, chosen, _LATEST_FIRST, seen_by=seen_by, limit=limit, offset=offset
    )
    return ActivitiesListed(total, shown)


def chosen_lines(
    session: Session,
    chosen: Select[int],
    order: Sequence[Any],
    *,
    seen_by: Viewer,
    limit: int | None = None,
    offset: int = 0,
) -> list[ActivityLine]:
    """The lines of the activities whose ids are chosen; two statements for any number."""
    picked = chosen.where(seen(seen_by)).order_by(*order).limit(limit).offset(offset or None)
    ids = picked.subquery("picked")
    rows = session.execute(
        select(Activity, Note.title, Note.held_from, Note.held_to)
        .join(ids, ids.c.id == Activity.id)
        .join(Note, Note.id == Activity.note_id)
        .order_by(*order)
    ).all()
    facts = _facts_of(session, [row[0].id for row in rows])
    return [_line(row, facts.get(row[0].id, _Facts())) for row in rows]


def _line(row: Any, facts: _Facts) -> ActivityLine:
    activity = row[0]
    return ActivityLine(
        id=activity.id,
        name=activity.name,
        reach=activity.reach,
        starts=activity.starts,
        ends=activity.ends,
        amount_satang=activity.amount_satang,
        note=activity.note_id,
        note_title=row.title,
        told_from=row.held_from,
        told_to=row.held_to,
        owner_id=activity.owner_id,
        recorded_at=activity.created_at,
        place_codes=tuple(facts.places),
        themes=tuple(facts.themes),
        funders=tuple(facts.organisations.get("funder", ())),
        runners=tuple(facts.organisations.get("runner", ())),
        partners=tuple(facts.organisations.get("partner", ())),
    )


def _facts_of(session: Session, ids: Sequence[int]) -> dict[int, _Facts]:
    """Places, themes and organisations of these activities, in one statement."""
    if not ids:
        return {}
    found: dict[int, _Facts] = {one: _Facts() for one in ids}
    statement = union_all(*(one.where(of.activity_id.in_(ids)) for one, of in _fact_columns()))
    for row in session.execute(statement.order_by("position", "id")):
        facts = found[row.activity_id]
        if row.what == "place":
            facts.places.append(row.key)
        elif row.what == "theme":
            facts.themes.append(ThemeNamed(row.id, row.key, row.name))
        else:
            facts.organisations.setdefault(row.what, []).append(
                organisation_named(row.id, row.name, row.key)
            )
    return found


def organisation_named(number: int, name: str, abbreviation: str) -> OrganisationNamed:
    """The organisation by its short name where its name is long."""
    is_long = len(name) > LONG_NAME and abbreviation
    return OrganisationNamed(number, abbreviation if is_long else name, name)


def _fact_columns() -> list[tuple[Select[Any], Any]]:
    place, theme, part = ActivityPlace, ActivityTheme, ActivityOrganisation
    places = _fact(place, literal("place"), literal(0), place.place_code, literal(""))
    themes = _fact(theme, literal("theme"), Theme.id, Theme.slug, theme_label())
    groups = _fact(part, part.part, Organisation.id, Organisation.abbreviation, Organisation.name)
    return [
        (places, place),
        (themes.join(Theme, Theme.id == theme.theme_id), theme),
        (groups.join(Organisation, Organisation.id == part.organisation_id), part),
    ]


def _fact(of: Any, what: Any, number: Any, key: Any, name: Any) -> Select[Any]:
    labelled = (what.label("what"), number.label("id"), key.label("key"), name.label("name"))
    return select(of.activity_id, of.position, *labelled)
