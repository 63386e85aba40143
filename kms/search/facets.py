"""Counts of values as the lists people narrow by: labelled, ordered, in their trees."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import gazetteer, roles, themes
from kms.language import gettext as _
from kms.models import Organisation
from kms.note_kinds import ROLES, Kind
from kms.search.found import FacetValue
from kms.search.query import Query
from kms.thai.collation import sort_key
from kms.thai.dates import BE_MINUS_CE

MOST_ORGANISATIONS = 20
_LEVELS = {"province": 2, "amphoe": 4, "tambon": 6}

Counts = dict[str, int]


def kind_names() -> dict[str, str]:
    """Each kind of note as facets call it."""
    return {
        Kind.AFTER_ACTION_REVIEW: _("บันทึก AAR"),
        Kind.MINUTES: _("บันทึกการประชุม"),
        Kind.LESSON: _("บทเรียน"),
        Kind.PAGE: _("หน้าความรู้"),
        Kind.NOTE: _("บันทึกทั่วไป"),
    }


def build(
    session: Session, counts: dict[str, Counts], query: Query, tree: themes.Tree
) -> dict[str, tuple[FacetValue, ...]]:
    """A tuple for each name in ``found.FACETS``; one statement, for names of organisations."""
    return {
        "kind": tuple(_kinds(counts.get("kind", {}), query)),
        **{
            level: tuple(_places(counts.get("place", {}), query, level, width))
            for level, width in _LEVELS.items()
        },
        "theme": tuple(_themes(counts.get("theme", {}), query, tree)),
        "role": tuple(_roles(counts.get("role", {}), query)),
        "organisation": tuple(_organisations(session, counts.get("organisation", {}), query)),
        "year": tuple(_years(counts.get("year", {}), query)),
    }


def _kinds(counts: Counts, query: Query) -> Iterator[FacetValue]:
    for kind, name in kind_names().items():
        if counts.get(kind) or kind in query.kinds:
            chosen = kind in query.kinds
            yield FacetValue(str(kind), name, counts.get(kind, 0), chosen=chosen)


def _places(counts: Counts, query: Query, level: str, width: int) -> Iterator[FacetValue]:
    opened = {code[:length] for code in query.places for length in (2, 4, 6)}
    codes = {
        code for code in counts if len(code) == width and code in gazetteer.gazetteer().by_code
    }
    codes |= {code for code in query.places if len(code) == width}
    if width > 2:
        codes = {code for code in codes if code[:-2] in opened}
    named = [(-counts.get(code, 0), sort_key(gazetteer.get(code).name), code) for code in codes]
    for less, _name, code in sorted(named):
        parent = code[:-2] or None
        label = gazetteer.name(code)
        yield FacetValue(code, label, -less, width // 2 - 1, parent, code in query.places)


def _themes(counts: Counts, query: Query, tree: themes.Tree) -> Iterator[FacetValue]:
    """The tree in the curators' order, then what waits for a curator."""
    shown: set[str] = set()

    def beneath(parent: str | None, level: int) -> Iterator[FacetValue]:
        for node in tree.children(parent):
            if node.slug in shown or not (counts.get(node.slug) or node.slug in query.themes):
                continue
            shown.add(node.slug)
            count, chosen = counts.get(node.slug, 0), node.slug in query.themes
            yield FacetValue(node.slug, node.label, count, level, parent, chosen)
            yield from beneath(node.slug, level + 1)

    yield from beneath(None, 0)
    for slug in sorted(set(counts) | set(query.themes), key=lambda slug: -counts.get(slug, 0)):
        if slug not in shown and slug in tree.by_slug:
            chosen = slug in query.themes
            yield FacetValue(slug, tree.label(slug), counts.get(slug, 0), chosen=chosen)


def _roles(counts: Counts, query: Query) -> Iterator[FacetValue]:
    for code in ROLES:
        if counts.get(code) or code in query.roles:
            chosen = code in query.roles
            yield FacetValue(code, roles.name(code), counts.get(code, 0), chosen=chosen)


def _organisations(session: Session, counts: Counts, query: Query) -> Iterator[FacetValue]:
    best = sorted(counts, key=lambda key: (-counts[key], int(key)))[:MOST_ORGANISATIONS]
    wanted = dict.fromkeys([*(int(key) for key in best), *query.organisations])
    if not wanted:
        return
    rows = select(Organisation.id, Organisation.name, Organisation.abbreviation)
    named = {row.id: row for row in session.execute(rows.where(Organisation.id.in_(wanted)))}
    for key in wanted:
        if key in named:
            label = named[key].abbreviation or named[key].name
            chosen = key in query.organisations
            yield FacetValue(str(key), label, counts.get(str(key), 0), chosen=chosen)


def _years(counts: Counts, query: Query) -> Iterator[FacetValue]:
    """Newest first, labelled in the Buddhist era; the value is the CE year."""
    chosen = _chosen_year(query)
    for year in sorted(counts, key=int, reverse=True):
        label = str(int(year) + BE_MINUS_CE)
        yield FacetValue(year, label, counts[year], chosen=int(year) == chosen)


def _chosen_year(query: Query) -> int | None:
    first, last = query.from_day, query.to_day
    if first and last and first.year == last.year:
        whole = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
        return first.year if whole else None
    return None
