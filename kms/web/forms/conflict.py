"""The fields that say one place of a note, and the words of those fields for reading."""

from collections.abc import Iterable, Mapping
from typing import Any

from kms import roles
from kms.language import gettext as _
from kms.merging import nothing
from kms.note_kinds import Kind
from kms.note_parts import TABLES, content_from, parts_of
from kms.web.forms import note_form
from kms.web.forms.note_form import Known, group_of

# Fields that carry what was understood of another field, not words of their own.
NOT_WORDS = (
    "code",
    "for",
    "place_code",
    "place_for",
    "key",
    "carried_from",
    "carried_key",
    "revision",
    "comment",
)
# Fields with a fixed set of values.
CHOSEN = (
    "visibility",
    "credit",
    "polarity",
    "absent",
    "done",
    "role",
    "level",
    "part",
    "questions",
    "outcome",
)

Fields = dict[str, str]


def fields_of(kind: Kind, part: str, value: Any, row: Any, known: Known) -> Fields:
    """Field → text for one place: a whole part, a row (``attendees-3``) or a cell of it.

    ``row`` is the row that a cell stands in; an absent row has no fields.
    """
    table, index, column = place_of(part)
    if table not in TABLES:
        return _alone(kind, part, value, part, known)
    if column and row is not None:
        row = _with(row, column, value)
    elif not column:
        row = value
    if row is None:
        return {}
    found = _alone(kind, table, (row,), table, known)
    start = f"{table}-0-"
    return {
        f"{table}-{index}-{name.removeprefix(start)}": text
        for name, text in found.items()
        if name.startswith(start)
    }


def place_of(part: str) -> tuple[str, int, str]:
    """``agenda-1-decision`` → ("agenda", 1, "decision"); a whole part has index -1."""
    table, _dash, rest = part.partition("-")
    if table not in TABLES or not rest:
        return part, -1, ""
    index, _dash, column = rest.partition("-")
    return table, int(index), column


def _with(row: Any, column: str, value: Any) -> Any:
    return type(row)(**{**vars(row), column: value})


def _alone(kind: Kind, part: str, value: Any, group: str, known: Known) -> Fields:
    """The fields of a form that says nothing but this part."""
    parts = parts_of(nothing(kind)) | {part: value}
    filled = note_form.fill(content_from(parts), known)
    wanted = {group, "credit"} if part == "author" else {group}
    return {name: values[0] for name, values in filled.values.items() if group_of(name) in wanted}


def said(fields: Mapping[str, str]) -> str:
    """The words of these fields in one line."""
    words = (say(name.rpartition("-")[2], text) for name, text in _telling(fields))
    return " – ".join(word for word in words if word)


def _telling(fields: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return (one for one in fields.items() if one[0].rpartition("-")[2] not in NOT_WORDS)


def say(column: str, value: str) -> str:
    """A field's value as people say it."""
    if column == "role":
        return roles.name(value)
    if column == "level":
        return roles.level_name(value) if value else ""
    if column == "lesson":
        return _("บทเรียนที่ %(number)s", number=value) if value else ""
    return names_of(column).get(value, value)


def names_of(column: str) -> dict[str, str]:
    """What the values of a field with a fixed set of them are called."""
    every: dict[str, dict[str, str]] = {
        "visibility": {
            "draft": _("ร่าง"),
            "members": _("เฉพาะสมาชิก"),
            "public": _("สาธารณะ"),
        },
        "credit": {"own": _("ชื่อของฉัน"), "other": _("เขียนแทน"), "nobody": _("ไม่ระบุชื่อ")},
        "polarity": {"works": _("ได้ผล"), "does_not_work": _("ไม่ได้ผล")},
        "part": {"organiser": _("ผู้จัด"), "funder": _("ผู้ให้ทุน"), "partner": _("ภาคี")},
        "absent": {"": _("มา"), "1": _("ไม่ได้มา")},
        "done": {"": _("รอทำ"), "1": _("เสร็จแล้ว")},
        "outcome": {
            "": _("ไม่ได้ใช้"),
            "worked": _("ใช้แล้ว ได้ผล"),
            "partly": _("ใช้แล้ว ได้ผลบ้าง"),
            "did_not": _("ใช้แล้ว ไม่ได้ผล"),
        },
    }
    return every.get(column, {})
