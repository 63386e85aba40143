"""Hints beside the form of a lesson: live for scripts, a list after "check first" without."""

from dataclasses import dataclass

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from kms import lesson_hints
from kms.errors import Unavailable
from kms.language import gettext as _
from kms.lesson_hints import Hint
from kms.note_kinds import Kind, LessonParts
from kms.permissions import require
from kms.search.query import Query
from kms.sessions import Session
from kms.web import asked, context
from kms.web.context import reading, viewer
from kms.web.forms.lesson import PLAIN_FIELDS
from kms.web.forms.typed import Typed

blueprint = Blueprint("lesson_hints", __name__)

MOST_SIMILAR = 3
# Enough of a point to find what says the same; the search takes longer with every word.
LONGEST_QUESTION = 200
# By the words of the lessons of content/: below this the words are shared, the point is not.
LEAST_SCORE = 14.0
# And of the best: scores grow with the number of notes, this part of the best does not.
LEAST_OF_BEST = 0.5
LONGEST_READ = 5_000


@dataclass(frozen=True)
class Similar:
    """A lesson here that says something like it."""

    number: int
    title: str


@dataclass(frozen=True)
class Told:
    """What to look at again, and lessons like this one."""

    hints: tuple[Hint, ...] = ()
    similar: tuple[Similar, ...] = ()

    @property
    def warnings(self) -> dict[str, str]:
        """The hints as sentences to stand beside the fields of a form."""
        beside: dict[str, str] = {}
        for one in self.hints:
            there = beside.get(one.field)
            beside[one.field] = f"{there} · {one.said}" if there else one.said
        if self.similar:
            beside["hints"] = _("มีบทเรียนคล้ายกันอยู่แล้ว %(n)s ข้อ ลองดูก่อน", n=len(self.similar))
        return beside


NOTHING_TOLD = Told()


@blueprint.post("/write/lesson/hints")
def live() -> ResponseReturnValue:
    """The hints for what is typed so far; nothing is kept."""
    require(viewer(), "write")
    typed = Typed.of(request.form.lists())
    number = asked.whole(request.form.get("number", ""))
    with reading() as session:
        told = of_form(session, typed, number)
    return jsonify(
        hints=[{"field": one.field, "said": one.said} for one in told.hints],
        similar=[
            {"title": one.title, "url": url_for("notes.show", number=one.number)}
            for one in told.similar
        ],
    )


def of_form(session: Session, typed: Typed, number: int | None) -> Told:
    """The hints for a form, as the one who asks may see them; ``number`` is its own lesson."""
    point, holds_when, what_to_do, why = (typed.words(one)[:LONGEST_READ] for one in PLAIN_FIELDS)
    parts = LessonParts(point, holds_when, what_to_do, why)
    shorts = [short for _field, short in lesson_hints.short_forms(parts)]
    shorts = shorts[: lesson_hints.MOST_ABBREVIATIONS]
    known = lesson_hints.full_names(session, shorts, seen_by=viewer())
    found = tuple(lesson_hints.hints(parts, known))
    return Told(found, _similar(session, parts.point, number))


def _similar(session: Session, point: str, number: int | None) -> tuple[Similar, ...]:
    if len(point) < lesson_hints.SHORTEST_BEGUN:
        return ()
    query = Query(
        words=point[:LONGEST_QUESTION],
        kinds=(Kind.LESSON.value,),
        limit=MOST_SIMILAR + 1,
        snippets=False,
    )
    try:
        found = context.store().index.find(session, query, seen_by=viewer())
    except Unavailable:
        return ()
    others = [one for one in found.hits if one.number != number]
    least = max(LEAST_SCORE, LEAST_OF_BEST * others[0].score) if others else 0
    like = (one for one in others if one.score >= least)
    return tuple(Similar(one.number, one.title) for one in like)[:MOST_SIMILAR]
