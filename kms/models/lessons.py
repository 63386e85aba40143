"""What happened to a lesson after it was written: agreed to, confirmed, used, doubted."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base, UtcDateTime, now

STEPS = (
    "agreed",
    "confirmed",
    "applied",
    "contradicted",
    "routine",
    "review",
    "reviewed",
    "superseded",
)
OUTCOMES = ("worked", "partly", "did_not")


class LessonStep(Base):
    """One step in the life of a lesson, by whom and when; one taken back keeps its row.

    ``note_id`` is the note that tells of it: whoever may not see that note knows nothing of the
    step. ``other_id`` is the lesson that contradicts or supersedes this one, under the same rule.
    ``from_review`` steps follow what an after-action review says of the lessons it used; they
    are changed there. ``changed`` tells what was done otherwise than the lesson says.
    """

    __tablename__ = "lesson_step"
    __table_args__ = (
        CheckConstraint(
            "step IN ('agreed', 'confirmed', 'applied', 'contradicted', 'routine', 'review',"
            " 'reviewed', 'superseded')",
            name="step",
        ),
        CheckConstraint("outcome IN ('', 'worked', 'partly', 'did_not')", name="outcome"),
        Index("ix_lesson_step_lesson_step", "lesson_id", "step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(16))
    note_id: Mapped[int | None] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), index=True
    )
    other_id: Mapped[int | None] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), index=True
    )
    place_code: Mapped[str | None] = mapped_column(String(6))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    outcome: Mapped[str] = mapped_column(String(16), default="")
    changed: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    from_review: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
