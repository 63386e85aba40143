"""Feeds tell readers' programs what anyone may read, and nothing else."""

import re
from datetime import datetime
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import http_date
from werkzeug.test import TestResponse

from kms import comments, lesson_words, notes, themes
from kms.models import Account, LessonStep, Note, Person
from kms.models.lessons import STEPS
from kms.note_kinds import NoteContent, PlaceNamed, RolePlayed, SourcePassage
from kms.permissions import Viewer
from kms.saving import Store
from kms.search import saved
from kms.web import feeds
from tests.cast import Cast
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PHATTHALUNG, a_lesson, a_page, a_review, some_minutes

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SECRET = "ฆฐซุฬกิฏ"


@pytest.fixture(autouse=True)
def plan(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="สวัสดิการ", slug="welfare")
        themes.add(session, by=cast.curator, name="กองทุนวันละบาท", slug="baht", parent=top)


def write(store: Store, by: Viewer, content: NoteContent) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=by).number


def person_called(store: Store, name: str) -> int:
    with store.reading() as session:
        return session.query(Person).filter_by(name=name).one().id


def titles(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one.text or "" for one in Xml.fromstring(answer.data).findall("a:entry/a:title", ATOM)]


def is_valid(answer: TestResponse) -> None:
    """What RFC 4287 asks of a feed and of each entry."""
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = Xml.fromstring(answer.data)
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    entries = feed.findall("a:entry", ATOM)
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            found = element.findall(f"a:{name}", ATOM)
            assert len(found) == 1 and found[0].text
        updated = element.findtext("a:updated", namespaces=ATOM) or ""
        assert datetime.fromisoformat(updated).tzinfo and updated.endswith("Z")
        assert element.find("a:link[@rel='alternate']", ATOM) is not None
        assert (element.findtext("a:id", namespaces=ATOM) or "").startswith("http://localhost/")
    assert feed.findtext("a:author/a:name", namespaces=ATOM)
    own = feed.find("a:link[@rel='self']", ATOM)
    assert own is not None and own.get("href") == feed.findtext("a:id", namespaces=ATOM)
    links = feed.iter("{http://www.w3.org/2005/Atom}link")
    assert all((one.get("href") or "").isascii() for one in links)
    ids = [one.findtext("a:id", namespaces=ATOM) for one in entries]
    assert len(ids) == len(set(ids))


def test_each_feed_tells_of_its_own(store: Store, cast: Cast, client: FlaskClient) -> None:
    review = write(store, cast.facilitator, a_review(themes=("baht",)))
    write(store, cast.facilitator, some_minutes())
    write(store, cast.facilitator, a_lesson(SourcePassage(review, "เป้าหมายไม่ชัด")))
    with store.saving() as session:
        note = notes.get(session, review, seen_by=cast.commenter)
        comments.add(session, note, by=cast.commenter, body="ที่พัทลุงก็เหมือนกัน")
    wanted = {
        f"/feeds/places/{HULONG}": ["AAR เวทีตำบลหูล่อง"],
        f"/feeds/places/{NAKHON}": ["ตกลงเป้าหมายก่อนเชิญคน", "AAR เวทีตำบลหูล่อง"],
        f"/feeds/places/{PHATTHALUNG}": ["ประชุมกองทุนสวัสดิการจังหวัดพัทลุง"],
        "/feeds/places/50": [],
        "/feeds/themes/welfare": ["AAR เวทีตำบลหูล่อง"],
        f"/feeds/people/{person_called(store, 'แกนนำบ้านหูล่อง')}": [
            "ประชุมกองทุนสวัสดิการจังหวัดพัทลุง",
            "AAR เวทีตำบลหูล่อง",
        ],
        f"/feeds/notes/{review}": ["ความเห็นใหม่: AAR เวทีตำบลหูล่อง", "ตกลงเป้าหมายก่อนเชิญคน"],
        "/feeds/lessons": ["ตกลงเป้าหมายก่อนเชิญคน"],
        f"/feeds/search?q={quote('กองทุน')}&kind=minutes": ["ประชุมกองทุนสวัสดิการจังหวัดพัทลุง"],
    }
    for address, told in wanted.items():
        answer = client.get(address)
        assert titles(answer) == told, address
        is_valid(answer)


def test_the_feed_of_a_search_is_called_what_the_search_says(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    write(store, cast.facilitator, a_review(themes=("baht",)))
    write(store, cast.facilitator, a_page("ร่าง", "คำ", visibility="draft", author="คนลับ"))
    unseen = person_called(store, "คนลับ")
    for asked, called in (
        (f"tag={quote('แนวคิด')}", "ค้นหา #แนวคิด – ปลาทู"),
        (
            f"q={quote('เป้าหมาย')}&province=80&kind=aar",
            "ค้นหา เป้าหมาย · จ.นครศรีธรรมราช · บันทึก AAR – ปลาทู",
        ),
        ("theme=welfare&from=2549&to=2549", "ค้นหา สวัสดิการ · 2549 – ปลาทู"),
        (f"person={unseen}", "ค้นหา ไม่พบชื่อนี้ – ปลาทู"),
    ):
        feed = Xml.fromstring(client.get(f"/feeds/search?{asked}").data)
        assert feed.findtext("a:title", namespaces=ATOM) == called


def test_a_feed_has_one_name_however_it_is_asked_for(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    write(store, cast.facilitator, a_review())
    for address, more in (
        (f"/feeds/places/{NAKHON}", "?utm_source=mail"),
        ("/feeds/lessons", "?"),
        (f"/feeds/search?q={quote('เวที')}", "&sort=newest&x=%01"),
    ):
        feed = client.get(address)
        is_valid(feed)
        assert f"<id>http://localhost{address}</id>" in feed.text
        assert client.get(address + more).data == feed.data


def test_a_theme_that_is_named_in_thai_has_a_feed(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    with store.saving() as session:
        themes.add(session, by=cast.curator, name="ป่าชายเลน", slug="ป่าชายเลน")
    write(store, cast.facilitator, a_review(themes=("ป่าชายเลน",)))
    answer = client.get(f"/feeds/themes/{quote('ป่าชายเลน')}")
    assert len(titles(answer)) == 1
    is_valid(answer)


def test_every_step_of_a_lesson_is_in_its_feed(
    store: Store, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_RECENT", len(STEPS))
    lesson = write(store, cast.facilitator, a_lesson())
    for n in range(len(STEPS)):
        write(store, cast.facilitator, a_page(f"หน้า {n}", "เรื่องอื่นที่ใหม่กว่า"))
    with store.saving() as session:
        for step in STEPS:
            session.add(LessonStep(lesson_id=lesson, step=step))
    for address in ("/feeds/lessons", f"/feeds/notes/{lesson}", f"/feeds/places/{NAKHON}"):
        answer = client.get(address)
        is_valid(answer)
        said = {one.split(":")[0] for one in titles(answer)}
        assert {lesson_words.told(step) for step in STEPS} <= said, address


def test_a_step_that_is_hidden_brings_no_old_lesson_back(
    store: Store, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST_RECENT", 1)
    lesson = write(store, cast.facilitator, a_lesson())
    hidden = write(store, cast.facilitator, a_review(visibility="members"))
    write(store, cast.facilitator, a_page("หน้า", "ใหม่กว่า"))
    with store.saving() as session:
        session.add(LessonStep(lesson_id=lesson, step="confirmed", note_id=hidden))
        undone = {"undone_at": session.get_one(Note, lesson).created_at}
        session.add(LessonStep(lesson_id=lesson, step="agreed", **undone))
    assert titles(client.get("/feeds/lessons")) == []


def test_pages_name_their_feeds(app: Flask, store: Store, cast: Cast, client: FlaskClient) -> None:
    number = write(store, cast.facilitator, a_review(themes=("baht",)))
    hidden = write(store, cast.facilitator, a_page("หน้า", "คำ", visibility="members"))
    person = person_called(store, "แกนนำบ้านหูล่อง")
    pages = [f"/places/{HULONG}", "/themes/baht", f"/people/{person}", f"/notes/{number}"]
    pages += ["/lessons", f"/search?q={quote('เวที ตำบล')}&province=80&kind=aar"]
    for reader in (client, cast.browser(app, "stranger")):
        for page in pages:
            found = re.search(
                r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)"',
                reader.get(page).text,
            )
            assert found, page
            is_valid(client.get(found[1].replace("&amp;", "&")))
    assert "atom+xml" not in cast.browser(app, "stranger").get(f"/notes/{hidden}").text


def test_whoever_is_signed_in_reads_the_same_feed(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    write(store, cast.facilitator, a_review(visibility="members", title=SECRET))
    write(store, cast.facilitator, a_review())
    for who in ("facilitator", "administrator"):
        signed_in = cast.browser(app, who)
        for address in (f"/feeds/places/{NAKHON}", "/feeds/search?kind=aar"):
            with counting(store) as sent:
                mine = signed_in.get(address, headers={"Accept-Language": "en"})
            with counting(store) as needed:
                others = client.get(address)
            assert mine.data == others.data and len(sent) == len(needed)
            assert "Set-Cookie" not in mine.headers
    with store.saving() as session:
        session.get_one(Account, cast.administrator.account_id).must_change_password = True
    assert signed_in.get("/feeds/lessons").status_code == 200


@pytest.mark.parametrize("visibility", ["draft", "members"])
def test_what_is_hidden_is_in_no_feed_and_sounds_absent(
    store: Store, cast: Cast, client: FlaskClient, visibility: str
) -> None:
    seen = write(store, cast.facilitator, a_review())
    lesson = write(store, cast.facilitator, a_lesson(SourcePassage(seen, "เป้าหมายไม่ชัด")))
    common = {
        "visibility": visibility,
        "title": f"{SECRET} กองทุน",
        "body": SECRET,
        "places": (PlaceNamed(HULONG),),
        "themes": ("baht", f"{SECRET}ประเด็น"),
        "roles": (RolePlayed("khun_kit", f"คน{SECRET}", "", "tambon", HULONG, SECRET),),
    }
    everything = [
        *(f"/feeds/places/{code}" for code in (NAKHON, HULONG)),
        *("/feeds/themes/welfare", "/feeds/lessons", "/feeds/search?kind=aar"),
        *(f"/feeds/people/{one}" for one in (1, 3, person_called(store, "แกนนำบ้านหูล่อง"))),
        *(f"/feeds/notes/{one}" for one in (seen, lesson)),
        f"/feeds/search?q={quote('กองทุน')}",
        "/feeds/search?province=80",
    ]
    before = {address: client.get(address).data for address in everything}
    hidden = write(store, cast.facilitator, a_review(**common))
    other = write(store, cast.facilitator, a_lesson(SourcePassage(seen, "เป้าหมายไม่ชัด"), **common))
    with store.saving() as session:
        note = notes.get(session, hidden, seen_by=cast.facilitator)
        comments.add(session, note, by=cast.facilitator, body=SECRET)
        told = {"reason": SECRET, "by_id": 1, "place_code": HULONG}
        session.add(LessonStep(lesson_id=lesson, step="confirmed", note_id=hidden, **told))
        session.add(LessonStep(lesson_id=lesson, step="superseded", other_id=other, **told))
        session.add(LessonStep(lesson_id=other, step="agreed", note_id=seen, **told))
        person = session.query(Person).filter_by(name=f"คน{SECRET}").one().id
    assert {address: client.get(address).data for address in everything} == before
    pairs = [(f"/feeds/notes/{hidden}", "/feeds/notes/9999")]
    pairs += [(f"/feeds/people/{person}", "/feeds/people/9999")]
    pairs += [(f"/feeds/themes/{SECRET}ประเด็น", "/feeds/themes/none")]
    for there, absent in pairs:
        answers = [client.get(one) for one in (there, absent)]
        assert [one.status_code for one in answers] == [404, 404]
        assert SECRET not in answers[0].text.replace(there, "")


def test_a_note_shown_later_tells_nothing_of_what_it_was(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    number = write(store, cast.facilitator, a_review(visibility="draft"))
    for visibility in ("members", "public", "public"):
        with store.saving() as session:
            note = notes.get(session, number, seen_by=cast.facilitator)
            said = a_review(visibility=visibility, body=f"x{note.revision}")
            reason = f"เหตุ{note.revision}"
            notes.revise(
                session, note, said, by=cast.facilitator, based_on=note.revision, reason=reason
            )
    text = client.get(f"/feeds/notes/{number}").text
    assert "เหตุ1" not in text and "เหตุ2" in text and "เหตุ3" in text
    assert f"/notes/{number}/differences/3/4" in text and "differences/2/3" not in text


def test_hostile_titles_stay_words(store: Store, cast: Cast, client: FlaskClient) -> None:
    title = "]]></title><script>alert(7)</script>&<!--\x0b\x1f\ufffe\uffff “ก”"
    number = write(store, cast.facilitator, a_page(title, "<b>&amp; {{7*7}}", themes=("baht",)))
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.commenter)
        comments.add(session, note, by=cast.commenter, body="]]><entry>\x0c</entry>")
        session.get_one(Note, number).title += "\x08"
    for address in ("/feeds/themes/welfare", f"/feeds/notes/{number}"):
        answer = client.get(address)
        is_valid(answer)
        assert b"<script" not in answer.data
        assert len(Xml.fromstring(answer.data).findall("a:entry", ATOM)) == 1


def test_a_feed_that_did_not_change_is_not_sent_again(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    write(store, cast.facilitator, a_review())
    address = f"/feeds/places/{NAKHON}"
    first = client.get(address)
    mark, when = first.headers["ETag"], first.headers["Last-Modified"]
    assert client.get(address).headers["ETag"] == mark
    for headers in ({"If-None-Match": mark}, {"If-Modified-Since": when}):
        again = client.get(address, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    write(store, cast.facilitator, a_lesson())
    assert client.get(address, headers={"If-None-Match": mark}).status_code == 200
    empty = client.get("/feeds/places/50")
    assert empty.headers["Last-Modified"] == http_date(feeds.NEVER)
    is_valid(empty)


def test_an_entry_keeps_its_id_when_its_words_change(
    store: Store, cast: Cast, client: FlaskClient
) -> None:
    number = write(store, cast.facilitator, a_review())

    def entry() -> tuple[str | None, ...]:
        found = Xml.fromstring(client.get(f"/feeds/places/{NAKHON}").data).find("a:entry", ATOM)
        assert found is not None
        return tuple(
            found.findtext(f"a:{one}", namespaces=ATOM) for one in ("id", "title", "published")
        )

    before = entry()
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        again = a_review(title="AAR เวทีหูล่อง แก้ชื่อ")
        notes.revise(session, note, again, by=cast.facilitator, based_on=1)
    after = entry()
    assert (after[0], after[2]) == (before[0], before[2]) and after[1] != before[1]


def test_what_was_merged_leads_on(store: Store, cast: Cast, client: FlaskClient) -> None:
    write(store, cast.facilitator, a_review(themes=("baht",)))
    person = person_called(store, "แกนนำบ้านหูล่อง")
    with store.saving() as session:
        session.get_one(Person, person).merged_into_id = cast.facilitator.person_id
        into = themes.get(session, "welfare")
        themes.merge(session, themes.get(session, "baht"), into=into, by=cast.curator)
    assert client.get("/feeds/themes/baht").location == "/feeds/themes/welfare"
    moved = client.get(f"/feeds/people/{person}")
    assert moved.location == f"/feeds/people/{cast.facilitator.person_id}"


def test_an_address_that_says_nothing_is_refused(client: FlaskClient) -> None:
    for address in ("/feeds/search", "/feeds/search?q=", "/feeds/search?theme=none"):
        assert client.get(address).status_code == 422, address
    for address in ("/feeds/places/xx", "/feeds/places/9", "/feeds/notes/0", "/feeds/people/0"):
        assert client.get(address).status_code == 404, address
    assert client.get("/feeds/search?q=%ff%00&person=x&offset=99&sort=x").status_code in (200, 422)


def test_a_feed_has_an_end_and_takes_the_same_statements(
    store: Store, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST", 5)
    taken = []
    for count in (2, 12):
        for n in range(count):
            write(store, cast.facilitator, a_review(title=f"เรื่อง {count} {n}"))
        client.get(f"/feeds/places/{NAKHON}")
        with counting(store) as sent:
            answer = client.get(f"/feeds/places/{NAKHON}")
        taken.append(len(sent))
    assert len(titles(answer)) == 5
    assert taken[0] == taken[1] <= 5
