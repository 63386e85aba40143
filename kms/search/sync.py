"""Hears every change of a note from the session, so that nobody can forget to index.

In the transaction that changes a note (or anything its page or its index entry shows) a row in
``index_change`` is written and ``Note.version`` grows. Bulk ``update()`` and ``delete()`` pass
by the listeners: whoever uses them calls ``queue`` with the notes touched.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import event, insert, inspect, select, union, update
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.attributes import set_committed_value

from kms import evidence, lesson_lives, page_steps, wiki_links
from kms.db import Base, now
from kms.models import (
    Comment,
    IndexChange,
    LessonSource,
    LessonStep,
    Note,
    NoteAttachment,
    NoteOrganisation,
    NotePerson,
    NotePlace,
    NoteTag,
    NoteTheme,
    Organisation,
    OrganisationAlias,
    Person,
    PersonAlias,
    Revision,
    RoleAssignment,
    Tag,
    Theme,
    WikiLink,
)

BATCH = 500

# Columns of a note whose change alone is nobody's news.
UNHEARD = frozenset({"reads", "version", "relinked"})
# What pages of other notes show of a note that they name, or that names them.
SHOWN_ELSEWHERE = ("title", "kind", "visibility", "owner_id", "held_from", "held_to")
_PARTS = (
    NotePlace,
    NoteTheme,
    NoteTag,
    NoteOrganisation,
    NotePerson,
    NoteAttachment,
    RoleAssignment,
)
_ORPHANED = "notes that lose a source"
_OUTLIVING = "lessons that lose a step"

Touched = Callable[[Session, set[int]], set[int]]


def listen(sessions: sessionmaker[Session]) -> None:
    """Let every session of this factory queue what it changes."""
    event.listen(sessions, "before_flush", _remember_lessons_of_deleted)
    event.listen(sessions, "after_flush", _after_flush)


def queue(session: Session, note_ids: Iterable[int], *, new: Iterable[int] = ()) -> None:
    """Mark notes as changed: their index entries, and pages kept by version.

    The notes that list a changed lesson are marked too. ``new`` are ids whose version needs no
    step because nobody has seen them yet.
    """
    fresh = set(new)
    ids = set(note_ids) | fresh
    if not ids:
        return
    connection = session.connection()
    for batch in _batches(ids):
        cited = select(LessonSource.note_id).where(LessonSource.lesson_id.in_(batch))
        ids |= set(connection.scalars(cited))
    instant = now()
    for batch in _batches(ids):
        rows = [{"note_id": number, "created_at": instant} for number in batch]
        connection.execute(insert(IndexChange), rows)
    for batch in _batches(ids - fresh):
        step = update(Note).where(Note.id.in_(batch)).values(version=Note.version + 1)
        connection.execute(step)
        _step_loaded(session, batch)


def _step_loaded(session: Session, ids: Iterable[int]) -> None:
    for number in ids:
        note = session.identity_map.get(session.identity_key(Note, number))
        if note is not None and "version" in note.__dict__:
            set_committed_value(note, "version", note.version + 1)


def _remember_lessons_of_deleted(session: Session, _context: Any, _instances: Any) -> None:
    # The database drops these rows with the note, so after the flush nobody could tell.
    gone = [thing.id for thing in session.deleted if isinstance(thing, Note)]
    lessons: set[int] = session.info.setdefault(_ORPHANED, set())
    living: set[int] = session.info.setdefault(_OUTLIVING, set())
    for batch in _batches(gone):
        citing = select(LessonSource.lesson_id).where(LessonSource.note_id.in_(batch))
        lessons |= set(session.connection().scalars(citing))
        living |= lesson_lives.telling_of(session, notes=batch)


def _after_flush(session: Session, _context: Any) -> None:
    new = {thing.id for thing in session.new if isinstance(thing, Note)}
    ids: set[int] = session.info.pop(_ORPHANED, set())
    named: dict[type[Base], set[int]] = {}
    for thing in _changed(session):
        ids |= set(_notes_of(thing))
        for model, key in _names_of(thing, is_new=thing in session.new):
            named.setdefault(model, set()).add(key)
    for model, keys in named.items():
        ids |= _TOUCHED[model](session, keys)
    queue(session, ids - new, new=new)
    _step_linked(session)
    _step_lives(session, named)


def _step_linked(session: Session) -> None:
    """Let pages hear of links that changed, and of notes at either end of one."""
    bearing, named, changed = set[str](), set[str](), set[int]()
    came_or_went = session.new.union(session.deleted)
    for thing in _changed(session):
        if isinstance(thing, WikiLink):
            named |= set(_then_and_now(thing, "title_key"))
        elif isinstance(thing, Note) and (thing in came_or_went or _is_seen_elsewhere(thing)):
            bearing |= set(_then_and_now(thing, "title_key"))
            changed.add(thing.id)
    wiki_links.step_pages(session, bearing=bearing, named=named, changed=changed)


def _step_lives(session: Session, named: dict[type[Base], set[int]]) -> None:
    """Let pages hear of steps in lives of lessons, of what those steps name, and of who says
    their evidence in comments."""
    ids: set[int] = session.info.pop(_OUTLIVING, set())
    notes, comments = set[int](), set[int]()
    for thing in _changed(session):
        if isinstance(thing, LessonStep):
            ids |= {*_then_and_now(thing, "lesson_id"), *_then_and_now(thing, "other_id")}
        elif isinstance(thing, Note) and thing in session.dirty and _is_seen_elsewhere(thing):
            notes.add(thing.id)
        elif isinstance(thing, Comment) and thing in session.dirty:
            comments.add(thing.id)
    for batch in _batches(notes):
        ids |= lesson_lives.telling_of(session, notes=batch)
    for batch in _batches(named.get(Person, set())):
        ids |= lesson_lives.telling_of(session, people=batch)
        ids |= evidence.drawn_from(session, people=batch)
    for batch in _batches(comments):
        ids |= evidence.drawn_from(session, comments=batch)
    for batch in _batches(named.get(Organisation, set())):
        ids |= lesson_lives.telling_of(session, organisations=batch)
    page_steps.step(session, ids)


def _is_seen_elsewhere(note: Note) -> bool:
    attributes = inspect(note).attrs
    return any(attributes[name].history.has_changes() for name in SHOWN_ELSEWHERE)


def _changed(session: Session) -> Iterator[object]:
    yield from session.new
    yield from session.deleted
    for thing in session.dirty:
        if any(
            attribute.history.has_changes()
            for attribute in inspect(thing).attrs
            if not (isinstance(thing, Note) and attribute.key in UNHEARD)
        ):
            yield thing


def _notes_of(thing: object) -> Iterator[int]:
    if isinstance(thing, Note):
        yield thing.id
    elif isinstance(thing, LessonSource):
        yield from _then_and_now(thing, "lesson_id")
        yield from _then_and_now(thing, "note_id")
    elif isinstance(thing, (*_PARTS, Comment, Revision)):
        yield from _then_and_now(thing, "note_id")


def _names_of(thing: object, *, is_new: bool) -> Iterator[tuple[type[Base], int]]:
    """What is named in many notes: they must hear of this change. A new name is in none yet."""
    if isinstance(thing, Theme | Tag | Organisation | Person):
        if not is_new:
            yield type(thing), thing.id
    elif isinstance(thing, PersonAlias):
        yield from ((Person, key) for key in _then_and_now(thing, "person_id"))
    elif isinstance(thing, OrganisationAlias):
        yield from ((Organisation, key) for key in _then_and_now(thing, "organisation_id"))


def _then_and_now(thing: object, name: str) -> Iterator[Any]:
    history = inspect(thing).attrs[name].history
    values = {*(history.added or ()), *(history.unchanged or ()), *(history.deleted or ())}
    yield from (value for value in values if value is not None)


def _notes_with_themes(session: Session, ids: set[int]) -> set[int]:
    """Notes of these themes and of all beneath: a note's entry names the parents of its themes."""
    parents = session.connection().execute(select(Theme.id, Theme.parent_id)).all()
    wanted, grown = set(ids), True
    while grown:
        beneath = {child for child, parent in parents if parent in wanted} - wanted
        wanted |= beneath
        grown = bool(beneath)
    return _ids(session, select(NoteTheme.note_id), NoteTheme.theme_id, wanted)


def _notes_with_tags(session: Session, ids: set[int]) -> set[int]:
    return _ids(session, select(NoteTag.note_id), NoteTag.tag_id, ids)


def _notes_with_organisations(session: Session, ids: set[int]) -> set[int]:
    parts = _ids(session, select(NoteOrganisation.note_id), NoteOrganisation.organisation_id, ids)
    roles = _ids(session, select(RoleAssignment.note_id), RoleAssignment.organisation_id, ids)
    return parts | roles


def _notes_with_people(session: Session, ids: set[int]) -> set[int]:
    found: set[int] = set()
    for batch in _batches(ids):
        statement = union(
            select(NotePerson.note_id).where(NotePerson.person_id.in_(batch)),
            select(RoleAssignment.note_id).where(RoleAssignment.person_id.in_(batch)),
            select(Note.id).where(Note.author_id.in_(batch)),
            select(Comment.note_id).where(Comment.author_id.in_(batch)),
        )
        found |= set(session.connection().scalars(statement))
    return found


_TOUCHED: dict[type[Base], Touched] = {
    Theme: _notes_with_themes,
    Tag: _notes_with_tags,
    Organisation: _notes_with_organisations,
    Person: _notes_with_people,
}


def _ids(session: Session, statement: Any, column: Any, keys: set[int]) -> set[int]:
    found: set[int] = set()
    for batch in _batches(keys):
        found |= set(session.connection().scalars(statement.where(column.in_(batch))))
    return found


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
