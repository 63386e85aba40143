"""Long notes, quotes and notes at the foot, as a reader meets them on the page."""

import gzip
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from kms import notes
from kms.note_kinds import AgendaItem, Meeting, NoteContent, Review
from kms.saving import Store
from kms.web import contents
from tests.cast import Cast
from tests.live import DESK, PHONE, Live
from tests.stories import a_page, a_review, some_minutes

LONG = "ตัวแทนคณะทำงานให้ข้อมูลถึงการเคลื่อนงานสวัสดิการที่ผ่านมาของตำบลลำสินธุ์ " * 12
FOOTNOTED = "คำ[^1] คำ[^1]\n\n## หัวข้อ\n\n[^1]: ที่มา"
# How wide a line of text is, in the size of its letters.
MEASURE = """(() => {
  const paragraph = document.querySelector(".note-body p");
  const size = parseFloat(getComputedStyle(paragraph).fontSize);
  return paragraph.getBoundingClientRect().width / size;
})()"""
CHAPTERS = "\n\n".join(f"# บทที่ {n}\n\n{LONG}\n\n## ตอนย่อย {n}\n\nคำ" for n in range(1, 5))


def keep(store: Store, cast: Cast, content: NoteContent) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


class Ids(HTMLParser):
    """Every id of a page, and every address within it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.targets: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids[value] += 1
            if name == "href" and value and value.startswith("#"):
                self.targets.add(value[1:])


def table_of_contents(page: str) -> str:
    found = re.search(r'<nav class="contents.*?</nav>', page, re.DOTALL)
    return found[0] if found else ""


# --- ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        a_review(
            body=FOOTNOTED,
            review=Review(
                "thai-km", {"expected": FOOTNOTED, "beyond": FOOTNOTED, "why": FOOTNOTED}
            ),
        ),
        some_minutes(
            body=FOOTNOTED,
            meeting=Meeting(agenda=(AgendaItem("ก", FOOTNOTED, FOOTNOTED),) * 3),
        ),
        a_page("ก", "# agenda\n\n# main\n\n# answer-1\n\n# comments\n\n" + FOOTNOTED),
    ],
)
def test_no_two_things_on_a_page_share_an_id_and_every_link_within_it_leads_somewhere(
    client: FlaskClient, store: Store, cast: Cast, content: NoteContent
) -> None:
    number = keep(store, cast, content)
    for address in (f"/notes/{number}", f"/notes/{number}/revisions/1"):
        found = Ids(client.get(address).text)
        assert not [name for name, times in found.ids.items() if times > 1]
        assert not found.targets - set(found.ids) - {"main", "comment-form", "top"}
        assert [target for target in found.targets if "fn:" in target]


def test_headings_never_skip_the_one_they_stand_under(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    review = a_review(
        body="# ในเนื้อความ", review=Review("one-box", {"review": "# ในคำตอบ\n\n### ลึก"})
    )
    page = client.get(f"/notes/{keep(store, cast, review)}").text
    assert re.search(r"<h3 [^>]*>ในคำตอบ</h3>", page)
    assert re.search(r"<h5 [^>]*>ลึก</h5>", page)
    assert re.search(r"<h3 [^>]*>ในเนื้อความ</h3>", page)
    minutes = some_minutes(meeting=Meeting(agenda=(AgendaItem("วาระ", "# ในวาระ"),)))
    page = client.get(f"/notes/{keep(store, cast, minutes)}").text
    assert re.search(r"<h4 [^>]*>ในวาระ</h4>", page)
    page = client.get(f"/notes/{keep(store, cast, a_page('ก', '# ในหน้า'))}").text
    assert re.search(r"<h2 [^>]*>ในหน้า</h2>", page)


# --- contents -------------------------------------------------------------------------------------


def test_a_long_note_has_its_contents_in_two_levels(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = keep(store, cast, a_page("ก", CHAPTERS + "\n\n### ลึกเกินไป"))
    page = client.get(f"/notes/{number}").text
    nav = table_of_contents(page)
    assert nav.count("<ol>") == 5
    assert "<details>" in nav
    assert "ลึกเกินไป" not in nav
    for name in re.findall(r'href="#([^"]+)"', nav):
        assert f'id="{name}"' in page


def test_a_short_note_or_one_of_few_headings_has_no_contents(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    short = "\n\n".join(f"# บท {n}" for n in range(9))
    for body in (short, f"# หนึ่ง\n\n{LONG * 9}\n\n# สอง", LONG * 9):
        assert not table_of_contents(
            client.get(f"/notes/{keep(store, cast, a_page('ก', body))}").text
        )


def test_the_questions_of_a_review_and_the_items_of_minutes_are_contents(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    answers = dict.fromkeys(("expected", "beyond", "short", "why"), LONG)
    review = a_review(review=Review("thai-km", answers))
    nav = table_of_contents(client.get(f"/notes/{keep(store, cast, review)}").text)
    assert "เราคาดหวังอะไร" in nav
    items = tuple(AgendaItem(f"วาระเรื่องที่ {n}", LONG) for n in range(1, 5))
    minutes = some_minutes(meeting=Meeting(agenda=items))
    nav = table_of_contents(client.get(f"/notes/{keep(store, cast, minutes)}").text)
    assert "วาระเรื่องที่ 4" in nav
    assert 'href="#item-4"' in nav


def test_headings_in_contents_are_words_only() -> None:
    hostile = (
        '<h2 id="h-a">&lt;script&gt; <a href="/x">ลิงก์</a><sup id="f"><a href="#n">1</a></sup></h2>'
    )
    entries = contents.of(hostile * 4 + "<p>" + LONG * 4)
    assert [entry.words for entry in entries] == ["<script> ลิงก์"] * 4
    assert contents.of("<h3 id='x'>" * 9) == []
    assert contents.of("") == []


def test_a_heading_that_is_a_tag_stays_words_in_the_contents(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    body = "\n\n".join(f"# <img src=x onerror=alert({n})>\n\n{LONG}" for n in range(5))
    nav = table_of_contents(client.get(f"/notes/{keep(store, cast, a_page('ก', body))}").text)
    assert "&lt;img src=x" in nav
    assert "<img" not in nav


# --- weight ---------------------------------------------------------------------------------------


def test_what_reading_adds_to_an_ordinary_page_is_light(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = keep(store, cast, a_page("ธรรมดา", "[[คุณอำนวย]] " + LONG))
    page = client.get(f"/notes/{number}").text
    printed = re.search(r'<div class="print-only printed">.*?</div>', page, re.DOTALL)
    assert printed
    without = page.replace(printed[0], "")
    assert len(gzip.compress(page.encode())) - len(gzip.compress(without.encode())) < 700
    assert re.search(r'<link rel="stylesheet" href="[^"]*print\.css[^"]*" media="print">', page)


# --- in a browser ---------------------------------------------------------------------------------

WIDE = (
    "| ก | ข | ค | ง | จ | ฉ |\n|---|--:|---|---|---|---|\n"
    + "| คำที่ยาวพอสมควร | 9,301,000 | ค | ง | จ | ฉ |\n" * 3
)
BODY = f"""{CHAPTERS}

> อย่าเอาแม่ไก่มารวมกัน มันจะจิกกัน ให้เอาไข่มาฟักด้วยกัน
> — ผู้ใหญ่ย้วน

{WIDE}

https://example.org/{"a" * 120} [[ยังไม่มีใครเขียน]] คำ[^1]

[^1]: ที่มา
"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_long_note_reads_well_on_a_phone_and_on_a_desk(live: Live, scheme: str) -> None:
    number = keep(live.store, live.cast, a_page("บันทึกยาว", BODY))
    with live.visit(viewport=PHONE, color_scheme=scheme) as page:
        page.goto(f"/notes/{number}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        nav = page.get_by_role("navigation", name="สารบัญ")
        link = nav.get_by_role("link", name="บทที่ 3")
        expect(link).to_be_hidden()
        nav.locator("summary").click()
        assert link.bounding_box()["height"] >= 48
        link.click()
        assert "#h-" in page.url
        expect(page.get_by_role("heading", name="บทที่ 3", exact=True)).to_be_in_viewport()
        measure = page.evaluate(MEASURE)
        assert measure <= 38
        missing = page.get_by_role("link", name="ยังไม่มีใครเขียน")
        assert missing.get_attribute("title") == "ยังไม่มีหน้านี้"
        assert "dashed" in missing.evaluate("one => getComputedStyle(one).textDecoration")
        assert not serious(page)
    with live.visit(viewport=DESK, color_scheme=scheme) as page:
        page.goto(f"/notes/{number}")
        contents_link = page.get_by_role("navigation", name="สารบัญ").get_by_role(
            "link", name="บทที่ 4"
        )
        expect(contents_link).to_be_visible()
        page.get_by_role("heading", name="บทที่ 4", exact=True).scroll_into_view_if_needed()
        expect(contents_link).to_be_in_viewport()
        width = page.evaluate(MEASURE)
        assert 32 <= width <= 38
        assert not serious(page)


@pytest.mark.browser
def test_the_contents_open_without_javascript(live: Live) -> None:
    number = keep(live.store, live.cast, a_page("บันทึกยาว", BODY))
    with live.visit(viewport=DESK, java_script_enabled=False) as page:
        page.goto(f"/notes/{number}")
        nav = page.get_by_role("navigation", name="สารบัญ")
        nav.locator("summary").click()
        nav.get_by_role("link", name="บทที่ 2").click()
        assert "#h-" in page.url


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]
