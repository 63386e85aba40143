"""Calendars (iCalendar, RFC 5545): the next meeting that minutes name, and what is due.

Times are those of Thailand. What people wrote is text of a property: the library escapes it and
folds its lines, so that no word of theirs becomes a property of its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from icalendar import Alarm, Calendar, Event, Timezone, vText

from kms import places
from kms.actions import Action
from kms.db import now
from kms.language import gettext as _
from kms.note_checks import tidy
from kms.note_kinds import Meeting
from kms.note_views import NoteView
from kms.thai.dates import BANGKOK
from kms.thai.numbers import to_arabic

PRODUCT = "-//Platu//Platu//TH"
LONGEST_TEXT = 2_000
MEETING_LASTS = timedelta(hours=2)

# A clock of 24 hours says so by น., by minutes, or by standing alone or before another.
_OCLOCK = r"\s*(?:น\.|น(?=$|[\s\-–—])|นาฬิกา)"
_HOUR = r"(?:เวลา)?\s*(?P<hour>\d{1,2})"
_MINUTE = r"[.:](?P<minute>\d{2})"
_SPOKEN = r"โมง|ทุ่ม|บ่าย|เย็น|ค่ำ|[ap]\.?m\b"
_CLOCKS = (
    re.compile(rf"{_HOUR}(?:{_MINUTE})?{_OCLOCK}"),
    re.compile(rf"{_HOUR}{_MINUTE}(?=$|[\s\-–—]|ถึง)(?!.*(?:{_SPOKEN}))", re.IGNORECASE | re.DOTALL),
    re.compile(
        rf"{_HOUR}(?P<minute>)\s*(?:(?:[-–—]|ถึง)\s*\d{{1,2}}(?:[.:]\d{{2}})?(?:{_OCLOCK}|$)|$)"
    ),
)


@dataclass(frozen=True)
class Site:
    """The address of this site: links lead there, and its name makes ids that are nobody else's."""

    url: str
    host: str


def clock(text: str) -> time | None:
    """The hour and minute that a written time begins with; None for words such as บ่ายสองโมง.

    4 โมงเย็น, 2 ทุ่ม and whatever else only begins with a number are words.
    """
    said = to_arabic(text).strip()
    found = next((match for one in _CLOCKS if (match := one.match(said))), None)
    if found is None or int(found["hour"]) > 23 or int(found["minute"] or 0) > 59:
        return None
    return time(int(found["hour"]), int(found["minute"] or 0))


def next_meeting(note: NoteView, site: Site) -> bytes | None:
    """The meeting that the minutes announce, or None where they name no day.

    The event keeps its id through all revisions; SEQUENCE counts them, so that a calendar takes
    the newest.
    """
    meeting = note.content.meeting
    if meeting is None or meeting.next_date is None:
        return None
    event = Event()
    event.add("uid", f"next-meeting-{note.number}@{site.host}")
    event.add("dtstamp", note.revised_at)
    event.add("last-modified", note.revised_at)
    event.add("sequence", note.revision - 1)
    event.add("summary", _text(_("ประชุมครั้งหน้า: %(title)s", title=note.title)))
    _set_time(event, meeting.next_date, clock(meeting.next_time))
    where = _where(note, meeting)
    if where:
        event.add("location", _text(where))
    address = f"{site.url}/notes/{note.number}"
    told = [_("นัดไว้ใน %(title)s", title=note.title), address]
    if meeting.next_time and clock(meeting.next_time) is None:
        told.insert(0, _("เวลา %(time)s", time=meeting.next_time))
    event.add("description", _text("\n".join(told)))
    event.add("url", address)
    return _calendar(_("ประชุมครั้งหน้า"), [event])


def due(actions: Iterable[Action], site: Site) -> bytes:
    """The days on which these items are due, each a whole day with a word the day before."""
    return _calendar(_("งานของฉัน"), [_due(one, site) for one in actions if one.due])


def _due(action: Action, site: Site) -> Event:
    event = Event()
    event.add("uid", f"action-{action.note}-{action.position}@{site.host}")
    event.add("dtstamp", now())
    event.add("summary", _text(action.what))
    assert action.due is not None
    _set_time(event, action.due, None)
    address = f"{site.url}/notes/{action.note}/actions/{action.position}"
    event.add("description", _text(f"{action.note_title}\n{address}"))
    event.add("url", address)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _text(action.what))
    alarm.add("trigger", timedelta(hours=-15))
    event.add_component(alarm)
    return event


def _calendar(name: str, events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _text(name))
    calendar.add("x-wr-timezone", "Asia/Bangkok")
    every = list(events)
    if any(isinstance(one.get("dtstart").dt, datetime) for one in every):
        calendar.add_component(Timezone.from_tzinfo(BANGKOK))
    for one in every:
        calendar.add_component(one)
    return bytes(calendar.to_ical())


def _set_time(event: Event, day: date, at: time | None) -> None:
    if at is None:
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        return
    start = datetime.combine(day, at, BANGKOK)
    event.add("dtstart", start)
    event.add("dtend", start + MEETING_LASTS)


def _where(note: NoteView, meeting: Meeting) -> str:
    """The room as it was said, then the place of the note in full."""
    of_note = places.path(note.places[0].code) if note.places else ""
    return ", ".join(one for one in (meeting.next_venue, of_note) if one)


def _text(words: str) -> vText:
    """Words as the text of one property: no control characters, and not without end."""
    return vText(tidy(words)[:LONGEST_TEXT])
