"""Eight people save at once into one server: nobody is turned away and no revision is lost."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import select

from bench.sender import Sender
from kms import accounts, notes
from kms.models import Note, Revision
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import PASSWORD
from tests.serving import Server

CLIENTS = 8
SAVES_EACH = 25


def test_two_hundred_saves_from_eight_clients(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    store = server.store()
    try:
        number = _begun(store)
        senders = [Sender(server.port, _email(n), PASSWORD) for n in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda n: _save(senders[n], number, n), range(CLIENTS)))
        assert {status for each in answers for status in each} == {200}, server.log()
        _check(store, number)
    finally:
        store.close()
        server.stop()


def _email(n: int) -> str:
    return f"saver-{n}@example.org"


def _begun(store: Store) -> int:
    """A page with a section for each client."""
    sections = "\n\n".join(f"## ส่วนที่ {n}\n\nเริ่ม{n}" for n in range(CLIENTS))
    with store.saving() as session:
        for n in range(CLIENTS):
            accounts.add(session, _email(n), PASSWORD, f"ผู้จดคนที่ {n}", permission="member")
        content = NoteContent(Kind.PAGE, "ถาดกลาง", body=sections)
        return notes.create(session, content, by=SYSTEM).number


def _save(sender: Sender, number: int, who: int) -> list[int]:
    """Every other save is a note of its own, the rest go into one's section of the page."""
    statuses = []
    for n in range(SAVES_EACH):
        mark = f"คำ{who}ที่{n}จบ"
        if n % 2:
            form = sender.open(f"/notes/{number}/edit")
            form["body"] = form["body"].replace(f"เริ่ม{who}", f"เริ่ม{who} {mark}")
            status, _answer = sender.send(f"/notes/{number}/edit", form)
        else:
            form = {"client_id": str(uuid.uuid4()), "title": mark}
            status, _answer = sender.send("/write/note", form)
        statuses.append(status)
    return statuses


def _check(store: Store, number: int) -> None:
    with store.reading() as session:
        body = session.scalars(select(Note.body).where(Note.id == number)).one()
        titles = session.scalars(select(Note.title).where(Note.kind == "note")).all()
        revisions = session.scalars(select(Revision.number).where(Revision.note_id == number))
        numbers = sorted(revisions)
    marks = {f"คำ{who}ที่{n}จบ": n % 2 for who in range(CLIENTS) for n in range(SAVES_EACH)}
    for mark, is_in_page in marks.items():
        assert body.count(mark) == is_in_page, mark
        assert titles.count(mark) == 1 - is_in_page, mark
    edits = CLIENTS * (SAVES_EACH // 2)
    assert numbers == list(range(1, edits + 2))
    assert re.findall("เริ่ม[0-9]", body) == [f"เริ่ม{n}" for n in range(CLIENTS)]
