"""Saying and asking, for the tests of search."""

from typing import Any

from kms import notes
from kms.note_kinds import Kind, NoteContent
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from kms.search.found import Found
from kms.search.query import read


def write(store: Store, title: str, body: str = "", *, by: Viewer = SYSTEM, **rest: Any) -> int:
    """Save a note, public unless said otherwise; its number."""
    values: dict[str, Any] = {"kind": Kind.NOTE, "visibility": "public", **rest}
    with store.saving() as session:
        return notes.create(session, NoteContent(title=title, body=body, **values), by=by).number


def find(store: Store, words: str = "", *, seen_by: Viewer = ANONYMOUS, **given: str) -> Found:
    """Search as an address would; ``from_`` stands for ``from``."""
    parameters = {"q": [words], **{name.rstrip("_"): [value] for name, value in given.items()}}
    with store.reading() as session:
        return store.index.find(session, read(parameters, session), seen_by=seen_by)


def numbers(found: Found) -> list[int]:
    """The notes of the hits, in order."""
    return [hit.number for hit in found.hits]


def counts(found: Found, facet: str) -> dict[str, int]:
    """Value → count of one facet."""
    return {value.value: value.count for value in found.facets[facet]}
