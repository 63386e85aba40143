"""Who may see and do what."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import notes, permissions
from kms.errors import Invalid, NotAllowed, SignInNeeded
from kms.models import Note
from kms.permissions import ANONYMOUS, SYSTEM, Viewer, audience_of, may, visible_to
from tests.cast import Cast
from tests.stories import a_page, a_review

WHO = ("anonymous", "stranger", "commenter", "facilitator", "curator", "administrator")


def who_may(cast: Cast, action: str, note: Note | None = None) -> list[str]:
    return [who for who in WHO if may(getattr(cast, who), action, note)]


def made(session: Session, cast: Cast, visibility: str) -> Note:
    return notes.create(session, a_review(visibility=visibility), by=cast.facilitator)


def test_what_each_permission_adds(cast: Cast) -> None:
    writers = ["commenter", "facilitator", "curator", "administrator"]
    assert who_may(cast, "write") == who_may(cast, "comment") == writers
    for action in ("hide_comment", "edit_themes", "edit_organisations", "edit_people"):
        assert who_may(cast, action) == ["curator", "administrator"]
    assert who_may(cast, "manage_accounts") == who_may(cast, "invite") == ["administrator"]
    assert who_may(cast, "fly") == []


def test_a_note_is_revised_by_its_owner_and_by_curators(session: Session, cast: Cast) -> None:
    note = made(session, cast, "members")
    for action in ("revise", "change_visibility"):
        assert who_may(cast, action, note) == ["facilitator", "curator", "administrator"]
    assert who_may(cast, "delete_note", note) == ["curator", "administrator"]


def test_a_draft_is_its_owners_alone(session: Session, cast: Cast) -> None:
    draft = made(session, cast, "draft")
    for action in ("revise", "change_visibility", "delete_note"):
        assert who_may(cast, action, draft) == ["facilitator"]


def test_a_page_is_every_members_to_revise_but_not_to_hide(session: Session, cast: Cast) -> None:
    page = notes.create(session, a_page("โมเดลปลาทู", "หัว ตัว หาง"), by=cast.facilitator)
    assert who_may(cast, "revise", page) == ["commenter", "facilitator", "curator", "administrator"]
    assert who_may(cast, "change_visibility", page) == ["facilitator", "curator", "administrator"]


def test_a_note_without_an_owner_belongs_to_no_stranger(session: Session, cast: Cast) -> None:
    note = notes.create(session, a_review(), by=SYSTEM)
    assert who_may(cast, "revise", note) == ["curator", "administrator"]
    assert may(SYSTEM, "revise", note)
    assert may(SYSTEM, "delete_note", note)


def test_an_owner_whose_account_became_a_readers_revises_no_more(
    session: Session, cast: Cast
) -> None:
    note = made(session, cast, "members")
    demoted = Viewer(cast.facilitator.account_id, cast.facilitator.person_id, "", "reader")
    assert not may(demoted, "revise", note)


def test_only_owners_take_a_note_back_as_a_draft(session: Session, cast: Cast) -> None:
    note = made(session, cast, "public")
    with pytest.raises(Invalid):
        notes.change_visibility(session, note, "draft", by=cast.curator)
    notes.change_visibility(session, note, "draft", by=cast.facilitator)
    assert note.visibility == "draft"


def test_a_member_who_mends_a_page_cannot_publish_it(session: Session, cast: Cast) -> None:
    content = a_page("โมเดลปลาทู", "หัว ตัว หาง", visibility="members")
    page = notes.create(session, content, by=cast.facilitator)
    with pytest.raises(NotAllowed):
        notes.change_visibility(session, page, "public", by=cast.commenter)


def test_everyone_sees_what_their_audience_may(session: Session, cast: Cast) -> None:
    numbers = {
        visibility: made(session, cast, visibility) for visibility in ("public", "members", "draft")
    }

    def seen(viewer: Viewer) -> set[str]:
        found = session.scalars(select(Note.visibility).where(visible_to(viewer)))
        return set(found)

    assert seen(ANONYMOUS) == {"public"}
    assert seen(cast.stranger) == seen(cast.administrator) == {"public", "members"}
    assert seen(cast.facilitator) == seen(SYSTEM) == set(numbers)
    for note in numbers.values():
        for who in WHO:
            viewer = getattr(cast, who)
            assert (audience_of(note) in viewer.audiences) == (note.visibility in seen(viewer))


def test_refusals_tell_a_passer_by_to_sign_in(cast: Cast) -> None:
    with pytest.raises(SignInNeeded):
        permissions.require(ANONYMOUS, "write")
    with pytest.raises(NotAllowed) as refused:
        permissions.require(cast.stranger, "write")
    assert not isinstance(refused.value, SignInNeeded)
