"""Two people's changes to one content brought together: a three-way merge that loses no word.

The method is that of diff3 as S. Khanna, K. Kunal and B. C. Pierce describe it ("A Formal
Investigation of Diff3", 2007), with one difference: the pieces compared are paragraphs, lines and
rows that are known again after they were changed or moved, so that neighbouring pieces changed by
two people do not touch. What both changed is merged a level deeper: a paragraph by its lines, a
line by its words, a row by its columns. What still touches is a ``Clash`` and holds both texts.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Generic, TypeVar

from kms.alignment import LONGEST_LINE, Edit, Pairing, edits, is_space, pair, tokens
from kms.note_kinds import Kind, NoteContent
from kms.note_parts import (
    ANSWER,
    OF_MEETING,
    TABLES,
    Parts,
    Table,
    Value,
    blank,
    content_from,
    is_kept,
    parts_of,
    sort_of,
    texts_in,
)

# Changes to one line touch when fewer unchanged words than this stand between them.
WORDS_BETWEEN = 5
# A line of which one side kept less than this was written anew.
KEPT_AT_LEAST = 0.5

Piece = TypeVar("Piece")
# Merges one place: part, base, mine, theirs.
Merge = Callable[..., tuple[Any, list["Clash"]]]
_BETWEEN_PARAGRAPHS = re.compile(r"(\n(?:[^\S\n]*\n)+)")
_HEADING = re.compile(r"#{1,6}\s+(?P<words>.*\S)")


@dataclass(frozen=True)
class Clash:
    """A place that both changed.

    ``part`` is named as in forms (``body``, ``agenda-1-discussion``, ``attendees-3`` for a whole
    row); ``now`` is what the merged content holds there: mine, or theirs where mine is empty.
    Values are as the part keeps them; None stands for a row that was not there. A passage is a
    stretch of a longer text, ``where`` the heading above it.
    """

    part: str
    base: Value
    mine: Value
    theirs: Value
    is_passage: bool = False
    where: str = ""

    @property
    def now(self) -> Value:
        """What the merged content holds in this place."""
        return self.mine if _says(self.mine) else self.theirs


@dataclass(frozen=True)
class Merged:
    """One content for both, the places where they touch, and the parts that only they changed."""

    content: NoteContent
    clashes: tuple[Clash, ...] = ()
    taken: tuple[str, ...] = ()


def nothing(kind: Kind) -> NoteContent:
    """A content that says nothing: the base of two that have none in common."""
    return NoteContent(kind=kind, title="", visibility="")


def merge(base: NoteContent, mine: NoteContent, theirs: NoteContent) -> Merged:
    """Mine and theirs, both written from base, as one content.

    What one side changed is taken; what both changed alike is taken once.
    """
    was, here, there = parts_of(base), parts_of(mine), parts_of(theirs)
    merged: Parts = {}
    clashes: list[Clash] = []
    for part in dict.fromkeys((*there, *here)):
        own, other, old = (one.get(part, blank(part)) for one in (here, there, was))
        merged[part], found = _merge_part(part, old, own, other)
        clashes.extend(found)
    clashes.extend(_strays(merged, was, here, there, clashes))
    taken = tuple(part for part, value in there.items() if _is_taken(part, value, was, here))
    return Merged(content_from(merged), tuple(clashes), taken)


def _is_taken(part: str, value: Value, was: Parts, here: Parts) -> bool:
    old = was.get(part, blank(part))
    return bool(value != old and value != here.get(part, blank(part)))


def _where_both_changed(merge: Merge) -> Merge:
    """The merge of what one side left as it was needs no thought."""

    @wraps(merge)
    def merge_changed(
        part: str, base: Value, mine: Value, theirs: Value, **more: bool
    ) -> tuple[Value, list[Clash]]:
        if theirs in (mine, base):
            return mine, []
        return (theirs, []) if mine == base else merge(part, base, mine, theirs, **more)

    return merge_changed


@_where_both_changed
def _merge_part(part: str, base: Value, mine: Value, theirs: Value) -> tuple[Value, list[Clash]]:
    sort = sort_of(part)
    if sort == "rows":
        return _merge_rows(part, base, mine, theirs)
    if sort == "text":
        return merge_text(part, base, mine, theirs)
    return _merge_value(part, base, mine, theirs)


@_where_both_changed
def _merge_value(part: str, base: Value, mine: Value, theirs: Value) -> tuple[Value, list[Clash]]:
    clash = Clash(part, base, mine, theirs)
    return clash.now, [clash]


def _says(value: Value) -> bool:
    return value not in (None, "", blank("held"), ())


def _strays(
    merged: Parts, was: Parts, here: Parts, there: Parts, clashes: Sequence[Clash]
) -> list[Clash]:
    """What one wrote into a part that the other's kind or questions no longer have.

    Answers to other questions stay in the content, for the writer to move; what belongs to
    another kind has no place in it and stands in its clash alone.
    """
    touched = {one.part if one.part in merged else one.part.split("-")[0] for one in clashes}
    asked = here if merged["questions"] == here["questions"] else there
    other_questions = here["questions"] != there["questions"]
    found = []
    for part, value in merged.items():
        if part in touched or value == blank(part) or not _is_written(part):
            continue
        own, other = here.get(part, blank(part)), there.get(part, blank(part))
        is_answer = part.startswith(ANSWER) and other_questions and not asked.get(part)
        if is_answer or not is_kept(part, merged["kind"]):
            found.append(Clash(part, was.get(part, blank(part)), own, other))
    return found


def _is_written(part: str) -> bool:
    return sort_of(part) != "value" or part in OF_MEETING


# --- pieces in a row -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sort(Generic[Piece]):
    """How pieces of one sort are compared, known again and merged.

    ``merge`` gets the piece's place in the result, the three pieces (the base may be None) and
    whether it is sure that they are the same piece.
    """

    same: Callable[[Piece], Hashable]
    merge: Callable[[int, Piece | None, Piece, Piece, bool], tuple[Piece, list[Clash]]]
    gone: Callable[[int, Piece, Piece | None, Piece | None], Clash]
    key: Callable[[Piece], Hashable] | None = None
    words: Callable[[Piece], str] | None = None
    # Whether the same piece added by both in two places is one piece.
    once: bool = False
    # Whether pieces known again only by their words are surely the same.
    sure: bool = True


# A piece by where it stood: ("base", 3), or ("mine", 4) and ("theirs", 4) when it was added.
_Name = tuple[str, int]


class _Merging(Generic[Piece]):
    """One merge of three rows of pieces."""

    def __init__(
        self,
        sort: _Sort[Piece],
        base: Sequence[Piece],
        mine: Sequence[Piece],
        theirs: Sequence[Piece],
    ) -> None:
        self.sort = sort
        self.base, self.mine, self.theirs = base, mine, theirs
        self.to_mine = self._paired(mine)
        self.to_theirs = self._paired(theirs)
        self.in_mine = {was: here for here, was in self.to_mine.was.items()}
        self.in_theirs = {was: here for here, was in self.to_theirs.was.items()}
        # Added by both: their position → mine.
        self.alike = self._added_by_both()
        self.alike_mine = {here: there for there, here in self.alike.items()}

    def _paired(self, other: Sequence[Piece]) -> Pairing:
        sort = self.sort
        return pair(self.base, other, same=sort.same, key=sort.key, words=sort.words)

    def result(self) -> tuple[list[Piece], list[Clash]]:
        """The merged pieces in order, and where they touch."""
        pieces: list[Piece] = []
        clashes: list[Clash] = []
        for name in self._order():
            if self._is_gone(name):
                continue
            piece, found = self._piece(name, len(pieces))
            pieces.append(piece)
            clashes.extend(found)
        return pieces, clashes

    # what of each side a piece is

    def _versions(self, name: _Name) -> tuple[Piece | None, Piece | None, Piece | None]:
        side, at = name
        if side == "theirs":
            return None, None, self.theirs[at]
        if side == "mine":
            other = self.alike_mine.get(at)
            return None, self.mine[at], None if other is None else self.theirs[other]
        here, there = self.in_mine.get(at), self.in_theirs.get(at)
        return (
            self.base[at],
            None if here is None else self.mine[here],
            None if there is None else self.theirs[there],
        )

    def _is_gone(self, name: _Name) -> bool:
        """Whether one side removed it and the other left it as it was."""
        base, mine, theirs = self._versions(name)
        if base is None or (mine is not None and theirs is not None):
            return False
        left = theirs if mine is None else mine
        return left is None or self.sort.same(left) == self.sort.same(base)

    def _piece(self, name: _Name, place: int) -> tuple[Piece, list[Clash]]:
        base, mine, theirs = self._versions(name)
        if mine is None or theirs is None:
            left = theirs if mine is None else mine
            assert left is not None
            return left, [self.sort.gone(place, base, mine, theirs)] if base is not None else []
        return self.sort.merge(place, base, mine, theirs, self._is_sure(name))

    def _is_sure(self, name: _Name) -> bool:
        side, at = name
        if side != "base":
            return True
        here, there = self.in_mine[at], self.in_theirs[at]
        guessed = here in self.to_mine.guessed or there in self.to_theirs.guessed
        if self.sort.sure or self.sort.key is None:
            return not guessed
        keys = {self.sort.key(one) for one in (self.base[at], self.mine[here], self.theirs[there])}
        return len(keys) == 1

    # what both added

    def _added_by_both(self) -> dict[int, int]:
        """Their added pieces that are mine too: equal ones, of one key, or alike in one gap."""
        mine = [at for at in range(len(self.mine)) if at not in self.to_mine.was]
        theirs = [at for at in range(len(self.theirs)) if at not in self.to_theirs.was]
        if not mine or not theirs:
            return {}
        if self.sort.once:
            return self._same_added(mine, theirs)
        gaps = _by_gap(self.to_mine, mine)
        return {
            there: here
            for gap, added in _by_gap(self.to_theirs, theirs).items()
            for there, here in self._same_added(gaps.get(gap, []), added).items()
        }

    def _same_added(self, mine: list[int], theirs: list[int]) -> dict[int, int]:
        sort = self.sort
        found = pair(
            [self.mine[at] for at in mine],
            [self.theirs[at] for at in theirs],
            same=sort.same,
            key=sort.key,
            words=sort.words if sort.sure else None,
        )
        alike = {
            theirs[there]: mine[here]
            for there, here in found.was.items()
            if there not in found.guessed
        }
        if sort.words and not sort.once:
            for there in theirs:
                free = [here for here in mine if here not in alike.values()]
                held = [one for one in free if self._hold(one, there)]
                if there not in alike and held:
                    alike[there] = held[0]
        return alike

    def _hold(self, mine: int, theirs: int) -> bool:
        """Whether one of these added texts is the other with more words."""
        assert self.sort.words is not None
        texts = self.sort.words(self.mine[mine]), self.sort.words(self.theirs[theirs])
        return _holds(*texts)

    # in which order

    def _order(self) -> list[_Name]:
        """The order of the side that moved pieces, mine where both did; the rest falls in."""
        mine = self._names("mine", len(self.mine), self.to_mine)
        theirs = self._names("theirs", len(self.theirs), self.to_theirs)
        if _moved(self.to_theirs) and not _moved(self.to_mine):
            return _woven(theirs, mine, after=True)
        return _woven(mine, theirs, after=False)

    def _names(self, side: str, size: int, pairing: Pairing) -> list[_Name]:
        names: list[_Name] = []
        for at in range(size):
            if at in pairing.was:
                names.append(("base", pairing.was[at]))
            elif side == "theirs" and at in self.alike:
                names.append(("mine", self.alike[at]))
            else:
                names.append((side, at))
        return names


def _by_gap(pairing: Pairing, added: list[int]) -> dict[int, list[int]]:
    """Added positions by the old piece that they follow."""
    known = sorted(pairing.was)
    gaps: dict[int, list[int]] = {}
    for at in added:
        before = bisect_right(known, at) - 1
        gaps.setdefault(pairing.was[known[before]] if before >= 0 else -1, []).append(at)
    return gaps


def _moved(pairing: Pairing) -> bool:
    order = [pairing.was[at] for at in sorted(pairing.was)]
    return order != sorted(order)


def _woven(frame: list[_Name], other: list[_Name], *, after: bool) -> list[_Name]:
    """The frame, with what only the other has behind what it follows there.

    Where both added in one place theirs, saved earlier, comes first; ``after`` says that the
    frame is theirs.
    """
    in_frame = set(frame)
    following: dict[_Name | None, list[_Name]] = {}
    before: _Name | None = None
    for name in other:
        if name in in_frame:
            before = name
        else:
            following.setdefault(before, []).append(name)
    woven: list[_Name] = []
    waiting = following.get(None, [])
    for name in frame:
        if not (after and name[0] != "base"):
            woven.extend(waiting)
            waiting = []
        woven.append(name)
        waiting = [*waiting, *following.get(name, [])]
        if not after:
            woven.extend(waiting)
            waiting = []
    return [*woven, *waiting]


# --- texts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Paragraph:
    """A stretch of text between blank lines, with the blank lines before it."""

    text: str
    gap: str = ""


@_where_both_changed
def merge_text(part: str, base: str, mine: str, theirs: str) -> tuple[str, list[Clash]]:
    """A text by its paragraphs, those by their lines, and lines by their words."""
    if not (base.strip() and mine.strip() and theirs.strip()):
        clash = Clash(part, base, mine, theirs)
        return clash.now, [clash]
    whole = _Merging(_paragraphs(part), *map(_in_paragraphs, (base, mine, theirs)))
    pieces, clashes = whole.result()
    return _joined(pieces), _under_headings(pieces, clashes)


def _in_paragraphs(text: str) -> list[_Paragraph]:
    bits = _BETWEEN_PARAGRAPHS.split(text)
    gaps = ["", *bits[1::2]]
    return [_Paragraph(text, gap) for text, gap in zip(bits[::2], gaps, strict=True)]


def _joined(paragraphs: Sequence[_Paragraph]) -> str:
    return "".join(
        (one.gap or "\n\n") + one.text if at else one.text for at, one in enumerate(paragraphs)
    )


def _paragraphs(part: str) -> _Sort[_Paragraph]:
    def merge(
        _place: int, base: _Paragraph | None, mine: _Paragraph, theirs: _Paragraph, is_sure: bool
    ) -> tuple[_Paragraph, list[Clash]]:
        was = base or _Paragraph("", mine.gap)
        gap = theirs.gap if mine.gap == was.gap else mine.gap
        text, clashes = _merge_lines(part, was.text, mine.text, theirs.text, is_sure=is_sure)
        return _Paragraph(text, gap), clashes

    def gone(
        _place: int, base: _Paragraph, mine: _Paragraph | None, theirs: _Paragraph | None
    ) -> Clash:
        own, other = (one.text if one else "" for one in (mine, theirs))
        return Clash(part, base.text, own, other, is_passage=True)

    return _Sort(same=_text_of, merge=merge, gone=gone, words=_text_of)


def _text_of(paragraph: _Paragraph) -> str:
    return paragraph.text


@_where_both_changed
def _merge_lines(
    part: str, base: str, mine: str, theirs: str, *, is_sure: bool
) -> tuple[str, list[Clash]]:
    has_lines = "\n" in base or "\n" in mine or "\n" in theirs
    if is_sure and base and has_lines:
        lines = _Merging(_lines(part), *(one.split("\n") for one in (base, mine, theirs)))
        pieces, clashes = lines.result()
        return "\n".join(pieces), clashes
    return _merge_line(part, base, mine, theirs, is_sure=is_sure)


def _lines(part: str) -> _Sort[str]:
    def merge(
        _place: int, base: str | None, mine: str, theirs: str, is_sure: bool
    ) -> tuple[str, list[Clash]]:
        return _merge_line(part, base or "", mine, theirs, is_sure=is_sure)

    def gone(_place: int, base: str, mine: str | None, theirs: str | None) -> Clash:
        return Clash(part, base, mine or "", theirs or "", is_passage=True)

    return _Sort(same=str, merge=merge, gone=gone, words=str)


@_where_both_changed
def _merge_line(
    part: str, base: str, mine: str, theirs: str, *, is_sure: bool
) -> tuple[str, list[Clash]]:
    if not is_sure:
        merged = None
    else:
        merged = _merge_words(base, mine, theirs) if base else _written_on(mine, theirs)
    if merged is not None:
        return merged, []
    clash = Clash(part, base, mine, theirs, is_passage=True)
    return clash.now, [clash]


def _merge_words(base: str, mine: str, theirs: str) -> str | None:
    """The line with both changes; None when they touch or little of the line is left."""
    if max(map(len, (base, mine, theirs))) > LONGEST_LINE:
        return None
    words = tokens(base)
    own, other = tokens(mine), tokens(theirs)
    changes = [(one, own) for one in edits(words, own)]
    their_changes = [(one, other) for one in edits(words, other)]
    for found in (changes, their_changes):
        if sum(one[1] - one[0] for one, _new in found) > (1 - KEPT_AT_LEAST) * len(words):
            return None
    kept = list(changes)
    for edit, new in their_changes:
        near = [(one, words_) for one, words_ in changes if _touch(words, one, edit)]
        if [_put(*one) for one in near] == [_put(edit, new)]:
            continue
        if near:
            return None
        kept.append((edit, new))
    for edit, new in sorted(kept, key=lambda one: one[0], reverse=True):
        words[edit[0] : edit[1]] = new[edit[2] : edit[3]]
    return "".join(words)


def _holds(one: str, other: str) -> bool:
    """Whether one of these two says all that the other says, in its order."""
    short, long = sorted((one, other), key=len)
    if len(long) > LONGEST_LINE or not any(char.isalnum() for char in short):
        return False
    rest = iter(tokens(long))
    return all(word in rest for word in tokens(short) if not is_space(word))


def _written_on(one: str, other: str) -> str | None:
    """The longer of two added texts when it begins with the shorter."""
    short, long = sorted((one, other), key=len)
    return long if long.startswith(short.rstrip()) and short.strip() else None


def _put(edit: Edit, new: list[str]) -> tuple[int, int, list[str]]:
    return edit[0], edit[1], new[edit[2] : edit[3]]


def _touch(words: list[str], one: Edit, other: Edit) -> bool:
    first, last = sorted((one, other))
    between = words[first[1] : max(last[0], first[1])]
    return sum(not is_space(word) for word in between) < WORDS_BETWEEN


def _under_headings(paragraphs: Sequence[_Paragraph], clashes: list[Clash]) -> list[Clash]:
    """Each clash with the heading above the paragraph that holds it."""
    if not clashes:
        return []
    found, heading, waiting = [], "", list(clashes)
    for one in paragraphs:
        opening = _HEADING.match(one.text)
        heading = opening["words"] if opening else heading
        while waiting and waiting[0].now in one.text:
            found.append(replace(waiting.pop(0), where=heading))
    return [*found, *waiting]


# --- rows ----------------------------------------------------------------------------------------


def _merge_rows(
    part: str, base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]
) -> tuple[tuple[Any, ...], list[Clash]]:
    rows, clashes = _Merging(_rows(part, TABLES[part]), base, mine, theirs).result()
    return tuple(rows), clashes


def _rows(part: str, table: Table) -> _Sort[Any]:
    def merge(
        place: int, base: Any, mine: Any, theirs: Any, is_sure: bool
    ) -> tuple[Any, list[Clash]]:
        if is_sure:
            return _merge_columns(f"{part}-{place}", table, base, mine, theirs)
        return _merge_value(f"{part}-{place}", base, mine, theirs)

    def gone(place: int, base: Any, mine: Any, theirs: Any) -> Clash:
        return Clash(f"{part}-{place}", base, mine, theirs)

    is_word = table.row is str
    return _Sort(
        same=lambda row: row,
        merge=merge,
        gone=gone,
        key=None if is_word else table.key,
        words=None if is_word else _words_of,
        once=True,
        sure=table.tells,
    )


def _words_of(row: Any) -> str:
    return " ".join(texts_in(row))


def _merge_columns(
    row: str, table: Table, base: Any, mine: Any, theirs: Any
) -> tuple[Any, list[Clash]]:
    if not table.columns:
        return mine, []
    values: dict[str, Any] = {}
    clashes: list[Clash] = []
    for column in table.columns:
        old = table.blank(column) if base is None else getattr(base, column)
        own, other = getattr(mine, column), getattr(theirs, column)
        merge_one = merge_text if column in table.texts else _merge_value
        values[column], found = merge_one(f"{row}-{column}", old, own, other)
        clashes.extend(found)
    return replace(mine, **values), clashes
