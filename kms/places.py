"""Places of Thailand: province, amphoe and tambon by DOPA code, and how people write them.

Codes have 2, 4 or 6 digits and a prefix is the parent: ``80``, ``8012``, ``801208``.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from kms.gazetteer import (
    LEVELS,
    Level,
    Place,
    Zone,
    gazetteer,
    get,
    key,
    known_names,
    line,
    name,
    name_with_prefix,
    path,
)
from kms.language import gettext as _
from kms.place_mentions import Mention, recognise
from kms.place_reading import Reading, read, split_marker
from kms.thai.collation import sort_key

__all__ = [
    "LEVELS",
    "Level",
    "Mention",
    "Place",
    "Reading",
    "Zone",
    "beneath",
    "children",
    "exists",
    "get",
    "name",
    "name_with_prefix",
    "names",
    "parents",
    "path",
    "provinces",
    "read",
    "recognise",
    "region",
    "region_code",
    "regions",
    "suggest",
    "zones",
]

_REGIONS = {
    "เหนือ": "50 51 52 53 54 55 56 57 58",
    "อีสาน": "30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49",
    "กลาง": "10 11 12 13 14 15 16 17 18 19 26 60 61 62 64 65 66 67 72 73 74 75",
    "ตะวันออก": "20 21 22 23 24 25 27",
    "ตะวันตก": "63 70 71 76 77",
    "ใต้": "80 81 82 83 84 85 86 90 91 92 93 94 95 96",
}
_REGION_OF = {code: area for area, codes in _REGIONS.items() for code in codes.split()}


def exists(code: str) -> bool:
    """Is this the code of a province, amphoe or tambon of today?"""
    return code in gazetteer().by_code


def parents(code: str) -> tuple[Place, ...]:
    """The places this one lies in, outermost first; empty for a province."""
    return line(get(code).code)[:-1]


def children(code: str | None = None) -> tuple[Place, ...]:
    """The places one level down, in Thai dictionary order; the provinces when there is no code."""
    if code:
        get(code)
    return _children(code or "")


@lru_cache(maxsize=1100)
def _children(code: str) -> tuple[Place, ...]:
    known = gazetteer()
    below = [known.by_code[child] for child in known.children.get(code, ())]
    return tuple(sorted(below, key=lambda place: sort_key(place.name)))


def beneath(code: str) -> tuple[Place, ...]:
    """The place itself and everything in it, by code."""
    return tuple(_beneath(get(code)))


def _beneath(place: Place) -> Iterator[Place]:
    known = gazetteer()
    yield place
    for child in known.children.get(place.code, ()):
        yield from _beneath(known.by_code[child])


def provinces() -> tuple[Place, ...]:
    """All 77 provinces in Thai dictionary order."""
    return children()


def region(code: str) -> str:
    """The region a place lies in, of the six of the National Geographical Committee."""
    names = {
        "เหนือ": _("เหนือ"),
        "อีสาน": _("อีสาน"),
        "กลาง": _("กลาง"),
        "ตะวันออก": _("ตะวันออก"),
        "ตะวันตก": _("ตะวันตก"),
        "ใต้": _("ใต้"),
    }
    return names[region_code(code)]


def region_code(code: str) -> str:
    """The Thai name of the region, whatever the language: to compare, not to show."""
    return _REGION_OF[get(code).code[:2]]


def regions() -> dict[str, tuple[Place, ...]]:
    """Region (in Thai) → its provinces in Thai dictionary order."""
    return {
        area: tuple(place for place in provinces() if _REGION_OF[place.code] == area)
        for area in _REGIONS
    }


def zones() -> tuple[Zone, ...]:
    """Named sets of places from ``content/places.yaml``."""
    return gazetteer().zones


def names() -> Iterable[str]:
    """Thai names and aliases for the search dictionary, each once.

    Names under four letters are left out: they are everyday words (และ, วัด) or would cut
    everyday words apart.
    """
    return (each for each in known_names() if len(each) >= 4)


# --- suggesting while someone types --------------------------------------------------------------


@cache
def _typed_names() -> list[tuple[str, int, str]]:
    """(name as ``key`` makes it, length of code, code), sorted."""
    return sorted(
        (typed, len(code), code) for typed, codes in gazetteer().by_key.items() for code in codes
    )


def suggest(prefix: str, limit: int = 8) -> list[Place]:
    """Places whose name or alias begins with (then contains) what was typed so far.

    Provinces come before amphoes before tambons. A leading ต. อ. จ. narrows the level, and
    further words narrow to places lying in a place so named: ``หู ปากพนัง``.
    """
    level, typed = split_marker(prefix[:100])
    first, *others = typed.split() or [""]
    whole = key(typed)
    if not whole:
        return []
    found = _suggested(whole, level) or []
    if others:
        wanted = [key(split_marker(word)[1]) for word in others]
        narrowed = _suggested(key(first), level)
        found += [place for place in narrowed if place not in found and _lies_in(place, wanted)]
    return found[:limit]


def _suggested(wanted: str, level: Level | None) -> list[Place]:
    listed = _typed_names()
    begin = bisect_left(listed, (wanted,))
    starting: list[tuple[int, str, str]] = []
    for typed, width, code in listed[begin:]:
        if not typed.startswith(wanted):
            break
        starting.append((width, typed, code))
    inside = [
        (width, typed, code)
        for typed, width, code in listed
        if wanted in typed and not typed.startswith(wanted)
    ]
    codes = dict.fromkeys(code for _, _, code in [*sorted(starting), *sorted(inside)])
    places = (gazetteer().by_code[code] for code in codes)
    return [place for place in places if level in (None, place.level)]


def _lies_in(place: Place, wanted: list[str]) -> bool:
    """Does each wanted beginning open the name of some parent?"""
    above = [each for parent in line(place.code)[:-1] for each in _names_of(parent.code)]
    return all(any(each.startswith(want) for each in above) for want in wanted)


def _names_of(code: str) -> tuple[str, ...]:
    place = get(code)
    return key(place.name), key(place.name_en), *_alias_keys().get(code, ())


@cache
def _alias_keys() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for alias, code in gazetteer().aliases.items():
        found[code] = (*found.get(code, ()), key(alias))
    return found
