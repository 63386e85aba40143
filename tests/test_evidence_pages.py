"""Drawing lessons from passages on pages: marks, links, refusals, and what strangers try."""

import html
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from kms import comments, notes
from kms.marking import Marking, marked
from kms.markup import to_html
from kms.models import LessonSource
from kms.note_kinds import Kind, LessonParts, NoteContent, SourcePassage
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast, post
from tests.stories import a_page

PROVERB = "อย่าเอาแม่ไก่มารวมกัน มันจะจิกกัน"
SCRIPT = "<script>alert('ปลาทู')</script>"


@pytest.fixture
def facilitator(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    yield cast.browser(app, "facilitator")


def keep(store: Store, cast: Cast, content: NoteContent) -> int:
    with store.saving() as session:
        return notes.create(session, content, by=cast.facilitator).number


def remark(store: Store, cast: Cast, number: int, body: str) -> int:
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.commenter)
        return comments.add(session, note, by=cast.commenter, body=body).id


def lesson_from(*sources: SourcePassage, title: str = "รวมกำไร", **fields: str) -> NoteContent:
    parts = LessonParts("รวมแต่กำไร อย่ารวมกองทุน", sources=sources)
    kind = {"kind": Kind.LESSON, "title": title, "visibility": "public", "lesson": parts}
    return NoteContent(**{**kind, **fields})  # type: ignore[arg-type]


def field(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.S)
    found = found or re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"no field {name}"
    return html.unescape(found[1])


def content_of(store: Store, number: int) -> NoteContent:
    with store.sessions() as session:
        return notes.content_of(notes.get(session, number, seen_by=SYSTEM))


# --- marks ----------------------------------------------------------------------------------------


def test_marks_cross_tags_and_links_never_stand_inside_links() -> None:
    page = '<p>ให้เอา<strong>ไข่</strong> <a href="/x">มาฟัก</a>ด้วยกัน</p>'
    found = marked(page, [Marking("ไข่มาฟัก", "a", "drawn", '<a href="/l">บ</a>')])
    assert found == (
        '<p>ให้เอา<strong><mark id="a" class="drawn">ไข่</mark></strong> '
        '<a href="/x"><mark class="drawn">มาฟัก</mark></a><a href="/l">บ</a>ด้วยกัน</p>'
    )


def test_overlapping_passages_share_no_mark_and_each_has_its_place() -> None:
    wanted = [Marking("หนึ่งสอง", "a", after="1"), Marking("สองสาม", "b", after="2")]
    assert marked("<p>หนึ่งสองสาม</p>", wanted) == (
        '<p><mark id="a">หนึ่ง<span id="b"></span>สอง</mark>1<mark>สาม</mark>2</p>'
    )


@pytest.mark.parametrize(
    "page",
    ["<p title='ไข่'>ก", "<p>ไข่ <", "<script>ไข่</script>", "<!-- ไข่ -->", '<a title="ไข่>ไข่">ก</a>'],
)
def test_what_is_no_text_is_never_touched(page: str) -> None:
    assert marked(page, [Marking("ไข่")]) == page


@given(st.text("ก า<>&\"'=/;amplt`*_[]()!#\n", max_size=60), st.text("กา<>&\"'/;lt ", max_size=6))
def test_marks_only_add_marks(text: str, words: str) -> None:
    page = to_html(text)
    found = marked(page, [Marking(words), Marking("ก")])
    assert found.replace("<mark>", "").replace("</mark>", "") == page
    tags = re.findall(r"<[^>]*>", found)
    assert [one for one in tags if "mark" not in one] == re.findall(r"<[^>]*>", page)


# --- the pages ------------------------------------------------------------------------------------


def test_a_note_marks_what_lessons_were_drawn_from(
    client: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, a_page("เวที", f"ผู้ใหญ่ว่า **{PROVERB}** จริง"))
    remarked = remark(store, cast, source, "ฟังแล้วเห็นภาพ ให้เอาไข่มาฟัก")
    client.get(f"/notes/{source}")
    first = keep(store, cast, lesson_from(SourcePassage(source, PROVERB), title='ก"><script>'))
    second = keep(store, cast, lesson_from(SourcePassage(source, "ให้เอาไข่มาฟัก", None, remarked)))
    page = client.get(f"/notes/{source}").text
    assert re.search(rf'<mark id="[^"]+" class="drawn">{PROVERB}</mark>', page)
    assert f'href="/notes/{first}" title="' in page and 'ก"><script>' not in page
    said = page[page.index(f'id="comment-{remarked}"') :]
    assert ">ให้เอาไข่มาฟัก</mark>" in said and f'href="/notes/{second}"' in said


def test_a_draft_lesson_marks_nothing_for_others(
    client: FlaskClient, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, a_page("เวที", PROVERB))
    row = keep(store, cast, lesson_from(SourcePassage(source, PROVERB), visibility="draft"))
    assert "drawn" not in client.get(f"/notes/{source}").text
    assert f'href="/notes/{row}"' in facilitator.get(f"/notes/{source}").text
    address = f"/notes/{source}/revisions/1"
    assert client.get(f"{address}?passage=1").text.count("<mark") == 0
    assert facilitator.get(f"{address}?passage=1").text.count("<mark") == 1


def test_the_address_of_a_passage_opens_its_revision_with_the_words_marked(
    client: FlaskClient, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    body = f"ครั้งแรกว่า ไข่ใบเดียว\n\n{SCRIPT} ครั้งที่สองว่า ไข่ใบเดียว"
    source = keep(store, cast, a_page("เวที", body))
    number = keep(store, cast, lesson_from(SourcePassage(source, "ไข่ใบเดียว")))
    with store.saving() as session:
        row = session.get(LessonSource, 1)
        assert row is not None and row.starts_at is not None
        row.starts_at = 5 + body.rindex("ไข่ใบเดียว")
    fields: dict[str, object] = {"kind": "page", "based_on": "1", "title": "เวที", "body": "เขียนใหม่"}
    assert post(facilitator, f"/notes/{source}/edit", fields | {"visibility": "public"})
    lesson = client.get(f"/notes/{number}").text
    where = re.search(rf'href="(/notes/{source}/revisions/1\?passage=1)#passage"', lesson)
    assert where and "ฉบับปัจจุบันไม่มีข้อความนี้แล้ว" in lesson
    assert f"/notes/{source}/differences/1..2" in lesson
    page = client.get(where[1]).text
    assert 'ครั้งที่สองว่า <mark id="passage">ไข่ใบเดียว</mark>' in page and SCRIPT not in page
    for strange in ("x", "0", "2", "99999999999999999999", "%00", "1%00"):
        assert client.get(f"/notes/{source}/revisions/1?passage={strange}").status_code == 200


def test_a_lesson_begins_from_a_whole_comment(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, a_page("เวที", "คำในบันทึก"))
    remarked = remark(store, cast, source, f"ฟังมาว่า **{PROVERB}**\n\nแล้วทุกคนหัวเราะ")
    assert f"comment={remarked}" in facilitator.get(f"/notes/{source}").text
    page = facilitator.get(f"/write/lesson?from={source}&comment={remarked}").text
    assert field(page, "sources-0-passage") == f"ฟังมาว่า {PROVERB}\n\nแล้วทุกคนหัวเราะ"
    form: dict[str, object] = {
        "point": "รวมแต่กำไร",
        "sources-0-note": str(source),
        "sources-0-passage": PROVERB,
        "sources-0-revision": field(page, "sources-0-revision"),
        "sources-0-comment": field(page, "sources-0-comment"),
    }
    made = post(facilitator, "/write/lesson", form)
    assert made.status_code == 303, made.text
    number = int(made.location.split("/notes/")[1].split("#")[0])
    lesson = content_of(store, number).lesson
    assert lesson and lesson.sources == (SourcePassage(source, PROVERB, 1, remarked),)
    again = facilitator.get(f"/notes/{number}/edit").text
    assert field(again, "sources-0-comment") == str(remarked)


def test_words_that_nobody_said_come_back_with_the_form(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, a_page("เวที", "คำในบันทึก"))
    form: dict[str, object] = {
        "point": "บทเรียนที่พิมพ์ไว้",
        "sources-0-note": str(source),
        "sources-0-passage": f"ไม่มีใครพูด {SCRIPT}",
    }
    for button in ({}, {"do": "check"}):
        answer = post(facilitator, "/write/lesson", {**form, **button})
        assert answer.status_code == (200 if button else 422)
        assert f"บันทึกที่ {source} ไม่มีข้อความนี้" in answer.text
        assert field(answer.text, "sources-0-passage") == form["sources-0-passage"]
        assert field(answer.text, "point") == "บทเรียนที่พิมพ์ไว้"


def test_hidden_comments_and_notes_begin_no_lesson(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, a_page("เวที", "คำในบันทึก"))
    secret = keep(store, cast, a_page("ร่าง", "ลับมาก", visibility="draft"))
    hidden = remark(store, cast, source, "คำที่ถูกซ่อน")
    with store.saving() as session:
        comments.hide(session, comments.get(session, hidden, seen_by=SYSTEM), by=cast.curator)
    commenter = cast.browser(app, "researcher"), cast.browser(app, "curator")
    assert commenter[0].get(f"/write/lesson?from={source}").status_code == 403
    for path in ("/write/lesson?from={}&comment={}", "/notes/{}/evidence?comment={}"):
        for number, comment in ((source, hidden), (secret, ""), (source, 987654), (987654, "")):
            assert commenter[1].get(path.format(number, comment)).status_code == 404
    assert facilitator.get(f"/notes/{source}/evidence?comment=x&passage=%00").status_code == 200


def test_a_long_passage_goes_whole_from_form_to_form(
    facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    said = f"{PROVERB} " * 40
    source = keep(store, cast, a_page("เวที", f"เล่าว่า {said}"))
    remarked = remark(store, cast, source, f"เสริมว่า {said}")
    form: dict[str, object] = {"sources-0-note": str(source), "sources-0-passage": said}
    form |= {"sources-0-comment": str(remarked), "point": "รวมแต่กำไร", "do": "check"}
    page = post(facilitator, "/write/lesson", form).text
    to_existing, begin = f"/notes/{source}/evidence", f"/write/lesson/begin?from={source}"
    assert f'formaction="{to_existing}"' in page
    chosen = post(facilitator, to_existing, {**form, "do": "search"}, page="/account").text
    assert field(chosen, "passage") == said.strip()
    assert field(chosen, "comment") == str(remarked) and f'formaction="{begin}"' in chosen
    trimmed = said[: len(said) // 2].strip()
    given: dict[str, object] = {"passage": trimmed, "comment": str(remarked)}
    begun = post(facilitator, begin, given, page="/account").text
    assert field(begun, "sources-0-passage") == trimmed
    assert field(begun, "sources-0-comment") == str(remarked)
    addresses = re.findall(r'(?:href|action)="([^"]*)"', page + chosen + begun)
    assert max(map(len, addresses)) < 1_000


def test_a_passage_is_added_to_a_lesson_that_exists(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    first = keep(store, cast, a_page("เวทีหนึ่ง", PROVERB))
    number = keep(store, cast, lesson_from(SourcePassage(first, PROVERB)))
    source = keep(store, cast, a_page("เวทีสอง", "เรารวมแต่กำไรของกองทุน แล้วอยู่กันได้"))
    said = "รวมแต่กำไรของกองทุน"
    address = f"/notes/{source}/evidence"
    assert f'value="{number}"' in facilitator.get(f"{address}?passage={said}").text
    found = post(facilitator, address, {"do": "search", "q": "กองทุน", "passage": said}, page="/")
    assert found.status_code == 200 and f'value="{number}"' in found.text
    for strange in ("", "x", "987654", str(first)):
        refused = post(facilitator, address, {"passage": said, "lesson": strange}, page="/")
        assert refused.status_code == 422 and field(refused.text, "passage") == said
    unsaid = {"passage": "ไม่เคยพูดไว้", "lesson": str(number)}
    refused = post(facilitator, address, unsaid, page="/")
    assert refused.status_code == 422 and field(refused.text, "passage") == "ไม่เคยพูดไว้"
    other = cast.browser(app, "commenter")
    assert f'name="lesson" value="{number}"' not in other.get(f"{address}?passage={said}").text
    given = {"passage": said, "lesson": str(number)}
    assert post(other, address, given, page="/").status_code == 422
    assert post(facilitator, address, given, page="/").status_code == 303
    lesson = content_of(store, number).lesson
    assert lesson and [one.note for one in lesson.sources] == [first, source]


def test_a_draft_lesson_is_offered_to_its_owner_alone(
    app: Flask, facilitator: FlaskClient, cast: Cast, store: Store
) -> None:
    source = keep(store, cast, a_page("เวที", PROVERB))
    hidden = lesson_from(title="ร่างลับเรื่องกำไร", visibility="draft")
    number = keep(store, cast, hidden)
    address = f"/notes/{source}/evidence?passage={PROVERB}&q=กำไร"
    assert "ร่างลับเรื่องกำไร" in facilitator.get(address).text
    curator = cast.browser(app, "curator")
    assert "ร่างลับเรื่องกำไร" not in curator.get(address).text
    answers = [
        post(curator, f"/notes/{source}/evidence", {"passage": PROVERB, "lesson": one}, page="/")
        for one in (str(number), "987654")
    ]
    sentences = {re.findall(r'role="alert"><p><b>([^<]+)', one.text)[0] for one in answers}
    assert len(sentences) == 1 and "ร่างลับ" not in answers[0].text
