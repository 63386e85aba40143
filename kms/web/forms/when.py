"""Days as people type them, and what was understood."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from kms.language import gettext as _
from kms.note_kinds import NoteContent
from kms.thai import dates
from kms.thai.numbers import to_arabic
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Typed, plain

_A_YEAR = timedelta(days=364)
_DIGITS = re.compile(r"(?P<hour>\d{1,4})(?:[.:](?P<minute>\d{1,4}))?\s*(?:น\.?)?")


@dataclass(frozen=True)
class Days:
    """The days of an event and the words they were read from."""

    first: date | None = None
    last: date | None = None
    as_written: str = ""


def held(typed: Typed, notices: Notices) -> Days:
    """When it happened; nothing typed means nobody knows."""
    written = typed.words("held")
    if not written:
        return Days()
    found = _read("held", written, notices)
    return Days(found.first, found.last, written) if found else Days(as_written=written)


def day(name: str, written: str, notices: Notices, *, after: date | None = None) -> date | None:
    """One day still to come; a year left out is the first that is not before ``after``."""
    if not plain(written):
        return None
    found = _read(name, plain(written), notices, near=(after or date.today()) + _A_YEAR)
    if found and found.first != found.last:
        notices.problems[name] = _("บอกให้ชัดเป็นวันเดียว เช่น 27 ธ.ค. 2550")
        return None
    return found.first if found else None


def check_clock(name: str, written: str, notices: Notices) -> None:
    """A time in the writer's words is fine, but one in digits must be on a clock."""
    found = _DIGITS.fullmatch(to_arabic(written))
    if found and not (int(found["hour"]) <= 24 and int(found["minute"] or 0) < 60):
        notices.problems[name] = _("ไม่มีเวลานี้ในนาฬิกา พิมพ์เช่น 09.00 หรือ บ่ายสองโมง")


def _read(
    name: str, written: str, notices: Notices, *, near: date | None = None
) -> dates.Held | None:
    try:
        found = dates.read(written, near=near)
    except ValueError as problem:
        notices.problems[name] = str(problem)
        return None
    shown = dates.show_range(found.first, found.last)
    notices.hints[name] = _("อ่านว่า %(day)s", day=shown)
    if found.warning:
        notices.warnings[name] = found.warning
    return found


def said(one: date | None) -> str:
    """A day as the writer may have typed it."""
    return dates.show(one, style="short") if one else ""


def written(content: NoteContent) -> str:
    """The words of the event's date: the writer's own while they still mean the days kept.

    Words without a year mean another day as time passes; then the days are written out.
    """
    if content.held_from is None:
        return content.held_as_written
    kept = (content.held_from, content.held_to or content.held_from)
    own = _read("held", content.held_as_written, Notices()) if content.held_as_written else None
    if own and (own.first, own.last) == kept:
        return content.held_as_written
    return dates.show_range(*kept, style="short")
