"""Someone walks from a person or an organisation to what they did."""

from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import organisations, people
from kms.models import Organisation, Person
from kms.saving import Store
from tests.cast import Cast, post
from tests.shelf import (
    DRAFT_ONLY,
    FACILITATOR_OF_HU_LONG,
    FUND,
    HIDDEN_GROUP,
    HU_LONG,
    MEMBERS_ONLY,
    TREASURER,
    Shelf,
    fill,
)
from tests.statements import counting

HOSTILE = [
    "/people?role=king",
    "/people?role=%00",
    "/people?place=ดาวอังคาร",
    "/people?place=" + "ก" * 10_000,
    "/people?place=%3Cscript%3Ealert(1)%3C/script%3E",
    "/people?offset=-1",
    "/people?offset=abc",
    "/people?offset=99999999999999999999",
    "/people?role=khun_ua&role=khun_kit&place=80&place=90",
    "/people/0",
    "/people/-1",
    "/people/99999999999999999999999",
    "/people/abc",
    "/people/1%00",
    "/organisations?place=%00&offset=%00",
    "/organisations?offset=99999999999999999999",
    "/organisations/0",
    "/organisations/99999999999999999999999",
    "/organisations/abc",
]


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Iterator[Shelf]:
    yield fill(store, cast)


def person(store: Store, name: str) -> Person:
    with store.sessions() as session:
        return people.find_or_create(session, name)


def organisation(store: Store, name: str) -> Organisation:
    with store.sessions() as session:
        return organisations.find_or_create(session, name)


@pytest.mark.parametrize("address", HOSTILE)
def test_no_address_breaks_a_page(client: FlaskClient, shelf: Shelf, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (200, 404)
    assert "<script>alert" not in answer.text


def test_people_are_listed_in_thai_order_and_only_those_the_viewer_may_meet(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    page = client.get("/people").text
    assert page.index(FACILITATOR_OF_HU_LONG) < page.index(TREASURER)
    assert MEMBERS_ONLY not in page
    assert DRAFT_ONLY not in page
    member = cast.browser(app, "stranger").get("/people").text
    assert MEMBERS_ONLY in member
    assert DRAFT_ONLY not in member


def test_people_can_be_narrowed_by_role_and_place(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/people?role=khun_kit").text
    assert TREASURER in page
    assert FACILITATOR_OF_HU_LONG not in page
    assert TREASURER in client.get("/people?place=จ.นครศรีธรรมราช").text
    assert TREASURER not in client.get("/people?place=จ.พัทลุง").text


def test_a_person_leads_to_every_role_and_note(
    client: FlaskClient, store: Store, shelf: Shelf
) -> None:
    page = client.get(f"/people/{person(store, FACILITATOR_OF_HU_LONG).id}").text
    assert "ชวนกรรมการทุกหมู่มานั่งวงเดียวกัน" in page
    assert f'href="/notes/{shelf.lesson}"' in page
    assert f'href="/notes/{shelf.review}"' in page
    assert "คุณอำนวย" in page
    assert "คุณเอื้อ" in page
    assert "หูล่อง" in page


@pytest.mark.parametrize("name", [DRAFT_ONLY, MEMBERS_ONLY])
def test_a_person_in_hidden_notes_only_is_absent(
    client: FlaskClient, store: Store, shelf: Shelf, name: str
) -> None:
    hidden = client.get(f"/people/{person(store, name).id}")
    absent = client.get("/people/987654")
    assert hidden.status_code == absent.status_code == 404
    assert name not in hidden.text
    assert name not in client.get(f"/search?person={person(store, name).id}").text
    assert search_for(client, name) == search_for(client, "ใครก็ไม่รู้ที่ไม่มีอยู่จริง")


def search_for(client: FlaskClient, name: str) -> str:
    """What a search by this person's name answers, with the name itself taken out."""
    page = client.get("/search", query_string={"person": name, "q": "เวที"}).text
    page = page[page.index("<main") : page.index("</main>")]
    for written in (name, quote(quote_plus(name)), quote_plus(name), quote(name)):
        page = page.replace(written, "ชื่อ")
    return page


def test_an_organisation_in_hidden_notes_only_is_absent(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, shelf: Shelf
) -> None:
    hidden = organisation(store, HIDDEN_GROUP)
    for browser in (client, cast.browser(app, "stranger")):
        assert browser.get(f"/organisations/{hidden.id}").status_code == 404
        assert HIDDEN_GROUP not in browser.get("/organisations").text
        assert HIDDEN_GROUP not in browser.get(f"/search?organisation={hidden.id}").text
        assert HIDDEN_GROUP not in browser.get(f"/api/v1/search?organisation={hidden.id}").text
        assert browser.get("/suggest?what=organisation&q=กลุ่มที่").json == []


def test_an_organisation_leads_to_its_notes(
    client: FlaskClient, store: Store, shelf: Shelf
) -> None:
    assert FUND in client.get("/organisations").text
    page = client.get(f"/organisations/{organisation(store, FUND).id}").text
    assert f'href="/notes/{shelf.lesson}"' in page


def test_pages_take_few_statements(app: Flask, cast: Cast, store: Store, shelf: Shelf) -> None:
    browser = cast.browser(app, "stranger")
    someone = person(store, FACILITATOR_OF_HU_LONG).id
    for address in (
        "/people",
        "/people?role=khun_kit&place=80",
        f"/people/{someone}",
        "/organisations",
        f"/organisations/{organisation(store, FUND).id}",
    ):
        assert browser.get(address).status_code == 200
        with counting(store) as statements:
            browser.get(address)
        assert len(statements) <= 11, (address, statements)


def test_only_curators_mend_people(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, shelf: Shelf
) -> None:
    address = f"/people/{person(store, TREASURER).id}/edit"
    assert client.get(address).status_code in (302, 303, 401)
    assert cast.browser(app, "facilitator").get(address).status_code == 403
    curator = cast.browser(app, "curator")
    form = {
        "name": TREASURER,
        "title": "",
        "nickname": "พี่เหรัญญิก",
        "aliases": "คนถือเงินกองทุน\nเหรัญญิกหมู่ 3",
        "about": "ดูแลบัญชีกองทุน",
        "place": "ต.หูล่อง อ.ปากพนัง",
    }
    assert post(curator, address, form).status_code in (302, 303)
    page = client.get(address.removesuffix("/edit")).text
    assert "พี่เหรัญญิก" in page
    assert "คนถือเงินกองทุน" in page
    assert person(store, "คนถือเงินกองทุน").place_code == HU_LONG


def test_the_organisation_of_a_person_is_shown_to_those_who_may_know_of_it(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, shelf: Shelf
) -> None:
    number = person(store, TREASURER).id
    curator, member = cast.browser(app, "curator"), cast.browser(app, "commenter")
    form = {"name": TREASURER, "place": "", "phone": ""}
    for group, strangers in ((FUND, True), (HIDDEN_GROUP, False), ("กลุ่มที่เพิ่งตั้ง", True)):
        answer = post(curator, f"/people/{number}/edit", {**form, "organisation": group})
        assert answer.status_code == 303
        assert f'value="{group}"' in curator.get(f"/people/{number}/edit").text
        for reader in (client, member):
            page = reader.get(f"/people/{number}").text
            assert (group in main_of(page).partition("<section")[0]) == strangers
    refused = post(curator, f"/people/{number}/edit", {**form, "organisation": "..."})
    assert refused.status_code == 422 and 'value="..."' in refused.text
    post(curator, f"/people/{number}/edit", {**form, "organisation": ""})
    assert "กลุ่มที่เพิ่งตั้ง" not in client.get(f"/people/{number}").text


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_a_member_says_where_their_place_is_and_no_office(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, shelf: Shelf
) -> None:
    own, number = cast.browser(app, "commenter"), cast.commenter.person_id
    address = f"/people/{number}/contact"
    assert f'href="{address}"' in main_of(own.get("/actions?show=place").text)
    assert "/people/None" not in client.get("/actions?show=place").text
    refused = post(own, address, {"place": "ดาวอังคาร", "nickname": "ต้อม", "phone": ""})
    assert refused.status_code == 422
    assert "ดาวอังคาร" in refused.text and "ต้อม" in refused.text
    said = {"place": "ต.หูล่อง อ.ปากพนัง", "nickname": "ต้อม", "organisation": FUND}
    assert post(own, address, said).status_code == 303
    kept = person(store, cast.commenter.name)
    assert (kept.place_code, kept.nickname, kept.organisation_id) == (HU_LONG, "ต้อม", None)
    assert "ต.หูล่อง" in own.get(address).text
    assert f'href="{address}"' not in main_of(own.get("/actions?show=place").text)
    assert post(own, address, {**said, "place": ""}).status_code == 303
    assert person(store, cast.commenter.name).place_code is None


def test_a_refused_form_keeps_every_word(
    app: Flask, cast: Cast, store: Store, shelf: Shelf
) -> None:
    curator = cast.browser(app, "curator")
    address = f"/people/{person(store, TREASURER).id}/edit"
    for form in (
        {"name": "", "nickname": "คำที่พิมพ์ไว้"},
        {"name": TREASURER, "nickname": "คำที่พิมพ์ไว้", "place": "ดาวอังคาร"},
        {"name": "ย" * 10_000, "nickname": "คำที่พิมพ์ไว้"},
    ):
        answer = post(curator, address, form)
        assert answer.status_code == 422
        assert "คำที่พิมพ์ไว้" in answer.text
        assert "field-error" in answer.text


def test_hostile_words_in_the_form_do_no_harm(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, shelf: Shelf
) -> None:
    curator = cast.browser(app, "curator")
    address = f"/people/{person(store, TREASURER).id}/edit"
    for nasty in (
        "<script>alert(1)</script>",
        "\x00\x01\u202e",
        "ก" * 10_000,
        "'; DROP TABLE note",
    ):
        for where in ("title", "nickname", "about", "aliases", "place"):
            answer = post(curator, address, {"name": TREASURER, where: nasty})
            assert answer.status_code in (302, 303, 422), where
            assert "<script>alert" not in client.get(address.removesuffix("/edit")).text


def test_a_curator_mends_an_organisation(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, shelf: Shelf
) -> None:
    address = f"/organisations/{organisation(store, FUND).id}/edit"
    assert cast.browser(app, "facilitator").get(address).status_code == 403
    curator = cast.browser(app, "curator")
    form = {
        "name": FUND,
        "abbreviation": "กสต.หูล่อง",
        "kind": "fund",
        "aliases": "กองทุนวันละบาทหูล่อง",
        "about": "",
        "place": "ต.หูล่อง อ.ปากพนัง",
    }
    assert post(curator, address, form).status_code in (302, 303)
    assert "กสต.หูล่อง" in client.get(address.removesuffix("/edit")).text
    refused = post(curator, address, {**form, "name": "", "kind": "castle"})
    assert refused.status_code == 422
    assert "กองทุนวันละบาทหูล่อง" in refused.text
