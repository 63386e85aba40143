"""What a first visitor sees: themes, organisations, glossary, sample notes and lessons.

Loaded from ``content/`` once, on the first start; afterwards people's own changes stand.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import lesson_life, organisations, themes
from kms.errors import Invalid
from kms.exchange import front_matter
from kms.exchange.bringing import Outcome, bring_in_batch
from kms.exchange.records import Record, Refused
from kms.language import gettext as _
from kms.models import Note, Organisation, OrganisationAlias, Setting, Theme
from kms.note_kinds import Kind
from kms.permissions import SYSTEM
from kms.settings import PROJECT

CONTENT = PROJECT / "content"
SOURCE = "platu"
LOADED = "content_loaded"
# Lessons last: they cite the notes.
FOLDERS = ("glossary", "notes", "lessons")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """How much of each was put in."""

    themes: int
    organisations: int
    notes: int


def load_content(session: Session, folder: Path = CONTENT) -> Loaded | None:
    """Put the content of ``folder`` into a new database; None when that was done before.

    Raises Invalid naming the file that cannot be used, and then nothing is kept.
    """
    if session.get(Setting, LOADED):
        return None
    grown = _load_themes(session, _read(folder / "themes.yaml"), parent=None)
    known = _load_organisations(session, _read(folder / "organisations.yaml"))
    outcome = Outcome()
    for name in FOLDERS:
        bring_in_batch(session, _records(folder / name), outcome)
    if outcome.refused:
        first = outcome.refused[0]
        raise Invalid(_("ใช้เนื้อหาเริ่มต้นไม่ได้ %(where)s: %(why)s", where=first.where, why=first.reason))
    for where, warning in outcome.warnings:
        _log.warning("%s: %s", where, warning)
    _agree_to_lessons(session)
    session.add(Setting(name=LOADED, value=str(outcome.saved)))
    session.flush()
    return Loaded(grown, known, outcome.saved)


def _records(folder: Path) -> Iterator[Record | Refused]:
    for path in sorted(folder.glob("*.md")):
        for record in front_matter.read(path):
            yield replace(record, source=SOURCE) if isinstance(record, Record) else record


def _agree_to_lessons(session: Session) -> None:
    """What is shipped was agreed to before it was."""
    shipped = select(Note).where(Note.source == SOURCE, Note.kind == Kind.LESSON.value)
    for lesson in session.scalars(shipped.order_by(Note.id)):
        lesson_life.agree(session, lesson, by=SYSTEM)


def _read(path: Path) -> list[dict[str, Any]]:
    rows = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    if not isinstance(rows, list):
        raise Invalid(_("%(path)s ต้องเป็นรายการ", path=path))
    return rows


def _load_themes(session: Session, rows: list[dict[str, Any]], *, parent: Theme | None) -> int:
    count = 0
    for row in rows:
        theme = themes.add(
            session,
            by=SYSTEM,
            name=row["name"],
            name_en=row.get("name_en") or "",
            about=row.get("about") or "",
            slug=row["slug"],
            parent=parent,
        )
        count += 1 + _load_themes(session, row.get("children") or [], parent=theme)
    return count


def _load_organisations(session: Session, rows: list[dict[str, Any]]) -> int:
    taken = set(session.scalars(select(OrganisationAlias.key)))
    for row in rows:
        abbreviation = row.get("abbreviation") or ""
        spellings = [row["name"], abbreviation, *(row.get("also") or [])]
        aliases = []
        for name in spellings:
            key = organisations.key(name)
            if key and key not in taken:
                taken.add(key)
                aliases.append(OrganisationAlias(name=name, key=key))
        session.add(
            Organisation(
                name=row["name"],
                abbreviation=abbreviation,
                kind=row["kind"],
                place_code=row.get("place"),
                about=row.get("about") or "",
                aliases=aliases,
            )
        )
    session.flush()
    return len(rows)
