"""People: the list, what one person did, and mending what is known of them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kms import people, places, roles
from kms.errors import Invalid
from kms.language import gettext as _
from kms.note_kinds import ROLES
from kms.people import PersonPage
from kms.permissions import require
from kms.role_history import RoleOnNote
from kms.web import asked, following
from kms.web.addresses import address
from kms.web.context import reading, saving, viewer
from kms.web.paging import page_of, start_of

blueprint = Blueprint("people", __name__, url_prefix="/people")

EACH_PAGE = 50


@blueprint.get("")
def listing() -> ResponseReturnValue:
    """Those whom notes the viewer may see tell of, in Thai order."""
    place = asked.place_of_address()
    role = request.args.get("role", "")
    role = role if role in ROLES else ""
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        found = people.listing(
            session,
            seen_by=viewer(),
            place=place.code,
            role=role or None,
            offset=offset,
            limit=EACH_PAGE,
        )
    given = (("role", role), ("place", place.code or ""))
    pairs = tuple(pair for pair in given if pair[1])
    return render_template(
        "people/listing.html",
        people=found.people,
        page=page_of("/people", pairs, total=found.total, offset=offset, limit=EACH_PAGE),
        role=role,
        roles=[("", _("ทุกบทบาท")), *((one.code, one.name) for one in roles.ROLES.values())],
        place=place.typed,
        problem=place.problem,
    )


@blueprint.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Everything one person did, as far as the viewer may read it."""
    with reading() as session:
        page = people.page(session, number, seen_by=viewer())
        follow = following.button(session, "person", str(page.person.id))
    return render_template(
        "people/show.html",
        follow=follow,
        person=page.person,
        aliases=page.aliases,
        roles=grouped_by_role(page.roles),
        notes=page.notes,
        lessons=page.lessons,
        totals=page.totals,
        notes_url=address("/search", (("person", str(number)),)),
    )


@blueprint.get("/<int:number>/edit")
def edit(number: int) -> ResponseReturnValue:
    """What is known of a person, to be mended."""
    require(viewer(), "edit_people")
    return _form(number, {}, {})


@blueprint.post("/<int:number>/edit")
def revise(number: int) -> ResponseReturnValue:
    """Keep what was mended, or show the form again with every word."""
    given = asked.words("name", "title", "nickname", "place", many_lines=("about", "aliases"))
    try:
        with saving() as session:
            people.revise(
                session,
                people.get(session, number),
                by=viewer(),
                name=given["name"],
                title=given["title"],
                nickname=given["nickname"],
                about=given["about"],
                aliases=given["aliases"].splitlines(),
                place_code=asked.place(given["place"]).require(),
            )
    except Invalid as problem:
        return _form(number, given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("บันทึกข้อมูลของ “%(name)s” แล้ว", name=given["name"]))
    return redirect(f"/people/{number}", HTTPStatus.SEE_OTHER)


def grouped_by_role(played: Sequence[RoleOnNote]) -> list[tuple[str, list[RoleOnNote]]]:
    """Role code and what was done in it, in the order of the six roles."""
    grouped = ((code, [one for one in played if one.role == code]) for code in ROLES)
    return [(code, found) for code, found in grouped if found]


def _form(number: int, given: Mapping[str, str], problems: Mapping[str, str]) -> str:
    with reading() as session:
        page = people.page(session, number, seen_by=viewer())
    return render_template(
        "people/edit.html",
        person=page.person,
        given={**_kept(page), **given},
        problems=problems,
    )


def _kept(page: PersonPage) -> dict[str, str]:
    person = page.person
    return {
        "name": person.name,
        "title": person.title,
        "nickname": person.nickname,
        "about": person.about,
        "aliases": "\n".join(page.aliases),
        "place": places.path(person.place_code) if person.place_code else "",
    }
