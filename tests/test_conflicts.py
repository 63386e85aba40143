"""Two people mend one note: what can be joined is joined, and where they touch, both are shown."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from bench.sender import fields_of
from kms import history, notes, revising
from kms.errors import EditConflict, NotAllowed
from kms.models import Revision
from kms.note_kinds import AgendaItem, Attendee, Kind, LessonParts, NoteContent, SourcePassage
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast, csrf_token
from tests.stories import a_lesson, a_page, some_minutes

Fields = dict[str, str]
FIRST = "ชาวบ้านหูล่องตกลงตั้งกลุ่มออมทรัพย์ของหมู่บ้าน"
SECOND = "แกนนำจดบัญชีร่วมกันทุกเดือน"
BODY = f"## เงิน\n\n{FIRST}\n\n## คน\n\n{SECOND}"


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "facilitator")


@pytest.fixture
def curator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "curator")


def write(store: Store, cast: Cast, content: NoteContent) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


def saved(store: Store, number: int) -> NoteContent:
    with store.sessions() as session:
        return notes.content_of(notes.get(session, number, seen_by=SYSTEM))


def opened(client: FlaskClient, number: int) -> Fields:
    """The form as the browser would send it back untouched."""
    answer = client.get(f"/notes/{number}/edit")
    assert answer.status_code == 200
    return filled(answer)


def filled(answer: TestResponse) -> Fields:
    """What the fields of the page's form hold, those to choose from too."""
    choices = re.findall(r'<select id="[^"]+" name="([^"]+)".*?</select>', answer.text, re.S)
    chosen = {}
    for name in choices:
        found = re.search(
            rf'<select id="[^"]+" name="{name}".*?<option value="([^"]*)" selected',
            answer.text,
            re.S,
        )
        chosen[name] = found[1] if found else ""
    fields = {**fields_of(answer.text), **chosen}
    return {name: value.replace("\r\n", "\n") for name, value in fields.items()}


def send(client: FlaskClient, number: int, fields: Fields, **changed: str) -> TestResponse:
    token = csrf_token(client, "/account")
    form = {**fields, **changed, "csrf_token": token}
    return client.post(f"/notes/{number}/edit", data=form)


def words(page: str) -> str:
    """What a reader sees, without the signs of marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())


# --- merged by itself -----------------------------------------------------------------------------


def test_changes_in_different_places_are_saved_together(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, some_minutes(author=cast.facilitator.name))
    mine, theirs = opened(facilitator, number), opened(curator, number)
    assert send(curator, number, theirs, **{"actions-0-owner": "ประธาน"}).status_code == 303
    added = {"attendees-2-name": "กำนัน", "agenda-0-decision": "เสนอชื่อ 20 คน"}
    answer = send(facilitator, number, mine, **added)
    assert answer.status_code == 303, words(answer.text)
    meeting = saved(store, number).meeting
    assert meeting is not None
    assert meeting.actions[0].owner == "ประธาน"
    assert [one.name for one in meeting.attendees][-1] == "กำนัน"
    assert meeting.agenda[0].decision == "เสนอชื่อ 20 คน"
    page = facilitator.get(f"/notes/{number}").text
    assert "มีคนแก้ไปพร้อมกัน รวมให้แล้ว" in page
    assert f'href="/notes/{number}/differences/1..3"' in page
    with store.sessions() as session:
        bases = session.scalars(select(Revision.based_on).order_by(Revision.number)).all()
    assert bases == [None, None, 1]


def test_a_form_left_as_it_was_makes_no_revision_and_takes_nothing_back(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, some_minutes(author=cast.facilitator.name))
    mine, theirs = opened(facilitator, number), opened(curator, number)
    assert send(facilitator, number, mine).status_code == 303
    assert send(curator, number, theirs, venue="วัดนา").status_code == 303
    assert send(facilitator, number, mine).status_code == 303
    with store.sessions() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        assert note.revision == 2
    meeting = saved(store, number).meeting
    assert meeting is not None and meeting.venue == "วัดนา"


def test_scripts_are_told_in_json_that_it_was_merged(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, a_page("หน้า", BODY, author=cast.facilitator.name))
    mine, theirs = opened(facilitator, number), opened(curator, number)
    send(curator, number, theirs, body=BODY.replace("ทุกเดือน", "ทุกสัปดาห์"))
    form = {**mine, "body": BODY.replace("ชาวบ้าน", "คนบ้าน")}
    form["csrf_token"] = csrf_token(facilitator, "/account")
    json_only = {"Accept": "application/json"}
    answer = facilitator.post(f"/notes/{number}/edit", data=form, headers=json_only)
    assert answer.status_code == 200
    assert answer.json == {
        "url": f"/notes/{number}",
        "number": number,
        "message": "มีคนแก้ไปพร้อมกัน รวมให้แล้ว",
        "flashed": True,
    }
    assert f'href="/notes/{number}/differences/1..3"' in facilitator.get(f"/notes/{number}").text
    again = facilitator.post(f"/notes/{number}/edit", data=form, headers=json_only)
    assert again.status_code == 200
    other = {**form, "body": BODY.replace("ทุกเดือน", "ทุกปี"), "client_id": ""}
    refused = facilitator.post(f"/notes/{number}/edit", data=other, headers=json_only)
    assert refused.status_code == 409


# --- where they touch -----------------------------------------------------------------------------


def clashing(
    facilitator: FlaskClient, curator: FlaskClient, store: Store, cast: Cast
) -> tuple[int, TestResponse]:
    number = write(store, cast, a_page("หน้า", BODY, author=cast.facilitator.name))
    mine, theirs = opened(facilitator, number), opened(curator, number)
    changed = BODY.replace("ทุกเดือน", "ทุกสัปดาห์").replace("ชาวบ้าน", "คนบ้าน")
    assert send(curator, number, theirs, body=changed, tags="ออมทรัพย์").status_code == 303
    answer = send(facilitator, number, mine, body=BODY.replace("ทุกเดือน", "ทุกปี"), reason="แก้คำ")
    assert answer.status_code == 409
    return number, answer


def test_the_page_shows_both_texts_word_by_word_and_what_was_merged(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    _number, answer = clashing(facilitator, curator, store, cast)
    assert answer.text.count('class="clash"') == 1
    page = words(answer.text)
    assert "ใต้หัวข้อ “คน”" in page
    assert re.search(r"ลบ (ทุก)?เดือน\W+เพิ่ม (ทุก)?สัปดาห์", page)
    assert re.search(r"ลบ (ทุก)?เดือน\W+เพิ่ม (ทุก)?ปี", page)
    assert "คุณบรรณาธิการคลังบทเรียน บันทึกไปก่อนแล้ว" in page
    assert re.search(r"รวมให้แล้ว:.*แท็ก", page)
    fields = filled(answer)
    assert (fields["based_on"], fields["tags"], fields["reason"]) == ("2", "ออมทรัพย์", "แก้คำ")
    assert fields["body"] == BODY.replace("ชาวบ้าน", "คนบ้าน").replace("ทุกเดือน", "ทุกปี")


def test_what_was_composed_is_saved_and_both_words_can_stay(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number, answer = clashing(facilitator, curator, store, cast)
    fields = filled(answer)
    composed = fields["body"].replace("ทุกปี", "ทุกสัปดาห์และสรุปทุกปี")
    assert send(facilitator, number, fields, body=composed).status_code == 303
    content = saved(store, number)
    assert content.body == composed and content.tags == ("ออมทรัพย์",)


@pytest.mark.parametrize(
    ("side", "there", "gone"),
    [("mine", ["ทุกปี"], ["ทุกสัปดาห์"]), ("theirs", ["ทุกสัปดาห์"], ["ทุกปี"]),
     ("both", ["ทุกปี", "ทุกสัปดาห์"], [])],
)  # fmt: skip
def test_a_button_fills_the_field_without_any_script(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store,
    side: str, there: list[str], gone: list[str],
) -> None:  # fmt: skip
    number, answer = clashing(facilitator, curator, store, cast)
    fields = filled(answer)
    assert "clashes" in fields
    # Pressed twice, and after the others: a choice can always be changed.
    for pressed in ("both", "theirs", side):
        answer = send(facilitator, number, fields, take=f"0-{pressed}")
        assert answer.status_code == 200
        fields = filled(answer)
    assert all(word in fields["body"] for word in there)
    assert not any(word in fields["body"] for word in gone)
    assert "คนบ้านหูล่อง" in fields["body"] and fields["tags"] == "ออมทรัพย์"
    assert send(facilitator, number, fields).status_code == 303
    assert saved(store, number).body == fields["body"]


def test_a_passage_mended_by_hand_is_never_taken_away_by_a_button(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number, answer = clashing(facilitator, curator, store, cast)
    fields = filled(answer)
    mended = fields["body"].replace("บัญชี", "บัญชีเงิน")
    answer = send(facilitator, number, fields, body=mended, take="0-theirs")
    body = filled(answer)["body"]
    assert body.startswith(mended) and "ทุกสัปดาห์" in body
    assert "ต่อท้ายช่องไว้ให้" in answer.text


def test_a_third_person_who_saves_meanwhile_leads_to_the_page_again_with_nothing_lost(
    app: Flask, facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number, answer = clashing(facilitator, curator, store, cast)
    third = cast.browser(app, "commenter")
    late = opened(third, number)
    body = late["body"].replace("ทุกสัปดาห์", "ทุกวันพระ")
    assert send(third, number, late, body=body, url="https://example.org").status_code == 303
    fields = filled(answer)
    composed = fields["body"].replace("ทุกปี", "ทุกสัปดาห์และทุกปี")
    again = send(facilitator, number, fields, body=composed)
    assert again.status_code == 409
    found = filled(again)
    assert (found["body"], found["based_on"]) == (composed, "3")
    assert found["url"] == "https://example.org"
    assert "วันพระ" in words(again.text)
    assert send(facilitator, number, found).status_code == 303
    assert saved(store, number).body == composed


def test_values_rows_and_cells_are_chosen_too(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    content = some_minutes(author=cast.facilitator.name)
    assert content.meeting is not None
    meeting = replace(content.meeting, agenda=(AgendaItem("ทีมวิจัย", "คุยกันนาน", "เสนอชื่อ"),))
    number = write(store, cast, replace(content, meeting=meeting))
    mine, theirs = opened(facilitator, number), opened(curator, number)
    their_changes = {
        "title": "ประชุมของเขา",
        "held": "19 ธ.ค. 2550",
        "budget-0-amount": "300,000",
        "attendees-1-name": "",
        "attendees-1-organisation": "",
        "agenda-0-decision": "เลื่อนไปเดือนหน้า",
        "visibility": "members",
    }
    assert send(curator, number, theirs, **their_changes).status_code == 303
    my_changes = {
        "title": "ประชุมของฉัน",
        "held": "20 ธ.ค. 2550",
        "budget-0-amount": "400,000",
        "attendees-1-organisation": "เทศบาลเมือง",
        "agenda-0-decision": "ตั้งกรรมการสามคน",
        "visibility": "draft",
    }
    answer = send(facilitator, number, mine, **my_changes)
    assert answer.status_code == 409
    page = words(answer.text)
    for said in ("งบประมาณ แถวที่ 1: จำนวนเงิน", "ผู้เข้าประชุม แถวที่ 2", "วาระ แถวที่ 1: ตกลงว่า"):
        assert said in page
    fields = filled(answer)
    places = json.loads(fields["clashes"])
    for index, _place in enumerate(places):
        answer = send(facilitator, number, fields, take=f"{index}-theirs")
        assert answer.status_code == 200
        fields = filled(answer)
    assert send(facilitator, number, fields).status_code == 303, words(answer.text)
    found = saved(store, number)
    assert found.meeting is not None
    assert (found.title, found.visibility) == ("ประชุมของเขา", "members")
    assert found.held_from is not None and found.held_from.day == 19
    assert found.meeting.budget[0].amount_satang == 300_000_00
    assert found.meeting.attendees == (Attendee("แกนนำบ้านหูล่อง", "กลุ่มออมทรัพย์หูล่อง"),)
    assert found.meeting.agenda[0].decision == "เลื่อนไปเดือนหน้า"


def test_a_page_of_a_conflict_sent_by_somebody_hostile_does_no_harm(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number, answer = clashing(facilitator, curator, store, cast)
    fields = filled(answer)
    place = json.loads(fields["clashes"])[0]
    script = "<script>alert(1)</script>"
    hostile = (
        "", "[", "[" * 5000, "null", "7", "[7]", "[null]", "[[]]", "{}", "[{}]",
        json.dumps([{**place, "choices": {"mine": 7}}]),
        json.dumps([{**place, "choices": {"mine": {"body": 7}}}]),
        json.dumps([{**place, "choices": {"mine": {}}}]),
        json.dumps([{**place, "choices": {"mine": {"a": "x", "b": "y"}}}]),
        json.dumps([{**place, "now": None}]),
    )  # fmt: skip
    for clashes in hostile:
        for take in ("0-mine", "0-nobody", "99-mine", "-1-mine", "๑-mine", script):
            answer = send(facilitator, number, fields, clashes=clashes, take=take)
            assert answer.status_code == 200, clashes
            assert filled(answer)["body"] == fields["body"]
    marked = json.dumps([{**place, "label": script, "theirs": script, "where": script}])
    answer = send(facilitator, number, fields, clashes=marked, take="0-mine")
    assert "<script>alert" not in answer.text
    assert saved(store, number).body != fields["body"]


def test_a_lapsed_session_on_the_page_of_a_conflict_keeps_what_was_composed(
    app: Flask, facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    number, answer = clashing(facilitator, curator, store, cast)
    fields = filled(answer)
    token = csrf_token(facilitator, "/account")
    facilitator.delete_cookie("session")
    kept = facilitator.post(f"/notes/{number}/edit", data={**fields, "csrf_token": token})
    assert kept.status_code in (400, 401)
    again = filled(kept)
    assert again["body"] == fields["body"] and again["based_on"] == "2"


def test_passages_out_of_sight_stay_and_are_not_told(
    facilitator: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    hidden = write(store, cast, a_page("ร่าง", "คำลับ", visibility="draft"))
    seen = write(store, cast, a_page("เปิด", "คำเปิดเผย"))
    passages = (SourcePassage(hidden, "คำลับ"), SourcePassage(seen, "คำเปิด"))
    number = write(store, cast, a_lesson(*passages, author=cast.facilitator.name))
    theirs, mine = opened(facilitator, number), opened(curator, number)
    assert send(facilitator, number, theirs, point="เป้าหมายชัดบอกว่าควรเชิญใครบ้าง").status_code == 303
    changes = {"point": "ไม่รู้ว่าควรเชิญใครเลยสักคน", "sources-0-passage": "คำเปิดเผย"}
    answer = send(curator, number, mine, **changes)
    assert answer.status_code == 409
    assert "คำลับ" not in answer.text
    fields = filled(answer)
    assert send(curator, number, fields).status_code == 303
    lesson = saved(store, number).lesson
    assert isinstance(lesson, LessonParts)
    kept = {(one.note, one.passage) for one in lesson.sources}
    assert kept == {(hidden, "คำลับ"), (seen, "คำเปิดเผย")}


# --- in the domain --------------------------------------------------------------------------------


def test_a_save_that_comes_between_is_merged_as_well(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = write(store, cast, a_page("หน้า", BODY))
    began = notes.revise
    tried = []

    def late(session: Session, note: notes.Note, *args: object, **named: object) -> object:
        tried.append(note.revision)
        if len(tried) == 1:
            raise EditConflict("มีคนบันทึกก่อนเสี้ยววินาที", latest_revision=2)
        return began(session, note, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(notes, "revise", late)
    with store.saving() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        mine = replace(notes.content_of(note), body=BODY.replace("ชาวบ้าน", "คนบ้าน"))
        saved_as = revising.revise(session, note, mine, by=cast.facilitator, based_on=1)
        assert saved_as.note.revision == 2
    assert len(tried) == 2


def test_merging_asks_permission_and_checks_what_comes_out(session: Session, cast: Cast) -> None:
    note = notes.create(session, some_minutes(), by=cast.facilitator)
    content = notes.content_of(note)
    with pytest.raises(NotAllowed):
        changed = replace(content, title="อื่น")
        revising.revise(session, note, changed, by=cast.commenter, based_on=1)
    notes.revise(session, note, replace(content, body="ก"), by=cast.curator, based_on=1)
    with pytest.raises(EditConflict) as asked:
        changed = replace(content, body="ข")
        revising.revise(session, note, changed, by=cast.facilitator, based_on=1)
    assert asked.value.latest_revision == 2
    for unknown in (0, 3, 2**40):
        with pytest.raises(EditConflict):
            revising.revise(session, note, content, by=cast.facilitator, based_on=unknown)
    assert history.revision(session, note, 2, seen_by=cast.curator)[1].kind == Kind.MINUTES
