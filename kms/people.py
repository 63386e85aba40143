"""People named in notes: found by any spelling they go by, never by guess."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Exists,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import Session, joinedload

from kms import naming, organisations, phones, places
from kms.contributions import RemarkUsed, remarks_used
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.lesson_lives import known_steps
from kms.models import (
    Comment,
    LessonStep,
    Note,
    NotePerson,
    NotePlace,
    Organisation,
    Person,
    PersonAlias,
    Recommendation,
    RecommendationAnswer,
    RoleAssignment,
)
from kms.note_cards import NoteCard, apart
from kms.note_checks import tidy
from kms.note_kinds import ROLES
from kms.permissions import (
    ACCOUNT,
    ANONYMOUS,
    SeenAs,
    Viewer,
    may,
    require,
    require_account,
    seen_as,
    visible_as,
    visible_to,
)
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
    "known_as",
    "listing",
    "named_in_notes",
    "names",
    "open_to",
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
    "organisation": organisations.LONGEST_NAME,
}

# --- where they stand in notes -------------------------------------------------------------------


def named_in_notes(
    seen_by: Viewer, *, place: str | None = None, role: str | None = None
) -> ColumnElement[bool]:
    """Whether a note that the viewer may see credits or names a Person; a condition for a query.

    With ``role`` only those who play it; with ``place`` only there, or, where a role tells no
    place of its own, in a note from there.
    """
    seen = visible_to(seen_by)
    in_role = _in_a_role(seen)
    if role:
        in_role = in_role.where(RoleAssignment.role == role)
    if not place:
        return in_role if role else or_(in_role, *_credited_or_present(seen))
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
    return or_(in_role, *(one.where(from_there) for one in _credited_or_present(seen)))


@cache
def known_as(way: SeenAs) -> ColumnElement[bool]:
    """Whether anything that such viewers may see is a Person's or names them, for a statement.

    A note, a comment, a step in the life of a lesson, a recommendation or an answer to one; the
    parameter ACCOUNT says whose eyes (see ``visible_as``).
    """
    seen = visible_as(way)
    remark = exists().where(
        Comment.author_id == Person.id,
        Comment.hidden_at.is_(None),
        Note.id == Comment.note_id,
        seen,
    )
    of_seen = and_(Note.id == LessonStep.lesson_id, seen)
    took = known_steps((LessonStep.id,), way, undone=True).join(Note, of_seen)
    step = took.where(LessonStep.by_id == Person.id).exists()
    traces = (*_credited_or_present(seen), _in_a_role(seen), remark, step)
    return or_(*(one.correlate(Person) for one in traces), Person.id.in_(_asked_or_answered(seen)))


def open_to(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer may open a Person's page: one known to them (``known_as``, which wants
    the parameter ACCOUNT), themselves, and for curators everybody; a condition for a query."""
    if may(viewer, "edit_people"):
        return true()
    known = known_as(seen_as(viewer))
    return or_(Person.id == viewer.person_id, known) if viewer.person_id else known


def _in_a_role(seen: ColumnElement[bool]) -> Exists:
    return exists().where(
        RoleAssignment.person_id == Person.id, Note.id == RoleAssignment.note_id, seen
    )


def _credited_or_present(seen: ColumnElement[bool]) -> tuple[Exists, Exists]:
    present = exists().where(NotePerson.person_id == Person.id, Note.id == NotePerson.note_id, seen)
    return exists().where(Note.author_id == Person.id, seen), present


def _asked_or_answered(seen: ColumnElement[bool]) -> CompoundSelect[int | None]:
    """Who recommends something, or answered. A list of its own: there are few, and no index."""
    stands = (Recommendation.withdrawn_at.is_(None), seen)
    asked = select(Recommendation.by_id).join(Note, Note.id == Recommendation.note_id)
    answered = (
        select(RecommendationAnswer.by_id)
        .join(Recommendation, Recommendation.id == RecommendationAnswer.recommendation_id)
        .join(Note, Note.id == Recommendation.note_id)
        .where(RecommendationAnswer.undone_at.is_(None))
    )
    return union(asked.where(*stands), answered.where(*stands))


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
    known = known_as(seen_as(seen_by))
    rows = session.execute(
        select(Person.id, Person.name).where(Person.id.in_(wanted), known),
        {ACCOUNT: seen_by.account_id},
    )
    return dict(rows.all())


def suggest(
    session: Session, prefix: str, limit: int = 8, *, seen_by: Viewer = ANONYMOUS
) -> list[Person]:
    """People with these letters in a name they go by, those that begin with them first.

    Only people whom the viewer may know of anyway.
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
        .where(called, known_as(seen_as(seen_by)))
        .order_by(case((begins, 0), else_=1), Person.name_key, Person.id)
        .limit(limit),
        {ACCOUNT: seen_by.account_id},
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

    ``phone`` is empty unless the viewer is signed in; ``organisation`` is theirs where the viewer
    may know of it. ``remarks`` are the comments that lessons were drawn from.
    """

    person: Person
    organisation: Organisation | None
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
    somebody whose page is not ``open_to`` the viewer.
    """
    found = _whole(session, person_id, seen_by)
    if found and found[0].merged_into_id is not None:
        found = _whole(session, kept_id(session, person_id) or person_id, seen_by)
    if found is None:
        raise _not_found()
    person, organisation = found
    by_role = RoleAssignment.person_id == person.id
    periods = role_periods(session, by_role, seen_by=seen_by, limit=MOST_ROLES)
    played, in_all = role_history(session, by_role, seen_by=seen_by, limit=MOST_ROLES)
    named = _names(person.id)
    totals = page_totals(session, named, seen_by=seen_by, roles=in_all)
    notes, lessons = apart(session, named, seen_by=seen_by, limit=limit)
    remarks = remarks_used(session, person.id, seen_by=seen_by)
    if not (notes or lessons or remarks or _is_open(session, person, seen_by)):
        raise _not_found()
    return PersonPage(
        person=person,
        organisation=organisation,
        aliases=[alias.name for alias in person.aliases],
        phone=person.phone if seen_by.is_signed_in else "",
        periods=periods,
        roles=played,
        remarks=remarks,
        notes=notes,
        lessons=lessons,
        totals=totals,
    )


def _whole(
    session: Session, person_id: int, viewer: Viewer
) -> tuple[Person, Organisation | None] | None:
    """The person, and the organisation they are of where the viewer may know of it."""
    is_known = true() if may(viewer, "edit_organisations") else organisations.known_to(viewer)
    of = and_(Organisation.id == Person.organisation_id, is_known)
    rows = session.execute(
        select(Person, Organisation)
        .outerjoin(Organisation, of)
        .where(Person.id == naming.require_row_id(person_id))
        .options(joinedload(Person.aliases))
        .execution_options(populate_existing=True)
    )
    row = rows.unique().one_or_none()
    return (row[0], row[1]) if row else None


def _names(person_id: int) -> ColumnElement[bool]:
    """The notes that credit this person, or name them in a role or at a meeting."""
    by_role = select(RoleAssignment.note_id).where(RoleAssignment.person_id == person_id)
    by_part = select(NotePerson.note_id).where(NotePerson.person_id == person_id)
    return or_(Note.author_id == person_id, Note.id.in_(union(by_role, by_part)))


def _is_open(session: Session, person: Person, viewer: Viewer) -> bool:
    wanted = select(Person.id).where(Person.id == person.id, open_to(viewer))
    return session.scalar(wanted, {ACCOUNT: viewer.account_id}) is not None


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
    organisation: str = "",
) -> None:
    """What is known of a person; a name left behind stays an alias, so that notes still lead here.

    The ``organisation`` they are of goes by any of its names; an unknown one is made. Raises
    Invalid with problems by field (``name``, ``aliases``, ``place``…).
    """
    require(by, "edit_people")
    said, others = tidy(name, lines=False), [tidy(one, lines=False) for one in aliases]
    group = tidy(organisation, lines=False)
    texts = {"title": [title], "nickname": [nickname], "aliases": others, "about": [about]}
    spelled = {"name": [said], "organisation": [group], **texts}
    problems = _problems({**spelled, "phone": [phone]}, place_code)
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    wanted = naming.by_key([*others, person.name], key)
    wanted.pop(key(said), None)
    person.name, person.name_key = said, key(said)
    person.title, person.nickname = tidy(title, lines=False), tidy(nickname, lines=False)
    person.about, person.place_code = tidy(about), place_code or None
    person.phone = phones.tidied(phone)
    person.organisation = organisations.find_or_create(session, group) if group else None
    kept = [alias for alias in person.aliases if wanted.pop(alias.key, None)]
    person.aliases[:] = [*kept, *(PersonAlias(name=one, key=k) for k, one in wanted.items())]
    session.flush()


def own(session: Session, person_id: int, *, by: Viewer) -> Person:
    """Oneself; for anybody else NotFound, whoever asks."""
    require_account(by)
    if by.person_id != person_id:
        raise _not_found()
    return get(session, person_id)


def revise_own(
    session: Session,
    person_id: int,
    *,
    by: Viewer,
    nickname: str,
    phone: str,
    place_code: str | None,
) -> None:
    """Keep what people may say of themselves; raises as ``own``, and Invalid by field."""
    person = own(session, person_id, by=by)
    problems = _problems({"nickname": [nickname], "phone": [phone]}, place_code)
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    person.nickname, person.phone = tidy(nickname, lines=False), phones.tidied(phone)
    person.place_code = place_code or None
    session.flush()


def _problems(texts: dict[str, list[str]], place_code: str | None) -> dict[str, str]:
    problems = {**naming.too_long(texts, LONGEST), **phones.problem(texts["phone"][0])}
    if not all(any(char.isalnum() for char in name) for name in texts.get("name", ())):
        problems["name"] = _("ใส่ชื่อที่คนเรียก ชื่อเล่นหรือตำแหน่งก็ได้")
    if not all(organisations.key(name) for name in texts.get("organisation", ()) if name):
        problems["organisation"] = _("ใส่ชื่อองค์กร")
    if place_code and not places.exists(place_code):
        problems["place"] = _("ไม่พบสถานที่นี้ เลือกตำบล อำเภอ หรือจังหวัดใหม่")
    return problems


def _not_found() -> NotFound:
    return NotFound(_("ไม่พบคนนี้ในบันทึกที่คุณอ่านได้"))
