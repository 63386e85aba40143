"""Someone walks by place, theme, role and year instead of searching."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms.saving import Store
from tests.cast import Cast
from tests.shelf import (
    DRAFT_ONLY,
    FACILITATOR_OF_HU_LONG,
    HU_LONG,
    MEMBERS_ONLY,
    PAK_PHANANG,
    PHATTHALUNG,
    WELFARE,
    Shelf,
    fill,
)
from tests.statements import counting

HOSTILE = [
    "/places/00",
    "/places/999999",
    "/places/8",
    "/places/80120",
    "/places/8012080",
    "/places/%E0%B9%98%E0%B9%90",
    "/places/<script>",
    "/places/..%2f..%2fetc",
    "/places/%00",
    "/places/" + "8" * 5_000,
    "/themes/no-such-theme",
    "/themes/%00",
    "/themes/<script>alert(1)</script>",
    "/themes/" + "x" * 5_000,
    "/roles/king",
    "/roles/KHUN_UA",
    "/roles/%00",
    "/roles/khun_ua?level=galaxy",
    "/roles/khun_ua?place=ดาวอังคาร",
    "/roles/khun_ua?place=%00&level=%00",
    "/roles/khun_ua?place=" + "ก" * 10_000,
    "/roles/khun_ua?place=80&place=90&level=tambon&level=zone",
    "/roles/khun_ua?place=%3Cscript%3Ealert(1)%3C/script%3E",
    "/roles/khun_ua?offset=-1",
    "/roles/khun_ua?offset=abc",
    "/roles/khun_ua?offset=99999999999999999999",
    "/places/80?offset=-1",
    "/places/80?offset=99999999999999999999",
    "/years?unknown=1",
]
PAGES = [
    "/places",
    "/places/80",
    f"/places/{PAK_PHANANG}",
    f"/places/{HU_LONG}",
    "/themes",
    f"/themes/{WELFARE}",
    "/roles",
    "/roles/khun_amnuay",
    "/roles/khun_amnuay?place=80&level=tambon",
    "/years",
]


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Iterator[Shelf]:
    yield fill(store, cast)


def test_no_address_breaks_a_page(
    client: FlaskClient, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    for address in HOSTILE:
        with subtests.test(address=address):
            answer = client.get(address)
            assert answer.status_code in (200, 301, 302, 308, 404)
            assert "<script>alert" not in answer.text


def test_pages_show_nothing_of_hidden_notes(
    client: FlaskClient, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    for address in PAGES:
        with subtests.test(address=address):
            page = client.get(address).text
            for hidden in (DRAFT_ONLY, MEMBERS_ONLY, "ร่างเรื่องสวัสดิการ", "ประชุมเครือข่ายพัทลุง"):
                assert hidden not in page


def test_pages_take_few_statements(
    app: Flask, store: Store, cast: Cast, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    browser = cast.browser(app, "stranger")
    for address in PAGES:
        with subtests.test(address=address):
            assert browser.get(address).status_code == 200
            with counting(store) as statements:
                browser.get(address)
            assert len(statements) <= 7, statements


def count_beside(page: str, name: str) -> int:
    found = re.search(rf"<span>{name}</span><span class=\"count\">([\d,]+)</span>", page)
    assert found, name
    return int(found[1].replace(",", ""))


def test_all_provinces_are_there_in_thai_order_with_counts(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    page = client.get("/places").text
    assert len(set(re.findall(r'href="/places/(\d\d)"', page))) == 77
    assert count_beside(page, "นครศรีธรรมราช") == 2
    assert count_beside(page, "พัทลุง") == 0
    south = page[page.index("กระบี่") :]
    assert south.index("ชุมพร") < south.index("ตรัง") < south.index("นครศรีธรรมราช")
    member = cast.browser(app, "stranger").get("/places").text
    assert count_beside(member, "พัทลุง") == 1
    owner = cast.browser(app, "facilitator").get("/places").text
    assert count_beside(owner, "นครศรีธรรมราช") == 3


def test_a_place_tells_its_path_children_notes_and_people(
    client: FlaskClient, shelf: Shelf
) -> None:
    page = client.get(f"/places/{PAK_PHANANG}").text
    assert 'href="/places/80"' in page
    assert count_beside(page, "หูล่อง") == 1
    assert f'href="/notes/{shelf.lesson}"' in page
    assert f'href="/notes/{shelf.review}"' in page
    assert page.index(f"/notes/{shelf.lesson}") < page.index(f"/notes/{shelf.review}")
    assert FACILITATOR_OF_HU_LONG in page
    assert f"/search?amphoe={PAK_PHANANG}" in page


def test_a_place_without_notes_says_what_to_do_next(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get(f"/places/{PHATTHALUNG}").text
    assert "ยังไม่มีบันทึกจากที่นี่" in page


def test_themes_count_what_is_beneath_them(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/themes").text
    assert re.search(r'security">[^<]*</a> <span class="count">2<', page)
    assert re.search(WELFARE + r'">[^<]*</a> <span class="count">2<', page)


def test_a_theme_shows_its_notes_and_those_of_its_parts(client: FlaskClient, shelf: Shelf) -> None:
    for slug in ("security", WELFARE):
        page = client.get(f"/themes/{slug}").text
        assert f'href="/notes/{shelf.lesson}"' in page
        assert f'href="/notes/{shelf.review}"' in page


def test_a_role_tells_who_plays_it_where_with_links_to_what_they_did(
    client: FlaskClient, shelf: Shelf
) -> None:
    page = client.get("/roles/khun_amnuay").text
    assert FACILITATOR_OF_HU_LONG in page
    assert "ชวนกรรมการทุกหมู่มานั่งวงเดียวกัน" in page
    assert f'href="/notes/{shelf.lesson}"' in page
    assert FACILITATOR_OF_HU_LONG in client.get("/roles/khun_amnuay?place=จ.นครศรีธรรมราช").text
    assert FACILITATOR_OF_HU_LONG not in client.get("/roles/khun_amnuay?place=จ.พัทลุง").text
    assert FACILITATOR_OF_HU_LONG not in client.get("/roles/khun_amnuay?level=province").text


def test_a_place_that_cannot_be_read_is_said_beside_the_field(
    client: FlaskClient, shelf: Shelf
) -> None:
    page = client.get("/roles/khun_amnuay?place=ดาวอังคาร").text
    assert "field-error" in page
    assert 'value="ดาวอังคาร"' in page


def test_roles_count_people_the_viewer_may_meet(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    def co_ordinators(page: str) -> str:
        return re.findall(r'role-khun_prasan">.*?class="count">([^<]*)<', page, re.S)[0]

    assert co_ordinators(client.get("/roles").text).startswith("0")
    assert co_ordinators(cast.browser(app, "stranger").get("/roles").text).startswith("1")


def test_years_are_buddhist_and_lead_to_the_search(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/years").text
    assert "พ.ศ. 2549" in page
    assert "พ.ศ. 2550" in page
    assert "พ.ศ. 2551" not in page
    assert "/search?from=2549" in page
