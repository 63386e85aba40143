"""A small shelf of notes that tests of finding and browsing share.

Places are real (DOPA codes); people are named by what they do.
"""

from dataclasses import dataclass
from datetime import date

from kms import notes, themes
from kms.note_kinds import (
    Kind,
    LessonParts,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    RolePlayed,
)
from kms.permissions import Viewer
from kms.saving import Store
from tests.cast import Cast

HU_LONG = "801208"
PAK_PHANANG = "8012"
NAKHON_SI_THAMMARAT = "80"
PHATTHALUNG = "93"

FACILITATOR_OF_HU_LONG = "ผู้จัดวงเรียนรู้ตำบลหูล่อง"
TREASURER = "เหรัญญิกกองทุนวันละบาท"
DRAFT_ONLY = "ผู้ช่วยงานที่อยู่แต่ในร่าง"
MEMBERS_ONLY = "ผู้ประสานที่อยู่แต่ในบันทึกสมาชิก"
FUND = "กองทุนสวัสดิการตำบลหูล่อง"
HIDDEN_GROUP = "กลุ่มที่อยู่แต่ในร่าง"
WELFARE = "community-welfare"


@dataclass(frozen=True)
class Shelf:
    """Numbers of the notes."""

    lesson: int
    review: int
    minutes: int
    draft: int


def fill(store: Store, cast: Cast) -> Shelf:
    """Put the notes on the shelf, the index included."""
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="ความมั่นคงของชุมชน", slug="security")
        themes.add(session, by=cast.curator, name="สวัสดิการชุมชน", slug=WELFARE, parent=top)
    with store.saving() as session:
        return Shelf(
            lesson=_write(session, _lesson(), cast.facilitator),
            review=_write(session, _review(), cast.facilitator),
            minutes=_write(session, _minutes(), cast.commenter),
            draft=_write(session, _draft(), cast.facilitator),
        )


def _write(session: object, content: NoteContent, by: Viewer) -> int:
    return notes.create(session, content, by=by).number  # type: ignore[arg-type]


def _lesson() -> NoteContent:
    return NoteContent(
        kind=Kind.LESSON,
        title="กองทุนสวัสดิการเดินต่อได้เมื่อมีเจ้าของชัด",
        visibility="public",
        held_from=date(2006, 1, 28),
        places=(PlaceNamed(HU_LONG),),
        themes=(WELFARE,),
        tags=("แก้จนเมืองนคร",),
        organisations=(OrganisationPart(FUND, "organiser"),),
        roles=(
            RolePlayed(
                "khun_amnuay",
                person=FACILITATOR_OF_HU_LONG,
                level="tambon",
                place_code=HU_LONG,
                did="ชวนกรรมการทุกหมู่มานั่งวงเดียวกัน",
            ),
            RolePlayed("khun_kit", person=TREASURER, level="village", place_code=HU_LONG),
        ),
        lesson=LessonParts(point="กองทุนสวัสดิการเดินต่อได้เมื่อมีเจ้าของชัด", what_to_do="ตั้งเจ้าของ"),
    )


def _review() -> NoteContent:
    return NoteContent(
        kind=Kind.NOTE,
        title="สรุปเวทีปากพนัง",
        body="เวทีสวัสดิการที่ปากพนังยังไม่ชัดว่าเชิญใครมาทำไม",
        visibility="public",
        held_from=date(2007, 3, 2),
        places=(PlaceNamed(PAK_PHANANG),),
        themes=(WELFARE,),
        roles=(RolePlayed("khun_ua", person=FACILITATOR_OF_HU_LONG, level="amphoe"),),
    )


def _minutes() -> NoteContent:
    return NoteContent(
        kind=Kind.MINUTES,
        title="ประชุมเครือข่ายพัทลุง",
        body="คุยเรื่องสวัสดิการและแผนเดือนหน้า",
        visibility="members",
        held_from=date(2007, 12, 18),
        places=(PlaceNamed(PHATTHALUNG),),
        roles=(RolePlayed("khun_prasan", person=MEMBERS_ONLY, level="province", place_code="93"),),
    )


def _draft() -> NoteContent:
    return NoteContent(
        kind=Kind.NOTE,
        title="ร่างเรื่องสวัสดิการที่ยังไม่เปิด",
        body="ยังเขียนไม่จบ",
        visibility="draft",
        held_from=date(2008, 5, 1),
        places=(PlaceNamed(NAKHON_SI_THAMMARAT),),
        organisations=(OrganisationPart(HIDDEN_GROUP),),
        roles=(RolePlayed("khun_likhit", person=DRAFT_ONLY, place_code=NAKHON_SI_THAMMARAT),),
    )
