"""A note as one line of a short list: less than a card, in one statement for any number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms.models import Note
from kms.permissions import Viewer, visible_to


@dataclass(frozen=True)
class NoteLine:
    """What the line says, and the version of the note that says so."""

    number: int
    version: int
    kind: str
    title: str
    held_from: date | None
    held_to: date | None


def lines(session: Session, numbers: Iterable[int], *, seen_by: Viewer) -> dict[int, NoteLine]:
    """Those of these notes that the viewer may see, by number, in the order given."""
    wanted = list(numbers)
    if not wanted:
        return {}
    rows = session.execute(
        select(Note.id, Note.version, Note.kind, Note.title, Note.held_from, Note.held_to).where(
            Note.id.in_(wanted), visible_to(seen_by)
        )
    )
    found = {row.id: NoteLine(*row) for row in rows}
    return {number: found[number] for number in wanted if number in found}
