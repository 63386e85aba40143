"""Another passage for a lesson that exists: many notes support one point."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import notes
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import LessonSource, Note
from kms.note_checks import tidy
from kms.note_kinds import Kind, SourcePassage
from kms.permissions import Viewer, may, visible_to


@dataclass(frozen=True)
class LessonChoice:
    """A lesson that a passage could support; only who may revise it may add one."""

    number: int
    title: str
    lead: str
    may_revise: bool
    has_it: bool


def choices(
    session: Session, numbers: Sequence[int], source: SourcePassage, *, by: Viewer
) -> list[LessonChoice]:
    """Those of these notes that are lessons in sight, in this order; two statements."""
    is_lesson = Note.kind == Kind.LESSON.value
    found = session.scalars(
        select(Note).where(Note.id.in_(numbers), is_lesson, Note.id != source.note, visible_to(by))
    )
    lessons = {one.id: one for one in found}
    holding = set(
        session.scalars(
            select(LessonSource.lesson_id).where(
                LessonSource.lesson_id.in_(lessons),
                LessonSource.note_id == source.note,
                LessonSource.passage == tidy(source.passage),
            )
        )
    )
    return [
        LessonChoice(one.id, one.title, one.lead, may(by, "revise", one), one.id in holding)
        for one in (lessons[number] for number in numbers if number in lessons)
    ]


def add(session: Session, lesson: int, source: SourcePassage, *, by: Viewer) -> Note:
    """The lesson with this passage too, as its next revision; one that it has stays once.

    Raises NotFound alike for what is absent, out of sight or no lesson, Invalid for words that
    the note does not say, NotAllowed or SignInNeeded.
    """
    note = notes.get_for_revision(session, lesson, by=by)
    content = notes.content_of(note)
    if content.lesson is None:
        raise NotFound(_("ไม่พบบทเรียนนี้ ใส่เลขบทเรียน ที่อยู่ของหน้า หรือชื่อเรื่องให้ตรง"))
    sources = (*content.lesson.sources, source)
    changed = replace(content, lesson=replace(content.lesson, sources=sources))
    try:
        return notes.revise(
            session, note, changed, by=by, based_on=note.revision, reason=_("เพิ่มหลักฐาน")
        )
    except Invalid as problem:
        said = {name.rpartition("-")[2]: text for name, text in problem.problems.items()}
        raise Invalid(problem.message, said) from problem
