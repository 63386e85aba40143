"""People named in notes: found by any spelling they go by, never by guess."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Exists,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import Session, joinedload

from kms import naming, phones, places
from kms.contributions import RemarkUsed, remarks_used
from kms.errors import Invalid, NotFound, SignInNeeded
from kms.language import gettext as _
from kms.models import (
    Comment,
    Note,
    NotePerson,
    NotePlace,
    Person,
    PersonAlias,
    RoleAssignment,
)
from kms.note_cards import NoteCard, apart
from kms.note_checks import tidy
from kms.note_kinds import ROLES
from kms.permissions import ANONYMOUS, Viewer, may, require, visible_to
from kms.person_names import LONGEST_NAME, find_or_create, key, known, resolve
from kms.role_history import (
    PageTotals,
    RoleOnNote,
    RolePeriod,
    page_totals,
    role_history,
    role_periods,
)
from kms.thai.collation import sort_key

__all__ = [
    "LONGEST_NAME",
    "PersonPage",
    "find_or_create",
    "get",
    "kept_id",
    "key",
    "known",
    "known_to",
    "listing",
    "named_in_notes",
    "names",
    "own",
    "page",
    "resolve",
    "revise",
    "revise_own",
    "suggest",
]

MOST_ROLES = 200
LONGEST = {
    "name": LONGEST_NAME,
    "title": 100,
    "nickname": 100,
    "aliases": LONGEST_NAME,
    "about": 20_000,
    "phone": 100,
}

# --- where they stand in notes -------------------------------------------------------------------


def named_in_notes(
    seen_by: Viewer, *, place: str | None = None, role: str | None = None
) -> ColumnElement[bool]:
    """Whether a note that the viewer may see credits or names a Person; a condition for a query.

    With ``role`` only those who play it; with ``place`` only there, or, where a role tells no
    place of its own, in a note from there.
    """
    in_role = exists().where(
        RoleAssignment.person_id == Person.id,
        Note.id == RoleAssignment.note_id,
        visible_to(seen_by),
    )
    if role:
        in_role = in_role.where(RoleAssignment.role == role)
    if not place:
        return in_role if role else or_(in_role, *_credited_or_present(seen_by))
    there = NotePlace.place_code.startswith(place, autoescape=True)
    from_there = exists().where(NotePlace.note_id == Note.id, there)
    own_place = RoleAssignment.place_code
    in_role = in_role.where(
        or_(
            own_place.startswith(place, autoescape=True),
            and_(own_place.is_(None), from_there),
        )
    )
    if role:
        return in_role
    return or_(in_role, *(one.where(from_there) for one in _credited_or_present(seen_by)))


def known_to(seen_by: Viewer) -> ColumnElement[bool]:
    """Whether a note or comment the viewer may see is somebody's; a condition for a query."""
    shown = (Comment.hidden_at.is_(None), Note.id == Comment.note_id, visible_to(seen_by))
    return or_(named_in_notes(seen_by), exists().where(Comment.author_id == Person.id, *shown))


def _credited_or_present(seen_by: Viewer) -> tuple[Exists, Exists]:
    seen = visible_to(seen_by)
    present = exists().where(NotePerson.person_id == Person.id, Note.id == NotePerson.note_id, seen)
    return exists().where(Note.author_id == Person.id, seen), present


def get(session: Session, person_id: int) -> Person:
    """The person; raises NotFound. Whether a viewer may know of them is for ``page`` to say."""
    found = session.get(Person, naming.require_row_id(person_id))
    if found is None or found.merged_into_id is not None:
        raise _not_found()
    return found


def kept_id(session: Session, person_id: int) -> int | None:
    """Who this person was found to be; None when they are themselves, or nobody."""
    return naming.kept_id(session, Person.id, Person.merged_into_id, person_id)


def names(session: Session, ids: Iterable[int], *, seen_by: Viewer) -> dict[int, str]:
    """The names of those of these people whom the viewer may know of."""
    wanted = [one for one in ids if 0 < one <= naming.LARGEST_ID]
    if not wanted:
        return {}
    rows = session.execute(
        select(Person.id, Person.name).where(Person.id.in_(wanted), named_in_notes(seen_by))
    )
    return dict(rows.all())


def suggest(
    session: Session, prefix: str, limit: int = 8, *, seen_by: Viewer = ANONYMOUS
) -> list[Person]:
    """People with these letters in a name they go by, those that begin with them first.

    Only people whom the viewer could find in notes anyway.
    """
    wanted = key(prefix)
    if not wanted:
        return []
    called = or_(
        Person.name_key.contains(wanted, autoescape=True),
        Person.id.in_(
            select(PersonAlias.person_id).where(PersonAlias.key.contains(wanted, autoescape=True))
        ),
    )
    begins = Person.name_key.startswith(wanted, autoescape=True)
    rows = session.scalars(
        select(Person)
        .where(called, named_in_notes(seen_by))
        .order_by(case((begins, 0), else_=1), Person.name_key, Person.id)
        .limit(limit)
    )
    return list(rows)


@dataclass(frozen=True)
class PersonListed:
    """A person in a list; ``roles`` are codes, ``notes`` counts those the viewer may see."""

    id: int
    name: str
    nickname: str
    place_code: str | None
    roles: tuple[str, ...]
    notes: int


@dataclass(frozen=True)
class PeopleListed:
    """One page of the list, and how many there are in all."""

    total: int
    people: list[PersonListed]


def listing(
    session: Session,
    *,
    seen_by: Viewer,
    place: str | None = None,
    role: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> PeopleListed:
    """People named in notes, in Thai order; of a place, and of a role, when asked."""
    chosen = select(Person.id, Person.name_key).where(
        named_in_notes(seen_by, place=place, role=role)
    )
    everyone = session.execute(chosen).all()
    in_order = sorted(everyone, key=lambda row: (sort_key(row.name_key), row.id))
    shown = [row.id for row in in_order[offset : offset + limit]]
    return PeopleListed(len(everyone), _listed(session, shown, seen_by))


def _listed(session: Session, ids: list[int], seen_by: Viewer) -> list[PersonListed]:
    if not ids:
        return []
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(ids)))}
    linked = _links(ids, seen_by)
    counted = select(linked.c.person_id, func.count(linked.c.note_id.distinct()))
    notes: dict[int, int] = dict(session.execute(counted.group_by(linked.c.person_id)).all())
    played = session.execute(select(linked.c.person_id, linked.c.role).distinct())
    roles = {(person_id, role) for person_id, role in played}
    return [
        PersonListed(
            id=one,
            name=people[one].name,
            nickname=people[one].nickname,
            place_code=people[one].place_code,
            roles=tuple(code for code in ROLES if (one, code) in roles),
            notes=notes.get(one, 0),
        )
        for one in ids
    ]


def _links(ids: list[int], seen_by: Viewer) -> Subquery:
    """``person_id``, ``note_id`` and ``role`` (or empty) wherever a note names these people."""
    seen = visible_to(seen_by)
    by_role = select(
        RoleAssignment.person_id.label("person_id"),
        RoleAssignment.note_id.label("note_id"),
        RoleAssignment.role.label("role"),
    ).join(Note, Note.id == RoleAssignment.note_id)
    by_part = select(NotePerson.person_id, NotePerson.note_id, literal("")).join(
        Note, Note.id == NotePerson.note_id
    )
    return union_all(
        by_role.where(RoleAssignment.person_id.in_(ids), seen),
        by_part.where(NotePerson.person_id.in_(ids), seen),
        select(Note.author_id, Note.id, literal("")).where(Note.author_id.in_(ids), seen),
    ).subquery()


# --- one person ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonPage:
    """What one person did, as far as the viewer may read it; the newest first.

    ``phone`` is empty unless the viewer is signed in. ``remarks`` are the comments that lessons
    were drawn from.
    """

    person: Person
    aliases: list[str]
    phone: str
    periods: list[RolePeriod]
    roles: list[RoleOnNote]
    remarks: list[RemarkUsed]
    notes: list[NoteCard]
    lessons: list[NoteCard]
    totals: PageTotals


def page(session: Session, person_id: int, *, seen_by: Viewer, limit: int = 50) -> PersonPage:
    """A person with all their notes, lessons and roles, in seven statements.

    The page of one who was found to be another is that one's. NotFound alike for nobody and for
    somebody whom no note or comment the viewer may see names; curators and the person see the
    page anyway.
    """
    person = _whole(session, person_id)
    if person is not None and person.merged_into_id is not None:
        person = _whole(session, kept_id(session, person.id) or person.id)
    if person is None:
        raise _not_found()
    by_role = RoleAssignment.person_id == person.id
    periods = role_periods(session, by_role, seen_by=seen_by, limit=MOST_ROLES)
    played, in_all = role_history(session, by_role, seen_by=seen_by, limit=MOST_ROLES)
    named = _names(person.id)
    totals = page_totals(session, named, seen_by=seen_by, roles=in_all)
    notes, lessons = apart(session, named, seen_by=seen_by, limit=limit)
    remarks = remarks_used(session, person.id, seen_by=seen_by)
    if not (notes or lessons or remarks or _may_know(session, person, seen_by)):
        raise _not_found()
    aliases = [alias.name for alias in person.aliases]
    phone = person.phone if seen_by.is_signed_in else ""
    return PersonPage(person, aliases, phone, periods, played, remarks, notes, lessons, totals)


def _whole(session: Session, person_id: int) -> Person | None:
    return session.scalar(
        select(Person)
        .where(Person.id == naming.require_row_id(person_id))
        .options(joinedload(Person.aliases), joinedload(Person.organisation))
        .execution_options(populate_existing=True)
    )


def _names(person_id: int) -> ColumnElement[bool]:
    """The notes that credit this person, or name them in a role or at a meeting."""
    by_role = select(RoleAssignment.note_id).where(RoleAssignment.person_id == person_id)
    by_part = select(NotePerson.note_id).where(NotePerson.person_id == person_id)
    return or_(Note.author_id == person_id, Note.id.in_(union(by_role, by_part)))


def _may_know(session: Session, person: Person, viewer: Viewer) -> bool:
    """Whether the viewer may know of someone no note they may see names."""
    if viewer.person_id == person.id or may(viewer, "edit_people"):
        return True
    remark = (
        select(Comment.id)
        .join(Note, Note.id == Comment.note_id)
        .where(Comment.author_id == person.id, Comment.hidden_at.is_(None), visible_to(viewer))
        .limit(1)
    )
    return session.scalar(remark) is not None


def revise(
    session: Session,
    person: Person,
    *,
    by: Viewer,
    name: str,
    title: str = "",
    nickname: str = "",
    about: str = "",
    phone: str = "",
    aliases: Iterable[str] = (),
    place_code: str | None = None,
) -> None:
    """What is known of a person; a name left behind stays an alias, so that notes still lead here.

    Raises Invalid with problems by field (``name``, ``aliases``, ``place``…).
    """
    require(by, "edit_people")
    said, others = tidy(name, lines=False), [tidy(one, lines=False) for one in aliases]
    texts = {"title": [title], "nickname": [nickname], "aliases": others, "about": [about]}
    problems = _problems({"name": [said], **texts, "phone": [phone]}, place_code)
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    wanted = naming.by_key([*others, person.name], key)
    wanted.pop(key(said), None)
    person.name, person.name_key = said, key(said)
    person.title, person.nickname = tidy(title, lines=False), tidy(nickname, lines=False)
    person.about, person.place_code = tidy(about), place_code or None
    person.phone = phones.tidied(phone)
    kept = [alias for alias in person.aliases if wanted.pop(alias.key, None)]
    person.aliases[:] = [*kept, *(PersonAlias(name=one, key=k) for k, one in wanted.items())]
    session.flush()


def own(session: Session, person_id: int, *, by: Viewer) -> Person:
    """Oneself; for anybody else NotFound, whoever asks."""
    if not by.is_signed_in:
        raise SignInNeeded(_("เข้าสู่ระบบก่อน แล้วทำต่อได้เลย"))
    if by.person_id != person_id:
        raise _not_found()
    return get(session, person_id)


def revise_own(session: Session, person_id: int, *, by: Viewer, nickname: str, phone: str) -> None:
    """Keep what people may say of themselves; raises as ``own``, and Invalid by field."""
    person = own(session, person_id, by=by)
    texts = {"nickname": [nickname], "phone": [phone]}
    problems = {**naming.too_long(texts, LONGEST), **phones.problem(phone)}
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    person.nickname, person.phone = tidy(nickname, lines=False), phones.tidied(phone)
    session.flush()


def _problems(texts: dict[str, list[str]], place_code: str | None) -> dict[str, str]:
    problems = {**naming.too_long(texts, LONGEST), **phones.problem(texts["phone"][0])}
    if not any(char.isalnum() for char in texts["name"][0]):
        problems["name"] = _("ใส่ชื่อที่คนเรียก ชื่อเล่นหรือตำแหน่งก็ได้")
    if place_code and not places.exists(place_code):
        problems["place"] = _("ไม่พบสถานที่นี้ เลือกตำบล อำเภอ หรือจังหวัดใหม่")
    return problems


def _not_found() -> NotFound:
    return NotFound(_("ไม่พบคนนี้ในบันทึกที่คุณอ่านได้"))
