"""A real server process and a real browser, for tests that do what a person does."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from kms.saving import Store
from tests.cast import PASSWORD, Cast
from tests.demands import missing
from tests.serving import Server

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Live:
    """A site that runs as ``kms serve`` runs it, with the shipped content and the cast."""

    url: str
    store: Store
    cast: Cast
    chromium: Browser
    server: Server

    @contextmanager
    def visit(self, who: str = "", **options: Any) -> Iterator[Page]:
        """A device of its own for one person; ends the test when a page complains meanwhile.

        ``options`` are those of a browser context, such as ``java_script_enabled=False``.
        """
        context = self.device(who, **options)
        page = context.new_page()
        complaints = listen_for_complaints(page)
        try:
            yield page
        finally:
            context.close()
        assert not complaints, complaints

    def device(self, who: str = "", **options: Any) -> BrowserContext:
        """A browser with its own cookies, signed in when ``who`` is named."""
        settings = {"viewport": DESK, "locale": "th-TH", "base_url": self.url, **options}
        context = self.chromium.new_context(**settings)
        context.set_default_timeout(10_000)
        if who:
            page = context.new_page()
            page.goto("/signin")
            sign_in(page, who)
            # A page that is closed while it still navigates may never say that it is closed.
            page.wait_for_url(re.compile(r"(?<!/signin)$"))
            page.close()
        return context


def sign_in(page: Page, who: str) -> None:
    """Fill the form that the page shows."""
    page.get_by_label("อีเมล").fill(Cast.email(who))
    page.get_by_label("รหัสผ่าน").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="เข้าสู่ระบบ").click()


def listen_for_complaints(page: Page) -> list[str]:
    """What the page complains of from now on: scripts, blocked resources, failed requests.

    A refused page of our own (a 404, a form to mend) is an answer and no complaint; scripts send
    forms too.
    """
    said: list[str] = []

    def hear(response: Response) -> None:
        is_page = response.request.is_navigation_request()
        is_form = response.request.method == "POST"
        if response.status >= (500 if is_page or is_form else 400):
            said.append(f"{response.status} {response.url}")

    page.on("response", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda message: (
            said.append(f"{page.url}: {message.text}")
            if message.type in ("error", "warning")
            and not message.text.startswith("Failed to load resource")
            else None
        ),
    )
    return said


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as this machine has it, shared by all tests of the session."""
    path = os.environ.get("KMS_TEST_CHROMIUM") or shutil.which("chromium")
    if not path:
        missing("browser", "no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def live(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server process of this module's own, begun as a first start does."""
    server = Server(tmp_path_factory.mktemp("live"))
    try:
        server.start()
        store = server.store()
        try:
            yield Live(server.url, store, Cast.set_up(store), browser, server)
        finally:
            store.close()
    finally:
        server.stop()
