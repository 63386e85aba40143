"""Wiki links between notes: which titles a note names in ``[[…]]``, and who names it.

A link means a title, not a number. It leads to whatever note bears the title, so renaming a note
turns the links to its old title into links to a page nobody has written; its history tells what
it was called.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms import markup, naming, page_steps
from kms.models import Note, WikiLink
from kms.note_cards import NoteCard, cards
from kms.note_kinds import NoteContent
from kms.permissions import Viewer, visible_to

MOST_LINKS = 500
BATCH = 500

T = TypeVar("T", int, str)


def title_key(title: str) -> str:
    """The form in which titles are compared."""
    return naming.key(title, 500)


def keys_in(content: NoteContent) -> list[str]:
    """Keys of the titles that the note links to, in reading order and each once.

    At most MOST_LINKS: the links of a note beyond that work, but nobody counts them.
    """
    keys = (title_key(title) for text in _linked_texts(content) for title in _titles(text))
    return list(islice(dict.fromkeys(key for key in keys if key), MOST_LINKS))


def _titles(text: str) -> Iterator[str]:
    return markup.wiki_titles(text) if "[[" in text else iter(())


def _linked_texts(content: NoteContent) -> Iterator[str]:
    """The parts of a note that are shown as Markdown."""
    if content.lesson:
        yield from (content.lesson.holds_when, content.lesson.what_to_do, content.lesson.why)
    if content.review:
        yield from content.review.answers.values()
    yield content.body
    for item in content.meeting.agenda if content.meeting else ():
        yield item.discussion
        yield item.decision


def linking_to(
    session: Session, title: str, *, seen_by: Viewer, limit: int, offset: int = 0, but: int = 0
) -> tuple[int, list[NoteCard]]:
    """How many notes that the viewer may see name this title, and some of them, newest first.

    ``but`` is a note left out: the one that bears the title.
    """
    named = select(WikiLink.note_id).where(WikiLink.title_key == title_key(title))
    chosen = (Note.id.in_(named), Note.id != but, visible_to(seen_by))
    total = session.scalar(select(func.count()).select_from(Note).where(*chosen)) or 0
    picked = select(Note.id).where(*chosen).order_by(Note.id.desc()).limit(limit).offset(offset)
    return total, cards(session, session.scalars(picked).all(), seen_by=seen_by)


def step_pages(session: Session, *, bearing: set[str], named: set[str], changed: set[int]) -> None:
    """Let pages hear that notes with the keys ``bearing`` came, went or changed who sees them.

    Links to them change colour; and pages of the titles ``named``, and of all that the notes
    ``changed`` name, list other notes that lead there. What the index keeps stays right.
    """
    connection = session.connection()
    ids: set[int] = set()
    for keys in _batches(bearing):
        ids |= set(connection.scalars(select(WikiLink.note_id).where(WikiLink.title_key.in_(keys))))
    for keys in _batches(named):
        ids |= set(connection.scalars(select(Note.id).where(Note.title_key.in_(keys))))
    for numbers in _batches(changed):
        theirs = select(WikiLink.title_key).where(WikiLink.note_id.in_(numbers))
        ids |= set(connection.scalars(select(Note.id).where(Note.title_key.in_(theirs))))
    page_steps.step_free(session, ids)


def _batches(values: set[T]) -> Iterator[Sequence[T]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
