"""Commenting under a note: quoting, answering, editing one's own, hiding."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kms import comments, notes
from kms.comments import CommentShown
from kms.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from kms.models import Note
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import a_review, some_minutes


@pytest.fixture
def note(session: Session, cast: Cast) -> Note:
    made = notes.create(session, a_review(), by=cast.facilitator)
    session.commit()
    return made


def shown(session: Session, note: Note, viewer: Viewer) -> tuple[CommentShown, ...]:
    return comments.threads(session, note.number, seen_by=viewer)


def test_a_member_comments_and_quotes_what_the_note_says(
    session: Session, note: Note, cast: Cast
) -> None:
    comments.add(
        session,
        note,
        by=cast.commenter,
        body="เห็นด้วย **มาก**",
        # As selected on the page: no marks, other spaces.
        quote="เป้าหมายไม่ชัด\u00a0ผลจึง\nคลุมเครือ",
    )
    (one,) = shown(session, note, ANONYMOUS)
    assert (one.body, one.author_name) == ("เห็นด้วย **มาก**", cast.commenter.name)
    assert one.quote.startswith("เป้าหมายไม่ชัด")
    assert note.comment_count == 1


def test_a_quote_from_an_agenda_is_found_too(session: Session, cast: Cast) -> None:
    minutes = notes.create(session, some_minutes(), by=cast.facilitator)
    comments.add(session, minutes, by=cast.commenter, body="จริง", quote="แต่ละกองทุนมีเจ้าของ")


def test_words_the_note_does_not_say_are_no_quote(session: Session, note: Note, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        comments.add(session, note, by=cast.commenter, body="จริงหรือ", quote="ไม่เคยเขียนไว้")
    assert list(refused.value.problems) == ["quote"]
    assert note.comment_count == 0


def test_answers_to_answers_stand_in_one_thread(session: Session, note: Note, cast: Cast) -> None:
    first = comments.add(session, note, by=cast.commenter, body="หนึ่ง")
    second = comments.add(session, note, by=cast.facilitator, body="สอง", reply_to=first.id)
    comments.add(session, note, by=cast.commenter, body="สาม", reply_to=second.id)
    comments.add(session, note, by=cast.commenter, body="เรื่องใหม่")
    threads = shown(session, note, ANONYMOUS)
    assert [one.body for one in threads] == ["หนึ่ง", "เรื่องใหม่"]
    assert [one.body for one in threads[0].replies] == ["สอง", "สาม"]
    assert note.comment_count == 4


def test_nobody_answers_a_comment_of_another_note_or_of_none(
    session: Session, note: Note, cast: Cast
) -> None:
    other = notes.create(session, a_review(title="AAR อีกเวที"), by=cast.facilitator)
    elsewhere = comments.add(session, other, by=cast.commenter, body="ที่อื่น")
    for number in (elsewhere.id, 999_999):
        with pytest.raises(Invalid):
            comments.add(session, note, by=cast.commenter, body="ตอบ", reply_to=number)


def test_only_members_comment(session: Session, note: Note, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        comments.add(session, note, by=cast.stranger, body="ขอคุยด้วย")
    with pytest.raises(SignInNeeded):
        comments.add(session, note, by=ANONYMOUS, body="ขอคุยด้วย")


@pytest.mark.parametrize("body", ["", " \n ", "\x00\x1b", "ก" * 20_001])
def test_an_empty_or_endless_comment_is_refused(
    session: Session, note: Note, cast: Cast, body: str
) -> None:
    with pytest.raises(Invalid) as refused:
        comments.add(session, note, by=cast.commenter, body=body)
    assert list(refused.value.problems) == ["body"]


def test_one_edits_ones_own_comment_and_no_other(session: Session, note: Note, cast: Cast) -> None:
    comment = comments.add(session, note, by=cast.commenter, body="ผิด")
    comments.edit(session, comment, by=cast.commenter, body="ถูก")
    for other in (cast.facilitator, cast.curator, ANONYMOUS):
        with pytest.raises(NotAllowed):
            comments.edit(session, comment, by=other, body="แก้ของคนอื่น")
    (one,) = shown(session, note, ANONYMOUS)
    assert one.body == "ถูก"
    assert one.edited_at is not None


def test_a_hidden_comment_leaves_its_place_and_its_reason_but_no_word(
    session: Session, note: Note, cast: Cast
) -> None:
    comment = comments.add(session, note, by=cast.commenter, body="คำหยาบ")
    comments.add(session, note, by=cast.facilitator, body="ใจเย็น", reply_to=comment.id)
    comments.hide(session, comment, by=cast.curator, reason="ไม่สุภาพ")
    comments.hide(session, comment, by=cast.curator, reason="ซ้ำ")
    session.commit()
    for viewer in (ANONYMOUS, cast.commenter, cast.facilitator):
        (one,) = shown(session, note, viewer)
        assert "คำหยาบ" not in str(one)
        assert (one.hidden, one.hidden_reason, one.author_name) == (True, "ไม่สุภาพ", "")
        assert one.replies[0].body == "ใจเย็น"
    assert shown(session, note, cast.curator)[0].body == "คำหยาบ"
    assert note.comment_count == 1
    comments.unhide(session, comment, by=cast.curator)
    assert shown(session, note, ANONYMOUS)[0].body == "คำหยาบ"
    assert note.comment_count == 2


def test_a_hidden_comment_is_neither_edited_nor_answered(
    session: Session, note: Note, cast: Cast
) -> None:
    comment = comments.add(session, note, by=cast.commenter, body="คำหยาบ")
    with pytest.raises(NotAllowed):
        comments.hide(session, comment, by=cast.facilitator, reason="ไม่ชอบ")
    comments.hide(session, comment, by=cast.curator)
    with pytest.raises(NotAllowed):
        comments.edit(session, comment, by=cast.commenter, body="คำหยาบอีก")
    with pytest.raises(Invalid):
        comments.add(session, note, by=cast.facilitator, body="ตอบ", reply_to=comment.id)


def test_a_comment_is_as_hidden_as_its_note(session: Session, cast: Cast) -> None:
    draft = notes.create(session, a_review(visibility="draft"), by=cast.facilitator)
    comment = comments.add(session, draft, by=cast.facilitator, body="เตือนตัวเอง")
    assert comments.get(session, comment.id, seen_by=cast.facilitator) is comment
    for number in (comment.id, 0, 2**40):
        with pytest.raises(NotFound):
            comments.get(session, number, seen_by=cast.curator)
    assert shown(session, draft, cast.curator) == ()


def test_a_hidden_comment_is_found_by_curators_and_its_writer(
    session: Session, note: Note, cast: Cast
) -> None:
    comment = comments.add(session, note, by=cast.commenter, body="คำหยาบ")
    comments.hide(session, comment, by=cast.curator)
    assert comments.get(session, comment.id, seen_by=cast.commenter)
    assert comments.get(session, comment.id, seen_by=cast.curator)
    with pytest.raises(NotFound):
        comments.get(session, comment.id, seen_by=cast.facilitator)


def test_an_imported_comment_keeps_its_author_its_time_and_its_quote(
    session: Session, note: Note
) -> None:
    at = datetime(2007, 12, 20, 3, 0, tzinfo=UTC)
    known = {"author_name": "ผู้อ่านพัทลุง", "source_key": "1", "created_at": at}
    comments.add(session, note, by=SYSTEM, body="ไม่มีเวลา", source_key="2", author_name="")
    comments.add(session, note, by=SYSTEM, body="มีเวลา", quote="คำที่แก้ไปแล้ว", **known)  # type: ignore[arg-type]
    timed, untimed = shown(session, note, ANONYMOUS)
    assert (timed.author_name, timed.created_at, timed.quote) == ("ผู้อ่านพัทลุง", at, "คำที่แก้ไปแล้ว")
    assert (untimed.author_name, untimed.created_at) == ("", None)


def test_a_member_speaks_in_no_other_name(session: Session, note: Note, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        comments.add(session, note, by=cast.commenter, body="ปลอม", author_name="ผู้ว่าราชการ")


def test_a_long_thread_takes_one_statement(
    store: Store, session: Session, note: Note, cast: Cast
) -> None:
    for n in range(12):
        comments.add(session, note, by=cast.commenter, body=f"ความเห็น {n}")
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        comments.threads(fresh, note.number, seen_by=ANONYMOUS)
    assert len(sent) == 1
    assert session.scalar(text("SELECT comment_count FROM note")) == 12
