"""What people come to do, done in a real browser by the words that the pages show."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from kms import language
from tests.live import PHONE, Live, sign_in

pytestmark = pytest.mark.browser

SENTENCE = "เป้าหมายของเวทีไม่ชัด คนที่เชิญมาจึงไม่ชัด ผลที่ได้เลยคลุมเครือ"
WORD_INSIDE = "คลุมเครือ"
HULONG = ("ต.หูล่อง", "อ.ปากพนัง", "จ.นครศรีธรรมราช")
NOTE_ADDRESS = re.compile(r"/notes/\d+")


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def search_for(page: Page, words: str) -> None:
    box = page.locator(".search input[name=q]")
    box.fill(words)
    box.press("Enter")


def number_in(text: str) -> int:
    found = re.search(r"[\d,]+", text)
    assert found, f"no number in {text!r}"
    return int(found[0].replace(",", ""))


def save(page: Page) -> None:
    main(page).get_by_role("button", name="บันทึก", exact=True).click()


# --- a facilitator -------------------------------------------------------------------------------


@pytest.mark.parametrize("with_javascript", [True, False], ids=["", "without JavaScript"])
def test_a_facilitator_writes_one_sentence_on_a_phone_and_finds_it(
    live: Live, with_javascript: bool
) -> None:
    mark = "เวทีเย็น" if with_javascript else "เวทีเช้า"
    with live.visit(viewport=PHONE, java_script_enabled=with_javascript) as page:
        page.goto("/")
        page.get_by_role("link", name="เขียน AAR หลังงาน").click()
        sign_in(page, "facilitator")
        page.get_by_label("วันนี้เราได้เรียนรู้อะไร").fill(f"{mark} {SENTENCE}")
        if with_javascript:
            page.get_by_role("button", name="ถัดไป").click()
            for passed in ("ใครทำอะไรต่อ", "รูปและเอกสารแนบ"):
                expect(page.get_by_role("group", name=passed).first).to_be_visible()
                page.get_by_role("button", name="ข้าม", exact=True).click()
        page.get_by_label("วันที่จัด").fill("28 ม.ค. 2549")
        place = page.get_by_role("group", name="สถานที่ แถวที่ 1")
        place.get_by_label("สถานที่").fill("ต.หูล่อง อ.ปากพนัง")
        page.keyboard.press("Tab")
        save(page)
        expect(page).to_have_url(NOTE_ADDRESS)
        number = page.url.rpartition("/")[2]
        expect(page.locator(".flashes")).to_contain_text("บันทึกแล้ว")
        for part in HULONG:
            expect(main(page).get_by_role("link", name=part, exact=True)).to_be_visible()
        expect(main(page)).to_contain_text("28 ม.ค. 2549")

        search_for(page, f"{mark} {WORD_INSIDE}")
        hit = main(page).get_by_role("article").filter(has_text=mark)
        expect(hit).to_contain_text(WORD_INSIDE)
        expect(hit).to_contain_text("ต.หูล่อง")
        hit.get_by_role("link").click()
        expect(page).to_have_url(re.compile(f"/notes/{number}$"))


def test_a_facilitator_writes_with_the_keyboard_alone(live: Live) -> None:
    with live.visit("facilitator") as page:
        page.goto("/")
        tab_to(page, lambda: focused(page) == "เขียน AAR หลังงาน")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="เขียน AAR", level=1)).to_be_visible()
        tab_to(page, lambda: focused(page).startswith("วันนี้เราได้เรียนรู้อะไร"))
        page.keyboard.type(f"พิมพ์ด้วยแป้นล้วน {SENTENCE}")
        tab_to(page, lambda: focused(page) == "วันที่จัด")
        page.keyboard.type("28 ม.ค. 2549")
        tab_to(page, lambda: focused(page) == "สถานที่")
        page.keyboard.type("หูล่อง ปากพนัง")
        offered = page.get_by_role("option", name="ต.หูล่อง")
        expect(offered.first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        tab_to(page, lambda: focused(page) == "บันทึก")
        page.keyboard.press("Enter")
        expect(page).to_have_url(NOTE_ADDRESS)
        expect(main(page)).to_contain_text("พิมพ์ด้วยแป้นล้วน")
        expect(main(page).get_by_role("link", name="ต.หูล่อง", exact=True)).to_be_visible()


def tab_to(page: Page, is_there: Callable[[], bool]) -> None:
    """Press Tab until the focus is where it should be; what has it must be seen to have it."""
    for _press in range(120):
        page.keyboard.press("Tab")
        if is_there():
            assert page.evaluate(FOCUS_IS_SEEN), "nothing shows where the focus is"
            return
    pytest.fail("Tab never came there")


# The name by which a screen reader calls the element that has the focus, near enough.
FOCUSED = """() => {
  const one = document.activeElement;
  const label = one.labels && one.labels[0];
  return (label || one).innerText.trim();
}"""
FOCUS_IS_SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  const is_marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  return is_marked && box.top < innerHeight && box.bottom > 0;
}"""


def focused(page: Page) -> str:
    return str(page.evaluate(FOCUSED))


def test_minutes_add_up_and_a_wrong_date_loses_nothing(live: Live) -> None:
    with live.visit("facilitator", java_script_enabled=False) as page:
        page.goto("/write/minutes")
        page.get_by_label("ประชุมเรื่องอะไร").fill("ประชุมงบบูรณาการตำบล")
        page.get_by_label("ประชุมวันไหน").fill("31 ก.พ. 2550")
        fill_budget(page, 1, "สำนักงานจังหวัด", "9,301,000")
        page.get_by_role("button", name="เพิ่มรายการ").click()
        expect(page.get_by_label("ประชุมเรื่องอะไร")).to_have_value("ประชุมงบบูรณาการตำบล")
        expect(page.get_by_label("ประชุมวันไหน")).to_have_value("31 ก.พ. 2550")
        expect(budget(page, 1).get_by_label("จำนวนเงิน")).to_have_value("9,301,000")
        fill_budget(page, 2, "องค์การบริหารส่วนจังหวัด", "2,950,000 กว่า ๆ")
        save(page)

        to_mend = page.get_by_role("alert").get_by_role("link")
        expect(to_mend).to_have_text([re.compile("^ประชุมวันไหน"), re.compile("^งบประมาณ แถวที่ 2")])
        held = page.get_by_label("ประชุมวันไหน")
        expect(held).to_have_attribute("aria-invalid", "true")
        expect(held).to_have_accessible_description(re.compile("31"))
        expect(held).to_have_value("31 ก.พ. 2550")
        expect(budget(page, 1).get_by_label("จำนวนเงิน")).to_have_value("9,301,000")
        expect(budget(page, 2).get_by_label("จำนวนเงิน")).to_have_value("2,950,000 กว่า ๆ")
        expect(budget(page, 2).get_by_label("จากองค์กร")).to_have_value("องค์การบริหารส่วนจังหวัด")

        held.fill("28 ก.พ. 2550")
        budget(page, 2).get_by_label("จำนวนเงิน").fill("2,950,000")
        save(page)
        expect(page).to_have_url(NOTE_ADDRESS)
        table = page.get_by_role("region", name="งบประมาณ")
        expect(table.get_by_role("row", name="รวม")).to_contain_text("12,251,000")


def test_the_sum_of_the_budget_is_seen_while_typing(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write/minutes")
        go_to_part(page, "งบประมาณ")
        fill_budget(page, 1, "สำนักงานจังหวัด", "9,301,000")
        page.get_by_role("button", name="เพิ่มรายการ").click()
        fill_budget(page, 2, "องค์การบริหารส่วนจังหวัด", "2,950,000")
        expect(page.get_by_text("12,251,000")).to_be_visible()
        budget(page, 1).get_by_role("button", name="ลบแถวนี้").click()
        expect(page.get_by_text("12,251,000")).to_be_hidden()
        go_to_part(page, "ประชุมอะไร เมื่อไร")
        page.get_by_label("ประชุมเรื่องอะไร").fill("ประชุมงบของตำบล")
        page.get_by_label("ประชุมวันไหน").fill("๑ มี.ค. ๒๕๕๐")
        save(page)
        table = page.get_by_role("region", name="งบประมาณ")
        expect(table.get_by_role("row", name="รวม")).to_contain_text("2,950,000")


def go_to_part(page: Page, name: str) -> None:
    """Choose a part of a form in the list that the count opens."""
    page.locator("summary").filter(has_text="ส่วนที่").click()
    page.get_by_role("button", name=name).click()


def budget(page: Page, row: int) -> Locator:
    rows = page.get_by_role("group", name="งบ", exact=True)
    return rows.locator(".row").nth(row - 1)


def fill_budget(page: Page, row: int, organisation: str, amount: str) -> None:
    budget(page, row).get_by_label("จากองค์กร").fill(organisation)
    budget(page, row).get_by_label("จำนวนเงิน").fill(amount)


def test_the_second_of_two_editors_sees_both_texts(live: Live) -> None:
    with live.visit("curator") as first, live.visit("facilitator") as second:
        second.goto("/write/page")
        second.get_by_role("textbox", name="ชื่อหน้า").fill("กองทุนข้าวสารของหมู่บ้าน")
        body = second.get_by_label("เนื้อหา")
        body.fill("ข้อความเดิม")
        save(second)
        expect(second).to_have_url(NOTE_ADDRESS)
        address = second.url
        for page in (first, second):
            page.goto(address)
            main(page).get_by_role("link", name="แก้ไข").click()
        first.get_by_label("เนื้อหา").fill("บรรณาธิการเพิ่มวิธีคิดดอกเบี้ย")
        save(first)
        expect(first).to_have_url(address)
        second.get_by_label("เนื้อหา").fill("ผู้จัดเวทีเพิ่มรายชื่อกรรมการ")
        save(second)

        expect(second.get_by_role("heading", level=1)).to_have_text(
            "มีคนแก้ตรงเดียวกัน", timeout=15_000
        )
        both = second.get_by_role("region", name="เนื้อหา")
        expect(both).to_contain_text("บรรณาธิการเพิ่มวิธีคิดดอกเบี้ย")
        expect(both).to_contain_text("ผู้จัดเวทีเพิ่มรายชื่อกรรมการ")
        composed = both.get_by_role("textbox", name="เนื้อหา")
        expect(composed).to_have_value("ผู้จัดเวทีเพิ่มรายชื่อกรรมการ")
        composed.fill("บรรณาธิการเพิ่มวิธีคิดดอกเบี้ย\n\nผู้จัดเวทีเพิ่มรายชื่อกรรมการ")
        save(second)
        expect(second).to_have_url(address)
        expect(main(second)).to_contain_text("บรรณาธิการเพิ่มวิธีคิดดอกเบี้ย")
        expect(main(second)).to_contain_text("ผู้จัดเวทีเพิ่มรายชื่อกรรมการ")


# --- a researcher --------------------------------------------------------------------------------


def test_a_researcher_narrows_to_a_lesson_and_walks_to_its_khun_amnuay(live: Live) -> None:
    with live.visit("researcher") as page:
        page.goto("/")
        search_for(page, "สวัสดิการ")
        everything = found_in_all(page)
        narrow_by(page, "สถานที่", "พัทลุง")
        in_phatthalung = found_in_all(page)
        assert in_phatthalung < everything
        narrow_by(page, "ประเด็น", "การบริหารจัดการและเชื่อมโยง")
        assert found_in_all(page) <= in_phatthalung
        narrow_by(page, "ชนิด", "บทเรียน")
        lessons = main(page).get_by_role("article")
        assert found_in_all(page) == lessons.count()

        lessons.first.get_by_role("heading").get_by_role("link").click()
        lesson = page.url
        who = page.get_by_role("region", name="ใครทำให้เกิดขึ้น")
        facilitator = who.locator(".figure").filter(has_text="คุณอำนวย")
        person = facilitator.get_by_role("paragraph").nth(1).get_by_role("link")
        name = person.inner_text()
        person.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        elsewhere = main(page).locator("a[href^='/notes/']")
        others = [one for one in elsewhere.all() if not lesson.endswith(page_of(one))]
        assert others, "the person's page leads to nothing else"
        others[0].click()
        expect(page).to_have_url(NOTE_ADDRESS)
        assert page.url != lesson


def page_of(link: Locator) -> str:
    return link.get_attribute("href") or ""


def narrow_by(page: Page, facet: str, choice: str) -> None:
    """Press a choice of a facet; what it promised is what is found."""
    link = page.get_by_role("region", name=facet).get_by_role("link", name=choice).first
    promised = number_in(link.get_by_text(re.compile(r"^[\d,]+$")).inner_text())
    link.click()
    expect(page.get_by_role("list", name="ตัวกรองที่ใช้อยู่")).to_contain_text(choice)
    assert found_in_all(page) == promised


def found_in_all(page: Page) -> int:
    """The number in the heading, which the list must bear out."""
    said = number_in(page.get_by_role("heading", level=1).inner_text())
    assert main(page).get_by_role("article").count() == min(said, 20)
    return said


# --- members and curators ------------------------------------------------------------------------


def test_a_member_quotes_a_passage_and_a_curator_hides_the_comment(live: Live) -> None:
    passage = "ทุกคนตั้งใจทำงานมาก"
    with live.visit("commenter") as member, live.visit("curator") as curator:
        member.goto("/")
        search_for(member, passage)
        main(member).get_by_role("article").first.get_by_role("heading").get_by_role("link").click()
        expect(member).to_have_url(NOTE_ADDRESS)
        select(member, passage)
        member.get_by_role("button", name="อ้างข้อความนี้").click()
        expect(member.get_by_label("ความเห็นของคุณ")).to_be_focused()
        member.keyboard.type("ที่บ้านเราก็เป็นแบบนี้ คนตั้งใจแต่ไม่รู้ว่าจะไปทางไหน")
        member.get_by_role("button", name="ส่งความเห็น").click()
        comment = member.get_by_role("article").filter(has_text="ที่บ้านเราก็เป็นแบบนี้").last
        expect(comment.get_by_role("blockquote")).to_have_text(passage)

        curator.goto(member.url)
        comment = curator.get_by_role("article").filter(has_text="ที่บ้านเราก็เป็นแบบนี้").last
        comment.get_by_role("link", name="ซ่อน").click()
        curator.get_by_label("เหตุผล").fill("พูดถึงคนอื่นโดยไม่ได้ขออนุญาต")
        main(curator).get_by_role("button", name="ซ่อน").click()

        member.reload()
        expect(main(member)).to_contain_text("ความเห็นนี้ถูกซ่อน: พูดถึงคนอื่นโดยไม่ได้ขออนุญาต")
        expect(main(member)).not_to_contain_text("ที่บ้านเราก็เป็นแบบนี้")


def test_three_presses_choose_a_whole_paragraph_to_quote(live: Live) -> None:
    with live.visit("commenter") as page:
        page.goto("/")
        search_for(page, "ทุกคนตั้งใจทำงานมาก")
        main(page).get_by_role("article").first.get_by_role("heading").get_by_role("link").click()
        last = page.locator(".note-body").last.get_by_role("paragraph").last
        last.click(click_count=3)
        page.get_by_role("button", name="อ้างข้อความนี้").click()
        expect(page.get_by_label("ข้อความที่ยกมา")).to_have_value(last.inner_text())


# Selects the words as a finger or a mouse would, inside one paragraph below the title.
SELECT = """passage => {
  const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.data.indexOf(passage);
    if (at < 0 || walk.currentNode.parentElement.closest('header')) continue;
    const range = document.createRange();
    range.setStart(walk.currentNode, at);
    range.setEnd(walk.currentNode, at + passage.length);
    walk.currentNode.parentElement.scrollIntoView({block: 'center'});
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return true;
  }
  return false;
}"""


def select(page: Page, passage: str) -> None:
    assert page.evaluate(SELECT, passage), f"the page does not say {passage}"


# --- a first visitor -----------------------------------------------------------------------------


def test_a_first_visitor_registers_reads_help_and_changes_tongue_and_colours(live: Live) -> None:
    with live.visit(viewport=PHONE, color_scheme="light") as page:
        page.goto("/")
        page.get_by_role("banner").get_by_text("เมนู").click()
        page.get_by_role("banner").get_by_role("link", name="สมัครสมาชิก").click()
        page.get_by_label("ชื่อ", exact=False).and_(page.locator("[autocomplete=name]")).fill(
            "แกนนำกลุ่มออมทรัพย์"
        )
        page.get_by_label("อีเมล").fill("newcomer@example.org")
        page.get_by_label("รหัสผ่าน").fill("วลียาวที่จำง่ายของฉัน")
        page.get_by_role("button", name="สมัคร", exact=True).click()
        page.get_by_role("banner").get_by_text("เมนู").click()
        expect(page.get_by_role("button", name="ออกจากระบบ")).to_be_visible()
        page.get_by_role("banner").get_by_role("link", name="ช่วยเหลือ").click()
        main(page).get_by_role("link", name="AAR").first.click()
        help_page = page.url
        thai = paper(page)

        page.get_by_role("link", name="English").click()
        expect(page).to_have_url(help_page)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("link", name="ภาษาไทย")).to_be_visible()
        page.get_by_role("link", name=in_english("มืด"), exact=True).click()
        expect(page).to_have_url(help_page)
        assert paper(page) != thai
        page.get_by_role("link", name=in_english("สว่าง"), exact=True).click()
        page.get_by_role("link", name="ภาษาไทย").click()
        expect(page).to_have_url(help_page)
        expect(page.locator("html")).to_have_attribute("lang", "th")
        assert paper(page) == thai


def in_english(label: str) -> str:
    with language.speaking("en"):
        return language.gettext(label)


def paper(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
