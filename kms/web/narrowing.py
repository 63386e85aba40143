"""What narrows a search, as links: the chips that are on and the facets that can be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kms import places
from kms.language import gettext as _
from kms.search.found import FacetValue, Found
from kms.search.query import Query, to_parameters
from kms.search.ways_out import Way, WaysOut
from kms.thai import dates
from kms.web.addresses import Pairs, address, with_one, without, without_one

PATH = "/search"
PLACES = ("province", "amphoe", "tambon")
SHOWN_AT_ONCE = 8
# What the address calls the parts of a query; places go by their level.
PARAMETERS = {
    "themes": "theme",
    "kinds": "kind",
    "roles": "role",
    "people": "person",
    "organisations": "organisation",
    "tags": "tag",
}
# Parameters that say how to show the hits and narrow nothing.
MANNERS = ("q", "sort", "limit", "offset")


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    remove_url: str


@dataclass(frozen=True)
class Choice:
    """A value of a facet; its address turns it on, or off when it is on."""

    label: str
    count: int
    url: str
    is_chosen: bool = False
    children: tuple["Choice", ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether this or anything beneath it is chosen."""
        return self.is_chosen or any(child.is_open for child in self.children)


@dataclass(frozen=True)
class Facet:
    """The values of one dimension; ``more`` are those that wait behind a press."""

    name: str
    heading: str
    first: tuple[Choice, ...]
    more: tuple[Choice, ...]

    @property
    def is_open(self) -> bool:
        """Whether a value that waits is chosen."""
        return any(choice.is_open for choice in self.more)


def vouched(found: Found) -> Found:
    """Without the organisations no hit vouches for: those names may not be the viewer's to read."""
    kept = tuple(one for one in found.facets.get("organisation", ()) if one.count)
    return replace(found, facets={**found.facets, "organisation": kept})


def facets(found: Found, pairs: Pairs) -> tuple[Facet, ...]:
    """Every facet that has something to choose, places and themes as trees."""
    base = without(pairs, "offset")
    made = (
        _facet("kind", _("ชนิด"), _flat(found, "kind", base)),
        _facet("place", _("สถานที่"), _places(found, base)),
        _facet("theme", _("ประเด็น"), _themes(found, base)),
        _facet("role", _("บทบาท"), _flat(found, "role", base)),
        _facet("year", _("ปี พ.ศ."), _years(found, base)),
        _facet("organisation", _("องค์กร"), _flat(found, "organisation", base)),
    )
    return tuple(one for one in made if one.first)


def _facet(name: str, heading: str, choices: Sequence[Choice]) -> Facet:
    opened = [one for one in choices if one.is_open]
    ordered = [*opened, *(one for one in choices if not one.is_open)]
    return Facet(name, heading, tuple(ordered[:SHOWN_AT_ONCE]), tuple(ordered[SHOWN_AT_ONCE:]))


def _flat(found: Found, name: str, base: Pairs) -> list[Choice]:
    return [
        Choice(value.label, value.count, _toggle(base, name, value), value.chosen)
        for value in found.facets.get(name, ())
    ]


def _toggle(base: Pairs, name: str, value: FacetValue) -> str:
    change = without_one if value.chosen else with_one
    return address(PATH, change(base, name, value.value))


def _places(found: Found, base: Pairs) -> list[Choice]:
    """Provinces; beneath those that are open their amphoes, and beneath those their tambons."""
    chosen = {code for name, code in base if name in PLACES}
    values = {name: found.facets.get(name, ()) for name in PLACES}

    def beneath(parent: str, level: int) -> tuple[Choice, ...]:
        inside = (one for one in values[PLACES[level]] if one.value.startswith(parent))
        return tuple(choice(one, level) for one in inside)

    def choice(value: FacetValue, level: int) -> Choice:
        code = value.value
        is_open = level < 2 and any(one.startswith(code) for one in chosen)
        children = beneath(code, level + 1) if is_open else ()
        url = address(PATH, _place_toggled(base, code, is_chosen=code in chosen))
        return Choice(value.label, value.count, url, code in chosen, children)

    return list(beneath("", 0))


def _place_toggled(base: Pairs, code: str, *, is_chosen: bool) -> Pairs:
    """A place takes the turn of those around and inside it; letting go of it goes one level up."""
    rest = tuple(
        (name, value)
        for name, value in base
        if name not in PLACES or not (value.startswith(code) or code.startswith(value))
    )
    kept = code[:-2] if is_chosen else code
    return with_one(rest, PLACES[len(kept) // 2 - 1], kept) if kept else rest


def _themes(found: Found, base: Pairs) -> list[Choice]:
    """The top of the tree; beneath those that are open their parts."""
    values = found.facets.get("theme", ())
    known = {one.value for one in values}
    above = {one.value: one.parent for one in values}
    opened: set[str | None] = set()
    for one in values:
        slug = one.value if one.chosen else None
        while slug and slug not in opened:
            opened.add(slug)
            slug = above.get(slug)

    def choice(value: FacetValue) -> Choice:
        inside = (one for one in values if one.parent == value.value and value.value in opened)
        children = tuple(choice(one) for one in inside)
        url = address(PATH, _theme_toggled(base, value, above))
        return Choice(value.label, value.count, url, value.chosen, children)

    return [choice(one) for one in values if not one.parent or one.parent not in known]


def _theme_toggled(base: Pairs, value: FacetValue, above: Mapping[str, str | None]) -> Pairs:
    """A theme takes the turn of the one it is part of; letting go of it goes back up there."""
    parent = above.get(value.value)
    if value.chosen:
        rest = without_one(base, "theme", value.value)
        siblings = any(above.get(slug) == parent for name, slug in rest if name == "theme")
        return with_one(rest, "theme", parent) if parent and not siblings else rest
    inner = (slug for slug, up in above.items() if up == value.value)
    rest = base
    for other in (*inner, *([parent] if parent else [])):
        rest = without_one(rest, "theme", other)
    return with_one(rest, "theme", value.value)


def _years(found: Found, base: Pairs) -> list[Choice]:
    """A year is chosen as the range from itself to itself, in the Buddhist era."""
    rest = without(base, "from", "to")

    def choice(value: FacetValue) -> Choice:
        year = str(int(value.value) + dates.BE_MINUS_CE)
        pairs = rest if value.chosen else (*rest, ("from", year), ("to", year))
        return Choice(value.label, value.count, address(PATH, pairs), value.chosen)

    return [choice(one) for one in found.facets.get("year", ())]


def pairs_of(query: Query) -> Pairs:
    """The query as an address's parameters, whole years as people write them (พ.ศ.)."""
    rest = without(tuple(to_parameters(query)), "from", "to")
    since = _year_or_day(query.from_day, (1, 1))
    until = _year_or_day(query.to_day, (12, 31))
    return rest + tuple(pair for pair in (("from", since), ("to", until)) if pair[1])


def _year_or_day(day: date | None, edge: tuple[int, int]) -> str:
    if day is None:
        return ""
    return str(dates.year_be(day)) if (day.month, day.day) == edge else day.isoformat()


def chips(query: Query, pairs: Pairs, labels: Mapping[tuple[str, str], str]) -> tuple[Chip, ...]:
    """One chip for each filter that is on, the days as one; ``labels`` says the others in words."""
    base = without(pairs, "offset")
    made = [
        Chip(labels.get(pair, pair[1]), address(PATH, without_one(base, *pair)))
        for pair in without(base, *MANNERS, "from", "to")
    ]
    if query.from_day or query.to_day:
        made.append(Chip(_span_in_words(query), address(PATH, without(base, "from", "to"))))
    return tuple(made)


@dataclass(frozen=True)
class Step:
    """A way on from a search that found too little, with the notes it gives."""

    label: str
    count: int
    url: str


@dataclass(frozen=True)
class StepsOn:
    """The ways out as links; ``missing`` are words that no note has."""

    missing: tuple[str, ...]
    words: tuple[Step, ...]
    wider: tuple[Step, ...]
    unfiltered: tuple[Step, ...]


def steps_on(ways: WaysOut, labels: Mapping[tuple[str, str], str]) -> StepsOn:
    """``labels`` says filters in words, by parameter and value."""
    fewer = (_step(way, _("ไม่ใช้คำว่า %(word)s", word=_quoted(way.label))) for way in ways.fewer)
    alone = (_step(way, _("เฉพาะ %(word)s", word=_quoted(way.label))) for way in ways.alone)
    return StepsOn(
        missing=tuple(map(_quoted, ways.missing)),
        words=_each_once((*fewer, *alone)),
        wider=tuple(_step(way, places.path(way.value)) for way in ways.wider),
        unfiltered=tuple(_step(way, _let_go(way, labels)) for way in ways.unfiltered),
    )


def _step(way: Way, label: str) -> Step:
    return Step(label, way.notes, address(PATH, without(pairs_of(way.query), "offset")))


def _each_once(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple({step.url: step for step in reversed(tuple(steps))}.values())[::-1]


def _quoted(word: str) -> str:
    return word if word.startswith('"') else f"“{word}”"


def _let_go(way: Way, labels: Mapping[tuple[str, str], str]) -> str:
    if not way.name:
        return _("ไม่กรองเลย")
    if way.name == "days":
        return _("ทุกช่วงปี")
    name = PARAMETERS.get(way.name) or PLACES[len(way.value) // 2 - 1]
    return _("ไม่กรอง %(label)s", label=labels.get((name, way.value), way.value))


def _span_in_words(query: Query) -> str:
    if query.from_day and query.to_day:
        return dates.show_range(query.from_day, query.to_day, style="short")
    if query.from_day:
        return _("ตั้งแต่ %(day)s", day=dates.show(query.from_day, style="short"))
    return _("ถึง %(day)s", day=dates.show(query.to_day, style="short")) if query.to_day else ""
