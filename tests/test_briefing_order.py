"""In which order lessons are put before whoever is about to act, on made cases."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kms import language, lesson_words
from kms.briefing_order import Offered, Placed, Wanted, disagreements, fits, ordered
from kms.lesson_lives import Life, LifeStep
from kms.models.lessons import OUTCOMES

CHUMPHON = "931101"
PHATTHALUNG, SONGKHLA, LAMPANG, KHON_KAEN, CHANTHABURI = "93", "90", "52", "40", "22"
WELFARE, FINANCE = frozenset({"community-welfare"}), frozenset({"community-finance"})
WANTED = Wanted(PHATTHALUNG, (WELFARE,), "จัดเวทีกองทุนสวัสดิการชุมชน")


def a_step(step: str, place: str | None = None, **more: object) -> LifeStep:
    made = LifeStep(
        id=1, step=step, note=None, note_title="", other=None, other_title="", place_code=place,
        organisation_id=None, organisation_name="", outcome="", changed="", reason="",
        from_review=False, by_id=None, by_name="", created_at=datetime(2026, 1, 1, tzinfo=UTC),
        elsewhere=True,
    )  # fmt: skip
    return replace(made, **more)


def confirmed(*provinces: str) -> tuple[LifeStep, ...]:
    return tuple(a_step("confirmed", one) for one in provinces)


def used(outcome: str, *provinces: str) -> tuple[LifeStep, ...]:
    return tuple(a_step("applied", one, outcome=outcome) for one in provinces)


def a_lesson(number: int, place: str = KHON_KAEN, *steps: LifeStep, **more: object) -> Offered:
    said = {name: more.pop(name) for name in ("stage", "review", "superseded_by") if name in more}
    life = Life(number, "lesson", steps, "", None)
    made = Offered(
        number=number, title=f"บทเรียน {number}", point="รวมกำไรเป็นสวัสดิการ",
        holds_when="เมื่อตำบลมีหลายกองทุน", what_to_do="ตกลงกันว่าจะแบ่งเท่าไร", why="แต่ละกองทุนมีเจ้าของ",
        works=True, places=(place,) if place else (), themes=WELFARE, evidence=1,
        life=replace(life, **said),
    )  # fmt: skip
    return replace(made, **more)


def numbers(*lessons: Offered, wanted: Wanted = WANTED) -> list[int]:
    return [one.lesson.number for one in ordered(lessons, wanted)]


def reason(lesson: Offered, wanted: Wanted = WANTED) -> str:
    return ordered([lesson], wanted)[0].why


# --- what comes before what ----------------------------------------------------------------------


def test_the_near_come_before_the_far() -> None:
    far, near, here = a_lesson(1, LAMPANG), a_lesson(2, SONGKHLA), a_lesson(3, PHATTHALUNG)
    nowhere = a_lesson(4, "")
    assert numbers(far, near, here, nowhere) == [3, 2, 1, 4]


def test_within_a_province_the_tambon_and_the_amphoe_come_first() -> None:
    lessons = [a_lesson(1, PHATTHALUNG), a_lesson(2, "9311"), a_lesson(3, CHUMPHON)]
    wanted = replace(WANTED, place=CHUMPHON)
    assert numbers(*lessons, wanted=wanted) == [3, 2, 1]


def test_one_confirmed_elsewhere_comes_before_one_that_is_not() -> None:
    once = a_lesson(2, PHATTHALUNG, *confirmed(LAMPANG))
    twice = a_lesson(3, PHATTHALUNG, *confirmed(LAMPANG, KHON_KAEN))
    assert numbers(a_lesson(1, PHATTHALUNG), once, twice) == [3, 2, 1]


def test_two_confirmations_of_one_place_are_one() -> None:
    twice_there = a_lesson(1, PHATTHALUNG, *confirmed(LAMPANG, LAMPANG))
    assert numbers(twice_there, a_lesson(2, PHATTHALUNG, *confirmed(LAMPANG, KHON_KAEN))) == [2, 1]


def test_one_that_was_used_comes_by_what_came_of_it() -> None:
    outcomes = ("did_not", "partly", "worked")
    lessons = [a_lesson(n, PHATTHALUNG, *used(one, LAMPANG)) for n, one in enumerate(outcomes, 1)]
    assert numbers(a_lesson(4, PHATTHALUNG), *lessons) == [3, 2, 4, 1]


def test_a_contradicted_one_stands_lower_and_says_so() -> None:
    doubted = a_lesson(
        1, PHATTHALUNG, *confirmed(LAMPANG), a_step("contradicted"), review="contradicted"
    )
    assert numbers(doubted, a_lesson(2, PHATTHALUNG), a_lesson(3, SONGKHLA)) == [2, 3, 1]
    assert "มีผู้เห็นแย้ง" in reason(doubted)


def test_a_contradiction_that_was_looked_at_costs_nothing_more() -> None:
    settled = a_lesson(1, PHATTHALUNG, *confirmed(LAMPANG), a_step("contradicted"))
    assert numbers(settled, a_lesson(2, PHATTHALUNG)) == [1, 2]
    assert "เห็นแย้ง" not in reason(settled)


def test_a_stale_one_stands_lower_and_says_so() -> None:
    stale = a_lesson(2, PHATTHALUNG, review="age")
    assert numbers(stale, a_lesson(1, PHATTHALUNG)) == [1, 2]
    assert "เก่าแล้ว" in reason(stale)


def test_drafts_come_after_all_that_is_agreed_and_say_so() -> None:
    draft = a_lesson(1, PHATTHALUNG, *confirmed(LAMPANG, KHON_KAEN), stage="draft")
    assert numbers(draft, a_lesson(2, LAMPANG)) == [2, 1]
    assert "ยังรอเห็นด้วย" in reason(draft)


def test_the_reason_says_stages_and_outcomes_in_the_words_of_the_lesson() -> None:
    for stage in ("draft", "routine"):
        told = reason(a_lesson(1, PHATTHALUNG, stage=stage))
        assert lesson_words.stage_name(stage) in told, told
    for outcome in OUTCOMES:
        told = reason(a_lesson(1, PHATTHALUNG, *used(outcome, LAMPANG)))
        assert f"{lesson_words.outcome_name(outcome)} 1 ครั้ง" in told, told


def test_one_whose_place_another_took_comes_last() -> None:
    old = a_lesson(1, PHATTHALUNG, *confirmed(LAMPANG), superseded_by=9)
    assert numbers(old, a_lesson(2, LAMPANG, stage="draft")) == [2, 1]


def test_the_words_of_the_plan_decide_between_equals() -> None:
    wanted = replace(WANTED, matches={2: 1.0, 1: 0.4})
    lessons = [a_lesson(n, PHATTHALUNG) for n in (1, 2, 3)]
    assert numbers(*lessons, wanted=wanted) == [2, 1, 3]


def test_one_on_more_of_the_themes_comes_first() -> None:
    wanted = replace(WANTED, themes=(WELFARE, FINANCE))
    both = a_lesson(1, PHATTHALUNG, themes=WELFARE | FINANCE)
    assert numbers(a_lesson(2, PHATTHALUNG), both, wanted=wanted) == [1, 2]


def test_one_with_more_evidence_comes_first() -> None:
    assert numbers(a_lesson(2, PHATTHALUNG), a_lesson(1, PHATTHALUNG, evidence=3)) == [1, 2]


def test_much_that_others_found_brings_one_from_afar_to_the_front() -> None:
    proven = a_lesson(
        1, LAMPANG, *confirmed(KHON_KAEN, CHANTHABURI), *used("worked", SONGKHLA), stage="applied"
    )
    assert numbers(a_lesson(2, PHATTHALUNG), proven) == [1, 2]


def test_a_lesson_that_held_here_is_as_near_as_one_from_here() -> None:
    held = a_lesson(1, LAMPANG, *confirmed(PHATTHALUNG))
    assert ordered([held], WANTED)[0].near.rank == 2
    assert "ใช้ได้ในจังหวัดเดียวกัน (จ.พัทลุง)" in reason(held)


def test_where_it_failed_brings_it_no_nearer() -> None:
    assert ordered([a_lesson(1, LAMPANG, *used("did_not", PHATTHALUNG))], WANTED)[0].near.rank == 5


a_life = st.lists(
    st.sampled_from([*confirmed(LAMPANG, SONGKHLA), *used("worked", KHON_KAEN)]), max_size=4
)


@given(a_life, st.sampled_from([PHATTHALUNG, SONGKHLA, LAMPANG]), st.floats(0, 1))
def test_nothing_good_ever_brings_a_lesson_down(
    steps: list[LifeStep], place: str, match: float
) -> None:
    wanted = replace(WANTED, matches={1: match, 2: match})
    plain = a_lesson(1, place, *steps)
    for better in (
        replace(plain, places=(PHATTHALUNG,)),
        replace(plain, evidence=2),
        replace(plain, life=replace(plain.life, steps=(*steps, *confirmed(CHANTHABURI)))),
        replace(plain, life=replace(plain.life, steps=(*steps, *used("worked", CHANTHABURI)))),
    ):
        assert ordered([better], wanted)[0].points >= ordered([plain], wanted)[0].points


# --- the one sentence ----------------------------------------------------------------------------


def test_the_sentence_tells_why_it_stands_there() -> None:
    lesson = a_lesson(1, CHUMPHON, *confirmed(LAMPANG, KHON_KAEN), *used("worked", SONGKHLA))
    said = reason(lesson, replace(WANTED, place=CHUMPHON))
    assert said.startswith("จากตำบลเดียวกัน ยืนยันแล้ว 2 ที่ (ลำปาง ขอนแก่น) ใช้แล้วได้ผล 1 ครั้ง")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (CHUMPHON, "จากจังหวัดเดียวกัน (ต.ชุมพล)"),
        (SONGKHLA, "จากจังหวัดใกล้กัน ราว 90 กม. (สงขลา)"),
        ("95", "จากภาคเดียวกัน ราว 200 กม. (ยะลา)"),
        (LAMPANG, "จากต่างภาค ราว 1210 กม. (ลำปาง)"),
        ("", "ไม่บอกว่าจากที่ไหน"),
    ],
)
def test_the_sentence_says_from_where(place: str, said: str) -> None:
    assert reason(a_lesson(1, place)).startswith(said)


def test_a_use_where_it_is_from_is_told_and_is_not_from_elsewhere() -> None:
    own = replace(used("worked", PHATTHALUNG)[0], elsewhere=False)
    assert "ยังไม่มีที่อื่นยืนยัน ใช้แล้วได้ผล 1 ครั้ง" in reason(a_lesson(1, PHATTHALUNG, own))
    assert "ยังไม่มี" not in reason(a_lesson(1, PHATTHALUNG, own, *used("worked", LAMPANG)))


def test_without_a_place_the_sentence_names_where_it_is_from() -> None:
    assert reason(a_lesson(1, LAMPANG), Wanted()).startswith("จาก จ.ลำปาง ยังไม่มีที่อื่นยืนยัน")


def test_the_sentence_names_three_places_and_counts_the_rest() -> None:
    lesson = a_lesson(1, PHATTHALUNG, *confirmed(LAMPANG, KHON_KAEN, CHANTHABURI, "80", "81"))
    assert "ยืนยันแล้ว 5 ที่ (ลำปาง ขอนแก่น จันทบุรี และอีก 2 แห่ง)" in reason(lesson)


def test_the_sentence_says_which_words_of_the_plan_it_has() -> None:
    said = reason(a_lesson(1), replace(WANTED, matches={1: 1.0}))
    assert "พูดถึง กองทุน สวัสดิการ เหมือนแผน" in said


def test_in_english_the_parts_of_the_sentence_are_told_apart() -> None:
    with language.speaking("en"):
        assert ", " in reason(a_lesson(1, PHATTHALUNG, *confirmed(LAMPANG)))


# --- what is weighed at all ----------------------------------------------------------------------


def test_one_on_other_themes_must_share_words_with_the_plan() -> None:
    assert fits(a_lesson(1, themes=FINANCE), WANTED)
    unlike = a_lesson(
        2, themes=FINANCE, title="พลังงาน", point="ใช้เตาชีวมวล", holds_when="", what_to_do="", why=""
    )
    assert not fits(unlike, WANTED)
    assert fits(unlike, replace(WANTED, themes=()))


# --- what stands against each other --------------------------------------------------------------


def pairs(*lessons: Offered, wanted: Wanted = WANTED) -> list[tuple[int, int | None]]:
    found = disagreements(ordered(lessons, wanted), wanted)
    return [
        (one.one.lesson.number, one.other.lesson.number if one.other else None) for one in found
    ]


def test_lessons_of_one_theme_that_say_the_opposite_stand_side_by_side() -> None:
    assert pairs(a_lesson(1), a_lesson(2, works=False)) == [(1, 2)]


def test_those_of_different_themes_or_without_a_shared_word_do_not() -> None:
    assert pairs(a_lesson(1), a_lesson(2, works=False, themes=FINANCE)) == []
    unlike = a_lesson(2, works=False, point="ใช้เตาชีวมวล", holds_when="เมื่อไม้ฟืนแพง")
    assert pairs(replace(a_lesson(1), holds_when=""), unlike) == []


def test_of_several_the_one_most_alike_is_its_partner() -> None:
    other = a_lesson(3, PHATTHALUNG, point="เลือกตัวแทนหมู่บ้าน")
    assert pairs(other, a_lesson(1), a_lesson(2, works=False)) == [(1, 2)]


def test_a_contradiction_names_the_lesson_that_says_so() -> None:
    doubt = a_step("contradicted", other=2, other_title="อย่ารวม")
    assert pairs(a_lesson(1, KHON_KAEN, doubt, review="contradicted"), a_lesson(2)) == [(1, 2)]


def test_a_contradiction_by_a_note_alone_keeps_its_reason() -> None:
    doubt = a_step("contradicted", note=7, note_title="AAR", reason="ที่นี่รวมแล้วได้ผล")
    placed: list[Placed] = ordered([a_lesson(1, KHON_KAEN, doubt, review="contradicted")], WANTED)
    found = disagreements(placed, WANTED)[0]
    assert found.other is None and found.said is not None and found.said.reason
    assert disagreements(ordered([a_lesson(1, KHON_KAEN, doubt)], WANTED), WANTED) == []


def test_a_contradiction_that_was_looked_at_is_not_open_though_a_use_failed_since() -> None:
    settled = (a_step("contradicted", other=2), a_step("reviewed"))
    lesson = a_lesson(1, KHON_KAEN, *settled, *used("did_not", LAMPANG), review="contradicted")
    assert pairs(lesson, a_lesson(2)) == []
    assert "เห็นแย้ง" not in reason(lesson)
    again = replace(lesson.life, steps=(*lesson.life.steps, a_step("contradicted", other=3)))
    assert pairs(replace(lesson, life=again), a_lesson(2), a_lesson(3)) == [(1, 3)]
