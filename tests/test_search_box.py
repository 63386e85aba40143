"""The search box in a real browser: by keyboard, by touch, without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live import PHONE, Live
from tests.search_helpers import write

pytestmark = pytest.mark.browser

TITLE = "เวทีหอยแครงคืนอ่าว"
NOTE_ADDRESS = re.compile(r"/notes/\d+$")


@pytest.fixture(scope="module")
def number(live: Live) -> int:
    """A note with a title of its own."""
    return write(live.store, TITLE, "คุยเรื่องหอยแครงและการคืนอ่าวให้ชาวประมง")


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="ค้นบันทึกและบทเรียน")


def type_into(page: Page, words: str) -> Locator:
    box(page).press_sequentially(words, delay=20)
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    return options


@pytest.mark.parametrize("address", ["/", "/help", "/search?kind=lesson"])
def test_every_search_box_completes_by_keyboard(live: Live, number: int, address: str) -> None:
    with live.visit() as page:
        page.goto(address)
        options = type_into(page, "หอยแครงคืน")
        expect(box(page)).to_have_attribute("aria-expanded", "true")
        box(page).press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        chosen = options.first.get_attribute("id")
        expect(box(page)).to_have_attribute("aria-activedescendant", chosen or "")
        box(page).press("Escape")
        expect(options).to_have_count(0)
        expect(box(page)).to_have_value("หอยแครงคืน")
        box(page).press("ArrowDown")
        expect(options.first).to_be_visible()
        box(page).press("ArrowDown")
        box(page).press("Enter")
        expect(page).to_have_url(re.compile(f"/notes/{number}$"))


def test_enter_without_a_choice_searches_the_words_typed(live: Live, number: int) -> None:
    with live.visit() as page:
        page.goto("/")
        type_into(page, "หอยแครงคืน")
        box(page).press("Enter")
        expect(page).to_have_url(re.compile(r"/search\?q="))
        expect(page.get_by_role("heading", level=1)).to_contain_text("พบ 1 รายการ")


def test_a_touch_takes_a_place_as_a_filter_beside_those_that_are_on(live: Live) -> None:
    with live.visit(viewport=PHONE, has_touch=True, is_mobile=True) as page:
        page.goto("/search?kind=lesson")
        options = type_into(page, "กองทุน นครศรี")
        options.filter(has_text="จ.นครศรีธรรมราช").first.tap()
        expect(page).to_have_url(re.compile(r"q=.*kind=lesson.*province=80"))
        expect(page.locator(".chip")).to_have_count(2)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]


def test_the_wrong_keyboard_is_understood_while_typing(live: Live, number: int) -> None:
    with live.visit() as page:
        page.goto("/")
        options = type_into(page, "svpc8i'")
        expect(options.first).to_contain_text("หอยแครง")


def test_a_slow_answer_never_replaces_a_newer_one(live: Live, number: int) -> None:
    with live.visit() as page:
        page.goto("/")
        type_into(page, "หอยแครงคืน")
        box(page).fill("ก")
        expect(page.get_by_role("option")).to_have_count(0)
        box(page).fill("หอยแ")
        expect(page.get_by_role("option").first).to_contain_text("หอยแครง")


def test_the_box_searches_without_javascript(live: Live, number: int) -> None:
    with live.visit(java_script_enabled=False) as page:
        page.goto("/")
        field = page.get_by_role("searchbox", name="ค้นบันทึกและบทเรียน")
        field.fill("หอยแครง")
        field.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("พบ 1 รายการ")
        page.get_by_role("link", name=TITLE).click()
        expect(page).to_have_url(NOTE_ADDRESS)
