"""People: the list, what one person did, and mending what is known of them."""

from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kms import knowing, people, phones, places, roles, themes
from kms.language import gettext as _
from kms.models import Person
from kms.note_kinds import ROLES
from kms.people import PersonPage
from kms.permissions import require
from kms.thai import dates
from kms.web import asked, following
from kms.web.activity_form import theme_options
from kms.web.addresses import address
from kms.web.context import reading, saving, viewer
from kms.web.named import Typed, grouped_by_role, mended, moved_to
from kms.web.paging import page_of, start_of

blueprint = Blueprint("people", __name__, url_prefix="/people")

EACH_PAGE = 50
MOST_NEAR = 12

blueprint.add_app_template_filter(phones.dialled, "dialled")
blueprint.add_app_template_filter(dates.year_be, "year_be")


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


@blueprint.get("/near")
def near() -> ResponseReturnValue:
    """Whom to phone about a theme near a place."""
    place = asked.place_of_address()
    with reading() as session:
        tree = themes.load(session)
        theme = asked.theme_of_address(session, tree)
        asks = not place.problem and bool(theme or place.code)
        found = (
            knowing.who_knows(
                session,
                themes=[theme] if theme else [],
                place=place.code,
                seen_by=viewer(),
                limit=MOST_NEAR,
            )
            if asks
            else []
        )
    return render_template(
        "people/near.html",
        people=found,
        asks=asks,
        theme=theme,
        themes=theme_options(tree),
        place=place.typed,
        problem=place.problem,
    )


@blueprint.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Everything one person did, as far as the viewer may read it."""
    with reading() as session:
        page = people.page(session, number, seen_by=viewer())
        if page.person.id != number:
            return moved_to(f"/people/{page.person.id}")
        known = knowing.themes_known(session, number, seen_by=viewer())
        follow = following.button(session, "person", str(number))
    return render_template(
        "people/show.html",
        person=page.person,
        organisation=page.organisation,
        aliases=page.aliases,
        phone=page.phone,
        roles=grouped_by_role(page.roles, page.periods),
        knows=known,
        remarks=page.remarks,
        notes=page.notes,
        lessons=page.lessons,
        totals=page.totals,
        notes_url=address("/search", (("person", str(number)),)),
        is_me=viewer().person_id == number,
        follow=follow,
    )


@blueprint.get("/<int:number>/edit")
def edit(number: int) -> ResponseReturnValue:
    """What is known of a person, to be mended."""
    require(viewer(), "edit_people")
    return _form(number, {}, {})


@blueprint.post("/<int:number>/edit")
def revise(number: int) -> ResponseReturnValue:
    """Keep what was mended, or show the form again with every word."""
    given = asked.words(
        "name",
        "title",
        "nickname",
        "phone",
        "place",
        "organisation",
        many_lines=("about", "aliases"),
    )

    def save() -> None:
        with saving() as session:
            people.revise(
                session,
                people.get(session, number),
                by=viewer(),
                name=given["name"],
                title=given["title"],
                nickname=given["nickname"],
                about=given["about"],
                phone=given["phone"],
                aliases=given["aliases"].splitlines(),
                place_code=asked.place(given["place"]).require(),
                organisation=given["organisation"],
            )

    return mended(given, f"/people/{number}", save, partial(_form, number))


@blueprint.get("/<int:number>/contact")
def contact(number: int) -> ResponseReturnValue:
    """My own nickname, phone and place."""
    return _contact_form(number, {}, {})


@blueprint.post("/<int:number>/contact")
def revise_contact(number: int) -> ResponseReturnValue:
    """Keep them, or show the form again."""
    given = {"name": viewer().name, **asked.words("nickname", "phone", "place")}

    def save() -> None:
        with saving() as session:
            people.revise_own(
                session,
                number,
                by=viewer(),
                nickname=given["nickname"],
                phone=given["phone"],
                place_code=asked.place(given["place"]).require(),
            )

    return mended(given, f"/people/{number}", save, partial(_contact_form, number))


def _contact_form(number: int, given: Typed, problems: Typed) -> str:
    with reading() as session:
        person = people.own(session, number, by=viewer())
        where = _path(person)
        kept = {"nickname": person.nickname, "phone": person.phone, "place": where}
    return render_template(
        "people/contact.html", person=person, given={**kept, **given}, problems=problems
    )


def _form(number: int, given: Typed, problems: Typed) -> str:
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
        "phone": person.phone,
        "about": person.about,
        "aliases": "\n".join(page.aliases),
        "place": _path(person),
        "organisation": page.organisation.name if page.organisation else "",
    }


def _path(person: Person) -> str:
    return places.path(person.place_code) if person.place_code else ""
