"""A note as one line of a short list: less than a card, in one statement for any number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, select
from sqlalchemy.orm import Session

from kms.models import Note
from kms.permissions import ACCOUNT, SeenAs, Viewer, seen_as, visible_as

# Steps with all that a note's page shows: its own words, and links from and to it.
PAGE_VERSION = (Note.version + Note.relinked).label("version")


@dataclass(frozen=True)
class NoteLine:
    """What the line says, and the version of the note's page that says so."""

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
    given = {"numbers": wanted, ACCOUNT: seen_by.account_id}
    rows = session.execute(_statement(seen_as(seen_by)), given)
    found = {row.id: NoteLine(*row) for row in rows}
    return {number: found[number] for number in wanted if number in found}


@cache
def _statement(way: SeenAs) -> Select[*tuple[Any, ...]]:
    # Made once for each way of seeing, since making one takes longer than running it.
    columns = (Note.id, PAGE_VERSION, Note.kind, Note.title, Note.held_from, Note.held_to)
    numbers = bindparam("numbers", type_=Integer, expanding=True)
    return select(*columns).where(Note.id.in_(numbers), visible_as(way))
