"""A program asks for notes."""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kms import comments, notes
from kms.note_kinds import ActionItem, Review
from kms.saving import Store
from kms.settings import Settings
from tests.cast import Cast
from tests.shelf import HU_LONG, WELFARE, Shelf, fill
from tests.statements import counting
from tests.stories import a_review
from tests.test_finding import HOSTILE


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Iterator[Shelf]:
    yield fill(store, cast)


def test_no_address_breaks_the_api(
    client: FlaskClient, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    for query in HOSTILE:
        with subtests.test(query=query):
            check_answer(client.get(f"/api/v1/search?{query}"))


def check_answer(answer: TestResponse) -> None:
    assert answer.status_code in (200, 422)
    assert answer.is_json
    if answer.status_code == 422:
        assert answer.json["error"]["code"] == "invalid"
        assert answer.json["error"]["message"]


def test_a_search_answers_in_the_promised_shape(client: FlaskClient, shelf: Shelf) -> None:
    found = client.get("/api/v1/search?q=สวัสดิการ&kind=lesson").json
    assert found["total"] == 1
    assert found["took_ms"] >= 0
    assert found["did_you_mean"] is None
    [hit] = found["hits"]
    assert hit["number"] == shelf.lesson
    assert hit["kind"] == "lesson"
    assert hit["url"] == f"/notes/{shelf.lesson}"
    assert hit["date"] == "2006-01-28"
    assert hit["places"] == [HU_LONG]
    assert hit["themes"] == [WELFARE]
    assert "<mark>" in hit["snippet"]
    assert {"source", "source_id", "title", "score"} <= hit.keys()
    names = {"province", "amphoe", "tambon", "theme", "kind", "year", "role", "organisation"}
    assert names <= found["facets"].keys()
    assert {"value": "80", "label": "นครศรีธรรมราช", "count": 1} in found["facets"]["province"]


def test_filters_alone_list_the_newest_first(client: FlaskClient, shelf: Shelf) -> None:
    hits = client.get("/api/v1/search?province=นครศรีธรรมราช").json["hits"]
    assert [hit["number"] for hit in hits] == [shelf.review, shelf.lesson]


def test_anonymous_callers_see_what_anonymous_readers_see(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    assert client.get("/api/v1/search?q=สวัสดิการ").json["total"] == 2
    assert cast.browser(app, "stranger").get("/api/v1/search?q=สวัสดิการ").json["total"] == 3
    assert cast.browser(app, "facilitator").get("/api/v1/search?q=สวัสดิการ").json["total"] == 4


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("limit", "101"), ("limit", "0"), ("limit", "ten"), ("offset", "-1"), ("sort", "best"),
     ("kind", "poem"), ("from", "31 ก.พ. 2550"), ("province", "ดาวอังคาร"), ("role", "king")],
)  # fmt: skip
def test_a_bad_parameter_is_refused_by_name(
    client: FlaskClient, shelf: Shelf, parameter: str, value: str
) -> None:
    answer = client.get("/api/v1/search", query_string={parameter: value})
    assert answer.status_code == 422
    assert parameter in answer.json["error"]["problems"]
    assert answer.json["error"]["problems"][parameter]


def test_errors_come_in_the_language_of_the_caller(client: FlaskClient, shelf: Shelf) -> None:
    thai = client.get("/api/v1/search?limit=x").json["error"]["message"]
    assert any("\u0e00" <= char <= "\u0e7f" for char in thai)
    by_header = client.get("/api/v1/search", headers={"Accept-Language": "en"})
    assert by_header.status_code == 200
    assert by_header.headers["Content-Language"] == "en"
    assert client.get("/api/v1/search?lang=en").headers["Content-Language"] == "en"
    assert client.get("/api/v1/search").headers["Content-Language"] == "th"


def test_a_note_is_answered_whole(client: FlaskClient, shelf: Shelf) -> None:
    answer = client.get(f"/api/v1/notes/{shelf.lesson}").json
    assert answer["number"] == shelf.lesson
    assert answer["content"]["lesson"]["point"] == "กองทุนสวัสดิการเดินต่อได้เมื่อมีเจ้าของชัด"
    assert answer["content"]["roles"][0]["did"] == "ชวนกรรมการทุกหมู่มานั่งวงเดียวกัน"
    assert answer["comments"] == []


def test_comments_come_with_the_note_but_not_those_that_were_hidden(
    client: FlaskClient, store: Store, cast: Cast, shelf: Shelf
) -> None:
    with store.saving() as session:
        lesson = notes.get(session, shelf.lesson, seen_by=cast.commenter)
        comments.add(session, lesson, by=cast.commenter, body="ที่พัทลุงก็เป็นอย่างนี้")
        rude = comments.add(session, lesson, by=cast.commenter, body="คำไม่สุภาพ")
        comments.hide(session, rude, by=cast.curator, reason="ไม่สุภาพ")
    answer = client.get(f"/api/v1/notes/{shelf.lesson}")
    assert [one["body"] for one in answer.json["comments"]] == ["ที่พัทลุงก็เป็นอย่างนี้"]
    assert "คำไม่สุภาพ" not in answer.text


def test_the_key_of_a_briefing_is_for_the_owner_alone(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    review = Review("one-box", {"review": "เป้าหมายไม่ชัด"}, briefing="a" * 32)
    with store.saving() as session:
        number = notes.create(session, a_review(review=review), by=cast.facilitator).number
    for who, key in ((None, ""), ("curator", ""), ("facilitator", "a" * 32)):
        browser = cast.browser(app, who) if who else client
        said = browser.get(f"/api/v1/notes/{number}").json["content"]["review"]
        assert said["answers"] and said.get("briefing", "") == key
        assert ("a" * 32 in browser.get(f"/notes/{number}").text) == bool(key)


def test_an_item_carried_from_a_hidden_note_does_not_name_it(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    item = ActionItem("ทำแผน")
    told = {"review": "เป้าหมายไม่ชัด"}
    with store.saving() as session:
        before = a_review(review=Review("one-box", told, actions=(item,)), visibility="members")
        earlier = notes.create(session, before, by=cast.facilitator).number
        item = replace(item, carried_from=earlier, carried_key="a" * 16)
        later = a_review(review=Review("one-box", told, actions=(item,)))
        number = notes.create(session, later, by=cast.facilitator).number
    for who, carried in ((None, (None, "")), ("commenter", (earlier, "a" * 16))):
        browser = cast.browser(app, who) if who else client
        said = browser.get(f"/api/v1/notes/{number}").json["content"]["review"]["actions"][0]
        assert (said["carried_from"], said["carried_key"]) == carried
        assert said["what"] == "ทำแผน"


def test_a_hidden_note_answers_like_an_absent_one(client: FlaskClient, shelf: Shelf) -> None:
    hidden = client.get(f"/api/v1/notes/{shelf.draft}")
    absent = client.get("/api/v1/notes/987654")
    huge = client.get("/api/v1/notes/99999999999999999999999999")
    assert hidden.status_code == absent.status_code == huge.status_code == 404
    assert hidden.json == absent.json
    assert client.get(f"/api/v1/notes/{shelf.minutes}").status_code == 404


def test_unknown_addresses_answer_in_json(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found"
    assert client.post("/api/v1/search").status_code in (400, 405)


def test_a_broken_index_is_said_in_json(
    client: FlaskClient, store: Store, settings: Settings, shelf: Shelf
) -> None:
    store.index.close()
    shutil.rmtree(settings.index_folder)
    answer = client.get("/api/v1/search?q=สวัสดิการ")
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "unavailable"
    assert answer.headers["Retry-After"]


def test_answers_take_few_statements(client: FlaskClient, store: Store, shelf: Shelf) -> None:
    for address in ("/api/v1/search?q=สวัสดิการ&province=80", f"/api/v1/notes/{shelf.lesson}"):
        client.get(address)
        with counting(store) as statements:
            assert client.get(address).status_code == 200
        assert len(statements) <= 6, statements
