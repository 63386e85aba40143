"""What is new for someone: in what they follow, in what they wrote, and where they are spoken to.

Whether it may be seen is asked when it is read, of the note, of the note that tells of a step, and
of the revision as it was then; what somebody did themselves is no news to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kms.db import UtcDateTime
from kms.following import Followed
from kms.models import (
    Account,
    Comment,
    LessonSource,
    LessonStep,
    Mention,
    Note,
    NotePerson,
    NotePlace,
    NoteTheme,
    Revision,
    RoleAssignment,
    Theme,
)
from kms.permissions import Viewer, visible_to
from kms.themes import Tree

A_PAGE = 30
# Beyond these "99+" is said.
MOST_COUNTED = 99
FARTHEST = 1_000
# So many of the newest notes, comments, revisions and steps are looked through, whosever they are:
# what is older is no news, and a page takes the same time in a large country as in a small one.
WINDOW = 3_000
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# The same tables again, where a statement about them picks among them.
_Other = aliased(Note)
_Remark = aliased(Comment)
_Change = aliased(Revision)
_Step = aliased(LessonStep)

AnyStatement = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Watch:
    """Whose news is asked for, and what they follow; ``hits`` are notes by the id of a follow.

    ``themes`` holds each theme followed with all beneath it. Nothing that is lost is in here.
    """

    viewer: Viewer
    followed: tuple[Followed, ...] = ()
    themes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hits: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def targets(self, kind: str) -> list[str]:
        """What is followed of this kind."""
        return [one.target for one in self.followed if one.kind == kind]

    def numbers(self, kind: str) -> list[int]:
        """The same where targets are numbers."""
        return [int(target) for target in self.targets(kind)]


@dataclass(frozen=True)
class Event:
    """One thing that happened: a ``note``, ``comment``, ``revision`` or ``step``, by its row."""

    what: str
    id: int
    at: datetime


def watch(
    followed: Sequence[Followed],
    tree: Tree,
    *,
    viewer: Viewer,
    hits: Mapping[int, frozenset[int]] | None = None,
) -> Watch:
    """What this viewer follows, ready to be asked for news."""
    there = tuple(one for one in followed if not one.is_lost)
    wanted = (one.target for one in there if one.kind == "theme")
    themes = {slug: frozenset(tree.subtree(slug)) for slug in wanted}
    return Watch(viewer, there, themes, hits or {})


def events(
    session: Session,
    watched: Watch,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = A_PAGE,
    offset: int = 0,
) -> list[Event]:
    """What happened after ``since`` up to ``until``, the last first; one statement."""
    rows = session.execute(
        _together(watched, since, until, min(offset, FARTHEST) + limit)
        .limit(limit)
        .offset(min(offset, FARTHEST))
    )
    return [Event(row.what, row.id, row.at) for row in rows]


def count(session: Session, watched: Watch, *, since: datetime | None) -> int:
    """How much happened after ``since``, counted to one more than MOST_COUNTED; one statement."""
    found = _together(watched, since, None, MOST_COUNTED + 1).limit(MOST_COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def seen_at(session: Session, viewer: Viewer) -> datetime | None:
    """When this account last said that it has seen its news; its first day when it never did."""
    return session.scalar(
        select(func.coalesce(Account.news_seen_at, Account.created_at)).where(
            Account.id == viewer.account_id
        )
    )


def mark_seen(session: Session, account: Account, until: datetime) -> None:
    """What happened up to then is not new any more; the mark never moves back."""
    if account.news_seen_at is None or account.news_seen_at < until:
        account.news_seen_at = until
        session.flush()


# --- where news come from ------------------------------------------------------------------------


def _together(
    watched: Watch, since: datetime | None, until: datetime | None, most: int
) -> AnyStatement:
    """``what``, ``id`` and ``at`` of every event, the last first; ``most`` of each kind."""

    def last(statement: AnyStatement, at: ColumnElement[Any]) -> AnyStatement:
        if since is not None:
            statement = statement.where(at > since)
        if until is not None:
            statement = statement.where(at <= until)
        found = statement.order_by(at.desc()).limit(most).subquery()
        return select(found.c.what, found.c.id, found.c.at)

    sources = (_notes, _comments, _revisions, _steps)
    parts = (last(*source(watched)) for source in sources)
    every = union_all(*parts).subquery()
    return select(every.c.what, every.c.id, every.c.at).order_by(
        every.c.at.desc(), every.c.what, every.c.id.desc()
    )


def _event(what: str, number: Any, at: Any) -> AnyStatement:
    return select(literal(what).label("what"), number.label("id"), at.label("at"))


def _notes(watched: Watch) -> tuple[AnyStatement, ColumnElement[Any]]:
    """Notes and lessons in what is followed, and lessons drawn from a note followed or written."""
    at: ColumnElement[Any] = Note.published_at.expression
    drawn = (
        select(LessonSource.id)
        .join(_Other, _Other.id == LessonSource.note_id)
        .where(LessonSource.lesson_id == Note.id, is_watched(watched, _Other))
    )
    statement = _event("note", Note.id, at).where(
        at > _newest_published(),
        visible_to(watched.viewer),
        or_(*_in_follows(watched), drawn.correlate(Note).exists()),
        _is_not(Note.owner_id, watched.viewer.account_id),
    )
    return statement, at


def _newest_published() -> ColumnElement[Any]:
    """The instant after which the newest notes were published."""
    instants = select(_Other.published_at).where(_Other.published_at.is_not(None))
    edge = instants.order_by(_Other.published_at.desc()).limit(1).offset(WINDOW)
    return func.coalesce(edge.scalar_subquery(), literal(BEGINNING, UtcDateTime()))


def _comments(watched: Watch) -> tuple[AnyStatement, ColumnElement[Any]]:
    """Comments on notes followed or written, by people followed, that call or answer the viewer."""
    me = watched.viewer.person_id
    called = and_(Mention.comment_id == Comment.id, is_one(Mention.person_id, me))
    at = func.coalesce(Mention.created_at, Comment.created_at)
    thread = func.coalesce(_Remark.reply_to_id, _Remark.id)
    own = select(thread).where(is_one(_Remark.author_id, me))
    statement = (
        _event("comment", Comment.id, at)
        .join(Note, Note.id == Comment.note_id)
        .outerjoin(Mention, called)
        .where(
            Comment.id > _newest(_Remark.id),
            or_(
                is_watched(watched),
                Comment.author_id.in_(watched.numbers("person")),
                Comment.reply_to_id.in_(own),
                Mention.id.is_not(None),
            ),
            Comment.hidden_at.is_(None),
            at.is_not(None),
            visible_to(watched.viewer),
            _is_not(Comment.author_id, me),
        )
    )
    return statement, at


def _revisions(watched: Watch) -> tuple[AnyStatement, ColumnElement[Any]]:
    """What others changed in notes followed or written, since all could read those."""
    at: ColumnElement[Any] = Revision.created_at.expression
    mine = is_one(Note.owner_id, watched.viewer.account_id)
    statement = (
        _event("revision", Revision.id, at)
        .join(Note, Note.id == Revision.note_id)
        .where(
            Revision.id > _newest(_Change.id),
            Revision.number > 1,
            is_watched(watched),
            visible_to(watched.viewer),
            _is_not(Revision.by_id, watched.viewer.person_id),
            # An unsigned note does not tell who revised it: its owner.
            or_(Revision.by_id.is_not(None), _is_not(Note.owner_id, watched.viewer.account_id)),
            at > Note.published_at,
            or_(mine, open_to(watched.viewer)),
        )
    )
    return statement, at


def open_to(viewer: Viewer, revision: type[Revision] = Revision) -> ColumnElement[bool]:
    """The revisions that all such viewers could read when they were made."""
    open_then = ("public", "members") if viewer.is_signed_in else ("public",)
    visibility: ColumnElement[str] = revision.content["visibility"].as_string()
    return visibility.in_(open_then)


def _steps(watched: Watch) -> tuple[AnyStatement, ColumnElement[Any]]:
    """Steps in the life of lessons that are followed or written, or taken in a place followed."""
    at: ColumnElement[Any] = LessonStep.created_at.expression
    there = _in_places(LessonStep.place_code, watched)
    statement = (
        _event("step", LessonStep.id, at)
        .join(Note, Note.id == LessonStep.lesson_id)
        .where(
            LessonStep.id > _newest(_Step.id),
            LessonStep.undone_at.is_(None),
            or_(*there, is_watched(watched), *_in_follows(watched)),
            visible_to(watched.viewer),
            *step_told_to(watched.viewer),
            _is_not(LessonStep.by_id, watched.viewer.person_id),
        )
    )
    return statement, at


def step_told_to(viewer: Viewer) -> list[ColumnElement[bool]]:
    """The steps whose notes, the telling one and the other lesson, the viewer may see."""

    def seen(column: Any) -> ColumnElement[bool]:
        note = select(Note.id).where(Note.id == column, visible_to(viewer))
        there: Exists = note.correlate(LessonStep).exists()
        return or_(column.is_(None), there)

    return [seen(LessonStep.note_id), seen(LessonStep.other_id)]


def _newest(column: Any) -> ColumnElement[Any]:
    """The id after which the newest rows stand."""
    return select(func.coalesce(func.max(column), 0) - WINDOW).scalar_subquery()


def is_watched(watched: Watch, note: type[Note] = Note) -> ColumnElement[bool]:
    """Whether the note is followed itself, or the viewer wrote it.

    Expressions rather than columns: whoever wrote half the country would else be looked up by
    all of it, where a few rows ask whether their note is one.
    """
    mine = is_one(func.coalesce(note.owner_id, 0), watched.viewer.account_id)
    return or_(mine, (note.id + 0).in_(watched.numbers("note")))


def _in_follows(watched: Watch) -> list[ColumnElement[bool]]:
    """Whether a Note is in a place, theme or search followed, or names a person followed."""
    found = frozenset[int]().union(*watched.hits.values())
    people = watched.numbers("person")
    slugs = frozenset[str]().union(*watched.themes.values())
    reasons: list[ColumnElement[bool]] = [Note.id.in_(found), Note.author_id.in_(people)]
    places = _in_places(NotePlace.place_code, watched)
    if places:
        reasons.append(_named(NotePlace.note_id, or_(*places)))
    if slugs:
        on = select(Theme.id).where(Theme.slug.in_(slugs))
        reasons.append(_named(NoteTheme.note_id, NoteTheme.theme_id.in_(on)))
    if people:
        reasons.append(_named(RoleAssignment.note_id, RoleAssignment.person_id.in_(people)))
        reasons.append(_named(NotePerson.note_id, NotePerson.person_id.in_(people)))
    return reasons


def _named(note_id: Any, chosen: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a Note has such a row."""
    return select(note_id).where(note_id == Note.id, chosen).correlate(Note).exists()


def _in_places(column: Any, watched: Watch) -> list[ColumnElement[bool]]:
    return [column.startswith(code, autoescape=True) for code in watched.targets("place")]


def is_one(column: Any, number: int | None) -> ColumnElement[bool]:
    """Whether it is this one; what is nobody's is not nobody's who asks."""
    return false() if number is None else column == number


def _is_not(column: Any, number: int | None) -> ColumnElement[bool]:
    return true() if number is None else or_(column.is_(None), column != number)
