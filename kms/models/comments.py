"""Comments under a note."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base, UtcDateTime, now
from kms.models.people import Person


class Comment(Base):
    """A remark on a note or an answer to one; may quote a passage of the note."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    quote: Mapped[str] = mapped_column(Text, default="")
    quote_revision: Mapped[int | None]
    source_key: Mapped[str | None] = mapped_column(String(200))
    # The form it came from and its words, in one digest: the same sent again is known by it.
    sent_as: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=now)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    hidden_reason: Mapped[str] = mapped_column(String(300), default="")

    author: Mapped[Person | None] = relationship()
