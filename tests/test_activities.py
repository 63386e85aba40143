"""Activities and projects, recorded once from a note: who pays, who runs, where, when."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms import activities, notes, organisations, overlaps, themes
from kms.activities import ActivityFacts, Part
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.exchange import formats
from kms.exchange.bringing import bring_in
from kms.exchange.exporting import export
from kms.models import Activity, Note, Overlap
from kms.note_kinds import NoteContent, OrganisationPart
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store
from kms.starter import load_content
from kms.thai import periods
from tests.cast import Cast, csrf_token, post
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PAK_PHANANG, PHATTHALUNG, a_page, a_review

FACTS = ActivityFacts(
    name="แผนชีวิตชุมชน 165 ตำบล",
    places=(NAKHON,),
    themes=("poverty",),
    organisations=(Part("พอช.", "funder"), Part("เครือข่ายกองทุนหมู่บ้าน", "runner")),
    starts=date(2005, 10, 1),
    ends=date(2006, 9, 30),
    amount_satang=20_000_000,
    reach="165 ตำบล",
    about="เล่าเพิ่มเติม",
)
DAY = date(2006, 1, 28)


@pytest.fixture(autouse=True)
def _themes(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="ความยากจน", slug="poverty")
        themes.add(session, by=cast.curator, name="สำรวจครัวเรือน", slug="survey", parent=top)
        themes.add(session, by=cast.curator, name="พลังงาน", slug="energy")


def recorded(
    session: Session, cast: Cast, *facts: ActivityFacts, note: NoteContent | None = None
) -> list[Activity]:
    where = notes.create(session, note or a_review(), by=cast.facilitator)
    return [activities.record(session, where, one, by=cast.facilitator) for one in facts]


def names(lines: list[activities.ActivityLine]) -> list[str]:
    return [one.name for one in lines]


# --- periods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "starts", "ends", "shown"),
    [
        ("", None, None, "ไม่รู้ว่าตั้งแต่เมื่อใดถึงเมื่อใด"),
        ("2549", date(2006, 1, 1), date(2006, 12, 31), "2549"),
        ("ปีงบ 2549", date(2005, 10, 1), date(2006, 9, 30), "ปีงบประมาณ 2549"),
        ("ปีงบประมาณ ๒๕๔๙ – ๒๕๕๑", date(2005, 10, 1), date(2008, 9, 30), "ปีงบประมาณ 2549–2551"),
        ("ตั้งแต่ 2548", date(2005, 1, 1), None, "ตั้งแต่ 2548 ไม่รู้ว่าถึงเมื่อใด"),
        ("ตั้งแต่ ต.ค. 2548", date(2005, 10, 1), None, "ตั้งแต่ ต.ค. 2548 ไม่รู้ว่าถึงเมื่อใด"),
        ("2548 ถึงปัจจุบัน", date(2005, 1, 1), None, "ตั้งแต่ 2548 ไม่รู้ว่าถึงเมื่อใด"),
        ("ถึง 2550", None, date(2007, 12, 31), "ถึง 2550 ไม่รู้ว่าเริ่มเมื่อใด"),
        ("ตั้งแต่ 2548 ถึง 2550", date(2005, 1, 1), date(2007, 12, 31), "2548–2550"),
        ("28 ม.ค. 2549", DAY, DAY, "28 ม.ค. 2549"),
    ],
)
def test_a_period_is_read_as_people_write_it(
    typed: str, starts: date | None, ends: date | None, shown: str
) -> None:
    period = periods.read(typed)
    assert (period.starts, period.ends) == (starts, ends)
    assert periods.show(period) == shown
    assert periods.read(periods.typed(period)) == period


@pytest.mark.parametrize("typed", ["มั่ว", "2550 ถึง 2549", "ตั้งแต่", "ปีงบ 2551 ถึง 2549", "9" * 400])
def test_a_period_that_says_nothing_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[ก-๙]"):
        periods.read(typed)


# --- recording -----------------------------------------------------------------------------------


def test_the_facts_are_kept_and_shown_with_the_note_that_told_them(
    session: Session, cast: Cast
) -> None:
    [made] = recorded(session, cast, FACTS)
    assert activities.facts_of(made) == FACTS
    [line] = activities.listing(session, seen_by=ANONYMOUS).activities
    assert (line.name, line.when, line.amount_satang) == (FACTS.name, "ปีงบประมาณ 2549", 20_000_000)
    assert [one.name for one in line.funders] == ["พอช."]
    assert [one.name for one in line.runners] == ["เครือข่ายกองทุนหมู่บ้าน"]
    assert (line.note_title, line.told_from) == ("AAR เวทีตำบลหูล่อง", DAY)


def test_what_cannot_be_kept_is_refused_beside_its_field(session: Session, cast: Cast) -> None:
    wrong = ActivityFacts(
        name=" … ",
        places=("999999",),
        organisations=(Part("...", "funder"), Part("พอช.", "boss")),
        starts=date(2006, 2, 1),
        ends=date(2006, 1, 1),
        amount_satang=-1,
        reach="ก" * 201,
    )
    with pytest.raises(Invalid) as refused:
        recorded(session, cast, wrong)
    assert refused.value.problems.keys() == {
        "name",
        "places",
        "organisations-0-name",
        "organisations-1-part",
        "period",
        "amount",
        "reach",
    }


def test_a_place_that_another_lies_in_says_nothing_more(session: Session, cast: Cast) -> None:
    [made] = recorded(session, cast, replace(FACTS, places=(NAKHON, HULONG, HULONG, PHATTHALUNG)))
    assert activities.facts_of(made).places == (HULONG, PHATTHALUNG)


def test_members_record_and_its_writer_or_a_curator_revises(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    for viewer, refusal in ((ANONYMOUS, SignInNeeded), (cast.researcher, NotAllowed)):
        with pytest.raises(refusal):
            activities.record(session, note, FACTS, by=viewer)
    made = activities.record(session, note, FACTS, by=cast.commenter)
    for viewer, refusal in ((ANONYMOUS, SignInNeeded), (cast.facilitator, NotAllowed)):
        for change in (activities.remove, activities.restore):
            with pytest.raises(refusal):
                change(session, made, by=viewer)
        with pytest.raises(refusal):
            activities.revise(session, made, FACTS, by=viewer)
    for viewer in (cast.commenter, cast.curator):
        assert activities.revise(session, made, replace(FACTS, name=viewer.name), by=viewer)
    assert not activities.revise(session, made, activities.facts_of(made), by=cast.curator)


def test_places_organisations_and_themes_can_change_their_order(
    session: Session, cast: Cast
) -> None:
    there = (HULONG, PHATTHALUNG)
    groups = (Part("ก", "runner"), Part("ข", "runner"))
    about = ("energy", "poverty")
    facts = replace(FACTS, places=there, organisations=groups, themes=about)
    [made] = recorded(session, cast, facts)
    turned = replace(facts, places=there[::-1], organisations=groups[::-1], themes=about[::-1])
    assert activities.revise(session, made, turned, by=cast.facilitator)
    session.expire_all()
    assert activities.facts_of(made) == turned


def test_the_same_form_sent_twice_is_recorded_once(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator)
    made = [
        activities.record(session, note, FACTS, by=cast.facilitator, sent_as="ก" * 64)
        for _time in range(2)
    ]
    assert made[0].id == made[1].id
    assert session.scalar(select(func.count()).select_from(Activity)) == 1


def test_names_that_are_nearly_the_same_are_pointed_out(session: Session, cast: Cast) -> None:
    recorded(session, cast, FACTS)
    recorded(session, cast, replace(FACTS, name="งานลับ"), note=a_review(visibility="draft"))
    for near in ("แผนชีวิตชุมชน", "แผนชีวิตชุมชน ๑๖๕ ตำบล", "แผนชีวิตของชุมชน 165 ตำบล"):
        assert names(activities.alike(session, near, seen_by=ANONYMOUS)) == [FACTS.name], near
    for other in ("สำรวจคนจน 400 หมู่บ้าน", "", "งานลับ"):
        assert activities.alike(session, other, seen_by=ANONYMOUS) == []
    assert names(activities.alike(session, "งานลับ", seen_by=cast.facilitator)) == ["งานลับ"]


def test_what_was_removed_is_gone_and_can_be_brought_back(session: Session, cast: Cast) -> None:
    [made] = recorded(session, cast, FACTS)
    activities.remove(session, made, by=cast.facilitator)
    assert activities.listing(session, seen_by=SYSTEM).total == 0
    for viewer in (ANONYMOUS, cast.facilitator, cast.curator):
        with pytest.raises(NotFound):
            activities.get(session, made.id, seen_by=viewer)
    for viewer in (ANONYMOUS, cast.commenter):
        with pytest.raises(NotFound):
            activities.removed(session, made.id, by=viewer)
    gone = activities.removed(session, made.id, by=cast.facilitator)
    activities.restore(session, gone, by=cast.facilitator)
    assert activities.listing(session, seen_by=ANONYMOUS).total == 1


# --- notes that tell of it -----------------------------------------------------------------------


def test_another_note_tells_of_it_too_and_takes_that_back(session: Session, cast: Cast) -> None:
    [made] = recorded(session, cast, FACTS)
    other = notes.create(session, a_page("แผนชีวิต", "เล่าอีกที"), by=cast.commenter)
    for _time in range(2):
        activities.tell(session, made, other, by=cast.commenter)
    assert activities.notes_of(made) == [made.note_id, other.id]
    assert names(activities.of_note(session, other.id, seen_by=ANONYMOUS)) == [FACTS.name]
    activities.untell(session, made, other, by=cast.facilitator)
    assert activities.of_note(session, other.id, seen_by=ANONYMOUS) == []


@pytest.mark.parametrize(
    ("origin", "others", "goes_to"),
    [
        ("public", [], None),
        ("public", ["public"], 0),
        ("members", ["public"], None),
        ("members", ["public", "members"], 1),
        ("public", ["draft", "public"], 1),
        ("public", ["members"], 0),
        ("draft", ["public"], None),
    ],
)
def test_when_its_note_goes_it_stays_with_another_that_no_more_people_read(
    session: Session, cast: Cast, origin: str, others: list[str], goes_to: int | None
) -> None:
    [made] = recorded(session, cast, FACTS, note=a_review(visibility=origin))
    told = [
        notes.create(session, a_page(f"หน้า {n}", "เล่า", visibility=one), by=cast.facilitator)
        for n, one in enumerate(others)
    ]
    for note in told:
        activities.tell(session, made, note, by=cast.facilitator)
    notes.delete(
        session,
        session.get_one(Note, made.note_id),
        by=SYSTEM if origin != "draft" else cast.facilitator,
    )
    session.commit()
    left = session.scalars(select(Activity)).all()
    assert [one.note_id for one in left] == ([] if goes_to is None else [told[goes_to].id])


@pytest.mark.parametrize("visibility", ["draft", "members"])
def test_nothing_of_it_is_known_to_who_may_not_see_its_note(
    session: Session, cast: Cast, visibility: str
) -> None:
    facts = replace(FACTS, organisations=(Part("องค์กรลับ", "funder"),))
    [made] = recorded(session, cast, facts, note=a_review(visibility=visibility))
    other = notes.create(session, a_page("แผนชีวิต", "เล่า"), by=cast.facilitator)
    activities.tell(session, made, other, by=cast.facilitator)
    number = made.organisations[0].organisation_id
    for viewer in (ANONYMOUS, *((cast.commenter, cast.curator) if visibility == "draft" else ())):
        found = activities.listing(session, seen_by=viewer)
        assert (found.total, found.activities) == (0, [])
        assert activities.of_note(session, other.id, seen_by=viewer) == []
        assert activities.of_organisation(session, number, seen_by=viewer).total == 0
        assert activities.working(session, place=HULONG, on=DAY, seen_by=viewer) == []
        assert activities.named(session, "แผน", seen_by=viewer, limit=9) == []
        assert activities.lines(session, [made.id], seen_by=viewer) == {}
        assert organisations.suggest(session, "องค์กรลับ", seen_by=viewer) == []
        for asked in (str(number), "องค์กรลับ"):
            assert activities.organisation_asked(session, asked, seen_by=viewer) is None
        with pytest.raises(NotFound):
            activities.get(session, made.id, seen_by=viewer)
    assert activities.listing(session, seen_by=cast.facilitator).total == 1
    assert organisations.suggest(session, "องค์กรลับ", seen_by=cast.facilitator)


# --- finding -------------------------------------------------------------------------------------


def test_who_works_in_a_place_on_a_day(session: Session, cast: Cast) -> None:
    def activity(name: str, place: str, period: str = "", theme: str = "poverty") -> ActivityFacts:
        days = periods.read(period)
        return replace(
            FACTS, name=name, places=(place,), themes=(theme,), starts=days.starts, ends=days.ends
        )

    recorded(
        session,
        cast,
        activity("ทั้งจังหวัด", NAKHON),
        activity("ในตำบล", HULONG, "ปีงบ 2549", "survey"),
        activity("จบแล้ว", HULONG, "2547"),
        activity("ยังไม่เริ่ม", HULONG, "2551"),
        activity("ไม่รู้ว่าจบ", PAK_PHANANG, "ตั้งแต่ 2548", "energy"),
        activity("ตำบลอื่น", "800101"),
    )

    def working(place: str, *slugs: str) -> list[str]:
        found = activities.working(session, place=place, themes=slugs, on=DAY, seen_by=ANONYMOUS)
        return names(found)

    assert working(HULONG) == ["ในตำบล", "ไม่รู้ว่าจบ", "ทั้งจังหวัด"]
    assert set(working(NAKHON)) == {"ในตำบล", "ไม่รู้ว่าจบ", "ทั้งจังหวัด", "ตำบลอื่น"}
    assert working(PHATTHALUNG) == []
    assert set(working(HULONG, "survey")) == {"ในตำบล", "ทั้งจังหวัด"}
    assert working(HULONG, "energy") == ["ไม่รู้ว่าจบ"]
    assert working(HULONG, "none") == []


def test_the_list_is_narrowed_by_place_theme_organisation_and_year(
    session: Session, cast: Cast
) -> None:
    survey = ActivityFacts("สำรวจ", (HULONG,), ("survey",), (Part("กรมการปกครอง"),))
    recorded(session, cast, FACTS, survey)

    def listed(**asked: object) -> set[str]:
        return set(names(activities.listing(session, seen_by=ANONYMOUS, **asked).activities))

    both = {FACTS.name, "สำรวจ"}
    assert listed() == listed(place=HULONG) == listed(theme="poverty") == both
    assert listed(place=PHATTHALUNG) == set()
    assert listed(theme="survey") == {"สำรวจ"}
    number = organisations.find_or_create(session, "กรมการปกครอง").id
    assert listed(organisation=number) == {"สำรวจ"}
    assert listed(year=2005) == {FACTS.name}
    # A period that nobody knows is in the year of the note.
    assert listed(year=2006) == both


def test_two_and_twelve_activities_take_the_same_statements(
    store: Store, session: Session, cast: Cast
) -> None:
    def statements() -> list[int]:
        session.commit()
        counts = []
        for ask in (
            lambda one: activities.listing(one, seen_by=cast.commenter, theme="poverty"),
            lambda one: activities.working(one, place=HULONG, on=DAY, seen_by=cast.commenter),
            lambda one: activities.alike(one, FACTS.name, seen_by=cast.commenter),
        ):
            with store.sessions() as fresh, counting(store) as sent:
                ask(fresh)
            counts.append(len(sent))
        return counts

    recorded(session, cast, *(replace(FACTS, name=f"แผนชีวิต {n}") for n in range(2)))
    few = statements()
    recorded(session, cast, *(replace(FACTS, name=f"แผนชีวิต {n}") for n in range(2, 12)))
    assert statements() == few


@pytest.mark.parametrize(
    "page", ["/activities", "/overlaps", f"/places/{HULONG}/working", "/activities/1"]
)
def test_pages_take_the_same_statements_for_two_and_for_twelve(
    client: FlaskClient, store: Store, cast: Cast, page: str
) -> None:
    survey = replace(FACTS, name="สำรวจ", organisations=(Part("กรมการปกครอง"),))

    def statements(*numbers: int) -> int:
        with store.saving() as session:
            plans = (replace(FACTS, name=f"แผนชีวิต {n}") for n in numbers)
            surveys = (replace(survey, name=f"สำรวจ {n}") for n in numbers)
            recorded(session, cast, *plans, *surveys)
        assert client.get(page).status_code == 200
        with counting(store) as sent:
            client.get(page)
        return len(sent)

    assert statements(1, 2) == statements(*range(3, 9))


def test_who_works_here_says_no_number_of_what_it_shows_in_part(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    page = f"/places/{HULONG}/working"
    survey = replace(FACTS, name="สำรวจ", organisations=(Part("กรมการปกครอง"),))
    with store.saving() as session:
        recorded(session, cast, FACTS, survey)
    few = client.get(page).text
    assert re.search(r'</h2><span class="count">2</span></div>', few)
    assert "งานที่ซ้อนกัน</a>" in few
    with store.saving() as session:
        recorded(session, cast, *(replace(FACTS, name=f"แผนชีวิต {n}") for n in range(39)))
    many = client.get(page).text
    assert "ดูทั้งหมด 41 งาน" in many
    heads = re.findall(r'<div class="section-head"><h2>[^<]+</h2>(.*?)</div>', many)
    assert heads and not any(heads)


# --- in and out ----------------------------------------------------------------------------------


def test_the_shipped_notes_show_the_overlap_of_seed_004_with_both_funders(
    session: Session,
) -> None:
    session.execute(themes.Theme.__table__.delete())  # type: ignore[attr-defined]
    load_content(session)
    [found] = overlaps.listing(session, seen_by=ANONYMOUS, place=NAKHON).overlaps
    assert {found.first.name, found.second.name} == {"แผนชีวิตชุมชน 165 ตำบล", "สำรวจคนจน 400 หมู่บ้าน"}
    for word in ("พอช. ให้ทุน", "งบซีอีโอจังหวัดนครศรีธรรมราช ให้ทุน", "กรมการปกครอง", "เครือข่ายยมนา"):
        assert word in found.sentence
    assert found.place_code == NAKHON
    assert (found.starts, found.ends) == (None, None)


def test_activities_come_in_go_out_and_come_back_whole(
    store: Store, session: Session, cast: Cast, tmp_path: Path
) -> None:
    told = {
        "name": FACTS.name,
        "places": ["จ.นครศรีธรรมราช"],
        "themes": ["poverty"],
        "organisations": [{"name": "พอช.", "part": "funder"}, "เครือข่ายกองทุนหมู่บ้าน"],
        "period": "ปีงบ 2549",
        "amount": 200000,
        "reach": "165 ตำบล",
        "about": "เล่าเพิ่มเติม",
        "also_in": ["later"],
    }
    rows = [{"id": "first", "title": "ก", "activities": [told]}, {"id": "later", "title": "ข"}]
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    for _time in range(2):
        outcome = bring_in(store, formats.read(formats.files([path])))
        assert outcome.refused == []
    made = session.scalars(select(Activity)).one()
    assert activities.facts_of(made) == FACTS
    assert len(activities.notes_of(made)) == 2
    for form, name in (("jsonl", "notes.jsonl"), ("markdown", None)):
        folder = tmp_path / form
        export(store, folder, form, seen_by=ANONYMOUS)
        before = activities.notes_of(made)
        activities.untell(session, made, session.get_one(Note, before[1]), by=SYSTEM)
        activities.revise(session, made, ActivityFacts(FACTS.name), by=SYSTEM)
        session.commit()
        bring_in(store, formats.read(formats.files([folder / name if name else folder])))
        session.expire_all()
        assert (activities.facts_of(made), activities.notes_of(made)) == (FACTS, before), form


def test_what_was_removed_here_does_not_come_back_by_import(
    store: Store, session: Session, cast: Cast, tmp_path: Path
) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(json.dumps({"id": "1", "title": "ก", "activities": [{"name": "ข"}]}), "utf-8")
    bring_in(store, formats.read(formats.files([path])))
    activities.remove(session, session.scalars(select(Activity)).one(), by=cast.curator)
    session.commit()
    bring_in(store, formats.read(formats.files([path])))
    assert activities.listing(session, seen_by=SYSTEM).total == 0


@pytest.mark.parametrize(
    "told",
    [
        7,
        ["ชื่อ"],
        [{}],
        [{"name": ["ก"]}],
        [{"name": "ก", "period": "มั่ว"}],
        [{"name": "ก", "amount": "มาก"}],
        [{"name": "ก", "amount": -1}],
        [{"name": "ก", "amount": True}],
        [{"name": "ก", "organisations": [{"name": "ข", "part": "boss"}]}],
        [{"name": "ก", "organisations": [7.5]}],
        [{"name": "ก", "themes": [[]]}],
        [{"name": "ก", "places": {}}],
        [{"name": "ก" * 400}],
    ],
)
def test_a_line_whose_activities_cannot_be_read_is_refused_alone(
    store: Store, session: Session, told: object, tmp_path: Path
) -> None:
    rows = [{"id": "1", "title": "ก", "activities": told}, {"id": "2", "title": "ข"}]
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    outcome = bring_in(store, formats.read(formats.files([path])))
    assert len(outcome.refused) == 1
    assert outcome.counts["created"] == 1
    assert session.scalar(select(func.count()).select_from(Activity)) == 0


# --- pages ---------------------------------------------------------------------------------------

FORM = {
    "name": "สำรวจคนจน 400 หมู่บ้าน",
    "organisations-0-name": "กรมการปกครอง",
    "organisations-0-part": "runner",
    "organisations-1-name": "งบซีอีโอ",
    "organisations-1-part": "funder",
    "places-0-text": "ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช",
    "themes": "poverty",
    "period": "2549",
    "amount": "2 แสนบาท",
}


def told_note(store: Store, cast: Cast, **changed: object) -> int:
    with store.saving() as session:
        return notes.create(session, a_review(**changed), by=cast.facilitator).number


def test_the_form_begins_with_what_the_note_says(app: Flask, store: Store, cast: Cast) -> None:
    groups = (OrganisationPart("พอช.", "funder"), OrganisationPart("คณะทำงาน", "organiser"))
    number = told_note(store, cast, organisations=groups, themes=("poverty",))
    page = cast.browser(app, "commenter").get(f"/activities/new?from={number}").text
    assert 'value="ต.หูล่อง' in page
    assert re.search(r'name="themes" value="poverty" checked', page)
    assert re.search(r'value="พอช\."[\s\S]*?value="funder" selected', page)
    assert re.search(r'value="คณะทำงาน"[\s\S]*?value="runner" selected', page)


def test_a_form_that_is_wrong_keeps_every_word(app: Flask, store: Store, cast: Cast) -> None:
    number = told_note(store, cast)
    browser, address = cast.browser(app, "commenter"), f"/activities/new?from={number}"
    wrong = {**FORM, "name": "", "period": "เมื่อก่อน", "amount": "มากโข", "places-0-text": "ต.ไม่มีจริง"}
    answer = post(browser, address, wrong)
    assert answer.status_code == 422
    for words in ("กรมการปกครอง", "งบซีอีโอ", "เมื่อก่อน", "มากโข", "ต.ไม่มีจริง"):
        assert f'value="{words}"' in answer.text, words
    for name in ("name", "period", "amount", "places-0-text"):
        assert f'href="#{name}"' in answer.text, name
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == 0


def test_rows_can_be_added_without_a_script(app: Flask, store: Store, cast: Cast) -> None:
    number = told_note(store, cast)
    browser, address = cast.browser(app, "commenter"), f"/activities/new?from={number}"
    more = post(browser, address, {**FORM, "add": "places"})
    assert more.status_code == 200
    assert 'name="places-3-text"' in more.text
    less = post(browser, address, {**FORM, "remove": "organisations-1"})
    assert "งบซีอีโอ" not in less.text
    assert "กรมการปกครอง" in less.text


def test_two_records_from_a_note_show_their_overlap_and_a_second_press_saves_once(
    app: Flask, store: Store, cast: Cast
) -> None:
    number = told_note(store, cast)
    browser, address = cast.browser(app, "commenter"), f"/activities/new?from={number}"
    plan = {
        "name": "แผนชีวิตชุมชน 165 ตำบล",
        "organisations-0-name": "พอช.",
        "organisations-0-part": "funder",
        "places-0-text": "จ.นครศรีธรรมราช",
        "themes": "poverty",
    }
    post(browser, address, plan)
    for _press in range(2):
        saved = post(browser, address, FORM)
        assert saved.status_code == 303
    page = browser.get(saved.location).text
    assert "พอช. ให้ทุน" in page
    assert "งบซีอีโอ ให้ทุน" in page
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == 2
        overlap = session.scalars(select(Overlap)).one().id
    for address in ("/overlaps", f"/places/{HULONG}/working", f"/overlaps/{overlap}"):
        shown = app.test_client().get(address).text
        assert "พอช. ให้ทุน" in shown, address
        assert "งบซีอีโอ ให้ทุน" in shown, address
    empty = post(browser, f"/overlaps/{overlap}", {"reason": " "})
    assert empty.status_code == 422
    marked = post(browser, f"/overlaps/{overlap}", {"reason": "ใช้ข้อมูลชุดเดียวกัน"}, follow=True)
    assert "ใช้ข้อมูลชุดเดียวกัน" in marked.text
    assert cast.commenter.name in marked.text
    again = post(
        browser, f"/overlaps/{overlap}/reopen", {}, page=f"/overlaps/{overlap}", follow=True
    )
    assert "ใช้ข้อมูลชุดเดียวกัน" not in again.text


def test_a_name_like_another_asks_first_and_leads_to_that_one(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        [made] = recorded(session, cast, replace(FACTS, name=FORM["name"]))
        known = made.id
    number = told_note(store, cast, title="อีกเรื่อง")
    browser, address = cast.browser(app, "commenter"), f"/activities/new?from={number}"
    asked = post(browser, address, FORM)
    assert asked.status_code == 422
    assert f"/activities/{known}/notes" in asked.text
    assert 'value="กรมการปกครอง"' in asked.text
    linked = post(
        browser, f"/activities/{known}/notes", {"note": number}, page=address, follow=True
    )
    assert "อีกเรื่อง" in linked.text
    assert "งานที่บันทึกนี้เล่าถึง" in browser.get(f"/notes/{number}").text
    other = post(browser, address, {**FORM, "different": "1"})
    assert other.status_code == 303


def test_a_note_page_names_the_activity_only_while_its_note_may_be_seen(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        [made] = recorded(session, cast, FACTS)
        origin = made.note_id
        other = notes.create(session, a_page("แผนชีวิต", "เล่า"), by=cast.commenter)
        number = other.number
    assert FACTS.name not in client.get(f"/notes/{number}").text
    with store.saving() as session:
        activity = session.get_one(Activity, made.id)
        activities.tell(session, activity, session.get_one(Note, number), by=cast.commenter)
    assert FACTS.name in client.get(f"/notes/{number}").text
    for visibility, is_named in (("draft", False), ("public", True), ("members", False)):
        with store.saving() as session:
            note = session.get_one(Note, origin)
            notes.change_visibility(session, note, visibility, by=cast.facilitator)
        assert (FACTS.name in client.get(f"/notes/{number}").text) is is_named
    with store.saving() as session:
        activities.remove(session, session.get_one(Activity, made.id), by=cast.facilitator)
    assert FACTS.name not in cast.browser(app, "commenter").get(f"/notes/{number}").text


def test_its_page_offers_to_bring_back_what_was_removed(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        [made] = recorded(session, cast, FACTS)
        number = made.id
    writer, page = cast.browser(app, "facilitator"), f"/activities/{number}"
    gone = post(writer, f"{page}/remove", {}, page=page, follow=True)
    assert "เอากลับมา" in gone.text
    assert client.get(page).status_code == 404
    assert cast.browser(app, "commenter").get(page).status_code == 404
    post(writer, f"{page}/restore", {}, page=page)
    assert client.get(page).status_code == 200


def test_the_second_of_two_editors_sees_what_the_first_saved_and_decides(
    app: Flask, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        [made] = recorded(session, cast, FACTS)
    page = f"/activities/{made.id}/edit"
    first, second = cast.browser(app, "facilitator"), cast.browser(app, "curator")
    opened = stamp_in(first.get(page).text)
    assert opened == stamp_in(second.get(page).text) != ""
    other = {"name": "แผนแม่บทชุมชน", "reach": "200 ตำบล", "based_on": opened}
    assert post(first, page, other, page=page).status_code == 303
    # The very same words again, as a browser sends them after going back, undo nothing.
    assert post(first, page, other, page=page).status_code == 303
    mine = {"name": "แผนชีวิตคนใต้", "about": "<b>เล่า</b> เพิ่ม", "based_on": opened}
    asked = post(second, page, mine, page=page)
    assert asked.status_code == 409
    for word in ("มีคนแก้ข้อมูลงานนี้ไปก่อนแล้ว", "แผนแม่บทชุมชน", "200 ตำบล"):
        assert word in asked.text, word
    assert 'value="แผนชีวิตคนใต้"' in asked.text
    assert "&lt;b&gt;เล่า&lt;/b&gt; เพิ่ม" in asked.text
    with store.reading() as session:
        assert session.get_one(Activity, made.id).name == "แผนแม่บทชุมชน"
    for hostile in ("x", "๐" * 99, "9999-99-99", "\x00", '"><script>'):
        refused = post(second, page, {**mine, "based_on": hostile}, page=page)
        assert refused.status_code == 409
        assert stamp_in(refused.text) == stamp_in(asked.text) != opened
    again = {**mine, "based_on": stamp_in(asked.text)}
    assert post(second, page, again, page=page).status_code == 303
    with store.reading() as session:
        assert session.get_one(Activity, made.id).name == "แผนชีวิตคนใต้"


def stamp_in(page: str) -> str:
    found = re.search(r'name="based_on" value="([^"]*)"', page)
    return found[1] if found else ""


@pytest.mark.parametrize("who", ["", "researcher", "commenter"])
def test_others_cannot_change_or_remove_it(app: Flask, store: Store, cast: Cast, who: str) -> None:
    with store.saving() as session:
        [made] = recorded(session, cast, FACTS)
        page = f"/activities/{made.id}"
    browser = cast.browser(app, who) if who else app.test_client()
    token = csrf_token(browser, "/account" if who else "/signin")
    for address in (f"{page}/edit", f"{page}/remove"):
        refused = browser.post(address, data={"csrf_token": token, "name": "อื่น"})
        assert refused.status_code in (302, 303, 401, 403), address
    with store.reading() as session:
        assert activities.listing(session, seen_by=ANONYMOUS).activities[0].name == FACTS.name


@pytest.mark.parametrize(
    "query",
    [
        "place=ต.ไม่มี",
        "theme=none",
        "organisation=999999999999",
        "organisation=ไม่มี",
        "year=x",
        "offset=99",
    ],
)
def test_no_address_breaks_the_list(client: FlaskClient, query: str) -> None:
    for page in ("/activities", "/overlaps"):
        assert client.get(f"{page}?{query}").status_code == 200
