"""The next meeting and what is due, as a file for the calendar of a phone."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from kms import notes
from kms.meeting_calendar import clock
from kms.note_kinds import ActionItem, Meeting
from kms.permissions import Viewer
from kms.saving import Store
from kms.thai.dates import BANGKOK
from tests.cast import PEOPLE, Cast
from tests.stories import some_minutes

DAY = date(2007, 12, 27)
HOSTILE = 'หอประชุม\r\nATTENDEE:mailto:x@example.org\nEND:VEVENT\\n;,:"' + "ก" * 20_000


def write(store: Store, by: Viewer, visibility: str = "public", **meeting: Any) -> int:
    content = some_minutes(visibility=visibility, meeting=Meeting(**meeting))
    with store.saving() as session:
        return notes.create(session, content, by=by).number


def event(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    lines = answer.data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any(line.startswith(b"ATTENDEE") for line in lines)
    calendar = Calendar.from_ical(answer.data)
    (found,) = calendar.walk("VEVENT")
    return found


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("09.00", time(9)),
        ("๑๓.๓๐ น.", time(13, 30)),
        ("9:05-12.00", time(9, 5)),
        ("8 น.", time(8)),
        ("8", time(8)),
        ("เวลา 09.00 น.", time(9)),
        ("09.00น.เป็นต้นไป", time(9)),
        ("09.30 เป็นต้นไป", time(9, 30)),
        ("13 นาฬิกา", time(13)),
        ("9-12", time(9)),
        ("9 ถึง 12.30 น.", time(9)),
        ("09.00 น. ถึงบ่าย 3 โมง", time(9)),
        ("4 โมงเย็น", None),
        ("3 โมงเช้า", None),
        ("2 ทุ่ม", None),
        ("1 ทุ่มตรง", None),
        ("4.30 โมงเย็น", None),
        ("5-6 โมงเย็น", None),
        ("5.30-6.30 โมงเย็น", None),
        ("2.00 pm", None),
        ("10 คน", None),
        ("4-5 คน", None),
        ("8 นาที", None),
        ("9-12-2550", None),
        ("บ่ายสองโมง", None),
        ("25.00", None),
        ("09.75", None),
        ("", None),
        ("2550", None),
    ],
)
def test_a_time_that_begins_with_a_clock_is_read(text: str, at: time | None) -> None:
    assert clock(text) == at


def test_the_next_meeting_is_an_event_in_thai_time(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = write(
        store, cast.facilitator, next_date=DAY, next_time="09.00", next_venue="ศาลากลางจังหวัด"
    )
    found = event(client, f"/notes/{number}/meeting.ics")
    assert found["dtstart"].dt == datetime.combine(DAY, time(9), BANGKOK)
    assert found["dtstart"].params["TZID"] == "Asia/Bangkok"
    assert found["location"] == "ศาลากลางจังหวัด, จ.พัทลุง"
    assert found["summary"] == "ประชุมครั้งหน้า: ประชุมกองทุนสวัสดิการจังหวัดพัทลุง"
    assert found["url"].endswith(f"/notes/{number}")
    assert f"/notes/{number}" in found["description"]
    assert found["sequence"] == 0


def test_it_keeps_its_id_and_counts_the_revisions(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = write(store, cast.facilitator, next_date=DAY)
    first = event(client, f"/notes/{number}/meeting.ics")
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        later = Meeting(next_date=DAY + timedelta(days=7), next_time="บ่ายสองโมง")
        content = some_minutes(meeting=later)
        notes.revise(session, note, content, by=cast.facilitator, based_on=1)
    second = event(client, f"/notes/{number}/meeting.ics")
    assert first["uid"] == second["uid"]
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert second["dtstart"].dt == DAY + timedelta(days=7)
    assert second["dtend"].dt == DAY + timedelta(days=8)
    assert "บ่ายสองโมง" in second["description"]


def test_words_never_become_properties_and_lines_stay_short(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    content = some_minutes(
        title=HOSTILE[:250], meeting=Meeting(next_date=DAY, next_venue=HOSTILE[:150])
    )
    with store.saving() as session:
        number = notes.create(session, content, by=cast.facilitator).number
    found = event(client, f"/notes/{number}/meeting.ics")
    assert "attendee" not in found
    assert "ATTENDEE:mailto" in found["location"]


def test_a_hidden_meeting_and_one_without_a_day_are_not_there(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    members = write(store, cast.facilitator, "members", next_date=DAY)
    draft = write(store, cast.facilitator, "draft", next_date=DAY)
    no_day = write(store, cast.facilitator, next_venue="ไม่รู้วัน")
    other = cast.browser(app, "commenter")
    for number in (members, draft, no_day, 99_999):
        assert client.get(f"/notes/{number}/meeting.ics").status_code == 404
    assert other.get(f"/notes/{draft}/meeting.ics").status_code == 404
    assert event(other, f"/notes/{members}/meeting.ics")["dtstart"].dt == DAY


def test_what_is_mine_and_due_is_a_calendar_of_whole_days(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    mine = PEOPLE["commenter"][1]
    items = (
        ActionItem("ส่งรายชื่อ\r\nEND:VCALENDAR", mine, DAY),
        ActionItem("ไม่มีวัน", mine),
        ActionItem("ของคนอื่น", "เลขานุการ", DAY),
        ActionItem("ทำแล้ว", mine, DAY, done=True),
    )
    write(store, cast.facilitator, actions=items)
    found = event(cast.browser(app, "commenter"), "/actions.ics")
    assert found["dtstart"].dt == DAY
    assert found["summary"].splitlines()[0] == "ส่งรายชื่อ"
    assert found["uid"].startswith("action-1-0@")
    assert client.get("/actions.ics").status_code in (302, 401)
