"""Notes leave as files that come back whole, and backups restore everything."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kms import backup
from kms.errors import Invalid
from kms.exchange import exporting, formats, front_matter
from kms.exchange.bringing import bring_in
from kms.models import Comment, IndexChange, Note, Revision
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store, migrate, open_store
from kms.search.query import Query
from kms.settings import Settings
from kms.starter import load_content


@pytest.fixture
def filled(store: Store) -> Store:
    """The store with everything a first visitor sees."""
    with store.saving() as session:
        load_content(session)
    return store


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """Another office: an empty SQLite instance."""
    folder = tmp_path / "other"
    folder.mkdir()
    settings = Settings(folder, f"sqlite:///{folder / 'kms.db'}", secret_key="other")
    migrate(settings.database_url)
    return open_store(settings)


def contents(store: Store) -> dict[tuple[str, str], dict]:
    with store.reading() as session:
        rows = session.execute(
            select(Note.source, Note.source_id, Revision.content).join(
                Revision, (Revision.note_id == Note.id) & (Revision.number == Note.revision)
            )
        )
        return {(source, source_id): _plain(kept) for source, source_id, kept in rows}


def _plain(kept: dict) -> dict:
    """Without the numbers of source notes, which each office gives anew."""
    lesson = kept.get("lesson")
    if lesson:
        passages = [one["passage"] for one in lesson["sources"]]
        return {**kept, "lesson": {**lesson, "sources": passages}}
    return kept


@pytest.mark.parametrize("form", ["jsonl", "markdown"])
def test_what_is_exported_comes_back_the_same(
    filled: Store, other: Store, tmp_path: Path, form: str
) -> None:
    count = exporting.export(filled, tmp_path / "out", form, seen_by=SYSTEM)
    outcome = bring_in(other, formats.read(formats.files([tmp_path / "out"])))
    assert outcome.refused == []
    assert outcome.counts["created"] == count
    assert contents(other) == contents(filled)
    other.close()


def test_an_export_for_the_public_holds_nothing_else(store: Store, tmp_path: Path) -> None:
    cited = {"point": "ฟังก่อน", "sources": [{"note": "2", "passage": "ถ้อยคำในวง"}]}
    rows = [
        {"title": "ทุกคน"},
        {"title": "สมาชิก", "body": "ถ้อยคำในวง", "visibility": "members"},
        {"title": "บทเรียน", "kind": "lesson", "lesson": cited},
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    bring_in(store, formats.read(formats.files([path])))
    exporting.export(store, tmp_path / "out", "jsonl", seen_by=ANONYMOUS)
    lines = (tmp_path / "out" / "notes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["title"] for line in lines] == ["ทุกคน", "บทเรียน"]
    assert "ถ้อยคำในวง" not in lines[1]


def test_a_table_never_starts_a_cell_with_a_formula(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"title": "=HYPERLINK(1)", "body": "+66"}), encoding="utf-8")
    bring_in(store, formats.read(formats.files([path])))
    exporting.export(store, tmp_path / "out", "csv", seen_by=SYSTEM)
    with (tmp_path / "out" / "notes.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["title"] == "'=HYPERLINK(1)"
    assert row["body"] == "'+66"


def test_front_matter_that_is_joined_splits_the_same() -> None:
    fields = {"title": "เวที: ครั้งที่ 1 – 'อ้าง'", "tags": ["ก", "- ข"]}
    assert front_matter.split(front_matter.join(fields, "เนื้อ\n---\nต่อ")) == (
        fields,
        "เนื้อ\n---\nต่อ",
    )


def test_a_backup_restores_every_row_and_finds_again(
    filled: Store, other: Store, tmp_path: Path
) -> None:
    rows = backup.save(filled.engine, filled.files, tmp_path / "all.zip")
    assert backup.restore(other.engine, other.files, tmp_path / "all.zip") == rows
    assert contents(other) == contents(filled)
    other.index.catch_up(other.sessions)
    with other.reading() as session:
        assert other.index.find(session, Query(words="สวัสดิการ"), seen_by=SYSTEM).total > 0
        assert session.scalar(select(func.count()).select_from(IndexChange)) == 0
    other.close()


def test_a_restored_office_gives_no_number_twice(
    filled: Store, other: Store, tmp_path: Path
) -> None:
    with filled.saving() as session:
        last = session.scalars(select(Note).order_by(Note.id.desc()).limit(1)).one()
        number = last.number
        session.delete(last)
    backup.save(filled.engine, filled.files, tmp_path / "all.zip")
    backup.restore(other.engine, other.files, tmp_path / "all.zip")
    path = tmp_path / "new.jsonl"
    path.write_text(json.dumps({"title": "ใหม่"}), encoding="utf-8")
    bring_in(other, formats.read(formats.files([path])))
    with other.reading() as session:
        assert session.scalar(select(Note.id).where(Note.title == "ใหม่")) > number
    other.close()


def test_a_backup_is_not_put_over_notes_unless_asked(filled: Store, tmp_path: Path) -> None:
    backup.save(filled.engine, filled.files, tmp_path / "all.zip")
    with pytest.raises(Invalid, match="--replace"):
        backup.restore(filled.engine, filled.files, tmp_path / "all.zip")
    before = contents(filled)
    backup.restore(filled.engine, filled.files, tmp_path / "all.zip", replace=True)
    assert contents(filled) == before


@pytest.mark.parametrize("kind", ["text", "empty zip", "short", "other schema"])
def test_a_file_that_is_no_whole_backup_changes_nothing(
    filled: Store, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "all.zip"
    backup.save(filled.engine, filled.files, path)
    _spoil(path, kind)
    before = contents(filled)
    with pytest.raises(Invalid):
        backup.restore(filled.engine, filled.files, path, replace=True)
    assert contents(filled) == before
    with filled.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) is not None


def _spoil(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("ไม่ใช่", encoding="utf-8")
        return
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if kind == "empty zip":
        members = {}
    elif kind == "short":
        members["revision.jsonl"] = members["revision.jsonl"].split(b"\n")[0] + b"\n"
    else:
        manifest = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps({**manifest, "schema": "0000"}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
