"""A note as its page shows it: five statements, whatever it holds."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Row,
    Select,
    bindparam,
    cast,
    exists,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kms import carrying, comments, evidence, language, naming, recommendations
from kms.comments import CommentShown
from kms.errors import NotFound
from kms.evidence import SourceShown
from kms.history import with_sources_among
from kms.language import gettext as _
from kms.models import (
    Attachment,
    LessonSource,
    Note,
    NoteAttachment,
    NoteOrganisation,
    NotePerson,
    NotePlace,
    NoteTheme,
    Organisation,
    Person,
    Revision,
    RoleAssignment,
    Theme,
    WikiLink,
)
from kms.note_cards import NoteCard, theme_label, titles
from kms.note_kinds import NoteContent, PlaceNamed
from kms.note_lines import PAGE_VERSION, NoteLine
from kms.permissions import ACCOUNT, SeenAs, Viewer, seen_as, visible_as

AnyRow = Row[*tuple[Any, ...]]

NUMBER = bindparam("number", type_=Integer)
MOST_LINKING = 20


@dataclass(frozen=True)
class PersonNamed:
    """Someone to link to."""

    id: int
    name: str


@dataclass(frozen=True)
class OrganisationShown:
    """An organisation and its part in the note."""

    id: int
    name: str
    abbreviation: str
    part: str


@dataclass(frozen=True)
class RoleShown:
    """Who played a role in the note, and what they did that mattered."""

    role: str
    level: str
    place_code: str | None
    did: str
    person_id: int | None
    person_name: str
    organisation_id: int | None
    organisation_name: str


@dataclass(frozen=True)
class Drawn:
    """A passage of this note, or of a comment on it, that a lesson was drawn from.

    ``row`` numbers the piece of evidence, for addresses that lead to it.
    """

    row: int
    lesson: int
    title: str
    passage: str
    comment: int | None


@dataclass(frozen=True)
class FileOfNote:
    """A file that hangs on the note, with the words under it."""

    key: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    caption: str


@dataclass(frozen=True)
class NoteView:
    """Everything a note page shows, for one viewer.

    ``linked_people`` leads from the names of chair and attendees, as written, to people.
    ``content`` holds only source passages and lessons used this viewer may see, action items
    without the hidden notes they were carried from, and the key of a briefing for the owner only;
    the titles of these lessons stand in ``lessons_used``, and in ``carried`` by the positions of
    its action items the later notes that carry them over; to revise a note start from
    ``notes.content_of``. ``missing`` are keys of titles it links to that nothing this viewer may
    see bears. ``linking`` are notes that link here, newest first; one more than MOST_LINKING tells
    that there are others.
    """

    number: int
    kind: str
    title: str
    body: str
    content: NoteContent
    held_from: date | None
    held_to: date | None
    held_as_written: str
    visibility: str
    revision: int
    version: int
    reads: int
    comment_count: int
    created_at: datetime
    revised_at: datetime
    author: PersonNamed | None
    owner_id: int | None
    url: str
    licence: str
    source: str | None
    source_id: str | None
    places: tuple[PlaceNamed, ...]
    themes: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    organisations: tuple[OrganisationShown, ...]
    roles: tuple[RoleShown, ...]
    linked_people: dict[str, int]
    sources: tuple[SourceShown, ...]
    lessons: tuple[NoteCard, ...]
    drawn: tuple[Drawn, ...]
    lessons_used: dict[int, str]
    carried: dict[int, int]
    recommendations: tuple[recommendations.Shown, ...]
    comments: tuple[CommentShown, ...]
    missing: frozenset[str] = frozenset()
    linking: tuple[NoteLine, ...] = ()
    beside: tuple[NoteLine, ...] = ()
    files: tuple[FileOfNote, ...] = ()


def stamp(session: Session, number: int, *, seen_by: Viewer) -> tuple[int, str]:
    """Version and visibility of a note, to tell whether a kept page still holds; or NotFound."""
    given = {"number": naming.require_row_id(number), ACCOUNT: seen_by.account_id}
    row = session.execute(_stamp(seen_as(seen_by)), given).one_or_none()
    if row is None:
        raise _not_found()
    return row.version, row.visibility


def view(session: Session, number: int, *, seen_by: Viewer, beside: Sequence[int] = ()) -> NoteView:
    """The note with all that stands on its page; NotFound alike for absent and hidden.

    ``beside`` are other notes to name there; those the viewer may see are, in that order.
    """
    given = {"number": naming.require_row_id(number), ACCOUNT: seen_by.account_id}
    kept = _statements(seen_as(seen_by), language.current())
    row = session.execute(kept.note, given).one_or_none()
    if row is None:
        raise _not_found()
    labels = session.execute(kept.labels, given).all()
    linked = session.execute(kept.linked, {**given, "beside": beside}).all()
    played = session.execute(kept.roles, given).all()
    content, sources, lessons_used = _citing(session, row, seen_by)
    content = replace(content, themes=tuple(one.a for one in labels if _is(one, "theme", number)))
    return NoteView(
        number=row.id,
        kind=row.kind,
        title=row.title,
        body=content.body,
        content=content,
        held_from=row.held_from,
        held_to=row.held_to,
        held_as_written=content.held_as_written,
        visibility=row.visibility,
        revision=row.revision,
        version=row.version,
        reads=row.reads,
        comment_count=row.comment_count,
        created_at=row.created_at,
        revised_at=row.revised_at,
        author=PersonNamed(row.author_id, row.author_name) if row.author_id else None,
        owner_id=row.owner_id,
        url=content.url,
        licence=content.licence,
        source=row.source,
        source_id=row.source_id,
        places=content.places,
        themes=tuple((one.a, one.b) for one in labels if _is(one, "theme", number)),
        tags=content.tags,
        organisations=_organisations(labels),
        roles=tuple(_role(one) for one in played),
        linked_people={one.a: one.other_id for one in labels if one.what == "person"},
        sources=sources,
        lessons=_lessons(linked, labels),
        drawn=_drawn(linked),
        lessons_used=lessons_used,
        carried=carrying.of_note(session, number, seen_by=seen_by) if content.actions else {},
        recommendations=(
            recommendations.of_note(session, number, seen_by=seen_by) if row.is_asking else ()
        ),
        comments=comments.threads(session, number, seen_by=seen_by),
        missing=frozenset(one.a for one in labels if one.what == "missing"),
        linking=tuple(_line(one) for one in reversed(linked) if one.way == "linking"),
        beside=_beside(linked, beside),
        files=_files(session, number) if content.attachments else (),
    )


def _organisations(labels: Sequence[AnyRow]) -> tuple[OrganisationShown, ...]:
    groups = (one for one in labels if one.what == "organisation")
    return tuple(OrganisationShown(one.other_id, one.a, one.b, one.c) for one in groups)


def _citing(
    session: Session, row: AnyRow, seen_by: Viewer
) -> tuple[NoteContent, tuple[SourceShown, ...], dict[int, str]]:
    """The content with only what it may cite before this viewer: the passages of a lesson, and
    the lessons used by a review with their titles; its briefing before its owner alone."""
    content = NoteContent.from_json(row.content)
    is_own = seen_by.account_id is not None and seen_by.account_id == row.owner_id
    if content.review and not is_own:
        content = replace(content, review=replace(content.review, briefing=""))
    if content.lesson is None:
        used = [one.lesson for one in content.review.used] if content.review else []
        earlier = {one.carried_from for one in content.actions if one.carried_from}
        named = titles(session, {*used, *earlier}, seen_by=seen_by)
        content = _not_carried_from(with_sources_among(content, set(named)), earlier - named.keys())
        return content, (), {number: named[number] for number in used if number in named}
    shown = evidence.shown(session, row.id, seen_by=seen_by)
    keys = {(one.number, one.passage, one.comment) for one in shown}
    kept = tuple(one for one in content.lesson.sources if evidence.key_of(one) in keys)
    return replace(content, lesson=replace(content.lesson, sources=kept)), shown, {}


def _not_carried_from(content: NoteContent, hidden: Set[int]) -> NoteContent:
    """The content with action items that do not tell from which hidden note they were carried."""
    if not hidden:
        return content
    return content.with_actions(
        tuple(
            replace(one, carried_from=None, carried_key="") if one.carried_from in hidden else one
            for one in content.actions
        )
    )


# --- the statements ------------------------------------------------------------------------------
#
# Made once for each way of seeing and each language, since making one takes longer than running it.


@dataclass(frozen=True)
class _Statements:
    """They take ``number`` and the viewer's ACCOUNT."""

    note: Select[*tuple[Any, ...]]
    labels: CompoundSelect[*tuple[Any, ...]]
    linked: CompoundSelect[*tuple[Any, ...]]
    roles: Select[*tuple[Any, ...]]


@cache
def _statements(way: SeenAs, _language: str) -> _Statements:
    seen = visible_as(way)
    return _Statements(_note(seen), _labels(seen), _linked_notes(seen), _roles())


@cache
def _stamp(way: SeenAs) -> Select[int, str]:
    return select(PAGE_VERSION, Note.visibility).where(Note.id == NUMBER, visible_as(way))


def _note(seen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Note.id,
            Note.kind,
            Note.title,
            Note.held_from,
            Note.held_to,
            Note.visibility,
            Note.revision,
            PAGE_VERSION,
            Note.reads,
            Note.comment_count,
            Note.created_at,
            Note.revised_at,
            Note.owner_id,
            Note.source,
            Note.source_id,
            Note.author_id,
            Person.name.label("author_name"),
            recommendations.is_asking().label("is_asking"),
            Revision.content,
        )
        .join(Revision, (Revision.note_id == Note.id) & (Revision.number == Note.revision))
        .outerjoin(Person, Person.id == Note.author_id)
        .where(Note.id == NUMBER, seen)
    )


def _labels(seen: ColumnElement[bool]) -> CompoundSelect[*tuple[Any, ...]]:
    """Themes, organisations and people of the note, and themes and places of its lessons.

    ``what`` says which; ``a``, ``b`` and ``c`` are slug and label of a theme; name, abbreviation
    and part of an organisation; name as written of a person; code of a place; key of a title
    that the note links to and nothing seen bears.
    """
    lessons = (
        select(LessonSource.lesson_id)
        .join(Note, Note.id == LessonSource.lesson_id)
        .where(LessonSource.note_id == NUMBER, seen)
    )
    nothing = literal("")
    themes = (
        select(
            literal("theme").label("what"),
            NoteTheme.note_id,
            Theme.id.label("other_id"),
            Theme.slug.label("a"),
            theme_label().label("b"),
            nothing.label("c"),
            NoteTheme.position,
        )
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .where(or_(NoteTheme.note_id == NUMBER, NoteTheme.note_id.in_(lessons)))
    )
    places = select(
        literal("place"),
        NotePlace.note_id,
        NotePlace.id,
        NotePlace.place_code,
        nothing,
        nothing,
        NotePlace.position,
    ).where(NotePlace.note_id.in_(lessons))
    organisations = (
        select(
            literal("organisation"),
            NoteOrganisation.note_id,
            Organisation.id,
            Organisation.name,
            Organisation.abbreviation,
            NoteOrganisation.part,
            NoteOrganisation.position,
        )
        .join(Organisation, Organisation.id == NoteOrganisation.organisation_id)
        .where(NoteOrganisation.note_id == NUMBER)
    )
    people = select(
        literal("person"),
        NotePerson.note_id,
        NotePerson.person_id,
        NotePerson.as_written,
        nothing,
        nothing,
        NotePerson.id,
    ).where(NotePerson.note_id == NUMBER)
    return union_all(themes, places, organisations, people, _missing(seen)).order_by("position")


def _missing(seen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    nothing = literal("")
    return select(
        literal("missing"),
        WikiLink.note_id,
        WikiLink.position,
        WikiLink.title_key,
        nothing,
        nothing,
        WikiLink.position,
    ).where(WikiLink.note_id == NUMBER, ~exists().where(Note.title_key == WikiLink.title_key, seen))


def _roles() -> Select[*tuple[Any, ...]]:
    return (
        select(
            RoleAssignment.role,
            RoleAssignment.level,
            RoleAssignment.place_code,
            RoleAssignment.did,
            RoleAssignment.person_id,
            Person.name.label("person_name"),
            RoleAssignment.organisation_id,
            Organisation.name.label("organisation_name"),
        )
        .outerjoin(Person, Person.id == RoleAssignment.person_id)
        .outerjoin(Organisation, Organisation.id == RoleAssignment.organisation_id)
        .where(RoleAssignment.note_id == NUMBER)
        .order_by(RoleAssignment.position)
    )


def _linked_notes(seen: ColumnElement[bool]) -> CompoundSelect[*tuple[Any, ...]]:
    """The lessons drawn from this note, the notes that link to its title and the notes beside it.

    ``way`` says which; of the last two ``revision`` is the version.
    """
    lessons = _lessons_drawn(seen)
    beside = _plain("beside").where(Note.id.in_(bindparam("beside", expanding=True)), seen)
    own = aliased(Note)
    title = select(own.title_key).where(own.id == NUMBER).scalar_subquery()
    linking = (
        _plain("linking")
        .join(WikiLink, WikiLink.note_id == Note.id)
        .where(WikiLink.title_key == title, Note.id != NUMBER, seen)
        .order_by(Note.id.desc())
        .limit(MOST_LINKING + 1)
        .subquery()
    )
    return union_all(lessons, beside, select(linking)).order_by("position", "number")


def _plain(way: str) -> Select[*tuple[Any, ...]]:
    """Notes in the columns that ``_lessons_drawn`` gives."""
    return select(
        literal(way).label("way"),
        Note.id.label("number"),
        Note.kind,
        Note.title,
        Note.held_from,
        Note.held_to,
        Note.visibility,
        Note.lead,
        literal("").label("author_name"),
        literal("").label("passage"),
        PAGE_VERSION.label("revision"),
        literal(0).label("position"),
        cast(null(), Integer).label("comment"),
        literal(0).label("row"),
    )


def _lessons_drawn(seen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            literal("lesson").label("way"),
            Note.id.label("number"),
            Note.kind,
            Note.title,
            Note.held_from,
            Note.held_to,
            Note.visibility,
            Note.lead,
            Person.name.label("author_name"),
            LessonSource.passage,
            LessonSource.revision,
            LessonSource.position,
            LessonSource.comment_id.label("comment"),
            LessonSource.id.label("row"),
        )
        .join(LessonSource, LessonSource.lesson_id == Note.id)
        .outerjoin(Person, Person.id == Note.author_id)
        .where(LessonSource.note_id == NUMBER, seen)
    )


# --- from rows to what is shown ------------------------------------------------------------------


def _is(label: AnyRow, what: str, number: int) -> bool:
    return bool(label.what == what and label.note_id == number)


def _role(row: AnyRow) -> RoleShown:
    return RoleShown(
        role=row.role,
        level=row.level,
        place_code=row.place_code,
        did=row.did,
        person_id=row.person_id,
        person_name=row.person_name or "",
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name or "",
    )


def _lessons(linked: Sequence[AnyRow], labels: Sequence[AnyRow]) -> tuple[NoteCard, ...]:
    cards = {
        one.number: NoteCard(
            number=one.number,
            kind=one.kind,
            title=one.title,
            held_from=one.held_from,
            held_to=one.held_to,
            visibility=one.visibility,
            author_name=one.author_name or "",
            lead=one.lead,
            place_codes=tuple(row.a for row in labels if _is(row, "place", one.number)),
            theme_labels=tuple(row.b for row in labels if _is(row, "theme", one.number)),
        )
        for one in linked
        if one.way == "lesson"
    }
    return tuple(cards.values())


def _drawn(linked: Sequence[AnyRow]) -> tuple[Drawn, ...]:
    lessons = (one for one in linked if one.way == "lesson" and one.passage)
    return tuple(Drawn(one.row, one.number, one.title, one.passage, one.comment) for one in lessons)


def _files(session: Session, number: int) -> tuple[FileOfNote, ...]:
    rows = session.execute(_FILES, {"number": number})
    return tuple(FileOfNote(*row) for row in rows)


_FILES = (
    select(
        Attachment.key,
        Attachment.name,
        Attachment.media_type,
        Attachment.size,
        Attachment.width,
        Attachment.height,
        NoteAttachment.caption,
    )
    .join(NoteAttachment, NoteAttachment.attachment_id == Attachment.id)
    .where(NoteAttachment.note_id == NUMBER)
    .order_by(NoteAttachment.position)
)


def _beside(linked: Sequence[AnyRow], numbers: Sequence[int]) -> tuple[NoteLine, ...]:
    found = {one.number: _line(one) for one in linked if one.way == "beside"}
    return tuple(found[number] for number in numbers if number in found)


def _line(row: AnyRow) -> NoteLine:
    return NoteLine(row.number, row.revision, row.kind, row.title, row.held_from, row.held_to)


def _not_found() -> NotFound:
    return NotFound(_("ไม่พบบันทึกนี้ อาจถูกลบไปแล้ว หรือเป็นบันทึกที่คุณยังไม่มีสิทธิ์อ่าน"))
