"""Writing notes: made, revised, shown to others, thrown away. Reading is in ``note_views``,
``note_cards`` and ``note_counts``, which this module offers under its own name."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, bindparam, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from kms import (
    activities,
    briefings,
    evidence,
    lesson_life,
    naming,
    note_links,
    note_text,
    page_steps,
)
from kms.db import now
from kms.errors import EditConflict, Invalid, NotFound
from kms.history import content_of, contents_of
from kms.language import gettext as _
from kms.models import LessonSource, LessonStep, Note, NoteAction, Revision, RoleAssignment
from kms.note_cards import NoteCard, cards, newest, of_owner, titles
from kms.note_checks import check, tidy
from kms.note_counts import (
    Totals,
    counts_by_child_place,
    counts_by_province,
    counts_by_year,
    totals,
)
from kms.note_kinds import ActionItem, Kind, NoteContent
from kms.note_links import Links
from kms.note_views import NoteView, stamp, view
from kms.permissions import Viewer, require, visible_to
from kms.wiki_links import title_key

__all__ = [
    "NoteCard",
    "NoteView",
    "Sent",
    "Totals",
    "cards",
    "change_visibility",
    "check",
    "content_of",
    "contents_of",
    "count_reads",
    "counts_by_child_place",
    "counts_by_province",
    "counts_by_year",
    "create",
    "delete",
    "find_imported",
    "get",
    "get_for_revision",
    "newest",
    "of_owner",
    "put_actions",
    "resolve_page",
    "revise",
    "sent_before",
    "similar_titles",
    "stamp",
    "titles",
    "totals",
    "view",
]

LONGEST_REASON = 300

Link = TypeVar("Link")


@dataclass(frozen=True)
class Sent:
    """The form that asks to save: its own id, bound to its writer, and a digest of its words."""

    form_id: str
    digest: str


def create(
    session: Session,
    content: NoteContent,
    *,
    by: Viewer,
    source: str | None = None,
    source_id: str | None = None,
    created_at: datetime | None = None,
    reason: str = "",
    sent: Sent | None = None,
) -> Note:
    """A new note with its first revision, flushed.

    ``source`` and ``source_id`` say where an import found it; no two notes share them. Raises
    Invalid with problems by field, EditConflict when the same was sent twice at one moment,
    NotAllowed or SignInNeeded.
    """
    require(by, "write")
    checked = check(content)
    if checked.visibility == "draft" and by.account_id is None:
        raise _invalid("visibility", _("บันทึกร่างต้องมีเจ้าของ เลือกให้สมาชิกหรือทุกคนเห็น"))
    links = note_links.find(session, checked, by)
    made_at = created_at or now()
    note = Note(
        kind=checked.kind.value,
        owner_id=by.account_id,
        source=source,
        source_id=source_id,
        revision=1,
        created_at=made_at,
        revised_at=made_at,
    )
    _write(note, links)
    _insert(session, note, source, source_id)
    _keep_revision(session, note, links.content, by, reason=reason, sent=sent)
    _refresh_carried(session, links.content)
    _follow_review(session, note, links.content)
    briefings.pair(session, note, links.content)
    session.flush()
    return note


def revise(
    session: Session,
    note: Note,
    content: NoteContent,
    *,
    by: Viewer,
    based_on: int,
    reason: str = "",
    sent: Sent | None = None,
    seen: int | None = None,
) -> Note:
    """The note with new words, as its next revision; when nothing changed, as it is.

    ``seen`` is the revision that the writer began from, when what others saved since is already
    merged into the content (see ``revising``). Raises EditConflict when someone else revised it
    since ``based_on``, Invalid with problems by field, NotAllowed or SignInNeeded.
    """
    require(by, "revise", note)
    if note.revision != based_on:
        raise _conflict(note.revision)
    checked = check(content)
    if checked.kind != note.kind:
        require(by, "change_kind", note)
    if checked.visibility != note.visibility:
        _require_new_visibility(note, checked.visibility, by)
    before, was_published = content_of(note), note.published_at is not None
    links = note_links.find(session, checked, by, note=note, before=before)
    if links.content == before:
        return note
    _take_next_revision(session, note, based_on)
    note.kind = checked.kind.value
    note.revised_at = now()
    _write(note, links)
    _keep_revision(session, note, links.content, by, reason=reason, sent=sent, seen=seen)
    _refresh_lessons(session, note)
    _refresh_carried(session, links.content, before)
    if links.content.visibility != before.visibility:
        activities.step_telling(session, note)
    _follow_review(session, note, links.content, before)
    if note.published_at and not was_published:
        lesson_life.bring_to_light(session, note)
    briefings.pair(session, note, links.content)
    session.flush()
    return note


def put_actions(
    session: Session, note: Note, actions: tuple[ActionItem, ...], *, by: Viewer, reason: str
) -> Note:
    """The note with these action items and nothing else changed, as its next revision; a name
    that meant somebody means them still.

    Whether ``by`` may, who need not be one who may revise it, is for the caller to ask
    (``actions``). Raises EditConflict when somebody else saves at this very moment.
    """
    before = content_of(note)
    content = check(before.with_actions(actions))
    links = note_links.find(session, content, by, note=note, before=before)
    if links.content == before:
        return note
    _take_next_revision(session, note, note.revision)
    note.revised_at = now()
    _write(note, links)
    _keep_revision(session, note, links.content, by, reason=reason, sent=None)
    _refresh_carried(session, links.content, before)
    session.flush()
    return note


def sent_before(session: Session, note: Note, sent: Sent) -> tuple[int, bool] | None:
    """The revision to go on from after this form's newest one, and whether with these words.

    None when nothing came from it. A form whose answer was lost on the way is sent again: with
    the same words there is nothing to do; other words were written over that revision, or, where
    others' words were merged into it, still over the one that its writer had seen.
    """
    made = session.execute(
        select(Revision.number, Revision.based_on, Revision.sent_digest)
        .where(Revision.note_id == note.id, Revision.form_id == sent.form_id)
        .order_by(Revision.number.desc())
    ).all()
    if not made:
        return None
    is_same = any(one.sent_digest == sent.digest for one in made)
    return made[0].based_on or made[0].number, is_same


def change_visibility(session: Session, note: Note, visibility: str, *, by: Viewer) -> Note:
    """Show the note to others, or to fewer; what it then lacks is asked for (Invalid)."""
    content = replace(content_of(note), visibility=visibility)
    reason = _("เปลี่ยนว่าใครเห็นได้")
    return revise(session, note, content, by=by, based_on=note.revision, reason=reason)


def delete(session: Session, note: Note, *, by: Viewer) -> None:
    """Throw the note away with its revisions and comments; its number is never given again."""
    require(by, "delete_note", note)
    _refresh_lessons(session, note)
    activities.leave(session, note)
    session.delete(note)
    session.flush()


def get(session: Session, number: int, *, seen_by: Viewer) -> Note:
    """The note; raises NotFound alike for one that is absent and one the viewer may not see."""
    wanted = Note.id == naming.require_row_id(number)
    found = session.scalar(select(Note).where(wanted, visible_to(seen_by)))
    if found is None:
        raise NotFound(_("ไม่พบบันทึกนี้ อาจถูกลบไปแล้ว หรือเป็นบันทึกที่คุณยังไม่มีสิทธิ์อ่าน"))
    return found


def get_for_revision(session: Session, number: int, *, by: Viewer) -> Note:
    """The note when this viewer may revise it; else NotFound, NotAllowed or SignInNeeded."""
    note = get(session, number, seen_by=by)
    require(by, "revise", note)
    return note


def find_imported(session: Session, source: str, source_id: str) -> Note | None:
    """The note that an earlier import brought from there."""
    return session.scalar(select(Note).where(Note.source == source, Note.source_id == source_id))


def count_reads(session: Session, reads: Mapping[int, int]) -> None:
    """Add to the read counts; the notes' versions and index entries stay."""
    if not reads:
        return
    notes = Note.__table__
    statement = (
        update(notes)  # type: ignore[arg-type]
        .where(notes.c.id == bindparam("number"))
        .values(reads=notes.c.reads + bindparam("more"))
    )
    session.connection().execute(
        statement, [{"number": number, "more": more} for number, more in sorted(reads.items())]
    )


def resolve_page(session: Session, title: str, *, seen_by: Viewer) -> int | None:
    """The number of the note that a [[link]] with this title means; wiki pages come first."""
    found = session.scalars(
        select(Note.id)
        .where(Note.title_key == title_key(title), visible_to(seen_by))
        .order_by(Note.kind != Kind.PAGE.value, Note.id)
        .limit(1)
    )
    return found.first()


def similar_titles(
    session: Session, title: str, *, seen_by: Viewer, limit: int = 5
) -> list[tuple[int, str]]:
    """Number and title of notes whose title holds these words; the shortest titles first."""
    wanted = title_key(title)
    if not wanted:
        return []
    rows = session.execute(
        select(Note.id, Note.title)
        .where(Note.title_key.contains(wanted, autoescape=True), visible_to(seen_by))
        .order_by(Note.title_key, Note.id)
        .limit(4 * limit)
    )
    ordered = sorted(((row.id, row.title) for row in rows), key=lambda one: (len(one[1]), one[0]))
    return ordered[:limit]


# --- keeping it ----------------------------------------------------------------------------------


def _insert(session: Session, note: Note, source: str | None, source_id: str | None) -> None:
    try:
        with session.begin_nested():
            session.add(note)
    except IntegrityError as problem:
        if not source or not source_id or find_imported(session, source, source_id) is None:
            raise
        raise _conflict(1) from problem


def _write(note: Note, links: Links) -> None:
    content = links.content
    note.title = content.title
    note.title_key = title_key(content.title)
    note.body = content.body
    note.content = _kind_parts(content)
    note.lead = note_text.lead(content)
    note.visibility = content.visibility
    if note.published_at is None and content.visibility != "draft":
        note.published_at = now()
    note.held_from = content.held_from
    note.held_to = content.held_to
    note.held_as_written = content.held_as_written
    note.url = content.url
    note.licence = content.licence
    note.author_id = links.author_id
    _put(note.places, links.places, lambda row: (row.place_code, row.village))
    _put(note.themes, links.themes, lambda row: row.theme_id)
    _put(note.tags, links.tags, lambda row: row.tag_id)
    _put(note.organisations, links.organisations, lambda row: (row.organisation_id, row.part))
    _put(note.roles, links.roles, _same_role)
    _put(note.people, links.people, lambda row: (row.person_id, row.part, row.as_written))
    _put(note.sources, links.sources, evidence.key_of)
    _put(note.actions, links.actions, _same_action)
    _put(note.wiki_links, links.wiki_links, lambda row: row.title_key)
    captions = [row.caption for row in links.attachments]
    _put(note.attachments, links.attachments, lambda row: row.attachment_id)
    for row, caption in zip(note.attachments, captions, strict=True):
        row.caption = caption


def _same_role(row: RoleAssignment) -> Hashable:
    return (row.role, row.person_id, row.organisation_id, row.level, row.place_code, row.did)


def _same_action(row: NoteAction) -> Hashable:
    # With its place, for the content may hold the very same item twice.
    said = (row.position, row.what, row.owner, row.due, row.done, row.result)
    return (*said, row.owner_id, row.organisation_id, row.carried_from, row.carried_key)


def _put(rows: list[Link], wanted: list[Link], same: Callable[[Link], Hashable]) -> None:
    """Make ``rows`` the wanted ones in their order; those already there stay the same rows.

    (An insert goes to the database before a delete, so a row made anew would meet itself.)
    """
    there = {same(row): row for row in rows}
    kept: dict[Hashable, Link] = {}
    for row in wanted:
        kept.setdefault(same(row), there.get(same(row), row))
    for position, row in enumerate(kept.values()):
        if hasattr(row, "position") and row.position != position:
            row.position = position
    if list(kept.values()) != rows:
        rows[:] = kept.values()


def _kind_parts(content: NoteContent) -> dict[str, Any]:
    """What only this kind has; a lesson's sources are rows of their own."""
    whole = content.to_json()
    parts = {name: whole[name] for name in ("review", "meeting", "lesson") if whole[name]}
    if "lesson" in parts:
        del parts["lesson"]["sources"]
    return parts


def _keep_revision(
    session: Session,
    note: Note,
    content: NoteContent,
    by: Viewer,
    *,
    reason: str,
    sent: Sent | None,
    seen: int | None = None,
) -> None:
    # The history of a note without an author must not tell who wrote it either.
    is_anonymous = not content.author and by.account_id == note.owner_id
    session.add(
        Revision(
            note_id=note.id,
            number=note.revision,
            content=content.to_json(),
            by_id=None if is_anonymous else by.person_id,
            reason=tidy(reason, lines=False)[:LONGEST_REASON],
            created_at=note.revised_at,
            based_on=None if seen in (None, note.revision - 1) else seen,
            form_id=sent.form_id if sent else None,
            sent_digest=sent.digest if sent else None,
        )
    )


def _take_next_revision(session: Session, note: Note, based_on: int) -> None:
    """Claim the next number in the database itself: of two at one moment only one gets it."""
    claim = (
        update(Note)
        .where(Note.id == note.id, Note.revision == based_on)
        .values(revision=based_on + 1)
        .execution_options(synchronize_session=False)
    )
    claimed = cast("CursorResult[Any]", session.execute(claim))
    if claimed.rowcount != 1:
        latest = session.scalar(select(Note.revision).where(Note.id == note.id))
        raise _conflict(latest or based_on)
    set_committed_value(note, "revision", based_on + 1)


def _refresh_lessons(session: Session, note: Note) -> None:
    """The page of a lesson shows the titles of its sources, that of a review those of the lessons
    it used: kept copies of them are stale."""
    lessons = select(LessonSource.lesson_id).where(LessonSource.note_id == note.id)
    reviews = select(LessonStep.note_id).where(
        LessonStep.lesson_id == note.id, LessonStep.from_review.is_(True)
    )
    page_steps.step(session, union(lessons, reviews))


def _follow_review(session: Session, note: Note, *contents: NoteContent) -> None:
    """Lessons hear of what a review says, or said, of their use; the first content holds."""
    if any(one.review and one.review.used for one in contents):
        lesson_life.follow_review(session, note, contents[0])


def _refresh_carried(session: Session, *contents: NoteContent) -> None:
    """The page of a note shows which of its items a later one carries over."""
    items = (one for content in contents for one in content.actions)
    page_steps.step(session, {one.carried_from for one in items if one.carried_from})


def _require_new_visibility(note: Note, visibility: str, by: Viewer) -> None:
    require(by, "change_visibility", note)
    if visibility == "draft" and (note.owner_id is None or note.owner_id != by.account_id):
        raise _invalid("visibility", _("มีแต่เจ้าของบันทึกที่เก็บกลับเป็นร่างได้"))


def _conflict(latest: int) -> EditConflict:
    return EditConflict(_("มีคนแก้บันทึกนี้ไปก่อนแล้ว ดูสองฉบับเทียบกันแล้วบันทึกใหม่"), latest_revision=latest)


def _invalid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: sentence})
