"""Anyone reads a note; what is kept in memory never shows anyone what they may not see."""

import re
from collections.abc import Iterator
from datetime import date
from time import monotonic

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import comments, notes
from kms.note_kinds import (
    ActionItem,
    AgendaItem,
    Attendee,
    BudgetLine,
    Kind,
    LessonParts,
    Meeting,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.permissions import SYSTEM
from kms.saving import Store
from kms.web import note_page
from kms.web.kept import Kept
from kms.web.reads import Reads
from tests.cast import Cast, post
from tests.statements import counting

MOST_STATEMENTS = 10


def keep(store: Store, cast: Cast, **fields: object) -> int:
    content = NoteContent(
        **{"kind": Kind.NOTE, "title": "บันทึก", "body": "คำ", "visibility": "public", **fields}  # type: ignore[arg-type]
    )
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


def change(store: Store, cast: Cast, number: int, visibility: str) -> None:
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        notes.change_visibility(session, note, visibility, by=cast.facilitator)


def article(page: str) -> str:
    return page.split("<main", 1)[1].split("</main>", maxsplit=1)[0]


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "facilitator")


# --- hostile input --------------------------------------------------------------------------------


def test_a_stranger_cannot_tell_a_hidden_note_from_an_absent_one(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    hidden = keep(store, cast, title="ของสมาชิก", visibility="members")
    absent, found = client.get("/notes/777"), client.get(f"/notes/{hidden}")
    assert found.status_code == absent.status_code == 404
    assert article(found.text) == article(absent.text)
    for more in ("history", "revisions/1", "revisions/99"):
        assert client.get(f"/notes/{hidden}/{more}").status_code == 404


def test_odd_addresses_are_simply_not_there(client: FlaskClient, cast: Cast, store: Store) -> None:
    number = keep(store, cast)
    for odd in ("0", "-1", "99999999999999999999", "abc", "1e3", "๙๙"):
        assert client.get(f"/notes/{odd}").status_code == 404, odd
    assert client.get(f"/notes/{number}/revisions/99999999999999999999").status_code == 404
    assert client.get(f"/notes/{number}?reply_to=<script>&quote=<script>x").status_code == 200


def test_script_stays_text_on_every_kind_of_page(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    bad = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    parts: list[dict[str, object]] = [
        {"kind": Kind.AFTER_ACTION_REVIEW, "review": Review("one-box", {"review": bad})},
        {"kind": Kind.LESSON, "lesson": LessonParts(bad, bad, bad, bad)},
        {"kind": Kind.MINUTES, "held_from": date(2007, 12, 18), "meeting": _meeting(bad)},
    ]
    for part in parts:
        number = keep(
            store,
            cast,
            **{
                "title": bad,
                "body": bad,
                "author": bad,
                "tags": (bad[:90],),
                "licence": bad,
                "places": (PlaceNamed("801208", bad),),
                "themes": (bad,),
                "organisations": (OrganisationPart(bad),),
                "roles": (RolePlayed("khun_ua", bad, bad, "zone", "", bad),),
                **part,
            },
        )
        for address in (f"/notes/{number}", f"/notes/{number}/revisions/1"):
            page = article(client.get(address).text)
            assert "<script>alert" not in page, part["kind"]
            assert "<img src=x" not in page, part["kind"]
            assert "&lt;script&gt;" in page


def _meeting(said: str) -> Meeting:
    return Meeting(
        said, said, said, said, (Attendee(said, said),), (AgendaItem(said, said, said),),
        (ActionItem(said, said, date(2007, 12, 27)),), (BudgetLine(said, 100, said),),
        date(2007, 12, 27), said, said,
    )  # fmt: skip


# --- what each kind shows -------------------------------------------------------------------------


def test_a_review_shows_answers_under_their_questions_and_roles_in_order(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(
        store,
        cast,
        kind=Kind.AFTER_ACTION_REVIEW,
        title="AAR ความล้มเหลวของงานพัฒนา",
        review=Review("thai-km", {"why": "เป้าหมายไม่ชัด", "expected": "หารือกันได้"}),
        held_from=date(2006, 1, 28),
        held_to=date(2006, 1, 28),
        places=(PlaceNamed("801208"),),
        roles=(
            RolePlayed("khun_kit", "แกนนำกลุ่มการเงิน", did="เล่าประสบการณ์"),
            RolePlayed("khun_amnuay", "คุณภีม", "", "province", "80", "ตั้งคำถามกับเป้าหมาย"),
            RolePlayed("khun_ua", "", "พอช."),
        ),
    )
    page = article(client.get(f"/notes/{number}").text)
    assert "28 ม.ค. 2549" in page
    assert "ต.หูล่อง" in page
    assert page.index("เราคาดหวังอะไร") < page.index("หารือกันได้") < page.index("เป้าหมายไม่ชัด")
    assert page.index("คุณเอื้อ") < page.index("คุณอำนวย") < page.index("คุณกิจ")
    assert "ตั้งคำถามกับเป้าหมาย" in page


def test_minutes_show_decisions_and_a_sum_in_baht(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    meeting = Meeting(
        venue="ศาลากลางจังหวัดพัทลุง",
        agenda=(AgendaItem("กองทุน", "แต่ละกองทุนมีเจ้าของ", "ทำบันทึกความร่วมมือ"),),
        actions=(ActionItem("เลือกตัวแทน", "ทุกคน", date(2007, 12, 27)),),
        budget=(BudgetLine("สกว.", 930_100_000), BudgetLine("พม.", 250_050)),
        attendees=(Attendee("คุณสุนทร", "สสจ.", present=False),),
        next_date=date(2007, 12, 27),
    )
    number = keep(
        store, cast, kind=Kind.MINUTES, held_from=date(2007, 12, 18), body="", meeting=meeting
    )
    page = article(client.get(f"/notes/{number}").text)
    for words in ("9,303,500.50 บาท", "ทำบันทึกความร่วมมือ", "27 ธ.ค. 2550", "27 ธันวาคม 2550"):
        assert words in page
    assert "ไม่ได้มา" in page


def test_a_lesson_leads_to_its_evidence_and_the_note_to_its_lesson(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, title="ต้นทาง", body="แต่ละกองทุนมีเจ้าของ")
    parts = LessonParts(
        "ให้เจ้าของกองทุนคุยกันก่อน",
        "เมื่อหลายกองทุนอยู่ในตำบลเดียว",
        polarity="does_not_work",
        sources=(SourcePassage(source, "แต่ละกองทุนมีเจ้าของ"),),
    )
    lesson = keep(store, cast, kind=Kind.LESSON, title="ให้เจ้าของกองทุนคุยกันก่อน", lesson=parts)
    page = article(client.get(f"/notes/{lesson}").text)
    assert page.count("ให้เจ้าของกองทุนคุยกันก่อน") == 1
    assert f'href="/notes/{source}"' in page
    assert "<blockquote" in page
    assert "ไม่ได้ผล" in page
    assert f'href="/notes/{lesson}"' in article(client.get(f"/notes/{source}").text)


# --- what is kept in memory -----------------------------------------------------------------------


def test_a_new_revision_is_on_the_page_at_once(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast, body="คำเดิม")
    assert "คำเดิม" in client.get(f"/notes/{number}").text
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        content = NoteContent(Kind.NOTE, "บันทึก", "คำใหม่", visibility="public")
        notes.revise(session, note, content, by=cast.facilitator, based_on=1)
    assert "คำใหม่" in client.get(f"/notes/{number}").text


def test_a_page_no_longer_public_is_gone_at_once(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    assert client.get(f"/notes/{number}").status_code == 200
    change(store, cast, number, "members")
    assert client.get(f"/notes/{number}").status_code == 404


def test_a_lesson_taken_back_leaves_the_pages_of_its_sources(
    app: Flask, client: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, title="ต้นทาง")
    parts = LessonParts("บทเรียนที่เปลี่ยนใจ", sources=(SourcePassage(source, "คำ"),))
    lesson = keep(store, cast, kind=Kind.LESSON, title="บทเรียนที่เปลี่ยนใจ", lesson=parts)
    member = cast.browser(app, "commenter")
    for reader in (client, member):
        assert "บทเรียนที่เปลี่ยนใจ" in reader.get(f"/notes/{source}").text
    change(store, cast, lesson, "draft")
    for reader in (client, member):
        assert "บทเรียนที่เปลี่ยนใจ" not in reader.get(f"/notes/{source}").text


def test_the_owners_own_drafts_never_reach_another_reader(
    app: Flask, facilitator: FlaskClient, client: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, title="ต้นทางร่วม")
    drawn = LessonParts("บทเรียนร่าง", sources=(SourcePassage(source, "คำ"),))
    keep(store, cast, kind=Kind.LESSON, title="บทเรียนร่าง", lesson=drawn, visibility="draft")
    secret = keep(store, cast, title="ร่างต้นทางลับ", body="คำลับ", visibility="draft")
    told = LessonParts("บทเรียนเปิด", sources=(SourcePassage(secret, "คำลับ"),))
    lesson = keep(store, cast, kind=Kind.LESSON, title="บทเรียนเปิด", lesson=told)
    assert "บทเรียนร่าง" in facilitator.get(f"/notes/{source}").text
    assert "คำลับ" in facilitator.get(f"/notes/{lesson}").text
    for reader in (cast.browser(app, "commenter"), cast.browser(app, "curator"), client):
        assert "บทเรียนร่าง" not in reader.get(f"/notes/{source}").text
        page = reader.get(f"/notes/{lesson}").text
        assert "คำลับ" not in page
        assert "ร่างต้นทางลับ" not in page
    assert "บทเรียนร่าง" in facilitator.get(f"/notes/{source}").text


def test_each_reader_gets_the_buttons_that_are_theirs(
    app: Flask, facilitator: FlaskClient, client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    edit, delete = f"/notes/{number}/edit", f"/notes/{number}/delete"
    curator, stranger = cast.browser(app, "curator"), cast.browser(app, "stranger")
    for _again in range(2):
        assert edit in facilitator.get(f"/notes/{number}").text
        assert delete not in facilitator.get(f"/notes/{number}").text
        assert delete in curator.get(f"/notes/{number}").text
        assert edit not in stranger.get(f"/notes/{number}").text
        assert edit not in client.get(f"/notes/{number}").text
        assert "ผู้มาเยือน" not in client.get(f"/notes/{number}").text


def test_a_hidden_comments_words_are_kept_for_curators_only(
    app: Flask, facilitator: FlaskClient, client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.commenter)
        comment = comments.add(session, note, by=cast.commenter, body="คำที่ควรซ่อน")
        comments.hide(session, comment, by=cast.curator, reason="พาดพิงบุคคล")
    assert "คำที่ควรซ่อน" in cast.browser(app, "curator").get(f"/notes/{number}").text
    for reader in (facilitator, client, cast.browser(app, "stranger")):
        page = reader.get(f"/notes/{number}").text
        assert "คำที่ควรซ่อน" not in page
        assert "พาดพิงบุคคล" in page


def test_languages_and_colours_are_kept_apart(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    assert '<html lang="th"' in client.get(f"/notes/{number}").text
    client.set_cookie("language", "en")
    client.set_cookie("theme", "dark")
    page = client.get(f"/notes/{number}").text
    assert '<html lang="en" data-theme="dark"' in page


def test_another_host_never_gets_into_a_kept_page(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    client.get(f"/notes/{number}", headers={"Host": "evil.example"})
    assert "evil.example" not in client.get(f"/notes/{number}").text


def test_an_unchanged_page_is_not_sent_twice(client: FlaskClient, cast: Cast, store: Store) -> None:
    number = keep(store, cast)
    first = client.get(f"/notes/{number}")
    second = client.get(f"/notes/{number}", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")
    packed = client.get(f"/notes/{number}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(first.data) / 2


def test_the_memory_stays_within_its_bytes_and_its_age() -> None:
    kept: Kept[str] = Kept(most_bytes=100, oldest_s=60)
    for key in range(10):
        kept.keep(key, 1, "หน้า", size=30)
    assert len(kept) == 3
    assert kept.get(9) == (1, "หน้า")
    assert kept.get(0) is None
    kept.keep("ใหญ่เกิน", 1, "หน้า", size=101)
    assert kept.get("ใหญ่เกิน") is None
    stale: Kept[str] = Kept(oldest_s=-1)
    stale.keep(1, 1, "หน้า", size=1)
    assert stale.get(1) is None


# --- speed ----------------------------------------------------------------------------------------


def test_a_page_takes_few_statements_whatever_it_shows(
    app: Flask, facilitator: FlaskClient, client: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, roles=tuple(RolePlayed("khun_kit", f"คนที่ {n}") for n in range(20)))
    for n in range(5):
        parts = LessonParts(f"บทเรียน {n}", sources=(SourcePassage(source, "คำ"),))
        lesson = keep(store, cast, kind=Kind.LESSON, title=f"บทเรียน {n}", lesson=parts)
    with store.saving() as session:
        note = notes.get(session, source, seen_by=cast.commenter)
        for n in range(10):
            comments.add(session, note, by=cast.commenter, body=f"ความเห็น {n}")
    for reader in (client, facilitator):
        for number in (source, lesson):
            # A kept page asks who comes, whether they may see it, and whether they follow it.
            for most in (MOST_STATEMENTS, 3):
                with counting(store) as sent:
                    assert reader.get(f"/notes/{number}").status_code == 200
                assert len(sent) <= most, sent
    with counting(store) as sent:
        facilitator.get(f"/notes/{source}/history")
        facilitator.get(f"/notes/{source}/revisions/1")
    assert len(sent) <= 2 * MOST_STATEMENTS


def test_reads_are_counted_later_and_survive_a_locked_database(
    client: FlaskClient, app: Flask, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    for _read in range(3):
        client.get(f"/notes/{number}")
    with app.app_context():
        note_page.memory().reads.write_down()
    with store.sessions() as session:
        assert notes.get(session, number, seen_by=SYSTEM).reads == 3


def test_a_locked_database_does_not_hold_up_a_page(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast)
    client.get(f"/notes/{number}")
    with store.saving():
        began = monotonic()
        assert client.get(f"/notes/{number}").status_code == 200
        assert monotonic() - began < 1


def test_counts_that_cannot_be_written_wait(store: Store, cast: Cast) -> None:
    number = keep(store, cast)
    reads = Reads(store)
    reads.count(number)
    broken = store.sessions.kw["bind"]
    store.sessions.configure(bind=None)
    reads.write_down()
    store.sessions.configure(bind=broken)
    reads.write_down()
    with store.sessions() as session:
        assert notes.get(session, number, seen_by=SYSTEM).reads == 1


# --- wiki links, history, sharing -----------------------------------------------------------------


def test_a_wiki_link_leads_to_its_page_or_offers_to_write_it(
    facilitator: FlaskClient, client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = keep(store, cast, kind=Kind.PAGE, title="คุณอำนวย")
    assert client.get("/pages/คุณอำนวย").location == f"/notes/{number}"
    keep(store, cast, kind=Kind.PAGE, title="หน้าของสมาชิก", visibility="members")
    for title in ("หน้าที่ยังไม่มี", "หน้าของสมาชิก", "<script>alert(1)</script>", "ก/ข"):
        answer = client.get(f"/pages/{title}")
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text
    offered = facilitator.get("/pages/หน้าที่ยังไม่มี").text
    found = re.search(r'href="(/write/page\?title=[^"]+)"', offered)
    assert found
    assert 'value="หน้าที่ยังไม่มี"' in facilitator.get(found[1]).text


def test_a_public_note_can_be_sent_by_line(client: FlaskClient, cast: Cast, store: Store) -> None:
    number = keep(store, cast, title="ส่งต่อได้")
    page = client.get(f"/notes/{number}").text
    found = re.search(r'href="https://line\.me/R/share\?text=([^"]+)"[^>]*>', page)
    assert found
    assert f"%2Fnotes%2F{number}" in found[1]
    assert 'rel="noopener"' in found[0]


def test_saving_says_so_once(facilitator: FlaskClient) -> None:
    answer = post(facilitator, "/write/note", {"title": "ก", "body": "ข"}, follow=True)
    assert "บันทึกแล้ว" in answer.text
    assert "บันทึกแล้ว" not in facilitator.get(answer.request.path).text
