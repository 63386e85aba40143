"""What a note names: its places, themes, people and the rest, found or made."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import attachments, naming, organisations, people, tags, themes, wiki_links
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import (
    LessonSource,
    Note,
    NoteAttachment,
    NoteOrganisation,
    NotePerson,
    NotePlace,
    NoteTag,
    NoteTheme,
    RoleAssignment,
    WikiLink,
)
from kms.note_kinds import NoteContent, RolePlayed
from kms.permissions import Viewer, visible_to


@dataclass
class Links:
    """The rows for what a content names, not yet in the session; ``content`` is as it is kept."""

    content: NoteContent
    author_id: int | None = None
    places: list[NotePlace] = field(default_factory=list)
    themes: list[NoteTheme] = field(default_factory=list)
    tags: list[NoteTag] = field(default_factory=list)
    organisations: list[NoteOrganisation] = field(default_factory=list)
    roles: list[RoleAssignment] = field(default_factory=list)
    people: list[NotePerson] = field(default_factory=list)
    sources: list[LessonSource] = field(default_factory=list)
    wiki_links: list[WikiLink] = field(default_factory=list)
    attachments: list[NoteAttachment] = field(default_factory=list)


def find(
    session: Session,
    content: NoteContent,
    by: Viewer,
    *,
    note: Note | None = None,
    before: NoteContent | None = None,
) -> Links:
    """Find or make everything that the content names; its themes become slugs."""
    known_themes = themes.resolve(session, content.themes)
    links = Links(replace(content, themes=tuple(theme.slug for theme in known_themes)))
    links.themes = [NoteTheme(theme_id=theme.id) for theme in known_themes]
    links.tags = [NoteTag(tag_id=tag.id) for tag in tags.resolve(session, content.tags)]
    links.places = [
        NotePlace(place_code=place.code, village=place.village) for place in content.places
    ]
    groups = _organisation_ids(session, content)
    unchanged = before is not None and people.key(content.author) == people.key(before.author)
    credited = [] if unchanged else [content.author]
    persons = _person_ids(session, [*credited, *(role.person for role in content.roles)], by)
    links.organisations = [
        NoteOrganisation(organisation_id=groups[part.name], part=part.part)
        for part in content.organisations
    ]
    links.roles = [_role(role, persons, groups) for role in content.roles]
    # A name left as it was stays the same person, whoever revises.
    links.author_id = note.author_id if note and unchanged else persons.get(content.author)
    links.people = _participants(session, content)
    links.sources = _sources(session, content, by, note)
    links.attachments = _attachments(session, content, by, note)
    links.wiki_links = [WikiLink(title_key=key) for key in wiki_links.keys_in(content)]
    return links


def _organisation_ids(session: Session, content: NoteContent) -> dict[str, int]:
    """Name as written → id, of organisations with a part or in a role."""
    parts = [part.name for part in content.organisations]
    found = organisations.resolve(session, [*parts, *(one.organisation for one in content.roles)])
    return {name: organisation.id for name, organisation in found.items()}


def _role(role: RolePlayed, persons: dict[str, int], groups: dict[str, int]) -> RoleAssignment:
    return RoleAssignment(
        role=role.role,
        person_id=persons.get(role.person),
        organisation_id=groups.get(role.organisation),
        level=role.level,
        place_code=role.place_code or None,
        did=role.did,
    )


def _person_ids(session: Session, names: Iterable[str], by: Viewer) -> dict[str, int]:
    """Name as written → id; the writer's own name is the writer, not a namesake."""
    given = set(names)
    own = people.key(by.name) if by.person_id is not None else ""
    mine = {name for name in given if own and people.key(name) == own}
    found = people.resolve(session, sorted(given - mine))
    ids = {name: person.id for name, person in found.items()}
    return ids | {name: by.person_id for name in mine if by.person_id is not None}


def _participants(session: Session, content: NoteContent) -> list[NotePerson]:
    """Those of the meeting whom we know already; a list of names makes nobody."""
    if content.meeting is None:
        return []
    chair = content.meeting.chair
    present = [one.name for one in content.meeting.attendees if one.name and one.present]
    known = people.known(session, [chair, *present])
    parts = [("chair", chair), *(("attendee", name) for name in present)]
    rows = {
        (known[name].id, part): NotePerson(person_id=known[name].id, part=part, as_written=name)
        for part, name in reversed(parts)
        if name in known
    }
    return list(reversed(rows.values()))


def _sources(
    session: Session, content: NoteContent, by: Viewer, note: Note | None
) -> list[LessonSource]:
    """The passages a lesson was drawn from, each with the revision that said it.

    Raises Invalid for a note that the writer may not see; one linked before may stay.
    """
    if content.lesson is None or not content.lesson.sources:
        return []
    linked = {(one.note_id, one.passage): one.revision for one in note.sources} if note else {}
    numbers = [one.note for one in content.lesson.sources if 0 < one.note <= naming.LARGEST_ID]
    seen = select(Note.id, Note.revision).where(Note.id.in_(numbers), visible_to(by))
    revisions = dict(session.execute(seen).all())
    rows: dict[tuple[int, str], LessonSource] = {}
    for index, source in enumerate(content.lesson.sources):
        name = (source.note, source.passage)
        revision = linked.get(name, revisions.get(source.note))
        if revision is None or (note is not None and source.note == note.id):
            sentence = _("ไม่พบบันทึกต้นทางนี้ ตรวจเลขบันทึกอีกครั้ง")
            raise Invalid(sentence, {f"sources-{index}-note": sentence})
        rows[name] = LessonSource(note_id=source.note, passage=source.passage, revision=revision)
    return list(rows.values())


def _attachments(
    session: Session, content: NoteContent, by: Viewer, note: Note | None
) -> list[NoteAttachment]:
    """The files of the note; raises Invalid for one that this writer may not put there."""
    keys = [one.key for one in content.attachments]
    ids = attachments.linkable(session, keys, by=by, note=note)
    strange = {
        f"attachments-{index}-key": attachments.not_found().message
        for index, key in enumerate(keys)
        if key not in ids
    }
    if strange:
        raise Invalid(attachments.not_found().message, strange)
    return [
        NoteAttachment(attachment_id=ids[one.key], caption=one.caption)
        for one in content.attachments
    ]
