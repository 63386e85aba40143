"""Who may say of somebody's lesson that it is one, that it still holds, that it is routine."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms.models import Note, RoleAssignment
from kms.note_kinds import Kind
from kms.permissions import Viewer, may, require


def may_judge(session: Session, lesson: Note, by: Viewer) -> bool:
    """Whether they are a curator, or a khun-amnuay who did not write it. One statement at most."""
    if may(by, "agree_lesson"):
        return True
    return may(by, "witness_lesson") and not is_own(lesson, by) and is_khun_amnuay(session, by)


def require_judge(session: Session, lesson: Note, by: Viewer) -> None:
    """Raise NotAllowed or SignInNeeded unless ``may_judge`` says yes."""
    if not may_judge(session, lesson, by):
        require(by, "agree_lesson")


def is_own(lesson: Note, by: Viewer) -> bool:
    """Whether they put it here or are credited with it."""
    put_here = lesson.owner_id is not None and lesson.owner_id == by.account_id
    return put_here or (lesson.author_id is not None and lesson.author_id == by.person_id)


def is_khun_amnuay(session: Session, who: Viewer) -> bool:
    """Whether somebody else's note says that they play this role.

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
            RoleAssignment.role == "khun_amnuay",
            Note.visibility != "draft",
            Note.kind != Kind.PAGE.value,
            Note.owner_id.is_distinct_from(who.account_id),
            Note.author_id.is_distinct_from(who.person_id),
        )
    )
    return session.scalar(said.limit(1)) is not None
