"""Files that go with notes: kept once, read by the right people, found by their words."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from kms import attachments, notes
from kms.errors import Invalid, NotFound
from kms.note_kinds import AttachedFile, Kind, NoteContent
from kms.permissions import Viewer
from kms.saving import Store
from kms.search.query import Query
from tests.cast import Cast
from tests.files import docx, jpeg, pdf

MEGABYTE = 1024 * 1024


def bring(store: Store, content: bytes, name: str = "ภาพ.jpg") -> attachments.Brought:
    store.files.folder.mkdir(parents=True, exist_ok=True)
    source = store.files.folder / "source"
    source.write_bytes(content)
    try:
        return attachments.bring(store.files, source, name, most_bytes=25 * MEGABYTE)
    finally:
        source.unlink()


def attach(session: Session, store: Store, who: Viewer, content: bytes, name: str = "ภาพ.jpg") -> str:
    return attachments.add(session, bring(store, content, name), by=who).key


def note_with(*files: AttachedFile, visibility: str = "members", title: str = "เวทีหูล่อง") -> NoteContent:
    return NoteContent(Kind.NOTE, title, "ประชุมกลุ่มออมทรัพย์", visibility, attachments=files)


def test_the_same_photo_brought_twice_is_kept_once(session: Session, store: Store, cast: Cast) -> None:
    first = attach(session, store, cast.facilitator, jpeg())
    assert attach(session, store, cast.facilitator, jpeg()) == first
    assert attach(session, store, cast.commenter, jpeg()) != first
    assert len(list(store.files.digests())) == 1
