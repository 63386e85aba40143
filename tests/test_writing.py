"""A facilitator writes and revises notes; nothing typed is ever lost."""

import html
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import history, notes
from kms.note_kinds import Kind, LessonParts, NoteContent, Review, SourcePassage
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast, csrf_token, post

KINDS = ("aar", "minutes", "lesson", "page", "note")
SCRIPT = "<script>alert('ปลาทู')</script>"
REVIEW = "เป้าหมายการประชุมไม่ชัด ผลที่ได้จึงคลุมเครือ"


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "facilitator")


def number_in(address: str) -> int:
    return int(address.split("/notes/")[1].split("#", maxsplit=1)[0])


def saved(store: Store, number: int) -> NoteContent:
    with store.sessions() as session:
        return notes.content_of(notes.get(session, number, seen_by=SYSTEM))


def shown(page: str, name: str) -> str:
    """What a text field or text area of the page holds."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.S)
    found = found or re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"no field {name}"
    return html.unescape(found[1])


def write(store: Store, cast: Cast, **fields: object) -> int:
    content = NoteContent(**{"kind": Kind.PAGE, "title": "หน้าเดิม", "body": "คำเดิม", **fields})  # type: ignore[arg-type]
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


# --- who may, and hostile input -------------------------------------------------------------------


def test_writing_needs_an_account_that_may_write(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    assert client.get("/write/aar").status_code in (302, 401)
    researcher = cast.browser(app, "researcher")
    assert researcher.get("/write").status_code == 403
    token = csrf_token(researcher, "/account")
    answer = researcher.post("/write/aar", data={"csrf_token": token, "answers-review": REVIEW})
    assert answer.status_code == 403
    assert REVIEW in answer.text


def test_an_unknown_kind_is_simply_not_there(facilitator: FlaskClient) -> None:
    assert facilitator.get("/write/poem").status_code == 404
    assert facilitator.get("/notes/999999/edit").status_code == 404


def test_script_in_every_field_comes_back_as_text(facilitator: FlaskClient) -> None:
    for kind in KINDS:
        page = facilitator.get(f"/write/{kind}").text
        names = set(re.findall(r'<(?:input|textarea|select)[^>]*? name="([^"]+)"', page))
        form: dict[str, object] = {
            name.replace("__index__", "0"): SCRIPT
            for name in names - {"csrf_token", "do", "kind", "q"}
        }
        answer = post(facilitator, f"/write/{kind}", form)
        assert answer.status_code == 422, kind
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_a_saved_script_is_text_on_the_page(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "title": SCRIPT,
        "body": f"{SCRIPT}\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)>",
        "tags": "<b>",
        "author": SCRIPT,
        "credit": "other",
        "theme_new": SCRIPT,
        "roles-0-role": "khun_kit",
        "roles-0-person": SCRIPT,
        "roles-0-did": SCRIPT,
    }
    answer = post(facilitator, "/write/note", form, follow=True)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "javascript:" not in answer.text
    assert "<img src=x" not in answer.text


def test_a_body_beyond_the_limit_is_refused_with_a_sentence(facilitator: FlaskClient) -> None:
    token = csrf_token(facilitator, "/write/note")
    words = {"csrf_token": token, "title": "ยาว", "body": "ก" * 10_000_000}
    assert facilitator.post("/write/note", data=words).status_code == 413
    words["body"] = "ก" * 450_000
    answer = facilitator.post("/write/note", data=words)
    assert answer.status_code == 422
    assert "ยาวเกินไป" in answer.text
    assert len(shown(answer.text, "body")) == 450_000


def test_broken_utf8_is_never_a_crash(facilitator: FlaskClient) -> None:
    token = csrf_token(facilitator, "/write/note")
    body = b"csrf_token=" + token.encode() + b"&title=%E0%B8%FF%FE&body=\xff\xfe\x00"
    answer = facilitator.post(
        "/write/note", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in (303, 400, 422)


def test_huge_and_odd_row_numbers_do_no_harm(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "title": "ประชุม",
        "attendees-999999-name": "คนท้ายแถว",
        "attendees--1-name": "ก",
        "attendees-99999999999999-name": "ข",
        "remove": "attendees-../../0",
    }
    answer = post(facilitator, "/write/minutes", form)
    assert answer.status_code == 200
    assert shown(answer.text, "attendees-0-name") == "คนท้ายแถว"


def test_unknown_codes_are_named_beside_their_fields(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "title": "ก",
        "visibility": "everybody",
        "roles-0-role": "khun_boss",
        "roles-0-level": "galaxy",
        "roles-0-person": "ผู้ใหญ่ย้วน",
        "organisations-0-name": "พอช.",
        "organisations-0-part": "owner",
        "url": "javascript:alert(1)",
    }
    answer = post(facilitator, "/write/note", form)
    assert answer.status_code == 422
    for name in ("roles-0-role", "roles-0-level", "organisations-0-part", "url", "visibility"):
        assert f'href="#{name}"' in answer.text, name
    assert shown(answer.text, "roles-0-person") == "ผู้ใหญ่ย้วน"


def test_an_impossible_date_keeps_every_word(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "title": "หารือ",
        "held": "31 กุมภาพันธ์ 2550",
        "attendees-1-name": "คุณสารภี",
        "budget-0-organisation": "สกว.",
        "budget-0-amount": "เก้าล้าน",
    }
    answer = post(facilitator, "/write/minutes", form)
    assert answer.status_code == 422
    assert shown(answer.text, "held") == "31 กุมภาพันธ์ 2550"
    assert shown(answer.text, "attendees-0-name") == "คุณสารภี"
    assert shown(answer.text, "budget-0-amount") == "เก้าล้าน"
    assert 'id="held-error"' in answer.text
    assert 'id="budget-0-amount-error"' in answer.text


# --- saving ---------------------------------------------------------------------------------------


def test_the_shortest_review_is_one_box(facilitator: FlaskClient, store: Store) -> None:
    answer = post(facilitator, "/write/aar", {"questions": "one-box", "answers-review": REVIEW})
    assert answer.status_code == 303
    content = saved(store, number_in(answer.location))
    assert content.title == REVIEW
    assert content.review == Review("one-box", {"review": REVIEW})
    assert content.author == "ผู้จัดเวทีตำบลหูล่อง"
    assert content.visibility == "members"


def test_an_empty_review_asks_for_one_thing_only(facilitator: FlaskClient) -> None:
    answer = post(facilitator, "/write/aar", {"questions": "one-box"})
    assert answer.status_code == 422
    assert 'href="#answers-review"' in answer.text
    assert 'href="#title"' not in answer.text


def test_sending_one_form_twice_makes_one_note(facilitator: FlaskClient, store: Store) -> None:
    page = facilitator.get("/write/note").text
    form: dict[str, object] = {
        "client_id": shown(page, "client_id"),
        "title": "ครั้งเดียว",
        "body": "คำแรก",
    }
    first = post(facilitator, "/write/note", form)
    second = post(facilitator, "/write/note", form)
    assert first.location == second.location
    third = post(facilitator, "/write/note", {**form, "body": "คำที่แก้หลังกดกลับ"})
    assert third.location == first.location
    assert saved(store, number_in(first.location)).body == "คำที่แก้หลังกดกลับ"


def test_nobody_can_reach_anothers_note_by_its_form_id(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    client_id = shown(facilitator.get("/write/note").text, "client_id")
    form: dict[str, object] = {"client_id": client_id, "title": "ของผู้จัดเวที", "body": "ก"}
    mine = post(facilitator, "/write/note", form)
    other = cast.browser(app, "commenter")
    theirs = post(other, "/write/note", {**form, "title": "ของคนอื่น"})
    assert number_in(mine.location) != number_in(theirs.location)
    assert saved(store, number_in(mine.location)).title == "ของผู้จัดเวที"


def test_a_page_of_minutes_is_saved_whole(facilitator: FlaskClient, store: Store) -> None:
    form: dict[str, object] = {
        "title": "หารือขับเคลื่อนสวัสดิการ จังหวัดพัทลุง",
        "held": "๑๘ ธันวาคม ๒๕๕๐",
        "venue": "ศาลากลางจังหวัดพัทลุง",
        "places-0-text": "ต.ลำสินธุ์ จ.พัทลุง",
        "attendees-0-name": "ผู้ใหญ่ย้วน",
        "attendees-0-organisation": "ตำบลชุมพล",
        "attendees-2-name": "คุณสุนทร",
        "attendees-2-absent": "1",
        "agenda-0-title": "กองทุน",
        "agenda-0-decision": "ทำบันทึกความร่วมมือ",
        "actions-0-what": "เลือกตัวแทน",
        "actions-0-due": "27 ธค 50",
        "budget-0-organisation": "สกว.",
        "budget-0-amount": "9,301,000",
        "tags": "#สวัสดิการ, กองทุน",
        "themes": ["welfare-unknown"],
        "visibility": "public",
    }
    answer = post(facilitator, "/write/minutes", form)
    assert answer.status_code == 303, answer.text
    content = saved(store, number_in(answer.location))
    assert content.meeting is not None
    assert [one.present for one in content.meeting.attendees] == [True, False]
    assert content.meeting.budget_sum_satang == 930_100_000
    assert str(content.meeting.actions[0].due) == "2007-12-27"
    assert str(content.held_from) == "2007-12-18"
    assert content.places[0].code.startswith("93")
    assert content.tags == ("สวัสดิการ", "กองทุน")


def test_a_review_may_be_on_behalf_of_someone_or_of_nobody(
    facilitator: FlaskClient, store: Store
) -> None:
    base: dict[str, object] = {"questions": "one-box", "answers-review": REVIEW}
    named = post(facilitator, "/write/aar", {**base, "credit": "other", "author": "พี่โต"})
    assert saved(store, number_in(named.location)).author == "พี่โต"
    nobody = post(facilitator, "/write/aar", {**base, "credit": "nobody"})
    assert saved(store, number_in(nobody.location)).author == ""
    page = facilitator.get(nobody.location).text
    assert "ผู้จัดเวทีตำบลหูล่อง" not in page.split('<article class="note', 1)[1].split("<footer")[0]


# --- buttons that only show the form again --------------------------------------------------------


def test_more_rows_come_with_every_word_kept(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {"title": "ประชุม", "attendees-2-name": "คุณวิเชียร", "add": "attendees"}
    page = post(facilitator, "/write/minutes", form).text
    assert shown(page, "attendees-0-name") == "คุณวิเชียร"
    assert 'name="attendees-3-name"' in page
    begin = re.search(r'<input id="attendees-1-name"[^>]*>', page)
    assert begin
    assert "autofocus" in begin[0]


def test_one_row_goes_and_the_others_stay(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "attendees-0-name": "คนแรก",
        "attendees-1-name": "คนที่สอง",
        "remove": "attendees-0",
    }
    page = post(facilitator, "/write/minutes", form).text
    assert shown(page, "attendees-0-name") == "คนที่สอง"
    assert "คนแรก" not in page


def test_the_sum_is_computed_before_saving(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "budget-0-organisation": "ก",
        "budget-0-amount": "1,000.50",
        "budget-1-organisation": "ข",
        "budget-1-amount": "๙๙๙.๕๐",
        "do": "check",
    }
    answer = post(facilitator, "/write/minutes", form)
    assert answer.status_code == 200
    assert "2,000 บาท" in answer.text


def test_other_questions_keep_the_answers(facilitator: FlaskClient) -> None:
    form: dict[str, object] = {
        "questions": "one-box",
        "answers-review": REVIEW,
        "switch": "thai-km",
    }
    page = post(facilitator, "/write/aar", form).text
    assert shown(page, "answers-expected") == REVIEW
    assert shown(page, "questions") == "thai-km"


def test_an_ambiguous_place_is_asked_and_then_taken(facilitator: FlaskClient, store: Store) -> None:
    form: dict[str, object] = {"title": "ก", "body": "ข", "places-0-text": "ต.บ้านใหม่"}
    answer = post(facilitator, "/write/note", form)
    assert answer.status_code == 422
    codes = re.findall(r'name="places-0-code" value="(\d+)"', answer.text)
    assert len(codes) > 1
    assert "จ.ปทุมธานี" in answer.text or "จ.นนทบุรี" in answer.text
    chosen = post(
        facilitator,
        "/write/note",
        {**form, "places-0-for": "ต.บ้านใหม่", "places-0-code": codes[1]},
    )
    assert saved(store, number_in(chosen.location)).places[0].code == codes[1]


# --- lessons --------------------------------------------------------------------------------------


def test_a_lesson_begins_from_a_note_and_its_passage(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    source = write(store, cast, kind=Kind.NOTE, title="ต้นทาง", body="แต่ละกองทุนมีเจ้าของ")
    page = facilitator.get(f"/write/lesson?from={source}&passage=แต่ละกองทุนมีเจ้าของ").text
    assert shown(page, "sources-0-note") == str(source)
    assert shown(page, "sources-0-passage") == "แต่ละกองทุนมีเจ้าของ"
    form: dict[str, object] = {
        "point": "ให้เจ้าของกองทุนคุยกันก่อน",
        "sources-0-note": f"/notes/{source}",
        "sources-0-passage": "แต่ละกองทุนมีเจ้าของ",
        "polarity": "works",
    }
    answer = post(facilitator, "/write/lesson", form)
    content = saved(store, number_in(answer.location))
    assert content.lesson is not None
    assert content.lesson.sources == (SourcePassage(source, "แต่ละกองทุนมีเจ้าของ", 1),)
    assert content.title == "ให้เจ้าของกองทุนคุยกันก่อน"


def test_a_source_that_is_someones_draft_looks_absent(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    draft = write(store, cast, kind=Kind.NOTE, title="ร่างลับเฉพาะ", visibility="draft")
    other = cast.browser(app, "commenter")
    for number in (draft, 99_999):
        answer = post(other, "/write/lesson", {"point": "ก", "sources-0-note": str(number)})
        assert answer.status_code == 422
        assert "ร่างลับเฉพาะ" not in answer.text
    assert other.get(f"/write/lesson?from={draft}").status_code == 404


def test_a_curator_keeps_source_passages_that_only_the_writer_sees(
    app: Flask, cast: Cast, store: Store
) -> None:
    draft = write(store, cast, kind=Kind.NOTE, title="ร่าง", body="คำลับ", visibility="draft")
    parts = LessonParts("บทเรียน", sources=(SourcePassage(draft, "คำลับ"),))
    number = write(store, cast, kind=Kind.LESSON, title="บทเรียน", body="", lesson=parts)
    curator = cast.browser(app, "curator")
    page = curator.get(f"/notes/{number}/edit").text
    assert "คำลับ" not in page
    form: dict[str, object] = {
        "kind": "lesson",
        "based_on": "1",
        "title": "บทเรียน",
        "point": "บทเรียนที่ขัดเกลาแล้ว",
        "credit": "other",
        "author": "ผู้จัดเวทีตำบลหูล่อง",
        "visibility": "members",
    }
    answer = post(curator, f"/notes/{number}/edit", form)
    assert answer.status_code == 303, answer.text
    content = saved(store, number)
    assert content.lesson is not None
    assert content.lesson.point == "บทเรียนที่ขัดเกลาแล้ว"
    assert content.lesson.sources == (SourcePassage(draft, "คำลับ", 1),)


# --- revising -------------------------------------------------------------------------------------


def test_the_edit_form_holds_what_the_note_says_and_saving_it_changes_nothing(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, author="ผู้จัดเวทีตำบลหูล่อง", tags=("ก", "ข"))
    page = facilitator.get(f"/notes/{number}/edit").text
    assert shown(page, "title") == "หน้าเดิม"
    assert shown(page, "body") == "คำเดิม"
    form: dict[str, object] = {
        "kind": "page",
        "based_on": shown(page, "based_on"),
        "title": shown(page, "title"),
        "body": shown(page, "body"),
        "tags": shown(page, "tags"),
        "visibility": "members",
    }
    assert post(facilitator, f"/notes/{number}/edit", form).status_code == 303
    with store.sessions() as session:
        assert notes.get(session, number, seen_by=SYSTEM).revision == 1


def test_a_change_keeps_its_reason(facilitator: FlaskClient, cast: Cast, store: Store) -> None:
    number = write(store, cast)
    form: dict[str, object] = {
        "kind": "page",
        "based_on": "1",
        "title": "หน้าเดิม",
        "body": "คำใหม่",
        "reason": "แก้คำผิด",
        "visibility": "members",
    }
    assert post(facilitator, f"/notes/{number}/edit", form).status_code == 303
    page = facilitator.get(f"/notes/{number}/history").text
    assert "แก้คำผิด" in page
    assert "คำเดิม" in facilitator.get(f"/notes/{number}/revisions/1").text
    assert "คำใหม่" in facilitator.get(f"/notes/{number}/revisions/2").text
    assert facilitator.get(f"/notes/{number}/revisions/3").status_code == 404


def test_the_second_of_two_editors_sees_both_texts_and_saves_both(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, author="ผู้จัดเวทีตำบลหูล่อง")
    base: dict[str, object] = {
        "kind": "page",
        "based_on": "1",
        "title": "หน้าเดิม",
        "visibility": "members",
    }
    other = cast.browser(app, "commenter")
    theirs = {**base, "body": "คำของคนแรก", "tags": "ใหม่", "credit": "other"}
    theirs["author"] = "ผู้จัดเวทีตำบลหูล่อง"
    assert post(other, f"/notes/{number}/edit", theirs).status_code == 303
    answer = post(facilitator, f"/notes/{number}/edit", {**base, "body": "คำของคนที่สอง"})
    assert answer.status_code == 409
    assert "คำของคนแรก" in answer.text
    assert shown(answer.text, "body") == "คำของคนที่สอง"
    assert shown(answer.text, "tags") == "ใหม่"
    assert shown(answer.text, "based_on") == "2"
    composed = {**base, "based_on": "2", "body": "คำของทั้งสองคน", "tags": "ใหม่"}
    assert post(facilitator, f"/notes/{number}/edit", composed).status_code == 303
    assert saved(store, number).body == "คำของทั้งสองคน"
    with store.sessions() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        assert history.listing(session, note, seen_by=SYSTEM, limit=20)[0] == 3


def test_a_nonsense_base_is_a_conflict_and_keeps_the_words(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast)
    for base in ("", "-1", "99", "๑", SCRIPT):
        form: dict[str, object] = {
            "kind": "page",
            "based_on": base,
            "title": "หน้าเดิม",
            "body": "คำที่พิมพ์",
        }
        answer = post(facilitator, f"/notes/{number}/edit", form)
        assert answer.status_code == 409, base
        assert shown(answer.text, "body") == "คำที่พิมพ์"


def test_a_note_thrown_away_meanwhile_gives_the_words_back_for_a_new_one(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast)
    with store.saving() as session:
        notes.delete(session, notes.get(session, number, seen_by=SYSTEM), by=cast.curator)
    form: dict[str, object] = {"kind": "page", "based_on": "1", "title": "ก", "body": "คำที่พิมพ์"}
    answer = post(facilitator, f"/notes/{number}/edit", form, page="/mine")
    assert answer.status_code == 404
    assert shown(answer.text, "body") == "คำที่พิมพ์"
    assert 'action="/write/page"' in answer.text


def test_a_member_cannot_revise_anothers_review(app: Flask, cast: Cast, store: Store) -> None:
    review = Review("one-box", {"review": REVIEW})
    number = write(store, cast, kind=Kind.AFTER_ACTION_REVIEW, review=review)
    other = cast.browser(app, "commenter")
    assert other.get(f"/notes/{number}/edit").status_code == 403


# --- lost sessions and stale forms ----------------------------------------------------------------


def test_a_form_without_its_token_comes_back_with_its_words(facilitator: FlaskClient) -> None:
    answer = facilitator.post("/write/note", data={"title": "ยังอยู่", "body": "คำที่พิมพ์ไว้นาน"})
    assert answer.status_code == 400
    assert shown(answer.text, "body") == "คำที่พิมพ์ไว้นาน"
    token = shown(answer.text, "csrf_token")
    again = facilitator.post(
        "/write/note", data={"title": "ยังอยู่", "body": "คำที่พิมพ์ไว้นาน", "csrf_token": token}
    )
    assert again.status_code == 303


def test_someone_signed_out_keeps_the_words_and_is_told_where_to_sign_in(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, body="คำของบันทึกที่คนนอกไม่เห็น")
    for address, kind in (("/write/aar", "aar"), (f"/notes/{number}/edit", "page")):
        answer = client.post(
            address, data={"kind": kind, "title": "ชื่อ", "body": "คำที่พิมพ์", "answers-review": REVIEW}
        )
        assert answer.status_code == 401
        assert "คำที่พิมพ์" in answer.text
        assert 'href="/signin"' in answer.text
        assert 'target="_blank"' in answer.text
        assert "คำของบันทึกที่คนนอกไม่เห็น" not in answer.text


def test_a_stale_delete_changes_nothing(facilitator: FlaskClient, cast: Cast, store: Store) -> None:
    number = write(store, cast, visibility="draft")
    assert facilitator.post(f"/notes/{number}/delete").status_code == 400
    assert saved(store, number).title == "หน้าเดิม"


# --- my own ---------------------------------------------------------------------------------------


def test_drafts_wait_in_my_notes_until_they_are_shown(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, title="ร่างของฉัน", visibility="draft")
    assert "ร่างของฉัน" in facilitator.get("/mine").text
    other = cast.browser(app, "commenter")
    assert other.get(f"/notes/{number}").status_code == 404
    sent = {"visibility": "members"}
    assert post(facilitator, f"/notes/{number}/visibility", sent, page="/mine").status_code == 303
    assert other.get(f"/notes/{number}").status_code == 200


def test_a_draft_can_be_thrown_away_by_its_owner_only(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, visibility="draft")
    curator = cast.browser(app, "curator")
    assert curator.get(f"/notes/{number}/delete").status_code == 404
    assert post(facilitator, f"/notes/{number}/delete", {}).status_code == 303
    assert facilitator.get(f"/notes/{number}").status_code == 404
