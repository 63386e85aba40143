"""What was put before someone who was about to act."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base, UtcDateTime, now


class Briefing(Base):
    """A before-action briefing that its reader kept, to be paired with the review afterwards.

    ``themes`` are slugs; ``lessons`` are the numbers that it showed, in their order; ``key`` names
    it in addresses and cannot be guessed. ``note_id`` is the review written afterwards.
    """

    __tablename__ = "briefing"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    plan: Mapped[str] = mapped_column(Text, default="")
    place_code: Mapped[str] = mapped_column(String(6), default="")
    themes: Mapped[list[str]] = mapped_column(JSON, default=list)
    lessons: Mapped[list[int]] = mapped_column(JSON, default=list)
    planned_for: Mapped[date | None]
    note_id: Mapped[int | None] = mapped_column(
        ForeignKey("note.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
