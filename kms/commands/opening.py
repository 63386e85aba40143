"""The data that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from kms.saving import Store, migrate, open_store
from kms.settings import Settings, read_settings


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Store]:
    """The store of the instance that the environment names, at the newest schema."""
    settings = settings or read_settings()
    migrate(settings.database_url)
    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()
