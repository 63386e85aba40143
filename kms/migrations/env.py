"""Alembic's entry point: migrations run over the engine that the application uses."""

from alembic import context

import kms.models  # noqa: F401  (fills the metadata)
from kms.db import Base, open_engine


def run() -> None:
    """Run the migrations inside one transaction each."""
    engine = open_engine(context.config.attributes["database_url"])
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            user_module_prefix="kms.db.",
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
