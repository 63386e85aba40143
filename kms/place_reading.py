"""Reading a place as a person typed it into a box: names, nicknames, codes, old areas, villages."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

from kms.gazetteer import (
    BANGKOK,
    LEVELS,
    WIDTHS,
    Former,
    Level,
    Place,
    gazetteer,
    key,
    name_with_prefix,
    path,
)
from kms.language import gettext as _
from kms.thai.words import fold

LONGEST_TEXT = 300
MOST_CANDIDATES = 20
MOST_WORDS = 9


@dataclass(frozen=True)
class Reading:
    """What a typed place means.

    ``place`` is set only when there is one meaning; otherwise ``candidates`` (at most 20) are
    what it may mean, likeliest first. ``village`` is the หมู่/บ้าน part as text. ``note`` is a
    sentence for the person, empty when there is nothing to say.
    """

    place: Place | None = None
    village: str = ""
    candidates: tuple[Place, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class _Named:
    """One name in what was typed, with its level where a marker told it."""

    level: Level | None
    key: str

    def codes(self) -> tuple[str, ...]:
        found = gazetteer().by_key.get(self.key, ())
        if self.level is None:
            return found
        codes = tuple(code for code in found if len(code) == WIDTHS[self.level])
        if not codes and self.level == "amphoe":
            return tuple(f"{code}01" for code in found if len(code) == 2 and code != BANGKOK)
        return codes

    def former(self) -> tuple[Former, ...]:
        found = gazetteer().former_by_key.get(self.key, ())
        return tuple(a for a in found if self.level in (None, LEVELS[len(a.code)]))


_MARKERS: dict[Level, str] = {
    "tambon": r"ตำบล|แขวง|ต\s?\.|(?:tambon|khwaeng|subdistrict)\b",
    "amphoe": r"กิ่งอำเภอ|กิ่ง\s?อ\s?\.|อำเภอ|เขต|อ\s?\.|(?:amphoe|khet|district)\b",
    "province": r"จังหวัด|จ\s?\.|(?:changwat|province of)\b",
}
_MARKED = "|".join(f"(?P<{level}>{words})" for level, words in _MARKERS.items())
_ANYWHERE = re.compile(_MARKED)
_AT_WORD = re.compile(rf"(?<![^\s,])(?:{_MARKED})")
_NOWHERE = re.compile(r"(?!)")
_MOO = re.compile(
    r"(?:(?:บ้าน|ชุมชน)[^\s,]{1,40}\s+)?(?:หมู่ที่|หมู่|ม\.)\s*\d{1,3}"
    r"(?:\s*(?:บ้าน|ชุมชน)[^\s,]{1,40}?(?=\s|,|$|ต\.|ตำบล|อ\.|อำเภอ))?"
)
_VILLAGE = re.compile(r"^(?:บ้าน|ชุมชน)[^,]{1,60}$")
_ORGANISATION = re.compile(
    r"(?<![^\s,])(?:สำนักงาน)?(?:(?P<province>องค์การบริหารส่วนจังหวัด|อบจ\.?)"
    r"|(?:เทศบาล(?:นคร|ตำบล|(?P<city>เมือง))?|ท[นมต]?\.|องค์การบริหารส่วนตำบล|อบต\.?))\s*"
)
_NOISE = re.compile(
    r"(?<=\D)\s\d{5}$|ประเทศไทย|\bthailand\b|\b(?:province|district|subdistrict)\b$"
)


def split_marker(text: str) -> tuple[Level | None, str]:
    """A leading ต./ตำบล/อ./… as a level, and the rest."""
    plain = " ".join(fold(text).split())
    match = _ANYWHERE.match(plain)
    if not match:
        return None, plain
    return _level(match), plain[match.end() :].strip()


def read(text: str) -> Reading:
    """The place a person means, in any of the ways people write one. Never raises."""
    plain = " ".join(fold(text[:LONGEST_TEXT]).split()).strip(" ,;")
    if not plain or len(text) > LONGEST_TEXT:
        return Reading(note=_("พิมพ์ชื่อตำบล อำเภอ หรือจังหวัด") if not plain else _too_long())
    if plain.isdecimal() and plain.isascii():
        return _by_code(plain)
    organisation = _ORGANISATION.search(plain)
    if organisation:
        return _of_organisation(plain, organisation)
    village, rest = _without_moo(_NOISE.sub("", plain).strip(" ,"))
    if not rest:
        return Reading(village=village, note=_("เพิ่มชื่อตำบลและอำเภอของหมู่บ้านด้วย"))
    return _of_names(rest, village)


def _too_long() -> str:
    return _("ชื่อพื้นที่ยาวเกินไป พิมพ์เฉพาะตำบล อำเภอ จังหวัด")


def _without_moo(plain: str) -> tuple[str, str]:
    """หมู่ 3 บ้านบางคลาน, and what is left."""
    moo = _MOO.search(plain)
    if not moo:
        return "", plain
    rest = " ".join((plain[: moo.start()] + " " + plain[moo.end() :]).split()).strip(" ,")
    return moo[0].strip(), rest


def _of_names(plain: str, village: str) -> Reading:
    for markers in (_ANYWHERE, _AT_WORD, _NOWHERE):
        chunks = _chunks(plain, markers)
        for named in _namings(chunks):
            found = _fitting([each.codes() for each in named])
            if found:
                return _chosen(found, named, village)
        head, *tail = chunks
        if not village and tail and head[0] is None and _VILLAGE.match(head[1]):
            for named in _namings(tail):
                found = _fitting([each.codes() for each in named])
                if found:
                    return _chosen(found, named, head[1])
    if not village and _VILLAGE.match(plain) and not _ANYWHERE.search(plain):
        near = _nearest(_chunks(plain, _AT_WORD))
        return Reading(None, plain, near, _("เพิ่มชื่อตำบลและอำเภอของหมู่บ้านด้วย"))
    return _of_former(plain, village) or _of_unknown(plain, village)


# --- from text to names --------------------------------------------------------------------------

_Chunk = tuple[Level | None, str]


def _level(match: re.Match[str]) -> Level:
    return next(level for level in _MARKERS if match[level] is not None)


def _chunks(plain: str, markers: re.Pattern[str]) -> list[_Chunk]:
    """Split before each marker and at commas: [(None, "หูล่อง"), ("amphoe", "ปากพนัง")]."""
    chunks: list[_Chunk] = []
    level: Level | None = None
    at = 0
    for match in [*markers.finditer(plain), None]:
        end = match.start() if match else len(plain)
        for i, part in enumerate(plain[at:end].split(",")):
            if part.strip(" ."):
                chunks.append((level if i == 0 else None, part.strip()))
        if match:
            level, at = _level(match), match.end()
    return chunks or [(None, plain)]


def _namings(chunks: Sequence[_Chunk]) -> Iterator[tuple[_Named, ...]]:
    """Ways to understand the chunks as one to three names, longest names first."""
    ways: list[tuple[_Named, ...]] = [()]
    for level, words in chunks:
        split = list(_partitions(level, words.split()))
        ways = [way + more for way in ways for more in split if len(way) + len(more) <= 3]
    yield from sorted(ways, key=len)


def _partitions(level: Level | None, words: list[str]) -> Iterator[tuple[_Named, ...]]:
    if len(words) > MOST_WORDS:
        return
    known = gazetteer()
    for pieces in range(1, min(3, len(words)) + 1):
        for cuts in combinations(range(1, len(words)), pieces - 1):
            ends = [*cuts, len(words)]
            keys = [key(" ".join(words[a:b])) for a, b in zip([0, *cuts], ends, strict=True)]
            if all(name in known.by_key or name in known.former_by_key for name in keys):
                yield tuple(_Named(level if i == 0 else None, k) for i, k in enumerate(keys))


# --- from names to places ------------------------------------------------------------------------


def _fitting(named: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Codes whose line of parents bears all the names, each at a level of its own."""
    if not named or not all(named):
        return ()
    sets = [frozenset(codes) for codes in named]
    pool = frozenset().union(*sets)
    return tuple(sorted(code for code in pool if _bears(code, sets)))


def _bears(code: str, sets: Sequence[frozenset[str]]) -> bool:
    if len(sets) == 1:
        return code in sets[0]
    above = [code[:width] for width in range(2, len(code) + 1, 2)]
    return any(
        code in order and all(each in names for each, names in zip(order, sets, strict=True))
        for order in permutations(above, len(sets))
    )


def _chosen(found: tuple[str, ...], named: Sequence[_Named], village: str) -> Reading:
    known = gazetteer()
    places = tuple(known.by_code[code] for code in found)
    if len(places) == 1:
        return Reading(places[0], village)
    provinces = [place for place in places if place.level == "province"]
    if len(named) == 1 and len(provinces) == 1:
        return Reading(provinces[0], village, _others(places, provinces[0]))
    outer = min(places, key=lambda place: len(place.code))
    if all(place.code.startswith(outer.code) for place in places):
        note = _(
            "หมายถึงทั้ง %(place)s ถ้าหมายถึงตำบลให้พิมพ์ ต. นำหน้า", place=name_with_prefix(outer.code)
        )
        return Reading(outer, village, _others(places, outer), note)
    note = _("มีพื้นที่ชื่อนี้ %(n)s แห่ง เลือกแห่งที่หมายถึง", n=len(places))
    return Reading(None, village, places[:MOST_CANDIDATES], note)


def _others(places: Sequence[Place], chosen: Place) -> tuple[Place, ...]:
    return tuple(place for place in places if place != chosen)[:MOST_CANDIDATES]


def _by_code(digits: str) -> Reading:
    known = gazetteer()
    if digits in known.by_code:
        return Reading(known.by_code[digits])
    former = known.former_by_code.get(digits)
    if former:
        return _succeeded([former], "")
    return Reading(note=_("ไม่มีพื้นที่รหัส %(code)s", code=digits[:20]))


def _of_organisation(plain: str, organisation: re.Match[str]) -> Reading:
    """เทศบาล and อบต. are organisations: offer the areas of that name, choose none."""
    rest = (plain[: organisation.start()] + " " + plain[organisation.end() :]).strip()
    village, names = _without_moo(rest)
    likely = [_of_names(names, "")] if names else []
    if organisation["city"] and names:
        likely.insert(0, _of_names(f"อ.เมือง{names}", ""))
    offered: dict[Place, None] = {}
    for reading in likely:
        offered.update(dict.fromkeys([reading.place] if reading.place else reading.candidates))
    note = _("เทศบาล อบต. และ อบจ. เป็นองค์กร ไม่ใช่พื้นที่ปกครอง เลือกตำบลหรืออำเภอที่หมายถึง")
    return Reading(None, village, tuple(offered)[:MOST_CANDIDATES], note)


# --- areas of the past and slips of the pen ------------------------------------------------------


def _of_former(plain: str, village: str) -> Reading | None:
    """An abolished area, or today's area written with the parent it had before."""
    for named in _namings(_chunks(plain, _ANYWHERE)):
        former = _former_fitting(named)
        known = _succeeded(former, village) if former else None
        if known and (known.place or known.candidates):
            return known
    for named in _namings(_chunks(plain, _ANYWHERE)):
        if len(named) < 2:
            continue
        for kept in (named[:-1], named[1:]):
            found = _fitting([each.codes() for each in kept])
            if found:
                places = tuple(gazetteer().by_code[code] for code in found)[:MOST_CANDIDATES]
                note = _("ไม่มีพื้นที่นี้ในเขตที่ระบุ อาจย้ายเขตแล้ว เลือกแห่งที่หมายถึง")
                return Reading(None, village, places, note)
    return None


def _former_fitting(named: Sequence[_Named]) -> list[Former]:
    """Abolished areas with the first name whose parents, of then or of today, bear the others."""
    first, *above = named
    return [area for area in first.former() if all(_lay_in(area.code, each) for each in above)]


def _lay_in(code: str, parent: _Named) -> bool:
    now = parent.codes()
    then = [area.code for area in parent.former()]
    return any(code != above and code.startswith(above) for above in (*now, *then))


def _succeeded(former: Sequence[Former], village: str) -> Reading:
    known = gazetteer()
    codes = dict.fromkeys(code for area in former for code in area.successors)
    places = tuple(known.by_code[code] for code in codes if code in known.by_code)
    name = former[0].name
    if len(places) == 1:
        note = _("%(name)sถูกยุบแล้ว ปัจจุบันคือ %(path)s", name=name, path=path(places[0].code))
        return Reading(places[0], village, (), note)
    if places:
        note = _("%(name)sถูกยุบแล้ว เลือกพื้นที่ปัจจุบัน", name=name)
    else:
        note = _("%(name)sถูกยุบแล้ว และไม่มีบันทึกว่ารวมกับที่ใด", name=name)
    return Reading(None, village, places[:MOST_CANDIDATES], note)


def _of_unknown(plain: str, village: str) -> Reading:
    note = _("ไม่พบพื้นที่ชื่อ “%(text)s”", text=plain[:60])
    return Reading(None, village, _nearest(_chunks(plain, _ANYWHERE)), note)


def _nearest(chunks: Sequence[_Chunk]) -> tuple[Place, ...]:
    """Places spelt most like the first name, inside the place the other names tell, if any."""
    (level, words), *others = chunks
    within = ""
    for named in _namings(others):
        found = _fitting([each.codes() for each in named])
        within = found[0] if len(found) == 1 else within
    if not others and " " in words:
        words, _space, outer = words.partition(" ")
        found = _fitting([_Named(None, key(outer)).codes()])
        within = found[0] if len(found) == 1 else ""
    scored = sorted(_scored(key(words), level, within), key=lambda each: (-each[0], each[1]))
    return tuple(gazetteer().by_code[code] for _score, code in scored[:8])


def _scored(wanted: str, level: Level | None, within: str) -> Iterator[tuple[float, str]]:
    pairs = _pairs(wanted)
    names = _names_by_pair()
    shared = Counter(name for pair in pairs for name in names.get(pair, ()))
    for (name, size), both in shared.items():
        score = 2 * both / (len(pairs) + size)
        if score < 0.4:
            continue
        for code in gazetteer().by_key[name]:
            if code.startswith(within) and code != within and level in (None, LEVELS[len(code)]):
                yield score, code


@cache
def _names_by_pair() -> dict[str, list[tuple[str, int]]]:
    """For each two adjacent letters the names that have them, with how many pairs those have."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name in gazetteer().by_key:
        pairs = _pairs(name)
        for pair in pairs:
            found.setdefault(pair, []).append((name, len(pairs)))
    return found


def _pairs(name: str) -> frozenset[str]:
    """Adjacent letters, tone marks aside, with the two ends marked."""
    bare = "^" + re.sub("[\u0e47-\u0e4e]", "", name) + "$"
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1))
