"""What a note said before: every revision is kept whole, for those who could read it then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload, object_session

from kms import evidence, naming
from kms.errors import NotFound
from kms.language import gettext as _
from kms.models import Note, NoteTheme, Revision, Theme
from kms.note_kinds import NoteContent, SourcePassage
from kms.permissions import ANONYMOUS, SYSTEM, Viewer, visible_to


@dataclass(frozen=True)
class Kept:
    """A revision with what the note said then; ``before`` is what it said one revision earlier,
    None when that was the first or is not for this viewer."""

    revision: Revision
    content: NoteContent
    before: NoteContent | None


def listing(
    session: Session, note: Note, *, seen_by: Viewer, limit: int, offset: int = 0
) -> tuple[int, list[Kept]]:
    """How many revisions this viewer may read, and a page of them, the newest first.

    What was a draft stays its owner's, and what was for members stays theirs, also after the
    note was shown to more people. Passages from notes out of sight are left out.
    """
    mine = (Revision.note_id == note.id, _open_to(note, seen_by))
    total = session.scalar(select(func.count()).select_from(Revision).where(*mine)) or 0
    rows = session.scalars(
        select(Revision)
        .where(*mine)
        .options(joinedload(Revision.by))
        .order_by(Revision.number.desc())
        .limit(limit + 1)
        .offset(offset)
    ).all()
    contents = _seen(session, [NoteContent.from_json(one.content) for one in rows], seen_by)
    by_number = {one.number: content for one, content in zip(rows, contents, strict=True)}
    kept = [Kept(one, by_number[one.number], by_number.get(one.number - 1)) for one in rows[:limit]]
    return total, kept


def neighbours(
    session: Session, note: Note, first: int, last: int, *, seen_by: Viewer
) -> tuple[int | None, int | None]:
    """The revisions that the viewer may read next before ``first`` and next after ``last``."""
    mine = (Revision.note_id == note.id, _open_to(note, seen_by))
    before = select(func.max(Revision.number)).where(*mine, Revision.number < first)
    after = select(func.min(Revision.number)).where(*mine, Revision.number > last)
    found = session.execute(select(before.scalar_subquery(), after.scalar_subquery())).one()
    return found[0], found[1]


def revision(
    session: Session, note: Note, number: int, *, seen_by: Viewer = ANONYMOUS
) -> tuple[Revision, NoteContent]:
    """One revision and what the note said then; raises NotFound, as ``listing`` leaves out.

    Passages from source notes that the viewer may not see are left out.
    """
    found = _revision(session, note, number, seen_by)
    return found, with_sources_seen(session, NoteContent.from_json(found.content), seen_by)


def kept_content(session: Session, note: Note, number: int, *, seen_by: Viewer) -> NoteContent:
    """The whole of what the note said at a revision, for merging: also passages out of sight.

    Raises NotFound as ``revision`` does.
    """
    return NoteContent.from_json(_revision(session, note, number, seen_by).content)


def _revision(session: Session, note: Note, number: int, seen_by: Viewer) -> Revision:
    found = session.scalar(
        select(Revision)
        .where(Revision.note_id == note.id, Revision.number == naming.require_row_id(number))
        .where(_open_to(note, seen_by))
        .options(joinedload(Revision.by))
    )
    if found is None:
        raise NotFound(_("ไม่พบฉบับนี้ของบันทึก"))
    return found


def _open_to(note: Note, seen_by: Viewer) -> ColumnElement[bool]:
    owns = note.owner_id is not None and note.owner_id == seen_by.account_id
    if owns or seen_by == SYSTEM:
        return Revision.id.is_not(None)
    open_then = ("public", "members") if seen_by.is_signed_in else ("public",)
    visibility: ColumnElement[str] = Revision.content["visibility"].as_string()
    return visibility.in_(open_then)


def content_of(note: Note) -> NoteContent:
    """What the note says now, as its writers wrote it, with its themes by their present slugs.

    Whole: also source passages that not every reader of the note may see.
    """
    session = object_session(note)
    if session is None:
        raise ValueError("the note belongs to no session")
    kept = session.scalars(
        select(Revision.content).where(
            Revision.note_id == note.id, Revision.number == note.revision
        )
    ).one()
    slugs = session.scalars(
        select(Theme.slug)
        .join(NoteTheme, NoteTheme.theme_id == Theme.id)
        .where(NoteTheme.note_id == note.id)
        .order_by(NoteTheme.position)
    )
    return replace(NoteContent.from_json(kept), themes=tuple(slugs))


def contents_of(
    session: Session, notes: Sequence[Note], *, seen_by: Viewer
) -> dict[int, NoteContent]:
    """Number → what each of these notes says now, in three statements for any number of them.

    Passages from source notes, and lessons used, that the viewer may not see are left out.
    """
    numbers = [note.id for note in notes]
    kept = session.execute(
        select(Revision.note_id, Revision.content)
        .join(Note, (Note.id == Revision.note_id) & (Note.revision == Revision.number))
        .where(Note.id.in_(numbers))
    )
    slugs: dict[int, list[str]] = {}
    themes = (
        select(NoteTheme.note_id, Theme.slug)
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .where(NoteTheme.note_id.in_(numbers))
        .order_by(NoteTheme.position)
    )
    for number, slug in session.execute(themes):
        slugs.setdefault(number, []).append(slug)
    said = {number: NoteContent.from_json(content) for number, content in kept}
    seen = _seen(session, list(said.values()), seen_by)
    return {
        number: replace(content, themes=tuple(slugs.get(number, ())))
        for number, content in zip(said, seen, strict=True)
    }


def with_sources_among(content: NoteContent, numbers: set[int]) -> NoteContent:
    """The content with only those source passages that come from these notes, and those lessons
    used that are among them."""
    if content.review and content.review.used:
        used = tuple(one for one in content.review.used if one.lesson in numbers)
        return replace(content, review=replace(content.review, used=used))
    if content.lesson is None:
        return content
    sources = tuple(one for one in content.lesson.sources if one.note in numbers)
    return replace(content, lesson=replace(content.lesson, sources=sources))


def cited_in(content: NoteContent) -> set[int]:
    """The numbers of the notes that the content names: sources of a lesson, lessons used."""
    sources = content.lesson.sources if content.lesson else ()
    used = content.review.used if content.review else ()
    return {one.note for one in sources} | {one.lesson for one in used}


def with_sources_seen(session: Session, content: NoteContent, viewer: Viewer) -> NoteContent:
    """The content with only those source passages and lessons used that the viewer may see."""
    return _seen(session, [content], viewer)[0]


def _seen(session: Session, contents: Sequence[NoteContent], viewer: Viewer) -> list[NoteContent]:
    """As ``with_sources_seen``, in four statements for any number of contents."""
    named = {number for content in contents for number in cited_in(content)}
    if not named:
        return list(contents)
    seen = set(session.scalars(select(Note.id).where(Note.id.in_(named), visible_to(viewer))))
    among = [with_sources_among(content, seen) for content in contents]
    quoted = {one for content in among if content.lesson for one in content.lesson.sources}
    hidden = evidence.unsaid(session, quoted, seen_by=viewer)
    return [_without(content, hidden) for content in among]


def _without(content: NoteContent, hidden: set[SourcePassage]) -> NoteContent:
    if content.lesson is None or not hidden:
        return content
    sources = tuple(one for one in content.lesson.sources if one not in hidden)
    return replace(content, lesson=replace(content.lesson, sources=sources))
