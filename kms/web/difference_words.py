"""What changed, in words: for the list of revisions, and part by part for the page of two."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kms import differences, question_sets
from kms.differences import Line, PartChange, Piece, RowChange, Unchanged
from kms.errors import NotFound
from kms.language import gettext as _
from kms.note_kinds import Kind, NoteContent
from kms.note_parts import HELD, is_kept
from kms.question_sets import QuestionSet
from kms.thai import dates
from kms.themes import Tree
from kms.web.filters import kind_name
from kms.web.forms import conflict
from kms.web.forms.note_form import Known
from kms.web.part_names import column_name, names_for, part_name

MOST_TOLD = 4


@dataclass(frozen=True)
class CellTold:
    """A column of a row that changed."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class RowTold:
    """A row that came, went, changed or moved, in words."""

    kind: differences.RowKind
    said: str
    cells: tuple[CellTold, ...] = ()


@dataclass(frozen=True)
class PartTold:
    """A part that changed: its lines, its rows, or the pieces of its one value."""

    label: str
    lines: tuple[Line | Unchanged, ...] = ()
    rows: tuple[RowTold, ...] = ()
    pieces: tuple[Piece, ...] = ()


# --- in a few words -------------------------------------------------------------------------------


def summary(old: NoteContent, new: NoteContent) -> list[str]:
    """What a revision did, such as แก้เนื้อหา, เพิ่มผู้เข้าประชุม 2 คน."""
    names = names_for(_questions(new), new.kind)
    said = []
    for change in differences.changes(old, new, with_lines=False):
        said.extend(_done(change, part_name(change.part, names)))
    if len(said) > MOST_TOLD:
        more = len(said) - MOST_TOLD + 1
        return [*said[: MOST_TOLD - 1], _("และอีก %(n)s อย่าง", n=more)]
    return said


def _done(change: PartChange, name: str) -> list[str]:
    if change.part == "visibility":
        return [_("เปลี่ยนว่าใครเห็นได้")]
    if change.sort != "rows":
        return [_("แก้%(what)s", what=name)]
    kinds = [row.kind for row in change.rows]
    said = []
    is_people = change.part in ("attendees", "roles")
    for kind in ("added", "removed", "changed"):
        n = kinds.count(kind)
        if n:
            said.append(_counted(kind, name, n, is_people=is_people))
    return said or [_("เรียงลำดับ%(what)sใหม่", what=name)]


def _counted(kind: str, name: str, n: int, *, is_people: bool) -> str:
    if is_people:
        people = {
            "added": _("เพิ่ม%(what)s %(n)s คน", what=name, n=n),
            "removed": _("ลบ%(what)s %(n)s คน", what=name, n=n),
            "changed": _("แก้%(what)s %(n)s คน", what=name, n=n),
        }
        return people[kind]
    rows = {
        "added": _("เพิ่ม%(what)s %(n)s รายการ", what=name, n=n),
        "removed": _("ลบ%(what)s %(n)s รายการ", what=name, n=n),
        "changed": _("แก้%(what)s %(n)s รายการ", what=name, n=n),
    }
    return rows[kind]


# --- in full --------------------------------------------------------------------------------------


def told(old: NoteContent, new: NoteContent, tree: Tree) -> list[PartTold]:
    """Every part that changed, as the page of a difference tells it."""
    names = {
        **names_for(_questions(old), old.kind),
        **names_for(_questions(new), new.kind),
    }
    return [_part(change, new.kind, names, tree) for change in differences.changes(old, new)]


def _part(change: PartChange, kind: Kind, names: Mapping[str, str], tree: Tree) -> PartTold:
    label = part_name(change.part, names)
    if change.sort == "text":
        return PartTold(label, lines=tuple(differences.folded(change.lines)))
    if change.sort == "rows":
        return PartTold(
            label, rows=tuple(_row(change.part, row, kind, tree) for row in change.rows)
        )
    old, new = (_value(change.part, one) for one in (change.old, change.new))
    return PartTold(label, pieces=differences.words(old, new))


def _row(part: str, row: RowChange, kind: Kind, tree: Tree) -> RowTold:
    if isinstance(row.old or row.new, str):
        slug = row.new or row.old
        return RowTold(row.kind, tree.label(slug) if part == "themes" else slug)
    home = kind if is_kept(part, kind) else next(one for one in Kind if is_kept(part, one))
    known = Known("", tree)
    old, new = (_fields(part, one, home, known) for one in (row.old, row.new))
    said = conflict.said(new if row.new else old) or _("ไฟล์")
    if row.kind != "changed":
        return RowTold(row.kind, said)
    cells = [
        CellTold(column_name(name), differences.words(*(_say(name, one) for one in (old, new))))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name) and name.rpartition("-")[2] not in conflict.NOT_WORDS
    ]
    return RowTold(row.kind, _name_of(new) or said, tuple(cells))


def _fields(part: str, row: Any, kind: Kind, known: Known) -> dict[str, str]:
    return conflict.fields_of(kind, f"{part}-0", row, None, known) if row is not None else {}


def _say(name: str, fields: Mapping[str, str]) -> str:
    return conflict.say(name.rpartition("-")[2], fields.get(name, ""))


def _name_of(fields: Mapping[str, str]) -> str:
    """The column by which people know the row."""
    columns = ("name", "person", "organisation", "title", "what", "lesson", "text", "note")
    by_column = {name.rpartition("-")[2]: text for name, text in fields.items()}
    found = (one for one in (*columns, "caption") if by_column.get(one))
    return next((conflict.say(one, by_column[one]) for one in found), "")


def _value(part: str, value: Any) -> str:
    if part == "held":
        first, last, written = dict(zip(HELD, value, strict=True)).values()
        days = dates.show_range(first, last or first) if first else ""
        return f"{days} ({written})" if days and written else days or written
    if part == "next_date":
        return dates.show(value) if value else ""
    if part == "kind":
        return kind_name(value)
    if part == "questions":
        return _question_set(value)
    # The key of a briefing opens it: not for everyone who reads the history.
    said = {"author": value or _("ไม่ระบุชื่อ"), "briefing": _("อ่านก่อนลงมือ") if value else ""}
    return said[part] if part in said else conflict.say(part, str(value))


def _question_set(code: str) -> str:
    try:
        return question_sets.get(code).said_name
    except NotFound:
        return code


def _questions(content: NoteContent) -> QuestionSet:
    try:
        return question_sets.get(content.review.question_set if content.review else "one-box")
    except NotFound:
        return question_sets.get("one-box")
