"""A stranger looks everywhere for what is not theirs, and many people do things at one moment."""

import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from kms import activities, comments, drafts, notes, recommendations, themes
from kms.activities import ActivityFacts, Part
from kms.drafts import FormWords
from kms.models import (
    Account,
    Attachment,
    Comment,
    Draft,
    Note,
    Organisation,
    Person,
    Revision,
    Theme,
    Upload,
)
from kms.note_kinds import (
    ActionItem,
    AttachedFile,
    Meeting,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.saving import Store
from kms.web.security import CONTENT_SECURITY_POLICY
from tests.cast import PASSWORD, Cast, csrf_token, post
from tests.hostile import addresses, rules, shown, walk
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PHATTHALUNG, a_lesson, a_page, a_review, some_minutes

SECRET = "ฆฐซุฬกิฏ"
ABSENT = "ฆฑซุฬกิฎ"
FORM_ID = "2f1b4c6e-0d3a-4b5c-8d7e-9f0a1b2c3d4e"
FILE_KEY = "5ec2e7f11e" * 3 + "00"
PUBLIC_WORD = "สวัสดิการวันละบาท"


@dataclass(frozen=True)
class Stage:
    """Numbers of what everyone may read."""

    review: int
    lesson: int
    page: int


@pytest.fixture
def stage(store: Store, cast: Cast) -> Stage:
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="แผนแม่บทชุมชน", slug="plan")
        themes.add(session, by=cast.curator, name="สวัสดิการชุมชน", slug="welfare", parent=top)
    with store.saving() as session:
        review = notes.create(session, a_review(body=PUBLIC_WORD), by=cast.facilitator)
        said = SourcePassage(review.number, "เป้าหมายไม่ชัด")
        lesson = notes.create(session, a_lesson(said), by=cast.commenter)
        page = notes.create(session, a_page("โมเดลปลาทู", "หัว ตัว หาง"), by=cast.curator)
        comments.add(session, review, by=cast.commenter, body="ที่พัทลุงก็เป็นอย่างนี้")
        runs = (Part("พอช.", "funder"), Part("เครือข่ายยมนา", "runner"))
        plan = ActivityFacts("แผนชีวิตชุมชน", (NAKHON,), ("welfare",), runs)
        activities.record(session, review, plan, by=cast.commenter)
        return Stage(review.number, lesson.number, page.number)


def hide_secrets(store: Store, cast: Cast, stage: Stage, visibility: str) -> list[int]:
    """Notes that say the secret in every field, linked to what everyone may read."""
    common = {
        "title": f"{SECRET} เรื่อง",
        "body": f"{SECRET} [[โมเดลปลาทู]] [[{SECRET}]]",
        "visibility": visibility,
        "places": (PlaceNamed(HULONG, f"บ้าน{SECRET}"), PlaceNamed(PHATTHALUNG)),
        "themes": ("welfare", f"{SECRET}ประเด็น"),
        "tags": (SECRET, "แนวคิด"),
        "organisations": (OrganisationPart(SECRET, "funder"), OrganisationPart("พอช.", "partner")),
        "roles": (
            RolePlayed("khun_ua", f"คน{SECRET}", f"กลุ่ม{SECRET}", "tambon", HULONG, SECRET),
            RolePlayed("khun_kit", "แกนนำบ้านหูล่อง", "", "village", NAKHON, SECRET),
        ),
        "author": f"ผู้เขียน{SECRET}",
        "url": f"https://example.org/{SECRET}",
        "licence": SECRET,
    }
    with store.saving() as session:
        digest = sha256(SECRET.encode()).hexdigest()
        kept = {"key": FILE_KEY, "owner_id": cast.facilitator.account_id, "digest": digest}
        session.add(
            Attachment(**kept, media_type="application/pdf", name=SECRET, size=9, text=SECRET)
        )
        session.flush()
        common["attachments"] = (AttachedFile(FILE_KEY, SECRET),)
        words = FormWords(FORM_ID, "comment", [("body", SECRET)], number=stage.review)
        drafts.save(session, words, by=cast.facilitator)
        to_do = (ActionItem(SECRET, SECRET, date(2007, 1, 1), result=SECRET),)
        said = Review(answers={"review": SECRET}, actions=to_do)
        review = notes.create(session, a_review(**common, review=said), by=cast.facilitator)
        recommendations.add(session, review, by=cast.facilitator, what=SECRET, organisation="พอช.")
        meeting = Meeting(actions=to_do, next_date=date(2030, 1, 1), next_venue=SECRET)
        minutes = notes.create(
            session, some_minutes(**common, meeting=meeting), by=cast.facilitator
        )
        said = SourcePassage(review.number, SECRET), SourcePassage(stage.review, PUBLIC_WORD)
        lesson = notes.create(session, a_lesson(*said, **common), by=cast.facilitator)
        page = notes.create(
            session, a_page(f"หน้า{SECRET}", SECRET, visibility=visibility), by=cast.facilitator
        )
        comments.add(session, review, by=cast.facilitator, body=SECRET)
        runs = (Part(SECRET, "funder"), Part(f"กลุ่ม{SECRET}", "runner"))
        doing = ActivityFacts(SECRET, (HULONG,), ("welfare",), runs, reach=SECRET, about=SECRET)
        work = activities.record(session, review, doing, by=cast.facilitator)
        told = notes.get(session, stage.page, seen_by=cast.facilitator)
        activities.tell(session, work, told, by=cast.facilitator)
        return [review.number, minutes.number, lesson.number, page.number]


def values_of(word: str) -> dict[str, list[str]]:
    """Values for every argument that a route takes: what there may be, and what there is not."""
    numbers = [str(number) for number in (*range(14), 987654)]
    return {
        "number": numbers,
        "comment_id": ["1", "2", "3", "987654"],
        "revision": ["1", "2"],
        "old": ["1"],
        "new": ["1", "2"],
        "form_id": [FORM_ID, str(uuid.UUID(int=1))],
        "key": [FILE_KEY, "none"],
        "upload_id": ["none"],
        "slug": ["plan", "welfare", f"{word}ประเด็น", "about"],
        "title": [word, f"หน้า{word}", f"{word} เรื่อง", "โมเดลปลาทู"],
        "kind": ["aar", "lesson", word],
        "code": [HULONG, NAKHON, PHATTHALUNG, "khun_ua", "khun_kit", word],
        "name": ["none"],
        "step": ["confirmed", "applied", "superseded", word],
        "step_id": ["1", "987654"],
        "position": ["0", "1", "987654"],
        "recommendation_id": ["1", "2", "987654"],
        "what": ["people", "organisations"],
        "first": ["7", "8"],
        "second": ["8", "9"],
        "merging": ["1", "987654"],
        "token": ["none"],
        "filename": ["none.css"],
    }


def asking(word: str) -> list[str]:
    """Addresses that ask for a word in every way the site offers."""
    said = quote(word)
    kinds = ("place", "theme", "tag", "organisation", "person")
    narrowed = ("tag", "theme", "organisation", "person", "province", "role")
    return [
        f"/search?q={said}",
        f"/search?q={said}&sort=newest",
        f"/search?q=%22{said}%22",
        f"/search?q=-{said}",
        f"/search?q={quote(word[:-1])}",
        f"/search?q={quote(word[0] + word)}",
        f"/api/v1/search?q={said}",
        f"/api/v1/search?tag={said}",
        f"/api/v1/search?theme={said}{quote('ประเด็น')}",
        f"/search?theme={said}{quote('ประเด็น')}",
        f"/actions?show=open&who={said}",
        f"/actions?show=overdue&place={said}",
        f"/recommendations?place={said}",
        f"/people?place={said}",
        f"/organisations?place={said}",
        f"/roles/khun_ua?place={said}",
        f"/activities?organisation={said}",
        f"/activities?theme={said}{quote('ประเด็น')}",
        f"/activities/tell?from=1&name={said}",
        f"/write/lesson?title={said}",
        f"/briefing?plan={said}",
        f"/briefing?place=80&plan={said}",
        f"/briefing?place={said}",
        f"/briefing?theme={said}{quote('ประเด็น')}",
        *(f"/search?{name}={said}" for name in narrowed),
        *(f"/search?person={quote(name + word)}" for name in ("คน", "ผู้เขียน")),
        f"/search?q=person:{quote('คน' + word)}",
        *(f"/suggest?what={what}&q={said}" for what in kinds),
        *(f"/suggest?what={what}&q={quote('คน' + word)}" for what in kinds),
    ]


WIDE = [
    "/briefing?place=80",
    "/briefing?theme=plan&theme=welfare&place=801208",
    "/search?q=สวัสดิการ",
    "/api/v1/search",
    "/api/v1/search?q=สวัสดิการ",
    "/api/v1/search?province=80&lang=en",
    "/search?province=93",
    "/search?role=khun_ua",
    "/suggest?what=person&q=แกน",
    "/suggest?what=tag&q=แนว",
    "/suggest?what=organisation&q=พอช",
    "/notes/1?quote=x",
    "/write/lesson?from=4",
    "/write/lesson?from=5&passage=x",
    *(f"/search?{what}={number}" for what in ("person", "organisation") for number in range(12)),
    *(
        f"/api/v1/search?{what}={number}"
        for what in ("person", "organisation")
        for number in (5, 9)
    ),
]


def look_everywhere(client: FlaskClient, app: Flask, word: str) -> dict[str, object]:
    """What every route and every link tells this person."""
    starts = [*addresses(app, values_of(word)), *WIDE, *asking(word)]
    return {address: shown(answer) for address, answer in walk(client, starts).items()}


# --- what is not theirs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "visibility"),
    [("anonymous", "draft"), ("anonymous", "members"), ("commenter", "draft")],
)
def test_the_site_is_the_same_whether_hidden_notes_are_there_or_not(
    app: Flask, store: Store, cast: Cast, stage: Stage, who: str, visibility: str
) -> None:
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    without = look_everywhere(client, app, SECRET)
    hidden = hide_secrets(store, cast, stage, visibility)
    with_them = look_everywhere(client, app, SECRET)
    assert f"/notes/{hidden[0]}/history" in with_them
    differing = [one for one, told in with_them.items() if told != without.get(one)]
    assert differing == []


OF_A_NOTE = ("", "/history", "/revisions/1", "/edit", "/delete", "?quote=x")


@pytest.mark.parametrize("who", ["stranger", "curator", "administrator"])
def test_no_permission_opens_somebodys_draft(
    app: Flask, store: Store, cast: Cast, stage: Stage, who: str
) -> None:
    client = cast.browser(app, who)
    numbers = hide_secrets(store, cast, stage, "draft")
    with store.reading() as session:
        comment = session.scalars(select(Comment.id).order_by(Comment.id.desc())).first()
    pages = [f"/notes/{number}{rest}" for number in numbers for rest in OF_A_NOTE]
    pages += [f"/api/v1/notes/{number}" for number in numbers]
    pages += [f"/comments/{comment}/edit", f"/comments/{comment}/hide"]
    for page in (*pages, "/account/export", "/mine", "/", "/search?q=สวัสดิการ"):
        assert SECRET not in client.get(page).text, page
    token = csrf_token(client, "/account")
    for rule in rules(app, "POST"):
        if rule.rule.startswith("/notes/"):
            address = rule.rule.replace("<int:number>", str(numbers[0]))
            form = {"csrf_token": token, "visibility": "public", "body": "x", "kind": "aar"}
            answer = client.post(address, data=form)
            assert answer.status_code in (403, 404, 422), address
            assert SECRET not in answer.text
    with store.reading() as session:
        kept = session.get_one(Note, numbers[0])
        assert (kept.visibility, kept.revision) == ("draft", 1)


def test_every_method_and_every_mark_hides_alike(
    app: Flask, store: Store, cast: Cast, stage: Stage, client: FlaskClient
) -> None:
    number = hide_secrets(store, cast, stage, "members")[0]
    seen = cast.browser(app, "stranger").get(f"/notes/{number}")
    assert SECRET in seen.text
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"):
        hidden = client.open(f"/notes/{number}", method=method)
        absent = client.open("/notes/987654", method=method)
        assert hidden.status_code == absent.status_code
        assert hidden.headers.get("Allow") == absent.headers.get("Allow")
        assert SECRET not in hidden.text
    for name, value in (("If-None-Match", "*"), ("If-Modified-Since", "x"), ("Range", "bytes=0-9")):
        assert client.get(f"/notes/{number}", headers={name: value}).status_code == 404


def test_a_kept_page_is_nobody_elses(
    app: Flask, store: Store, cast: Cast, stage: Stage, client: FlaskClient
) -> None:
    lesson = hide_secrets(store, cast, stage, "draft")[2]
    owner, other = cast.browser(app, "facilitator"), cast.browser(app, "commenter")
    source = f"/notes/{stage.review}"
    for _ in range(2):
        assert SECRET in owner.get(source).text
        assert SECRET not in other.get(source).text
        assert SECRET not in client.get(source).text
    for visibility, is_seen in (("public", True), ("draft", False), ("members", False)):
        mark = client.get(source).headers["ETag"]
        form = {"visibility": visibility}
        post(owner, f"/notes/{lesson}/visibility", form, page=f"/notes/{lesson}/edit")
        answer = client.get(source, headers={"If-None-Match": mark})
        assert (SECRET in answer.text) == is_seen
        assert (SECRET in other.get(source).text) == (visibility != "draft")
        assert client.get(f"/notes/{lesson}").status_code == (200 if is_seen else 404)
        assert (SECRET in client.get(f"/search?q={SECRET[:4]}&sort=newest").text) == is_seen


def test_a_lagging_index_tells_nothing_of_a_note_that_was_hidden(
    store: Store, cast: Cast, stage: Stage, client: FlaskClient
) -> None:
    number = hide_secrets(store, cast, stage, "public")[0]
    assert SECRET in client.get(f"/search?q={SECRET[:4]}").text
    with store.sessions.begin() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        notes.change_visibility(session, note, "draft", by=cast.facilitator)
    found = client.get(f"/api/v1/search?q={SECRET}&kind=aar").json
    assert found["hits"] == []
    assert found["total"] == 0


def test_a_comment_that_was_hidden_is_gone_for_all_but_curators(
    app: Flask, store: Store, cast: Cast, stage: Stage, client: FlaskClient
) -> None:
    with store.saving() as session:
        note = notes.get(session, stage.review, seen_by=cast.commenter)
        comment = comments.add(session, note, by=cast.commenter, body=SECRET).id
    assert SECRET in client.get(f"/notes/{stage.review}").text
    curator = cast.browser(app, "curator")
    post(curator, f"/comments/{comment}/hide", {"reason": "ไม่สุภาพ"})
    stranger = cast.browser(app, "stranger")
    for page in (f"/notes/{stage.review}", f"/api/v1/notes/{stage.review}", "/search?q=ฆฐซ"):
        assert SECRET not in client.get(page).text
        assert SECRET not in stranger.get(page).text
    assert stranger.get(f"/comments/{comment}/edit").status_code == 404


def test_an_unsigned_note_leads_nobody_to_its_writer(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    form = {"title": "เรื่องที่เล่ายาก", "body": "เล่า", "visibility": "public", "credit": "nobody"}
    owner = cast.browser(app, "facilitator")
    number = int(post(owner, "/write/note", form).location.rpartition("/")[2])
    told = client.get(f"/api/v1/notes/{number}").json
    found = client.get("/api/v1/search?q=เล่ายาก").json["hits"][0]
    pages = [f"/notes/{number}{rest}" for rest in ("", "/history", "/revisions/1")]
    assert not any(cast.facilitator.name in client.get(page).text for page in pages)
    assert told["author"] is None
    for source_id in (told["source_id"], found["source_id"]):
        assert not source_id.startswith(f"{cast.facilitator.account_id}-")


def test_a_copy_of_ones_own_data_tells_nothing_of_anothers_draft(
    app: Flask, store: Store, cast: Cast
) -> None:
    said = RolePlayed("khun_ua", cast.commenter.name, "", "tambon", HULONG, SECRET)
    for visibility, is_told in (("draft", False), ("members", True)):
        with store.saving() as session:
            named = a_review(visibility=visibility, roles=(said,))
            notes.create(session, named, by=cast.facilitator)
        copy = cast.browser(app, "commenter").get("/account/export").text
        assert (SECRET in copy) == is_told


# --- what each may do ----------------------------------------------------------------------------

# Whoever is signed in at all may do these, to themselves.
OWN = {"/signout", "/account/name", "/account/password", "/account/forget"}
DOORS = {"/signin", "/register"}


@pytest.mark.parametrize("who", ["anonymous", "stranger", "commenter", "curator"])
def test_no_form_lets_anyone_do_more_than_they_may(
    app: Flask, store: Store, cast: Cast, stage: Stage, who: str
) -> None:
    """Every POST of the site, at what is there and is not theirs, changes nothing."""
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    token = csrf_token(client, "/signin" if who == "anonymous" else "/account")
    closed = {"anonymous": "/", "stranger": "/", "commenter": "/(notes|curate|people|org|admin)"}
    closed["curator"] = "/admin"
    values = {**values_of(SECRET), "number": [str(stage.review), "1"], "comment_id": ["1"]}
    before = _everything_kept(store)
    for address in addresses(app, values, "POST"):
        if address in OWN | DOORS or not re.match(closed[who], address):
            continue
        if who == "commenter" and address.endswith("/comments"):
            continue
        form = {"csrf_token": token, "kind": "aar", "title": "x", "body": "x", "name": "x"}
        form |= {"visibility": "draft", "permission": "administrator", "based_on": "1"}
        form |= {"questions": "one-box", "answers-review": "x", "days": "3", "parent": ""}
        answer = client.post(address, data=form)
        assert answer.status_code in (400, 401, 403, 404, 422), (address, answer.status_code)
    assert _everything_kept(store) == before


KEPT = (
    *(Note, Revision, Comment, Account, Person, Organisation, Theme),
    *(Attachment, Draft, Upload),
)


def _everything_kept(store: Store) -> list[object]:
    with store.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(model)) for model in KEPT]
        said = session.execute(select(Note.id, Note.revision, Note.visibility).order_by(Note.id))
        return [*counts, *said, *session.execute(select(Account.id, Account.permission))]


def test_one_can_neither_mend_nor_hide_what_another_said(
    app: Flask, store: Store, cast: Cast, stage: Stage
) -> None:
    client = cast.browser(app, "facilitator")
    with store.reading() as session:
        comment = session.scalars(select(Comment.id)).one()
    for address in (f"/comments/{comment}/edit", f"/comments/{comment}/hide"):
        form = {"body": "คำของคนอื่น", "reason": "x"}
        assert post(client, address, form, page="/account").status_code == 403
    with store.reading() as session:
        kept = session.get_one(Comment, comment)
        assert (kept.body, kept.hidden_at) == ("ที่พัทลุงก็เป็นอย่างนี้", None)


def test_what_an_administrator_takes_away_is_gone_at_once(
    app: Flask, cast: Cast, stage: Stage
) -> None:
    chief, member = cast.browser(app, "administrator"), cast.browser(app, "commenter")
    account = f"/admin/accounts/{cast.commenter.account_id}"
    assert member.get("/write/note").status_code == 200
    post(chief, f"{account}/permission", {"permission": "reader"}, page="/admin/accounts")
    assert member.get("/write/note").status_code == 403
    post(chief, f"{account}/deactivate", {}, page="/admin/accounts")
    assert member.get("/account").location.startswith("/signin")
    assert member.get("/api/v1/search").status_code == 200


def test_the_last_administrator_stays(app: Flask, store: Store, cast: Cast) -> None:
    chief = cast.browser(app, "administrator")
    account = f"/admin/accounts/{cast.administrator.account_id}"
    for address, form in (
        (f"{account}/permission", {"permission": "reader"}),
        (f"{account}/deactivate", {}),
        ("/account/forget", {"current_password": PASSWORD}),
    ):
        answer = post(chief, address, form, page="/account")
        assert answer.status_code == 403
        assert "ผู้ดูแลระบบอย่างน้อยหนึ่งคน" in answer.text
    assert chief.get("/admin").status_code == 200


def test_a_cookie_that_someone_changed_or_fixed_beforehand_opens_nothing(
    app: Flask, cast: Cast
) -> None:
    client = cast.browser(app, "facilitator")
    kept = client.get_cookie("session")
    assert kept
    for changed in (kept.value[:-2], "x" + kept.value, kept.value + "\x7f", "e30.x.y", "." * 4_000):
        other = app.test_client()
        other.set_cookie("session", changed)
        assert other.get("/account").location.startswith("/signin")
    victim = app.test_client()
    csrf_token(victim, "/signin")
    fixed = victim.get_cookie("session")
    assert fixed
    post(victim, "/signin", {"email": Cast.email("curator"), "password": PASSWORD})
    attacker = app.test_client()
    attacker.set_cookie("session", fixed.value)
    assert attacker.get("/account").location.startswith("/signin")


# --- every answer --------------------------------------------------------------------------------


def test_every_answer_of_every_route_is_guarded(
    app: Flask, cast: Cast, stage: Stage, client: FlaskClient
) -> None:
    """The policy, no sniffing, no shared copies of what may be private; errors and 304 too."""
    every = [*addresses(app, values_of(SECRET)), "/none", "/static/none.css", "/api/none"]
    mark = client.get(f"/notes/{stage.review}").headers["ETag"]
    for one in (client, cast.browser(app, "administrator")):
        answers = [(page, one.get(page)) for page in dict.fromkeys(every)]
        unchanged = one.get(f"/notes/{stage.review}", headers={"If-None-Match": mark})
        answers += [("304", unchanged), ("405", one.put("/")), ("400", one.post("/signin"))]
        for page, answer in answers:
            assert answer.status_code < 500, page
            assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, page
            assert answer.headers["X-Content-Type-Options"] == "nosniff", page
            if not page.startswith("/static/"):
                kept = answer.headers["Cache-Control"]
                assert "private" in kept or "no-store" in kept, page
            for cookie in answer.headers.getlist("Set-Cookie"):
                assert "HttpOnly" in cookie and "SameSite=Lax" in cookie, page
                assert "public" not in answer.headers["Cache-Control"]
    assert client.get(f"/notes/{stage.review}", headers={"If-None-Match": mark}).status_code == 304


@pytest.mark.parametrize("who", ["anonymous", "stranger", "facilitator", "administrator"])
def test_no_page_takes_more_statements_than_it_may(
    app: Flask, store: Store, cast: Cast, stage: Stage, who: str
) -> None:
    hide_secrets(store, cast, stage, "members")
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    values = {**values_of("แนวคิด"), "number": ["1", "2", "4", "6", "7"], "revision": ["1"]}
    asked = {*addresses(app, values), "/search?q=สวัสดิการ&province=80&theme=welfare"}
    asked |= {"/write/lesson?from=1&passage=x", "/people?place=80", "/roles/khun_kit?place=80"}
    # A file of all that is kept about somebody is no page.
    asked.remove("/account/export")
    taken = {}
    for page in asked:
        client.get(page)
        with counting(store) as sent:
            client.get(page)
        taken[page] = len(sent)
    assert {page: count for page, count in taken.items() if count > _most(page)} == {}


MOST = (
    # What comes back is merged with today's words; forms of lessons look at each kind of source.
    ("/restore", 18),
    ("/edit", 15),
    ("/people/", 11),
    ("/organisations/", 11),
    ("/activities/", 11),
    ("/working", 10),
    ("/differences/", 10),
    ("/write/lesson", 10),
    ("/api/", 9),
    (".ics", 9),
)
MOST_OF_OTHERS = 8


def _most(page: str) -> int:
    """What a page of this sort takes; that none takes more for more rows is tested with each."""
    return next((most for part, most in MOST if part in page), MOST_OF_OTHERS)


# --- many at one moment --------------------------------------------------------------------------


def at_once(count: int, do: Callable[[int], object]) -> list[object]:
    """What each of these answers when all begin at the same moment."""
    gate = threading.Barrier(count)

    def begin(which: int) -> object:
        gate.wait()
        return do(which)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_eight_people_save_at_one_moment_and_nothing_is_lost(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    writers = [cast.browser(app, who) for who in ("facilitator", "commenter") * 4]
    tokens = [csrf_token(writer, "/write/note") for writer in writers]

    def save(which: int) -> int:
        for turn in range(3):
            form = {"csrf_token": tokens[which], "title": f"เรื่องที่ {which} {turn}", "body": "เล่า"}
            form |= {"visibility": "public", "tags": "พร้อมกัน", "theme_new": "ใหม่พร้อมกัน"}
            form |= {"organisations-0-name": "กลุ่มใหม่", "credit": "other", "author": "คนใหม่"}
            answer = writers[which].post("/write/note", data=form)
            if answer.status_code != 303:
                return answer.status_code
        return 303

    assert at_once(8, save) == [303] * 8
    assert client.get("/api/v1/search?tag=พร้อมกัน").json["total"] == 24
    with store.reading() as session:
        for model, name in ((Person, "คนใหม่"), (Organisation, "กลุ่มใหม่"), (Theme, "ใหม่พร้อมกัน")):
            made = select(func.count()).select_from(model).where(model.name == name)
            assert session.scalar(made) == 1


def test_of_eight_who_revise_one_note_at_one_moment_one_wins_and_seven_keep_their_words(
    app: Flask, store: Store, cast: Cast, stage: Stage
) -> None:
    writers = [cast.browser(app, who) for who in ("facilitator", "commenter") * 4]
    address = f"/notes/{stage.page}/edit"
    tokens = [csrf_token(writer, address) for writer in writers]

    def save(which: int) -> tuple[int, bool]:
        form = {"csrf_token": tokens[which], "kind": "page", "title": "โมเดลปลาทู", "based_on": "1"}
        form |= {"visibility": "public", "body": f"หัวใหม่ของคนที่ {which}", "credit": "own"}
        answer = writers[which].post(address, data=form)
        return answer.status_code, f"หัวใหม่ของคนที่ {which}" in answer.text

    answers = at_once(8, save)
    assert sorted(answers) == [(303, False), *[(409, True)] * 7]
    with store.reading() as session:
        count = select(func.count()).where(Revision.note_id == stage.page)
        assert session.scalar(count) == 2


def test_a_form_sent_eight_times_at_one_moment_makes_one_note(
    app: Flask, store: Store, cast: Cast
) -> None:
    client = cast.browser(app, "facilitator")
    page = client.get("/write/note").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    client_id = re.search(r'name="client_id" value="([^"]+)"', page)
    assert token and client_id
    form = {"csrf_token": token[1], "client_id": client_id[1], "title": "กดซ้ำ", "body": "ก"}
    kept = client.get_cookie("session")
    assert kept

    def send(_which: int) -> int:
        other = app.test_client()
        other.set_cookie("session", kept.value)
        return other.post("/write/note", data=form).status_code

    assert set(at_once(8, send)) <= {303, 409}
    with store.reading() as session:
        assert session.scalar(select(func.count()).where(Note.title == "กดซ้ำ")) == 1


def test_of_eight_who_register_one_address_at_one_moment_one_does(app: Flask, store: Store) -> None:
    clients = [app.test_client() for _ in range(8)]
    tokens = [csrf_token(client, "/register") for client in clients]

    def register(which: int) -> int:
        form = {"email": "Same@Example.org", "password": PASSWORD, "name": f"คนที่ {which}"}
        form |= {"csrf_token": tokens[which]}
        return clients[which].post("/register", data=form).status_code

    assert sorted(at_once(8, register)) == [303, *[422] * 7]
    with store.reading() as session:
        count = select(func.count()).where(Account.email == "same@example.org")
        assert session.scalar(count) == 1
