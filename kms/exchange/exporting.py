"""Writing notes out: Markdown files, JSON lines, or a table for a spreadsheet."""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from kms import activities, file_kinds, history, places
from kms.exchange import activity_records, front_matter, json_lines
from kms.exchange.records import Cited, fields_of
from kms.file_store import FileStore
from kms.models import (
    Activity,
    ActivityOrganisation,
    ActivityTheme,
    Attachment,
    Comment,
    Note,
    NoteAttachment,
)
from kms.note_kinds import NoteContent
from kms.permissions import Viewer, visible_to
from kms.saving import Store
from kms.thai import dates

BATCH = 500
OWN_SOURCE = "platu"
FILES = "files"
FORMATS = ("markdown", "jsonl", "csv")
CSV_COLUMNS = ("number", "kind", "title", "date", "date_be", "places", "themes", "tags", "body")


def export(store: Store, folder: Path, form: str, *, seen_by: Viewer) -> int:
    """Write every note this viewer may see into the folder; answers how many.

    What ``jsonl`` and ``markdown`` write, ``kms import`` reads back whole but for attached files,
    which lie in ``files/`` by their keys.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with store.reading() as session:
        rows = _rows(session, seen_by)
        if form != "csv":
            rows = _with_files(store.files, folder / FILES, rows)
        if form == "jsonl":
            return json_lines.write(folder / "notes.jsonl", rows)
        if form == "csv":
            return _write_table(folder / "notes.csv", rows)
        return _write_markdown(folder, rows)


def _rows(session: Session, seen_by: Viewer) -> Iterator[dict[str, Any]]:
    """The fields of each note, lessons last so that their sources come before them."""
    for is_lesson in (False, True):
        last = 0
        while batch := _batch(session, seen_by, last, is_lesson=is_lesson):
            remarks = _comments(session, [note.id for note in batch])
            contents = history.contents_of(session, batch, seen_by=seen_by)
            files = _files(session, [note.id for note in batch])
            told = _activities(session, [note.id for note in batch], seen_by)
            names = _Names(session, seen_by)
            for note in batch:
                row = _row(names, note, contents[note.id], remarks.get(note.id, []))
                if note.id in told:
                    row["activities"] = told[note.id]
                yield {**row, "attachments": files[note.id]} if note.id in files else row
            last = batch[-1].id
            session.expunge_all()


def _batch(session: Session, seen_by: Viewer, after: int, *, is_lesson: bool) -> list[Note]:
    query = (
        select(Note)
        .where(visible_to(seen_by), Note.id > after)
        .where(Note.kind == "lesson" if is_lesson else Note.kind != "lesson")
        .order_by(Note.id)
        .limit(BATCH)
    )
    return list(session.scalars(query))


def _row(
    names: "_Names", note: Note, content: NoteContent, remarks: list[dict[str, Any]]
) -> dict[str, Any]:
    own = _cited(note)
    fields = {
        "id": own.id,
        "source": own.source,
        "number": note.number,
        **fields_of(content, names=names, source=own.source),
        "created_at": note.created_at.isoformat(),
        "body": content.body,
    }
    return {**fields, "comments": remarks} if remarks else fields


def _cited(note: Note) -> Cited:
    return Cited(note.source_id or str(note.number), note.source or OWN_SOURCE)


@dataclass(frozen=True)
class _Names:
    """What notes and comments are called in a file for this reader."""

    session: Session
    seen_by: Viewer

    def note(self, number: int) -> Cited | None:
        """The note, where this reader may see it."""
        seen = select(Note).where(Note.id == number, visible_to(self.seen_by))
        found = self.session.scalar(seen)
        return _cited(found) if found else None

    def comment(self, comment_id: int) -> str:
        """The key of a comment that stands."""
        found = self.session.get(Comment, comment_id)
        return (found.source_key or str(found.id)) if found and not found.hidden_at else ""


def _comments(session: Session, note_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    query = (
        select(Comment)
        .where(Comment.note_id.in_(note_ids), Comment.hidden_at.is_(None))
        .order_by(Comment.id)
        .options(selectinload(Comment.author))
    )
    found: dict[int, list[dict[str, Any]]] = {}
    keys: dict[int, str] = {}
    for one in session.scalars(query):
        keys[one.id] = one.source_key or str(one.id)
        fields = {
            "id": keys[one.id],
            "author": one.author.name if one.author else "",
            "body": one.body,
            "created_at": one.created_at.isoformat() if one.created_at else "",
            "reply_to": keys.get(one.reply_to_id or 0, ""),
        }
        found.setdefault(one.note_id, []).append({k: v for k, v in fields.items() if v})
    return found


def _activities(
    session: Session, note_ids: list[int], seen_by: Viewer
) -> dict[int, list[dict[str, Any]]]:
    """Note → the activities recorded from it, with the other notes that tell of each."""
    query = (
        select(Activity)
        .where(Activity.note_id.in_(note_ids), Activity.removed_at.is_(None))
        .order_by(Activity.id)
        .options(
            selectinload(Activity.places),
            selectinload(Activity.themes).joinedload(ActivityTheme.theme),
            selectinload(Activity.organisations).joinedload(ActivityOrganisation.organisation),
            selectinload(Activity.notes),
        )
    )
    rows = session.scalars(query).all()
    others = {link.note_id for activity in rows for link in activity.notes}
    seen = select(Note).where(Note.id.in_(others), visible_to(seen_by))
    names = {note.id: _cited(note) for note in session.scalars(seen)}
    found: dict[int, list[dict[str, Any]]] = {}
    for one in rows:
        also = [names[link.note_id] for link in one.notes if link.note_id in names]
        fields = activity_records.fields_of(
            activities.facts_of(one), ((other.source, other.id) for other in also)
        )
        found.setdefault(one.note_id, []).append(fields)
    return found


def _files(session: Session, note_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Note → its files; ``sha256`` is also where the bytes are."""
    query = (
        select(NoteAttachment)
        .where(NoteAttachment.note_id.in_(note_ids))
        .order_by(NoteAttachment.note_id, NoteAttachment.position)
        .options(joinedload(NoteAttachment.attachment).defer(Attachment.text))
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for one in session.scalars(query):
        file = one.attachment
        fields = {
            # The key alone makes the name: nothing a person wrote becomes part of a path.
            "file": f"{FILES}/{file.key}.{file_kinds.ENDINGS[file.media_type]}",
            "name": file.name,
            "caption": one.caption,
            "sha256": file.digest,
        }
        found.setdefault(one.note_id, []).append({k: v for k, v in fields.items() if v})
    return found


def _with_files(
    files: FileStore, folder: Path, rows: Iterator[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The same rows; the files that each one names are copied into the folder."""
    for row in rows:
        for one in row.get("attachments", ()):
            if files.has(one["sha256"]):
                folder.mkdir(exist_ok=True)
                shutil.copyfile(files.path(one["sha256"]), folder / Path(one["file"]).name)
        yield row


def _write_markdown(folder: Path, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        body = row.pop("body")
        # The number alone makes the name: nothing a person wrote becomes part of a path.
        path = folder / f"{row['number']:06d}.md"
        path.write_text(front_matter.join(row, body), encoding="utf-8")
        count += 1
    return count


def _write_table(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(CSV_COLUMNS)
        for row in rows:
            table.writerow([_cell(text) for text in _table_row(row)])
            count += 1
    return count


def _table_row(row: dict[str, Any]) -> list[str]:
    day = str(row.get("date", ""))
    held = dates.read(day) if day else None
    return [
        str(row["number"]),
        row["kind"],
        row["title"],
        day,
        dates.show_range(held.first, held.last) if held else "",
        "; ".join(_place_words(place) for place in row.get("places", [])),
        "; ".join(row.get("themes", [])),
        "; ".join(row.get("tags", [])),
        row["body"],
    ]


def _place_words(place: Any) -> str:
    if isinstance(place, dict):
        return f"{place['village']} {places.path(place['code'])}"
    return places.path(place)


def _cell(text: str) -> str:
    """The text, kept from being taken for a formula by a spreadsheet."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
