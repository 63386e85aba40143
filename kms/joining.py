"""Two people, or two organisations, that are one: everything moves to the one kept; undone whole.

What points at a person or an organisation is read from the tables themselves (``pointers``), so
that a new table comes along by itself. ``Merging.moved`` holds what undoing needs: ``rows`` by
column, each with what tells that it is still the same row; ``dropped``, rows that the one kept had
already; ``made``, the alias; ``filled``, fields the one kept did not have; ``was``, the name that
an organisation gave up, since names are unique there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from kms import moving, naming, organisations, overlap_finding, people
from kms.db import now
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import (
    Account,
    Merging,
    NotTheSame,
    Organisation,
    OrganisationAlias,
    Person,
    PersonAlias,
)
from kms.moving import Pointer
from kms.note_checks import tidy
from kms.permissions import Viewer, require

LONGEST_REASON = 300

Either = Person | Organisation


@dataclass(frozen=True)
class Kind:
    """What is different between joining people and joining organisations."""

    name: str
    model: Any
    action: str
    key: Callable[[str], str]
    fills: tuple[str, ...]


PERSON = Kind(
    "person",
    Person,
    "edit_people",
    people.key,
    ("title", "nickname", "about", "place_code", "organisation_id", "phone"),
)
ORGANISATION = Kind(
    "organisation",
    Organisation,
    "edit_organisations",
    organisations.key,
    ("abbreviation", "about", "place_code"),
)
KINDS = {kind.name: kind for kind in (PERSON, ORGANISATION)}


@dataclass(frozen=True)
class Undone:
    """How many rows went back, and how many could not: gone, or changed by others since."""

    back: int
    left: int


def join(
    session: Session, kind: Kind, *, kept: int, gone: int, by: Viewer, reason: str = ""
) -> Merging:
    """Move everything from one to the other and let the old address and name lead there.

    Raises Invalid when both have accounts, or when one of them is joined to another already.
    """
    require(by, kind.action)
    said = tidy(reason, lines=False)
    if len(said) > LONGEST_REASON:
        sentence = _("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร", n=LONGEST_REASON)
        raise Invalid(sentence, {"reason": sentence})
    one, other = _both(session, kind, kept, gone)
    rows, dropped = {}, []
    touched: set[int] = set()
    for pointer in moving.pointers(kind.model.__tablename__):
        move = moving.move(session, pointer, gone, kept)
        touched |= move.notes
        if move.rows:
            rows[pointer.name] = move.rows
        dropped += [[pointer.name, row] for row in move.dropped]
    session.expire_all()
    moved = {"rows": rows, "dropped": dropped, **_tidied(session, kind, one, other)}
    doer = kept if by.person_id == gone and kind is PERSON else by.person_id
    merging = Merging(
        kind=kind.name, kept_id=kept, gone_id=gone, moved=moved, reason=said, by_id=doer
    )
    session.add(merging)
    _let_notes_hear(session, one, touched)
    if kind is ORGANISATION:
        overlap_finding.find_with(session, kept)
    return merging


def undo(session: Session, merging_id: int, *, by: Viewer) -> Undone:
    """Part the two again, whatever was joined or edited since; what is gone stays gone."""
    found = session.get(Merging, naming.require_row_id(merging_id), with_for_update=True)
    if found is None:
        raise NotFound(_("ไม่พบการรวมนี้"))
    kind = KINDS[found.kind]
    require(by, kind.action)
    if found.undone_at is not None:
        raise Invalid(_("แยกกลับไปแล้ว"))
    undone = _Parting(session, kind, found).part()
    if kind is ORGANISATION:
        overlap_finding.find_with(session, found.kept_id, found.gone_id)
    return undone


def say_not_the_same(session: Session, kind: Kind, first: int, second: int, *, by: Viewer) -> None:
    """Remember that these two are not one, so that nobody is asked again."""
    require(by, kind.action)
    _both(session, kind, first, second)
    pair = {"kind": kind.name, "first_id": min(first, second), "second_id": max(first, second)}
    if session.scalar(select(NotTheSame.id).filter_by(**pair)) is None:
        session.add(NotTheSame(**pair, by_id=by.person_id))
        session.flush()


def forget(session: Session, person: Person) -> list[Person]:
    """Those who were found to be this person, whose names must go too; who was joined to whom,
    and why, is no longer told and cannot be undone."""
    family: list[Person] = []
    ids = [person.id]
    while ids:
        found = session.scalars(select(Person).where(Person.merged_into_id.in_(ids))).all()
        family += found
        ids = [one.id for one in found]
    known = [person.id, *(one.id for one in family)]
    told = or_(Merging.kept_id.in_(known), Merging.gone_id.in_(known))
    session.execute(delete(Merging).where(Merging.kind == PERSON.name, told))
    return family


def _both(session: Session, kind: Kind, kept: int, gone: int) -> tuple[Either, Either]:
    wanted = [naming.require_row_id(kept), naming.require_row_id(gone)]
    rows = session.scalars(
        select(kind.model)
        .where(kind.model.id.in_(wanted), kind.model.merged_into_id.is_(None))
        .order_by(kind.model.id)
        .with_for_update()
    )
    found: dict[int, Either] = {row.id: row for row in rows}
    if len(found) < 2:
        raise Invalid(_("รวมไม่ได้ รายการหนึ่งถูกรวมไปก่อนแล้ว หรือเลือกซ้ำกัน"))
    if kind is PERSON:
        owners = select(Account.person_id).where(Account.person_id.in_(wanted))
        if len(session.scalars(owners).all()) == 2:
            raise Invalid(_("ทั้งสองคนมีบัญชีของตนเอง รวมไม่ได้ ให้เจ้าตัวเลือกว่าจะใช้บัญชีไหนก่อน"))
    return found[kept], found[gone]


def _tidied(session: Session, kind: Kind, kept: Either, gone: Either) -> dict[str, Any]:
    """Let the one gone lead to the one kept, which takes its name and what it lacks."""
    more: dict[str, Any] = {"filled": {}, "made": []}
    for field in kind.fills:
        if not getattr(kept, field) and getattr(gone, field):
            more["filled"][field] = getattr(gone, field)
            setattr(kept, field, getattr(gone, field))
    gone.merged_into_id = kept.id
    if isinstance(gone, Organisation):
        more["was"] = gone.name
        gone.name = f"#{gone.id} {gone.name}"[: organisations.LONGEST_NAME]
    elif isinstance(kept, Person):
        known = {kept.name_key} | {alias.key for alias in kept.aliases}
        if gone.name_key not in known:
            alias = PersonAlias(name=gone.name, key=gone.name_key)
            kept.aliases.append(alias)
            session.flush()
            more["made"] = [[alias.id, alias.key]]
    return more


def _let_notes_hear(session: Session, one: Either, touched: Iterable[int]) -> None:
    """What names the one kept is indexed anew and its pages are stale; so is what says "by"."""
    session.flush()
    session.refresh(one, ["name"])
    flag_modified(one, "name")
    session.flush()
    moving.step_pages(session, touched)


class _Parting:
    """One undoing. ``holders`` are the one kept and whoever it was joined to since, in order;
    ``later`` are the joinings between them.
    """

    def __init__(self, session: Session, kind: Kind, merging: Merging) -> None:
        self._session, self._kind, self._merging = session, kind, merging
        self._moved = merging.moved
        self._gone = session.get_one(kind.model, merging.gone_id)
        self._active = self._still_joined()
        self._later = self._way_up(merging.kept_id)
        ids = [merging.kept_id, *(one.kept_id for one in self._later)]
        self._holders: list[Either] = [session.get_one(kind.model, one) for one in ids]
        self._back = self._left = 0
        self._touched: set[int] = set()

    def part(self) -> Undone:
        """Rows, dropped rows, alias, fields and name, in this order."""
        by_name = {one.name: one for one in moving.pointers(self._kind.model.__tablename__)}
        for name, entries in self._moved["rows"].items():
            self._return_rows(by_name[name], entries)
        for name, row in self._moved["dropped"]:
            number = moving.put_back(self._session, by_name[name], row, self._gone.id)
            self._count(number is not None)
        self._put_in_place(by_name)
        self._session.flush()
        self._session.expire_all()
        self._take_alias_away()
        self._empty_fields()
        self._gone.merged_into_id = None
        if isinstance(self._gone, Organisation):
            self._name_again(self._gone)
        self._merging.undone_at = now()
        _let_notes_hear(self._session, self._gone, self._touched)
        _let_notes_hear(self._session, self._holders[-1], ())
        return Undone(self._back, self._left)

    def _still_joined(self) -> dict[int, Merging]:
        """All other joinings that hold, by the one gone."""
        found = self._session.scalars(
            select(Merging)
            .where(Merging.kind == self._kind.name, Merging.undone_at.is_(None))
            .where(Merging.id != self._merging.id)
            .with_for_update()
        )
        return {one.gone_id: one for one in found}

    def _way_up(self, start: int) -> list[Merging]:
        """The joinings that lead on from this one, in order."""
        way: list[Merging] = []
        while start in self._active:
            way.append(self._active[start])
            start = way[-1].kept_id
        return way

    def _count(self, is_back: bool) -> None:
        self._back += is_back
        self._left += not is_back

    def _return_rows(self, pointer: Pointer, entries: list[list[Any]]) -> None:
        holder = self._holders[-1].id
        entries = [one for one in entries if not self._is_own_name(pointer, one)]
        back = moving.move_back(self._session, pointer, entries, holder, self._gone.id)
        self._touched |= moving.notes_of(pointer, entries)
        self._back += len(back)
        for entry in entries:
            if entry[0] not in back:
                row = self._dropped_later(pointer, entry[0])
                number = row and moving.put_back(self._session, pointer, row, self._gone.id)
                self._count(number is not None)
                # It passed through the joinings before the one that took it away.
                back |= {entry[0]} if row else set()
        for later in self._later:
            _forget_rows(later, pointer.name, back)

    def _put_in_place(self, by_name: dict[str, Pointer]) -> None:
        """Rows dropped by joinings that still hold, in place of those that just went back."""
        ends = (self._gone.id, self._holders[-1].id)
        for other in self._active.values():
            way = [other, *self._way_up(other.kept_id)]
            if way[-1].kept_id in ends:
                for name, row in other.moved["dropped"]:
                    self._put_one_in_place(way, by_name[name], row)

    def _put_one_in_place(self, way: list[Merging], pointer: Pointer, row: dict[str, Any]) -> None:
        number = moving.put_back(self._session, pointer, row, way[-1].kept_id)
        if number is None:
            return
        left = [one for one in way[0].moved["dropped"] if one[1] is not row]
        way[0].moved = {**way[0].moved, "dropped": left}
        entry = [number, *(row[column.name] for column in pointer.same_by)]
        for one in way:
            rows = one.moved["rows"]
            more = [*rows.get(pointer.name, []), entry]
            one.moved = {**one.moved, "rows": {**rows, pointer.name: more}}

    def _is_own_name(self, pointer: Pointer, entry: list[Any]) -> bool:
        """Whether this alias has become the very name of the organisation that holds it."""
        holder = self._holders[-1]
        if not isinstance(holder, Organisation) or pointer.table is not _ALIASES:
            return False
        return entry[-1] in (self._kind.key(holder.name), self._kind.key(holder.abbreviation))

    def _dropped_later(self, pointer: Pointer, row_id: int) -> dict[str, Any] | None:
        for later in self._later:
            for entry in later.moved["dropped"]:
                if entry[0] == pointer.name and entry[1]["id"] == row_id:
                    kept = [one for one in later.moved["dropped"] if one is not entry]
                    later.moved = {**later.moved, "dropped": kept}
                    row: dict[str, Any] = entry[1]
                    return row
        return None

    def _take_alias_away(self) -> None:
        for alias_id, key in self._moved["made"]:
            alias = self._session.get(PersonAlias, alias_id)
            if alias and alias.key == key and alias.person_id == self._holders[-1].id:
                alias.person.aliases.remove(alias)
            for later in self._later:
                _forget_rows(later, "person_alias.person_id", {alias_id})
        self._session.flush()

    def _empty_fields(self) -> None:
        """Fields filled from the one gone, here and wherever they were carried on since."""
        for field, value in self._moved["filled"].items():
            carried = [None, *self._later]
            for holder, by in zip(self._holders, carried, strict=True):
                if by is not None and by.moved["filled"].get(field) != value:
                    break
                if getattr(holder, field) != value:
                    break
                nullable = self._kind.model.__table__.c[field].nullable
                setattr(holder, field, None if nullable else "")
                if by is not None:
                    left = {name: one for name, one in by.moved["filled"].items() if name != field}
                    by.moved = {**by.moved, "filled": left}

    def _name_again(self, gone: Organisation) -> None:
        """Its own name, or one with its number when somebody else took that since."""
        name = self._moved["was"]
        taken = select(Organisation.id).where(Organisation.name == name)
        if self._session.scalar(taken) is not None:
            name = f"{name[:230]} ({gone.id})"
        gone.name = name
        key = self._kind.key(name)
        known = select(OrganisationAlias.id).where(OrganisationAlias.key == key)
        if self._session.scalar(known) is None:
            gone.aliases.append(OrganisationAlias(name=name, key=key))


def _forget_rows(merging: Merging, name: str, numbers: set[int]) -> None:
    rows = merging.moved["rows"]
    left = [one for one in rows.get(name, []) if one[0] not in numbers]
    merging.moved = {**merging.moved, "rows": {**rows, name: left}}


_ALIASES = OrganisationAlias.__table__
