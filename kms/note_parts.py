"""What a note says, part by part, under the names that forms and problems use for the parts.

A part is a long text, one value, or rows; every part can be asked of every content, whatever its
kind, so that two contents can be laid beside one another.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from typing import Any, Literal

from kms.note_kinds import (
    ActionItem,
    AgendaItem,
    AttachedFile,
    Attendee,
    BudgetLine,
    Kind,
    LessonParts,
    LessonUsed,
    Meeting,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.thai.folding import fold

# A text, a day, the days of an event, yes or no, a row, or nothing.
Value = Any
Parts = dict[str, Value]
Sort = Literal["text", "value", "rows"]

HELD = ("held_from", "held_to", "held_as_written")
ANSWER = "answers-"
OF_ALL = ("kind", "title", "visibility", "author", "url", "licence")
OF_MEETING = ("venue", "starts", "ends", "chair", "next_date", "next_time", "next_venue")
OF_LESSON = ("point", "holds_when", "what_to_do", "why")
IS_THERE = {"review": "has_review", "meeting": "has_meeting", "lesson": "has_lesson"}


@dataclass(frozen=True)
class Table:
    """Rows of one kind. ``key`` knows a row again whose other columns changed.

    ``texts`` are columns of prose, merged by words. ``tells`` says that rows of like words are
    surely the same row; of names that is never sure.
    """

    row: type
    key: Callable[[Any], Hashable]
    texts: tuple[str, ...] = ()
    tells: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in order; a bare word is one column without a name."""
        return tuple(one.name for one in fields(self.row)) if self.row is not str else ()

    def blank(self, column: str) -> Value:
        """What a column holds when nothing was said."""
        found = next(one for one in fields(self.row) if one.name == column)
        if found.default is not MISSING:
            return found.default
        return "" if found.type is str else None


def _of(*names: str) -> Callable[[Any], Hashable]:
    """A key of these columns, the same for slips that look alike."""
    return lambda row: "\n".join(fold(str(getattr(row, one))).strip() for one in names)


def _of_role(row: RolePlayed) -> Hashable:
    return f"{row.role}\n{fold(row.person or row.organisation).strip()}"


TABLES: Mapping[str, Table] = {
    "places": Table(PlaceNamed, _of("code")),
    "themes": Table(str, str),
    "tags": Table(str, str),
    "organisations": Table(OrganisationPart, _of("name")),
    "roles": Table(RolePlayed, _of_role, ("did",)),
    "attachments": Table(AttachedFile, _of("key"), ("caption",)),
    "attendees": Table(Attendee, _of("name")),
    "agenda": Table(AgendaItem, _of("title"), ("discussion", "decision"), tells=True),
    "actions": Table(ActionItem, _of("what"), ("what", "result"), tells=True),
    "used": Table(LessonUsed, _of("lesson"), ("changed",)),
    "budget": Table(BudgetLine, _of("organisation"), ("note",)),
    "sources": Table(SourcePassage, _of("note", "comment"), ("passage",)),
}
_TABLES_OF_ALL = ("places", "themes", "tags", "organisations", "roles", "attachments")
_TABLES_OF_MEETING = ("attendees", "agenda", "actions", "budget")
_TABLES_OF_REVIEW = ("actions", "used")


def sort_of(part: str) -> Sort:
    """Whether a part is a long text, one value or rows."""
    if part in TABLES:
        return "rows"
    is_text = part == "body" or part.startswith(ANSWER) or part in OF_LESSON
    return "text" if is_text else "value"


def blank(part: str) -> Value:
    """What a part holds in a content that does not have it."""
    if part in TABLES:
        return ()
    if part in IS_THERE.values():
        return False
    if part == "held":
        return (None, None, "")
    return {"next_date": None, "polarity": "works", "questions": "one-box"}.get(part, "")


def parts_of(content: NoteContent) -> Parts:
    """Every part of the content, in the order in which a page tells them."""
    review = content.review or Review()
    meeting = content.meeting or Meeting()
    lesson = content.lesson or LessonParts()
    return {
        **{name: getattr(content, name) for name in OF_ALL},
        "held": tuple(getattr(content, name) for name in HELD),
        **{name: getattr(lesson, name) for name in OF_LESSON},
        "polarity": lesson.polarity,
        "questions": review.question_set,
        **{ANSWER + name: answer for name, answer in review.answers.items()},
        **{name: getattr(meeting, name) for name in OF_MEETING},
        **{name: getattr(meeting, name) for name in _TABLES_OF_MEETING},
        "actions": content.actions,
        "used": review.used,
        "briefing": review.briefing,
        "body": content.body,
        **{name: getattr(content, name) for name in _TABLES_OF_ALL},
        "sources": lesson.sources,
        **{flag: getattr(content, name) is not None for name, flag in IS_THERE.items()},
    }


def content_from(parts: Parts) -> NoteContent:
    """The content that has these parts; what belongs to another kind is left out."""
    kind: Kind = parts["kind"]
    return NoteContent(
        **{name: parts[name] for name in (*OF_ALL, "body", *_TABLES_OF_ALL)},
        **dict(zip(HELD, parts["held"], strict=True)),
        review=_review(parts) if kind == Kind.AFTER_ACTION_REVIEW else None,
        meeting=_meeting(parts) if kind == Kind.MINUTES else None,
        lesson=_lesson(parts) if kind == Kind.LESSON else None,
    )


def is_kept(part: str, kind: Kind) -> bool:
    """Whether a note of this kind has the part."""
    if part == "actions":
        return kind in (Kind.MINUTES, Kind.AFTER_ACTION_REVIEW)
    if part.startswith(ANSWER) or part in ("questions", "used", "briefing"):
        return kind == Kind.AFTER_ACTION_REVIEW
    if part in (*OF_MEETING, *_TABLES_OF_MEETING):
        return kind == Kind.MINUTES
    if part in (*OF_LESSON, "polarity", "sources"):
        return kind == Kind.LESSON
    return True


def _review(parts: Parts) -> Review | None:
    answers = {
        name.removeprefix(ANSWER): answer
        for name, answer in parts.items()
        if name.startswith(ANSWER) and answer
    }
    rows = {name: parts[name] for name in _TABLES_OF_REVIEW}
    made = Review(parts["questions"], answers, **rows, briefing=parts["briefing"])
    return made if parts["has_review"] or made != Review() else None


def _meeting(parts: Parts) -> Meeting | None:
    made = Meeting(**{name: parts[name] for name in (*OF_MEETING, *_TABLES_OF_MEETING)})
    return made if parts["has_meeting"] or made != Meeting() else None


def _lesson(parts: Parts) -> LessonParts | None:
    made = LessonParts(**{name: parts[name] for name in (*OF_LESSON, "polarity", "sources")})
    return made if parts["has_lesson"] or made != LessonParts() else None


def texts_in(value: Value) -> Iterable[str]:
    """Every text inside a value of any sort, dates and numbers as text too."""
    if value is None or isinstance(value, bool):
        return ()
    if isinstance(value, tuple | list):
        return [text for one in value for text in texts_in(one)]
    if hasattr(value, "__dataclass_fields__"):
        return [text for one in fields(value) for text in texts_in(getattr(value, one.name))]
    return (value.isoformat() if isinstance(value, date) else str(value),)


def settled(written: NoteContent, shown: NoteContent, kept: NoteContent) -> NoteContent:
    """What a writer meant who was shown something else than is kept, such as a date in full.

    Where the writer left what was shown, the kept words stand; source passages and lessons used
    that were not shown stay.
    """
    wrote, saw, was = parts_of(written), parts_of(shown), parts_of(kept)
    meant = {
        name: was.get(name, blank(name)) if value == saw.get(name, blank(name)) else value
        for name, value in wrote.items()
    }
    for part in ("sources", "used"):
        if wrote[part] != saw[part]:
            unseen = tuple(one for one in was[part] if one not in saw[part])
            meant[part] = (*wrote[part], *unseen)
    return replace(content_from(meant), kind=written.kind)
