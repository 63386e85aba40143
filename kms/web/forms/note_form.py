"""The whole form of a note, read and filled.

Fields keep the names that the domain gives to problems: ``title``, ``answers-<question>``,
``actions-1-due``. What was typed travels as ``Typed``, so a refused form loses no word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kms.language import gettext as _
from kms.note_kinds import Kind, NoteContent
from kms.themes import Tree
from kms.web.forms import aar, common, lesson, minutes
from kms.web.forms.reading import Notices, Reading
from kms.web.forms.typed import Typed


@dataclass(frozen=True)
class Known:
    """What the database tells a form: the writer's name, the themes, the notes named.

    ``sources`` maps what was typed to (number, title) of a note that the writer may see: a
    source of a lesson, or a lesson used in what a review tells of.
    """

    writer: str
    tree: Tree
    sources: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def read(kind: Kind, typed: Typed, known: Known) -> Reading:
    """The content asked for, with a notice for whatever could not be understood."""
    notices = Notices()
    values: dict[str, Any] = dict(common.read(typed, known.writer, notices))
    if kind == Kind.AFTER_ACTION_REVIEW:
        values["review"] = aar.read(typed, values["held_from"], known.sources, notices)
        values["title"] = values["title"] or aar.title(values["review"])
    elif kind == Kind.MINUTES:
        values["meeting"] = minutes.read(typed, values["held_from"], notices)
    elif kind == Kind.LESSON:
        values["lesson"] = lesson.read(typed, known.sources, notices)
        values["title"] = values["title"] or lesson.title(values["lesson"])
    return Reading(NoteContent(kind=kind, **values), notices)


def fill(content: NoteContent, known: Known) -> Typed:
    """The form that says this content."""
    agreed = {slug for slug, node in known.tree.by_slug.items() if node.status == "agreed"}
    others = {slug: known.tree.label(slug) for slug in content.themes if slug not in agreed}
    fields = dict(common.fill(content, known.writer, others).values)
    parts = {
        Kind.AFTER_ACTION_REVIEW: aar.fill,
        Kind.MINUTES: minutes.fill,
        Kind.LESSON: lesson.fill,
    }
    if content.kind in parts:
        fields.update(parts[content.kind](content).values)
    return Typed(fields)


def group_of(name: str) -> str:
    """The part of the form that a field belongs to: all rows of one prefix are one part."""
    first, _dash, rest = name.partition("-")
    if first == "answers" and rest:
        return name
    return {"theme_new": "themes", "author": "credit"}.get(first, first)


def group_names() -> dict[str, str]:
    """What the pages call each part of a form."""
    return {
        "title": _("ชื่อเรื่อง"),
        "body": _("เนื้อหา"),
        "held": _("วันที่จัด"),
        "places": _("สถานที่"),
        "themes": _("ประเด็น"),
        "tags": _("แท็ก"),
        "organisations": _("องค์กร"),
        "roles": _("คนและบทบาท"),
        "credit": _("ผู้เขียน"),
        "visibility": _("ใครเห็นได้"),
        "url": _("ที่มา"),
        "licence": _("สัญญาอนุญาต"),
        "questions": _("ชุดคำถาม"),
        "venue": _("สถานที่ประชุม"),
        "starts": _("เวลาเริ่ม"),
        "ends": _("เวลาเลิก"),
        "chair": _("ประธาน"),
        "attendees": _("ผู้เข้าประชุม"),
        "agenda": _("วาระ"),
        "actions": _("งานที่ต้องทำต่อ"),
        "used": _("บทเรียนที่ใช้"),
        "briefing": _("ใบเตรียมงาน"),
        "budget": _("งบประมาณ"),
        "next_date": _("ประชุมครั้งหน้า"),
        "next_time": _("เวลาประชุมครั้งหน้า"),
        "next_venue": _("สถานที่ประชุมครั้งหน้า"),
        "point": _("บทเรียนข้อเดียว"),
        "holds_when": _("ใช้ได้เมื่อ"),
        "what_to_do": _("ควรทำอย่างไร"),
        "why": _("เพราะอะไร"),
        "polarity": _("ได้ผลหรือไม่"),
        "sources": _("บันทึกต้นทาง"),
        "reason": _("เหตุผลที่แก้"),
        "attachments": _("รูปและเอกสารแนบ"),
        "upload": _("รูปและเอกสารแนบ"),
    }
