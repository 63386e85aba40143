"""Lists of lessons by how far they have come, where they hold, and what waits for a judge.

Stages follow from the steps that the viewer sees, so two viewers may count differently.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from kms.db import UtcDateTime
from kms.lesson_lives import (
    STAGES,
    Life,
    brings_on,
    known_steps,
    lives,
    review_before,
)
from kms.models import LessonStep, Note, NotePlace, NoteTheme, Theme
from kms.note_cards import NoteCard, cards
from kms.note_kinds import Kind
from kms.permissions import ACCOUNT, SeenAs, Viewer, seen_as, visible_as
from kms.thai.dates import today_in_thailand

SUPERSEDED = "superseded"
QUEUES = ("agree", "review")


@dataclass(frozen=True)
class LessonCard:
    """A lesson of a list, with its life."""

    card: NoteCard
    life: Life


@dataclass(frozen=True)
class Lessons:
    """A page of lessons, and how many there are of each stage and in each queue.

    Both count all that the theme and the place let through; one that another took the place of
    counts as ``superseded`` and in no stage.
    """

    lessons: list[LessonCard]
    total: int
    stages: dict[str, int]
    queues: dict[str, int]


def listing(
    session: Session,
    *,
    seen_by: Viewer,
    chosen: str = "",
    themes: Collection[str] | None = None,
    place: str | None = None,
    limit: int,
    offset: int = 0,
    today: date | None = None,
) -> Lessons:
    """Lessons, the furthest on first; five statements.

    ``chosen`` is a stage, ``superseded`` or a queue: ``agree`` (what this viewer could agree to,
    were they a judge) or ``review``. ``themes`` are slugs, of which any will do. ``place`` is
    where a lesson comes from, or was confirmed or used; a place in it will do.
    """
    given = {
        ACCOUNT: seen_by.account_id,
        "person": seen_by.person_id,
        "before": review_before(today or today_in_thailand()),
    }
    narrowed = _narrowed(seen_as(seen_by), themes, place)
    found = _standing(seen_by).where(*narrowed).cte("standing")
    rows = session.execute(_counted_and_picked(found, chosen, limit, offset), given).all()
    stages, queues = _counts(row for row in rows if row.id is None)
    numbers = [row.id for row in rows if row.id is not None]
    known = lives(session, numbers, seen_by=seen_by, today=today)
    counts = stages | queues
    return Lessons(
        [LessonCard(card, known[card.number]) for card in cards(session, numbers, seen_by=seen_by)],
        counts[chosen] if chosen else sum(stages.values()),
        stages,
        queues,
    )


def _counts(rows: Iterable[Any]) -> tuple[dict[str, int], dict[str, int]]:
    stages = dict.fromkeys((*STAGES, SUPERSEDED), 0)
    queues = dict.fromkeys(QUEUES, 0)
    for row in rows:
        stages[SUPERSEDED if row.superseded else STAGES[row.stage]] += row.lessons
        queues["agree"] += row.lessons if row.waits else 0
        queues["review"] += row.lessons if row.stale else 0
    return stages, queues


# --- the statements ------------------------------------------------------------------------------


def _said(way: SeenAs) -> Select[*tuple[Any, ...]]:
    """Of each lesson with steps: how far they bring it, and the last of each that matters."""

    def last(wanted: ColumnElement[bool]) -> ColumnElement[int]:
        return func.max(case((wanted, LessonStep.id), else_=0))

    step = LessonStep.step
    come = case(*((step == one, STAGES.index(one)) for one in STAGES[2:]), else_=0)
    reached = case((brings_on(), come), else_=0)
    columns = (
        LessonStep.lesson_id,
        last(step == "agreed").label("agreed"),
        func.max(reached).label("reached"),
        last(or_(step == "contradicted", LessonStep.outcome == "did_not")).label("doubted"),
        last(step == "review").label("asked"),
        last(step == "reviewed").label("looked"),
        last(step == "superseded").label("superseded"),
        func.max(LessonStep.created_at).label("last_at"),
    )
    return known_steps(columns, way).group_by(LessonStep.lesson_id)


def _standing(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Where each lesson stands for this viewer, as ``lesson_lives`` tells it of one.

    ``stage`` is its place in STAGES; ``waits`` and ``stale`` are 1 in either queue.
    """
    said = _said(seen_as(viewer)).cte("said")
    before = bindparam("before", type_=UtcDateTime)
    replaced = func.coalesce(said.c.superseded, 0) > 0
    is_draft = func.coalesce(said.c.agreed, 0) == 0
    stage = case((is_draft, 0), (said.c.reached == 0, 1), else_=said.c.reached)
    doubted = or_(said.c.doubted > said.c.looked, said.c.asked > said.c.looked)
    # A draft has no step that makes it a lesson, so it does not grow old.
    old = and_(~is_draft, Note.revised_at < before, said.c.last_at < before)
    waits = and_(is_draft, ~replaced, Note.visibility != "draft", _is_others())
    return (
        select(
            Note.id,
            stage.label("stage"),
            case((replaced, 1), else_=0).label("superseded"),
            case((waits, 1), else_=0).label("waits"),
            case((and_(~replaced, or_(doubted, old)), 1), else_=0).label("stale"),
        )
        .outerjoin(said, said.c.lesson_id == Note.id)
        .where(Note.kind == Kind.LESSON.value, visible_as(seen_as(viewer)))
    )


def _is_others() -> ColumnElement[bool]:
    """Whether the viewer neither put it here nor is credited with it."""
    account, person = bindparam(ACCOUNT, type_=Integer), bindparam("person", type_=Integer)
    return and_(
        or_(Note.owner_id.is_(None), Note.owner_id.is_distinct_from(account)),
        or_(Note.author_id.is_(None), Note.author_id.is_distinct_from(person)),
    )


def _narrowed(
    way: SeenAs, themes: Collection[str] | None, place: str | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if themes is not None:
        having = select(NoteTheme.note_id).join(Theme, Theme.id == NoteTheme.theme_id)
        conditions.append(Note.id.in_(having.where(Theme.slug.in_(themes))))
    if place:
        there = select(NotePlace.note_id).where(
            NotePlace.place_code.startswith(place, autoescape=True)
        )
        used = known_steps((LessonStep.lesson_id,), way).where(
            LessonStep.place_code.startswith(place, autoescape=True),
            LessonStep.step.in_(("confirmed", "applied")),
        )
        conditions.append(or_(Note.id.in_(there), Note.id.in_(used)))
    return conditions


def _counted_and_picked(
    found: CTE, chosen: str, limit: int, offset: int
) -> CompoundSelect[*tuple[Any, ...]]:
    """How many stand where, and, with an id, the lessons of the page in their order.

    In one statement, for to find out where all of them stand takes longest.
    """
    columns = (found.c.stage, found.c.superseded, found.c.waits, found.c.stale)
    counted = select(
        cast(null(), Integer).label("id"),
        *columns,
        func.count().label("lessons"),
        literal(0).label("place").label("place"),
    ).group_by(*columns)
    place = func.row_number().over(order_by=_furthest(found, chosen)).label("place")
    picked = (
        select(found.c.id, *columns, literal(1), place)
        .where(_is_chosen(found, chosen))
        .order_by(place)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    return union_all(counted, select(picked)).order_by("place")


def _is_chosen(found: CTE, chosen: str) -> ColumnElement[bool]:
    if chosen == "agree":
        return found.c.waits == 1
    if chosen == "review":
        return found.c.stale == 1
    if chosen == SUPERSEDED:
        return found.c.superseded == 1
    if chosen:
        return and_(found.c.superseded == 0, found.c.stage == STAGES.index(chosen))
    return found.c.id.is_not(None)


def _furthest(found: CTE, chosen: str) -> tuple[ColumnElement[Any], ...]:
    """What waits longest comes first in a queue."""
    if chosen in QUEUES:
        return (found.c.id,)
    return (found.c.superseded, found.c.stage.desc(), found.c.id.desc())
