"""Accounts that sign in, and the invitations that make them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kms.db import Base, UtcDateTime, now
from kms.models.people import Person

PERMISSIONS = ("reader", "member", "curator", "administrator")
_PERMISSION_CHECK = "permission IN ('reader', 'member', 'curator', 'administrator')"


class Account(Base):
    """A way in for one person. The e-mail is stored folded to lower case."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint(_PERMISSION_CHECK, name="permission"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    permission: Mapped[str] = mapped_column(String(16), default="member")
    is_active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    # Part of the session cookie: a new stamp signs every device out.
    session_stamp: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What is newer than this is new for this account; how often a digest goes out by mail
    # (``off``, ``daily`` or ``weekly``).
    news_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(8), default="off", server_default="off")
    digest_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()


class Invitation(Base):
    """A one-time code that lets someone register; only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint(_PERMISSION_CHECK, name="permission"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    permission: Mapped[str] = mapped_column(String(16), default="member")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
