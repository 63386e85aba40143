"""Someone types what no form expects, into every field of every form of the site."""

import json
import re
import uuid
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kms import accounts, comments, notes, themes
from kms.exchange import bringing, formats
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast, csrf_token
from tests.hostile import Form, addresses, forms_of, walk
from tests.stories import HULONG, a_lesson, a_page, a_review, some_minutes

MARK = "คำที่พิมพ์ไว้"
SCRIPT = "\"'><script>alert(7)</script><img src=x onerror=alert(7)>"
TEMPLATE = "{{7919*7919}}{% raise %}${7919*7919}%(name)s%s{0}{name}"
PRODUCT = "62710561"
VALUES = {
    "script": SCRIPT,
    "template": TEMPLATE,
    "controls": "ก\x01\x02\x0b\x0c\x1b\x7f\u202e\u2066\ufeff\ufffe\uffff\u200bข",
    "number": "99999999999999999999999999",
    "link": "javascript:alert(7)",
    "day": "31 กุมภาพันธ์ 2550",
    "year": "00000000000000000001/13/99999",
    "lines": "\r\n" * 200 + "a:b\r\nSet-Cookie: x=1",
    "digits": "๑๒๓๔๕๖๗๘๙๐²½Ⅷ",
    "marks": "ก" + "่" * 5_000,
}
REFUSED = {400, 401, 403, 404, 405, 409, 413, 422}
# What would end the session, or the account that the test is signed in with.
LAST = ("/signout", "/forget", "/account/password", "/deactivate", "/permission", "/delete")
SECRETS = {"password", "new_password", "current_password"}
BROKEN = b"%ff%fe%c3%28%ed%a0%80%00%u0e01%"
STRANGE = {
    "number": ["0", "-1", "9223372036854775808", "๑", "1.0", "x", "%00", "%ff", "1%0d%0aX:y"],
    "title": [
        "%ff",
        "%ed%a0%80",
        "..%2f..%2fapp.py",
        "%3Cscript%3Ealert(7)%3C%2Fscript%3E",
        "x" * 3000,
    ],
}
STRANGE_QUERY = (
    "q=%ff%fe&place=%00&from=%ed%a0%80&next=%0d%0a&limit=x&offset=-1&sort=%3Cscript%3E&level=%27"
    "&role=%00&kind=%ff&title=%3Cscript%3Ealert(7)%3C%2Fscript%3E&questions=x&passage=%00&what=%ff"
    "&reply_to=x&quote=%3Cimg%20src=x%20onerror=alert(7)%3E&code=%ff&person=x&tag=%00&tag=2&q=%22"
    "&comment=%ff&lesson=x"
)


class _Dangers(HTMLParser):
    """Gathers whatever on a page would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            said = (value or "").strip().lower()
            if name.startswith("on") or name == "style":
                self.found.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "formaction") and said.startswith(
                ("javascript:", "data:", "vbscript:", "//")
            ):
                self.found.append(f"{tag} {name}={value}")
        given = dict(attrs)
        if tag in ("iframe", "object", "embed", "base", "style") or (
            tag == "script" and not (given.get("src") or "").startswith("/static/")
        ):
            self.found.append(tag)


def dangers_of(page: str) -> list[str]:
    reader = _Dangers()
    reader.feed(page)
    return reader.found


def is_calm(answer: TestResponse) -> bool:
    """No crash, and nothing that runs."""
    if answer.status_code >= 500:
        return False
    return answer.mimetype != "text/html" or not dangers_of(answer.text)


@pytest.fixture
def pages(store: Store, cast: Cast) -> list[str]:
    """Every page with a form, with what they are about."""
    with store.saving() as session:
        themes.add(session, by=cast.curator, name="สวัสดิการชุมชน", slug="welfare")
        proposing = a_review(themes=("welfare", "เสนอใหม่"))
        review = notes.create(session, proposing, by=cast.facilitator)
        minutes = notes.create(session, some_minutes(), by=cast.facilitator)
        lesson = notes.create(session, a_lesson(), by=cast.facilitator)
        page = notes.create(session, a_page("ปลาทู", "หัว"), by=cast.facilitator)
        comment = comments.add(session, review, by=cast.facilitator, body="ดี")
        accounts.invite(session, by=cast.administrator, permission="member", note="", days=3)
        numbers = [one.number for one in (review, minutes, lesson, page)]
        return [
            *("/signin", "/register", "/account", "/account/password", "/account/forget"),
            *("/admin/accounts", "/admin/invitations", "/curate/themes", "/curate/themes/welfare"),
            *(f"/write/{kind}" for kind in ("aar", "minutes", "lesson", "page", "note")),
            *(f"/notes/{number}/edit" for number in numbers),
            *(f"/notes/{numbers[0]}{rest}" for rest in ("", "/delete")),
            f"/comments/{comment.id}/edit",
            f"/comments/{comment.id}/hide",
            *("/people/7/edit", "/organisations/1/edit", "/people/same/7/8", "/people/1/contact"),
        ]


def forms_seen(client: FlaskClient, pages: list[str]) -> Iterator[Form]:
    """One of each form that this person is shown."""
    seen = set()
    for page in pages:
        answer = client.get(page)
        for form in forms_of(answer.text, page) if answer.status_code == 200 else ():
            kind = (re.sub(r"\d+", "N", form.action), tuple(sorted(form.fields)))
            if kind not in seen:
                seen.add(kind)
                yield form


def the_form(client: FlaskClient, page: str) -> Form:
    """The form of a page that is sent to that page."""
    return next(form for form in forms_of(client.get(page).text, page) if form.action == page)


# --- fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["administrator", "anonymous"])
def test_whatever_is_typed_into_all_fields_at_once_is_answered(
    app: Flask, cast: Cast, pages: list[str], who: str
) -> None:
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    forms = list(forms_seen(client, pages))
    assert len(forms) > (1 if who == "anonymous" else 12)
    for form in forms:
        if form.action.endswith(LAST):
            continue
        for name, value in VALUES.items():
            answer = client.post(form.action, data=form.fields | dict.fromkeys(form.typed, value))
            assert is_calm(answer), (form.action, name, answer.status_code)
            assert answer.status_code in REFUSED | {200, 303}, (form.action, name)
            if answer.status_code == 303:
                assert is_calm(client.get(answer.location)), (form.action, name)


def test_a_refused_form_gives_every_word_back_whatever_is_wrong_with_one(
    app: Flask, cast: Cast, pages: list[str]
) -> None:
    client = cast.browser(app, "administrator")
    for form in forms_seen(client, pages):
        if form.action.endswith(LAST):
            continue
        for name in sorted(form.typed - SECRETS):
            answer = client.post(form.action, data=form.fields | {name: SCRIPT + MARK})
            if answer.status_code in (400, 409, 422):
                assert MARK in answer.text, (form.action, name)
                assert "<script>alert" not in answer.text


def test_four_hundred_thousand_letters_in_one_field_come_back_too(
    app: Flask, cast: Cast, pages: list[str]
) -> None:
    client = cast.browser(app, "facilitator")
    letters = "ก" * 400_000 + MARK
    form = the_form(client, "/write/minutes")
    for name in (
        "title",
        "body",
        "held",
        "tags",
        "places-0-text",
        "roles-0-did",
        "budget-0-amount",
    ):
        assert name in form.typed
        answer = client.post(form.action, data=form.fields | {name: letters})
        assert answer.status_code == 422, name
        assert MARK in answer.text


def test_a_stale_form_gives_its_words_back(app: Flask, cast: Cast, pages: list[str]) -> None:
    for who in ("administrator", "facilitator", "anonymous"):
        client = app.test_client() if who == "anonymous" else cast.browser(app, who)
        for form in forms_seen(client, pages):
            typed = sorted(form.typed - SECRETS)
            for token in ("", "old", "ก", MARK * 1_000):
                filled = form.fields | dict.fromkeys(typed, MARK) | {"csrf_token": token}
                answer = client.post(form.action, data=filled)
                assert answer.status_code in (400, 401), form.action
                assert not typed or MARK in answer.text, form.action


# --- every route ---------------------------------------------------------------------------------


def strange_values() -> dict[str, list[str]]:
    words = STRANGE["title"]
    numbers = dict.fromkeys(
        ("number", "comment_id", "revision", "old", "new", "step_id"), STRANGE["number"]
    )
    numbers |= dict.fromkeys(("position", "recommendation_id"), STRANGE["number"])
    named = ("title", "slug", "kind", "code", "name", "filename", "key", "upload_id", "form_id")
    numbers |= dict.fromkeys(("first", "second", "merging"), STRANGE["number"])
    numbers |= {"what": ["people", "organisations", "%ff"]}
    named = (*named, "step", "token")
    return numbers | dict.fromkeys(named, words)


@pytest.mark.parametrize("who", ["anonymous", "administrator"])
def test_no_address_is_too_strange(app: Flask, cast: Cast, pages: list[str], who: str) -> None:
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    token = csrf_token(client, "/signin" if who == "anonymous" else "/account")
    for method in ("GET", "POST"):
        for path in addresses(app, strange_values(), method, quoted=True):
            if path.endswith(LAST):
                continue
            answer = client.open(
                f"{path}?{STRANGE_QUERY}",
                method=method,
                data={"csrf_token": token} if method == "POST" else None,
                headers={"Accept-Language": "\xff;q=x", "Range": "bytes=b-a", "Accept": "\xe0"},
            )
            assert is_calm(answer), (method, path, answer.status_code)
            assert answer.status_code in REFUSED | {200, 301, 302, 303}, (method, path)


@pytest.mark.parametrize("who", ["anonymous", "administrator"])
def test_no_body_is_too_broken(app: Flask, cast: Cast, pages: list[str], who: str) -> None:
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    token = csrf_token(client, "/signin" if who == "anonymous" else "/account").encode()
    forms = {form.action: form for form in forms_seen(client, pages)}
    known = {
        **{"number": ["1"], "comment_id": ["1"], "slug": ["welfare"], "kind": ["minutes"]},
        **{"revision": ["1"], "form_id": [str(uuid.UUID(int=1))]},
        **{"step": ["applied"], "step_id": ["1"]},
        **{"token": ["none"]},
        **{"position": ["0"], "recommendation_id": ["1"]},
        **{"key": ["none"], "what": ["people"], "first": ["7"], "second": ["8"], "merging": ["1"]},
    }
    for path in addresses(app, known, "POST"):
        if path.endswith(LAST):
            continue
        names = [*(forms[path].fields if path in forms else ()), "kind", "body", "name", "email"]
        pairs = b"&".join(name.encode() + b"=" + BROKEN for name in names if name != "csrf_token")
        for kind, body in (
            ("application/x-www-form-urlencoded", b"csrf_token=" + token + b"&" + pairs),
            ("application/x-www-form-urlencoded; charset=utf-16", pairs),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="\xff',
            ),
            ("application/json", b'{"csrf_token": [1e999, "\xff"'),
            ("", b"\x00" * 100),
        ):
            answer = client.post(path, data=body, content_type=kind)
            assert is_calm(answer), (path, kind, answer.status_code)
        if path.startswith("/news/stop/"):
            # Mail programs post here without a token of ours, and nothing of it is read.
            continue
        large = client.post(path, data=b"body=" + b"a" * 10_000_000, content_type=FORM)
        assert large.status_code == 413, path
        assert "เมกะไบต์" in large.text


FORM = "application/x-www-form-urlencoded"


# --- what was saved ------------------------------------------------------------------------------


def test_what_others_typed_never_runs_wherever_it_is_shown(
    app: Flask, store: Store, cast: Cast, client: FlaskClient
) -> None:
    """Scripts, links and templates in every field of a note, its comments and its names."""
    said = f"{SCRIPT} {TEMPLATE} ปลาทู"
    rich = "\n\n".join(
        (
            said,
            "[กด](javascript:alert(7)) [กด](data:text/html,x) ![x](x onerror=alert(7))",
            "<javascript:alert(7)> [x]: javascript:alert(7)",
            "[[</a><script>alert(7)</script>|<img src=x onerror=alert(7)>]]",
            "| a |\n|:-:|\n| <b onclick=alert(7)> |",
            '[^1"><script>]\n\n[^1"><script>]: <iframe src=//evil.example>',
            "# <svg onload=alert(7)>\n\n```\n</code><script>alert(7)</script>\n```",
        )
    )
    member = cast.browser(app, "facilitator")
    numbers = [_written(member, kind, said, rich) for kind in ("aar", "minutes", "lesson", "page")]
    for body in (said, rich):
        form = {"body": body, "quote": "ปลาทู", "csrf_token": csrf_token(member, "/account")}
        assert member.post(f"/notes/{numbers[0]}/comments", data=form).status_code == 303
    curator = cast.browser(app, "curator")
    token = csrf_token(curator, "/account")
    names = {"name": said[:150], "about": rich, "aliases": said[:150], "nickname": said[:90]}
    for path in ("/people/7/edit", "/organisations/1/edit"):
        fields = {"title": said[:90], "abbreviation": "", "kind": "state", "csrf_token": token}
        assert curator.post(path, data=names | fields).status_code == 303
    fields = {"name": said, "name_en": said, "about": rich, "parent": "", "csrf_token": token}
    assert curator.post("/curate/themes", data=fields).status_code == 303
    starts = ["/", "/themes", "/people", "/organisations", "/search?q=alert", "/search?q=ปลาทู"]
    starts += [f"/places/{HULONG}", "/curate/themes", "/people/7/edit", "/organisations/1/edit"]
    rest = ("", "/history", "/revisions/1", "/edit", "?quote=%3Cscript%3Ealert(7)")
    starts += [f"/notes/{number}{one}" for number in numbers for one in rest]
    for one in (client, member, curator):
        for page, answer in walk(one, starts).items():
            assert is_calm(answer), (page, answer.status_code, dangers_of(answer.text))
            assert PRODUCT not in answer.text, page
    assert TEMPLATE in unescape(client.get(f"/notes/{numbers[3]}").text)


def _written(client: FlaskClient, kind: str, said: str, rich: str) -> int:
    form = the_form(client, f"/write/{kind}")
    filled = dict.fromkeys(form.typed, "") | {
        "title": said,
        "body": rich,
        "visibility": "public",
        "held": "18 ธ.ค. 2550",
        "tags": said,
        "theme_new": said[:150],
        "licence": said,
        "credit": "other",
        "author": said,
        "places-0-text": "ต.หูล่อง อ.ปากพนัง",
        "places-0-village": said,
        "organisations-0-name": said,
        "organisations-0-part": "funder",
        "roles-0-role": "khun_ua",
        "roles-0-person": f"คน{said}",
        "roles-0-organisation": f"กลุ่ม{said}",
        "roles-0-did": rich,
        "questions": "one-box",
        "answers-review": rich,
        "point": said,
        "what_to_do": rich,
        "venue": said,
        "chair": said,
        "attendees-0-name": said,
        "agenda-0-title": said,
        "agenda-0-discussion": rich,
        "actions-0-what": rich,
        "actions-0-owner": said,
        "budget-0-organisation": said,
        "budget-0-amount": "100",
    }
    answer = client.post(form.action, data=form.fields | filled)
    assert answer.status_code == 303, re.findall(r'class="problem[^>]*>([^<]+)', answer.text)
    return int(answer.location.rpartition("/")[2])


# --- files ---------------------------------------------------------------------------------------


def test_no_file_ends_an_import(store: Store, tmp_path: Path) -> None:
    """What cannot be used is refused by name, and the note after it still comes in."""
    folder = tmp_path / "files"
    folder.mkdir()
    odd = (
        None,
        5,
        -1,
        10**30,
        True,
        "",
        SCRIPT,
        "\ud800",
        "\0",
        [],
        [[]],
        [{}],
        {"a": {}},
        "9" * 5000,
    )
    fields = ("title", "body", "kind", "date", "tags", "places", "roles", "comments", "lesson")
    fields += ("url", "source", "id")
    rows = [
        {"title": "ก", "body": "ข", "id": f"{f}{n}", f: v}
        for f in fields
        for n, v in enumerate(odd)
    ]
    lines = [json.dumps(row) for row in rows] + ["[", "null", "[" * 100_000, '"x"']
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "cut.jsonl.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\xff\0\xaa" * 40)
    for name, head in (
        ("day", "title: ก\ndate: 2550-02-31"),
        ("number", "title: ก\nid: " + "1" * 6_000),
        ("object", "title: !!python/object/apply:os.system ['true']"),
        ("ring", "title: &a [*a]\ntags: *a"),
        ("script", f"title: {json.dumps(SCRIPT)}\ntags: [{json.dumps(SCRIPT)}]"),
    ):
        (folder / f"{name}.md").write_text(f"---\n{head}\n---\n\nเล่า", encoding="utf-8")
    (folder / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    (folder / "z-last.txt").write_text("ฉบับสุดท้าย\n\nเล่าเรื่อง", encoding="utf-8")
    outcome = bringing.bring_in(store, formats.read(formats.files([folder])))
    assert outcome.saved > 20
    assert len(outcome.refused) > 60
    named = {Path(one.where.partition(":")[0]).name for one in outcome.refused}
    assert {"rows.jsonl", "cut.jsonl.gz", "day.md", "object.md", "ring.md", "bytes.txt"} <= named
    assert all(re.search("[ก-๙]", one.reason) for one in outcome.refused)
    with store.reading() as session:
        assert notes.similar_titles(session, "ฉบับสุดท้าย", seen_by=SYSTEM)
