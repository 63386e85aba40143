"""The forms for steps in a lesson's life: what each asks, and what was typed into it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kms import lesson_life, lesson_rights, notes
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.lesson_words import outcomes, step_name
from kms.models import Note
from kms.models.lessons import STEPS
from kms.permissions import Viewer, require
from kms.sessions import Session
from kms.web import asked
from kms.web.forms.lesson import number_in

FIELDS = ("place", "note", "mine", "organisation", "outcome", "other", "reason")
OWN_NOTES = 20
JUDGED = ("routine", "reviewed")
# What names no note, and no place, when something was typed.
NO_NOTE = 0
UNKNOWN_PLACE = ""


@dataclass(frozen=True)
class StepForm:
    """What a form asks (``fields``; ``needed`` are those that must be filled) and how."""

    step: str
    title: str
    lead: str
    fields: tuple[str, ...]
    needed: frozenset[str]
    labels: Mapping[str, str]
    outcomes: tuple[tuple[str, str], ...]


def require_known(step: str) -> None:
    """Raise NotFound for what is no step."""
    if step not in STEPS:
        raise NotFound(_("ไม่พบสิ่งที่ขอ อาจถูกลบไปแล้วหรือพิมพ์ที่อยู่ผิด"))


def require_right(session: Session, lesson: Note, step: str, *, by: Viewer) -> None:
    """Raise NotAllowed or SignInNeeded for whoever could not take the step."""
    require(by, "witness_lesson")
    if step == "agreed":
        lesson_rights.require_agree(session, lesson, by)
    elif step in JUDGED or (step == "superseded" and not lesson_rights.is_own(lesson, by)):
        lesson_rights.require_judge(session, lesson, by)


def shown(step: str) -> StepForm:
    """The form of this step."""
    lead, fields, needed = {
        "agreed": (
            _("บทเรียนที่ดีมีประเด็นเดียว อ่านเข้าใจได้เอง บอกว่าใช้ได้เมื่อไร ควรทำอะไร เพราะอะไร"),
            ("reason",),
            (),
        ),
        "confirmed": (
            _("บอกว่าที่ไหน และบันทึกใดเล่าเรื่องนั้น ต้องเป็นคนละที่และคนละบันทึกกับต้นทางของบทเรียน"),
            ("note", "place", "reason"),
            ("note",),
        ),
        "applied": (
            _("ได้ผลหรือไม่ก็มีค่าเท่ากัน คนต่อไปจะได้รู้ว่าใช้ที่ไหนแล้วเป็นอย่างไร"),
            ("outcome", "changed", "note", "place", "organisation", "reason"),
            ("outcome",),
        ),
        "contradicted": (
            _("บอกสั้น ๆ ว่าที่ของคุณต่างไปอย่างไร บทเรียนจะขึ้นว่าควรทบทวน"),
            ("reason", "note", "place", "other"),
            ("reason",),
        ),
        "routine": (_("คนทำกันเป็นปกติแล้ว ไม่ต้องมีใครเตือน"), ("reason",), ()),
        "review": (
            _("บอกว่าอะไรเปลี่ยนไป คุณอำนวยหรือบรรณาธิการจะมาดู"),
            ("reason",),
            ("reason",),
        ),
        "reviewed": (_("อ่านข้อสงสัยแล้ว และบทเรียนยังใช้ได้อย่างที่เขียน"), ("reason",), ()),
        "superseded": (
            _("คนที่เปิดบทเรียนนี้จะถูกชี้ไปยังบทเรียนที่มาแทน"),
            ("other", "reason"),
            ("other",),
        ),
    }[step]
    return StepForm(
        step, step_name(step), lead, fields, frozenset(needed), labels(), tuple(outcomes().items())
    )


def labels() -> Mapping[str, str]:
    """What each field is called."""
    return {
        "place": _("ที่ไหน"),
        "note": _("บันทึกที่เล่าเรื่องนี้"),
        "organisation": _("องค์กรที่นำไปใช้"),
        "outcome": _("ใช้แล้วเป็นอย่างไร"),
        "changed": _("ทำต่างจากบทเรียนตรงไหน"),
        "other": _("บทเรียนไหน"),
        "reason": _("เหตุผลหนึ่งบรรทัด"),
    }


@dataclass(frozen=True)
class _Said:
    """What was typed, read as far as it can be; a place or a note that names none is one too."""

    reason: str
    place: str | None
    note: int | None
    other: int | None
    organisation: str
    outcome: str
    changed: str


_Take = Callable[[Session, Note, Viewer, _Said], object]
_TAKE: dict[str, _Take] = {
    "agreed": lambda session, lesson, by, said: lesson_life.agree(
        session, lesson, by=by, reason=said.reason
    ),
    "confirmed": lambda session, lesson, by, said: lesson_life.confirm(
        session, lesson, by=by, place=said.place, note=said.note, reason=said.reason
    ),
    "applied": lambda session, lesson, by, said: lesson_life.apply(
        session,
        lesson,
        by=by,
        place=said.place,
        outcome=said.outcome,
        changed=said.changed,
        organisation=said.organisation,
        note=said.note,
        reason=said.reason,
    ),
    "contradicted": lambda session, lesson, by, said: lesson_life.contradict(
        session,
        lesson,
        by=by,
        reason=said.reason,
        place=said.place,
        note=said.note,
        other=said.other,
    ),
    "routine": lambda session, lesson, by, said: lesson_life.make_routine(
        session, lesson, by=by, reason=said.reason
    ),
    "review": lambda session, lesson, by, said: lesson_life.ask_for_review(
        session, lesson, by=by, reason=said.reason
    ),
    "reviewed": lambda session, lesson, by, said: lesson_life.reviewed(
        session, lesson, by=by, reason=said.reason
    ),
    "superseded": lambda session, lesson, by, said: lesson_life.supersede(
        session, lesson, by=by, other=said.other, reason=said.reason
    ),
}


def take(
    session: Session, lesson: Note, step: str, given: Mapping[str, str], *, by: Viewer
) -> None:
    """Take the step with what was typed; raises Invalid by field and what the verbs raise."""
    require_right(session, lesson, step, by=by)
    place = asked.place(given["place"])
    note = _numbered(session, given["note"] or given["mine"], by)
    there = place.code if place.typed or note is None else _place_of(session, note, by)
    said = _Said(
        reason=given["reason"],
        place=UNKNOWN_PLACE if place.problem else there,
        note=note,
        other=_numbered(session, given["other"], by),
        organisation=given["organisation"],
        outcome=given["outcome"],
        changed=given["changed"],
    )
    try:
        _TAKE[step](session, lesson, by, said)
    except Invalid as problem:
        mended = {"place": place.problem} if place.problem and place.typed else {}
        raise Invalid(problem.message, {**problem.problems, **mended}) from problem


def _place_of(session: Session, note: int, by: Viewer) -> str | None:
    """The first place of the note that tells of it: who names the note need not name that too."""
    found = notes.cards(session, [note], seen_by=by)
    return next((code for card in found for code in card.place_codes), None)


def _numbered(session: Session, written: str, by: Viewer) -> int | None:
    """The number of the note that was typed as a number, an address or a title."""
    if not written:
        return None
    number = number_in(written)
    if number is None:
        number = notes.resolve_page(session, written, seen_by=by)
    return NO_NOTE if number is None else number
