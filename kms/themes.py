"""The tree of themes that curators keep, and the proposals that writers make by using them."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kms import language, naming
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import ActivityTheme, Note, NoteTheme, Overlap, Theme
from kms.permissions import Viewer, may, require, visible_to
from kms.thai.words import is_cluster_boundary

LONGEST_NAME = 200
LONGEST_SLUG = 70

_NOT_IN_A_SLUG = re.compile(r"[\s\x00-\x20/\\?#%&+=:;,\"'<>()\[\]{}|^`]+")


@dataclass(frozen=True)
class ThemeNode:
    """A theme as pages show it; ``merged_into`` is the slug of the one it became part of."""

    slug: str
    name: str
    name_en: str
    about: str
    status: str
    parent: str | None
    merged_into: str | None = None

    @property
    def label(self) -> str:
        """The name in the current language."""
        return self.name_en if language.current() == "en" and self.name_en else self.name


@dataclass(frozen=True)
class Tree:
    """Every theme, by its slug, siblings in the curators' order; read whole in one statement."""

    by_slug: dict[str, ThemeNode] = field(default_factory=dict)

    def children(self, slug: str | None = None) -> list[ThemeNode]:
        """The agreed themes right under this one; under nothing, the top of the tree."""
        return self._children.get(slug, [])

    def path(self, slug: str) -> list[ThemeNode]:
        """From the top of the tree down to this theme; empty when there is none such."""
        found: list[ThemeNode] = []
        node = self.by_slug.get(slug)
        while node and node not in found:
            found.insert(0, node)
            node = self.by_slug.get(node.parent) if node.parent else None
        return found

    def subtree(self, slug: str) -> set[str]:
        """Slugs of this theme and of all beneath it, whatever their status."""
        return {one for one in self.by_slug if any(up.slug == slug for up in self.path(one))}

    def kept(self, slug: str) -> ThemeNode | None:
        """The theme of this slug, or the one that it became part of; None for no theme."""
        node, passed = self.by_slug.get(slug), {slug}
        while node and node.merged_into and node.merged_into not in passed:
            passed.add(node.merged_into)
            node = self.by_slug.get(node.merged_into)
        return node

    def label(self, slug: str) -> str:
        """The name in the current language; an unknown slug is its own name."""
        return self.by_slug[slug].label if slug in self.by_slug else slug

    @property
    def proposals(self) -> list[ThemeNode]:
        """The themes that wait for a curator."""
        return [node for node in self.by_slug.values() if node.status == "proposed"]

    @cached_property
    def _children(self) -> dict[str | None, list[ThemeNode]]:
        beneath: dict[str | None, list[ThemeNode]] = {}
        for node in self.by_slug.values():
            if node.status == "agreed":
                beneath.setdefault(node.parent, []).append(node)
        return beneath


def load(session: Session) -> Tree:
    """The whole tree, in one statement."""
    rows = session.execute(
        select(
            Theme.id,
            Theme.parent_id,
            Theme.merged_into_id,
            Theme.slug,
            Theme.name,
            Theme.name_en,
            Theme.about,
            Theme.status,
        ).order_by(Theme.position, Theme.id)
    ).all()
    slugs = {row.id: row.slug for row in rows}
    nodes = (
        ThemeNode(
            slug=row.slug,
            name=row.name,
            name_en=row.name_en,
            about=row.about,
            status=row.status,
            parent=slugs.get(row.parent_id),
            merged_into=slugs.get(row.merged_into_id),
        )
        for row in rows
    )
    return Tree({node.slug: node for node in nodes})


def get(session: Session, slug: str) -> Theme:
    """The theme of this slug; raises NotFound."""
    found = session.scalar(select(Theme).where(Theme.slug == slug))
    if found is None:
        raise NotFound(_("ไม่พบประเด็นนี้"))
    return found


def is_known(session: Session, node: ThemeNode, *, seen_by: Viewer) -> bool:
    """Whether the viewer may know of this theme: an agreed one, or one on a note they may see."""
    if node.status == "agreed" or may(seen_by, "edit_themes"):
        return True
    seen = (
        select(NoteTheme.note_id)
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .join(Note, Note.id == NoteTheme.note_id)
        .where(Theme.slug == node.slug, visible_to(seen_by))
    )
    return session.scalar(seen.limit(1)) is not None


def resolve(session: Session, names_or_slugs: Iterable[str]) -> list[Theme]:
    """The themes of these slugs or names (Thai or English), in order, each once.

    A merged theme leads to the one it became part of; an unknown name becomes a proposal.
    """
    wanted = naming.by_key(names_or_slugs, naming.key)

    def find(keys: Collection[str]) -> dict[str, Theme]:
        return _find(session, {key: wanted[key] for key in keys})

    proposed: set[str] = set()

    def make(name: str) -> Theme:
        theme = _proposal(session, name, proposed)
        proposed.add(theme.slug)
        return theme

    found = naming.found_or_made(session, wanted, find, make)
    return list({theme.id: theme for theme in (found[one] for one in wanted)}.values())


def _find(session: Session, wanted: dict[str, str]) -> dict[str, Theme]:
    """Agreed themes win over proposed and retired ones of the same name; a slug wins over both."""
    rows = session.scalars(
        select(Theme).where(
            or_(
                Theme.slug.in_(wanted.values()),
                Theme.name_key.in_(wanted),
                func.lower(Theme.name_en).in_(wanted),
            )
        )
    ).all()
    rank = {"agreed": 0, "proposed": 1, "retired": 2}
    ways: dict[str, Theme] = {}
    for theme in sorted(rows, key=lambda one: (rank[one.status], one.id)):
        ways.setdefault(theme.name_key, theme)
        if theme.name_en:
            ways.setdefault(theme.name_en.lower(), theme)
    by_slug = {theme.slug: theme for theme in rows}
    found = {key: by_slug.get(name) or ways.get(key) for key, name in wanted.items()}
    return {key: _followed(session, theme) for key, theme in found.items() if theme}


def _followed(session: Session, theme: Theme) -> Theme:
    seen = {theme.id}
    while theme.merged_into_id and theme.merged_into_id not in seen:
        seen.add(theme.merged_into_id)
        theme = session.get_one(Theme, theme.merged_into_id)
    return theme


def _proposal(session: Session, name: str, taken: Collection[str]) -> Theme:
    said = name[:LONGEST_NAME]
    slug = _free_slug(session, said, taken)
    return Theme(slug=slug, name=said, name_key=naming.key(said), status="proposed")


def _free_slug(session: Session, name: str, also_taken: Collection[str] = ()) -> str:
    """An address made of the name's own letters, with a number behind it where one is taken."""
    end = min(len(name), LONGEST_SLUG)
    while not is_cluster_boundary(name, end):
        end -= 1
    base = _NOT_IN_A_SLUG.sub("-", name[:end].lower()).strip("-.") or "theme"
    alike = select(Theme.slug).where(Theme.slug.startswith(base, autoescape=True))
    taken = {*session.scalars(alike), *also_taken}
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


# --- what curators do ----------------------------------------------------------------------------


def add(
    session: Session,
    *,
    by: Viewer,
    name: str,
    name_en: str = "",
    about: str = "",
    slug: str = "",
    parent: Theme | None = None,
) -> Theme:
    """A new agreed theme at the end of its siblings; Invalid when the slug is taken."""
    require(by, "edit_themes")
    said = _named(name)
    if slug and session.scalar(select(Theme.id).where(Theme.slug == slug)):
        sentence = _("ที่อยู่ “%(slug)s” มีประเด็นอื่นใช้แล้ว", slug=slug)
        raise Invalid(sentence, {"slug": sentence})
    theme = Theme(
        slug=slug or _free_slug(session, name_en.strip() or said),
        name=said,
        name_key=naming.key(said),
        name_en=name_en.strip()[:LONGEST_NAME],
        about=about.strip(),
        parent_id=parent.id if parent else None,
        position=_next_position(session, parent),
    )
    session.add(theme)
    session.flush()
    return theme


def rename(
    session: Session, theme: Theme, *, by: Viewer, name: str, name_en: str = "", about: str = ""
) -> None:
    """New names; the slug stays, so that addresses and files keep working."""
    require(by, "edit_themes")
    theme.name = _named(name)
    theme.name_key = naming.key(theme.name)
    theme.name_en = name_en.strip()[:LONGEST_NAME]
    theme.about = about.strip()
    session.flush()


def move(session: Session, theme: Theme, *, by: Viewer, parent: Theme | None) -> None:
    """Put the theme, with all beneath it, at the end of another parent's children."""
    require(by, "edit_themes")
    if parent is not None and parent.slug in load(session).subtree(theme.slug):
        sentence = _("ย้ายประเด็นไปไว้ใต้ตัวเองหรือใต้ประเด็นย่อยของตัวเองไม่ได้")
        raise Invalid(sentence, {"parent": sentence})
    theme.position = _next_position(session, parent)
    theme.parent_id = parent.id if parent else None
    session.flush()


def agree(session: Session, theme: Theme, *, by: Viewer, parent: Theme | None = None) -> None:
    """Take a proposal (or a retired theme) into the agreed tree."""
    move(session, theme, by=by, parent=parent)
    theme.status = "agreed"
    theme.merged_into_id = None
    session.flush()


def retire(session: Session, theme: Theme, *, by: Viewer) -> None:
    """Offer the theme no more; notes that have it keep it. Not while it has agreed children."""
    require(by, "edit_themes")
    if _agreed_children(session, theme):
        sentence = _("ประเด็นนี้ยังมีประเด็นย่อย ย้ายหรือเลิกใช้ประเด็นย่อยก่อน")
        raise Invalid(sentence, {"theme": sentence})
    theme.status = "retired"
    session.flush()


def merge(session: Session, theme: Theme, *, into: Theme, by: Viewer) -> int:
    """Give all notes and children of one theme to another and retire it; answers how many notes.

    The rows are changed one by one, so that the session hears of every note.
    """
    require(by, "edit_themes")
    if into.slug in load(session).subtree(theme.slug):
        sentence = _("รวมประเด็นเข้ากับตัวเองหรือประเด็นย่อยของตัวเองไม่ได้")
        raise Invalid(sentence, {"into": sentence})
    moved = session.scalars(select(NoteTheme).where(NoteTheme.theme_id == theme.id)).all()
    there = set(session.scalars(select(NoteTheme.note_id).where(NoteTheme.theme_id == into.id)))
    for link in moved:
        if link.note_id not in there:
            session.add(NoteTheme(note_id=link.note_id, theme_id=into.id, position=link.position))
        session.delete(link)
    _merge_in_activities(session, theme, into)
    for child in _agreed_children(session, theme):
        child.parent_id = into.id
    theme.status = "retired"
    theme.merged_into_id = into.id
    session.flush()
    return len(moved)


def _merge_in_activities(session: Session, theme: Theme, into: Theme) -> None:
    """What two activities have in common stays the same, so their overlaps stay as marked."""
    having = select(ActivityTheme).where(ActivityTheme.theme_id == theme.id)
    both = select(ActivityTheme.activity_id).where(ActivityTheme.theme_id == into.id)
    there = set(session.scalars(both))
    for link in session.scalars(having).all():
        if link.activity_id not in there:
            session.add(
                ActivityTheme(
                    activity_id=link.activity_id, theme_id=into.id, position=link.position
                )
            )
        session.delete(link)
    for overlap in session.scalars(select(Overlap).where(Overlap.theme_id == theme.id)):
        overlap.theme_id = into.id


def _named(name: str) -> str:
    said = " ".join(name.split())
    if not said or len(said) > LONGEST_NAME:
        sentence = _("ตั้งชื่อประเด็น ยาวไม่เกิน %(n)s ตัวอักษร", n=LONGEST_NAME)
        raise Invalid(sentence, {"name": sentence})
    return said


def _next_position(session: Session, parent: Theme | None) -> int:
    beneath = Theme.parent_id == parent.id if parent else Theme.parent_id.is_(None)
    last = session.scalar(select(func.max(Theme.position)).where(beneath))
    return 0 if last is None else last + 1


def _agreed_children(session: Session, theme: Theme) -> Sequence[Theme]:
    return session.scalars(
        select(Theme).where(Theme.parent_id == theme.id, Theme.status == "agreed")
    ).all()
