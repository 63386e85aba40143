"""The form of a review that is written after a kept briefing: it asks which lessons were used."""

from kms import briefings
from kms.errors import NotFound
from kms.note_kinds import Kind, NoteContent, PlaceNamed
from kms.permissions import Viewer
from kms.sessions import Session
from kms.web.forms import note_form, used_lessons
from kms.web.forms.note_form import Known
from kms.web.forms.typed import Typed


def begin(session: Session, key: str, who: Viewer, known: Known) -> tuple[Typed, dict[int, str]]:
    """The fields to begin with, and the titles of the lessons in them.

    An empty form for a key that is unknown or another's: there is still a review to write.
    """
    try:
        choices = briefings.get(session, key, seen_by=who).choices
    except NotFound:
        return Typed(), {}
    lessons = briefings.for_review(session, key, seen_by=who)
    content = NoteContent(
        kind=Kind.AFTER_ACTION_REVIEW,
        title="",
        author=who.name,
        places=(PlaceNamed(choices.place),) if choices.place else (),
        themes=choices.themes,
        held_from=choices.planned_for,
    )
    asked = used_lessons.of_briefing(key, (one.number for one in lessons))
    typed = note_form.fill(content, known)
    return Typed({**typed.values, **asked}), {one.number: one.title for one in lessons}
