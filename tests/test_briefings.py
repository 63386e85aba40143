"""Before acting: what is put before whom, what they keep, and the review they write afterwards."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms import briefing_lessons, briefings, lesson_life, notes, privacy, themes
from kms.briefing_lessons import weighed
from kms.briefing_order import Wanted
from kms.briefings import Choices
from kms.errors import NotFound, SignInNeeded
from kms.models import Account, Briefing, Note, Person
from kms.note_kinds import (
    Kind,
    LessonParts,
    LessonUsed,
    NoteContent,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from tests.cast import Cast, post
from tests.statements import counting

PHATTHALUNG, SONGKHLA, LAMPANG, CHIANG_MAI = "93", "90", "52", "50"
WELFARE, SAVINGS, ENERGY = "community-welfare", "savings", "energy"
PLAN = "จัดเวทีกองทุนสวัสดิการชุมชน"
ASKED = f"/briefing?theme={WELFARE}&place=93&plan={PLAN}"
TODAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _themes(store: Store) -> None:
    with store.saving() as session:
        welfare = themes.add(session, by=SYSTEM, name="สวัสดิการชุมชน", slug=WELFARE)
        themes.add(session, by=SYSTEM, name="ออมทรัพย์", slug=SAVINGS, parent=welfare)
        themes.add(session, by=SYSTEM, name="พลังงาน", slug=ENERGY)


def a_lesson(session: Session, title: str, place: str = PHATTHALUNG, **more: object) -> Note:
    """An agreed lesson on community welfare."""
    agreed, by = more.pop("agreed", True), more.pop("by", SYSTEM)
    parts = {"point": title, "holds_when": "เมื่อตำบลมีหลายกองทุน", "what_to_do": "คุยกันก่อน"}
    parts |= {name: more.pop(name) for name in ("polarity", "sources") if name in more}
    content = NoteContent(
        Kind.LESSON,
        title,
        places=(PlaceNamed(place),) if place else (),
        themes=more.pop("themes", (WELFARE,)),
        visibility=more.pop("visibility", "public"),
        lesson=LessonParts(**parts),
    )
    lesson = notes.create(session, content, by=by, **more)
    if agreed:
        lesson_life.agree(session, lesson, by=SYSTEM)
    return lesson


def a_note(session: Session, title: str, by: Viewer = SYSTEM, visibility: str = "public") -> Note:
    content = NoteContent(Kind.NOTE, title, body="ที่นี่ก็เป็นอย่างนี้", visibility=visibility)
    return notes.create(session, content, by=by)


def wanted(place: str = PHATTHALUNG, *slugs: str, **more: object) -> Wanted:
    return Wanted(place, tuple(frozenset({slug}) for slug in slugs or (WELFARE,)), **more)


def titles(session: Session, asked: Wanted, who: Viewer = ANONYMOUS) -> list[str]:
    return [one.lesson.title for one in weighed(session, asked, seen_by=who).lessons]


# --- what nobody may learn -----------------------------------------------------------------------


def test_a_stranger_is_shown_nothing_of_what_is_hidden(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    with store.saving() as session:
        shown = a_lesson(session, "บทเรียนที่ใครก็เห็น")
        secret = a_note(session, "เวทีลับ", cast.facilitator, "members")
        a_lesson(session, "บทเรียนลับของสมาชิก", visibility="members")
        a_lesson(session, "ร่างลับของฉัน", by=cast.facilitator, visibility="draft", agreed=False)
        lesson_life.confirm(
            session, shown, by=cast.curator, place=LAMPANG, note=secret.id, reason="ลับ"
        )
    page = client.get(ASKED).text
    assert "บทเรียนที่ใครก็เห็น" in page and "ยังไม่มีที่อื่นยืนยัน" in page
    assert "ลับ" not in page and "ลำปาง" not in page
    member = cast.browser(app, "facilitator").get(ASKED).text
    assert "บทเรียนลับของสมาชิก" in member and "ร่างลับของฉัน" in member
    assert "ยืนยันแล้ว 1 ที่ (ลำปาง)" in member
    assert "ร่างลับของฉัน" not in cast.browser(app, "curator").get(ASKED).text


def test_a_hidden_note_is_no_evidence_to_a_stranger(session: Session, cast: Cast) -> None:
    secret = a_note(session, "เวทีลับ", cast.facilitator, "members")
    a_lesson(
        session, "บทเรียน", by=cast.facilitator, sources=(SourcePassage(secret.id, "เป็นอย่างนี้"),)
    )
    found = {
        who: weighed(session, wanted(), seen_by=who).lessons[0].lesson.evidence
        for who in (ANONYMOUS, cast.stranger)
    }
    assert found == {ANONYMOUS: 0, cast.stranger: 1}


def test_a_kept_briefing_is_absent_to_everybody_else(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    key = kept(store, cast)
    assert cast.browser(app, "facilitator").get(f"/briefing/{key}").status_code == 200
    other = cast.browser(app, "curator")
    absent = other.get("/briefing/none")
    for path in (f"/briefing/{key}",):
        assert other.get(path).status_code == absent.status_code == 404
    assert post(other, f"/briefing/{key}/throw-away", {}, page="/account").status_code == 404
    assert client.get(f"/briefing/{key}").status_code in (302, 401)
    assert PLAN not in other.get(f"/write/aar?briefing={key}").text
    with store.reading() as session:
        assert briefings.for_review(session, key, seen_by=cast.curator) == []


# --- which lessons -------------------------------------------------------------------------------


def test_lessons_of_the_theme_and_its_parts_come_nearest_first(session: Session) -> None:
    a_lesson(session, "ไกล", LAMPANG)
    a_lesson(session, "ใกล้", SONGKHLA, themes=(SAVINGS,))
    a_lesson(session, "ที่นี่")
    a_lesson(session, "คนละเรื่อง", themes=(ENERGY,))
    tree = themes.load(session)
    asked = Wanted(PHATTHALUNG, (frozenset(tree.subtree(WELFARE)),))
    assert titles(session, asked) == ["ที่นี่", "ใกล้", "ไกล"]
    assert titles(session, replace(asked, place="")) == ["ที่นี่", "ใกล้", "ไกล"]


def test_without_themes_the_lessons_of_places_nearby_are_weighed(session: Session) -> None:
    for title, place in (("ไกล", LAMPANG), ("ใกล้", SONGKHLA), ("ที่นี่", "930105"), ("ไม่บอก", "")):
        a_lesson(session, title, place)
    assert titles(session, Wanted(PHATTHALUNG)) == ["ที่นี่", "ใกล้"]


def test_one_without_a_theme_counts_when_its_words_answer_the_plan(session: Session) -> None:
    mine = a_lesson(session, "กองทุนสวัสดิการต้องคุยกัน", themes=())
    unlike = a_lesson(session, "เตาชีวมวล", themes=())
    asked = wanted(plan=PLAN, matches={mine.id: 1.0, unlike.id: 0.9})
    assert titles(session, asked) == ["กองทุนสวัสดิการต้องคุยกัน"]


def test_the_proven_and_the_failed_are_found_behind_many_that_are_nearer(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefing_lessons, "MOST_NEAR", 2)
    far = a_lesson(session, "ไกลแต่ยืนยันแล้ว", LAMPANG)
    a_lesson(session, "ไกลและไม่ได้ผล", LAMPANG, polarity="does_not_work")
    a_lesson(session, "ไกลและไม่มีใครใช้", LAMPANG)
    for number in range(3):
        a_lesson(session, f"ใกล้ {number}")
    note = a_note(session, "เวทีจันทบุรี").id
    lesson_life.confirm(session, far, by=cast.curator, place="22", note=note)
    found = titles(session, wanted())
    assert {"ไกลแต่ยืนยันแล้ว", "ไกลและไม่ได้ผล"} < set(found) and len(found) == 4


def test_a_lesson_is_found_where_it_was_confirmed_or_used_with_success(
    session: Session, cast: Cast
) -> None:
    here = "930101"
    note = a_note(session, "เวทีคูหาสวรรค์").id
    secret = a_note(session, "เวทีลับ", cast.curator, "draft").id
    told = {"by": cast.curator, "place": here}
    confirmed, used, failed, hidden = (
        a_lesson(session, title, CHIANG_MAI) for title in ("ยืนยัน", "ใช้", "ไม่ได้ผล", "ลับ")
    )
    lesson_life.confirm(session, confirmed, note=note, **told)
    lesson_life.apply(session, used, outcome="worked", **told)
    lesson_life.apply(session, failed, outcome="did_not", **told)
    lesson_life.confirm(session, hidden, note=secret, **told)
    assert set(titles(session, Wanted(here))) == {"ยืนยัน", "ใช้"}
    assert set(titles(session, Wanted(here), cast.curator)) == {"ยืนยัน", "ใช้", "ลับ"}


def test_one_that_holds_here_is_found_behind_all_that_are_from_nearer(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, many in (("MOST_LOOKED_AT", 4), ("MOST_NEAR", 2), ("MOST_PROVEN", 1)):
        monkeypatch.setattr(briefing_lessons, most, many)
    held, famous = a_lesson(session, "ที่นี่ก็ใช้ได้", CHIANG_MAI), a_lesson(session, "รู้กันทั่ว", "57")
    for number in range(5):
        a_lesson(session, f"สงขลา {number}", SONGKHLA)
    lesson_life.apply(session, held, by=cast.curator, place="930101", outcome="worked")
    for place in (LAMPANG, "22"):
        lesson_life.apply(session, famous, by=cast.curator, place=place, outcome="worked")
    assert titles(session, wanted("930101"))[0] == "ที่นี่ก็ใช้ได้"
    assert "รู้กันทั่ว" in titles(session, wanted("930101"))


def test_uses_that_failed_prove_nothing(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, many in (("MOST_NEAR", 1), ("MOST_PROVEN", 1)):
        monkeypatch.setattr(briefing_lessons, most, many)
    failed, used = a_lesson(session, "ไม่ได้ผลสองครั้ง", CHIANG_MAI), a_lesson(session, "ได้ผล", LAMPANG)
    a_lesson(session, "ที่นี่")
    for place in (SONGKHLA, "22"):
        lesson_life.apply(session, failed, by=cast.curator, place=place, outcome="did_not")
    lesson_life.apply(session, used, by=cast.curator, place="22", outcome="worked")
    assert set(titles(session, wanted())) == {"ที่นี่", "ได้ผล"}


def test_the_statements_are_as_many_for_two_lessons_as_for_twelve(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    def count() -> int:
        client.get(ASKED)
        with counting(store) as sent:
            assert client.get(ASKED).status_code == 200
        return len(sent)

    with store.saving() as session:
        for number in range(2):
            in_full_life(session, cast, number)
    with_two = count()
    with store.saving() as session:
        for number in range(2, 12):
            in_full_life(session, cast, number)
    assert count() == with_two


def in_full_life(session: Session, cast: Cast, number: int) -> None:
    """A lesson confirmed, used without success and contradicted, and one that does not work."""
    lesson = a_lesson(session, f"กองทุนสวัสดิการ {number}")
    failed = a_lesson(session, f"กองทุนที่ไม่ได้ผล {number}", polarity="does_not_work")
    note = a_note(session, f"เวที {number}").id
    lesson_life.confirm(session, lesson, by=cast.curator, place=LAMPANG, note=note)
    lesson_life.apply(
        session, lesson, by=cast.curator, place=SONGKHLA, note=note, outcome="did_not"
    )
    lesson_life.contradict(session, lesson, by=cast.curator, other=failed.id, reason="ที่นี่ไม่ได้")


# --- the page ------------------------------------------------------------------------------------


def test_the_page_tells_what_failed_and_what_is_open(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    with store.saving() as session:
        in_full_life(session, cast, 1)
    page = client.get(ASKED).text
    for said in ("อะไรไม่ได้ผล ที่ไหน", "ใช้แล้วไม่ได้ผล จ.สงขลา", "เห็นต่างกัน", "มีผู้เห็นแย้ง"):
        assert said in page, said
    assert page.index("กองทุนสวัสดิการ 1") < page.index("กองทุนที่ไม่ได้ผล 1")


def test_what_another_lesson_replaced_is_named_last_with_it(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    with store.saving() as session:
        old, new = a_lesson(session, "ฉบับเก่า"), a_lesson(session, "ฉบับใหม่", LAMPANG)
        lesson_life.supersede(session, old, by=cast.curator, other=new.id, reason="ชัดกว่า")
    page = client.get(ASKED).text
    assert page.index("ฉบับใหม่") < page.index("มีบทเรียนอื่นมาแทน") < page.rindex("ฉบับเก่า")


def test_whoever_has_two_numbers_is_dialled_on_the_first(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        helper = RolePlayed("khun_amnuay", "ผู้ประสานงานจังหวัดพัทลุง")
        there = {"places": (PlaceNamed(PHATTHALUNG),), "themes": (WELFARE,), "roles": (helper,)}
        notes.create(session, NoteContent(Kind.NOTE, "เวที", body="คุยกัน", **there), by=SYSTEM)
        person = session.query(Person).filter_by(name=helper.person).one()
        person.phone = "081-234-5678, 075 333 444"
    page = cast.browser(app, "commenter").get(ASKED).text
    assert 'href="tel:0812345678">081-234-5678, 075 333 444</a>' in page
    assert 'href="/places/93/working">ทุกงานในพื้นที่</a>' in page


def test_a_place_may_be_typed_or_be_a_code(client: FlaskClient) -> None:
    for place in ("93", "พัทลุง", "จ.พัทลุง"):
        page = client.get(f"/briefing?theme={WELFARE}&place={place}")
        assert page.status_code == 200 and "จ.พัทลุง" in page.text


@pytest.mark.parametrize(
    "asked",
    ["place=เมืองที่ไม่มี", "theme=ไม่มีประเด็นนี้", "day=วันที่ไม่มี", f"plan={'ย' * 501}", "day=18/12/50"],
)
def test_what_cannot_be_understood_is_said_and_nothing_typed_is_lost(
    client: FlaskClient, asked: str
) -> None:
    also = "" if asked.startswith(("plan", "day=18")) else "&plan=คำที่พิมพ์ไว้"
    answer = client.get(f"/briefing?{asked}{also}")
    assert answer.status_code == 422 and "error-summary" in answer.text
    assert not also or "คำที่พิมพ์ไว้" in answer.text


def test_nothing_asked_is_the_form_and_a_change_shows_it_filled(client: FlaskClient) -> None:
    assert "ดูบทเรียนก่อนลงมือ" in client.get("/briefing").text
    again = client.get(f"{ASKED}&day=2026-12-27&change=1").text
    assert PLAN in again and f'value="{WELFARE}" checked' in again and "27 ธ.ค. 2569" in again


def test_a_broken_index_leaves_a_briefing_by_theme_and_place(
    store: Store, client: FlaskClient
) -> None:
    with store.saving() as session:
        a_lesson(session, "กองทุนต้องคุยกันก่อน")
    store.index.close()
    for file in store.index.folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    page = client.get(ASKED)
    assert page.status_code == 200
    assert "กองทุนต้องคุยกันก่อน" in page.text and "ค้นด้วยคำไม่ได้" in page.text


# --- kept, and the review afterwards -------------------------------------------------------------


def kept(store: Store, cast: Cast, who: str = "facilitator", **more: object) -> str:
    with store.saving() as session:
        lessons = [a_lesson(session, f"บทเรียนที่ {n}").id for n in range(3)]
        choices = Choices((WELFARE,), PHATTHALUNG, PLAN, more.get("day"))  # type: ignore[arg-type]
        return briefings.keep(session, choices, lessons, by=getattr(cast, who))


def test_a_reader_keeps_a_briefing_and_finds_it_again(app: Flask, store: Store, cast: Cast) -> None:
    with store.saving() as session:
        lesson = a_lesson(session, "กองทุนต้องคุยกันก่อน")
    browser = cast.browser(app, "stranger")
    form = {"theme": WELFARE, "place": "93", "plan": PLAN, "day": "2026-12-27"}
    answer = post(browser, "/briefing/keep", form, page=ASKED)
    assert answer.status_code == 303
    again = browser.get(answer.location).text
    assert "กองทุนต้องคุยกันก่อน" in again and "27 ธันวาคม 2569" in again
    assert answer.location in browser.get("/briefing").text
    post(browser, "/briefing/keep", form, page=ASKED)
    with store.reading() as session:
        rows = session.scalars(select(Briefing)).all()
        assert [one.lessons for one in rows] == [[lesson.id]]


def test_nobody_keeps_one_without_an_account(app: Flask, store: Store, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/briefing/keep", data={"theme": WELFARE})
    assert answer.status_code in (302, 401)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Briefing)) == 0
        with pytest.raises(SignInNeeded):
            briefings.keep(session, Choices(), [], by=ANONYMOUS)


def test_it_shows_the_same_lessons_again_as_they_stand_now(
    app: Flask, store: Store, cast: Cast
) -> None:
    key = kept(store, cast)
    with store.saving() as session:
        a_lesson(session, "เพิ่งเขียนทีหลัง")
        last = session.scalars(select(Note).where(Note.title == "บทเรียนที่ 2")).one()
        note = a_note(session, "เวทีลำปาง").id
        lesson_life.confirm(session, last, by=cast.curator, place=LAMPANG, note=note)
        first = session.scalars(select(Note).where(Note.title == "บทเรียนที่ 1")).one()
        notes.delete(session, first, by=SYSTEM)
    page = cast.browser(app, "facilitator").get(f"/briefing/{key}").text
    assert "เพิ่งเขียนทีหลัง" not in page and "1 ข้อเปิดไม่ได้แล้ว" in page
    assert page.index("บทเรียนที่ 0") < page.index("บทเรียนที่ 2") < page.index("ยืนยันแล้ว 1 ที่")


def test_the_review_asks_about_the_lessons_and_knows_where_and_when(
    app: Flask, store: Store, cast: Cast
) -> None:
    key = kept(store, cast, day=date(2026, 11, 20))
    page = cast.browser(app, "facilitator").get(f"/write/aar?briefing={key}").text
    for said in ("บทเรียนที่ 0", "บทเรียนที่ 2", "จ.พัทลุง", "20 พ.ย. 2569", key):
        assert said in page, said
    assert f'value="{WELFARE}" checked' in page
    with store.reading() as session:
        asked = briefings.for_review(session, key, seen_by=cast.facilitator)
        assert [one.point for one in asked] == ["บทเรียนที่ 0", "บทเรียนที่ 1", "บทเรียนที่ 2"]


def test_a_key_that_is_unknown_leaves_an_empty_form(app: Flask, cast: Cast) -> None:
    answer = cast.browser(app, "facilitator").get("/write/aar?briefing=none")
    assert answer.status_code == 200 and 'name="used-0-lesson" value' not in answer.text


def test_the_briefing_and_the_review_lead_to_each_other(
    app: Flask, store: Store, cast: Cast
) -> None:
    key = kept(store, cast)
    number = reviewed(store, cast.facilitator, key)
    browser = cast.browser(app, "facilitator")
    assert f"/notes/{number}" in browser.get(f"/briefing/{key}").text
    assert f"/briefing/{key}" in browser.get(f"/notes/{number}").text
    assert f"/briefing/{key}" not in cast.browser(app, "curator").get(f"/notes/{number}").text
    with store.reading() as session:
        found = briefings.of_owner(session, cast.facilitator)[0]
        assert found.review is not None and found.review.number == number
        told = weighed(session, Wanted(), seen_by=ANONYMOUS, numbers=found.lessons).lessons
        assert "ใช้แล้วได้ผล 1 ครั้ง" in told[0].why


def reviewed(store: Store, by: Viewer, key: str) -> int:
    """An after-action review that names the briefing and says the first lesson worked."""
    with store.saving() as session:
        first = session.scalars(select(Note.id).where(Note.kind == "lesson").order_by(Note.id))
        said = Review(
            "one-box",
            {"review": "ใช้แล้วดี"},
            used=(LessonUsed(first.first() or 0, "worked"),),
            briefing=key,
        )
        content = NoteContent(
            Kind.AFTER_ACTION_REVIEW,
            "AAR เวทีพัทลุง",
            visibility="public",
            places=(PlaceNamed(PHATTHALUNG),),
            review=said,
        )
        return notes.create(session, content, by=by).number


def test_a_review_by_somebody_else_is_not_tied_to_it(store: Store, cast: Cast) -> None:
    key = kept(store, cast)
    reviewed(store, cast.commenter, key)
    with store.reading() as session:
        assert briefings.get(session, key, seen_by=cast.facilitator).review is None


def test_a_review_thrown_away_leaves_the_briefing_waiting(store: Store, cast: Cast) -> None:
    key = kept(store, cast, day=TODAY)
    number = reviewed(store, cast.facilitator, key)
    with store.saving() as session:
        notes.delete(session, notes.get(session, number, seen_by=SYSTEM), by=SYSTEM)
    with store.reading() as session:
        waiting = briefings.waiting(session, cast.facilitator, today=TODAY)
        assert [one.key for one in waiting] == [key]


def test_one_waits_for_its_review_from_its_day_on(store: Store, cast: Cast) -> None:
    key = kept(store, cast, day=TODAY)
    with store.reading() as session:
        who = cast.facilitator
        assert briefings.waiting(session, who, today=TODAY - timedelta(1)) == []
        assert [one.key for one in briefings.waiting(session, who, today=TODAY)] == [key]
        assert briefings.waiting(session, cast.curator, today=TODAY) == []
        assert briefings.waiting(session, ANONYMOUS, today=TODAY) == []


def test_home_asks_for_the_review_that_is_due(app: Flask, store: Store, cast: Cast) -> None:
    key = kept(store, cast, day=date(2020, 1, 1))
    assert f"briefing={key}" in cast.browser(app, "facilitator").get("/").text
    assert "จัดเวทีแล้วหรือยัง" not in cast.browser(app, "curator").get("/").text


def test_one_thrown_away_is_gone(app: Flask, store: Store, cast: Cast) -> None:
    key = kept(store, cast)
    browser = cast.browser(app, "facilitator")
    post(browser, f"/briefing/{key}/throw-away", {}, page=f"/briefing/{key}")
    with store.reading() as session, pytest.raises(NotFound):
        briefings.get(session, key, seen_by=cast.facilitator)


def test_what_was_kept_is_told_to_its_owner_and_forgotten_with_them(
    store: Store, cast: Cast
) -> None:
    kept(store, cast)
    with store.saving() as session:
        account = session.get_one(Account, cast.facilitator.account_id)
        told = privacy.export_own_data(session, account)["briefings"]
        assert [one["plan"] for one in told] == [PLAN] and len(told[0]["lessons"]) == 3
        privacy.forget(session, account)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Briefing)) == 0
