"""Drafts: the words of forms not sent yet, kept for their writer alone.

A draft belongs to one form, by the id that the form carries on every device. Devices save as they
are typed on; the one whose words are older than what is kept is told so and nothing is lost.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kms.db import now
from kms.errors import EditConflict, Invalid, NotFound
from kms.language import gettext as _
from kms.models import Account, Draft, Note, Person
from kms.note_kinds import Kind
from kms.permissions import Viewer, may, require, visible_to
from kms.thai.words import shorten

COMMENT = "comment"
KINDS = (*Kind, COMMENT)
MOST_DRAFTS = 300
MOST_FIELDS = 5_000
MOST_BYTES = 1_000_000
ID_LENGTH = 36
LONGEST_NAME = 120
LONGEST_TITLE = 80
MOST_STEPS = 2**31 - 1
KEPT_AFTER_DISCARDING = timedelta(days=7)
STILL_WRITING = timedelta(hours=12)

# What a form carries besides words: its token, its own id, and the button that was pressed.
NEVER_KEPT = frozenset(
    {
        "csrf_token", "client_id", "kind", "based_on", "draft_step", "draft_device",
        "do", "add", "remove", "switch", "password",
    }
)  # fmt: skip
_ID = re.compile("[0-9A-Fa-f-]{36}")
_NAME = re.compile(r"[a-z_]+(?:-[a-z0-9_-]+)?")
# Fields that hold a choice rather than words, which make no title.
_CHOSEN = re.compile(
    r"questions|credit|visibility|polarity|themes|reply_to|reason|briefing"
    r"|.*-(?:role|level|part|code|for|place_code|place_for|absent|done|key|lesson|outcome"
    r"|carried_from|carried_key)"
)

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class FormWords:
    """What one device says a form holds now.

    ``step`` counts the changes that this device has seen; ``after`` is the last step that the
    server told it of. ``device`` is a random name, empty for a page without scripts.
    """

    form_id: str
    kind: str
    fields: Fields
    number: int | None = None
    based_on: int | None = None
    step: int = 1
    after: int = 0
    device: str = ""


@dataclass(frozen=True)
class DraftLine:
    """A draft as lists show it; ``number`` only of a note that its writer may still see."""

    form_id: str
    kind: str
    title: str
    number: int | None
    note_title: str
    based_on: int | None
    step: int
    saved_at: datetime


@dataclass(frozen=True)
class Writing:
    """Somebody else who has a note open in a form; no name where it would tell an author."""

    name: str
    saved_at: datetime


class WrittenElsewhere(EditConflict):
    """Another device saved newer words of this form; ``kept`` is what it saved."""

    def __init__(self, kept: Draft) -> None:
        said = _("ร่างนี้เขียนต่อจากเครื่องอื่นหรือส่งไปแล้ว คำในเครื่องนี้ยังอยู่ครบ")
        super().__init__(said, latest_revision=kept.step)
        self.kept = kept


# --- keeping -------------------------------------------------------------------------------------


def save(session: Session, words: FormWords, *, by: Viewer) -> Draft:
    """The draft with these words; one that says the same already stays as it is.

    Raises WrittenElsewhere when what is kept is newer than what this device knew, Invalid with
    one sentence, NotAllowed or SignInNeeded.
    """
    require(by, COMMENT if words.kind == COMMENT else "write")
    fields = _checked(words)
    number = _seen(session, words.number, by)
    kept = _kept(session, by, words.form_id)
    if kept is None:
        return _begun(session, words, fields, number, by)
    if kept.fields == fields or (is_sent(kept) and _is_late(kept, words)):
        return kept
    if not _is_newer(kept, words):
        raise WrittenElsewhere(kept)
    kept.kind, kept.note_id = words.kind, number or kept.note_id
    kept.based_on, kept.fields = words.based_on, fields
    kept.title, kept.device = _title(fields), words.device
    kept.step = max(kept.step + 1, words.step)
    kept.saved_at, kept.discarded_at = now(), None
    session.flush()
    return kept


def discard(session: Session, form_id: str, *, by: Viewer) -> Draft:
    """Throw one's draft away; ``take_back`` undoes it for a week."""
    found = get(session, form_id, by=by)
    found.discarded_at = now()
    session.flush()
    return found


def take_back(session: Session, form_id: str, *, by: Viewer) -> Draft:
    """Undo ``discard``; raises NotFound when it is too late."""
    found = _kept(session, by, form_id)
    if found is None or is_sent(found):
        raise _absent()
    found.discarded_at = None
    session.flush()
    return found


def forget(
    session: Session, account_id: int | None, form_id: str, *, step: int = 0, device: str = ""
) -> None:
    """The form was sent: its draft goes, in the very transaction that saves what it said.

    ``step`` and ``device`` are those that the form was sent with; what the same device saved
    before that and comes later is ignored.
    """
    if not _is_id(form_id):
        return
    found = session.scalar(
        select(Draft).where(Draft.account_id == account_id, Draft.form_id == form_id)
    )
    if found is None:
        if not _is_id(device):
            return
        found = Draft(account_id=account_id, form_id=form_id, kind=Kind.NOTE.value, step=1)
        if not _is_added(session, found):
            forget(session, account_id, form_id, step=step, device=device)
            return
    found.fields, found.title = [], ""
    found.step = max(found.step, min(step, MOST_STEPS))
    found.device = device if _is_id(device) else ""
    found.discarded_at = now()
    session.flush()


def drop_all(session: Session, account_id: int) -> None:
    """Delete every draft of an account that is to be forgotten."""
    session.execute(delete(Draft).where(Draft.account_id == account_id))


def is_sent(draft: Draft) -> bool:
    """Whether the form was sent, and this only remembers that."""
    return draft.discarded_at is not None and not draft.fields


# --- finding -------------------------------------------------------------------------------------


def get(session: Session, form_id: str, *, by: Viewer) -> Draft:
    """One's own draft; raises NotFound alike for another's, an absent and a discarded one."""
    found = _kept(session, by, form_id)
    if found is None or found.discarded_at is not None:
        raise _absent()
    return found


def of_owner(session: Session, by: Viewer) -> list[DraftLine]:
    """One's drafts, the last written first."""
    return _lines(session, by, Draft.discarded_at.is_(None))


def whole_of_owner(session: Session, account_id: int) -> Sequence[Draft]:
    """Every draft of an account with its words, for a copy of one's own data."""
    own = select(Draft).where(Draft.account_id == account_id, Draft.title != "")
    return session.scalars(own.order_by(Draft.id)).all()


def discarded(session: Session, form_id: str, *, by: Viewer) -> DraftLine | None:
    """One's draft just thrown away, while it can be taken back."""
    found = _kept(session, by, form_id)
    if found is None or found.discarded_at is None or is_sent(found):
        return None
    return _lines(session, by, Draft.id == found.id)[0]


def sent_forms(session: Session, by: Viewer) -> dict[str, int]:
    """Form id → step of forms sent lately, for devices that still keep their words."""
    rows = session.execute(
        select(Draft.form_id, Draft.step, Draft.fields).where(
            Draft.account_id == by.account_id, Draft.discarded_at.is_not(None), Draft.title == ""
        )
    )
    return {row.form_id: row.step for row in rows if not row.fields}


def others_writing(session: Session, note: Note, *, by: Viewer) -> list[Writing]:
    """Who else has a draft of this note saved lately, the last first; for those who may revise."""
    if not may(by, "revise", note):
        return []
    rows = session.execute(
        select(Person.name, Draft.account_id, func.max(Draft.saved_at).label("saved_at"))
        .join(Account, Account.id == Draft.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(
            Draft.note_id == note.id,
            Draft.kind != COMMENT,
            Draft.account_id != by.account_id,
            Draft.discarded_at.is_(None),
            Draft.saved_at > now() - STILL_WRITING,
        )
        .group_by(Draft.account_id, Person.name)
        .order_by(func.max(Draft.saved_at).desc())
    )
    # The owner of a note that names no author must not be told by their draft.
    unnamed = note.owner_id if note.author_id is None else None
    return [Writing("" if row.account_id == unnamed else row.name, row.saved_at) for row in rows]


# --- inside --------------------------------------------------------------------------------------


def _kept(session: Session, by: Viewer, form_id: str) -> Draft | None:
    return session.scalar(
        select(Draft)
        .where(Draft.account_id == by.account_id, Draft.form_id == form_id)
        .with_for_update()
    )


def _begun(
    session: Session, words: FormWords, fields: list[list[str]], number: int | None, by: Viewer
) -> Draft:
    _make_room(session, by)
    draft = Draft(
        account_id=by.account_id,
        form_id=words.form_id,
        kind=words.kind,
        note_id=number,
        based_on=words.based_on,
        title=_title(fields),
        step=words.step,
        device=words.device,
        fields=fields,
    )
    return draft if _is_added(session, draft) else save(session, words, by=by)


def _is_added(session: Session, draft: Draft) -> bool:
    """Add it, unless a draft of the same form is added at this very moment."""
    try:
        with session.begin_nested():
            session.add(draft)
    except IntegrityError:
        return False
    return True


def _make_room(session: Session, by: Viewer) -> None:
    """Purge what was discarded long ago, and refuse a draft too many."""
    session.execute(delete(Draft).where(Draft.discarded_at < now() - KEPT_AFTER_DISCARDING))
    own = select(Draft.id).where(Draft.account_id == by.account_id)
    gone = own.where(Draft.discarded_at.is_not(None)).order_by(Draft.discarded_at.desc())
    too_many = session.scalars(gone.offset(MOST_DRAFTS)).all()
    if too_many:
        session.execute(delete(Draft).where(Draft.id.in_(too_many)))
    open_ones = own.where(Draft.discarded_at.is_(None)).subquery()
    count = session.scalar(select(func.count()).select_from(open_ones)) or 0
    if count >= MOST_DRAFTS:
        raise Invalid(_("มีร่างค้างอยู่ %(n)s เรื่องแล้ว ส่งหรือทิ้งร่างเก่าก่อน แล้วร่างใหม่จะเก็บได้", n=count))


def _is_newer(kept: Draft, words: FormWords) -> bool:
    if words.device and words.device == kept.device:
        return words.step > kept.step
    return words.after >= kept.step


def _is_late(kept: Draft, words: FormWords) -> bool:
    """Whether this was on its way when the form was sent from the same device."""
    return bool(words.device) and words.device == kept.device and words.step <= kept.step


def _seen(session: Session, number: int | None, by: Viewer) -> int | None:
    """The number, when the note is there and the writer may see it."""
    if number is None or not 0 < number <= MOST_STEPS:
        return None
    return session.scalar(select(Note.id).where(Note.id == number, visible_to(by)))


def _lines(session: Session, by: Viewer, *conditions: ColumnElement[bool]) -> list[DraftLine]:
    rows = session.execute(
        select(
            Draft.form_id,
            Draft.kind,
            Draft.title,
            Draft.based_on,
            Draft.step,
            Draft.saved_at,
            Note.id.label("number"),
            Note.title.label("note_title"),
        )
        .outerjoin(Note, and_(Note.id == Draft.note_id, visible_to(by)))
        .where(Draft.account_id == by.account_id, *conditions)
        .order_by(Draft.saved_at.desc(), Draft.id.desc())
    )
    return [
        DraftLine(
            form_id=row.form_id,
            kind=row.kind,
            title=row.title,
            number=row.number,
            note_title=row.note_title or "",
            based_on=row.based_on,
            step=row.step,
            saved_at=row.saved_at,
        )
        for row in rows
    ]


def _checked(words: FormWords) -> list[list[str]]:
    """The fields to keep, as JSON keeps them; raises Invalid."""
    is_number = 0 < words.step <= MOST_STEPS and 0 <= words.after <= MOST_STEPS
    based_on = words.based_on is None or 0 <= words.based_on <= MOST_STEPS
    if words.kind not in KINDS or not is_number or not based_on or len(words.device) > ID_LENGTH:
        raise Invalid(_("อ่านร่างที่ส่งมาไม่ได้ เปิดหน้านี้ใหม่แล้วลองอีกครั้ง"))
    fields = [[name, _clean(value)] for name, value in _kept_fields(words.fields)]
    size = sum(len(name) + len(value.encode()) for name, value in fields)
    if len(fields) > MOST_FIELDS or size > MOST_BYTES:
        raise Invalid(_("ร่างนี้ยาวเกินกว่าที่เซิร์ฟเวอร์เก็บให้ได้ แบ่งเป็นหลายบันทึก คำยังอยู่ในหน้านี้ครบ"))
    return fields


def _kept_fields(fields: Fields) -> Iterable[tuple[str, str]]:
    for name, value in fields:
        if name in NEVER_KEPT:
            continue
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise Invalid(_("อ่านร่างที่ส่งมาไม่ได้ เปิดหน้านี้ใหม่แล้วลองอีกครั้ง"))
        yield name, value


def _clean(value: str) -> str:
    """Text that any database keeps: no NUL and no half of a surrogate pair."""
    return value.replace("\0", "").encode(errors="ignore").decode()


def _title(fields: list[list[str]]) -> str:
    """The title typed, or the first words of the first field that holds words."""
    typed = [(name, " ".join(value.split())) for name, value in fields]
    said = next((value for name, value in typed if name == "title" and value), "")
    first = (value for name, value in typed if value and not _CHOSEN.fullmatch(name))
    return shorten(said or next(first, ""), LONGEST_TITLE)


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _absent() -> NotFound:
    return NotFound(_("ไม่พบร่างนี้ อาจส่งหรือทิ้งไปแล้ว"))
