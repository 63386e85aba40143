"""Places named in running text: precision before recall."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from kms.gazetteer import BANGKOK, WIDTHS, Level, Place, gazetteer
from kms.thai.words import cut, fold, fold_with_offsets, is_cluster_boundary

NEAR = 400
LONGEST_NAME = 30


@dataclass(frozen=True)
class Mention:
    """A place named at ``text[start:end]``, marker included."""

    start: int
    end: int
    place: Place


@dataclass(frozen=True)
class _Seen:
    """Something written like a place, with the codes it may mean."""

    start: int
    end: int
    codes: tuple[str, ...]
    chained: bool = False


# Provinces whose names are also everyday words, so that alone they prove nothing.
_EVERYDAY = frozenset(["เลย", "ตาก", "แพร่", "น่าน", "ตราด", "กระบี่", "พิจิตร", "สตูล", "ระนอง"])
_NOT_AFTER = re.compile(r"(?:ถนน|ถ\.|ซอย|แม่น้ำ|วัด|มหาวิทยาลัย|ม\.|ตระกูล|ณ|โรงแรม|สะพาน)\s?$")
_NOT_BEFORE = re.compile(r"นครินทร์|ตัดใหม่|ราชภัฏ")
# อบต. สสจ. พ.ต.อ. …: the last letter of an abbreviation is no marker.
_ABBREVIATION_STEM = (
    "(?<!อบ|กก|รต|พต|สต|ตต|สส|พม|ผว|พช|ทส|คป|ขค|กษ|กศ|สพ|สว|สจ|ปป|ปภ|ธก|นอ|จอ|มอ|สอ|ดร)(?<!\\.)"
)
_MARKERS = re.compile(
    r"(?P<tambon>ตำบล|แขวง|" + _ABBREVIATION_STEM + r"ต\.)"
    r"|(?P<amphoe>กิ่งอำเภอ|อำเภอ|เขต|" + _ABBREVIATION_STEM + r"อ\.)"
    r"|(?P<province>จังหวัด|" + _ABBREVIATION_STEM + r"จ\.)"
)
_GAP = re.compile(r"[ ,]{0,3}")


def recognise(text: str) -> list[Mention]:
    """Places named with a marker (ต. อ. จ. …), and provinces named without one, in order.

    A name that several places bear is taken only when the places around it settle which one.
    """
    folded, offsets = fold_with_offsets(text)
    edges = _word_edges(folded)
    marked = _marked(folded, edges)
    seen = sorted([*marked, *_bare(folded, edges, marked)], key=lambda each: each.start)
    settled = _settled(seen)
    by_code = gazetteer().by_code
    return [
        Mention(offsets[each.start], offsets[each.end - 1] + 1, by_code[each.codes[0]])
        for each in settled
    ]


def _word_edges(folded: str) -> frozenset[int]:
    return frozenset(edge for _, start, end in cut(folded) for edge in (start, end))


@cache
def _names(level: Level) -> dict[str, tuple[str, ...]]:
    """Folded Thai names of one level → codes; อ.เมือง is any capital district."""
    found: dict[str, list[str]] = {}
    for code, place in gazetteer().by_code.items():
        if place.level != level:
            continue
        found.setdefault(fold(place.name), []).append(code)
        if level == "amphoe" and code.endswith("01") and place.name.startswith("เมือง"):
            found.setdefault("เมือง", []).append(code)
    for alias, code in gazetteer().aliases.items():
        if len(code) == WIDTHS[level]:
            found.setdefault(fold(alias), []).append(code)
    return {name: tuple(codes) for name, codes in found.items()}


# --- names after a marker ------------------------------------------------------------------------


def _marked(folded: str, edges: frozenset[int]) -> list[_Seen]:
    found: list[_Seen] = []
    at = 0
    while match := _MARKERS.search(folded, at):
        at = match.end()
        first = _name_after(folded, match, edges)
        if not first:
            continue
        chain = _chain(folded, first, edges)
        found.append(chain)
        at = chain.end
    return found


def _name_after(folded: str, marker: re.Match[str], edges: frozenset[int]) -> _Seen | None:
    """The longest name of the marker's level right after it."""
    level = _level(marker)
    gap = _GAP.match(folded, marker.end())
    start = gap.end() if gap else marker.end()
    names = _names(level)
    for end in range(min(len(folded), start + LONGEST_NAME), start + 1, -1):
        codes = names.get(folded[start:end])
        if codes and _ends_there(folded, end, edges):
            if marker[0] in ("เขต", "แขวง"):
                codes = tuple(code for code in codes if code.startswith(BANGKOK))
            return _Seen(marker.start(), end, codes) if codes else None
    return None


def _level(marker: re.Match[str]) -> Level:
    if marker["tambon"]:
        return "tambon"
    return "amphoe" if marker["amphoe"] else "province"


def _ends_there(folded: str, end: int, edges: frozenset[int]) -> bool:
    if end == len(folded) or not "ก" <= folded[end] <= "๎":
        return True
    return end in edges and is_cluster_boundary(folded, end)


def _chain(folded: str, first: _Seen, edges: frozenset[int]) -> _Seen:
    """ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช as one, as far as each lies in the next."""
    chain = first
    outer = first
    while True:
        gap = _GAP.match(folded, chain.end)
        marker = _MARKERS.match(folded, gap.end() if gap else chain.end)
        if not marker or WIDTHS[_level(marker)] >= min(map(len, outer.codes)):
            return chain
        following = _name_after(folded, marker, edges)
        if not following:
            return chain
        inside = _within(chain.codes, following.codes)
        if not inside:
            return chain
        chain = _Seen(first.start, following.end, inside, chained=True)
        outer = following


def _within(codes: Iterable[str], outer: Iterable[str]) -> tuple[str, ...]:
    prefixes = tuple(outer)
    return tuple(code for code in codes if code.startswith(prefixes))


# --- provinces without a marker ------------------------------------------------------------------


@cache
def _bare_names() -> tuple[re.Pattern[str], dict[str, str]]:
    names = {
        fold(place.name): code
        for code, place in gazetteer().by_code.items()
        if place.level == "province" and place.name not in _EVERYDAY
    }
    for alias, code in gazetteer().aliases.items():
        if len(code) == 2 and not alias.isascii() and (len(alias) >= 5 or alias[-1] in "ฯ."):
            names.setdefault(fold(alias), code)
    ordered = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))), names


def _bare(folded: str, edges: frozenset[int], marked: Sequence[_Seen]) -> list[_Seen]:
    pattern, names = _bare_names()
    taken = [each.start for each in marked]
    found: list[_Seen] = []
    at = 0
    while match := pattern.search(folded, at):
        at = match.start() + 1
        before = bisect_left(taken, match.start() + 1) - 1
        if before >= 0 and marked[before].end > match.start():
            at = marked[before].end
            continue
        if _stands_alone(folded, match, edges):
            found.append(_Seen(match.start(), match.end(), (names[match[0]],)))
            at = match.end()
    return found


def _stands_alone(folded: str, match: re.Match[str], edges: frozenset[int]) -> bool:
    start, end = match.span()
    return (
        (start in edges or start == 0 or not "ก" <= folded[start - 1] <= "๎")
        and (match[0][-1] in "ฯ." or _ends_there(folded, end, edges))
        and not _NOT_AFTER.search(folded, max(0, start - 14), start)
        and not _NOT_BEFORE.match(folded, end)
    )


# --- which of several ----------------------------------------------------------------------------


def _settled(seen: Sequence[_Seen]) -> list[_Seen]:
    """Those that mean one place, by themselves or by the places named around them."""
    sure = [each for each in seen if _is_sure(each)]
    settled: list[_Seen] = []
    for each in seen:
        if _is_sure(each):
            settled.append(each)
            continue
        code = _by_neighbours(each, sure)
        if code:
            settled.append(replace(each, codes=(code,)))
    return settled


def _is_sure(seen: _Seen) -> bool:
    if len(seen.codes) != 1:
        return False
    name = gazetteer().by_code[seen.codes[0]].name
    return seen.chained or len(seen.codes[0]) == 2 or len(name) > 4


def _by_neighbours(seen: _Seen, sure: Sequence[_Seen]) -> str | None:
    """The one candidate in an amphoe named anywhere, else in a province named, else nearby."""
    for width in (4, 2):
        around = {each.codes[0][:width] for each in sure if len(each.codes[0]) >= width}
        inside = _within(seen.codes, around) if around else ()
        if len(inside) == 1:
            return inside[0]
    near = [each for each in sure if abs(each.start - seen.start) <= NEAR]
    near.sort(key=lambda each: abs(each.start - seen.start))
    for each in near:
        inside = _within(seen.codes, [each.codes[0][:2]])
        if inside:
            return inside[0] if len(inside) == 1 else None
    return None
