"""Notes as lists show them: a card each, two statements for any number of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase, func, literal, select, union_all
from sqlalchemy.orm import Session

from kms import language
from kms.models import Note, NotePlace, NoteTheme, Person, Theme
from kms.note_kinds import Kind
from kms.permissions import Viewer, visible_to


@dataclass(frozen=True)
class NoteCard:
    """What a list shows of a note; ``lead`` are its first words as plain text."""

    number: int
    kind: str
    title: str
    held_from: date | None
    held_to: date | None
    visibility: str
    author_name: str
    lead: str
    place_codes: tuple[str, ...] = ()
    theme_labels: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address of the note's page."""
        return f"/notes/{self.number}"


@dataclass
class CardLabels:
    """The places and themes of one note, in their order."""

    places: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)


CARD_COLUMNS = (
    Note.id,
    Note.kind,
    Note.title,
    Note.held_from,
    Note.held_to,
    Note.visibility,
    Note.lead,
    Person.name.label("author_name"),
)

Order = Sequence[ColumnElement[Any]]

LAST_WRITTEN: Order = (Note.created_at.desc(), Note.id.desc())


def cards(session: Session, numbers: Sequence[int], *, seen_by: Viewer) -> list[NoteCard]:
    """The cards of those of these notes that the viewer may see, in the order given."""
    if not numbers:
        return []
    found = _chosen(session, Note.id.in_(numbers), seen_by=seen_by)
    by_number = {card.number: card for card in found}
    return [by_number[number] for number in numbers if number in by_number]


def titles(session: Session, numbers: Iterable[int], *, seen_by: Viewer) -> dict[int, str]:
    """Number → title of those of these notes that the viewer may see, in one statement."""
    wanted = list(numbers)
    if not wanted:
        return {}
    rows = session.execute(
        select(Note.id, Note.title).where(Note.id.in_(wanted), visible_to(seen_by))
    )
    return dict(rows.all())


def newest(
    session: Session, *, seen_by: Viewer, limit: int = 6
) -> tuple[list[NoteCard], list[NoteCard]]:
    """The newest lessons, and the newest of all other records but pages; two statements."""
    others, lessons = apart(session, Note.kind != Kind.PAGE.value, seen_by=seen_by, limit=limit)
    return lessons, others


def apart(
    session: Session, chosen: ColumnElement[bool], *, seen_by: Viewer, limit: int
) -> tuple[list[NoteCard], list[NoteCard]]:
    """Of the notes chosen the lessons apart from the others, at most ``limit`` of each.

    The last written first; two statements.
    """

    def last(kind: ColumnElement[bool]) -> Select[int]:
        picked = select(Note.id).where(visible_to(seen_by), chosen, kind).order_by(*LAST_WRITTEN)
        return select(picked.limit(limit).subquery().c.id)

    is_lesson = Note.kind == Kind.LESSON.value
    found = _shown(session, union_all(last(is_lesson), last(~is_lesson)), LAST_WRITTEN)
    return (
        [card for card in found if card.kind != Kind.LESSON],
        [card for card in found if card.kind == Kind.LESSON],
    )


def of_owner(
    session: Session, viewer: Viewer, *, limit: int = 100, offset: int = 0
) -> list[NoteCard]:
    """What this account put here, drafts first, then the last revised first."""
    if viewer.account_id is None:
        return []
    drafts_first = (Note.visibility != "draft", Note.revised_at.desc(), Note.id.desc())
    return _chosen(
        session,
        Note.owner_id == viewer.account_id,
        seen_by=viewer,
        order=drafts_first,
        limit=limit,
        offset=offset,
    )


def _chosen(
    session: Session,
    chosen: ColumnElement[bool],
    *,
    seen_by: Viewer,
    order: Order = LAST_WRITTEN,
    limit: int | None = None,
    offset: int = 0,
) -> list[NoteCard]:
    picked = select(Note.id).where(visible_to(seen_by), chosen).order_by(*order)
    return _shown(session, picked.limit(limit).offset(offset or None), order)


def _shown(session: Session, picked: SelectBase, order: Order) -> list[NoteCard]:
    # Ids are picked before the words are read, so that sorting a whole country stays cheap.
    ids = picked.subquery("picked")
    rows = session.execute(
        select(*CARD_COLUMNS)
        .join(ids, ids.c.id == Note.id)
        .outerjoin(Person, Person.id == Note.author_id)
        .order_by(*order)
    ).all()
    labels = labels_of(session, [row.id for row in rows])
    nothing = CardLabels()
    return [
        NoteCard(
            number=row.id,
            kind=row.kind,
            title=row.title,
            held_from=row.held_from,
            held_to=row.held_to,
            visibility=row.visibility,
            author_name=row.author_name or "",
            lead=row.lead,
            place_codes=tuple(labels.get(row.id, nothing).places),
            theme_labels=tuple(labels.get(row.id, nothing).themes),
        )
        for row in rows
    ]


def labels_of(session: Session, numbers: Sequence[int]) -> dict[int, CardLabels]:
    """Places and themes of these notes, in one statement."""
    if not numbers:
        return {}
    places = select(
        NotePlace.note_id,
        literal("place").label("what"),
        NotePlace.place_code.label("value"),
        NotePlace.position,
    ).where(NotePlace.note_id.in_(numbers))
    themes = (
        select(
            NoteTheme.note_id,
            literal("theme").label("what"),
            theme_label().label("value"),
            NoteTheme.position,
        )
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .where(NoteTheme.note_id.in_(numbers))
    )
    found: dict[int, CardLabels] = {}
    for row in session.execute(union_all(places, themes).order_by("position")):
        labels = found.setdefault(row.note_id, CardLabels())
        (labels.places if row.what == "place" else labels.themes).append(row.value)
    return found


def theme_label() -> ColumnElement[str]:
    """A theme's name in the current language, as a column."""
    if language.current() != "en":
        return Theme.name.expression
    return func.coalesce(func.nullif(Theme.name_en, ""), Theme.name)
