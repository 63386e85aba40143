"""What is typed survives whatever happens to the page, the connection, the server and the clock."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kms import drafts, notes
from kms.models import Draft, Note
from kms.permissions import Viewer
from tests.live import PHONE, Live, sign_in
from tests.test_accessibility import look_in_every_way

pytestmark = pytest.mark.browser

ON_SERVER = re.compile("อยู่บนเซิร์ฟเวอร์ [0-9]{2}:[0-9]{2} น.")
ON_DEVICE = "อยู่ในเครื่องนี้เท่านั้น"
ANSWER = "answers-review"
WRONG_CLOCK = """
const RealDate = Date, off = %d;
Date = class extends RealDate {
  constructor(...given) { if (given.length) super(...given); else super(RealDate.now() + off); }
  static now() { return RealDate.now() + off; }
};
"""


@contextmanager
def phone_of(live: Live, who: str = "facilitator") -> Iterator[BrowserContext]:
    context = live.device(who, viewport=PHONE)
    try:
        yield context
    finally:
        context.close()


def opened(context: BrowserContext, address: str = "/write/aar?questions=one-box") -> Page:
    page = context.new_page()
    page.goto(address)
    return page


# The device has all that stands in the form now, and has told the server.
ALL_TOLD = """() => {
  const form = document.querySelector('form[data-draft]');
  const typed = Array.from(form.querySelectorAll('textarea'), (one) => JSON.stringify(one.value));
  return platu.drafts.get(form.dataset.draft).then(
    (kept) => kept && !kept.dirty && typed.every((one) => kept.text.includes(one)), () => true);
}"""


def state(page: Page) -> None:
    """Wait until the words are on the server, the last one too."""
    page.wait_for_function(ALL_TOLD, polling=100)
    expect(page.locator("#save-state")).to_have_text(ON_SERVER)


def kept(live: Live, who: Viewer) -> list[str]:
    """The title of each draft that the server keeps."""
    with live.store.reading() as session:
        return sorted(one.title for one in drafts.of_owner(session, who))


def written(live: Live, text: str) -> list[str]:
    """The reviews that say this, each as it stands on the server."""
    with live.store.reading() as session:
        every = [notes.content_of(note) for note in session.query(Note).filter_by(kind="aar")]
    said = ["\n".join(one.review.answers.values()) for one in every if one.review]
    return [one for one in said if text in one]


@pytest.fixture(autouse=True)
def _an_empty_desk(live: Live) -> Iterator[None]:
    yield
    with live.store.sessions() as session:
        session.query(Draft).delete()
        session.commit()


def test_words_are_on_this_phone_at_once_and_then_on_the_server(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/write/aar?questions=one-box")
        page.route("**/drafts/*", lambda route: route.abort())
        page.locator(f"[name={ANSWER}]").fill("ประโยคแรก")
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        page.unroute("**/drafts/*")
        page.locator(f"[name={ANSWER}]").fill("ประโยคแรก และประโยคที่สอง")
        state(page)
        assert "draft=" in page.url
        assert kept(live, live.cast.facilitator) == ["ประโยคแรก และประโยคที่สอง"]


def test_a_tab_closed_without_warning_comes_back_with_every_word(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        context.set_offline(True)
        page.locator(f"[name={ANSWER}]").press_sequentially("พิมพ์ทีละตัว")
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        address = page.url
        page.close()
        context.set_offline(False)
        again = opened(context, address)
        expect(again.locator(f"[name={ANSWER}]")).to_have_value("พิมพ์ทีละตัว")
        state(again)
        assert kept(live, live.cast.facilitator) == ["พิมพ์ทีละตัว"]


def test_an_empty_form_offers_the_draft_that_a_closed_tab_left(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        context.set_offline(True)
        page.locator(f"[name={ANSWER}]").fill("เขียนค้างไว้")
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        page.close()
        context.set_offline(False)
        fresh = opened(context)
        fresh.get_by_role("link", name="เขียนค้างไว้").click()
        expect(fresh.locator(f"[name={ANSWER}]")).to_have_value("เขียนค้างไว้")


def test_every_kind_of_field_and_every_row_comes_back(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context, "/write/minutes")
        context.set_offline(True)
        page.evaluate(FILL_MINUTES)
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        before, address = page.evaluate(FIELDS), page.url
        assert len([name for name, _value in before if name.startswith("attendees")]) >= 8
        page.close()
        context.set_offline(False)
        again = opened(context, address)
        state(again)
        assert again.evaluate(FIELDS) == before
        other = opened(context, address)
        assert other.evaluate(FIELDS) == before


def test_answers_of_another_question_set_come_back_to_their_questions(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context, "/write/aar?questions=thai-km")
        context.set_offline(True)
        asked = page.locator(".question textarea")
        names = [one.get_attribute("name") for one in asked.all()]
        for at, name in enumerate(names):
            page.evaluate(SET, [name, f"คำตอบที่ {at}"])
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        draft = page.url.split("draft=")[1]
        page.close()
        context.set_offline(False)
        again = opened(context, f"/write/aar?draft={draft}")
        for at, name in enumerate(names):
            expect(again.locator(f"[name={name}]")).to_have_value(f"คำตอบที่ {at}")
        state(again)


def test_a_killed_server_loses_nothing_and_is_caught_up_with(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(f"[name={ANSWER}]").fill("ก่อนไฟดับ")
        state(page)
        live.server.kill()
        try:
            page.locator(f"[name={ANSWER}]").fill("ก่อนไฟดับ และหลังไฟดับ")
            expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        finally:
            live.server.start()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        state(page)
        assert kept(live, live.cast.facilitator) == ["ก่อนไฟดับ และหลังไฟดับ"]


def test_a_lapsed_session_keeps_the_words_and_goes_on_after_signing_in(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(f"[name={ANSWER}]").fill("ก่อนหลุด")
        state(page)
        context.clear_cookies()
        page.locator(f"[name={ANSWER}]").fill("ก่อนหลุด และหลังหลุด")
        expect(page.locator("#save-state")).to_contain_text("ต้องเข้าสู่ระบบ")
        with context.expect_page() as opening:
            page.locator("#save-state a").click()
        sign_in(opening.value, "facilitator")
        opening.value.wait_for_url("**/drafts")
        opening.value.close()
        page.bring_to_front()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        state(page)
        assert kept(live, live.cast.facilitator) == ["ก่อนหลุด และหลังหลุด"]


@pytest.mark.parametrize("off", [-9 * 365 * 86_400_000, 9 * 365 * 86_400_000])
def test_a_wrong_clock_changes_neither_the_words_nor_the_time_told(live: Live, off: int) -> None:
    with phone_of(live) as context:
        context.add_init_script(WRONG_CLOCK % off)
        page = opened(context)
        page.locator(f"[name={ANSWER}]").fill("นาฬิกาเพี้ยน")
        state(page)
        with live.store.reading() as session:
            line = drafts.of_owner(session, live.cast.facilitator)[0]
        hour = f"{(line.saved_at.hour + 7) % 24:02d}:{line.saved_at.minute:02d}"
        expect(page.locator("#save-state")).to_contain_text(hour)
        page.reload()
        expect(page.locator(f"[name={ANSWER}]")).to_have_value("นาฬิกาเพี้ยน")


def test_two_tabs_of_one_draft_never_write_over_each_other(live: Live) -> None:
    with phone_of(live) as context:
        first = opened(context)
        first.locator(f"[name={ANSWER}]").fill("ร่วมกัน")
        state(first)
        second = opened(context, first.url)
        expect(second.locator(f"[name={ANSWER}]")).to_have_value("ร่วมกัน")
        second.locator(f"[name={ANSWER}]").fill("ร่วมกัน จากแท็บสอง")
        state(second)
        first.locator(f"[name={ANSWER}]").fill("ร่วมกัน จากแท็บแรก")
        expect(first.get_by_text("จึงเก็บเป็นร่างใหม่แยกไว้")).to_be_visible()
        state(first)
        assert kept(live, live.cast.facilitator) == ["ร่วมกัน จากแท็บสอง", "ร่วมกัน จากแท็บแรก"]


def test_two_devices_on_one_draft_both_keep_their_words(live: Live) -> None:
    with phone_of(live) as phone, phone_of(live) as computer:
        here = opened(phone)
        here.locator(f"[name={ANSWER}]").fill("เริ่มบนมือถือ")
        state(here)
        there = opened(computer, here.url)
        expect(there.locator(f"[name={ANSWER}]")).to_have_value("เริ่มบนมือถือ")
        there.locator(f"[name={ANSWER}]").fill("เริ่มบนมือถือ เติมที่คอม")
        state(there)
        here.locator(f"[name={ANSWER}]").fill("เริ่มบนมือถือ เติมบนรถ")
        expect(here.get_by_text("จึงเก็บเป็นร่างใหม่แยกไว้")).to_be_visible()
        state(here)
        here.get_by_role("link", name="เปิดอีกร่าง").click()
        expect(here.locator(f"[name={ANSWER}]")).to_have_value("เริ่มบนมือถือ เติมที่คอม")
        both = ["เริ่มบนมือถือ เติมที่คอม", "เริ่มบนมือถือ เติมบนรถ"]
        assert kept(live, live.cast.facilitator) == both


def test_a_device_that_comes_back_to_newer_words_shows_those(live: Live) -> None:
    with phone_of(live) as phone, phone_of(live) as computer:
        here = opened(phone)
        here.locator(f"[name={ANSWER}]").fill("หนึ่ง")
        state(here)
        address = here.url
        here.close()
        there = opened(computer, address)
        there.locator(f"[name={ANSWER}]").fill("หนึ่ง สอง")
        state(there)
        here = opened(phone, address)
        expect(here.locator(f"[name={ANSWER}]")).to_have_value("หนึ่ง สอง")
        here.locator(f"[name={ANSWER}]").fill("หนึ่ง สอง สาม")
        state(here)
        assert kept(live, live.cast.facilitator) == ["หนึ่ง สอง สาม"]


def test_without_a_database_on_the_device_the_server_alone_is_relied_on(live: Live) -> None:
    with phone_of(live) as context:
        context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
        page = opened(context)
        page.route("**/drafts/*", lambda route: route.abort())
        page.locator(f"[name={ANSWER}]").fill("ไม่มีที่เก็บ")
        expect(page.locator("#save-state")).to_contain_text("เครื่องนี้เก็บคำเองไม่ได้")
        page.unroute("**/drafts/*")
        page.evaluate("window.dispatchEvent(new Event('online'))")
        state(page)
        page.get_by_role("button", name="บันทึก", exact=True).last.click()
        page.wait_for_url("**/notes/*")
        assert written(live, "ไม่มีที่เก็บ") == ["ไม่มีที่เก็บ"]


def test_another_person_on_the_same_phone_meets_nothing(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        context.set_offline(True)
        page.locator(f"[name={ANSWER}]").fill("คำที่ยังไม่ถึงเซิร์ฟเวอร์")
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        address = page.url
        context.set_offline(False)
        context.clear_cookies()
        page.goto("/signin")
        sign_in(page, "commenter")
        page.wait_for_url(re.compile(r"(?<!/signin)$"))
        page.goto(address)
        expect(page.locator(f"[name={ANSWER}]")).to_have_value("")
        page.goto("/drafts")
        expect(page.get_by_text("ไม่มีงานค้าง")).to_be_visible()
        assert kept(live, live.cast.commenter) == []
        context.clear_cookies()
        page.goto("/signin")
        sign_in(page, "facilitator")
        page.wait_for_url(re.compile(r"(?<!/signin)$"))
        page.goto(address)
        expect(page.locator(f"[name={ANSWER}]")).to_have_value("คำที่ยังไม่ถึงเซิร์ฟเวอร์")


def test_signing_out_warns_of_words_that_only_this_device_has(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.route("**/drafts/*", lambda route: route.abort())
        page.locator(f"[name={ANSWER}]").fill("ยังไม่ถึงเซิร์ฟเวอร์")
        expect(page.locator("#save-state")).to_have_text(ON_DEVICE)
        page.locator(".masthead-menu summary").click()
        with page.expect_event("dialog") as asked:
            leave = page.locator(".masthead-menu").get_by_role("button", name="ออกจากระบบ")
            leave.click(no_wait_after=True)
        said = asked.value.message
        asked.value.dismiss()
        page.unroute("**/drafts/*")
        page.evaluate("window.dispatchEvent(new Event('online'))")
        state(page)
        assert "1 เรื่องที่อยู่ในเครื่องนี้เท่านั้น" in said


def test_discarding_on_the_list_is_undone_with_every_word(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(f"[name={ANSWER}]").fill("จะทิ้งแล้วเอากลับ")
        state(page)
        page.goto("/drafts")
        page.get_by_role("button", name="ทิ้งร่าง").click()
        expect(page.get_by_text("เอากลับมาได้ภายใน 7 วัน")).to_be_visible()
        assert kept(live, live.cast.facilitator) == []
        page.get_by_role("button", name="เอากลับมา").click()
        expect(page.get_by_text("เอาร่างกลับมาแล้ว")).to_be_visible()
        page.get_by_role("link", name="เขียนต่อ").click()
        expect(page.locator(f"[name={ANSWER}]")).to_have_value("จะทิ้งแล้วเอากลับ")


def test_unfinished_work_is_open_to_everyone(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(f"[name={ANSWER}]").fill("ร่างหนึ่งเรื่อง")
        state(page)
        page.close()
        page = opened(context, "/write/minutes")
        expect(page.locator("form[data-draft]")).to_have_attribute("data-ready", "")
        page.evaluate(SET, ["title", "ประชุมที่ลืมวันที่"])
        context.set_offline(True)
        page.evaluate("document.querySelector('form.writing').requestSubmit()")
        expect(page.get_by_text("จะส่งให้เองเมื่อมีสัญญาณ")).to_be_visible()
        assert look_in_every_way(page) == []
        page.close()
        context.set_offline(False)
        page = opened(context, "/drafts")
        expect(page.get_by_text("ส่งไม่ได้:")).to_be_visible()
        page.locator("[data-discard] button").last.press("Enter")
        expect(page.get_by_text("เอากลับมาได้ภายใน 7 วัน")).to_be_visible()
        assert look_in_every_way(page) == []


SET = """([name, text]) => {
  const field = document.querySelector(`[name="${name}"]`);
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}"""
FIELDS = """() => Array.from(new FormData(document.querySelector("form.writing")).entries())
  .filter(([name]) => !/^(csrf_token|draft_step|draft_device|.*[-_](code|for))$/.test(name))"""
FILL_MINUTES = """() => {
  const form = document.querySelector("form.writing");
  for (let n = 0; n < 3; n += 1) form.querySelector("[data-rows=attendees] .add-row").click();
  form.querySelector("[data-rows=places] .add-row").click();
  Array.from(form.elements).forEach((field, n) => {
    if (field.type === "checkbox") field.checked = n % 3 === 0;
    else if (field.type === "radio") field.checked = ["draft", "other"].includes(field.value);
    else if (field.tagName === "SELECT") field.selectedIndex = field.options.length - 1;
    else if (["text", "textarea"].includes(field.type)) field.value = "คำที่ " + n;
  });
  form.dispatchEvent(new Event("input", { bubbles: true }));
}"""
