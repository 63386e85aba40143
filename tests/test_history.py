"""The revisions of a note."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from kms import history, notes
from kms.errors import NotFound
from kms.note_kinds import NoteContent, SourcePassage
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import a_lesson, a_review, some_minutes


def test_every_revision_is_kept_whole_with_who_when_and_why(
    store: Store, session: Session, cast: Cast
) -> None:
    note = notes.create(session, a_review(), by=cast.facilitator, reason="หลังเวที")
    first = notes.content_of(note)
    second = replace(first, title="AAR เวทีหูล่อง (แก้คำ)", roles=(), places=())
    notes.revise(session, note, second, by=cast.curator, based_on=1, reason="แก้คำผิด")
    session.commit()
    with store.sessions() as fresh, counting(store) as sent:
        found = history.revisions(fresh, note)
        said = [(one.number, one.by and one.by.name, one.reason) for one in found]
    assert len(sent) == 1
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
    source = notes.create(session, a_review(visibility="members"), by=cast.facilitator)
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
        viewer: [one.number for one in history.revisions(session, note, seen_by=viewer)]
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
    assert len(sent) == 3
    assert found == {note.number: notes.content_of(note) for note in made}


def test_a_revision_kept_before_a_field_existed_still_reads() -> None:
    kept = {"kind": "minutes", "title": "ประชุม", "meeting": {"venue": "ศาลากลาง"}}
    content = NoteContent.from_json(kept)
    assert content.meeting is not None
    assert (content.meeting.venue, content.visibility, content.tags) == ("ศาลากลาง", "members", ())
