"""1+1+1+1 = 0: several do the same in the same place and do not know of each other."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms import activities, curation, joining, notes, organisations, overlaps, privacy, themes
from kms.activities import ActivityFacts, Part
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.models import Account, Activity, Merging, Note, Overlap
from kms.note_kinds import NoteContent
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from kms.thai import periods
from tests.cast import Cast
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PAK_PHANANG, PHATTHALUNG, a_review

PATIENCE_S = 20

LIFE_PLAN = ActivityFacts(
    name="แผนชีวิตชุมชน 165 ตำบล",
    places=(NAKHON,),
    themes=("poverty",),
    organisations=(Part("พอช.", "funder"), Part("เครือข่ายกองทุนหมู่บ้าน", "runner")),
    reach="165 ตำบล",
)
SURVEY = ActivityFacts(
    name="สำรวจคนจน 400 หมู่บ้าน",
    places=(HULONG,),
    themes=("survey",),
    organisations=(
        Part("งบซีอีโอ", "funder"),
        Part("กรมการปกครอง", "runner"),
        Part("เครือข่ายยมนา", "runner"),
    ),
    reach="400 หมู่บ้าน",
)


@pytest.fixture(autouse=True)
def _themes(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="ความยากจน", slug="poverty")
        themes.add(session, by=cast.curator, name="สำรวจครัวเรือน", slug="survey", parent=top)
        themes.add(session, by=cast.curator, name="พลังงาน", slug="energy")


def told(session: Session, cast: Cast, **changed: object) -> Note:
    return notes.create(session, a_review(**changed), by=cast.facilitator)


def recorded(
    session: Session, cast: Cast, *facts: ActivityFacts, note: NoteContent | None = None
) -> list[Activity]:
    where = notes.create(session, note or a_review(), by=cast.facilitator)
    return [activities.record(session, where, one, by=cast.facilitator) for one in facts]


def flags(session: Session, viewer: Viewer = ANONYMOUS) -> list[overlaps.OverlapShown]:
    return overlaps.listing(session, seen_by=viewer).overlaps


def test_two_that_do_the_same_in_the_same_place_are_found_and_explained(
    session: Session, cast: Cast
) -> None:
    recorded(session, cast, LIFE_PLAN, SURVEY)
    [found] = flags(session)
    assert (found.place_code, found.theme_slug, found.state) == (HULONG, "survey", "")
    for word in (
        "แผนชีวิตชุมชน 165 ตำบล",
        "สำรวจคนจน 400 หมู่บ้าน",
        "พอช. ให้ทุน",
        "งบซีอีโอ ให้ทุน",
        "เครือข่ายกองทุนหมู่บ้าน ทำ",
        "กรมการปกครอง และ เครือข่ายยมนา ทำ",
        "สำรวจครัวเรือน",
        "หูล่อง",
        "ไม่รู้ว่าทั้งสองงานเริ่มและจบเมื่อใด",
        "28 ม.ค. 2549",
    ):
        assert word in found.sentence, found.sentence


def changed(facts: ActivityFacts, period: str = "", **values: object) -> ActivityFacts:
    days = periods.read(period)
    return replace(facts, starts=days.starts, ends=days.ends, **values)


@pytest.mark.parametrize(
    ("life_plan", "survey", "overlaps_are"),
    [
        (LIFE_PLAN, SURVEY, 1),
        (changed(LIFE_PLAN, places=(PHATTHALUNG,)), SURVEY, 0),
        (changed(LIFE_PLAN, places=()), SURVEY, 0),
        (changed(LIFE_PLAN, places=(PHATTHALUNG, PAK_PHANANG)), SURVEY, 1),
        (changed(LIFE_PLAN, themes=("energy",)), SURVEY, 0),
        (changed(LIFE_PLAN, themes=()), SURVEY, 0),
        (changed(LIFE_PLAN, themes=("energy", "survey")), SURVEY, 1),
        (changed(LIFE_PLAN, "ปีงบ 2549"), changed(SURVEY, "2549"), 1),
        (changed(LIFE_PLAN, "ปีงบ 2549"), changed(SURVEY, "2551"), 0),
        (changed(LIFE_PLAN, "ตั้งแต่ 2548"), changed(SURVEY, "2551"), 1),
        (changed(LIFE_PLAN, "ถึง 2548"), changed(SURVEY, "2549"), 0),
        (LIFE_PLAN, changed(SURVEY, "2549"), 1),
        (changed(LIFE_PLAN, organisations=SURVEY.organisations), SURVEY, 0),
        (changed(LIFE_PLAN, organisations=()), SURVEY, 0),
        # Who pays for the survey runs the plan: they know of both.
        (changed(LIFE_PLAN, organisations=(Part("งบซีอีโอ", "runner"),)), SURVEY, 0),
        (
            changed(LIFE_PLAN, organisations=(Part("พอช."), Part("งบซีอีโอ", "funder"))),
            SURVEY,
            1,
        ),
        (
            changed(LIFE_PLAN, organisations=(Part("พอช."),)),
            changed(SURVEY, organisations=(Part("กรมการปกครอง"), Part("พอช.", "partner"))),
            0,
        ),
    ],
)
def test_place_theme_time_and_hands_decide(
    session: Session,
    cast: Cast,
    life_plan: ActivityFacts,
    survey: ActivityFacts,
    overlaps_are: int,
) -> None:
    recorded(session, cast, life_plan, survey)
    assert len(flags(session)) == overlaps_are


def test_the_time_in_common_is_said_with_what_nobody_knows(session: Session, cast: Cast) -> None:
    recorded(session, cast, changed(LIFE_PLAN, "ปีงบ 2549"), changed(SURVEY, "2549"))
    [both] = flags(session)
    assert "ในช่วง ม.ค. – ก.ย. 2549 เหมือนกัน" in both.sentence.replace("ช่วงม", "ช่วง ม")
    assert "ไม่รู้" not in both.sentence
    assert (both.starts, both.ends) == (date(2006, 1, 1), date(2006, 9, 30))
    recorded(
        session,
        cast,
        changed(LIFE_PLAN, "ตั้งแต่ 2548", places=(PHATTHALUNG,)),
        changed(SURVEY, "ตั้งแต่ 2549", places=(PHATTHALUNG,)),
    )
    [open_end] = overlaps.listing(session, seen_by=ANONYMOUS, place=PHATTHALUNG).overlaps
    assert "ตั้งแต่ 2549" in open_end.sentence
    assert "ไม่รู้ว่า “แผนชีวิตชุมชน 165 ตำบล” ถึงเมื่อใด" in open_end.sentence


def test_a_place_in_common_counts_in_each_place_where_it_is(session: Session, cast: Cast) -> None:
    there = (HULONG, "800101", PHATTHALUNG)
    recorded(session, cast, changed(LIFE_PLAN, places=there), changed(SURVEY, places=there))
    for code in (HULONG, "800101", "8001", NAKHON, PHATTHALUNG, "930101"):
        assert len(overlaps.of_place(session, code, seen_by=ANONYMOUS)) == 1, code
    assert overlaps.of_place(session, "800102", seen_by=ANONYMOUS) == []
    counted = {one.code: one for one in overlaps.table(session, seen_by=ANONYMOUS)}
    assert {code: one.flags for code, one in counted.items()} == {NAKHON: 1, PHATTHALUNG: 1}
    assert {one.code for one in counted[NAKHON].beneath} == {"8001", PAK_PHANANG}
    assert counted[PHATTHALUNG].beneath == []


def test_one_that_is_co_ordinated_says_by_whom_and_why_and_can_be_opened_again(
    session: Session, cast: Cast
) -> None:
    recorded(session, cast, LIFE_PLAN, SURVEY)
    [flag] = flags(session)
    for viewer, refusal in ((ANONYMOUS, SignInNeeded), (cast.researcher, NotAllowed)):
        with pytest.raises(refusal):
            overlaps.coordinate(session, flag.id, by=viewer, reason="ประสานแล้ว")
    for reason in ("", "ก" * 301):
        with pytest.raises(Invalid):
            overlaps.coordinate(session, flag.id, by=cast.commenter, reason=reason)
    overlaps.coordinate(session, flag.id, by=cast.commenter, reason="ใช้ข้อมูลครัวเรือน\nชุดเดียวกัน")
    [marked] = flags(session)
    assert marked.is_coordinated
    assert (marked.reason, marked.marked_by) == ("ใช้ข้อมูลครัวเรือน ชุดเดียวกัน", cast.commenter.name)
    assert marked.marked_at is not None
    [province] = overlaps.table(session, seen_by=ANONYMOUS)
    assert (province.flags, province.coordinated) == (0, 1)
    overlaps.reopen(session, flag.id, by=cast.facilitator)
    [again] = flags(session)
    assert (again.state, again.reason, again.marked_by, again.marked_at) == ("", "", "", None)


@pytest.mark.parametrize(
    ("survey", "is_kept"),
    [
        (replace(SURVEY, name="สำรวจคนจนสี่ร้อยหมู่บ้าน", reach="", about="เล่าเพิ่ม"), True),
        (changed(SURVEY, "2549"), True),
        (replace(SURVEY, places=(PAK_PHANANG,)), False),
        (replace(SURVEY, themes=("poverty",)), False),
        (replace(SURVEY, organisations=(*SURVEY.organisations, Part("สกว.", "partner"))), False),
    ],
)
def test_a_mark_stays_until_place_theme_or_organisations_change(
    session: Session, cast: Cast, survey: ActivityFacts, is_kept: bool
) -> None:
    _plan, other = recorded(session, cast, LIFE_PLAN, SURVEY)
    overlaps.coordinate(session, flags(session)[0].id, by=cast.commenter, reason="คุยกันแล้ว")
    activities.revise(session, other, survey, by=cast.facilitator)
    [found] = flags(session)
    assert found.is_coordinated is is_kept
    assert bool(found.reason and found.marked_at) is is_kept


def test_an_overlap_goes_with_what_made_it(session: Session, cast: Cast) -> None:
    _plan, other = recorded(session, cast, LIFE_PLAN, SURVEY)
    activities.revise(session, other, replace(SURVEY, themes=("energy",)), by=cast.facilitator)
    assert session.scalar(select(func.count()).select_from(Overlap)) == 0
    activities.revise(session, other, SURVEY, by=cast.facilitator)
    assert len(flags(session)) == 1


def test_what_was_removed_takes_its_overlaps_away_and_brings_them_back_as_marked(
    session: Session, cast: Cast
) -> None:
    plan, other = recorded(session, cast, LIFE_PLAN, SURVEY)
    overlaps.coordinate(session, flags(session)[0].id, by=cast.commenter, reason="คุยกันแล้ว")
    activities.remove(session, other, by=cast.facilitator)
    assert flags(session, SYSTEM) == []
    assert overlaps.table(session, seen_by=SYSTEM) == []
    # The other one changes meanwhile.
    activities.revise(session, plan, replace(LIFE_PLAN, about="เล่าเพิ่ม"), by=cast.curator)
    activities.restore(session, other, by=cast.curator)
    [back] = flags(session)
    assert back.is_coordinated


@pytest.mark.parametrize("visibility", ["draft", "members"])
def test_an_overlap_is_there_for_those_who_may_see_both_only(
    session: Session, cast: Cast, visibility: str
) -> None:
    plan, *_ = recorded(session, cast, LIFE_PLAN)
    recorded(session, cast, SURVEY, note=a_review(visibility=visibility))
    number = session.scalars(select(Overlap.id)).one()
    may_see = {"draft": {"facilitator"}, "members": {"facilitator", "commenter", "curator"}}
    for who in ("facilitator", "commenter", "curator", "anonymous"):
        viewer = getattr(cast, who)
        shown = int(who in may_see[visibility])
        found = overlaps.listing(session, seen_by=viewer)
        assert (found.total, len(found.overlaps)) == (shown, shown), who
        assert len(overlaps.table(session, seen_by=viewer)) == shown
        assert len(overlaps.of_place(session, HULONG, seen_by=viewer)) == shown
        assert len(overlaps.of_activity(session, plan.id, seen_by=viewer)) == shown
        if not shown:
            with pytest.raises(NotFound):
                overlaps.get(session, number, seen_by=viewer)
    with pytest.raises(NotFound if visibility == "draft" else Invalid):
        overlaps.coordinate(session, number, by=cast.commenter, reason="")


def test_what_a_person_recorded_and_marked_is_theirs_to_read(session: Session, cast: Cast) -> None:
    recorded(session, cast, LIFE_PLAN, SURVEY)
    [flag] = flags(session)
    overlaps.coordinate(session, flag.id, by=cast.facilitator, reason="คุยกันแล้ว")
    account = session.get_one(Account, cast.facilitator.account_id)
    told = privacy.export_own_data(session, account)
    assert [one["name"] for one in told["activities"]] == [LIFE_PLAN.name, SURVEY.name]
    assert [one["reason"] for one in told["coordinated"]] == ["คุยกันแล้ว"]
    privacy.forget(session, account)
    [found] = flags(session)
    assert found.is_coordinated
    assert cast.facilitator.name not in found.marked_by


def test_an_overlap_follows_the_tree_of_themes(session: Session, cast: Cast) -> None:
    recorded(session, cast, LIFE_PLAN, replace(SURVEY, themes=("energy",)))
    assert flags(session) == []
    given = {"name": "พลังงาน", "name_en": "", "about": ""}
    curation.revise(session, "energy", by=cast.curator, under="poverty", **given)
    [found] = flags(session)
    overlaps.coordinate(session, found.id, by=cast.commenter, reason="คุยกันแล้ว")
    curation.merge(session, "energy", by=cast.curator, into="survey", field="into")
    [found] = flags(session)
    assert (found.theme_slug, found.is_coordinated) == ("survey", True)
    curation.revise(session, "survey", by=cast.curator, under="", **given)
    assert flags(session) == []


def test_organisations_that_are_one_overlap_no_more_until_they_are_parted(
    session: Session, cast: Cast
) -> None:
    recorded(
        session,
        cast,
        replace(LIFE_PLAN, organisations=(Part("กรมการปกครอง"),)),
        replace(SURVEY, organisations=(Part("ปกครองจังหวัด"),)),
    )
    assert len(flags(session)) == 1
    kept = organisations.find_or_create(session, "กรมการปกครอง").id
    gone = organisations.find_or_create(session, "ปกครองจังหวัด").id
    merging = joining.join(session, joining.ORGANISATION, kept=kept, gone=gone, by=cast.curator)
    session.flush()
    assert flags(session) == []
    joining.undo(session, merging.id, by=cast.curator)
    assert len(flags(session)) == 1


def test_two_and_twelve_overlaps_take_the_same_statements(
    store: Store, session: Session, cast: Cast
) -> None:
    def statements() -> tuple[int, ...]:
        session.commit()
        counts = []
        for ask in (
            lambda fresh: overlaps.listing(fresh, seen_by=cast.commenter, limit=50),
            lambda fresh: overlaps.table(fresh, seen_by=cast.commenter),
            lambda fresh: overlaps.of_place(fresh, HULONG, seen_by=cast.commenter, limit=50),
        ):
            with store.sessions() as fresh, counting(store) as sent:
                ask(fresh)
            counts.append(len(sent))
        return tuple(counts)

    plans = [replace(LIFE_PLAN, name=f"แผนที่ {n}") for n in range(6)]
    recorded(session, cast, SURVEY, *plans[:2])
    few = statements()
    other = replace(SURVEY, organisations=(Part("กรมสมมติ"),), name="สำรวจอีกงาน")
    recorded(session, cast, *plans[2:], other)
    assert statements() == few
    assert overlaps.listing(session, seen_by=cast.commenter).total >= 12


def test_two_and_twelve_overlaps_are_found_in_the_same_statements(
    store: Store, session: Session, cast: Cast
) -> None:
    given = {"name": "สำรวจครัวเรือน", "name_en": "", "about": ""}

    def sent_by(change: Callable[[], object]) -> int:
        session.commit()
        session.expire_all()
        with counting(store) as sent:
            change()
            session.commit()
        return len(sent)

    def statements() -> tuple[int, ...]:
        note = told(session, cast)
        survey = replace(SURVEY, organisations=(Part(f"กรมที่ {note.id}"),))
        gone = organisations.find_or_create(session, "เครือข่ายกองทุนหมู่บ้าน").id
        kept = organisations.find_or_create(session, f"เครือข่าย {note.id}").id
        whole = partial(curation.revise, session, "survey", by=cast.curator)
        join = partial(joining.join, session, joining.ORGANISATION, by=cast.curator)
        counts = [
            sent_by(lambda: activities.record(session, note, survey, by=cast.facilitator)),
            sent_by(lambda: whole(under="energy", **given)),
            sent_by(lambda: whole(under="poverty", **given)),
            sent_by(lambda: join(kept=kept, gone=gone)),
        ]
        joining.undo(session, session.scalars(select(func.max(Merging.id))).one(), by=cast.curator)
        return tuple(counts)

    plans = [replace(LIFE_PLAN, name=f"แผนที่ {n}") for n in range(12)]
    recorded(session, cast, SURVEY, *plans[:2])
    few = statements()
    before = len(flags(session))
    recorded(session, cast, *plans[2:])
    assert statements() == few
    assert overlaps.listing(session, seen_by=SYSTEM).total >= 36 > before


def test_of_two_who_record_at_one_moment_the_second_sees_the_first(
    store: Store, cast: Cast, database: str
) -> None:
    with store.saving() as session:
        one, other = told(session, cast).id, told(session, cast).id
    has_found, may_end = threading.Event(), threading.Event()

    def record(number: int, facts: ActivityFacts, *, waits: bool) -> None:
        with store.saving() as session:
            note = notes.get(session, number, seen_by=cast.facilitator)
            activities.record(session, note, facts, by=cast.facilitator)
            if waits:
                has_found.set()
                may_end.wait(PATIENCE_S)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(record, one, LIFE_PLAN, waits=True)
        assert has_found.wait(PATIENCE_S)
        second = pool.submit(record, other, SURVEY, waits=False)
        with suppress(TimeoutError):
            second.result(0.5)
        may_end.set()
        first.result(PATIENCE_S)
        second.result(PATIENCE_S)
    with store.reading() as session:
        assert len(flags(session)) == 1


def test_one_that_goes_with_its_note_meanwhile_stops_nobody(
    store: Store, cast: Cast, database: str
) -> None:
    if not database.startswith("postgresql"):
        pytest.skip("SQLite lets one write at a time")
    with store.saving() as session:
        one, other = told(session, cast), told(session, cast)
        activities.record(session, one, LIFE_PLAN, by=cast.facilitator)
        gone, kept = one.id, other.id

    def record() -> None:
        with store.saving() as session:
            note = notes.get(session, kept, seen_by=cast.facilitator)
            activities.record(session, note, SURVEY, by=cast.facilitator)

    with ThreadPoolExecutor(1) as pool, store.saving() as session:
        notes.delete(session, session.get_one(Note, gone), by=cast.curator)
        session.flush()
        recording = pool.submit(record)
        with suppress(TimeoutError):
            recording.result(0.5)
        session.commit()
        recording.result(PATIENCE_S)
    with store.reading() as session:
        assert flags(session) == []
