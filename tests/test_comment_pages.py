"""Members comment under a note, answer and quote; curators hide what should not stand."""

import html
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import notes
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast, csrf_token, post

SCRIPT = "<script>alert('ปลาทู')</script>"
SAID = "เริ่มต้นพบกับปัญหาเพราะแต่ละกองทุนมีเจ้าของ"


@pytest.fixture
def number(store: Store, cast: Cast) -> int:
    content = NoteContent(Kind.NOTE, "หารือที่พัทลุง", SAID, visibility="public")
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


@pytest.fixture
def commenter(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "commenter")


def comment(browser: FlaskClient, number: int, **form: object) -> int:
    """Its id."""
    answer = post(browser, f"/notes/{number}/comments", form, page=f"/notes/{number}")
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(rf"/notes/{number}#comment-(\d+)", answer.location)
    assert found
    return int(found[1])


def block(page: str, comment_id: int) -> str:
    return page.split(f'id="comment-{comment_id}"', 1)[1].split("</article>", maxsplit=1)[0]


def typed(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.S)
    assert found, name
    return html.unescape(found[1])


# --- hostile input --------------------------------------------------------------------------------


def test_script_and_markup_stay_text(commenter: FlaskClient, number: int) -> None:
    comment_id = comment(commenter, number, body=f"{SCRIPT} [x](javascript:alert(1)) **เน้น**")
    shown = block(commenter.get(f"/notes/{number}").text, comment_id)
    assert "<script>" not in shown
    assert "javascript:" not in shown
    assert "<strong>เน้น</strong>" in shown


def test_an_empty_or_endless_comment_is_refused_with_its_words(
    commenter: FlaskClient, number: int
) -> None:
    for body in ("", "   \n ", "ก" * 20_001):
        answer = post(
            commenter, f"/notes/{number}/comments", {"body": body}, page=f"/notes/{number}"
        )
        assert answer.status_code == 422
        assert typed(answer.text, "body") == body
        assert 'href="#body"' in answer.text


def test_a_quote_that_the_note_does_not_say_is_refused_and_kept(
    commenter: FlaskClient, number: int
) -> None:
    form: dict[str, object] = {"body": "จริงหรือ", "quote": "คำที่ไม่มีในบันทึก"}
    answer = post(commenter, f"/notes/{number}/comments", form, page=f"/notes/{number}")
    assert answer.status_code == 422
    assert typed(answer.text, "quote") == "คำที่ไม่มีในบันทึก"
    assert typed(answer.text, "body") == "จริงหรือ"


def test_an_answer_to_nobody_is_refused_or_stands_alone_and_never_crashes(
    commenter: FlaskClient, number: int
) -> None:
    for odd in ("0", "999999", "9999999999", "-1", "abc", "๑", SCRIPT):
        form: dict[str, object] = {"body": "คำตอบ", "reply_to": odd}
        answer = post(commenter, f"/notes/{number}/comments", form, page=f"/notes/{number}")
        assert answer.status_code in (303, 422), odd
        if answer.status_code == 422:
            assert typed(answer.text, "body") == "คำตอบ"


def test_comments_on_absent_and_hidden_notes_answer_alike(
    app: Flask, commenter: FlaskClient, cast: Cast, store: Store, number: int
) -> None:
    content = NoteContent(Kind.NOTE, "ร่าง", "คำลับ", visibility="draft")
    with store.saving() as session:
        draft = notes.create(session, content, by=cast.facilitator).number
    token = csrf_token(commenter, f"/notes/{number}")
    for target in (draft, 99_999):
        answer = commenter.post(
            f"/notes/{target}/comments", data={"csrf_token": token, "body": "คำที่พิมพ์ไว้"}
        )
        assert answer.status_code == 404
        assert typed(answer.text, "body") == "คำที่พิมพ์ไว้"
        assert "คำลับ" not in answer.text


def test_a_reader_account_is_told_it_may_not_yet(app: Flask, cast: Cast, number: int) -> None:
    stranger = cast.browser(app, "stranger")
    page = stranger.get(f"/notes/{number}").text
    assert 'action="/notes/1/comments"' not in page
    token = csrf_token(stranger, "/account")
    answer = stranger.post(f"/notes/{number}/comments", data={"csrf_token": token, "body": "ขอพูด"})
    assert answer.status_code == 403
    assert "ขอพูด" in answer.text


# --- saying and answering -------------------------------------------------------------------------


def test_a_member_quotes_a_passage_and_is_answered(
    app: Flask, commenter: FlaskClient, cast: Cast, number: int
) -> None:
    page = commenter.get(f"/notes/{number}?quote=แต่ละกองทุนมีเจ้าของ").text
    assert typed(page, "quote") == "แต่ละกองทุนมีเจ้าของ"
    first = comment(commenter, number, body="เจ้าของหมายถึงใคร", quote="แต่ละกองทุนมีเจ้าของ")
    facilitator = cast.browser(app, "facilitator")
    page = facilitator.get(f"/notes/{number}?reply_to={first}").text
    assert f'name="reply_to" value="{first}"' in page
    assert "ตอบ สมาชิกเครือข่ายพัทลุง" in page
    second = comment(facilitator, number, body="หมายถึงหน่วยงาน", reply_to=str(first))
    page = commenter.get(f"/notes/{number}").text
    assert "<blockquote" in block(page, first)
    assert f'id="comment-{second}"' in block(page, first)
    assert "หมายถึงหน่วยงาน" in block(page, second)


def test_a_comment_is_on_the_page_at_once_for_everyone(
    commenter: FlaskClient, client: FlaskClient, number: int
) -> None:
    assert "ตามมาอ่านค่ะ" not in client.get(f"/notes/{number}").text
    comment(commenter, number, body="ตามมาอ่านค่ะ")
    assert "ตามมาอ่านค่ะ" in client.get(f"/notes/{number}").text


def test_one_edits_ones_own_comment_only(
    app: Flask, commenter: FlaskClient, client: FlaskClient, cast: Cast, number: int
) -> None:
    comment_id = comment(commenter, number, body="คำผิด")
    edit = f"/comments/{comment_id}/edit"
    assert f'href="{edit}"' in commenter.get(f"/notes/{number}").text
    refused = post(commenter, edit, {"body": " "})
    assert refused.status_code == 422
    assert post(commenter, edit, {"body": "คำถูก"}).status_code == 303
    shown = block(client.get(f"/notes/{number}").text, comment_id)
    assert "คำถูก" in shown
    assert "แก้ไขแล้ว" in shown
    for who in ("facilitator", "curator"):
        other = cast.browser(app, who)
        assert f'href="{edit}"' not in other.get(f"/notes/{number}").text
        assert other.get(edit).status_code == 403
    assert client.get(edit).status_code in (302, 401)
    assert commenter.get("/comments/99999/edit").status_code == 404


def test_a_curator_hides_a_comment_with_a_reason_and_shows_it_again(
    app: Flask, commenter: FlaskClient, client: FlaskClient, cast: Cast, number: int
) -> None:
    comment_id = comment(commenter, number, body="คำที่พาดพิงคนอื่น")
    hide = f"/comments/{comment_id}/hide"
    assert commenter.get(hide).status_code == 403
    token = csrf_token(commenter, f"/notes/{number}")
    assert commenter.post(hide, data={"csrf_token": token}).status_code == 403
    curator = cast.browser(app, "curator")
    assert post(curator, hide, {"reason": f"พาดพิงบุคคล {SCRIPT}"}).status_code == 303
    page = client.get(f"/notes/{number}").text
    assert "คำที่พาดพิงคนอื่น" not in page
    assert "พาดพิงบุคคล" in page
    assert SCRIPT not in page
    assert post(curator, hide, {"shown": "1"}).status_code == 303
    assert "คำที่พาดพิงคนอื่น" in client.get(f"/notes/{number}").text


# --- lost sessions and stale forms ----------------------------------------------------------------


def test_a_comment_without_its_token_comes_back_with_its_words(
    commenter: FlaskClient, number: int
) -> None:
    answer = commenter.post(f"/notes/{number}/comments", data={"body": "คำที่พิมพ์ไว้"})
    assert answer.status_code == 400
    assert typed(answer.text, "body") == "คำที่พิมพ์ไว้"
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text.split("comment-form", 1)[1])
    assert token
    again = commenter.post(
        f"/notes/{number}/comments", data={"body": "คำที่พิมพ์ไว้", "csrf_token": token[1]}
    )
    assert again.status_code == 303


def test_someone_signed_out_keeps_the_words_even_on_a_members_note(
    client: FlaskClient, cast: Cast, store: Store, number: int
) -> None:
    content = NoteContent(Kind.NOTE, "ของสมาชิก", "คำของบันทึกสมาชิก", visibility="members")
    with store.saving() as session:
        private = notes.create(session, content, by=cast.facilitator).number
    for target in (number, private, 99_999):
        answer = client.post(f"/notes/{target}/comments", data={"body": "คำที่พิมพ์ไว้", "quote": "ก"})
        assert answer.status_code == 401
        assert typed(answer.text, "body") == "คำที่พิมพ์ไว้"
        assert 'href="/signin"' in answer.text
        assert "คำของบันทึกสมาชิก" not in answer.text
    answer = client.post("/comments/1/edit", data={"body": "คำที่แก้"})
    assert answer.status_code == 401
    assert typed(answer.text, "body") == "คำที่แก้"


def test_a_comment_counts_on_the_note(commenter: FlaskClient, store: Store, number: int) -> None:
    comment(commenter, number, body="หนึ่ง")
    with store.sessions() as session:
        assert notes.get(session, number, seen_by=SYSTEM).comment_count == 1
