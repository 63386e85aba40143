"""Drafts: one's own words, kept by the server as they are typed, and nobody else's."""

import uuid
from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from kms import comments, drafts, notes
from kms.db import now
from kms.drafts import FormWords, WrittenElsewhere
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.models import Draft, Note
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast, csrf_token, post

PHONE, COMPUTER = str(uuid.uuid4()), str(uuid.uuid4())
FORM = str(uuid.uuid4())
REVIEW = "เป้าหมายการประชุมไม่ชัด ผลที่ได้จึงคลุมเครือ"


def words(text: str = REVIEW, **given: object) -> FormWords:
    whole = {
        "form_id": FORM,
        "kind": "aar",
        "fields": [("questions", "one-box"), ("answers-review", text)],
        "device": PHONE,
    }
    return FormWords(**{**whole, **given})  # type: ignore[arg-type]


def a_page(session: Session, cast: Cast, **fields: object) -> Note:
    whole = {"kind": Kind.PAGE, "title": "หน้าเดิม", "body": "คำเดิม", **fields}
    return notes.create(session, NoteContent(**whole), by=cast.facilitator)  # type: ignore[arg-type]


# --- hostile input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "poem"},
        {"kind": ""},
        {"step": 0},
        {"step": 2**31},
        {"after": -1},
        {"based_on": -3},
        {"device": "x" * 37},
        {"fields": [("<script>", "x")]},
        {"fields": [("../../etc", "x")]},
        {"fields": [("a" * 200, "x")]},
        {"fields": [("title\n", "x")]},
        {"fields": [("body", "ก" * 400_000)]},
        {"fields": [("body", "ก")] * 5_001},
    ],
)
def test_a_draft_that_no_form_sends_is_refused_with_a_sentence(
    session: Session, cast: Cast, given: Mapping[str, object]
) -> None:
    with pytest.raises(Invalid) as refused:
        drafts.save(session, words(**given), by=cast.facilitator)  # type: ignore[arg-type]
    assert len(refused.value.message) > 20
    assert drafts.of_owner(session, cast.facilitator) == []


def test_what_only_carries_the_form_is_never_kept(session: Session, cast: Cast) -> None:
    fields = [(name, "x") for name in sorted(drafts.NEVER_KEPT)]
    kept = drafts.save(session, words(fields=[*fields, ("body", "คำ")]), by=cast.facilitator)
    assert kept.fields == [["body", "คำ"]]


def test_broken_text_is_kept_as_text_that_a_database_takes(session: Session, cast: Cast) -> None:
    kept = drafts.save(session, words("ก\0ข\ud800ค"), by=cast.facilitator)
    session.commit()
    assert dict(kept.fields)["answers-review"] == "กขค"


def test_readers_and_strangers_keep_no_drafts(session: Session, cast: Cast) -> None:
    with pytest.raises(SignInNeeded):
        drafts.save(session, words(), by=cast.anonymous)
    for kind in ("aar", "comment"):
        with pytest.raises(NotAllowed):
            drafts.save(session, words(kind=kind), by=cast.researcher)


def test_a_draft_is_its_writers_alone(session: Session, cast: Cast) -> None:
    drafts.save(session, words(), by=cast.facilitator)
    for other in (cast.commenter, cast.curator, cast.administrator):
        assert drafts.of_owner(session, other) == []
        for act in (drafts.get, drafts.discard, drafts.take_back):
            with pytest.raises(NotFound) as hidden:
                act(session, FORM, by=other)
            with pytest.raises(NotFound) as absent:
                act(session, str(uuid.uuid4()), by=other)
            assert hidden.value.message == absent.value.message
        assert drafts.discarded(session, FORM, by=other) is None
    drafts.forget(session, cast.curator.account_id, FORM, step=9, device=PHONE)
    assert drafts.get(session, FORM, by=cast.facilitator).fields


def test_two_people_may_hold_forms_of_one_id(session: Session, cast: Cast) -> None:
    drafts.save(session, words("ของผู้จัด"), by=cast.facilitator)
    drafts.save(session, words("ของสมาชิก"), by=cast.commenter)
    assert [one.title for one in drafts.of_owner(session, cast.commenter)] == ["ของสมาชิก"]


def test_a_draft_too_many_is_refused_and_the_others_stay(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 3)
    for _n in range(3):
        drafts.save(session, words(form_id=str(uuid.uuid4())), by=cast.facilitator)
    with pytest.raises(Invalid, match="ร่างค้างอยู่ 3"):
        drafts.save(session, words(form_id=str(uuid.uuid4())), by=cast.facilitator)
    first = drafts.of_owner(session, cast.facilitator)[-1]
    drafts.save(session, words("แก้ต่อได้", form_id=first.form_id, step=2), by=cast.facilitator)
    drafts.discard(session, first.form_id, by=cast.facilitator)
    drafts.save(session, words(form_id=str(uuid.uuid4())), by=cast.facilitator)
    assert len(drafts.of_owner(session, cast.facilitator)) == 3


# --- steps and devices ----------------------------------------------------------------------------


def test_the_same_words_change_nothing(session: Session, cast: Cast) -> None:
    first = drafts.save(session, words(step=4), by=cast.facilitator)
    saved_at = first.saved_at
    again = drafts.save(session, words(step=9, device=COMPUTER), by=cast.facilitator)
    assert (again.id, again.step, again.saved_at) == (first.id, 4, saved_at)


def test_a_device_goes_on_although_it_never_heard_the_answer(session: Session, cast: Cast) -> None:
    drafts.save(session, words("ก", step=1), by=cast.facilitator)
    drafts.save(session, words("กข", step=2, after=0), by=cast.facilitator)
    kept = drafts.save(session, words("กขค", step=5, after=0), by=cast.facilitator)
    assert (kept.step, kept.title) == (5, "กขค")


def test_older_words_that_come_late_do_not_win(session: Session, cast: Cast) -> None:
    drafts.save(session, words("ใหม่กว่า", step=3), by=cast.facilitator)
    with pytest.raises(WrittenElsewhere) as told:
        drafts.save(session, words("เก่ากว่า", step=2), by=cast.facilitator)
    assert told.value.kept.step == 3
    assert drafts.get(session, FORM, by=cast.facilitator).title == "ใหม่กว่า"


def test_the_device_that_did_not_know_of_newer_words_is_told(session: Session, cast: Cast) -> None:
    drafts.save(session, words("จากมือถือ", step=1), by=cast.facilitator)
    drafts.save(session, words("เติมที่คอม", step=2, after=1, device=COMPUTER), by=cast.facilitator)
    with pytest.raises(WrittenElsewhere) as told:
        drafts.save(session, words("เติมที่มือถือ", step=40, after=1), by=cast.facilitator)
    assert told.value.kept.step == 2
    kept = drafts.save(session, words("รู้แล้ว", step=3, after=2), by=cast.facilitator)
    assert (kept.step, kept.title, kept.device) == (3, "รู้แล้ว", PHONE)


# --- sending and throwing away --------------------------------------------------------------------


def test_a_sent_form_leaves_no_draft_and_a_late_save_brings_none_back(
    session: Session, cast: Cast
) -> None:
    drafts.save(session, words("เกือบเสร็จ", step=3), by=cast.facilitator)
    drafts.forget(session, cast.facilitator.account_id, FORM, step=5, device=PHONE)
    assert drafts.of_owner(session, cast.facilitator) == []
    late = drafts.save(session, words("เสร็จแล้ว", step=4), by=cast.facilitator)
    assert drafts.is_sent(late)
    assert drafts.of_owner(session, cast.facilitator) == []
    assert drafts.sent_forms(session, cast.facilitator) == {FORM: 5}
    with pytest.raises(NotFound):
        drafts.take_back(session, FORM, by=cast.facilitator)


def test_a_form_sent_before_its_first_save_arrives_leaves_no_draft_either(
    session: Session, cast: Cast
) -> None:
    drafts.forget(session, cast.facilitator.account_id, FORM, step=2, device=PHONE)
    drafts.save(session, words("มาช้า", step=1), by=cast.facilitator)
    assert drafts.of_owner(session, cast.facilitator) == []
    kept = drafts.save(session, words("เขียนต่อหลังส่ง", step=3), by=cast.facilitator)
    assert kept.title == "เขียนต่อหลังส่ง"
    assert len(drafts.of_owner(session, cast.facilitator)) == 1


def test_another_device_that_still_writes_what_was_sent_is_told(
    session: Session, cast: Cast
) -> None:
    drafts.save(session, words(step=2), by=cast.facilitator)
    drafts.forget(session, cast.facilitator.account_id, FORM, step=3, device=PHONE)
    with pytest.raises(WrittenElsewhere) as told:
        drafts.save(session, words("คำอื่น", step=3, after=2, device=COMPUTER), by=cast.facilitator)
    assert drafts.is_sent(told.value.kept)


def test_a_discarded_draft_comes_back_for_a_week(session: Session, cast: Cast) -> None:
    drafts.save(session, words(), by=cast.facilitator)
    gone = drafts.discard(session, FORM, by=cast.facilitator)
    assert drafts.of_owner(session, cast.facilitator) == []
    found = drafts.discarded(session, FORM, by=cast.facilitator)
    assert found is not None
    assert found.title == REVIEW
    drafts.take_back(session, FORM, by=cast.facilitator)
    assert [one.title for one in drafts.of_owner(session, cast.facilitator)] == [REVIEW]
    gone = drafts.discard(session, FORM, by=cast.facilitator)
    gone.discarded_at = now() - timedelta(days=8)
    session.flush()
    drafts.save(session, words(form_id=str(uuid.uuid4())), by=cast.commenter)
    with pytest.raises(NotFound):
        drafts.take_back(session, FORM, by=cast.facilitator)


def test_words_typed_after_throwing_away_bring_the_draft_back(session: Session, cast: Cast) -> None:
    drafts.save(session, words(step=1), by=cast.facilitator)
    drafts.discard(session, FORM, by=cast.facilitator)
    drafts.save(session, words(step=1), by=cast.facilitator)
    assert drafts.of_owner(session, cast.facilitator) == []
    drafts.save(session, words("ยังเขียนอยู่", step=2), by=cast.facilitator)
    assert len(drafts.of_owner(session, cast.facilitator)) == 1


# --- titles, notes, other people ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ([("title", " ชื่อที่ตั้ง "), ("answers-review", "คำตอบ")], "ชื่อที่ตั้ง"),
        ([("questions", "one-box"), ("answers-review", "คำ\nตอบ  ยาว")], "คำ ตอบ ยาว"),
        ([("visibility", "members"), ("roles-0-role", "khun_ua"), ("places-0-code", "80")], ""),
        ([("attendees-0-name", ""), ("attendees-1-name", "ลุงยงค์")], "ลุงยงค์"),
    ],
)
def test_a_draft_is_named_by_its_title_or_its_first_words(
    session: Session, cast: Cast, fields: list[tuple[str, str]], title: str
) -> None:
    assert drafts.save(session, words(fields=fields), by=cast.facilitator).title == title


def test_a_draft_of_a_hidden_note_keeps_its_words_and_tells_nothing_of_the_note(
    session: Session, cast: Cast
) -> None:
    note = a_page(session, cast, title="หน้าที่จะซ่อน")
    drafts.save(session, words(kind="page", number=note.number, based_on=1), by=cast.commenter)
    assert drafts.of_owner(session, cast.commenter)[0].note_title == "หน้าที่จะซ่อน"
    notes.change_visibility(session, note, "draft", by=cast.facilitator)
    line = drafts.of_owner(session, cast.commenter)[0]
    assert (line.number, line.note_title, line.title) == (None, "", REVIEW)
    newer = words("คำใหม่", kind="page", number=note.number, based_on=1, step=2)
    assert drafts.save(session, newer, by=cast.commenter).title == "คำใหม่"


def test_hidden_and_absent_notes_make_the_same_draft(session: Session, cast: Cast) -> None:
    hidden = a_page(session, cast, visibility="draft")
    for number in (hidden.number, 999_999, 2**40):
        form = words(kind="page", number=number, form_id=str(uuid.uuid4()))
        assert drafts.save(session, form, by=cast.commenter).note_id is None
    assert drafts.others_writing(session, hidden, by=cast.facilitator) == []


def test_a_deleted_note_leaves_the_draft_of_it(session: Session, cast: Cast) -> None:
    note = a_page(session, cast)
    drafts.save(session, words(kind="page", number=note.number), by=cast.commenter)
    notes.delete(session, note, by=cast.curator)
    session.expire_all()
    assert drafts.get(session, FORM, by=cast.commenter).note_id is None


def test_someone_elses_open_draft_is_told_to_those_who_may_revise(
    session: Session, cast: Cast
) -> None:
    note = a_page(session, cast)
    drafts.save(session, words(kind="page", number=note.number), by=cast.commenter)
    told = drafts.others_writing(session, note, by=cast.facilitator)
    assert [one.name for one in told] == [cast.commenter.name]
    assert drafts.others_writing(session, note, by=cast.commenter) == []
    assert drafts.others_writing(session, note, by=cast.researcher) == []
    drafts.save(session, words("ร่างความเห็น", kind="comment", number=note.number), by=cast.curator)
    assert len(drafts.others_writing(session, note, by=cast.facilitator)) == 1
    kept = drafts.get(session, FORM, by=cast.commenter)
    kept.saved_at = now() - timedelta(hours=13)
    session.flush()
    assert drafts.others_writing(session, note, by=cast.facilitator) == []


def test_an_open_draft_never_tells_who_wrote_an_anonymous_note(
    session: Session, cast: Cast
) -> None:
    note = a_page(session, cast, author="")
    drafts.save(session, words(kind="page", number=note.number), by=cast.facilitator)
    assert [one.name for one in drafts.others_writing(session, note, by=cast.curator)] == [""]


def test_a_forgotten_account_leaves_no_drafts(session: Session, cast: Cast) -> None:
    drafts.save(session, words(), by=cast.facilitator)
    assert cast.facilitator.account_id
    drafts.drop_all(session, cast.facilitator.account_id)
    assert drafts.of_owner(session, cast.facilitator) == []


# --- over the web ---------------------------------------------------------------------------------


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> FlaskClient:
    return cast.browser(app, "facilitator")


def put(
    client: FlaskClient, given: object = None, form_id: str = FORM, **headers: str
) -> TestResponse:
    whole = {
        "kind": "aar",
        "number": None,
        "based_on": None,
        "fields": [["questions", "one-box"], ["answers-review", REVIEW]],
        "step": 1,
        "after": 0,
        "device": PHONE,
    }
    body = {**whole, **given} if isinstance(given, dict) else whole if given is None else given
    token = csrf_token(client, "/account")
    return client.put(
        f"/drafts/{form_id}",
        json=body,
        headers={"Accept": "application/json", "X-CSRFToken": token, **headers},
    )


def test_json_that_no_form_sends_is_refused_and_never_a_crash(
    facilitator: FlaskClient, subtests: pytest.Subtests
) -> None:
    for given in (
        [],
        "คำ",
        7,
        {"fields": "คำ"},
        {"fields": [["body"]]},
        {"fields": [["body", 7]]},
        {"fields": [[["body"], "x"]]},
        {"fields": {"body": "x"}},
        {"step": "1"},
        {"step": True},
        {"step": 1e300},
        {"step": None},
        {"number": "7 or 1"},
        {"kind": None},
        {"device": {}},
    ):
        with subtests.test(given=given):
            answer = put(facilitator, given)
            assert answer.status_code == 422
            assert answer.json["error"]["message"]


def test_a_save_needs_a_token_an_account_and_the_right_one(
    app: Flask, cast: Cast, facilitator: FlaskClient
) -> None:
    as_json = {"Accept": "application/json"}
    assert facilitator.put(f"/drafts/{FORM}", json={}, headers=as_json).status_code == 400
    stranger = app.test_client().put(f"/drafts/{FORM}", json={}, headers=as_json)
    assert stranger.status_code == 401
    assert stranger.json["error"]["code"] == "sign_in_needed"
    other = put(facilitator, **{"Platu-Account": str(cast.curator.account_id)})
    assert (other.status_code, other.json["error"]["code"]) == (403, "other_account")
    assert put(facilitator, form_id="not-an-id").status_code == 404
    assert facilitator.get("/drafts.json").json["drafts"] == []


def test_a_save_answers_with_the_servers_step_and_time(facilitator: FlaskClient) -> None:
    first = put(facilitator).json
    assert first["step"] == 1
    assert first["said"].count(":") == 1
    assert put(facilitator, {"fields": [["body", "ใหม่"]], "step": 2}).json["step"] == 2
    behind = put(facilitator, {"fields": [["body", "อื่น"]], "step": 9, "device": COMPUTER})
    assert behind.status_code == 409
    assert (behind.json["step"], behind.json["error"]["code"]) == (2, "older_words")


def test_the_list_and_the_forms_show_only_ones_own(
    app: Flask, cast: Cast, facilitator: FlaskClient
) -> None:
    put(facilitator)
    assert REVIEW in facilitator.get("/drafts").text
    assert REVIEW in facilitator.get("/mine").text
    assert REVIEW in facilitator.get(f"/write/aar?draft={FORM}").text
    assert f'data-draft="{FORM}"' in facilitator.get(f"/write/aar?draft={FORM}").text
    other = cast.browser(app, "commenter")
    for address in ("/drafts", "/mine", "/drafts.json", f"/write/aar?draft={FORM}"):
        assert REVIEW not in other.get(address).text
    assert FORM not in other.get(f"/write/aar?draft={FORM}").text.split("<form method")[1]
    for address in (f"/drafts/{FORM}", f"/drafts/{uuid.uuid4()}"):
        assert other.get(address).status_code == 404
    assert app.test_client().get("/drafts").status_code == 302


def test_a_draft_is_resumed_discarded_and_taken_back_without_scripts(
    facilitator: FlaskClient,
) -> None:
    put(facilitator)
    resumed = facilitator.get(f"/drafts/{FORM}")
    assert resumed.headers["Location"] == f"/write/aar?draft={FORM}"
    gone = post(facilitator, f"/drafts/{FORM}/discard", {}, page="/drafts", follow=True)
    assert "เอากลับมาได้ภายใน 7 วัน" in gone.text
    assert facilitator.get(f"/drafts/{FORM}").status_code == 404
    back = post(facilitator, f"/drafts/{FORM}/take-back", {}, page="/account", follow=True)
    assert f'data-id="{FORM}"' in back.text


def test_the_button_keeps_a_draft_and_shows_the_form_with_the_time(
    facilitator: FlaskClient, store: Store, cast: Cast
) -> None:
    page = facilitator.get("/write/minutes").text
    form_id = page.split('data-draft="')[1][:36]
    typed = {"do": "draft", "client_id": form_id, "attendees-0-name": "ลุงยงค์", "themes": ["ก"]}
    shown = post(facilitator, "/write/minutes", typed)
    assert shown.status_code == 200
    assert "อยู่บนเซิร์ฟเวอร์" in shown.text
    assert 'value="ลุงยงค์"' in shown.text
    with store.reading() as session:
        kept = drafts.get(session, form_id, by=cast.facilitator)
        assert ["attendees-0-name", "ลุงยงค์"] in kept.fields
        assert session.query(Note).filter(Note.source == "form").count() == 0


def test_two_pages_without_scripts_never_write_over_each_other(
    facilitator: FlaskClient, store: Store, cast: Cast
) -> None:
    typed = {"do": "draft", "client_id": FORM, "body": "คำแรก", "kind": "note"}
    post(facilitator, "/write/note", typed)
    here = post(facilitator, "/write/note", {**typed, "body": "จากบ้าน", "draft_step": "1"})
    assert "เปิดอีกร่าง</a>" not in here.text
    there = post(facilitator, "/write/note", {**typed, "body": "จากที่ทำงาน", "draft_step": "1"})
    assert "เปิดอีกร่าง</a>" in there.text
    with store.reading() as session:
        titles = {one.title for one in drafts.of_owner(session, cast.facilitator)}
    assert titles == {"จากบ้าน", "จากที่ทำงาน"}


def test_saving_the_note_takes_the_draft_away_in_the_same_transaction(
    facilitator: FlaskClient, store: Store, cast: Cast
) -> None:
    put(facilitator)
    refused = post(facilitator, "/write/aar", {"client_id": FORM, "answers-review": ""})
    assert refused.status_code == 422
    assert len(facilitator.get("/drafts.json").json["drafts"]) == 1
    sent = {"client_id": FORM, "answers-review": REVIEW, "draft_step": "2", "draft_device": PHONE}
    assert post(facilitator, "/write/aar", sent).status_code == 303
    left = facilitator.get("/drafts.json").json
    assert (left["drafts"], left["sent"]) == ([], {FORM: 2})
    assert put(facilitator).json["sent"] is True
    assert facilitator.get("/drafts.json").json["drafts"] == []


def test_a_comments_draft_comes_back_into_its_form_and_goes_when_it_is_sent(
    facilitator: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_page(session, cast).number
    put(facilitator, {"kind": "comment", "number": number, "fields": [["body", "เห็นด้วยกับลุง"]]})
    assert facilitator.get(f"/drafts/{FORM}").headers["Location"].startswith(f"/notes/{number}?")
    page = facilitator.get(f"/notes/{number}?draft={FORM}").text
    assert "เห็นด้วยกับลุง" in page
    assert f'data-draft="{FORM}"' in page
    sent = {"client_id": FORM, "body": "เห็นด้วยกับลุง"}
    post(facilitator, f"/notes/{number}/comments", sent, page=f"/notes/{number}")
    assert facilitator.get("/drafts.json").json["drafts"] == []
    with store.reading() as session:
        assert len(comments.threads(session, number, seen_by=cast.curator)) == 1


def test_a_comment_on_a_note_now_hidden_can_still_be_read_and_copied(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_page(session, cast, title="หน้าที่จะซ่อน").number
    commenter = cast.browser(app, "commenter")
    put(commenter, {"kind": "comment", "number": number, "fields": [["body", "คำของฉัน"]]})
    with store.saving() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        notes.change_visibility(session, note, "draft", by=cast.facilitator)
    page = commenter.get(f"/drafts/{FORM}")
    assert page.status_code == 200
    assert "คำของฉัน" in page.text
    assert "หน้าที่จะซ่อน" not in page.text + commenter.get("/drafts").text


def test_the_edit_form_tells_of_someone_else_and_of_ones_own_draft(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_page(session, cast).number
    commenter = cast.browser(app, "commenter")
    given = {"kind": "page", "number": number, "based_on": 1, "fields": [["body", "คำที่เติม"]]}
    put(commenter, given)
    facilitator = cast.browser(app, "facilitator")
    page = facilitator.get(f"/notes/{number}/edit").text
    assert f"คุณ{cast.commenter.name} กำลังแก้บันทึกนี้อยู่" in page
    assert "คำที่เติม" not in page
    own = commenter.get(f"/notes/{number}/edit").text
    assert f'href="/drafts/{FORM}"' in own
    resumed = commenter.get(f"/notes/{number}/edit?draft={FORM}").text
    assert "คำที่เติม" in resumed
    assert 'data-based-on="1"' in resumed


def test_a_draft_of_one_kind_does_not_fill_the_form_of_another(facilitator: FlaskClient) -> None:
    put(facilitator)
    form = facilitator.get(f"/write/minutes?draft={FORM}").text.partition('class="writing"')[2]
    assert REVIEW not in form
    assert f'data-draft="{FORM}"' not in form


def test_a_draft_is_no_note(facilitator: FlaskClient, store: Store) -> None:
    put(facilitator)
    with store.reading() as session:
        assert session.query(Draft).count() == 1
        assert session.query(Note).count() == 0
