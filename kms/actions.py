"""What is to be done after meetings and reviews: one list of all notes, and saying how it went.

An item that a later note carries over is open there and no longer where it was said first. All is
asked of the notes that the viewer may see: somebody's draft carries nothing over for others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session

from kms import carrying, history, naming, notes, organisations, people
from kms.errors import EditConflict, NotAllowed, NotFound
from kms.language import gettext as _
from kms.models import (
    Note,
    NoteAction,
    NotePlace,
    NoteTheme,
    OrganisationAlias,
    Person,
    Theme,
)
from kms.note_kinds import ActionItem, NoteContent
from kms.permissions import Viewer, may, numbers_seen_by, require_account, visible_to
from kms.thai.dates import today_in_thailand

WAYS = ("mine", "place", "overdue", "open", "done")
# Somebody else may save between reading and claiming the next revision, and again.
MOST_TRIES = 5


@dataclass(frozen=True)
class Asked:
    """Which items: one of WAYS, and filters. ``places`` are codes, each with all beneath it;
    ``who`` is a name as people write it."""

    way: str = "open"
    places: tuple[str, ...] = ()
    themes: frozenset[str] = frozenset()
    who: str = ""


@dataclass(frozen=True)
class Action:
    """An item with the note that says it; ``position`` is its place there.

    ``days_late`` counts from the day it was due, negative before; None without a day.
    ``carried_to`` is the later note that carries it over.
    """

    note: int
    note_title: str
    position: int
    what: str
    owner: str
    owner_id: int | None
    organisation_id: int | None
    due: date | None
    done: bool
    result: str
    carried_from: int | None
    carried_to: int | None
    days_late: int | None
    may_settle: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it here."""
        return not self.done and self.carried_to is None

    @property
    def is_late(self) -> bool:
        """Whether its day has passed."""
        return self.is_open and self.days_late is not None and self.days_late > 0


@dataclass(frozen=True)
class Found:
    """A page of the list, and how many there are in all."""

    actions: tuple[Action, ...]
    total: int


# --- asking --------------------------------------------------------------------------------------


def listing(
    session: Session,
    asked: Asked,
    *,
    seen_by: Viewer,
    today: date | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Found:
    """The items asked for, overdue first, then by the day they are due; a few statements."""
    day = today or today_in_thailand()
    seen = NoteAction.note_id.in_(numbers_seen_by(seen_by))
    wanted = [seen, *_conditions(session, asked, seen_by, day)]
    order: tuple[Any, ...] = (NoteAction.due.is_(None), NoteAction.due)
    page = session.execute(
        select(NoteAction.id, func.count().over().label("total"))
        .where(*wanted)
        .order_by(*(() if asked.way == "done" else order))
        .order_by(NoteAction.note_id.desc(), NoteAction.position)
        .limit(limit)
        .offset(offset)
    ).all()
    ids = [row.id for row in page]
    total = page[0].total if page else 0
    if offset and not page:
        total = session.scalar(select(func.count()).select_from(NoteAction).where(*wanted)) or 0
    # What stands beside an item is asked of this page's alone, not of all that are sorted.
    rows = session.execute(_rows(seen_by).where(NoteAction.id.in_(ids)))
    by_id = {row.id: _action(row, seen_by, day) for row in rows}
    return Found(tuple(by_id[one] for one in ids), total)


def of_note(
    session: Session, number: int, *, seen_by: Viewer, today: date | None = None
) -> tuple[Action, ...]:
    """The items of one note in its order, also done ones and those carried over."""
    day = today or today_in_thailand()
    rows = session.execute(
        _rows(seen_by)
        .where(NoteAction.note_id == naming.require_row_id(number), visible_to(seen_by))
        .order_by(NoteAction.position)
    )
    return tuple(_action(row, seen_by, day) for row in rows)


def mine_due(session: Session, *, seen_by: Viewer, limit: int = 200) -> tuple[Action, ...]:
    """What is the viewer's own to do and has a day, the earliest first."""
    found = listing(session, Asked("mine"), seen_by=seen_by, limit=limit)
    return tuple(one for one in found.actions if one.due)


def whole_of_owner(session: Session, *, seen_by: Viewer) -> tuple[Action, ...]:
    """Every item that is the viewer's own, open, done or carried over."""
    own = NoteAction.owner_id == (seen_by.person_id or 0)
    rows = session.execute(_rows(seen_by).where(own, visible_to(seen_by)).order_by(NoteAction.id))
    today = today_in_thailand()
    return tuple(_action(row, seen_by, today) for row in rows)


def rename_owner(session: Session, person_id: int, name: str) -> None:
    """Another name for one person in every item that is theirs; the notes are the caller's."""
    session.execute(
        update(NoteAction)
        .where(NoteAction.owner_id == person_id)
        .values(owner=name)
        .execution_options(synchronize_session=False)
    )


def get(session: Session, number: int, position: int, *, seen_by: Viewer) -> Action:
    """One item of a note; NotFound alike for a hidden note and an item that is not there."""
    every = of_note(session, number, seen_by=seen_by)
    found = next((one for one in every if one.position == position), None)
    if found is None:
        raise _not_found()
    return found


def _rows(seen_by: Viewer) -> Any:
    return select(
        NoteAction.id,
        NoteAction.note_id,
        Note.title,
        Note.kind,
        Note.visibility,
        Note.owner_id.label("note_owner"),
        NoteAction.position,
        NoteAction.what,
        NoteAction.owner,
        NoteAction.owner_id,
        NoteAction.organisation_id,
        NoteAction.due,
        NoteAction.done,
        NoteAction.result,
        NoteAction.carried_from,
        carrying.carried_to(seen_by).label("carried_to"),
    ).join(Note, Note.id == NoteAction.note_id)


def _conditions(
    session: Session, asked: Asked, seen_by: Viewer, today: date
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [NoteAction.done.is_(asked.way == "done")]
    if asked.way != "done":
        wanted.append(not_(carrying.is_carried(seen_by)))
    if asked.way == "overdue":
        wanted.append(NoteAction.due < today)
    if asked.way == "mine":
        wanted.append(NoteAction.owner_id == (seen_by.person_id or 0))
    if asked.places:
        wanted.append(_in_places(asked.places))
    elif asked.way == "place":
        wanted.append(_in_places(own_places(session, seen_by)))
    if asked.themes:
        about = exists().where(
            NoteTheme.note_id == NoteAction.note_id,
            Theme.id == NoteTheme.theme_id,
            Theme.slug.in_(asked.themes),
        )
        wanted.append(about)
    if asked.who:
        wanted.append(_of(session, asked.who))
    return wanted


def own_places(session: Session, viewer: Viewer) -> tuple[str, ...]:
    """The place that the viewer's own page gives, if any."""
    if viewer.person_id is None:
        return ()
    code = session.scalar(select(Person.place_code).where(Person.id == viewer.person_id))
    return (code,) if code else ()


def _in_places(codes: Iterable[str]) -> ColumnElement[bool]:
    beneath = [NotePlace.place_code.startswith(code, autoescape=True) for code in codes]
    if not beneath:
        return NoteAction.id.is_(None)
    return exists().where(NotePlace.note_id == NoteAction.note_id, or_(*beneath))


def _of(session: Session, who: str) -> ColumnElement[bool]:
    """The items of whom this name means: a person or an organisation known, else the words."""
    known = people.known(session, [who])
    alias = OrganisationAlias
    group = session.scalar(
        select(alias.organisation_id).where(alias.key == organisations.key(who)).limit(1)
    )
    ways = [NoteAction.owner.contains(who, autoescape=True)]
    ways += [NoteAction.owner_id == person.id for person in known.values()]
    ways += [NoteAction.organisation_id == group] if group is not None else []
    return or_(*ways)


def _action(row: Row[Any], viewer: Viewer, today: date) -> Action:
    note = Note(kind=row.kind, owner_id=row.note_owner, visibility=row.visibility)
    return Action(
        note=row.note_id,
        note_title=row.title,
        position=row.position,
        what=row.what,
        owner=row.owner,
        owner_id=row.owner_id,
        organisation_id=row.organisation_id,
        due=row.due,
        done=row.done,
        result=row.result,
        carried_from=row.carried_from,
        carried_to=row.carried_to,
        days_late=(today - row.due).days if row.due else None,
        may_settle=_may_settle(viewer, note, row.owner_id),
    )


# --- saying how it went --------------------------------------------------------------------------


def settle(
    session: Session, number: int, position: int, *, what: str, done: bool, result: str, by: Viewer
) -> Note:
    """Say of one item whether it is done and how it went: a revision in which nothing else changes.

    Whoever may revise the note may, and the person whose item it is. ``what`` are the item's words
    as they were shown: where the note was changed meanwhile the item is known again by them.
    Raises NotFound when it is gone, Invalid for a result too long, NotAllowed or SignInNeeded.
    """
    for _try in range(MOST_TRIES):
        note = notes.get(session, number, seen_by=by)
        content = notes.content_of(note)
        at = _place_of(content, position, what)
        _require(session, note, at, by)
        item = replace(content.actions[at], done=done, result=result)
        reason = (
            _("ทำแล้ว: %(what)s", what=item.what) if done else _("ยังต้องทำ: %(what)s", what=item.what)
        )
        try:
            return notes.put_actions(session, note, _with(content, at, item), by=by, reason=reason)
        except EditConflict:
            session.expire(note)
    raise EditConflict(_("มีคนแก้บันทึกนี้อยู่พอดี ลองอีกครั้ง"), latest_revision=note.revision)


def undo(
    session: Session, number: int, position: int, *, what: str, revision: int, by: Viewer
) -> Note:
    """The item again as that revision said it; raises NotFound when it said no such item."""
    note = notes.get(session, number, seen_by=by)
    before = history.kept_content(session, note, revision, seen_by=by)
    item = before.actions[_place_of(before, position, what)]
    return settle(session, number, position, what=what, done=item.done, result=item.result, by=by)


def _with(content: NoteContent, at: int, item: ActionItem) -> tuple[ActionItem, ...]:
    return (*content.actions[:at], item, *content.actions[at + 1 :])


def _place_of(content: NoteContent, position: int, what: str) -> int:
    """Where the item stands now: where it stood, or the first of the same words."""
    key = naming.key(what)
    same = [at for at, one in enumerate(content.actions) if naming.key(one.what) == key]
    if not same:
        raise _not_found()
    return position if position in same else same[0]


def _require(session: Session, note: Note, at: int, by: Viewer) -> None:
    owner = session.scalar(
        select(NoteAction.owner_id).where(NoteAction.note_id == note.id, NoteAction.position == at)
    )
    if _may_settle(by, note, owner):
        return
    require_account(by)
    raise NotAllowed(_("คนที่รับงานนี้ หรือคนที่แก้บันทึกได้ เป็นคนบอกผล"))


def _may_settle(viewer: Viewer, note: Note, owner_id: int | None) -> bool:
    is_own = owner_id is not None and owner_id == viewer.person_id
    return viewer.is_signed_in and (is_own or may(viewer, "revise", note))


def _not_found() -> NotFound:
    return NotFound(_("ไม่พบงานนี้แล้ว อาจถูกแก้หรือลบไปจากบันทึก"))


# --- the next meeting ----------------------------------------------------------------------------


def carried_over(session: Session, number: int, *, seen_by: Viewer) -> tuple[ActionItem, ...]:
    """The open items of a note, as the next one says them."""
    content = notes.content_of(notes.get(session, number, seen_by=seen_by))
    every: Sequence[Action] = of_note(session, number, seen_by=seen_by)
    is_open = {one.position for one in every if one.is_open}
    return tuple(
        replace(item, carried_from=number, carried_key=naming.mark(item.what), result="")
        for at, item in enumerate(content.actions)
        if at in is_open
    )
