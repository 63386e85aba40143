"""Lessons: the list of them by stage and queue, and the steps of one lesson's life."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kms import lesson_life, lesson_lives, lesson_rights, lessons, notes, places, themes
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.lesson_lives import STAGES
from kms.lesson_words import outcome_name, review_reason, stage_name, step_name, told
from kms.lessons import QUEUES, SUPERSEDED
from kms.models import Note
from kms.note_kinds import Kind
from kms.permissions import may
from kms.sessions import Session
from kms.web import asked, lesson_steps
from kms.web.activity_form import theme_options
from kms.web.addresses import address, in_place_of
from kms.web.asked import PlaceAsked
from kms.web.context import reading, saving, viewer
from kms.web.paging import page_of, start_of

blueprint = Blueprint("lessons", __name__)
for _word in (stage_name, step_name, told, outcome_name, review_reason):
    blueprint.add_app_template_filter(_word, f"lesson_{_word.__name__}")

A_PAGE = 20


# --- the list ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What the address of the list asks for."""

    chosen: str
    theme: str
    place: PlaceAsked
    offset: int

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The filters as parameters of an address."""
        given = (("show", self.chosen), ("theme", self.theme), ("place", self.place.code or ""))
        return tuple(pair for pair in given if pair[1])

    def showing(self, chosen: str) -> str:
        """The address of another stage or queue under the same filters."""
        return address("/lessons", in_place_of(self.pairs, "show", chosen))


@blueprint.get("/lessons")
def listing() -> ResponseReturnValue:
    """Lessons by stage, theme and place, and for judges what waits for them."""
    chosen = request.args.get("show", "")
    wanted = Asked(
        chosen if chosen in (*STAGES, *QUEUES, SUPERSEDED) else "",
        request.args.get("theme", ""),
        asked.place_of_address(),
        start_of(request.args.get("offset", "")),
    )
    with reading() as session:
        tree = themes.load(session)
        found = lessons.listing(
            session,
            seen_by=viewer(),
            chosen=wanted.chosen,
            themes=tree.subtree(wanted.theme) if wanted.theme else None,
            place=wanted.place.code,
            limit=A_PAGE,
            offset=wanted.offset,
        )
        judges = may(viewer(), "agree_lesson") or (
            may(viewer(), "witness_lesson") and lesson_rights.is_khun_amnuay(session, viewer())
        )
    return render_template(
        "lessons/listing.html",
        found=found,
        asked=wanted,
        judges=judges,
        themes=theme_options(tree),
        tabs=[("", _("ทุกบทเรียน"), sum(found.stages.values())), *_tabs(found.stages)],
        queues=[("agree", _("รอเห็นด้วย")), ("review", _("ควรทบทวน"))],
        page=page_of(
            "/lessons", wanted.pairs, total=found.total, offset=wanted.offset, limit=A_PAGE
        ),
    )


def _tabs(stages: Mapping[str, int]) -> list[tuple[str, str, int]]:
    return [(stage, stage_name(stage), stages[stage]) for stage in (*STAGES, SUPERSEDED)]


# --- the life of one lesson ----------------------------------------------------------------------


@blueprint.get("/notes/<int:number>/steps")
def history(number: int) -> str:
    """Who took which step and when; for curators also those taken back."""
    with reading() as session:
        lesson = _lesson(session, number)
        life = lesson_lives.lives(session, [number], seen_by=viewer())[number]
        steps = lesson_lives.history(session, number, seen_by=viewer())
    whole = may(viewer(), "undo_step")
    own = viewer().person_id if may(viewer(), "witness_lesson") else None
    undoable = {
        one.step.id
        for one in steps
        if one.undone_at is None
        and not one.step.from_review
        and (whole or (own is not None and one.step.by_id == own))
    }
    return render_template(
        "lessons/history.html", note=lesson, life=life, steps=steps, undoable=undoable
    )


@blueprint.get("/notes/<int:number>/steps/<step>")
def form(number: int, step: str) -> ResponseReturnValue:
    """The form for one step."""
    lesson_steps.require_known(step)
    given = {name: request.args.get(name, "") for name in ("place", "note")}
    return _form(number, step, given, {})


@blueprint.post("/notes/<int:number>/steps/<step>")
def take(number: int, step: str) -> ResponseReturnValue:
    """Take the step, or show the form again with every word."""
    lesson_steps.require_known(step)
    given = asked.words(*lesson_steps.FIELDS, many_lines=("changed",))
    try:
        with saving() as session:
            lesson_steps.take(session, _lesson(session, number), step, given, by=viewer())
    except Invalid as problem:
        return _form(number, step, given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("บันทึกแล้ว: %(step)s", step=told(step)))
    return redirect(f"/notes/{number}#life", HTTPStatus.SEE_OTHER)


@blueprint.post("/notes/<int:number>/steps/<int:step_id>/undo")
def undo(number: int, step_id: int) -> ResponseReturnValue:
    """Take a step back."""
    with saving() as session:
        lesson_life.undo(session, _lesson(session, number), step_id, by=viewer())
    flash(_("ถอนแล้ว"))
    return redirect(f"/notes/{number}/steps", HTTPStatus.SEE_OTHER)


def _form(number: int, step: str, given: Mapping[str, str], problems: Mapping[str, str]) -> str:
    with reading() as session:
        lesson = _lesson(session, number)
        lesson_steps.require_right(session, lesson, step, by=viewer())
        own = notes.of_owner(session, viewer(), limit=lesson_steps.OWN_NOTES)
        title = lesson.title
        from_places = [places.path(place.place_code) for place in lesson.places]
    return render_template(
        "lessons/step.html",
        number=number,
        title=title,
        from_places=from_places,
        step=lesson_steps.shown(step),
        given=given,
        problems=problems,
        own=[one for one in own if one.kind not in (Kind.LESSON, Kind.PAGE)],
    )


def _lesson(session: Session, number: int) -> Note:
    lesson = notes.get(session, number, seen_by=viewer())
    if lesson.kind != Kind.LESSON.value:
        raise NotFound(_("ไม่พบสิ่งที่ขอ อาจถูกลบไปแล้วหรือพิมพ์ที่อยู่ผิด"))
    return lesson
