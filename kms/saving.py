"""One request, one transaction; then the index catches up.

``Store`` is the data of one instance: its database, its sessions, its search index, its files.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from kms.db import begin_writing, open_engine
from kms.file_store import FileStore
from kms.search.index import Index, open_index
from kms.search.sync import listen
from kms.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """Database, session factory, index and attached files of one instance."""

    engine: Engine
    sessions: sessionmaker[Session]
    index: Index
    files: FileStore

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that is never committed."""
        with self.sessions() as session:
            yield session

    @contextmanager
    def saving(self) -> Iterator[Session]:
        """A session committed at the end of the block, or rolled back whole.

        The index catches up after the commit; when it cannot, that is logged, the change waits
        in ``index_change``, and the save stands.
        """
        with self.sessions() as session:
            begin_writing(session)
            yield session
            session.commit()
        try:
            self.index.catch_up(self.sessions)
        except Exception:
            _log.exception("the index could not catch up; its changes wait")

    def close(self) -> None:
        """Let go of files and connections."""
        self.index.close()
        self.engine.dispose()


def open_store(settings: Settings) -> Store:
    """The store of an instance whose database is already migrated (see ``migrate``)."""
    engine = open_engine(settings.database_url)
    sessions = sessionmaker(engine, expire_on_commit=False)
    listen(sessions)
    files = FileStore(settings.attachments_folder)
    return Store(engine, sessions, open_index(settings.index_folder), files)


def migrate(database_url: str) -> None:
    """Bring the database to the newest schema; safe to call again."""
    command.upgrade(alembic_config(database_url), "head")


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, made here so that no ini file needs an address."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config
