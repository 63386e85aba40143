"""A database made by migrations is the one that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

import kms.models  # noqa: F401  (fills the metadata)
from kms.db import Base
from kms.saving import Store, migrate


def test_the_migrated_schema_equals_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_checks_equal_the_models(store: Store) -> None:
    """Alembic does not compare check constraints, so they are compared here by name."""
    inspector = inspect(store.engine)
    for table in Base.metadata.sorted_tables:
        wanted = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        made = {str(one["name"]) for one in inspector.get_check_constraints(table.name)}
        assert made == wanted, table.name


def test_migrating_again_changes_nothing(store: Store, database: str) -> None:
    with store.sessions() as session:
        session.execute(text("INSERT INTO setting (name, value) VALUES ('kept', 'yes')"))
        session.commit()
    migrate(database)
    with store.sessions() as session:
        assert session.scalar(text("SELECT value FROM setting WHERE name = 'kept'")) == "yes"


def test_foreign_keys_and_wal_are_on(store: Store) -> None:
    if store.engine.dialect.name != "sqlite":
        return
    with store.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
