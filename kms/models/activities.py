"""Activities and projects: who pays, who runs, where, about what, when; and where two overlap."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base, UtcDateTime, now
from kms.models.people import Organisation
from kms.models.themes import Theme

ACTIVITY_PARTS = ("funder", "runner", "partner")


class Activity(Base):
    """Something that is done somewhere for a time, recorded once from a note.

    Whoever may not see the note (``note_id``) knows nothing of the activity. ``reach`` is how far
    it goes in the writer's words ("165 ตำบล"). An unknown begin or end leaves that side open.
    One that was removed (``removed_at``) can be brought back; ``sent_as`` is a digest of the form
    it came from, by which the same form sent twice is known.
    """

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint("starts IS NULL OR ends IS NULL OR starts <= ends", name="period"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    name_key: Mapped[str] = mapped_column(String(300), index=True)
    reach: Mapped[str] = mapped_column(String(200), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    starts: Mapped[date | None] = mapped_column(index=True)
    ends: Mapped[date | None]
    amount_satang: Mapped[int | None] = mapped_column(BigInteger)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    revised_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_as: Mapped[str | None] = mapped_column(String(64), unique=True)

    places: Mapped[list["ActivityPlace"]] = relationship(
        cascade="all, delete-orphan", order_by="ActivityPlace.position"
    )
    themes: Mapped[list["ActivityTheme"]] = relationship(
        cascade="all, delete-orphan", order_by="ActivityTheme.position"
    )
    organisations: Mapped[list["ActivityOrganisation"]] = relationship(
        cascade="all, delete-orphan", order_by="ActivityOrganisation.position"
    )
    notes: Mapped[list["ActivityNote"]] = relationship(
        cascade="all, delete-orphan", order_by="ActivityNote.note_id"
    )


class ActivityPlace(Base):
    """A place of an activity, by DOPA code of 2, 4 or 6 digits."""

    __tablename__ = "activity_place"

    activity_id: Mapped[int] = mapped_column(
        ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True
    )
    place_code: Mapped[str] = mapped_column(String(6), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)


class ActivityTheme(Base):
    """A theme of an activity."""

    __tablename__ = "activity_theme"

    activity_id: Mapped[int] = mapped_column(
        ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)

    theme: Mapped[Theme] = relationship()


class ActivityOrganisation(Base):
    """Who pays for an activity, who runs it, who helps."""

    __tablename__ = "activity_organisation"
    __table_args__ = (
        CheckConstraint("part IN ('funder', 'runner', 'partner')", name="part"),
        UniqueConstraint("activity_id", "organisation_id", "part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(
        ForeignKey("activity.id", ondelete="CASCADE"), index=True
    )
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    part: Mapped[str] = mapped_column(String(16), default="runner")
    position: Mapped[int] = mapped_column(default=0)

    organisation: Mapped[Organisation] = relationship()


class ActivityNote(Base):
    """Another note that tells of the activity."""

    __tablename__ = "activity_note"

    activity_id: Mapped[int] = mapped_column(
        ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True
    )
    note_id: Mapped[int] = mapped_column(
        ForeignKey("note.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Overlap(Base):
    """Two activities of different organisations with place, theme and time in common.

    Found when one of them is saved; ``first_id`` is the smaller id. ``place_code`` is the
    narrowest of ``places``, ``starts`` to ``ends`` the time in common (an open side has none).
    ``state`` is empty while it is a flag, ``coordinated`` once people said that they know.
    """

    __tablename__ = "overlap"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="in_order"),
        CheckConstraint("state IN ('', 'coordinated')", name="state"),
        Index("ix_overlap_place_state", "place_code", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    second_id: Mapped[int] = mapped_column(
        ForeignKey("activity.id", ondelete="CASCADE"), index=True
    )
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"), index=True)
    place_code: Mapped[str] = mapped_column(String(6))
    starts: Mapped[date | None]
    ends: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(16), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    places: Mapped[list["OverlapPlace"]] = relationship(cascade="all, delete-orphan")


class OverlapPlace(Base):
    """A place where both activities of an overlap are: of two that lie in each other, the inner."""

    __tablename__ = "overlap_place"

    overlap_id: Mapped[int] = mapped_column(
        ForeignKey("overlap.id", ondelete="CASCADE"), primary_key=True
    )
    place_code: Mapped[str] = mapped_column(String(6), primary_key=True, index=True)
