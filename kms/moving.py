"""Rows that point at one person or organisation, led to another and back again.

What points there is read from the foreign keys of all tables; follows name people in words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Table,
    UniqueConstraint,
    and_,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kms import page_steps
from kms.db import Base, UtcDateTime
from kms.models import Follow, LessonSource

BATCH = 500
# What, besides the row it hangs on, tells that a row is still the one it was: on SQLite a number
# given up is given again.
_SAME_BY = {
    "person_alias": "key",
    "organisation_alias": "key",
    "role_assignment": "role",
    "note_action": "what_key",
    "note_person": "part",
    "note_organisation": "part",
    "activity_organisation": "part",
    "follow": "kind",
}
_NAMED = frozenset({"person", "organisation"})

# The number of a row, and what tells that it is still the same one.
Entry = list[Any]


@dataclass(frozen=True)
class Pointer:
    """A column that says which person or organisation is meant, as a number or in words."""

    table: Table
    column: Column[Any]
    only: ColumnElement[bool] | None = None

    @property
    def name(self) -> str:
        """As what was moved is kept."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def key(self) -> Column[Any]:
        """The number of a row."""
        (key,) = self.table.primary_key.columns
        return key

    @property
    def same_by(self) -> list[Column[Any]]:
        """The columns that tell a row from a later one with the same number."""
        hangs_on = [
            column
            for column in self.table.columns
            if column.foreign_keys and not column.nullable and not _targets(column) & _NAMED
        ]
        told = _SAME_BY.get(self.table.name)
        return [*hangs_on, self.table.c[told]] if told else hangs_on

    def value(self, number: int) -> int | str:
        """What the column holds when this one is meant."""
        return number if self.only is None else str(number)

    def at(self, number: int) -> ColumnElement[bool]:
        """The rows that mean this one."""
        here = self.column == self.value(number)
        return here if self.only is None else and_(here, self.only)


@dataclass
class Move:
    """What was done: ``rows`` moved, whole rows ``dropped``, and the ``notes`` they hang on."""

    rows: list[Entry] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    notes: set[int] = field(default_factory=set)


@cache
def pointers(target: str) -> tuple[Pointer, ...]:
    """Every column of any table that points at rows of ``target`` (person or organisation)."""
    found = [
        Pointer(table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if target in _targets(column)
    ]
    if target == "person":
        follow = _table(Follow)
        found.append(Pointer(follow, follow.c.target, follow.c.kind == "person"))
    return tuple(found)


def move(session: Session, pointer: Pointer, gone: int, kept: int) -> Move:
    """Lead all rows from one to the other; rows that the other has already are taken away."""
    connection = session.connection()
    twice = _twice(session, pointer, gone, kept)
    done = Move()
    for batch in _batches(twice):
        here = pointer.key.in_(batch)
        found = connection.execute(select(pointer.table).where(here)).mappings()
        done.dropped += [{name: _plain(value) for name, value in row.items()} for row in found]
        connection.execute(delete(pointer.table).where(here))
    chosen = select(pointer.key, *pointer.same_by).where(pointer.at(gone)).order_by(pointer.key)
    done.rows = [list(row) for row in connection.execute(chosen)]
    if done.rows:
        there = {pointer.column.name: pointer.value(kept)}
        connection.execute(update(pointer.table).where(pointer.at(gone)).values(there))
    done.notes = notes_of(pointer, done.rows)
    return done


def move_back(
    session: Session, pointer: Pointer, entries: Sequence[Entry], kept: int, gone: int
) -> set[int]:
    """Lead those of these rows back that still mean the one kept; answers their numbers."""
    connection = session.connection()
    told = {entry[0]: list(entry) for entry in entries}
    back: set[int] = set()
    for batch in _batches(told):
        still = select(pointer.key, *pointer.same_by).where(
            pointer.key.in_(batch), pointer.at(kept)
        )
        back |= {row[0] for row in connection.execute(still) if list(row) == told[row[0]]}
    back -= _twice(session, pointer, kept, gone)
    for batch in _batches(back):
        there = {pointer.column.name: pointer.value(gone)}
        connection.execute(update(pointer.table).where(pointer.key.in_(batch)).values(there))
    return back


def put_back(session: Session, pointer: Pointer, row: dict[str, Any], meant: int) -> int | None:
    """Put a row that was taken away in its place again, as meaning this one; answers its number.

    That is a new one when its own was given to another row. None when what it hung on is gone,
    or when this one has such a row.
    """
    columns = pointer.table.c
    values = {name: _typed(columns[name], value) for name, value in row.items()}
    values[pointer.column.name] = pointer.value(meant)
    taken = select(pointer.key).where(pointer.key == values[pointer.key.name])
    if session.connection().scalar(taken) is not None:
        del values[pointer.key.name]
    try:
        with session.begin_nested():
            made = session.connection().execute(insert(pointer.table).values(values))
    except IntegrityError:
        return None
    (number,) = made.inserted_primary_key or (None,)
    return number


def notes_of(pointer: Pointer, entries: Iterable[Entry]) -> set[int]:
    """The notes that these rows hang on."""
    places = [
        at for at, column in enumerate(pointer.same_by, start=1) if "note" in _targets(column)
    ]
    return {entry[at] for entry in entries for at in places}


def step_pages(session: Session, notes: Iterable[int]) -> None:
    """Kept pages of these notes, and of the lessons drawn from them, are stale."""
    stale = set(notes)
    for batch in _batches(stale):
        drawn = select(LessonSource.lesson_id).where(LessonSource.note_id.in_(batch))
        stale |= set(session.scalars(drawn))
    page_steps.step(session, stale)


def _twice(session: Session, pointer: Pointer, source: int, target: int) -> set[int]:
    """Rows of one that the other has as well, where a row may be there only once."""
    found: set[int] = set()
    for others in _unique_with(pointer):
        there = pointer.table.alias()
        same = and_(*(there.c[name] == pointer.table.c[name] for name in others))
        meant = there.c[pointer.column.name] == pointer.value(target)
        chosen = select(pointer.key).join(there, and_(same, meant)).where(pointer.at(source))
        found |= set(session.connection().scalars(chosen))
    return found


def _unique_with(pointer: Pointer) -> list[list[str]]:
    """For each uniqueness that the column is part of the other columns of it, if any."""
    keys = [
        [column.name for column in one.columns]
        for one in pointer.table.constraints
        if isinstance(one, UniqueConstraint)
    ]
    keys += [[column.name for column in one.columns] for one in pointer.table.indexes if one.unique]
    own = pointer.column.name
    return [[name for name in key if name != own] for key in keys if own in key and len(key) > 1]


def _targets(column: Column[Any]) -> set[str]:
    return {key.column.table.name for key in column.foreign_keys}


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _typed(column: Column[Any], value: Any) -> Any:
    if value and isinstance(column.type, UtcDateTime | Date):
        kind = datetime if isinstance(column.type, UtcDateTime) else date
        return kind.fromisoformat(value)
    return value


def _batches(numbers: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(numbers)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))
