"""Notes as index documents, read many at a time with the same few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, Select, literal, select, union_all
from sqlalchemy.orm import Session

from kms import gazetteer, note_text, roles, themes
from kms.markup import to_plain
from kms.models import (
    Attachment,
    Comment,
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
    RoleAssignment,
    Tag,
    Theme,
)
from kms.note_kinds import NoteContent

LONGEST_SPAN_YEARS = 60
# Of all the files of one note together.
LONGEST_FILES = 400_000


@dataclass
class Document:
    """What the index keeps of one note. ``title``, ``text`` and ``about`` are for people.

    ``about`` holds names the note is filed under (places, people, themes…), which count less
    than its own words. ``values`` are the fields to narrow by.
    """

    number: int
    version: int
    title: str
    text: str
    about: str
    values: dict[str, tuple[str, ...]]
    from_day: int = 0
    to_day: int = 0
    made: int = 0
    places: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


@dataclass
class _Around:
    """What other tables say of one note."""

    places: list[str] = field(default_factory=list)
    villages: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    organisations: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def read(session: Session, note_ids: Sequence[int]) -> list[Document]:
    """The documents of these notes in rising order; a deleted note has none. Nine statements."""
    notes = session.execute(
        select(
            Note.id,
            Note.kind,
            Note.title,
            Note.body,
            Note.content,
            Note.visibility,
            Note.owner_id,
            Note.held_from,
            Note.held_to,
            Note.created_at,
            Note.version,
            Note.author_id,
            Person.name.label("author"),
        )
        .outerjoin(Person, Person.id == Note.author_id)
        .where(Note.id.in_(note_ids))
        .order_by(Note.id)
    ).all()
    around = {note.id: _Around() for note in notes}
    _add_places_and_tags(session, around)
    _add_themes(session, around)
    _add_roles(session, around)
    _add_names(session, around)
    _add_comments(session, around)
    _add_files(session, around)
    tree = themes.load(session)
    return [_document(note, around[note.id], tree) for note in notes]


def _add_places_and_tags(session: Session, around: dict[int, _Around]) -> None:
    places = select(NotePlace.note_id, NotePlace.place_code, NotePlace.village)
    ordered = places.where(NotePlace.note_id.in_(around)).order_by(NotePlace.position)
    for number, code, village in session.execute(ordered):
        around[number].places.append(code)
        around[number].villages.append(village)
    tags = select(NoteTag.note_id, Tag.key, Tag.name).join(Tag, Tag.id == NoteTag.tag_id)
    for number, key, name in session.execute(tags.where(NoteTag.note_id.in_(around))):
        around[number].tags.append((key, name))


def _add_themes(session: Session, around: dict[int, _Around]) -> None:
    statement = (
        select(NoteTheme.note_id, Theme.slug)
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .where(NoteTheme.note_id.in_(around))
        .order_by(NoteTheme.position)
    )
    for number, slug in session.execute(statement):
        around[number].themes.append(slug)


def _add_roles(session: Session, around: dict[int, _Around]) -> None:
    statement = (
        select(
            RoleAssignment.note_id,
            RoleAssignment.role,
            RoleAssignment.did,
            RoleAssignment.person_id,
            RoleAssignment.organisation_id,
            Person.name.label("person"),
            Person.nickname,
            Organisation.name.label("organisation"),
            Organisation.abbreviation,
        )
        .outerjoin(Person, Person.id == RoleAssignment.person_id)
        .outerjoin(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .where(RoleAssignment.note_id.in_(around))
        .order_by(RoleAssignment.position)
    )
    for one in session.execute(statement):
        note = around[one.note_id]
        note.roles.append(one.role)
        note.said.append(one.did)
        note.people += [one.person_id] if one.person_id else []
        note.organisations += [one.organisation_id] if one.organisation_id else []
        note.names += [one.person, one.nickname, one.organisation, one.abbreviation]


def _add_names(session: Session, around: dict[int, _Around]) -> None:
    """People and organisations that take part, and every other name of theirs."""
    branches = (
        _named(NotePerson.note_id, Person, Person.id == NotePerson.person_id),
        _named(
            NoteOrganisation.note_id,
            Organisation,
            Organisation.id == NoteOrganisation.organisation_id,
        ),
        _named(NotePerson.note_id, PersonAlias, PersonAlias.person_id == NotePerson.person_id),
        _named(
            RoleAssignment.note_id, PersonAlias, PersonAlias.person_id == RoleAssignment.person_id
        ),
        _named(
            NoteOrganisation.note_id,
            OrganisationAlias,
            OrganisationAlias.organisation_id == NoteOrganisation.organisation_id,
        ),
        _named(
            RoleAssignment.note_id,
            OrganisationAlias,
            OrganisationAlias.organisation_id == RoleAssignment.organisation_id,
        ),
    )
    chosen = [branch.where(branch.selected_columns[0].in_(around)) for branch in branches]
    for number, what, key, name, other in session.execute(union_all(*chosen)):
        note = around[number]
        note.names += [name, other]
        if what == "person":
            note.people.append(key)
        elif what == "organisation":
            note.organisations.append(key)


def _named(note_id: Any, model: Any, on: Any) -> Select[Any]:
    other: Any = literal("")
    if model is Person:
        other = Person.nickname
    elif model is Organisation:
        other = Organisation.abbreviation
    what = literal(model.__tablename__)
    return select(note_id, what, model.id, model.name, other).join(model, on)


def _add_comments(session: Session, around: dict[int, _Around]) -> None:
    statement = (
        select(Comment.note_id, Comment.body)
        .where(Comment.note_id.in_(around), Comment.hidden_at.is_(None))
        .order_by(Comment.id)
    )
    for number, body in session.execute(statement):
        around[number].comments.append(body)


def _add_files(session: Session, around: dict[int, _Around]) -> None:
    """Names and captions of the files of a note, then what its documents say."""
    statement = (
        select(NoteAttachment.note_id, NoteAttachment.caption, Attachment.name, Attachment.text)
        .join(Attachment, Attachment.id == NoteAttachment.attachment_id)
        .where(NoteAttachment.note_id.in_(around))
        .order_by(NoteAttachment.note_id, NoteAttachment.position)
    )
    for number, files in groupby(session.execute(statement), key=itemgetter(0)):
        rows = list(files)
        around[number].files += [words for row in rows for words in (row.caption, row.name)]
        left = LONGEST_FILES
        for row in rows:
            around[number].files.append(row.text[:left])
            left -= len(row.text[:left])


def _document(note: Row[Any], around: _Around, tree: themes.Tree) -> Document:
    people = {*around.people, *([note.author_id] if note.author_id else [])}
    first, last = note.held_from, note.held_to or note.held_from
    slugs = {up.slug for slug in around.themes for up in tree.path(slug)}
    codes = {code[:width] for code in around.places for width in (2, 4, 6) if len(code) >= width}
    values = {
        "kind": (note.kind,),
        "audience": (_audience(note),),
        "place": tuple(sorted(codes)),
        "theme": tuple(sorted(slugs)),
        "role": tuple(sorted(set(around.roles))),
        "person": tuple(str(key) for key in sorted(people)),
        "organisation": tuple(str(key) for key in sorted(set(around.organisations))),
        "tag": tuple(sorted({key for key, _ in around.tags})),
        "year": tuple(map(str, _years(first, last))),
    }
    return Document(
        number=note.id,
        version=note.version,
        title=" ".join(note.title.split()),
        text=_lines([*_words(note), *around.said, *map(to_plain, around.comments), *around.files]),
        about=_lines(_about(note, around, tree)),
        values=values,
        from_day=first.toordinal() if first else 0,
        to_day=last.toordinal() if last else 0,
        made=int(note.created_at.timestamp()),
        places=tuple(dict.fromkeys(around.places)),
        themes=tuple(dict.fromkeys(around.themes)),
    )


def _audience(note: Row[Any]) -> str:
    return f"account-{note.owner_id}" if note.visibility == "draft" else str(note.visibility)


def _years(first: date | None, last: date | None) -> range:
    if first is None or last is None:
        return range(0)
    return range(first.year, min(last.year, first.year + LONGEST_SPAN_YEARS) + 1)


def _words(note: Row[Any]) -> list[str]:
    # Not the passages a lesson quotes: who may see the lesson may not see every source.
    kept = {name: (note.content or {}).get(name) for name in ("review", "meeting", "lesson")}
    content = NoteContent.from_json(
        {"kind": note.kind, "title": "", "body": note.body, **{k: v for k, v in kept.items() if v}}
    )
    words = [to_plain(part) for part in note_text.passages(content)]
    if content.meeting:
        meeting = content.meeting
        words += [meeting.venue, meeting.chair, meeting.next_venue]
        words += [f"{one.name} {one.organisation}" for one in meeting.attendees]
        words += [f"{line.organisation} {line.note}" for line in meeting.budget]
    words += [action.owner for action in content.actions]
    return words


def _about(note: Row[Any], around: _Around, tree: themes.Tree) -> Iterable[str]:
    for code in around.places:
        yield " ".join(place.name for place in gazetteer.line(code))
    yield from around.villages
    for slug in around.themes:
        for node in tree.path(slug):
            yield f"{node.name} {node.name_en}"
    yield from (name for _, name in around.tags)
    yield from (roles.ROLES[role].name_th for role in around.roles)
    yield from around.names
    yield note.author or ""


def _lines(parts: Iterable[str | None]) -> str:
    """Parts one under another; no blank lines, no line said twice in a row, plain spaces."""
    lines = (
        " ".join(line.split(" ")).strip() for part in parts for line in (part or "").splitlines()
    )
    return "\n".join(dict.fromkeys(filter(None, lines)))
