"""Overlaps of activities: the table by province and amphoe, the list, and saying that they know."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import overlaps
from kms.errors import Invalid
from kms.language import gettext as _
from kms.permissions import may, require
from kms.thai.dates import today_in_thailand
from kms.web import asked
from kms.web.context import reading, saving, viewer
from kms.web.paging import page_of, start_of

blueprint = Blueprint("overlaps", __name__, url_prefix="/overlaps")

EACH_PAGE = 30
# A longer table names provinces alone; each leads to its amphoes.
MOST_ROWS = 60
FLAGS = "flag"


@blueprint.get("")
def listing() -> ResponseReturnValue:
    """How many there are where, then each with its sentence."""
    place = asked.place_of_address()
    chosen = request.args.get("state", "")
    states = {FLAGS: "", overlaps.COORDINATED: overlaps.COORDINATED}
    chosen = chosen if chosen in states else ""
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        table = overlaps.table(session, seen_by=viewer(), place=place.code)
        found = overlaps.listing(
            session,
            seen_by=viewer(),
            place=place.code,
            state=states.get(chosen),
            offset=offset,
            limit=EACH_PAGE,
        )
    pairs = tuple(one for one in (("place", place.code or ""), ("state", chosen)) if one[1])
    return render_template(
        "overlaps/listing.html",
        table=table,
        shows_amphoes=sum(1 + len(one.beneath) for one in table) <= MOST_ROWS or bool(place.code),
        found=found,
        page=page_of("/overlaps", pairs, total=found.total, offset=offset, limit=EACH_PAGE),
        place=place.typed,
        state=chosen,
        states=[
            ("", _("ทั้งหมด")),
            (FLAGS, _("เฉพาะธง")),
            (overlaps.COORDINATED, _("ประสานกันแล้ว")),
        ],
        problem=place.problem,
    )


@blueprint.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Both activities, why they overlap, and what people know of it."""
    return _page(number, "", {})


@blueprint.post("/<int:number>")
def coordinate(number: int) -> ResponseReturnValue:
    """Say in one line how they work together."""
    require(viewer(), "mark_overlap")
    reason = request.form.get("reason", "")
    try:
        with saving() as session:
            overlaps.coordinate(session, number, by=viewer(), reason=reason)
    except Invalid as problem:
        return _page(number, reason, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("บันทึกแล้วว่าสองงานนี้ประสานกัน"), "success")
    return redirect(url_for("overlaps.show", number=number), HTTPStatus.SEE_OTHER)


@blueprint.post("/<int:number>/reopen")
def reopen(number: int) -> ResponseReturnValue:
    """Make it a flag again."""
    with saving() as session:
        overlaps.reopen(session, number, by=viewer())
    flash(_("เป็นธงอีกครั้งแล้ว"), "success")
    return redirect(url_for("overlaps.show", number=number), HTTPStatus.SEE_OTHER)


def _page(number: int, given: str, problems: dict[str, str]) -> str:
    with reading() as session:
        overlap = overlaps.get(session, number, seen_by=viewer())
    return render_template(
        "overlaps/show.html",
        overlap=overlap,
        given=given,
        problems=problems,
        may_mark=may(viewer(), "mark_overlap"),
        today=today_in_thailand(),
    )
