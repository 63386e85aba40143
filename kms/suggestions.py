"""Names offered while someone types, and told beside a filter: never one from hidden notes only.

``suggest`` is for the pickers of forms; ``named`` finds what a search can be narrowed by.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    String,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from kms import gazetteer, mentions, naming, organisations, people, places, tags, themes
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import (
    Note,
    NoteTag,
    Organisation,
    OrganisationAlias,
    Person,
    PersonAlias,
    Tag,
)
from kms.permissions import Viewer, may, visible_to
from kms.place_reading import split_marker
from kms.thai.words import is_cluster_boundary

MOST = 8
LONGEST_WORDS = 100
# Not all that are called so are on a note that may be seen; so many are looked at.
MOST_NAMES = 40
ESCAPE = "/"


@dataclass(frozen=True)
class Suggestion:
    """What a picker offers: the value it stands for, the words to show, what tells it apart."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Named:
    """Something a search can be narrowed by; ``begins`` says that its name begins as typed.

    A place's label is its code: its words take time, and most have no note to be shown for.
    """

    what: str
    value: str
    label: str
    begins: bool


def suggest(session: Session, what: str, words: str, *, seen_by: Viewer) -> list[Suggestion]:
    """At most eight, those that begin with the words first.

    ``what`` is place, theme, tag, organisation or person (people are for those who may write), or
    ``called`` for those who can be called in a comment.
    Raises Invalid for anything else.
    """
    said = words.replace("\x00", "")[:LONGEST_WORDS].strip()
    offer = {
        "place": _places,
        "theme": _themes,
        "tag": _tags,
        "organisation": _organisations,
        "person": _people,
        "called": _called,
    }.get(what)
    if offer is None:
        sentence = _("ไม่รู้จัก “%(what)s”", what=what[:60])
        raise Invalid(sentence, {"what": sentence})
    return offer(session, said, seen_by) if said else []


def named(session: Session, words: str, *, seen_by: Viewer) -> list[Named]:
    """Places, themes, organisations and people with these words in a name they go by.

    Whether any note the viewer may see has them is not asked of places and agreed themes. Two
    statements.
    """
    wanted = naming.key(words.replace("\x00", "")[:LONGEST_WORDS])
    if not wanted:
        return []
    found = [*_named_places(wanted), *_named_themes(session, wanted)]
    begins = f"{_escaped(wanted)}%"
    given = {"inside": f"%{begins}", "begins": begins}
    for what, number, name in session.execute(_named_statement(seen_by), given):
        said = _key(name)
        # An alias may be what has the words; where in it they stand nobody is shown.
        if wanted not in said or _is_inside(wanted, said):
            found.append(Named(what, str(number), name, said.startswith(wanted)))
    return found


@lru_cache(maxsize=256)
def _named_statement(viewer: Viewer) -> CompoundSelect[*tuple[Any, ...]]:
    """Organisations and people by a name; made once for a viewer: making takes longest."""
    inside, begins = bindparam("inside", type_=String), bindparam("begins", type_=String)

    def group(words: BindParameter[str]) -> ColumnElement[bool]:
        called = OrganisationAlias.key.like(words, escape=ESCAPE)
        return Organisation.id.in_(select(OrganisationAlias.organisation_id).where(called))

    def person(words: BindParameter[str]) -> ColumnElement[bool]:
        aliases = select(PersonAlias.person_id).where(PersonAlias.key.like(words, escape=ESCAPE))
        return or_(Person.name_key.like(words, escape=ESCAPE), Person.id.in_(aliases))

    groups = (
        select(literal("organisation").label("what"), Organisation.id, Organisation.name)
        .where(group(inside), organisations.known_to(viewer))
        .order_by(case((group(begins), 0), else_=1), Organisation.name)
        .limit(MOST_NAMES)
    )
    persons = (
        select(literal("person").label("what"), Person.id, Person.name)
        .where(person(inside), people.named_in_notes(viewer))
        .order_by(case((person(begins), 0), else_=1), Person.name_key)
        .limit(MOST_NAMES)
    )
    return union_all(select(groups.subquery()), select(persons.subquery()))


def _escaped(words: str) -> str:
    for char in (ESCAPE, "%", "_"):
        words = words.replace(char, ESCAPE + char)
    return words


def _named_places(wanted: str) -> Iterator[Named]:
    level, rest = split_marker(wanted)
    bare, lines = gazetteer.key(rest), _place_names()
    begin: dict[str, bool] = {}
    at = lines.find(bare) if bare else -1
    while at >= 0:
        start, end = lines.rfind("\n", 0, at) + 1, lines.index("\n", at)
        name, _, code = lines[start:end].partition("\t")
        if _is_inside(bare, name):
            begin[code] = begin.get(code, False) or name.startswith(bare)
        at = lines.find(bare, end)
    for code, begins in begin.items():
        if level in (None, places.get(code).level):
            yield Named("place", code, code, begins)


@cache
def _place_names() -> str:
    """Every name and nickname as names are compared, with its code, a line each."""
    known = gazetteer.gazetteer()
    pairs = [(place.name, place.code) for place in known.by_code.values()]
    pairs += [(place.name_en, place.code) for place in known.by_code.values()]
    pairs += known.aliases.items()
    return "".join(f"{gazetteer.key(name)}\t{code}\n" for name, code in pairs)


def _named_themes(session: Session, wanted: str) -> Iterator[Named]:
    for node in themes.load(session).by_slug.values():
        names = [_key(name) for name in (node.label, node.name, node.name_en)]
        begins = any(name.startswith(wanted) for name in names)
        if node.status == "agreed" and (begins or any(_is_inside(wanted, name) for name in names)):
            yield Named("theme", node.slug, node.label, begins)


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return naming.key(name)


def _is_inside(wanted: str, name: str) -> bool:
    """Whether it occurs there without splitting a character cluster where it begins."""
    at = name.find(wanted)
    while at > 0 and not is_cluster_boundary(name, at):
        at = name.find(wanted, at + 1)
    return at >= 0


def names(
    session: Session, *, persons: Iterable[int], groups: Iterable[int], seen_by: Viewer
) -> dict[tuple[str, str], str]:
    """``("person", "7")`` and ``("organisation", "3")`` → name, of those the viewer may know of.

    A statement for each of the two that is asked for.
    """
    met = {
        ("person", str(one)): name
        for one, name in people.names(session, persons, seen_by=seen_by).items()
    }
    asked = [one for one in groups if 0 < one <= naming.LARGEST_ID]
    if not asked:
        return met
    short = func.coalesce(func.nullif(Organisation.abbreviation, ""), Organisation.name)
    rows = session.execute(
        select(Organisation.id, short).where(
            Organisation.id.in_(asked), organisations.known_to(seen_by)
        )
    )
    return {**met, **{("organisation", str(row[0])): row[1] for row in rows}}


def _places(_session: Session, words: str, _viewer: Viewer) -> list[Suggestion]:
    return [
        Suggestion(place.code, places.path(place.code)) for place in places.suggest(words, MOST)
    ]


def _themes(session: Session, words: str, _viewer: Viewer) -> list[Suggestion]:
    wanted = naming.key(words)
    tree = themes.load(session)
    agreed = (node for node in tree.by_slug.values() if node.status == "agreed")
    found = [node for node in agreed if any(wanted in name for name in _names_of(node))]
    found.sort(key=lambda node: (not _names_of(node)[0].startswith(wanted), len(node.label)))
    return [
        Suggestion(node.slug, node.label, " › ".join(up.label for up in tree.path(node.slug)[:-1]))
        for node in found[:MOST]
    ]


def _names_of(node: themes.ThemeNode) -> tuple[str, ...]:
    return tuple(naming.key(name) for name in (node.label, node.name, node.name_en))


def _tags(session: Session, words: str, viewer: Viewer) -> list[Suggestion]:
    wanted = tags.key(words)
    begins = Tag.key.startswith(wanted, autoescape=True)
    used = select(NoteTag.tag_id).join(Note, Note.id == NoteTag.note_id).where(visible_to(viewer))
    found = session.scalars(
        select(Tag.name)
        .where(Tag.key.contains(wanted, autoescape=True), Tag.id.in_(used))
        .order_by(case((begins, 0), else_=1), Tag.key)
        .limit(MOST)
    )
    return [Suggestion(name, name) for name in found] if wanted else []


def _organisations(session: Session, words: str, viewer: Viewer) -> list[Suggestion]:
    found = organisations.suggest(session, words, MOST, seen_by=viewer)
    return [Suggestion(one.name, one.name, one.abbreviation) for one in found]


def _people(session: Session, words: str, viewer: Viewer) -> list[Suggestion]:
    if not may(viewer, "write"):
        return []
    found = people.suggest(session, words, MOST, seen_by=viewer)
    return [
        Suggestion(str(one.id), one.name, places.path(one.place_code) if one.place_code else "")
        for one in found
    ]


def _called(session: Session, words: str, viewer: Viewer) -> list[Suggestion]:
    if not may(viewer, "comment"):
        return []
    found = mentions.suggest(session, words, MOST, seen_by=viewer)
    return [Suggestion(str(one.id), one.name, one.nickname) for one in found]
