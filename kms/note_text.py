"""The words of a note as plain text, whatever its kind."""

from collections.abc import Iterable, Iterator

from kms.markup import to_plain
from kms.note_kinds import ActionItem, LessonParts, Meeting, NoteContent
from kms.thai.words import shorten

LEAD_LENGTH = 240
# Enough of a long text to fill a lead once its marks are taken away.
_READ_FOR_A_LEAD = 4_000


def passages(content: NoteContent) -> Iterator[str]:
    """Every part of the note that says something, in reading order, marks and all."""
    parts = [content.title]
    if content.lesson:
        parts += _of_lesson(content.lesson)
    if content.review:
        parts += content.review.answers.values()
    parts.append(content.body)
    if content.meeting:
        parts += _of_meeting(content.meeting)
    # Not what was changed of a lesson used: who may see the note may not see every lesson.
    parts += _of_actions(content.actions)
    parts += (role.did for role in content.roles)
    return (part for part in parts if part)


def plain(content: NoteContent) -> str:
    """All the words of the note without marks, a part a line."""
    return "\n".join(to_plain(part) for part in passages(content))


def lead(content: NoteContent) -> str:
    """The first words after the title, short enough for a list."""
    after_title = passages(content)
    next(after_title, "")
    words = " ".join(to_plain(next(after_title, "")[:_READ_FOR_A_LEAD]).split())
    return shorten(words, LEAD_LENGTH)


def _of_lesson(lesson: LessonParts) -> list[str]:
    return [lesson.point, lesson.holds_when, lesson.what_to_do, lesson.why]


def _of_meeting(meeting: Meeting) -> list[str]:
    parts = []
    for item in meeting.agenda:
        parts += [item.title, item.discussion, item.decision]
    return parts


def _of_actions(actions: Iterable[ActionItem]) -> list[str]:
    return [text for action in actions for text in (action.what, action.result)]
