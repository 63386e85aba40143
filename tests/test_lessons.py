"""The list of lessons, and the pages on which people take steps in a lesson's life."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kms import lesson_life, lesson_lives, lessons, notes, themes
from kms.lesson_lives import lives
from kms.models import LessonStep, Note
from kms.note_kinds import PlaceNamed, RolePlayed
from kms.permissions import ANONYMOUS, Viewer
from kms.saving import Store
from kms.starter import load_content
from tests.cast import Cast, csrf_token, post
from tests.statements import counting
from tests.test_lesson_life import a_lesson, a_note

SECRET = "คำลับเฉพาะร่าง"
STEPS = ("agreed", "confirmed", "applied", "contradicted", "review", "reviewed", "superseded")


def listed(session: Session, who: Viewer, **asked: object) -> list[int]:
    found = lessons.listing(session, seen_by=who, limit=50, **asked)  # type: ignore[arg-type]
    assert found.total == len(found.lessons)
    return [one.card.number for one in found.lessons]


# --- counting and listing ------------------------------------------------------------------------


def every_standing(session: Session, cast: Cast) -> dict[str, int]:
    """A lesson in each stage and each side state."""
    made = {name: a_lesson(session, cast.facilitator, title=name) for name in (
        "draft", "lesson", "confirmed", "applied", "routine", "superseded", "doubted", "asked",
        "old", "looked",
    )}  # fmt: skip
    for name, lesson in made.items():
        if name != "draft":
            lesson_life.agree(session, lesson, by=cast.curator)
    witness = a_note(session, cast.commenter)
    told = {"by": cast.commenter, "place": "93", "note": witness.id}
    for name in ("confirmed", "applied"):
        lesson_life.confirm(session, made[name], **told)
    for name in ("applied", "routine"):
        lesson_life.apply(session, made[name], outcome="worked", **told)
    lesson_life.make_routine(session, made["routine"], by=cast.curator)
    lesson_life.supersede(session, made["superseded"], by=cast.curator, other=made["lesson"].id)
    lesson_life.apply(session, made["doubted"], outcome="did_not", **told)
    lesson_life.ask_for_review(session, made["asked"], by=cast.commenter, reason="ดูหน่อย")
    lesson_life.contradict(session, made["looked"], by=cast.commenter, reason="ไม่จริง")
    lesson_life.reviewed(session, made["looked"], by=cast.curator)
    old, long_ago = made["old"].id, datetime(2020, 1, 1, tzinfo=UTC)
    session.execute(update(Note).where(Note.id == old).values(revised_at=long_ago))
    session.execute(
        update(LessonStep).where(LessonStep.lesson_id == old).values(created_at=long_ago)
    )
    session.flush()
    return {name: lesson.id for name, lesson in made.items()}


def test_the_list_counts_each_stage_as_the_lessons_pages_tell_it(
    session: Session, cast: Cast
) -> None:
    made = every_standing(session, cast)
    known = lives(session, made.values(), seen_by=cast.stranger)
    found = lessons.listing(session, seen_by=cast.stranger, limit=50)
    for stage, n in found.stages.items():
        told = [
            one.lesson
            for one in known.values()
            if ("superseded" if one.superseded_by else one.stage) == stage
        ]
        assert sorted(listed(session, cast.stranger, chosen=stage)) == sorted(told), stage
        assert n == len(told), stage
    stale = [one.lesson for one in known.values() if one.review]
    assert sorted(stale) == sorted(made[name] for name in ("doubted", "asked", "old"))
    assert listed(session, cast.stranger, chosen="review") == sorted(stale)
    assert found.queues["review"] == len(stale)
    furthest = [one.card.title for one in found.lessons]
    assert furthest[:3] == ["routine", "applied", "confirmed"]
    assert furthest[-1] == "superseded"


def test_what_waits_for_agreement_leaves_out_ones_own_and_drafts(
    session: Session, cast: Cast
) -> None:
    shown = a_lesson(session, cast.facilitator)
    a_lesson(session, cast.facilitator, visibility="draft")
    assert listed(session, cast.commenter, chosen="agree") == [shown.id]
    assert listed(session, cast.facilitator, chosen="agree") == []
    assert listed(session, cast.curator, chosen="agree") == [shown.id]
    curators = a_lesson(session, cast.curator)
    assert listed(session, cast.curator, chosen="agree") == [shown.id]
    assert listed(session, cast.administrator, chosen="agree") == [shown.id, curators.id]


def test_lessons_are_found_where_they_come_from_and_where_they_were_used(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    draft = a_note(session, cast.commenter, visibility="draft")
    lesson_life.confirm(session, lesson, by=cast.commenter, place="930105", note=draft.id)
    lesson_life.apply(session, lesson, by=cast.commenter, place="5201", outcome="worked")
    assert listed(session, cast.stranger, place="80") == [lesson.id]
    assert listed(session, cast.stranger, place="52") == [lesson.id]
    assert listed(session, cast.stranger, place="93") == []
    assert listed(session, cast.commenter, place="93") == [lesson.id]


def test_lessons_are_found_by_theme(session: Session, cast: Cast) -> None:
    theme = themes.add(session, by=cast.curator, name="สวัสดิการชุมชน", name_en="", slug="welfare")
    with_it = a_lesson(session, cast.facilitator, themes=(theme.slug,))
    a_lesson(session, cast.facilitator)
    assert listed(session, cast.stranger, themes={"welfare"}) == [with_it.id]
    assert listed(session, cast.stranger, themes=set()) == []


def test_a_list_of_many_takes_as_many_statements_as_one_of_two(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    counts = []
    for n in (2, 10):
        with store.saving() as session:
            for _one in range(n):
                lesson = a_lesson(session, cast.facilitator)
                note = a_note(session, cast.commenter)
                lesson_life.confirm(session, lesson, by=cast.commenter, place="93", note=note.id)
        with counting(store) as sent:
            assert client.get("/lessons").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 9


# --- the page of a lesson ------------------------------------------------------------------------


@pytest.fixture
def story(store: Store, cast: Cast) -> dict[str, int]:
    """A lesson that was agreed to, confirmed and used, and one that it took the place of."""
    with store.saving() as session:
        lesson = a_lesson(session, cast.facilitator)
        older = a_lesson(session, cast.facilitator, title="ข้อเดิมที่สั้นกว่า")
        witness = a_note(session, cast.commenter)
        lesson_life.agree(session, lesson, by=cast.curator)
        told = {"by": cast.commenter, "note": witness.id}
        lesson_life.confirm(session, lesson, place="93", **told)
        lesson_life.apply(
            session, lesson, place="930105", outcome="partly", changed="ย่อเหลือครึ่งวัน", **told
        )
        lesson_life.supersede(session, older, by=cast.curator, other=lesson.id, reason="ครบกว่า")
        return {"lesson": lesson.id, "older": older.id, "witness": witness.id}


def test_the_page_of_a_lesson_tells_its_story(client: FlaskClient, story: dict[str, int]) -> None:
    page = client.get(f"/notes/{story['lesson']}").text
    assert "ยืนยันแล้ว ×1" in page and "จ.พัทลุง" in page
    assert f'href="/notes/{story["witness"]}"' in page
    assert "ย่อเหลือครึ่งวัน" in page and "ได้ผลบ้าง" in page
    assert "ข้อเดิมที่สั้นกว่า" in page
    older = client.get(f"/notes/{story['older']}").text
    assert "มีบทเรียนอื่นมาแทน" in older and f'href="/notes/{story["lesson"]}"' in older


def test_each_reader_is_offered_the_next_step_that_is_theirs(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
    browsers = {who: cast.browser(app, who) for who in ("commenter", "curator", "stranger")}

    def offered(who: str) -> str:
        found = re.search(
            r'class="button button-primary" href="/notes/\d+/steps/(\w+)"',
            browsers[who].get(f"/notes/{number}").text,
        )
        return found[1] if found else ""

    assert {who: offered(who) for who in browsers} == {
        "commenter": "confirmed",
        "curator": "agreed",
        "stranger": "",
    }
    with store.saving() as session:
        role = RolePlayed("khun_amnuay", person=cast.commenter.name)
        a_note(session, cast.facilitator, roles=(role,))
    assert offered("commenter") == "agreed"
    post(browsers["commenter"], f"/notes/{number}/steps/agreed", {"reason": "ชัดดี"})
    assert offered("curator") == "confirmed"
    assert "/steps/confirmed" not in app.test_client().get(f"/notes/{number}").text


def test_a_curator_is_not_offered_to_agree_to_an_own_lesson(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.curator).id
    curator = cast.browser(app, "curator")
    assert "/steps/agreed" not in curator.get(f"/notes/{number}").text
    address = f"/notes/{number}/steps/agreed"
    assert curator.get(address).status_code == 403
    refused = post(curator, address, {"reason": "ชัดดี"}, page="/account")
    assert refused.status_code == 403 and "ให้คนอื่นเห็นด้วย" in refused.text
    assert "/steps/agreed" in cast.browser(app, "administrator").get(f"/notes/{number}").text


def test_a_kept_page_never_shows_a_step_whose_witness_was_hidden(
    app: Flask, store: Store, cast: Cast, story: dict[str, int]
) -> None:
    readers = [app.test_client(), cast.browser(app, "stranger"), cast.browser(app, "curator")]
    page = f"/notes/{story['lesson']}"
    for reader in readers:
        assert "ย่อเหลือครึ่งวัน" in reader.get(page).text
    with store.saving() as session:
        witness = notes.get(session, story["witness"], seen_by=cast.commenter)
        notes.change_visibility(session, witness, "draft", by=cast.commenter)
    for reader in readers:
        told = reader.get(page).text
        assert "ย่อเหลือครึ่งวัน" not in told and "พัทลุง" not in told
        history = reader.get(f"{page}/steps").text
        assert "ย่อเหลือครึ่งวัน" not in history and "พัทลุง" not in history
        assert f'/notes/{story["witness"]}"' not in told + history


# --- the forms -----------------------------------------------------------------------------------


def test_a_member_confirms_from_another_place(app: Flask, store: Store, cast: Cast) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
        note = a_note(session, cast.commenter).id
    browser = cast.browser(app, "commenter")
    address = f"/notes/{number}/steps/confirmed"
    for form in (
        {"place": "จ.พัทลุง", "note": "", "mine": str(note), "reason": "เหมือนกัน"},
        {"place": "93", "note": f"http://localhost/notes/{note}", "reason": "เหมือนกัน"},
        {"place": "พัทลุง", "note": "เวทีพัทลุง"},
    ):
        answer = post(browser, address, form)
        assert answer.status_code == 303, answer.text
    with store.reading() as session:
        (step,) = session.scalars(select(LessonStep))
        assert (step.place_code, step.note_id, step.reason) == ("93", note, "เหมือนกัน")


def test_who_names_the_note_need_not_name_its_place(app: Flask, store: Store, cast: Cast) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
        there = a_note(session, cast.commenter, places=(PlaceNamed("5201"),)).id
        nowhere = a_note(session, cast.commenter).id
        here = a_note(session, cast.commenter, places=(PlaceNamed("801208"),)).id
        hidden = a_note(session, cast.facilitator, visibility="draft", places=(PlaceNamed("93"),))
    browser = cast.browser(app, "commenter")
    for step, more in (("confirmed", {}), ("applied", {"outcome": "worked"})):
        address = f"/notes/{number}/steps/{step}"
        assert post(browser, address, {"mine": str(there), **more}).status_code == 303
        assert post(browser, address, {"mine": str(nowhere), **more}).status_code == 422
        assert post(browser, address, {"note": str(hidden.id), **more}).status_code == 422
    own_place = {"mine": str(here)}
    assert post(browser, f"/notes/{number}/steps/confirmed", own_place).status_code == 422
    with store.reading() as session:
        assert set(session.scalars(select(LessonStep.place_code))) == {"5201"}


def test_what_was_typed_stays_when_something_must_be_mended(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
    browser = cast.browser(app, "commenter")
    typed = {
        "place": "ที่ไม่มีจริงเลย",
        "note": "ไม่มีเรื่องนี้",
        "organisation": "องค์กรที่ไม่รู้จัก",
        "changed": "ย่อลง <b>มาก</b>",
        "reason": "เพราะเวลาน้อย",
    }
    answer = post(browser, f"/notes/{number}/steps/applied", dict(typed))
    assert answer.status_code == 422
    for words in ("ที่ไม่มีจริงเลย", "ไม่มีเรื่องนี้", "องค์กรที่ไม่รู้จัก", "&lt;b&gt;มาก", "เพราะเวลาน้อย"):
        assert words in answer.text
    assert answer.text.count("field-error") >= 4
    long = post(browser, f"/notes/{number}/steps/contradicted", {"reason": "ก" * 301})
    assert long.status_code == 422 and "ก" * 301 in long.text
    with store.reading() as session:
        assert session.scalars(select(LessonStep)).all() == []


def test_a_hidden_witness_and_an_absent_one_get_the_same_page(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
        hidden = a_note(session, cast.facilitator, visibility="draft", title=SECRET).id
    browser = cast.browser(app, "commenter")
    answers = []
    for note in (str(hidden), "98765", SECRET, "ไม่มีชื่อนี้"):
        form = {"place": "93", "note": note}
        answer = post(browser, f"/notes/{number}/steps/confirmed", dict(form))
        token = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)
        answers.append((answer.status_code, token.replace(f'value="{note}"', "")))
    assert len(set(answers)) == 1
    assert answers[0][0] == 422


def test_the_steps_of_a_lesson_one_may_not_see_are_not_there(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        hidden = a_lesson(session, cast.facilitator, visibility="draft", title=SECRET).id
        plain = a_note(session, cast.facilitator).id
    for who in ("commenter", "curator", "administrator"):
        browser = cast.browser(app, who)
        token = csrf_token(browser, "/account")
        for number in (hidden, plain, 98765):
            assert browser.get(f"/notes/{number}/steps").status_code == 404
            for step in (*STEPS, "routine", "none"):
                for answer in (
                    browser.get(f"/notes/{number}/steps/{step}"),
                    browser.post(f"/notes/{number}/steps/{step}", data={"csrf_token": token}),
                ):
                    assert answer.status_code == 404
                    assert SECRET not in answer.text
            undo = browser.post(f"/notes/{number}/steps/1/undo", data={"csrf_token": token})
            assert undo.status_code == 404


def test_those_who_only_read_are_refused_and_strangers_sent_to_sign_in(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
    reader = cast.browser(app, "stranger")
    member = cast.browser(app, "commenter")
    for step in STEPS:
        assert client.get(f"/notes/{number}/steps/{step}").status_code == 302
        assert reader.get(f"/notes/{number}/steps/{step}").status_code == 403
        expected = 403 if step in ("agreed", "reviewed", "superseded") else 200
        assert member.get(f"/notes/{number}/steps/{step}").status_code == expected, step


def test_the_history_tells_curators_of_what_was_taken_back(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        lesson = a_lesson(session, cast.facilitator)
        number = lesson.id
        step = lesson_life.contradict(session, lesson, by=cast.commenter, reason="พิมพ์ผิดไป")
    address = f"/notes/{number}/steps"
    writer, other, curator = (
        cast.browser(app, who) for who in ("commenter", "facilitator", "curator")
    )
    undo = f"{address}/{step.id}/undo"
    assert undo in writer.get(address).text and undo not in other.get(address).text
    token = csrf_token(other, "/account")
    assert other.post(undo, data={"csrf_token": token}).status_code == 403
    assert post(writer, undo, {}, page=address).status_code == 303
    assert "พิมพ์ผิดไป" not in other.get(address).text
    assert "ถอนแล้วโดย" in curator.get(address).text


def test_a_search_for_lessons_by_stage_place_and_theme_keeps_its_filters(
    client: FlaskClient, story: dict[str, int]
) -> None:
    page = client.get("/lessons?show=applied&place=80").text
    assert 'value="จ.นครศรีธรรมราช"' in page or "นครศรีธรรมราช" in page
    assert f'href="/notes/{story["lesson"]}"' in page
    assert 'href="/lessons?place=80"' in page
    assert "รอคุณเห็นด้วย" not in page
    for strange in (
        "?show=x&theme=none&offset=-1",
        "?place=%00",
        "?place=ไม่มีที่นี่",
        "?offset=99999999",
    ):
        assert client.get(f"/lessons{strange}").status_code == 200


def test_judges_see_what_waits_for_them(app: Flask, store: Store, cast: Cast) -> None:
    with store.saving() as session:
        a_lesson(session, cast.facilitator, title="รอคนเห็นด้วยอยู่")
    curator = cast.browser(app, "curator")
    assert "รอคนเห็นด้วยอยู่" in curator.get("/lessons?show=agree").text
    assert "ไม่มีบทเรียนที่รออยู่" in curator.get("/lessons?show=review").text
    assert "รอคุณเห็นด้วย" not in cast.browser(app, "commenter").get("/lessons").text


def test_lessons_that_are_shipped_are_agreed_to(store: Store) -> None:
    with store.saving() as session:
        load_content(session)
    with store.reading() as session:
        found = lessons.listing(session, seen_by=ANONYMOUS, limit=1)
    assert found.stages["draft"] == 0 and found.stages["lesson"] > 20


def test_a_search_tells_how_far_each_lesson_has_come(
    client: FlaskClient, story: dict[str, int]
) -> None:
    page = client.get("/search?q=เป้าหมายชัดก่อน&kind=lesson").text
    hits = re.findall(r'class="hit hit-lesson".*?</article>', page, re.DOTALL)
    told = {int(re.findall(r"/notes/(\d+)", hit)[0]): hit for hit in hits}
    assert "ที่อื่นนำไปใช้" in told[story["lesson"]]
    assert "มีบทเรียนอื่นมาแทน" in told[story["older"]]


def test_a_stage_in_a_list_is_the_stage_on_the_page(session: Session, cast: Cast) -> None:
    made = every_standing(session, cast)
    known = lives(session, made.values(), seen_by=cast.stranger)
    told = lesson_lives.stages(session, made.values(), seen_by=cast.stranger)
    assert told == {
        number: "superseded" if one.superseded_by else one.stage for number, one in known.items()
    }
