"""Periods as people write them: a year, a budget year, "ตั้งแต่ 2548"; either side may be open."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from kms.language import current
from kms.language import gettext as _
from kms.thai import dates
from kms.thai.words import fold

_SINCE = re.compile(r"(?:ตั้งแต่|เริ่ม(?:เมื่อ)?|since |from )\s*")
_UNTIL = re.compile(r"(?:จนถึง|ถึง|until |to )\s*")
_ONGOING = re.compile(
    r"\s*(?:[-–—]|(?:จน)?ถึง(?:ปัจจุบัน|ตอนนี้|วันนี้)|เป็นต้น(?:มา|ไป)|[-–—]\s*(?:ปัจจุบัน|now|present))$"
)
_JOINT = re.compile(r"\s*(?:จนถึง|ถึง|–|—|\s-\s|(?<=\d{4})-(?=\d{4}(?!\d))|\sto\s)\s*")
_FISCAL = re.compile(r"ปี\s*งบ(?:ประมาณ)?ฯ?\s*")
_BARE_YEAR = re.compile(r"(?:พ\.?\s*ศ\.?\s*)?[0-9๐-๙]{4}")


@dataclass(frozen=True)
class Period:
    """First and last day, both included; None where nobody knows."""

    starts: date | None = None
    ends: date | None = None

    def in_common(self, other: "Period") -> "Period | None":
        """The time that both have, open where both are; None when one is over before the other."""
        starts = max(filter(None, (self.starts, other.starts)), default=None)
        ends = min(filter(None, (self.ends, other.ends)), default=None)
        return None if starts and ends and starts > ends else Period(starts, ends)


def read(text: str) -> Period:
    """The period that a person wrote; nothing written is not known.

    Raises ``ValueError`` with a sentence for the person who typed it.
    """
    plain = " ".join(fold(text[: dates.LONGEST_TEXT * 2]).split())
    if not plain:
        return Period()
    ongoing, since = _ONGOING.search(plain), _SINCE.match(plain)
    if ongoing:
        beginning = plain[: ongoing.start()]
        return Period(dates.read(_SINCE.sub("", beginning, count=1)).first)
    until = _UNTIL.match(plain)
    if until:
        return Period(None, dates.read(plain[until.end() :]).last)
    said = plain[since.end() :] if since else plain
    if since and not _JOINT.search(said):
        return Period(dates.read(said).first)
    return _both_sides(said)


def _both_sides(text: str) -> Period:
    sides = _JOINT.split(text)
    fiscal = _FISCAL.match(text)
    if len(sides) == 2 and (fiscal or _FISCAL.match(sides[1])):
        last = sides[1]
        if fiscal and _BARE_YEAR.fullmatch(last):
            last = fiscal[0] + last
        period = Period(dates.read(sides[0]).first, dates.read(last).last)
        if period.in_common(Period()) is None:
            raise ValueError(_("วันสุดท้ายมาก่อนวันแรก ตรวจลำดับวันที่อีกครั้ง"))
        return period
    held = dates.read(text)
    return Period(held.first, held.last)


def typed(period: Period) -> str:
    """The words that ``read`` reads as this period; empty for one that nobody knows."""
    if period.starts and period.ends:
        return _between(period.starts, period.ends)
    if period.starts:
        return _("ตั้งแต่ %(when)s", when=_from(period.starts))
    if period.ends:
        return _("ถึง %(when)s", when=_until(period.ends))
    return ""


def show(period: Period) -> str:
    """The period for people, who are told what nobody knows of it."""
    if period.starts and not period.ends:
        return _("ตั้งแต่ %(when)s ไม่รู้ว่าถึงเมื่อใด", when=_from(period.starts))
    if period.ends and not period.starts:
        return _("ถึง %(when)s ไม่รู้ว่าเริ่มเมื่อใด", when=_until(period.ends))
    return typed(period) or _("ไม่รู้ว่าตั้งแต่เมื่อใดถึงเมื่อใด")


def _between(starts: date, ends: date) -> str:
    is_fiscal = (starts.month, starts.day, ends.month, ends.day) == (10, 1, 9, 30)
    if not is_fiscal or current() != "th":
        return dates.show_range(starts, ends, style="short")
    first, last = dates.year_be(starts) + 1, dates.year_be(ends)
    return f"ปีงบประมาณ {first}" if first == last else f"ปีงบประมาณ {first}–{last}"


def _from(day: date) -> str:
    """No more than was written: the first of a month stands for it, of January for the year."""
    if day.day != 1:
        return dates.show(day, style="short")
    last = date(day.year, 12, 31) if day.month == 1 else _end_of_month(day)
    return dates.show_range(day, last, style="short")


def _until(day: date) -> str:
    if day != _end_of_month(day):
        return dates.show(day, style="short")
    first = date(day.year, 1, 1) if day.month == 12 else day.replace(day=1)
    return dates.show_range(first, day, style="short")


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
