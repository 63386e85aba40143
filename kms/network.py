"""Who worked with whom: people whom the same notes name, as far as the viewer may read them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from kms.contributions import contributions, on_themes
from kms.models import Note, NotePlace, Person
from kms.note_kinds import ROLES
from kms.permissions import Viewer

MOST_PEOPLE = 60
MOST_TIES = 120


@dataclass(frozen=True)
class Member:
    """Someone in the drawing; ``role`` is the one they played most, or empty."""

    id: int
    name: str
    role: str
    place_code: str
    notes: int


@dataclass(frozen=True)
class Tie:
    """Two people, by their places in the list of members, and how many notes name both."""

    first: int
    second: int
    notes: int


@dataclass(frozen=True)
class Network:
    """Those in most notes, the likest by place beside each other; ``ties`` the strongest first.

    ``people_left_out`` and ``ties_left_out`` tell how many there was no room for; ties only of
    those drawn.
    """

    members: tuple[Member, ...] = ()
    ties: tuple[Tie, ...] = ()
    people_left_out: int = 0
    ties_left_out: int = 0


@dataclass
class _Seen:
    notes: set[int] = field(default_factory=set)
    roles: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)


def of(
    session: Session,
    *,
    seen_by: Viewer,
    place: str | None = None,
    themes: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
    person: int | None = None,
) -> Network:
    """The network of the notes from a place, on themes, and between two days; five statements.

    With ``person`` only the notes that name this one. Whoever worked with nobody is not drawn.
    """
    about = on_themes(session, themes)
    chosen = [about] if about is not None else []
    chosen += _narrowed(place, first, last)
    if person is not None:
        own = contributions(seen_by, whom=[person]).subquery()
        chosen.append(Note.id.in_(select(own.c.note_id)))
    ids, total = _most_named(session, seen_by, chosen)
    seen = _seen(session, seen_by, chosen, ids)
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(ids)))}
    members = sorted((_member(people[one], seen[one]) for one in ids), key=_by_place)
    ties = _ties(members, seen)
    return Network(
        tuple(members), tuple(ties[:MOST_TIES]), total - len(ids), max(0, len(ties) - MOST_TIES)
    )


def _narrowed(
    place: str | None, first: date | None, last: date | None
) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if place:
        inside = NotePlace.place_code.startswith(place, autoescape=True)
        chosen.append(Note.id.in_(select(NotePlace.note_id).where(inside)))
    if first:
        chosen.append(Note.held_from >= first)
    if last:
        chosen.append(Note.held_from <= last)
    return chosen


def _most_named(
    session: Session, seen_by: Viewer, chosen: Sequence[ColumnElement[bool]]
) -> tuple[list[int], int]:
    """Ids of those in most notes together with others, and how many there are in all."""
    rows = contributions(seen_by, *chosen).subquery()
    shared = (
        select(rows.c.note_id)
        .group_by(rows.c.note_id)
        .having(func.min(rows.c.person_id) < func.max(rows.c.person_id))
    )
    notes = func.count(rows.c.note_id.distinct())
    found = session.execute(
        select(rows.c.person_id, func.count().over())
        .where(rows.c.note_id.in_(shared))
        .group_by(rows.c.person_id)
        .order_by(notes.desc(), rows.c.person_id)
        .limit(MOST_PEOPLE)
    ).all()
    return [row[0] for row in found], found[0][1] if found else 0


def _seen(
    session: Session, seen_by: Viewer, chosen: Sequence[ColumnElement[bool]], ids: Sequence[int]
) -> dict[int, _Seen]:
    found = {one: _Seen() for one in ids}
    rows = contributions(seen_by, *chosen, whom=ids).subquery()
    there = func.coalesce(rows.c.place_code, func.min(NotePlace.place_code))
    asked = (
        select(rows.c.person_id, rows.c.note_id, rows.c.how, there)
        .outerjoin(NotePlace, NotePlace.note_id == rows.c.note_id)
        .group_by(rows.c.person_id, rows.c.note_id, rows.c.how, rows.c.place_code)
        .order_by(rows.c.note_id, rows.c.person_id, rows.c.how)
    )
    for person, note, how, code in session.execute(asked):
        one = found[person]
        one.notes.add(note)
        if how in ROLES:
            one.roles[how] += 1
        if code:
            one.places[code] += 1
    return found


def _member(person: Person, seen: _Seen) -> Member:
    role = max(seen.roles, key=lambda code: (seen.roles[code], -ROLES.index(code)), default="")
    places = seen.places
    place = min(places, key=lambda code: (-places[code], code), default=person.place_code or "")
    return Member(person.id, person.name, role, place, len(seen.notes))


def _by_place(member: Member) -> tuple[Any, ...]:
    return member.place_code, -member.notes, member.id


def _ties(members: Sequence[Member], seen: dict[int, _Seen]) -> list[Tie]:
    at = {member.id: place for place, member in enumerate(members)}
    by_note: dict[int, list[int]] = {}
    for person, one in seen.items():
        for note in one.notes:
            by_note.setdefault(note, []).append(at[person])
    met = Counter(pair for there in by_note.values() for pair in combinations(sorted(there), 2))
    ties = [Tie(first, second, notes) for (first, second), notes in met.items()]
    return sorted(ties, key=lambda tie: (-tie.notes, tie.first, tie.second))
