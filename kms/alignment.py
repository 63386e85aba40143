"""What two texts or lists have in common: words, lines and rows laid beside one another.

The anchors are what occurs once in both ("patience", after Bram Cohen); only short stretches
between anchors are compared item by item, so the time stays near the length of the texts.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

from kms.thai.words import cut

Item = TypeVar("Item")
Pair = tuple[int, int]
# Where the old and the new differ: old[a:b] became new[c:d].
Edit = tuple[int, int, int, int]

# Stretches without an anchor are compared item by item up to this many pairs.
MOST_COMPARED = 40_000
DEEPEST = 60
ALIKE = 0.4
ALIKE_ELSEWHERE = 0.5
MOST_LIKENED = 2_500
# So many characters tell whether two texts are alike; longer lines than the second are cut at
# white space only.
TELLING = 1_000
LONGEST_LINE = 20_000

_ADDRESS = re.compile(r"https?://[^\s<>\"ก-๛]+")
_SPACE = re.compile(r"\n|[^\S\n]+")
_COARSE = re.compile(r"\n|[^\S\n]+|\S+")
_PLAIN = re.compile("[!-~ก-ฮ\\s]")
_JOINER = "\u200d"
_GLUED = re.compile("[ะาำๅ\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")


# --- words ---------------------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    """The text in words, signs and white space; joined they are the text again.

    An address is one token. No token begins with what belongs to the letter before it: a vowel
    or tone mark, a joiner or the colour of an emoji (save where the text itself begins so).
    """
    found: list[str] = []
    if len(text) > LONGEST_LINE:
        for stretch in _COARSE.findall(text):
            _add(found, stretch)
        return found
    at = 0
    for address in _ADDRESS.finditer(text):
        _add_words(found, text[at : address.start()])
        _add(found, address[0])
        at = address.end()
    _add_words(found, text[at:])
    return found


def is_space(token: str) -> bool:
    """Whether a token is nothing but white space."""
    return not token.strip()


def _add_words(found: list[str], text: str) -> None:
    at = 0
    for word, start, end in cut(text):
        _add_spaces(found, text[at:start])
        _add(found, word)
        at = end
    _add_spaces(found, text[at:])


def _add_spaces(found: list[str], text: str) -> None:
    for space in _SPACE.findall(text):
        _add(found, space)


def _add(found: list[str], token: str) -> None:
    if found and _hangs_on(found[-1], token[0]):
        found[-1] += token
    else:
        found.append(token)


def _hangs_on(before: str, char: str) -> bool:
    if before[-1] == _JOINER:
        return True
    if _PLAIN.match(char):
        return False
    if _GLUED.match(char):
        return True
    if _FLAG.match(char):
        return len(before) == 1 and bool(_FLAG.match(before))
    return unicodedata.category(char) in ("Mn", "Mc", "Me")


# --- what stayed ---------------------------------------------------------------------------------


def matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Positions of equal items, both rising: what stayed in its place."""
    found: list[Pair] = []
    waiting = [(0, len(old), 0, len(new), 0)]
    while waiting:
        start, end, new_start, new_end, depth = waiting.pop()
        while start < end and new_start < new_end and old[start] == new[new_start]:
            found.append((start, new_start))
            start, new_start = start + 1, new_start + 1
        while start < end and new_start < new_end and old[end - 1] == new[new_end - 1]:
            end, new_end = end - 1, new_end - 1
            found.append((end, new_end))
        if start == end or new_start == new_end:
            continue
        stretch = (start, end, new_start, new_end)
        anchors = _anchors(old, new, stretch) if depth < DEEPEST else []
        if not anchors:
            found.extend(_compared(old, new, stretch))
            continue
        found.extend(anchors)
        edges = [(start - 1, new_start - 1), *anchors, (end, new_end)]
        waiting.extend(
            (here + 1, there, here_new + 1, there_new, depth + 1)
            for (here, here_new), (there, there_new) in pairwise(edges)
        )
    return sorted(found)


def edits(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Edit]:
    """Where they differ, in order."""
    found: list[Edit] = []
    at, at_new = 0, 0
    for here, here_new in [*matches(old, new), (len(old), len(new))]:
        if (at, at_new) != (here, here_new):
            found.append((at, here, at_new, here_new))
        at, at_new = here + 1, here_new + 1
    return found


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable], stretch: Edit) -> list[Pair]:
    """The longest rising run of what occurs once in both."""
    start, end, new_start, new_end = stretch
    often, often_new = Counter(old[start:end]), Counter(new[new_start:new_end])
    once = {item for item, n in often.items() if n == 1 and often_new[item] == 1}
    if not once:
        return []
    there = {new[at]: at for at in range(new_start, new_end) if new[at] in once}
    pairs = [(at, there[old[at]]) for at in range(start, end) if old[at] in once]
    return rising(pairs)


def rising(pairs: Sequence[Pair]) -> list[Pair]:
    """The longest part of these pairs, ordered by their first, whose second rises too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for at, (_first, second) in enumerate(pairs):
        length = bisect_left(ends, second)
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(second)
            last.append(at)
        else:
            ends[length], last[length] = second, at
    found: list[Pair] = []
    step = last[-1] if last else -1
    while step >= 0:
        found.append(pairs[step])
        step = before[step]
    return found[::-1]


def _compared(old: Sequence[Hashable], new: Sequence[Hashable], stretch: Edit) -> list[Pair]:
    """The longest common subsequence of a short stretch; nothing of a long one."""
    start, end, new_start, new_end = stretch
    rows, columns = end - start, new_end - new_start
    if rows * columns > MOST_COMPARED:
        return []

    def alike(row: int, column: int) -> float:
        return float(old[start + row] == new[new_start + column])

    return [(start + a, new_start + b) for a, b in _best(rows, columns, alike)]


def _best(rows: int, columns: int, worth: Callable[[int, int], float]) -> list[Pair]:
    """The rising pairs whose worth sums highest; a pair worth nothing is none."""
    sums = [[0.0] * (columns + 1) for _row in range(rows + 1)]
    worths = [[worth(row, column) for column in range(columns)] for row in range(rows)]
    for row in range(rows - 1, -1, -1):
        here, below, own = sums[row], sums[row + 1], worths[row]
        for column in range(columns - 1, -1, -1):
            taken = own[column] + below[column + 1] if own[column] else 0.0
            here[column] = max(taken, below[column], here[column + 1])
    found: list[Pair] = []
    row = column = 0
    while row < rows and column < columns:
        own_worth = worths[row][column]
        if own_worth and sums[row][column] == own_worth + sums[row + 1][column + 1]:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif sums[row][column] == sums[row + 1][column]:
            row += 1
        else:
            column += 1
    return found


# --- what became what ----------------------------------------------------------------------------


class Pairing:
    """For each new item, the old one that it was; ``sure`` leaves out mere guesses.

    ``was`` maps new positions to old ones. It rises, but for items that were moved.
    """

    def __init__(self) -> None:
        self.was: dict[int, int] = {}
        self.guessed: set[int] = set()

    @property
    def left(self) -> set[int]:
        """Old positions that became something."""
        return set(self.was.values())


def pair(
    old: Sequence[Item],
    new: Sequence[Item],
    *,
    same: Callable[[Item], Hashable],
    key: Callable[[Item], Hashable] | None = None,
    words: Callable[[Item], str] | None = None,
) -> Pairing:
    """Lay new items beside the old: equal ones, moved ones, those of one key, those alike.

    ``words`` gives the text by which changed items are known again; without it none are. Without
    a key, what stands alone where something else stood is guessed to have taken its place.
    """
    found = Pairing()
    sames, new_sames = [same(one) for one in old], [same(one) for one in new]
    found.was = {here: was for was, here in matches(sames, new_sames)}
    _pair_once(found, sames, new_sames)
    if key:
        _pair_keys(found, [key(one) for one in old], [key(one) for one in new])
    if words:
        said, new_said = [words(one) for one in old], [words(one) for one in new]
        for was, here in _gaps(found, len(old), len(new)):
            _pair_alike(found, said, new_said, was, here)
        _pair_moved(found, said, new_said)
        for was, here in _gaps(found, len(old), len(new)):
            if key is None and len(was) == len(here) == 1:
                found.was[here[0]] = was[0]
                found.guessed.add(here[0])
    return found


def _pair_once(found: Pairing, old: Sequence[Hashable], new: Sequence[Hashable]) -> None:
    """What is left over once on both sides was moved."""
    left = found.left
    rest = Counter(item for at, item in enumerate(old) if at not in left)
    new_rest = Counter(item for at, item in enumerate(new) if at not in found.was)
    where = {item: at for at, item in enumerate(old) if at not in left and rest[item] == 1}
    for at, item in enumerate(new):
        if at not in found.was and new_rest[item] == 1 and item in where:
            found.was[at] = where[item]


def _pair_keys(found: Pairing, old: Sequence[Hashable], new: Sequence[Hashable]) -> None:
    """Those of one key, in order; an empty key is none."""
    left = found.left
    waiting: dict[Hashable, list[int]] = {}
    for at in reversed(range(len(old))):
        if at not in left and old[at]:
            waiting.setdefault(old[at], []).append(at)
    for at, item in enumerate(new):
        if at not in found.was and waiting.get(item):
            found.was[at] = waiting[item].pop()


def _gaps(found: Pairing, old_size: int, new_size: int) -> list[tuple[list[int], list[int]]]:
    """Old and new positions without a partner, between neighbours that stayed in order."""
    left = found.left
    stayed = rising(sorted(found.was.items()))
    gaps: list[tuple[list[int], list[int]]] = []
    for (new_before, before), (new_after, after) in pairwise(
        [(-1, -1), *stayed, (new_size, old_size)]
    ):
        run = [at for at in range(new_before + 1, new_after) if at not in found.was]
        free = [at for at in range(before + 1, after) if at not in left]
        if run and free:
            gaps.append((free, run))
    return gaps


def _pair_alike(
    found: Pairing, old: Sequence[str], new: Sequence[str], was: list[int], here: list[int]
) -> None:
    if len(was) * len(here) > MOST_LIKENED:
        return
    counts = [_words(old[at]) for at in was]
    new_counts = [_words(new[at]) for at in here]

    def worth(row: int, column: int) -> float:
        found_alike = likeness(counts[row], new_counts[column])
        return found_alike if found_alike >= ALIKE else 0.0

    for row, column in _best(len(was), len(here), worth):
        found.was[here[column]] = was[row]


def _pair_moved(found: Pairing, old: Sequence[str], new: Sequence[str]) -> None:
    """What was moved and changed: the most alike first.

    One that says all the words of the other is known again, whatever else was written to it.
    """
    left = found.left
    was = [at for at in range(len(old)) if at not in left]
    here = [at for at in range(len(new)) if at not in found.was]
    if not was or not here or len(was) * len(here) > MOST_LIKENED:
        return
    counts = {at: _words(new[at]) for at in here}
    alike = sorted(
        (
            (likeness(words, counts[at]), _is_within(words, counts[at]), one, at)
            for one in was
            if (words := _words(old[one]))
            for at in here
        ),
        key=lambda found_alike: (-found_alike[0], found_alike[2:]),
    )
    for worth, is_within, one, at in alike:
        is_known = is_within or worth >= ALIKE_ELSEWHERE
        if is_known and at not in found.was and one not in left:
            found.was[at] = one
            left.add(one)


def _words(text: str) -> Counter[str]:
    return Counter(filter(str.strip, tokens(text[:TELLING])))


def _is_within(one: Counter[str], other: Counter[str]) -> bool:
    """Whether one of the two has all the words of the other, and that has some."""
    return bool(one and other) and (one <= other or other <= one)


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """How many of their words two texts share: 0 for none, 1 for all."""
    both = one.total() + other.total()
    return 2 * (one & other).total() / both if both else 0.0
