"""How long until someone can write on an old phone: a form over slow 3G with a slow processor.

    python -m bench.form [--times 5] [--slow-down 4]

Chromium as this machine has it (KMS_TEST_CHROMIUM names another), a 360 × 640 phone, nothing in
its cache, the preset "Slow 3G" of its developer tools and a processor so many times slower. A
finger taps where the first answer goes, again and again, and types; the page itself notes when
each of these first worked, in seconds from the beginning of the navigation:

    painted   the first text is on the screen
    typed     a tap into the box and a letter arrive in it
    kept      the page says where that letter is kept

Measure on a machine that does nothing else: the browser and the server share its processors.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright

from bench.pages import EMAIL, PASSWORD
from bench.serving import free_port, serving
from kms import accounts
from kms.saving import migrate, open_store
from kms.settings import read_settings

# The preset as devtools/front_end/core/sdk/NetworkManager.ts has it, in bytes a second.
SLOW_3G = {
    "offline": False,
    "latency": 400 * 5,
    "downloadThroughput": 500 * 1000 / 8 * 0.8,
    "uploadThroughput": 500 * 1000 / 8 * 0.8,
}
PHONE: ViewportSize = {"width": 360, "height": 640}
# A page nobody looks at would be given less of the processor.
OPTIONS = ("--no-sandbox", "--disable-renderer-backgrounding", "--disable-background-networking")
WHERE_THE_ANSWER_GOES = (180, 480)
GIVE_UP_S = 30
MARKS = ("painted", "typed", "kept")

# Runs before any script of the page, and notes the first time of each mark.
WATCH = """(() => {
  const marks = window.formMarks = {};
  const mark = (name) => { marks[name] = marks[name] || performance.now() / 1000; };
  new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    if (one.name === 'first-contentful-paint') marks.painted = one.startTime / 1000;
  })).observe({type: 'paint', buffered: true});
  document.addEventListener('input', (event) => {
    if (event.target.name !== 'answers-review') return;
    mark('typed');
  }, true);
  let first = '';
  new MutationObserver(() => {
    const state = document.getElementById('save-state'), says = state && state.textContent;
    first = first || says || '';
    if (marks.typed && says !== first) mark('kept');
  }).observe(document, {childList: true, subtree: true});
})()"""


def main() -> None:
    """Set up, measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--slow-down", type=float, default=4)
    asked = parser.parse_args()
    with _site() as address, sync_playwright() as playwright:
        path = os.environ.get("KMS_TEST_CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        member = _sign_in(chromium, address)
        runs = [_open(chromium, address, member, asked.slow_down) for _ in range(asked.times)]
        chromium.close()
    print(f"/write/aar, slow 3G, {asked.slow_down:g} times slower, {asked.times} times; seconds")
    for mark in MARKS:
        found = sorted(run[mark] for run in runs)
        print(f"{mark:8} median {median(found):5.2f}   from {found[0]:5.2f} to {found[-1]:5.2f}")


@contextmanager
def _site() -> Iterator[str]:
    """A server of its own with one member; answers its address."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {**os.environ, "KMS_INSTANCE": folder, "KMS_PORT": str(port)}
        settings = read_settings(environment)
        migrate(settings.database_url)
        store = open_store(settings)
        with store.saving() as session:
            accounts.add(session, EMAIL, PASSWORD, "ผู้วัดความเร็ว", permission="member")
        store.close()
        with serving(environment):
            yield f"http://127.0.0.1:{port}"


def _sign_in(chromium: Browser, address: str) -> StorageState:
    context = chromium.new_context(base_url=address, service_workers="block")
    page = context.new_page()
    page.goto("/signin")
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(lambda url: "/signin" not in url)
    # The server has drawn a form before: what is measured is the phone and its connection.
    page.goto("/write/aar")
    kept = context.storage_state()
    context.close()
    return kept


def _open(
    chromium: Browser, address: str, member: StorageState, slow_down: float
) -> dict[str, float]:
    """Open the form with nothing in the cache; seconds until each mark."""
    context = chromium.new_context(
        base_url=address,
        viewport=PHONE,
        is_mobile=True,
        has_touch=True,
        storage_state=member,
        service_workers="block",
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW_3G)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": slow_down})
    page.goto("/write/aar", wait_until="commit", timeout=GIVE_UP_S * 1000)
    marks = _tap_until_kept(page)
    context.close()
    return marks


def _tap_until_kept(page: Page) -> dict[str, float]:
    end = time.monotonic() + GIVE_UP_S
    while time.monotonic() < end:
        marks: dict[str, float] = page.evaluate("window.formMarks || {}")
        if set(MARKS) <= set(marks):
            return marks
        if "painted" in marks and "typed" not in marks:
            page.touchscreen.tap(*WHERE_THE_ANSWER_GOES)
            page.keyboard.insert_text("ก")
        page.wait_for_timeout(10)
    raise SystemExit(f"the form was never ready: {marks}")


if __name__ == "__main__":
    main()
