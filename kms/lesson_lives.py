"""The lives of lessons as a viewer may know them, read in a constant number of statements.

A stage is never stored: it follows from the steps that this viewer sees. Whoever may not see the
note that tells of a step, or the other lesson that it names, knows nothing of that step.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from kms.models import LessonStep, Note, NotePlace, Organisation, Person
from kms.note_kinds import Kind
from kms.permissions import ACCOUNT, SeenAs, Viewer, may, seen_as, visible_as, visible_to
from kms.thai.dates import BANGKOK, today_in_thailand

STAGES = ("draft", "lesson", "confirmed", "applied", "routine")
WORKED = ("worked", "partly")
# What brings a lesson on when it comes from another place than the lesson's own.
FROM_ELSEWHERE = ("confirmed", "applied")
# Laws, rates and the people in charge have changed in that time; a term of a local council is
# four years, so a lesson is looked at again within each.
REVIEW_AFTER_YEARS = 3


@dataclass(frozen=True)
class LifeStep:
    """One step in a lesson's life: what happened, where, who says so, which note tells of it.

    ``note`` and ``other`` (the lesson that contradicts or supersedes this one) are notes that the
    viewer may see. ``from_review`` steps are said, and changed, in the after-action review.
    ``elsewhere`` ones name a place that is not the lesson's own (see ``is_elsewhere``).
    """

    id: int
    step: str
    note: int | None
    note_title: str
    other: int | None
    other_title: str
    place_code: str | None
    organisation_id: int | None
    organisation_name: str
    outcome: str
    changed: str
    reason: str
    from_review: bool
    by_id: int | None
    by_name: str
    created_at: datetime
    elsewhere: bool

    @property
    def is_doubt(self) -> bool:
        """Whether it speaks against the lesson."""
        return self.step == "contradicted" or self.outcome == "did_not"

    @property
    def brings_on(self) -> bool:
        """Whether the lesson may come further by it, as ``brings_on`` asks the database."""
        return self.outcome != "did_not" and (self.elsewhere or self.step not in FROM_ELSEWHERE)


@dataclass(frozen=True)
class Life:
    """Where a lesson stands for one viewer; ``steps`` are those that hold, the oldest first.

    ``review`` says why someone should look at it again: ``contradicted``, ``asked``, ``age``, or
    empty. ``superseded_by`` is the number of the lesson to read instead.
    """

    lesson: int
    stage: str
    steps: tuple[LifeStep, ...]
    review: str
    superseded_by: int | None

    @property
    def confirmations(self) -> tuple[LifeStep, ...]:
        """Where else it was found to hold."""
        return self._of("confirmed")

    @property
    def uses(self) -> tuple[LifeStep, ...]:
        """Where it was used, whatever came of it."""
        return self._of("applied")

    @property
    def contradictions(self) -> tuple[LifeStep, ...]:
        """What people said against it; uses that did not work are among the uses."""
        return self._of("contradicted")

    @property
    def doubts(self) -> tuple[LifeStep, ...]:
        """What speaks against it, said or found in a use, since someone last looked again."""
        return tuple(one for one in _unseen(self.steps) if one.is_doubt)

    @property
    def replacement(self) -> LifeStep | None:
        """The step by which another lesson took its place."""
        found = self._of("superseded")
        return found[-1] if found else None

    def _of(self, step: str) -> tuple[LifeStep, ...]:
        return tuple(one for one in self.steps if one.step == step)


@dataclass(frozen=True)
class StepInHistory:
    """A step, and when it was taken back and by whom, if it was."""

    step: LifeStep
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True)
class LessonNaming:
    """A lesson that is ``superseded`` or ``contradicted`` by the one asked about."""

    step: str
    number: int
    title: str


def review_before(today: date) -> datetime:
    """What nobody touched since then wants a look."""
    year = today.year - REVIEW_AFTER_YEARS
    day = today.replace(year=year, day=28) if (today.month, today.day) == (2, 29) else None
    return datetime.combine(day or today.replace(year=year), datetime.min.time(), BANGKOK)


def lives(
    session: Session, numbers: Iterable[int], *, seen_by: Viewer, today: date | None = None
) -> dict[int, Life]:
    """The lives of those of these lessons that the viewer may see; two statements."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    given = {"numbers": wanted, ACCOUNT: seen_by.account_id}
    way = seen_as(seen_by)
    revised: dict[int, datetime] = dict(session.execute(_lessons(way), given).all())
    steps: dict[int, list[LifeStep]] = defaultdict(list)
    for row in session.execute(_steps(way), given):
        steps[row.lesson_id].append(step_told(row))
    before = review_before(today or today_in_thailand())
    return {
        number: _life(number, steps.get(number, []), revised_at, before)
        for number, revised_at in revised.items()
    }


def _life(number: int, steps: list[LifeStep], revised_at: datetime, before: datetime) -> Life:
    newer = next((one.other for one in reversed(steps) if one.step == "superseded"), None)
    stage = stage_of(steps)
    review = "" if newer else _review(steps, revised_at, before, stage)
    return Life(number, stage, tuple(steps), review, newer)


def stage_of(steps: Sequence[LifeStep]) -> str:
    """How far these steps bring a lesson; what nobody agreed to is a draft whatever else is said.

    A use that did not work is a doubt, and one where the lesson comes from no news: they bring it
    nowhere.
    """
    return _reached({one.step for one in steps if one.step != "superseded" and one.brings_on})


def _reached(steps: set[str]) -> str:
    if "superseded" in steps:
        return "superseded"
    if "agreed" not in steps:
        return "draft"
    return next((stage for stage in reversed(STAGES) if stage in steps), "lesson")


def _review(steps: list[LifeStep], revised_at: datetime, before: datetime, stage: str) -> str:
    """Why it wants a look; a draft grows no older, for it waits for agreement anyway."""
    since = _unseen(steps)
    if any(one.is_doubt for one in since):
        return "contradicted"
    if any(one.step == "review" for one in since):
        return "asked"
    last = max((revised_at, *(one.created_at for one in steps)))
    return "age" if stage != "draft" and last < before else ""


def _unseen(steps: Sequence[LifeStep]) -> Sequence[LifeStep]:
    """Those since the last ``reviewed``."""
    looked = (at for at, one in enumerate(steps, 1) if one.step == "reviewed")
    return steps[max(looked, default=0) :]


def stages(session: Session, numbers: Iterable[int], *, seen_by: Viewer) -> dict[int, str]:
    """Stage, or ``superseded``, of lessons that the viewer is known to see; one statement.

    For lists that have no room for more.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    given = {"numbers": wanted, ACCOUNT: seen_by.account_id}
    said: dict[int, set[str]] = {number: set() for number in wanted}
    for row in session.execute(_brought_on(seen_as(seen_by)), given):
        said[row.lesson_id].add(row.step)
    return {number: _reached(steps) for number, steps in said.items()}


def history(session: Session, lesson: int, *, seen_by: Viewer) -> tuple[StepInHistory, ...]:
    """All steps of a lesson that the viewer sees, the newest first; undone ones for curators."""
    given = {"numbers": [lesson], ACCOUNT: seen_by.account_id}
    rows = session.execute(_history(seen_as(seen_by)), given).all()
    told = (StepInHistory(step_told(row), *row[-2:]) for row in reversed(rows))
    whole = may(seen_by, "undo_step")
    return tuple(one for one in told if whole or one.undone_at is None)


def taken_by(session: Session, person: int, *, seen_by: Viewer) -> list[tuple[int, LifeStep]]:
    """The steps that someone took, undone ones too, each with its lesson."""
    statement = (
        _told(step_columns(), seen_as(seen_by), undone=True)
        .join(Note, and_(Note.id == LessonStep.lesson_id, visible_to(seen_by)))
        .where(LessonStep.by_id == person)
    )
    rows = session.execute(statement, {ACCOUNT: seen_by.account_id})
    return [(row.lesson_id, step_told(row)) for row in rows]


def of_page(
    session: Session, lesson: int, revised_at: datetime, *, seen_by: Viewer
) -> tuple[Life, tuple[LessonNaming, ...]]:
    """The life of a lesson that the viewer sees, and the lessons whose lives name it.

    Each of these once for what it says; one statement for both.
    """
    given = {"number": lesson, ACCOUNT: seen_by.account_id}
    rows = session.execute(_of_page(seen_as(seen_by)), given).all()
    steps = [step_told(row) for row in rows if row.lesson_id == lesson]
    named = (LessonNaming(row.step, row.lesson_id, row[-1]) for row in rows)
    others = dict.fromkeys(one for one in named if one.number != lesson)
    return _life(lesson, steps, revised_at, review_before(today_in_thailand())), tuple(others)


# --- what pages tell of ---------------------------------------------------------------------------


def telling_of(
    session: Session,
    *,
    notes: Sequence[int] = (),
    people: Sequence[int] = (),
    organisations: Sequence[int] = (),
) -> set[int]:
    """Lessons whose pages name one of these in their lives, as a witness or otherwise."""
    named = (
        select(LessonStep.lesson_id).where(LessonStep.note_id.in_(notes)),
        select(LessonStep.lesson_id).where(LessonStep.other_id.in_(notes)),
        select(LessonStep.other_id).where(
            LessonStep.lesson_id.in_(notes), LessonStep.other_id.is_not(None)
        ),
        select(LessonStep.lesson_id).where(LessonStep.by_id.in_(people)),
        select(LessonStep.lesson_id).where(LessonStep.organisation_id.in_(organisations)),
    )
    given = (notes, notes, notes, people, organisations)
    asked = [statement for statement, ids in zip(named, given, strict=True) if ids]
    return set(session.connection().scalars(union(*asked))) if asked else set()


# --- the statements ------------------------------------------------------------------------------
#
# Made once for each way of seeing, since making one takes longer than running it.

_witness = aliased(Note, name="witness")
_other = aliased(Note, name="other")
_undoer = aliased(Person, name="undoer")
_NUMBERS = bindparam("numbers", type_=Integer, expanding=True)
_OF_A_STEP = len(fields(LifeStep))


def step_columns() -> tuple[Any, ...]:
    """What ``step_told`` reads."""
    return (
        LessonStep.id,
        LessonStep.step,
        LessonStep.note_id,
        _or_empty(_witness.title),
        LessonStep.other_id,
        _or_empty(_other.title),
        LessonStep.place_code,
        LessonStep.organisation_id,
        _or_empty(Organisation.name),
        LessonStep.outcome,
        LessonStep.changed,
        LessonStep.reason,
        LessonStep.from_review,
        LessonStep.by_id,
        _or_empty(Person.name),
        LessonStep.created_at,
        is_elsewhere(),
        LessonStep.lesson_id,
    )


def step_told(row: Row[*tuple[Any, ...]]) -> LifeStep:
    """The step of a row that begins with ``step_columns``."""
    return LifeStep(*row[:_OF_A_STEP])


def is_elsewhere() -> ColumnElement[bool]:
    """Whether a step names a place that is none of its lesson's own, nor in one, nor holds one."""
    own, place = NotePlace.place_code, LessonStep.place_code
    within = func.substr(place, 1, func.length(own)) == own
    around = func.substr(own, 1, func.length(place)) == place
    here = exists().where(NotePlace.note_id == LessonStep.lesson_id, or_(within, around))
    return and_(place.is_not(None), ~here.correlate(LessonStep))


def brings_on() -> ColumnElement[bool]:
    """Whether the lesson may come further by a step."""
    return and_(
        LessonStep.outcome != "did_not",
        or_(LessonStep.step.not_in(FROM_ELSEWHERE), is_elsewhere()),
    )


def _or_empty(name: InstrumentedAttribute[str]) -> ColumnElement[str]:
    return func.coalesce(name, "")


def known_steps(
    columns: Sequence[Any], way: SeenAs, *, undone: bool = False
) -> Select[*tuple[Any, ...]]:
    """Those columns of the steps that someone with this way of seeing may know of.

    ``undone`` gives those taken back too. The lessons themselves must be asked for apart.
    """
    statement = (
        select(*columns)
        .select_from(LessonStep)
        .outerjoin(_witness, and_(_witness.id == LessonStep.note_id, visible_as(way, of=_witness)))
        .outerjoin(_other, and_(_other.id == LessonStep.other_id, visible_as(way, of=_other)))
        .where(
            or_(LessonStep.note_id.is_(None), _witness.id.is_not(None)),
            or_(LessonStep.other_id.is_(None), _other.id.is_not(None)),
        )
    )
    return statement if undone else statement.where(LessonStep.undone_at.is_(None))


@cache
def _lessons(way: SeenAs) -> Select[int, datetime]:
    is_lesson = Note.kind == Kind.LESSON.value
    return select(Note.id, Note.revised_at).where(Note.id.in_(_NUMBERS), is_lesson, visible_as(way))


@cache
def _steps(way: SeenAs) -> Select[*tuple[Any, ...]]:
    return _told(step_columns(), way).where(LessonStep.lesson_id.in_(_NUMBERS))


def _told(columns: Sequence[Any], way: SeenAs, *, undone: bool = False) -> Select[*tuple[Any, ...]]:
    """The steps with who took them, the oldest first."""
    return (
        known_steps(columns, way, undone=undone)
        .outerjoin(Organisation, Organisation.id == LessonStep.organisation_id)
        .outerjoin(Person, Person.id == LessonStep.by_id)
        .order_by(LessonStep.id)
    )


@cache
def _brought_on(way: SeenAs) -> Select[*tuple[Any, ...]]:
    return known_steps((LessonStep.lesson_id, LessonStep.step), way).where(
        LessonStep.lesson_id.in_(_NUMBERS), brings_on()
    )


@cache
def _history(way: SeenAs) -> Select[*tuple[Any, ...]]:
    undone = (LessonStep.undone_at, _or_empty(_undoer.name))
    return (
        _told((*step_columns(), *undone), way, undone=True)
        .outerjoin(_undoer, _undoer.id == LessonStep.undone_by_id)
        .where(LessonStep.lesson_id.in_(_NUMBERS))
    )


@cache
def _of_page(way: SeenAs) -> Select[*tuple[Any, ...]]:
    number = bindparam("number", type_=Integer)
    return (
        _told((*step_columns(), Note.title), way)
        .join(Note, and_(Note.id == LessonStep.lesson_id, visible_as(way)))
        .where(or_(LessonStep.lesson_id == number, LessonStep.other_id == number))
    )
