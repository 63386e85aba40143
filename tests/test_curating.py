"""A curator keeps the tree of themes tidy."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import notes, themes
from kms.note_kinds import Kind, NoteContent
from kms.saving import Store
from tests.cast import Cast, csrf_token, post
from tests.shelf import WELFARE, Shelf, fill

TREE = "/curate/themes"


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Iterator[Shelf]:
    yield fill(store, cast)


@pytest.fixture
def curator(app: Flask, cast: Cast, shelf: Shelf) -> FlaskClient:
    return cast.browser(app, "curator")


def tree(store: Store) -> themes.Tree:
    with store.sessions() as session:
        return themes.load(session)


def propose(store: Store, cast: Cast, name: str) -> str:
    """A member uses a theme nobody agreed yet; answers its slug."""
    content = NoteContent(kind=Kind.NOTE, title=f"บันทึกเรื่อง{name}", themes=(name,), body="ก")
    with store.saving() as session:
        notes.create(session, content, by=cast.facilitator)
    return next(one.slug for one in tree(store).proposals if one.name == name)


def test_only_curators_come_in(app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    assert client.get(TREE).status_code in (302, 303, 401)
    facilitator = cast.browser(app, "facilitator")
    assert facilitator.get(TREE).status_code == 403
    assert facilitator.get(f"{TREE}/{WELFARE}").status_code == 403
    token = csrf_token(facilitator, "/account")
    for where in (
        "",
        f"/{WELFARE}",
        f"/{WELFARE}/merge",
        f"/{WELFARE}/retire",
        f"/{WELFARE}/agree",
    ):
        answer = facilitator.post(
            TREE + where, data={"csrf_token": token, "name": "x", "into": "security"}
        )
        assert answer.status_code == 403, where


def test_a_form_without_its_token_changes_nothing(curator: FlaskClient, store: Store) -> None:
    answer = curator.post(TREE, data={"name": "ประเด็นปลอม"})
    assert answer.status_code == 400
    assert "ประเด็นปลอม" not in [one.name for one in tree(store).by_slug.values()]


def test_a_theme_is_added_under_another(curator: FlaskClient, store: Store) -> None:
    form = {"name": "ป่าชุมชน", "name_en": "Community forest", "parent": "security", "about": "ดูแลป่า"}
    assert post(curator, TREE, form).status_code == 303
    [made] = [one for one in tree(store).by_slug.values() if one.name == "ป่าชุมชน"]
    assert (made.parent, made.name_en, made.status) == ("security", "Community forest", "agreed")


def test_a_refused_form_keeps_every_word(curator: FlaskClient) -> None:
    for form in (
        {"name": " ", "about": "คำที่พิมพ์ไว้", "parent": "security"},
        {"name": "ก" * 10_000, "about": "คำที่พิมพ์ไว้"},
        {"name": "ป่า", "about": "คำที่พิมพ์ไว้", "parent": "no-such-theme"},
    ):
        for address in (TREE, f"{TREE}/{WELFARE}"):
            answer = post(curator, address, form)
            assert answer.status_code == 422
            assert "คำที่พิมพ์ไว้" in answer.text
            assert "field-error" in answer.text


def test_a_renamed_theme_is_found_by_its_new_name(
    client: FlaskClient, curator: FlaskClient, store: Store, shelf: Shelf
) -> None:
    form = {"name": "หลักประกันของชุมชน", "name_en": "Safety net", "parent": "security", "about": ""}
    assert post(curator, f"{TREE}/{WELFARE}", form).status_code == 303
    assert tree(store).by_slug[WELFARE].name == "หลักประกันของชุมชน"
    assert "หลักประกันของชุมชน" in client.get(f"/notes/{shelf.lesson}").text
    assert "หลักประกันของชุมชน" in client.get(f"/search?theme={WELFARE}").text


def test_a_theme_moves_but_never_under_itself(curator: FlaskClient, store: Store) -> None:
    form = {"name": "สวัสดิการชุมชน", "parent": ""}
    assert post(curator, f"{TREE}/{WELFARE}", form).status_code == 303
    assert tree(store).by_slug[WELFARE].parent is None
    again = {"name": "สวัสดิการชุมชน", "parent": WELFARE}
    assert post(curator, f"{TREE}/{WELFARE}", again).status_code == 422
    assert tree(store).by_slug[WELFARE].parent is None


def test_a_proposal_is_agreed_under_a_parent(
    curator: FlaskClient, cast: Cast, store: Store
) -> None:
    slug = propose(store, cast, "ธนาคารน้ำใต้ดิน")
    assert "ธนาคารน้ำใต้ดิน" in curator.get(TREE).text
    form = {f"under-{slug}": "security"}
    assert post(curator, f"{TREE}/{slug}/agree", form, page=TREE).status_code == 303
    assert tree(store).by_slug[slug].status == "agreed"
    assert tree(store).by_slug[slug].parent == "security"


def test_a_proposal_is_merged_and_its_notes_follow(
    app: Flask, curator: FlaskClient, cast: Cast, store: Store
) -> None:
    slug = propose(store, cast, "สวัสดิการของชาวบ้าน")
    before = re.search(r"พบ (\d+) รายการ", curator.get(f"/search?theme={WELFARE}").text)
    answer = post(curator, f"{TREE}/{slug}/merge", {f"into-{slug}": WELFARE}, page=TREE)
    assert answer.status_code == 303
    assert not tree(store).proposals
    after = re.search(r"พบ (\d+) รายการ", curator.get(f"/search?theme={WELFARE}").text)
    assert before
    assert after
    assert int(after[1]) == int(before[1]) + 1
    assert curator.get(f"/themes/{slug}").headers["Location"].endswith(f"/themes/{WELFARE}")


def test_a_theme_is_never_merged_into_itself_or_nothing(curator: FlaskClient, store: Store) -> None:
    for into in (WELFARE, "", "no-such-theme", "\x00", "x" * 5_000):
        answer = post(curator, f"{TREE}/{WELFARE}/merge", {"into": into}, page=f"{TREE}/{WELFARE}")
        assert answer.status_code == 422
    assert tree(store).by_slug[WELFARE].status == "agreed"


def test_a_retired_theme_is_offered_no_more(
    client: FlaskClient, curator: FlaskClient, store: Store
) -> None:
    page = f"{TREE}/{WELFARE}"
    assert post(curator, f"{page}/retire", {}, page=page).status_code == 303
    assert tree(store).by_slug[WELFARE].status == "retired"
    assert client.get("/suggest?what=theme&q=สวัสดิการ").json == []
    refused = post(curator, f"{TREE}/security/retire", {}, page=f"{TREE}/security")
    assert refused.status_code in (303, 422)


def test_an_absent_theme_is_not_found(curator: FlaskClient) -> None:
    for slug in ("nothing", "%00", "x" * 5_000):
        assert curator.get(f"{TREE}/{slug}").status_code == 404


def test_hostile_words_do_no_harm(curator: FlaskClient) -> None:
    for nasty in ("<script>alert(1)</script>", "\x00\x01\u202eก", "'; DROP TABLE theme"):
        answer = post(curator, TREE, {"name": nasty, "name_en": nasty, "about": nasty})
        assert answer.status_code in (303, 422)
        for page in (TREE, "/themes", "/search"):
            assert "<script>alert" not in curator.get(page).text
