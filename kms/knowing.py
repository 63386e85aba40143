"""Who can be phoned about something near somewhere: people by what they took part in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from kms import nearness, places, roles
from kms.contributions import Rows, contributions, on_themes
from kms.language import gettext as _
from kms.models import Note, NotePlace, NoteTheme, Person, Theme
from kms.nearness import NOWHERE, Near
from kms.note_cards import theme_label
from kms.note_kinds import ROLES, Kind
from kms.permissions import Viewer

MOST_THEMES = 30
# From further away only so many people are weighed, those with the most notes.
MOST_FROM_AFAR = 200
# A row for each person, note and place, of the latest notes.
READ_AT_MOST = 20_000


@dataclass(frozen=True)
class Knower:
    """Someone who took part in what was done about it, within what the viewer may see.

    ``place_code`` is where, the place nearest to the one asked for; ``notes`` are without the
    lessons; ``phone`` is empty unless the viewer is signed in; ``why`` is one sentence.
    """

    person_id: int
    name: str
    nickname: str
    place_code: str
    roles: tuple[str, ...]
    notes: int
    lessons: int
    near: Near
    phone: str
    why: str


@dataclass(frozen=True)
class ThemeKnown:
    """A theme that someone knows, by how many notes and lessons they took part in."""

    slug: str
    label: str
    notes: int
    lessons: int


@dataclass
class _Did:
    """What one person did about it."""

    roles: set[str] = field(default_factory=set)
    notes: set[int] = field(default_factory=set)
    lessons: set[int] = field(default_factory=set)


@dataclass
class _Been:
    """In which notes one person took part, and where: at home, then as the latest notes tell."""

    phone: str
    notes: set[int] = field(default_factory=set)
    places: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Candidate:
    person_id: int
    near: Near
    phone: str
    notes: int


def who_knows(
    session: Session,
    *,
    themes: Sequence[str],
    place: str | None,
    seen_by: Viewer,
    limit: int = 8,
) -> list[Knower]:
    """The nearest first; of those equally near whoever has a phone number and the most notes.

    Asked are the latest notes about it (``MOST_NOTES``), around the place before all others.
    ``themes`` are slugs, with all beneath them; none means any. Never the viewer. At most five
    statements.
    """
    about = on_themes(session, themes)
    chosen = () if about is None else (about,)
    found = _candidates(session, place or "", chosen, seen_by, limit)
    picked = sorted(found, key=lambda one: _order(one, seen_by))[:limit]
    ids = [one.person_id for one in picked]
    if not ids:
        return []
    did = _done_by(session, ids, seen_by, chosen)
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(ids)))}
    return [_knower(people[one.person_id], one, did[one.person_id], seen_by) for one in picked]


def themes_known(session: Session, person_id: int, *, seen_by: Viewer) -> list[ThemeKnown]:
    """What someone knows, by what they took part in; most first, in one statement."""
    rows = contributions(seen_by, whom=[person_id]).subquery()
    lesson = case((Note.kind == Kind.LESSON.value, Note.id))
    label = theme_label()
    found = session.execute(
        select(
            Theme.slug,
            label,
            func.count(Note.id.distinct()) - func.count(lesson.distinct()),
            func.count(lesson.distinct()),
        )
        .join(NoteTheme, NoteTheme.theme_id == Theme.id)
        .join(Note, Note.id == NoteTheme.note_id)
        .join(rows, rows.c.note_id == Note.id)
        .group_by(Theme.slug, label)
        .order_by(func.count(Note.id.distinct()).desc(), Theme.slug)
        .limit(MOST_THEMES)
    )
    return [ThemeKnown(*row) for row in found]


def _order(one: _Candidate, seen_by: Viewer) -> tuple[Any, ...]:
    # Whether somebody has a number is no stranger's business, not even by where they stand.
    silent = seen_by.is_signed_in and not one.phone
    rank, km = one.near.order
    return rank, silent, -one.notes, km, one.person_id


def _candidates(
    session: Session,
    place: str,
    chosen: Sequence[ColumnElement[bool]],
    seen_by: Viewer,
    limit: int,
) -> list[_Candidate]:
    """Those of notes from in and around the province; from afar only when they are too few."""
    around: list[_Candidate] = []
    if place:
        near = (place[:2], *nearness.near_provinces(place))
        inside = or_(*(NotePlace.place_code.between(code, f"{code}9999") for code in near))
        here = Note.id.in_(select(NotePlace.note_id).where(inside))
        around = _read(session, _places_of(seen_by, (*chosen, here)), place)
    if len(around) >= limit:
        return around
    known = {one.person_id for one in around}
    afar = _read(session, _places_of(seen_by, chosen), place)[:MOST_FROM_AFAR]
    return [*around, *(one for one in afar if one.person_id not in known)]


def _places_of(seen_by: Viewer, chosen: Sequence[ColumnElement[bool]]) -> Rows:
    """Person, note and where (a role's own place, else the note's), the latest notes first."""
    rows = contributions(seen_by, *chosen).subquery()
    there = func.coalesce(rows.c.place_code, NotePlace.place_code).label("place_code")
    return (
        select(
            rows.c.note_id, rows.c.person_id, there, Person.place_code.label("home"), Person.phone
        )
        .join(Person, Person.id == rows.c.person_id)
        .outerjoin(NotePlace, NotePlace.note_id == rows.c.note_id)
        .where(Person.merged_into_id.is_(None), Person.id != (seen_by.person_id or 0))
        .order_by(rows.c.note_id.desc(), rows.c.person_id, there)
        .limit(READ_AT_MOST)
    )


def _read(session: Session, rows: Rows, place: str) -> list[_Candidate]:
    """One for each person, those with the most notes first."""
    found: dict[int, _Been] = {}
    for number, person_id, code, home, phone in session.execute(rows):
        been = found.get(person_id)
        if been is None:
            been = found[person_id] = _Been(phone, places=dict.fromkeys([home] if home else []))
        been.notes.add(number)
        if code:
            been.places[code] = None
    codes = {code for been in found.values() for code in been.places}
    nears = {code: _near(place, code) for code in codes}
    orders = {code: near.order for code, near in nears.items()}
    candidates = []
    for one, been in found.items():
        code = min(been.places, key=orders.__getitem__, default=None)
        near = nears[code] if code else NOWHERE
        candidates.append(_Candidate(one, near, been.phone, len(been.notes)))
    return sorted(candidates, key=lambda one: (-one.notes, one.person_id))


def _near(place: str, code: str) -> Near:
    return nearness.near(place, [code]) if place else Near(NOWHERE.rank, None, code)


def _done_by(
    session: Session, ids: Sequence[int], seen_by: Viewer, chosen: Iterable[ColumnElement[bool]]
) -> dict[int, _Did]:
    rows = contributions(seen_by, *chosen, whom=ids).subquery()
    found = {one: _Did() for one in ids}
    asked = select(rows.c.person_id, rows.c.note_id, rows.c.how, Note.kind).join(
        Note, Note.id == rows.c.note_id
    )
    for person_id, number, how, kind in session.execute(asked):
        did = found[person_id]
        (did.lessons if kind == Kind.LESSON else did.notes).add(number)
        if how in ROLES:
            did.roles.add(how)
    return found


def _knower(person: Person, one: _Candidate, did: _Did, seen_by: Viewer) -> Knower:
    played = tuple(code for code in ROLES if code in did.roles)
    return Knower(
        person_id=person.id,
        name=person.name,
        nickname=person.nickname,
        place_code=one.near.code,
        roles=played,
        notes=len(did.notes),
        lessons=len(did.lessons),
        near=one.near,
        phone=person.phone if seen_by.is_signed_in else "",
        why=_why(played, len(did.notes), len(did.lessons), one.near),
    )


def _why(played: Sequence[str], notes: int, lessons: int, near: Near) -> str:
    names = ", ".join(roles.name(code) for code in played)
    part = _("เป็น%(roles)sในเรื่องนี้", roles=names) if played else _("มีส่วนร่วมในเรื่องนี้")
    if lessons and notes:
        told = _("มีบทเรียน %(lessons)s บท บันทึก %(notes)s ชิ้น", lessons=lessons, notes=notes)
    elif lessons:
        told = _("มีบทเรียน %(n)s บท", n=lessons)
    else:
        told = _("มีบันทึก %(n)s ชิ้น", n=notes)
    return " ".join(word for word in (part, told, _where(near)) if word)


def _where(near: Near) -> str:
    if not near.code:
        return ""
    place = places.path(near.code)
    return _("ที่ %(place)s (%(near)s)", place=place, near=near.words) if near.words else place
