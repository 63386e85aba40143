"""What a person may ask of us about their own data: a copy of it, and to be forgotten."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kms import (
    accounts,
    actions,
    activities,
    attachments,
    briefings,
    drafts,
    following,
    joining,
    lesson_lives,
    mentions,
    overlaps,
    passwords,
    people,
    recommendations,
)
from kms.briefings import KeptBriefing
from kms.language import gettext as _
from kms.lesson_lives import LifeStep
from kms.models import (
    Account,
    Attachment,
    Comment,
    Note,
    NoteAction,
    NotePerson,
    Person,
    Revision,
    RoleAssignment,
    Upload,
)
from kms.permissions import Viewer, visible_to


def export_own_data(session: Session, account: Account) -> dict[str, Any]:
    """Everything kept about the owner of this account that they may read, as plain JSON values."""
    person = account.person
    notes = session.scalars(select(Note).where(Note.owner_id == account.id).order_by(Note.id))
    comments = session.scalars(
        select(Comment).where(Comment.owner_id == account.id).order_by(Comment.id)
    )
    # What others' drafts say of somebody is not theirs to read yet.
    viewer = Viewer(account.id, person.id, person.name, account.permission)
    seen = visible_to(viewer)
    roles = session.scalars(
        select(RoleAssignment)
        .join(Note, Note.id == RoleAssignment.note_id)
        .where(RoleAssignment.person_id == person.id, seen)
        .order_by(RoleAssignment.id)
    )
    parts = session.scalars(
        select(NotePerson)
        .join(Note, Note.id == NotePerson.note_id)
        .where(NotePerson.person_id == person.id, seen)
        .order_by(NotePerson.id)
    )
    return {
        "account": _account(account),
        "person": _person(person),
        "notes": [_note(note) for note in notes],
        "comments": [_comment(comment) for comment in comments],
        "roles": [
            {"note": role.note_id, "role": role.role, "level": role.level, "did": role.did}
            for role in roles
        ],
        "parts": [{"note": part.note_id, "part": part.part} for part in parts],
        "lesson_steps": [
            _step(lesson, step)
            for lesson, step in lesson_lives.taken_by(session, person.id, seen_by=viewer)
        ],
        "drafts": [
            {"kind": one.kind, "saved_at": one.saved_at.isoformat(), "fields": one.fields}
            for one in drafts.whole_of_owner(session, account.id)
        ],
        "follows": [
            {"kind": one.kind, "target": one.target, "label": one.label}
            for one in following.whole_of_owner(session, account.id)
        ],
        "called_in": [
            {"note": one.note_id, "comment": one.id}
            for one in mentions.of_person(session, person.id, seen_by=viewer)
        ],
        "briefings": [_briefing(one) for one in briefings.whole_of_owner(session, account.id)],
        "activities": [
            {"number": one.id, "name": one.name, "note": one.note_id, "about": one.about}
            for one in activities.recorded_by(session, account.id, seen_by=viewer)
        ],
        "coordinated": [
            {"overlap": one.id, "reason": one.reason, "between": [one.first.name, one.second.name]}
            for one in overlaps.marked_by(session, person.id, seen_by=viewer)
        ],
        **_follow_up(session, account, viewer),
        "files": [_file(file) for file in attachments.brought_by(session, account.id)],
    }


def _follow_up(session: Session, account: Account, viewer: Viewer) -> dict[str, Any]:
    """What is theirs to do, as far as they may read it, and what they recommended and answered."""
    made, said = recommendations.of_account(session, account.id)
    return {
        "actions": [
            {"note": one.note, "what": one.what, "done": one.done, "result": one.result}
            for one in actions.whole_of_owner(session, seen_by=viewer)
        ],
        "recommendations": [{"note": one.note_id, "what": one.what} for one in made],
        "answers": [
            {"recommendation": one.recommendation_id, "outcome": one.outcome, "body": one.body}
            for one in said
        ],
    }


def forget(session: Session, account: Account) -> None:
    """Close the account for good and put a number in place of the person's name.

    Notes and comments stay, for they are the network's memory; own drafts go, and so do files
    that hang on no note (their bytes with the next sweep). Names are replaced
    where they stand as names (author, roles, attendees, owners of actions), in old revisions
    too; words inside running text are left as their writers wrote them.
    """
    accounts.require_another_administrator(session, account)
    for draft in session.scalars(
        select(Note).where(Note.owner_id == account.id, Note.visibility == "draft")
    ):
        session.delete(draft)
    session.flush()
    drafts.drop_all(session, account.id)
    briefings.drop_all(session, account.id)
    following.drop_all(session, account.id)
    mentions.forget(session, account.person_id)
    for upload in session.scalars(select(Upload).where(Upload.account_id == account.id)):
        session.delete(upload)
    attachments.forget_loose(session, account.id)
    _pseudonymise(session, account.person)
    account.email = f"forgotten-{account.id}@platu.invalid"
    account.password_hash = passwords.UNUSABLE
    account.is_active = False
    account.signed_in_at = account.news_seen_at = account.digest_sent_at = None
    account.digest = "off"
    accounts.sign_out_everywhere(account)
    session.flush()


def _pseudonymise(session: Session, person: Person) -> None:
    keys = {person.name_key} | {alias.key for alias in person.aliases}
    joined = joining.forget(session, person)
    keys |= {one.name_key for one in joined}
    name = _("ผู้ขอให้ลืมชื่อ %(n)s", n=person.id)
    for note in _notes_naming(session, person):
        note.content = _renamed(note.content, keys, name)
    for revision in session.scalars(
        select(Revision).where(Revision.note_id.in_(_note_ids_naming(session, person)))
    ):
        revision.content = _renamed(revision.content, keys, name)
    actions.rename_owner(session, person.id, name)
    person.aliases.clear()
    for one in (person, *joined):
        one.name = name
        one.name_key = people.key(name)
        one.title = one.nickname = one.about = one.phone = ""
        one.place_code = None
        one.organisation_id = None
    session.flush()


def _notes_naming(session: Session, person: Person) -> list[Note]:
    numbers = _note_ids_naming(session, person)
    return list(session.scalars(select(Note).where(Note.id.in_(numbers))))


def _note_ids_naming(session: Session, person: Person) -> set[int]:
    places = (
        select(Note.id).where(Note.author_id == person.id),
        select(NotePerson.note_id).where(NotePerson.person_id == person.id),
        select(RoleAssignment.note_id).where(RoleAssignment.person_id == person.id),
        select(NoteAction.note_id).where(NoteAction.owner_id == person.id),
    )
    return {number for statement in places for number in session.scalars(statement)}


# Where a person's name stands as a name in the JSON of ``NoteContent``: the last keys to it.
_NAME_FIELDS = frozenset(
    {
        ("author",),
        ("chair",),
        ("roles", "person"),
        ("attendees", "name"),
        ("actions", "owner"),
    }
)


def _renamed(value: Any, keys: set[str], name: str, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        return {part: _renamed(one, keys, name, (*path, part)) for part, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, keys, name, path) for one in value]
    if {path[-1:], path[-2:]} & _NAME_FIELDS and isinstance(value, str):
        return name if people.key(value) in keys else value
    return value


def _account(account: Account) -> dict[str, Any]:
    return {
        "email": account.email,
        "permission": account.permission,
        "digest": account.digest,
        "created_at": account.created_at.isoformat(),
        "signed_in_at": account.signed_in_at.isoformat() if account.signed_in_at else None,
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "title": person.title,
        "nickname": person.nickname,
        "about": person.about,
        "phone": person.phone,
        "place": person.place_code,
        "organisation": person.organisation.name if person.organisation else None,
        "other_names": [alias.name for alias in person.aliases],
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "number": note.number,
        "kind": note.kind,
        "title": note.title,
        "body": note.body,
        "content": note.content,
        "visibility": note.visibility,
        "created_at": note.created_at.isoformat(),
        "revised_at": note.revised_at.isoformat(),
    }


def _briefing(kept: KeptBriefing) -> dict[str, Any]:
    day = kept.choices.planned_for
    return {
        "plan": kept.choices.plan,
        "place": kept.choices.place,
        "themes": list(kept.choices.themes),
        "planned_for": day.isoformat() if day else None,
        "lessons": list(kept.lessons),
        "created_at": kept.created_at.isoformat(),
    }


def _step(lesson: int, step: LifeStep) -> dict[str, Any]:
    return {
        "lesson": lesson,
        "step": step.step,
        "note": step.note,
        "other": step.other,
        "place": step.place_code,
        "organisation": step.organisation_name or None,
        "outcome": step.outcome,
        "changed": step.changed,
        "reason": step.reason,
        "created_at": step.created_at.isoformat(),
    }


def _file(file: Attachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "type": file.media_type,
        "size": file.size,
        "sha256": file.digest,
        "created_at": file.created_at.isoformat(),
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "note": comment.note_id,
        "body": comment.body,
        "quote": comment.quote,
        "created_at": comment.created_at.isoformat() if comment.created_at else None,
    }
