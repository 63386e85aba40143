"""One question at a time on a phone; on a desk, and without JavaScript, all of them on one page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from kms import question_sets
from tests.live import DESK, PHONE, Live
from tests.test_accessibility import serious

pytestmark = pytest.mark.browser

SMALL = {"width": 360, "height": 640}
NOTE_ADDRESS = re.compile(r"/notes/\d+")
SAVED_WITHIN_MS = 20_000
WITH_KEYBOARD = {"width": 360, "height": 330}
FIVE = "/write/aar?questions=thai-km"
WORDS = "คณะทำงานได้คุยกันครบ"
ASKED = [one.ask for one in question_sets.get("thai-km").questions]


def ahead(page: Page) -> None:
    page.get_by_role("button", name="ถัดไป").click()


def skip(page: Page) -> None:
    page.get_by_role("button", name="ข้าม", exact=True).click()


def answer(page: Page, question: str) -> Locator:
    return page.get_by_role("textbox", name=question)


def one_box(page: Page) -> None:
    page.locator("#steps").get_by_role("button", name="ช่องเดียว").click()


def many(page: Page) -> None:
    page.locator("#steps").get_by_role("button", name="ถามทีละข้อ").click()


def count(page: Page) -> Locator:
    return page.locator("#step-count")


def save(page: Page) -> None:
    page.get_by_role("main").get_by_role("button", name="บันทึก", exact=True).click()


# --- on a phone ----------------------------------------------------------------------------------


def test_each_question_has_a_screen_with_its_count_its_example_and_a_way_to_skip(
    live: Live,
) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(FIVE)
        for n, question in enumerate(ASKED, 1):
            expect(count(page)).to_have_text(f"ข้อ {n} จาก 5")
            expect(page.locator(".step:visible")).to_have_count(1)
            box = answer(page, question)
            expect(box).to_be_visible()
            expect(box).to_have_accessible_description(re.compile("ตัวอย่าง"))
            expect(page.locator(".step:visible .example")).to_be_visible()
            if n == 2:
                box.fill(WORDS)
                ahead(page)
            else:
                skip(page)
        for name in ("ใครทำอะไรต่อ", "รูปและเอกสารแนบ"):
            expect(count(page)).to_have_text(name)
            skip(page)
        expect(count(page)).to_have_text("หน้าสุดท้าย")
        expect(page.get_by_label("วันที่จัด")).to_be_visible()
        expect(page.get_by_role("group", name="ใครเห็นได้")).to_be_visible()
        expect(page.get_by_role("button", name="ข้าม", exact=True)).to_be_hidden()
        save(page)
        expect(page).to_have_url(NOTE_ADDRESS, timeout=SAVED_WITHIN_MS)
        expect(page.get_by_role("main")).to_contain_text(WORDS)


def test_what_was_written_can_be_saved_from_every_screen(live: Live) -> None:
    with live.visit("facilitator", viewport=SMALL) as page:
        page.goto(FIVE)
        for _screen in range(8):
            button = page.get_by_role("main").get_by_role("button", name="บันทึก", exact=True)
            expect(button).to_be_in_viewport(ratio=1)
            if page.locator(".step-next").is_visible():
                page.locator(".step-next").click()
        for _screen in range(3):
            page.go_back()
        answer(page, ASKED[4]).fill(WORDS)
        save(page)
        expect(page).to_have_url(NOTE_ADDRESS, timeout=SAVED_WITHIN_MS)


def test_back_goes_one_question_back_and_at_the_first_it_leaves(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write")
        page.get_by_role("main").get_by_role("link", name="AAR").click()
        many(page)
        skip(page)
        skip(page)
        expect(count(page)).to_have_text("ข้อ 3 จาก 5")
        page.go_back()
        expect(count(page)).to_have_text("ข้อ 2 จาก 5")
        page.get_by_role("button", name="ย้อน").click()
        expect(count(page)).to_have_text("ข้อ 1 จาก 5")
        page.go_forward()
        expect(count(page)).to_have_text("ข้อ 2 จาก 5")
        page.go_back()
        page.go_back()
        expect(count(page)).to_have_text("ข้อ 1 จาก 1")
        page.go_back()
        expect(page).to_have_url(re.compile("/write$"))


def test_turning_the_phone_keeps_the_words_and_the_place(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(FIVE)
        skip(page)
        answer(page, ASKED[1]).fill(WORDS)
        page.set_viewport_size({"width": 740, "height": 360})
        expect(answer(page, ASKED[4])).to_be_visible()
        expect(answer(page, ASKED[1])).to_have_value(WORDS)
        expect(answer(page, ASKED[1])).to_be_in_viewport()
        page.set_viewport_size(PHONE)
        expect(count(page)).to_have_text("ข้อ 2 จาก 5")
        expect(answer(page, ASKED[1])).to_have_value(WORDS)
        expect(answer(page, ASKED[0])).to_be_hidden()


def test_words_typed_before_the_scripts_came_are_kept(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.route(
            "**/js/drafts.js*", lambda route: (page.wait_for_timeout(1000), route.continue_())
        )
        page.goto("/write/aar", wait_until="commit")
        answer(page, "วันนี้เราได้เรียนรู้อะไร").press_sequentially("ก่อน")
        expect(page.locator("#save-state")).to_contain_text(re.compile("เครื่อง|เซิร์ฟเวอร์ "))
        expect(answer(page, "วันนี้เราได้เรียนรู้อะไร")).to_have_value("ก่อน")


def test_a_page_opened_again_opens_at_the_same_question(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(FIVE)
        skip(page)
        skip(page)
        page.reload()
        expect(count(page)).to_have_text("ข้อ 3 จาก 5")


def test_the_list_of_questions_leads_to_any_of_them_and_to_all_on_one_page(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(FIVE)
        answer(page, ASKED[0]).fill(WORDS)
        count(page).click()
        written = page.get_by_role("button", name=ASKED[0])
        expect(written).to_contain_text("เขียนแล้ว")
        page.get_by_role("button", name=ASKED[3]).click()
        expect(count(page)).to_have_text("ข้อ 4 จาก 5")
        count(page).click()
        page.get_by_role("button", name="ดูทั้งหมดในหน้าเดียว").click()
        for question in ASKED:
            expect(answer(page, question)).to_be_visible()
        page.get_by_role("button", name="ดูทีละหน้า").click()
        expect(count(page)).to_have_text("ข้อ 4 จาก 5")


def test_a_refused_form_opens_at_the_first_question_to_mend(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write/minutes")
        page.get_by_label("ประชุมเรื่องอะไร").fill("ประชุมงบของตำบล")
        page.get_by_label("ประชุมวันไหน").fill("1 มี.ค. 2550")
        for _part in range(4):
            page.locator(".step-next").click()
        page.get_by_role("combobox", name="จากองค์กร").fill("อบจ.")
        page.get_by_label("จำนวนเงิน").fill("สองล้านกว่า")
        ahead(page)
        page.get_by_label("วันที่", exact=True).fill("31 ก.พ. 2550")
        save(page)
        page.get_by_role("alert").wait_for()
        expect(count(page)).to_have_text("ส่วนที่ 5 จาก 8")
        expect(page.get_by_label("จำนวนเงิน")).to_be_visible()
        page.get_by_role("alert").get_by_role("link", name="ประชุมครั้งหน้า").click()
        expect(count(page)).to_have_text("ส่วนที่ 6 จาก 8")
        expect(page.get_by_label("วันที่", exact=True)).to_be_focused()
        expect(page.get_by_label("วันที่", exact=True)).to_have_value("31 ก.พ. 2550")


def test_enter_in_a_line_goes_on_and_never_saves_half_of_the_minutes(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write/minutes")
        page.get_by_label("ประชุมเรื่องอะไร").press("Enter")
        expect(page.get_by_label("ประชุมวันไหน")).to_be_focused()
        page.get_by_label("ประธาน").press("Enter")
        expect(count(page)).to_have_text("ส่วนที่ 2 จาก 8")


def test_with_the_keyboard_up_question_box_and_bar_are_all_in_sight(live: Live) -> None:
    with live.visit("facilitator", viewport=SMALL) as page:
        page.goto(FIVE)
        for question in ASKED[:2]:
            page.set_viewport_size(WITH_KEYBOARD)
            box = answer(page, question)
            box.click()
            expect(page.get_by_text(question, exact=True)).to_be_in_viewport(ratio=1)
            bar, field = page.locator(".actions"), box.bounding_box()
            assert field is not None
            expect(bar).to_be_in_viewport(ratio=1)
            top = page.evaluate("document.querySelector('.actions').getBoundingClientRect().top")
            assert top - field["y"] >= 3 * 30, "fewer than three lines are left to write on"
            page.set_viewport_size(SMALL)
            skip(page)


def test_the_bar_never_covers_what_has_the_focus(live: Live) -> None:
    with live.visit("facilitator", viewport=SMALL) as page:
        for address in (FIVE, "/write/minutes"):
            page.goto(address)
            is_last = False
            while not is_last:
                is_last = page.locator(".step-next").is_hidden()
                covered = page.evaluate(COVERED)
                assert not covered, f"{address}: {covered}"
                if not is_last:
                    page.locator(".step-next").click()


# Gives the focus to each field of the screen in turn; tells those whose label end is under the bar.
COVERED = """() => {
  const bar = document.querySelector('.actions');
  const seen = Array.from(document.querySelectorAll('.step input, .step select, .step textarea'));
  return seen.filter((field) => {
    if (!field.checkVisibility()) return false;
    field.focus();
    const box = field.getBoundingClientRect(), top = bar.getBoundingClientRect().top;
    return box.top + Math.min(box.height, 48) > top + 1 || box.top < 0;
  }).map((field) => field.name);
}"""


# --- question sets -------------------------------------------------------------------------------


def test_one_box_is_one_tap_away_and_back_again_with_every_word(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(FIVE)
        answer(page, ASKED[0]).fill("หวังว่าจะเข้าใจตรงกัน")
        ahead(page)
        answer(page, ASKED[1]).fill("ได้เพื่อนใหม่\n\nได้ที่ปรึกษา")
        page.context.set_offline(True)
        one_box(page)
        whole = answer(page, "วันนี้เราได้เรียนรู้อะไร")
        expect(whole).to_have_value("หวังว่าจะเข้าใจตรงกัน\n\nได้เพื่อนใหม่\n\nได้ที่ปรึกษา")
        many(page)
        expect(answer(page, ASKED[0])).to_have_value("หวังว่าจะเข้าใจตรงกัน")
        skipped_to = page.locator("[name=answers-beyond]")
        expect(skipped_to).to_have_value("ได้เพื่อนใหม่\n\nได้ที่ปรึกษา")
        one_box(page)
        whole.fill("หวังว่าจะเข้าใจตรงกัน\n\nได้เพื่อนใหม่ สามคน\n\nได้ที่ปรึกษา")
        many(page)
        expect(answer(page, ASKED[0])).to_have_value("หวังว่าจะเข้าใจตรงกัน")
        expect(skipped_to).to_have_value("ได้เพื่อนใหม่ สามคน\n\nได้ที่ปรึกษา")
        page.context.set_offline(False)


def test_whatever_the_sets_no_answer_is_lost_on_the_way(live: Live) -> None:
    with live.visit("facilitator", viewport=DESK) as page:
        page.goto("/write/aar?questions=thai-km-organiser")
        fields = page.locator(".question textarea")
        said = [f"คำตอบที่ {n}" for n in range(fields.count())]
        for n, words in enumerate(said):
            fields.nth(n).fill(words)
        page.get_by_text("ชุดคำถาม:").click()
        for name in ("สี่คำถาม", "ช่องเดียว", "AAR แบบวงจัดการความรู้", "สี่คำถาม"):
            page.locator(".question-sets").get_by_role("button", name=name, exact=True).click()
            expect(page.locator(".set-name")).to_have_text(name)
            values = fields.evaluate_all("all => all.map((one) => one.value).join('\\n')")
            for words in said:
                assert values.count(words) == 1, f"{words} under {name}: {values}"
        page.locator(".question-sets").get_by_role("button", name="ข้อเสนอแนะ").click()
        assert fields.evaluate_all("all => all.map((one) => one.value)") == said


def test_a_set_chosen_on_the_device_is_the_set_that_is_saved(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write/aar")
        answer(page, "วันนี้เราได้เรียนรู้อะไร").fill(WORDS)
        many(page)
        expect(answer(page, ASKED[0])).to_have_value(WORDS)
        skip_or_ahead(page, 3)
        answer(page, ASKED[3]).fill("เพราะชวนกันตั้งแต่ต้น")
        save(page)
        expect(page).to_have_url(NOTE_ADDRESS, timeout=SAVED_WITHIN_MS)
        expect(page.get_by_role("main")).to_contain_text(ASKED[3])


def skip_or_ahead(page: Page, times: int) -> None:
    for _step in range(times):
        page.locator(".step-next").click()


def test_scripts_that_fill_a_draft_get_its_questions_at_once(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write/aar")
        page.evaluate(FILL_BY_SCRIPT)
        expect(count(page)).to_have_text("ข้อ 1 จาก 4")
        expect(answer(page, "ตั้งใจให้เกิดอะไร")).to_have_value("แผนของตำบล")
        expect(page.get_by_role("button", name="ถัดไป")).to_be_visible()


FILL_BY_SCRIPT = """() => {
  const ask = (id) => document.dispatchEvent(new CustomEvent('platu:questions', {detail: {id}}));
  ask('no such set');
  ask('four-questions');
  document.querySelector('[name=answers-intended]').value = 'แผนของตำบล';
  document.dispatchEvent(new Event('platu:filled'));
}"""


# --- on a desk, without JavaScript, by keyboard, for a screen reader -----------------------------


def test_on_a_desk_all_questions_stand_on_one_page(live: Live) -> None:
    with live.visit("facilitator", viewport=DESK) as page:
        page.goto(FIVE)
        for question in ASKED:
            expect(answer(page, question)).to_be_visible()
        expect(page.get_by_label("วันที่จัด")).to_be_visible()
        expect(page.locator(".step-next")).to_be_hidden()
        expect(count(page)).to_be_hidden()


def test_without_javascript_the_form_is_long_and_one_box_is_one_press_away(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE, java_script_enabled=False) as page:
        page.goto(FIVE)
        for question in ASKED:
            expect(answer(page, question)).to_be_visible()
        expect(page.locator(".step-next")).to_be_hidden()
        answer(page, ASKED[1]).fill(WORDS)
        one_box(page)
        expect(answer(page, "วันนี้เราได้เรียนรู้อะไร")).to_have_value(WORDS)
        many(page)
        expect(answer(page, ASKED[0])).to_have_value(WORDS)


def test_the_keyboard_alone_walks_through_every_question(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(FIVE)
        for n, key in enumerate(KEYS, 1):
            press_until(page, "Tab", f"answers-{key}")
            page.keyboard.type(f"ข้อ {n}")
            press_until(page, "Tab", "ถัดไป")
            page.keyboard.press("Enter")
            # What a screen reader says on arriving: the count, then the question.
            here = page.locator(".step.is-now")
            expect(here).to_be_focused()
            if n < len(ASKED):
                expect(here).to_have_accessible_name(f"ข้อ {n + 1} จาก 5")
                expect(here).to_have_accessible_description(re.compile(ASKED[n]))
        for name in ("ใครทำอะไรต่อ", "รูปและเอกสารแนบ"):
            expect(page.locator(".step.is-now")).to_have_accessible_name(name)
            press_until(page, "Tab", "ข้าม")
            page.keyboard.press("Enter")
        expect(page.locator(".step.is-now")).to_have_accessible_name("หน้าสุดท้าย")
        press_until(page, "Tab", "บันทึก")
        page.keyboard.press("Enter")
        expect(page).to_have_url(NOTE_ADDRESS, timeout=SAVED_WITHIN_MS)
        expect(page.get_by_role("main")).to_contain_text("ข้อ 5")


KEYS = [one.id for one in question_sets.get("thai-km").questions]


def focused(page: Page) -> str:
    return str(
        page.evaluate(
            "document.activeElement.name !== 'do' && document.activeElement.name"
            " || document.activeElement.innerText.trim()"
        )
    )


def press_until(page: Page, key: str, there: str) -> None:
    for _press in range(80):
        page.keyboard.press(key)
        if focused(page) == there:
            return
    pytest.fail(f"{key} never came there")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_step_stands_in_anyones_way(live: Live, colours: Any) -> None:
    with live.visit("facilitator", viewport=SMALL, color_scheme=colours) as page:
        for address in (FIVE, "/write/minutes", "/write/lesson"):
            page.goto(address)
            is_last = False
            while not is_last:
                is_last = page.locator(".step-next").is_hidden()
                assert not serious(page), f"{address} {count(page).inner_text()}"
                assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
                if not is_last:
                    page.locator(".step-next").click()
        count(page).click()
        page.locator(".step-all").wait_for()
        assert not serious(page)
