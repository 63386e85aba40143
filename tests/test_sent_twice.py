"""An answer lost on the way makes a phone send again: what was saved is saved once."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from kms import history, notes
from kms.models import Comment, Note, Revision
from kms.note_kinds import Kind, NoteContent
from kms.saving import Store
from tests.cast import Cast

WORDS = "ชวนเจ้าของกองทุนคุยกันก่อน แล้วค่อยเชิญหน่วยงาน"
JSON = {"Accept": "application/json"}


def token(client: FlaskClient) -> str:
    answer = client.get("/session")
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.json["csrf_token"]) if answer.json else ""


def send(client: FlaskClient, address: str, form: dict[str, str], **headers: str) -> TestResponse:
    """Send a form as the outbox does, with a fresh token."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(address, data=form, headers={**JSON, "X-CSRFToken": token(client), **named})


def review(words: str = WORDS, form_id: str | None = None) -> dict[str, str]:
    return {"client_id": form_id or str(uuid.uuid4()), "answers-review": words}


def count(store: Store, thing: type[Note | Revision | Comment]) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(thing)) or 0


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> FlaskClient:
    return cast.browser(app, "facilitator")


@pytest.fixture
def note(store: Store, cast: Cast) -> int:
    with store.saving() as session:
        content = NoteContent(Kind.PAGE, "ถาดกลาง", body="คำแรก\n\nคำกลาง\n\nคำท้าย")
        return notes.create(session, content, by=cast.facilitator).number


def test_the_session_tells_who_and_a_token(
    app: Flask, facilitator: FlaskClient, cast: Cast
) -> None:
    told = facilitator.get("/session").json
    assert told
    assert (told["account"], told["name"]) == (cast.facilitator.account_id, cast.facilitator.name)
    nobody = app.test_client().get("/session").json
    assert nobody
    assert (nobody["account"], nobody["name"]) == (None, "")


def test_a_page_says_whose_it_is(facilitator: FlaskClient, client: FlaskClient, cast: Cast) -> None:
    mine = facilitator.get("/")
    assert mine.headers["Platu-Account"] == str(cast.facilitator.account_id)
    assert f'data-account="{cast.facilitator.account_id}"' in mine.text
    anyone = client.get("/")
    assert anyone.headers["Platu-Account"] == "0"
    assert "data-account" not in anyone.text


def test_a_review_sent_twice_is_one_note(facilitator: FlaskClient, store: Store) -> None:
    form = review()
    first, second = (send(facilitator, "/write/aar", form) for _time in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json and second.json
    assert first.json["number"] == second.json["number"]
    assert first.json["url"] == f"/notes/{first.json['number']}"
    assert count(store, Note) == count(store, Revision) == 1


def test_the_same_form_with_other_words_revises_its_note(
    facilitator: FlaskClient, store: Store
) -> None:
    form = review()
    send(facilitator, "/write/aar", form)
    send(facilitator, "/write/aar", {**form, "answers-review": WORDS + " เพิ่มอีกข้อ"})
    send(facilitator, "/write/aar", {**form, "answers-review": WORDS + " เพิ่มอีกสองข้อ"})
    assert (count(store, Note), count(store, Revision)) == (1, 3)


def test_a_late_repetition_does_not_bring_old_words_back(
    facilitator: FlaskClient, store: Store, cast: Cast
) -> None:
    form = review()
    answer = send(facilitator, "/write/aar", form)
    assert answer.json
    number = answer.json["number"]
    send(facilitator, "/write/aar", {**form, "answers-review": "คำที่แก้แล้ว"})
    send(facilitator, "/write/aar", form)
    with store.reading() as session:
        kept = history.content_of(notes.get(session, number, seen_by=cast.facilitator))
        assert kept.review
        assert kept.review.answers == {"review": "คำที่แก้แล้ว"}
    assert count(store, Revision) == 2


def test_a_revision_sent_twice_is_one_revision_even_after_another_came(
    facilitator: FlaskClient, store: Store, cast: Cast, note: int
) -> None:
    form = {
        **{"client_id": str(uuid.uuid4()), "based_on": "1", "kind": "page"},
        **{"title": "ถาดกลาง", "body": "คำแรกที่แก้\n\nคำกลาง\n\nคำท้าย"},
    }
    assert send(facilitator, f"/notes/{note}/edit", form).status_code == 200
    with store.saving() as session:
        there = notes.get(session, note, seen_by=cast.curator)
        newer = NoteContent(Kind.PAGE, "ถาดกลาง", body="เขียนใหม่หมด")
        notes.revise(session, there, newer, by=cast.curator, based_on=2)
    assert send(facilitator, f"/notes/{note}/edit", form).status_code == 200
    with store.reading() as session:
        there = notes.get(session, note, seen_by=cast.curator)
        assert (there.revision, there.body) == (3, "เขียนใหม่หมด")


def test_a_comment_sent_twice_is_one_comment(
    facilitator: FlaskClient, store: Store, note: int
) -> None:
    form = {"client_id": str(uuid.uuid4()), "body": "เห็นด้วย"}
    first, second = (send(facilitator, f"/notes/{note}/comments", form) for _time in range(2))
    assert first.json and second.json
    assert first.json["url"] == second.json["url"]
    assert first.json["url"].startswith(f"/notes/{note}#comment-")
    assert count(store, Comment) == 1
    send(facilitator, f"/notes/{note}/comments", {**form, "body": "เห็นด้วยอีกข้อ"})
    assert count(store, Comment) == 2


def test_the_same_form_id_from_another_writer_is_another_form(
    app: Flask, cast: Cast, store: Store, facilitator: FlaskClient
) -> None:
    form = review()
    other = cast.browser(app, "commenter")
    assert send(facilitator, "/write/aar", form).status_code == 200
    assert send(other, "/write/aar", form).status_code == 200
    assert count(store, Note) == 2


def test_words_of_one_account_never_go_out_as_another(
    facilitator: FlaskClient, store: Store, cast: Cast
) -> None:
    other = str(cast.commenter.account_id)
    answer = send(facilitator, "/write/aar", review(), Platu_Account=other)
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["error"]["code"] == "other_account"
    assert count(store, Note) == 0
    own = str(cast.facilitator.account_id)
    assert send(facilitator, "/write/aar", review(), Platu_Account=own).status_code == 200


@pytest.mark.parametrize("address", ["/write/aar", "/notes/{note}/comments", "/notes/{note}/edit"])
def test_a_lapsed_session_asks_a_script_to_sign_in(
    client: FlaskClient, note: int, address: str
) -> None:
    form = {**review(), "body": "คำ"}
    for headers in ({}, {"X-CSRFToken": token(client)}):
        answer = client.post(address.format(note=note), data=form, headers={**JSON, **headers})
        assert answer.status_code == 401
        assert answer.json
        assert answer.json["error"]["code"] == "sign_in_needed"


def test_a_script_is_refused_in_json_with_the_field(facilitator: FlaskClient, note: int) -> None:
    stale = facilitator.post("/write/aar", data=review(), headers=JSON)
    assert stale.status_code == 400
    assert stale.json
    assert stale.json["error"]["code"] == "stale_form"
    empty = send(facilitator, "/write/aar", review(""))
    assert empty.status_code == 422
    assert empty.json
    assert "answers-review" in empty.json["error"]["problems"]
    no_words = send(facilitator, f"/notes/{note}/comments", {"body": " "})
    assert no_words.status_code == 422
    gone = send(facilitator, "/notes/999/edit", {"title": "x", "kind": "note"})
    assert gone.status_code == 404


def test_forms_that_arrive_at_one_moment_make_one_note(
    app: Flask, cast: Cast, store: Store
) -> None:
    form = review()
    clients = [cast.browser(app, "facilitator") for _tab in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: send(one, "/write/aar", form), clients))
    assert {answer.status_code for answer in answers} == {200}
    assert (count(store, Note), count(store, Revision)) == (1, 1)
