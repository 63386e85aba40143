"""What a note must be before it is kept: tidy text, known codes, possible days, bounded size."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from kms import naming, places, question_sets
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.note_kinds import (
    LEVELS,
    OUTCOMES,
    PARTS,
    POLARITIES,
    ROLES,
    VISIBILITIES,
    ActionItem,
    AttachedFile,
    BudgetLine,
    Kind,
    LessonParts,
    LessonUsed,
    Meeting,
    NoteContent,
    Review,
    RolePlayed,
)

LONGEST_TITLE = 300
LONGEST_BODY = 400_000
LONGEST_TEXT = 50_000
LONGEST_NAME = 200
LONGEST_URL = 1_000
LONGEST_KEY = 32
# A note of the whole country names 77 provinces.
MOST_LINKS = 100
MOST_ATTENDEES = 500
MOST_ROWS = 200
MOST_FILES = 40
LONGEST_CAPTION = 300
FIRST_YEAR, LAST_YEAR = 1000, 2200
MOST_SATANG = 10**15

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MULTILINE = {"body", "did", "discussion", "decision", "passage", "what", "note"} | {
    "point",
    "holds_when",
    "what_to_do",
    "why",
}

Problems = dict[str, str]


def check(content: NoteContent) -> NoteContent:
    """The content tidied; raises Invalid with a sentence for each field that must be mended.

    Text loses control characters, outer spaces and half characters, and is brought to NFC. A
    draft may lack what its kind requires, all but the title; rows that say nothing fall away.
    """
    if len(content.body) > LONGEST_BODY:
        raise _refused({"body": _too_long(LONGEST_BODY, len(content.body))})
    tidied: NoteContent = _without_empty_rows(_tidied(content))
    problems: Problems = {}
    _check_words(tidied, problems)
    _check_days(tidied, problems)
    _check_links(tidied, problems)
    for index, role in enumerate(tidied.roles):
        _check_role(f"roles-{index}", role, problems)
    _check_kind(tidied, problems)
    if problems:
        raise _refused(problems)
    return tidied


def tidy(text: str, *, lines: bool = True) -> str:
    """The text as it is kept: NFC, plain line ends, no control characters, no outer spaces.

    Half of a surrogate pair becomes U+FFFD; ``lines=False`` brings it to one line.
    """
    if _LONE_SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", text)
    return text.strip() if lines else " ".join(text.split())


def _tidied(value: Any, name: str = "body") -> Any:
    """Every text inside, whatever the shape; ``name`` is the field that holds it."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return tidy(value, lines=name in _MULTILINE)
    if isinstance(value, tuple | list):
        return tuple(_tidied(one, name) for one in value)
    if isinstance(value, dict):
        return {tidy(key, lines=False): _tidied(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        inner = {one.name: _tidied(getattr(value, one.name), one.name) for one in fields(value)}
        return replace(value, **inner)
    return value


def _without_empty_rows(content: NoteContent) -> NoteContent:
    meeting, review = content.meeting, content.review
    if meeting:
        meeting = replace(
            meeting,
            attendees=tuple(one for one in meeting.attendees if one.name or one.organisation),
            agenda=tuple(x for x in meeting.agenda if x.title or x.discussion or x.decision),
            actions=_telling(meeting.actions),
            budget=tuple(one for one in meeting.budget if one.organisation or one.amount_satang),
        )
    if review:
        review = replace(
            review,
            answers={k: v for k, v in review.answers.items() if v},
            actions=_telling(review.actions),
            used=_each_lesson_once(review.used),
        )
    return replace(
        content,
        themes=_each_once(content.themes),
        tags=_each_once(tag.lstrip("# ") for tag in content.tags),
        places=tuple(dict.fromkeys(one for one in content.places if one.code or one.village)),
        organisations=tuple(dict.fromkeys(one for one in content.organisations if one.name)),
        roles=tuple(one for one in content.roles if one.person or one.organisation or one.did),
        attachments=_each_file_once(content.attachments),
        meeting=meeting,
        review=review,
    )


def _telling(actions: Iterable[ActionItem]) -> tuple[ActionItem, ...]:
    told = (one for one in actions if one.what or one.owner or one.due or one.result)
    return tuple(
        one if naming.MARK.fullmatch(one.carried_key) else replace(one, carried_key="")
        for one in told
    )


def _each_lesson_once(used: Iterable[LessonUsed]) -> tuple[LessonUsed, ...]:
    """The first row of each lesson; what a later one tells of changes is not lost."""
    found: dict[int, LessonUsed] = {}
    for one in used:
        there = found.get(one.lesson, one)
        told = dict.fromkeys(text for text in (there.changed, one.changed) if text)
        found[one.lesson] = replace(there, changed="\n".join(told))
    return tuple(found.values())


def _each_file_once(files: Iterable[AttachedFile]) -> tuple[AttachedFile, ...]:
    """The first row of each file; its caption where that row says nothing is the next one's."""
    found: dict[str, AttachedFile] = {}
    for one in files:
        there = found.get(one.key)
        found[one.key] = there if there and there.caption else one
    return tuple(one for key, one in found.items() if key)


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def _check_words(content: NoteContent, problems: Problems) -> None:
    if not naming.key(content.title):
        problems["title"] = _("ตั้งชื่อเรื่อง สั้น ๆ ก็ได้")
    _limit("title", content.title, LONGEST_TITLE, problems)
    _name("author", content.author, problems)
    _limit("held", content.held_as_written, LONGEST_NAME, problems)
    _limit("licence", content.licence, LONGEST_NAME, problems)
    _limit("url", content.url, LONGEST_URL, problems)
    if content.url and not _is_web_address(content.url):
        problems["url"] = _("ใส่ที่อยู่เว็บที่ขึ้นต้นด้วย http:// หรือ https://")
    if content.visibility not in VISIBILITIES:
        problems["visibility"] = _("เลือกว่าใครเห็นบันทึกนี้ได้")


def _check_days(content: NoteContent, problems: Problems) -> None:
    start, end = content.held_from, content.held_to
    if end and not start:
        problems["held"] = _("บอกวันเริ่มด้วย")
    if start and end and end < start:
        problems["held"] = _("วันสิ้นสุดอยู่ก่อนวันเริ่ม ตรวจวันอีกครั้ง")
    for day in (start, end):
        _check_year("held", day, problems)


def _check_year(name: str, day: date | None, problems: Problems) -> None:
    if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
        problems[name] = _("ปีนี้เป็นไปไม่ได้ ใส่ปี พ.ศ. หรือ ค.ศ. เช่น 2550 หรือ 2007")


def _check_links(content: NoteContent, problems: Problems) -> None:
    for name, rows in (
        ("places", content.places),
        ("themes", content.themes),
        ("tags", content.tags),
        ("organisations", content.organisations),
        ("roles", content.roles),
    ):
        _count(name, rows, MOST_LINKS, problems)
    _count("attachments", content.attachments, MOST_FILES, problems)
    for index, file in enumerate(content.attachments):
        _limit(f"attachments-{index}-caption", file.caption, LONGEST_CAPTION, problems)
    for index, place in enumerate(content.places):
        if not places.exists(place.code):
            problems[f"places-{index}-text"] = _("ไม่พบสถานที่นี้ เลือกตำบล อำเภอ หรือจังหวัดใหม่")
        _limit(f"places-{index}-village", place.village, LONGEST_NAME, problems)
    for index, part in enumerate(content.organisations):
        _name(f"organisations-{index}-name", part.name, problems)
        if part.part not in PARTS:
            problems[f"organisations-{index}-part"] = _("เลือกว่าองค์กรนี้มีส่วนอย่างไร")
    for theme in content.themes:
        _limit("themes", theme, LONGEST_NAME, problems)
    for tag in content.tags:
        _limit("tags", tag, 100, problems)


def _check_role(row: str, role: RolePlayed, problems: Problems) -> None:
    if role.role not in ROLES:
        problems[f"{row}-role"] = _("เลือกบทบาทจากรายการ")
    if role.level and role.level not in LEVELS:
        problems[f"{row}-level"] = _("เลือกระดับจากรายการ")
    if not role.person and not role.organisation:
        said = _("บอกว่าใครหรือองค์กรใดรับบทบาทนี้ ชื่อเล่นหรือตำแหน่งก็ได้")
        problems[f"{row}-person"] = said
    if role.place_code and not places.exists(role.place_code):
        problems[f"{row}-place"] = _("ไม่พบสถานที่นี้ เลือกตำบล อำเภอ หรือจังหวัดใหม่")
    _name(f"{row}-person", role.person, problems)
    _name(f"{row}-organisation", role.organisation, problems)
    _limit(f"{row}-did", role.did, LONGEST_TEXT, problems)


def _check_kind(content: NoteContent, problems: Problems) -> None:
    """The part that belongs to the kind is there and sound; no other kind's part is."""
    owners = {
        "review": Kind.AFTER_ACTION_REVIEW,
        "meeting": Kind.MINUTES,
        "lesson": Kind.LESSON,
    }
    for part, owner in owners.items():
        if getattr(content, part) is not None and content.kind != owner:
            problems["kind"] = _("ส่วนที่กรอกไม่ตรงกับชนิดของบันทึก เลือกชนิดใหม่")
    is_draft = content.visibility == "draft"
    if content.review:
        _check_review(content.review, problems, is_draft=is_draft)
    is_review = content.kind == Kind.AFTER_ACTION_REVIEW
    if is_review and not (content.review or content.body or is_draft):
        problems["body"] = _("เล่าสักประโยคว่าเกิดอะไรขึ้น และเพราะอะไร")
    if content.meeting:
        _check_meeting(content.meeting, problems)
    _check_actions(content.actions, problems)
    if content.kind == Kind.MINUTES and not content.held_from and not is_draft:
        problems.setdefault("held", _("บอกวันที่ประชุม"))
    if content.kind == Kind.LESSON:
        _check_lesson(content.lesson or LessonParts(), problems, is_draft=is_draft)


def _check_review(review: Review, problems: Problems, *, is_draft: bool) -> None:
    try:
        asked = question_sets.get(review.question_set).questions
    except NotFound as problem:
        problems["questions"] = problem.message
        return
    known = {question.id for question in asked}
    for stray in review.answers.keys() - known:
        problems[f"answers-{stray[:60]}"] = _("ชุดคำถามนี้ไม่มีข้อนี้ ย้ายคำตอบไปข้ออื่น")
    for question in asked:
        answer = review.answers.get(question.id, "")
        _limit(f"answers-{question.id}", answer, LONGEST_TEXT, problems)
        if question.required and not is_draft and not any(review.answers.values()):
            problems[f"answers-{question.id}"] = _("ตอบข้อนี้สักประโยค ข้ออื่นเว้นได้")
    _limit("briefing", review.briefing, LONGEST_KEY, problems)
    _count("used", review.used, MOST_LINKS, problems)
    for index, used in enumerate(review.used):
        if used.outcome not in OUTCOMES:
            problems[f"used-{index}-outcome"] = _("เลือกว่าใช้แล้วได้ผลหรือไม่")
        _limit(f"used-{index}-changed", used.changed, LONGEST_TEXT, problems)


def _check_meeting(meeting: Meeting, problems: Problems) -> None:
    for name in ("venue", "chair", "starts", "ends", "next_time", "next_venue"):
        _limit(name, getattr(meeting, name), LONGEST_NAME, problems)
    _check_year("next_date", meeting.next_date, problems)
    _count("attendees", meeting.attendees, MOST_ATTENDEES, problems)
    for name in ("agenda", "budget"):
        _count(name, getattr(meeting, name), MOST_ROWS, problems)
    for index, attendee in enumerate(meeting.attendees):
        row = f"attendees-{index}"
        _limit(f"{row}-name", attendee.name, LONGEST_NAME, problems)
        _limit(f"{row}-organisation", attendee.organisation, LONGEST_NAME, problems)
    for index, item in enumerate(meeting.agenda):
        for name in ("title", "discussion", "decision"):
            _limit(f"agenda-{index}-{name}", getattr(item, name), LONGEST_TEXT, problems)
    for index, line in enumerate(meeting.budget):
        _check_budget_line(f"budget-{index}", line, problems)


def _check_actions(actions: Sequence[ActionItem], problems: Problems) -> None:
    _count("actions", actions, MOST_ROWS, problems)
    for index, action in enumerate(actions):
        _check_action(f"actions-{index}", action, problems)


def _check_action(row: str, action: ActionItem, problems: Problems) -> None:
    if not action.what:
        problems[f"{row}-what"] = _("บอกว่าต้องทำอะไร")
    _limit(f"{row}-what", action.what, LONGEST_TEXT, problems)
    _limit(f"{row}-result", action.result, LONGEST_TEXT, problems)
    _limit(f"{row}-owner", action.owner, LONGEST_NAME, problems)
    _check_year(f"{row}-due", action.due, problems)


def _check_budget_line(row: str, line: BudgetLine, problems: Problems) -> None:
    if not 0 <= line.amount_satang <= MOST_SATANG:
        problems[f"{row}-amount"] = _("จำนวนเงินต้องไม่ติดลบและไม่เกินสิบล้านล้านบาท")
    if not line.organisation:
        problems[f"{row}-organisation"] = _("บอกว่าเงินก้อนนี้มาจากใคร")
    _limit(f"{row}-organisation", line.organisation, LONGEST_NAME, problems)
    _limit(f"{row}-note", line.note, LONGEST_TEXT, problems)


def _check_lesson(lesson: LessonParts, problems: Problems, *, is_draft: bool) -> None:
    if not lesson.point and not is_draft:
        problems["point"] = _("เขียนบทเรียนหนึ่งข้อ ให้คนอื่นหยิบไปใช้ได้")
    if lesson.polarity not in POLARITIES:
        problems["polarity"] = _("เลือกว่าวิธีนี้ได้ผลหรือไม่ได้ผล")
    for name in ("point", "holds_when", "what_to_do", "why"):
        _limit(name, getattr(lesson, name), LONGEST_TEXT, problems)
    _count("sources", lesson.sources, MOST_LINKS, problems)
    for index, source in enumerate(lesson.sources):
        _limit(f"sources-{index}-passage", source.passage, LONGEST_TEXT, problems)


def _name(field: str, name: str, problems: Problems) -> None:
    """A name may be empty where nobody is meant, but dots or dashes are no name."""
    if name and not any(char.isalnum() for char in name):
        problems[field] = _("ใส่ชื่อเป็นตัวอักษร ชื่อเล่นหรือตำแหน่งก็ได้")
    _limit(field, name, LONGEST_NAME, problems)


def _limit(name: str, text: str, longest: int, problems: Problems) -> None:
    if len(text) > longest:
        problems[name] = _too_long(longest, len(text))


def _too_long(longest: int, length: int) -> str:
    return _("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร ตอนนี้ %(now)s", n=longest, now=length)


def _count(name: str, rows: Sequence[object], most: int, problems: Problems) -> None:
    if len(rows) > most:
        sentence = _("มากเกินไป ใส่ได้ไม่เกิน %(n)s รายการ ตอนนี้ %(now)s", n=most, now=len(rows))
        problems[name] = sentence


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text


def _refused(problems: Problems) -> Invalid:
    return Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
