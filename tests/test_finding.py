"""Someone looks for notes on the search page and in the pickers of forms."""

import re
import shutil
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import organisations, people
from kms.saving import Store
from kms.settings import Settings
from tests.cast import Cast
from tests.shelf import (
    DRAFT_ONLY,
    FACILITATOR_OF_HU_LONG,
    FUND,
    MEMBERS_ONLY,
    PAK_PHANANG,
    WELFARE,
    Shelf,
    fill,
)
from tests.statements import counting

HOSTILE = [
    "q=" + "ก" * 10_000,
    "q=" + "%20".join(["สวัสดิการ"] * 2_000),
    "q=%00%01%02%1f%7f",
    "q=%ff%fe%c3%28",
    "q=%3Cscript%3Ealert(1)%3C/script%3E",
    "q=%22%27%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "q=AND+OR+NOT+((( *:* ~^ []{}",
    "q=" + "(" * 5_000,
    "q=a&q=b&q=c",
    "limit=abc",
    "limit=-1",
    "limit=0",
    "limit=99999999999999999999999",
    "offset=-5",
    "offset=1e9",
    "offset=99999999999999999999999",
    "offset=999999",
    "sort=random",
    "kind=banana&kind=lesson",
    "province=ดาวอังคาร",
    "province=" + "9" * 5_000,
    "tambon=../../etc/passwd",
    "theme=%00",
    "role=king",
    "person=-1",
    "person=99999999999999999999",
    "organisation=%27%3B+DROP+TABLE+note",
    "tag=" + "x" * 10_000,
    "from=99999999999&to=-1",
    "from=31+ก.พ.+2550",
    "from=2552&to=2549",
    "from=%00",
    "unknown=1&unknown=2",
    "&".join(f"theme=t{n}" for n in range(2_000)),
    "&".join("kind=lesson" for _ in range(2_000)),
]


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Iterator[Shelf]:
    yield fill(store, cast)


def links(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', page)]


def test_no_address_breaks_the_search_page(
    client: FlaskClient, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    for query in HOSTILE:
        with subtests.test(query=query):
            answer = client.get(f"/search?{query}")
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text
            assert "<img src=x" not in answer.text


def test_no_address_breaks_the_pickers(
    client: FlaskClient, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    for query in HOSTILE:
        with subtests.test(query=query):
            for what in ("place", "person", "theme", "organisation", "tag", "nonsense", ""):
                answer = client.get(f"/suggest?what={what}&{query}")
                assert answer.status_code in (200, 422)
                assert answer.is_json


def test_words_find_what_an_anonymous_reader_may_see(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=สวัสดิการ").text
    assert "พบ 2 รายการ" in page
    assert f'href="/notes/{shelf.lesson}"' in page
    assert f'href="/notes/{shelf.minutes}"' not in page
    assert f'href="/notes/{shelf.draft}"' not in page
    assert "<mark>" in page


def test_a_member_finds_more_and_only_the_owner_finds_a_draft(
    app: Flask, cast: Cast, shelf: Shelf
) -> None:
    stranger = cast.browser(app, "stranger").get("/search?q=สวัสดิการ").text
    assert "พบ 3 รายการ" in stranger
    assert f'href="/notes/{shelf.draft}"' not in stranger
    owner = cast.browser(app, "facilitator").get("/search?q=สวัสดิการ").text
    assert "พบ 4 รายการ" in owner


def test_a_filter_is_a_chip_that_a_link_removes(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=สวัสดิการ&kind=lesson").text
    assert "พบ 1 รายการ" in page
    removing = [one for one in links(page) if one.startswith("/search?q=") and "kind" not in one]
    assert removing
    assert "พบ 2 รายการ" in client.get(removing[0]).text


def test_facet_links_narrow_to_the_counts_they_promise(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=สวัสดิการ").text
    facets = page[page.index('id="narrow"') :]
    offered = re.findall(
        r'<li><a href="([^"]+)"[^>]*><span>[^<]*</span><span class="count">(\d+)</span>', facets
    )
    assert len(offered) > 5
    for href, count in offered:
        assert f"พบ {count} รายการ" in client.get(unescape(href)).text, href


def test_a_chosen_province_opens_its_amphoes(client: FlaskClient, shelf: Shelf) -> None:
    closed = links(client.get("/search?q=กองทุน").text)
    assert not any("amphoe=" in one for one in closed)
    page = client.get("/search?q=กองทุน&province=80").text
    assert any(f"amphoe={PAK_PHANANG}" in one for one in links(page))
    deeper = next(one for one in links(page) if f"amphoe={PAK_PHANANG}" in one)
    assert "province=80" not in deeper
    assert any("tambon=801208" in one for one in links(client.get(deeper).text))


def test_several_values_of_one_facet_widen(client: FlaskClient, shelf: Shelf) -> None:
    assert "พบ 2 รายการ" in client.get("/search?kind=lesson&kind=note").text


def test_the_order_can_be_chosen(client: FlaskClient, shelf: Shelf) -> None:
    for order, first in (("newest", shelf.review), ("oldest", shelf.lesson)):
        page = client.get(f"/search?q=สวัสดิการ&sort={order}").text
        hits = re.findall(r'class="hit-title"><a href="/notes/(\d+)"', page)
        assert int(hits[0]) == first


def test_any_hit_can_be_reached_by_pages(client: FlaskClient, shelf: Shelf) -> None:
    seen, address = [], "/search?q=สวัสดิการ&limit=1"
    while address:
        page = client.get(address).text
        seen += re.findall(r'class="hit-title"><a href="/notes/(\d+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(found[1]) if found else ""
    assert sorted(map(int, seen)) == sorted([shelf.lesson, shelf.review])


def test_an_unreadable_filter_is_said_in_words_and_the_rest_is_searched(
    client: FlaskClient, shelf: Shelf
) -> None:
    answer = client.get("/search?q=สวัสดิการ&from=31+ก.พ.+2550&kind=lesson")
    assert answer.status_code == 200
    assert "flash-warning" in answer.text
    assert "พบ 1 รายการ" in answer.text


def test_nothing_found_offers_ways_on(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=สวัสดิการ&kind=minutes").text
    assert "ยังไม่มีบันทึกที่ตรงทุกข้อ" in page
    assert (
        "/search?q=%E0%B8%AA%E0%B8%A7%E0%B8%B1%E0%B8%AA%E0%B8%94%E0%B8%B4%E0%B8%81%E0%B8%B2%E0%B8%A3"
        in page
    )


def test_a_misspelt_word_is_answered_with_the_right_one(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=สวัสดิกาน").text
    said = re.search(r'หรือหมายถึง <a href="([^"]+)"><b>([^<]+)</b></a>', page)
    assert said
    assert said[2] == "สวัสดิการ"
    assert "พบ 2 รายการ" in client.get(unescape(said[1])).text


def steps(page: str) -> dict[str, str]:
    """Words of each way on, with its count, and its address."""
    link, count = r'<a href="([^"]+)" rel="nofollow"><span>([^<]*)</span>', r"(\d+)</span>"
    shown = page[: page.index('id="narrow"')]
    found = re.findall(rf'<li>{link} <span class="count">{count}', shown)
    return {f"{label} ({notes})": unescape(href) for href, label, notes in found}


def test_every_way_on_gives_what_it_promises(client: FlaskClient, shelf: Shelf) -> None:
    for query in (
        "q=สวัสดิการ+ฮิปโปโปเตมัส&kind=lesson",
        "q=สวัสดิการ+เวที+ฮิปโปโปเตมัส",
        "q=เหรัญญิก+ปากพนัง+เชิญใคร",
        "q=เวที&tambon=801208",
        "q=สวัสดิการ&kind=minutes&province=93&from=2549&to=2549",
        "kind=page&tag=แก้จนเมืองนคร",
    ):
        offered = steps(client.get(f"/search?{query}").text)
        assert offered, query
        for said, href in offered.items():
            count = said.rpartition("(")[2].rstrip(")")
            assert f"พบ {count} รายการ" in client.get(href).text, (query, said)


def test_the_word_that_no_note_has_is_named(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=สวัสดิการ+ฮิปโปโปเตมัส").text
    assert "ไม่มีบันทึกใดมีคำว่า “ฮิปโปโปเตมัส”" in page
    assert "เฉพาะ “สวัสดิการ” (2)" in steps(page)
    hidden = client.get("/search?q=สวัสดิการ+แผนเดือนหน้า").text
    assert "ไม่มีบันทึกใดมีคำว่า" in hidden


def test_a_wider_place_is_offered_level_by_level(client: FlaskClient, shelf: Shelf) -> None:
    offered = steps(client.get("/search?q=เวทีสวัสดิการ&tambon=801208").text)
    assert "อ.ปากพนัง จ.นครศรีธรรมราช (1)" in offered
    assert "จ.นครศรีธรรมราช (1)" in offered
    assert "amphoe=8012" in offered["อ.ปากพนัง จ.นครศรีธรรมราช (1)"]


def test_counts_of_ways_on_obey_what_one_may_see(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    address = "/search?q=สวัสดิการ&kind=page"
    assert "ไม่กรอง หน้าความรู้ (2)" in steps(client.get(address).text)
    stranger = cast.browser(app, "stranger")
    assert "ไม่กรอง หน้าความรู้ (3)" in steps(stranger.get(address).text)


def test_nothing_found_leads_to_writing_about_it(client: FlaskClient, shelf: Shelf) -> None:
    page = client.get("/search?q=ฮิปโปโปเตมัส").text
    assert "ยังไม่มีบันทึกที่มีคำนี้" in page
    assert 'href="/write/note?title=' in page


def test_what_is_typed_into_the_box_becomes_chips_that_go_one_by_one(
    client: FlaskClient, shelf: Shelf
) -> None:
    typed = f"ต.หูล่อง อ.ปากพนัง #แก้จนเมืองนคร @{FACILITATOR_OF_HU_LONG} กองทุน"
    page = client.get("/search", query_string={"q": typed}).text
    assert "พบ 1 รายการ" in page
    chips = re.findall(r'class="chip">([^<]+)<a href="([^"]+)"', page)
    assert [label for label, _ in chips] == [
        "ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช",
        FACILITATOR_OF_HU_LONG,
        "#แก้จนเมืองนคร",
    ]
    assert 'value="กองทุน"' in page
    for label, href in chips:
        rest = client.get(unescape(href)).text
        assert f'class="chip">{label}<' not in rest
        assert rest.count('class="chip"') == 2


def test_what_cannot_be_read_in_the_box_is_said_once_and_the_rest_searched(
    client: FlaskClient, shelf: Shelf
) -> None:
    page = client.get("/search", query_string={"q": 'จ.ดาวอังคาร @ใครก็ไม่รู้ "สวัสดิการ'}).text
    assert page.count("flash-warning") == 1
    for said in ("จ.ดาวอังคาร", "ใครก็ไม่รู้", "เครื่องหมายคำพูด"):
        assert said in page[page.index("flash-warning") :].partition("</div></div>")[0]
    assert "รายการ" in page
    data = client.get("/api/v1/search", query_string={"q": "จ.ดาวอังคาร สวัสดิการ"}).json
    assert len(data["unread"]) == 1


def test_a_broken_index_is_said_and_the_words_stay(
    client: FlaskClient, store: Store, settings: Settings, shelf: Shelf
) -> None:
    store.index.close()
    shutil.rmtree(settings.index_folder)
    answer = client.get("/search?q=สวัสดิการชุมชน&kind=lesson&province=80")
    assert answer.status_code == 503
    assert "ยังค้นไม่ได้" in answer.text
    assert 'value="สวัสดิการชุมชน"' in answer.text
    assert 'name="kind" value="lesson"' in answer.text


def test_a_search_takes_few_statements_with_every_filter_on(
    app: Flask, store: Store, cast: Cast, shelf: Shelf
) -> None:
    with store.sessions() as session:
        person = people.find_or_create(session, FACILITATOR_OF_HU_LONG).id
        group = organisations.find_or_create(session, FUND).id
    browser = cast.browser(app, "facilitator")
    address = (
        f"/search?q=สวัสดิการ&tambon=801208&theme={WELFARE}&kind=lesson&role=khun_kit&from=2549"
        f"&to=2549&tag=แก้จนเมืองนคร&person={person}&organisation={group}"
    )
    assert "พบ 1 รายการ" in browser.get(address).text
    with counting(store) as statements:
        browser.get(address)
    assert len(statements) <= 8, statements


def test_pickers_know_places_themes_organisations_and_tags(
    client: FlaskClient, shelf: Shelf
) -> None:
    places = client.get("/suggest?what=place&q=ปากพนัง").json
    assert any(one["value"] == PAK_PHANANG for one in places)
    assert len(places) <= 8
    assert client.get("/suggest?what=theme&q=สวัสดิการ").json[0]["label"] == "สวัสดิการชุมชน"
    assert client.get("/suggest?what=organisation&q=กองทุน").json[0]["label"] == FUND
    assert client.get("/suggest?what=tag&q=แก้จน").json[0]["label"] == "แก้จนเมืองนคร"


def test_only_members_are_offered_names_and_only_of_people_they_may_meet(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    assert client.get("/suggest?what=person&q=ผู้").json == []
    browser = cast.browser(app, "commenter")
    offered = browser.get("/suggest?what=person&q=ผู้จัดวง").json
    assert [one["label"] for one in offered] == [FACILITATOR_OF_HU_LONG]
    assert browser.get(f"/suggest?what=person&q={MEMBERS_ONLY[:8]}").json
    assert browser.get(f"/suggest?what=person&q={DRAFT_ONLY[:8]}").json == []


def test_the_english_page_speaks_english(client: FlaskClient, shelf: Shelf) -> None:
    client.set_cookie("language", "en")
    assert client.get("/search?q=สวัสดิการ").status_code == 200


def test_a_chosen_theme_opens_its_parts_and_a_part_takes_its_turn(
    client: FlaskClient, shelf: Shelf
) -> None:
    closed = links(client.get("/search?q=สวัสดิการ").text)
    assert any("theme=security" in one for one in closed)
    assert not any(f"theme={WELFARE}" in one for one in closed)
    opened = links(client.get("/search?q=สวัสดิการ&theme=security").text)
    deeper = next(one for one in opened if f"theme={WELFARE}" in one)
    assert "theme=security" not in deeper
    back = links(client.get(deeper).text)
    assert any("theme=security" in one for one in back)
