"""What a review says of next steps and of lessons used comes through wherever notes go."""

import json
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import accounts, history, naming, notes, privacy, revising
from kms.errors import Invalid
from kms.exchange import exporting, formats
from kms.exchange.bringing import bring_in
from kms.models import Account, Note, NoteAction
from kms.note_kinds import ActionItem, LessonUsed, Meeting, NoteContent, Review
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store, migrate, open_store
from kms.settings import Settings
from kms.web.difference_words import summary
from tests.cast import PEOPLE, Cast, post
from tests.stories import a_lesson, a_review, some_minutes

FACILITATOR = PEOPLE["facilitator"][1]
KEY = "k" * 22


def a_whole_review(lesson: int, before: int | None = None, **changed: object) -> NoteContent:
    was = naming.mark("ทำเป้าหมาย") if before else ""
    to_do = ActionItem("ทำเป้าหมายให้ชัด", "พอช.", date(2006, 3, 1), True, "ได้หนึ่งหน้า", before, was)
    used = LessonUsed(lesson, "partly", "เชิญคนน้อยลง")
    review = Review("one-box", {"review": "เป้าหมายไม่ชัด"}, (to_do,), (used,), KEY)
    return a_review(**{"review": review, **changed})


def write(store: Store, content: NoteContent, by: Viewer) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=by).number


def kept(store: Store, number: int) -> NoteContent:
    with store.reading() as session:
        return notes.content_of(notes.get(session, number, seen_by=SYSTEM))


@pytest.fixture
def lesson(store: Store, cast: Cast) -> int:
    return write(store, a_lesson(), cast.facilitator)


# --- the form -------------------------------------------------------------------------------------


def test_a_form_says_every_field_and_an_untouched_one_changes_nothing(
    app: Flask, store: Store, cast: Cast, lesson: int
) -> None:
    client = cast.browser(app, "facilitator")
    form: dict[str, object] = {
        "questions": "one-box",
        "answers-review": "เป้าหมายไม่ชัด",
        "briefing": KEY,
        "used-0-lesson": str(lesson),
        "used-0-outcome": "partly",
        "used-0-changed": "เชิญคนน้อยลง",
        "used-1-lesson": f"/notes/{lesson}",
        "used-1-outcome": "",
        "actions-0-what": "ทำเป้าหมายให้ชัด",
        "actions-0-owner": "พอช.",
        "actions-0-due": "1 มี.ค. 2549",
        "actions-0-done": "1",
        "actions-0-result": "ได้หนึ่งหน้า",
        "actions-0-carried_from": str(lesson),
        "actions-0-carried_key": naming.mark("ทำเป้าหมาย"),
        "visibility": "public",
    }
    answer = post(client, "/write/aar", form)
    assert answer.status_code == 303, answer.text
    number = int(answer.location.rpartition("/")[2])
    review = kept(store, number).review
    assert review is not None
    wanted = a_whole_review(lesson, lesson).review
    assert review == wanted
    page = client.get(f"/notes/{number}/edit").text
    for name, value in form.items():
        if name.startswith(("actions-0-", "used-0-")) and name != "actions-0-done":
            assert f'name="{name}"' in page
            assert str(value) in page
    assert "ตกลงเป้าหมายก่อนเชิญคน" in page
    again = {**form, "kind": "aar", "based_on": "1", "title": "เป้าหมายไม่ชัด"}
    post(client, f"/notes/{number}/edit", again, page=f"/notes/{number}/edit")
    with store.reading() as session:
        assert notes.get(session, number, seen_by=SYSTEM).revision == 1
    shown = client.get(f"/notes/{number}").text
    for words in ("ใช้แล้ว ได้ผลบ้าง", "เชิญคนน้อยลง", "ได้หนึ่งหน้า", "ตกลงเป้าหมายก่อนเชิญคน"):
        assert words in shown
        assert words in client.get(f"/notes/{number}/revisions/1").text or words.startswith("ตกลง")


def test_a_refused_form_and_a_draft_keep_every_row(
    app: Flask, store: Store, cast: Cast, lesson: int
) -> None:
    client = cast.browser(app, "facilitator")
    form: dict[str, object] = {
        "answers-review": "",
        "briefing": KEY,
        "used-0-lesson": str(lesson),
        "used-0-changed": "เชิญคนน้อยลง",
        "used-1-lesson": "ไม่มีบทเรียนนี้",
        "used-1-outcome": "worked",
        "actions-0-what": "ทำเป้าหมายให้ชัด",
        "actions-0-due": "วันที่ไม่มี",
    }
    answer = post(client, "/write/aar", form)
    assert answer.status_code == 422
    drafted = post(client, "/write/aar", {**form, "do": "draft"})
    for page in (answer.text, drafted.text):
        for value in form.values():
            assert str(value) in page
    assert "ไม่พบบทเรียนนี้" in answer.text
    assert "เลือกว่าใช้แล้วได้ผลหรือไม่" in answer.text


def test_a_lesson_out_of_sight_is_refused_as_an_absent_one(
    app: Flask, store: Store, cast: Cast
) -> None:
    hidden = write(store, a_lesson(title="บทเรียนลับ", visibility="draft"), cast.facilitator)
    note = write(store, a_review(), cast.facilitator)
    client = cast.browser(app, "commenter")
    for number in (hidden, 99_999, note):
        form: dict[str, object] = {
            "answers-review": "ก",
            "used-0-lesson": str(number),
            "used-0-outcome": "worked",
        }
        answer = post(client, "/write/aar", form)
        assert answer.status_code == 422
        assert "บทเรียนลับ" not in answer.text


def test_what_a_reader_may_not_see_of_lessons_used_stays_and_is_not_told(
    app: Flask, store: Store, cast: Cast, lesson: int
) -> None:
    hidden = write(store, a_lesson(title="บทเรียนลับ", visibility="draft"), cast.facilitator)
    used = (LessonUsed(hidden, changed="คำลับ"), LessonUsed(lesson))
    review = Review("one-box", {"review": "ก"}, used=used)
    number = write(store, a_review(review=review, author=FACILITATOR), cast.facilitator)
    curator = cast.browser(app, "curator")
    addresses = (f"/notes/{number}", f"/notes/{number}/edit", f"/notes/{number}/revisions/1")
    for address in addresses:
        page = curator.get(address).text
        assert "คำลับ" not in page
        assert "บทเรียนลับ" not in page
    form: dict[str, object] = {
        "kind": "aar",
        "based_on": "1",
        "title": "AAR เวทีตำบลหูล่อง",
        "answers-review": "ข",
        "credit": "other",
        "author": FACILITATOR,
        "visibility": "public",
        "used-0-lesson": str(lesson),
        "used-0-outcome": "did_not",
    }
    answer = post(curator, f"/notes/{number}/edit", form)
    assert answer.status_code == 303, answer.text
    saved = kept(store, number).review
    assert saved is not None
    assert set(saved.used) == {LessonUsed(lesson, "did_not"), used[0]}


# --- revisions and two editors --------------------------------------------------------------------


def test_a_revision_says_all_and_the_history_tells_it_in_words(
    session: Session, cast: Cast
) -> None:
    lesson = notes.create(session, a_lesson(), by=cast.facilitator).number
    note = notes.create(session, a_review(), by=cast.facilitator)
    whole = a_whole_review(lesson)
    notes.revise(session, note, whole, by=cast.facilitator, based_on=1)
    before = history.kept_content(session, note, 1, seen_by=cast.facilitator)
    after = history.kept_content(session, note, 2, seen_by=cast.facilitator)
    assert after.review == whole.review
    assert NoteContent.from_json(after.to_json()) == after
    said = " ".join(summary(before, after))
    assert "งานที่ต้องทำต่อ" in said
    assert "บทเรียนที่ใช้" in said
    assert KEY not in said
    back = revising.as_restored(session, note, before, by=cast.facilitator)
    assert back.review == before.review


def test_two_who_change_different_rows_lose_nothing(session: Session, cast: Cast) -> None:
    lesson = notes.create(session, a_lesson(), by=cast.facilitator).number
    base = a_review(review=Review(answers={"review": "ก"}, actions=(ActionItem("หนึ่ง"),)))
    note = notes.create(session, base, by=cast.facilitator)
    theirs = Review(answers={"review": "ก"}, actions=(ActionItem("หนึ่ง", result="แล้ว"),))
    notes.revise(session, note, a_review(review=theirs), by=cast.curator, based_on=1)
    mine = Review(
        answers={"review": "ก"},
        actions=(ActionItem("หนึ่ง", owner="พอช."),),
        used=(LessonUsed(lesson),),
    )
    revising.revise(session, note, a_review(review=mine), by=cast.facilitator, based_on=1)
    review = notes.content_of(note).review
    assert review is not None
    assert review.actions == (ActionItem("หนึ่ง", "พอช.", result="แล้ว"),)
    assert review.used == (LessonUsed(lesson),)


def test_a_lesson_said_twice_is_one_row_with_both_words(session: Session, cast: Cast) -> None:
    lesson = notes.create(session, a_lesson(), by=cast.facilitator).number
    used = (LessonUsed(lesson, changed="หนึ่ง"), LessonUsed(lesson, "did_not", "สอง"))
    note = notes.create(
        session, a_review(review=Review(answers={"review": "ก"}, used=used)), by=cast.facilitator
    )
    review = notes.content_of(note).review
    assert review is not None
    assert [(one.lesson, one.outcome) for one in review.used] == [(lesson, "worked")]
    assert "หนึ่ง" in review.used[0].changed
    assert "สอง" in review.used[0].changed


@pytest.mark.parametrize("outcome", ["", "yes", "WORKED"])
def test_an_outcome_that_is_none_is_refused(session: Session, cast: Cast, outcome: str) -> None:
    lesson = notes.create(session, a_lesson(), by=cast.facilitator).number
    review = Review(answers={"review": "ก"}, used=(LessonUsed(lesson, outcome),))
    with pytest.raises(Invalid) as refused:
        notes.create(session, a_review(review=review), by=cast.facilitator)
    assert "used-0-outcome" in refused.value.problems


# --- files ----------------------------------------------------------------------------------------


def test_json_lines_bring_everything_into_another_office(
    store: Store, cast: Cast, tmp_path: Path, lesson: int
) -> None:
    first = write(store, some_minutes(), cast.facilitator)
    write(store, a_whole_review(lesson, first), cast.facilitator)
    was = naming.mark("นัดประชุมครั้งหน้า")
    later = Meeting(
        actions=(ActionItem("นัดใหม่", result="รอ", carried_from=first, carried_key=was),)
    )
    write(store, some_minutes(title="ครั้งต่อไป", meeting=later), cast.facilitator)
    exporting.export(store, tmp_path / "out", "jsonl", seen_by=SYSTEM)
    folder = tmp_path / "other"
    folder.mkdir()
    other = open_store(migrated(folder))
    for _time in range(2):
        outcome = bring_in(other, formats.read(formats.files([tmp_path / "out"])))
        assert outcome.refused == []
        assert outcome.warnings == []
    assert outcome.counts["unchanged"] == 4
    with other.reading() as session:
        by_title = dict(session.execute(select(Note.title, Note.id)).all())
        review = notes.content_of(session.get_one(Note, by_title["AAR เวทีตำบลหูล่อง"])).review
        minutes = notes.content_of(session.get_one(Note, by_title["ครั้งต่อไป"]))
    number = by_title["ตกลงเป้าหมายก่อนเชิญคน"]
    before = by_title["ประชุมกองทุนสวัสดิการจังหวัดพัทลุง"]
    assert review is not None
    wanted = a_whole_review(number, before).review
    assert wanted is not None
    assert (review.actions, review.used) == (wanted.actions, wanted.used)
    # The key of a briefing opens what somebody planned: no file holds it.
    assert review.briefing == ""
    assert KEY not in (tmp_path / "out" / "notes.jsonl").read_text(encoding="utf-8")
    assert minutes.actions == (
        ActionItem("นัดใหม่", result="รอ", carried_from=before, carried_key=was),
    )
    other.close()


def migrated(folder: Path) -> Settings:
    settings = Settings(folder, f"sqlite:///{folder / 'kms.db'}", secret_key="other")
    migrate(settings.database_url)
    return settings


def test_an_export_for_the_public_names_no_hidden_lesson_or_meeting(
    store: Store, cast: Cast, tmp_path: Path
) -> None:
    hidden = write(store, a_lesson(visibility="members"), cast.facilitator)
    before = write(store, some_minutes(visibility="members"), cast.facilitator)
    write(store, a_whole_review(hidden, before), cast.facilitator)
    exporting.export(store, tmp_path / "out", "jsonl", seen_by=ANONYMOUS)
    (line,) = (tmp_path / "out" / "notes.jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(line)
    assert "used" not in row
    assert not {"carried_from", "carried_key"} & row["actions"][0].keys()
    assert "เชิญคนน้อยลง" not in line


# --- people ---------------------------------------------------------------------------------------


def test_a_persons_items_are_in_their_copy_and_forget_their_name(
    session: Session, cast: Cast
) -> None:
    name = PEOPLE["commenter"][1]
    meeting = Meeting(actions=(ActionItem("ส่งรายชื่อ", name),))
    note = notes.create(session, some_minutes(meeting=meeting), by=cast.facilitator)
    account = session.get_one(Account, cast.commenter.account_id)
    own = privacy.export_own_data(session, account)
    assert [one["what"] for one in own["actions"]] == ["ส่งรายชื่อ"]
    privacy.forget(session, account)
    session.expire_all()
    assert name not in json.dumps(note.content, ensure_ascii=False)
    assert name not in json.dumps(notes.content_of(note).to_json(), ensure_ascii=False)
    (row,) = session.scalars(select(NoteAction)).all()
    assert name not in row.owner
    assert accounts.get(session, account.id).is_active is False
    own = privacy.export_own_data(session, session.get_one(Account, cast.facilitator.account_id))
    assert own["recommendations"] == []
