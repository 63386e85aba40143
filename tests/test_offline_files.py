"""The files that let a phone install the site and read it without a connection."""

import gzip
import json
import re
import struct

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import place_list, places
from kms.language import speaking
from kms.models import Account
from kms.saving import Store
from tests.cast import Cast, post

pytestmark = pytest.mark.any_database

MOST_PLACES_BYTES = 120_000
MOST_SCRIPT_BYTES = 1_536


def listed(client: FlaskClient) -> dict[str, object]:
    """The list in front of the worker."""
    first = client.get("/sw.js").text.partition("\n")[0]
    found: dict[str, object] = json.loads(first.removeprefix("const SHELL = ").removesuffix(";"))
    return found


# --- installing ----------------------------------------------------------------------------------


def test_the_manifest_says_what_a_phone_asks(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    said = json.loads(answer.data)
    assert (said["short_name"], said["lang"]) == ("ปลาทู", "th")
    assert (said["id"], said["start_url"], said["scope"]) == ("/", "/", "/")
    assert said["display"] == "standalone"
    assert [one["url"] for one in said["shortcuts"]] == ["/write/aar", "/search", "/drafts"]


def test_every_icon_is_a_small_picture_of_the_size_it_is_said_to_be(client: FlaskClient) -> None:
    said = json.loads(client.get("/manifest.webmanifest").data)
    assert {one["purpose"] for one in said["icons"]} == {"any", "maskable"}
    for one in said["icons"]:
        picture = client.get(one["src"])
        assert picture.mimetype == "image/png" and len(picture.data) < 8_000
        width, height = struct.unpack(">II", picture.data[16:24])
        assert one["sizes"] == f"{width}x{height}"
    assert "/static/img/icon-180.png?v=" in client.get("/").text


def test_the_bar_of_the_phone_has_the_colours_of_the_page(client: FlaskClient) -> None:
    bars = re.compile(r'<meta name="theme-color" content="(#\w+)"')
    assert len(bars.findall(client.get("/").text)) == 2
    client.get("/theme/dark")
    assert bars.findall(client.get("/").text) == ["#11191b"]


# --- the worker ----------------------------------------------------------------------------------


def test_the_worker_is_asked_for_anew_each_time_and_governs_all(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in answer.headers
    again = client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_worker_keeps_each_asset_under_the_address_that_pages_use(client: FlaskClient) -> None:
    assets = listed(client)["assets"]
    assert isinstance(assets, list)
    for page in ("/", "/help/start", "/offline", "/signin"):
        used = set(re.findall(r'(?:src|href)="(/static/[^"#]+\?v=[^"#]+)', client.get(page).text))
        assert {one for one in used if not one.split("?")[0].endswith(".png")} <= set(assets)
    for address in assets:
        assert client.get(address).status_code == 200


def test_every_form_and_question_set_is_listed_to_be_kept(
    app: Flask, store: Store, cast: Cast
) -> None:
    client = cast.browser(app, "facilitator")
    forms = listed(client)["forms"]
    assert isinstance(forms, list)
    assert "/write/minutes" in forms and "/write/aar?questions=thai-km" in forms
    for address in forms:
        assert client.get(address).status_code == 200


def test_another_language_is_another_worker(client: FlaskClient) -> None:
    thai = client.get("/sw.js").text
    client.get("/language/en")
    assert client.get("/sw.js").text != thai


def test_the_page_that_stands_in_says_nothing_of_who_asked_for_it(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    for_nobody = client.get("/offline").text
    assert cast.browser(app, "facilitator").get("/offline").text == for_nobody
    assert "/signin" not in for_nobody and "csrf_token" not in for_nobody


@pytest.mark.parametrize("name", ["offline", "keep", "whose", "offline-page"])
def test_the_scripts_of_pages_weigh_little(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/static/js/{name}.js", headers={"Accept-Encoding": "gzip"})
    assert len(answer.data) <= MOST_SCRIPT_BYTES


# --- sessions that ended -------------------------------------------------------------------------


def test_only_a_session_that_was_ended_on_purpose_is_told_as_ended(
    app: Flask, cast: Cast, store: Store
) -> None:
    client = cast.browser(app, "facilitator")
    assert "Platu-Ended" not in client.get("/help").headers
    assert "Platu-Ended" not in app.test_client().get("/help").headers
    with store.saving() as session:
        account = session.get(Account, cast.facilitator.account_id)
        assert account is not None
        account.session_stamp = "another"
    ended = client.get("/help")
    assert ended.headers["Platu-Ended"] == "1"
    assert ended.headers["Platu-Account"] == "0"


def test_signing_out_clears_pages_and_not_words_that_wait(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    answer = post(client, "/signout", {}, page="/account")
    assert answer.headers["Clear-Site-Data"] == '"cache"'


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["th", "en"])
def test_all_places_are_light_enough_to_carry(client: FlaskClient, language: str) -> None:
    client.get(f"/language/{language}")
    address = str(listed(client)["places"])
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert len(answer.data) < MOST_PLACES_BYTES
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in client.get("/offline/places.json?v=old").headers["Cache-Control"]
    said = json.loads(gzip.decompress(answer.data))
    assert len(said["places"].split("\n")) == sum(
        len(places.beneath(one.code)) for one in places.provinces()
    )


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_list_spells_the_path_of_every_place(language: str) -> None:
    with speaking(language):
        said = place_list.compact()
        above: list[tuple[str, str]] = []
        for line in str(said["places"]).split("\n"):
            level = len(line) - len(line.lstrip("\t"))
            text = line[level:]
            above = [*above[:level], (text[:2], text[2:].split("\t")[0])]
            code = "".join(digits for digits, _name in above)
            marks = said["bangkok" if code.startswith("10") else "prefixes"]
            assert isinstance(marks, list)
            names = [mark + name for mark, (_digits, name) in zip(marks, above, strict=False)]
            assert str(said["between"]).join(reversed(names)) == places.path(code)
