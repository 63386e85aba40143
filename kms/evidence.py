"""The words that a lesson was drawn from: kept with their place, found again, never shown to
those who may not read them.

A passage stands in a revision of a note or in a comment on it. It is checked when it is linked
and stays as it was, whatever happens to the note; what happened is told beside it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from kms import naming, note_text, passages
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.markup import to_plain
from kms.models import Comment, LessonSource, Note, Person, Revision
from kms.note_kinds import NoteContent, SourcePassage
from kms.permissions import SYSTEM, Viewer, visible_to

AnyRow = Row[*tuple[Any, ...]]
Key = tuple[int, str, int | None]


@dataclass(frozen=True)
class SourceShown:
    """A note that a lesson was drawn from, and what became of the passage.

    ``state`` is "same" where the note (or ``comment``) still says it, "changed" where it says
    something like it (``now``), else "gone". ``where`` is the address of the passage in the very
    ``revision`` that said it; ``latest`` the newest revision of that note.
    """

    number: int
    kind: str
    title: str
    passage: str
    revision: int
    comment: int | None = None
    said_by: str = ""
    state: str = "same"
    where: str = ""
    now: str = ""
    latest: int = 1


def key_of(source: SourcePassage | LessonSource | AnyRow) -> Key:
    """What makes two pieces of evidence of one lesson the same."""
    if isinstance(source, SourcePassage):
        return source.note, source.passage, source.comment
    return source.note_id, source.passage, source.comment_id


# --- showing it ----------------------------------------------------------------------------------


def shown(session: Session, lesson: int, *, seen_by: Viewer) -> tuple[SourceShown, ...]:
    """The evidence of a lesson that was fetched with permission, as far as the viewer may see it.

    Left out are notes out of sight, comments that are hidden or say it no more, and words that
    only a revision out of sight says. At most two statements.
    """
    rows = session.execute(
        select(
            LessonSource.id,
            LessonSource.note_id,
            LessonSource.passage,
            LessonSource.revision,
            LessonSource.comment_id,
            LessonSource.starts_at,
            Note.kind,
            Note.title,
            Note.owner_id,
            Note.revision.label("latest"),
            Comment.body,
            Comment.hidden_at,
            Person.name.label("said_by"),
            Revision.content["visibility"].as_string().label("visibility_then"),
        )
        .join(Note, Note.id == LessonSource.note_id)
        .outerjoin(Comment, Comment.id == LessonSource.comment_id)
        .outerjoin(Person, Person.id == Comment.author_id)
        .outerjoin(
            Revision,
            (Revision.note_id == LessonSource.note_id) & (Revision.number == LessonSource.revision),
        )
        .where(LessonSource.lesson_id == lesson, visible_to(seen_by))
        .order_by(LessonSource.position, LessonSource.id)
    ).all()
    moved = [one.note_id for one in rows if _needs_looking(one)]
    said_now = _words_now(session, moved)
    found = (_shown(one, said_now.get(one.note_id, ""), seen_by) for one in rows)
    return tuple(one for one in found if one)


def _needs_looking(row: AnyRow) -> bool:
    return bool(row.comment_id is None and row.passage and row.revision != row.latest)


def _words_now(session: Session, numbers: Iterable[int]) -> dict[int, str]:
    """Number → the plain words of each note as it is now."""
    wanted = set(numbers)
    if not wanted:
        return {}
    rows = session.execute(
        select(Revision.note_id, Revision.content)
        .join(Note, (Note.id == Revision.note_id) & (Note.revision == Revision.number))
        .where(Note.id.in_(wanted))
    )
    return {row.note_id: note_text.plain(NoteContent.from_json(row.content)) for row in rows}


def _shown(row: AnyRow, now: str, seen_by: Viewer) -> SourceShown | None:
    made = SourceShown(
        number=row.note_id,
        kind=row.kind,
        title=row.title,
        passage=row.passage,
        revision=row.revision,
        comment=row.comment_id,
        said_by=row.said_by or "" if row.comment_id else "",
        latest=row.latest,
    )
    if row.comment_id is not None:
        is_said = row.hidden_at is None and passages.says(to_plain(row.body), row.passage)
        where = f"/notes/{row.note_id}#said-{row.id}"
        return replace(made, where=where) if is_said else None
    where = f"/notes/{row.note_id}/revisions/{row.revision}"
    if row.passage:
        where += f"?passage={row.id}#passage"
    made = replace(made, where=where)
    is_same = not _needs_looking(row) or passages.says(now, row.passage)
    is_open = _was_open(row.visibility_then, row.owner_id, seen_by)
    if is_same:
        return made if is_open else replace(made, where=f"/notes/{row.note_id}")
    if not is_open:
        return None
    alike = passages.nearest(now, row.passage)
    return replace(made, state="changed" if alike else "gone", now=alike)


def _was_open(visibility: str | None, owner_id: int | None, seen_by: Viewer) -> bool:
    """Whether the viewer may read a revision of a note in sight (see ``history``)."""
    if seen_by == SYSTEM or (owner_id is not None and owner_id == seen_by.account_id):
        return True
    return visibility == "public" or (visibility == "members" and seen_by.is_signed_in)


def passage_in(
    session: Session, row: int, *, note: int, revision: int, seen_by: Viewer
) -> tuple[str, int | None] | None:
    """The words of a piece of evidence and where they begin in this revision.

    None for another revision's, and where the viewer may not see the lesson that it is kept for.
    """
    if not 0 < row <= naming.LARGEST_ID:
        return None
    found = session.execute(
        select(LessonSource.passage, LessonSource.starts_at)
        .join(Note, Note.id == LessonSource.lesson_id)
        .where(
            LessonSource.id == row,
            LessonSource.note_id == note,
            LessonSource.revision == revision,
            LessonSource.comment_id.is_(None),
            visible_to(seen_by),
        )
    ).one_or_none()
    return (found.passage, found.starts_at) if found else None


def unsaid(
    session: Session, sources: Collection[SourcePassage], *, seen_by: Viewer
) -> set[SourcePassage]:
    """Those of these passages that the viewer may not read though their note is in sight.

    What a hidden comment says, what a comment says no more, and what only a revision out of sight
    says. At most three statements.
    """
    if not sources or seen_by == SYSTEM:
        return set()
    said = _said_by_comments(session, {one.comment for one in sources if one.comment is not None})
    found = {
        one
        for one in sources
        if one.comment is not None
        and not passages.says(said.get((one.note, one.comment), ""), one.passage)
    }
    kept = [one for one in sources if one.comment is None and one.passage and one.revision]
    closed = _in_closed_revisions(session, kept, seen_by)
    now = _words_now(session, {one.note for one in closed})
    return found | {one for one in closed if not passages.says(now.get(one.note, ""), one.passage)}


def _said_by_comments(session: Session, ids: set[int]) -> dict[tuple[int, int], str]:
    if not ids:
        return {}
    rows = session.execute(
        select(Comment.note_id, Comment.id, Comment.body).where(
            Comment.id.in_({one for one in ids if 0 < one <= naming.LARGEST_ID}),
            Comment.hidden_at.is_(None),
        )
    )
    return {(row.note_id, row.id): to_plain(row.body) for row in rows}


def _in_closed_revisions(
    session: Session, sources: Sequence[SourcePassage], seen_by: Viewer
) -> list[SourcePassage]:
    if not sources:
        return []
    visibility = Revision.content["visibility"].as_string()
    rows = session.execute(
        select(Revision.note_id, Revision.number, visibility.label("then"), Note.owner_id)
        .join(Note, Note.id == Revision.note_id)
        .where(
            Revision.note_id.in_({one.note for one in sources}),
            Revision.number.in_({one.revision for one in sources}),
        )
    )
    closed = {
        (row.note_id, row.number) for row in rows if not _was_open(row.then, row.owner_id, seen_by)
    }
    return [one for one in sources if (one.note, one.revision) in closed]


def begun(
    session: Session, note: Note, *, passage: str = "", comment: int | None = None
) -> SourcePassage:
    """Evidence to begin with, from a note that was fetched with permission.

    Of a comment without a ``passage`` it is the whole, to be trimmed. Raises NotFound for a
    comment that is hidden or not on this note.
    """
    if comment is None:
        return SourcePassage(note.id, passage, note.revision)
    said = _comments_said(session, note, comment)
    if comment not in said:
        raise NotFound(_("ไม่พบความเห็นนี้ อาจถูกลบไปแล้ว"))
    return SourcePassage(note.id, passage or said[comment], note.revision, comment)


# --- keeping it ----------------------------------------------------------------------------------


def resolve(
    session: Session,
    sources: Sequence[SourcePassage],
    *,
    by: Viewer,
    note: Note | None = None,
    before: Sequence[SourcePassage] = (),
) -> tuple[tuple[SourcePassage, ...], list[LessonSource]]:
    """The evidence as it is kept, each with the revision or comment that says it, and its rows.

    What the lesson (``note``) held ``before`` stays as it is. Raises Invalid, by field, for a
    note that the writer may not see and for words that nothing there says; what programs bring
    in is kept as it is.
    """
    rows = {key_of(one): one for one in note.sources} if note else {}
    held = _Held(before)
    seen = _notes_seen(session, [one for one in sources if held.same(one) is None], by)
    kept: dict[Key, tuple[SourcePassage, LessonSource]] = {}
    problems: dict[str, str] = {}
    for index, source in enumerate(sources):
        there = held.same(source)
        if there is not None:
            # Without a row its note was thrown away, and its words with it.
            if key_of(there) in rows:
                kept[key_of(there)] = there, rows[key_of(there)]
            continue
        target = seen.get(source.note)
        if target is None or (note is not None and source.note == note.id):
            problems[f"sources-{index}-note"] = _("ไม่พบบันทึกต้นทางนี้ ตรวจเลขบันทึกอีกครั้ง")
            continue
        made = _placed(session, source, target, by)
        if made is None:
            problems[f"sources-{index}-passage"] = _not_said(source.note)
            continue
        kept.setdefault(key_of(made), (_as_kept(made), made))
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
    return tuple(one for one, _row in kept.values()), [row for _one, row in kept.values()]


def _not_said(number: int) -> str:
    return _(
        "บันทึกที่ %(number)s ไม่มีข้อความนี้ คัดลอกคำจากบันทึกหรือความเห็นมาวางให้ตรง หรือเว้นช่องนี้ไว้",
        number=number,
    )


class _Held:
    """What a lesson has already; a source that names no comment means whichever said it."""

    def __init__(self, sources: Sequence[SourcePassage]) -> None:
        self.by_key = {key_of(one): one for one in sources}
        self.by_words = {(one.note, one.passage): one for one in sources}

    def same(self, source: SourcePassage) -> SourcePassage | None:
        """The source that this one is, if it is no new one."""
        found = self.by_key.get(key_of(source))
        if found is None and source.comment is None:
            found = self.by_words.get((source.note, source.passage))
        return found


def _notes_seen(session: Session, sources: Sequence[SourcePassage], by: Viewer) -> dict[int, Note]:
    numbers = {one.note for one in sources if 0 < one.note <= naming.LARGEST_ID}
    if not numbers:
        return {}
    found = session.scalars(select(Note).where(Note.id.in_(numbers), visible_to(by)))
    return {one.id: one for one in found}


def _as_kept(row: LessonSource) -> SourcePassage:
    return SourcePassage(row.note_id, row.passage, row.revision, row.comment_id)


def _placed(session: Session, source: SourcePassage, note: Note, by: Viewer) -> LessonSource | None:
    """The row of a new piece of evidence; None when nothing that the writer may read says it.

    First asked is what the form names, then the note as it is now, then its comments.
    """
    row = LessonSource(note_id=note.id, passage=source.passage, revision=note.revision)
    said = _comments_said(session, note, source.comment)
    if source.comment in said and (span := _span(said[source.comment], source)):
        row.comment_id, row.starts_at = source.comment, span.start
        return row
    if not source.passage:
        row.comment_id = source.comment if source.comment in said else None
        return row
    for number in dict.fromkeys((source.revision or note.revision, note.revision)):
        words = _words_of(session, note, number, by)
        if words is not None and (span := _span(words, source)):
            row.revision, row.starts_at = number, span.start
            return row
    for comment, words in _comments_said(session, note, None).items():
        if span := _span(words, source):
            row.comment_id, row.starts_at = comment, span.start
            return row
    return row if by == SYSTEM else None


def _span(words: str, source: SourcePassage) -> passages.Span | None:
    return passages.find(words, source.passage) if source.passage else None


def _words_of(session: Session, note: Note, number: int, by: Viewer) -> str | None:
    """The plain words of a revision; None for one that the writer may not read."""
    if not 0 < number <= naming.LARGEST_ID:
        return None
    content = session.scalar(
        select(Revision.content).where(Revision.note_id == note.id, Revision.number == number)
    )
    if content is None:
        return None
    said = NoteContent.from_json(content)
    is_open = number == note.revision or _was_open(said.visibility, note.owner_id, by)
    return note_text.plain(said) if is_open else None


def _comments_said(session: Session, note: Note, comment: int | None) -> dict[int | None, str]:
    """Id → plain words of the comments on the note that are not hidden, or of one of them."""
    wanted = [Comment.note_id == note.id, Comment.hidden_at.is_(None)]
    if comment is not None:
        if not 0 < comment <= naming.LARGEST_ID:
            return {}
        wanted.append(Comment.id == comment)
    rows = session.execute(select(Comment.id, Comment.body).where(*wanted).order_by(Comment.id))
    return {row.id: to_plain(row.body) for row in rows}


def place_again(session: Session, comment: Comment) -> None:
    """Where an edited comment says the passages drawn from it now; nowhere when it does not."""
    words = to_plain(comment.body)
    for row in session.scalars(select(LessonSource).where(LessonSource.comment_id == comment.id)):
        span = passages.find(words, row.passage, near=row.starts_at) if row.passage else None
        row.starts_at = span.start if span else None


def drawn_from(
    session: Session, *, comments: Sequence[int] = (), people: Sequence[int] = ()
) -> set[int]:
    """Lessons whose pages show words of these comments, or that these people said such words."""
    said = or_(Comment.id.in_(comments), Comment.author_id.in_(people))
    lessons = select(LessonSource.lesson_id).join(Comment, Comment.id == LessonSource.comment_id)
    return set(session.connection().scalars(lessons.where(said)))
