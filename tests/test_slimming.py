"""Files go out without comments and indentation, and mean the same; forms name theirs ahead."""

import re
from pathlib import Path

import esprima
import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms.settings import PROJECT
from kms.web.slimming import slim
from tests.cast import Cast

pytestmark = pytest.mark.any_database

STATIC = PROJECT / "static"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def named(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=named)
def test_a_script_without_its_comments_is_the_same_script(path: Path) -> None:
    whole = path.read_bytes()
    bare = slim(whole, "text/javascript")
    assert len(bare) < len(whole)
    assert (
        esprima.parseScript(bare.decode()).toDict() == esprima.parseScript(whole.decode()).toDict()
    )


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=named)
def test_a_style_sheet_without_its_comments_is_the_same_style_sheet(path: Path) -> None:
    whole = path.read_text(encoding="utf-8")
    bare = slim(whole.encode(), "text/css").decode()
    assert "/*" not in bare
    assert "".join(bare.split()) == "".join(COMMENT.sub("", whole).split())


def test_spaces_that_mean_something_stay() -> None:
    style = (
        b'/* why */\n.a .b {\n  margin: 0 1px;\n  content: "{ a }; b"\n}\n.c,\n.d { color: red; }\n'
    )
    assert (
        slim(style, "text/css") == b'.a .b{margin: 0 1px;content: "{ a }; b"}.c,\n.d{color: red;}'
    )


def test_what_is_no_script_and_no_style_stays_as_it_is() -> None:
    picture = b"<svg>\n  // a\n</svg>"
    assert slim(picture, "image/svg+xml") is picture


def test_a_form_names_what_typing_needs_ahead_of_the_page(app: Flask, cast: Cast) -> None:
    answer = cast.browser(app, "facilitator").get("/write/aar")
    ahead = re.findall(r"<([^>]+)>; rel=preload; as=(style|script)", answer.headers["Link"])
    assert {path.partition("?")[0] for path, _kind in ahead} >= {
        "/static/css/platu.css",
        "/static/css/writing.css",
        "/static/js/steps.js",
        "/static/js/drafts.js",
    }
    # More requests than a browser sends at once would wait for the first of them to be answered.
    assert len(ahead) <= 6
    for path, _kind in ahead:
        assert f'="{path}"' in answer.text


def test_a_page_to_read_names_nothing_ahead(client: FlaskClient) -> None:
    assert "Link" not in client.get("/about").headers
