"""What is to be done, of all notes in one list, and saying how it went."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import actions, themes
from kms.actions import Action, Asked
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.note_checks import tidy
from kms.sessions import Session
from kms.thai.words import shorten
from kms.web import asked
from kms.web.activity_form import theme_options
from kms.web.addresses import address, in_place_of, without
from kms.web.asked import PlaceAsked
from kms.web.context import reading, require_account, saving, viewer
from kms.web.paging import page_of, start_of
from kms.web.security import safe_next

blueprint = Blueprint("actions", __name__)

A_PAGE = 40
LONGEST_WHO = 200
LONGEST_TOLD = 60
MOST_DAYS = 90
A_MONTH = 30.4
A_YEAR = 365


@dataclass(frozen=True)
class Settled:
    """What was said of an item just now, as the next page tells it with a way to undo."""

    action: Action
    revision: int


@blueprint.get("/actions")
def listing() -> str:
    """One list: my own, of my place, overdue, all that is open, or done."""
    place = asked.place_of_address()
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        tree = themes.load(session)
        theme = asked.theme_of_address(session, tree)
        wanted = _wanted(place, tree.subtree(theme) if theme else ())
        found = actions.listing(session, wanted, seen_by=viewer(), limit=A_PAGE, offset=offset)
        has_place = bool(place.code) or bool(actions.own_places(session, viewer()))
        settled = _settled(session)
    given = (("show", wanted.way), ("place", place.code or ""), ("theme", theme))
    pairs = tuple(pair for pair in (*given, ("who", wanted.who)) if pair[1])
    names = way_names()
    return render_template(
        "actions/listing.html",
        found=found,
        asked=wanted,
        tabs=[
            (address("/actions", in_place_of(without(pairs, "offset"), "show", one)), name, one)
            for one, name in names.items()
            if viewer().is_signed_in or one not in ("mine", "place")
        ],
        page=page_of("/actions", pairs, total=found.total, offset=offset, limit=A_PAGE),
        place=place,
        has_place=has_place,
        themes=theme_options(tree),
        theme=theme,
        settled=settled,
        here=address("/actions", pairs),
    )


@blueprint.get("/notes/<int:number>/actions/<int:position>", endpoint="show")
def ask(number: int, position: int) -> str:
    """One item, and a box for how it went."""
    with reading() as session:
        action = actions.get(session, number, position, seen_by=viewer())
    return _one(action)


@blueprint.post("/notes/<int:number>/actions/<int:position>")
def settle(number: int, position: int) -> ResponseReturnValue:
    """Say that it is done, or still to do, and how it went."""
    what = request.form.get("what", "")
    said = tidy(request.form.get("result", ""), lines=False)
    done = request.form.get("done") == "1"
    require_account()
    try:
        with saving() as session:
            note = actions.settle(
                session, number, position, what=what, done=done, result=said, by=viewer()
            )
            revision = note.revision
    except Invalid as problem:
        with reading() as session:
            action = actions.get(session, number, position, seen_by=viewer())
        return _one(action, typed=said, problems=_of_form(problem)), 422
    flash(_("บันทึกผลแล้ว"), "success")
    return redirect(_back(f"{number}-{position}-{revision - 1}"), 303)


@blueprint.post("/notes/<int:number>/actions/<int:position>/undo")
def undo(number: int, position: int) -> ResponseReturnValue:
    """The item as it was before."""
    require_account()
    what, revision = request.form.get("what", ""), start_of(request.form.get("revision", ""))
    with saving() as session:
        actions.undo(session, number, position, what=what, revision=revision, by=viewer())
    flash(_("คืนงานเป็นอย่างเดิมแล้ว"), "success")
    return redirect(safe_next(request.form.get("next"), "/actions"), 303)


def way_names() -> dict[str, str]:
    """What the page calls each of the ways to look at the list."""
    return {
        "mine": _("ของฉัน"),
        "place": _("พื้นที่ของฉัน"),
        "overdue": _("เลยกำหนด"),
        "open": _("ที่ค้างทั้งหมด"),
        "done": _("ทำแล้ว"),
    }


@blueprint.app_template_filter()
def due_in(action: Action) -> str:
    """How far the day is: เลยมาแล้ว 12 วัน, วันนี้, อีก 3 วัน; nothing without a day."""
    late = action.days_late
    if late is None:
        return ""
    if late == 0:
        return _("วันนี้")
    span = _span(abs(late))
    return _("เลยมาแล้ว %(span)s", span=span) if late > 0 else _("อีก %(span)s", span=span)


def _span(days: int) -> str:
    """Days while they can be counted on, then months, then years."""
    if days < MOST_DAYS:
        return _("%(n)s วัน", n=days)
    if days < 2 * A_YEAR:
        return _("%(n)s เดือน", n=round(days / A_MONTH))
    return _("%(n)s ปี", n=days // A_YEAR)


def _wanted(place: PlaceAsked, slugs: Iterable[str]) -> Asked:
    """What the address asks for; an unknown way is the viewer's own list, or all for a stranger."""
    way = request.args.get("show", "")
    first = "mine" if viewer().is_signed_in else "open"
    return Asked(
        way=way if way in actions.WAYS else first,
        places=(place.code,) if place.code else (),
        themes=frozenset(slugs),
        who=tidy(request.args.get("who", ""), lines=False)[:LONGEST_WHO],
    )


def _settled(session: Session) -> Settled | None:
    """The item that the address says was settled just now, for the one who may take it back."""
    parts = [start_of(one) for one in request.args.get("settled", "").split("-")]
    if len(parts) != 3 or not viewer().is_signed_in:
        return None
    number, position, revision = parts
    try:
        action = actions.get(session, number, position, seen_by=viewer())
    except NotFound:
        return None
    return Settled(action, revision) if action.may_settle and revision > 0 else None


def _back(settled: str) -> str:
    to = safe_next(request.form.get("next"), "/actions")
    path, _mark, query = to.partition("?")
    if path != "/actions":
        return to
    kept = [one for one in query.split("&") if one and not one.startswith("settled=")]
    return "/actions?" + "&".join([*kept, f"settled={settled}"])


def _one(action: Action, typed: str | None = None, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "actions/show.html",
        action=action,
        title=shorten(action.what, LONGEST_TOLD),
        typed=action.result if typed is None else typed,
        problems=problems or {},
        next=url_for("notes.show", number=action.note) + "#actions",
    )


def _of_form(problem: Invalid) -> dict[str, str]:
    """The sentence beside the one field of this form, whichever row of the note it is about."""
    return {"result": next(iter(problem.problems.values()), problem.message)}
