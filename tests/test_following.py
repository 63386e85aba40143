"""Someone follows places, themes, people, notes and searches, and lets them go again."""

import re
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import accounts, comments, digests, following, notes, places, privacy, themes
from kms.errors import Invalid, NotFound, SignInNeeded
from kms.models import Follow, Mention, Person
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast, csrf_token, post
from tests.hostile import forms_of
from tests.statements import counting
from tests.stories import HULONG, PHATTHALUNG, a_page, a_review, some_minutes


@pytest.fixture
def review(store: Store, cast: Cast) -> int:
    """The number of a public note on a theme, in a place, with people."""
    with store.saving() as session:
        themes.add(session, by=cast.curator, name="แผนแม่บทชุมชน", slug="plan")
        return notes.create(session, a_review(themes=("plan",)), by=cast.facilitator).number


def person_called(session: Session, name: str) -> int:
    return session.scalars(select(Person.id).where(Person.name == name)).one()


def followed(session: Session, cast: Cast) -> list[tuple[str, str, str]]:
    return [
        (one.kind, one.target, one.name)
        for one in following.listing(session, seen_by=cast.commenter)[0]
    ]


def test_everything_one_can_follow_is_listed_by_its_name(
    store: Store, cast: Cast, review: int
) -> None:
    with store.saving() as session:
        person = person_called(session, "แกนนำบ้านหูล่อง")
        for kind, target in (
            ("place", PHATTHALUNG),
            ("theme", "plan"),
            ("person", str(person)),
            ("note", str(review)),
        ):
            following.follow(session, kind, target, by=cast.commenter)
        following.follow(session, "search", "q=x", by=cast.commenter, label="เรื่อง ก")
    with store.reading() as session:
        assert followed(session, cast) == [
            ("search", "q=x", "เรื่อง ก"),
            ("note", str(review), "AAR เวทีตำบลหูล่อง"),
            ("person", str(person), "แกนนำบ้านหูล่อง"),
            ("theme", "plan", "แผนแม่บทชุมชน"),
            ("place", PHATTHALUNG, "จ.พัทลุง"),
        ]


def test_following_twice_is_following_once(store: Store, cast: Cast, review: int) -> None:
    for _ in range(2):
        with store.saving() as session:
            following.follow(session, "note", str(review), by=cast.stranger)
    with store.reading() as session:
        assert len(session.scalars(select(Follow)).all()) == 1
        assert following.is_following(session, "note", str(review), by=cast.stranger)
        assert not following.is_following(session, "note", str(review), by=cast.commenter)
        assert not following.is_following(session, "note", str(review), by=ANONYMOUS)


def test_what_one_may_not_see_cannot_be_followed_and_sounds_absent(
    store: Store, cast: Cast
) -> None:
    secret = a_review(visibility="draft", themes=("ประเด็นลับ",), author="คนลับ", roles=())
    with store.saving() as session:
        number = notes.create(session, secret, by=cast.facilitator).number
        hidden = [("note", str(number)), ("theme", "ประเด็นลับ")]
        hidden.append(("person", str(person_called(session, "คนลับ"))))
    absent = [("note", "9999"), ("theme", "none"), ("person", "9999"), ("place", "9")]
    absent += [("note", "0"), ("note", "-1"), ("person", "๑"), ("note", "9" * 40), ("x", "1")]
    said = set()
    for kind, target in (*hidden, *absent):
        with store.saving() as session, pytest.raises(NotFound) as refused:
            following.follow(session, kind, target, by=cast.commenter)
        said.add(refused.value.message)
    assert len(said) == 1
    with store.saving() as session, pytest.raises(SignInNeeded):
        following.follow(session, "place", PHATTHALUNG, by=ANONYMOUS)


def test_what_is_hidden_or_deleted_later_stays_without_a_name(
    store: Store, cast: Cast, review: int
) -> None:
    with store.saving() as session:
        other = notes.create(session, some_minutes(), by=cast.facilitator)
        for number in (review, other.number):
            following.follow(session, "note", str(number), by=cast.commenter)
    with store.saving() as session:
        note = notes.get(session, review, seen_by=cast.facilitator)
        notes.change_visibility(session, note, "draft", by=cast.facilitator)
        notes.delete(
            session, notes.get(session, other.number, seen_by=cast.curator), by=cast.curator
        )
    with store.reading() as session:
        lost = following.listing(session, seen_by=cast.commenter)[0]
        assert [(one.name, one.url, one.is_lost) for one in lost] == [("", "", True)] * 2
    with store.saving() as session:
        following.let_go(session, lost[0].id, by=cast.commenter)
        following.unfollow(session, "note", str(review), by=cast.commenter)
    with store.reading() as session:
        assert followed(session, cast) == []


def test_a_merged_theme_or_person_is_followed_as_what_it_became(
    store: Store, cast: Cast, review: int
) -> None:
    with store.saving() as session:
        kept = themes.add(session, by=cast.curator, name="แผนชุมชน", slug="plans")
        first, second = (
            person_called(session, name) for name in ("แกนนำบ้านหูล่อง", "ผู้จัดเวทีตำบลหูล่อง")
        )
        following.follow(session, "theme", "plan", by=cast.commenter)
        following.follow(session, "person", str(first), by=cast.commenter)
        themes.merge(session, themes.get(session, "plan"), into=kept, by=cast.curator)
        session.get_one(Person, first).merged_into_id = second
    with store.saving() as session:
        assert followed(session, cast) == [
            ("person", str(second), "ผู้จัดเวทีตำบลหูล่อง"),
            ("theme", "plans", "แผนชุมชน"),
        ]
        for kind, target in (("theme", "plans"), ("person", str(second))):
            assert following.is_following(session, kind, target, by=cast.commenter)
            following.follow(session, kind, target, by=cast.commenter)
            following.unfollow(session, kind, target, by=cast.commenter)
        assert followed(session, cast) == []


def test_nobody_follows_without_end(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_SEARCHES", 2)
    with store.saving() as session:
        for word in "กข":
            following.follow(session, "search", f"q={word}", by=cast.stranger)
        for target in ("q=ค", "", "q=" + "ก" * 500):
            with pytest.raises(Invalid):
                following.follow(session, "search", target, by=cast.stranger)


def test_a_list_of_what_is_followed_takes_the_same_statements_for_two_and_for_twelve(
    store: Store, cast: Cast, review: int
) -> None:
    taken = []
    for count in (2, 12):
        with store.saving() as session:
            for n in range(count):
                page = a_page(f"หน้า {count} {n}", "คำ", themes=(f"ใหม่ {count} {n}",))
                number = notes.create(session, page, by=cast.facilitator).number
                following.follow(session, "note", str(number), by=cast.commenter)
                slug = f"ใหม่-{count}-{n}"
                following.follow(session, "theme", slug, by=cast.commenter)
                following.follow(session, "search", f"q={count}{n}", by=cast.commenter)
                here = places.provinces()[n].code
                following.follow(session, "place", here, by=cast.commenter)
        with store.reading() as session, counting(store) as sent:
            following.listing(session, seen_by=cast.commenter)
        taken.append(len(sent))
    assert taken[0] == taken[1] <= 5


# --- the pages -----------------------------------------------------------------------------------


def pressed(page: str) -> str:
    """What the button of a page would do: 1 follow, 0 let go."""
    found = re.search(r'name="on" value="([01])"', page)
    return found[1] if found else ""


def test_one_button_follows_and_lets_go_on_every_page(app: Flask, cast: Cast, review: int) -> None:
    client = cast.browser(app, "commenter")
    person = re.search(r"/people/(\d+)", client.get(f"/notes/{review}").text)
    assert person
    pages = [f"/places/{HULONG}", "/themes/plan", f"/people/{person[1]}", f"/notes/{review}"]
    pages.append("/search?" + urlencode({"q": "คลุมเครือ", "kind": "aar"}))
    for page in pages:
        shown = client.get(page).text
        form = next(one.fields for one in forms_of(shown, page) if one.action == "/following")
        assert pressed(shown) == "1", page
        answer = post(client, "/following", {**form, "on": "1"}, page=page)
        assert answer.status_code == 303, page
        assert answer.location.split("?")[0] == page.split("?")[0]
        assert pressed(client.get(page).text) == "0", page
    assert client.get("/following").text.count('name="gone"') == len(pages)
    for page in pages:
        shown = client.get(page).text
        form = next(one.fields for one in forms_of(shown, page) if one.action == "/following")
        post(client, "/following", {**form, "on": "0"}, page=page)
        assert pressed(client.get(page).text) == "1", page
    assert 'name="gone"' not in client.get("/following").text


def test_whoever_is_not_signed_in_is_shown_the_way(client: FlaskClient, review: int) -> None:
    for page in (f"/places/{HULONG}", "/themes/plan", f"/notes/{review}", "/search?q=เวที"):
        text = client.get(page).text
        assert "/signin?next=" in text and 'name="on"' not in text, page
    assert client.get("/following").status_code == 302
    token = csrf_token(client, "/signin")
    form = {"kind": "note", "target": str(review), "on": "1", "csrf_token": token}
    assert client.post("/following", data=form).status_code == 401
    form.pop("csrf_token")
    assert client.post("/following", data=form).status_code == 400


def test_a_kept_search_gets_a_name_and_keeps_it_when_a_bad_one_is_tried(
    app: Flask, store: Store, cast: Cast, review: int
) -> None:
    client = cast.browser(app, "commenter")
    form = {"kind": "search", "target": "q=เวที&kind=aar&sort=oldest&offset=20", "on": "1"}
    post(client, "/following", {**form, "label": "เวที"}, page="/account")
    with store.reading() as session:
        kept = session.scalars(select(Follow)).one()
    assert kept.target == urlencode({"q": "เวที", "kind": "aar"})
    refused = post(client, f"/following/{kept.id}", {"label": "  "}, page="/following")
    assert refused.status_code == 422
    post(client, f"/following/{kept.id}", {"label": "<b>AAR</b> ของเรา"}, page="/following")
    assert "&lt;b&gt;AAR&lt;/b&gt; ของเรา" in client.get("/following").text
    other = cast.browser(app, "stranger")
    assert post(other, f"/following/{kept.id}", {"gone": "1"}, page="/account").status_code == 404
    assert post(client, f"/following/{kept.id}", {"gone": "1"}, page="/account").status_code == 303


def test_the_button_leads_nowhere_else(app: Flask, cast: Cast, review: int) -> None:
    client = cast.browser(app, "commenter")
    form = {"kind": "note", "target": str(review), "on": "1", "next": "//elsewhere.example.org"}
    assert post(client, "/following", form, page="/account").location == "/following"


def test_what_one_follows_is_in_the_copy_of_ones_data_and_goes_with_one(
    store: Store, cast: Cast, review: int
) -> None:
    with store.saving() as session:
        following.follow(session, "note", str(review), by=cast.commenter)
        following.follow(session, "search", "q=ก", by=cast.commenter, label="เรื่อง ก")
        note = notes.get(session, review, seen_by=cast.facilitator)
        comments.add(session, note, by=cast.facilitator, body=f"@{cast.commenter.name}")
        account = accounts.get(session, cast.commenter.account_id or 0)
        digests.choose(session, account, "daily")
        copy = privacy.export_own_data(session, account)
    assert [one["target"] for one in copy["follows"]] == [str(review), "q=ก"]
    assert copy["called_in"] == [{"note": review, "comment": 1}]
    assert copy["account"]["digest"] == "daily"
    with store.saving() as session:
        privacy.forget(session, accounts.get(session, cast.commenter.account_id or 0))
    with store.reading() as session:
        assert session.scalars(select(Follow)).all() == []
        assert session.scalars(select(Mention)).all() == []
        assert accounts.get(session, cast.commenter.account_id or 0).digest == "off"
