"""Someone is called by @name in a comment."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select

from kms import comments, mentions, news, notes, people
from kms.markup import to_html_light
from kms.models import Mention, Person, PersonAlias
from kms.news_told import told
from kms.permissions import SYSTEM, Viewer
from kms.saving import Store
from kms.search import saved
from tests.cast import Cast, post
from tests.live import PHONE, Live
from tests.statements import counting
from tests.stories import a_review


@pytest.fixture
def number(store: Store, cast: Cast) -> int:
    with store.saving() as session:
        return notes.create(session, a_review(), by=cast.facilitator).number


def say(store: Store, number: int, body: str, by: Viewer) -> int:
    with store.saving() as session:
        note = notes.get(session, number, seen_by=by)
        return comments.add(session, note, by=by, body=body).id


def called(store: Store, comment: int | None = None) -> list[tuple[str, str]]:
    """Who is called, and by which name."""
    with store.reading() as session:
        rows = select(Person.name, Mention.name).join(Mention, Mention.person_id == Person.id)
        if comment:
            rows = rows.where(Mention.comment_id == comment)
        return sorted(tuple(row) for row in session.execute(rows))


def reasons(store: Store, who: Viewer) -> list[tuple[str, ...]]:
    with store.reading() as session:
        watched = saved.watch(session, store.index, seen_by=who)
        return [one.why for one in told(session, watched, news.events(session, watched))]


CURATOR = "บรรณาธิการคลังบทเรียน"
COMMENTER = "สมาชิกเครือข่ายพัทลุง"


@pytest.mark.parametrize(
    "body",
    [
        f"@{CURATOR} ช่วยดู",
        f"ขอถาม @{CURATOR}",
        f"ถาม@{CURATOR}หน่อย",
        f"(@{CURATOR})",
        f"@คุณ{CURATOR} ครับ",
        f"@บก. และ @{CURATOR} และ @{CURATOR}",
        "@บก ช่วยดูหน่อย",
        "@บรรณา ช่วยดู",
    ],
)
def test_a_name_after_an_at_calls_its_owner(
    store: Store, cast: Cast, number: int, body: str
) -> None:
    with store.saving() as session:
        curator = people.get(session, cast.curator.person_id or 0)
        curator.nickname = "บก"
        curator.aliases.append(PersonAlias(name="บรรณา", key="บรรณา"))
    say(store, number, body, cast.commenter)
    assert [person for person, _name in called(store)] == [CURATOR]
    assert reasons(store, cast.curator) == [("เพราะเรียกชื่อคุณ",)]


@pytest.mark.parametrize(
    "body",
    [
        "mail@บรรณาธิการคลังบทเรียน.org",
        f"`@{CURATOR}`",
        f"@ {CURATOR}",
        f"@\n{CURATOR}",
        "@แกนนำบ้านหูล่อง ไม่มีบัญชี",
        "@บรรณาธิการคลังบทเรียน".replace("เรียน", "เรีย"),
        "@" * 500,
        "@",
    ],
)
def test_what_is_no_call_calls_nobody(store: Store, cast: Cast, number: int, body: str) -> None:
    say(store, number, body, cast.commenter)
    assert called(store) == []


def test_the_longest_name_wins_and_a_name_of_two_calls_neither(
    store: Store, cast: Cast, number: int
) -> None:
    with store.saving() as session:
        for who, name in ((cast.curator, "สมใจ"), (cast.stranger, "สมใจ ใจดี")):
            person = people.get(session, who.person_id or 0)
            person.name, person.name_key = name, people.key(name)
        for who in (cast.researcher, cast.administrator):
            people.get(session, who.person_id or 0).nickname = "ต้อม"
    comment = say(store, number, "@สมใจ ใจดีมาก", cast.commenter)
    assert called(store, comment) == [("สมใจ ใจดี", "สมใจ ใจดี")]
    comment = say(store, number, "@สมใจ มาแล้ว @ต้อม ไม่มา", cast.commenter)
    assert called(store, comment) == [("สมใจ", "สมใจ")]


def test_a_latin_name_is_not_called_by_its_beginning(store: Store, cast: Cast, number: int) -> None:
    with store.saving() as session:
        person = people.get(session, cast.curator.person_id or 0)
        person.name, person.name_key = "Som", people.key("Som")
    assert called(store, say(store, number, "@somchai hello", cast.commenter)) == []
    assert called(store, say(store, number, "@SOM hello", cast.commenter)) == [("Som", "SOM")]


def test_a_name_ends_with_its_line(store: Store, cast: Cast, number: int) -> None:
    with store.saving() as session:
        person = people.get(session, cast.curator.person_id or 0)
        person.name, person.name_key = "สมใจ ใจดี", people.key("สมใจ ใจดี")
    for end in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029":
        assert called(store, say(store, number, f"@สมใจ{end}ใจดี", cast.commenter)) == []
    assert mentions.read_links("7:สมใจ\u2028ใจดี\n8:ข") == {
        "สมใจ\u2028ใจดี": "/people/7",
        "ข": "/people/8",
    }
    assert mentions.read_links("") == mentions.read_links(None) == {}


def test_new_words_call_anew_and_let_go(store: Store, cast: Cast, number: int) -> None:
    comment = say(store, number, f"@{CURATOR}", cast.commenter)
    for body, who in (
        (f"@{CURATOR} @ผู้มาเยือน", [CURATOR, "ผู้มาเยือน"]),
        ("@ผู้มาเยือน", ["ผู้มาเยือน"]),
        ("ไม่มีใคร", []),
    ):
        with store.saving() as session:
            row = comments.get(session, comment, seen_by=cast.commenter)
            comments.edit(session, row, by=cast.commenter, body=body)
        assert [person for person, _name in called(store)] == who


def test_a_comment_that_an_import_brings_calls_nobody(
    store: Store, cast: Cast, number: int
) -> None:
    with store.saving() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        comments.add(
            session, note, by=SYSTEM, body=f"@{CURATOR}", author_name="ใคร", source_key="1"
        )
    assert called(store) == []


def test_a_call_in_what_one_may_not_see_is_never_heard(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        draft = notes.create(session, a_review(visibility="draft"), by=cast.facilitator).number
    say(store, draft, f"@{CURATOR}", cast.facilitator)
    assert reasons(store, cast.curator) == []
    with store.saving() as session:
        note = notes.get(session, draft, seen_by=cast.facilitator)
        notes.change_visibility(session, note, "members", by=cast.facilitator)
    assert reasons(store, cast.curator) == [("เพราะเรียกชื่อคุณ",)]
    with store.saving() as session:
        row = session.scalars(select(Mention)).one()
        comments.hide(
            session, comments.get(session, row.comment_id, seen_by=SYSTEM), by=cast.administrator
        )
    assert reasons(store, cast.curator) == []


# --- on the page ---------------------------------------------------------------------------------


def test_a_call_is_a_link_where_the_person_is_known(
    app: Flask, store: Store, cast: Cast, number: int, client: FlaskClient
) -> None:
    say(store, number, f"@ผู้จัดเวทีตำบลหูล่อง กับ @{CURATOR}", cast.commenter)
    known = f'<a href="/people/{cast.facilitator.person_id}">@ผู้จัดเวทีตำบลหูล่อง</a>'
    curator = f'<a href="/people/{cast.curator.person_id}">@{CURATOR}</a>'
    for reader in (client, cast.browser(app, "stranger")):
        page = reader.get(f"/notes/{number}").text
        assert known in page
        # No note and no comment tells of the curator: the page of that person is not to be seen.
        assert curator not in page and f"@{CURATOR}" in page
    say(store, number, "ดูแล้วครับ", cast.curator)
    assert curator in client.get(f"/notes/{number}").text


def test_a_hidden_comment_links_nobody(
    app: Flask, store: Store, cast: Cast, number: int, client: FlaskClient
) -> None:
    comment = say(store, number, "@ผู้จัดเวทีตำบลหูล่อง", cast.commenter)
    post(cast.browser(app, "curator"), f"/comments/{comment}/hide", {"reason": "x"})
    assert "@ผู้จัดเวทีตำบลหูล่อง" not in client.get(f"/notes/{number}").text


def test_calls_take_no_statement_more_on_the_page(
    app: Flask, store: Store, cast: Cast, number: int
) -> None:
    taken = []
    for count in (1, 12):
        for n in range(count):
            say(store, number, f"@ผู้จัดเวทีตำบลหูล่อง {n}", cast.commenter)
        with store.reading() as session, counting(store) as sent:
            comments.threads(session, number, seen_by=cast.stranger)
        taken.append(len(sent))
    assert taken == [1, 1]


def test_links_of_calls_are_made_safely() -> None:
    assert to_html_light("@ก", called={"ก": "/people/1"}) == '<p><a href="/people/1">@ก</a></p>'
    hostile = {'"><script>': "/people/1", "ข": "javascript:alert(7)", "*ค*": "/people/3"}
    made = to_html_light('@"><script> @ข @*ค* [@*ค*](/x) `@*ค*` x@*ค*', called=hostile)
    assert "<script" not in made and "javascript" not in made
    assert made.count('<a href="/people/3">') == 1
    long = "@" + "ก" * 5_000 + " @ก" * 300
    assert to_html_light(long, called={"ก": "/people/1"}).count("/people/1") >= 300


def test_whoever_may_be_called_is_offered_to_those_who_know_them(
    app: Flask, store: Store, cast: Cast, number: int, client: FlaskClient
) -> None:
    member = cast.browser(app, "commenter")

    def offered(reader: FlaskClient, words: str) -> list[str]:
        answer = reader.get("/suggest", query_string={"what": "called", "q": words})
        return [one["label"] for one in answer.json or []]

    assert offered(member, "ผู้จัด") == ["ผู้จัดเวทีตำบลหูล่อง"]
    # Named in notes, and without an account; with one, and in no note.
    assert offered(member, "แกนนำ") == offered(member, "บรรณา") == []
    assert offered(client, "ผู้จัด") == offered(cast.browser(app, "stranger"), "ผู้จัด") == []
    for words in ("", " ", "%", "_", "\x00", "ก" * 5_000):
        assert offered(member, words) == []


@pytest.mark.browser
def test_a_name_half_typed_is_offered_and_becomes_a_call(live: Live) -> None:
    with live.store.saving() as session:
        number = notes.create(session, a_review(), by=live.cast.facilitator).number
    with live.visit("commenter", viewport=PHONE) as page:
        page.goto(f"/notes/{number}")
        box = page.get_by_label("ความเห็นของคุณ")
        box.press_sequentially("ถาม @ผู้จัด")
        page.get_by_role("button", name="@ผู้จัดเวทีตำบลหูล่อง").click()
        expect(box).to_have_value("ถาม @ผู้จัดเวทีตำบลหูล่อง ")
        page.get_by_role("button", name="ส่งความเห็น").click()
        link = page.locator(".comment-body a", has_text="@ผู้จัดเวทีตำบลหูล่อง")
        expect(link).to_have_attribute("href", f"/people/{live.cast.facilitator.person_id}")
    with live.visit("facilitator", java_script_enabled=False) as page:
        page.goto("/news")
        expect(page.get_by_text("เพราะเรียกชื่อคุณ")).to_be_visible()
        page.get_by_role("button", name="ดูครบแล้ว").click()
        expect(page.get_by_text("ทำเครื่องหมายว่าดูแล้ว")).to_be_visible()
        expect(page.get_by_role("button", name="ดูครบแล้ว")).to_have_count(0)
