"""Finding by walking: places, themes, roles and years."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kms import (
    activities,
    browsing,
    notes,
    overlaps,
    places,
    recommendations,
    roles,
    themes,
    working_places,
)
from kms.errors import NotFound
from kms.language import gettext as _
from kms.note_kinds import LEVELS, ROLES
from kms.places import Place
from kms.roles import RolePlayer
from kms.thai.collation import sort_key
from kms.thai.dates import BE_MINUS_CE, today_in_thailand
from kms.themes import Tree
from kms.web import asked, following
from kms.web.addresses import address, in_place_of
from kms.web.context import reading, viewer

blueprint = Blueprint("browse", __name__)

MOST_PLAYERS = 20
MOST_ACTIVITIES = 40
MOST_OVERLAPS = 10
MOST_ORGANISATIONS = 20
MOST_ASKED = 5
# How many of their notes stand under someone on the page of a role.
TITLES_EACH = 2
PARAMETERS = {2: "province", 4: "amphoe", 6: "tambon"}


@dataclass(frozen=True)
class PlaceCount:
    """A place with the number of notes from it and from all places in it."""

    code: str
    name: str
    count: int


@dataclass(frozen=True)
class Region:
    """Provinces that people think of together, in Thai order."""

    name: str
    provinces: list[PlaceCount]


@dataclass(frozen=True)
class ThemeCount:
    """A theme with the number of notes on it or on any theme beneath it."""

    slug: str
    name: str
    about: str
    count: int
    children: list["ThemeCount"] = field(default_factory=list)


@dataclass(frozen=True)
class YearCount:
    """A year of the Buddhist era with the number of notes of what began in it."""

    year: int
    count: int

    @property
    def url(self) -> str:
        """The address of its notes."""
        return address("/search", (("from", str(self.year)), ("to", str(self.year))))


@dataclass(frozen=True)
class PlayersSomewhere:
    """Those who play a role in one place; no code where no place is told."""

    code: str
    people: list[RolePlayer]


# --- places --------------------------------------------------------------------------------------


@blueprint.get("/places", endpoint="places")
def all_places() -> ResponseReturnValue:
    """The provinces by region."""
    with reading() as session:
        counts = notes.counts_by_province(session, seen_by=viewer())
    regions = [
        Region(places.region(provinces[0].code), _counted(provinces, counts))
        for provinces in places.regions().values()
    ]
    return render_template("browse/places.html", regions=regions)


@blueprint.get("/places/<code>")
def place(code: str) -> ResponseReturnValue:
    """What is known from one place: lessons first, people by role, the places within."""
    here = places.get(code)
    with reading() as session:
        counts = notes.counts_by_child_place(session, code, seen_by=viewer())
        found = browsing.of_place(session, code, seen_by=viewer())
        players = roles.players(session, place=code, seen_by=viewer(), limit=MOST_PLAYERS)
        follow = following.button(session, "place", code)
    return render_template(
        "browse/place.html",
        follow=follow,
        place=here,
        parents=places.parents(code),
        children=_counted(places.children(code), counts),
        found=found,
        people_by_role=_by_role(players),
        search_url=address("/search", ((PARAMETERS[len(code)], code),)),
    )


@blueprint.get("/places/<code>/working")
def working(code: str) -> ResponseReturnValue:
    """Everyone who works in a place: overlaps first, activities now and before, people."""
    here = places.get(code)
    day = today_in_thailand()
    with reading() as session:
        found = activities.of_place(session, code, seen_by=viewer(), limit=MOST_ACTIVITIES)
        both = overlaps.of_place(session, code, seen_by=viewer(), limit=MOST_OVERLAPS)
        groups = working_places.organisations(
            session, code, seen_by=viewer(), limit=MOST_ORGANISATIONS
        )
        players = roles.players(session, place=code, seen_by=viewer(), limit=MOST_PLAYERS)
    by_state = [
        (state, [one for one in found.activities if one.state(day) == state])
        for state in ("now", "open", "later", "before")
    ]
    return render_template(
        "browse/working.html",
        place=here,
        parents=places.parents(code),
        groups=[(state, listed) for state, listed in by_state if listed],
        total=found.total,
        more=found.total - len(found.activities),
        overlaps=both,
        organisations=groups,
        people_by_role=_by_role(players),
        today=day,
    )


def _counted(listed: Iterable[Place], counts: Mapping[str, int]) -> list[PlaceCount]:
    return [PlaceCount(one.code, one.name, counts.get(one.code, 0)) for one in listed]


def _by_role(players: Sequence[RolePlayer]) -> list[tuple[str, list[RolePlayer]]]:
    grouped = ((code, [one for one in players if one.role == code]) for code in ROLES)
    return [(code, found) for code, found in grouped if found]


# --- themes --------------------------------------------------------------------------------------


@blueprint.get("/themes", endpoint="themes")
def all_themes() -> ResponseReturnValue:
    """The tree of themes with counts."""
    with reading() as session:
        tree = themes.load(session)
        counts = browsing.counts_by_theme(session, seen_by=viewer())
    return render_template("browse/themes.html", tree=branches(tree, None, counts))


@blueprint.get("/themes/<slug>")
def theme(slug: str) -> ResponseReturnValue:
    """A theme, its parts and its notes; a merged one leads to what it became part of."""
    with reading() as session:
        tree = themes.load(session)
        path = tree.path(slug)
        if not path:
            raise NotFound(_("ไม่พบประเด็นนี้"))
        here = path[-1]
        if here.merged_into:
            return redirect(f"/themes/{here.merged_into}", 301)
        if not themes.is_known(session, here, seen_by=viewer()):
            raise NotFound(_("ไม่พบประเด็นนี้"))
        counts = browsing.counts_by_theme(session, seen_by=viewer())
        found = browsing.of_themes(session, tree.subtree(slug), seen_by=viewer())
        follow = following.button(session, "theme", here.slug)
    return render_template(
        "browse/theme.html",
        follow=follow,
        here=_theme_count(tree, here.slug, counts),
        about=here.about,
        parents=[{"slug": one.slug, "name": one.label} for one in path[:-1]],
        children=branches(tree, slug, counts),
        found=found,
        search_url=address("/search", (("theme", slug),)),
    )


def branches(tree: Tree, slug: str | None, counts: Mapping[str, int]) -> list[ThemeCount]:
    """The agreed themes under this one, each with its own branches; under nothing, the tree."""
    return [_theme_count(tree, child.slug, counts) for child in tree.children(slug)]


def _theme_count(tree: Tree, slug: str, counts: Mapping[str, int]) -> ThemeCount:
    node = tree.by_slug[slug]
    return ThemeCount(
        slug, node.label, node.about, counts.get(slug, 0), branches(tree, slug, counts)
    )


# --- roles ---------------------------------------------------------------------------------------


@blueprint.get("/roles", endpoint="roles")
def all_roles() -> ResponseReturnValue:
    """The six roles, what each does and how many play it."""
    with reading() as session:
        counts = roles.counts(session, seen_by=viewer())
    listed = [
        {"code": one.code, "name": one.name, "does": one.does, "count": counts.get(one.code, 0)}
        for one in roles.ROLES.values()
    ]
    return render_template("browse/roles.html", roles=listed)


@blueprint.get("/roles/<code>")
def role(code: str) -> ResponseReturnValue:
    """Who plays a role, at which level and where."""
    if code not in roles.ROLES:
        raise NotFound(_("ไม่มีบทบาทนี้"))
    where = asked.place_of_address()
    level = request.args.get("level", "")
    with reading() as session:
        players = (
            []
            if where.problem
            else roles.players(
                session,
                role=code,
                place=where.code,
                level=level if level in LEVELS else None,
                seen_by=viewer(),
            )
        )
        numbers = {number for one in players for number in one.note_numbers[:TITLES_EACH]}
        titles = notes.titles(session, numbers, seen_by=viewer())
        wanted = recommendations.Asked(role=code, place=where.code or "")
        asked_of = recommendations.listing(session, wanted, seen_by=viewer(), limit=MOST_ASKED)
    pairs = in_place_of((("role", code),), "place", where.code or "")
    return render_template(
        "browse/role.html",
        asked_of=asked_of,
        all_asked=address("/recommendations", pairs),
        role=roles.ROLES[code],
        level=level,
        levels=[("", _("ทุกระดับ")), *((one, roles.level_name(one)) for one in LEVELS)],
        place=where.typed,
        problem=where.problem,
        groups=_by_place(players),
        titles=titles,
        titles_each=TITLES_EACH,
    )


def _by_place(players: Sequence[RolePlayer]) -> list[PlayersSomewhere]:
    """In Thai order from the province down; those without a place last; by level in each."""
    grouped: dict[str, list[RolePlayer]] = {}
    widest_first = ("", *LEVELS)
    for player in sorted(players, key=lambda one: widest_first.index(one.level)):
        grouped.setdefault(player.place_code or "", []).append(player)
    return [PlayersSomewhere(code, grouped[code]) for code in sorted(grouped, key=_thai_order)]


def _thai_order(code: str) -> tuple[object, ...]:
    if not code:
        return (True,)
    return (False, *(sort_key(one.name) for one in (*places.parents(code), places.get(code))))


# --- years ---------------------------------------------------------------------------------------


@blueprint.get("/years")
def years() -> ResponseReturnValue:
    """The years in which things happened, newest first."""
    with reading() as session:
        counts = notes.counts_by_year(session, seen_by=viewer())
    listed = [YearCount(year + BE_MINUS_CE, count) for year, count in counts.items()]
    return render_template("browse/years.html", years=listed)
