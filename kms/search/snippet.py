"""The passage of a note where its words stand thickest, with the words marked."""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from kms.thai.words import fold, fold_with_offsets, is_cluster_boundary

LENGTH = 160
LEAD = 40
LONGEST_FOLDED = 3_000

Span = tuple[int, int]


def marked(text: str, words: Sequence[str]) -> Markup:
    """The whole text with the words marked, also inside longer words."""
    if not words:
        return escape(text)
    folded, offsets = fold_with_offsets(text)
    return _with_marks(text, list(_in_original(text, offsets, spans(folded, words))), 0, len(text))


def passage(text: str, words: Sequence[str], *, length: int = LENGTH) -> Markup:
    """About ``length`` characters around the thickest matches; the beginning when there is none.

    ``words`` are folded. Nothing is cut inside a character cluster; everything is escaped.
    """
    line = _best_line(text, words)
    folded, offsets = fold_with_offsets(line)
    found = list(_in_original(line, offsets, spans(folded, words)))
    if len(line) < length and line:
        return _several_lines(text, line, words, length)
    start = _start(line, found, length)
    end = _boundary(line, min(len(line), start + length), back=True)
    end = max(end, start)
    return _cut(line, found, start, end)


def spans(folded: str, words: Sequence[str]) -> list[Span]:
    """Where the words stand in folded text, joined where they touch; never half a cluster."""
    found: list[Span] = []
    for match in _pattern(words).finditer(folded) if words else ():
        start, end = match.span()
        if is_cluster_boundary(folded, start) and is_cluster_boundary(folded, end):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
    return found


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(set(filter(None, words)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _best_line(text: str, words: Sequence[str]) -> str:
    """The line with the most different words, then the most matches, then the first."""
    lines = text.split("\n")
    if not words:
        return lines[0]
    pattern = _pattern(words)
    best, best_rank = lines[0], (0, 0)
    for line in lines:
        found = pattern.findall(fold(line))
        rank = (len(set(found)), len(found))
        if rank > best_rank:
            best, best_rank = line, rank
    return best


def _several_lines(text: str, line: str, words: Sequence[str], length: int) -> Markup:
    """A short line with what follows it, as much as fits."""
    at = text.find(line)
    rest = text[at : at + length * 2].replace("\n", " · ")
    folded, offsets = fold_with_offsets(rest)
    found = list(_in_original(rest, offsets, spans(folded, words)))
    end = _boundary(rest, min(len(rest), length), back=True) or len(rest)
    shown = _with_marks(rest, found, 0, end)
    before = Markup("… ") if at > 0 else Markup("")
    after = Markup(" …") if at + end < len(text) else Markup("")
    return before + shown + after


def _start(line: str, found: Sequence[Span], length: int) -> int:
    """Where the window that holds most of the matches begins, a little before the first."""
    best, most = 0, 0
    for first, _ in found:
        held = sum(1 for start, end in found if start >= first and end <= first + length - LEAD)
        if held > most:
            best, most = first, held
    if best < LEAD:
        return 0
    start = max(0, min(best - LEAD, len(line) - length))
    space = line.find(" ", start, best)
    return space + 1 if space >= 0 else _boundary(line, start, back=True)


def _boundary(text: str, at: int, *, back: bool) -> int:
    step = -1 if back else 1
    while 0 < at < len(text) and not is_cluster_boundary(text, at):
        at += step
    return at


def _cut(line: str, found: Sequence[Span], start: int, end: int) -> Markup:
    if end < len(line):
        space = line.rfind(" ", start + LENGTH // 2, end)
        held = max((last for first, last in found if first < end), default=0)
        end = space if space >= held else end
    shown = _with_marks(line, found, start, end)
    before = Markup("… ") if start > 0 else Markup("")
    return before + shown + (Markup(" …") if end < len(line) else Markup(""))


def _in_original(text: str, offsets: Sequence[int], found: Sequence[Span]) -> Iterator[Span]:
    for start, end in found:
        last = offsets[end] if end < len(offsets) else len(text)
        yield offsets[start], last


def _with_marks(text: str, found: Sequence[Span], start: int, end: int) -> Markup:
    pieces: list[Markup] = []
    at = start
    for first, last in found:
        if last <= start or first >= end:
            continue
        before, word = text[at : max(first, start)], text[max(first, start) : min(last, end)]
        pieces += [escape(before), Markup("<mark>{}</mark>").format(word)]
        at = min(last, end)
    pieces.append(escape(text[at:end]))
    return Markup("").join(pieces)
