"""Dates as Thai people write and read them. Buddhist-era years live here and nowhere else.

Inside the program dates are ``datetime.date`` and instants are UTC; พ.ศ. = ค.ศ. + 543.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from kms.language import current
from kms.language import gettext as _
from kms.thai.words import fold, fold_with_offsets

Precision = Literal["day", "month", "year"]
Style = Literal["long", "short"]

BANGKOK = ZoneInfo("Asia/Bangkok")
BE_MINUS_CE = 543
FIRST_YEAR, LAST_YEAR = 1782, 2157
LONGEST_TEXT = 120

MONTHS = (
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
)
MONTHS_SHORT = (
    "ม.ค.",
    "ก.พ.",
    "มี.ค.",
    "เม.ย.",
    "พ.ค.",
    "มิ.ย.",
    "ก.ค.",
    "ส.ค.",
    "ก.ย.",
    "ต.ค.",
    "พ.ย.",
    "ธ.ค.",
)
ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")
_ENGLISH_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OTHER_SPELLINGS = {
    "กุมภาพันธุ์": 2,
    "กุมพาพันธ์": 2,
    "พฤกษภาคม": 5,
    "กรกฏาคม": 7,
    "พฤษจิกายน": 11,
}


@dataclass(frozen=True)
class Held:
    """First and last day of what was written; the same day twice for a single day.

    ``precision`` is what the writer gave: a month or a year alone spans all its days.
    ``warning`` is a sentence for the writer, empty when there is nothing to say.
    """

    first: date
    last: date
    warning: str = ""
    precision: Precision = "day"


# --- reading: the pieces of a written date -------------------------------------------------------


@dataclass(frozen=True)
class _Written:
    """What one end of a date says, before missing parts are filled in."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    fiscal: bool = False
    warning: str = ""

    @property
    def precision(self) -> Precision:
        if self.day is not None:
            return "day"
        return "month" if self.month is not None or self.fiscal else "year"


def _month_names() -> dict[str, int]:
    names: dict[str, int] = dict(_OTHER_SPELLINGS)
    for number, (full, short, english) in enumerate(
        zip(MONTHS, MONTHS_SHORT, ENGLISH_MONTHS, strict=True), start=1
    ):
        names[full] = number
        names[re.sub("(คม|ยน|พันธ์)$", "", full)] = number
        names[short.replace(".", "")] = number
        names[english.lower()] = number
        names[english[:3].lower()] = number
    names["sept"] = 9
    return names


def _spelt(name: str) -> str:
    """Thai abbreviations may have a dot, dot and space, or nothing inside: ธ.ค. ธค ธ. ค."""
    if name in _SHORT_LETTERS:
        return rf"{name[:-1]}(?:\. ?)?{name[-1]}(?![ก-๎])\.?"
    if name.isascii():
        return rf"(?<![a-z]){name}(?![a-z])\.?"
    return re.escape(name)


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern in which ``~`` stands for up to three spaces."""
    return re.compile(text.replace("~", " {0,3}"))


_SHORT_LETTERS = {short.replace(".", "") for short in MONTHS_SHORT}
_MONTH_NAMES = _month_names()
_ANY_MONTH = "(?:" + "|".join(map(_spelt, sorted(_MONTH_NAMES, key=len, reverse=True))) + ")"
_MONTH = f"(?P<month>{_ANY_MONTH})"
_ERA = r"(?P<era>พุทธศักราช|คริสต์?ศักราช|พ\.?~ศ\.?|ค\.?~ศ\.?|\bbe\b|\bce\b|\bad\b)"
_TWO_DIGITS = rf"'?\d{{2}}(?!\d)(?!~[.:]\d|~[-./]?~{_ANY_MONTH}|~(?:คน|ราย|บาท|%|ตำบล|หมู่|ครั้ง))"
_YEAR = rf"(?:(?:ปี~)?{_ERA}?~(?P<year>\d{{4}}(?!\d)|{_TWO_DIGITS}))"
_BE_AFTER = r"(?:~\(be \d{4}\))?"
_WEEKDAY = (
    r"(?:(?:วัน)?(?P<weekday>จันทร์|อังคาร|พุธ|พฤหัสบดี|พฤหัสฯ?|ศุกร์|เสาร์|อาทิตย์)"
    r"~(?:ที่ผ่านมา|ที่แล้ว|ที่จะถึง|นี้|ที่)?[ ,(]{0,3}"
    r"|(?<![a-z])(?P<english>mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[ ,.]{1,3})"
)
_DAY = rf"{_WEEKDAY}?(?:วันที่~)?(?P<day>\d{{1,2}})(?!\d)"
_NTH = "(?:st|nd|rd|th)?"

_ISO_DAY = _pattern(
    r"(?P<year>\d{4})(?P<mark>[-/])(?P<number>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)"
)
_ISO_MONTH = _pattern(r"(?P<year>\d{4})-(?P<number>0[1-9]|1[0-2])(?![\d-])")
_NUMBERS = _pattern(
    rf"{_DAY}~(?P<mark>[-./])~(?P<number>\d{{1,2}})~(?P=mark)~(?P<year>\d{{4}}|\d{{2}})(?!\d)"
)
_DAY_MONTH_YEAR = _pattern(
    rf"{_DAY}{_NTH}~[-./]?~(?:เดือน~)?{_MONTH}(?:~[-./,]?~{_YEAR}{_BE_AFTER})?"
)
_MONTH_DAY_YEAR = _pattern(
    rf"{_WEEKDAY}?{_MONTH}~(?P<day>\d{{1,2}})(?!\d){_NTH}~,?~(?P<year>\d{{4}})(?!\d)"
)
_MONTH_YEAR = _pattern(rf"(?:เดือน~)?{_MONTH}~[-./,]?~{_YEAR}{_BE_AFTER}")
_MONTH_ALONE = _pattern(rf"(?:เดือน~)?{_MONTH}")
_YEAR_ALONE = _pattern(
    rf"(?:(?P<fiscal>ปี~งบประมาณ~|ปีงบฯ?~)|ปี~)?{_ERA}?~(?P<year>\d{{4}})(?!\d){_BE_AFTER}"
)
_DAY_ALONE = _pattern(_DAY)
_POINTS = (
    _ISO_DAY,
    _ISO_MONTH,
    _NUMBERS,
    _DAY_MONTH_YEAR,
    _MONTH_DAY_YEAR,
    _MONTH_YEAR,
    _YEAR_ALONE,
)
_TO = _pattern(r"~(?:[-–—/]|จนถึง|ถึง|(?<= )to(?= ))~(?:วันที่~|เดือน~|ปี~)?")
_AND = _pattern(r"~(?:และ|,|&)~")
_BEFORE = _pattern(r"(?:ระหว่าง|ตั้งแต่|เมื่อ|ใน|on )?~")
_AFTER = _pattern(
    r"~(?:[@,t]?~(?:เวลา~)?\d{1,2}[.:]\d{2}(?:[.:]\d{2}(?:\.\d{1,6})?)?~(?:z|น\.?)?)?~[.)]?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_RELATIVE = {"วันนี้": 0, "เมื่อวาน": -1, "เมื่อวานนี้": -1, "พรุ่งนี้": 1}

_Span = tuple[_Written, _Written, int]


def today_in_thailand() -> date:
    """The day it is for the people who read."""
    return datetime.now(BANGKOK).date()


def read(text: str, *, today: date | None = None, near: date | None = None) -> Held:
    """The day, range, month or year that a person wrote, in BE or CE, Thai or English.

    A missing year is the latest one that puts the day on or before ``near`` (else ``today``).
    Raises ``ValueError`` with a sentence for the person who typed it.
    """
    plain = " ".join(fold(text[: LONGEST_TEXT * 2]).split())
    if len(plain) > LONGEST_TEXT or len(text) > LONGEST_TEXT * 2 or _CONTROLS.search(text):
        raise ValueError(_("วันที่ยาวเกินไปหรือมีอักขระที่อ่านไม่ได้ เขียนเช่น 18 ธ.ค. 2550"))
    today = today or today_in_thailand()
    if plain in _RELATIVE:
        day = today + timedelta(days=_RELATIVE[plain])
        return Held(day, day)
    before = _BEFORE.match(plain)
    start = before.end() if before else 0
    span = _span(plain, start, whole=True)
    if span is None or not _AFTER.fullmatch(plain, span[2]):
        raise ValueError(
            _("อ่านวันที่ “%(text)s” ไม่ออก เขียนเช่น 18 ธ.ค. 2550 หรือ 18/12/2550", text=plain[:60])
        )
    return _held(span[0], span[1], near or today)


def find(
    text: str, *, today: date | None = None, near: date | None = None
) -> list[tuple[int, int, Held]]:
    """Dates inside running text, in order, as ``(start, end, held)`` with offsets in ``text``.

    Precision before recall: a bare year counts only after ปี, พ.ศ. or ค.ศ., a bare month never.
    """
    folded, offsets = fold_with_offsets(text)
    reference = near or today or today_in_thailand()
    found: list[tuple[int, int, Held]] = []
    at = 0
    while start := _START.search(folded, at):
        at = start.start() + 1
        span = _span(folded, start.start(), whole=False)
        if span is None:
            continue
        try:
            held = _held(span[0], span[1], reference)
        except ValueError:
            continue
        at = span[2]
        found.append((offsets[start.start()], offsets[at - 1] + 1, held))
    return found


_START = _pattern(
    r"(?<!\d)(?<!\d[.,/:-])(?=\d|วัน|จันทร์|อังคาร|พุธ|พฤหัส|ศุกร์|เสาร์|อาทิตย์|เดือน|ปี~"
    r"|พ\.?~ศ|พุทธศ|คริสต|ค\.?~ศ"
    rf"|(?<![ก-ฮ.]){_ANY_MONTH}|(?:มก|กุม|มี|เม|พฤ|มิ|กร|สิ|กั|ตุ|ธั)|(?<![a-z])[a-z]{{3}})"
)


def _span(text: str, at: int, *, whole: bool) -> _Span | None:
    """Both ends of the date or range that starts at ``at``, and where it stops."""
    first = _point(text, at, whole=whole)
    if first is None:
        return _days_of_one_month(text, at) or _months_of_one_year(text, at, whole=whole)
    written, end = first
    joint = _TO.match(text, end)
    second = _point(text, joint.end(), whole=True) if joint else None
    if second is not None and _same_kind(written, second[0]):
        return written, second[0], second[1]
    return written, written, end


def _same_kind(first: _Written, second: _Written) -> bool:
    return first.precision == second.precision


def _point(text: str, at: int, *, whole: bool) -> tuple[_Written, int] | None:
    for pattern in _POINTS:
        match = pattern.match(text, at)
        if match and (whole or _is_plain(match, pattern)):
            return _written(match, pattern), match.end()
    return None


def _is_plain(match: re.Match[str], pattern: re.Pattern[str]) -> bool:
    """Is this surely a date where it stands among other words and numbers?"""
    if pattern is _ISO_MONTH:
        return False
    if pattern is _YEAR_ALONE:
        return not match[0][:1].isdigit()
    if pattern is _NUMBERS:
        return len(match["year"]) == 4 or match["mark"] == "/"
    return True


def _days_of_one_month(text: str, at: int) -> _Span | None:
    """5-6 มิถุนายน 2552; 5, 6 และ 7 มิถุนายน 2552."""
    start = _DAY_ALONE.match(text, at)
    if not start:
        return None
    end, listed = start.end(), [int(start["day"])]
    while True:
        joint = _TO.match(text, end) or _AND.match(text, end)
        if not joint or len(listed) > 31:
            return None
        last = _DAY_MONTH_YEAR.match(text, joint.end()) or _NUMBERS.match(text, joint.end())
        if last:
            break
        more = _DAY_ALONE.match(text, joint.end())
        if not more:
            return None
        listed.append(int(more["day"]))
        end = more.end()
    second = _written(last, last.re)
    warning = ""
    if _AND.fullmatch(joint[0]) and second.day != listed[-1] + 1:
        warning = _("วันที่เขียนไว้ไม่ติดกัน จึงเก็บเป็นช่วงตั้งแต่วันแรกถึงวันสุดท้าย")
    first = replace(
        second, day=listed[0], weekday=_weekday(start), warning=warning or second.warning
    )
    return first, second, last.end()


def _months_of_one_year(text: str, at: int, *, whole: bool) -> _Span | None:
    """มิถุนายน - สิงหาคม 2552; where ``whole``, also a month alone."""
    month = _MONTH_ALONE.match(text, at)
    if not month:
        return None
    written = _Written(month=_month(month["month"]))
    joint = _TO.match(text, month.end())
    last = _MONTH_YEAR.match(text, joint.end()) if joint else None
    if last:
        return written, _written(last, _MONTH_YEAR), last.end()
    return (written, written, month.end()) if whole else None


def _month(name: str) -> int:
    return _MONTH_NAMES[re.sub("[. ]", "", name)]


def _weekday(match: re.Match[str]) -> int | None:
    parts = match.groupdict()
    if parts.get("weekday"):
        return next(i for i, name in enumerate(WEEKDAYS) if name[:4] == parts["weekday"][:4])
    if parts.get("english"):
        return ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(parts["english"])
    return None


def _written(match: re.Match[str], pattern: re.Pattern[str]) -> _Written:
    parts = match.groupdict()
    month = _month(parts["month"]) if parts.get("month") else None
    if parts.get("number"):
        month = int(parts["number"])
    year, warning = None, ""
    if parts.get("year"):
        english = bool(parts.get("month") and parts["month"].isascii())
        year = _year_ce(parts["year"].lstrip("'"), parts.get("era") or "", english=english)
        if pattern is _NUMBERS and len(parts["year"]) == 2 and int(parts["year"]) < 40:
            warning = _("อ่านปี %(short)s เป็น พ.ศ. 25%(short)s", short=parts["year"])
    return _Written(
        day=int(parts["day"]) if parts.get("day") else None,
        month=month,
        year=year,
        weekday=_weekday(match),
        fiscal=bool(parts.get("fiscal")),
        warning=warning,
    )


def _year_ce(digits: str, era: str, *, english: bool) -> int:
    """CE year. Two digits are 25xx BE unless an English month or era says otherwise."""
    number = int(digits)
    christian = era[:1] in ("ค", "c", "a")
    if len(digits) == 2:
        if english or christian:
            return 2000 + number if number < 70 else 1900 + number
        return 2500 + number - BE_MINUS_CE
    buddhist = era[:1] in ("พ", "b") or (not christian and number > 2400)
    return number - BE_MINUS_CE if buddhist else number


# --- reading: filling in what was left out -------------------------------------------------------


def _held(first: _Written, last: _Written, reference: date) -> Held:
    single = first is last
    last = _with_year(last, first, reference)
    first = last if single else _with_year_of_end(first, last)
    begins, ends = _days(first)[0], _days(last)[1]
    if begins > ends:
        raise ValueError(_("วันสุดท้ายมาก่อนวันแรก ตรวจลำดับวันที่อีกครั้ง"))
    warnings = [first.warning, _weekday_warning(first)]
    if not single:
        warnings += [last.warning, _weekday_warning(last)]
    warning = " ".join(dict.fromkeys(each for each in warnings if each))
    return Held(begins, ends, warning, last.precision)


def _with_year(written: _Written, first: _Written, reference: date) -> _Written:
    """The year as written, else that of the first end, else the nearest before the reference."""
    if written.year is not None:
        return written
    if first.year is not None:
        earlier = (written.month or 1, written.day or 1) < (first.month or 1, first.day or 1)
        return replace(written, year=first.year + earlier)
    for year in range(reference.year, reference.year - 9, -1):
        dated = replace(written, year=year)
        if _exists(dated) and _days(dated)[0] <= reference:
            return dated
    return replace(written, year=reference.year)


def _with_year_of_end(first: _Written, last: _Written) -> _Written:
    if first.year is not None or last.year is None:
        return first
    later = (first.month or 1, first.day or 1) > (last.month or 1, last.day or 1)
    return replace(first, year=last.year - later)


def _exists(written: _Written) -> bool:
    try:
        _days(written)
    except ValueError:
        return False
    return True


def _days(written: _Written) -> tuple[date, date]:
    """First and last day of a completed day, month, fiscal or calendar year."""
    year = written.year or 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(_("ปี %(year)s ไม่น่าจะถูกต้อง", year=year + BE_MINUS_CE))
    if written.fiscal:
        return date(year - 1, 10, 1), date(year, 9, 30)
    if written.month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not 1 <= written.month <= 12:
        raise ValueError(_("ไม่มีเดือนที่ %(month)s", month=written.month))
    length = monthrange(year, written.month)[1]
    if written.day is None:
        return date(year, written.month, 1), date(year, written.month, length)
    if not 1 <= written.day <= length:
        raise ValueError(
            _(
                "ไม่มีวันที่ %(day)s ในเดือน%(month)s พ.ศ. %(year)s",
                day=written.day,
                month=_month_name(written.month, "long", current()),
                year=year + BE_MINUS_CE,
            )
        )
    day = date(year, written.month, written.day)
    return day, day


def _weekday_warning(written: _Written) -> str:
    if written.weekday is None or written.day is None:
        return ""
    day = _days(written)[0]
    if day.weekday() == written.weekday:
        return ""
    return _(
        "%(date)s เป็นวัน%(right)s ไม่ใช่วัน%(wrong)s",
        date=show(day),
        right=_weekday_name(day.weekday()),
        wrong=_weekday_name(written.weekday),
    )


def _weekday_name(number: int) -> str:
    return WEEKDAYS[number] if current() == "th" else _ENGLISH_WEEKDAYS[number].capitalize()


# --- years ---------------------------------------------------------------------------------------


def year_be(day: date) -> int:
    """พ.ศ. of a day."""
    return day.year + BE_MINUS_CE


def read_year(text: str) -> int:
    """CE year from a year typed in BE or CE, Thai or Arabic digits; two digits are 25xx."""
    plain = " ".join(fold(text[:40]).split())
    match = _ONE_YEAR.fullmatch(plain)
    year = _year_ce(match["year"], match["era"] or "", english=False) if match else 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(_("อ่านปีไม่ออก เขียนเป็น พ.ศ. เช่น 2550"))
    return year


_ONE_YEAR = _pattern(rf"(?:ปี~)?{_ERA}?~(?P<year>\d{{4}}|\d{{2}})")


# --- showing -------------------------------------------------------------------------------------


def show(day: date, *, style: Style = "long", language: str | None = None) -> str:
    """A day for people: 18 ธันวาคม 2550, 18 ธ.ค. 2550; in English with the CE year first."""
    tongue = language or current()
    return f"{day.day} {_month_year(day.year, day.month, style, tongue)}"


def show_range(
    first: date, last: date, *, style: Style = "long", language: str | None = None
) -> str:
    """A range in the fewest words: a whole year or month by name, shared month or year once."""
    tongue = language or current()
    if first == last:
        return show(first, style=style, language=tongue)
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1]:
        return _show_months(first, last, style, tongue)
    end = show(last, style=style, language=tongue)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    if first.year == last.year:
        return f"{first.day} {_month_name(first.month, style, tongue)} – {end}"
    return f"{show(first, style=style, language=tongue)} – {end}"


def _show_months(first: date, last: date, style: Style, tongue: str) -> str:
    if (first.month, last.month) == (1, 12):
        return _years(first.year, last.year, style, tongue)
    end = _month_year(last.year, last.month, style, tongue)
    if (first.year, first.month) == (last.year, last.month):
        return end
    if first.year == last.year:
        return f"{_month_name(first.month, style, tongue)} – {end}"
    return f"{_month_year(first.year, first.month, style, tongue)} – {end}"


def show_instant(instant: datetime, *, style: Style = "long", language: str | None = None) -> str:
    """A UTC instant (naive means UTC) as Thai clocks show it: 20 ธันวาคม 2550 11.04 น."""
    tongue = language or current()
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    local = aware.astimezone(BANGKOK)
    clock = f"{local:%H.%M} น." if tongue == "th" else f"{local:%H:%M}"
    return f"{show(local.date(), style=style, language=tongue)} {clock}"


def _month_name(month: int, style: Style, tongue: str) -> str:
    if tongue == "th":
        return (MONTHS if style == "long" else MONTHS_SHORT)[month - 1]
    return ENGLISH_MONTHS[month - 1] if style == "long" else ENGLISH_MONTHS[month - 1][:3]


def _month_year(year: int, month: int, style: Style, tongue: str) -> str:
    return f"{_month_name(month, style, tongue)} {_years(year, year, style, tongue)}"


def _years(first: int, last: int, style: Style, tongue: str) -> str:
    shift = BE_MINUS_CE if tongue == "th" else 0
    years = f"{first + shift}" if first == last else f"{first + shift}–{last + shift}"
    if tongue != "th" and style == "long" and first == last:
        return f"{years} (BE {first + BE_MINUS_CE})"
    return years
