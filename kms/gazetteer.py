"""Every province, amphoe and tambon in memory, found by code and by any of its names.

The areas come from geothai (DOPA codes; a prefix is the parent), nicknames and zones from
``content/places.yaml``. Loaded once, on first use. ``kms.places`` is the door to all this.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Literal

import geothai
import yaml
from geothai.abolished import abolished_areas

from kms.errors import NotFound
from kms.language import current
from kms.language import gettext as _
from kms.thai.words import fold

Level = Literal["province", "amphoe", "tambon"]

CONTENT = Path(__file__).parents[1] / "content" / "places.yaml"
BANGKOK = "10"
LEVELS: dict[int, Level] = {2: "province", 4: "amphoe", 6: "tambon"}
WIDTHS: dict[Level, int] = {"province": 2, "amphoe": 4, "tambon": 6}

_PREFIXES = {"province": "จ.", "amphoe": "อ.", "tambon": "ต."}
_ENGLISH_PREFIXES = {"amphoe": "Amphoe", "tambon": "Tambon"}
_LEFT_OUT = re.compile(r"[\s.,'’`()\-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A province (2-digit code), amphoe (4) or tambon (6); Bangkok's khet and khwaeng likewise."""

    code: str
    name: str
    level: Level
    name_en: str


@dataclass(frozen=True, slots=True)
class Former:
    """An area DOPA abolished, and today's areas that took it over (perhaps none known)."""

    code: str
    name: str
    successors: tuple[str, ...]


@dataclass(frozen=True)
class Zone:
    """A named set of places that work together; not an administrative level."""

    name: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Gazetteer:
    """``by_key`` maps each name, English name and alias, as ``key`` makes it, to its codes."""

    by_code: dict[str, Place]
    children: dict[str, tuple[str, ...]]
    by_key: dict[str, tuple[str, ...]]
    former_by_key: dict[str, tuple[Former, ...]]
    former_by_code: dict[str, Former]
    aliases: dict[str, str]
    zones: tuple[Zone, ...]


def key(name: str) -> str:
    """The form in which names are compared: folded, without spaces, dots, hyphens, brackets."""
    return _LEFT_OUT.sub("", fold(name)).replace("muang", "mueang")


@cache
def gazetteer() -> Gazetteer:
    """The one in-memory gazetteer."""
    by_code = {place.code: place for place in _places()}
    children: dict[str, list[str]] = {}
    for code in by_code:
        children.setdefault(code[:-2], []).append(code)
    aliases, zones = _content(by_code)
    former_by_key: dict[str, list[Former]] = {}
    former = _former()
    for area in former:
        former_by_key.setdefault(key(area.name), []).append(area)
    return Gazetteer(
        by_code=by_code,
        children={code: tuple(codes) for code, codes in children.items()},
        by_key=_index(by_code.values(), aliases),
        former_by_key={name: tuple(areas) for name, areas in former_by_key.items()},
        former_by_code={area.code: area for area in former},
        aliases=aliases,
        zones=zones,
    )


def _places() -> Iterable[Place]:
    for province in geothai.provinces():
        yield Place(province.code, province.name_th, "province", province.name_en)
        for amphoe in geothai.districts(province.code):
            name = amphoe.name_th
            if province.code == BANGKOK:
                name = name.removeprefix("เขต")
            yield Place(amphoe.code, name, "amphoe", amphoe.name_en)
            for tambon in geothai.subdistricts(amphoe.code):
                yield Place(tambon.code, tambon.name_th, "tambon", tambon.name_en)


def _former() -> tuple[Former, ...]:
    return tuple(
        Former(area.code, area.name_th, area.successors)
        for area in abolished_areas()
        if "(" not in area.name_th and "สาขา" not in area.name_th and "เทศบาล" not in area.name_th
    )


def _content(by_code: dict[str, Place]) -> tuple[dict[str, str], tuple[Zone, ...]]:
    """Alias → code, and the zones; a code that does not exist is left out."""
    found = yaml.safe_load(CONTENT.read_text(encoding="utf-8")) if CONTENT.exists() else {}
    aliases = {
        str(alias): str(code)
        for code, names in (found.get("aliases") or {}).items()
        for alias in names
        if str(code) in by_code
    }
    zones = tuple(
        Zone(str(zone["name"]), tuple(str(c) for c in zone["places"] if str(c) in by_code))
        for zone in found.get("zones") or ()
    )
    return aliases, zones


def _index(places: Iterable[Place], aliases: dict[str, str]) -> dict[str, tuple[str, ...]]:
    index: dict[str, list[str]] = {}
    for place in places:
        names = [place.name, place.name_en]
        if "(" in place.name:
            names += re.split(r"\s*[()]", place.name)[:2]
        if place.level == "amphoe" and place.code.endswith("01") and place.name.startswith("เมือง"):
            names += ["เมือง", "Mueang"]
        for name in {key(name) for name in names}:
            index.setdefault(name, []).append(place.code)
    for alias, code in aliases.items():
        codes = index.setdefault(key(alias), [])
        if code not in codes:
            codes.append(code)
    return {name: tuple(codes) for name, codes in index.items()}


def get(code: str) -> Place:
    """The place with this DOPA code; raises ``NotFound``."""
    place = gazetteer().by_code.get(code)
    if place is None:
        raise NotFound(_("ไม่มีพื้นที่รหัส %(code)s", code=code[:20]))
    return place


def line(code: str) -> tuple[Place, ...]:
    """The place and its parents, outermost first."""
    return tuple(get(code[:width]) for width in range(2, len(code) + 1, 2))


def name(code: str) -> str:
    """The name alone, in the current language: สงขลา, Songkhla."""
    place = get(code)
    return place.name if current() == "th" else place.name_en


def name_with_prefix(code: str) -> str:
    """ต.หูล่อง, อ.ปากพนัง, จ.สงขลา; Bangkok's แขวง, เขต and กรุงเทพฯ; English words likewise."""
    place = get(code)
    in_bangkok = code.startswith(BANGKOK)
    if current() != "th":
        words = {"amphoe": "Khet", "tambon": "Khwaeng"} if in_bangkok else _ENGLISH_PREFIXES
        return f"{words.get(place.level, '')} {place.name_en}".strip()
    if code == BANGKOK:
        return "กรุงเทพฯ"
    prefixes = {"amphoe": "เขต", "tambon": "แขวง"} if in_bangkok else _PREFIXES
    return prefixes[place.level] + place.name


def path(code: str, *, short: bool = False) -> str:
    """The place with all its parents, innermost first: ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช.

    ``short`` leaves out ต. อ. จ.; English parts are separated by commas. ``read`` reads it back.
    """
    inwards = line(code)[::-1]
    if current() != "th":
        return ", ".join(place.name_en for place in inwards)
    if short:
        return " ".join("กรุงเทพฯ" if p.code == BANGKOK else p.name for p in inwards)
    return " ".join(name_with_prefix(place.code) for place in inwards)


def known_names() -> Iterable[str]:
    """Thai names of all places and all aliases, each once."""
    known = gazetteer()
    return dict.fromkeys(chain((p.name for p in known.by_code.values()), known.aliases))
