"""What changed between two contents: prose by its lines and words, structured parts by rows.

Words are those of the Thai cutter, so nothing is cut between a consonant and its vowel or tone
mark. Nothing here is said in a language: pages find the words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from kms.alignment import Pairing, edits, is_space, pair, rising, tokens
from kms.note_kinds import NoteContent
from kms.note_parts import IS_THERE, TABLES, Sort, Table, Value, blank, parts_of, sort_of, texts_in

PieceKind = Literal["same", "removed", "added", "skipped"]
LineKind = Literal["same", "changed", "removed", "added", "moved_from", "moved_to"]
RowKind = Literal["removed", "added", "changed", "moved"]

# Of two lines with less in common than this, one was written anew.
KEPT_AT_LEAST = 0.25
# Unchanged lines shown beside a changed one, and the longest unchanged stretch shown whole.
BESIDE = 1
LONGEST_SAME = 400
SHOWN_OF_SAME = 120


@dataclass(frozen=True)
class Piece:
    """A stretch of a line. ``skipped`` is unchanged text that is too long to show."""

    kind: PieceKind
    text: str

    @property
    def is_space(self) -> bool:
        """Whether there is nothing to see in it."""
        return is_space(self.text)


@dataclass(frozen=True)
class Line:
    """A line of the old or the new text, or of both when it stayed in its place."""

    kind: LineKind
    pieces: tuple[Piece, ...]

    @property
    def old(self) -> str | None:
        """The line as it was; None when it was not there."""
        return None if self.kind in ("added", "moved_to") else self._without("added")

    @property
    def new(self) -> str | None:
        """The line as it is; None when it is not there."""
        return None if self.kind in ("removed", "moved_from") else self._without("removed")

    @property
    def is_blank(self) -> bool:
        """Whether the line is empty."""
        return all(piece.is_space for piece in self.pieces)

    def _without(self, kind: PieceKind) -> str:
        return "".join(piece.text for piece in self.pieces if piece.kind != kind)


@dataclass(frozen=True)
class Unchanged:
    """Lines left out because nothing changed in them; blank ones do not count."""

    lines: int


@dataclass(frozen=True)
class RowChange:
    """A row that came, went, changed in some columns, or stands elsewhere now."""

    kind: RowKind
    old: Any = None
    new: Any = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartChange:
    """A part that changed; ``lines`` of a text, ``rows`` of a table, else the two values."""

    part: str
    sort: Sort
    old: Value
    new: Value
    lines: tuple[Line, ...] = ()
    rows: tuple[RowChange, ...] = ()


def changes(
    old: NoteContent, new: NoteContent, *, with_lines: bool = True
) -> tuple[PartChange, ...]:
    """Every part in which the two differ, in the order in which a page tells them.

    Without the lines of texts it takes hardly any time.
    """
    was, now = parts_of(old), parts_of(new)
    found = []
    for part in dict.fromkeys((*now, *was)):
        before, after = was.get(part, blank(part)), now.get(part, blank(part))
        if before != after and part not in IS_THERE.values():
            found.append(_change(part, before, after, with_lines=with_lines))
    return tuple(found)


def _change(part: str, old: Value, new: Value, *, with_lines: bool) -> PartChange:
    sort = sort_of(part)
    if sort == "text" and with_lines:
        return PartChange(part, sort, old, new, lines=lines(old, new))
    if sort == "rows":
        return PartChange(part, sort, old, new, rows=tuple(_rows(TABLES[part], old, new)))
    return PartChange(part, sort, old, new)


# --- prose ---------------------------------------------------------------------------------------


def words(old: str, new: str) -> tuple[Piece, ...]:
    """One line beside another: what stayed and what was removed give the old, and so on."""
    was, now = tokens(old), tokens(new)
    pieces: list[Piece] = []
    at = 0
    kept = 0
    for start, end, new_start, new_end in _joined(edits(was, now), was):
        kept += start - at
        pieces += [
            Piece("same", "".join(was[at:start])),
            Piece("removed", "".join(was[start:end])),
            Piece("added", "".join(now[new_start:new_end])),
        ]
        at = end
    kept += len(was) - at
    pieces.append(Piece("same", "".join(was[at:])))
    if kept < KEPT_AT_LEAST * min(len(was), len(now)):
        pieces = [Piece("removed", old), Piece("added", new)]
    return tuple(piece for piece in pieces if piece.text)


def _joined(
    found: Sequence[tuple[int, int, int, int]], was: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """The same changes; those with only a space between them are one."""
    waiting: tuple[int, int, int, int] | None = None
    for one in found:
        if waiting and all(map(is_space, was[waiting[1] : one[0]])):
            waiting = (waiting[0], one[1], waiting[2], one[3])
            continue
        if waiting:
            yield waiting
        waiting = one
    if waiting:
        yield waiting


def lines(old: str, new: str) -> tuple[Line, ...]:
    """Both texts line by line: the old lines in their order, and the new ones in theirs."""
    was, now = old.split("\n"), new.split("\n")
    pairing = pair(was, now, same=str, words=str)
    stayed = dict(rising(sorted(pairing.was.items())))
    found: list[Line] = []
    at = 0
    for here, text in enumerate(now):
        there = stayed.get(here)
        if there is None:
            kind: LineKind = "moved_to" if _is_moved(pairing, here, was, now) else "added"
            found.append(Line(kind, (Piece("added", text),)))
            continue
        found.extend(_gone(was, now, range(at, there), pairing))
        at = there + 1
        if was[there] == text:
            found.append(Line("same", (Piece("same", text),)))
        else:
            found.append(Line("changed", words(was[there], text)))
    found.extend(_gone(was, now, range(at, len(was)), pairing))
    return tuple(found)


def _is_moved(pairing: Pairing, here: int, was: Sequence[str], now: Sequence[str]) -> bool:
    there = pairing.was.get(here)
    return there is not None and was[there] == now[here] and bool(now[here].strip())


def _gone(
    was: Sequence[str], now: Sequence[str], stretch: range, pairing: Pairing
) -> Iterator[Line]:
    became = {there: here for here, there in pairing.was.items()}
    for at in stretch:
        is_moved = at in became and _is_moved(pairing, became[at], was, now)
        yield Line("moved_from" if is_moved else "removed", (Piece("removed", was[at]),))


def folded(every: Sequence[Line], beside: int = BESIDE) -> list[Line | Unchanged]:
    """The changed lines with the unchanged ones beside them; the rest is only counted."""
    telling = [at for at, line in enumerate(every) if not line.is_blank]
    changed = {place for place, at in enumerate(telling) if every[at].kind != "same"}
    near = {
        telling[place + step]
        for place in changed
        for step in range(-beside, beside + 1)
        if 0 <= place + step < len(telling)
    }
    found: list[Line | Unchanged] = []
    for is_shown, places in groupby(telling, key=near.__contains__):
        if is_shown:
            found.extend(_shortened(every[at]) for at in places)
        else:
            found.append(Unchanged(len(list(places))))
    return found


def _shortened(line: Line) -> Line:
    """The line without the middle of its long unchanged stretches."""
    pieces: list[Piece] = []
    for piece in line.pieces:
        pieces.extend(_parted(piece) if piece.kind == "same" else (piece,))
    return replace(line, pieces=tuple(pieces))


def _parted(piece: Piece) -> Iterator[Piece]:
    if len(piece.text) <= LONGEST_SAME:
        yield piece
        return
    every = tokens(piece.text)
    first = _count(every)
    last = len(every) - _count(every[::-1])
    yield replace(piece, text="".join(every[:first]))
    if first < last:
        yield Piece("skipped", "".join(every[first:last]))
    yield replace(piece, text="".join(every[max(first, last) :]))


def _count(every: Sequence[str]) -> int:
    """How many of these tokens are shown."""
    length = 0
    for n, token in enumerate(every):
        length += len(token)
        if length > SHOWN_OF_SAME:
            return n
    return len(every)


# --- rows ----------------------------------------------------------------------------------------


def _rows(table: Table, old: Sequence[Any], new: Sequence[Any]) -> Iterator[RowChange]:
    """What became of each row, in the order of the new ones; those that went come last."""
    is_word = table.row is str
    pairing = pair(
        old,
        new,
        same=lambda row: row,
        key=None if is_word else table.key,
        words=None if is_word else lambda row: " ".join(texts_in(row)),
    )
    stayed = dict(rising(sorted(pairing.was.items())))
    for here, row in enumerate(new):
        if here not in pairing.was:
            yield RowChange("added", new=row)
            continue
        before = old[pairing.was[here]]
        columns = tuple(one for one in table.columns if getattr(before, one) != getattr(row, one))
        if columns:
            yield RowChange("changed", before, row, columns)
        elif here not in stayed:
            yield RowChange("moved", before, row)
    left = pairing.left
    yield from (RowChange("removed", old=row) for at, row in enumerate(old) if at not in left)
