"""What happens to a lesson after it was written: agreed to, confirmed, used, doubted, replaced.

Every verb takes the lesson as a row that the one who acts may see, locks it, and gives the step
that holds afterwards: the same words sent twice make one step. Reading is in ``lesson_lives``.
"""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from kms import lesson_checks as checks
from kms import naming
from kms.db import now
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.lesson_lives import WORKED, is_elsewhere
from kms.lesson_rights import is_own, require_agree, require_judge
from kms.models import LessonStep, Note
from kms.note_kinds import Kind, LessonUsed, NoteContent
from kms.permissions import Viewer, numbers_seen_by, require


def agree(session: Session, lesson: Note, *, by: Viewer, reason: str = "") -> LessonStep:
    """It may be called a lesson. Raises NotAllowed or SignInNeeded (see ``require_agree``)."""
    require_agree(session, lesson, by)
    _lock(session, lesson)
    checks.refuse(reason=lambda: checks.reason(reason))
    there = _held(session, lesson, LessonStep.step == "agreed")
    return there or _take(session, _step(lesson, "agreed", by, reason))


def confirm(
    session: Session,
    lesson: Note,
    *,
    by: Viewer,
    place: str | None,
    note: int | None,
    reason: str = "",
) -> LessonStep:
    """It holds in another place too, as that note tells; raises Invalid by field.

    The place neither is in one of the lesson's own nor holds one; the note is none of its sources.
    """
    require(by, "witness_lesson")
    _lock(session, lesson)
    checks.refuse(
        place=lambda: checks.another_place(lesson, place),
        note=lambda: checks.another_witness(session, lesson, note, by),
        reason=lambda: checks.reason(reason),
    )
    same = and_(LessonStep.note_id == note, LessonStep.place_code == place)
    there = _held(session, lesson, and_(LessonStep.step == "confirmed", same))
    step = _step(lesson, "confirmed", by, reason)
    step.place_code, step.note_id = place, note
    return there or _take(session, step)


def apply(
    session: Session,
    lesson: Note,
    *,
    by: Viewer,
    place: str | None,
    outcome: str,
    changed: str = "",
    organisation: str = "",
    note: int | None = None,
    reason: str = "",
) -> LessonStep:
    """It was used somewhere, and how that went; raises Invalid by field.

    One note tells of one use, whoever says so. ``organisation`` is one that the viewer may know
    of, by any of its names.
    """
    require(by, "witness_lesson")
    _lock(session, lesson)
    checks.refuse(
        place=lambda: checks.place(place),
        outcome=lambda: checks.outcome(outcome),
        changed=lambda: checks.changed(changed),
        organisation=lambda: checks.organisation(session, organisation, by),
        note=lambda: None if note is None else checks.witness(session, lesson, note, by),
        reason=lambda: checks.reason(reason),
    )
    step = _step(lesson, "applied", by, reason)
    step.place_code, step.note_id, step.outcome = place, note, outcome
    step.changed = checks.changed(changed)
    step.organisation_id = checks.organisation(session, organisation, by)
    there = _same(session, lesson, step)
    if there is None and note is not None:
        checks.refuse(note=lambda: checks.only_telling(session, lesson, note))
    return there or _take(session, step)


def contradict(
    session: Session,
    lesson: Note,
    *,
    by: Viewer,
    reason: str,
    place: str | None = None,
    note: int | None = None,
    other: int | None = None,
) -> LessonStep:
    """It was not so somewhere, or the lesson ``other`` says otherwise; raises Invalid by field."""
    require(by, "witness_lesson")
    _lock(session, lesson)
    checks.refuse(
        reason=lambda: checks.reason(reason, needed=True),
        place=lambda: None if place is None else checks.place(place),
        note=lambda: None if note is None else checks.witness(session, lesson, note, by),
        other=lambda: None if other is None else checks.other_lesson(session, lesson, other, by),
    )
    step = _step(lesson, "contradicted", by, reason)
    step.place_code, step.note_id, step.other_id = place, note, other
    return _same(session, lesson, step) or _take(session, step)


def make_routine(session: Session, lesson: Note, *, by: Viewer, reason: str = "") -> LessonStep:
    """People do it as a matter of course; raises Invalid unless it is known to work elsewhere."""
    require_judge(session, lesson, by)
    _lock(session, lesson)
    checks.refuse(reason=lambda: checks.reason(reason))
    there = _held(session, lesson, LessonStep.step == "routine")
    if there is not None:
        return there
    used = and_(LessonStep.step == "applied", is_elsewhere(), _known_to(by))
    if _held(session, lesson, and_(used, LessonStep.outcome.in_(WORKED))) is None:
        raise _invalid("step", _("ยังไม่มีที่อื่นบอกว่าใช้บทเรียนนี้แล้วได้ผล บันทึกการใช้ก่อน"))
    return _take(session, _step(lesson, "routine", by, reason))


def ask_for_review(session: Session, lesson: Note, *, by: Viewer, reason: str) -> LessonStep:
    """Somebody should look whether it still holds; raises Invalid without a reason."""
    require(by, "witness_lesson")
    _lock(session, lesson)
    checks.refuse(reason=lambda: checks.reason(reason, needed=True))
    last = _held(session, lesson, LessonStep.step == "reviewed")
    asked = and_(LessonStep.step == "review", LessonStep.by_id.is_not_distinct_from(by.person_id))
    there = _held(session, lesson, and_(asked, LessonStep.id > (last.id if last else 0)))
    return there or _take(session, _step(lesson, "review", by, reason))


def reviewed(session: Session, lesson: Note, *, by: Viewer, reason: str = "") -> LessonStep:
    """Someone looked again and it still holds: doubts before this ask for nothing any more."""
    require_judge(session, lesson, by)
    _lock(session, lesson)
    checks.refuse(reason=lambda: checks.reason(reason))
    last = _held(session, lesson, _known_to(by))
    if last is not None and (last.step, last.by_id) == ("reviewed", by.person_id):
        return last
    return _take(session, _step(lesson, "reviewed", by, reason))


def supersede(
    session: Session, lesson: Note, *, by: Viewer, other: int | None, reason: str = ""
) -> LessonStep:
    """``other`` is the lesson to read instead; raises Invalid where that leads in a circle."""
    if not (is_own(lesson, by) and by.is_signed_in):
        require_judge(session, lesson, by)
    require(by, "witness_lesson")
    _lock(session, lesson)
    checks.refuse(
        other=lambda: checks.successor(session, lesson, other, by),
        reason=lambda: checks.reason(reason),
    )
    there = _held(session, lesson, and_(LessonStep.step == "superseded", _known_to(by)))
    if there is not None and there.other_id != other:
        raise _invalid("other", _("บทเรียนนี้มีบทเรียนอื่นมาแทนแล้ว ถอนข้อเดิมก่อน"))
    step = _step(lesson, "superseded", by, reason)
    step.other_id = other
    return there or _take(session, step)


def undo(session: Session, lesson: Note, step: int, *, by: Viewer) -> LessonStep:
    """Take a step back: by the one who took it, or a curator; once taken back it stays so.

    Raises NotFound alike for a step that is absent and one that the viewer may not know of.
    """
    require(by, "witness_lesson")
    _lock(session, lesson)
    wanted = and_(LessonStep.id == naming.require_row_id(step), _known_to(by))
    found = _held(session, lesson, wanted, undone=True)
    if found is None:
        raise NotFound(_("ไม่พบสิ่งที่ขอ อาจถูกลบไปแล้วหรือพิมพ์ที่อยู่ผิด"))
    if found.by_id is None or found.by_id != by.person_id:
        require(by, "undo_step")
    if found.from_review:
        raise _invalid("step", _("ข้อนี้มาจากบันทึก AAR แก้ที่บันทึกนั้น"))
    if found.undone_at is None:
        found.undone_at, found.undone_by_id = now(), by.person_id
        session.flush()
    return found


# --- what an after-action review says ------------------------------------------------------------


def follow_review(session: Session, note: Note, content: NoteContent) -> None:
    """Make the steps from this note what it says of the lessons that were used.

    A use no longer said is taken back, one already there stays; how it went cannot change within
    one step, for doubts are counted from when they were said. What others told of a use in its
    name gives way to its own words. Lessons that the note's owner may not see are passed over.
    """
    is_review = content.kind is Kind.AFTER_ACTION_REVIEW and content.review is not None
    said = content.review.used if is_review and content.review else ()
    wanted = _lessons_used(session, note, said)
    code = content.places[0].code if content.places else None
    for step in _steps(session, LessonStep.note_id == note.id, LessonStep.step == "applied"):
        used = wanted.get(step.lesson_id)
        if not step.from_review and used is None:
            continue
        if not step.from_review or used is None or used.outcome != step.outcome:
            step.undone_at = now()
        else:
            step.changed, step.place_code, step.by_id = used.changed, code, note.author_id
            del wanted[step.lesson_id]
    for used in wanted.values():
        session.add(
            LessonStep(
                lesson_id=used.lesson,
                step="applied",
                note_id=note.id,
                place_code=code,
                outcome=used.outcome,
                changed=used.changed,
                from_review=True,
                by_id=note.author_id,
            )
        )
    session.flush()


def bring_to_light(session: Session, note: Note) -> None:
    """Let what this draft told of lessons be said now that it is first shown to others.

    Nobody else could know of it before: not those who looked again meanwhile, nor those who read
    what was new. The steps are made anew, for they are read in the order of their numbers.
    """
    told = or_(LessonStep.note_id == note.id, LessonStep.other_id == note.id)
    for step in _steps(session, told):
        kept = {name: getattr(step, name) for name in _KEPT}
        session.delete(step)
        session.add(LessonStep(**kept))
    session.flush()


def _steps(session: Session, *wanted: ColumnElement[bool]) -> list[LessonStep]:
    """Those that hold, the oldest first."""
    found = select(LessonStep).where(*wanted, LessonStep.undone_at.is_(None))
    return list(session.scalars(found.order_by(LessonStep.id)))


def _lessons_used(
    session: Session, note: Note, said: tuple[LessonUsed, ...]
) -> dict[int, LessonUsed]:
    """By number, those that are lessons; the owner of the note may see them."""
    numbers = {one.lesson for one in said if 0 < one.lesson <= naming.LARGEST_ID}
    if not numbers:
        return {}
    own = and_(Note.owner_id.is_not(None), Note.owner_id == note.owner_id)
    seen = select(Note.id).where(
        Note.id.in_(numbers),
        Note.kind == Kind.LESSON.value,
        or_(Note.visibility != "draft", own),
    )
    known = set(session.scalars(seen))
    return {one.lesson: one for one in reversed(said) if one.lesson in known}


# --- the rows ------------------------------------------------------------------------------------


def _lock(session: Session, lesson: Note) -> None:
    """Two who act on one lesson at one moment take turns."""
    if lesson.kind != Kind.LESSON.value:
        raise NotFound(_("ไม่พบสิ่งที่ขอ อาจถูกลบไปแล้วหรือพิมพ์ที่อยู่ผิด"))
    session.execute(select(Note.id).where(Note.id == lesson.id).with_for_update())


def _step(lesson: Note, step: str, by: Viewer, reason: str) -> LessonStep:
    return LessonStep(
        lesson_id=lesson.id, step=step, by_id=by.person_id, reason=checks.reason(reason)
    )


def _take(session: Session, step: LessonStep) -> LessonStep:
    session.add(step)
    session.flush()
    return step


_SAID = ("step", "by_id", "note_id", "other_id", "place_code", "organisation_id", "reason")
_HOW = ("outcome", "changed")
_KEPT = (*_SAID, *_HOW, "lesson_id", "from_review")


def _same(session: Session, lesson: Note, step: LessonStep) -> LessonStep | None:
    """The very same step that this person took before and that still holds."""
    same = [getattr(LessonStep, name).is_not_distinct_from(getattr(step, name)) for name in _SAID]
    same += [getattr(LessonStep, name) == (getattr(step, name) or "") for name in _HOW]
    return _held(session, lesson, and_(*same))


def _held(
    session: Session, lesson: Note, wanted: ColumnElement[bool], *, undone: bool = False
) -> LessonStep | None:
    """The latest such step of the lesson that holds (``undone``: or does not any more)."""
    found = select(LessonStep).where(LessonStep.lesson_id == lesson.id, wanted)
    if not undone:
        found = found.where(LessonStep.undone_at.is_(None))
    return session.scalar(found.order_by(LessonStep.id.desc()).limit(1))


def _known_to(viewer: Viewer) -> ColumnElement[bool]:
    seen = numbers_seen_by(viewer)
    return and_(
        or_(LessonStep.note_id.is_(None), LessonStep.note_id.in_(seen)),
        or_(LessonStep.other_id.is_(None), LessonStep.other_id.in_(seen)),
    )


def _invalid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: sentence})
