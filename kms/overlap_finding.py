"""Which activities overlap: place, theme and time in common, and hands that do not know it.

Places are the same when one lies in the other, themes when one is beneath the other. A side of a
period that nobody knows is open. Each of the two must be paid for or run by someone who has no
part in the other: where all of one side help the other too, they know already.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from kms import themes
from kms.activity_lines import ActivityLine, at_or_around, lines
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


def find(session: Session, activity_id: int, *, reopen: bool = False) -> None:
    """Make the overlaps of this activity those that its facts say now.

    One that people marked as co-ordinated stays marked, unless its place or theme is another one
    now, or ``reopen`` says that the places, themes or organisations of this activity changed.
    """
    own = lines(session, [activity_id], seen_by=SYSTEM).get(activity_id)
    if own is None:
        return
    tree = themes.load(session)
    others = lines(session, session.scalars(_candidates(own, tree)), seen_by=SYSTEM)
    found = {number: in_common(own, other, tree) for number, other in others.items()}
    kept = _kept(session, activity_id)
    for number, overlap in kept.items():
        if found.get(number) is None:
            session.delete(overlap)
    for number, common in found.items():
        if common:
            _write(session, kept.get(number), (activity_id, number), common, reopen=reopen)
    session.flush()


def find_about(session: Session, slug: str) -> None:
    """Find anew for all that is about this theme or beneath it, which stands elsewhere now."""
    about = select(ActivityTheme.activity_id).join(ActivityTheme.theme)
    beneath = themes.load(session).subtree(slug)
    _find_all(session, session.scalars(about.where(Theme.slug.in_(beneath))))


def find_with(session: Session, *organisation_ids: int) -> None:
    """Find anew for all that these organisations have a part in, which are others now."""
    part = ActivityOrganisation
    having = select(part.activity_id).where(part.organisation_id.in_(organisation_ids))
    _find_all(session, session.scalars(having))


def _find_all(session: Session, activity_ids: Iterable[int]) -> None:
    for activity_id in sorted(set(activity_ids)):
        find(session, activity_id)


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


def _candidates(own: ActivityLine, tree: Tree) -> Select[int]:
    """Those that could overlap, by place, theme and time; organisations are compared after."""
    slugs = {theme.slug for theme in own.themes}
    above = {node.slug for slug in slugs for node in tree.path(slug)}
    around = above.union(*(tree.subtree(slug) for slug in slugs))
    if not own.place_codes or not around:
        return select(Activity.id).where(Activity.id.is_(None))
    about = select(ActivityTheme.activity_id).join(ActivityTheme.theme)
    near = or_(*(at_or_around(ActivityPlace.place_code, code) for code in own.place_codes))
    chosen = select(Activity.id).where(
        Activity.id != own.id,
        Activity.removed_at.is_(None),
        Activity.id.in_(select(ActivityPlace.activity_id).where(near)),
        Activity.id.in_(about.where(Theme.slug.in_(around))),
    )
    if own.starts:
        chosen = chosen.where(or_(Activity.ends.is_(None), Activity.ends >= own.starts))
    if own.ends:
        chosen = chosen.where(or_(Activity.starts.is_(None), Activity.starts <= own.ends))
    return chosen


def _kept(session: Session, activity_id: int) -> dict[int, Overlap]:
    """The overlaps there are already, by the other activity, but for one that was removed.

    That one keeps its overlaps: nobody sees them, and they come back with it.
    """
    rows = session.scalars(
        select(Overlap)
        .where(or_(Overlap.first_id == activity_id, Overlap.second_id == activity_id))
        .options(selectinload(Overlap.places))
    ).all()
    by_other = {row.first_id + row.second_id - activity_id: row for row in rows}
    there = set(
        session.scalars(
            select(Activity.id).where(Activity.id.in_(by_other), Activity.removed_at.is_(None))
        )
    )
    return {number: row for number, row in by_other.items() if number in there}


def _write(
    session: Session,
    overlap: Overlap | None,
    pair: tuple[int, int],
    common: InCommon,
    *,
    reopen: bool,
) -> None:
    if overlap is None:
        overlap = Overlap(first_id=min(pair), second_id=max(pair))
    elif reopen or (overlap.theme_id, overlap.place_code) != (common.theme_id, common.places[0]):
        overlap.state, overlap.reason = "", ""
        overlap.marked_by_id = overlap.marked_at = None
    overlap.theme_id, overlap.place_code = common.theme_id, common.places[0]
    overlap.starts, overlap.ends = common.starts, common.ends
    there = {place.place_code: place for place in overlap.places}
    overlap.places[:] = [there.get(code) or OverlapPlace(place_code=code) for code in common.places]
    if overlap not in session:
        # Who saves the other one at this very moment may find the same.
        with suppress(IntegrityError), session.begin_nested():
            session.add(overlap)
