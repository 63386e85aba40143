"""A facilitator records two projects of one note by hand on a phone, and sees that they overlap."""

import pytest
from playwright.sync_api import Page, expect

from kms import notes
from tests.live import PHONE, Live
from tests.stories import a_review

pytestmark = pytest.mark.browser


def told(live: Live) -> int:
    with live.store.saving() as session:
        review = a_review(
            title="สองโครงการในตำบลเดียวกัน",
            organisations=(),
            themes=("poverty",),
            visibility="public",
        )
        return notes.create(session, review, by=live.cast.facilitator).number


def organisation(page: Page, index: int, name: str, part: str) -> None:
    row = page.locator("[data-rows=organisations] .row").nth(index)
    row.get_by_label("ชื่อองค์กร").fill(name)
    row.get_by_label("มีส่วนเป็น").select_option(label=part)


def record(page: Page, number: int, name: str, funder: str, runner: str, period: str) -> None:
    page.goto(f"/notes/{number}")
    page.locator(".note-menu > summary").click()
    page.get_by_role("link", name="บันทึกงานหรือโครงการ").click()
    page.get_by_label("ชื่องานหรือโครงการ").fill(name)
    organisation(page, 0, funder, "ผู้ให้ทุน")
    organisation(page, 1, runner, "ผู้ทำ")
    page.get_by_label("ช่วงเวลา").fill(period)
    page.get_by_role("button", name="บันทึก", exact=True).click()
    # The shipped notes tell of one with nearly this name.
    expect(page.get_by_role("alert")).to_contain_text("ใช่งานเดียวกันหรือไม่")
    page.get_by_role("button", name="เป็นคนละงาน บันทึกเลย").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("script", [True, False])
def test_two_projects_written_by_hand_show_that_they_overlap(live: Live, script: bool) -> None:
    number = told(live)
    plan, survey = f"แผนชีวิตชุมชน ตำบล {script}", f"สำรวจคนจนรายหมู่บ้าน {script}"
    with live.visit("commenter", viewport=PHONE, java_script_enabled=script) as page:
        record(page, number, plan, "พอช.", "เครือข่ายกองทุนหมู่บ้าน", "ปีงบ 2549")
        record(page, number, survey, "งบซีอีโอ", "กรมการปกครอง", "ตั้งแต่ 2549")
        why = page.locator("#overlaps .overlap").filter(has_text=plan)
        for words in (survey, "พอช. ให้ทุน", "งบซีอีโอ ให้ทุน", "หูล่อง", f"ไม่รู้ว่า “{survey}” ถึงเมื่อใด"):
            expect(why).to_contain_text(words)
        why.get_by_role("link").click()
        page.get_by_label("ประสานกันอย่างไร").fill("แบ่งหมู่บ้านกันแล้ว")
        page.get_by_role("button", name="สองงานนี้รู้กันและประสานกันแล้ว").click()
        expect(page.locator(".overlap-mark")).to_contain_text("แบ่งหมู่บ้านกันแล้ว")
        page.goto("/places/801208/working")
        there = page.locator("#overlaps .overlap.is-known").filter(has_text=plan)
        expect(there).to_contain_text("แบ่งหมู่บ้านกันแล้ว")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
