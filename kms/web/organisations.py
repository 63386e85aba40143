"""Organisations: the list, what one took part in, and mending what is known of it."""

from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kms import activities, organisations, places, recommendations
from kms.language import gettext as _
from kms.organisations import OrganisationPage
from kms.permissions import require
from kms.thai.dates import today_in_thailand
from kms.web import asked
from kms.web.addresses import address
from kms.web.context import reading, saving, viewer
from kms.web.named import Typed, grouped_by_role, mended, moved_to
from kms.web.paging import page_of, start_of

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")

EACH_PAGE = 50
MOST_ASKED = 5


@blueprint.get("")
def listing() -> ResponseReturnValue:
    """Those the viewer may know of, in Thai order."""
    place = asked.place_of_address()
    kind = request.args.get("kind", "")
    kind = kind if kind in _kinds() else ""
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        found = organisations.listing(
            session,
            seen_by=viewer(),
            place=place.code,
            kind=kind or None,
            offset=offset,
            limit=EACH_PAGE,
        )
    given = (("kind", kind), ("place", place.code or ""))
    pairs = tuple(pair for pair in given if pair[1])
    return render_template(
        "organisations/listing.html",
        organisations=found.organisations,
        page=page_of("/organisations", pairs, total=found.total, offset=offset, limit=EACH_PAGE),
        kind=kind,
        kinds=[("", _("ทุกประเภท")), *_kinds().items()],
        kind_names=_kinds(),
        place=place.typed,
        problem=place.problem,
    )


@blueprint.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Everything one organisation took part in, as far as the viewer may read it."""
    with reading() as session:
        page = organisations.page(session, number, seen_by=viewer())
        if page.organisation.id != number:
            return moved_to(f"/organisations/{page.organisation.id}")
        works = activities.of_organisation(session, number, seen_by=viewer())
        asked_of = recommendations.listing(
            session, recommendations.Asked(number), seen_by=viewer(), limit=MOST_ASKED
        )
    return render_template(
        "organisations/show.html",
        works=works,
        asked_of=asked_of,
        all_asked=address("/recommendations", (("organisation", str(number)),)),
        today=today_in_thailand(),
        organisation=page.organisation,
        kind=_kinds().get(page.organisation.kind, ""),
        aliases=page.aliases,
        roles=grouped_by_role(page.roles),
        notes=page.notes,
        lessons=page.lessons,
        totals=page.totals,
        notes_url=address("/search", (("organisation", str(number)),)),
    )


@blueprint.get("/<int:number>/edit")
def edit(number: int) -> ResponseReturnValue:
    """What is known of an organisation, to be mended."""
    require(viewer(), "edit_organisations")
    with reading() as session:
        kept = organisations.kept_id(session, number)
    if kept is not None:
        return moved_to(f"/organisations/{kept}/edit")
    return _form(number, {}, {})


@blueprint.post("/<int:number>/edit")
def revise(number: int) -> ResponseReturnValue:
    """Keep what was mended, or show the form again with every word."""
    given = asked.words("name", "abbreviation", "kind", "place", many_lines=("about", "aliases"))

    def save() -> None:
        with saving() as session:
            organisations.revise(
                session,
                organisations.get(session, number),
                by=viewer(),
                name=given["name"],
                abbreviation=given["abbreviation"],
                kind=given["kind"],
                about=given["about"],
                aliases=given["aliases"].splitlines(),
                place_code=asked.place(given["place"]).require(),
            )

    return mended(given, f"/organisations/{number}", save, partial(_form, number))


def _form(number: int, given: Typed, problems: Typed) -> str:
    with reading() as session:
        page = organisations.page(session, number, seen_by=viewer())
    return render_template(
        "organisations/edit.html",
        organisation=page.organisation,
        given={**_kept(page), **given},
        kinds=list(_kinds().items()),
        problems=problems,
    )


def _kept(page: OrganisationPage) -> dict[str, str]:
    organisation = page.organisation
    return {
        "name": organisation.name,
        "abbreviation": organisation.abbreviation,
        "kind": organisation.kind,
        "about": organisation.about,
        "aliases": "\n".join(page.aliases),
        "place": places.path(organisation.place_code) if organisation.place_code else "",
    }


def _kinds() -> dict[str, str]:
    return {
        "state": _("ราชการ"),
        "local": _("ท้องถิ่น"),
        "community": _("ชุมชน"),
        "academic": _("วิชาการ"),
        "fund": _("กองทุน"),
        "network": _("เครือข่าย"),
        "private": _("เอกชน"),
    }
