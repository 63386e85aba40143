"""Files that go with notes: taken in, found again by who may see them, swept when not needed.

``bring`` looks at a file and keeps its bytes before any transaction; ``add`` makes it an
attachment. A file is read by whoever may see a note that has it now, and by who brought it
while it hangs on none.
"""

import secrets
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, update
from sqlalchemy.orm import Session

from kms import boxed, document_text, file_kinds
from kms.boxed import Limits
from kms.db import now
from kms.errors import NotFound, TooLarge, TooMany
from kms.file_store import FileStore
from kms.language import gettext as _
from kms.models import Attachment, Draft, Note, NoteAttachment, Revision
from kms.permissions import SYSTEM, Viewer, require, visible_to

LONGEST_EDGE = 2560
# Smaller pictures: one for lists and forms, one for reading on a phone.
WIDTHS = (480, 1280)
PICTURE_LIMITS = Limits(seconds=20, megabytes=900)
DOCUMENT_LIMITS = Limits(seconds=20, megabytes=900)
MOST_LOOSE = 300
LOOSE_DAYS = 7
MOST_SWEPT = 100
KEY_LENGTH = 32


@dataclass(frozen=True)
class Brought:
    """A file looked at and kept, that the database does not know yet."""

    digest: str
    media_type: str
    name: str
    size: int
    width: int | None = None
    height: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Health:
    """How files on the disk and in the database fit together.

    ``missing`` and ``damaged`` are files of the database by number; ``strays`` are digests on the
    disk that the database does not know.
    """

    count: int
    missing: tuple[int, ...] = ()
    damaged: tuple[int, ...] = ()
    strays: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether every file can be read as it was brought."""
        return not (self.missing or self.damaged)


# --- bringing ------------------------------------------------------------------------------------


def bring(files: FileStore, source: Path, name: str, *, most_bytes: int) -> Brought:
    """Look at a file, make a photo anew, and keep the bytes; takes seconds, opens no transaction.

    Raises Invalid with a sentence for whatever is not taken, of which nothing stays; TooLarge;
    Unavailable when the disk is full.
    """
    size = source.stat().st_size
    if size > most_bytes:
        raise too_large(most_bytes)
    with source.open("rb") as file:
        job = file_kinds.job_for(file.read(file_kinds.FIRST_BYTES))
    with files.workplace() as place:
        if job == "picture":
            return _bring_picture(files, source, name, place)
        return _bring_document(files, source, name, place, job)


def too_large(most_bytes: int) -> TooLarge:
    """What to say of a file beyond the limit."""
    said = _("ไฟล์ใหญ่เกินไป แนบได้ไฟล์ละไม่เกิน %(n)s MB", n=most_bytes // 1024**2)
    return TooLarge(said, {"upload": said})


def _bring_picture(files: FileStore, source: Path, name: str, place: Path) -> Brought:
    told = boxed.run("picture", source, place, PICTURE_LIMITS, LONGEST_EDGE, *WIDTHS)
    media_type = told.get("type")
    if media_type is None or not told.ended:
        raise file_kinds.refusal(told.get("refused") or "slow")
    made = place / "picture"
    size = made.stat().st_size
    digest = files.take(made, _smaller(place))
    label = file_kinds.label(name, media_type)
    width, height = told.get("width"), told.get("height")
    return Brought(digest, media_type, label, size, width, height)


def _smaller(place: Path) -> dict[int, Path]:
    return {width: place / str(width) for width in WIDTHS if (place / str(width)).exists()}


def _bring_document(
    files: FileStore, source: Path, name: str, place: Path, job: file_kinds.Job
) -> Brought:
    told = boxed.run("document", source, place, DOCUMENT_LIMITS, job)
    refused, media_type = told.get("refused"), told.get("type")
    if refused or media_type is None:
        raise file_kinds.refusal(refused or "slow")
    text = document_text.mended("".join(one["text"] for one in told.found if "text" in one))
    size = source.stat().st_size
    # The source stays where it is: whoever sent it in pieces may have to begin here again.
    whole = place / "whole"
    shutil.copyfile(source, whole)
    digest = files.take(whole)
    return Brought(digest, media_type, file_kinds.label(name, media_type), size, text=text)


def add(session: Session, brought: Brought, *, by: Viewer) -> Attachment:
    """The file as an attachment of whoever brought it; the same again is the one that is there.

    Raises TooMany when too many files of theirs hang on no note yet.
    """
    require(by, "write")
    same = select(Attachment).where(
        Attachment.owner_id == by.account_id,
        Attachment.digest == brought.digest,
        Attachment.name == brought.name,
        _open_to(by),
    )
    found = session.scalars(same.limit(1)).first()
    if found is not None:
        found.loose_since = found.loose_since and now()
        return found
    _require_few_loose(session, by)
    made = Attachment(
        key=secrets.token_hex(KEY_LENGTH // 2), owner_id=by.account_id, **vars(brought)
    )
    session.add(made)
    session.flush()
    return made


def _require_few_loose(session: Session, by: Viewer) -> None:
    loose = select(func.count()).where(
        Attachment.owner_id == by.account_id, Attachment.loose_since.is_not(None), ~_hangs()
    )
    if (session.scalar(loose) or 0) >= MOST_LOOSE:
        said = _("มีไฟล์ที่ยังไม่ได้ใส่ในบันทึกมากเกินไป บันทึกเรื่องที่เขียนค้างไว้ก่อนแล้วแนบต่อ")
        raise TooMany(said)


# --- finding -------------------------------------------------------------------------------------


def get(session: Session, key: str, *, seen_by: Viewer) -> Attachment:
    """The file; NotFound alike for one that is absent and one the viewer may not see."""
    wanted = select(Attachment).where(Attachment.key == key, _open_to(seen_by))
    found = session.scalar(wanted) if _is_key(key) else None
    if found is None:
        raise not_found()
    return found


def not_found() -> NotFound:
    """What to say of a key that names nothing this person may use."""
    return NotFound(_("ไม่พบไฟล์นี้ อาจถูกนำออกจากบันทึกแล้ว หรือเป็นไฟล์ที่คุณยังไม่มีสิทธิ์อ่าน"))


def among(session: Session, keys: Collection[str], *, seen_by: Viewer) -> dict[str, Attachment]:
    """Key → file, of those among the keys that the viewer may see."""
    known = [key for key in keys if _is_key(key)]
    if not known:
        return {}
    found = session.scalars(select(Attachment).where(Attachment.key.in_(known), _open_to(seen_by)))
    return {one.key: one for one in found}


def linkable(
    session: Session, keys: Collection[str], *, by: Viewer, note: Note | None
) -> dict[str, int]:
    """Key → number of the files that this writer may put on this note.

    Those are the ones they brought, and those that the note has or had at some revision.
    """
    known = [key for key in keys if _is_key(key)]
    if not known:
        return {}
    rows = session.execute(
        select(Attachment.key, Attachment.id, Attachment.owner_id).where(Attachment.key.in_(known))
    ).all()
    own = by.account_id
    may = {row.key for row in rows if by == SYSTEM or (own is not None and row.owner_id == own)}
    if note is not None and len(may) < len(rows):
        may |= _had(session, note)
    return {row.key: row.id for row in rows if row.key in may}


def _had(session: Session, note: Note) -> set[str]:
    contents = session.scalars(select(Revision.content).where(Revision.note_id == note.id))
    return {one["key"] for content in contents for one in content.get("attachments", ())}


def _is_key(key: str) -> bool:
    return len(key) == KEY_LENGTH and key.isascii() and key.isalnum()


def _hangs() -> ColumnElement[bool]:
    return select(NoteAttachment.id).where(NoteAttachment.attachment_id == Attachment.id).exists()


def _open_to(viewer: Viewer) -> ColumnElement[bool]:
    if viewer == SYSTEM:
        return Attachment.id.is_not(None)
    on_seen = (
        select(NoteAttachment.id)
        .join(Note, Note.id == NoteAttachment.note_id)
        .where(NoteAttachment.attachment_id == Attachment.id, visible_to(viewer))
        .exists()
    )
    if viewer.account_id is None:
        return on_seen
    return or_(on_seen, and_(Attachment.owner_id == viewer.account_id, ~_hangs()))


def smaller(files: FileStore, attachment: Attachment, width: int) -> Path:
    """Where this picture of at most this width is; made again when it is gone."""
    path = files.path(attachment.digest)
    if attachment.width is None or attachment.width <= width or width not in WIDTHS:
        return path
    small = files.path(attachment.digest, width)
    if small.exists() or not path.exists():
        return small
    with files.workplace() as place:
        boxed.run("picture", path, place, PICTURE_LIMITS, LONGEST_EDGE, *WIDTHS)
        files.add_smaller(attachment.digest, _smaller(place))
    return small if small.exists() else path


# --- sweeping ------------------------------------------------------------------------------------


def sweep(session: Session, *, days: float = LOOSE_DAYS) -> int:
    """Forget files that no note and no draft has needed for so long; answers how many.

    Their bytes go with ``drop_bytes``, once the transaction is through.
    """
    loose, kept = Attachment.loose_since.is_(None), Attachment.loose_since.is_not(None)
    for condition, instant in ((and_(loose, ~_hangs()), now()), (and_(kept, _hangs()), None)):
        session.execute(
            update(Attachment)
            .where(condition)
            .values(loose_since=instant)
            .execution_options(synchronize_session=False)
        )
    long_loose = select(Attachment).where(
        Attachment.loose_since < now() - timedelta(days=days), ~_hangs()
    )
    ordered = long_loose.order_by(Attachment.loose_since).limit(MOST_SWEPT)
    gone = [one for one in session.scalars(ordered) if not _is_drafted(session, one)]
    for one in gone:
        session.delete(one)
    session.flush()
    return len(gone)


def _is_drafted(session: Session, attachment: Attachment) -> bool:
    named = select(Draft.id).where(cast(Draft.fields, Text).contains(attachment.key)).limit(1)
    is_drafted = session.scalar(named) is not None
    if is_drafted:
        attachment.loose_since = now()
    return is_drafted


def forget_loose(session: Session, account_id: int) -> None:
    """Forget the files of this account that hang on no note."""
    own = select(Attachment).where(Attachment.owner_id == account_id, ~_hangs())
    for one in session.scalars(own):
        session.delete(one)
    session.flush()


def drop_bytes(session: Session, files: FileStore) -> int:
    """Remove files that the database does not know, but for those of the last hour."""
    known = set(session.scalars(select(Attachment.digest)))
    return sum(files.remove(digest) for digest in files.digests() if digest not in known)


def check(session: Session, files: FileStore, *, thoroughly: bool = False) -> Health:
    """Compare disk and database; ``thoroughly`` reads every file and counts strays too."""
    rows = session.execute(select(Attachment.id, Attachment.digest).order_by(Attachment.id)).all()
    missing = tuple(row.id for row in rows if not files.has(row.digest))
    if not thoroughly:
        return Health(len(rows), missing)
    damaged = tuple(
        row.id for row in rows if row.id not in missing and not files.is_sound(row.digest)
    )
    known = {row.digest for row in rows}
    strays = tuple(digest for digest in files.digests() if digest not in known)
    return Health(len(rows), missing, damaged, strays)


def brought_by(session: Session, account_id: int) -> Sequence[Attachment]:
    """Every file of this account."""
    own = select(Attachment).where(Attachment.owner_id == account_id)
    return session.scalars(own.order_by(Attachment.id)).all()
