"""What the hostile tests share: walking every route, every link and every form of the site."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

# What differs from one answer to the next though nothing was said.
_CHANGING = (
    (re.compile(r'name="csrf_token" value="[^"]*"'), 'name="csrf_token"'),
    (re.compile(r'"csrf_token":[ ]?"[^"]*"'), '"csrf_token"'),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "uuid"),
    # How rare a word is counts in the score over all notes there are.
    (re.compile(r'"(took_ms|reads|score)":[ ]?[0-9.]+'), r'"\1"'),
    (re.compile(r"เปิดอ่าน [0-9,]+ ครั้ง"), "เปิดอ่าน"),
)
_NOT_FOLLOWED = ("/static/", "/language/", "/theme/", "/places/")


@dataclass
class Form:
    """One form as a page shows it: where it is sent, and what a browser would send with it.

    ``typed`` names the fields in which people type; the rest are chosen or hidden.
    """

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._in: str = ""
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: "" if value is None else value for name, value in attrs}
        self._templates += tag == "template"
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form and not self._templates:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "option":
            if "selected" in given or self._in not in form.fields:
                form.fields[self._in] = given.get("value", "")
        elif tag in ("select", "textarea"):
            self._in = name
            if tag == "textarea":
                form.fields[name] = ""
                form.typed.add(name)
        elif tag == "input" and name:
            if kind in ("radio", "checkbox") and "checked" not in given:
                return
            form.fields.setdefault(name, given.get("value", ""))
            if kind in ("text", "search", "email", "password", "url", "number", "tel"):
                form.typed.add(name)

    def handle_data(self, data: str) -> None:
        if self._form and self._in in self._form.typed:
            self._form.fields[self._in] += data

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"
        if tag in ("textarea", "select"):
            self._in = ""
        elif tag == "form":
            self._form = None


def links_of(page: str) -> list[str]:
    """Where the links of a page lead, on this site."""
    reader = _Reader()
    reader.feed(page)
    own = (urlsplit(one)._replace(fragment="").geturl() for one in reader.links)
    return [one for one in own if one.startswith("/") and not one.startswith("//")]


def forms_of(page: str, at: str) -> list[Form]:
    """The forms of a page that are posted."""
    reader = _Reader()
    reader.feed(page)
    posted = [form for form in reader.forms if form.method == "post"]
    for form in posted:
        form.action = form.action or at
    return posted


def rules(app: Flask, method: str) -> list[Rule]:
    """Every route that takes this method."""
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]


def addresses(
    app: Flask, values: Mapping[str, Iterable[str]], method: str = "GET", *, quoted: bool = False
) -> list[str]:
    """Every route that takes this method, with each of these values in place of its arguments."""
    found: list[str] = []
    for rule in rules(app, method):
        filled = [rule.rule]
        for argument in sorted(rule.arguments):
            given = [one if quoted else quote(one, safe="") for one in values[argument]]
            place = re.compile(rf"<(?:[a-z]+(?:\([^)]*\))?:)?{argument}>")
            filled = [place.sub(lambda _m, v=v: v, one) for one in filled for v in given]
        found += filled
    return list(dict.fromkeys(found))


def walk(client: FlaskClient, starts: Iterable[str]) -> dict[str, TestResponse]:
    """These pages and those their links lead to, by address; none that changes a cookie."""
    seen: dict[str, TestResponse] = {}
    onward: list[str] = []
    for address in dict.fromkeys(starts):
        answer = seen[address] = client.get(address)
        if answer.mimetype == "text/html":
            onward += links_of(answer.text)
    for address in dict.fromkeys(onward):
        # Facets and the gazetteer lead to ever more of the same pages.
        if address not in seen and not address.startswith(_NOT_FOLLOWED) and "&" not in address:
            seen[address] = client.get(address)
    return seen


def lasting(text: str) -> str:
    """The text of an answer without what differs each time."""
    for pattern, kept in _CHANGING:
        text = pattern.sub(kept, text)
    return text


def shown(answer: TestResponse) -> tuple[int, str, str]:
    """All that an answer tells: status, address to go on to, words."""
    return answer.status_code, unescape(answer.location or ""), lasting(answer.text)
