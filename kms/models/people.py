"""People and organisations, each with the other names they go by."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base, UtcDateTime, now

ORGANISATION_KINDS = ("state", "local", "community", "academic", "fund", "network", "private")


class Person(Base):
    """Someone named in notes; a full name is never required."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(String(100), default="")
    nickname: Mapped[str] = mapped_column(String(100), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    place_code: Mapped[str | None] = mapped_column(String(6), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
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
