"""What would make a lesson easier to use, seen by rules while it is being written.

Hints never refuse anything: rules of words are wrong at times, and the writer knows better.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import organisations
from kms.language import gettext as _
from kms.models import Organisation, OrganisationAlias
from kms.note_kinds import LessonParts
from kms.permissions import Viewer
from kms.thai.numbers import to_arabic

# Three lines of large type on a phone; the parts beneath it take more.
LONGEST = {"point": 160, "holds_when": 400, "what_to_do": 700, "why": 500}
MOST_ABBREVIATIONS = 3
# Fewer words than these are hardly begun: nothing is missing yet.
SHORTEST_BEGUN = 12

_BECAUSE = re.compile("เพราะ|เนื่องจาก|เหตุที่|สาเหตุ|ทำให้|จึง|ช่วยให้|ส่งผล|because", re.IGNORECASE)
_WHEN = re.compile("เมื่อ|ถ้า|หาก|กรณี|ระหว่าง|ก่อน|หลังจาก|ช่วงที่|ตอนที่|ที่ใด|when|if ", re.IGNORECASE)
_ITEM = re.compile(r"^\s*(?:[-*•+]|[0-9]{1,2}[.)]|\([0-9]{1,2}\))\s*\S", re.MULTILINE)
_INLINE_ITEM = re.compile(r"(?:^|[\s(])([1-9])[.)]\s*(?=[^\s0-9])")
_ONE_MORE = re.compile("นอกจากนี้|นอกจากนั้น|อีกทั้งยัง|อีกประการ|อีกเรื่อง|อีกข้อ|ประการที่สอง|ข้อที่สอง|ประการต่อมา")
_ADVICE = "ไม่ควร|ควร|ต้อง|อย่า|ห้าม|พึง"
_ADVICE_TWICE = re.compile(
    rf"(?:{_ADVICE}).{{4,99}}?(?:และ|รวมทั้ง|อีกทั้ง|พร้อมทั้ง)(?:ก็|ยัง)?(?:{_ADVICE})"
)
_CLAUSE_OF_ADVICE = re.compile(rf"(?:^|[\s,;])(?:จึง|ก็)?(?:{_ADVICE})(?!การ|หา)")
_THAI_SHORT = re.compile(r"(?<![ก-๎.])[ก-ฮ]{1,6}\.(?:[ก-ฮ]{1,4}\.)*(?![ก-๎])")
_LATIN_SHORT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,6}(?![A-Za-z0-9])")
_BRACKETED = re.compile(r"\(([^()]{0,60})\)")
# Everyone reads these: days and places, titles, measures, and words of the field itself.
_PLAIN_SHORT = re.compile(
    r"(ม\.ค|ก\.พ|มี\.ค|เม\.ย|พ\.ค|มิ\.ย|ก\.ค|ส\.ค|ก\.ย|ต\.ค|พ\.ย|ธ\.ค|พ\.ศ|ค\.ศ|น|ชม|โทร|ฯลฯ"
    r"|จ|อ|ต|ม|ถ|ซ|บ|ป|ช|กทม|อบต|อบจ|ร\.?ร|กม|ซม|มม|กก|ดร|นพ|พญ|น\.?ส|ผศ|รศ|ศ)\."
    "|AAR|BAR|KM|LINE|OK|PDF|QR|SMS|TV|IT"
)


@dataclass(frozen=True)
class Hint:
    """Something to look at again; ``field`` is the part of the form that it stands beside."""

    field: str
    rule: str
    said: str


def hints(parts: LessonParts, known: Mapping[str, str]) -> list[Hint]:
    """What to look at again, part by part; ``known`` maps abbreviations to their full names."""
    if len(parts.point.strip()) < SHORTEST_BEGUN:
        return []
    found = [
        *_point_hints(parts.point),
        *_missing(parts),
        *_short_forms(parts, known),
        *_too_long(parts),
    ]
    order = list(LONGEST)
    return sorted(found, key=lambda one: order.index(one.field))


def _missing(parts: LessonParts) -> Iterable[Hint]:
    whole = f"{parts.point} {parts.what_to_do}"
    if not parts.why.strip() and not _BECAUSE.search(whole):
        said = _("ยังไม่บอกว่าเพราะอะไร เติมเหตุสักประโยค คนอื่นจะรู้ว่าใช้กับที่ของตัวเองได้ไหม")
        yield Hint("why", "why", said)
    if not parts.holds_when.strip() and not _WHEN.search(whole):
        said = _("ยังไม่บอกว่าใช้ได้เมื่อไร ที่ไหน กับใคร")
        yield Hint("holds_when", "when", said)


def _point_hints(point: str) -> Iterable[Hint]:
    if says_more_than_one(point):
        said = _("ดูเหมือนมีหลายข้อ แยกเป็นบทเรียนละข้อ คนอ่านจะหยิบไปใช้ได้ตรงเรื่อง")
        yield Hint("point", "one", said)


def says_more_than_one(point: str) -> bool:
    """Whether the words of a point look like several."""
    point = to_arabic(point)
    numbers = [one[1] for one in _INLINE_ITEM.finditer(point)]
    return bool(
        len(_ITEM.findall(point)) >= 2
        or numbers[:2] == ["1", "2"]
        or _ONE_MORE.search(point)
        or _ADVICE_TWICE.search(point)
        or len(_CLAUSE_OF_ADVICE.findall(point)) >= 3
    )


def short_forms(parts: LessonParts) -> list[tuple[str, str]]:
    """Field and abbreviation, each once, of those that the lesson does not explain itself."""
    texts = {name: getattr(parts, name) for name in LONGEST}
    whole = "\n".join(texts.values())
    bracketed = " ".join(_BRACKETED.findall(whole))
    found: dict[str, str] = {}
    for name, text in texts.items():
        for match in (*_THAI_SHORT.finditer(text), *_LATIN_SHORT.finditer(text)):
            short = match[0]
            is_told = short in bracketed or f"{short} (" in whole or f"{short}(" in whole
            is_item = len(short) == 2 and not text[: match.start()].strip()
            if not _PLAIN_SHORT.fullmatch(short) and not is_told and not is_item:
                found.setdefault(short, name)
    return [(name, short) for short, name in found.items()]


def _short_forms(parts: LessonParts, known: Mapping[str, str]) -> Iterable[Hint]:
    for field, short in short_forms(parts)[:MOST_ABBREVIATIONS]:
        full = known.get(short, "")
        said = (
            _("%(short)s คือ %(full)s เขียนชื่อเต็มสักครั้ง คนต่างพื้นที่จะเข้าใจ", short=short, full=full)
            if full
            else _("คนต่างพื้นที่อาจไม่รู้จัก %(short)s เขียนชื่อเต็มสักครั้ง", short=short)
        )
        yield Hint(field, "short", said)


def _too_long(parts: LessonParts) -> Iterable[Hint]:
    for name, longest in LONGEST.items():
        length = len(getattr(parts, name).strip())
        if length > longest:
            said = _("ยาว %(n)s ตัวอักษร ลองให้เหลือไม่เกิน %(most)s", n=length, most=longest)
            yield Hint(name, "long", said)


def full_names(session: Session, shorts: Sequence[str], *, seen_by: Viewer) -> dict[str, str]:
    """Abbreviation → the name of the organisation that goes by it, dots or not.

    Only of those that the viewer may know, and none whose name is the abbreviation itself.
    """
    keys = {short: organisations.key(short) for short in shorts}
    if not keys:
        return {}
    rows = session.execute(
        select(OrganisationAlias.key, Organisation.name)
        .join(Organisation, Organisation.id == OrganisationAlias.organisation_id)
        .where(OrganisationAlias.key.in_(set(keys.values())), organisations.known_to(seen_by))
    )
    names = {row.key: row.name for row in rows if organisations.key(row.name) != row.key}
    return {short: names[key] for short, key in keys.items() if key in names}
