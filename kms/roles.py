"""The facilitator roles of the Tuna model and their helpers, the levels, and who plays them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.orm import Session

from kms import language, naming
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import Note, NotePlace, Organisation, Person, RoleAssignment
from kms.note_kinds import ROLES as CODES
from kms.note_kinds import Kind
from kms.permissions import Viewer, numbers_seen_by, visible_to


@dataclass(frozen=True)
class Role:
    """What people call a role, and what the one who plays it does."""

    code: str
    name_th: str
    name_en: str
    does_th: str
    does_en: str

    @property
    def name(self) -> str:
        """In the current language."""
        return self.name_en if language.current() == "en" else self.name_th

    @property
    def does(self) -> str:
        """In the current language."""
        return self.does_en if language.current() == "en" else self.does_th


ROLES = {
    role.code: role
    for role in (
        Role(
            "khun_ua",
            "คุณเอื้อ",
            "Khun Ua (sponsor)",
            "ผู้ใหญ่ที่เปิดทาง ชี้ทิศ และให้ทรัพยากร เช่น ผู้ว่าราชการจังหวัด นายอำเภอ นายก อบต.",
            "Senior sponsor who opens doors, sets the direction and gives resources: a governor, "
            "a district chief, a tambon mayor.",
        ),
        Role(
            "khun_amnuay",
            "คุณอำนวย",
            "Khun Amnuay (facilitator)",
            "ผู้ออกแบบและพาวงเรียนรู้ให้เดิน เชื่อมคนกับภาคีเข้าด้วยกัน",
            "Facilitator who designs and runs the learning circle and links people and partners.",
        ),
        Role(
            "khun_kit",
            "คุณกิจ",
            "Khun Kit (practitioner)",
            "ผู้ลงมือทำและเป็นเจ้าของความรู้ เช่น แกนนำหมู่บ้าน สมาชิกกลุ่ม",
            "Practitioner who does the work and owns the know-how: village leaders, members of "
            "groups.",
        ),
        Role(
            "khun_likhit",
            "คุณลิขิต",
            "Khun Likhit (note-taker)",
            "ผู้จดและเรียบเรียงสิ่งที่วงพูดกัน",
            "Note-taker who writes down what the circle says.",
        ),
        Role(
            "khun_prasan",
            "คุณประสาน",
            "Khun Prasan (co-ordinator)",
            "ผู้ประสานเครือข่ายและนัดหมายให้งานเดินต่อ",
            "Co-ordinator who keeps the network in touch and the work moving.",
        ),
        Role(
            "khun_wisat",
            "คุณวิศาสตร์",
            "Khun Wisat (technology helper)",
            "ผู้ช่วยเรื่องเทคโนโลยีและระบบสารสนเทศ",
            "Helper with information technology.",
        ),
    )
}


def name(code: str) -> str:
    """The role's name in the current language; an unknown code is its own name."""
    return ROLES[code].name if code in ROLES else code


def level_name(code: str) -> str:
    """The level's name in the current language; an unknown code is its own name."""
    return _levels().get(code, code)


def read(text: str) -> str:
    """The code of a role written as a code, in Thai (with or without คุณ) or in English.

    Raises Invalid.
    """
    code = _codes().get(_plain(text))
    if code is None:
        raise Invalid(_unknown(text, (role.name for role in ROLES.values())))
    return code


def _levels() -> dict[str, str]:
    return {
        "province": _("จังหวัด"),
        "amphoe": _("อำเภอ"),
        "tambon": _("ตำบล"),
        "village": _("หมู่บ้าน"),
        "zone": _("โซน"),
    }


def _codes() -> dict[str, str]:
    """Every way to write a role, folded, to its code."""
    ways: dict[str, str] = {}
    for code in CODES:
        role = ROLES[code]
        spoken = _plain(code)
        for way in (spoken, spoken.removeprefix("khun "), _plain(role.name_th)):
            ways[way] = code
        ways[_plain(role.name_th).removeprefix("คุณ")] = code
        ways[_plain(role.name_en)] = code
    return ways


def _plain(text: str) -> str:
    return naming.key(text.replace("_", " ").replace("-", " "))


def _unknown(text: str, known: Iterable[str]) -> str:
    return _("ไม่รู้จัก “%(text)s” ใช้ได้: %(known)s", text=text.strip()[:60], known=", ".join(known))


# --- who plays them ------------------------------------------------------------------------------

MOST_PLAYERS = 500
_READ_AT_MOST = 5_000


@dataclass(frozen=True)
class RolePlayer:
    """Someone in one role, at one level and place, over all notes the viewer may see.

    ``did`` is from the latest note that says what they did; ``note_numbers`` start with it.
    ``first`` and ``last`` are the days of the earliest and latest note that tells its day.
    """

    role: str
    level: str
    place_code: str | None
    person_id: int | None
    person_name: str
    organisation_id: int | None
    organisation_name: str
    did: str
    note_numbers: tuple[int, ...]
    first: date | None = None
    last: date | None = None

    @property
    def notes(self) -> int:
        """In how many notes."""
        return len(self.note_numbers)


def players(
    session: Session,
    role: str | None = None,
    *,
    place: str | None = None,
    level: str | None = None,
    seen_by: Viewer,
    limit: int = MOST_PLAYERS,
) -> list[RolePlayer]:
    """Who plays this role (or any), in a place and all places in it, most notes first.

    A role without a place of its own counts where its note took place. One statement.
    """
    chosen = (
        select(
            RoleAssignment.role,
            RoleAssignment.level,
            RoleAssignment.place_code,
            RoleAssignment.person_id,
            Person.name.label("person_name"),
            RoleAssignment.organisation_id,
            Organisation.name.label("organisation_name"),
            RoleAssignment.did,
            RoleAssignment.note_id,
            Note.held_from,
            Note.held_to,
        )
        .join(Note, Note.id == RoleAssignment.note_id)
        .outerjoin(Person, Person.id == RoleAssignment.person_id)
        .outerjoin(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .where(visible_to(seen_by))
        .order_by(Note.held_from.desc().nulls_last(), RoleAssignment.id.desc())
        .limit(_READ_AT_MOST)
    )
    if role:
        chosen = chosen.where(RoleAssignment.role == role)
    if level:
        chosen = chosen.where(RoleAssignment.level == level)
    if place:
        chosen = chosen.where(_played_in(place))
    grouped: dict[tuple[object, ...], list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(chosen):
        who = (row.role, row.level, row.place_code, row.person_id, row.organisation_id)
        grouped.setdefault(who, []).append(row)
    found = [_player(rows) for rows in grouped.values()]
    return sorted(found, key=lambda one: -one.notes)[:limit]


def counts(session: Session, *, seen_by: Viewer) -> dict[str, int]:
    """Role → how many people, and organisations without a person named, play it."""
    rows = session.execute(
        select(
            RoleAssignment.role,
            func.count(RoleAssignment.person_id.distinct()),
            func.count(
                case(
                    (RoleAssignment.person_id.is_(None), RoleAssignment.organisation_id)
                ).distinct()
            ),
        )
        .where(RoleAssignment.note_id.in_(numbers_seen_by(seen_by)))
        .group_by(RoleAssignment.role)
    )
    return {role: people + groups for role, people, groups in rows}


def is_said_to_play(
    session: Session, who: Viewer, role: str, *, place_code: str | None = None
) -> bool:
    """Whether somebody else's note says that they play this role, at this very place if given.

    Nobody makes themselves one: not by an own note, nor by a page, which any member may revise,
    nor by a draft, which nobody else has read.
    """
    if who.person_id is None:
        return False
    said = (
        select(RoleAssignment.id)
        .join(Note, Note.id == RoleAssignment.note_id)
        .where(
            RoleAssignment.person_id == who.person_id,
            RoleAssignment.role == role,
            Note.visibility != "draft",
            Note.kind != Kind.PAGE.value,
            Note.owner_id.is_distinct_from(who.account_id),
            Note.author_id.is_distinct_from(who.person_id),
        )
    )
    if place_code:
        said = said.where(RoleAssignment.place_code == place_code)
    return session.scalar(said.limit(1)) is not None


def _played_in(place: str) -> ColumnElement[bool]:
    there = select(NotePlace.note_id).where(NotePlace.place_code.startswith(place, autoescape=True))
    return or_(
        RoleAssignment.place_code.startswith(place, autoescape=True),
        and_(RoleAssignment.place_code.is_(None), RoleAssignment.note_id.in_(there)),
    )


def _player(rows: Sequence[Row[*tuple[Any, ...]]]) -> RolePlayer:
    telling = next((row for row in rows if row.did), rows[0])
    numbers = dict.fromkeys((telling.note_id, *(row.note_id for row in rows)))
    days = [day for row in rows for day in (row.held_from, row.held_to) if day]
    return RolePlayer(
        role=telling.role,
        level=telling.level,
        place_code=telling.place_code,
        person_id=telling.person_id,
        person_name=telling.person_name or "",
        organisation_id=telling.organisation_id,
        organisation_name=telling.organisation_name or "",
        did=telling.did,
        note_numbers=tuple(numbers),
        first=min(days, default=None),
        last=max(days, default=None),
    )
