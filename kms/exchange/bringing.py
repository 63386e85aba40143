"""Bringing records into the database: in batches, again without doubling, or not at all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from kms import comments, naming, notes
from kms.errors import Invalid, KmsError
from kms.exchange import activity_bringing
from kms.exchange.records import Cited, Record, Refused
from kms.language import gettext as _
from kms.models import Comment, Note
from kms.note_kinds import LessonUsed, NoteContent, SourcePassage
from kms.permissions import SYSTEM
from kms.saving import Store

BATCH = 200

Progress = Callable[[int], None]
# By source and id there.
Known = dict[tuple[str, str], Note]

One = TypeVar("One")


@dataclass
class Outcome:
    """What an import did. ``created``, ``revised`` and ``unchanged`` count notes.

    ``waiting`` are records saved without the lessons used, or the notes carried over from, that
    no batch has brought yet; ``telling`` those with activities of which another such note tells.
    """

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[Record] = field(default_factory=list)
    telling: list[Record] = field(default_factory=list)

    @property
    def saved(self) -> int:
        """Notes that are now in the database, whether new or there before."""
        return self.counts["created"] + self.counts["revised"] + self.counts["unchanged"]


def bring_in(
    store: Store,
    records: Iterable[Record | Refused],
    *,
    progress: Progress = lambda done: None,
    dry_run: bool = False,
) -> Outcome:
    """Save the records, a transaction for each batch; the index catches up after each.

    A record whose source and id are known revises its note, or leaves it when nothing changed,
    so an import that was cut off is simply run again. A record that cannot be saved is refused
    alone. With ``dry_run`` everything is checked and nothing kept.
    """
    outcome = Outcome()
    done = 0
    for batch in _batches(records, BATCH):
        if dry_run:
            with store.reading() as session:
                bring_in_batch(session, batch, outcome)
                session.rollback()
        else:
            with store.saving() as session:
                bring_in_batch(session, batch, outcome)
        done += len(batch)
        progress(done)
    if not dry_run:
        for waiting in _batches(outcome.waiting, BATCH):
            with store.saving() as session:
                _complete(session, waiting, outcome)
                _warn_of_absent(session, waiting, outcome)
    return outcome


def bring_in_batch(session: Session, batch: Iterable[Record | Refused], outcome: Outcome) -> None:
    """Save these records in the caller's transaction and tell the outcome of each."""
    records = []
    for one in batch:
        if isinstance(one, Refused):
            outcome.refused.append(one)
        else:
            records.append(one)
    known = _known(session, records)
    late = []
    for record in records:
        try:
            with session.begin_nested():
                what, note = _bring_in_one(session, record, known)
        except OperationalError:
            raise
        except KmsError as problem:
            outcome.refused.append(Refused(record.where, _reason(problem)))
            continue
        known[record.source, record.source_id] = note
        outcome.counts[what] += 1
        outcome.warnings += [(record.where, warning) for warning in record.warnings]
        if _absent(record, known):
            late.append(record)
    _complete(session, late, outcome)
    outcome.waiting += [record for record in late if _absent(record, known)]
    telling = [record for record in records if any(one.also_in for one in record.activities)]
    outcome.telling = activity_bringing.link(session, [*outcome.telling, *telling])


def _complete(session: Session, records: list[Record], outcome: Outcome) -> None:
    """Bring in what these records say of notes that came after them."""
    known = _known(session, records) if records else {}
    for record in records:
        note = known[record.source, record.source_id]
        content = _with_cited(record, notes.content_of(note), known)
        try:
            with session.begin_nested():
                based_on = note.revision
                notes.revise(session, note, content, by=SYSTEM, based_on=based_on)
        except KmsError as problem:
            outcome.warnings.append((record.where, _reason(problem)))


def _absent(record: Record, known: Known) -> list[str]:
    """The ids of what the record names and nothing has brought."""
    return [one[1] for one in record.cited if one not in known]


def _warn_of_absent(session: Session, records: list[Record], outcome: Outcome) -> None:
    known = _known(session, records)
    for record in records:
        for absent in _absent(record, known):
            said = _("ไม่พบบันทึก %(id)s ที่อ้างถึง", id=absent)
            outcome.warnings.append((record.where, said))


def _batches(records: Iterable[One], size: int) -> Iterator[list[One]]:
    batch: list[One] = []
    for record in records:
        batch.append(record)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _known(session: Session, records: list[Record]) -> Known:
    """The notes that these records were brought in as before, or name."""
    wanted = {(record.source, record.source_id) for record in records}
    wanted |= {cited for record in records for cited in record.cited}
    found: Known = {}
    for source in {source for source, _id in wanted}:
        ids = [source_id for of, source_id in wanted if of == source]
        query = select(Note).where(Note.source == source, Note.source_id.in_(ids))
        found |= {(source, note.source_id or ""): note for note in session.scalars(query)}
    return found


def _bring_in_one(session: Session, record: Record, known: Known) -> tuple[str, Note]:
    content = _with_cited(record, _with_sources(session, record, known), known)
    note = known.get((record.source, record.source_id))
    if note is None:
        note = notes.create(
            session,
            content,
            by=SYSTEM,
            source=record.source,
            source_id=record.source_id,
            created_at=record.created_at,
            reason=_("นำเข้า"),
        )
        what = "created"
    else:
        before = note.revision
        if note.attachments:
            # A file that was added here stays, for no record says anything of it.
            content = replace(content, attachments=notes.content_of(note).attachments)
        notes.revise(session, note, content, by=SYSTEM, based_on=before, reason=_("นำเข้าอีกครั้ง"))
        what = "revised" if note.revision != before else "unchanged"
    _bring_in_comments(session, record, note, is_new=what == "created")
    activity_bringing.bring_in(session, record, note)
    return what, note


def _with_sources(session: Session, record: Record, known: Known) -> NoteContent:
    content = record.content
    if content.lesson is None or not record.passages:
        return content
    sources = []
    for one in record.passages:
        note = known.get(record.key_of(one.note))
        if note is None:
            raise Invalid(_("ไม่พบบันทึกต้นทาง %(id)s ของบทเรียนนี้", id=one.note.id))
        # In an office that knows fewer revisions the newest one is the nearest.
        revision = one.revision if one.revision and one.revision <= note.revision else None
        comment = _comment(session, note, one.comment) if one.comment else None
        sources.append(SourcePassage(note.number, one.passage, revision, comment))
    return replace(content, lesson=replace(content.lesson, sources=tuple(sources)))


def _comment(session: Session, note: Note, key: str) -> int | None:
    """The id of the comment that an export called this."""
    own = [Comment.source_key == key]
    if key.isascii() and key.isdigit() and int(key) <= naming.LARGEST_ID:
        own.append((Comment.source_key.is_(None)) & (Comment.id == int(key)))
    return session.scalar(select(Comment.id).where(Comment.note_id == note.id, or_(*own)).limit(1))


def _with_cited(record: Record, content: NoteContent, known: Known) -> NoteContent:
    """The content with the lessons used and the notes carried over from, of those known by now."""

    def number(cited: Cited | None) -> int | None:
        note = known.get(record.key_of(cited)) if cited else None
        return note.number if note else None

    if content.review and record.used:
        found = [(number(one.lesson), one) for one in record.used]
        used = tuple(LessonUsed(at, one.outcome, one.changed) for at, one in found if at)
        content = replace(content, review=replace(content.review, used=used))
    if any(record.carried):
        rows = zip(content.actions, record.carried, strict=False)
        actions = tuple(replace(one, carried_from=number(cited)) for one, cited in rows)
        content = content.with_actions(actions)
    return content


def _bring_in_comments(session: Session, record: Record, note: Note, *, is_new: bool) -> None:
    if not record.comments:
        return
    there: dict[str | None, Comment] = {}
    if not is_new:
        query = select(Comment).where(Comment.note_id == note.id)
        there = {comment.source_key: comment for comment in session.scalars(query)}
    for one in record.comments:
        if one.key in there:
            continue
        answered = there.get(one.reply_to)
        there[one.key] = comments.add(
            session,
            note,
            by=SYSTEM,
            body=one.body,
            author_name=one.author,
            created_at=one.created_at or record.created_at,
            reply_to=answered.id if answered else None,
            source_key=one.key,
        )


def _reason(problem: KmsError) -> str:
    if isinstance(problem, Invalid) and problem.problems:
        return "; ".join(f"{name}: {why}" for name, why in problem.problems.items())
    return problem.message
