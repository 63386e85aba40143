"""What the system remembers for itself."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kms.db import Base, UtcDateTime, now


class IndexChange(Base):
    """A note whose index entry is stale; written in the transaction that made it so."""

    __tablename__ = "index_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    # No foreign key: the row must outlive a deleted note.
    note_id: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Setting(Base):
    """A named value kept with the data, such as the next note number."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
