"""Revising a note that others revise too: changes in different places are merged.

Whoever revises says which revision they had before their eyes (``based_on``). What was saved
since is merged with what they wrote; only where both touch the same place they are asked.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from kms import attachments, history, notes
from kms.errors import EditConflict, NotFound
from kms.language import gettext as _
from kms.merging import Merged, merge, nothing
from kms.models import Note
from kms.note_kinds import NoteContent
from kms.note_parts import settled
from kms.notes import Sent
from kms.permissions import Viewer

# Somebody else may save between reading and claiming the next number, and again.
MOST_TRIES = 5

Shown = Callable[[NoteContent], NoteContent]


@dataclass(frozen=True)
class Joined:
    """What the writer meant, laid beside what the note says by now.

    ``base`` is None when nobody can tell what the writer began from.
    """

    base: NoteContent | None
    mine: NoteContent
    latest: NoteContent
    revision: int
    merged: Merged

    @property
    def must_ask(self) -> bool:
        """Whether the writer has to choose before this can be saved."""
        return self.base is None or bool(self.merged.clashes)


@dataclass(frozen=True)
class Saved:
    """The note as it is now; ``joined`` are the revisions between which others wrote."""

    note: Note
    joined: tuple[int, int] | None = None


def as_kept(content: NoteContent) -> NoteContent:
    """For writers who saw the whole content as it is kept."""
    return content


def join(
    session: Session,
    note: Note,
    content: NoteContent,
    *,
    by: Viewer,
    based_on: int,
    shown: Shown = as_kept,
) -> Joined:
    """The content merged with everything saved since ``based_on``; nothing is written.

    ``shown`` tells how the writer was shown a content: what was left so is no change.
    """
    latest = notes.content_of(note)
    if based_on == note.revision:
        mine = settled(content, shown(latest), latest)
        return Joined(latest, mine, latest, note.revision, Merged(mine))
    try:
        base = history.kept_content(session, note, based_on, seen_by=by)
    except NotFound:
        mine = settled(content, shown(latest), latest)
        merged = merge(nothing(content.kind), mine, latest)
        return Joined(None, mine, latest, note.revision, merged)
    mine = settled(content, shown(base), base)
    return Joined(base, mine, latest, note.revision, merge(base, mine, latest))


def revise(
    session: Session,
    note: Note,
    content: NoteContent,
    *,
    by: Viewer,
    based_on: int,
    reason: str = "",
    sent: Sent | None = None,
    shown: Shown = as_kept,
) -> Saved:
    """The note with new words beside what others saved since; when nothing changed, as it is.

    Raises EditConflict where both touched the same place (``join`` tells where), else as
    ``notes.revise``.
    """
    number = note.number
    for _try in range(MOST_TRIES):
        found = join(session, note, content, by=by, based_on=based_on, shown=shown)
        if found.must_ask:
            break
        try:
            notes.revise(
                session,
                note,
                found.merged.content,
                by=by,
                based_on=found.revision,
                reason=reason,
                sent=sent,
                seen=based_on,
            )
        except EditConflict:
            session.expire(note)
            note = notes.get_for_revision(session, number, by=by)
            continue
        return Saved(note, None if found.revision == based_on else (based_on, note.revision))
    raise EditConflict(
        _("มีคนแก้ตรงเดียวกันไปก่อนแล้ว ดูสองฉบับเทียบกัน แล้วเลือกว่าจะใช้อย่างไร"),
        latest_revision=note.revision,
    )


def as_restored(session: Session, note: Note, old: NoteContent, *, by: Viewer) -> NoteContent:
    """What the note would say with its words of an earlier revision, as ``by`` read it, back.

    Who may see it stays as it is now, and so does that nobody is named as its author. What the
    restorer may not link (a source out of their sight, a file thrown away) stays as it is now.
    """
    now = notes.content_of(note)
    keys = [one.key for one in old.attachments]
    there = attachments.linkable(session, keys, by=by, note=note)
    back = replace(
        old,
        visibility=now.visibility,
        author=old.author if now.author else "",
        attachments=tuple(one for one in old.attachments if one.key in there),
    )
    return _with_unseen(back, now, history.with_sources_seen(session, now, by))


def _with_unseen(back: NoteContent, now: NoteContent, seen: NoteContent) -> NoteContent:
    """The content with the sources and lessons used of ``now`` that are not in ``seen``."""
    if now.review and back.review and seen.review:
        used = tuple(one for one in now.review.used if one not in seen.review.used)
        return replace(back, review=replace(back.review, used=(*back.review.used, *used)))
    if now.lesson and back.lesson and seen.lesson:
        more = tuple(one for one in now.lesson.sources if one not in seen.lesson.sources)
        return replace(back, lesson=replace(back.lesson, sources=(*back.lesson.sources, *more)))
    return back
