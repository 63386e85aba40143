"""Every page, on a phone and on a desk, in the light and in the dark: axe finds nothing serious."""

from collections.abc import Iterator, Mapping

import pytest
from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select

from kms import comments, notes
from kms.models import Note, Organisation, RoleAssignment, Theme
from kms.note_kinds import Kind
from kms.sessions import Session
from tests.live import DESK, PHONE, Live, listen_for_complaints
from tests.stories import a_lesson, a_review, some_minutes

pytestmark = pytest.mark.browser

ANYONE, MEMBER, KEEPER = "", "facilitator", "administrator"
PAGES = {
    ANYONE: (
        "/",
        "/search?q=สวัสดิการ",
        "/search?q=กองทุน&province=93&kind=lesson",
        "/search?q=ไม่มีใครเขียนคำนี้ไว้เลยฟฟฟ",
        "/places",
        "/places/80",
        "/places/801208",
        "/themes",
        "/themes/{theme}",
        "/roles",
        "/roles/khun_amnuay",
        "/years",
        "/people",
        "/people/{person}",
        "/organisations",
        "/organisations/{organisation}",
        "/notes/{aar}",
        "/notes/{minutes}",
        "/notes/{lesson}",
        "/notes/{page}",
        "/notes/{note}",
        "/notes/{aar}/history",
        "/notes/{aar}/revisions/1",
        "/pages/คำที่ยังไม่มีใครเขียน",
        "/signin",
        "/register",
        "/help",
        "/help/write-aar",
        "/about",
        "/no/such/page",
    ),
    MEMBER: (
        "/write",
        "/write/aar",
        "/write/minutes",
        "/write/lesson",
        "/write/page",
        "/write/note",
        "/write/lesson?from={aar}",
        "/notes/{own}",
        "/notes/{own}/edit",
        "/notes/{own}?reply_to={comment}#comment-form",
        "/comments/{comment}/edit",
        "/mine",
        "/account",
        "/account/password",
        "/account/forget",
        "/admin",
    ),
    KEEPER: (
        "/admin",
        "/admin/accounts",
        "/admin/invitations",
        "/curate/themes",
        "/curate/themes/{theme}",
        "/organisations/{organisation}/edit",
        "/people/{person}/edit",
        "/comments/{comment}/hide",
        "/notes/{own}/delete",
        "/notes/{own}",
    ),
}
REFUSED = {
    (ANYONE, "/no/such/page"): 404,
    (ANYONE, "/pages/คำที่ยังไม่มีใครเขียน"): 404,
    (MEMBER, "/admin"): 403,
}
# What the dark can spoil; the rest is the same page.
OF_COLOUR = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": ["cat.color"]}}
EVERY_PAGE = [(who, address) for who, addresses in PAGES.items() for address in addresses]


@pytest.fixture(scope="module")
def numbers(live: Live) -> dict[str, object]:
    """What stands for ``{…}`` in an address: shipped notes, and what the cast wrote on top."""
    with live.store.saving() as session:
        own = notes.create(session, a_review(themes=("คำที่เพิ่งเสนอ",)), by=live.cast.facilitator)
        notes.create(session, some_minutes(visibility="draft"), by=live.cast.facilitator)
        notes.create(session, a_lesson(), by=live.cast.facilitator)
        comment = _talk(session, live, own)
        kinds = {kind.value: _first_of(session, kind) for kind in Kind}
        return {
            **kinds,
            "own": own.number,
            "comment": comment,
            "theme": session.scalars(
                select(Theme.slug).where(Theme.parent_id.is_not(None))
            ).first(),
            "person": session.scalars(
                select(RoleAssignment.person_id).where(RoleAssignment.person_id.is_not(None))
            ).first(),
            "organisation": session.scalars(select(Organisation.id)).first(),
        }


def _first_of(session: Session, kind: Kind) -> int:
    return session.scalars(select(Note.number).where(Note.kind == kind.value)).first() or 0


def _talk(session: Session, live: Live, note: Note) -> int:
    """A comment with a quote and an answer, and a hidden one; the number of the first."""
    cast = live.cast
    first = comments.add(
        session, note, by=cast.facilitator, body="เห็นด้วย **มาก**", quote="ผลจึงคลุมเครือ"
    )
    comments.add(session, note, by=cast.commenter, body="ที่พัทลุงก็เป็น", reply_to=first.id)
    hidden = comments.add(session, note, by=cast.commenter, body="เบอร์โทรของคนอื่น")
    comments.hide(session, hidden, by=cast.curator, reason="มีข้อมูลส่วนตัว")
    return first.id


@pytest.fixture(scope="module")
def devices(live: Live) -> Iterator[dict[str, BrowserContext]]:
    """A browser for each of those who look; colours change at once, without a fade."""
    open_devices = {who: live.device(who, reduced_motion="reduce") for who in PAGES}
    yield open_devices
    for device in open_devices.values():
        device.close()


@pytest.mark.parametrize(("who", "address"), EVERY_PAGE)
def test_every_page_is_open_to_everyone(
    devices: dict[str, BrowserContext], numbers: dict[str, object], who: str, address: str
) -> None:
    page = devices[who].new_page()
    complaints = listen_for_complaints(page)
    answer = page.goto(address.format(**numbers))
    assert answer is not None
    assert answer.status == REFUSED.get((who, address), 200)
    findings = look_in_every_way(page)
    page.close()
    assert not findings
    assert not complaints


def test_a_refused_form_is_open_to_everyone(devices: dict[str, BrowserContext]) -> None:
    page = devices[MEMBER].new_page()
    complaints = listen_for_complaints(page)
    page.goto("/write/minutes")
    page.get_by_label("ประชุมวันไหน").fill("31 ก.พ. 2550")
    page.get_by_role("main").get_by_role("button", name="บันทึก", exact=True).click()
    page.get_by_role("alert").wait_for()
    findings = look_in_every_way(page)
    page.close()
    assert not findings
    assert not complaints


def test_the_dark_page_chosen_by_hand_is_as_open_as_the_one_of_the_device(live: Live) -> None:
    with live.visit(color_scheme="light", reduced_motion="reduce") as page:
        page.goto("/theme/dark?next=/search?q=สวัสดิการ")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert not serious(page)
    with live.visit(color_scheme="dark", reduced_motion="reduce") as page:
        page.goto("/theme/light?next=/search?q=สวัสดิการ")
        assert page.locator("html").get_attribute("data-theme") == "light"
        assert not serious(page)


@pytest.mark.parametrize("address", ["/", "/search?q=กองทุน", "/help/write-aar", "/signin"])
def test_the_english_pages_are_as_open_as_the_thai(live: Live, address: str) -> None:
    with live.visit(reduced_motion="reduce") as page:
        page.goto(f"/language/en?next={address}")
        assert not look_in_every_way(page)


def look_in_every_way(page: Page) -> list[str]:
    """What stands in someone's way at either width in either light."""
    found = []
    for colours in ("light", "dark"):
        for size in (PHONE, DESK):
            page.emulate_media(color_scheme=colours)
            page.set_viewport_size(size)
            way = f"{size['width']} px, {colours}: "
            options = OF_COLOUR if colours == "dark" else DEFAULT_OPTIONS
            found += [way + finding for finding in serious(page, options)]
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if beyond > 0:
                found.append(f"{way}{beyond} px wider than the screen")
    return found


def serious(page: Page, options: Mapping[str, object] = DEFAULT_OPTIONS) -> list[str]:
    """What axe calls serious or critical, each with the first place where it stands."""
    return [
        f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['html'][:200]}"
        for one in Axe().run(page, options=dict(options)).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
