"""Who may do what. Permission is part of every fetch, so hidden and absent answer alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, or_, select

from kms.errors import NotAllowed, SignInNeeded
from kms.language import gettext as _
from kms.models import Activity, Comment, Note

ACCOUNT = "seen_by_account"
SeenAs = Literal["system", "anonymous", "account"]

RANKS = {"anonymous": 0, "reader": 1, "member": 2, "curator": 3, "administrator": 4}

# The least permission for each action that does not depend on whose thing it is.
LEAST = {
    "write": "member",
    "comment": "member",
    "record_activity": "member",
    "mark_overlap": "member",
    "revise": "member",
    "follow": "reader",
    "keep_briefing": "reader",
    "agree_lesson": "curator",
    "witness_lesson": "member",
    "undo_step": "curator",
    "answer_recommendation": "curator",
    "hide_comment": "curator",
    "edit_themes": "curator",
    "edit_organisations": "curator",
    "edit_people": "curator",
    "delete_note": "curator",
    "change_kind": "curator",
    "invite": "administrator",
    "manage_accounts": "administrator",
}


@dataclass(frozen=True)
class Viewer:
    """The one who asks: what pages, searches and permissions need to know of an account."""

    account_id: int | None = None
    person_id: int | None = None
    name: str = ""
    permission: str = "anonymous"

    @property
    def is_signed_in(self) -> bool:
        """Whether there is an account behind this viewer."""
        return self.account_id is not None

    @property
    def audiences(self) -> frozenset[str]:
        """Names of the audiences this viewer belongs to, as the search index keeps them."""
        if not self.is_signed_in:
            return frozenset({"public"})
        return frozenset({"public", "members", f"account-{self.account_id}"})


ANONYMOUS = Viewer()
# For imports, the content loader and the command line, where nobody is signed in.
SYSTEM = Viewer(name="system", permission="administrator")


def audience_of(note: Note) -> str:
    """The audience that may see the note: ``public``, ``members`` or its owner's own."""
    return f"account-{note.owner_id}" if note.visibility == "draft" else note.visibility


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The notes that this viewer may see, as a condition for a query."""
    return _visible(seen_as(viewer), viewer.account_id)


def seen_as(viewer: Viewer) -> SeenAs:
    """In which of three ways the viewer sees notes; statements can be kept for each."""
    if viewer == SYSTEM:
        return "system"
    return "account" if viewer.is_signed_in else "anonymous"


def visible_as(way: SeenAs, *, of: type[Note] = Note) -> ColumnElement[bool]:
    """As ``visible_to``, for a statement kept for later: the parameter ACCOUNT says whose.

    ``of`` is the alias that the condition is about, where a statement has notes twice.
    """
    return _visible(way, bindparam(ACCOUNT, type_=Integer), of)


def _visible(
    way: SeenAs, account: int | BindParameter[int] | None, of: type[Note] = Note
) -> ColumnElement[bool]:
    if way == "system":
        return of.id.is_not(None)
    # An expression rather than the column: most notes are visible, so an index on visibility
    # is the slow way round, and SQLite would take it before the one that picks a few notes.
    visibility = of.visibility.concat("")
    if way == "anonymous":
        return visibility == "public"
    own_draft = and_(visibility == "draft", of.owner_id == account)
    return or_(visibility.in_(("public", "members")), own_draft)


def numbers_seen_by(viewer: Viewer) -> Select[int]:
    """The same notes by number: for counting over all of them, where a join would fetch each."""
    return select(Note.id).where(visible_to(viewer))


def may(viewer: Viewer, action: str, thing: object = None) -> bool:
    """Whether the viewer may do this; ``thing`` must already be fetched with permission."""
    if isinstance(thing, Note) and action in _OF_A_NOTE:
        return _OF_A_NOTE[action](viewer, thing)
    if isinstance(thing, Comment) and action == "edit_comment":
        own = thing.owner_id is not None and thing.owner_id == viewer.account_id
        return own and thing.hidden_at is None and _rank(viewer) >= RANKS["member"]
    if isinstance(thing, Activity) and action == "revise_activity":
        own = thing.owner_id is not None and thing.owner_id == viewer.account_id
        return _rank(viewer) >= RANKS["member" if own else "curator"]
    return action in LEAST and _rank(viewer) >= RANKS[LEAST[action]]


def require(viewer: Viewer, action: str, thing: object = None) -> None:
    """Raise SignInNeeded or NotAllowed unless ``may`` says yes."""
    if may(viewer, action, thing):
        return
    require_account(viewer)
    raise NotAllowed(_("บัญชีนี้ยังไม่มีสิทธิ์ทำสิ่งนี้ ขอสิทธิ์ได้จากผู้ดูแลระบบ"))


def require_account(viewer: Viewer) -> None:
    """Raise SignInNeeded unless somebody is signed in."""
    if not viewer.is_signed_in:
        raise sign_in_needed()


def sign_in_needed() -> SignInNeeded:
    """What to say to someone who is to sign in first."""
    return SignInNeeded(_("เข้าสู่ระบบก่อน แล้วทำต่อได้เลย"))


def _may_revise(viewer: Viewer, note: Note) -> bool:
    if note.kind == "page" and note.visibility != "draft":
        return _rank(viewer) >= RANKS["member"]
    return _may_change_visibility(viewer, note)


def _may_change_visibility(viewer: Viewer, note: Note) -> bool:
    """Its owner may, and curators unless it is somebody's draft."""
    if viewer == SYSTEM:
        return True
    if _owns(viewer, note):
        return _rank(viewer) >= RANKS["member"]
    return note.visibility != "draft" and _rank(viewer) >= RANKS["curator"]


def _may_delete(viewer: Viewer, note: Note) -> bool:
    """A draft is its owner's to throw away; what others could read is a curator's."""
    if viewer == SYSTEM:
        return True
    if note.visibility == "draft":
        return _owns(viewer, note)
    return _rank(viewer) >= RANKS["curator"]


def _owns(viewer: Viewer, note: Note) -> bool:
    return note.owner_id is not None and note.owner_id == viewer.account_id


_OF_A_NOTE: dict[str, Callable[[Viewer, Note], bool]] = {
    "revise": _may_revise,
    "change_visibility": _may_change_visibility,
    "delete_note": _may_delete,
}


def _rank(viewer: Viewer) -> int:
    return RANKS[viewer.permission]
