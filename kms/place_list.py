"""The whole gazetteer as one short text, for devices that pick a place without a connection."""

from collections.abc import Iterator

from kms.gazetteer import BANGKOK, gazetteer, key, name_with_prefix
from kms.language import current

TOP = ""


def compact() -> dict[str, object]:
    """Places in the current language: codes, names, and what a path is written with.

    ``places`` is a tree of lines in the order of codes: a tab for each level below the province,
    the last two digits of the code, the name; in English the Thai name follows after a tab.
    ``prefixes`` and ``bangkok`` stand before a name of each level, outermost first. ``also`` has
    further names, as ``key`` makes them, with their codes.
    """
    is_thai = current() == "th"
    return {
        "prefixes": ["จ.", "อ.", "ต."] if is_thai else ["", "", ""],
        "bangkok": ["", "เขต", "แขวง"] if is_thai else ["", "", ""],
        "between": " " if is_thai else ", ",
        "places": "\n".join(_lines(TOP)),
        "also": dict(_further_names()),
    }


def _lines(above: str) -> Iterator[str]:
    known = gazetteer()
    for code in sorted(known.children.get(above, ())):
        place = known.by_code[code]
        names = place.name if current() == "th" else f"{place.name_en}\t{place.name}"
        if code == BANGKOK and current() == "th":
            names = name_with_prefix(BANGKOK)
        yield "\t" * (len(code) // 2 - 1) + code[-2:] + names
        yield from _lines(code)


def _further_names() -> Iterator[tuple[str, list[str]]]:
    """Names that a place goes by besides its own."""
    known = gazetteer()
    for name, codes in known.by_key.items():
        further = [code for code in codes if not _is_own(name, code)]
        if further:
            yield name, further


def _is_own(name: str, code: str) -> bool:
    place = gazetteer().by_code[code]
    return code != BANGKOK and name in (key(place.name), key(place.name_en))
