"""Activities that come in with their notes: recorded once, however often the file is brought."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import activities, naming
from kms.activity_facts import LONGEST
from kms.exchange.records import Record
from kms.models import Activity, Note
from kms.permissions import SYSTEM


def bring_in(session: Session, record: Record, note: Note) -> None:
    """Record the activities that the note tells of; one of the same name is revised.

    One that people removed here stays removed.
    """
    if not record.activities:
        return
    query = select(Activity).where(Activity.note_id == note.id)
    there = {activity.name_key: activity for activity in session.scalars(query)}
    for one in record.activities:
        known = there.get(naming.key(one.facts.name, LONGEST["name"]))
        if known is None:
            activities.record(session, note, one.facts, by=SYSTEM)
        elif known.removed_at is None:
            activities.revise(session, known, one.facts, by=SYSTEM)


def link(session: Session, records: Iterable[Record]) -> list[Record]:
    """Let the other notes that tell of these activities say so; answers what still waits."""
    waiting = []
    for record in records:
        note = _note(session, record.source, record.source_id)
        if note and not _link(session, record, note):
            waiting.append(record)
    return waiting


def _link(session: Session, record: Record, note: Note) -> bool:
    """Whether every other note that the record names is there."""
    query = select(Activity).where(Activity.note_id == note.id, Activity.removed_at.is_(None))
    there = {activity.name_key: activity for activity in session.scalars(query)}
    is_whole = True
    for one in record.activities:
        activity = there.get(naming.key(one.facts.name, LONGEST["name"]))
        for source, source_id in one.also_in:
            other = _note(session, source or record.source, source_id)
            is_whole = is_whole and other is not None
            if activity and other:
                activities.tell(session, activity, other, by=SYSTEM)
    return is_whole


def _note(session: Session, source: str, source_id: str) -> Note | None:
    return session.scalar(select(Note).where(Note.source == source, Note.source_id == source_id))
