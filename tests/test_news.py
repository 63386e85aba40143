"""What is new for someone, why it is told, and what is never told."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from kms import accounts, comments, following, lesson_words, news, notes, themes
from kms.db import now
from kms.models import LessonStep, Mention, Note, Person
from kms.models.lessons import OUTCOMES, STEPS
from kms.news_told import Entry, told
from kms.note_kinds import PlaceNamed, RolePlayed, SourcePassage
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from kms.search import saved
from tests.cast import Cast, post
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PHATTHALUNG, a_lesson, a_page, a_review, some_minutes

SECRET = "ฆฐซุฬกิฏ"


@pytest.fixture(autouse=True)
def plan(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="สวัสดิการ", slug="welfare")
        themes.add(session, by=cast.curator, name="กองทุนวันละบาท", slug="baht", parent=top)


def follow(store: Store, who: Viewer, kind: str, target: str | int, label: str = "") -> None:
    with store.saving() as session:
        following.follow(session, kind, str(target), by=who, label=label)


def write(store: Store, who: Viewer, content: notes.NoteContent) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=who).number


def read(store: Store, who: Viewer) -> list[Entry]:
    with store.reading() as session:
        watched = saved.watch(session, store.index, seen_by=who)
        return told(session, watched, news.events(session, watched))


def headlines(store: Store, who: Viewer) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.heading, one.title, one.why) for one in read(store, who)]


def remark(store: Store, number: int, by: Viewer, body: str, reply_to: int | None = None) -> int:
    with store.saving() as session:
        note = notes.get(session, number, seen_by=by)
        return comments.add(session, note, by=by, body=body, reply_to=reply_to).id


# --- what is told, and why -----------------------------------------------------------------------


def test_a_note_in_a_place_within_is_told_with_its_reason(store: Store, cast: Cast) -> None:
    follow(store, cast.commenter, "place", NAKHON)
    write(store, cast.facilitator, a_review())
    write(store, cast.facilitator, some_minutes())
    assert headlines(store, cast.commenter) == [
        ("มีบันทึกใหม่", "AAR เวทีตำบลหูล่อง", ("เพราะติดตาม จ.นครศรีธรรมราช",))
    ]


def test_several_reasons_make_one_entry(store: Store, cast: Cast) -> None:
    follow(store, cast.commenter, "place", HULONG)
    follow(store, cast.commenter, "theme", "welfare")
    write(store, cast.facilitator, a_review(themes=("baht",)))
    told_so = headlines(store, cast.commenter)
    assert len(told_so) == 1
    assert set(told_so[0][2]) == {
        "เพราะติดตาม สวัสดิการ",
        "เพราะติดตาม ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช",
    }


def test_a_person_is_followed_into_notes_and_comments(store: Store, cast: Cast) -> None:
    number = write(store, cast.facilitator, a_review())
    with store.reading() as session:
        person = session.query(Person).filter_by(name="แกนนำบ้านหูล่อง").one().id
    follow(store, cast.researcher, "person", person)
    follow(store, cast.researcher, "person", cast.facilitator.person_id or 0)
    write(store, cast.curator, some_minutes())
    remark(store, number, cast.facilitator, "เห็นด้วย")
    assert headlines(store, cast.researcher) == [
        ("ความเห็นใหม่", "AAR เวทีตำบลหูล่อง", ("เพราะติดตาม ผู้จัดเวทีตำบลหูล่อง",)),
        ("มีบันทึกใหม่", "ประชุมกองทุนสวัสดิการจังหวัดพัทลุง", ("เพราะติดตาม แกนนำบ้านหูล่อง",)),
        (
            "มีบันทึกใหม่",
            "AAR เวทีตำบลหูล่อง",
            ("เพราะติดตาม ผู้จัดเวทีตำบลหูล่อง", "เพราะติดตาม แกนนำบ้านหูล่อง"),
        ),
    ]


def test_a_note_is_followed_into_comments_changes_and_lessons(store: Store, cast: Cast) -> None:
    number = write(store, cast.facilitator, a_review())
    follow(store, cast.stranger, "note", number)
    remark(store, number, cast.curator, "**ที่พัทลุง** ก็เป็นอย่างนี้")
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        again = a_review(body="เล่าเพิ่ม")
        notes.revise(session, note, again, by=cast.facilitator, based_on=1, reason="เพิ่มที่ลืม")
    write(store, cast.commenter, a_lesson(SourcePassage(number, "เป้าหมายไม่ชัด")))
    found = read(store, cast.stranger)
    assert [one.heading for one in found] == ["มีบทเรียนใหม่", "มีการแก้ไข", "ความเห็นใหม่"]
    assert [one.said for one in found][1:] == ["เพิ่มที่ลืม", "ที่พัทลุง ก็เป็นอย่างนี้"]
    assert found[0].why == ("เพราะถอดจาก “AAR เวทีตำบลหูล่อง”",)
    assert found[1].url == f"/notes/{number}/differences/1/2"
    assert found[2].why == ("เพราะติดตาม “AAR เวทีตำบลหูล่อง”",)


def test_what_i_wrote_tells_me_of_others_and_not_of_me(store: Store, cast: Cast) -> None:
    number = write(store, cast.facilitator, a_review())
    follow(store, cast.facilitator, "place", NAKHON)
    mine = remark(store, number, cast.facilitator, "ผมเอง")
    remark(store, number, cast.commenter, "ตอบครับ", reply_to=mine)
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        notes.revise(session, note, a_review(body="x"), by=cast.facilitator, based_on=1)
    assert headlines(store, cast.facilitator) == [
        (
            "ความเห็นใหม่",
            "AAR เวทีตำบลหูล่อง",
            ("เพราะตอบความเห็นของคุณ", "เพราะเป็นบันทึกของคุณ"),
        )
    ]


def test_an_answer_in_the_same_thread_is_told(store: Store, cast: Cast) -> None:
    number = write(store, cast.curator, a_review())
    first = remark(store, number, cast.facilitator, "หนึ่ง")
    remark(store, number, cast.commenter, "สอง", reply_to=first)
    remark(store, number, cast.facilitator, "สาม", reply_to=first)
    assert [(one.said, one.why) for one in read(store, cast.commenter)] == [
        ("สาม", ("เพราะคุยในวงเดียวกับคุณ",))
    ]


def test_a_kept_search_tells_what_it_finds(store: Store, cast: Cast) -> None:
    write(store, cast.facilitator, a_page("เก่า", "เรื่องอื่น"))
    follow(store, cast.researcher, "search", "q=คลุมเครือ&kind=aar", "ผลที่คลุมเครือ")
    write(store, cast.facilitator, a_review())
    write(store, cast.facilitator, a_page("หน้า", "คลุมเครือ"))
    assert headlines(store, cast.researcher) == [
        ("มีบันทึกใหม่", "AAR เวทีตำบลหูล่อง", ("เพราะติดตาม “ผลที่คลุมเครือ”",))
    ]


def test_the_life_of_a_lesson_is_told(store: Store, cast: Cast) -> None:
    lesson = write(store, cast.facilitator, a_lesson())
    telling = write(store, cast.curator, a_review(places=(PlaceNamed(PHATTHALUNG),)))
    follow(store, cast.stranger, "theme", "แผนแม่บทชุมชน")
    with store.saving() as session:
        for step, place, outcome in (("confirmed", PHATTHALUNG, ""), ("applied", None, "worked")):
            session.add(
                LessonStep(
                    lesson_id=lesson,
                    step=step,
                    note_id=telling,
                    place_code=place,
                    outcome=outcome,
                    reason="ลองแล้ว",
                    by_id=cast.curator.person_id,
                    created_at=now() + timedelta(seconds=1 if place else 2),
                )
            )
    steps = [one for one in read(store, cast.stranger) if one.what == "step"]
    assert [one.heading for one in steps] == [
        "นำไปใช้ · ได้ผล",
        "ยืนยันจากที่อื่น · จ.พัทลุง",
    ]
    assert {one.why for one in steps} == {("เพราะติดตาม แผนแม่บทชุมชน",)}
    follow(store, cast.researcher, "place", PHATTHALUNG)
    there = [one.heading for one in read(store, cast.researcher) if one.what == "step"]
    assert there == ["ยืนยันจากที่อื่น · จ.พัทลุง"]
    own = [one.why for one in read(store, cast.facilitator) if one.what == "step"]
    assert own == [("เพราะเป็นบันทึกของคุณ",)] * 2


def test_every_step_and_every_outcome_is_told_in_words(store: Store, cast: Cast) -> None:
    lesson = write(store, cast.facilitator, a_lesson())
    taken = [(step, "") for step in STEPS] + [("applied", outcome) for outcome in OUTCOMES]
    with store.saving() as session:
        for step, outcome in taken:
            session.add(LessonStep(lesson_id=lesson, step=step, outcome=outcome))
    headings = sorted(one.heading for one in read(store, cast.facilitator))
    assert headings == sorted(
        " · ".join(filter(None, (lesson_words.told(step), lesson_words.outcome_name(outcome))))
        for step, outcome in taken
    )


def test_a_draft_is_news_when_it_is_shown_and_not_before(store: Store, cast: Cast) -> None:
    follow(store, cast.commenter, "place", NAKHON)
    number = write(store, cast.facilitator, a_review(visibility="draft"))
    with store.saving() as session:
        session.get_one(Note, number).created_at = now() - timedelta(days=30)
    assert read(store, cast.commenter) == []
    with store.saving() as session:
        since = now()
        note = notes.get(session, number, seen_by=cast.facilitator)
        notes.change_visibility(session, note, "members", by=cast.facilitator)
    with store.reading() as session:
        watched = saved.watch(session, store.index, seen_by=cast.commenter)
        assert news.count(session, watched, since=since) == 1


# --- what is never told --------------------------------------------------------------------------


def follow_everything(store: Store, who: Viewer, number: int) -> None:
    for kind, target in (
        *(("place", code) for code in (NAKHON, HULONG, PHATTHALUNG)),
        *(("theme", slug) for slug in ("welfare", "baht")),
        *(("person", person) for person in (1, 3, 4)),
        ("note", number),
    ):
        with store.saving() as session:
            try:
                following.follow(session, kind, str(target), by=who)
            except following.NotFound:
                continue
    follow(store, who, "search", "kind=aar", "AAR")


@pytest.mark.parametrize("who", ["commenter", "stranger", "curator", "administrator"])
def test_a_draft_is_told_to_nobody_in_any_way(store: Store, cast: Cast, who: str) -> None:
    reader: Viewer = getattr(cast, who)
    seen = write(store, cast.facilitator, a_review())
    lesson = write(store, cast.facilitator, a_lesson(SourcePassage(seen, "เป้าหมายไม่ชัด")))
    follow_everything(store, reader, seen)
    before = headlines(store, reader)
    secret = {
        "visibility": "draft",
        "title": SECRET,
        "body": SECRET,
        "places": (PlaceNamed(HULONG), PlaceNamed(PHATTHALUNG)),
        "themes": ("welfare", "baht"),
        "roles": (RolePlayed("khun_kit", reader.name, "", "tambon", HULONG, SECRET),),
    }
    hidden = write(store, cast.facilitator, a_review(**secret))
    write(store, cast.facilitator, a_lesson(SourcePassage(seen, "เป้าหมายไม่ชัด"), **secret))
    remark(store, hidden, cast.facilitator, f"{SECRET} @{reader.name}")
    with store.saving() as session:
        note = notes.get(session, hidden, seen_by=cast.facilitator)
        again = a_review(**{**secret, "body": SECRET * 2})
        notes.revise(session, note, again, by=cast.facilitator, based_on=1, reason=SECRET)
        common = {"reason": SECRET, "by_id": cast.facilitator.person_id, "place_code": HULONG}
        session.add(LessonStep(lesson_id=hidden, step="confirmed", note_id=seen, **common))
        session.add(LessonStep(lesson_id=lesson, step="confirmed", note_id=hidden, **common))
        session.add(LessonStep(lesson_id=lesson, step="superseded", other_id=hidden, **common))
    assert headlines(store, reader) == before
    with store.reading() as session:
        watched = saved.watch(session, store.index, seen_by=reader)
        assert news.count(session, watched, since=None) == len(before)


def test_what_was_a_draft_or_for_members_then_stays_so(store: Store, cast: Cast) -> None:
    number = write(store, cast.facilitator, a_review(visibility="draft"))
    for body, visibility in (
        (SECRET, "draft"),
        ("ข", "members"),
        ("ค", "members"),
        ("ง", "public"),
    ):
        with store.saving() as session:
            note = notes.get(session, number, seen_by=cast.facilitator)
            said = a_review(body=body, visibility=visibility)
            reason = f"เหตุ{body}"
            notes.revise(
                session, note, said, by=cast.facilitator, based_on=note.revision, reason=reason
            )
    follow(store, cast.stranger, "note", number)
    assert [one.said for one in read(store, cast.stranger)] == ["เหตุง", "เหตุค"]
    watched = news.watch(
        [following.Followed(0, "note", str(number), "x", now())], themes.Tree(), viewer=ANONYMOUS
    )
    with store.reading() as session:
        found = told(session, watched, news.events(session, watched))
    assert [(one.said, one.url) for one in found] == [("เหตุง", f"/notes/{number}/history")]


def test_nobody_is_not_the_owner_of_what_nobody_owns(store: Store, cast: Cast) -> None:
    """Imported notes and comments have no owner, and whoever is not signed in no account."""
    with store.saving() as session:
        number = notes.create(
            session, a_review(), by=Viewer(name="system", permission="administrator")
        ).number
        session.add(Mention(comment_id=_a_remark(session, number), person_id=1, name="x"))
        watched = news.watch([], themes.Tree(), viewer=ANONYMOUS)
        assert news.events(session, watched) == []


def _a_remark(session: Session, number: int) -> int:
    note = session.get_one(Note, number)
    return comments.add(session, note, by=SYSTEM, body="ดี", author_name="ใคร", source_key="k").id


def test_a_hidden_comment_is_told_to_nobody(store: Store, cast: Cast) -> None:
    number = write(store, cast.facilitator, a_review())
    comment = remark(store, number, cast.commenter, SECRET)
    assert len(read(store, cast.facilitator)) == 1
    with store.saving() as session:
        shown = comments.get(session, comment, seen_by=cast.curator)
        comments.hide(session, shown, by=cast.curator)
    assert read(store, cast.facilitator) == []


def test_a_step_taken_back_is_told_to_nobody(store: Store, cast: Cast) -> None:
    lesson = write(store, cast.facilitator, a_lesson())
    with store.saving() as session:
        step = {"lesson_id": lesson, "step": "agreed", "by_id": cast.curator.person_id}
        session.add(LessonStep(**step, undone_at=now()))
    assert read(store, cast.facilitator) == []


# --- the page ------------------------------------------------------------------------------------


def test_what_is_new_is_counted_until_it_was_seen(app: Flask, store: Store, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    assert "ยังไม่มีเรื่องใหม่สำหรับคุณ" in client.get("/news").text
    number = write(store, cast.facilitator, a_review())
    remark(store, number, cast.commenter, "<script>ดี")
    page = client.get("/news").text
    assert "&lt;script&gt;ดี" in page and "is-new" in page
    assert '<span class="count">1</span>' in page
    until = page.split('name="until" value="')[1].split('"')[0]
    remark(store, number, cast.commenter, "อีกเรื่อง")
    assert post(client, "/news/seen", {"until": until}, page="/news").status_code == 303
    again = client.get("/news").text
    assert again.count("is-new") == 1
    assert post(client, "/news/seen", {"until": "เมื่อวาน"}, page="/news").status_code == 422


def test_nobody_marks_the_news_to_come_as_seen(app: Flask, store: Store, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    number = write(store, cast.facilitator, a_review())
    remark(store, number, cast.commenter, "หนึ่ง")
    later = (now() + timedelta(days=400)).isoformat()
    post(client, "/news/seen", {"until": later}, page="/news")
    remark(store, number, cast.commenter, "สอง")
    assert client.get("/news").text.count("is-new") == 1
    with store.saving() as session:
        account = accounts.get(session, cast.facilitator.account_id or 0)
        news.mark_seen(session, account, now() - timedelta(days=9))
    assert client.get("/news").text.count("is-new") == 1


def test_only_whoever_is_signed_in_has_news(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/news").status_code == 302


def test_the_pages_of_news_follow_one_another(
    app: Flask, store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "A_PAGE", 2)
    number = write(store, cast.facilitator, a_review())
    for n in range(5):
        remark(store, number, cast.commenter, f"ความเห็นที่ {n} จบ")
    client = cast.browser(app, "facilitator")
    seen = [
        [n for n in range(5) if f"ความเห็นที่ {n} จบ" in client.get(f"/news?offset={offset}").text]
        for offset in (0, 2, 4)
    ]
    assert seen == [[3, 4], [1, 2], [0]]
    assert "เก่ากว่า" not in client.get("/news?offset=4").text
    assert client.get("/news?offset=x").status_code == 200
    assert client.get("/news?offset=99999999").status_code == 200


def test_news_take_the_same_statements_for_two_and_for_twelve(
    app: Flask, store: Store, cast: Cast
) -> None:
    client = cast.browser(app, "commenter")
    follow(store, cast.commenter, "place", NAKHON)
    taken = []
    for count in (2, 12):
        for n in range(count):
            number = write(store, cast.facilitator, a_review(title=f"เรื่อง {count} {n}"))
            lesson = write(store, cast.facilitator, a_lesson(title=f"บทเรียน {count} {n}"))
            for kind, target in (("note", number), ("note", lesson), ("person", 1)):
                follow(store, cast.commenter, kind, target)
            follow(store, cast.commenter, "search", f"q=เรื่อง {count} {n}", f"ค้น {n}")
            remark(store, number, cast.facilitator, "ดี")
            with store.saving() as session:
                note = notes.get(session, number, seen_by=cast.facilitator)
                said = a_review(title=note.title, body="x")
                notes.revise(session, note, said, by=cast.facilitator, based_on=1)
                session.add(LessonStep(lesson_id=lesson, step="agreed"))
        client.get("/news")
        with counting(store) as sent:
            client.get("/news")
        taken.append(len(sent))
    assert taken[0] == taken[1] <= 17
