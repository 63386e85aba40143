"""What was finished goes out once, by itself, whatever stood in the way."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from kms import comments, drafts, notes
from kms.models import Comment, Draft, Note
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from tests.live import PHONE, Live, sign_in

pytestmark = pytest.mark.browser

ANSWER = "[name=answers-review]"
ONE_BOX = "/write/aar?questions=one-box"
A_NOTE = re.compile(r"/notes/[0-9]+$")
WAITS = "จะส่งให้เองเมื่อมีสัญญาณ"


@contextmanager
def phone_of(live: Live, who: str = "facilitator") -> Iterator[BrowserContext]:
    context = live.device(who, viewport=PHONE)
    try:
        yield context
    finally:
        context.close()


def opened(context: BrowserContext, address: str = ONE_BOX) -> Page:
    page = context.new_page()
    page.goto(address)
    expect(page.locator("form[data-draft]")).to_have_attribute("data-ready", "")
    return page


def send(page: Page) -> None:
    """Press the way through the form to the button that saves."""
    page.locator("form.writing .actions [value=save]").click()


def write(page: Page, text: str) -> None:
    page.locator(ANSWER).fill(text)
    send(page)


def nothing_waits(page: Page) -> None:
    """The outbox is empty, and the list of what is unfinished says so."""
    page.wait_for_function("platu.outbox.all().then(all => all.length === 0)", polling=100)
    expect(page.get_by_text("ไม่มีงานค้าง")).to_be_visible()


def online(page: Page) -> None:
    """The phone notices by itself; a test need not wait for that."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def said(live: Live) -> list[str]:
    """Every review on the server, in the order they were made, a line each."""
    with live.store.reading() as session:
        made = session.query(Note).filter_by(kind="aar", source="form").order_by(Note.id)
        reviews = [notes.content_of(note).review for note in made]
    return [" / ".join(one.answers.values()) for one in reviews if one]


def a_page(live: Live, body: str = "คำเดิม") -> int:
    content = NoteContent(Kind.PAGE, "หน้าที่คุยกัน", body)
    with live.store.saving() as session:
        return notes.create(session, content, by=live.cast.facilitator).number


def comments_on(live: Live, number: int) -> list[str]:
    with live.store.reading() as session:
        return [one.body for one in comments.threads(session, number, seen_by=SYSTEM)]


@pytest.fixture(autouse=True)
def _an_empty_desk(live: Live) -> Iterator[None]:
    yield
    with live.store.sessions() as session:
        for kind in (Comment, Draft, Note):
            session.query(kind).filter(*([Note.source == "form"] if kind is Note else [])).delete()
        session.commit()


def test_a_finished_review_goes_to_its_note_and_leaves_nothing_behind(live: Live) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto(ONE_BOX)
        write(page, "ส่งตามปกติ")
        page.wait_for_url(A_NOTE)
        expect(page.get_by_text("บันทึกแล้ว ขอบคุณที่แบ่งปัน")).to_be_visible()
        page.goto("/drafts")
        nothing_waits(page)
        assert page.evaluate("platu.drafts.all().then(all => all.length)") == 0
        assert said(live) == ["ส่งตามปกติ"]


def test_a_review_finished_in_a_dead_spot_goes_by_itself_after_the_tab_is_closed(
    live: Live,
) -> None:
    with phone_of(live) as context:
        page = opened(context)
        context.set_offline(True)
        write(page, "เขียนบนรถ")
        expect(page.get_by_text(WAITS)).to_be_visible()
        expect(page.locator("#waiting")).to_have_text("รอส่ง 1")
        page.close()
        context.set_offline(False)
        home = context.new_page()
        home.goto("/about")
        expect(home.get_by_role("link", name="ส่งให้แล้ว: เขียนบนรถ")).to_be_visible()
        expect(home.locator("#waiting")).to_be_hidden()
        assert said(live) == ["เขียนบนรถ"]


def test_a_review_is_begun_closed_gone_on_with_and_finished_without_a_connection(
    live: Live,
) -> None:
    with phone_of(live) as context:
        page = opened(context, "/write/aar")
        page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        page.reload()
        expect(page.locator("form[data-draft]")).to_have_attribute("data-ready", "")
        context.set_offline(True)
        page.locator(ANSWER).fill("เริ่มบนรถ")
        expect(page.locator("#save-state")).to_have_text("อยู่ในเครื่องนี้เท่านั้น")
        address = page.url
        page.close()
        page = opened(context, address)
        expect(page.locator(ANSWER)).to_have_value("เริ่มบนรถ")
        write(page, "เริ่มบนรถ จบที่บ้านยาย")
        expect(page.get_by_text(WAITS)).to_be_visible()
        page.goto("/drafts")
        expect(page.get_by_text("เริ่มบนรถ จบที่บ้านยาย")).to_be_visible()
        page.close()
        context.set_offline(False)
        context.new_page().goto("/about")
        expect(context.pages[-1].locator("#waiting")).to_be_hidden()
        page = opened(context)
        expect(page.locator("#own-drafts")).to_have_count(0)
        page.goto("/drafts")
        nothing_waits(page)
        assert said(live) == ["เริ่มบนรถ จบที่บ้านยาย"]


def test_items_go_in_the_order_they_were_finished(live: Live) -> None:
    with phone_of(live) as context:
        pages = [opened(context) for _n in range(3)]
        context.set_offline(True)
        for at, page in enumerate(pages):
            write(page, f"เรื่องที่ {at}")
            expect(page.get_by_text(WAITS)).to_be_visible()
        expect(pages[2].locator("#waiting")).to_have_text("รอส่ง 3")
        context.set_offline(False)
        expect(pages[2].locator("#waiting")).to_be_hidden()
        expect(pages[0].locator("#waiting")).to_be_hidden()
        assert said(live) == ["เรื่องที่ 0", "เรื่องที่ 1", "เรื่องที่ 2"]


def test_an_answer_lost_on_the_way_back_saves_once(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route("**/write/aar", lose_the_answer)
        write(page, "คำตอบหายกลางทาง")
        expect(page.get_by_text(WAITS)).to_be_visible()
        assert said(live) == ["คำตอบหายกลางทาง"]
        page.unroute("**/write/aar")
        online(page)
        page.wait_for_url(A_NOTE)
        assert said(live) == ["คำตอบหายกลางทาง"]


def test_a_page_of_a_wifi_portal_is_no_answer(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        portal = "<h1>ซื้อชั่วโมงเน็ต</h1>"
        page.route(
            "**/write/aar", lambda route: route.fulfill(body=portal, content_type="text/html")
        )
        write(page, "ผ่านไวไฟตลาด")
        expect(page.get_by_text(WAITS)).to_be_visible()
        page.unroute("**/write/aar")
        online(page)
        page.wait_for_url(A_NOTE)
        assert said(live) == ["ผ่านไวไฟตลาด"]


def test_a_server_killed_while_it_saves_gets_the_words_once_when_it_is_back(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        live.server.kill()
        try:
            write(page, "ไฟดับตอนกดส่ง")
            expect(page.get_by_text(WAITS)).to_be_visible()
        finally:
            live.server.start()
        online(page)
        page.wait_for_url(A_NOTE)
        assert said(live) == ["ไฟดับตอนกดส่ง"]


def test_a_lapsed_session_waits_for_its_writer_and_then_goes_by_itself(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(ANSWER).fill("เขียนก่อนหลุด")
        context.clear_cookies()
        send(page)
        expect(page.get_by_text("ยังไม่ได้ส่ง เพราะออกจากระบบไปแล้ว")).to_be_visible()
        with context.expect_page() as opening:
            page.locator("[data-why] a").click()
        tab = opening.value
        sign_in(tab, "facilitator")
        tab.wait_for_url("**/drafts")
        nothing_waits(tab)
        assert said(live) == ["เขียนก่อนหลุด"]


def test_words_of_one_account_never_go_out_as_another(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(ANSWER).fill("ของผู้จัดเท่านั้น")
        context.clear_cookies()
        tab = context.new_page()
        tab.goto("/signin")
        sign_in(tab, "commenter")
        tab.wait_for_url(re.compile(r"(?<!/signin)$"))
        send(page)
        expect(page.get_by_text("เข้าสู่ระบบแล้วจะส่งให้เอง")).to_be_visible()
        tab.goto("/drafts")
        nothing_waits(tab)
        assert said(live) == []
        context.clear_cookies()
        tab.goto("/signin")
        sign_in(tab, "facilitator")
        tab.wait_for_url(re.compile(r"(?<!/signin)$"))
        tab.goto("/drafts")
        nothing_waits(tab)
        assert said(live) == ["ของผู้จัดเท่านั้น"]


def test_a_refusal_on_screen_shows_the_servers_own_page_with_every_word(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context, "/write/minutes")
        page.locator("[name=title]").fill("ประชุมที่ลืมวันที่")
        page.evaluate("document.querySelector('form.writing').requestSubmit()")
        expect(page.locator("#problems")).to_be_visible()
        expect(page.locator("[name=title]")).to_have_value("ประชุมที่ลืมวันที่")
        expect(page.locator("#waiting")).to_be_hidden()
        page.evaluate(SET, ["held", "18 ธ.ค. 2550"])
        page.evaluate("document.querySelector('form.writing').requestSubmit()")
        page.wait_for_url(A_NOTE)
        page.goto("/drafts")
        nothing_waits(page)


def test_a_refusal_later_keeps_the_words_says_why_and_blocks_nobody(live: Live) -> None:
    with phone_of(live) as context:
        minutes, review = opened(context, "/write/minutes"), opened(context)
        context.set_offline(True)
        minutes.evaluate(SET, ["title", "ประชุมที่ลืมวันที่"])
        minutes.evaluate("document.querySelector('form.writing').requestSubmit()")
        expect(minutes.get_by_text(WAITS)).to_be_visible()
        minutes.close()
        write(review, "ไปต่อได้")
        expect(review.get_by_text(WAITS)).to_be_visible()
        review.close()
        context.set_offline(False)
        page = context.new_page()
        page.goto("/drafts")
        expect(page.get_by_text("ส่งไม่ได้:")).to_contain_text("จุดที่ต้องแก้")
        expect(page.locator("#waiting")).to_have_text("ส่งไม่ได้ 1")
        assert said(live) == ["ไปต่อได้"]
        page.get_by_role("link", name="เปิดแก้").click()
        expect(page.locator("[name=title]")).to_have_value("ประชุมที่ลืมวันที่")
        page.evaluate(SET, ["held", "18 ธ.ค. 2550"])
        page.evaluate("document.querySelector('form.writing').requestSubmit()")
        page.wait_for_url(A_NOTE)
        with live.store.reading() as session:
            assert session.query(Note).filter_by(kind="minutes", source="form").count() == 1
        page.goto("/drafts")
        nothing_waits(page)


def test_what_waits_can_be_taken_back_and_changed_before_it_goes(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        context.set_offline(True)
        write(page, "ยังไม่ครบ")
        expect(page.get_by_text(WAITS)).to_be_visible()
        page.get_by_role("button", name="กลับไปแก้").click()
        expect(page.locator(ANSWER)).to_have_value("ยังไม่ครบ")
        expect(page.locator("#waiting")).to_be_hidden()
        context.set_offline(False)
        write(page, "ยังไม่ครบ ตอนนี้ครบแล้ว")
        page.wait_for_url(A_NOTE)
        assert said(live) == ["ยังไม่ครบ ตอนนี้ครบแล้ว"]


def test_a_form_opened_again_says_that_its_words_wait(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(ANSWER).fill("รออยู่")
        expect(page.locator("#save-state")).to_contain_text("อยู่บนเซิร์ฟเวอร์")
        context.route(
            "**/write/aar",
            lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
        )
        send(page)
        expect(page.get_by_text(WAITS)).to_be_visible()
        address = page.url
        page.close()
        again = opened(context, address)
        expect(again.get_by_text(WAITS)).to_be_visible()
        context.unroute("**/write/aar")
        online(again)
        again.wait_for_url(A_NOTE)
        assert said(live) == ["รออยู่"]


def test_an_impatient_writer_who_presses_three_times_sends_once(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        page.locator(ANSWER).fill("กดรัว")
        page.evaluate(
            "for (let n = 0; n < 3; n += 1) document.querySelector('form.writing').requestSubmit()"
        )
        page.wait_for_url(A_NOTE)
        assert said(live) == ["กดรัว"]


@pytest.mark.parametrize("locks", [True, False])
def test_two_tabs_that_wake_together_send_once(live: Live, locks: bool) -> None:
    with phone_of(live) as context:
        if not locks:
            context.add_init_script(
                "Object.defineProperty(navigator, 'locks', { value: undefined })"
            )
        page = opened(context)
        context.set_offline(True)
        write(page, "สองแท็บ")
        expect(page.get_by_text(WAITS)).to_be_visible()
        context.set_offline(False)
        others = [context.new_page() for _n in range(3)]
        for other in others:
            other.goto("/about", wait_until="commit")
        online(page)
        page.wait_for_url(A_NOTE)
        for other in others:
            other.wait_for_load_state()
            expect(other.locator("#waiting")).to_be_hidden()
        assert said(live) == ["สองแท็บ"]


def test_the_same_form_on_two_devices_becomes_one_note(live: Live) -> None:
    with phone_of(live) as phone, phone_of(live) as computer:
        here = opened(phone)
        here.locator(ANSWER).fill("สองเครื่อง")
        expect(here.locator("#save-state")).to_contain_text("อยู่บนเซิร์ฟเวอร์")
        there = opened(computer, here.url)
        expect(there.locator(ANSWER)).to_have_value("สองเครื่อง")
        send(here)
        here.wait_for_url(A_NOTE)
        send(there)
        there.wait_for_url(A_NOTE)
        assert here.url == there.url
        assert said(live) == ["สองเครื่อง"]


def test_the_form_behind_the_back_button_is_a_new_one(live: Live) -> None:
    with phone_of(live) as context:
        page = opened(context)
        write(page, "เรื่องแรก")
        page.wait_for_url(A_NOTE)
        page.go_back()
        expect(page.locator(ANSWER)).to_have_value("")
        expect(page.locator("form[data-draft]")).to_have_attribute("data-ready", "")
        write(page, "เรื่องที่สอง")
        page.wait_for_url(A_NOTE)
        assert said(live) == ["เรื่องแรก", "เรื่องที่สอง"]


def test_a_revision_waits_and_becomes_the_next_revision(live: Live) -> None:
    number = a_page(live)
    with phone_of(live) as context:
        page = opened(context, f"/notes/{number}/edit")
        context.set_offline(True)
        page.locator("[name=body]").fill("คำเดิม และคำใหม่")
        page.evaluate("document.querySelector('form.writing').requestSubmit()")
        expect(page.get_by_text(WAITS)).to_be_visible()
        context.set_offline(False)
        online(page)
        page.wait_for_url(f"**/notes/{number}")
        with live.store.reading() as session:
            note = notes.get(session, number, seen_by=SYSTEM)
            assert (note.revision, note.body) == (2, "คำเดิม และคำใหม่")


def test_a_comment_waits_and_is_said_once(live: Live) -> None:
    number = a_page(live)
    with phone_of(live, "commenter") as context:
        page = opened(context, f"/notes/{number}")
        page.locator("[name=body]").fill("เห็นด้วย\nแต่มีคำถาม")
        expect(page.locator("#save-state")).to_contain_text("อยู่บนเซิร์ฟเวอร์")
        page.reload()
        expect(page.locator("[name=body]")).to_have_value("เห็นด้วย\nแต่มีคำถาม")
        context.set_offline(True)
        page.get_by_role("button", name="ส่งความเห็น").click()
        expect(page.get_by_text(WAITS)).to_be_visible()
        context.set_offline(False)
        online(page)
        expect(page.locator(".comment-body")).to_contain_text("แต่มีคำถาม")
        expect(page.locator("[name=body]")).to_have_value("")
        assert [one.split() for one in comments_on(live, number)] == [["เห็นด้วย", "แต่มีคำถาม"]]
        with live.store.reading() as session:
            assert drafts.of_owner(session, live.cast.commenter) == []


def test_without_scripts_a_form_saves_as_ever(live: Live) -> None:
    with live.visit("facilitator", java_script_enabled=False) as page:
        page.goto(ONE_BOX)
        page.locator(ANSWER).fill("ไม่มีสคริปต์")
        page.get_by_role("button", name="เก็บร่างไว้ก่อน").click()
        expect(page.locator("#save-state")).to_contain_text("อยู่บนเซิร์ฟเวอร์")
        page.locator("form.writing .actions [value=save]").click()
        page.wait_for_url(A_NOTE)
        assert said(live) == ["ไม่มีสคริปต์"]
        page.goto("/drafts")
        expect(page.get_by_text("ไม่มีงานค้าง")).to_be_visible()


SET = """([name, text]) => {
  const field = document.querySelector(`[name="${name}"]`);
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}"""
