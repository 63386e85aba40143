"""The outbox of the phone itself, over a line that drops what it likes: each item arrives once."""

import random
import uuid

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import select

from kms import notes
from kms.models import Comment, Note
from kms.note_kinds import Kind, NoteContent
from tests.live import PHONE, Live, listen_for_complaints

pytestmark = pytest.mark.browser

ITEMS = 120
LUCK = {"lost": 0.25, "answer lost": 0.2, "busy": 0.1}

PUT = """item => platu.outbox.put(Object.assign({
  kind: "aar", number: null, title: item.word, url: "/drafts", state: "waiting", said: "", tries: 0,
  heldUntil: 0 }, item))"""


@pytest.mark.parametrize("seed", [1, 2])
def test_every_item_arrives_once_over_a_line_that_drops_what_it_likes(
    live: Live, seed: int
) -> None:
    line = random.Random(seed)
    with live.store.saving() as session:
        content = NoteContent(Kind.PAGE, f"หน้าที่คุยกัน {seed}", "คำเดิม")
        number = notes.create(session, content, by=live.cast.facilitator).number
    words = [f"คำ{uuid.UUID(int=line.getrandbits(128)).hex[:12]}จบ" for _n in range(ITEMS)]

    def carry(route: Route) -> None:
        luck = line.random()
        if luck < LUCK["lost"]:
            route.abort()
        elif luck < LUCK["lost"] + LUCK["answer lost"]:
            route.fetch()
            route.abort()
        elif luck < sum(LUCK.values()):
            route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "รอ"}})
        else:
            route.continue_()

    context = live.device("facilitator", viewport=PHONE, service_workers="block")
    try:
        context.route(lambda url: "/write/" in url or "/comments" in url, carry)
        page = context.new_page()
        listen_for_complaints(page)
        page.goto("/drafts")
        page.wait_for_function("window.platu && platu.hurry && platu.ready")
        for word in words:
            page.evaluate(PUT, _item(word, number, line))
            if line.random() < 0.5:
                page.evaluate("platu.hurry()")
        for _try in range(60 * ITEMS):
            if page.evaluate("platu.outbox.all().then(all => all.length)") == 0:
                break
            page.evaluate("platu.hurry()")
        expect(page.locator("#waiting")).to_be_hidden()
    finally:
        context.close()
    arrived = _said(live, number)
    assert [sum(word in one for one in arrived) for word in words] == [1] * ITEMS


def _item(word: str, number: int, line: random.Random) -> dict[str, object]:
    form_id = str(uuid.UUID(int=line.getrandbits(128), version=4))
    is_comment = line.random() < 0.4
    name = "body" if is_comment else "answers-review"
    action = f"/notes/{number}/comments" if is_comment else "/write/aar"
    fields = [["client_id", form_id], [name, word]]
    return {"id": form_id, "action": action, "fields": fields, "word": word}


def _said(live: Live, number: int) -> list[str]:
    with live.store.reading() as session:
        return [
            *session.scalars(select(Note.title).where(Note.kind == "aar")),
            *session.scalars(select(Comment.body).where(Comment.note_id == number)),
        ]
