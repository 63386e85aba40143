"""The table of contents of a long text, read from the very HTML that the page shows."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LEAST_HEADINGS = 4
LEAST_LENGTH = 2_000

_HEADING = re.compile(r'<h([23])\b[^>]*?\bid="([^"]*)"[^>]*>(.*?)</h\1>', re.DOTALL)
_FOOTNOTE_MARK = re.compile(r"<sup\b.*?</sup>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Entry:
    """A heading to go to, with those of the level beneath it."""

    id: str
    words: str
    beneath: list["Entry"] = field(default_factory=list)


def of(page: str) -> list[Entry]:
    """The headings of safe HTML that have an id, in two levels; none when it is short."""
    found = list(_headings(page))
    if len(found) < LEAST_HEADINGS or len(_words(page)) < LEAST_LENGTH:
        return []
    top = min(level for level, _entry in found)
    entries: list[Entry] = []
    for level, entry in found:
        (entries if level == top or not entries else entries[-1].beneath).append(entry)
    return entries


def _headings(page: str) -> Iterator[tuple[int, Entry]]:
    for level, name, inside in _HEADING.findall(page):
        words = _words(_FOOTNOTE_MARK.sub("", inside))
        if words:
            yield int(level), Entry(html.unescape(name), words)


def _words(page: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", page)).split())
