"""Thai is said everywhere by itself; English is complete, current and free of Thai."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import Environment, nodes

from kms import language, notes, passwords
from kms.errors import Invalid, SignInNeeded
from kms.language import gettext as _
from kms.note_kinds import Kind, NoteContent
from kms.permissions import ANONYMOUS, require
from kms.saving import Store
from kms.thai import dates
from kms.translations import extract
from kms.web import filters
from tests import shelf
from tests.cast import PEOPLE, Cast, post

pytestmark = pytest.mark.any_database

PROJECT = extract.PROJECT
TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))
MODULES = sorted((PROJECT / "kms").rglob("*.py"))
THAI = re.compile("[\u0e00-\u0e7f]")
THAI_WORD = re.compile(r"[\u0e00-\u0e7f]+(?:\.[\u0e00-\u0e7f]+)*")
PLACES_FOR_VALUES = re.compile(r"%\((\w+)\)s")
# Samples of what people type, and short names known only in Thai.
SAMPLES = {
    "สวัสดิการชุมชน",
    "ปากพนัง",
    "แนวคิด",
    "แก้จนเมืองนคร",
    "ธ.ค",
    "เมื่อวาน",
    "คุณอำนวย",
    "พอช",
    "อบต",
    "อบจ",
}
THE_OTHER_LANGUAGE = "ภาษาไทย"
COMMAND_LINE = {"cli", "commands"}

READERS_PAGES = (
    "/",
    "/search",
    "/search?q=nothing",
    "/search?place=nowhere",
    "/places",
    "/places/80",
    "/themes",
    "/roles",
    "/roles/khun_amnuay",
    "/people",
    "/organisations",
    "/years",
    "/signin",
    "/register",
    "/help",
    "/nope",
)
WRITERS_PAGES = (
    "/write",
    "/write/minutes",
    "/write/lesson",
    "/write/page",
    "/write/note",
    "/mine",
    "/account",
    "/account/password",
    "/account/forget",
    "/admin",
    "/admin/accounts",
    "/admin/invitations",
    "/curate/themes",
)


def thai_words(text: str) -> set[str]:
    """Thai words of an English text, but for samples."""
    return set(THAI_WORD.findall(text)) - SAMPLES


# --- the catalogue -------------------------------------------------------------------------------


def test_every_sentence_has_its_english() -> None:
    english = extract.translations()
    missing = [said for said in extract.sentences() if not english.get(said)]
    assert not missing, "run make translations and fill in kms/translations/en.po"


def test_no_english_is_left_of_sentences_that_nobody_says() -> None:
    assert not extract.translations().keys() - extract.sentences().keys()


def test_english_keeps_every_value() -> None:
    for said, english in extract.translations().items():
        values = set(PLACES_FOR_VALUES.findall(said))
        assert set(PLACES_FOR_VALUES.findall(english)) == values, said
        assert english % dict.fromkeys(values, 1) if values else english


def test_english_is_written_in_english() -> None:
    for said, english in extract.translations().items():
        assert not thai_words(english), said


def test_english_does_not_end_where_thai_goes_on() -> None:
    for said, english in extract.translations().items():
        assert said.endswith(" ") == english.endswith(" "), said
        assert not english.startswith(" "), said


def test_the_catalogue_holds_no_lines_days_or_paths_of_a_machine() -> None:
    text = extract.ENGLISH.read_text(encoding="utf-8")
    assert not re.search(r"^#: .*(:\d+| /)", text, re.MULTILINE)
    assert "Date" not in text.partition("#:")[0]
    assert str(PROJECT) not in text


def test_extracting_again_changes_nothing() -> None:
    files = extract.sentences()
    once = extract.written(files, extract.translations())
    assert once == extract.written(files, extract.translations())


def test_a_translation_survives_and_what_nobody_says_goes(tmp_path: Path) -> None:
    _write(tmp_path / "kms/notes.py", 'said = _("หนึ่ง" " %(n)s", n=1)\n')
    _write(tmp_path / "templates/a.html", "<p>{{ _('สอง') }}</p>{{ icon(_(\"สาม\")) }}\n")
    files = extract.sentences(tmp_path)
    assert files == {
        "หนึ่ง %(n)s": ["kms/notes.py"],
        "สอง": ["templates/a.html"],
        "สาม": ["templates/a.html"],
    }
    catalogue = tmp_path / "en.po"
    catalogue.write_bytes(extract.written(files, {"สอง": "Two", "สี่": "Four"}))
    assert extract.translations(catalogue) == {"หนึ่ง %(n)s": "", "สอง": "Two", "สาม": ""}


def test_a_broken_template_stops_the_extraction(tmp_path: Path) -> None:
    _write(tmp_path / "templates/a.html", "{% if %}{{ _('หนึ่ง') }}")
    with pytest.raises(Exception, match="Expected an expression"):
        extract.sentences(tmp_path)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# --- how code and templates say things -----------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_say_thai_only_through_the_catalogue(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", _only_lines, path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\b_\(\s*(\"[^\"]*\"|'[^']*')", _only_lines, text)
    text = text.replace(THE_OTHER_LANGUAGE, "")
    where = [number for number, line in enumerate(text.split("\n"), 1) if THAI.search(line)]
    assert not where, f"{path.relative_to(PROJECT)}: Thai outside _() in lines {where}"


def _only_lines(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "", found[0])


def test_every_sentence_of_a_template_gets_its_values() -> None:
    for path in TEMPLATES:
        tree = Environment(autoescape=True, extensions=["jinja2.ext.loopcontrols"]).parse(
            path.read_text(encoding="utf-8")
        )
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                where = f"{path.relative_to(PROJECT)}:{call.lineno}"
                assert isinstance(call.args[0], nodes.Const), f"{where}: not a plain sentence"
                given = {keyword.key for keyword in call.kwargs}
                assert given == set(PLACES_FOR_VALUES.findall(call.args[0].value)), where


def test_every_sentence_of_the_code_gets_its_values() -> None:
    for path in MODULES:
        for call in _said(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(PROJECT)}:{call.lineno}"
            assert isinstance(call.args[0], ast.Constant), f"{where}: not a plain sentence"
            given = {keyword.arg for keyword in call.keywords}
            assert given == set(PLACES_FOR_VALUES.findall(str(call.args[0].value))), where


def test_sentences_are_said_when_asked_for_and_not_when_a_module_is_read() -> None:
    for path in MODULES:
        if COMMAND_LINE & {*path.parent.parts, path.stem}:
            continue
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                early = [call.lineno for call in _said(statement)]
                assert not early, f"{path.relative_to(PROJECT)}: {early}"


def _said(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node


# --- the switch ----------------------------------------------------------------------------------


class Interface(HTMLParser):
    """What a person reads or hears on a page, but for what says that it is Thai."""

    SAID = ("placeholder", "aria-label", "title", "alt", "data-quote-label")
    EMPTY = ("meta", "link", "input", "br", "img", "use", "path", "rect", "circle", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._foreign: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.words += [value for name in self.SAID if (value := named.get(name))]
        if tag not in self.EMPTY:
            thai = tag != "html" and named.get("lang") == "th"
            silent = thai or tag in ("script", "style", "textarea")
            self._foreign.append(silent or any(self._foreign[-1:]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            self._foreign.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._foreign[-1:]):
            self.words.append(data.strip())


def thai_left(page: str) -> set[str]:
    """Thai words of an English page that are neither samples nor the people of the tests."""
    reader = Interface()
    reader.feed(page)
    said = "\n".join(reader.words)
    for _permission, name in PEOPLE.values():
        said = said.replace(name, "")
    return thai_words(said)


def test_a_page_in_thai_would_be_noticed(client: FlaskClient) -> None:
    assert "เข้าสู่ระบบ" in thai_left(client.get("/").text)


@pytest.mark.parametrize("address", READERS_PAGES)
def test_english_pages_speak_english(client: FlaskClient, address: str) -> None:
    client.get("/language/en")
    page = client.get(address).text
    assert '<html lang="en"' in page
    assert not thai_left(page)


def test_english_pages_for_writers_speak_english(app: Flask, cast: Cast) -> None:
    browser = cast.browser(app, "administrator")
    browser.get("/language/en")
    for address in WRITERS_PAGES:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert not thai_left(answer.text), address


def test_navigation_buttons_and_headings_are_in_english(client: FlaskClient) -> None:
    client.get("/language/en")
    page = client.get("/").text
    for said in ("Home", "Search", "Places", "Themes", "Roles", "People", "Help"):
        assert f">{said}</a>" in page
    assert "Before you start, ask what other places have learned" in page
    assert "<h1>Sign in</h1>" in client.get("/signin").text
    assert "<h1>Page not found</h1>" in client.get("/nope").text
    assert "<h1>Help</h1>" in client.get("/help").text


def test_the_cookie_alone_is_enough(client: FlaskClient) -> None:
    client.set_cookie("language", "en")
    assert "Sign in" in client.get("/").text
    client.set_cookie("language", "no such language")
    assert "เข้าสู่ระบบ" in client.get("/").text


def test_a_program_is_answered_in_the_language_it_asks_for(client: FlaskClient) -> None:
    address = "/api/v1/notes/999999"
    english = client.get(address, headers={"Accept-Language": "en"}).get_json()
    thai = client.get(address).get_json()
    assert not THAI.search(english["error"]["message"])
    assert THAI.search(thai["error"]["message"])


def test_a_refused_form_says_why_in_english(client: FlaskClient) -> None:
    client.get("/language/en")
    answer = post(client, "/signin", {"email": "nobody@example.org", "password": "not this one"})
    assert "The e-mail address or the password is not right." in answer.text
    assert not thai_left(answer.text)


def test_the_domain_says_its_errors_in_english() -> None:
    with language.speaking("en"):
        with pytest.raises(Invalid) as refused:
            notes.check(NoteContent(Kind.NOTE, ""))
        said = [refused.value.message, *refused.value.problems.values()]
        with pytest.raises(SignInNeeded) as asked:
            require(ANONYMOUS, "write")
        said.append(asked.value.message)
        said.append(passwords.fault("12345678", "someone@example.org"))
        with pytest.raises(ValueError) as unreadable:
            dates.read("some day")
        said.append(str(unreadable.value))
    assert len(said) >= 5
    assert not [one for one in said if THAI.search(one)]


def test_years_are_buddhist_in_thai_and_both_in_english() -> None:
    day = date(2007, 12, 18)
    assert dates.show(day) == "18 ธันวาคม 2550"
    with language.speaking("en"):
        assert dates.show(day) == "18 December 2007 (BE 2550)"
        assert dates.show(day, style="short") == "18 Dec 2007"


def test_a_note_shows_its_day_in_the_readers_calendar(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    number = shelf.fill(store, cast).lesson
    assert "28 ม.ค. 2549" in client.get(f"/notes/{number}").text
    client.get("/language/en")
    assert "28 Jan 2006" in client.get(f"/notes/{number}").text


def test_kinds_of_note_are_named_in_english() -> None:
    with language.speaking("en"):
        said = [filters.kind_name(kind) for kind in Kind]
    assert said == ["AAR", "Minutes", "Lesson", "Page", "Note"]


def test_places_to_narrow_by_are_named_in_english(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    shelf.fill(store, cast)
    client.get("/language/en")
    page = client.get("/search?province=80").text
    assert "Nakhon Si Thammarat" in page
    assert "นครศรีธรรมราช" not in page


def test_a_month_without_that_day_is_named_in_english() -> None:
    with language.speaking("en"), pytest.raises(ValueError) as impossible:
        dates.read("31 เม.ย. 2550")
    assert str(impossible.value) == "There is no day 31 in April BE 2550."


def test_an_unknown_sentence_is_said_as_it_is() -> None:
    with language.speaking("en"):
        assert language.gettext("ยังไม่มีใครแปลประโยคนี้ของการทดสอบ") == "ยังไม่มีใครแปลประโยคนี้ของการทดสอบ"
        assert language.gettext("") == ""


def test_a_language_lasts_as_long_as_its_block() -> None:
    with language.speaking("en"):
        assert _("ค้นหา") == "Search"
    assert _("ค้นหา") == "ค้นหา"
