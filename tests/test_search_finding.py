"""Finding notes by Thai words."""



from kms import notes
from kms.note_kinds import Kind, NoteContent
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from kms.search.found import Found
from kms.search.query import read


def write(store: Store, title: str, body: str = "", **rest: object) -> int:
    """Save a public note by the system; its number."""
    values: dict[str, object] = {"kind": Kind.NOTE, "visibility": "public", **rest}
    with store.saving() as session:
        content = NoteContent(title=title, body=body, **values)  # type: ignore[arg-type]
        return notes.create(session, content, by=SYSTEM).number


def find(store: Store, words: str = "", *, seen_by: Viewer = ANONYMOUS, **given: str) -> Found:
    with store.reading() as session:
        parameters = {"q": [words], **{name: [value] for name, value in given.items()}}
        query = read(parameters, session)
        return store.index.find(session, query, seen_by=seen_by)


def numbers(found: Found) -> list[int]:
    return [hit.number for hit in found.hits]


def test_a_saved_note_is_found_in_the_next_search(store: Store) -> None:
    number = write(store, "กองทุนสวัสดิการชุมชน", "สมาชิกออมวันละบาท")
    assert numbers(find(store, "สวัสดิการ")) == [number]
