"""Backup and restore: one zip of plain JSON lines, the same for SQLite and PostgreSQL.

Attached files lie in it too, each by its digest.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Engine, Integer, Table, func, insert, select, text

from kms.db import Base, UtcDateTime, now
from kms.errors import Invalid
from kms.file_store import FileStore
from kms.language import gettext as _
from kms.models import Attachment, IndexChange, Note

FORMAT = 1
BATCH = 500
MANIFEST = "manifest.json"
FILES = "files/"
LARGEST_MEMBER = 20_000_000_000

Progress = Callable[[str, int], None]


def save(
    engine: Engine,
    files: FileStore,
    path: Path,
    *,
    progress: Progress = lambda table, rows: None,
) -> int:
    """Write database and attached files into a zip, as they stood at one moment.

    Answers the row count. The file appears under its name only when it is complete. Smaller
    pictures are left out: they are made again when asked for.
    """
    unfinished = path.with_name(path.name + ".part")
    total = 0
    with (
        _snapshot(engine) as connection,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for table in _tables():
            with archive.open(f"{table.name}.jsonl", "w") as member:
                rows = _write_rows(connection, table, member)
            progress(table.name, rows)
            total += rows
        progress("files", _write_files(connection, files, archive))
        manifest = {
            "format": FORMAT,
            "schema": _schema(connection),
            "made_at": now().isoformat(),
            "rows": total,
            "last_number": _last_number(connection),
        }
        archive.writestr(MANIFEST, json.dumps(manifest))
    unfinished.replace(path)
    return total


def restore(
    engine: Engine,
    files: FileStore,
    path: Path,
    *,
    replace: bool = False,
    progress: Progress = lambda table, rows: None,
) -> int:
    """Put a backup back in one transaction, its files first; answers the row count.

    The schema must be the one the backup was made at. Raises Invalid when the file is no backup,
    or when there are notes already and ``replace`` was not asked for.
    """
    try:
        archive = zipfile.ZipFile(path)
        manifest = json.loads(archive.read(MANIFEST))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as problem:
        said = _("%(path)s ไม่ใช่ไฟล์สำรองของระบบนี้", path=path)
        raise Invalid(said) from problem
    total = 0
    with archive, engine.begin() as connection:
        _check(connection, manifest, replace=replace)
        progress("files", _read_files(files, archive))
        for table in reversed(_tables()):
            connection.execute(table.delete())
        for table in _tables():
            rows = _read_rows(connection, table, archive)
            progress(table.name, rows)
            total += rows
        if total != manifest["rows"]:
            raise Invalid(_("ไฟล์สำรองไม่ครบ จึงไม่ได้เปลี่ยนอะไร"))
        _renew_sequences(connection, int(manifest["last_number"]))
        _queue_everything(connection)
    return total


def _tables() -> list[Table]:
    return list(Base.metadata.sorted_tables)


def _snapshot(engine: Engine) -> Connection:
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        return connection  # a transaction sees one moment as it is
    return connection.execution_options(isolation_level="REPEATABLE READ")


def _schema(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _last_number(connection: Connection) -> int:
    """The highest note number ever given, so that a restored database gives none twice."""
    if connection.dialect.name == "sqlite":
        statement = text("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'note'")
        return int(connection.scalar(statement) or 0)
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence('note', 'id')"))
    return int(connection.scalar(text(f"SELECT last_value FROM {sequence}")) or 0)  # noqa: S608


def _write_rows(connection: Connection, table: Table, member: Any) -> int:
    order = list(table.primary_key.columns)
    rows = 0
    result = connection.execution_options(yield_per=BATCH).execute(select(table).order_by(*order))
    for row in result.mappings():
        line = json.dumps(dict(row), ensure_ascii=False, default=_plain)
        member.write(line.encode("utf-8") + b"\n")
        rows += 1
    return rows


def _write_files(connection: Connection, files: FileStore, archive: zipfile.ZipFile) -> int:
    """The bytes that the database knows; a file that is missing here is missing there too."""
    digests = connection.scalars(select(Attachment.digest).distinct()).all()
    there = [digest for digest in digests if files.has(digest)]
    for digest in there:
        # Photos and documents are packed already.
        archive.write(files.path(digest), FILES + digest, zipfile.ZIP_STORED)
    return len(there)


def _read_files(files: FileStore, archive: zipfile.ZipFile) -> int:
    """Every file under its own digest, whatever the archive calls it."""
    members = [one for one in archive.infolist() if one.filename.startswith(FILES)]
    for member in members:
        with files.workplace() as place:
            source = place / "file"
            with archive.open(member) as packed, source.open("wb") as file:
                shutil.copyfileobj(packed, file)
            if files.take(source) != member.filename.removeprefix(FILES):
                raise Invalid(_("ไฟล์แนบในไฟล์สำรองเสีย จึงไม่ได้เปลี่ยนอะไร"))
    return len(members)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _read_rows(connection: Connection, table: Table, archive: zipfile.ZipFile) -> int:
    rows = 0
    with archive.open(f"{table.name}.jsonl") as member:
        lines = TextIOWrapper(member, encoding="utf-8")
        ordered = _parents_first(table, (_row(table, json.loads(line)) for line in lines))
        for batch in _batches(ordered):
            connection.execute(insert(table), batch)
            rows += len(batch)
    return rows


def _row(table: Table, kept: dict[str, Any]) -> dict[str, Any]:
    row = {}
    for column in table.columns:
        value = kept.get(column.name)
        if value is not None and isinstance(column.type, UtcDateTime):
            value = datetime.fromisoformat(value)
        elif value is not None and isinstance(column.type, Date):
            value = date.fromisoformat(value)
        row[column.name] = value
    return row


def _parents_first(table: Table, rows: Iterator[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Rows of a table that refers to itself, each after the row it refers to."""
    own = [k.parent.name for k in table.foreign_keys if k.column.table is table]
    if not own:
        return rows
    parent = own[0]
    waiting: dict[int, list[dict[str, Any]]] = {}
    ready: list[dict[str, Any]] = []
    for row in rows:
        (waiting.setdefault(row[parent], []) if row[parent] else ready).append(row)
    for row in ready:  # grows while it is walked
        ready += waiting.pop(row["id"], [])
    return ready


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _check(connection: Connection, manifest: dict[str, Any], *, replace: bool) -> None:
    if manifest.get("format") != FORMAT or manifest.get("schema") != _schema(connection):
        said = _(
            "ไฟล์สำรองนี้มาจากรุ่นฐานข้อมูล %(theirs)s แต่ที่นี่เป็นรุ่น %(ours)s",
            theirs=manifest.get("schema"),
            ours=_schema(connection),
        )
        raise Invalid(said)
    if not replace and connection.scalar(select(func.count()).select_from(Note)):
        raise Invalid(_("ที่นี่มีบันทึกอยู่แล้ว ใส่ --replace หากต้องการแทนที่ทั้งหมด"))


def _renew_sequences(connection: Connection, last_number: int) -> None:
    if connection.dialect.name == "sqlite":
        statement = text("UPDATE sqlite_sequence SET seq = :seq WHERE name = 'note'")
        connection.execute(statement, {"seq": last_number})
        return
    for table in _tables():
        # Keys that are no numbers come from no sequence.
        if "id" in table.primary_key.columns and isinstance(table.c.id.type, Integer):
            name = table.name
            sequence = f"pg_get_serial_sequence('{name}', 'id')"
            highest = f"(SELECT coalesce(max(id), 0) FROM {name})"  # noqa: S608
            least = last_number if name == "note" else 0
            connection.execute(text(f"SELECT setval({sequence}, greatest({highest}, {least}, 1))"))


def _queue_everything(connection: Connection) -> None:
    connection.execute(IndexChange.__table__.delete())  # type: ignore[attr-defined]
    connection.execute(
        insert(IndexChange).from_select(["note_id", "created_at"], select(Note.id, Note.created_at))
    )
