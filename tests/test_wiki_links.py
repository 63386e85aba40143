"""Links by title: who names whom, what is still to be written, and who may know."""

import re
from dataclasses import replace

import pytest
from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import notes, wiki_links
from kms.models import IndexChange, Note, WikiLink
from kms.note_kinds import AgendaItem, Kind, LessonParts, Meeting, NoteContent, Review
from kms.permissions import ANONYMOUS, Viewer
from kms.saving import Store, alembic_config, migrate
from kms.wiki_links import MOST_LINKS, keys_in, title_key
from tests.cast import Cast
from tests.statements import counting
from tests.stories import a_lesson, a_page, a_review, some_minutes

LINK = re.compile(r'<a class="wiki( wiki-missing)?" href="/pages/[^"]*"[^>]*>([^<]*)</a>')


def keep(store: Store, content: NoteContent, by: Viewer) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=by).number


def change(store: Store, number: int, by: Viewer, **changed: object) -> None:
    with store.saving() as session:
        note = notes.get(session, number, seen_by=by)
        content = replace(notes.content_of(note), **changed)  # type: ignore[arg-type]
        notes.revise(session, note, content, by=by, based_on=note.revision)


def links(client: FlaskClient, number: int) -> dict[str, bool]:
    """Words of each link of a page, and whether something is there to read."""
    page = client.get(f"/notes/{number}").text
    return {words: not missing for missing, words in LINK.findall(page)}


def linking(client: FlaskClient, number: int) -> str:
    """The part of a page that lists who links there; empty when there is none."""
    page = client.get(f"/notes/{number}").text
    found = re.search(r"หน้าที่เชื่อมมาที่นี่</h2>.*?</section>", page, re.DOTALL)
    return found[0] if found else ""


# --- hostile: what colours and lists must not tell ------------------------------------------------


def test_a_stranger_cannot_tell_a_hidden_title_from_one_nobody_wrote(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    page = a_page("สารบัญกลาง", "[[แผนของสมาชิก]] [[ร่างของผู้จัด]] [[ไม่มีใครเขียน]] [[เปิดอ่าน]]")
    number = keep(store, page, cast.facilitator)
    facilitator = cast.browser(app, "facilitator")
    readers = {"": client, "commenter": cast.browser(app, "commenter"), "self": facilitator}
    for reader in readers.values():
        assert not any(links(reader, number).values())
    keep(store, a_page("แผนของสมาชิก", "ก", visibility="members"), cast.commenter)
    keep(store, a_page("ร่างของผู้จัด", "ก", visibility="draft"), cast.facilitator)
    keep(store, a_page("เปิดอ่าน", "ก"), cast.commenter)
    seen = {
        who: [t for t, there in links(one, number).items() if there] for who, one in readers.items()
    }
    assert seen == {
        "": ["เปิดอ่าน"],
        "commenter": ["แผนของสมาชิก", "เปิดอ่าน"],
        "self": ["แผนของสมาชิก", "ร่างของผู้จัด", "เปิดอ่าน"],
    }


def test_a_list_of_those_who_link_here_names_no_hidden_note(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = keep(store, a_page("คุณอำนวย", "คำ"), cast.facilitator)
    keep(store, a_page("ของทุกคน", "[[คุณอำนวย]]"), cast.commenter)
    keep(store, a_page("ของสมาชิกเท่านั้น", "[[คุณอำนวย]]", visibility="members"), cast.commenter)
    keep(store, a_page("ร่างลับ", "[[คุณอำนวย]]", visibility="draft"), cast.commenter)
    member = cast.browser(app, "facilitator")
    for shown in (linking(client, number), client.get(f"/notes/{number}/linking").text):
        assert "ของทุกคน" in shown
        assert "ของสมาชิกเท่านั้น" not in shown
        assert "ร่างลับ" not in shown
    shown = linking(member, number)
    assert "ของสมาชิกเท่านั้น" in shown
    assert "ร่างลับ" not in shown
    for address in ("/pages/ยังไม่เขียน",):
        keep(store, a_page("ลับกว่า", "[[ยังไม่เขียน]]", visibility="members"), cast.commenter)
        assert "ลับกว่า" not in client.get(address).text
        assert "ลับกว่า" in member.get(address).text


def test_who_links_to_a_hidden_note_is_as_absent_as_the_note(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    hidden = keep(store, a_page("ลับ", "ก", visibility="members"), cast.commenter)
    answers = [client.get(f"/notes/{n}/linking") for n in (hidden, 777)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "ลับ" not in answers[0].text


@pytest.mark.parametrize(
    "title",
    ['"><script>alert(1)</script>', "' onmouseover=alert(1) x='", "%22%3E%3Cscript%3E", "<b>"],
)
def test_a_hostile_title_stays_words_in_a_red_link(
    client: FlaskClient, store: Store, cast: Cast, title: str
) -> None:
    number = keep(store, a_page("หน้าทดสอบ", f"[[{title}]] [[มีแน่]]"), cast.facilitator)
    keep(store, a_page("มีแน่", "ก"), cast.facilitator)
    page = client.get(f"/notes/{number}").text
    assert "<script>alert" not in page
    tags = re.findall(r"<a [^>]*wiki[^>]*>", page)
    assert len(tags) == 2
    assert not [tag for tag in tags if re.search(r"\son\w+=", tag)]
    assert "wiki-missing" in tags[0]
    assert "wiki-missing" not in tags[1]


def test_nobody_fills_the_table_of_links(store: Store, cast: Cast) -> None:
    body = " ".join(f"[[หน้า {n}]]" for n in range(3 * MOST_LINKS))
    number = keep(store, a_page("ยาวมาก", body), cast.facilitator)
    with store.sessions() as session:
        rows = session.scalars(select(WikiLink).where(WikiLink.note_id == number)).all()
    assert len(rows) == MOST_LINKS


# --- which titles a note names --------------------------------------------------------------------


def test_titles_are_found_in_every_part_that_is_shown_as_text() -> None:
    review = a_review(
        body="[[ท้าย]]", review=Review("one-box", {"review": "[[ใน คำตอบ|ดู]] [[ท้าย]]"})
    )
    assert keys_in(review) == [title_key("ใน คำตอบ"), title_key("ท้าย")]
    item = AgendaItem("[[ไม่ใช่]]", "[[คุย]]", "[[ตกลง]]")
    assert keys_in(some_minutes(body="", meeting=Meeting(agenda=(item,)))) == ["คุย", "ตกลง"]
    parts = LessonParts("[[ไม่ใช่]]", "[[เมื่อ]]", "[[ทำ]]", "[[เพราะ]]")
    assert keys_in(a_lesson(lesson=parts)) == [title_key(t) for t in ("เมื่อ", "ทำ", "เพราะ")]


def test_code_escapes_and_spellings_of_one_title_make_no_other_links() -> None:
    body = "`[[โค้ด]]` \\[[ไม่ใช่]] [[AAR]] [[ aar ]] [[ปลาทู|โมเดล]] [[]] [[|x]] [[   ]]"
    assert keys_in(a_page("ก", body)) == ["aar", "ปลาทู"]


def test_rows_follow_each_save(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_page("ก", "[[ข]] [[ค]]"), by=cast.facilitator)
    assert [row.title_key for row in note.wiki_links] == ["ข", "ค"]
    changed = replace(notes.content_of(note), body="[[ค]] [[ง]]")
    notes.revise(session, note, changed, by=cast.facilitator, based_on=1)
    session.expire_all()
    assert [row.title_key for row in note.wiki_links] == ["ค", "ง"]
    notes.delete(session, note, by=cast.curator)
    assert session.scalars(select(WikiLink)).all() == []


# --- pages that are kept follow what happens elsewhere --------------------------------------------


@pytest.mark.parametrize("who", ["", "commenter"])
def test_a_link_turns_when_its_page_comes_is_renamed_hidden_and_deleted(
    app: Flask, store: Store, cast: Cast, who: str
) -> None:
    reader = cast.browser(app, who) if who else app.test_client()
    number = keep(store, a_page("ต้นทาง", "[[ปลายทาง]] [[ชื่อใหม่]]"), cast.facilitator)
    assert links(reader, number) == {"ปลายทาง": False, "ชื่อใหม่": False}
    end = keep(store, a_page("ปลายทาง", "ก"), cast.facilitator)
    assert links(reader, number) == {"ปลายทาง": True, "ชื่อใหม่": False}
    change(store, end, cast.facilitator, title="ชื่อใหม่")
    assert links(reader, number) == {"ปลายทาง": False, "ชื่อใหม่": True}
    change(store, end, cast.facilitator, visibility="draft")
    assert links(reader, number) == {"ปลายทาง": False, "ชื่อใหม่": False}
    change(store, end, cast.facilitator, visibility="public", title="ปลายทาง")
    assert links(reader, number) == {"ปลายทาง": True, "ชื่อใหม่": False}
    with store.saving() as session:
        notes.delete(session, notes.get(session, end, seen_by=cast.curator), by=cast.curator)
    assert links(reader, number) == {"ปลายทาง": False, "ชื่อใหม่": False}


@pytest.mark.parametrize("who", ["", "commenter"])
def test_a_list_of_links_follows_those_who_link(
    app: Flask, store: Store, cast: Cast, who: str
) -> None:
    reader = cast.browser(app, who) if who else app.test_client()
    end = keep(store, a_page("ปลายทาง", "[[ปลายทาง]]"), cast.facilitator)
    assert not linking(reader, end)
    number = keep(store, a_page("ต้นทาง", "[[ปลายทาง]]"), cast.facilitator)
    assert "ต้นทาง" in linking(reader, end)
    change(store, number, cast.facilitator, title="ต้นทางชื่อใหม่")
    assert "ต้นทางชื่อใหม่" in linking(reader, end)
    change(store, number, cast.facilitator, visibility="draft")
    assert not linking(reader, end)
    change(store, number, cast.facilitator, visibility="public", body="ไม่เชื่อมแล้ว")
    assert not linking(reader, end)
    change(store, number, cast.facilitator, body="[[ปลายทาง]]")
    assert "ต้นทางชื่อใหม่" in linking(reader, end)
    with store.saving() as session:
        notes.delete(session, notes.get(session, number, seen_by=cast.curator), by=cast.curator)
    assert not linking(reader, end)


def test_what_only_pages_show_is_not_indexed_again(store: Store, cast: Cast) -> None:
    number = keep(store, a_page("ต้นทาง", "[[ปลายทาง]]"), cast.facilitator)
    with store.sessions() as session:
        before = session.get_one(Note, number)
        notes.create(session, a_page("ปลายทาง", "ก"), by=cast.facilitator)
        queued = session.scalars(select(IndexChange.note_id)).all()
        after = session.execute(select(Note.version, Note.relinked).where(Note.id == number)).one()
        assert number not in queued
        assert after == (before.version, 1)


def test_a_page_with_many_links_takes_no_more_statements(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    many = keep(store, a_page("ก", " ".join(f"[[หน้า {n}]]" for n in range(60))), cast.facilitator)
    one = keep(store, a_page("ข", "[[หน้า 1]]"), cast.facilitator)
    for n in range(30):
        keep(store, a_page(f"หน้า {n}", "[[ก]]"), cast.facilitator)
    taken = []
    for number in (one, many):
        with counting(store) as sent:
            assert client.get(f"/notes/{number}").status_code == 200
        taken.append(len(sent))
    assert taken[0] == taken[1]


# --- the list of links, and pages still to be written ---------------------------------------------


def test_a_long_list_of_links_has_pages_of_its_own(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = keep(store, a_page("ยอดนิยม", "คำ"), cast.facilitator)
    for n in range(23):
        keep(store, a_page(f"ผู้เชื่อม {n:02}", "[[ยอดนิยม]]"), cast.facilitator)
    shown = linking(client, number)
    assert shown.count("<li>") == 20
    assert "ผู้เชื่อม 22" in shown
    assert f'href="/notes/{number}/linking"' in client.get(f"/notes/{number}").text
    first = client.get(f"/notes/{number}/linking").text
    second = client.get(f"/notes/{number}/linking?offset=20").text
    assert "ผู้เชื่อม 22" in first
    assert "ผู้เชื่อม 01" in second
    assert "ผู้เชื่อม 22" not in second
    assert client.get(f"/notes/{number}/linking?offset=x").status_code == 200


def test_a_red_link_leads_to_an_offer_to_write_and_says_who_waits(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    keep(store, a_page("ผู้รอ", "[[ที่รอคนเขียน]]"), cast.facilitator)
    answer = client.get("/pages/ที่รอคนเขียน")
    assert answer.status_code == 404
    assert "/write/page?title=" in answer.text
    assert "ผู้รอ" in answer.text
    assert "มีคนเชื่อมมาหาหน้านี้" in answer.text
    assert "มีคนเชื่อมมาหาหน้านี้" not in client.get("/pages/ไม่มีใครรอ").text


def test_who_links_can_be_asked_without_the_web(session: Session, cast: Cast) -> None:
    for n in range(3):
        content = a_page(f"ผู้เชื่อม {n}", "[[คุณกิจ]]", visibility="members" if n else "public")
        notes.create(session, content, by=cast.facilitator)
    total, cards = wiki_links.linking_to(session, " คุณกิจ ", seen_by=ANONYMOUS, limit=5)
    assert (total, [card.title for card in cards]) == (1, ["ผู้เชื่อม 0"])
    total, cards = wiki_links.linking_to(session, "คุณกิจ", seen_by=cast.commenter, limit=1, offset=1)
    assert (total, [card.title for card in cards]) == (3, ["ผู้เชื่อม 1"])


def test_kinds_other_than_pages_link_and_are_linked(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    review = a_review(review=Review("one-box", {"review": "ดู [[บทเรียนเรื่องเป้าหมาย]]"}))
    number = keep(store, review, cast.facilitator)
    lesson = keep(store, a_lesson(title="บทเรียนเรื่องเป้าหมาย", kind=Kind.LESSON), cast.facilitator)
    assert links(client, number) == {"บทเรียนเรื่องเป้าหมาย": True}
    assert review.title in linking(client, lesson)


def test_links_written_before_there_were_rows_for_them_are_found(
    store: Store, cast: Cast, database: str
) -> None:
    body = 'ดู [[คุณอำนวย]] `[[โค้ด]]` [["คำในเครื่องหมาย"]] [[คุณอำนวย|คำ]]'
    page = keep(store, a_page("หน้า", body), cast.facilitator)
    answer = Review("one-box", {"review": 'ดู [[คุณ "กิจ"]]'})
    review = keep(store, a_review(review=answer), cast.facilitator)
    command.downgrade(alembic_config(database), "0001")
    migrate(database)
    with store.sessions() as session:
        rows = session.execute(select(WikiLink.note_id, WikiLink.title_key)).all()
    assert set(rows) == {
        (page, "คุณอำนวย"),
        (page, title_key('"คำในเครื่องหมาย"')),
        (review, title_key('คุณ "กิจ"')),
    }
