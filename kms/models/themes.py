"""Themes (the agreed tree) and tags (free words)."""

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base

THEME_STATUSES = ("agreed", "proposed", "retired")


class Theme(Base):
    """A node of the theme tree; ``proposed`` ones wait for a curator.

    A theme merged into another is retired and leads there, so that its address and its name do.
    """

    __tablename__ = "theme"
    __table_args__ = (
        CheckConstraint("status IN ('agreed', 'proposed', 'retired')", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200), index=True)
    name_en: Mapped[str] = mapped_column(String(200), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="agreed")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))


class Tag(Base):
    """A free word; ``key`` is its folded form, so that spellings meet."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(100), unique=True)
