"""A passage found again in a longer text, however it is spaced, marked or mistyped."""

from dataclasses import dataclass
from itertools import accumulate

from kms.markup import to_plain
from kms.thai.words import fold_with_offsets, is_cluster_boundary

# With less than this part of its threes of characters, other words are not the passage changed.
LEAST_ALIKE = 0.5


@dataclass(frozen=True)
class Span:
    """Where a passage stands: the characters from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True)
class Bare:
    """A text without spaces, in its folded form; ``at`` tells where each character stood."""

    text: str
    at: tuple[int, ...]
    length: int

    @classmethod
    def of(cls, text: str) -> "Bare":
        """The bare form of a text."""
        folded, offsets = fold_with_offsets(text)
        kept = [n for n, char in enumerate(folded) if not char.isspace()]
        ends = [*offsets, len(text)]
        chars = "".join(folded[n] for n in kept)
        return cls(chars, tuple(ends[n] for n in kept), len(text))

    def span(self, start: int, end: int) -> Span:
        """Where the characters from ``start`` up to ``end`` of the bare text stood."""
        after = self.at[end] if end < len(self.at) else self.length
        return Span(self.at[start], after)


def says(whole: str, passage: str) -> bool:
    """Whether the text says these words; no words are said by every text."""
    return not bare_forms(passage) or find(whole, passage) is not None


def bare_forms(passage: str) -> tuple[str, ...]:
    """The passage as it may stand in plain words: as it is, and without its marks."""
    forms = (Bare.of(passage).text, Bare.of(to_plain(passage)).text)
    return tuple(dict.fromkeys(one for one in forms if one))


def find(whole: str, passage: str, *, near: int | None = None) -> Span | None:
    """Where the text says these words; of several places the one nearest to ``near``."""
    bare = Bare.of(whole)
    for wanted in bare_forms(passage):
        starts = occurrences(bare.text, wanted)
        if starts:
            best = min(starts, key=lambda one: abs(bare.at[one] - (near or 0)))
            span = bare.span(best, best + len(wanted))
            return Span(span.start, span.start + len(whole[span.start : span.end].rstrip()))
    return None


def occurrences(text: str, wanted: str) -> list[int]:
    """Every place where the words begin, none inside another."""
    found: list[int] = []
    at = text.find(wanted)
    while at >= 0:
        found.append(at)
        at = text.find(wanted, at + len(wanted))
    return found


def nearest(whole: str, passage: str) -> str:
    """The words of the text that are most like the passage, or none when nothing is.

    Like are those that share three characters in a row with it, most of all within its length.
    """
    bare, wanted = Bare.of(whole), Bare.of(to_plain(passage)).text
    known = {wanted[n : n + 3] for n in range(len(wanted) - 2)}
    shared = [bare.text[n : n + 3] in known for n in range(len(bare.text) - 2)]
    sums = [0, *accumulate(shared)]
    width = min(len(wanted) - 2, len(shared))
    if width < 1:
        return ""
    best = max(range(len(shared) - width + 1), key=lambda n: sums[n + width] - sums[n])
    if sums[best + width] - sums[best] < LEAST_ALIKE * (len(wanted) - 2):
        return ""
    alike = [n for n in range(best, best + width) if shared[n]]
    span = bare.span(alike[0], alike[-1] + 3)
    return _in_whole_clusters(whole, span)


def _in_whole_clusters(text: str, span: Span) -> str:
    start, end = span.start, span.end
    while not is_cluster_boundary(text, start):
        start -= 1
    while not is_cluster_boundary(text, end):
        end += 1
    return text[start:end].strip()
