"""Minutes begun from those of the meeting before: the day it set, and what is still to do."""

from dataclasses import replace

from kms import actions, notes
from kms.errors import NotFound
from kms.language import gettext as _
from kms.note_kinds import Kind, Meeting, NoteContent
from kms.permissions import Viewer
from kms.sessions import Session
from kms.web.forms import note_form
from kms.web.forms.note_form import Known
from kms.web.forms.typed import Typed


def begin(session: Session, number: int, who: Viewer, known: Known) -> Typed:
    """The form of the next meeting; raises NotFound for a note that is hidden or no minutes.

    The same people at the same place for the same matter; the open items are carried over.
    """
    before = notes.content_of(notes.get(session, number, seen_by=who))
    if before.kind != Kind.MINUTES:
        raise NotFound(_("บันทึกนี้ไม่ใช่บันทึกการประชุม"))
    was = before.meeting or Meeting()
    meeting = Meeting(
        venue=was.next_venue or was.venue,
        starts=was.next_time,
        chair=was.chair,
        attendees=tuple(replace(one, present=True) for one in was.attendees),
        actions=actions.carried_over(session, number, seen_by=who),
    )
    begun = NoteContent(
        kind=Kind.MINUTES,
        title=before.title,
        visibility=before.visibility,
        held_from=was.next_date,
        held_to=was.next_date,
        author=who.name,
        places=before.places,
        themes=before.themes,
        organisations=before.organisations,
        meeting=meeting,
    )
    return note_form.fill(begun, known)
