"""Signing in, registering and one's own account, the hostile ways first."""

from dataclasses import replace
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import accounts, create_app
from kms.saving import Store
from kms.settings import Settings
from tests.cast import PASSWORD, Cast, csrf_token, post

PHRASE = "กบว่ายน้ำในคลองตอนเช้า"
SCRIPT = "<script>alert(1)</script>"


def sign_in(client: FlaskClient, who: str, **more: str):
    form = {"email": Cast.email(who), "password": PASSWORD, **more}
    return post(client, "/signin", form)


def application(settings: Settings, store: Store, **changed: object) -> Flask:
    app = create_app(replace(settings, **changed), store)
    app.testing = True
    return app


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/\x00",
        " //evil.example",
        "evil.example",
        "//[",
    ],
)
def test_signing_in_never_leads_to_another_site(
    client: FlaskClient, cast: Cast, target: str
) -> None:
    answer = sign_in(client, "facilitator", next=target)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    assert "a=b" not in answer.headers.get("Set-Cookie", "")


def test_signing_in_goes_on_to_where_one_was(client: FlaskClient, cast: Cast) -> None:
    asked = client.get("/account?tab=ชื่อ")
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith("/signin?next=/account")
    form = client.get(asked.headers["Location"])
    assert 'name="next"' in form.text
    answer = sign_in(client, "facilitator", next="/account?tab=1")
    assert answer.headers["Location"] == "/account?tab=1"


def test_a_form_without_its_token_does_nothing(client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/signin", data={"email": Cast.email("facilitator"), "password": PASSWORD})
    assert answer.status_code == 400
    assert not is_signed_in(client)


def test_another_browsers_token_does_nothing(app: Flask, cast: Cast) -> None:
    token = csrf_token(app.test_client(), "/signin")
    answer = app.test_client().post(
        "/signin",
        data={"csrf_token": token, "email": Cast.email("facilitator"), "password": PASSWORD},
    )
    assert answer.status_code == 400


def test_a_session_planted_before_signing_in_is_dropped(client: FlaskClient, cast: Cast) -> None:
    with client.session_transaction() as planted:
        planted["planted"] = "yes"
    before = csrf_token(client, "/signin")
    with client.session_transaction() as planted:
        secret = planted["csrf_token"]
    client.post(
        "/signin",
        data={
            "csrf_token": before,
            "email": Cast.email("facilitator"),
            "password": PASSWORD,
        },
    )
    with client.session_transaction() as kept:
        assert "planted" not in kept
        assert kept.get("csrf_token") != secret


def test_a_forged_cookie_is_nobody(app: Flask, cast: Cast) -> None:
    for forged in ("1:wrong", "1", "x:y", "99999999999999999999:z", ":", "-1:a", "๑:facilitator"):
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = forged
        assert not is_signed_in(client)
    client = app.test_client()
    client.set_cookie("session", "eyJfdXNlcl9pZCI6IjE6eCJ9.bad.signature")
    assert not is_signed_in(client)


def test_guessing_is_stopped_with_a_word(settings: Settings, store: Store, cast: Cast) -> None:
    app = application(settings, store, signin_limit="3 per minute")
    client = app.test_client()
    form = {"email": Cast.email("facilitator"), "password": "ผิดไปเรื่อย ๆ นะ"}
    token = csrf_token(client, "/signin")
    answers = [client.post("/signin", data={"csrf_token": token, **form}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert "พักสักครู่" in answers[3].text
    assert answers[3].headers["Retry-After"]
    right = sign_in(app.test_client(), "facilitator")
    assert right.status_code == 429


def test_guessing_one_email_from_many_addresses_is_stopped(
    settings: Settings, store: Store, cast: Cast
) -> None:
    app = application(settings, store, signin_limit="3 per minute", trusted_proxies=1)
    form = {"email": " FACILITATOR@example.org", "password": "ผิดไปเรื่อย ๆ นะ"}
    for last in range(4):
        client = app.test_client()
        token = csrf_token(client, "/signin")
        answer = client.post(
            "/signin",
            data={"csrf_token": token, **form},
            headers={"X-Forwarded-For": f"203.0.113.{last}"},
        )
    assert answer.status_code == 429


def test_an_untrusted_proxy_header_does_not_hide_a_guesser(
    settings: Settings, store: Store, cast: Cast
) -> None:
    app = application(settings, store, signin_limit="3 per minute")
    for last in range(4):
        client = app.test_client()
        token = csrf_token(client, "/signin")
        answer = client.post(
            "/signin",
            data={"csrf_token": token, "email": f"a{last}@example.org", "password": "x"},
            headers={"X-Forwarded-For": f"203.0.113.{last}"},
        )
    assert answer.status_code == 429


def test_a_room_that_shares_one_address_signs_in(
    settings: Settings, store: Store, cast: Cast
) -> None:
    app = application(settings, store, signin_limit="3 per minute")
    for who in ("facilitator", "researcher", "commenter", "curator", "stranger"):
        assert sign_in(app.test_client(), who).status_code == 303


def test_a_refused_sign_in_keeps_the_email_and_tells_nothing(
    client: FlaskClient, cast: Cast
) -> None:
    pages = []
    for email in (Cast.email("facilitator"), "nobody@example.org"):
        answer = post(client, "/signin", {"email": email, "password": "ไม่ใช่รหัสนี้แน่ ๆ"})
        assert answer.status_code == 422
        assert f'value="{email}"' in answer.text
        assert "ไม่ใช่รหัสนี้แน่" not in answer.text
        pages.append(answer.text.replace(email, ""))
    without_tokens = [page.split('name="csrf_token"')[0] for page in pages]
    assert without_tokens[0] == without_tokens[1]


def test_a_refused_registration_keeps_what_was_typed_but_no_password(client: FlaskClient) -> None:
    form = {"name": SCRIPT, "email": 'a"><b>@x', "password": "สั้นไป", "invitation_code": ""}
    answer = post(client, "/register", form)
    assert answer.status_code == 422
    assert SCRIPT not in answer.text and "&lt;script&gt;" in answer.text
    assert "<b>@x" not in answer.text
    assert "สั้นไป" not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_script_in_a_name_stays_words_on_every_page(client: FlaskClient) -> None:
    form = {"name": SCRIPT, "email": "new@example.org", "password": PHRASE}
    assert post(client, "/register", form).status_code == 303
    for page in ("/", "/account", "/account/password", "/help"):
        assert SCRIPT not in client.get(page).text


def test_registering_signs_in(client: FlaskClient) -> None:
    form = {"name": "ผู้มาใหม่", "email": "new@example.org", "password": PHRASE}
    answer = post(client, "/register", {**form, "next": "/help"})
    assert answer.headers["Location"] == "/help"
    assert is_signed_in(client)


def test_an_office_by_invitation_lets_the_invited_in(
    settings: Settings, store: Store, cast: Cast
) -> None:
    app = application(settings, store, registration="invite")
    admin = cast.browser(app, "administrator")
    page = post(admin, "/admin/invitations", {"note": SCRIPT, "permission": "curator", "days": "7"})
    code = page.text.split("<code>")[1].split("<")[0]
    assert SCRIPT not in page.text
    newcomer = app.test_client()
    assert f'value="{code}"' in newcomer.get(f"/register?code={quote(code)}").text
    form = {"name": "ผู้มาใหม่", "email": "new@example.org", "password": PHRASE}
    assert post(newcomer, "/register", form).status_code == 422
    assert post(newcomer, "/register", {**form, "invitation_code": code}).status_code == 303
    assert newcomer.get("/admin").status_code == 200


def test_a_closed_office_says_so(settings: Settings, store: Store) -> None:
    client = application(settings, store, registration="closed").test_client()
    assert "ไม่เปิดรับสมัคร" in client.get("/register").text
    form = {"name": "ใคร", "email": "new@example.org", "password": PHRASE}
    assert post(client, "/register", form, page="/signin").status_code == 403


def test_signing_out_is_for_good(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    assert client.get("/signout").status_code == 405
    assert is_signed_in(client)
    answer = post(client, "/signout", {}, page="/account")
    assert answer.status_code == 303
    assert "cache" in answer.headers["Clear-Site-Data"]
    assert not is_signed_in(client)


def test_a_new_password_signs_the_other_phone_out(app: Flask, cast: Cast) -> None:
    here, there = cast.browser(app, "facilitator"), cast.browser(app, "facilitator")
    form = {"current_password": PASSWORD, "new_password": PHRASE}
    assert post(here, "/account/password", form).status_code == 303
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_a_closed_account_is_out_at_once(app: Flask, cast: Cast) -> None:
    member, admin = cast.browser(app, "facilitator"), cast.browser(app, "administrator")
    number = cast.facilitator.account_id
    answer = post(admin, f"/admin/accounts/{number}/deactivate", {}, page="/admin/accounts")
    assert answer.status_code == 303
    assert not is_signed_in(member)
    assert sign_in(app.test_client(), "facilitator").status_code == 422


def test_an_administrator_gives_a_one_time_password(app: Flask, cast: Cast) -> None:
    admin = cast.browser(app, "administrator")
    number = cast.researcher.account_id
    page = post(admin, f"/admin/accounts/{number}/password", {}, page="/admin/accounts")
    password = page.text.split("<code>")[1].split("<")[0]
    member = app.test_client()
    email = Cast.email("researcher")
    post(member, "/signin", {"email": email, "password": password, "next": "/help"})
    assert member.get("/help").headers["Location"] == "/account/password"
    form = {"current_password": password, "new_password": PHRASE}
    assert post(member, "/account/password", form).status_code == 303
    assert member.get("/help").status_code == 200


def test_a_permission_given_holds_at_once(app: Flask, cast: Cast) -> None:
    admin, member = cast.browser(app, "administrator"), cast.browser(app, "commenter")
    assert member.get("/admin").status_code == 403
    address = f"/admin/accounts/{cast.commenter.account_id}/permission"
    assert (
        post(admin, address, {"permission": "curator"}, page="/admin/accounts").status_code == 303
    )
    assert member.get("/admin").status_code == 200
    assert member.get("/admin/accounts").status_code == 403
    wrong = post(admin, address, {"permission": "king"}, page="/admin/accounts")
    assert wrong.status_code == 422


def test_only_administrators_reach_the_pages_of_administrators(app: Flask, cast: Cast) -> None:
    pages = ("/admin/accounts", "/admin/invitations")
    for page in pages:
        assert app.test_client().get(page).status_code == 302
    for who in ("stranger", "facilitator", "curator"):
        client = cast.browser(app, who)
        assert {client.get(page).status_code for page in pages} == {403}
        answer = post(
            client, "/admin/invitations", {"permission": "administrator"}, page="/account"
        )
        assert answer.status_code in (403, 422)
        assert "<code>" not in answer.text


def test_a_copy_of_my_data_needs_me(app: Flask, cast: Cast) -> None:
    assert app.test_client().get("/account/export").status_code == 302
    answer = cast.browser(app, "facilitator").get("/account/export")
    assert answer.json["account"]["email"] == Cast.email("facilitator")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_being_forgotten_takes_the_password(app: Flask, cast: Cast, store: Store) -> None:
    client = cast.browser(app, "facilitator")
    wrong = post(client, "/account/forget", {"current_password": "ไม่ใช่แน่นอนครับ"})
    assert wrong.status_code == 422
    assert is_signed_in(client)
    assert post(client, "/account/forget", {"current_password": PASSWORD}).status_code == 303
    assert not is_signed_in(client)
    with store.reading() as session:
        gone = accounts.get(session, cast.facilitator.account_id or 0)
        assert gone.person.name != cast.facilitator.name


def test_my_account_says_who_i_am(app: Flask, cast: Cast) -> None:
    page = cast.browser(app, "curator").get("/account").text
    assert Cast.email("curator") in page
    assert "บรรณาธิการ" in page
    assert f'href="/people/{cast.curator.person_id}"' in page


def test_a_name_is_changed_and_an_empty_one_refused(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    assert post(client, "/account/name", {"name": "\u200b \n"}, page="/account").status_code == 422
    assert post(client, "/account/name", {"name": "น้าแดง"}, page="/account").status_code == 303
    assert "น้าแดง" in client.get("/").text
