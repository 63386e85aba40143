"""Who may be the same as whom: found by themselves from names, places and groups, and explained.

Names are compared among all there are; what is told of two comes from notes the viewer may see.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, literal, null, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from kms import naming, nearness, organisations, people, places
from kms.contributions import contributions
from kms.errors import NotFound
from kms.joining import PERSON, Either, Kind
from kms.language import gettext as _
from kms.likeness import ENOUGH, SAYS, Alike, Named, alike
from kms.models import (
    Account,
    Merging,
    Note,
    NoteOrganisation,
    NotePlace,
    NotTheSame,
    Organisation,
    OrganisationAlias,
    Person,
    PersonAlias,
    RoleAssignment,
)
from kms.nearness import NOWHERE, Near
from kms.permissions import ACCOUNT, Viewer, require, seen_as, visible_to

# So many of the likest are weighed by where they are found.
MOST_WEIGHED = 400
MOST_PLACES_EACH = 12
MOST_NOTES_EACH, MOST_NOTES_READ = 5, 400


@dataclass(frozen=True)
class Candidate:
    """Two that may be one, the smaller id first; ``why`` is one sentence."""

    first: int
    second: int
    first_name: str
    second_name: str
    score: int
    why: str


@dataclass(frozen=True)
class Facts:
    """What is known of one of two, side by side with the other."""

    id: int
    name: str
    title: str
    nickname: str
    aliases: tuple[str, ...]
    places: tuple[str, ...]
    groups: tuple[str, ...]
    notes: tuple[tuple[int, str], ...]
    has_account: bool


@dataclass(frozen=True)
class Joined:
    """One joining as the list of those done shows it."""

    id: int
    kept_id: int
    kept_name: str
    gone_name: str
    reason: str
    by_name: str
    created_at: datetime
    undone_at: datetime | None


@dataclass
class _Found:
    """Where one of them is found, for weighing."""

    name: str
    has_account: bool
    places: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()


def candidates(session: Session, kind: Kind, *, seen_by: Viewer) -> list[Candidate]:
    """The likest first, without those said to be two; six statements."""
    require(seen_by, kind.action)
    two = _said_two(session, kind)
    pairs = [one for one in _alike(_everyone(session, kind)) if frozenset(one.pair) not in two]
    pairs = pairs[:MOST_WEIGHED]
    found = _found_at(session, kind, {one for pair in pairs for one in pair.pair}, seen_by)
    weighed = [
        _weighed(pair, found[pair.first], found[pair.second])
        for pair in pairs
        if pair.first in found and pair.second in found
    ]
    sure = [one for one in weighed if one.score >= ENOUGH]
    return sorted(sure, key=lambda one: (-one.score, one.first, one.second))


@lru_cache(maxsize=4)
def _alike(everyone: tuple[Named, ...]) -> list[Alike]:
    return alike(everyone)


def _everyone(session: Session, kind: Kind) -> tuple[Named, ...]:
    if kind is PERSON:
        rows = session.execute(
            select(Person.id, Person.name_key, Person.nickname, PersonAlias.key)
            .outerjoin(PersonAlias, PersonAlias.person_id == Person.id)
            .where(Person.merged_into_id.is_(None))
            .order_by(Person.id, PersonAlias.id)
        )
        return _named(rows, people.key)
    rows = session.execute(
        select(Organisation.id, Organisation.name, literal(""), OrganisationAlias.key)
        .outerjoin(OrganisationAlias, OrganisationAlias.organisation_id == Organisation.id)
        .where(Organisation.merged_into_id.is_(None))
        .order_by(Organisation.id, OrganisationAlias.id)
    )
    return _named(rows, organisations.written_out)


def _named(rows: Iterable[Any], key: Callable[[str], str]) -> tuple[Named, ...]:
    found: dict[int, tuple[str, str, dict[str, None]]] = {}
    for number, name, nickname, alias in rows:
        known = found.setdefault(number, (key(name), people.key(nickname), {}))
        if alias:
            known[2][key(alias)] = None
    return tuple(
        Named(number, name, tuple(one for one in aliases if one != name), nickname)
        for number, (name, nickname, aliases) in found.items()
    )


def _said_two(session: Session, kind: Kind) -> set[frozenset[int]]:
    """Pairs that a curator told apart, by whoever they were found to be since."""
    merged = select(kind.model.id, kind.model.merged_into_id)
    way: dict[int, int] = dict(
        session.execute(merged.where(kind.model.merged_into_id.is_not(None))).all()
    )

    def end(one: int) -> int:
        while one in way:
            one = way[one]
        return one

    pairs = select(NotTheSame.first_id, NotTheSame.second_id).where(NotTheSame.kind == kind.name)
    return {frozenset((end(first), end(second))) for first, second in session.execute(pairs)}


def _found_at(
    session: Session, kind: Kind, ids: Collection[int], seen_by: Viewer
) -> dict[int, _Found]:
    """What the viewer may know of these; those that only hidden notes name are left out."""
    own: Any = kind.model
    if kind is PERSON:
        account: ColumnElement[bool] = exists().where(Account.person_id == Person.id)
        known = or_(people.known_as(seen_as(seen_by)), account)
    else:
        account, known = false(), organisations.known_to(seen_by)
    rows = session.execute(
        select(own.id, own.name, own.place_code, account).where(own.id.in_(ids), known),
        {ACCOUNT: seen_by.account_id},
    )
    found = {row[0]: _Found(row[1], row[3], (row[2],) if row[2] else ()) for row in rows}
    for number, code in session.execute(_places(kind, found, seen_by)):
        one = found[number]
        if len(one.places) < MOST_PLACES_EACH:
            one.places = (*one.places, code)
    if kind is PERSON:
        for number, name in session.execute(_groups(found, seen_by)):
            found[number].groups |= {name}
    return found


def _places(kind: Kind, ids: Iterable[int], seen_by: Viewer) -> Select[*tuple[Any, ...]]:
    """Where notes find them, the most often first."""
    if kind is PERSON:
        rows = contributions(seen_by, whom=ids).subquery()
        who, note, own = rows.c.person_id, rows.c.note_id, rows.c.place_code
    else:
        chosen = select(
            NoteOrganisation.organisation_id, NoteOrganisation.note_id, null().label("place_code")
        ).join(Note, Note.id == NoteOrganisation.note_id)
        named = NoteOrganisation.organisation_id.in_(list(ids))
        seen = chosen.where(visible_to(seen_by), named).subquery()
        who, note, own = seen.c.organisation_id, seen.c.note_id, seen.c.place_code
    there = func.coalesce(own, NotePlace.place_code)
    return (
        select(who, there)
        .outerjoin(NotePlace, NotePlace.note_id == note)
        .where(there.is_not(None))
        .group_by(who, there)
        .order_by(func.count().desc(), there)
    )


def _groups(ids: Iterable[int], seen_by: Viewer) -> Select[*tuple[Any, ...]]:
    """The organisations for which they played roles."""
    return (
        select(RoleAssignment.person_id, Organisation.name)
        .join(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .join(Note, Note.id == RoleAssignment.note_id)
        .where(RoleAssignment.person_id.in_(list(ids)), visible_to(seen_by))
        .distinct()
        .order_by(Organisation.name)
    )


def _weighed(pair: Alike, first: _Found, second: _Found) -> Candidate:
    near = min((nearness.near(code, second.places) for code in first.places), default=NOWHERE)
    groups = first.groups & second.groups
    score = SAYS[pair.reason] + 2 * bool(groups)
    score += 2 if near.rank <= nearness.SAME_AMPHOE else near.rank == nearness.SAME_PROVINCE
    if near.rank in (nearness.SAME_REGION, nearness.ELSEWHERE):
        score -= 1
    both = first.has_account and second.has_account
    why = [_reason(pair), _near_words(near), groups and _("อยู่ %(group)s ทั้งคู่", group=min(groups))]
    return Candidate(
        pair.first,
        pair.second,
        first.name,
        second.name,
        0 if both else score,
        " ".join(word for word in why if word),
    )


def _near_words(near: Near) -> str:
    if near.rank > nearness.SAME_PROVINCE:
        return near.words and _("แต่พบ%(near)s", near=near.words)
    return _("พบที่ %(place)s ทั้งคู่", place=places.path(near.code[: 6 - 2 * near.rank]))


def _reason(pair: Alike) -> str:
    return {
        "same": _("ชื่อเดียวกันเมื่อไม่นับคำนำหน้า"),
        "alias": _("ชื่ออื่น “%(name)s” ตรงกัน", name=pair.word),
        "sound": _("ชื่ออ่านออกเสียงเหมือนกัน"),
        "slip": _("ชื่อต่างกันตัวอักษรเดียว"),
        "called": _("ชื่อ “%(name)s” ตรงกันเมื่อไม่นับคำเรียก", name=pair.word),
        "nickname": _("ชื่อเล่น “%(name)s” ตรงกัน", name=pair.word),
        "part": _("ชื่อต้น “%(name)s” ตรงกัน และมีคนหนึ่งไม่บอกนามสกุล", name=pair.word),
    }[pair.reason]


# --- two side by side, and what was done ---------------------------------------------------------


def side_by_side(
    session: Session, kind: Kind, first: int, second: int, *, seen_by: Viewer
) -> tuple[Facts, Facts]:
    """What is known of both; NotFound unless the viewer may know of both. Five statements."""
    require(seen_by, kind.action)
    ids = [naming.require_row_id(one) for one in (first, second)]
    found = _found_at(session, kind, ids, seen_by)
    own = {one.id: one for one in session.scalars(_with_aliases(kind, ids)).unique()}
    if len(found) < 2 or any(one.merged_into_id for one in own.values()):
        raise NotFound(_("ไม่พบคู่นี้ หรือรวมกันไปแล้ว"))
    notes = _latest(session, kind, ids, seen_by)
    one, other = (_facts(own[each], found[each], notes.get(each, ())) for each in ids)
    return one, other


def _with_aliases(kind: Kind, ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    chosen = select(kind.model).where(kind.model.id.in_(ids))
    return chosen.options(joinedload(kind.model.aliases))


def _latest(
    session: Session, kind: Kind, ids: Sequence[int], seen_by: Viewer
) -> dict[int, list[tuple[int, str]]]:
    """Number and title of the latest notes of each."""
    who: Any
    number: Any
    if kind is PERSON:
        rows = contributions(seen_by, whom=ids).subquery()
        who, number = rows.c.person_id, rows.c.note_id
    else:
        who, number = NoteOrganisation.organisation_id, NoteOrganisation.note_id
    chosen = (
        select(who, Note.id, Note.title)
        .join(Note, Note.id == number)
        .where(who.in_(ids), visible_to(seen_by))
        .distinct()
        .order_by(Note.id.desc())
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for one, note, title in session.execute(chosen.limit(MOST_NOTES_READ)):
        if len(found.setdefault(one, [])) < MOST_NOTES_EACH:
            found[one].append((note, title))
    return found


def _facts(one: Either, found: _Found, notes: Iterable[tuple[int, str]]) -> Facts:
    title, called = (one.title, one.nickname) if isinstance(one, Person) else ("", one.abbreviation)
    return Facts(
        id=one.id,
        name=one.name,
        title=title,
        nickname=called,
        aliases=tuple(alias.name for alias in one.aliases if alias.name != one.name),
        places=tuple(dict.fromkeys(found.places)),
        groups=tuple(sorted(found.groups)),
        notes=tuple(notes),
        has_account=found.has_account,
    )


def joined(session: Session, kind: Kind, *, limit: int = 50) -> list[Joined]:
    """The last joinings, the newest first, those taken back too; for curators."""
    kept, gone, doer = aliased(kind.model), aliased(kind.model), aliased(Person)
    rows = session.execute(
        select(Merging, kept.name, gone.name, doer.name)
        .join(kept, kept.id == Merging.kept_id)
        .join(gone, gone.id == Merging.gone_id)
        .outerjoin(doer, doer.id == Merging.by_id)
        .where(Merging.kind == kind.name)
        .order_by(Merging.id.desc())
        .limit(limit)
    )
    return [
        Joined(
            id=row.Merging.id,
            kept_id=row.Merging.kept_id,
            kept_name=row[1],
            gone_name=row.Merging.moved.get("was", row[2]),
            reason=row.Merging.reason,
            by_name=row[3] or "",
            created_at=row.Merging.created_at,
            undone_at=row.Merging.undone_at,
        )
        for row in rows
    ]
