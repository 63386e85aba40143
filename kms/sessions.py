"""The name of the session's type, for those who pass a session on without knowing SQLAlchemy."""

from sqlalchemy.orm import Session

__all__ = ["Session"]
