"""What the people of the tests write, built from offices and facts of the field."""

from datetime import date
from typing import Any

from kms.note_kinds import (
    ActionItem,
    AgendaItem,
    Attendee,
    BudgetLine,
    Kind,
    LessonParts,
    Meeting,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)

HULONG = "801208"
PAK_PHANANG = "8012"
NAKHON = "80"
PHATTHALUNG = "93"


def a_review(**changed: Any) -> NoteContent:
    """The AAR of a workshop whose aim was unclear."""
    said: dict[str, Any] = {
        "kind": Kind.AFTER_ACTION_REVIEW,
        "title": "AAR เวทีตำบลหูล่อง",
        "visibility": "public",
        "held_from": date(2006, 1, 28),
        "author": "ผู้จัดเวทีตำบลหูล่อง",
        "places": (PlaceNamed(HULONG, "บ้านหูล่อง"),),
        "themes": ("แผนแม่บทชุมชน",),
        "tags": ("แนวคิด", "แก้จนเมืองนคร"),
        "organisations": (OrganisationPart("พอช.", "funder"),),
        "roles": (
            RolePlayed("khun_amnuay", "ผู้จัดเวทีตำบลหูล่อง", "", "tambon", HULONG, "ชวนคุยทีละข้อ"),
            RolePlayed("khun_kit", "แกนนำบ้านหูล่อง", "กลุ่มออมทรัพย์หูล่อง", "village", HULONG),
        ),
        "review": Review("one-box", {"review": "เป้าหมายไม่ชัด **ผลจึงคลุมเครือ**"}),
    }
    return NoteContent(**{**said, **changed})


def some_minutes(**changed: Any) -> NoteContent:
    """The minutes of a meeting on welfare funds."""
    said: dict[str, Any] = {
        "kind": Kind.MINUTES,
        "title": "ประชุมกองทุนสวัสดิการจังหวัดพัทลุง",
        "visibility": "public",
        "held_from": date(2007, 12, 18),
        "places": (PlaceNamed(PHATTHALUNG),),
        "meeting": Meeting(
            venue="ศาลากลางจังหวัด",
            chair="ประธานเครือข่ายกองทุน",
            attendees=(
                Attendee("แกนนำบ้านหูล่อง", "กลุ่มออมทรัพย์หูล่อง"),
                Attendee("ตัวแทนเทศบาล"),
            ),
            agenda=(AgendaItem("ทีมวิจัย", "แต่ละกองทุนมีเจ้าของ", "เสนอชื่อ 15 คน"),),
            actions=(ActionItem("นัดประชุมครั้งหน้า", "เลขานุการ", date(2007, 12, 27)),),
            budget=(BudgetLine("พอช.", 200_000_00),),
        ),
    }
    return NoteContent(**{**said, **changed})


def a_lesson(*sources: SourcePassage, **changed: Any) -> NoteContent:
    """One point, drawn from the passages of these notes."""
    said: dict[str, Any] = {
        "kind": Kind.LESSON,
        "title": "ตกลงเป้าหมายก่อนเชิญคน",
        "visibility": "public",
        "places": (PlaceNamed(PAK_PHANANG),),
        "themes": ("แผนแม่บทชุมชน",),
        "lesson": LessonParts(
            point="เป้าหมายที่ชัดบอกได้ว่าควรเชิญใคร",
            holds_when="เมื่อหลายฝ่ายจัดเวทีร่วมกัน",
            polarity="works",
            sources=sources,
        ),
        "roles": (RolePlayed("khun_amnuay", "ผู้จัดเวทีตำบลหูล่อง", did="ตั้งคำถามถึงเป้าหมาย"),),
    }
    return NoteContent(**{**said, **changed})


def a_page(title: str, body: str, **changed: Any) -> NoteContent:
    """A wiki page."""
    said: dict[str, Any] = {"kind": Kind.PAGE, "title": title, "body": body}
    return NoteContent(**{"visibility": "public", **said, **changed})
