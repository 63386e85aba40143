"""What is to be done after a meeting: action items, and what is asked of others."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base, UtcDateTime, now


class NoteAction(Base):
    """An action item of a note as the note is now, so that all notes can be asked at once.

    The note's content says it; ``position`` is its place there. ``owner_id`` and
    ``organisation_id`` are who of those known is meant by ``owner``. ``what_key`` is the mark of
    its words. ``carried_from`` is the number of the note whose item this one goes on from, and
    ``carried_key`` the mark of the words of that item; empty for an item of its own.
    """

    __tablename__ = "note_action"
    __table_args__ = (Index("ix_note_action_open", "done", "due"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    what: Mapped[str] = mapped_column(Text)
    what_key: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str] = mapped_column(String(200), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    due: Mapped[date | None]
    done: Mapped[bool] = mapped_column(default=False)
    result: Mapped[str] = mapped_column(Text, default="")
    carried_from: Mapped[int | None] = mapped_column(index=True)
    carried_key: Mapped[str] = mapped_column(String(16), default="")


class Recommendation(Base):
    """What a note asks of an organisation or of whoever plays a role; seen with its note."""

    __tablename__ = "recommendation"
    __table_args__ = (
        CheckConstraint(
            "role IN ('', 'khun_ua', 'khun_amnuay', 'khun_kit',"
            " 'khun_likhit', 'khun_prasan', 'khun_wisat')",
            name="role",
        ),
        CheckConstraint("organisation_id IS NOT NULL OR role <> ''", name="to_whom"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(String(16), default="")
    place_code: Mapped[str | None] = mapped_column(String(6), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecommendationAnswer(Base):
    """What those asked said to it; the newest that was not taken back holds."""

    __tablename__ = "recommendation_answer"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'partly', 'declined', 'done')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(
        ForeignKey("recommendation.id", ondelete="CASCADE"), index=True
    )
    outcome: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
