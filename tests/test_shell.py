"""The frame around every page: home, help, switches, and what machines ask for."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kms import places, province_map
from kms.models import Note
from kms.saving import Store
from tests import shelf
from tests.cast import Cast
from tests.statements import counting

STATIC = Path(__file__).parents[1] / "static"
HELP = Path(__file__).parents[1] / "content" / "help"


class Addresses(HTMLParser):
    """Every href and src of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name in ("href", "src") and value}


def addresses(page: str) -> set[str]:
    parser = Addresses()
    parser.feed(page)
    return parser.found


# --- home ----------------------------------------------------------------------------------------


def test_an_empty_store_has_a_home_page(client: FlaskClient) -> None:
    page = client.get("/").text
    assert 'action="/search"' in page
    assert "ยังไม่มีบทเรียน" in page


def test_home_shows_what_is_new_and_where(client: FlaskClient, store: Store, cast: Cast) -> None:
    shelf.fill(store, cast)
    page = client.get("/").text
    assert "นครศรีธรรมราช" in page
    assert 'href="/places/80"' in page
    assert re.search(r'class="level-1" d="M', page)


@pytest.mark.parametrize("who", ["", "facilitator"])
def test_home_takes_at_most_six_statements(app: Flask, store: Store, cast: Cast, who: str) -> None:
    shelf.fill(store, cast)
    client = cast.browser(app, who) if who else app.test_client()
    client.get("/")
    with counting(store) as sent:
        assert client.get("/").status_code == 200
    assert len(sent) <= 6


def test_home_tells_a_stranger_nothing_of_what_is_hidden(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    shelf.fill(store, cast)
    with store.reading() as session:
        hidden = session.scalars(select(Note.title).where(Note.visibility != "public")).all()
    page = client.get("/").text
    assert hidden
    assert not [title for title in hidden if title in page]


# --- the map -------------------------------------------------------------------------------------


def test_every_province_is_drawn_under_its_own_code() -> None:
    drawn = province_map.outlines()
    assert set(drawn.paths) == {place.code for place in places.provinces()}
    assert all(re.fullmatch(r"(M\d+ \d+l[-\d ]+z)+", path) for path in drawn.paths.values())


def test_the_map_stands_upright_with_the_south_below() -> None:
    drawn = province_map.outlines()

    def first(code: str) -> tuple[int, int]:
        x, y = drawn.paths[code][1:].split("l")[0].split()
        return int(x), int(y)

    chiang_rai, narathiwat, ubon, mae_hong_son = map(first, ("57", "96", "34", "58"))
    assert chiang_rai[1] < narathiwat[1]
    assert mae_hong_son[0] < ubon[0]
    assert all(0 <= part <= drawn.height for point in (chiang_rai, narathiwat) for part in point)


def test_the_map_weighs_little() -> None:
    assert sum(map(len, province_map.outlines().paths.values())) < 16_000


# --- help ----------------------------------------------------------------------------------------


def test_every_help_page_is_listed_and_opens_in_both_languages(client: FlaskClient) -> None:
    for code in ("th", "en"):
        client.get(f"/language/{code}")
        listed = [one for one in addresses(client.get("/help").text) if one.startswith("/help/")]
        assert len(listed) == len([path for path in HELP.glob("*.md") if "." not in path.stem]) - 1
        for address in listed:
            assert client.get(address).status_code == 200


def test_help_in_english_is_in_english(client: FlaskClient) -> None:
    client.get("/language/en")
    page = client.get("/about").text
    assert "Platu is a store of lessons" in page
    assert '<html lang="en"' in page


def test_help_that_does_not_exist_is_not_there(client: FlaskClient) -> None:
    for slug in ("none", "about.en", "..", "%2e%2e%2fthemes"):
        assert client.get(f"/help/{slug}").status_code == 404


# --- language and colours ------------------------------------------------------------------------


def test_thai_comes_first_whatever_the_browser_prefers(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept-Language": "en-US,en;q=0.9"}).text
    assert '<html lang="th"' in page


def test_the_language_chosen_stays(client: FlaskClient) -> None:
    answer = client.get("/language/en?next=/help")
    assert answer.headers["Location"] == "/help"
    assert '<html lang="en"' in client.get("/").text
    client.get("/language/th")
    assert '<html lang="th"' in client.get("/").text
    assert client.get("/language/xx").status_code == 404


def test_one_reader_does_not_change_the_language_of_the_next(app: Flask) -> None:
    one, other = app.test_client(), app.test_client()
    one.get("/language/en")
    one.get("/")
    assert '<html lang="th"' in other.get("/").text
    assert "ไม่พบ" in other.get("/nope").text


def test_the_colours_chosen_stay_and_can_be_left_to_the_device(client: FlaskClient) -> None:
    assert "data-theme" not in client.get("/").text
    client.get("/theme/dark")
    # On a page that asks for a theme of the tree too.
    for page in ("/", "/people/near", "/network?theme=x", "/actions", "/activities?theme=x"):
        assert 'data-theme="dark"' in client.get(page).text, page
    client.get("/theme/auto")
    assert "data-theme" not in client.get("/").text
    client.set_cookie("theme", '"><script>')
    assert "<script>" not in client.get("/").text


# --- machines ------------------------------------------------------------------------------------


def test_health_is_said_only_when_all_is_well(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert json.loads(answer.data)["database"] is True


def test_every_file_that_pages_name_exists(client: FlaskClient) -> None:
    for page in ("/", "/signin", "/help", "/no-such-page"):
        files = {one for one in addresses(client.get(page).text) if one.startswith("/static/")}
        assert files
        for address in files:
            assert client.get(address).status_code == 200, address


def test_a_first_visit_is_light(client: FlaskClient) -> None:
    packed = {"Accept-Encoding": "gzip"}
    page = client.get("/", headers=packed)
    total = len(page.data)
    for address in addresses(client.get("/").text):
        if address.startswith("/static/") and ("css" in address or "js" in address):
            total += len(client.get(address, headers=packed).data)
    total += len(client.get("/static/img/icons.svg", headers=packed).data)
    assert total < 60_000


def test_robots_keep_away_from_what_is_nobodys(client: FlaskClient) -> None:
    assert "Disallow: /search" in client.get("/robots.txt").text
    assert client.get("/favicon.ico", follow_redirects=True).mimetype == "image/svg+xml"
