"""Two people mend the same minutes on two devices, and a curator reads what became of them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kms import notes
from kms.note_kinds import NoteContent
from kms.permissions import SYSTEM
from tests.live import PHONE, Live
from tests.stories import some_minutes

pytestmark = pytest.mark.browser

TALK = "แต่ละกองทุนมีเจ้าของ ที่ประชุมเห็นว่าควรจดบัญชีร่วมกันทุกเดือน"


@pytest.fixture
def number(live: Live) -> int:
    content = some_minutes(author=live.cast.facilitator.name, body=TALK)
    with live.store.saving() as session:
        return notes.create(session, content, by=live.cast.facilitator).number


def saved(live: Live, number: int) -> NoteContent:
    with live.store.sessions() as session:
        return notes.content_of(notes.get(session, number, seen_by=SYSTEM))


def opened(page: Page, number: int) -> None:
    page.goto(f"/notes/{number}/edit")
    # On a phone one part shows at a time; every field is in the form all the same.
    page.evaluate(
        "document.querySelectorAll('[hidden] textarea, [hidden] input')"
        ".forEach((one) => one.closest('[hidden]').hidden = false)"
    )


def put(page: Page, name: str, words: str) -> None:
    page.locator(f"[name='{name}']").evaluate(
        "(field, words) => { field.value = words;"
        " field.dispatchEvent(new Event('input', { bubbles: true })); }",
        words,
    )


def save(page: Page) -> None:
    page.locator("form.writing button[name=do][value=save]").last.evaluate("(one) => one.click()")


def assert_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]
    wide, there = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= there


def test_what_two_wrote_in_different_parts_is_merged_by_itself(live: Live, number: int) -> None:
    with live.visit("facilitator", viewport=PHONE) as mine, live.visit("curator") as theirs:
        opened(mine, number)
        opened(theirs, number)
        put(theirs, "venue", "วัดนา")
        save(theirs)
        theirs.wait_for_url(f"**/notes/{number}")
        put(mine, "agenda-0-decision", "เสนอชื่อ 20 คน")
        save(mine)
        mine.wait_for_url(f"**/notes/{number}")
        expect(mine.get_by_text("มีคนแก้ไปพร้อมกัน รวมให้แล้ว")).to_be_visible()
        mine.get_by_role("link", name="ดูว่าอะไรเปลี่ยนไป").click()
        expect(mine.get_by_role("heading", name="สิ่งที่เปลี่ยน")).to_be_visible()
        expect(mine.locator("ins", has_text="วัดนา")).to_be_visible()
    meeting = saved(live, number).meeting
    assert meeting is not None
    assert (meeting.venue, meeting.agenda[0].decision) == ("วัดนา", "เสนอชื่อ 20 คน")


def test_where_two_touch_one_sentence_one_composes_and_a_curator_reads_and_restores(
    live: Live, number: int
) -> None:
    with live.visit("facilitator", viewport=PHONE) as mine, live.visit("curator") as theirs:
        opened(mine, number)
        opened(theirs, number)
        put(theirs, "body", TALK.replace("ทุกเดือน", "ทุกสัปดาห์"))
        save(theirs)
        theirs.wait_for_url(f"**/notes/{number}")
        put(mine, "body", TALK.replace("ทุกเดือน", "ทุกสิ้นปี"))
        save(mine)
        expect(mine.get_by_role("heading", name="มีคนแก้ตรงเดียวกัน")).to_be_visible()
        assert_accessible(mine)
        field = mine.locator("textarea[name=body]")
        expect(field).to_have_value(TALK.replace("ทุกเดือน", "ทุกสิ้นปี"))
        mine.get_by_role("button", name="ใช้ของเขา").click()
        expect(field).to_have_value(TALK.replace("ทุกเดือน", "ทุกสัปดาห์"))
        mine.get_by_role("button", name="เก็บทั้งสอง").click()
        composed = TALK.replace("ทุกเดือน", "ทุกสัปดาห์ สรุปทุกสิ้นปี")
        field.fill(composed)
        mine.get_by_role("main").get_by_role("button", name="บันทึก").click()
        mine.wait_for_url(f"**/notes/{number}")
        assert saved(live, number).body == composed

        theirs.goto(f"/notes/{number}/history")
        assert_accessible(theirs)
        theirs.get_by_role("button", name="เทียบสองฉบับที่เลือก").click()
        theirs.wait_for_url(f"**/notes/{number}/differences/2..3")
        expect(theirs.locator("ins", has_text="สิ้นปี")).to_be_visible()
        assert_accessible(theirs)
        theirs.get_by_role("link", name="คืนคำของฉบับที่ 2").click()
        assert_accessible(theirs)
        theirs.get_by_label("คืนเพราะอะไร").fill("ตกลงกันใหม่")
        theirs.get_by_role("button", name="คืนคำของฉบับที่ 2").click()
        theirs.wait_for_url(f"**/notes/{number}")
        assert saved(live, number).body == TALK.replace("ทุกเดือน", "ทุกสัปดาห์")
        theirs.goto(f"/notes/{number}/history")
        expect(theirs.get_by_text("คืนฉบับที่ 2: ตกลงกันใหม่")).to_be_visible()
