"""The life of a lesson on its page: how far it has come, and the next step for whoever reads."""

from dataclasses import dataclass
from typing import Protocol

from kms import lesson_lives, lesson_rights
from kms.lesson_lives import STAGES, LessonNaming, Life, LifeStep
from kms.lesson_words import stage_name
from kms.models import Note
from kms.note_kinds import Kind
from kms.note_views import NoteView
from kms.permissions import Viewer, may
from kms.sessions import Session


@dataclass(frozen=True)
class LifeShown:
    """What the page of a lesson tells of its life; ``naming`` are lessons that name this one."""

    number: int
    life: Life
    naming: tuple[LessonNaming, ...]
    may_witness: bool
    may_agree: bool
    may_judge: bool
    may_supersede: bool

    @property
    def stages(self) -> list[tuple[str, str, bool]]:
        """Code, name and whether the lesson has come so far."""
        here = STAGES.index(self.life.stage)
        return [(code, stage_name(code), n <= here) for n, code in enumerate(STAGES)]

    @property
    def confirmed_from(self) -> dict[str, LifeStep]:
        """Each place that confirmed it, with the first that said so."""
        said = ((one.place_code, one) for one in reversed(self.life.confirmations))
        found = {code: one for code, one in said if code}
        return dict(reversed(found.items()))

    @property
    def doubts(self) -> tuple[LifeStep, ...]:
        """What was said against it."""
        return self.life.contradictions

    @property
    def replaces(self) -> list[LessonNaming]:
        """Lessons that this one took the place of."""
        return [one for one in self.naming if one.step == "superseded"]

    @property
    def against(self) -> list[LessonNaming]:
        """Lessons of which this one says the opposite."""
        return [one for one in self.naming if one.step == "contradicted"]

    @property
    def first(self) -> str:
        """The one step to offer first; empty when this viewer takes none."""
        if not self.may_witness or self.life.superseded_by:
            return ""
        if self.may_agree and self.life.stage == "draft":
            return "agreed"
        if self.may_judge and self.life.review:
            return "reviewed"
        return "confirmed" if self.life.stage in ("draft", "lesson") else "applied"

    @property
    def others(self) -> list[str]:
        """The other steps that this viewer can take now."""
        worked = self.life.stage == "applied"
        offered = {
            "agreed": self.may_agree and self.life.stage == "draft",
            "confirmed": True,
            "applied": True,
            "contradicted": True,
            "routine": self.may_judge and worked,
            "review": not self.life.review,
            "reviewed": self.may_judge and bool(self.life.review),
            "superseded": self.may_supersede and not self.life.superseded_by,
        }
        if not self.may_witness:
            return []
        return [step for step, is_open in offered.items() if is_open and step != self.first]


class PageWithLife(Protocol):
    """A page that is kept, of a note with or without a life."""

    @property
    def note(self) -> NoteView:
        """The note on it."""

    @property
    def life(self) -> LifeShown | None:
        """Its life, if it is a lesson."""


def of_note(session: Session, note: NoteView, who: Viewer) -> LifeShown | None:
    """The life of the lesson for this viewer, in one or two statements; None for other kinds."""
    if note.kind != Kind.LESSON:
        return None
    row = _row(note)
    judges, own = lesson_rights.may_judge(session, row, who), lesson_rights.is_own(row, who)
    life, naming = lesson_lives.of_page(session, note.number, note.revised_at, seen_by=who)
    return LifeShown(
        number=note.number,
        life=life,
        naming=naming,
        may_witness=may(who, "witness_lesson"),
        may_agree=judges and not own,
        may_judge=judges,
        may_supersede=judges or own,
    )


def still_holds(session: Session, page: PageWithLife, who: Viewer) -> bool:
    """Whether they may still do what a kept page offers: others' notes make a khun-amnuay."""
    if page.life is None:
        return True
    return page.life.may_judge == lesson_rights.may_judge(session, _row(page.note), who)


def _row(note: NoteView) -> Note:
    """The note as rights ask for it."""
    return Note(
        owner_id=note.owner_id,
        author_id=note.author.id if note.author else None,
        visibility=note.visibility,
    )
