"""The form of a lesson: one point, its terms, and the words it came from."""

import re
from collections.abc import Mapping

from kms.language import gettext as _
from kms.note_kinds import POLARITIES, LessonParts, NoteContent, SourcePassage
from kms.thai.numbers import to_arabic
from kms.thai.words import shorten
from kms.web import asked
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed, from_rows, plain

SOURCE_WORDS = ("note", "passage")
LONGEST_TITLE = 120
PLAIN_FIELDS = ("point", "holds_when", "what_to_do", "why")

_ADDRESS = re.compile(r"(?:https?://[^/\s]+)?/notes/(?P<number>[0-9]{1,10})(?:[/?#].*)?")
_NUMBER = re.compile(r"#?(?P<number>[0-9]{1,10})")


def number_in(text: str) -> int | None:
    """The note number in ``214``, ``#๒๑๔`` or an address of a note; None for a title."""
    written = to_arabic(plain(text))
    found = _NUMBER.fullmatch(written) or _ADDRESS.fullmatch(written)
    return int(found["number"]) if found else None


def sources_named(typed: Typed) -> tuple[str, ...]:
    """What the writer typed to name each source note."""
    rows = typed.rows("sources", SOURCE_WORDS)
    return tuple(dict.fromkeys(plain(row.get("note", "")) for row in rows if row.get("note")))


def read(typed: Typed, sources: Mapping[str, tuple[int, str]], notices: Notices) -> LessonParts:
    """The lesson; ``sources`` gives number and title for each note named that may be seen."""
    polarity = typed.text("polarity", POLARITIES[0])
    if polarity not in POLARITIES:
        notices.problems["polarity"] = _("เลือกว่าวิธีนี้ได้ผลหรือไม่ได้ผล")
    rows = typed.rows("sources", SOURCE_WORDS)
    found = [_source(index, row, sources, notices) for index, row in enumerate(rows)]
    return LessonParts(
        **{name: typed.words(name) for name in PLAIN_FIELDS},
        polarity=polarity,
        sources=tuple(one for one in found if one),
    )


def _source(
    index: int, row: Row, sources: Mapping[str, tuple[int, str]], notices: Notices
) -> SourcePassage | None:
    name, written = f"sources-{index}-note", plain(row.get("note", ""))
    if written not in sources:
        notices.problems[name] = (
            _("ไม่พบบันทึกนี้ ใส่เลขบันทึก ที่อยู่ของหน้า หรือชื่อเรื่องให้ตรง")
            if written
            else _("บอกว่าข้อความนี้มาจากบันทึกใด")
        )
        return None
    number, title = sources[written]
    comment = asked.whole(row.get("comment", "")) or None
    notices.hints[name] = (
        _("ความเห็นใต้บันทึกที่ %(number)s: %(title)s", number=number, title=title)
        if comment
        else _("บันทึกที่ %(number)s: %(title)s", number=number, title=title)
    )
    return SourcePassage(
        number,
        plain(row.get("passage", "")),
        asked.whole(row.get("revision", "")) or None,
        comment,
    )


def title(parts: LessonParts) -> str:
    """A title for a lesson that was given none: the opening words of its point."""
    return shorten(parts.point.split("\n")[0].strip(), LONGEST_TITLE)


def fill(content: NoteContent) -> Typed:
    """The fields of the lesson."""
    parts = content.lesson or LessonParts()
    single = {name: getattr(parts, name) for name in PLAIN_FIELDS}
    single["polarity"] = parts.polarity
    rows = (
        {
            "note": str(one.note),
            "passage": one.passage,
            "revision": str(one.revision or ""),
            "comment": str(one.comment or ""),
        }
        for one in parts.sources
    )
    filled = {name: (value,) for name, value in single.items() if value}
    return Typed({**filled, **from_rows("sources", rows)})
