"""Briefings that people kept, to come back to and to be paired with the review afterwards.

A kept briefing is its owner's alone: to everyone else it is absent.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from kms.errors import NotFound
from kms.language import gettext as _
from kms.models import Briefing, Note
from kms.note_kinds import NoteContent, lesson_from_json
from kms.note_lines import NoteLine, lines
from kms.permissions import Viewer, require, visible_to
from kms.thai.dates import BANGKOK

MOST_LISTED = 20
MOST_ASKED = 10


@dataclass(frozen=True)
class Choices:
    """What was asked for: theme slugs, a DOPA code or nothing, the plan, and for which day."""

    themes: tuple[str, ...] = ()
    place: str = ""
    plan: str = ""
    planned_for: date | None = None


@dataclass(frozen=True)
class KeptBriefing:
    """A briefing as its owner kept it; ``review`` is the note written afterwards, when seen."""

    key: str
    choices: Choices
    lessons: tuple[int, ...]
    created_at: datetime
    review: NoteLine | None = None


@dataclass(frozen=True)
class BriefedLesson:
    """A lesson that a review asks about: was it used?"""

    number: int
    title: str
    point: str


def keep(session: Session, choices: Choices, lessons: Sequence[int], *, by: Viewer) -> str:
    """Keep it and answer its key; the same choices without a review yet are kept once."""
    require(by, "keep_briefing")
    same = _own(by), Briefing.note_id.is_(None), Briefing.plan == choices.plan
    rows = session.scalars(select(Briefing).where(*same)).all()
    kept = next((one for one in rows if _choices(one) == choices), None)
    if kept is None:
        kept = Briefing(
            key=secrets.token_hex(16),
            account_id=by.account_id,
            plan=choices.plan,
            place_code=choices.place,
            themes=list(choices.themes),
            planned_for=choices.planned_for,
        )
        session.add(kept)
    kept.lessons = list(lessons)
    session.flush()
    return kept.key


def get(session: Session, key: str, *, seen_by: Viewer) -> KeptBriefing:
    """The briefing of this key; raises NotFound alike for an absent one and another's."""
    return _told(session, [_found(session, key, seen_by)], seen_by)[0]


def of_owner(session: Session, viewer: Viewer, *, limit: int = MOST_LISTED) -> list[KeptBriefing]:
    """What this account kept: without a review first, then the last kept first."""
    if viewer.account_id is None:
        return []
    order = Briefing.note_id.is_not(None), Briefing.created_at.desc(), Briefing.id.desc()
    rows = session.scalars(select(Briefing).where(_own(viewer)).order_by(*order).limit(limit))
    return _told(session, rows.all(), viewer)


def waiting(session: Session, viewer: Viewer, *, today: date, limit: int = 3) -> list[KeptBriefing]:
    """Those whose day has come and that have no review yet; the last first, in one statement.

    One for no day comes on the day after it was kept.
    """
    if viewer.account_id is None:
        return []
    midnight = datetime.combine(today, datetime.min.time(), BANGKOK)
    rows = session.scalars(
        select(Briefing)
        .where(
            _own(viewer),
            Briefing.note_id.is_(None),
            or_(
                Briefing.planned_for <= today,
                Briefing.planned_for.is_(None) & (Briefing.created_at < midnight),
            ),
        )
        .order_by(Briefing.created_at.desc(), Briefing.id.desc())
        .limit(limit)
    )
    return [_kept(one) for one in rows]


def throw_away(session: Session, key: str, *, by: Viewer) -> None:
    """Forget it; a review that was written afterwards stays. Raises NotFound."""
    session.delete(_found(session, key, by))
    session.flush()


# --- and the review afterwards -------------------------------------------------------------------


def for_review(session: Session, key: str, *, seen_by: Viewer) -> list[BriefedLesson]:
    """The first lessons of a briefing of one's own, for the form that asks which were used.

    Nothing for a key that is unknown or another's: the form is whole without it.
    """
    kept = _or_none(session, key, seen_by)
    if kept is None:
        return []
    asked = kept.lessons[:MOST_ASKED]
    lesson = Note.content["lesson"]
    rows = session.execute(
        select(Note.id, Note.title, lesson.label("lesson")).where(
            Note.id.in_(asked), visible_to(seen_by)
        )
    )
    found = {
        row.id: BriefedLesson(row.id, row.title, lesson_from_json(row.lesson or {}).point)
        for row in rows
    }
    return [found[number] for number in asked if number in found]


def pair(session: Session, note: Note, content: NoteContent) -> None:
    """Tie the note to the briefing that its review names, when both are of one account.

    Of several reviews of one briefing the last is tied to it.
    """
    key = content.review.briefing if content.review else ""
    if not key or note.owner_id is None:
        return
    own = Briefing.key == key, Briefing.account_id == note.owner_id
    session.execute(update(Briefing).where(*own).values(note_id=note.id))


# --- for privacy ---------------------------------------------------------------------------------


def whole_of_owner(session: Session, account_id: int) -> list[KeptBriefing]:
    """Everything this account kept, the oldest first."""
    rows = session.scalars(
        select(Briefing).where(Briefing.account_id == account_id).order_by(Briefing.id)
    )
    return [_kept(one) for one in rows]


def drop_all(session: Session, account_id: int) -> None:
    """Forget all that this account kept."""
    for kept in session.scalars(select(Briefing).where(Briefing.account_id == account_id)):
        session.delete(kept)
    session.flush()


def _found(session: Session, key: str, viewer: Viewer) -> Briefing:
    kept = _or_none(session, key, viewer)
    if kept is None:
        raise NotFound(_("ไม่พบใบเตรียมงานนี้ อาจถูกทิ้งไปแล้ว หรือเป็นของบัญชีอื่น"))
    return kept


def _or_none(session: Session, key: str, viewer: Viewer) -> Briefing | None:
    if not (key.isascii() and key.isalnum()):
        return None
    return session.scalar(select(Briefing).where(Briefing.key == key, _own(viewer)))


def _own(viewer: Viewer) -> ColumnElement[bool]:
    return Briefing.account_id == viewer.account_id


def _choices(kept: Briefing) -> Choices:
    return Choices(tuple(kept.themes), kept.place_code, kept.plan, kept.planned_for)


def _kept(kept: Briefing, review: NoteLine | None = None) -> KeptBriefing:
    return KeptBriefing(kept.key, _choices(kept), tuple(kept.lessons), kept.created_at, review)


def _told(session: Session, rows: Sequence[Briefing], viewer: Viewer) -> list[KeptBriefing]:
    written = [one.note_id for one in rows if one.note_id is not None]
    seen = lines(session, written, seen_by=viewer)
    return [_kept(one, seen.get(one.note_id or 0)) for one in rows]
