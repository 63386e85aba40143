"""Which activities overlap: place, theme and time in common, and hands that do not know it.

Places are the same when one lies in the other, themes when one is beneath the other. A side of a
period that nobody knows is open. Each of the two must be paid for or run by someone who has no
part in the other: where all of one side help the other too, they know already.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session, aliased, selectinload

from kms import themes
from kms.activity_lines import ActivityLine, lines
from kms.models import (
    Activity,
    ActivityOrganisation,
    ActivityPlace,
    ActivityTheme,
    Overlap,
    OverlapPlace,
    Theme,
)
from kms.permissions import SYSTEM
from kms.themes import Tree

BATCH = 500
# Names the lock of those who look for overlaps, among all locks of the database.
LOOKING = int.from_bytes(b"overlap")

# The ids of two activities, the smaller first.
Pair = tuple[int, int]


@dataclass(frozen=True)
class InCommon:
    """What two activities have in common; ``places`` are the inner ones, the narrowest first."""

    places: tuple[str, ...]
    theme_id: int
    starts: date | None
    ends: date | None


def in_common(one: ActivityLine, other: ActivityLine, tree: Tree) -> InCommon | None:
    """What makes these two an overlap; None when they are none."""
    period = one.period.in_common(other.period)
    places = _places_in_common(one.place_codes, other.place_codes)
    theme = _theme_in_common(one, other, tree)
    if period is None or not places or theme is None or not _are_apart(one, other):
        return None
    return InCommon(places, theme, period.starts, period.ends)


def find(session: Session, activity_ids: Iterable[int], *, reopen: bool = False) -> None:
    """Make the overlaps of these activities those that the facts say now.

    One that people marked as co-ordinated stays marked, unless its place or theme is another one
    now, or ``reopen`` says that places, themes or organisations of these activities changed. One
    with an activity that was removed stays as it is: nobody sees it, and it comes back with it.

    Called last in a transaction: nobody else looks until that ends, so whoever looks may wait for
    nothing more.
    """
    session.flush()
    _wait_for_others(session)
    tree = themes.load(session)
    for some in _batches(activity_ids):
        _find(session, some, tree, reopen=reopen)


def find_about(session: Session, slug: str) -> None:
    """Find anew for all that is about this theme or beneath it, which stands elsewhere now."""
    about = select(ActivityTheme.activity_id).join(ActivityTheme.theme)
    beneath = themes.load(session).subtree(slug)
    find(session, session.scalars(about.where(Theme.slug.in_(beneath))))


def find_with(session: Session, *organisation_ids: int) -> None:
    """Find anew for all that these organisations have a part in, which are others now."""
    part = ActivityOrganisation
    having = select(part.activity_id).where(part.organisation_id.in_(organisation_ids))
    find(session, session.scalars(having))


def _wait_for_others(session: Session) -> None:
    """Of two who record at one moment the second sees what the first has recorded.

    On SQLite only one writes at a time anyway.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOOKING)))


def _find(session: Session, activity_ids: list[int], tree: Tree, *, reopen: bool) -> None:
    rows = session.execute(_candidates(activity_ids)).all()
    pairs = {(min(one, other), max(one, other)) for one, other in rows}
    known: dict[int, ActivityLine] = {}
    for some in _batches(number for pair in pairs for number in pair):
        known |= lines(session, some, seen_by=SYSTEM)
    compared = ((pair, in_common(known[pair[0]], known[pair[1]], tree)) for pair in pairs)
    found = {pair: common for pair, common in compared if common}
    kept = _kept(session, activity_ids)
    _mend(session, kept, found, reopen=reopen)
    there = _still_there(session, found.keys() - kept.keys())
    _add(session, {pair: found[pair] for pair in there})
    session.flush()


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(set(numbers))
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]


def _places_in_common(ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, ...]:
    there = tuple(theirs)
    inner = {
        max(one, other, key=len)
        for one in ours
        for other in there
        if one.startswith(other) or other.startswith(one)
    }
    return tuple(sorted(inner, key=lambda code: (-len(code), code)))


def _theme_in_common(one: ActivityLine, other: ActivityLine, tree: Tree) -> int | None:
    """The id of the narrowest theme that both are about."""
    best: tuple[int, int] | None = None
    for ours in one.themes:
        for theirs in other.themes:
            above = [node.slug for node in tree.path(ours.slug)]
            below = [node.slug for node in tree.path(theirs.slug)]
            if theirs.slug in above or ours.slug in below:
                inner = ours if len(above) >= len(below) else theirs
                depth = max(len(above), len(below))
                if best is None or depth > best[0]:
                    best = (depth, inner.id)
    return best[1] if best else None


def _are_apart(one: ActivityLine, other: ActivityLine) -> bool:
    """Whether on each side someone pays or runs who has no part in the other."""
    return bool(_doing(one) - _with_part(other) and _doing(other) - _with_part(one))


def _doing(activity: ActivityLine) -> set[int]:
    return {group.id for group in (*activity.funders, *activity.runners)}


def _with_part(activity: ActivityLine) -> set[int]:
    return _doing(activity) | {group.id for group in activity.partners}


# --- those that could overlap --------------------------------------------------------------------


def _candidates(activity_ids: list[int]) -> Select[int, int]:
    """Each of these with those that place, theme and time have in common with it.

    Organisations are compared after.
    """
    own, other = aliased(Activity), aliased(Activity)
    here, there = aliased(ActivityPlace), aliased(ActivityPlace)
    ours, theirs = aliased(ActivityTheme), aliased(ActivityTheme)
    akin = _akin()
    return (
        select(own.id, other.id)
        .distinct()
        .join(here, here.activity_id == own.id)
        .join(there, _lies_at_or_around(there, here))
        .join(other, other.id == there.activity_id)
        .join(ours, ours.activity_id == own.id)
        .join(theirs, theirs.activity_id == other.id)
        .join(akin, and_(akin.c.one == ours.theme_id, akin.c.other == theirs.theme_id))
        .where(
            own.id.in_(activity_ids),
            other.id != own.id,
            own.removed_at.is_(None),
            other.removed_at.is_(None),
            or_(own.starts.is_(None), other.ends.is_(None), other.ends >= own.starts),
            or_(own.ends.is_(None), other.starts.is_(None), other.starts <= own.ends),
        )
    )


def _lies_at_or_around(
    there: type[ActivityPlace], here: type[ActivityPlace]
) -> ColumnElement[bool]:
    """Whether one place lies in the other or is it; said so that an index of codes answers."""
    code = here.place_code
    above = there.place_code.in_([func.substr(code, 1, 2), func.substr(code, 1, 4)])
    return or_(above, there.place_code.between(code, code.concat(literal("9999"))))


def _akin() -> Subquery:
    """The ids of every two themes of which one is the other or lies beneath it, both ways."""
    up = select(Theme.id.label("id"), Theme.id.label("above")).cte("up", recursive=True)
    onward = select(up.c.id, Theme.parent_id).join(Theme, Theme.id == up.c.above)
    up = up.union(onward.where(Theme.parent_id.is_not(None)))
    both = union(
        select(up.c.id.label("one"), up.c.above.label("other")), select(up.c.above, up.c.id)
    )
    return both.subquery("akin")


# --- keeping them --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kept:
    """An overlap as it is kept, with whether people have marked it."""

    id: int
    common: InCommon
    place_code: str
    is_marked: bool

    def is_right(self, common: InCommon, *, reopen: bool) -> bool:
        """Whether it says this already."""
        mine, said = self.common, frozenset(self.common.places)
        return (
            not (reopen and self.is_marked)
            and self.place_code == common.places[0]
            and said == frozenset(common.places)
            and (mine.theme_id, mine.starts, mine.ends)
            == (common.theme_id, common.starts, common.ends)
        )


def _kept(session: Session, activity_ids: list[int]) -> dict[Pair, _Kept]:
    """The overlaps of these activities that there are already; without those of removed ones."""
    first, second = aliased(Activity), aliased(Activity)
    theirs = (
        select(Overlap.id)
        .join(first, and_(first.id == Overlap.first_id, first.removed_at.is_(None)))
        .join(second, and_(second.id == Overlap.second_id, second.removed_at.is_(None)))
        .where(or_(Overlap.first_id.in_(activity_ids), Overlap.second_id.in_(activity_ids)))
    )
    places: dict[int, list[str]] = {}
    there = select(OverlapPlace.overlap_id, OverlapPlace.place_code)
    for number, code in session.execute(there.where(OverlapPlace.overlap_id.in_(theirs))):
        places.setdefault(number, []).append(code)
    rows = session.execute(select(*Overlap.__table__.columns).where(Overlap.id.in_(theirs)))
    return {
        (row.first_id, row.second_id): _Kept(
            row.id,
            InCommon(tuple(places.get(row.id, ())), row.theme_id, row.starts, row.ends),
            row.place_code,
            bool(row.state),
        )
        for row in rows
    }


def _mend(
    session: Session, kept: Mapping[Pair, _Kept], found: Mapping[Pair, InCommon], *, reopen: bool
) -> None:
    """Change what says something else now, and take away what is no overlap any more."""
    wrong = {
        one.id: found.get(pair)
        for pair, one in kept.items()
        if pair not in found or not one.is_right(found[pair], reopen=reopen)
    }
    for some in _batches(wrong):
        chosen = select(Overlap).where(Overlap.id.in_(some)).options(selectinload(Overlap.places))
        for overlap in session.scalars(chosen):
            common = wrong[overlap.id]
            if common is None:
                session.delete(overlap)
            else:
                _say(overlap, common, reopen=reopen)


def _still_there(session: Session, pairs: Set[Pair]) -> list[Pair]:
    """Those of which neither goes at this moment with its note; none goes before we end."""
    there: set[int] = set()
    for some in _batches(number for pair in pairs for number in pair):
        chosen = select(Activity.id).where(Activity.id.in_(some)).order_by(Activity.id)
        there |= set(session.scalars(chosen.with_for_update(read=True, key_share=True)))
    return [pair for pair in pairs if there.issuperset(pair)]


def _add(session: Session, found: Mapping[Pair, InCommon]) -> None:
    """Two statements for any number, which objects would not be on SQLite."""
    if not found:
        return
    values = [
        {
            "first_id": first,
            "second_id": second,
            "theme_id": common.theme_id,
            "place_code": common.places[0],
            "starts": common.starts,
            "ends": common.ends,
        }
        for (first, second), common in found.items()
    ]
    session.execute(insert(Overlap), values)
    chosen = select(Overlap.id, bindparam("code", type_=String)).where(
        Overlap.first_id == bindparam("first"), Overlap.second_id == bindparam("second")
    )
    into = insert(OverlapPlace).from_select(["overlap_id", "place_code"], chosen)
    there = [
        {"first": first, "second": second, "code": code}
        for (first, second), common in found.items()
        for code in common.places
    ]
    session.connection().execute(into, there)


def _say(overlap: Overlap, common: InCommon, *, reopen: bool) -> None:
    if reopen or (overlap.theme_id, overlap.place_code) != (common.theme_id, common.places[0]):
        overlap.state, overlap.reason = "", ""
        overlap.marked_by_id = overlap.marked_at = None
    overlap.theme_id, overlap.place_code = common.theme_id, common.places[0]
    overlap.starts, overlap.ends = common.starts, common.ends
    there = {place.place_code: place for place in overlap.places}
    overlap.places[:] = [there.get(code) or OverlapPlace(place_code=code) for code in common.places]
