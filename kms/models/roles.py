"""Who played which facilitator role, where, and what they did that mattered."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base
from kms.models.people import Organisation, Person


class RoleAssignment(Base):
    """Person (or organisation) × role × level × place, on one note."""

    __tablename__ = "role_assignment"
    __table_args__ = (
        CheckConstraint(
            "role IN ('khun_ua', 'khun_amnuay', 'khun_kit',"
            " 'khun_likhit', 'khun_prasan', 'khun_wisat')",
            name="role",
        ),
        CheckConstraint(
            "level IN ('', 'province', 'amphoe', 'tambon', 'village', 'zone')", name="level"
        ),
        CheckConstraint("person_id IS NOT NULL OR organisation_id IS NOT NULL", name="who"),
        Index("ix_role_assignment_role_place", "role", "place_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    role: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    level: Mapped[str] = mapped_column(String(16), default="")
    place_code: Mapped[str | None] = mapped_column(String(6))
    did: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
