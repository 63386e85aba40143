"""The lessons that a briefing weighs: a bounded choice in the database, the same statements always.

Of the lessons on the themes chosen, or without themes of those from near provinces or found to hold
there: the nearest, those that others confirmed or used with success most, and the nearest that say
what does not work. And whatever answers the plan's words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from kms import nearness, places
from kms.briefing_order import GOOD_MATCH, Offered, Placed, Wanted, fits, ordered
from kms.lesson_lives import Life, known_steps, lives
from kms.models import LessonSource, LessonStep, Note, NotePlace, NoteTheme, Theme
from kms.note_kinds import Kind, lesson_from_json
from kms.permissions import ACCOUNT, Viewer, seen_as, visible_to

# So many of the nearest are looked at: all there are on a theme at the end of a branch.
MOST_LOOKED_AT = 240
MOST_NEAR, MOST_PROVEN, MOST_FAILED = 40, 24, 12
FOUND_OUT = ("confirmed", "applied", "routine")

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Weighed:
    """The lessons in order, and others that were named only to contradict one of them."""

    lessons: list[Placed]
    against: list[Placed]


def weighed(
    session: Session,
    wanted: Wanted,
    *,
    seen_by: Viewer,
    numbers: Sequence[int] | None = None,
) -> Weighed:
    """Lessons that may hold where it is planned; with ``numbers`` those alone.

    Nine statements at most, however many lessons there are.
    """
    chosen = list(numbers) if numbers is not None else _candidates(session, wanted, seen_by)
    offered = _offered(session, chosen, seen_by)
    if numbers is None:
        offered = [one for one in offered if fits(one, wanted)]
    lessons = ordered(offered, wanted)
    known = {one.lesson.number for one in lessons}
    named = {step.other for one in lessons for step in one.lesson.contradictions if step.other}
    return Weighed(lessons, ordered(_offered(session, sorted(named - known), seen_by), wanted))


# --- which ---------------------------------------------------------------------------------------


def _candidates(session: Session, wanted: Wanted, seen_by: Viewer) -> list[int]:
    slugs = sorted({slug for chosen in wanted.themes for slug in chosen})
    if not slugs and not places.exists(wanted.place):
        return list(wanted.matches)
    answering = [number for number, match in wanted.matches.items() if match >= GOOD_MATCH]
    picked = session.scalars(_picked(slugs, wanted.place, seen_by), {ACCOUNT: seen_by.account_id})
    return list(dict.fromkeys((*answering, *picked)))


def _picked(slugs: Sequence[str], place: str, seen_by: Viewer) -> Select[int]:
    asked = _on_themes(slugs) if slugs else _around(place, seen_by)
    is_theirs = (Note.kind == Kind.LESSON.value, visible_to(seen_by))
    chosen = select(Note.id).where(asked, *is_theirs).cte("chosen")
    held = _held(seen_by).join(chosen, chosen.c.id == LessonStep.lesson_id).cte("held")
    looked = _looked_at(place, chosen, held).cte("looked")
    order = looked.c.rank, looked.c.id.desc()
    failed = (
        select(looked.c.id)
        .join(Note, Note.id == looked.c.id)
        .where(Note.content["lesson"]["polarity"].as_string() == "does_not_work")
    )
    proven = (
        select(held.c.lesson_id.label("id"))
        .group_by(held.c.lesson_id)
        .order_by(func.count().desc(), held.c.lesson_id.desc())
    )
    parts = (
        select(looked.c.id).order_by(*order).limit(MOST_NEAR),
        failed.order_by(*order).limit(MOST_FAILED),
        proven.limit(MOST_PROVEN),
    )
    return select(union_all(*(select(one.subquery().c.id) for one in parts)).subquery().c.id)


def _held(seen_by: Viewer) -> Select[int, str | None]:
    """The lessons, and where, that others confirmed or used with success, as the viewer knows."""
    columns = (LessonStep.lesson_id, LessonStep.place_code)
    return known_steps(columns, seen_as(seen_by)).where(
        LessonStep.step.in_(FOUND_OUT), LessonStep.outcome != "did_not"
    )


def _looked_at(place: str, chosen: CTE, held: CTE) -> Select[int, int]:
    """The nearest by where they come from or held."""
    own = select(chosen.c.id, _rank(place, NotePlace.place_code).label("rank")).outerjoin(
        NotePlace, NotePlace.note_id == chosen.c.id
    )
    found = select(held.c.lesson_id, _rank(place, held.c.place_code))
    every = union_all(own, found).subquery()
    rank = func.min(every.c.rank).label("rank")
    order = rank, every.c.id.desc()
    return select(every.c.id, rank).group_by(every.c.id).order_by(*order).limit(MOST_LOOKED_AT)


def _on_themes(slugs: Sequence[str]) -> ColumnElement[bool]:
    # Asked of each lesson: there are fewer lessons than notes on a wide theme.
    wanted = select(Theme.id).where(Theme.slug.in_(slugs)).scalar_subquery()
    return exists().where(NoteTheme.note_id == Note.id, NoteTheme.theme_id.in_(wanted))


def _around(place: str, seen_by: Viewer) -> ColumnElement[bool]:
    """From the province or one near it, or found to hold there."""
    provinces = (place[:2], *nearness.near_provinces(place))

    def inside(code: Column) -> ColumnElement[bool]:
        return or_(*(code.between(one, one + "9999") for one in provinces))

    own = select(NotePlace.note_id).where(inside(NotePlace.place_code))
    held = _held(seen_by).where(inside(LessonStep.place_code))
    return Note.id.in_(union(own, held.with_only_columns(LessonStep.lesson_id)))


def _rank(place: str, code: Column) -> ColumnElement[int]:
    """As ``nearness.near`` ranks, but by province alone where it measures kilometres."""
    if not places.exists(place):
        return literal(nearness.UNKNOWN)
    province = func.substr(code, 1, 2)
    within = [
        (func.substr(code, 1, width) == place[:width], rank)
        for width, rank in ((6, 0), (4, 1), (2, 2))
        if len(place) >= width
    ]
    return case(
        *within,
        (province.in_(nearness.near_provinces(place)), nearness.NEIGHBOURING),
        (province.in_(_same_region(place)), nearness.SAME_REGION),
        (code.is_not(None), nearness.ELSEWHERE),
        else_=nearness.UNKNOWN,
    )


def _same_region(place: str) -> list[str]:
    own = places.region_code(place)
    return [one.code for one in places.provinces() if places.region_code(one.code) == own]


# --- what they say -------------------------------------------------------------------------------


@dataclass
class _Filed:
    """Where a lesson is from, what it is about, and how many notes are its evidence."""

    places: list[str]
    themes: list[str]
    evidence: int = 0


def _offered(session: Session, numbers: Sequence[int], seen_by: Viewer) -> list[Offered]:
    """Those of these lessons that the viewer may see, in the order given; four statements."""
    if not numbers:
        return []
    lessons = select(Note.id, Note.title, Note.content["lesson"].label("lesson")).where(
        Note.id.in_(numbers), Note.kind == Kind.LESSON.value, visible_to(seen_by)
    )
    rows = {row.id: row for row in session.execute(lessons)}
    filed = _filed(session, list(rows), seen_by)
    known = lives(session, rows, seen_by=seen_by)
    return [
        _told(rows[number], filed[number], known[number])
        for number in dict.fromkeys(numbers)
        if number in known
    ]


def _told(row: Row[*tuple[object, ...]], filed: _Filed, life: Life) -> Offered:
    parts = lesson_from_json(row.lesson or {})
    return Offered(
        number=row.id,
        title=row.title,
        point=parts.point,
        holds_when=parts.holds_when,
        what_to_do=parts.what_to_do,
        why=parts.why,
        works=parts.polarity != "does_not_work",
        places=tuple(filed.places),
        themes=frozenset(filed.themes),
        evidence=filed.evidence,
        life=life,
    )


def _filed(session: Session, numbers: Sequence[int], seen_by: Viewer) -> dict[int, _Filed]:
    """Evidence from a note that the viewer may not see is not counted; one statement."""
    placed = select(
        NotePlace.note_id,
        literal("place").label("what"),
        NotePlace.place_code.label("value"),
        NotePlace.position,
    ).where(NotePlace.note_id.in_(numbers))
    themed = (
        select(NoteTheme.note_id, literal("theme"), Theme.slug, NoteTheme.position)
        .join(Theme, Theme.id == NoteTheme.theme_id)
        .where(NoteTheme.note_id.in_(numbers))
    )
    evident = (
        select(LessonSource.lesson_id, literal("note"), literal(""), LessonSource.note_id)
        .join(Note, Note.id == LessonSource.note_id)
        .where(LessonSource.lesson_id.in_(numbers), visible_to(seen_by))
        .distinct()
    )
    found = {number: _Filed([], []) for number in numbers}
    for row in session.execute(union_all(placed, themed, evident).order_by("position")):
        filed = found[row.note_id]
        if row.what == "note":
            filed.evidence += 1
        else:
            (filed.places if row.what == "place" else filed.themes).append(row.value)
    return found
