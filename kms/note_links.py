"""What a note names: its places, themes, people and the rest, found or made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import attachments, evidence, naming, organisations, people, tags, themes, wiki_links
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import (
    LessonSource,
    Note,
    NoteAction,
    NoteAttachment,
    NoteOrganisation,
    NotePerson,
    NotePlace,
    NoteTag,
    NoteTheme,
    OrganisationAlias,
    Person,
    RoleAssignment,
    WikiLink,
)
from kms.note_kinds import ActionItem, Kind, NoteContent, RolePlayed
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
    actions: list[NoteAction] = field(default_factory=list)
    wiki_links: list[WikiLink] = field(default_factory=list)
    attachments: list[NoteAttachment] = field(default_factory=list)


@dataclass(frozen=True)
class Meant:
    """Whom the names of a note mean before it is revised: id by the key of the name.

    A name keeps its meaning, whoever revises. Where the same name was taken for several people,
    each part of the note keeps its own: who plays a role, took part, or has something to do
    (``groups`` are the organisations that do).
    """

    players: Mapping[str, int] = field(default_factory=dict)
    present: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)


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
    meant = _meant(session, note, before) if note and before else Meant()
    unchanged = before is not None and people.key(content.author) == people.key(before.author)
    credited = [] if unchanged else [content.author]
    named = [*credited, *(role.person for role in content.roles)]
    persons = _person_ids(session, named, by, meant.players, people.resolve)
    links.organisations = [
        NoteOrganisation(organisation_id=groups[part.name], part=part.part)
        for part in content.organisations
    ]
    links.roles = [_role(role, persons, groups) for role in content.roles]
    links.author_id = note.author_id if note and unchanged else persons.get(content.author)
    links.people = _participants(session, content, by, meant)
    links.content, links.sources = _with_evidence(session, links.content, by, note, before)
    _require_lessons(session, content, by, before)
    links.content = _carried(session, links.content, by, before)
    links.actions = _actions(session, links.content.actions, by, meant)
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


def _meant(session: Session, note: Note, before: NoteContent) -> Meant:
    author = {people.key(before.author): note.author_id} if note.author_id else {}
    ids = {row.person_id for row in note.roles if row.person_id}
    # The row of a role keeps no name: it is the one of these people who goes by it.
    found = people.known(session, [one.person for one in before.roles], among=ids) if ids else {}
    players = {people.key(name): person.id for name, person in found.items()}
    present = {people.key(row.as_written): row.person_id for row in note.people}
    owned = [(people.key(row.owner), row) for row in note.actions]
    owners = {key: row.owner_id for key, row in owned if row.owner_id}
    every = {**owners, **present, **players, **author}
    return Meant(
        players={**every, **players},
        present={**every, **present},
        owners={**every, **owners},
        groups={key: row.organisation_id for key, row in owned if row.organisation_id},
    )


def _person_ids(
    session: Session,
    names: Iterable[str],
    by: Viewer,
    meant: Mapping[str, int],
    find: Callable[[Session, Iterable[str]], Mapping[str, Person]],
) -> dict[str, int]:
    """Name as written → id: whom the note ``meant`` by it, else the writer by their own name,
    not a namesake, else whom ``find`` answers."""
    own = {people.key(by.name): by.person_id} if by.person_id is not None else {}
    sure = {**own, **meant}
    keys = {name: people.key(name) for name in names}
    ids = {name: sure[key] for name, key in keys.items() if key and key in sure}
    found = find(session, sorted(keys.keys() - ids.keys()))
    return ids | {name: person.id for name, person in found.items()}


def _participants(
    session: Session, content: NoteContent, by: Viewer, meant: Meant
) -> list[NotePerson]:
    """Those of the meeting whom we know already; a list of names makes nobody."""
    if content.meeting is None:
        return []
    chair = content.meeting.chair
    present = [one.name for one in content.meeting.attendees if one.name and one.present]
    known = _person_ids(session, [chair, *present], by, meant.present, people.known)
    parts = [("chair", chair), *(("attendee", name) for name in present)]
    rows = {
        (known[name], part): NotePerson(person_id=known[name], part=part, as_written=name)
        for part, name in reversed(parts)
        if name in known
    }
    return list(reversed(rows.values()))


def _with_evidence(
    session: Session,
    content: NoteContent,
    by: Viewer,
    note: Note | None,
    before: NoteContent | None,
) -> tuple[NoteContent, list[LessonSource]]:
    """The content whose passages name what said them, and their rows; raises Invalid."""
    if content.lesson is None or not content.lesson.sources:
        return content, []
    there = before.lesson.sources if before and before.lesson else ()
    sources, rows = evidence.resolve(
        session, content.lesson.sources, by=by, note=note, before=there
    )
    return replace(content, lesson=replace(content.lesson, sources=sources)), rows


def _require_lessons(
    session: Session, content: NoteContent, by: Viewer, before: NoteContent | None
) -> None:
    """Raise Invalid for a lesson said to be used that the writer may not see, or that is none;
    one said before may stay."""
    there = before.review.used if before and before.review else ()
    used = content.review.used if content.review else ()
    said = {one.lesson for one in there}
    wanted = [one.lesson for one in used if 0 < one.lesson <= naming.LARGEST_ID]
    is_lesson = Note.kind == Kind.LESSON.value
    seen = set(said)
    if wanted:
        seen |= set(
            session.scalars(select(Note.id).where(Note.id.in_(wanted), is_lesson, visible_to(by)))
        )
    sentence = _("ไม่พบบทเรียนนี้ ใส่เลขบทเรียน ที่อยู่ของหน้า หรือชื่อเรื่องให้ตรง")
    for index, one in enumerate(used):
        if one.lesson not in seen:
            raise Invalid(sentence, {f"used-{index}-lesson": sentence})


def _carried(
    session: Session, content: NoteContent, by: Viewer, before: NoteContent | None
) -> NoteContent:
    """The content whose items go on only from notes that the writer may see, or did before."""
    if not any(one.carried_from or one.carried_key for one in content.actions):
        return content
    numbers = {one.carried_from for one in content.actions if one.carried_from}
    kept = {one.carried_from for one in before.actions if one.carried_from} if before else set()
    possible = [one for one in numbers if 0 < one <= naming.LARGEST_ID]
    kept |= set(session.scalars(select(Note.id).where(Note.id.in_(possible), visible_to(by))))
    actions = tuple(
        one if one.carried_from in kept else replace(one, carried_from=None, carried_key="")
        for one in content.actions
    )
    return content.with_actions(actions)


def _actions(
    session: Session, items: Sequence[ActionItem], by: Viewer, meant: Meant
) -> list[NoteAction]:
    """A row for each item, with whom of those known its owner means; a name makes nobody."""
    names = {one.owner for one in items if one.owner}
    groups = {
        name: meant.groups[key] for name in names if (key := people.key(name)) in meant.groups
    }
    found = _person_ids(session, names - groups.keys(), by, meant.owners, people.known)
    groups |= _known_groups(session, names - groups.keys() - found.keys())
    return [
        NoteAction(
            position=position,
            what=one.what,
            what_key=naming.mark(one.what),
            owner=one.owner,
            owner_id=found.get(one.owner),
            organisation_id=groups.get(one.owner),
            due=one.due,
            done=one.done,
            result=one.result,
            carried_from=one.carried_from,
            carried_key=_carried_key(one),
        )
        for position, one in enumerate(items)
    ]


def _carried_key(item: ActionItem) -> str:
    if item.carried_from is None:
        return ""
    return item.carried_key or naming.mark(item.what)


def _known_groups(session: Session, names: Iterable[str]) -> dict[str, int]:
    """Name as written → id of the organisation that goes by it."""
    keys = {name: organisations.key(name) for name in names}
    if not keys:
        return {}
    alias = OrganisationAlias
    rows = select(alias.key, alias.organisation_id).where(alias.key.in_(set(keys.values())))
    ids = dict(session.execute(rows).all())
    return {name: ids[key] for name, key in keys.items() if key in ids}


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
