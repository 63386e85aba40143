"""What stands between a hostile request and the pages; nothing here ends in a crash."""

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from kms import create_app, db
from kms.errors import BadSettings, EditConflict, TooMany, Unavailable
from kms.saving import Store
from kms.settings import Settings
from kms.web.security import CONTENT_SECURITY_POLICY, Throttle, safe_next
from tests.cast import Cast, csrf_token, post
from tests.statements import counting

PAGES = ("/", "/signin", "/register", "/help", "/about", "/no-such-page", "/robots.txt", "/healthz")


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Someone else writes to the database meanwhile and does not stop."""
    path = store.engine.url.database
    assert path
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a locked database as long as people would."""
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 50)


# --- headers and cookies -------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_answer_carries_the_headers(client: FlaskClient, page: str) -> None:
    headers = client.get(page).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("page", ["/", "/signin", "/register", "/help", "/no-such-page"])
def test_no_page_needs_what_the_policy_forbids(client: FlaskClient, page: str) -> None:
    text = client.get(page).text
    assert " style=" not in text and "<style" not in text
    assert " onclick=" not in text and "<script>" not in text


def test_an_office_behind_https_says_so(settings: Settings, store: Store) -> None:
    client = create_app(replace(settings, secure_cookies=True), store).test_client()
    answer = client.get("/signin")
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert "Secure" in answer.headers["Set-Cookie"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/signin").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_reader_gets_no_cookie_and_costs_no_identity(client: FlaskClient, store: Store) -> None:
    for page in ("/", "/help", "/about", "/no-such-page"):
        with counting(store) as sent:
            answer = client.get(page)
        assert "Set-Cookie" not in answer.headers
        assert not [statement for statement in sent if "account" in statement.split("WHERE")[0]]


def test_whoever_is_signed_in_costs_one_statement(app: Flask, store: Store, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    with counting(store) as sent:
        assert client.get("/help").status_code == 200
    assert len(sent) == 1


def test_a_file_with_its_mark_is_kept_a_year_and_one_without_is_not(client: FlaskClient) -> None:
    marked = client.get("/static/css/platu.css?v=1")
    assert "immutable" in marked.headers["Cache-Control"]
    assert "immutable" not in client.get("/static/css/platu.css").headers["Cache-Control"]
    assert "immutable" not in client.get("/static/none.css?v=1").headers["Cache-Control"]


def test_pages_go_out_compressed_to_whoever_can_read_that(client: FlaskClient) -> None:
    plain = client.get("/help")
    packed = client.get("/help", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    for _ in range(2):
        style = client.get("/static/css/platu.css", headers={"Accept-Encoding": "gzip"})
        assert b"--paper" in gzip.decompress(style.data)


@pytest.mark.parametrize("path", ["/static/../kms/db.py", "/static/%2e%2e/app.py", "/static//etc"])
def test_files_outside_static_are_not_served(client: FlaskClient, path: str) -> None:
    assert client.get(path, follow_redirects=True).status_code == 404


# --- going on ------------------------------------------------------------------------------------


@given(st.text())
def test_wherever_one_is_sent_is_on_this_site(target: str) -> None:
    sent = safe_next(target)
    assert sent.startswith("/") and not sent.startswith(("//", "/\\"))
    assert not set(sent) & set("\\\r\n\t\0")


@pytest.mark.parametrize("switch", ["/language/en", "/theme/dark"])
def test_a_switch_never_leads_to_another_site(client: FlaskClient, switch: str) -> None:
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "%0d%0aX: y"):
        answer = client.get(switch, query_string={"next": target})
        assert answer.headers["Location"] == "/"
    assert (
        client.get(switch, query_string={"next": "/help?q=ก"})
        .headers["Location"]
        .startswith("/help?q=")
    )


# --- bodies and addresses ------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_in_words(client: FlaskClient) -> None:
    token = csrf_token(client, "/signin")
    form = {"csrf_token": token, "email": "a" * 10_000_000}
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/signin", data=form, content_type=kind)
        assert answer.status_code == 413
        assert "เมกะไบต์" in answer.text
        assert len(answer.data) < 100_000


def test_a_broken_body_is_never_a_crash(client: FlaskClient) -> None:
    token = csrf_token(client, "/signin")
    for body in (b"email=%ff%fe%00&password=%80", b"\xff\xfe=\xff", b"&&&=;%", b"email=%u0e01"):
        answer = client.post(
            "/signin",
            data=body + b"&csrf_token=" + token.encode(),
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code in (400, 422)
    answer = client.post("/signin", data=b"--x\r\nbroken", content_type="multipart/form-data")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/%ff%fe",
        "/help/%00",
        "/help/../../etc",
        "/language/%E0%B8%81",
        "/theme/x",
        "/" + "ก" * 3000,
        "/admin/accounts/9999999999999999999999/permission",
        "/?q=%ff&next=%00",
    ],
)
def test_a_strange_address_is_answered_calmly(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in (200, 400, 404, 405)


def test_the_wrong_method_is_told_which_is_right(client: FlaskClient) -> None:
    answer = client.get("/signout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_unknown_method_is_no_crash(client: FlaskClient) -> None:
    assert client.open("/", method="BREW").status_code in (400, 405)


# --- nothing typed is lost -----------------------------------------------------------------------


def test_a_stale_form_shows_every_word_typed_but_no_password(client: FlaskClient) -> None:
    form = {"name": "เล่าเรื่อง<b>", "password": "ความลับของฉัน", "csrf_token": "เก่า"}
    answer = client.post("/register", data=form)
    assert answer.status_code == 400
    assert "เล่าเรื่อง&lt;b&gt;" in answer.text
    assert "ความลับของฉัน" not in answer.text


def test_a_locked_database_is_said_and_keeps_the_words(
    hasty: None, app: Flask, store: Store, cast: Cast
) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the database")
    client = cast.browser(app, "facilitator")
    token = csrf_token(client, "/account")
    store.engine.dispose()
    with locked(store):
        answer = client.post("/account/name", data={"csrf_token": token, "name": "น้าแดง"})
    assert answer.status_code == 503
    assert "น้าแดง" in answer.text and "ยังไม่ได้บันทึก" in answer.text
    assert answer.headers["Retry-After"]


def test_a_database_that_went_away_is_said_on_a_page_and_to_programs(
    app: Flask, store: Store, cast: Cast, settings: Settings
) -> None:
    client = cast.browser(app, "facilitator")
    store.engine.dispose()
    if store.engine.dialect.name == "sqlite":
        Path(store.engine.url.database or "").write_bytes(b"this is no database" * 100)
    else:
        pytest.skip("the server of PostgreSQL is shared by the tests")
    for page in ("/", "/account", "/healthz"):
        assert client.get(page).status_code == 503
    assert "ฐานข้อมูล" in client.get("/").text


# --- each kind of trouble ------------------------------------------------------------------------


def troubled(settings: Settings, store: Store) -> FlaskClient:
    """A browser of an application with views that raise."""
    app = create_app(settings, store)
    troubles = {
        "many": TooMany("มากไป"),
        "away": Unavailable("ยังไม่พร้อม"),
        "conflict": EditConflict("แก้ก่อนแล้ว", latest_revision=2),
        "crash": ZeroDivisionError("secret detail"),
    }

    def fail(name: str) -> str:
        raise troubles[name]

    app.add_url_rule("/trouble/<name>", "trouble", fail)
    app.add_url_rule("/api/trouble/<name>", "api_trouble", fail)
    return app.test_client()


@pytest.mark.parametrize(
    ("name", "status"), [("many", 429), ("away", 503), ("conflict", 409), ("crash", 500)]
)
def test_each_trouble_has_its_page_and_its_json(
    settings: Settings, store: Store, name: str, status: int
) -> None:
    client = troubled(settings, store)
    page = client.get(f"/trouble/{name}")
    assert page.status_code == status
    assert "<h1>" in page.text and "secret detail" not in page.text
    told = client.get(f"/api/trouble/{name}")
    assert told.status_code == status
    assert set(told.json["error"]) == {"code", "message"}
    assert "secret detail" not in told.text


def test_programs_are_told_in_their_language(client: FlaskClient) -> None:
    assert client.get("/api/none").json["error"]["code"] == "not_found"
    answer = client.get("/api/none", headers={"Accept-Language": "en"})
    assert answer.json["error"]["message"].isascii() or "en.po" not in answer.text


def test_a_broken_error_page_still_answers(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.jinja_env.globals, "asset", None)
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert "ลองค้นหา" in answer.text


def test_a_limit_that_nobody_can_read_stops_the_start(settings: Settings, store: Store) -> None:
    with pytest.raises(BadSettings):
        create_app(replace(settings, signin_limit="ห้าครั้ง"), store)


def test_what_is_counted_cannot_be_read_back() -> None:
    throttle = Throttle("2 per minute", "secret")
    throttle.count("email somebody@example.org")
    kept = str(vars(throttle._counter.storage))  # the only place where it could stay
    assert "somebody" not in kept
    throttle.check("email somebody@example.org")


FORM_ID = "11111111-1111-4111-8111-111111111111"


def test_a_form_post_from_elsewhere_is_refused_whatever_it_targets(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "administrator")
    forms = [rule for rule in app.url_map.iter_rules() if rule.methods and "POST" in rule.methods]
    assert forms
    for rule in forms:
        if rule.endpoint == "news.stop":
            # Mail programs post there by themselves; the signed token in its address is all.
            continue
        values = {**dict.fromkeys(rule.arguments, "1"), "kind": "aar", "form_id": FORM_ID}
        values |= {"what": "people"}
        address = app.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
        assert client.post(address, data={"permission": "reader"}).status_code == 400, address


def test_members_can_sign_in_after_all_this(client: FlaskClient, cast: Cast) -> None:
    form = {"email": Cast.email("curator"), "password": "รหัสผ่านยาวสำหรับทดสอบ"}
    assert post(client, "/signin", form).status_code == 303
