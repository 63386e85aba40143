"""Plain text saved from a web page: GotoKnow notes, community newsletters, news.

The words are kept as written. Only what belongs to the page around them goes: site banners,
footers, the counters line, and the title where a picture's caption repeats it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kms import places
from kms.errors import Invalid
from kms.exchange.records import Record, Refused, record
from kms.language import gettext as _
from kms.thai import dates
from kms.thai.words import fold

LARGEST_FILE = 8_000_000
# A note says when it happened near its beginning.
EVENT_WITHIN = 2_500
MOST_PLACES = 30

_BANNER = re.compile(r"download\s+คล[ิ้๊]*กที่นี่|ติดตามฟังรายการ", re.IGNORECASE)
_FOOTER = (
    "พบปัญหาการใช้งานกรุณาแจ้ง LINE ID",
    "ClassStart",
    "ระบบจัดการการเรียนการสอนผ่านอินเทอร์เน็ต",
    "ทั้งเว็บทั้งแอปใช้งานฟรี",
    "โครงการหนังสือจากคลาสสตาร์ท",
)
_RECORD = re.compile(r"^หมายเลขบันทึก:\s*(?P<number>\d+)(?P<rest>.*)$")
_WRITTEN = re.compile(r"เขียน(?:เมื่อ)?:?\s*(?P<when>.+?)\s*\(\)")
_LICENCE = re.compile(r"สัญญาอนุญาต:\s*(?P<licence>[^,]*?)\s*(?:,|จำนวนที่อ่าน|อ่าน:|$)")
_TAGS = re.compile(r"^คำสำคัญ\s*\(Tags\)\s*:?\s*(?P<tags>.*)$", re.IGNORECASE)
_WRITTEN_AT = re.compile(r"^บันทึกนี้เขียนที่\s+GotoKnow")
_COMMENTS = re.compile(r"^ความเห็น\s+\((?P<count>\d+)\)\s*$")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")
_NAME = re.compile(r"^[ก-๎]{2,}(?: [ก-๎]{2,}){1,3}$")
_POLITE_END = re.compile(r"(ค่ะ|คะ|ครับ|นะ)$")
_GREETING = re.compile(r"^(สวัสดี|เรียน |กราบ)")
_OPENING = re.compile(r"^(ขอบคุณ|ตามมา|ตามอ่าน|เข้ามา|แวะมา)")


@dataclass
class _Page:
    """The parts of a saved page, as they are told apart line by line."""

    title: str = ""
    lines: list[str] = field(default_factory=list)
    written: datetime | None = None
    number: str = ""
    licence: str = ""
    tags: list[str] = field(default_factory=list)
    comment_lines: list[str] = field(default_factory=list)
    comment_count: int = 0


def read(path: Path) -> Iterator[Record | Refused]:
    """The one note of this file."""
    where = str(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            yield Refused(where, _("ไฟล์ใหญ่เกินไป"))
            return
        text = path.read_text(encoding="utf-8-sig")
        yield read_text(text, where=where, name=path.stem, folder=path.parent.name)
    except UnicodeDecodeError:
        yield Refused(where, _("ไฟล์นี้ไม่ใช่ UTF-8"))
    except Invalid as problem:
        yield Refused(where, problem.message)


def read_text(text: str, *, where: str, name: str, folder: str = "text") -> Record:
    """The record of a saved page; raises Invalid when there is nothing to read in it."""
    page = _take_apart(text)
    body = _tidy(page.lines)
    if not page.title:
        raise Invalid(_("ไฟล์นี้ไม่มีข้อความ"))
    fields: dict[str, Any] = {
        "title": page.title[:300],
        "kind": "aar" if re.match(r"(AAR|ทบทวนหลัง)", page.title, re.IGNORECASE) else "note",
        "body": body,
        "places": _places_in(f"{page.title}\n{body}"),
        "tags": page.tags,
        "licence": page.licence,
        "created_at": page.written,
        "comments": _comments(page),
        **_event(f"{page.title}\n{body}", page.written),
    }
    source = "gotoknow" if page.number else folder
    return record(fields, where=where, source=source, source_id=page.number or name)


def _take_apart(text: str) -> _Page:
    page = _Page()
    target = page.lines
    for raw in text.splitlines():
        line = raw.strip(" \t\ufeff")
        if _is_boilerplate(line):
            continue
        if _take_facts(page, line):
            if _COMMENTS.match(line):
                target = page.comment_lines
            continue
        if target is page.lines and _take_heading(page, line):
            continue
        target.append(line)
    return page


def _is_boilerplate(line: str) -> bool:
    return bool(_BANNER.search(line) or _WRITTEN_AT.match(line) or line.startswith(_FOOTER))


def _take_facts(page: _Page, line: str) -> bool:
    """Whether this line tells facts of the page rather than words of the note."""
    if match := _RECORD.match(line):
        page.number = match["number"]
        if written := _WRITTEN.search(match["rest"]):
            page.written = _instant(written["when"])
        if licence := _LICENCE.search(match["rest"]):
            page.licence = licence["licence"]
        return True
    if match := _TAGS.match(line):
        page.tags += [tag.strip() for tag in match["tags"].split("#") if tag.strip()]
        return True
    if match := _COMMENTS.match(line):
        page.comment_count = int(match["count"])
        return True
    return False


def _take_heading(page: _Page, line: str) -> bool:
    """Whether this line is the title, a repetition of it, or the day of posting above it."""
    words = line.strip("\xa0 ")
    if not words:
        return not page.title
    if page.title:
        return fold(words) == fold(page.title)
    if day := _only_a_day(words):
        page.written = datetime.combine(day, datetime.min.time(), dates.BANGKOK)
    else:
        page.title = words
    return True


def _only_a_day(line: str) -> date | None:
    if len(line) > 60:
        return None
    try:
        held = dates.read(line)
    except ValueError:
        return None
    return held.first if held.precision == "day" and held.first == held.last else None


def _instant(text: str) -> datetime | None:
    try:
        day = dates.read(text).first
    except ValueError:
        return None
    clock = _CLOCK.search(text)
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    if hour > 23 or minute > 59:
        hour, minute = 0, 0
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=dates.BANGKOK)


def _tidy(lines: list[str]) -> str:
    """The lines as paragraphs: a single blank line between, none at the ends."""
    kept: list[str] = []
    for line in lines:
        blank = not line.strip("\xa0 ")
        if not blank:
            kept.append(line.rstrip("\xa0 "))
        elif kept and kept[-1]:
            kept.append("")
    return "\n".join(kept).strip("\n")


def _event(text: str, written: datetime | None) -> dict[str, str]:
    """The day of the event: the first full date of the text that is not after its writing."""
    near = written.date() if written else None
    for start, end, held in dates.find(text[:EVENT_WITHIN], near=near):
        if held.precision == "day" and (near is None or held.first <= near):
            days = f"{held.first.isoformat()}/{held.last.isoformat()}"
            return {"date": days, "date_as_written": text[start:end]}
    return {}


def _places_in(text: str) -> list[str]:
    codes = dict.fromkeys(mention.place.code for mention in places.recognise(text))
    return list(codes)[:MOST_PLACES]


def _comments(page: _Page) -> list[dict[str, Any]]:
    paragraphs = _paragraphs(page.comment_lines)
    if not paragraphs:
        return []
    starts = [0, *_boundaries(paragraphs, page.comment_count - 1)]
    ends = [*starts[1:], len(paragraphs)]
    parts = [paragraphs[start:end] for start, end in zip(starts, ends, strict=True)]
    return [_comment(number, part) for number, part in enumerate(parts, start=1)]


@dataclass(frozen=True)
class _Paragraph:
    text: str
    after_gap: bool  # a line of nothing but a no-break space stands before it


def _paragraphs(lines: list[str]) -> list[_Paragraph]:
    found: list[_Paragraph] = []
    gap = False
    for line in lines:
        if line.strip("\xa0 "):
            found.append(_Paragraph(line.strip("\xa0 "), gap))
            gap = False
        elif line:
            gap = True
    return found


def _boundaries(paragraphs: list[_Paragraph], wanted: int) -> list[int]:
    """Where comments begin: the likeliest ``wanted`` places, or none when they do not show.

    The saved text does not mark where one comment ends, so signs are weighed: a gap, a greeting,
    a name standing alone. Too few signs means the comments stay together, as written.
    """
    weights = {n: _sign_of_a_start(paragraphs, n) for n in range(1, len(paragraphs))}
    likely = sorted((n for n in weights if weights[n] >= 2), key=lambda n: (-weights[n], n))
    return sorted(likely[:wanted]) if 0 < wanted <= len(likely) else []


def _sign_of_a_start(paragraphs: list[_Paragraph], n: int) -> int:
    here, before = paragraphs[n], paragraphs[n - 1].text
    weight = 3 if here.after_gap else 0
    if _GREETING.match(here.text) or _is_name(here.text):
        weight += 3
    elif _OPENING.match(here.text):
        weight += 1
    if _is_name(before) or _GREETING.match(before):
        weight -= 3
    return weight


def _is_name(text: str) -> bool:
    return len(text) <= 40 and bool(_NAME.match(text)) and not _POLITE_END.search(text)


def _comment(number: int, part: list[_Paragraph]) -> dict[str, Any]:
    texts = [paragraph.text for paragraph in part]
    author = ""
    if len(texts) > 1 and _is_name(texts[0]):
        author = texts.pop(0)
    elif len(texts) > 2 and len(texts[-1]) <= 20 and " " not in texts[-1]:
        author = texts[-1]
    return {"id": str(number), "body": "\n\n".join(texts), "author": author}
