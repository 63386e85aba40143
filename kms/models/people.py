"""People and organisations, each with the other names they go by."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base, UtcDateTime, now

ORGANISATION_KINDS = ("state", "local", "community", "academic", "fund", "network", "private")


class Person(Base):
    """Someone named in notes; a full name is never required.

    ``phone`` is for members only. One found to be the same as another leads there
    (``merged_into_id``).
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(String(100), default="")
    nickname: Mapped[str] = mapped_column(String(100), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    place_code: Mapped[str | None] = mapped_column(String(6), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    phone: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))
    # No foreign key: SQLite takes no column with one away again without rebuilding the table.
    merged_into_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    aliases: Mapped[list["PersonAlias"]] = relationship(
        back_populates="person", cascade="all, delete-orphan", order_by="PersonAlias.id"
    )
    organisation: Mapped["Organisation | None"] = relationship()


class PersonAlias(Base):
    """Another spelling or nickname of a person; ``key`` is its folded form."""

    __tablename__ = "person_alias"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), index=True)

    person: Mapped[Person] = relationship(back_populates="aliases")


class Organisation(Base):
    """An agency, fund, network or group; a municipality is one, with an area."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('state', 'local', 'community', 'academic', 'fund', 'network', 'private')",
            name="kind",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(250), unique=True)
    abbreviation: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(String(16), default="community")
    place_code: Mapped[str | None] = mapped_column(String(6), index=True)
    about: Mapped[str] = mapped_column(Text, default="")
    # No foreign key: SQLite takes no column with one away again without rebuilding the table.
    merged_into_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    aliases: Mapped[list["OrganisationAlias"]] = relationship(
        back_populates="organisation",
        cascade="all, delete-orphan",
        order_by="OrganisationAlias.id",
    )


class OrganisationAlias(Base):
    """Every way an organisation is written (its name and abbreviation too), folded in ``key``."""

    __tablename__ = "organisation_alias"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(250))
    key: Mapped[str] = mapped_column(String(250), unique=True)

    organisation: Mapped[Organisation] = relationship(back_populates="aliases")


class Merging(Base):
    """Two people, or two organisations, that were found to be one; can be undone.

    ``moved`` says which rows were moved from ``gone_id`` to ``kept_id``, by table and column.
    """

    __tablename__ = "merging"
    __table_args__ = (CheckConstraint("kind IN ('person', 'organisation')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    kept_id: Mapped[int] = mapped_column(index=True)
    gone_id: Mapped[int] = mapped_column(index=True)
    moved: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NotTheSame(Base):
    """Two people, or two organisations, that look alike and are not one, the smaller id first."""

    __tablename__ = "not_the_same"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        UniqueConstraint("kind", "first_id", "second_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    first_id: Mapped[int]
    second_id: Mapped[int]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
