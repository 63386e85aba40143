"""Which lessons were used in what a review tells of: those of its briefing, and others by number.

A row without an outcome is a lesson of the briefing that was not used; it stays in the form only.
"""

from collections.abc import Iterable, Mapping

from kms.language import gettext as _
from kms.note_kinds import OUTCOMES, LessonUsed
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed, from_rows, plain

USED_WORDS = ("lesson", "changed")


def named(typed: Typed) -> tuple[str, ...]:
    """What stands in the rows to name each lesson: numbers, addresses or titles."""
    rows = typed.rows("used", USED_WORDS)
    return tuple(dict.fromkeys(plain(row.get("lesson", "")) for row in rows if row.get("lesson")))


def read(
    typed: Typed, lessons: Mapping[str, tuple[int, str]], notices: Notices
) -> tuple[LessonUsed, ...]:
    """The lessons used; ``lessons`` gives number and title of each one named that may be seen.

    The title of every lesson known is told in ``notices.found``, for the page alone.
    """
    rows = typed.rows("used", USED_WORDS)
    found = [_used(index, row, lessons, notices) for index, row in enumerate(rows)]
    return tuple(one for one in found if one)


def _used(
    index: int, row: Row, lessons: Mapping[str, tuple[int, str]], notices: Notices
) -> LessonUsed | None:
    name, written = f"used-{index}-lesson", plain(row.get("lesson", ""))
    outcome, changed = row.get("outcome", ""), plain(row.get("changed", ""))
    known = lessons.get(written)
    if known:
        notices.found[name] = known[1]
    if not outcome and not changed:
        return None
    if outcome not in OUTCOMES:
        notices.problems[f"used-{index}-outcome"] = _("เลือกว่าใช้แล้วได้ผลหรือไม่")
    if known is None:
        notices.problems[name] = (
            _("ไม่พบบทเรียนนี้ ใส่เลขบทเรียน ที่อยู่ของหน้า หรือชื่อเรื่องให้ตรง")
            if written
            else _("บอกว่าใช้บทเรียนไหน")
        )
        return None
    return LessonUsed(known[0], outcome, changed)


def fill(used: Iterable[LessonUsed]) -> dict[str, tuple[str, ...]]:
    """The fields of the lessons used."""
    return from_rows("used", map(_row, used))


def of_briefing(key: str, lessons: Iterable[int]) -> dict[str, tuple[str, ...]]:
    """The fields of a form that asks which lessons of a briefing were used."""
    rows: Iterable[Row] = ({"lesson": str(number)} for number in lessons)
    return {"briefing": (key,), **from_rows("used", rows)}


def _row(one: LessonUsed) -> Row:
    return {"lesson": str(one.lesson), "outcome": one.outcome, "changed": one.changed}
