"""What someone follows, and who was called in a comment."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base, UtcDateTime, now

FOLLOWED = ("place", "theme", "person", "note", "search")


class Follow(Base):
    """Something that an account follows.

    ``target`` is a place's code, a theme's slug, the id of a person, the number of a note, or the
    query of a search's address; ``label`` is what its follower calls a search.
    """

    __tablename__ = "follow"
    __table_args__ = (
        CheckConstraint("kind IN ('place', 'theme', 'person', 'note', 'search')", name="kind"),
        UniqueConstraint("account_id", "kind", "target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(500))
    label: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Mention(Base):
    """Someone called by @name in a comment; ``name`` is what was written after the @."""

    __tablename__ = "mention"
    __table_args__ = (UniqueConstraint("comment_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
