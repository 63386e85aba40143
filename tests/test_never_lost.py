"""Two people, one note and a bad line: every word typed arrives once, and only once.

Each step of a random walk types a word, takes one away, finishes a form, answers, writes a
review of its own, or lets a waiting form try the line. The line drops forms on their way and
answers on their way back, and sessions lapse. What waits goes out in order and again until the
server has said that it is there: as the outbox of a phone does.
"""

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from bench.sender import JSON, fields_of
from kms import notes
from kms.models import Comment, Note
from kms.note_kinds import Kind, NoteContent
from kms.saving import Store
from tests.cast import Cast

ROUNDS = 25
STEPS_EACH = 410  # with 25 rounds, more than 10,000
LONGEST_QUEUE = 4
SECTIONS = ("## คาดหวังอะไร", "## ได้เกินคาดอะไร", "## จะกลับไปทำอะไรต่อ")


@dataclass
class Form:
    """A form being filled, or waiting to be sent."""

    address: str
    fields: dict[str, str]


@dataclass
class Editor:
    """One person with one phone; what is typed is on the phone at once."""

    app: Flask
    cast: Cast
    who: str
    client: FlaskClient = field(init=False)
    token: str = ""
    open: Form | None = None
    waiting: list[Form] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sign_in()

    def sign_in(self) -> None:
        self.client = self.cast.browser(self.app, self.who)
        answer = self.client.get("/session").json
        assert answer
        self.token = answer["csrf_token"]

    def lapse(self) -> None:
        """The session ends without anybody saying so; the phone finds out when it sends."""
        self.client.delete_cookie("session")

    def post(self, form: Form, *, as_page: bool = False) -> TestResponse:
        headers = {"X-CSRFToken": self.token, **({} if as_page else JSON)}
        return self.client.post(form.address, data=form.fields, headers=headers)


@dataclass
class Walk:
    """A random walk of two editors over one note."""

    store: Store
    line: random.Random
    editors: list[Editor]
    note: int
    typed: Counter[str] = field(default_factory=Counter)
    taken_away: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    conflicts: int = 0

    def step(self) -> None:
        editor = self.line.choice(self.editors)
        steps = (self.type, self.take_away, self.finish, self.comment, self.review, self.send)
        self.line.choices(steps, weights=(9, 2, 4, 1, 1, 6))[0](editor)

    def settle(self) -> None:
        """The line holds at last: what is open is finished and all that waits goes out."""
        for editor in self.editors:
            if editor.open:
                editor.waiting.append(editor.open)
                editor.open = None
        while any(editor.waiting for editor in self.editors):
            for editor in self.editors:
                if editor.waiting:
                    self.deliver(editor)

    # --- what people do --------------------------------------------------------------------------

    def word(self) -> str:
        return f"คำ{uuid.UUID(int=self.line.getrandbits(128)).hex[:12]}จบ"

    def type(self, editor: Editor) -> None:
        form = editor.open or self.open(editor)
        if form is None:
            return
        word = self.word()
        paragraphs = form.fields["body"].split("\n\n")
        at = self.line.randrange(len(paragraphs))
        how = self.line.random()
        if how < 0.4:
            paragraphs.insert(at + 1, word)
        elif how < 0.8 and not paragraphs[at].startswith("##"):
            words = paragraphs[at].split(" ")
            words.insert(self.line.randrange(len(words) + 1), word)
            paragraphs[at] = " ".join(words)
        else:
            paragraphs.append(word)
        form.fields["body"] = "\n\n".join(paragraphs)
        self.typed[word] += 1

    def take_away(self, editor: Editor) -> None:
        """Take a word out of what one sees; whoever changed it meanwhile may keep it."""
        if editor.open is None:
            return
        there = [word for word in self.typed if word in editor.open.fields["body"]]
        if not there:
            return
        word = self.line.choice(there)
        editor.open.fields["body"] = editor.open.fields["body"].replace(word, "").strip()
        self.taken_away.add(word)

    def open(self, editor: Editor) -> Form | None:
        page = editor.client.get(f"/notes/{self.note}/edit")
        if page.status_code != 200:
            return None
        found = fields_of(page.text)
        names = ("client_id", "based_on", "kind", "title", "body", "visibility", "credit")
        fields = {name: found[name] for name in names}
        fields["body"] = fields["body"].replace("\r\n", "\n")
        editor.open = Form(f"/notes/{self.note}/edit", fields)
        return editor.open

    def finish(self, editor: Editor) -> None:
        if editor.open and len(editor.waiting) < LONGEST_QUEUE:
            editor.waiting.append(editor.open)
            editor.open = None

    def comment(self, editor: Editor) -> None:
        self.queue(editor, f"/notes/{self.note}/comments", "body")

    def review(self, editor: Editor) -> None:
        self.queue(editor, "/write/aar", "answers-review")

    def queue(self, editor: Editor, address: str, name: str) -> None:
        if len(editor.waiting) < LONGEST_QUEUE:
            word = self.word()
            fields = {"client_id": str(uuid.UUID(int=self.line.getrandbits(128), version=4))}
            editor.waiting.append(Form(address, {**fields, name: word}))
            self.elsewhere.add(word)

    # --- the line --------------------------------------------------------------------------------

    def send(self, editor: Editor) -> None:
        if not editor.waiting:
            return
        luck = self.line.random()
        if luck < 0.25:
            return
        if luck < 0.35:
            editor.lapse()
        if luck < 0.6:
            editor.post(editor.waiting[0])
            return
        self.deliver(editor)

    def deliver(self, editor: Editor) -> None:
        """Send what waits first and hear the answer."""
        form = editor.waiting[0]
        answer = editor.post(form)
        if answer.status_code in (400, 401):
            editor.sign_in()
        elif answer.status_code == 409:
            self.conflicts += 1
            self.compose(editor, form)
        else:
            assert answer.status_code == 200, answer.text
            editor.waiting.pop(0)
            self.look(form)

    def look(self, form: Form) -> None:
        """What was just accepted is there, and nothing is there twice."""
        with self.store.reading() as session:
            body = session.scalars(select(Note.body).where(Note.id == self.note)).one()
        accepted = form.fields.get("body", "") if form.address.endswith("/edit") else ""
        # What one took away and another changed, either may have put back where it pleased them.
        for word in self.typed.keys() - self.taken_away:
            assert body.count(word) <= 1, f"{word} is doubled"
            assert word in body or word not in accepted, f"{word} is lost"

    def compose(self, editor: Editor, form: Form) -> None:
        """The page shows both texts; the person puts back whatever the joined one lacks."""
        page = editor.post(form, as_page=True)
        if page.status_code == 303:
            editor.waiting.pop(0)
            return
        assert page.status_code == 409
        joined = fields_of(page.text)
        body = joined["body"].replace("\r\n", "\n")
        wanted = [word for word in self.typed if word not in self.taken_away]
        with_both = [word for word in wanted if word in page.text]
        for word in wanted:
            assert word in page.text or word not in form.fields["body"], "typed, and not shown"
        body = "\n\n".join([body, *(word for word in with_both if word not in body)])
        for word in with_both:
            first, *more = body.split(word)
            body = first + word + "".join(more) if more else body
        form.fields |= {"based_on": joined["based_on"], "body": body}


@pytest.mark.parametrize("seed", range(5))
def test_every_word_arrives_once_and_only_once(
    app: Flask, cast: Cast, store: Store, seed: int
) -> None:
    line = random.Random(seed)
    editors = [Editor(app, cast, who) for who in ("facilitator", "commenter")]
    for _round in range(ROUNDS // 5):
        walk = Walk(store, line, editors, _begun(store, cast))
        for _step in range(STEPS_EACH):
            walk.step()
        walk.settle()
        _check(walk, store)


def _begun(store: Store, cast: Cast) -> int:
    body = "\n\n".join(f"{heading}\n\nยังไม่มีใครตอบ" for heading in SECTIONS)
    with store.saving() as session:
        content = NoteContent(Kind.PAGE, "ทบทวนเวทีด้วยกัน", body=body)
        return notes.create(session, content, by=cast.facilitator).number


def _check(walk: Walk, store: Store) -> None:
    with store.reading() as session:
        body = session.scalars(select(Note.body).where(Note.id == walk.note)).one()
        others = [
            *session.scalars(select(Note.title).where(Note.kind == "aar")),
            *session.scalars(select(Comment.body).where(Comment.note_id == walk.note)),
        ]
    for word in walk.typed.keys() - walk.taken_away:
        assert body.count(word) == 1, word
    for word in walk.elsewhere:
        assert sum(word in one for one in others) == 1, word
