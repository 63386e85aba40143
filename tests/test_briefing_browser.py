"""A planner before a forum, in a real browser: asking, keeping, printing, and the review after."""

import io
import re
from dataclasses import replace
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from kms import activities, lesson_life, notes
from kms.activities import ActivityFacts, Part
from kms.models import Person
from kms.note_kinds import Kind, LessonParts, NoteContent, PlaceNamed, RolePlayed
from kms.permissions import SYSTEM
from tests.live import PHONE, Live

pytestmark = pytest.mark.browser

EGGS = "ให้แต่ละกองทุนนำกำไรมาฟักรวมเป็นสวัสดิการ"
PLAN = "จัดเวทีกองทุนสวัสดิการชุมชน"
KHOK_CHANGAI = "930105"
NOTE = NoteContent(Kind.NOTE, "เวที", body="ที่นี่ไม่เป็นอย่างนั้น", visibility="public")
LONG = "คุยกันก่อนว่ากองทุนสวัสดิการของใครดูแลใคร แล้วจึงตกลงกันว่าจะแบ่งกำไรเท่าไร " * 6


def test_a_planner_in_phatthalung_finds_the_eggs_first_and_comes_back_with_the_review(
    live: Live,
) -> None:
    with live.visit("facilitator", viewport=PHONE) as page:
        page.goto("/briefing")
        page.get_by_label("จะทำอะไร").fill(PLAN)
        page.get_by_label("ที่ไหน").fill("จ.พัทลุง")
        page.get_by_text("ความมั่นคงและสุขภาวะของชุมชน").first.click()
        page.get_by_label("สวัสดิการชุมชน", exact=True).check()
        page.get_by_label("องค์กรการเงินชุมชน", exact=True).check()
        page.get_by_role("button", name="ดูบทเรียนก่อนลงมือ").click()
        first = page.locator(".brief-holds li").first
        expect(first).to_contain_text(EGGS)
        expect(first.locator(".brief-why")).to_contain_text("จากจังหวัดเดียวกัน (ต.ชุมพล)")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name="เก็บใบนี้ไว้").click()
        expect(page.get_by_text("เก็บใบเตรียมงานแล้ว")).to_be_visible()
        expect(page.locator(".brief-holds li").first).to_contain_text(EGGS)
        page.get_by_role("link", name="จัดแล้ว เขียน AAR").click()
        page.wait_for_url(re.compile(r"/write/aar\?briefing="))
        expect(page.locator("input[name=used-0-lesson]")).to_have_count(1)
        expect(page.locator("form.writing")).to_contain_text("รวมกำไรของกองทุน อย่ารวมตัวกองทุน")


def test_the_fullest_briefing_prints_on_one_sheet(live: Live) -> None:
    fill(live)
    address = f"/briefing?theme=community-welfare&place={KHOK_CHANGAI}&plan={PLAN}"
    with live.visit("curator") as page:
        page.goto(address)
        for part, least in ((".brief-holds li", 9), (".brief-pair", 2), (".brief-list li", 8)):
            assert page.locator(part).count() >= least, part
        sheets = printed(page)
        assert len(sheets) == 1
        assert "/briefing?theme=community-welfare" in sheets[0]
        assert page.locator(".printed svg.qr").count() == 1
        page.goto(f"{address}&theme=community-finance&theme=partnership&plan={LONG[:480]}")
        assert len(printed(page)) == 1


def printed(page: Page) -> list[str]:
    pdf = page.pdf(prefer_css_page_size=True)
    return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages]


def fill(live: Live) -> None:
    """More of everything than goes on a sheet, each with long words."""
    with live.store.saving() as session:
        for n in range(12):
            parts = LessonParts(
                f"ข้อ {n} {LONG}", LONG, LONG, LONG, "works" if n % 3 else "does_not_work"
            )
            content = NoteContent(
                Kind.LESSON,
                f"บทเรียนยาว {n}",
                visibility="public",
                places=(PlaceNamed(KHOK_CHANGAI),),
                themes=("community-welfare",),
                roles=(RolePlayed("khun_amnuay", f"ผู้ประสานงานกองทุนสวัสดิการชุมชนตำบลที่ {n}"),),
                lesson=parts,
            )
            lesson = notes.create(session, content, by=SYSTEM)
            lesson_life.agree(session, lesson, by=SYSTEM)
            lesson_life.apply(
                session,
                lesson,
                by=live.cast.curator,
                place="52",
                outcome="did_not",
                reason=LONG[:300],
            )
            note = notes.create(session, replace(NOTE, title=f"เวที {n}"), by=SYSTEM)
            lesson_life.contradict(
                session, lesson, by=live.cast.curator, note=note.number, reason=LONG[:300]
            )
            facts = ActivityFacts(
                f"โครงการกองทุนสวัสดิการชุมชนตำบลที่ {n} {LONG[:150]}",
                (KHOK_CHANGAI,),
                ("community-welfare",),
                (Part(f"กองทุนสนับสนุนงานชุมชนที่ {n}", "funder"), Part(f"เครือข่ายที่ {n}")),
                starts=date(2020, 1, 1),
            )
            activities.record(session, lesson, facts, by=live.cast.curator)
        for person in session.query(Person).filter(Person.name.like("ผู้ประสานงานกองทุนสวัสดิการ%")):
            person.phone = "081 234 5678"
