"""What is still being written: drafts of forms, and files that arrive piece by piece."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base, UtcDateTime, now


class Draft(Base):
    """The words of a form that is not sent yet, as its writer last typed them.

    ``form_id`` is the id that the form carries on every device; ``fields`` is a list of
    ``[name, value]`` in the form's order. ``step`` grows with every save and ``device`` is the one
    that saved last, so that a device with older words cannot write over newer ones. ``note_id``
    is the note revised or commented on; ``based_on`` is the revision that the writer began from.
    A form that was sent stays for a while as a discarded draft without fields, so that a save
    that comes late does not bring it back.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('aar', 'minutes', 'lesson', 'page', 'note', 'comment')", name="kind"
        ),
        UniqueConstraint("account_id", "form_id"),
        Index("ix_draft_note_saved", "note_id", "saved_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    form_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id", ondelete="SET NULL"))
    based_on: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(200), default="")
    step: Mapped[int] = mapped_column(default=1)
    device: Mapped[str] = mapped_column(String(36), default="")
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # Thrown away by its writer, who may still take that back.
    discarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fields: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)


class Upload(Base):
    """A file on its way; what has arrived lies under the instance by this id.

    Once whole it has become an attachment. The row stays a while longer, to answer again when
    the answer was lost.
    """

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    attachment_id: Mapped[int | None] = mapped_column(
        ForeignKey("attachment.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
