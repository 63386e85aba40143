"""Who worked with whom: people whom the same notes name, as far as the viewer may read them."""

from collections import Counter
from collections.abc import Iterable, Sequence
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
    """The network of the notes from a place, on themes, and between two days; four statements.

    Of all these notes the last MOST_NOTES count.
    With ``person`` only the notes that name this one. Whoever worked with nobody is not drawn.
    """
    about = on_themes(session, themes)
    chosen = [about] if about is not None else []
    chosen += _narrowed(place, first, last)
    if person is not None:
        own = contributions(seen_by, whom=[person]).subquery()
        chosen.append(Note.id.in_(select(own.c.note_id)))
    rows = session.execute(contributions(seen_by, *chosen)).all()
    seen = _together(rows)
    ids = sorted(seen, key=lambda one: (-len(seen[one].notes), one))[:MOST_PEOPLE]
    _locate(session, seen, ids)
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(ids)))}
    members = sorted((_member(people[one], seen[one]) for one in ids), key=_by_place)
    ties = _ties(members, seen)
    return Network(
        tuple(members), tuple(ties[:MOST_TIES]), len(seen) - len(ids), max(0, len(ties) - MOST_TIES)
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


def _together(rows: Iterable[Any]) -> dict[int, _Seen]:
    """What those did who were in a note with somebody else."""
    by_note: dict[int, set[int]] = {}
    kept = [tuple(row) for row in rows]
    for person, note, _how, _place in kept:
        by_note.setdefault(note, set()).add(person)
    found: dict[int, _Seen] = {}
    for person, note, how, place in kept:
        if len(by_note[note]) > 1:
            one = found.setdefault(person, _Seen())
            one.notes.add(note)
            if how in ROLES:
                one.roles[how] += 1
            if place:
                one.places[place] += 1
    return found


def _locate(session: Session, seen: dict[int, _Seen], ids: Sequence[int]) -> None:
    """Where their notes are from counts as well, for those whose roles tell no place."""
    homeless = [seen[one] for one in ids if not seen[one].places]
    numbers = {note for one in homeless for note in one.notes}
    first = select(NotePlace.note_id, func.min(NotePlace.place_code)).group_by(NotePlace.note_id)
    places = dict(session.execute(first.where(NotePlace.note_id.in_(numbers))).all())
    for one in homeless:
        one.places.update(places[note] for note in one.notes if note in places)


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
    for person, place in at.items():
        for note in seen[person].notes:
            by_note.setdefault(note, []).append(place)
    met = Counter(pair for there in by_note.values() for pair in combinations(sorted(there), 2))
    ties = [Tie(first, second, notes) for (first, second), notes in met.items()]
    return sorted(ties, key=lambda tie: (-tie.notes, tie.first, tie.second))
