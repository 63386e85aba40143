"""The stage for every test: a real database, a real index, and the cast of people.

Tests that ask for the database run twice: on SQLite, and on the PostgreSQL that
``KMS_TEST_DATABASE_URL`` names; those marked ``any_database`` on SQLite alone.
``KMS_TEST_REQUIRE=browser,postgresql`` turns their skips into failures.
"""

import gc
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from kms import create_app, language
from kms.saving import Store, migrate, open_store
from kms.settings import Settings
from kms.web import note_page
from tests.cast import Cast
from tests.demands import missing
from tests.live import browser, live  # noqa: F401

# Deadlines by the clock fail on a busy machine; tests that bound time measure the processor's.
# One change is judged by the same cases each time; `--hypothesis-profile=wide` makes new ones.
hypothesis.settings.register_profile("kms", deadline=None, derandomize=True)
hypothesis.settings.register_profile("wide", deadline=None, print_blob=True)
hypothesis.settings.load_profile("kms")

POSTGRESQL_URL = os.environ.get("KMS_TEST_DATABASE_URL", "")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker
        postgresql = pytest.param("postgresql", marks=pytest.mark.postgresql)
        both = ["sqlite", postgresql]
        kinds = ["sqlite"] if marked("browser") or marked("any_database") else both
        metafunc.parametrize("database", kinds, indirect=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for rubbish seldom, and not in what was imported: it was a sixth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@pytest.fixture(autouse=True)
def _speak_thai() -> Iterator[None]:
    with language.speaking("th"):
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kms.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Engine]:
    """The server that ``KMS_TEST_DATABASE_URL`` names, to make databases on."""
    if not POSTGRESQL_URL:
        missing("postgresql", "KMS_TEST_DATABASE_URL names no PostgreSQL")
    engine = create_engine(POSTGRESQL_URL, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Engine) -> Iterator[str]:
    """Name of a migrated database that each test copies."""
    name = f"kms_template_{uuid.uuid4().hex[:12]}"
    _administer(postgresql_server, f"CREATE DATABASE {name}")
    migrate(_beside(name))
    yield name
    _administer(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty database at the newest schema."""
    if request.param == "postgresql":
        template = request.getfixturevalue("postgresql_template")
        server = request.getfixturevalue("postgresql_server")
        name = f"kms_test_{uuid.uuid4().hex[:12]}"
        _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield _beside(name)
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")
        return
    (tmp_path / "instance").mkdir()
    path = tmp_path / "instance" / "kms.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    yield f"sqlite:///{path}"


def _beside(name: str) -> str:
    return make_url(POSTGRESQL_URL).set(database=name).render_as_string(hide_password=False)


def _administer(server: Engine, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return Settings(
        instance=tmp_path / "instance",
        database_url=database,
        secret_key="only-for-tests",
        registration="open",
        signin_limit="1000 per minute",
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    settings.instance.mkdir(exist_ok=True)
    store = open_store(settings)
    yield store
    store.close()


@pytest.fixture
def session(store: Store) -> Iterator[Session]:
    """A session for tests of the domain; nothing is committed unless the test does."""
    with store.sessions() as session:
        yield session


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates as they were compiled once: compiling takes a test longer than all it asks."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(
    settings: Settings, store: Store, compiled_templates: FileSystemBytecodeCache
) -> Iterator[Flask]:
    app = create_app(settings, store)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    yield app
    with app.app_context():  # or a thread does it when the database is gone
        note_page.memory().reads.write_down()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An anonymous reader's browser."""
    return app.test_client()


@pytest.fixture
def cast(store: Store) -> Cast:
    """A facilitator, a researcher, a commenter, a curator, an administrator and a stranger."""
    return Cast.set_up(store)
