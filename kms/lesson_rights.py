"""Who may say of somebody's lesson that it is one, that it still holds, that it is routine."""

from sqlalchemy.orm import Session

from kms import roles
from kms.errors import NotAllowed
from kms.language import gettext as _
from kms.models import Note
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


def require_agree(session: Session, lesson: Note, by: Viewer) -> None:
    """Raise NotAllowed or SignInNeeded unless they may judge and it is somebody else's lesson."""
    if is_own(lesson, by):
        raise NotAllowed(_("เป็นบทเรียนของคุณเอง ให้คนอื่นเห็นด้วย"))
    require_judge(session, lesson, by)


def is_own(lesson: Note, by: Viewer) -> bool:
    """Whether they put it here or are credited with it."""
    put_here = lesson.owner_id is not None and lesson.owner_id == by.account_id
    return put_here or (lesson.author_id is not None and lesson.author_id == by.person_id)


def is_khun_amnuay(session: Session, who: Viewer) -> bool:
    """Whether somebody else's note says that they play this role, anywhere."""
    return roles.is_said_to_play(session, who, "khun_amnuay")
