"""What curators' forms ask of the tree of themes, each in one call with problems by field."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import overlap_finding, themes
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import Theme
from kms.permissions import Viewer


def add(session: Session, *, by: Viewer, name: str, name_en: str, about: str, under: str) -> Theme:
    """A new theme under the theme of this slug; under nothing, at the top of the tree."""
    parent = _chosen(session, under, "parent")
    return themes.add(session, by=by, name=name, name_en=name_en, about=about, parent=parent)


def revise(
    session: Session, slug: str, *, by: Viewer, name: str, name_en: str, about: str, under: str
) -> Theme:
    """New names, and another place in the tree when it differs; raises NotFound, Invalid."""
    theme = themes.get(session, slug)
    parent = _chosen(session, under, "parent")
    themes.rename(session, theme, by=by, name=name, name_en=name_en, about=about)
    if theme.parent_id != (parent.id if parent else None):
        themes.move(session, theme, by=by, parent=parent)
        overlap_finding.find_about(session, slug)
    return theme


def agree(session: Session, slug: str, *, by: Viewer, under: str, field: str) -> Theme:
    """Take a proposal into the tree; ``field`` names the box in which ``under`` was chosen."""
    theme = themes.get(session, slug)
    themes.agree(session, theme, by=by, parent=_chosen(session, under, field))
    overlap_finding.find_about(session, slug)
    return theme


def merge(session: Session, slug: str, *, by: Viewer, into: str, field: str) -> Theme:
    """Give all notes of a theme to another; answers the one that is left."""
    theme = themes.get(session, slug)
    kept = _chosen(session, into, field)
    if kept is None or kept.status != "agreed":
        sentence = _("เลือกประเด็นที่จะรวมเข้าด้วย")
        raise Invalid(sentence, {field: sentence})
    themes.merge(session, theme, into=kept, by=by)
    overlap_finding.find_about(session, kept.slug)
    return kept


def retire(session: Session, slug: str, *, by: Viewer) -> Theme:
    """Offer the theme no more."""
    theme = themes.get(session, slug)
    themes.retire(session, theme, by=by)
    return theme


def _chosen(session: Session, slug: str, field: str) -> Theme | None:
    if not slug:
        return None
    found = session.scalar(select(Theme).where(Theme.slug == slug))
    if found is None:
        sentence = _("ไม่พบประเด็นที่เลือก อาจถูกรวมหรือเปลี่ยนไปแล้ว")
        raise Invalid(sentence, {field: sentence})
    return found
