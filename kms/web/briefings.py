"""Before acting: what others learned about this, near here, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from kms import briefing_lessons, briefings, overlaps, themes
from kms.activity_lines import ActivityLine, working
from kms.briefing_order import Disagreement, Placed, Wanted, disagreements
from kms.briefings import Choices, KeptBriefing
from kms.errors import Unavailable
from kms.knowing import Knower, who_knows
from kms.language import gettext as _
from kms.lesson_lives import LifeStep
from kms.note_kinds import Kind
from kms.overlaps import OverlapShown
from kms.permissions import require, sign_in_needed
from kms.search.query import Query
from kms.sessions import Session
from kms.thai.dates import today_in_thailand
from kms.themes import Tree
from kms.web import briefing_asked, errors, qr
from kms.web.addresses import Pairs, address
from kms.web.briefing_asked import Asked
from kms.web.context import reading, require_account, saving, store, viewer
from kms.web.form_page import theme_branches

blueprint = Blueprint("briefings", __name__)

# How many of each are shown, and how many of these are printed: all must fit one sheet of A4.
SHOWN = {"lessons": 12, "failed": 6, "uses": 6, "open": 4, "replaced": 5, "people": 6, "work": 10}
PRINTED = {"lessons": 8, "failed": 2, "uses": 2, "open": 2, "people": 4, "work": 3}
MOST_MATCHES = 24
MOST_OVERLAPS = 30

One = TypeVar("One")


@dataclass(frozen=True)
class UseThatFailed:
    """A lesson used somewhere without success."""

    lesson: Placed
    step: LifeStep


@dataclass(frozen=True)
class Sheet:
    """Everything on the page; ``notice`` says what could not be asked.

    ``shown_again`` of the lessons that were kept can still be read; ``overlapping`` has the
    overlap of an activity by its number.
    """

    choices: Choices
    theme_labels: tuple[str, ...]
    lessons: Sequence[Placed]
    failed: Sequence[Placed]
    uses: Sequence[UseThatFailed]
    open: Sequence[Disagreement]
    replaced: Sequence[Placed]
    people: Sequence[Knower]
    work: Sequence[ActivityLine]
    shown_again: int
    notice: str = ""
    overlapping: Mapping[int, OverlapShown] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """The lessons that it puts before its reader, in order."""
        return [one.lesson.number for one in (*self.lessons, *self.failed)]

    @property
    def pairs(self) -> Pairs:
        """The parameters that ask for it."""
        return briefing_asked.pairs_of(self.choices)

    @property
    def address(self) -> str:
        """Where anybody may ask for the same."""
        return briefing_asked.on_paper(self.choices)


# --- asking --------------------------------------------------------------------------------------


@blueprint.get("/briefing")
def ask() -> ResponseReturnValue:
    """The form, or the briefing that the address asks for."""
    with reading() as session:
        tree = themes.load(session)
        asked = briefing_asked.read(session, request.args, tree)
        if asked.is_empty or asked.problems or "change" in request.args:
            return _form(session, asked, tree)
        sheet = _sheet(session, asked.choices, tree)
    return render_template("briefings/show.html", sheet=sheet, kept=None, **_of_page(sheet))


def _form(session: Session, asked: Asked, tree: Tree) -> ResponseReturnValue:
    page = render_template(
        "briefings/form.html",
        asked=asked,
        branches=theme_branches(tree, asked.slugs),
        kept=briefings.of_owner(session, viewer()),
        labels={name: _label(name) for name in asked.problems},
    )
    is_refused = asked.problems or request.method == "POST"
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK


def _label(name: str) -> str:
    names = {"theme": _("ประเด็น"), "place": _("ที่ไหน"), "plan": _("จะทำอะไร"), "day": _("วันไหน")}
    return names[name]


def _of_page(sheet: Sheet) -> dict[str, object]:
    """What the page of a sheet shows besides it."""
    return {
        "printed": PRINTED,
        "qr": qr.svg(sheet.address),
        "change_url": address(briefing_asked.PATH, (*sheet.pairs, ("change", "1"))),
        "search_url": address("/search", (("q", sheet.choices.plan),)),
    }


# --- keeping -------------------------------------------------------------------------------------


@blueprint.post("/briefing/keep")
def keep() -> ResponseReturnValue:
    """Keep the lessons as they are put now, to come back to with the review."""
    require(viewer(), "keep_briefing")
    with saving() as session:
        tree = themes.load(session)
        asked = briefing_asked.read(session, request.form, tree)
        if asked.is_empty or asked.problems:
            return _form(session, asked, tree)
        numbers = _sheet(session, asked.choices, tree).numbers
        key = briefings.keep(session, asked.choices, numbers, by=viewer())
    flash(_("เก็บใบเตรียมงานแล้ว หลังจัดเวทีกลับมาเขียน AAR จากหน้านี้ได้"), "success")
    return redirect(url_for("briefings.show", key=key), 303)


@blueprint.get("/briefing/<key>")
def show(key: str) -> str:
    """A kept briefing: the lessons that it put, as they stand now."""
    require_account()
    with reading() as session:
        kept = briefings.get(session, key, seen_by=viewer())
        sheet = _sheet(session, kept.choices, themes.load(session), kept)
    return render_template("briefings/show.html", sheet=sheet, kept=kept, **_of_page(sheet))


@blueprint.post("/briefing/<key>/throw-away")
def throw_away(key: str) -> ResponseReturnValue:
    """Forget a kept briefing."""
    require_account()
    with saving() as session:
        briefings.throw_away(session, key, by=viewer())
    flash(_("ทิ้งใบเตรียมงานแล้ว"), "success")
    return redirect(url_for("briefings.ask"), 303)


@blueprint.errorhandler(CSRFError)
def stale(problem: CSRFError) -> ResponseReturnValue:
    """Nothing typed is lost: the page of the same choices still stands at its address."""
    if not viewer().is_signed_in:
        return errors.of_ours(sign_in_needed())
    return errors.of_stale_form(problem)


# --- the page ------------------------------------------------------------------------------------


def _sheet(
    session: Session, choices: Choices, tree: Tree, kept: KeptBriefing | None = None
) -> Sheet:
    matches, notice = _matches(session, choices.plan)
    chosen = tuple(frozenset(tree.subtree(slug)) for slug in choices.themes)
    wanted = Wanted(choices.place, chosen, choices.plan, matches)
    numbers = kept.lessons if kept else None
    weighed = briefing_lessons.weighed(session, wanted, seen_by=viewer(), numbers=numbers)
    placed = _as_kept(weighed.lessons, kept) if kept else weighed.lessons
    holding = [one for one in placed if one.lesson.life.superseded_by is None]
    on = choices.planned_for or today_in_thailand()
    return Sheet(
        choices=choices,
        theme_labels=tuple(map(tree.label, choices.themes)),
        lessons=_most("lessons", [one for one in holding if one.lesson.works]),
        failed=_most("failed", [one for one in holding if not one.lesson.works]),
        uses=_most("uses", _uses_that_failed(holding)),
        open=_most("open", disagreements(placed, wanted, weighed.against)),
        replaced=_most("replaced", [one for one in placed if one not in holding]),
        people=who_knows(
            session,
            themes=choices.themes,
            place=choices.place or None,
            seen_by=viewer(),
            limit=SHOWN["people"],
        ),
        work=_working(session, choices, on),
        shown_again=len(placed),
        notice=notice,
        overlapping=_overlapping(session, choices.place),
    )


def _as_kept(placed: Sequence[Placed], kept: KeptBriefing) -> list[Placed]:
    """In the order in which they were put then."""
    order = {number: at for at, number in enumerate(kept.lessons)}
    return sorted(placed, key=lambda one: order[one.lesson.number])


def _most(name: str, found: Sequence[One]) -> Sequence[One]:
    return found[: SHOWN[name]]


def _uses_that_failed(placed: Sequence[Placed]) -> list[UseThatFailed]:
    return [
        UseThatFailed(one, step)
        for one in placed
        for step in one.lesson.life.uses
        if step.outcome == "did_not"
    ]


def _working(session: Session, choices: Choices, on: date) -> list[ActivityLine]:
    if not choices.place:
        return []
    return working(
        session,
        place=choices.place,
        themes=choices.themes,
        on=on,
        seen_by=viewer(),
        limit=SHOWN["work"],
    )


def _overlapping(session: Session, place: str) -> dict[int, OverlapShown]:
    """The overlap of each activity here, one that nobody has marked first."""
    if not place:
        return {}
    found: dict[int, OverlapShown] = {}
    for one in overlaps.of_place(session, place, seen_by=viewer(), limit=MOST_OVERLAPS):
        found.setdefault(one.first.id, one)
        found.setdefault(one.second.id, one)
    return found


def _matches(session: Session, plan: str) -> tuple[dict[int, float], str]:
    """How well lessons answer the words of the plan, the best 1.0; and what to say when unknown."""
    words = plan.replace('"', " ").replace("-", " ").strip()
    if not words:
        return {}, ""
    # Asked as a question, so that no lesson needs to have every word of it.
    query = Query(
        words=f"{words} อย่างไร", kinds=(Kind.LESSON.value,), limit=MOST_MATCHES, snippets=False
    )
    try:
        hits = store().index.find(session, query, seen_by=viewer()).hits
    except Unavailable:
        return {}, _("ตอนนี้ค้นด้วยคำไม่ได้ จึงเลือกบทเรียนจากประเด็นและสถานที่เท่านั้น")
    best = max((hit.score for hit in hits), default=0.0)
    return {hit.number: hit.score / best for hit in hits if best > 0}, ""
