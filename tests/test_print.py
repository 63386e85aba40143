"""Notes on paper: numbered, black and white, with the way back to the page."""

import io
import re
from dataclasses import replace
from datetime import date

import pytest
import segno
from flask.testing import FlaskClient
from playwright.sync_api import Page
from pypdf import PdfReader

from kms import create_app, notes
from kms.note_kinds import AgendaItem, Meeting, NoteContent
from kms.saving import Store
from kms.settings import Settings
from tests.cast import Cast
from tests.live import DESK, Live
from tests.stories import a_lesson, a_page, a_review, some_minutes

pytestmark = pytest.mark.any_database

LONG = "ตัวแทนคณะทำงานให้ข้อมูลถึงการเคลื่อนงานสวัสดิการที่ผ่านมาของตำบลลำสินธุ์ " * 9
ROWS = "| หน่วยงาน | ปี 2550 | ปี 2551 | ใช้ทำอะไร |\n|---|--:|--:|---|\n" + "".join(
    f"| สถาบันพัฒนาองค์กรชุมชน {n} | 9,301,000 | 2,950,000 | จัดเวทีเรียนรู้ระดับตำบล |\n" for n in range(60)
)
BODY = f"""# ที่มา

{LONG} ดู [รายงาน](https://example.org/a-report) และ [[ยังไม่มีใครเขียน]]

{ROWS}

""" + "\n\n".join(f"# หัวข้อที่ {n}\n\n{LONG}" for n in range(8))


def keep(store: Store, cast: Cast, content: NoteContent) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


def squares(page: str) -> list[list[bool]]:
    """The drawing of the QR code, read back into dark and light squares."""
    drawn = re.search(r'<svg viewBox="0 0 (\d+) \1" class="qr"><path [^>]*d="([^"]*)"', page)
    assert drawn
    size = int(drawn[1])
    rows = [[False] * size for _ in range(size)]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", drawn[2]):
        given = [float(number) for number in numbers.split()]
        if command == "h":
            for n in range(int(given[0])):
                rows[int(y)][int(x) + n] = True
            x += given[0]
        else:
            x, y = given if command == "M" else (x + given[0], y + given[1])
    return rows


def code_of(address: str) -> list[list[bool]]:
    made = segno.make(address, error="m", micro=False)
    return [[bool(square) for square in row] for row in made.matrix_iter(border=2)]


# --- the way back ---------------------------------------------------------------------------------


def test_the_code_leads_to_the_page_at_the_address_asked(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = keep(store, cast, a_page("ก", "ข"))
    page = client.get(f"/notes/{number}").text
    assert squares(page) == code_of(f"http://localhost/notes/{number}")
    page = client.get(f"/notes/{number}", headers={"Host": "platu.example.org"}).text
    assert squares(page) == code_of(f"http://platu.example.org/notes/{number}")


def test_the_code_leads_to_the_public_address_when_there_is_one(
    settings: Settings, store: Store, cast: Cast
) -> None:
    public = "https://platu.example.org"
    client = create_app(replace(settings, public_url=public), store).test_client()
    number = keep(store, cast, a_page("ก", "ข"))
    page = client.get(f"/notes/{number}", headers={"Host": "evil.example"}).text
    assert squares(page) == code_of(f"{public}/notes/{number}")
    assert f"{public}/notes/{number}" in page
    assert "evil.example" not in page


def test_a_code_is_drawn_without_a_word_of_ours_in_it(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = keep(store, cast, a_page("<script>alert(1)</script>", "ข"))
    page = client.get(f"/notes/{number}", headers={"Host": 'a"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text
    endless = client.get(f"/notes/{number}", headers={"Host": "a" * 4_000})
    assert endless.status_code < 500
    assert 'class="qr"' not in endless.text


# --- on paper -------------------------------------------------------------------------------------


def printed(page: Page, number: int) -> list[str]:
    """The text of each sheet; pypdf reads no marks above letters, so tests use words without."""
    page.goto(f"/notes/{number}")
    pdf = page.pdf(prefer_css_page_size=True)
    return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.browser
def test_every_sheet_is_numbered_and_says_where_and_when_it_is_from(live: Live) -> None:
    content = a_page("งานวงยาว", BODY, held_from=date(2007, 12, 18), author="นาวาร")
    number = keep(live.store, live.cast, content)
    with live.visit() as page:
        sheets = printed(page, number)
        assert len(sheets) >= 4
        for n, sheet in enumerate(sheets, start=1):
            assert f"{n} / {len(sheets)}" in sheet
            assert f"{live.url}/notes/{number}" in sheet
            words = page.locator("[data-printed]").text_content() or ""
            assert str(date.today().year + 543) in words
            assert str(date.today().year + 543) in sheet
        first = re.sub(r"\s", "", sheets[0])
        assert "งานวงยาว" in first
        assert "18ธ.ค.2550" in first
        assert "นาวาร" in first


@pytest.mark.browser
def test_paper_has_no_navigation_and_no_sprayed_addresses(live: Live) -> None:
    number = keep(live.store, live.cast, a_page("งานวงยาว", BODY))
    with live.visit("facilitator") as page:
        text = re.sub(r"\s", "", " ".join(printed(page, number)))
        assert "example.org/a-report" not in text
        for words in ("LINE", "English", "สารบ", "ลบบน", "ความเห็นของ", "เปดอาน"):
            assert words not in text
        page.emulate_media(media="print")
        for role in ("navigation", "button", "textbox", "banner", "contentinfo"):
            assert not [one for one in page.get_by_role(role).all() if one.is_visible()], role


@pytest.mark.browser
def test_the_button_prints_once_the_photos_are_there(live: Live) -> None:
    number = keep(live.store, live.cast, a_page("ภาพ", "![ก](/attachments/nothing/a.jpg)" + BODY))
    with live.visit() as page:
        # The photo of the test is not there at all: paper does not wait for ever.
        page.route("**/attachments/**", lambda route: route.fulfill(status=200, body="no picture"))
        page.add_init_script("window.print = () => { document.title = 'printed'; }")
        page.goto(f"/notes/{number}")
        page.locator(".note-menu summary").click()
        page.get_by_role("button", name="พิมพ์").click()
        page.wait_for_function("document.title === 'printed'")
        assert page.locator("article img").get_attribute("loading") == "eager"


@pytest.mark.browser
def test_a_table_repeats_its_head_and_no_heading_ends_a_sheet(live: Live) -> None:
    number = keep(live.store, live.cast, a_page("งานวงยาว", BODY))
    with live.visit() as page:
        sheets = printed(page, number)
    with_rows = [sheet for sheet in sheets if "9,301,000" in sheet]
    assert len(with_rows) > 1
    assert all("2550" in sheet and "2551" in sheet for sheet in with_rows)
    for sheet in sheets:
        last = sheet.strip().splitlines()[-1]
        assert not re.fullmatch(r"\W*ห.*ว.*ข.*อ.*\d", last), last


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_black_on_white_and_nothing_leaves_it(live: Live, scheme: str) -> None:
    items = tuple(AgendaItem(f"วาระที่ {n}", LONG, "ตกลงตามนี้") for n in range(3))
    lines = (
        a_page("กระดาษ", BODY + f"\n\nhttps://example.org/{'a' * 200}"),
        some_minutes(meeting=replace(some_minutes().meeting or Meeting(), agenda=items)),
        a_lesson(body=LONG),
        a_review(),
    )
    with live.visit(color_scheme=scheme, viewport={**DESK, "width": 660}) as page:
        for content in lines:
            page.goto(f"/notes/{keep(live.store, live.cast, content)}")
            page.emulate_media(media="print", color_scheme=scheme)
            assert page.evaluate(COLOURS) == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
            assert page.evaluate("document.documentElement.scrollWidth") <= 660
            assert page.locator(".printed .qr").bounding_box()["width"] > 90
            page.emulate_media(media="screen")


COLOURS = """(() => {
  const paper = getComputedStyle(document.documentElement);
  const ink = getComputedStyle(document.querySelector("h1"));
  return [paper.backgroundColor, ink.color];
})()"""


@pytest.mark.browser
def test_the_sheet_of_styles_for_paper_holds_up_no_page(live: Live) -> None:
    number = keep(live.store, live.cast, a_page("ก", "ข"))
    with live.visit() as page:
        page.goto(f"/notes/{number}")
        blocking = page.evaluate(
            "performance.getEntriesByType('resource').filter(one => one.name.includes('print.css'))"
            ".map(one => one.renderBlockingStatus)"
        )
        assert blocking == ["non-blocking"]
