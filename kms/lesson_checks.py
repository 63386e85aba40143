"""What a step in a lesson's life must say, checked as the one who takes it may know it.

Each gives what it checked; Invalid says in one sentence what to mend. A note that is hidden and
one that is absent are told alike.
"""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import naming, organisations, places
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import LessonStep, Note, Organisation, OrganisationAlias
from kms.models.lessons import OUTCOMES
from kms.note_checks import tidy
from kms.note_kinds import Kind
from kms.permissions import Viewer, visible_to

LONGEST_REASON = 300
LONGEST_CHANGED = 5_000
LONGEST_CHAIN = 50


def refuse(**checks: Callable[[], object]) -> None:
    """Make every check; raises Invalid with the sentence of each that fails, by field."""
    problems: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
        except Invalid as problem:
            problems[name] = problem.message
    if problems:
        raise Invalid(next(iter(problems.values())), problems)


def reason(said: str, *, needed: bool = False) -> str:
    """One line that tells why."""
    line = tidy(said, lines=False)
    if needed and not line:
        raise Invalid(_("บอกเหตุผลสั้น ๆ หนึ่งบรรทัด"))
    return _not_over(line, LONGEST_REASON)


def changed(said: str) -> str:
    """What was done otherwise than the lesson says."""
    return _not_over(tidy(said, lines=True), LONGEST_CHANGED)


def outcome(said: str) -> str:
    """How a use went."""
    if said not in OUTCOMES:
        raise Invalid(_("เลือกว่าใช้แล้วเป็นอย่างไร"))
    return said


def place(code: str | None) -> str:
    """A place of today."""
    if not code or not places.exists(code):
        raise Invalid(_("บอกว่าที่ไหน พิมพ์ตำบลพร้อมอำเภอ หรือจังหวัด"))
    return code


def another_place(lesson: Note, code: str | None) -> str:
    """A place that is none of the lesson's own, nor in one of them, nor holds one."""
    there = place(code)
    own = [one.place_code for one in lesson.places]
    if any(there.startswith(one) or one.startswith(there) for one in own):
        raise Invalid(_("ที่นี่เป็นที่ของบทเรียนนี้เอง การยืนยันต้องมาจากที่อื่น"))
    return there


def witness(session: Session, lesson: Note, number: int | None, by: Viewer) -> int:
    """A note that tells of it, which is not the lesson."""
    if number is None or number == lesson.id or _seen(session, number, by) is None:
        raise Invalid(_("ไม่พบบันทึกนี้ ใส่เลขบันทึก ที่อยู่ของหน้า หรือชื่อเรื่องให้ตรง"))
    return number


def only_telling(session: Session, lesson: Note, number: int) -> None:
    """A note that does not tell of a use of the lesson yet."""
    told = select(LessonStep.id).where(
        LessonStep.lesson_id == lesson.id,
        LessonStep.step == "applied",
        LessonStep.note_id == number,
        LessonStep.undone_at.is_(None),
    )
    if session.scalar(told.limit(1)) is not None:
        raise Invalid(_("บันทึกนี้เล่าการใช้บทเรียนนี้ไว้แล้ว ถ้าไม่ตรงให้แก้ใน AAR นั้น หรือถอนข้อเดิมก่อน"))


def another_witness(session: Session, lesson: Note, number: int | None, by: Viewer) -> int:
    """A note that tells of it, and that the lesson was not drawn from."""
    found = witness(session, lesson, number, by)
    if any(source.note_id == found for source in lesson.sources):
        raise Invalid(_("บทเรียนนี้ถอดมาจากบันทึกนี้เอง การยืนยันต้องมาจากบันทึกอื่น"))
    return found


def other_lesson(session: Session, lesson: Note, number: int | None, by: Viewer) -> int:
    """Another lesson."""
    if number is None or number == lesson.id or _seen(session, number, by) != Kind.LESSON.value:
        raise Invalid(_("ไม่พบบทเรียนนี้ ใส่เลข ที่อยู่ของหน้า หรือชื่อบทเรียนให้ตรง"))
    return number


def successor(session: Session, lesson: Note, number: int | None, by: Viewer) -> int:
    """Another lesson, which this one has not itself replaced."""
    found: int | None = other_lesson(session, lesson, number, by)
    for _step in range(LONGEST_CHAIN):
        found = session.scalar(
            select(LessonStep.other_id)
            .join(Note, Note.id == LessonStep.other_id)
            .where(
                LessonStep.lesson_id == found,
                LessonStep.step == "superseded",
                LessonStep.undone_at.is_(None),
                visible_to(by),
            )
            .order_by(LessonStep.id.desc())
            .limit(1)
        )
        if found is None:
            break
        if found == lesson.id:
            raise Invalid(_("บทเรียนนั้นบอกว่าบทเรียนนี้มาแทนมันแล้ว"))
    return other_lesson(session, lesson, number, by)


def organisation(session: Session, name: str, by: Viewer) -> int | None:
    """The organisation of this name, of those the viewer may know of; None for no name."""
    key = organisations.key(name)
    if not key:
        return None
    found = session.scalar(
        select(Organisation.id)
        .join(OrganisationAlias, OrganisationAlias.organisation_id == Organisation.id)
        .where(OrganisationAlias.key == key, organisations.known_to(by))
    )
    if found is None:
        raise Invalid(_("ยังไม่รู้จักองค์กรนี้ เลือกชื่อที่ขึ้นมาให้ หรือเว้นไว้แล้วเล่าในช่องถัดไป"))
    return found


def _seen(session: Session, number: int, by: Viewer) -> str | None:
    """The kind of the note when the viewer may see it."""
    if not 0 < number <= naming.LARGEST_ID:
        return None
    return session.scalar(select(Note.kind).where(Note.id == number, visible_to(by)))


def _not_over(text: str, longest: int) -> str:
    if len(text) > longest:
        raise Invalid(_("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร", n=longest))
    return text
