"""Passages marked in a page that is safe already.

Only tags of ours are put in, and only between characters of its text: what was safe stays so. A
page that does not read as tags and text comes back as it is.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kms.passages import Bare, bare_forms, occurrences

_TOKEN = re.compile(r"<!--.*?-->|<[/!a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|[^<]+", re.DOTALL)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
# Words of these are no words of the text; nothing may be put into them.
_CLOSED = frozenset({"script", "style", "textarea", "title", "svg", "button", "select", "option"})
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "use", "wbr"})


@dataclass(frozen=True)
class Marking:
    """Words to mark. What comes ``after`` them is safe HTML of ours.

    ``name`` is the class of the marks, ``anchor`` the id of the place where they begin; ``which``
    of several places is meant, counted from 0; the last when there are fewer.
    """

    words: str
    anchor: str = ""
    name: str = ""
    after: str = ""
    which: int = 0


@dataclass
class _Text:
    """The characters of a page's text, and where each stands in the page."""

    chars: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    # Past the end of a link for what is inside one, since no link may hold another.
    outside: dict[int, int] = field(default_factory=dict)


def marked(page: str, markings: Iterable[Marking]) -> str:
    """The page with each passage marked that its text says.

    Where two overlap the first is marked there, and the second one's anchor stands alone.
    """
    wanted = list(markings)
    text = _text_of(page) if wanted else None
    if text is None:
        return page
    words = "".join(text.chars)
    bare = Bare.of(words)
    taken: set[int] = set()
    inserted: list[tuple[int, int, str]] = []
    for marking in wanted:
        units = _units(words, bare, marking)
        if not units:
            continue
        fresh = [one for one in units if one not in taken]
        taken.update(fresh)
        anchor = f' id="{marking.anchor}"' if marking.anchor else ""
        if anchor and units[0] not in fresh[:1]:
            inserted.append((text.starts[units[0]], 2, f"<span{anchor}></span>"))
            anchor = ""
        for first, last in _runs(fresh, text):
            name = f' class="{marking.name}"' if marking.name else ""
            inserted.append((text.starts[first], 2, f"<mark{anchor}{name}>"))
            inserted.append((text.ends[last], 0, "</mark>"))
            anchor = ""
        if marking.after:
            end = text.ends[units[-1]]
            inserted.append((text.outside.get(units[-1], end), 1, marking.after))
    return _with(page, inserted)


def _with(page: str, inserted: list[tuple[int, int, str]]) -> str:
    """The page with these put in: at one place ends of marks first, then what follows them."""
    pieces: list[str] = []
    at = 0
    for place, _order, piece in sorted(inserted, key=lambda one: one[:2]):
        pieces += [page[at:place], piece]
        at = place
    return "".join([*pieces, page[at:]])


def _units(whole: str, bare: Bare, marking: Marking) -> range:
    """The characters to mark; none when the text does not say the words."""
    for wanted in bare_forms(marking.words):
        found = occurrences(bare.text, wanted)
        if found:
            start = found[min(marking.which, len(found) - 1)]
            span = bare.span(start, start + len(wanted))
            return range(span.start, span.start + len(whole[span.start : span.end].rstrip()))
    return range(0)


def _runs(units: list[int], text: _Text) -> Iterator[tuple[int, int]]:
    """First and last of each run of characters that no tag comes between; blanks alone are none."""
    run: list[int] = []
    for unit in [*units, -1]:
        if run and (unit != run[-1] + 1 or text.starts[unit] != text.ends[run[-1]]):
            if any(not text.chars[one].isspace() for one in run):
                yield run[0], run[-1]
            run = []
        run.append(unit)


def _text_of(page: str) -> _Text | None:
    """The text of the page; None when it is not made of tags and text alone."""
    text = _Text()
    closed: list[str] = []
    linked: list[int] = []
    in_link = 0
    at = 0
    for token in _TOKEN.finditer(page):
        if token.start() != at:
            return None
        at = token.end()
        if page[token.start()] != "<":
            if not closed:
                before = len(text.chars)
                _add(text, token[0], token.start())
                linked += range(before, len(text.chars)) if in_link else ()
            continue
        name, is_end = _tag(token[0])
        if name == "a":
            in_link += -1 if is_end else 1
            if in_link == 0:
                text.outside.update(dict.fromkeys(linked, at))
                linked = []
        _open_or_close(closed, name, is_end=is_end)
    return text if at == len(page) and not closed and in_link == 0 else None


def _tag(token: str) -> tuple[str, bool]:
    name = re.match(r"</?([a-zA-Z][a-zA-Z0-9]*)", token)
    return (name[1].lower() if name else ""), token.startswith("</")


def _open_or_close(closed: list[str], name: str, *, is_end: bool) -> None:
    """Keep account of the elements whose words are not the text's."""
    if is_end and closed and closed[-1] == name:
        closed.pop()
    elif not is_end and name in _CLOSED and name not in _VOID:
        closed.append(name)


def _add(text: _Text, node: str, start: int) -> None:
    at = 0
    for entity in _ENTITY.finditer(node):
        _add_plain(text, node[at : entity.start()], start + at)
        for n, char in enumerate(html.unescape(entity[0])):
            text.chars.append(char)
            text.starts.append(start + entity.start() if n == 0 else start + entity.end())
            text.ends.append(start + entity.end())
        at = entity.end()
    _add_plain(text, node[at:], start + at)


def _add_plain(text: _Text, words: str, start: int) -> None:
    text.chars.extend(words)
    text.starts.extend(range(start, start + len(words)))
    text.ends.extend(range(start + 1, start + len(words) + 1))
