"""Overlaps of activities: where they are, said in a sentence, and what people know of them.

Both activities must be visible to whoever asks; else the overlap does not exist for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from kms import naming, places
from kms.activities import lines
from kms.activity_lines import ActivityLine, at_or_around, inside, seen
from kms.db import now
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import Activity, Overlap, OverlapPlace, Person, Theme
from kms.note_cards import theme_label
from kms.note_checks import tidy
from kms.overlap_words import sentence
from kms.permissions import Viewer, require

LONGEST_REASON = 300
MOST_MARKED = 10_000
COORDINATED = "coordinated"
STATES = ("", COORDINATED)

AnySelect = Select[*tuple[Any, ...]]

_First, _Second = aliased(Activity), aliased(Activity)


@dataclass(frozen=True)
class OverlapShown:
    """Two activities that overlap; ``starts`` to ``ends`` is the time in common, as far as known.

    ``place_code`` is the narrowest of ``place_codes``. ``state`` is empty while it is a flag;
    then nobody has marked it and there is no reason.
    """

    id: int
    first: ActivityLine
    second: ActivityLine
    theme_slug: str
    theme_name: str
    place_code: str
    starts: date | None
    ends: date | None
    state: str
    reason: str
    marked_by_id: int | None
    marked_by: str
    marked_at: datetime | None
    found_at: datetime
    place_codes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"/overlaps/{self.id}"

    @property
    def is_coordinated(self) -> bool:
        """Whether people said that they know of each other."""
        return self.state == COORDINATED

    @property
    def sentence(self) -> str:
        """Why these two overlap, with who pays and who runs each."""
        return sentence(self.first, self.second, self.theme_name, self.place_code)

    def other(self, activity_id: int) -> ActivityLine:
        """The one that overlaps with this activity."""
        return self.second if self.first.id == activity_id else self.first


@dataclass(frozen=True)
class OverlapsListed:
    """One page of a list, and how many there are in all."""

    total: int
    overlaps: list[OverlapShown]


@dataclass
class PlaceCounts:
    """How many overlaps are flags, and how many are marked, in a place and all within it.

    ``beneath`` holds its amphoes; an overlap that is in two of them counts in both, and one of
    the whole province in none.
    """

    code: str
    flags: int = 0
    coordinated: int = 0
    beneath: list["PlaceCounts"] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Flags and marked ones together."""
        return self.flags + self.coordinated


def of_place(
    session: Session, code: str, *, seen_by: Viewer, limit: int = 20
) -> list[OverlapShown]:
    """Overlaps in this place, inside it or in what it lies in; flags first."""
    there = select(OverlapPlace.overlap_id).where(at_or_around(OverlapPlace.place_code, code))
    return _chosen(session, Overlap.id.in_(there), seen_by=seen_by, limit=limit)


def of_activity(
    session: Session, activity_id: int, *, seen_by: Viewer, limit: int = 50
) -> list[OverlapShown]:
    """The overlaps of an activity; flags first."""
    of = or_(Overlap.first_id == activity_id, Overlap.second_id == activity_id)
    return _chosen(session, of, seen_by=seen_by, limit=limit)


def listing(
    session: Session,
    *,
    seen_by: Viewer,
    place: str | None = None,
    state: str | None = None,
    offset: int = 0,
    limit: int = 30,
) -> OverlapsListed:
    """Overlaps in a place and within it, flags first, by place; of one state when asked."""
    conditions: list[ColumnElement[bool]] = []
    if place:
        there = select(OverlapPlace.overlap_id).where(inside(OverlapPlace.place_code, place))
        conditions.append(Overlap.id.in_(there))
    if state is not None:
        conditions.append(Overlap.state == state)
    every = _visible(select(Overlap.id), seen_by).where(*conditions).subquery()
    total = session.scalar(select(func.count()).select_from(every)) or 0
    shown = _chosen(session, *conditions, seen_by=seen_by, limit=limit, offset=offset)
    return OverlapsListed(total, shown)


def table(session: Session, *, seen_by: Viewer, place: str | None = None) -> list[PlaceCounts]:
    """The provinces with overlaps, the most flags first, each with its amphoes; two statements."""
    provinces = {
        code: PlaceCounts(code, *counts)
        for code, counts in _counts(session, 2, seen_by, place).items()
    }
    for code, counts in _counts(session, 4, seen_by, place).items():
        if len(code) == 4:
            provinces[code[:2]].beneath.append(PlaceCounts(code, *counts))
    for province in provinces.values():
        province.beneath.sort(key=_most_flags)
    return sorted(provinces.values(), key=_most_flags)


def get(session: Session, overlap_id: int, *, seen_by: Viewer) -> OverlapShown:
    """The overlap; raises NotFound alike for none and for one of an activity that is hidden."""
    wanted = Overlap.id == naming.require_row_id(overlap_id)
    found = _chosen(session, wanted, seen_by=seen_by, limit=1)
    if not found:
        raise NotFound(_("ไม่พบงานที่ซ้อนกันคู่นี้ อาจไม่ซ้อนกันแล้ว"))
    return found[0]


def coordinate(session: Session, overlap_id: int, *, by: Viewer, reason: str) -> None:
    """Say that both know of each other, or how they work together, in one line."""
    require(by, "mark_overlap")
    get(session, overlap_id, seen_by=by)
    said = tidy(reason, lines=False)
    if not said or len(said) > LONGEST_REASON:
        problem = _("บอกสักบรรทัดว่าประสานกันอย่างไร ไม่เกิน %(n)s ตัวอักษร", n=LONGEST_REASON)
        raise Invalid(problem, {"reason": problem})
    overlap = session.get_one(Overlap, overlap_id)
    overlap.state, overlap.reason = COORDINATED, said
    overlap.marked_by_id, overlap.marked_at = by.person_id, now()
    session.flush()


def marked_by(session: Session, person_id: int, *, seen_by: Viewer) -> list[OverlapShown]:
    """What this person said is co-ordinated."""
    mine = Overlap.marked_by_id == person_id
    return _chosen(session, mine, seen_by=seen_by, limit=MOST_MARKED)


def reopen(session: Session, overlap_id: int, *, by: Viewer) -> None:
    """Make it a flag again."""
    require(by, "mark_overlap")
    get(session, overlap_id, seen_by=by)
    overlap = session.get_one(Overlap, overlap_id)
    overlap.state, overlap.reason = "", ""
    overlap.marked_by_id = overlap.marked_at = None
    session.flush()


# --- reading -------------------------------------------------------------------------------------


def _visible(statement: AnySelect, viewer: Viewer) -> AnySelect:
    return (
        statement.join(_First, _First.id == Overlap.first_id)
        .join(_Second, _Second.id == Overlap.second_id)
        .where(seen(viewer, _First), seen(viewer, _Second))
    )


def _chosen(
    session: Session,
    *conditions: ColumnElement[bool],
    seen_by: Viewer,
    limit: int,
    offset: int = 0,
) -> list[OverlapShown]:
    """Flags first, by place, the latest found first; five statements for any number."""
    rows = session.execute(
        _visible(select(Overlap, Theme.slug, theme_label().label("theme"), Person.name), seen_by)
        .join(Theme, Theme.id == Overlap.theme_id)
        .outerjoin(Person, Person.id == Overlap.marked_by_id)
        .where(*conditions)
        .order_by(Overlap.state, Overlap.place_code, Overlap.found_at.desc(), Overlap.id)
        .limit(limit)
        .offset(offset or None)
    ).all()
    ids = {number for row in rows for number in (row.Overlap.first_id, row.Overlap.second_id)}
    activities = lines(session, ids, seen_by=seen_by)
    there = _places_of(session, [row.Overlap.id for row in rows])
    return [_shown(row, activities, there[row.Overlap.id]) for row in rows]


def _shown(row: Any, activities: dict[int, ActivityLine], codes: list[str]) -> OverlapShown:
    overlap = row.Overlap
    return OverlapShown(
        id=overlap.id,
        first=activities[overlap.first_id],
        second=activities[overlap.second_id],
        theme_slug=row.slug,
        theme_name=row.theme,
        place_code=overlap.place_code,
        starts=overlap.starts,
        ends=overlap.ends,
        state=overlap.state,
        reason=overlap.reason,
        marked_by_id=overlap.marked_by_id,
        marked_by=row.name or "",
        marked_at=overlap.marked_at,
        found_at=overlap.found_at,
        place_codes=tuple(codes),
    )


def _places_of(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {number: [] for number in ids}
    if ids:
        rows = session.execute(
            select(OverlapPlace.overlap_id, OverlapPlace.place_code)
            .where(OverlapPlace.overlap_id.in_(ids))
            .order_by(func.length(OverlapPlace.place_code).desc(), OverlapPlace.place_code)
        )
        for row in rows:
            found[row.overlap_id].append(row.place_code)
    return found


def _counts(
    session: Session, width: int, viewer: Viewer, place: str | None
) -> dict[str, tuple[int, int]]:
    """Place by the first digits of its code → flags and marked ones there."""
    code = func.substr(OverlapPlace.place_code, 1, width)
    chosen = select(code.label("code"), Overlap.id, Overlap.state).join(
        OverlapPlace, OverlapPlace.overlap_id == Overlap.id
    )
    if place:
        chosen = chosen.where(inside(OverlapPlace.place_code, place))
    pairs = _visible(chosen, viewer).distinct().subquery()
    rows = session.execute(
        select(pairs.c.code, pairs.c.state, func.count()).group_by(pairs.c.code, pairs.c.state)
    )
    found: dict[str, list[int]] = {}
    for code_of, state, number in rows:
        found.setdefault(code_of, [0, 0])[STATES.index(state)] = number
    return {code_of: (flags, marked) for code_of, (flags, marked) in found.items()}


def _most_flags(counts: PlaceCounts) -> tuple[int, int, str]:
    return (-counts.flags, -counts.coordinated, places.path(counts.code))
