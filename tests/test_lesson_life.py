"""The life of a lesson: who may take which step, what holds afterwards, and who knows of it."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kms import lesson_life, lesson_lives, lesson_rights, lessons, news, notes, people, privacy
from kms.db import now
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.lesson_lives import Life, lives, stages
from kms.models import Account, LessonStep, Note
from kms.note_kinds import (
    Kind,
    LessonParts,
    LessonUsed,
    NoteContent,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.permissions import SYSTEM, Viewer
from kms.saving import Store
from kms.themes import Tree
from tests.cast import Cast
from tests.statements import counting

HULONG = "801208"
PAK_PHANANG = "8012"
NAKHON = "80"
PHATTHALUNG = "93"
LAMPANG = "52"


def a_lesson(session: Session, by: Viewer, **more: object) -> Note:
    content = NoteContent(
        Kind.LESSON,
        "ตั้งเป้าหมายก่อนเชิญคน",
        lesson=LessonParts(point="เป้าหมายชัดก่อนจึงเชิญคน"),
        visibility="public",
        places=(PlaceNamed(HULONG),),
    )
    return notes.create(session, replace(content, **more), by=by)


def a_note(session: Session, by: Viewer, **more: object) -> Note:
    content = NoteContent(Kind.NOTE, "เวทีพัทลุง", body="เป็นอย่างนี้เหมือนกัน", visibility="public")
    return notes.create(session, replace(content, **more), by=by)


def an_aar(session: Session, by: Viewer, *used: LessonUsed, **more: object) -> Note:
    content = NoteContent(
        Kind.AFTER_ACTION_REVIEW,
        "AAR เวทีพัทลุง",
        visibility="public",
        places=(PlaceNamed(PHATTHALUNG),),
        review=Review("one-box", {"review": "ใช้บทเรียนแล้ว"}, used=used),
    )
    return notes.create(session, replace(content, **more), by=by)


def life(session: Session, lesson: Note, who: Viewer = SYSTEM, today: date | None = None) -> Life:
    return lives(session, [lesson.id], seen_by=who, today=today)[lesson.id]


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LessonStep)) or 0


def khun_amnuay(session: Session, cast: Cast, who: Viewer, by: Viewer, **more: object) -> Note:
    role = RolePlayed("khun_amnuay", person=who.name)
    return a_note(session, by, roles=(role,), **more)


# --- what nobody may learn -----------------------------------------------------------------------


def test_a_stranger_learns_nothing_of_steps_that_hidden_notes_tell_of(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    plain = life(session, lesson, cast.anonymous)
    members = a_note(session, cast.commenter, visibility="members", title="เฉพาะสมาชิก")
    draft = a_note(session, cast.commenter, visibility="draft", title="ร่างลับ")
    for note in (members, draft):
        told = {"place": PHATTHALUNG, "note": note.id, "by": cast.commenter}
        lesson_life.confirm(session, lesson, **told)
        lesson_life.apply(session, lesson, outcome="did_not", **told)
        lesson_life.contradict(session, lesson, reason=f"ไม่จริง {note.id}", **told)
    hidden = a_lesson(session, cast.commenter, visibility="draft", title="บทเรียนร่าง")
    session.add(LessonStep(lesson_id=lesson.id, step="superseded", other_id=hidden.id))
    session.flush()
    assert life(session, lesson, cast.anonymous) == plain
    assert plain.stage == "lesson"
    seen = life(session, lesson, cast.stranger)
    assert [one.note for one in seen.confirmations] == [members.id]
    assert "ร่าง" not in repr(seen)
    assert len(life(session, lesson, cast.commenter).confirmations) == 2
    assert life(session, lesson, cast.commenter).superseded_by == hidden.id


def test_nobody_learns_of_the_life_of_a_lesson_they_may_not_see(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator, visibility="draft")
    assert lives(session, [lesson.id], seen_by=cast.curator) == {}
    assert lives(session, [lesson.id], seen_by=cast.facilitator)


def test_a_hidden_witness_answers_like_an_absent_one(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    hidden = a_note(session, cast.facilitator, visibility="draft")
    theirs = a_lesson(session, cast.facilitator, visibility="draft")
    said = []
    for number in (hidden.id, theirs.id, 999_999, -3, 2**40):
        with pytest.raises(Invalid) as confirmed:
            lesson_life.confirm(session, lesson, by=cast.commenter, place=PHATTHALUNG, note=number)
        with pytest.raises(Invalid) as replaced:
            lesson_life.supersede(session, lesson, by=cast.curator, other=number)
        said.append((confirmed.value.problems, replaced.value.problems))
    assert all(one == said[0] for one in said)
    assert rows(session) == 0


def test_a_step_that_one_may_not_know_of_cannot_be_undone(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    draft = a_note(session, cast.commenter, visibility="draft")
    step = lesson_life.confirm(session, lesson, by=cast.commenter, place=PHATTHALUNG, note=draft.id)
    for number in (step.id, 999_999):
        with pytest.raises(NotFound):
            lesson_life.undo(session, lesson, number, by=cast.curator)


def test_routine_does_not_follow_from_a_use_that_the_judge_may_not_see(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    draft = a_note(session, cast.commenter, visibility="draft")
    lesson_life.apply(
        session,
        lesson,
        by=cast.commenter,
        place=PHATTHALUNG,
        outcome="worked",
        note=draft.id,
    )
    with pytest.raises(Invalid):
        lesson_life.make_routine(session, lesson, by=cast.curator)


def test_an_organisation_that_only_hidden_notes_name_is_unknown(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    draft = a_note(session, cast.facilitator, visibility="draft")
    content = notes.content_of(draft)
    role = RolePlayed("khun_ua", organisation="องค์กรลับ")
    notes.revise(session, draft, replace(content, roles=(role,)), by=cast.facilitator, based_on=1)
    told = {"by": cast.commenter, "place": PHATTHALUNG, "outcome": "worked"}
    said = []
    for name in ("องค์กรลับ", "ไม่มีองค์กรนี้"):
        with pytest.raises(Invalid) as refused:
            lesson_life.apply(session, lesson, organisation=name, **told)
        said.append(refused.value.problems)
    assert said[0] == said[1]


# --- agreeing ------------------------------------------------------------------------------------


def test_a_new_lesson_is_a_draft_until_a_curator_agrees(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    assert life(session, lesson).stage == "draft"
    lesson_life.agree(session, lesson, by=cast.curator, reason="ชัดและใช้ได้จริง")
    assert life(session, lesson).stage == "lesson"
    assert life(session, lesson).steps[0].reason == "ชัดและใช้ได้จริง"


def test_a_khun_amnuay_in_a_note_that_someone_else_wrote_may_agree(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    assert not lesson_rights.may_judge(session, lesson, cast.commenter)
    khun_amnuay(session, cast, cast.commenter, cast.facilitator)
    assert lesson_rights.may_judge(session, lesson, cast.commenter)
    lesson_life.agree(session, lesson, by=cast.commenter)
    assert life(session, lesson).stage == "lesson"


def test_nobody_makes_themselves_a_khun_amnuay(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    khun_amnuay(session, cast, cast.commenter, cast.commenter)
    page = khun_amnuay(session, cast, cast.curator, cast.facilitator, kind=Kind.PAGE)
    revised = replace(
        notes.content_of(page), roles=(RolePlayed("khun_amnuay", person=cast.commenter.name),)
    )
    notes.revise(session, page, revised, by=cast.commenter, based_on=1)
    hidden = khun_amnuay(session, cast, cast.commenter, cast.facilitator, visibility="draft")
    assert hidden.roles
    with pytest.raises(NotAllowed):
        lesson_life.agree(session, lesson, by=cast.commenter)


def test_nobody_agrees_to_their_own_lesson(session: Session, cast: Cast) -> None:
    khun_amnuay(session, cast, cast.facilitator, cast.commenter)
    for writer in (cast.facilitator, cast.curator, cast.administrator):
        own = a_lesson(session, writer)
        with pytest.raises(NotAllowed):
            lesson_life.agree(session, own, by=writer)
        assert life(session, own).stage == "draft"
    credited = a_lesson(session, cast.facilitator, author=cast.curator.name)
    with pytest.raises(NotAllowed):
        lesson_life.agree(session, credited, by=cast.curator)
    lesson_life.agree(session, credited, by=cast.administrator)
    assert life(session, credited).stage == "lesson"


@pytest.mark.parametrize("who", ["anonymous", "stranger"])
def test_those_who_may_not_write_take_no_step(session: Session, cast: Cast, who: str) -> None:
    lesson = a_lesson(session, cast.facilitator)
    note = a_note(session, cast.commenter)
    by = getattr(cast, who)
    told = {"by": by, "reason": "ก"}
    attempts = (
        lambda: lesson_life.agree(session, lesson, **told),
        lambda: lesson_life.confirm(session, lesson, place="93", note=note.id, **told),
        lambda: lesson_life.apply(session, lesson, place="93", outcome="worked", **told),
        lambda: lesson_life.contradict(session, lesson, **told),
        lambda: lesson_life.make_routine(session, lesson, **told),
        lambda: lesson_life.ask_for_review(session, lesson, **told),
        lambda: lesson_life.reviewed(session, lesson, **told),
        lambda: lesson_life.supersede(session, lesson, other=note.id, **told),
        lambda: lesson_life.undo(session, lesson, 1, by=by),
    )
    for attempt in attempts:
        with pytest.raises(SignInNeeded if who == "anonymous" else NotAllowed):
            attempt()
    assert rows(session) == 0


def test_what_is_no_lesson_has_no_life(session: Session, cast: Cast) -> None:
    note = a_note(session, cast.facilitator)
    with pytest.raises(NotFound):
        lesson_life.agree(session, note, by=cast.curator)
    assert lives(session, [note.id], seen_by=SYSTEM) == {}


# --- confirming ----------------------------------------------------------------------------------


def test_a_confirmation_names_its_place_and_its_note(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    note = a_note(session, cast.commenter)
    lesson_life.confirm(session, lesson, by=cast.commenter, place=PHATTHALUNG, note=note.id)
    found = life(session, lesson)
    assert found.stage == "confirmed"
    assert [(one.place_code, one.note_title) for one in found.confirmations] == [
        (PHATTHALUNG, "เวทีพัทลุง")
    ]


@pytest.mark.parametrize("place", [HULONG, None, "", "999999", "8๐"])
def test_a_confirmation_comes_from_another_place(
    session: Session, cast: Cast, place: str | None
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    note = a_note(session, cast.commenter)
    with pytest.raises(Invalid) as refused:
        lesson_life.confirm(session, lesson, by=cast.commenter, place=place, note=note.id)
    assert refused.value.problems.keys() == {"place"}


def test_a_place_within_the_lessons_own_confirms_nothing(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator, places=(PlaceNamed(PAK_PHANANG),))
    note = a_note(session, cast.commenter)
    with pytest.raises(Invalid):
        lesson_life.confirm(session, lesson, by=cast.commenter, place=HULONG, note=note.id)


def test_the_province_that_holds_the_lessons_own_place_confirms_nothing(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    note = a_note(session, cast.commenter)
    for place in (PAK_PHANANG, NAKHON):
        with pytest.raises(Invalid) as refused:
            lesson_life.confirm(session, lesson, by=cast.commenter, place=place, note=note.id)
        assert refused.value.problems.keys() == {"place"}


def test_a_source_of_the_lesson_cannot_confirm_it(session: Session, cast: Cast) -> None:
    source = a_note(session, cast.facilitator)
    parts = LessonParts(point="ก", sources=(SourcePassage(source.id, ""),))
    lesson = a_lesson(session, cast.facilitator, lesson=parts)
    for number in (source.id, lesson.id, None):
        with pytest.raises(Invalid) as refused:
            lesson_life.confirm(session, lesson, by=cast.commenter, place=PHATTHALUNG, note=number)
        assert refused.value.problems.keys() == {"note"}


def test_everything_to_mend_is_said_at_once(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    with pytest.raises(Invalid) as refused:
        lesson_life.confirm(
            session, lesson, by=cast.commenter, place=None, note=None, reason="ก" * 301
        )
    assert refused.value.problems.keys() == {"place", "note", "reason"}
    with pytest.raises(Invalid) as used:
        lesson_life.apply(
            session, lesson, by=cast.commenter, place=None, outcome="", changed="ก" * 5_001
        )
    assert used.value.problems.keys() == {"place", "outcome", "changed"}


def test_a_lesson_that_nobody_agreed_to_stays_a_draft_whatever_else_is_said(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    note = a_note(session, cast.commenter)
    lesson_life.confirm(session, lesson, by=cast.commenter, place=PHATTHALUNG, note=note.id)
    assert life(session, lesson).stage == "draft"
    step = lesson_life.agree(session, lesson, by=cast.curator)
    assert life(session, lesson).stage == "confirmed"
    lesson_life.undo(session, lesson, step.id, by=cast.curator)
    assert life(session, lesson).stage == "draft"


# --- using ---------------------------------------------------------------------------------------


def test_a_use_brings_a_lesson_on_and_one_that_failed_is_a_doubt(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    told = {"by": cast.commenter, "place": PHATTHALUNG}
    lesson_life.apply(session, lesson, outcome="did_not", changed="ไม่มีเวลาเตรียม", **told)
    found = life(session, lesson)
    assert (found.stage, found.review) == ("lesson", "contradicted")
    lesson_life.apply(session, lesson, outcome="partly", **told)
    found = life(session, lesson)
    assert (found.stage, len(found.uses)) == ("applied", 2)
    lesson_life.make_routine(session, lesson, by=cast.curator)
    assert life(session, lesson).stage == "routine"


@pytest.mark.parametrize("place", [HULONG, PAK_PHANANG, NAKHON])
def test_a_use_where_the_lesson_comes_from_is_kept_and_brings_it_nowhere(
    session: Session, cast: Cast, place: str
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    lesson_life.apply(session, lesson, by=cast.facilitator, place=place, outcome="worked")
    found = life(session, lesson)
    assert (found.stage, len(found.uses)) == ("lesson", 1)
    assert stages(session, [lesson.id], seen_by=SYSTEM) == {lesson.id: "lesson"}
    assert lessons.listing(session, seen_by=SYSTEM, limit=1).stages["applied"] == 0
    with pytest.raises(Invalid):
        lesson_life.make_routine(session, lesson, by=cast.curator)
    lesson_life.apply(session, lesson, by=cast.commenter, place=PHATTHALUNG, outcome="worked")
    assert life(session, lesson).stage == "applied"
    assert stages(session, [lesson.id], seen_by=SYSTEM) == {lesson.id: "applied"}
    assert lessons.listing(session, seen_by=SYSTEM, limit=1).stages["applied"] == 1


def test_a_use_that_tells_of_no_place_brings_a_lesson_nowhere(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    an_aar(session, cast.facilitator, LessonUsed(lesson.id), places=())
    assert life(session, lesson).stage == "lesson"
    assert lessons.listing(session, seen_by=SYSTEM, limit=1).stages["lesson"] == 1


def test_a_lesson_that_moved_keeps_only_what_is_elsewhere_still(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    lesson_life.apply(session, lesson, by=cast.commenter, place=PHATTHALUNG, outcome="worked")
    moved = replace(notes.content_of(lesson), places=(PlaceNamed(HULONG), PlaceNamed("930101")))
    notes.revise(session, lesson, moved, by=cast.facilitator, based_on=1)
    assert life(session, lesson).stage == "lesson"


def test_one_note_tells_of_one_use_whoever_says_it(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    aar = an_aar(session, cast.commenter, LessonUsed(lesson.id, "worked"))
    note = a_note(session, cast.commenter)
    told = {"place": PHATTHALUNG, "outcome": "worked"}
    lesson_life.apply(session, lesson, by=cast.commenter, note=note.id, **told)
    for by, number, reason in (
        (cast.commenter, aar.id, "ดี"),
        (cast.facilitator, aar.id, ""),
        (cast.facilitator, note.id, ""),
        (cast.commenter, note.id, "คนละเหตุผล"),
    ):
        with pytest.raises(Invalid) as refused:
            lesson_life.apply(session, lesson, by=by, note=number, reason=reason, **told)
        assert refused.value.problems.keys() == {"note"}
    assert len(life(session, lesson).uses) == 2


def test_a_use_taken_back_may_be_told_again(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    told = {"note": a_note(session, cast.commenter).id, "place": PHATTHALUNG}
    wrong = lesson_life.apply(session, lesson, by=cast.commenter, outcome="did_not", **told)
    lesson_life.undo(session, lesson, wrong.id, by=cast.commenter)
    lesson_life.apply(session, lesson, by=cast.facilitator, outcome="worked", **told)
    assert [one.outcome for one in life(session, lesson).uses] == ["worked"]


def test_a_review_that_tells_of_a_use_itself_takes_the_place_of_who_told_for_it(
    session: Session, cast: Cast
) -> None:
    lesson, other = a_lesson(session, cast.facilitator), a_lesson(session, cast.facilitator)
    aar = an_aar(session, cast.commenter)
    told = {"by": cast.facilitator, "note": aar.id, "place": PHATTHALUNG}
    for one in (lesson, other):
        lesson_life.apply(session, one, outcome="worked", **told)
    content = notes.content_of(aar)
    assert content.review
    review = replace(content.review, used=(LessonUsed(lesson.id, "partly"),))
    notes.revise(session, aar, replace(content, review=review), by=cast.commenter, based_on=1)
    assert [(one.outcome, one.from_review) for one in life(session, lesson).uses] == [
        ("partly", True)
    ]
    assert [one.from_review for one in life(session, other).uses] == [False]


def test_routine_comes_after_a_use_that_worked(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    with pytest.raises(Invalid):
        lesson_life.make_routine(session, lesson, by=cast.curator)


def test_who_used_it_may_be_an_organisation_by_any_of_its_names(
    session: Session, cast: Cast
) -> None:
    role = RolePlayed("khun_ua", organisation="กองทุนสวัสดิการลำปาง")
    a_note(session, cast.facilitator, roles=(role,))
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.apply(
        session,
        lesson,
        by=cast.commenter,
        place=LAMPANG,
        outcome="worked",
        organisation=" กองทุนสวัสดิการ ลำปาง",
    )
    assert life(session, lesson).uses[0].organisation_name == "กองทุนสวัสดิการลำปาง"


# --- doubting ------------------------------------------------------------------------------------


def test_a_doubt_asks_for_a_review_until_somebody_reviewed(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.contradict(session, lesson, by=cast.commenter, reason="ที่นี่กลับกัน")
    assert life(session, lesson).review == "contradicted"
    lesson_life.reviewed(session, lesson, by=cast.curator, reason="ต่างเงื่อนไข ยังใช้ได้")
    assert life(session, lesson).review == ""
    lesson_life.ask_for_review(session, lesson, by=cast.commenter, reason="กฎหมายเปลี่ยน")
    assert life(session, lesson).review == "asked"


def test_doubts_are_those_since_the_last_review(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.contradict(session, lesson, by=cast.commenter, reason="ที่นี่กลับกัน")
    assert [one.step for one in life(session, lesson).doubts] == ["contradicted"]
    lesson_life.reviewed(session, lesson, by=cast.curator)
    assert life(session, lesson).doubts == ()
    told = {"by": cast.commenter, "place": PHATTHALUNG}
    lesson_life.apply(session, lesson, outcome="did_not", **told)
    lesson_life.apply(session, lesson, outcome="worked", **told)
    assert [one.outcome for one in life(session, lesson).doubts] == ["did_not"]
    assert len(life(session, lesson).contradictions) == 1


@pytest.mark.parametrize("verb", [lesson_life.contradict, lesson_life.ask_for_review])
def test_a_doubt_needs_a_reason(session: Session, cast: Cast, verb: object) -> None:
    lesson = a_lesson(session, cast.facilitator)
    with pytest.raises(Invalid) as refused:
        verb(session, lesson, by=cast.commenter, reason="  ")  # type: ignore[operator]
    assert refused.value.problems.keys() == {"reason"}


def test_a_lesson_that_nobody_touched_for_three_years_wants_a_look(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    long_ago = datetime(2020, 2, 29, 12, tzinfo=UTC)
    session.execute(update(Note).values(revised_at=long_ago))
    session.execute(update(LessonStep).values(created_at=long_ago))
    session.expire_all()
    assert life(session, lesson, today=date(2023, 2, 28)).review == ""
    assert life(session, lesson, today=date(2024, 2, 29)).review == "age"
    assert life(session, lesson).review == "age"
    lesson_life.reviewed(session, lesson, by=cast.curator)
    assert life(session, lesson).review == ""


def test_a_lesson_superseded_names_the_other_and_asks_for_no_review(
    session: Session, cast: Cast
) -> None:
    old = a_lesson(session, cast.facilitator)
    newer = a_lesson(session, cast.facilitator, title="ฉบับที่ดีกว่า")
    lesson_life.contradict(session, old, by=cast.commenter, reason="ไม่จริง")
    lesson_life.supersede(session, old, by=cast.facilitator, other=newer.id, reason="ครบกว่า")
    found = life(session, old)
    assert (found.superseded_by, found.review) == (newer.id, "")
    assert found.replacement and found.replacement.other_title == "ฉบับที่ดีกว่า"
    with pytest.raises(Invalid):
        lesson_life.supersede(session, newer, by=cast.curator, other=old.id)
    with pytest.raises(NotAllowed):
        lesson_life.supersede(session, newer, by=cast.commenter, other=old.id)


# --- sent twice, at once, undone -----------------------------------------------------------------


def test_the_same_step_sent_twice_is_one(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    other = a_lesson(session, cast.facilitator)
    note = a_note(session, cast.commenter)
    for _time in range(2):
        lesson_life.agree(session, lesson, by=cast.curator)
        told = {"by": cast.commenter, "place": PHATTHALUNG, "note": note.id}
        lesson_life.confirm(session, lesson, **told)
        lesson_life.apply(session, lesson, outcome="worked", changed="ย่อลง", **told)
        lesson_life.contradict(session, lesson, by=cast.commenter, reason="ไม่จริง")
        lesson_life.ask_for_review(session, lesson, by=cast.commenter, reason="ดูหน่อย")
    assert rows(session) == 5
    for _time in range(2):
        lesson_life.make_routine(session, lesson, by=cast.curator)
        lesson_life.reviewed(session, lesson, by=cast.curator)
        lesson_life.reviewed(session, lesson, by=cast.curator)
        lesson_life.supersede(session, lesson, by=cast.curator, other=other.id)
        step = lesson_life.supersede(session, lesson, by=cast.curator, other=other.id)
        lesson_life.undo(session, lesson, step.id, by=cast.curator)
        lesson_life.undo(session, lesson, step.id, by=cast.curator)
    assert rows(session) == 9


def test_two_who_agree_at_one_moment_make_one_step(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        number = a_lesson(session, cast.facilitator).id
    together = threading.Barrier(2)

    def agree(by: Viewer) -> None:
        together.wait()
        with store.saving() as session:
            lesson = notes.get(session, number, seen_by=by)
            lesson_life.agree(session, lesson, by=by)

    both = [threading.Thread(target=agree, args=(by,)) for by in (cast.curator, cast.administrator)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    with store.reading() as session:
        assert rows(session) == 1


def test_who_took_a_step_takes_it_back_and_so_does_a_curator(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    step = lesson_life.contradict(session, lesson, by=cast.commenter, reason="ไม่จริง")
    with pytest.raises(NotAllowed):
        lesson_life.undo(session, lesson, step.id, by=cast.facilitator)
    lesson_life.undo(session, lesson, step.id, by=cast.commenter)
    assert life(session, lesson).steps == ()
    again = lesson_life.contradict(session, lesson, by=cast.commenter, reason="ไม่จริง")
    undone = lesson_life.undo(session, lesson, again.id, by=cast.curator)
    assert undone.undone_by_id == cast.curator.person_id
    assert rows(session) == 2


def test_a_step_is_undone_on_its_own_lesson_only(session: Session, cast: Cast) -> None:
    lesson, other = a_lesson(session, cast.facilitator), a_lesson(session, cast.facilitator)
    step = lesson_life.agree(session, lesson, by=cast.curator)
    with pytest.raises(NotFound):
        lesson_life.undo(session, other, step.id, by=cast.curator)


# --- what an after-action review says ------------------------------------------------------------


def test_a_review_that_used_a_lesson_tells_its_life(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    used = LessonUsed(lesson.id, "worked", "ย่อเหลือครึ่งวัน")
    aar = an_aar(session, cast.commenter, used, author=cast.commenter.name)
    (use,) = life(session, lesson).uses
    assert (use.note, use.place_code, use.outcome) == (aar.id, PHATTHALUNG, "worked")
    assert (use.changed, use.from_review) == ("ย่อเหลือครึ่งวัน", True)
    assert use.by_id == cast.commenter.person_id
    assert life(session, lesson).stage == "applied"


def test_uses_follow_what_the_review_says_now(session: Session, cast: Cast) -> None:
    one, two, three = (a_lesson(session, cast.facilitator, title=f"ที่ {n}") for n in range(3))
    aar = an_aar(session, cast.commenter, LessonUsed(one.id), LessonUsed(two.id, "partly"))
    first = life(session, one).uses[0].id
    content = notes.content_of(aar)
    assert content.review
    review = replace(
        content.review,
        used=(LessonUsed(one.id, "worked", "ย่อ"), LessonUsed(three.id, "did_not")),
    )
    revised = replace(content, review=review, places=(PlaceNamed(LAMPANG),))
    notes.revise(session, aar, revised, by=cast.commenter, based_on=1)
    (still,) = life(session, one).uses
    assert (still.id, still.changed, still.place_code) == (first, "ย่อ", LAMPANG)
    assert life(session, two).uses == ()
    assert life(session, three).review == "contradicted"
    as_note = replace(revised, kind=Kind.NOTE, review=None, body="เล่า")
    notes.revise(session, aar, as_note, by=cast.curator, based_on=2)
    assert not any(life(session, lesson).uses for lesson in (one, two, three))


def test_the_use_of_a_draft_review_is_its_owners_alone(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    aar = an_aar(session, cast.commenter, LessonUsed(lesson.id), visibility="draft")
    assert life(session, lesson, cast.curator).uses == ()
    assert life(session, lesson, cast.commenter).uses
    notes.change_visibility(session, aar, "public", by=cast.commenter)
    assert life(session, lesson, cast.anonymous).uses


def test_a_doubt_that_a_draft_told_is_new_when_it_is_shown(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    lesson_life.agree(session, lesson, by=cast.curator)
    used = LessonUsed(lesson.id, "did_not")
    aar = an_aar(session, cast.commenter, used, visibility="draft")
    lesson_life.contradict(session, lesson, by=cast.commenter, reason="กลับกัน", note=aar.id)
    drafts = {one.id for one in life(session, lesson, cast.commenter).doubts}
    lesson_life.reviewed(session, lesson, by=cast.curator)
    seen = now()
    notes.change_visibility(session, aar, "public", by=cast.commenter)
    found = life(session, lesson, cast.facilitator)
    assert found.review == "contradicted"
    assert [one.step for one in found.steps] == ["agreed", "reviewed", "applied", "contradicted"]
    watched = news.watch((), Tree(), viewer=cast.facilitator)
    told = {one.id for one in news.events(session, watched, since=seen)}
    assert told == {one.id for one in found.doubts} and not told & drafts
    history = lesson_lives.history(session, lesson.id, seen_by=cast.curator)
    assert all(one.undone_at is None for one in history)


def test_a_doubt_that_was_looked_at_does_not_come_back_with_its_note(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    aar = an_aar(session, cast.commenter, LessonUsed(lesson.id, "did_not"))
    lesson_life.reviewed(session, lesson, by=cast.curator)
    for visibility in ("draft", "members", "public"):
        notes.change_visibility(session, aar, visibility, by=cast.commenter)
    assert life(session, lesson).review == ""


def test_an_anonymous_review_names_nobody(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    an_aar(session, cast.commenter, LessonUsed(lesson.id), author="")
    assert life(session, lesson).uses[0].by_id is None


def test_a_use_from_a_review_is_changed_in_the_review(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    an_aar(session, cast.commenter, LessonUsed(lesson.id))
    use = life(session, lesson).uses[0]
    with pytest.raises(Invalid):
        lesson_life.undo(session, lesson, use.id, by=cast.curator)


# --- pages that are kept -------------------------------------------------------------------------


def page_version(session: Session, lesson: Note) -> int:
    session.flush()
    return session.scalar(select(Note.version + Note.relinked).where(Note.id == lesson.id)) or 0


def test_a_kept_page_hears_of_every_change_in_the_lessons_life(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    newer = a_lesson(session, cast.facilitator)
    note = a_note(session, cast.commenter)
    seen = [(page_version(session, lesson), page_version(session, newer))]

    def steps(*which: bool) -> None:
        before = seen[-1]
        seen.append((page_version(session, lesson), page_version(session, newer)))
        assert (seen[-1][0] > before[0], seen[-1][1] > before[1]) == which

    step = lesson_life.confirm(session, lesson, by=cast.commenter, place="93", note=note.id)
    steps(True, False)
    lesson_life.undo(session, lesson, step.id, by=cast.commenter)
    steps(True, False)
    lesson_life.confirm(session, lesson, by=cast.commenter, place="93", note=note.id)
    steps(True, False)
    notes.change_visibility(session, note, "members", by=cast.commenter)
    steps(True, False)
    lesson_life.supersede(session, lesson, by=cast.curator, other=newer.id)
    steps(True, True)
    notes.change_visibility(session, lesson, "members", by=cast.facilitator)
    steps(True, True)
    person = people.get(session, cast.commenter.person_id or 0)
    person.name = "ชื่อใหม่"
    steps(True, False)
    notes.delete(session, note, by=cast.curator)
    steps(True, False)
    notes.delete(session, newer, by=cast.curator)
    assert page_version(session, lesson) > seen[-1][0]
    assert life(session, lesson).steps == ()


# --- how much it costs ---------------------------------------------------------------------------


def test_many_lives_cost_as_many_statements_as_two(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        lessons = [a_lesson(session, cast.facilitator, title=f"ที่ {n}") for n in range(12)]
        for lesson in lessons:
            note = a_note(session, cast.commenter)
            lesson_life.confirm(session, lesson, by=cast.commenter, place="93", note=note.id)
        numbers = [lesson.id for lesson in lessons]
    counts = []
    for some in (numbers[:2], numbers):
        with store.reading() as session, counting(store) as sent:
            assert len(lives(session, some, seen_by=cast.stranger)) == len(some)
        counts.append(len(sent))
    assert counts == [2, 2]
    with store.reading() as session, counting(store) as sent:
        assert lives(session, [], seen_by=cast.stranger) == {}
    assert sent == []


def test_the_last_step_counts_as_age_too(session: Session, cast: Cast) -> None:
    lesson = a_lesson(session, cast.facilitator)
    session.execute(update(Note).values(revised_at=datetime.now(UTC) - timedelta(days=2_000)))
    session.expire_all()
    lesson_life.agree(session, lesson, by=cast.curator)
    assert life(session, lesson).review == ""


def test_ones_own_steps_are_in_ones_own_copy_and_lose_the_name_with_it(
    session: Session, cast: Cast
) -> None:
    lesson = a_lesson(session, cast.facilitator)
    draft = a_note(session, cast.facilitator, visibility="draft")
    told = {"by": cast.commenter, "reason": "ที่นี่กลับกัน"}
    lesson_life.contradict(session, lesson, **told)
    session.add(
        LessonStep(
            lesson_id=lesson.id,
            step="confirmed",
            note_id=draft.id,
            place_code="93",
            by_id=cast.commenter.person_id,
        )
    )
    session.flush()
    account = session.get_one(Account, cast.commenter.account_id)
    (kept,) = privacy.export_own_data(session, account)["lesson_steps"]
    assert (kept["lesson"], kept["step"], kept["reason"]) == (
        lesson.id,
        "contradicted",
        "ที่นี่กลับกัน",
    )
    privacy.forget(session, account)
    (doubt,) = life(session, lesson, cast.stranger).contradictions
    assert cast.commenter.name not in doubt.by_name
