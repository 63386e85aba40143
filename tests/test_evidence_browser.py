"""A proverb in a comment becomes a lesson: selected on a phone, and without scripts."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from kms import notes
from kms.exchange import formats
from kms.exchange.bringing import bring_in
from kms.models import Note
from tests.live import PHONE, Live
from tests.shared_data import SEEDS, needs_seeds
from tests.stories import a_page

pytestmark = pytest.mark.browser

PROVERB = "อย่าเอาแม่ไก่มารวมกัน มันจะจิกกัน ให้เอาไข่มาฟักด้วยกัน มันก็สามารถเป็นลูกไก่ครอกเดียวกันได้"
POINT = "กองทุนที่มีเจ้าของหลายหน่วย ควรรวมแต่กำไรเป็นสวัสดิการ และควรเก็บตัวกองทุนไว้กับเจ้าของเดิม"
# Selects the words as a finger would, across whatever elements they stand in.
SELECT = """passage => {
  const words = Array.from(document.querySelectorAll('.comment-body p, .note-body p'));
  const line = words.find((one) => one.textContent.includes(passage)).firstChild;
  const at = line.data.indexOf(passage), range = document.createRange();
  range.setStart(line, at);
  range.setEnd(line, at + passage.length);
  line.parentElement.scrollIntoView({block: 'center'});
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


@pytest.fixture
def phatthalung(live: Live) -> int:
    """The number of seed 001."""
    (path,) = SEEDS.glob("001*.txt")
    bring_in(live.store, formats.read(formats.files([path])))
    with live.store.reading() as session:
        found = select(Note.id).where(Note.source_id == "154920")
        return session.scalars(found).one()


@needs_seeds
def test_the_proverb_of_the_third_comment_becomes_a_lesson(live: Live, phatthalung: int) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(f"/notes/{phatthalung}")
        page.evaluate(SELECT, PROVERB)
        page.get_by_role("link", name="ถอดข้อความนี้เป็นบทเรียน").click()
        passage = page.locator("[name=sources-0-passage]")
        expect(passage).to_have_value(PROVERB)
        page.get_by_label("บทเรียนข้อเดียว").fill(POINT)
        hints = page.locator("#hints")
        expect(hints).to_contain_text("แยกเป็นบทเรียนละข้อ")
        expect(hints).to_contain_text("รวมกำไรของกองทุน อย่ารวมตัวกองทุน")
        page.locator("form.writing").evaluate(
            "form => form.requestSubmit(form.querySelector('[value=save]'))"
        )
        expect(page).to_have_url(re.compile(r"/notes/\d+(\?.*)?$"))
        expect(page.locator(".evidence blockquote")).to_have_text(PROVERB)
        page.locator(".evidence").get_by_role("link").click()
        expect(page.locator(".comment mark.drawn:target")).to_have_text(PROVERB)
        expect(page.locator(".comment mark.drawn:target")).to_be_in_viewport()


@needs_seeds
def test_without_scripts_a_whole_comment_is_trimmed(live: Live, phatthalung: int) -> None:
    with live.visit("facilitator", viewport=PHONE, java_script_enabled=False) as page:
        page.goto(f"/notes/{phatthalung}")
        said = page.get_by_role("article").filter(has_text="แม่ไก่").last
        said.get_by_role("link", name="ถอดความเห็นนี้เป็นบทเรียน").click()
        passage = page.locator("[name=sources-0-passage]")
        assert PROVERB in passage.input_value()
        passage.fill("คำที่ไม่มีใครพูด")
        page.get_by_label("บทเรียนข้อเดียว").fill(POINT)
        page.get_by_role("button", name="ตรวจก่อน").click()
        expect(page.locator("#problems")).to_contain_text("ไม่มีข้อความนี้")
        page.locator("[name=sources-0-passage]").fill("มันจะจิกกัน")
        page.get_by_role("button", name="ตรวจก่อน").click()
        expect(page.locator("#checked")).to_contain_text("แยกเป็นบทเรียนละข้อ")
        page.locator(".actions").get_by_role("button", name="บันทึก", exact=True).click()
        page.locator(".evidence").get_by_role("link").click()
        # Another lesson may have marked these words before.
        expect(
            page.locator(".comment mark.drawn:target, .comment mark.drawn :target")
        ).to_have_count(1)


def test_a_long_passage_is_carried_whole_to_a_lesson_and_on(live: Live) -> None:
    said = f"{PROVERB} " * 12 + "จบคำ"
    with live.store.saving() as session:
        made = notes.create(session, a_page("เล่ายาว", said), by=live.cast.commenter)
        number = made.id
    with live.visit("facilitator") as page:
        page.goto(f"/notes/{number}")
        page.evaluate(SELECT, said)
        page.get_by_role("link", name="ถอดข้อความนี้เป็นบทเรียน").click()
        for _time in range(2):
            expect(page.locator("[name=sources-0-passage]")).to_have_value(said)
            page.goto(f"/write/lesson?from={number}&passage={quote(said[:300])}")
        expect(page.locator("[name=sources-0-passage]")).to_have_value(said)
        page.get_by_role("button", name="เพิ่มข้อความนี้เป็นหลักฐานของบทเรียนเดิม").click()
        expect(page.get_by_label("ข้อความจากบันทึก")).to_have_value(said)
        page.get_by_role("button", name="เขียนเป็นบทเรียนใหม่").click()
        expect(page.locator("[name=sources-0-passage]")).to_have_value(said)


@pytest.mark.parametrize("who", ["", "curator"])
def test_the_bar_of_a_note_takes_two_rows_and_its_menu_stays_in_sight(live: Live, who: str) -> None:
    with live.store.reading() as session:
        number = session.scalars(select(Note.id).where(Note.kind == "minutes")).first()
    with live.visit(who, viewport=PHONE) as page:
        page.goto(f"/notes/{number}")
        expect(page.locator(".note-bar")).to_be_visible()
        assert _height(page, ".note-bar") <= 2 * 56 + 8
        summary = page.locator(".note-menu summary")
        summary.focus()
        page.keyboard.press("Enter")
        menu = page.locator(".note-menu ul")
        expect(menu).to_be_visible()
        box = menu.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
        assert all(
            one >= 44
            for one in page.locator(".note-menu li:not([hidden])").evaluate_all(
                "items => items.map((one) => one.offsetHeight)"
            )
        )
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(summary).to_be_focused()
        page.emulate_media(media="print")
        expect(summary).to_be_hidden()


def _height(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box
    return box["height"]
