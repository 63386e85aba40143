"""The home page, help, the switches of language and colours, and what machines ask for."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kms import briefings, language, notes, places, province_map, status
from kms.errors import NotFound
from kms.language import gettext as _
from kms.thai.collation import sort_key
from kms.thai.dates import today_in_thailand
from kms.web import context
from kms.web import help as help_pages
from kms.web.context import reading, settings, store, viewer
from kms.web.filters import asset
from kms.web.security import YEAR_S, safe_next

blueprint = Blueprint("shell", __name__)

MOST_CARDS = 4
# Shades of the map: at least this many notes for each darker one.
SHADES = (1, 5, 20, 80)


@dataclass(frozen=True)
class ProvinceOnMap:
    """A province as the home page draws and lists it."""

    code: str
    name: str
    count: int
    level: int
    d: str = ""


@blueprint.get("/")
def home() -> str:
    """Search first; then what is new, and where."""
    with reading() as session:
        lessons, recent = notes.newest(session, seen_by=viewer(), limit=MOST_CARDS)
        counts = notes.counts_by_province(session, seen_by=viewer())
        totals = notes.totals(session, seen_by=viewer())
        planned = briefings.waiting(session, viewer(), today=today_in_thailand())
    drawn = _on_map(counts)
    listed = [province for province in drawn if province.count]
    return render_template(
        "home.html",
        lessons=lessons,
        recent=recent,
        totals=totals,
        planned=planned,
        map_paths=drawn,
        map_box=province_map.outlines().box,
        by_province=sorted(listed, key=lambda one: (-one.count, sort_key(one.name))),
    )


@blueprint.get("/about")
def about() -> str:
    """What this site is and who keeps it."""
    page = help_pages.page(help_pages.ABOUT)
    return render_template("about.html", content=page.html if page else "")


@blueprint.get("/help")
def help_index() -> str:
    """The list of help pages."""
    return render_template("help/index.html", pages=help_pages.pages())


@blueprint.get("/help/<slug>")
def help_page(slug: str) -> str:
    """One help page."""
    page = help_pages.page(slug)
    if page is None:
        raise NotFound(_("ไม่มีหน้าช่วยเหลือนี้"))
    return render_template(
        "help/page.html", title=page.title, html=page.html, pages=help_pages.pages()
    )


@blueprint.get("/language/<code>", endpoint="language")
def choose_language(code: str) -> ResponseReturnValue:
    """Speak Thai or English on this device from now on."""
    if code not in language.LANGUAGES:
        raise NotFound(_("ไม่มีภาษานี้"))
    return _remember(context.LANGUAGE_COOKIE, code)


@blueprint.get("/theme/<name>", endpoint="theme")
def choose_theme(name: str) -> ResponseReturnValue:
    """Light, dark, or as the device says (``auto``)."""
    if name != "auto" and name not in context.THEMES:
        raise NotFound(_("ไม่มีสีหน้าจอนี้"))
    return _remember(context.THEME_COOKIE, "" if name == "auto" else name)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Whether database and index both work, for whatever watches over the server."""
    with reading() as session:
        status.touch(session)
    works = store().index.is_healthy()
    answer = {"database": True, "index": works, "version": status.own_version()}
    return jsonify(answer), 200 if works else 503


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines should leave alone."""
    own = ("/account", "/admin", "/signin", "/register", "/write")
    endless = ("/briefing", "/search", "/language/", "/theme/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in (*own, *endless))]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Old browsers ask here."""
    return redirect(asset("img/favicon.svg"), 301)


def _remember(name: str, value: str) -> ResponseReturnValue:
    response = redirect(safe_next(request.args.get("next")))
    if value:
        response.set_cookie(
            name,
            value,
            max_age=YEAR_S,
            secure=settings().secure_cookies,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(name)
    return response


def _on_map(counts: Mapping[str, int]) -> list[ProvinceOnMap]:
    return [
        ProvinceOnMap(
            code=code,
            name=places.name(code),
            count=counts.get(code, 0),
            level=sum(counts.get(code, 0) >= least for least in SHADES),
            d=outline,
        )
        for code, outline in province_map.outlines().paths.items()
    ]
