"""Comments under a note: threads one level deep, each may quote a passage of the note."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam, null, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kms import evidence, history, mentions, naming, note_text, passages, people
from kms.db import now
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import Comment, Note, Person
from kms.note_checks import tidy
from kms.permissions import (
    ACCOUNT,
    SeenAs,
    Viewer,
    may,
    require,
    seen_as,
    visible_as,
    visible_to,
)

LONGEST_BODY = 20_000
LONGEST_QUOTE = 2_000
LONGEST_REASON = 300

AnyRow = Row[*tuple[Any, ...]]

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class CommentShown:
    """A comment as its note's page shows it; a hidden one has no words but for curators."""

    id: int
    number: int
    author_id: int | None
    author_name: str
    body: str
    quote: str
    created_at: datetime | None
    edited_at: datetime | None
    hidden: bool
    hidden_reason: str
    owner_id: int | None
    replies: tuple["CommentShown", ...] = ()
    # Names that stand in the body after an @, each with the address of who is called.
    called: dict[str, str] = field(default_factory=dict)


def add(
    session: Session,
    note: Note,
    *,
    by: Viewer,
    body: str,
    quote: str = "",
    reply_to: int | None = None,
    author_name: str | None = None,
    created_at: datetime | None = None,
    source_key: str | None = None,
    sent_as: str | None = None,
) -> Comment:
    """A comment on a note that was fetched with permission.

    ``reply_to`` is the id of a comment on the same note; an answer to an answer joins its thread.
    Imports name the author, the time (unknown stays unknown) and the ``source_key``. What was
    sent before as ``sent_as`` is found and not added again. Raises Invalid for an empty or too
    long body and for a quote that the note does not say.
    """
    require(by, "comment")
    if author_name is not None:
        require(by, "edit_people")
    if sent_as and (before := _sent_before(session, note.id, sent_as)):
        return before
    said = _checked_body(body)
    quoted = _checked_quote(note, quote, by)
    comment = Comment(
        note_id=note.id,
        reply_to_id=_thread_of(session, note, reply_to),
        owner_id=by.account_id,
        author_id=_author(session, by, author_name),
        body=said,
        quote=quoted,
        quote_revision=note.revision if quoted else None,
        source_key=source_key,
        sent_as=sent_as,
        created_at=created_at or (null() if source_key else now()),
    )
    if sent_as is None:
        session.add(comment)
    elif before := _added_meanwhile(session, comment):
        return before
    note.comment_count = Note.comment_count + 1
    session.flush()
    if source_key is None:
        mentions.keep(session, comment)
    return comment


def edit(session: Session, comment: Comment, *, by: Viewer, body: str) -> None:
    """New words for one's own comment."""
    require(by, "edit_comment", comment)
    said = _checked_body(body)
    if said != comment.body:
        comment.body = said
        comment.edited_at = now()
        evidence.place_again(session, comment)
        session.flush()
        mentions.keep(session, comment)


def hide(session: Session, comment: Comment, *, by: Viewer, reason: str = "") -> None:
    """Keep the comment's place and take away its words; the reason is shown instead."""
    require(by, "hide_comment")
    if comment.hidden_at is not None:
        return
    comment.hidden_at = now()
    comment.hidden_by_id = by.account_id
    comment.hidden_reason = tidy(reason, lines=False)[:LONGEST_REASON]
    session.get_one(Note, comment.note_id).comment_count = Note.comment_count - 1
    session.flush()


def unhide(session: Session, comment: Comment, *, by: Viewer) -> None:
    """Show the comment again."""
    require(by, "hide_comment")
    if comment.hidden_at is None:
        return
    comment.hidden_at = None
    comment.hidden_by_id = None
    comment.hidden_reason = ""
    session.get_one(Note, comment.note_id).comment_count = Note.comment_count + 1
    session.flush()


def get(session: Session, comment_id: int, *, seen_by: Viewer) -> Comment:
    """The comment, when the viewer may see its note; raises NotFound.

    A hidden comment is found by curators and by its writer only.
    """
    found = session.scalar(
        select(Comment)
        .join(Note, Note.id == Comment.note_id)
        .where(Comment.id == naming.require_row_id(comment_id), visible_to(seen_by))
    )
    if found is None or (found.hidden_at is not None and not _sees_hidden(found, seen_by)):
        raise NotFound(_("ไม่พบความเห็นนี้ อาจถูกลบไปแล้ว"))
    return found


def threads(session: Session, number: int, *, seen_by: Viewer) -> tuple[CommentShown, ...]:
    """The comments on a note, oldest first, answers under what they answer; one statement."""
    given = {"number": number, ACCOUNT: seen_by.account_id}
    rows = session.execute(_on_note(seen_as(seen_by)), given).all()
    in_order = sorted(rows, key=lambda row: (row.created_at or _END_OF_TIME, row.id))
    return _threaded(in_order, sees_hidden=may(seen_by, "hide_comment"))


@cache
def _on_note(way: SeenAs) -> Select[*tuple[Any, ...]]:
    # Kept, since making a statement takes longer than running it.
    return (
        select(
            Comment.id,
            Comment.note_id,
            Comment.reply_to_id,
            Comment.author_id,
            Comment.body,
            Comment.quote,
            Comment.created_at,
            Comment.edited_at,
            Comment.hidden_at,
            Comment.hidden_reason,
            Comment.owner_id,
            Person.name.label("author_name"),
            mentions.links(way).label("called"),
        )
        .join(Note, Note.id == Comment.note_id)
        .outerjoin(Person, Person.id == Comment.author_id)
        .where(Comment.note_id == bindparam("number", type_=Integer), visible_as(way))
    )


def _threaded(rows: Sequence[AnyRow], *, sees_hidden: bool) -> tuple[CommentShown, ...]:
    answers: dict[int, list[CommentShown]] = {}
    for row in rows:
        if row.reply_to_id is not None:
            answers.setdefault(row.reply_to_id, []).append(_shown(row, sees_hidden=sees_hidden))
    return tuple(
        replace(_shown(row, sees_hidden=sees_hidden), replies=tuple(answers.get(row.id, ())))
        for row in rows
        if row.reply_to_id is None
    )


def _shown(row: AnyRow, *, sees_hidden: bool) -> CommentShown:
    is_hidden = row.hidden_at is not None
    tells = sees_hidden or not is_hidden
    return CommentShown(
        id=row.id,
        number=row.note_id,
        author_id=row.author_id if tells else None,
        author_name=(row.author_name or "") if tells else "",
        body=row.body if tells else "",
        quote=row.quote if tells else "",
        created_at=row.created_at,
        edited_at=row.edited_at if tells else None,
        hidden=is_hidden,
        hidden_reason=row.hidden_reason,
        owner_id=row.owner_id if tells else None,
        called=mentions.read_links(row.called) if tells else {},
    )


def _sees_hidden(comment: Comment, viewer: Viewer) -> bool:
    own = comment.owner_id is not None and comment.owner_id == viewer.account_id
    return own or may(viewer, "hide_comment")


def _author(session: Session, by: Viewer, author_name: str | None) -> int | None:
    if author_name is None:
        return by.person_id
    name = tidy(author_name, lines=False)
    return people.find_or_create(session, name).id if people.key(name) else None


def _thread_of(session: Session, note: Note, reply_to: int | None) -> int | None:
    """The comment that opened the thread in which this answer belongs."""
    if reply_to is None:
        return None
    answered = session.get(Comment, naming.require_row_id(reply_to))
    if answered is None or answered.note_id != note.id or answered.hidden_at is not None:
        sentence = _("ความเห็นที่จะตอบไม่อยู่แล้ว ส่งเป็นความเห็นใหม่แทนได้")
        raise Invalid(sentence, {"reply_to": sentence})
    return answered.reply_to_id or answered.id


def _sent_before(session: Session, note_id: int, sent_as: str) -> Comment | None:
    return session.scalar(
        select(Comment).where(Comment.sent_as == sent_as, Comment.note_id == note_id)
    )


def _added_meanwhile(session: Session, comment: Comment) -> Comment | None:
    """Add the comment, or find what the same form added at this very moment."""
    note_id, sent_as = comment.note_id, comment.sent_as or ""
    try:
        with session.begin_nested():
            session.add(comment)
    except IntegrityError:
        before = _sent_before(session, note_id, sent_as)
        if before is None:
            raise
        return before
    return None


def _checked_body(body: str) -> str:
    if len(body) > LONGEST_BODY:
        sentence = _("ความเห็นยาวเกินไป เขียนได้ไม่เกิน %(n)s ตัวอักษร", n=LONGEST_BODY)
        raise Invalid(sentence, {"body": sentence})
    said = tidy(body)
    if not said:
        sentence = _("เขียนความเห็นสักประโยค")
        raise Invalid(sentence, {"body": sentence})
    return said


def _checked_quote(note: Note, quote: str, by: Viewer) -> str:
    """The quote, when it stands in the note; an import's quotes are kept as they are."""
    said = tidy(quote[: 2 * LONGEST_QUOTE])
    if not said:
        return ""
    problem = ""
    if len(said) > LONGEST_QUOTE:
        problem = _("ข้อความที่ยกมายาวเกินไป ยกมาไม่เกิน %(n)s ตัวอักษร", n=LONGEST_QUOTE)
    elif by.is_signed_in and not _says(note, said):
        problem = _("ไม่พบข้อความที่ยกมาในบันทึกนี้ บันทึกอาจถูกแก้ไปแล้ว ยกข้อความใหม่หรือลบออก")
    if problem:
        raise Invalid(problem, {"quote": problem})
    return said


def _says(note: Note, quote: str) -> bool:
    """Whether the note says these words, however they are spaced or marked."""
    return passages.says(note_text.plain(history.content_of(note)), quote)
