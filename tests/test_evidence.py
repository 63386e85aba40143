"""The words that a lesson was drawn from: placed, found again, and shown to nobody else."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from kms import comments, contributions, evidence, history, more_evidence, notes, passages, privacy
from kms.errors import Invalid, NotAllowed, NotFound
from kms.evidence import SourceShown
from kms.models import Account, Comment, LessonSource, Note, Person
from kms.note_kinds import Kind, NoteContent, SourcePassage
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import a_lesson, a_page

PROVERB = "อย่าเอาแม่ไก่มารวมกัน มันจะจิกกัน ให้เอาไข่มาฟักด้วยกัน"
SAID = f"ผู้ใหญ่เสนอเป็นคำคมว่า **{PROVERB}** แล้วทุกคนก็หัวเราะ"


@pytest.fixture
def source(session: Session, cast: Cast) -> Note:
    return notes.create(session, a_page("เวทีพัทลุง", SAID), by=cast.facilitator)


def drawn(session: Session, cast: Cast, *sources: SourcePassage, **changed: object) -> Note:
    return notes.create(session, a_lesson(*sources, **changed), by=cast.facilitator)


def shown(session: Session, lesson: Note, viewer: Viewer = ANONYMOUS) -> tuple[SourceShown, ...]:
    session.flush()
    return notes.view(session, lesson.number, seen_by=viewer).sources


def say(session: Session, cast: Cast, note: Note, body: str) -> None:
    content = replace(notes.content_of(note), body=body)
    notes.revise(session, note, content, by=cast.facilitator, based_on=note.revision)


# --- where it stands ------------------------------------------------------------------------------


def test_a_passage_is_found_however_it_is_spaced_or_marked() -> None:
    whole = "ก่อนหน้า ให้เอาไข่\u00a0มาฟัก\nด้วยกัน ทีหลัง"
    found = passages.find(whole, "**ให้เอาไข่มาฟัก** ด้วยกัน")
    assert found and whole[found.start : found.end] == "ให้เอาไข่\u00a0มาฟัก\nด้วยกัน"
    assert passages.find(whole, "ให้เอาแม่ไก่มาฟัก") is None


def test_of_several_places_the_nearest_is_meant() -> None:
    whole = "ไข่ แล้วก็ ไข่ แล้วก็ ไข่"
    last = passages.find(whole, "ไข่", near=len(whole))
    assert last and last.start == whole.rindex("ไข่")


def test_a_lesson_keeps_where_its_passage_stands(
    session: Session, cast: Cast, source: Note
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    (row,) = lesson.sources
    words = f"เวทีพัทลุง\n{SAID.replace('*', '')}"
    assert row.starts_at is not None and words[row.starts_at :].startswith(PROVERB)
    (one,) = shown(session, lesson)
    assert (one.state, one.revision) == ("same", 1)
    assert one.where == f"/notes/{source.number}/revisions/1?passage={row.id}#passage"


def test_a_passage_stays_the_same_where_it_moved(
    session: Session, cast: Cast, source: Note
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    say(session, cast, source, f"เล่าใหม่ทั้งหมด\n\nหนึ่ง\n\nสอง\n\n{SAID}")
    (one,) = shown(session, lesson)
    assert (one.state, one.revision, one.latest) == ("same", 1, 2)


def test_a_changed_passage_says_so_with_the_words_that_stand_there_now(
    session: Session, cast: Cast, source: Note
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    say(session, cast, source, SAID.replace("มันจะจิกกัน", "มันจะตีกันแน่"))
    (one,) = shown(session, lesson)
    assert one.state == "changed"
    assert "มันจะตีกันแน่" in one.now and one.passage == PROVERB
    assert "/revisions/1?" in one.where


def test_a_passage_taken_out_is_gone_and_its_revision_still_says_it(
    session: Session, cast: Cast, source: Note
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    say(session, cast, source, "วงนี้คุยเรื่องงบประมาณของปีหน้าเท่านั้น")
    (one,) = shown(session, lesson)
    assert (one.state, one.now) == ("gone", "")
    assert PROVERB in history.revision(session, source, 1)[1].body.replace("*", "")


def test_a_passage_of_an_older_revision_can_be_drawn_too(
    session: Session, cast: Cast, source: Note
) -> None:
    say(session, cast, source, "วงนี้คุยเรื่องงบประมาณของปีหน้าเท่านั้น")
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB, revision=1))
    (one,) = shown(session, lesson)
    assert (one.state, one.revision) == ("gone", 1)


def test_what_the_note_does_not_say_is_refused_in_words(
    session: Session, cast: Cast, source: Note
) -> None:
    for strange in (
        SourcePassage(source.number, "ไม่มีใครพูดคำนี้"),
        SourcePassage(source.number, "ไม่มีใครพูดคำนี้", revision=99, comment=99),
        SourcePassage(source.number, "ไม่มีใครพูดคำนี้", revision=2**40, comment=-1),
    ):
        with pytest.raises(Invalid) as refused:
            drawn(session, cast, strange)
        assert list(refused.value.problems) == ["sources-0-passage"]


def test_saving_a_lesson_again_keeps_its_evidence_and_makes_no_revision(
    session: Session, cast: Cast, source: Note
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    say(session, cast, source, "คำอื่นทั้งหมด ไม่มีคำเดิมเหลืออยู่เลย")
    again = a_lesson(SourcePassage(source.number, PROVERB))
    notes.revise(session, lesson, again, by=cast.facilitator, based_on=1)
    assert lesson.revision == 1
    changed = replace(again, title="ชื่อใหม่ของบทเรียน")
    notes.revise(session, lesson, changed, by=cast.facilitator, based_on=1)
    (row,) = lesson.sources
    assert (lesson.revision, row.revision) == (2, 1)


def test_a_lesson_outlives_a_source_thrown_away(session: Session, cast: Cast, source: Note) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    notes.delete(session, source, by=cast.curator)
    session.expire_all()
    content = replace(notes.content_of(lesson), title="ชื่อใหม่")
    notes.revise(session, lesson, content, by=cast.facilitator, based_on=1)
    assert lesson.revision == 2 and not shown(session, lesson)


def test_what_programs_bring_in_is_kept_as_it_is(
    session: Session, cast: Cast, source: Note
) -> None:
    content = a_lesson(SourcePassage(source.number, "คำที่คัดมาไม่ตรง"))
    lesson = notes.create(session, content, by=SYSTEM)
    assert lesson.sources[0].starts_at is None


# --- comments -------------------------------------------------------------------------------------


@pytest.fixture
def comment(session: Session, cast: Cast, source: Note) -> Comment:
    body = f"เสริมว่า {PROVERB} แปลว่าให้รวมกำไร"
    plain = replace(notes.content_of(source), body="ประชุมตามปกติ")
    notes.revise(session, source, plain, by=cast.facilitator, based_on=1)
    return comments.add(session, source, by=cast.commenter, body=body)


def test_a_comment_is_evidence_with_its_speaker(
    session: Session, cast: Cast, source: Note, comment: Comment
) -> None:
    named = SourcePassage(source.number, PROVERB, comment=comment.id)
    found = SourcePassage(source.number, PROVERB)
    for given in (named, found):
        lesson = drawn(session, cast, given)
        (one,) = shown(session, lesson)
        assert (one.comment, one.said_by, one.state) == (comment.id, cast.commenter.name, "same")
        assert one.where == f"/notes/{source.number}#said-{lesson.sources[0].id}"
        assert lesson.sources[0].starts_at == len("เสริมว่า ")


def test_evidence_of_a_hidden_comment_is_not_shown_to_anyone(
    session: Session, cast: Cast, source: Note, comment: Comment
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB, comment=comment.id))
    before = notes.stamp(session, lesson.number, seen_by=ANONYMOUS)
    comments.hide(session, comment, by=cast.curator)
    assert notes.stamp(session, lesson.number, seen_by=ANONYMOUS) != before
    for viewer in (ANONYMOUS, cast.facilitator, cast.curator):
        view = notes.view(session, lesson.number, seen_by=viewer)
        assert not view.sources and PROVERB not in str(view)
        assert PROVERB not in str(history.revision(session, lesson, 1, seen_by=viewer))
        assert PROVERB not in str(notes.contents_of(session, [lesson], seen_by=viewer))
    with pytest.raises(Invalid):
        drawn(session, cast, SourcePassage(source.number, PROVERB, comment=comment.id))
    comments.unhide(session, comment, by=cast.curator)
    assert shown(session, lesson)


def test_a_comment_that_says_it_no_more_is_no_evidence(
    session: Session, cast: Cast, source: Note, comment: Comment
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB, comment=comment.id))
    comments.edit(session, comment, by=cast.commenter, body=f"แก้คำผิด {PROVERB} เท่านั้น")
    assert shown(session, lesson)
    comments.edit(session, comment, by=cast.commenter, body="ขอถอนคำพูด")
    assert not shown(session, lesson)
    assert PROVERB not in str(history.revision(session, lesson, 1))


def test_words_taken_back_credit_nobody_until_they_are_said_again(
    session: Session, cast: Cast, source: Note, comment: Comment
) -> None:
    drawn(session, cast, SourcePassage(source.number, PROVERB, comment=comment.id))
    who = cast.commenter.person_id
    for said, credited in (
        ("ขอถอนคำพูด", []),
        (f"คิดดูแล้วก็จริง **{PROVERB}**", [PROVERB]),
        ("", [PROVERB]),
    ):
        if said:
            comments.edit(session, comment, by=cast.commenter, body=said)
        else:
            comments.hide(session, comment, by=cast.curator)
            comments.unhide(session, comment, by=cast.curator)
        remarks = contributions.remarks_used(session, who, seen_by=ANONYMOUS)
        assert [one.passage for one in remarks] == credited
        rows = session.execute(contributions.contributions(ANONYMOUS, whom=[who])).all()
        assert [row.how for row in rows] == [contributions.REMARK] * len(credited)


def test_a_speaker_renamed_or_forgotten_is_named_no_more_on_the_lesson(
    session: Session, cast: Cast, source: Note, comment: Comment
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB, comment=comment.id))
    session.commit()
    before = notes.stamp(session, lesson.number, seen_by=ANONYMOUS)
    session.get_one(Person, cast.commenter.person_id).name = "แกนนำพัทลุง"
    session.flush()
    renamed = notes.stamp(session, lesson.number, seen_by=ANONYMOUS)
    assert renamed != before and shown(session, lesson)[0].said_by == "แกนนำพัทลุง"
    privacy.forget(session, session.get_one(Account, cast.commenter.account_id))
    assert notes.stamp(session, lesson.number, seen_by=ANONYMOUS) != renamed
    assert "แกนนำพัทลุง" not in str(shown(session, lesson))


def test_a_comment_of_another_note_is_no_evidence_here(
    session: Session, cast: Cast, source: Note, comment: Comment
) -> None:
    other = notes.create(session, a_page("อื่น", "คำอื่น"), by=cast.facilitator)
    with pytest.raises(Invalid):
        drawn(session, cast, SourcePassage(other.number, PROVERB, comment=comment.id))
    with pytest.raises(NotFound):
        evidence.begun(session, other, comment=comment.id)


# --- who may see it -------------------------------------------------------------------------------


def test_words_of_a_draft_revision_stay_hidden_after_it_is_shown(
    session: Session, cast: Cast
) -> None:
    draft = notes.create(
        session, a_page("ร่าง", f"{PROVERB} ข้อความลับ", visibility="draft"), by=cast.facilitator
    )
    secret = drawn(session, cast, SourcePassage(draft.number, "ข้อความลับ"))
    told = drawn(session, cast, SourcePassage(draft.number, PROVERB))
    open_now = replace(notes.content_of(draft), visibility="public", body=PROVERB)
    notes.revise(session, draft, open_now, by=cast.facilitator, based_on=1)
    for viewer in (ANONYMOUS, cast.curator):
        assert not shown(session, secret, viewer)
        assert "ข้อความลับ" not in str(history.revision(session, secret, 1, seen_by=viewer))
        (one,) = shown(session, told, viewer)
        assert one.where == f"/notes/{draft.number}"
    assert shown(session, secret, cast.facilitator)


def test_a_mark_in_a_revision_needs_the_lesson_in_sight(
    session: Session, cast: Cast, source: Note
) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB), visibility="draft")
    row = lesson.sources[0].id
    place = {"note": source.number, "revision": 1}
    assert evidence.passage_in(session, row, **place, seen_by=ANONYMOUS) is None
    found = evidence.passage_in(session, row, **place, seen_by=cast.facilitator)
    assert found and found[0] == PROVERB
    elsewhere = {"note": source.number, "revision": 2}
    assert evidence.passage_in(session, row, **elsewhere, seen_by=cast.facilitator) is None
    assert not notes.view(session, source.number, seen_by=ANONYMOUS).drawn


# --- more evidence --------------------------------------------------------------------------------


def test_many_notes_support_one_lesson(session: Session, cast: Cast, source: Note) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    other = notes.create(session, a_page("เวทีลำปาง", "ไข่ฟักรวมกันได้จริง"), by=cast.commenter)
    more = SourcePassage(other.number, "ไข่ฟักรวมกันได้จริง")
    more_evidence.add(session, lesson.number, more, by=cast.facilitator)
    more_evidence.add(session, lesson.number, more, by=cast.facilitator)
    assert lesson.revision == 2
    assert [one.number for one in shown(session, lesson)] == [source.number, other.number]
    with pytest.raises(NotAllowed):
        more_evidence.add(session, lesson.number, more, by=cast.commenter)
    with pytest.raises(NotFound):
        more_evidence.add(session, other.number, more, by=cast.commenter)
    with pytest.raises(Invalid) as refused:
        unsaid = SourcePassage(other.number, "ไม่เคยพูด")
        more_evidence.add(session, lesson.number, unsaid, by=cast.facilitator)
    assert list(refused.value.problems) == ["passage"]


# --- speed ----------------------------------------------------------------------------------------


def test_evidence_takes_the_same_statements_for_two_and_for_twelve(
    store: Store, session: Session, cast: Cast
) -> None:
    taken = []
    for count in (2, 12):
        sources = [
            notes.create(session, a_page(f"ต้นทาง {count} {n}", SAID), by=cast.facilitator)
            for n in range(count)
        ]
        given = [SourcePassage(one.number, PROVERB) for one in sources]
        lesson = drawn(session, cast, *given)
        for one in sources:
            say(session, cast, one, SAID.replace("จิกกัน", "ตีกัน"))
        session.commit()
        with store.sessions() as fresh, counting(store) as sent:
            found = notes.view(fresh, lesson.number, seen_by=cast.stranger).sources
        assert [one.state for one in found] == ["changed"] * count
        taken.append(len(sent))
    assert taken[0] == taken[1]


def test_a_row_of_evidence_stays_the_same_row(session: Session, cast: Cast, source: Note) -> None:
    lesson = drawn(session, cast, SourcePassage(source.number, PROVERB))
    row = lesson.sources[0].id
    content: NoteContent = replace(notes.content_of(lesson), title="ชื่อใหม่")
    assert content.kind == Kind.LESSON
    notes.revise(session, lesson, content, by=cast.facilitator, based_on=1)
    assert session.get(LessonSource, row) is not None
