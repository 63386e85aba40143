"""What notes ask of organisations and of those who play a role, and what these answered.

A recommendation hangs on a note and is seen with it, wherever it is listed; so is its answer. One
that was withdrawn, and an answer that was taken back, keep their rows and show no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, select
from sqlalchemy.orm import Session, aliased

from kms import naming, organisations, page_steps, places, roles
from kms.db import now
from kms.errors import Invalid, NotAllowed, NotFound
from kms.language import gettext as _
from kms.models import (
    Note,
    Organisation,
    OrganisationAlias,
    Person,
    Recommendation,
    RecommendationAnswer,
)
from kms.note_checks import tidy
from kms.note_kinds import ROLES
from kms.permissions import Viewer, may, require, require_account, visible_to

OUTCOMES = ("accepted", "partly", "declined", "done")
LONGEST_WHAT = 2_000
LONGEST_ANSWER = 4_000


@dataclass(frozen=True)
class Asked:
    """Which ones: of whom, where (with all beneath it), answered or not."""

    organisation_id: int | None = None
    role: str = ""
    place: str = ""
    answered: bool | None = None


@dataclass(frozen=True)
class Answer:
    """What those asked said."""

    id: int
    outcome: str
    body: str
    by_id: int | None
    by_name: str
    created_at: datetime
    is_own: bool


@dataclass(frozen=True)
class Shown:
    """A recommendation with the note that makes it and the answer that holds.

    It is addressed to an organisation, or to ``role`` at ``place_code``.
    """

    id: int
    note: int
    note_title: str
    what: str
    organisation_id: int | None
    organisation_name: str
    role: str
    place_code: str | None
    by_id: int | None
    by_name: str
    created_at: datetime
    is_own: bool
    is_withdrawn: bool
    answer: Answer | None


@dataclass(frozen=True)
class Found:
    """A page of them, the newest first, and how many there are in all."""

    recommendations: tuple[Shown, ...]
    total: int


# --- reading -------------------------------------------------------------------------------------


def listing(
    session: Session, asked: Asked, *, seen_by: Viewer, limit: int = 20, offset: int = 0
) -> Found:
    """Those asked for, on notes that the viewer may see; two statements."""
    wanted = [visible_to(seen_by), Recommendation.withdrawn_at.is_(None), *_conditions(asked)]
    counted = select(func.count()).select_from(Recommendation)
    total = session.scalar(counted.join(Note, Note.id == Recommendation.note_id).where(*wanted))
    newest = (Recommendation.created_at.desc(), Recommendation.id.desc())
    rows = _rows().where(*wanted).order_by(*newest).limit(limit).offset(offset)
    return Found(tuple(_shown(row, seen_by) for row in session.execute(rows)), total or 0)


def of_note(session: Session, number: int, *, seen_by: Viewer) -> tuple[Shown, ...]:
    """Those of one note in the order they were made."""
    rows = _rows().where(
        Recommendation.note_id == number,
        Recommendation.withdrawn_at.is_(None),
        visible_to(seen_by),
    )
    found = session.execute(rows.order_by(Recommendation.id))
    return tuple(_shown(row, seen_by) for row in found)


def show(session: Session, recommendation_id: int, *, seen_by: Viewer) -> Shown:
    """One of them; NotFound alike for none, one of a hidden note, and another's withdrawn one."""
    wanted = Recommendation.id == naming.require_row_id(recommendation_id)
    row = session.execute(_rows().where(wanted, visible_to(seen_by))).one_or_none()
    shown = _shown(row, seen_by) if row else None
    if shown is None or (shown.is_withdrawn and not shown.is_own):
        raise NotFound(_("ไม่พบข้อเสนอนี้ อาจถูกถอนไปแล้ว"))
    return shown


def is_asking() -> ColumnElement[bool]:
    """Whether the Note has any, for a statement that reads it."""
    return exists().where(Recommendation.note_id == Note.id, Recommendation.withdrawn_at.is_(None))


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.organisation_id is not None:
        wanted.append(Recommendation.organisation_id == asked.organisation_id)
    if asked.role:
        wanted.append(Recommendation.role == asked.role)
    if asked.place:
        wanted.append(Recommendation.place_code.startswith(asked.place, autoescape=True))
    if asked.answered is not None:
        said = aliased(RecommendationAnswer)
        has_answer = exists().where(
            said.recommendation_id == Recommendation.id, said.undone_at.is_(None)
        )
        wanted.append(has_answer if asked.answered else ~has_answer)
    return wanted


def _rows() -> Any:
    said = aliased(RecommendationAnswer)
    newest = (
        select(func.max(said.id))
        .where(said.recommendation_id == Recommendation.id, said.undone_at.is_(None))
        .correlate(Recommendation)
        .scalar_subquery()
    )
    answerer = aliased(Person)
    return (
        select(
            Recommendation,
            Note.title,
            Organisation.name.label("organisation"),
            Person.name.label("by_name"),
            RecommendationAnswer,
            answerer.name.label("answered_by"),
        )
        .join(Note, Note.id == Recommendation.note_id)
        .outerjoin(Organisation, Organisation.id == Recommendation.organisation_id)
        .outerjoin(Person, Person.id == Recommendation.by_id)
        .outerjoin(RecommendationAnswer, RecommendationAnswer.id == newest)
        .outerjoin(answerer, answerer.id == RecommendationAnswer.by_id)
    )


def _shown(row: Row[Any], viewer: Viewer) -> Shown:
    one: Recommendation = row.Recommendation
    said: RecommendationAnswer | None = row.RecommendationAnswer
    answer = None
    if said is not None:
        answer = Answer(
            id=said.id,
            outcome=said.outcome,
            body=said.body,
            by_id=said.by_id,
            by_name=row.answered_by or "",
            created_at=said.created_at,
            is_own=_owns(viewer, said.owner_id),
        )
    return Shown(
        id=one.id,
        note=one.note_id,
        note_title=row.title,
        what=one.what,
        organisation_id=one.organisation_id,
        organisation_name=row.organisation or "",
        role=one.role,
        place_code=one.place_code,
        by_id=one.by_id,
        by_name=row.by_name or "",
        created_at=one.created_at,
        is_own=_owns(viewer, one.owner_id),
        is_withdrawn=one.withdrawn_at is not None,
        answer=answer,
    )


def _owns(viewer: Viewer, owner_id: int | None) -> bool:
    return owner_id is not None and owner_id == viewer.account_id


# --- asking --------------------------------------------------------------------------------------


def add(
    session: Session,
    note: Note,
    *,
    by: Viewer,
    what: str,
    organisation: str = "",
    role: str = "",
    place_code: str | None = None,
) -> Recommendation:
    """A recommendation on this note, which was fetched for ``by``; the same sent again is one.

    To an organisation by any name it goes by, or to a role at a place; not to both. Raises
    Invalid with problems by field, NotAllowed or SignInNeeded.
    """
    require(by, "comment")
    said, group = tidy(what), tidy(organisation, lines=False)
    organisation_id = _known_organisation(session, group, by) if group else None
    problems = _problems(said, group, organisation_id, role, place_code)
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    values = {
        "note_id": note.id,
        "what": said,
        "organisation_id": organisation_id,
        "role": role,
        "place_code": place_code,
        "owner_id": by.account_id,
    }
    same = [getattr(Recommendation, name) == value for name, value in values.items()]
    there = session.scalar(select(Recommendation).where(*same).limit(1))
    made = there or Recommendation(**values, by_id=by.person_id)
    made.withdrawn_at = None
    session.add(made)
    page_steps.step(session, [note.id])
    session.flush()
    return made


def withdraw(session: Session, recommendation_id: int, *, by: Viewer, back: bool = False) -> int:
    """Its author takes it away, or brings it ``back``; answers the number of its note."""
    shown = show(session, recommendation_id, seen_by=by)
    if not shown.is_own:
        _refuse(by, _("คนที่เสนอเท่านั้นที่ถอนข้อเสนอได้"))
    one = session.get_one(Recommendation, shown.id)
    one.withdrawn_at = None if back else now()
    page_steps.step(session, [one.note_id])
    session.flush()
    return one.note_id


def _problems(
    what: str, group: str, organisation_id: int | None, role: str, place_code: str | None
) -> dict[str, str]:
    problems = {}
    if not what:
        problems["what"] = _("เขียนว่าเสนอให้ทำอะไร")
    elif len(what) > LONGEST_WHAT:
        problems["what"] = _("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร", n=LONGEST_WHAT)
    return problems | _problems_of_whom(group, organisation_id, role, place_code)


def _problems_of_whom(
    group: str, organisation_id: int | None, role: str, place_code: str | None
) -> dict[str, str]:
    if group and organisation_id is None:
        sentence = _("ยังไม่รู้จักองค์กรนี้ เลือกจากรายการ หรือใส่ไว้ในบันทึกก่อน")
        return {"organisation": sentence}
    if group and role:
        return {"role": _("เสนอต่อองค์กรหรือบทบาท อย่างใดอย่างหนึ่ง ถ้าเสนอทั้งสองให้แยกเป็นสองข้อ")}
    if group:
        return {"place": _("พื้นที่ใส่คู่กับบทบาท ถ้าเสนอต่อองค์กรให้เว้นว่าง")} if place_code else {}
    if role not in ROLES:
        return {"organisation": _("บอกว่าเสนอต่อองค์กรใด หรือบทบาทใดที่ไหน")}
    if not (place_code and places.exists(place_code)):
        return {"place": _("บอกด้วยว่าบทบาทนี้ของพื้นที่ไหน")}
    return {}


def _known_organisation(session: Session, name: str, by: Viewer) -> int | None:
    """One that the writer may know of: nobody is made, and none that only hidden notes name."""
    alias = OrganisationAlias
    return session.scalar(
        select(Organisation.id)
        .join(alias, alias.organisation_id == Organisation.id)
        .where(alias.key == organisations.key(name), organisations.known_to(by))
        .limit(1)
    )


# --- answering -----------------------------------------------------------------------------------


def may_answer(session: Session, one: Shown, viewer: Viewer) -> bool:
    """Whether the viewer is of that organisation, is said by others to play that role at that
    place, or curates."""
    if may(viewer, "answer_recommendation"):
        return True
    if not may(viewer, "comment") or viewer.person_id is None:
        return False
    if one.organisation_id is not None:
        own = select(Person.organisation_id).where(Person.id == viewer.person_id)
        return session.scalar(own) == one.organisation_id
    return roles.is_said_to_play(session, viewer, one.role, place_code=one.place_code)


def answer(
    session: Session, recommendation_id: int, *, by: Viewer, outcome: str, body: str
) -> RecommendationAnswer:
    """What those asked say; it holds until a newer one or until it is taken back.

    Raises Invalid with problems by field, NotFound, NotAllowed or SignInNeeded.
    """
    one = show(session, recommendation_id, seen_by=by)
    if one.is_withdrawn:
        raise NotFound(_("ไม่พบข้อเสนอนี้ อาจถูกถอนไปแล้ว"))
    if not may_answer(session, one, by):
        _refuse(by, _("คนขององค์กรหรือบทบาทที่ถูกเสนอ หรือบรรณาธิการ เป็นคนตอบ"))
    said = tidy(body)
    problems = {}
    if outcome not in OUTCOMES:
        problems["outcome"] = _("เลือกว่าตอบอย่างไร")
    if len(said) > LONGEST_ANSWER:
        problems["body"] = _("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร", n=LONGEST_ANSWER)
    if outcome in ("partly", "declined") and not said:
        problems["body"] = _("บอกสักคำว่าเพราะอะไร คนเสนอจะได้เข้าใจ")
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    if one.answer and (one.answer.outcome, one.answer.body) == (outcome, said):
        return session.get_one(RecommendationAnswer, one.answer.id)
    made = RecommendationAnswer(
        recommendation_id=one.id,
        outcome=outcome,
        body=said,
        owner_id=by.account_id,
        by_id=by.person_id,
    )
    session.add(made)
    page_steps.step(session, [one.note])
    session.flush()
    return made


def take_back(session: Session, recommendation_id: int, *, by: Viewer) -> None:
    """Whoever gave the answer that holds, or a curator, takes it back; the one before holds."""
    one = show(session, recommendation_id, seen_by=by)
    if one.answer is None:
        raise NotFound(_("ข้อเสนอนี้ยังไม่มีคำตอบ"))
    if not (one.answer.is_own or may(by, "answer_recommendation")):
        _refuse(by, _("คนที่ตอบหรือบรรณาธิการเท่านั้นที่ถอนคำตอบได้"))
    session.get_one(RecommendationAnswer, one.answer.id).undone_at = now()
    page_steps.step(session, [one.note])
    session.flush()


def _refuse(by: Viewer, said: str) -> None:
    require_account(by)
    raise NotAllowed(said)


# --- of one account ------------------------------------------------------------------------------


def of_account(session: Session, account_id: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """What an account recommended and answered, for a copy of its owner's data."""
    made = select(Recommendation).where(Recommendation.owner_id == account_id)
    said = select(RecommendationAnswer).where(RecommendationAnswer.owner_id == account_id)
    return (
        session.scalars(made.order_by(Recommendation.id)).all(),
        session.scalars(said.order_by(RecommendationAnswer.id)).all(),
    )
