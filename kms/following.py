"""What an account follows: places, themes, people, notes, and searches that were kept.

A thing that was merged into another leads there; one that is gone, or that its follower may no
longer see, stays in the list under its kind alone until it is let go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kms import naming, people, places, themes
from kms.db import now
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import Follow, Note, NoteTheme, Person, Theme
from kms.models.following import FOLLOWED
from kms.note_cards import titles
from kms.note_checks import tidy
from kms.permissions import ACCOUNT, Viewer, may, require, visible_to
from kms.themes import Tree

MOST = 200
MOST_SEARCHES = 20
LONGEST_TARGET = 500
LONGEST_LABEL = 200
MOST_DIGITS = 9


@dataclass(frozen=True)
class Followed:
    """One thing followed, as its follower may see it now.

    ``target`` is where a merged thing leads; ``name`` is empty for what ``is_lost``.
    """

    id: int
    kind: str
    target: str
    name: str
    created_at: datetime
    is_lost: bool = False

    @property
    def url(self) -> str:
        """The address of its page; empty for what is lost."""
        return "" if self.is_lost else address(self.kind, self.target)


def address(kind: str, target: str) -> str:
    """Where the page of this is."""
    if kind == "search":
        return f"/search?{target}"
    pages = {"place": "places", "theme": "themes", "person": "people", "note": "notes"}
    return f"/{pages[kind]}/{target}"


def follow(session: Session, kind: str, target: str, *, by: Viewer, label: str = "") -> Follow:
    """Follow this from now on; what is followed already stays as it is.

    The ``target`` of a search is its address as ``Query`` writes it. Raises SignInNeeded,
    Invalid, and NotFound alike for what is absent and what this account may not see.
    """
    require(by, "follow")
    account = by.account_id
    wanted = _search(target) if kind == "search" else target
    found = find(session, kind, wanted, seen_by=by)[0].target
    if is_following(session, kind, found, by=by):
        return session.scalars(
            select(Follow).where(Follow.account_id == account, _leads_to(kind, found)).limit(1)
        ).one()
    _require_room(session, kind, by)
    row = Follow(account_id=account, kind=kind, target=found, label=_label(label))
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # The same button pressed twice at one moment.
        return session.scalars(
            select(Follow).where(Follow.account_id == account, _leads_to(kind, found)).limit(1)
        ).one()
    return row


def unfollow(session: Session, kind: str, target: str, *, by: Viewer) -> None:
    """Follow this no longer, whether it may still be seen or not."""
    require(by, "follow")
    if kind not in FOLLOWED:
        raise _unknown()
    session.execute(
        delete(Follow)
        .where(Follow.account_id == by.account_id, _leads_to(kind, target))
        .execution_options(synchronize_session=False)
    )


def let_go(session: Session, follow_id: int, *, by: Viewer) -> None:
    """Take one line off the list of what this account follows."""
    session.delete(_own(session, follow_id, by))
    session.flush()


def call(session: Session, follow_id: int, label: str, *, by: Viewer) -> None:
    """Give a kept search a name; raises Invalid without one."""
    row = _own(session, follow_id, by)
    said = _label(label)
    if not said:
        sentence = _("ตั้งชื่อสั้น ๆ ให้การค้นนี้")
        raise Invalid(sentence, {"label": sentence})
    row.label = said
    session.flush()


def is_following(session: Session, kind: str, target: str, *, by: Viewer) -> bool:
    """Whether this account follows it; one statement, and none where nobody is signed in."""
    if not by.is_signed_in:
        return False
    own = select(Follow.id).where(Follow.account_id == by.account_id, _leads_to(kind, target))
    return session.scalar(own.limit(1)) is not None


def listing(session: Session, *, seen_by: Viewer) -> tuple[list[Followed], Tree]:
    """All that this account follows, the newest first, and the themes they were looked up in.

    At most five statements, whatever is followed.
    """
    rows = session.scalars(
        select(Follow).where(Follow.account_id == seen_by.account_id).order_by(Follow.id.desc())
    ).all()
    return _resolved(session, rows, seen_by)


def find(
    session: Session, kind: str, target: str, *, seen_by: Viewer, label: str = ""
) -> tuple[Followed, Tree]:
    """One thing as its followers would see it, and the themes it was looked up in.

    Raises NotFound alike for what is absent and what the viewer may not know of.
    """
    row = Follow(id=0, kind=kind, target=target, label=label, created_at=now())
    found, tree = _resolved(session, [row], seen_by) if kind in FOLLOWED else ([], Tree())
    if not found or found[0].is_lost:
        raise _unknown()
    return found[0], tree


def whole_of_owner(session: Session, account_id: int) -> list[Follow]:
    """Everything that this account follows, as it is kept."""
    mine = select(Follow).where(Follow.account_id == account_id).order_by(Follow.id)
    return list(session.scalars(mine))


def drop_all(session: Session, account_id: int) -> None:
    """Let go of everything that this account follows."""
    for row in whole_of_owner(session, account_id):
        session.delete(row)
    session.flush()


def _resolved(
    session: Session, rows: Sequence[Follow], seen_by: Viewer
) -> tuple[list[Followed], Tree]:
    by_kind = {kind: [row for row in rows if row.kind == kind] for kind in FOLLOWED}
    tree = themes.load(session) if by_kind["theme"] or by_kind["search"] else Tree()
    named = {
        ("place", row.target): (row.target, places.path(row.target))
        for row in by_kind["place"]
        if places.exists(row.target)
    }
    named |= _themes_named(session, tree, by_kind["theme"], seen_by)
    known = people_named(session, _numbers(by_kind["person"]), seen_by=seen_by)
    named |= {("person", str(one)): (str(kept), name) for one, (kept, name) in known.items()}
    seen = titles(session, _numbers(by_kind["note"]), seen_by=seen_by)
    named |= {("note", str(one)): (str(one), title) for one, title in seen.items()}
    named |= {("search", row.target): (row.target, row.label) for row in by_kind["search"]}
    return [_followed(row, named.get((row.kind, row.target))) for row in rows], tree


def _followed(row: Follow, found: tuple[str, str] | None) -> Followed:
    if found is None:
        return Followed(row.id, row.kind, row.target, "", row.created_at, is_lost=True)
    return Followed(row.id, row.kind, *found, row.created_at)


# --- what may be followed ------------------------------------------------------------------------


def _search(target: str) -> str:
    problem = "" if target else _("ใส่คำหรือตัวกรองก่อน แล้วค่อยติดตามการค้นนี้")
    if len(target) > LONGEST_TARGET:
        problem = _("การค้นนี้ยาวเกินไป ลดคำหรือตัวกรองลง แล้วติดตามใหม่")
    if problem:
        raise Invalid(problem, {"target": problem})
    return target


def _require_room(session: Session, kind: str, by: Viewer) -> None:
    """Raise Invalid when this account follows as much as one can."""
    counts = session.execute(
        select(Follow.kind, func.count())
        .where(Follow.account_id == by.account_id)
        .group_by(Follow.kind)
    ).all()
    held: dict[str, int] = dict(counts)
    sentence = ""
    if sum(held.values()) >= MOST:
        sentence = _("ติดตามได้ไม่เกิน %(n)s รายการ เลิกติดตามบางรายการก่อน", n=MOST)
    elif kind == "search" and held.get("search", 0) >= MOST_SEARCHES:
        sentence = _("ติดตามการค้นได้ไม่เกิน %(n)s รายการ เลิกติดตามบางรายการก่อน", n=MOST_SEARCHES)
    if sentence:
        raise Invalid(sentence, {"target": sentence})


def _unknown() -> NotFound:
    return NotFound(_("ไม่พบสิ่งที่จะติดตาม อาจถูกลบไปแล้ว หรือคุณยังไม่มีสิทธิ์อ่าน"))


def _label(label: str) -> str:
    return tidy(label, lines=False)[:LONGEST_LABEL].strip()


def _own(session: Session, follow_id: int, by: Viewer) -> Follow:
    require(by, "follow")
    row = session.get(Follow, naming.require_row_id(follow_id))
    if row is None or row.account_id != by.account_id:
        raise NotFound(_("ไม่พบรายการที่ติดตาม อาจเลิกติดตามไปแล้ว"))
    return row


# --- through what was merged ---------------------------------------------------------------------


def _leads_to(kind: str, target: str) -> ColumnElement[bool]:
    """Rows of this kind whose target is this, or was merged into it."""
    of_kind = Follow.kind == kind
    if kind == "theme":
        ids = select(Theme.id).where(Theme.slug == target).cte("merged", recursive=True)
        ids = ids.union(select(Theme.id).join(ids, Theme.merged_into_id == ids.c.id))
        same = select(Theme.slug).join(ids, ids.c.id == Theme.id)
        return of_kind & or_(Follow.target == target, Follow.target.in_(same))
    if kind == "person" and _number(target):
        ids = select(Person.id).where(Person.id.in_(_number(target))).cte("merged", recursive=True)
        ids = ids.union(select(Person.id).join(ids, Person.merged_into_id == ids.c.id))
        return of_kind & Follow.target.in_(select(cast(ids.c.id, String)))
    return of_kind & (Follow.target == target)


def _themes_named(
    session: Session, tree: Tree, rows: Sequence[Follow], viewer: Viewer
) -> dict[tuple[str, str], tuple[str, str]]:
    kept = {row.target: node.slug for row in rows if (node := tree.kept(row.target))}
    doubtful = {slug for slug in kept.values() if tree.by_slug[slug].status != "agreed"}
    if doubtful and not may(viewer, "edit_themes"):
        seen = (
            select(Theme.slug)
            .join(NoteTheme, NoteTheme.theme_id == Theme.id)
            .join(Note, Note.id == NoteTheme.note_id)
            .where(Theme.slug.in_(doubtful), visible_to(viewer))
            .distinct()
        )
        doubtful -= set(session.scalars(seen))
        kept = {target: slug for target, slug in kept.items() if slug not in doubtful}
    return {("theme", target): (slug, tree.label(slug)) for target, slug in kept.items()}


def people_named(
    session: Session, ids: Iterable[int], *, seen_by: Viewer
) -> dict[int, tuple[int, str]]:
    """Id → id and name of the one that person is now, of those whom the viewer may know of."""
    wanted = list(ids)
    if not wanted:
        return {}
    up = select(Person.id.label("origin"), Person.id.label("at")).where(Person.id.in_(wanted))
    climb = up.cte("climb", recursive=True)
    climb = climb.union(
        select(climb.c.origin, Person.merged_into_id)
        .join(Person, Person.id == climb.c.at)
        .where(Person.merged_into_id.is_not(None))
    )
    found = session.execute(
        select(climb.c.origin, Person.id, Person.name)
        .join(Person, Person.id == climb.c.at)
        .where(Person.merged_into_id.is_(None), people.open_to(seen_by)),
        {ACCOUNT: seen_by.account_id},
    )
    return {origin: (number, name) for origin, number, name in found}


def _numbers(rows: Iterable[Follow]) -> list[int]:
    return [number for row in rows for number in _number(row.target)]


def _number(text: str) -> list[int]:
    """The number that the text is, or none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return [int(text)] if is_number else []
