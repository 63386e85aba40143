"""Following: the one button on the pages of things, and the list of what one follows."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import following
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models.following import FOLLOWED
from kms.search import query as queries
from kms.search import saved
from kms.sessions import Session
from kms.web.context import reading, require_account, saving, viewer
from kms.web.security import safe_next

blueprint = Blueprint("following", __name__, url_prefix="/following")

# A longer one is refused when it is followed; what is typed into it is never read whole.
LONGEST_TARGET = 20_000


@dataclass(frozen=True)
class Button:
    """What the button of a page needs: what it follows, and whether it does already."""

    kind: str
    target: str
    is_on: bool
    label: str = ""

    @property
    def url(self) -> str:
        """Where the page of this is."""
        return following.address(self.kind, self.target)


def button(session: Session, kind: str, target: str, label: str = "") -> Button:
    """The button for this; one statement for whoever is signed in."""
    is_on = following.is_following(session, kind, target, by=viewer())
    return Button(kind, target, is_on, label)


@blueprint.get("")
def listing() -> ResponseReturnValue:
    """All that I follow, by kind."""
    return _page()


@blueprint.post("")
def press() -> ResponseReturnValue:
    """Follow something, or follow it no longer; then back to where one was."""
    form = request.form
    kind, target, on = form.get("kind", ""), form.get("target", ""), form.get("on") == "1"
    with saving() as session:
        if on:
            found = _searched(session, target) if kind == "search" else target
            following.follow(session, kind, found, by=viewer(), label=form.get("label", ""))
        else:
            following.unfollow(session, kind, target, by=viewer())
    flash(_("ติดตามแล้ว เรื่องใหม่จะอยู่ที่ “ใหม่สำหรับฉัน”") if on else _("เลิกติดตามแล้ว"), "success")
    return redirect(safe_next(form.get("next"), "/following"), 303)


@blueprint.post("/<int:number>")
def change(number: int) -> ResponseReturnValue:
    """Give a kept search a name, or take a line off the list."""
    try:
        with saving() as session:
            if request.form.get("gone"):
                following.let_go(session, number, by=viewer())
            else:
                following.call(session, number, request.form.get("label", ""), by=viewer())
    except Invalid as problem:
        return _page(number, request.form.get("label", ""), problem.problems), 422
    flash(_("เลิกติดตามแล้ว") if request.form.get("gone") else _("ตั้งชื่อแล้ว"), "success")
    return redirect(url_for("following.listing"), 303)


def _searched(session: Session, target: str) -> str:
    """The search as it is kept, without what cannot be read in it."""
    given = parse_qs(target[:LONGEST_TARGET])
    try:
        query = queries.read(given, session, seen_by=viewer())
    except Invalid as problem:
        rest = {name: said for name, said in given.items() if name not in problem.problems}
        query = queries.read(rest, session, seen_by=viewer())
    return saved.address_of(query)


def _page(renamed: int = 0, label: str = "", problems: dict[str, str] | None = None) -> str:
    require_account()
    with reading() as session:
        followed, _tree = following.listing(session, seen_by=viewer())
    names = {
        "place": _("สถานที่"),
        "theme": _("ประเด็น"),
        "person": _("คน"),
        "note": _("บันทึก"),
        "search": _("การค้นที่เก็บไว้"),
    }
    groups = [
        (kind, names[kind], [one for one in followed if one.kind == kind]) for kind in FOLLOWED
    ]
    return render_template(
        "following/listing.html",
        groups=[group for group in groups if group[2]],
        renamed=renamed,
        label=label,
        problems=problems or {},
    )
