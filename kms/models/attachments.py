"""Files that go with notes."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base, UtcDateTime, now


class Attachment(Base):
    """A file as someone brought it; ``key`` names it in addresses and cannot be guessed.

    The bytes lie under the instance by ``digest`` (SHA-256, hex), so the same file is kept once.
    ``text`` is what a document says, for the search. ``loose_since`` is when it was first seen
    to hang on no note; what hangs on one has none.
    """

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    loose_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=now, index=True)
    text: Mapped[str] = mapped_column(Text, default="")


class NoteAttachment(Base):
    """A file of a note as the note is now; a revision names its files by key."""

    __tablename__ = "note_attachment"
    __table_args__ = (UniqueConstraint("note_id", "attachment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"))
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    caption: Mapped[str] = mapped_column(String(500), default="")

    attachment: Mapped[Attachment] = relationship()
