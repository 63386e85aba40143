"""The passage of a note where its words stand thickest, with the words marked."""

import re
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from kms.search.folding import fold, fold_with_offsets
from kms.thai.words import is_cluster_boundary

LENGTH = 160
LEAD = 40
LONGEST_FOLDED = 600
BETWEEN = " · "

Span = tuple[int, int]


def marked(text: str, words: Sequence[str]) -> Markup:
    """The whole text with the words marked, also inside longer words."""
    if not words:
        return escape(text)
    return _with_marks(text, _found(text, words), 0, len(text))


def passage(text: str, folded: str, words: Sequence[str], *, length: int = LENGTH) -> Markup:
    """About ``length`` characters around the thickest matches; the beginning when there is none.

    ``folded`` is the folded text, line by line the same; ``words`` are folded too. Nothing is
    cut inside a character cluster; everything is escaped.
    """
    number = _best_line(folded.split("\n"), words)
    lines, folded_lines = text.split("\n")[number:], folded.split("\n")[number:]
    line, folded_line, taken = lines[0], folded_lines[0], 1
    while len(line) < length and taken < len(lines):
        line += BETWEEN + lines[taken]
        folded_line += BETWEEN + folded_lines[taken]
        taken += 1
    is_begun, is_ended = number > 0, taken == len(lines)
    if len(line) == len(folded_line):
        found = spans(folded_line, words)
        start, end = _window(line, found, length)
        if fold(line[start:end]) == folded_line[start:end]:
            return _framed(line, found, (start, end), is_begun, is_ended)
    near, is_cut = _near(line, folded_line, words)
    found = _found(near, words)
    window = _window(near, found, length)
    return _framed(near, found, window, is_begun or is_cut, is_ended and near == line)


def _window(line: str, found: Sequence[Span], length: int) -> Span:
    start = _start(line, found, length)
    end = _end(line, found, start, length)
    return start, start + len(line[start:end].removesuffix(BETWEEN.rstrip()))


def _framed(
    line: str, found: Sequence[Span], window: Span, is_begun: bool, is_ended: bool
) -> Markup:
    """The window of a line with its words marked; dots where the text goes on."""
    start, end = window
    before = Markup("… ") if is_begun or start else Markup("")
    after = Markup("") if is_ended and end == len(line) else Markup(" …")
    return before + _with_marks(line, found, start, end) + after


def _near(line: str, folded: str, words: Sequence[str]) -> tuple[str, bool]:
    """A very long line from a little before its thickest place; whether something went."""
    # What folding took out of the line may stand before the place or behind it.
    length = LONGEST_FOLDED + 2 * abs(len(line) - len(folded))
    if len(line) <= length:
        return line, False
    first = _start(folded, spans(folded, words), LENGTH)
    start = _boundary(line, max(0, min(first, len(line)) - length // 2), back=True)
    return line[start : start + length], start > 0


def _found(text: str, words: Sequence[str]) -> list[Span]:
    if not words:
        return []
    folded, offsets = fold_with_offsets(text)
    return [
        (offsets[start], offsets[end] if end < len(offsets) else len(text))
        for start, end in spans(folded, words)
    ]


def spans(folded: str, words: Sequence[str]) -> list[Span]:
    """Where the words stand in folded text, joined where they touch; never half a cluster."""
    found: list[Span] = []
    for match in _pattern(tuple(words)).finditer(folded) if words else ():
        start, end = match.span()
        if is_cluster_boundary(folded, start) and is_cluster_boundary(folded, end):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
    return found


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(set(filter(None, words)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _best_line(lines: Sequence[str], words: Sequence[str]) -> int:
    """Number of the line with the most different words, then the most matches, then the first."""
    if len(lines) == 1 or not words:
        return 0
    different = [sum(word in line for word in words) for line in lines]
    best = max(different)
    alike = [number for number, most in enumerate(different) if most == best]
    if best == 0 or len(alike) == 1:
        return alike[0]
    return max(alike, key=lambda number: sum(map(lines[number].count, words)))


def _start(line: str, found: Sequence[Span], length: int) -> int:
    """Where the window that holds most of the matches begins, a little before the first."""
    best = most = last = 0
    for at, (first, _) in enumerate(found):
        while last < len(found) and found[last][1] <= first + length - LEAD:
            last += 1
        if last - at > most:
            best, most = first, last - at
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


def _end(line: str, found: Sequence[Span], start: int, length: int) -> int:
    """Where the window ends: at a space when one is near and no match is lost by it."""
    end = start + length
    if end >= len(line):
        return len(line)
    held = max((last for first, last in found if first < end), default=0)
    if held > end and held - end < LEAD:
        end = held
    space = line.rfind(" ", max(start + length // 2, min(held, end)), end)
    return space if space >= 0 else max(start + 1, _boundary(line, end, back=held < end))


def _with_marks(text: str, found: Sequence[Span], start: int, end: int) -> Markup:
    pieces: list[str] = []
    at = start
    for first, last in found:
        if last <= start or first >= end:
            continue
        before, word = text[at : max(first, start)], text[max(first, start) : min(last, end)]
        pieces += [escape(before), "<mark>", escape(word), "</mark>"]
        at = min(last, end)
    pieces.append(escape(text[at:end]))
    return Markup("".join(pieces))  # noqa: S704 - every piece of text is escaped
