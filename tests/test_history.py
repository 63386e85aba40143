"""The revisions of a note: read, compared and brought back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from bench.sender import fields_of
from kms import history, notes, revising
from kms.errors import NotAllowed, NotFound
from kms.models import Note
from kms.note_kinds import Attendee, BudgetLine, NoteContent, SourcePassage
from kms.permissions import ANONYMOUS, Viewer
from kms.saving import Store
from tests.cast import Cast, post
from tests.statements import counting
from tests.stories import a_lesson, a_page, a_review, some_minutes


def test_every_revision_is_kept_whole_with_who_when_and_why(
    store: Store, session: Session, cast: Cast
) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator, reason="หลังเวที")
    first = notes.content_of(note)
    second = replace(first, title="AAR เวทีหูล่อง (แก้คำ)", roles=(), places=())
    notes.revise(session, note, second, by=cast.curator, based_on=1, reason="แก้คำผิด")
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        total, found = history.listing(fresh, note, seen_by=ANONYMOUS, limit=20)
        lines = [one.revision for one in found]
        said = [(one.number, one.by and one.by.name, one.reason) for one in lines]
    assert len(sent) == 2
    assert total == 2
    assert (found[0].before, found[1].before) == (first, None)
    assert said == [
        (2, cast.curator.name, "แก้คำผิด"),
        (1, cast.facilitator.name, "หลังเวที"),
    ]
    assert history.revision(session, note, 1)[1] == first
    assert history.revision(session, note, 2)[1] == second
    for number in (0, 3, 2**40):
        with pytest.raises(NotFound):
            history.revision(session, note, number)


def test_an_old_revision_tells_no_more_of_a_hidden_source_than_the_page(
    session: Session, cast: Cast
) -> None:
    said = a_review(visibility="members", body="คำพูดภายใน")
    source = notes.create(session, said, by=cast.facilitator)
    content = a_lesson(SourcePassage(source.number, "คำพูดภายใน"))
    lesson = notes.create(session, content, by=cast.facilitator)
    assert "คำพูดภายใน" not in str(history.revision(session, lesson, 1)[1])
    assert "คำพูดภายใน" in str(history.revision(session, lesson, 1, seen_by=cast.stranger)[1])


def test_what_was_a_draft_stays_its_owners_after_it_is_shown(session: Session, cast: Cast) -> None:
    draft = a_review(visibility="draft")
    note = notes.create(session, draft, by=cast.facilitator)
    for based_on, visibility in enumerate(("members", "public"), start=1):
        shown = replace(notes.content_of(note), visibility=visibility)
        notes.revise(session, note, shown, by=cast.facilitator, based_on=based_on)
    seen = {
        viewer: [
            one.revision.number
            for one in history.listing(session, note, seen_by=viewer, limit=20)[1]
        ]
        for viewer in (cast.facilitator, cast.curator, cast.stranger, cast.anonymous)
    }
    assert list(seen.values()) == [[3, 2, 1], [3, 2], [3, 2], [3]]
    for viewer, numbers in seen.items():
        for number in {1, 2, 3} - set(numbers):
            with pytest.raises(NotFound):
                history.revision(session, note, number, seen_by=viewer)


def test_many_notes_are_read_back_in_three_statements(
    store: Store, session: Session, cast: Cast
) -> None:
    made = [
        notes.create(session, content, by=cast.facilitator)
        for content in (a_review(), some_minutes(), a_lesson())
    ]
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        found = notes.contents_of(fresh, made, seen_by=ANONYMOUS)
    # The third asks which notes named in them may be seen; these name none.
    assert len(sent) == 2
    assert found == {note.number: notes.content_of(note) for note in made}


def test_a_revision_kept_before_a_field_existed_still_reads() -> None:
    kept = {"kind": "minutes", "title": "ประชุม", "meeting": {"venue": "ศาลากลาง"}}
    content = NoteContent.from_json(kept)
    assert content.meeting is not None
    assert (content.meeting.venue, content.visibility, content.tags) == ("ศาลากลาง", "members", ())


# --- on the web -----------------------------------------------------------------------------------


@pytest.fixture
def curator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "curator")


def write(store: Store, cast: Cast, *contents: NoteContent) -> int:
    """A note with these revisions."""
    with store.saving() as session:
        note = notes.create(session, contents[0], by=cast.facilitator)
        for based_on, content in enumerate(contents[1:], start=1):
            notes.revise(session, note, content, by=cast.facilitator, based_on=based_on)
        return note.number


def minutes_twice() -> tuple[NoteContent, NoteContent]:
    first = some_minutes(body="ย่อหน้าแรก\n\nแกนนำจดบัญชีร่วมกันทุกเดือน")
    assert first.meeting is not None
    meeting = replace(
        first.meeting,
        attendees=(*first.meeting.attendees, Attendee("กำนัน"), Attendee("ครูใหญ่")),
        budget=(BudgetLine("พอช.", 300_000_00),),
    )
    body = first.body.replace("ทุกเดือน", "ทุกสัปดาห์")
    return first, replace(first, body=body, meeting=meeting)


def test_the_list_tells_in_a_few_words_what_each_revision_did(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, *minutes_twice())
    page = client.get(f"/notes/{number}/history").text
    assert "เพิ่มผู้เข้าประชุม 2 คน" in page
    assert "แก้งบประมาณ 1 รายการ" in page and "แก้เนื้อหา" in page
    assert "เขียนครั้งแรก" in page
    assert f'href="/notes/{number}/differences/1..2"' in page


def test_any_two_revisions_have_a_lasting_address_for_what_changed(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    first, second = minutes_twice()
    number = write(store, cast, first, second, replace(second, title="ประชุมครั้งใหม่"))
    answer = client.get(f"/notes/{number}/differences?old=3&new=1")
    assert answer.status_code == 303
    assert answer.location == f"/notes/{number}/differences/1..3"
    page = client.get(answer.location).text
    assert "<ins>" in page and "<del>" in page
    for said in ("เดือน", "สัปดาห์", "กำนัน", "300,000", "ประชุมครั้งใหม่"):
        assert said in page
    assert "สองฉบับนี้เหมือนกันทุกคำ" in client.get(f"/notes/{number}/differences/2..2").text
    for nowhere in ("0..1", "1..9", "9..1"):
        assert client.get(f"/notes/{number}/differences/{nowhere}").status_code == 404


def test_a_difference_shows_only_what_was_open_to_its_reader(
    app: Flask, client: FlaskClient, cast: Cast, store: Store
) -> None:
    draft = a_page("หน้า", "ความลับ", visibility="draft")
    shown = replace(draft, body="คำที่เปิด", visibility="public")
    number = write(store, cast, draft, shown, replace(shown, body="คำที่แก้แล้ว"))
    assert (
        "ความลับ" in cast.browser(app, "facilitator").get(f"/notes/{number}/differences/1..2").text
    )
    for reader in (client, cast.browser(app, "stranger")):
        for hidden in ("differences/1..2", "revisions/1", "revisions/9"):
            assert reader.get(f"/notes/{number}/{hidden}").status_code == 404
        assert "ความลับ" not in reader.get(f"/notes/{number}/history").text
        assert reader.get(f"/notes/{number}/differences/2..3").status_code == 200


def test_a_hidden_source_is_not_told_by_a_difference(
    client: FlaskClient, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    hidden = write(store, cast, a_page("ร่าง", "คำลับ", visibility="draft"))
    lesson = a_lesson(author=cast.facilitator.name)
    assert lesson.lesson is not None
    passage = (SourcePassage(hidden, "คำลับ"),)
    number = write(
        store, cast, lesson, replace(lesson, lesson=replace(lesson.lesson, sources=passage))
    )
    for reader in (client, curator):
        page = reader.get(f"/notes/{number}/differences/1..2").text
        assert "คำลับ" not in page and "สองฉบับนี้เหมือนกันทุกคำ" in page


def test_script_in_the_words_stays_words_in_a_difference(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    script = "<script>alert(1)</script>"
    old = a_page("หน้า", "ก")
    number = write(store, cast, old, replace(old, title=script, body=script, tags=(script,)))
    for address in ("differences/1..2", "history", "revisions/2"):
        assert "<script>alert" not in client.get(f"/notes/{number}/{address}").text


def test_a_thousand_revisions_are_listed_a_page_at_a_time_in_as_many_statements(
    app: Flask, client: FlaskClient, cast: Cast, store: Store
) -> None:
    pages = [a_page("หน้า", f"คำที่ {n}") for n in range(45)]
    few, many = write(store, cast, *pages[:2]), write(store, cast, *pages)
    counts = []
    for number in (few, many):
        with counting(store) as sent:
            page = client.get(f"/notes/{number}/history").text
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert page.count("history-line") == 20
    assert "offset=20" in page
    assert "ฉบับที่ 5<" in client.get(f"/notes/{many}/history?offset=40").text


# --- bringing one back ----------------------------------------------------------------------------


def test_an_earlier_revision_comes_back_as_a_new_one_and_that_can_be_undone(
    curator: FlaskClient, cast: Cast, store: Store
) -> None:
    first, second = minutes_twice()
    number = write(store, cast, first, second)
    page = curator.get(f"/notes/{number}/revisions/1/restore")
    assert page.status_code == 200 and "สิ่งที่จะเปลี่ยน" in page.text
    form: dict[str, object] = {"based_on": "2", "reason": "แก้ผิดคน"}
    restore = f"/notes/{number}/revisions/1/restore"
    assert post(curator, restore, form).status_code == 303
    with store.sessions() as session:
        note = notes.get(session, number, seen_by=cast.curator)
        found, content = history.revision(session, note, 3, seen_by=cast.curator)
        assert content == first
        assert found.reason == "คืนฉบับที่ 1: แก้ผิดคน"
    assert post(curator, restore, {"based_on": "3"}, page="/account").status_code == 303
    back = f"/notes/{number}/revisions/2/restore"
    assert post(curator, back, {"based_on": "3"}).status_code == 303
    with store.sessions() as session:
        note = notes.get(session, number, seen_by=cast.curator)
        assert (note.revision, notes.content_of(note)) == (4, second)


def test_bringing_back_asks_where_somebody_changed_the_same_words_meanwhile(
    curator: FlaskClient, cast: Cast, store: Store
) -> None:
    first, second = minutes_twice()
    third = replace(second, body=second.body.replace("ทุกสัปดาห์", "ทุกวันพระ"), url="https://a.org")
    number = write(store, cast, first, second, third)
    answer = post(curator, f"/notes/{number}/revisions/1/restore", {"based_on": "2"})
    assert answer.status_code == 409
    fields = fields_of(answer.text)
    assert (fields["based_on"], fields["reason"]) == ("3", "คืนฉบับที่ 1")
    assert "ทุกเดือน" in fields["body"] and fields["url"] == "https://a.org"
    assert post(curator, f"/notes/{number}/edit", dict(fields), page="/account").status_code == 303


def restored(session: Session, note: Note, by: Viewer) -> NoteContent:
    """What the note would say with its first revision back."""
    _revision, old = history.revision(session, note, 1, seen_by=by)
    return revising.as_restored(session, note, old, by=by)


def test_bringing_back_never_shows_a_note_to_more_people_or_names_its_author_again(
    session: Session, cast: Cast
) -> None:
    public = a_page("หน้า", "คำแรก", author=cast.facilitator.name)
    note = notes.create(session, public, by=cast.facilitator)
    shut = replace(public, body="คำหลัง", visibility="members", author="")
    notes.revise(session, note, shut, by=cast.facilitator, based_on=1)
    back = restored(session, note, cast.curator)
    assert (back.body, back.visibility, back.author) == ("คำแรก", "members", "")


def test_who_may_not_revise_may_not_bring_back(
    app: Flask, client: FlaskClient, cast: Cast, store: Store
) -> None:
    number = write(store, cast, *minutes_twice())
    address = f"/notes/{number}/revisions/1/restore"
    stranger = cast.browser(app, "stranger")
    assert stranger.get(address).status_code == 403
    assert post(stranger, address, {"based_on": "2"}, page="/account").status_code == 403
    assert client.get(address).status_code in (302, 303)
    with store.sessions() as session:
        note = notes.get(session, number, seen_by=cast.stranger)
        assert note.revision == 2
        with pytest.raises(NotAllowed):
            content = notes.content_of(note)
            changed = replace(content, title="อื่น")
            revising.revise(session, note, changed, by=cast.stranger, based_on=2)


def test_a_source_out_of_sight_stays_when_a_revision_comes_back(
    session: Session, cast: Cast
) -> None:
    hidden = notes.create(session, a_page("ร่าง", "คำลับ", visibility="draft"), by=cast.facilitator)
    passage = SourcePassage(hidden.number, "คำลับ")
    content = a_lesson(passage, author=cast.facilitator.name)
    assert content.lesson is not None
    lesson = notes.create(session, content, by=cast.facilitator)
    changed = replace(content, lesson=replace(content.lesson, point="ข้ออื่น"))
    notes.revise(session, lesson, changed, by=cast.facilitator, based_on=1)
    back = restored(session, lesson, cast.curator)
    assert back.lesson is not None
    kept = (replace(passage, revision=1),)
    assert back.lesson.sources == kept
    revising.revise(session, lesson, back, by=cast.curator, based_on=2, reason="คืน")
    assert notes.content_of(lesson).lesson == replace(content.lesson, sources=kept)
