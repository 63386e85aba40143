"""Reading without a connection, and never another person's pages, on a device that many share."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from kms import attachments, notes
from kms.note_kinds import AttachedFile, Review
from tests.cast import PASSWORD
from tests.files import jpeg
from tests.live import PHONE, Live, sign_in
from tests.slow_line import line_to
from tests.stories import a_review
from tests.test_accessibility import look_in_every_way

pytestmark = pytest.mark.browser

SECRET = "คำที่มีแต่ผู้จัดเวทีเท่านั้นที่อ่านได้"
SHARED = "คำที่สมาชิกอ่านได้"
KEPT_LINE = "เปิดจากที่เก็บไว้ในเครื่องนี้"
NO_SIGNAL = "ไม่มีสัญญาณ"
KEPT_WITHIN_S = 30

EVERYTHING_KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      found.push(name + ' ' + request.url + ' ' + await answer.text());
    }
  }
  return found;
}"""
PATHS_KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) {
      found.push(name + ' ' + request.url.replace(location.origin, ''));
    }
  }
  return found.sort();
}"""
AT_WORK = "() => navigator.serviceWorker && navigator.serviceWorker.controller !== null"


@pytest.fixture(scope="module")
def secret(live: Live) -> int:
    """A draft that only the facilitator may read."""
    with live.store.saving() as session:
        review = a_review(visibility="draft", review=Review("one-box", {"review": SECRET}))
        return notes.create(session, review, by=live.cast.facilitator).number


@pytest.fixture(scope="module")
def shared(live: Live) -> int:
    """A note that everyone who is signed in may read."""
    with live.store.saving() as session:
        review = a_review(visibility="members", review=Review("one-box", {"review": SHARED}))
        return notes.create(session, review, by=live.cast.facilitator).number


@pytest.fixture(scope="module")
def pictured(live: Live, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A note with a photo."""
    photo = tmp_path_factory.mktemp("photo") / "photo.jpg"
    photo.write_bytes(jpeg())
    brought = attachments.bring(live.store.files, photo, "วง.jpg", most_bytes=1024**2)
    with live.store.saving() as session:
        key = attachments.add(session, brought, by=live.cast.facilitator).key
        review = a_review(visibility="members", attachments=(AttachedFile(key, "วงคุย"),))
        return notes.create(session, review, by=live.cast.facilitator).number


@contextmanager
def device(live: Live, who: str = "", **options: object) -> Iterator[Page]:
    """A page of a device on which the worker is at work."""
    context = live.device(who, **options)
    page = context.new_page()
    page.goto("/help")
    # The first visit of all waits for a server that reads its places.
    page.wait_for_function(AT_WORK, timeout=60_000)
    yield page
    context.close()


def without_connection(page: Page) -> None:
    page.context.set_offline(True)


def with_connection(page: Page) -> None:
    page.context.set_offline(False)


def read(page: Page, address: str) -> None:
    """Open a page and wait until it is kept."""
    page.goto(address)
    kept(page, lambda paths: any(path.endswith(" " + address) for path in paths))


def kept(page: Page, holds: Callable[[list[str]], bool]) -> None:
    """Wait until what the device keeps is so."""
    end = time.monotonic() + KEPT_WITHIN_S
    while time.monotonic() < end:
        if holds(page.evaluate(PATHS_KEPT)):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never so: {page.evaluate(PATHS_KEPT)}")


def sign_out(page: Page) -> None:
    page.goto("/help")
    page.locator(".masthead-account summary").click()
    page.locator(".masthead-account").get_by_role("button", name="ออกจากระบบ").click()
    page.wait_for_url(re.compile(r"/$"))


def sign_in_as(page: Page, who: str) -> None:
    page.goto("/signin")
    sign_in(page, who)
    page.wait_for_url(re.compile(r"(?<!/signin)$"))


def nothing_of_it(page: Page, words: str = SECRET) -> None:
    """The words are in no cache, and no way of opening the note shows them."""
    assert not [one for one in page.evaluate(EVERYTHING_KEPT) if words in one]


# --- never another person's pages -----------------------------------------------------------------


def test_signing_out_leaves_nothing_private_on_the_device(live: Live, secret: int) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{secret}")
        sign_out(page)
        kept(page, lambda paths: not [one for one in paths if f"/notes/{secret}" in one])
        nothing_of_it(page)
        without_connection(page)
        page.goto(f"/notes/{secret}")
        expect(page.get_by_role("heading", level=1)).to_have_text(NO_SIGNAL)
        assert SECRET not in page.content()
        page.go_back()
        page.go_back()
        assert SECRET not in page.content()


def test_the_next_person_never_meets_the_pages_of_the_one_before(
    live: Live, secret: int, shared: int
) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{secret}")
        read(page, f"/notes/{shared}")
        # A session that ended by itself: nobody signed out here.
        page.context.clear_cookies()
        page.goto("/help")
        sign_in_as(page, "researcher")
        page.goto("/help")
        nothing_of_it(page)
        former = f"-{live.cast.facilitator.account_id} "
        assert not [one for one in page.evaluate(PATHS_KEPT) if former in one]
        answer = page.goto(f"/notes/{secret}")
        assert answer is not None and answer.status == 404
        without_connection(page)
        page.goto(f"/notes/{shared}")
        expect(page.get_by_role("heading", level=1)).to_have_text(NO_SIGNAL)
        for _ in range(4):
            page.go_back()
            assert SECRET not in page.content()


@pytest.mark.parametrize("alone", ["worker", "script"])
def test_the_back_button_shows_nobody_elses_page(live: Live, secret: int, alone: str) -> None:
    """Either of the two that see to it is enough."""
    context = live.device("facilitator", service_workers="block" if alone == "script" else "allow")
    page = context.new_page()
    page.goto("/help")
    if alone == "worker":
        page.wait_for_function(AT_WORK, timeout=60_000)
    page.goto(f"/notes/{secret}")
    context.clear_cookies()
    sign_in_as(page, "researcher")
    if alone == "worker":
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setScriptExecutionDisabled", {"value": True})
    for _step in range(4):
        if "/notes/" in page.url:
            break
        page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("ไม่พบหน้านี้")
    assert SECRET not in page.content()
    context.close()


def test_a_slow_answer_of_one_person_is_not_kept_for_the_next(live: Live, secret: int) -> None:
    with line_to(live.url) as line, device(live, "facilitator", base_url=line.url) as page:
        slow = page.context.new_page()
        slow.goto("/help")
        # The worker's own request: it goes on when the tab is gone.
        line.hold_back(f"/notes/{secret}")
        slow.evaluate(f"() => {{ platuOffline.ask('save', {{ path: '/notes/{secret}' }}); }}")
        line.wait()
        page.context.clear_cookies()
        sign_in_as(page, "researcher")
        line.let_go()
        own = f"-{live.cast.researcher.account_id} "
        for _ in range(15):
            nothing_of_it(page)
            page.wait_for_timeout(100)
        assert [one for one in page.evaluate(PATHS_KEPT) if own in one]
        read(page, "/help/start")
        nothing_of_it(page)


def test_a_tab_of_the_one_before_goes_out_of_sight(live: Live, secret: int) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{secret}")
        other = page.context.new_page()
        sign_out(other)
        expect(page.locator("body")).not_to_contain_text(SECRET)


def test_a_session_that_lapsed_leaves_kept_pages_to_their_owner(live: Live, secret: int) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{secret}")
        page.context.clear_cookies()
        page.goto("/help")
        without_connection(page)
        page.goto(f"/notes/{secret}")
        expect(page.get_by_role("main")).to_contain_text(SECRET)


def test_a_session_ended_on_another_device_takes_the_kept_pages(live: Live, secret: int) -> None:
    with device(live, "commenter") as page:
        page.goto("/mine")
        account = live.cast.commenter.account_id
        kept(page, lambda paths: f"platu-read-{account} /mine" in paths)
        with live.visit("commenter") as elsewhere:
            change_password(elsewhere, PASSWORD, "รหัสใหม่ยาวพอสำหรับทดสอบ")
            page.goto("/help/start")
            kept(page, lambda paths: not [one for one in paths if f"read-{account}" in one])
            change_password(elsewhere, "รหัสใหม่ยาวพอสำหรับทดสอบ", PASSWORD)


def change_password(page: Page, old: str, new: str) -> None:
    page.goto("/account/password")
    page.locator("[name=current_password]").fill(old)
    page.locator("[name=new_password]").fill(new)
    page.get_by_role("main").locator("button[type=submit]").last.click()
    page.wait_for_url(re.compile("/account$"))


def test_a_note_that_was_taken_away_is_not_read_from_the_device(live: Live) -> None:
    with live.store.saving() as session:
        note = notes.create(session, a_review(), by=live.cast.facilitator).number
    with device(live, "researcher") as page:
        read(page, f"/notes/{note}")
        with live.store.saving() as session:
            found = notes.get_for_revision(session, note, by=live.cast.facilitator)
            notes.change_visibility(session, found, "draft", by=live.cast.facilitator)
        page.goto(f"/notes/{note}")
        kept(page, lambda paths: not [one for one in paths if one.endswith(f"/notes/{note}")])


def test_pages_of_the_account_and_the_doors_are_never_kept(live: Live) -> None:
    with device(live, "administrator") as page:
        for address in ("/account", "/admin", "/search?q=กองทุน", "/signin", "/notes/1/history"):
            page.goto(address)
        read(page, "/help/start")
        paths = page.evaluate(PATHS_KEPT)
        closed = re.compile(
            r" /(account|admin|search|signin|register|session|api)|\.json$|/history$"
        )
        assert not [one for one in paths if closed.search(one) and "places.json" not in one]


def test_signing_out_without_a_connection_forgets_at_once_and_is_made_good(
    live: Live, secret: int
) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{secret}")
        without_connection(page)
        page.locator(".masthead-account summary").click()
        page.locator(".masthead-account").get_by_role("button", name="ออกจากระบบ").click()
        page.wait_for_url(re.compile("/offline$"))
        expect(page.get_by_role("status").filter(has_text="เมื่อมีสัญญาณ")).to_be_visible()
        nothing_of_it(page)
        page.goto(f"/notes/{secret}")
        expect(page.get_by_role("heading", level=1)).to_have_text(NO_SIGNAL)
        with_connection(page)
        # The page that could not be had is asked for again, and that ends the session.
        page.wait_for_url(re.compile("[0-9]/$"))
        expect(page.locator("html")).not_to_have_attribute("data-account", re.compile("."))


# --- reading --------------------------------------------------------------------------------------


def test_a_note_once_read_opens_without_a_connection_and_says_so(live: Live, shared: int) -> None:
    with device(live, "researcher", viewport=PHONE) as page:
        read(page, f"/notes/{shared}")
        without_connection(page)
        page.goto(f"/notes/{shared}?reply_to=1")
        expect(page.get_by_role("main")).to_contain_text(SHARED)
        line = page.get_by_role("status").filter(has_text=KEPT_LINE)
        expect(line).to_have_text(re.compile(r"เมื่อ \d\d:\d\d น\. ตอนนี้ไม่มีสัญญาณ$"))
        assert style_sheet_is_there(page)
        with_connection(page)
        expect(line).to_be_hidden()
        page.get_by_role("link", name="มีสัญญาณแล้ว เปิดฉบับล่าสุด").click()
        expect(page.locator("html")).not_to_have_attribute("data-kept", re.compile("."))


def style_sheet_is_there(page: Page) -> bool:
    width = page.evaluate("getComputedStyle(document.body).borderTopWidth")
    return bool(width == "5px")


def test_a_lost_connection_is_said_on_the_open_page_and_taken_back(live: Live) -> None:
    with device(live) as page:
        without_connection(page)
        said = page.get_by_role("status").filter(has_text="ตอนนี้ไม่มีสัญญาณ")
        expect(said).to_be_visible()
        with_connection(page)
        expect(said).to_be_hidden()


def test_nobody_behind_a_proxy_is_no_connection(live: Live, shared: int) -> None:
    with line_to(live.url) as line, device(live, "researcher", base_url=line.url) as page:
        read(page, f"/notes/{shared}")
        line.dead(502)
        page.goto(f"/notes/{shared}")
        expect(page.get_by_role("main")).to_contain_text(SHARED)
        page.goto("/people")
        expect(page.get_by_role("heading", level=1)).to_have_text(NO_SIGNAL)
        expect(page.get_by_role("link", name="AAR เวทีตำบลหูล่อง").first).to_be_visible()
        line.dead(0)
        page.get_by_role("link", name="ลองอีกครั้ง").click()
        expect(page).to_have_url(re.compile("/people$"))
        expect(page.get_by_role("heading", level=1)).not_to_have_text(NO_SIGNAL)


def test_a_slow_line_shows_the_kept_copy_and_offers_the_newer_page(live: Live, shared: int) -> None:
    with line_to(live.url) as line, device(live, "researcher", base_url=line.url) as page:
        read(page, f"/notes/{shared}")
        line.hold_back(f"/notes/{shared}")
        page.goto(f"/notes/{shared}")
        expect(page.get_by_role("main")).to_contain_text(SHARED)
        expect(page.get_by_role("status").filter(has_text="สัญญาณช้า")).to_be_visible()
        line.let_go()
        expect(page.get_by_role("link", name="มีสัญญาณแล้ว เปิดฉบับล่าสุด")).to_be_visible()


def test_a_note_kept_by_hand_stays_until_it_is_taken_off(live: Live, shared: int) -> None:
    with device(live, "researcher") as page:
        read(page, f"/notes/{shared}")
        page.locator(".note-menu summary").click()
        page.get_by_role("button", name="เก็บไว้อ่านเมื่อไม่มีสัญญาณ").click()
        button = page.get_by_role("button", name="เก็บไว้ในเครื่องแล้ว")
        expect(button).to_have_attribute("aria-pressed", "true")
        page.goto("/offline")
        expect(page.locator("#kept-saved").get_by_role("link")).to_have_count(1)
        page.goto(f"/notes/{shared}")
        page.locator(".note-menu summary").click()
        button.click()
        expect(page.get_by_role("button", name="เก็บไว้อ่านเมื่อไม่มีสัญญาณ")).to_be_visible()
        page.goto("/offline")
        expect(page.locator("#kept-saved")).to_be_hidden()
        expect(page.locator("#kept-read").get_by_role("link")).to_have_count(1)


def test_a_kept_note_keeps_its_pictures_and_no_longer_than_itself(
    live: Live, pictured: int
) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{pictured}")
        page.locator(".note-menu summary").click()
        page.get_by_role("button", name="เก็บไว้อ่านเมื่อไม่มีสัญญาณ").click()
        expect(page.get_by_role("button", name="เก็บไว้ในเครื่องแล้ว")).to_be_visible()
        shelf = f"platu-saved-{live.cast.facilitator.account_id}"
        kept(page, lambda paths: any(one.startswith(f"{shelf} /attachments/") for one in paths))
        without_connection(page)
        page.goto(f"/notes/{pictured}")
        page.locator(".gallery img").scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelector('.gallery img').naturalWidth > 0")
        with_connection(page)
        page.goto(f"/notes/{pictured}")
        page.locator(".note-menu summary").click()
        page.get_by_role("button", name="เก็บไว้ในเครื่องแล้ว").click()
        kept(page, lambda paths: not [one for one in paths if "/attachments/" in one])


def test_only_the_last_sixty_notes_stay(live: Live) -> None:
    with live.store.reading() as session:
        numbers = [card.number for card in notes.newest(session, seen_by=live.cast.anonymous)[1]]
    with device(live) as page:
        read(page, f"/notes/{numbers[0]}")
        page.evaluate("""async () => {
          const cache = await caches.open('platu-read-0');
          for (let n = 9001; n <= 9065; n += 1) await cache.put('/notes/' + n, new Response('เก่า'));
        }""")
        read(page, f"/notes/{numbers[1]}")
        kept(page, lambda paths: len([one for one in paths if "/notes/" in one]) == 60)
        assert f"platu-read-0 /notes/{numbers[1]}" in page.evaluate(PATHS_KEPT)


# --- writing --------------------------------------------------------------------------------------


def test_every_form_opens_without_a_connection_though_it_was_never_opened(live: Live) -> None:
    with device(live, "facilitator", viewport=PHONE) as page:
        kept(page, lambda paths: any("places.json" in one for one in paths))
        without_connection(page)
        page.goto("/write/minutes")
        expect(page.get_by_role("heading", name="จดบันทึกการประชุม")).to_be_visible()
        page.goto("/write/aar?questions=thai-km")
        first = page.locator("form[data-draft]").first.get_attribute("data-draft")
        assert page.locator("[name=questions]").first.input_value() == "thai-km"
        assert page.locator("form.writing [name=client_id]").input_value() == first
        page.goto("/write/aar?questions=thai-km")
        again = page.locator("form[data-draft]").first.get_attribute("data-draft")
        assert again != first, "a second form would overwrite what the first one sent"
        # Also where scripts, which give a form an id of its own, never come to run.
        devtools = page.context.new_cdp_session(page)
        devtools.send("Emulation.setScriptExecutionDisabled", {"value": True})
        ids = [opened_form(page, "/write/minutes") for _ in range(2)]
        assert ids[0] != ids[1]
        assert opened_form(page, f"/write/minutes?draft={ids[0]}") == ids[0]
        devtools.send("Emulation.setScriptExecutionDisabled", {"value": False})
        page.goto("/write/aar")
        field = page.locator("textarea:visible").first
        field.fill("เขียนกลางทาง ไม่มีสัญญาณเลย")
        expect(page.locator("#save-state")).to_contain_text("อยู่ในเครื่องนี้เท่านั้น")
        page.reload()
        expect(field).to_have_value("เขียนกลางทาง ไม่มีสัญญาณเลย")
        page.goto("/themes")
        waiting = page.locator("#kept-waiting").get_by_role("link", name="เขียนกลางทาง")
        waiting.click()
        expect(field).to_have_value("เขียนกลางทาง ไม่มีสัญญาณเลย")


def opened_form(page: Page, address: str) -> str:
    """The id that the form has as it comes."""
    page.goto(address)
    found = re.search(r'name="client_id" value="([^"]+)"', page.content())
    assert found and f'data-draft="{found[1]}"' in page.content()
    return found[1]


PLACES_TYPED = (
    "หูล่อง",
    "ต.หู",
    "หู ปากพนัง",
    "อำเภอเมือง",
    "เมืองคอน",
    "บาง",
    "จ.นคร",
    "พระนคร",
    "กทม",
    "ไม่มีที่นี่",
)
SUGGESTED = """async (words) => (await (await fetch(
  '/suggest?what=place&q=' + encodeURIComponent(words))).json())"""


def test_places_are_offered_without_a_connection_as_the_server_would(live: Live) -> None:
    with device(live, "facilitator") as page:
        kept(page, lambda paths: any("places.json" in one for one in paths))
        told = [page.evaluate(SUGGESTED, words) for words in PLACES_TYPED]
        without_connection(page)
        assert [page.evaluate(SUGGESTED, words) for words in PLACES_TYPED] == told
        assert told[0]


def test_nothing_is_fetched_ahead_for_someone_who_saves_data(live: Live) -> None:
    context = live.device("facilitator")
    context.add_init_script(
        "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"
    )
    page = context.new_page()
    page.goto("/help")
    page.wait_for_function(AT_WORK)
    page.goto("/help/start")
    page.wait_for_timeout(3000)
    assert not [one for one in page.evaluate(PATHS_KEPT) if "/write" in one or "places" in one]
    context.close()


# --- the worker and its frame ---------------------------------------------------------------------


def test_what_is_kept_can_be_looked_up_with_and_without_a_connection(live: Live) -> None:
    with device(live, "facilitator", viewport=PHONE, reduced_motion="reduce") as page:
        read(page, "/help/start")
        kept(page, lambda paths: any(one.endswith("/write/note") for one in paths))
        page.goto("/offline")
        expect(page.get_by_role("link", name="AAR")).to_be_visible()
        assert not look_in_every_way(page)
        without_connection(page)
        page.goto("/places")
        expect(page.get_by_role("heading", level=1)).to_have_text(NO_SIGNAL)
        assert not look_in_every_way(page)
        with_connection(page)
        expect(page.get_by_role("heading", level=1)).not_to_have_text(NO_SIGNAL, timeout=20_000)


def test_old_assets_go_unless_a_kept_page_needs_them(live: Live) -> None:
    with device(live, "facilitator") as page:
        page.evaluate("""async () => {
          const assets = await caches.open('platu-assets');
          await assets.put('/static/css/platu.css?v=needed', new Response('old'));
          await assets.put('/static/css/platu.css?v=unneeded', new Response('older'));
          const read = await caches.open('platu-read-0');
          await read.put('/help', new Response('<link href="/static/css/platu.css?v=needed">'));
          const registration = await navigator.serviceWorker.ready;
          await registration.unregister();
        }""")
        page.reload()
        kept(page, lambda paths: not [one for one in paths if one.endswith("unneeded")])
        assert [one for one in page.evaluate(PATHS_KEPT) if one.endswith("v=needed")]


def test_a_new_worker_takes_over_an_open_page(live: Live) -> None:
    with device(live) as page:
        page.evaluate("() => { window.before = navigator.serviceWorker.controller; }")
        # Another language is another list, as other assets are.
        page.evaluate("() => fetch('/language/en?next=/robots.txt')")
        page.evaluate("() => navigator.serviceWorker.getRegistration().then((one) => one.update())")
        page.wait_for_function("() => navigator.serviceWorker.controller !== window.before")
        without_connection(page)
        page.goto("/places")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert style_sheet_is_there(page)


def test_the_browser_finds_nothing_in_the_way_of_installing(live: Live) -> None:
    with device(live) as page:
        devtools = page.context.new_cdp_session(page)
        manifest = devtools.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert '"display":' in manifest["data"]
        found = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
        # The browser of a test is always a private window.
        assert [one["errorId"] for one in found if one["errorId"] != "in-incognito"] == []
