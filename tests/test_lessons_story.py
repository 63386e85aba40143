"""One lesson from a comment in the field to its use by the next planner, told by its page.

The story of the real documents: a proverb in the third comment under seed 001 becomes a lesson,
another province confirms it, a planner is briefed with it, and the review afterwards reports how it
went. And seed 004: two projects in one province that did not know of each other.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from kms import notes
from kms.exchange import formats
from kms.exchange.bringing import bring_in
from kms.models import Comment, Note
from kms.note_kinds import PlaceNamed, Review
from tests.live import PHONE, Live
from tests.shared_data import SEEDS, needs_seeds
from tests.stories import a_review

pytestmark = [pytest.mark.browser, needs_seeds]

PROVERB = "อย่าเอาแม่ไก่มารวมกัน มันจะจิกกัน ให้เอาไข่มาฟักด้วยกัน มันก็สามารถเป็นลูกไก่ครอกเดียวกันได้"
POINT = "เอากำไรของแต่ละกองทุนมากองรวมกัน อย่าเอาตัวกองทุนมารวมกัน"
CHANGED = "เริ่มจากสามกลุ่มที่คุยกันรู้เรื่องก่อน"
NAKHON = "80"
SURVEY, LIFE_PLAN = "สำรวจคนจน 400 หมู่บ้าน", "แผนชีวิตชุมชน 165 ตำบล"


@pytest.fixture(scope="module")
def seeded(live: Live) -> Live:
    """The site with its own content and the five documents from the field."""
    outcome = bring_in(live.store, formats.read(formats.files([SEEDS])))
    assert (outcome.counts["created"], outcome.refused) == (5, [])
    return live


@pytest.fixture(scope="module")
def meeting(seeded: Live) -> int:
    """The number of seed 001, the meeting in Phatthalung."""
    with seeded.store.reading() as session:
        return session.scalars(select(Note.id).where(Note.source_id == "154920")).one()


@pytest.fixture(scope="module")
def distilled(seeded: Live, meeting: int) -> Iterator[int]:
    """A facilitator makes a lesson of the third comment, on a desk; a curator agrees."""
    with seeded.store.reading() as session:
        third = session.scalars(
            select(Comment.id).where(Comment.note_id == meeting).order_by(Comment.id)
        ).all()[2]
    with seeded.visit("facilitator") as page:
        page.goto(f"/notes/{meeting}")
        comment = page.locator(f"#comment-{third}")
        comment.get_by_role("link", name="ถอดความเห็นนี้เป็นบทเรียน").click()
        passage = page.get_by_label("ข้อความเดิม")
        expect(passage).to_have_value(re.compile(re.escape(PROVERB)))
        passage.fill(PROVERB)
        page.get_by_label("บทเรียนข้อเดียว").fill(POINT)
        page.get_by_label("ใช้ได้เมื่อ").fill("เมื่อตำบลมีหลายกองทุนที่ต่างมีเจ้าของ")
        page.get_by_label("ควรทำอย่างไร").fill("ชวนทุกกองทุนแบ่งกำไรมาตั้งกองทุนสวัสดิการร่วมกัน")
        page.get_by_label("เพราะอะไร").fill("แต่ละกองทุนมีวัตถุประสงค์และกติกาต่างกัน รวมตัวกันแล้วจะแย่งกัน")
        choose_theme(page, "สวัสดิการชุมชน")
        page.get_by_label("ทุกคน").check()
        save(page)
        expect(page.locator(".evidence")).to_contain_text(PROVERB)
        number = int(page.url.rpartition("/")[2])
    with seeded.visit("curator") as page:
        take(page, number, "เห็นด้วยว่าเป็นบทเรียน")
        page.get_by_role("button", name="บันทึก", exact=True).click()
        expect(life(page)).to_contain_text("บทเรียน")
    yield number


def choose_theme(page: Page, name: str) -> None:
    box = page.get_by_role("checkbox", name=name, exact=True, include_hidden=True)
    for outer in page.locator("main details").filter(has=box).all():
        if not outer.locator("> *:not(summary)").first.is_visible():
            outer.locator("> summary").click()
    box.check()


def save(page: Page) -> None:
    page.get_by_role("main").get_by_role("button", name="บันทึก", exact=True).click()
    page.wait_for_url(re.compile(r"/notes/[0-9]+$"))


def life(page: Page) -> Locator:
    return page.locator("#life")


def take(page: Page, lesson: int, step: str) -> None:
    """Go from the lesson's page to the form of a step."""
    page.goto(f"/notes/{lesson}")
    offered = page.get_by_role("link", name=step)
    if not offered.first.is_visible():
        page.locator("details.menu summary").click()
    offered.first.click()


def test_a_proverb_from_a_comment_is_distilled_confirmed_briefed_used_and_told(
    seeded: Live, meeting: int, distilled: int
) -> None:
    evidence_leads_to_the_very_words(seeded, distilled)
    confirm_from_nakhon(seeded, distilled)
    key = brief_a_planner(seeded, distilled)
    report_its_use(seeded, key)
    its_page_tells_the_story(seeded, meeting, distilled)


def evidence_leads_to_the_very_words(live: Live, lesson: int) -> None:
    with live.visit("researcher") as page:
        page.goto(f"/notes/{lesson}")
        page.locator(".evidence a").first.click()
        expect(page.locator("mark").first).to_contain_text("อย่าเอาแม่ไก่มารวมกัน")


def confirm_from_nakhon(live: Live, lesson: int) -> None:
    said = Review(answers={"review": "สามกองทุนแบ่งกำไรมาตั้งกองทุนสวัสดิการร่วมกันได้"})
    there = {"title": "AAR เวทีกองทุนเมืองนคร", "places": (PlaceNamed(NAKHON),), "roles": ()}
    with live.store.saving() as session:
        review = notes.create(session, a_review(**there, review=said), by=live.cast.commenter)
        number = review.number
    with live.visit("commenter") as page:
        take(page, lesson, "ที่พื้นที่ฉันก็เป็นอย่างนี้")
        page.get_by_role("combobox", name="ที่ไหน").fill("จ.นครศรีธรรมราช")
        page.get_by_label("บันทึกของฉัน").select_option(str(number))
        page.get_by_role("button", name="บันทึก", exact=True).click()
        expect(life(page)).to_contain_text("ยืนยันแล้ว ×1")
        expect(life(page)).to_contain_text("นครศรีธรรมราช")


def brief_a_planner(live: Live, lesson: int) -> str:
    """The lesson stands first, and why it does is said; the key of the briefing kept."""
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/briefing")
        page.get_by_label("จะทำอะไร").fill("จัดเวทีกองทุนสวัสดิการชุมชน")
        page.get_by_role("combobox", name="ที่ไหน").fill("จ.พัทลุง")
        choose_theme(page, "สวัสดิการชุมชน")
        page.get_by_role("button", name="ดูบทเรียนก่อนลงมือ").click()
        first = page.locator(".brief-lesson").first
        expect(first.get_by_role("link", name=POINT)).to_be_visible()
        expect(first).to_contain_text("จังหวัดเดียวกัน")
        expect(first).to_contain_text("นครศรีธรรมราช")
        page.get_by_role("button", name="เก็บใบนี้ไว้ แล้วกลับมาเขียน AAR").click()
        page.wait_for_url(re.compile(r"/briefing/[0-9a-f]+$"))
        return page.url.rpartition("/")[2]


def report_its_use(live: Live, key: str) -> None:
    with live.visit("facilitator") as page:
        page.goto(f"/briefing/{key}")
        page.get_by_role("link", name="จัดแล้ว เขียน AAR").click()
        page.get_by_label("วันนี้เราได้เรียนรู้อะไร").fill("สามกลุ่มตกลงตั้งกองทุนร่วมกัน")
        used = page.get_by_role("group", name="แถวที่").filter(has_text=POINT)
        used.get_by_label("ใช้แล้วเป็นอย่างไร").select_option("worked")
        used.get_by_label("ปรับอะไรไปจากบทเรียน").fill(CHANGED)
        page.get_by_label("ทุกคน").check()
        save(page)
        expect(page.get_by_role("main")).to_contain_text(CHANGED)


def its_page_tells_the_story(live: Live, meeting: int, lesson: int) -> None:
    with live.visit("stranger", viewport=PHONE) as page:
        page.goto(f"/notes/{lesson}")
        expect(life(page)).to_contain_text("นครศรีธรรมราช")
        expect(page.locator(".evidence")).to_contain_text(PROVERB)
        used = page.locator(".life-uses")
        for word in ("ได้ผล", "จ.พัทลุง", CHANGED, live.cast.facilitator.name):
            expect(used).to_contain_text(word)
        # The next province confirmed it; it was used in its own.
        expect(life(page).locator("[aria-current=step]")).to_contain_text("ยืนยันจากที่อื่น")
        page.goto(f"/notes/{meeting}")
        expect(page.locator(".lessons-drawn")).to_contain_text(POINT)


def test_the_two_projects_of_seed_004_are_found_to_overlap_with_both_funders(seeded: Live) -> None:
    with seeded.visit(viewport=PHONE) as page:
        page.goto("/places/80/working")
        page.goto("/overlaps?place=จ.นครศรีธรรมราช")
        main = page.get_by_role("main")
        for word in (SURVEY, LIFE_PLAN, "พอช.", "งบซีอีโอ", "จ.นครศรีธรรมราช"):
            expect(main).to_contain_text(word)
