"""A lesson on phones: agreed to, confirmed from another place, used, mended where it was wrong."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kms import notes
from kms.note_kinds import Kind, LessonParts, NoteContent, PlaceNamed
from tests.live import DESK, PHONE, Live

pytestmark = pytest.mark.browser


def write_a_lesson(live: Live) -> tuple[int, int]:
    """A lesson of Hu Long, and a note from Phatthalung."""
    lesson = NoteContent(
        Kind.LESSON,
        "เชิญคนเมื่อรู้ว่าอยากได้อะไร",
        visibility="public",
        places=(PlaceNamed("801208"),),
        lesson=LessonParts(point="เชิญคนเมื่อรู้แล้วว่าอยากได้อะไรจากวันนั้น"),
    )
    note = NoteContent(Kind.NOTE, "เวทีลำสินธุ์ก็เจออย่างนี้", body="เชิญมากไปเหมือนกัน", visibility="public")
    with live.store.saving() as session:
        made = notes.create(session, lesson, by=live.cast.facilitator)
        told = notes.create(session, note, by=live.cast.commenter)
        return made.id, told.id


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_lesson_is_agreed_to_confirmed_and_used_on_a_phone(live: Live) -> None:
    number, note = write_a_lesson(live)
    strip = "#life [aria-current]"
    with live.visit("curator", viewport=PHONE) as page:
        page.goto(f"/notes/{number}")
        expect(page.locator(strip)).to_have_text("รอเห็นด้วย")
        page.locator("#life .button-primary").click()
        page.get_by_label("เหตุผลหนึ่งบรรทัด").fill("ชัดและลองได้")
        page.locator(".actions .button-primary").click()
        expect(page.locator(strip)).to_have_text("บทเรียน")
    with live.visit("commenter", viewport=PHONE) as page:
        page.goto(f"/notes/{number}")
        page.get_by_role("link", name="ที่พื้นที่ฉันก็เป็นอย่างนี้").first.click()
        page.get_by_label("ที่ไหน").fill("อ.ปากพนัง ต.หูล่อง")
        page.get_by_label("บันทึกของฉัน").select_option(str(note))
        page.locator(".actions .button-primary").click()
        expect(page.get_by_label("ที่ไหน")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("บันทึกของฉัน")).to_have_value(str(note))
        page.get_by_label("ที่ไหน").fill("จ.พัทลุง")
        page.locator(".actions .button-primary").click()
        expect(page.locator("#life")).to_contain_text("ยืนยันแล้ว ×1")
        expect(page.locator(strip)).to_have_text("ยืนยันจากที่อื่น")
        page.locator("#life .button-primary").click()
        page.get_by_text("ได้ผลบ้าง").click()
        page.get_by_label("ที่ไหน").fill("จ.พัทลุง")
        page.get_by_label("ทำต่างจากบทเรียนตรงไหน").fill("ย่อเหลือครึ่งวัน")
        page.locator(".actions .button-primary").click()
        expect(page.locator(".life-uses")).to_contain_text("ย่อเหลือครึ่งวัน")
        assert fits(page)


def test_the_pages_of_lessons_can_be_read_by_everyone(live: Live) -> None:
    number, _note = write_a_lesson(live)
    pages = ["/lessons", f"/notes/{number}", f"/notes/{number}/steps"]
    pages += [f"/notes/{number}/steps/{step}" for step in ("applied", "confirmed", "superseded")]
    for viewport, scheme in ((PHONE, "light"), (DESK, "dark")):
        with live.visit("curator", viewport=viewport, color_scheme=scheme) as page:
            for address in pages:
                page.goto(address)
                assert fits(page), address
                found = Axe().run(page).response["violations"]
                assert found == [], (address, [one["id"] for one in found])
