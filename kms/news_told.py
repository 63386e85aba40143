"""Events of ``news`` as pages, mails and feeds tell them: what, where, whose words, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    Integer,
    Row,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kms import lesson_words, places
from kms.following import Followed
from kms.language import gettext as _
from kms.markup import to_plain
from kms.models import (
    Comment,
    LessonSource,
    LessonStep,
    Mention,
    Note,
    NotePerson,
    NotePlace,
    NoteTheme,
    Person,
    Revision,
    RoleAssignment,
    Theme,
)
from kms.news import Event, Watch, is_one, is_watched, open_to
from kms.note_kinds import Kind
from kms.permissions import visible_to
from kms.thai.words import shorten

LONGEST_SAID = 240

AnyRow = Row[*tuple[Any, ...]]

_IDS = bindparam("ids", type_=Integer, expanding=True)
_Teller = aliased(Person)
_Answered = aliased(Comment)
_Before = aliased(Revision)


@dataclass(frozen=True)
class Entry:
    """One piece of news: what happened to which note, the first of the words, why it is here.

    ``key`` names the event for good; ``changed`` is when its words were last touched.
    """

    what: str
    key: str
    at: datetime
    changed: datetime
    number: int
    kind: str
    title: str
    url: str
    heading: str
    by: str
    said: str
    why: tuple[str, ...]


@dataclass
class _Facts:
    """What of a note one can follow; ``drawn`` are titles of notes watched that it comes from."""

    places: set[str] = field(default_factory=set)
    themes: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)


def told(session: Session, watched: Watch, events: Sequence[Event]) -> list[Entry]:
    """The events in their order; at most five statements, whatever their number."""
    rows = {
        (what, row.id): row
        for what, statement in _statements(watched).items()
        if (ids := [one.id for one in events if one.what == what])
        for row in session.execute(statement, {"ids": ids})
    }
    there = [(one, rows[one.what, one.id]) for one in events if (one.what, one.id) in rows]
    facts = _facts(session, watched, {row.number for one, row in there if one.what != "comment"})
    return [_entry(watched, one, row, facts.get(row.number, _Facts())) for one, row in there]


def _entry(watched: Watch, event: Event, row: AnyRow, facts: _Facts) -> Entry:
    url, heading, said = _words(event.what, row)
    return Entry(
        what=event.what,
        key=f"{event.what}-{event.id}",
        at=event.at,
        changed=max(event.at, row.changed or event.at),
        number=row.number,
        kind=row.kind,
        title=row.title,
        url=url,
        heading=heading,
        by=row.by_name or "",
        said=shorten(said, LONGEST_SAID),
        why=_why(watched, event.what, row, facts),
    )


# --- what and whose words ------------------------------------------------------------------------


def _words(what: str, row: AnyRow) -> tuple[str, str, str]:
    """The address, what happened in a few words, and the first of the words."""
    note = f"/notes/{row.number}"
    if what == "comment":
        return f"{note}#comment-{row.id}", _("ความเห็นใหม่"), to_plain(row.said)
    if what == "revision":
        before = row.before
        compared = f"{note}/differences/{before}/{row.revision}" if before else f"{note}/history"
        return compared, _("มีการแก้ไข"), row.said
    if what == "step":
        return note, _step_told(row), row.said or row.changed_words
    heading = _("มีบทเรียนใหม่") if row.kind == Kind.LESSON else _("มีบันทึกใหม่")
    return note, heading, row.said


def _step_told(row: AnyRow) -> str:
    """What was said of the lesson, how its use went, and where."""
    there = places.path(row.place_code) if row.place_code else ""
    said = (lesson_words.told(row.step), lesson_words.outcome_name(row.outcome), there)
    return " · ".join(part for part in said if part)


def _statements(watched: Watch) -> dict[str, Select[*tuple[Any, ...]]]:
    """How the rows of each kind of event are read; each asks again what may be seen."""
    seen = visible_to(watched.viewer)
    mine = is_one(Note.owner_id, watched.viewer.account_id).label("is_own")
    common = (Note.id.label("number"), Note.kind, Note.title, mine)
    by_name = _Teller.name.label("by_name")
    note = (
        select(*common, Note.id, by_name, Note.lead.label("said"), Note.revised_at.label("changed"))
        .outerjoin(_Teller, _Teller.id == Note.author_id)
        .where(Note.id.in_(_IDS), seen)
    )
    return {
        "note": note,
        "comment": _comment_rows(watched, common, by_name).where(seen),
        "revision": _revision_rows(watched, common, by_name).where(seen),
        "step": _step_rows(common, by_name).where(seen),
    }


def _comment_rows(watched: Watch, common: Any, by_name: Any) -> Select[*tuple[Any, ...]]:
    me = watched.viewer.person_id
    called = select(Mention.id).where(
        Mention.comment_id == Comment.id, is_one(Mention.person_id, me)
    )
    return (
        select(
            *common,
            Comment.id,
            by_name,
            Comment.body.label("said"),
            Comment.edited_at.label("changed"),
            Comment.author_id.label("by_id"),
            called.correlate(Comment).exists().label("is_called"),
            is_one(_Answered.author_id, me).label("is_answer"),
        )
        .join(Note, Note.id == Comment.note_id)
        .outerjoin(_Teller, _Teller.id == Comment.author_id)
        .outerjoin(_Answered, _Answered.id == Comment.reply_to_id)
        .where(Comment.id.in_(_IDS), Comment.hidden_at.is_(None))
    )


def _revision_rows(watched: Watch, common: Any, by_name: Any) -> Select[*tuple[Any, ...]]:
    mine = is_one(Note.owner_id, watched.viewer.account_id)
    before = (
        select(func.max(_Before.number))
        .where(
            _Before.note_id == Revision.note_id,
            _Before.number < Revision.number,
            or_(mine, open_to(watched.viewer, _Before)),
        )
        .correlate(Revision, Note)
    )
    return (
        select(
            *common,
            Revision.id,
            by_name,
            Revision.reason.label("said"),
            Revision.created_at.label("changed"),
            Revision.number.label("revision"),
            before.scalar_subquery().label("before"),
        )
        .join(Note, Note.id == Revision.note_id)
        .outerjoin(_Teller, _Teller.id == Revision.by_id)
        .where(Revision.id.in_(_IDS))
    )


def _step_rows(common: Any, by_name: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *common,
            LessonStep.id,
            by_name,
            LessonStep.reason.label("said"),
            LessonStep.changed.label("changed_words"),
            LessonStep.created_at.label("changed"),
            LessonStep.step,
            LessonStep.outcome,
            LessonStep.place_code,
        )
        .join(Note, Note.id == LessonStep.lesson_id)
        .outerjoin(_Teller, _Teller.id == LessonStep.by_id)
        .where(LessonStep.id.in_(_IDS))
    )


# --- why -----------------------------------------------------------------------------------------


def _why(watched: Watch, what: str, row: AnyRow, facts: _Facts) -> tuple[str, ...]:
    """Every reason, what speaks to the viewer first; each once."""
    reasons = [*_spoken_to(row)] if what == "comment" else []
    if row.is_own:
        reasons.append(_("เพราะเป็นบันทึกของคุณ"))
    for one in watched.followed:
        if _is_reason(watched, one, what, row, facts):
            name = f"“{shorten(one.name, 60)}”" if one.kind in ("note", "search") else one.name
            reasons.append(_("เพราะติดตาม %(name)s", name=name))
    if what == "note":
        drawn = (shorten(title, 60) for title in sorted(facts.drawn))
        reasons += [_("เพราะถอดจาก “%(title)s”", title=title) for title in drawn]
    if what == "comment" and not reasons:
        reasons.append(_("เพราะคุยในวงเดียวกับคุณ"))
    return tuple(reasons)


def _spoken_to(row: AnyRow) -> Iterator[str]:
    if row.is_called:
        yield _("เพราะเรียกชื่อคุณ")
    if row.is_answer:
        yield _("เพราะตอบความเห็นของคุณ")


def _is_reason(watched: Watch, one: Followed, what: str, row: AnyRow, facts: _Facts) -> bool:
    if one.kind == "note":
        return one.target == str(row.number) and what != "note"
    if one.kind == "person":
        by = str(row.by_id) if what == "comment" else ""
        return one.target == by or (what in ("note", "step") and one.target in facts.people)
    if what not in ("note", "step"):
        return False
    if one.kind == "place":
        codes = facts.places | ({row.place_code} if what == "step" and row.place_code else set())
        return any(code.startswith(one.target) for code in codes)
    if one.kind == "theme":
        return not facts.themes.isdisjoint(watched.themes[one.target])
    return row.number in watched.hits.get(one.id, ())


def _facts(session: Session, watched: Watch, numbers: set[int]) -> dict[int, _Facts]:
    """By number, in one statement."""
    if not numbers:
        return {}

    def part(what: str, number: Any, value: Any) -> Select[*tuple[Any, ...]]:
        named = select(literal(what).label("what"), number.label("number"), value.label("value"))
        return named.where(number.in_(numbers))

    person = partial(cast, type_=String)
    themes = part("themes", NoteTheme.note_id, Theme.slug)
    drawn = part("drawn", LessonSource.lesson_id, Note.title).join(
        Note, Note.id == LessonSource.note_id
    )
    rows = session.execute(
        union_all(
            part("places", NotePlace.note_id, NotePlace.place_code),
            themes.join(Theme, Theme.id == NoteTheme.theme_id),
            part("people", Note.id, person(Note.author_id)),
            part("people", RoleAssignment.note_id, person(RoleAssignment.person_id)),
            part("people", NotePerson.note_id, person(NotePerson.person_id)),
            drawn.where(is_watched(watched), visible_to(watched.viewer)),
        )
    )
    found: dict[int, _Facts] = {}
    for what, number, value in rows:
        if value is not None:
            getattr(found.setdefault(number, _Facts()), what).add(value)
    return found
