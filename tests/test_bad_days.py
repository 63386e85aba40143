"""The disk, the database or the index fails: a clear sentence, the right status, nothing lost."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from kms import create_app
from kms.saving import Store, open_store
from kms.settings import Settings
from tests.cast import Cast, csrf_token, post


@pytest.fixture
def sqlite_file(settings: Settings) -> Path:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("only a database that is a file fails like this")
    return settings.instance / "kms.db"


@pytest.fixture
def held_elsewhere(sqlite_file: Path) -> Iterator[None]:
    """Another program holds the write lock for longer than anyone would wait."""
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def write(app: Flask, cast: Cast, title: str) -> int:
    browser = cast.browser(app, "facilitator")
    answer = post(
        browser, "/write/note", {"title": title, "body": "หลายคนช่วยกัน", "visibility": "public"}
    )
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1].split("?")[0])


def found(app: Flask, words: str) -> int:
    page = app.test_client().get("/api/v1/search", query_string={"q": words})
    assert page.status_code == 200, page.text
    return int(page.json["total"])


def test_a_locked_database_answers_with_a_sentence_and_the_words(
    app: Flask, cast: Cast, sqlite_file: Path
) -> None:
    browser = cast.browser(app, "facilitator")
    token = csrf_token(browser, "/write/note")
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    form = {"csrf_token": token, "title": "รอไม่ได้", "body": "คำที่ห้ามหาย", "visibility": "public"}
    answer = browser.post("/write/note", data=form)
    other.execute("ROLLBACK")
    other.close()
    assert answer.status_code == 503
    assert "คำที่ห้ามหาย" in answer.text
    assert browser.post("/write/note", data=form).status_code == 303


def test_reading_goes_on_while_the_database_is_locked(
    app: Flask, cast: Cast, held_elsewhere: None
) -> None:
    assert app.test_client().get("/").status_code == 200
    assert app.test_client().get("/search?q=ก").status_code == 200


def test_a_read_only_disk_can_still_be_read(
    app: Flask, cast: Cast, settings: Settings, store: Store, sqlite_file: Path
) -> None:
    number = write(app, cast, "เขียนก่อนดิสก์เต็ม")
    frozen = replace(settings, database_url=f"sqlite:///file:{sqlite_file}?mode=ro&uri=true")
    other = open_store(frozen)
    reading = create_app(frozen, other)
    client = reading.test_client()
    assert "เขียนก่อนดิสก์เต็ม" in client.get(f"/notes/{number}").text
    token = csrf_token(client, "/signin")
    form = {"csrf_token": token, "email": Cast.email("facilitator"), "password": "ผิดแน่นอน"}
    assert client.post("/signin", data=form).status_code < 500
    browser = cast.browser(app, "facilitator")
    with browser.session_transaction() as kept:
        identity = dict(kept)
    writing = reading.test_client()
    with writing.session_transaction() as session:
        session.update(identity)
    token = csrf_token(writing, "/write/note")
    answer = writing.post(
        "/write/note", data={"csrf_token": token, "title": "ก", "body": "คำที่ห้ามหาย"}
    )
    assert answer.status_code == 503
    assert "คำที่ห้ามหาย" in answer.text
    other.close()


@pytest.mark.parametrize("harm", ["deleted", "emptied", "garbled"])
def test_a_note_saved_while_the_index_is_broken_is_found_after_repair(
    app: Flask, cast: Cast, store: Store, harm: str
) -> None:
    write(app, cast, "ก่อนเสีย")
    assert found(app, "ก่อนเสีย") == 1
    _harm(store.index.folder, harm)
    number = write(app, cast, "ระหว่างเสีย")
    assert app.test_client().get(f"/notes/{number}").status_code == 200
    assert app.test_client().get("/search?q=ก่อนเสีย").status_code in (200, 503)
    with store.sessions() as session:
        store.index.check(session, repair=True)
    assert found(app, "ระหว่างเสีย") == 1
    assert found(app, "ก่อนเสีย") == 1


def _harm(folder: Path, harm: str) -> None:
    if harm == "deleted":
        shutil.rmtree(folder)
        return
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"" if harm == "emptied" else b"\x00garbled" * 50)


def test_health_tells_that_the_index_is_broken(app: Flask, cast: Cast, store: Store) -> None:
    write(app, cast, "ก่อนเสีย")
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    _harm(store.index.folder, "garbled")
    assert client.get("/healthz").status_code == 503
