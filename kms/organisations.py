"""Organisations: agencies, funds, networks and groups, each found by any way of writing it."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Exists,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import Session, joinedload

from kms import naming, places
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import (
    Activity,
    ActivityOrganisation,
    Note,
    NoteOrganisation,
    NotePlace,
    Organisation,
    OrganisationAlias,
    RoleAssignment,
)
from kms.models.people import ORGANISATION_KINDS
from kms.note_cards import NoteCard, apart
from kms.note_checks import tidy
from kms.permissions import ANONYMOUS, Viewer, may, require, visible_to
from kms.role_history import PageTotals, RoleOnNote, page_totals, role_history
from kms.thai.collation import sort_key

LONGEST_NAME = 250
MOST_ROLES = 200
LONGEST = {"name": LONGEST_NAME, "abbreviation": 60, "aliases": LONGEST_NAME, "about": 20_000}

# The first word of a name usually says what it is; curators correct the rest.
_KIND_OF_FIRST_WORD = {
    "เทศบาล": "local",
    "องค์การบริหารส่วน": "local",
    "อบต": "local",
    "อบจ": "local",
    "กระทรวง": "state",
    "กรม": "state",
    "สำนักงาน": "state",
    "ที่ทำการ": "state",
    "โรงพยาบาล": "state",
    "มหาวิทยาลัย": "academic",
    "โรงเรียน": "academic",
    "วิทยาลัย": "academic",
    "เครือข่าย": "network",
    "บริษัท": "private",
}


def key(name: str) -> str:
    """The form by which an organisation is found; dots and spaces do not count (พอช. = พอช)."""
    return naming.key(name, 10 * LONGEST_NAME).replace(" ", "").replace(".", "")[:LONGEST_NAME]


# How offices are written short, by the beginning of their key.
_WRITTEN_OUT = {
    "อบต": "องค์การบริหารส่วนตำบล",
    "อบจ": "องค์การบริหารส่วนจังหวัด",
    "ทต": "เทศบาลตำบล",
    "ทม": "เทศบาลเมือง",
    "ทน": "เทศบาลนคร",
    "รพสต": "โรงพยาบาลส่งเสริมสุขภาพตำบล",
    "สสจ": "สำนักงานสาธารณสุขจังหวัด",
    "สสอ": "สำนักงานสาธารณสุขอำเภอ",
}
_ASIDE = re.compile(r"\([^)]*\)")


def written_out(name: str) -> str:
    """The key of the name with the usual short forms of offices in full, without an aside."""
    said = key(_ASIDE.sub("", name)) or key(name)
    short = next((one for one in _WRITTEN_OUT if said.startswith(one) and said != one), "")
    return _WRITTEN_OUT[short] + said[len(short) :] if short else said


def resolve(session: Session, names: Iterable[str]) -> dict[str, Organisation]:
    """Name as written → organisation; unknown ones are made. Names without a letter are left out.

    One statement, and the inserts.
    """
    given = list(names)
    wanted = naming.by_key(given, key)

    def find(keys: Collection[str]) -> dict[str, Organisation]:
        rows = session.execute(
            select(OrganisationAlias.key, Organisation)
            .join(Organisation, Organisation.id == OrganisationAlias.organisation_id)
            .where(OrganisationAlias.key.in_(keys))
        )
        return {row[0]: row[1] for row in rows}

    found = naming.found_or_made(session, wanted, find, _made)
    return {name: found[key(name)] for name in given if key(name) in found}


def find_or_create(session: Session, name: str) -> Organisation:
    """The organisation of this name; raises Invalid for a name that says nothing."""
    found = resolve(session, [name])
    if name not in found:
        sentence = _("ใส่ชื่อองค์กร")
        raise Invalid(sentence, {"name": sentence})
    return found[name]


def _made(name: str) -> Organisation:
    said = " ".join(name.split())[:LONGEST_NAME]
    alias = OrganisationAlias(name=said, key=key(said))
    return Organisation(name=said, kind=_kind_of(said), aliases=[alias])


def _kind_of(name: str) -> str:
    kinds = (kind for word, kind in _KIND_OF_FIRST_WORD.items() if name.startswith(word))
    return next(kinds, "community")


# --- where they stand in notes -------------------------------------------------------------------


def known_to(seen_by: Viewer) -> ColumnElement[bool]:
    """The organisations a viewer may know of: not those that only hidden notes name.

    One that was found to be another is known under that one's name alone.
    """
    seen = or_(*_named(visible_to(seen_by)), not_(or_(*_named())))
    return and_(Organisation.merged_into_id.is_(None), seen)


def _named(*seen: ColumnElement[bool]) -> tuple[Exists, ...]:
    """Whether any note, or one that is seen, names an Organisation: in a part, a role or an
    activity that it told of."""
    part, role, doing = NoteOrganisation, RoleAssignment, ActivityOrganisation
    told = (Activity.id == doing.activity_id, Note.id == Activity.note_id)
    return (
        exists().where(doing.organisation_id == Organisation.id, *told, *seen),
        exists().where(part.organisation_id == Organisation.id, Note.id == part.note_id, *seen),
        exists().where(role.organisation_id == Organisation.id, Note.id == role.note_id, *seen),
    )


def get(session: Session, organisation_id: int) -> Organisation:
    """The organisation; raises NotFound. Whether a viewer may know of it ``page`` says."""
    found = session.get(Organisation, naming.require_row_id(organisation_id))
    if found is None or found.merged_into_id is not None:
        raise _not_found()
    return found


def kept_id(session: Session, organisation_id: int) -> int | None:
    """Which one this organisation was found to be; None when it is itself, or none."""
    return naming.kept_id(session, Organisation.id, Organisation.merged_into_id, organisation_id)


def suggest(
    session: Session, prefix: str, limit: int = 8, *, seen_by: Viewer = ANONYMOUS
) -> list[Organisation]:
    """Organisations with these letters in any name, those that begin with them first."""
    wanted = key(prefix)
    if not wanted:
        return []
    begins = OrganisationAlias.key.startswith(wanted, autoescape=True)
    called = (
        select(
            OrganisationAlias.organisation_id.label("id"),
            func.min(case((begins, 0), else_=1)).label("rank"),
        )
        .where(OrganisationAlias.key.contains(wanted, autoescape=True))
        .group_by(OrganisationAlias.organisation_id)
        .subquery()
    )
    rows = session.scalars(
        select(Organisation)
        .join(called, called.c.id == Organisation.id)
        .where(known_to(seen_by))
        .order_by(called.c.rank, Organisation.name, Organisation.id)
        .limit(limit)
    )
    return list(rows)


@dataclass(frozen=True)
class OrganisationListed:
    """An organisation in a list; ``notes`` counts those the viewer may see."""

    id: int
    name: str
    abbreviation: str
    kind: str
    place_code: str | None
    notes: int


@dataclass(frozen=True)
class OrganisationsListed:
    """One page of the list, and how many there are in all."""

    total: int
    organisations: list[OrganisationListed]


def listing(
    session: Session,
    *,
    seen_by: Viewer,
    place: str | None = None,
    kind: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> OrganisationsListed:
    """Organisations in Thai order; of a kind, or seated or named in notes there, when asked."""
    chosen = select(Organisation.id, Organisation.name).where(known_to(seen_by))
    if kind:
        chosen = chosen.where(Organisation.kind == kind)
    if place:
        there = exists().where(
            NotePlace.note_id == Note.id, NotePlace.place_code.startswith(place, autoescape=True)
        )
        seated = Organisation.place_code.startswith(place, autoescape=True)
        chosen = chosen.where(or_(seated, *_named(visible_to(seen_by), there)))
    every = session.execute(chosen).all()
    in_order = sorted(every, key=lambda row: (sort_key(row.name), row.id))
    shown = [row.id for row in in_order[offset : offset + limit]]
    return OrganisationsListed(len(every), _listed(session, shown, seen_by))


def _listed(session: Session, ids: list[int], seen_by: Viewer) -> list[OrganisationListed]:
    if not ids:
        return []
    seen = visible_to(seen_by)
    part, role = NoteOrganisation, RoleAssignment
    by_part = select(part.organisation_id.label("id"), part.note_id.label("note_id"))
    by_role = select(role.organisation_id, role.note_id)
    linked = union_all(
        by_part.join(Note, Note.id == part.note_id).where(part.organisation_id.in_(ids), seen),
        by_role.join(Note, Note.id == role.note_id).where(role.organisation_id.in_(ids), seen),
    ).subquery()
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            Organisation.abbreviation,
            Organisation.kind,
            Organisation.place_code,
            func.count(linked.c.note_id.distinct()).label("notes"),
        )
        .outerjoin(linked, linked.c.id == Organisation.id)
        .where(Organisation.id.in_(ids))
        .group_by(Organisation.id)
    )
    found = {row.id: OrganisationListed(*row) for row in rows}
    return [found[one] for one in ids]


# --- one organisation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class OrganisationPage:
    """What an organisation took part in, as far as the viewer may read it; the newest first."""

    organisation: Organisation
    aliases: list[str]
    roles: list[RoleOnNote]
    notes: list[NoteCard]
    lessons: list[NoteCard]
    totals: PageTotals


def page(
    session: Session, organisation_id: int, *, seen_by: Viewer, limit: int = 50
) -> OrganisationPage:
    """An organisation with its notes, lessons and roles, in five statements.

    The page of one that was found to be another is that one's. NotFound alike for none and for
    one that only notes hidden from the viewer name.
    """
    found = _whole(session, organisation_id, seen_by)
    if found is None and (kept := kept_id(session, organisation_id)):
        found = _whole(session, kept, seen_by)
    if found is None:
        raise _not_found()
    by_role = RoleAssignment.organisation_id == found.id
    played, in_all = role_history(session, by_role, seen_by=seen_by, limit=MOST_ROLES)
    named = _names(found.id)
    totals = page_totals(session, named, seen_by=seen_by, roles=in_all)
    notes, lessons = apart(session, named, seen_by=seen_by, limit=limit)
    own = {key(found.name), key(found.abbreviation)}
    aliases = [alias.name for alias in found.aliases if alias.key not in own]
    return OrganisationPage(found, aliases, played, notes, lessons, totals)


def _whole(session: Session, organisation_id: int, seen_by: Viewer) -> Organisation | None:
    chosen = (
        select(Organisation)
        .where(Organisation.id == naming.require_row_id(organisation_id))
        .where(Organisation.merged_into_id.is_(None))
        .options(joinedload(Organisation.aliases))
        .execution_options(populate_existing=True)
    )
    if not may(seen_by, "edit_organisations"):
        chosen = chosen.where(known_to(seen_by))
    return session.scalar(chosen)


def _names(organisation_id: int) -> ColumnElement[bool]:
    """The notes in which this organisation has a part or a role."""
    by_part = select(NoteOrganisation.note_id).where(
        NoteOrganisation.organisation_id == organisation_id
    )
    by_role = select(RoleAssignment.note_id).where(
        RoleAssignment.organisation_id == organisation_id
    )
    return Note.id.in_(union(by_part, by_role))


def revise(
    session: Session,
    organisation: Organisation,
    *,
    by: Viewer,
    name: str,
    abbreviation: str = "",
    kind: str = "community",
    about: str = "",
    aliases: Iterable[str] = (),
    place_code: str | None = None,
) -> None:
    """What is known of an organisation; a name left behind stays an alias.

    Raises Invalid with problems by field (``name``, ``abbreviation``, ``kind``, ``aliases``,
    ``place``…), also when another organisation goes by one of the names.
    """
    require(by, "edit_organisations")
    said, short = tidy(name, lines=False), tidy(abbreviation, lines=False)
    others = [tidy(one, lines=False) for one in aliases]
    spelled = {"name": [said], "abbreviation": [short], "aliases": others}
    problems = _taken(session, organisation, spelled)
    problems |= _problems({**spelled, "about": [about]}, kind, place_code)
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    wanted = naming.by_key([said, short, *others, organisation.name], key)
    organisation.name, organisation.abbreviation = said, short
    organisation.kind, organisation.about = kind, tidy(about)
    organisation.place_code = place_code or None
    kept = [alias for alias in organisation.aliases if wanted.pop(alias.key, None)]
    made = [OrganisationAlias(name=one, key=its_key) for its_key, one in wanted.items()]
    organisation.aliases[:] = [*kept, *made]
    session.flush()


def _problems(texts: dict[str, list[str]], kind: str, place_code: str | None) -> dict[str, str]:
    problems = naming.too_long(texts, LONGEST)
    if not any(char.isalnum() for char in texts["name"][0]):
        problems["name"] = _("ใส่ชื่อองค์กร")
    if kind not in ORGANISATION_KINDS:
        problems["kind"] = _("เลือกประเภทองค์กรจากรายการ")
    if place_code and not places.exists(place_code):
        problems["place"] = _("ไม่พบสถานที่นี้ เลือกตำบล อำเภอ หรือจังหวัดใหม่")
    return problems


def _taken(
    session: Session, organisation: Organisation, spelled: dict[str, list[str]]
) -> dict[str, str]:
    """A sentence beside each field that holds a name of another organisation."""
    keys = {key(name) for names in spelled.values() for name in names}
    rows = session.execute(
        select(OrganisationAlias.key, Organisation.name)
        .join(Organisation, Organisation.id == OrganisationAlias.organisation_id)
        .where(OrganisationAlias.key.in_(keys), Organisation.id != organisation.id)
    )
    others = dict(rows.all())
    return {
        field: _("“%(name)s” เป็นชื่อของ %(other)s อยู่แล้ว", name=name, other=others[key(name)])
        for field, names in spelled.items()
        for name in names
        if key(name) in others
    }


def _not_found() -> NotFound:
    return NotFound(_("ไม่พบองค์กรนี้ในบันทึกที่คุณอ่านได้"))
