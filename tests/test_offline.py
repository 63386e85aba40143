"""Reading without a connection, and never another person's pages, on a device that many share."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from kms import notes
from kms.note_kinds import Review
from tests.cast import PASSWORD
from tests.live import Live, sign_in
from tests.slow_line import line_to
from tests.stories import a_review

pytestmark = pytest.mark.browser

SECRET = "คำที่มีแต่ผู้จัดเวทีเท่านั้นที่อ่านได้"
SHARED = "คำที่สมาชิกอ่านได้"
KEPT_LINE = "เปิดจากที่เก็บไว้ในเครื่องนี้"
NO_SIGNAL = "ไม่มีสัญญาณ"

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
    for _ in range(100):
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


def test_the_back_button_shows_nobody_elses_page(live: Live, secret: int) -> None:
    with device(live, "facilitator") as page:
        read(page, f"/notes/{secret}")
        page.context.clear_cookies()
        sign_in_as(page, "researcher")
        while "/notes/" not in page.url:
            page.go_back()
        page.wait_for_load_state()
        assert SECRET not in page.content()


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
        page.evaluate("() => platuOffline.ask('list')")
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
        closed = re.compile(r" /(account|admin|search|signin|register|session|api)|\.json$|history")
        assert not [one for one in paths if closed.search(one) and "places.json" not in one]
