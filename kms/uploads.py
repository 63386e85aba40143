"""Files that arrive piece by piece, and go on where they stopped after any break.

What has arrived lies in a file named by the upload's id, and its length is the offset: it is
never told from anything else, so a killed server leaves nothing to mend.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms.attachments import too_large
from kms.db import now
from kms.errors import Invalid, NotFound, OtherOffset, TooLarge, TooMany
from kms.file_store import writing
from kms.language import gettext as _
from kms.models import Attachment, Upload
from kms.permissions import Viewer, require

LARGEST_PIECE = 1024 * 1024
MOST_OPEN = 20
KEPT_DAYS = 2
LONGEST_NAME = 255


def begin(session: Session, *, name: str, size: int, by: Viewer, most_bytes: int) -> Upload:
    """An upload of so many bytes; raises Invalid, TooLarge, TooMany, NotAllowed."""
    require(by, "write")
    if size > most_bytes:
        raise too_large(most_bytes)
    if size < 1:
        said = _("ไฟล์นี้ว่างเปล่า เลือกไฟล์ใหม่")
        raise Invalid(said, {"upload": said})
    waiting = select(func.count()).where(
        Upload.account_id == by.account_id,
        Upload.attachment_id.is_(None),
        Upload.created_at > now() - timedelta(days=KEPT_DAYS),
    )
    if (session.scalar(waiting) or 0) >= MOST_OPEN:
        raise TooMany(_("มีไฟล์ที่ส่งค้างอยู่มากเกินไป รอให้ไฟล์ก่อนหน้าขึ้นครบแล้วลองใหม่"))
    upload = Upload(
        id=secrets.token_hex(16),
        account_id=by.account_id,
        name=_storable(name),
        size=size,
    )
    session.add(upload)
    session.flush()
    return upload


def _storable(name: str) -> str:
    """The end of a name, where its own is, without what a database cannot keep."""
    kept = "".join(char for char in name if char.isprintable() and not "\ud800" <= char <= "\udfff")
    return kept[-LONGEST_NAME:]


def get(session: Session, upload_id: str, *, by: Viewer, lock: bool = False) -> Upload:
    """One's own upload; NotFound alike for absent, expired and somebody else's."""
    require(by, "write")
    own = select(Upload).where(
        Upload.id == upload_id,
        Upload.account_id == by.account_id,
        Upload.created_at > now() - timedelta(days=KEPT_DAYS),
    )
    found = session.scalar(own.with_for_update() if lock else own)
    if found is None:
        raise NotFound(_("ไม่พบไฟล์ที่ส่งค้างไว้นี้ เลือกไฟล์แล้วส่งใหม่"))
    return found


def path_of(folder: Path, upload: Upload) -> Path:
    """Where what has arrived lies."""
    return folder / upload.id


def received(folder: Path, upload: Upload) -> int:
    """How many bytes have arrived; all of them once it has become an attachment."""
    if upload.attachment_id is not None:
        return upload.size
    try:
        return path_of(folder, upload).stat().st_size
    except FileNotFoundError:
        return 0


def append(folder: Path, upload: Upload, offset: int, piece: bytes) -> int:
    """Put a piece behind what has arrived and on the disk; answers the new offset.

    Raises OtherOffset when it does not follow, TooLarge when it would be more than was said.
    """
    if len(piece) > LARGEST_PIECE:
        raise TooLarge(_("ส่งได้ครั้งละไม่เกิน 1 MB ต่อหนึ่งส่วนของไฟล์"))
    if upload.attachment_id is not None:
        return upload.size
    with _opened(folder, upload) as handle:
        there = os.fstat(handle).st_size
        if offset != there:
            said = _("ส่วนของไฟล์ไม่ต่อกับที่มาถึงแล้ว ส่งต่อจากจุดที่ค้างไว้")
            raise OtherOffset(said, offset=there)
        if there + len(piece) > upload.size:
            said = _("ไฟล์ที่ส่งมาใหญ่กว่าที่บอกไว้ เลือกไฟล์แล้วส่งใหม่")
            raise Invalid(said, {"upload": said})
        with writing():
            _write(handle, piece, there)
        return there + len(piece)


def _write(handle: int, piece: bytes, at: int) -> None:
    """Whole or not at all: what a full disk cut short is taken back."""
    try:
        left = memoryview(piece)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, at)
        raise


@contextmanager
def _opened(folder: Path, upload: Upload) -> Iterator[int]:
    """The file of an upload for one writer at a time, positioned at its end."""
    with writing():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(path_of(folder, upload), flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def complete(session: Session, upload: Upload, attachment: Attachment) -> None:
    """Remember what it has become."""
    upload.attachment_id = attachment.id
    session.flush()


def become(session: Session, upload: Upload) -> Attachment | None:
    """What it has become, unless it is still on its way or that is gone already."""
    if upload.attachment_id is None:
        return None
    return session.get(Attachment, upload.attachment_id)


def drop(session: Session, folder: Path, upload: Upload) -> None:
    """Give an upload up, with what has arrived of it."""
    session.delete(upload)
    session.flush()
    path_of(folder, upload).unlink(missing_ok=True)


def sweep(session: Session, folder: Path) -> int:
    """Drop uploads that nobody went on with, and pieces that belong to none; answers how many."""
    oldest = now() - timedelta(days=KEPT_DAYS)
    expired = session.scalars(select(Upload).where(Upload.created_at < oldest)).all()
    for upload in expired:
        drop(session, folder, upload)
    known = set(session.scalars(select(Upload.id).where(Upload.attachment_id.is_(None))))
    for path in folder.glob("*"):
        if path.name not in known and time.time() - path.stat().st_mtime > KEPT_DAYS * 86_400:
            path.unlink(missing_ok=True)
    return len(expired)
