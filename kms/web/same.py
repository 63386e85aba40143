"""Same person? Same organisation? What curators are asked, and what they said."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kms import joining, same
from kms.errors import Invalid
from kms.joining import ORGANISATION, PERSON
from kms.language import gettext as _
from kms.permissions import require
from kms.web import asked
from kms.web.context import reading, saving, viewer
from kms.web.paging import page_of, start_of

blueprint = Blueprint("same", __name__)

EACH_PAGE = 20
KINDS = {"people": PERSON, "organisations": ORGANISATION}
# One module serves both; the first part of the address says which.
PART = "/<any(people, organisations):what>/same"


@blueprint.get(PART, endpoint="same")
def listing(what: str) -> ResponseReturnValue:
    """Pairs that may be one, the likest first, and what was joined lately."""
    require(viewer(), KINDS[what].action)
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        found = same.candidates(session, KINDS[what], seen_by=viewer())
        joined = same.joined(session, KINDS[what])
    return render_template(
        "people/same.html",
        what=what,
        pairs=found[offset : offset + EACH_PAGE],
        joined=joined,
        page=page_of(f"/{what}/same", (), total=len(found), offset=offset, limit=EACH_PAGE),
    )


@blueprint.get(f"{PART}/<int:first>/<int:second>")
def pair(what: str, first: int, second: int) -> ResponseReturnValue:
    """What is known of both, side by side, and the three answers."""
    return _pair_page(what, first, second, "", {})


@blueprint.post(f"{PART}/<int:first>/<int:second>")
def answer(what: str, first: int, second: int) -> ResponseReturnValue:
    """Join them, or remember that they are two."""
    given = asked.words("answer", "kept", "reason")
    try:
        with saving() as session:
            if given["answer"] == "two":
                joining.say_not_the_same(session, KINDS[what], first, second, by=viewer())
            else:
                kept = second if given["kept"] == str(second) else first
                joining.join(
                    session,
                    KINDS[what],
                    kept=kept,
                    gone=first + second - kept,
                    by=viewer(),
                    reason=given["reason"],
                )
    except Invalid as problem:
        problems = problem.problems or {"kept": problem.message}
        page = _pair_page(what, first, second, given["reason"], problems)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("จำไว้แล้วว่าไม่ใช่รายเดียวกัน") if given["answer"] == "two" else _("รวมแล้ว แยกกลับได้ทุกเมื่อ"))
    return redirect(f"/{what}/same", HTTPStatus.SEE_OTHER)


@blueprint.post(f"{PART}/<int:merging>/undo")
def undo(what: str, merging: int) -> ResponseReturnValue:
    """Part the two again."""
    try:
        with saving() as session:
            undone = joining.undo(session, merging, by=viewer())
    except Invalid as problem:
        flash(problem.message, "error")
        return redirect(f"/{what}/same", HTTPStatus.SEE_OTHER)
    said = _("แยกกลับแล้ว ย้ายคืน %(n)s รายการ", n=undone.back)
    if undone.left:
        said += " " + _("อีก %(n)s รายการถูกลบหรือแก้ไปก่อน จึงคงไว้อย่างที่เป็น", n=undone.left)
    flash(said)
    return redirect(f"/{what}/same", HTTPStatus.SEE_OTHER)


def _pair_page(what: str, first: int, second: int, reason: str, problems: dict[str, str]) -> str:
    with reading() as session:
        one, other = same.side_by_side(session, KINDS[what], first, second, seen_by=viewer())
    shared = {number for number, _title in one.notes} & {number for number, _title in other.notes}
    return render_template(
        "people/pair.html",
        what=what,
        both=(one, other),
        shared=shared,
        reason=reason,
        problems=problems,
    )
