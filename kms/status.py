"""How the system is: what it keeps, whether the index is in step, how much disk is left."""

import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms.models import Account, Comment, IndexChange, Note
from kms.settings import Settings


@dataclass(frozen=True)
class SystemStatus:
    """Counts, and sizes in bytes."""

    notes: int
    comments: int
    accounts: int
    waiting_changes: int
    instance_bytes: int
    free_bytes: int
    version: str


def read(session: Session, settings: Settings) -> SystemStatus:
    """The state of this instance now."""
    counts = session.execute(
        select(
            select(func.count()).select_from(Note).scalar_subquery(),
            select(func.count()).select_from(Comment).scalar_subquery(),
            select(func.count()).select_from(Account).scalar_subquery(),
            select(func.count()).select_from(IndexChange).scalar_subquery(),
        )
    ).one()
    return SystemStatus(
        *counts,
        instance_bytes=_size(settings.instance),
        free_bytes=shutil.disk_usage(settings.instance).free,
        version=own_version(),
    )


def touch(session: Session) -> None:
    """Ask the database for one row of ours; raises what the database raises when it is away."""
    session.execute(select(Account.id).limit(1))


def own_version() -> str:
    """The version of the installed package; empty when run from a bare checkout."""
    try:
        return version("platu")
    except PackageNotFoundError:
        return ""


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # a file of the index that went away meanwhile
            continue
    return total
