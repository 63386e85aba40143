"""The search page and the pickers of forms."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import lesson_lives, naming, places, suggestions
from kms.errors import Invalid, NotFound, Unavailable
from kms.language import gettext as _
from kms.note_cards import NoteCard, cards
from kms.note_kinds import Kind
from kms.note_lines import NoteLine, lines
from kms.permissions import Viewer
from kms.search import query as queries
from kms.search import saved
from kms.search.completing import Completion
from kms.search.facets import kind_names
from kms.search.found import Found
from kms.search.query import SORTS, Query
from kms.search.ways_out import WaysOut
from kms.sessions import Session
from kms.thai import dates
from kms.web import following, narrowing
from kms.web.addresses import Pairs, address, in_place_of, with_one, without
from kms.web.context import reading, store, viewer
from kms.web.paging import page_of

blueprint = Blueprint("finding", __name__)

Given = dict[str, list[str]]
Names = dict[tuple[str, str], str]
PLACES = ("province", "amphoe", "tambon")
FILTERS = (*PLACES, "theme", "kind", "role", "person", "organisation", "tag", "from", "to", "sort")


@dataclass(frozen=True)
class Link:
    """Somewhere to go, and whether it is where we are."""

    label: str
    url: str
    is_chosen: bool = False


# --- the page ------------------------------------------------------------------------------------


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """The address is the search."""
    given = request.args.to_dict(flat=False)
    try:
        with reading() as session:
            read = partial(queries.read, session=session, seen_by=viewer())
            query, notices = _read_kindly(given, read)
            found = narrowing.vouched(store().index.find(session, query, seen_by=viewer()))
            met = names_met(session, found, seen_by=viewer())
            ways = _ways_out(session, found)
            asked = saved.address_of(found.query)
            follow = following.button(session, "search", asked) if asked else None
            lessons = [hit.number for hit in found.hits if hit.kind == Kind.LESSON]
            stages = lesson_lives.stages(session, lessons, seen_by=viewer())
    except Unavailable as problem:
        kept = without(tuple(request.args.items(multi=True)), "q", "offset")
        words = request.args.get("q", "")
        page = render_template("finding/unavailable.html", why=problem, words=words, kept=kept)
        return page, 503, {"Retry-After": "5"}
    if follow:
        follow = replace(follow, label=name_of(found, met))
    shown = _shown(found, notices, met, ways)
    return render_template("finding/search.html", **shown, follow=follow, stages=stages)


def _ways_out(session: Session, found: Found) -> WaysOut:
    """Where to go from nothing, or from notes that have but some of the words."""
    if found.query.is_empty or (found.total and not found.loosened):
        return WaysOut()
    return store().index.ways_out(session, found.query, seen_by=viewer())


def _read_kindly(given: Given, read: Callable[[Given], Query]) -> tuple[Query, list[str]]:
    """The query of what can be read, and a sentence for each parameter that cannot."""
    try:
        return read(given), []
    except Invalid as problem:
        unread = problem.problems
    rest = {name: values for name, values in given.items() if name not in unread}
    return read(rest), list(unread.values())


def _shown(found: Found, notices: list[str], met: Names, ways: WaysOut) -> dict[str, object]:
    """Everything the page shows, as values and links."""
    query = found.query
    pairs = narrowing.pairs_of(query)
    base = without(pairs, "offset")
    asked = dict(pairs)
    names = _names_in(found, met)
    said = [*notices, *query.unread, *found.unread]
    if found.loosened:
        said.append(_("ไม่มีบันทึกที่มีครบทุกคำ จึงแสดงบันทึกที่มีบางคำ"))
    return {
        "found": found,
        "words": query.words,
        "notices": said,
        "chips": narrowing.chips(query, pairs, names),
        "steps": narrowing.steps_on(ways, names),
        "write_url": address("/write/note", (("title", query.words),) if query.words else ()),
        "facets": narrowing.facets(found, pairs),
        "sorts": _sorts(query, base),
        "did_you_mean": _did_you_mean(found, base),
        "page": page_of(
            narrowing.PATH, pairs, total=found.total, offset=query.offset, limit=query.limit
        ),
        "kept": without(base, "q"),
        "kept_but_years": without(base, "from", "to"),
        "since": _typed(asked.get("from", ""), query.from_day),
        "until": _typed(asked.get("to", ""), query.to_day),
        "clear_url": address(narrowing.PATH, tuple(p for p in base if p[0] in ("q", "sort"))),
        "first_url": address(narrowing.PATH, base),
    }


def names_met(session: Session, found: Found, *, seen_by: Viewer) -> Names:
    """Names of the people and organisations asked for, of those that the viewer may read."""
    return suggestions.names(
        session, persons=found.query.people, groups=_groups_unseen(found), seen_by=seen_by
    )


def name_of(found: Found, met: Names) -> str:
    """What a search is called where it is kept, until somebody gives it a name."""
    pairs = narrowing.pairs_of(found.query)
    chips = narrowing.chips(found.query, pairs, _names_in(found, met))
    return " · ".join(filter(None, [found.query.words, *(chip.label for chip in chips)]))


def _typed(asked: str, day: date | None) -> str:
    """A day as people type it: a year alone, or the day in words."""
    return asked if asked.isdecimal() or not day else dates.show(day, style="short")


def _sorts(query: Query, base: Pairs) -> list[Link]:
    said = {
        "relevance": _("ตรงที่สุด"),
        "newest": _("ใหม่สุด"),
        "oldest": _("เก่าสุด"),
    }
    current = query.sort if query.words or query.sort != "relevance" else "newest"
    offered = SORTS if query.words else [one for one in SORTS if one != "relevance"]
    return [
        Link(
            said[sort],
            address(narrowing.PATH, in_place_of(base, "sort", "" if sort == "relevance" else sort)),
            sort == current,
        )
        for sort in offered
    ]


def _did_you_mean(found: Found, base: Pairs) -> Link | None:
    words = found.did_you_mean
    return Link(words, address(narrowing.PATH, in_place_of(base, "q", words))) if words else None


def _groups_unseen(found: Found) -> tuple[int, ...]:
    """Organisations asked for that no hit vouches for: their names may not be the viewer's."""
    named = {one.value for one in found.facets.get("organisation", ())}
    return tuple(one for one in found.query.organisations if str(one) not in named)


def _names_in(found: Found, met: Names) -> Names:
    """Words for the filters that are on; ``met`` are names the viewer is known to may read."""
    names = {
        (name, value.value): value.label
        for name, values in found.facets.items()
        for value in values
        if value.chosen
    }
    for code in found.query.places:
        names[PLACES[len(code) // 2 - 1], code] = places.path(code)
    names.update((("tag", key), f"#{key}") for key in found.query.tags)
    names.update(
        ((what, str(one)), _("ไม่พบชื่อนี้"))
        for what, asked in (("person", found.query.people), ("organisation", _groups_unseen(found)))
        for one in asked
    )
    return {**names, **met}


# --- more of the same ----------------------------------------------------------------------------


@blueprint.get("/notes/<int:number>/similar")
def similar(number: int) -> str:
    """Notes like a note that the viewer may see."""
    note, cards = similar_cards(number)
    return render_template("finding/similar.html", note=note, cards=cards)


def similar_cards(number: int) -> tuple[NoteLine, list[NoteCard]]:
    """The note and those like it; raises NotFound."""
    with reading() as session:
        note = lines(session, [naming.require_row_id(number)], seen_by=viewer()).get(number)
        if note is None:
            raise NotFound(_("ไม่พบบันทึกนี้ อาจถูกลบไปแล้ว หรือเป็นบันทึกที่คุณยังไม่มีสิทธิ์อ่าน"))
        alike = store().index.similar(session, number, seen_by=viewer())
        return note, cards(session, alike, seen_by=viewer())


# --- while someone types -------------------------------------------------------------------------


@blueprint.get("/suggest")
def suggest() -> Response:
    """What the pickers of forms offer while someone types, and with ``what=search`` the box."""
    what, words = request.args.get("what", ""), request.args.get("q", "")
    if what == "search":
        return jsonify(_completions(words))
    try:
        with reading() as session:
            found = suggestions.suggest(session, what, words, seen_by=viewer())
    except Invalid as problem:
        refused = jsonify(error={"code": problem.code, "message": problem.message})
        refused.status_code = 422
        return refused
    return jsonify([{"value": one.value, "label": one.label, "note": one.note} for one in found])


def _completions(words: str) -> list[dict[str, str]]:
    """Each with the address it leads to, where the filters that are on stay on."""
    filters = tuple(pair for pair in request.args.items(multi=True) if pair[0] in FILTERS)
    try:
        with reading() as session:
            found = store().index.complete(session, words, seen_by=viewer())
    except Unavailable:
        return []
    return [
        {
            "kind": one.what,
            "value": one.value,
            "label": one.label,
            "note": _sort_of(one),
            "url": _leads_to(one, filters),
        }
        for one in found
    ]


def _sort_of(one: Completion) -> str:
    if one.what == "note":
        return kind_names()[one.kind]
    said = {
        "place": _("สถานที่"),
        "theme": _("ประเด็น"),
        "organisation": _("องค์กร"),
        "person": _("คน"),
        "words": _("คำ"),
    }
    return _("%(what)s · %(n)s บันทึก", what=said[one.what], n=f"{one.notes:,}")


def _leads_to(one: Completion, filters: Pairs) -> str:
    if one.what == "note":
        return url_for("notes.show", number=int(one.value))
    if one.what == "words":
        return address(narrowing.PATH, (("q", one.value), *filters))
    name = PLACES[len(one.value) // 2 - 1] if one.what == "place" else one.what
    words = (("q", one.words),) if one.words else ()
    return address(narrowing.PATH, with_one((*words, *filters), name, one.value))
