"""A look over the whole instance: what is well, what is not, and what to do about it."""

import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from kms import attachments
from kms.db import open_engine
from kms.errors import KmsError
from kms.language import gettext as _
from kms.models import IndexChange, Note
from kms.saving import Store, alembic_config, open_store
from kms.search.answers import in_words
from kms.settings import Settings
from kms.starter import CONTENT

LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at; ``said`` tells what was seen, and what to do when it is not well."""

    what: str
    is_well: bool
    said: str


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order a person would look."""
    findings = [*_machine(settings), _content(), _database(settings)]
    if findings[-1].is_well:
        store = open_store(settings)
        try:
            findings += _store(store)
        finally:
            store.close()
    return findings


def _machine(settings: Settings) -> Iterator[Finding]:
    version = platform.python_version()
    yield Finding("Python", sys.version_info >= (3, 11), version)
    folder = settings.instance
    free = shutil.disk_usage(folder).free
    said = _("เหลือ %(free)s MB ที่ %(folder)s", free=free // 1_000_000, folder=folder)
    yield Finding(_("พื้นที่ดิสก์"), free > LEAST_FREE_BYTES, said)
    yield _writable(settings)
    secret = folder / "secret_key"
    if secret.exists():
        mode = stat.S_IMODE(secret.stat().st_mode)
        advice = _("สิทธิ์ไฟล์ %(mode)s ควรเป็น 600", mode=f"{mode:o}")
        yield Finding(_("กุญแจลับ"), mode & 0o077 == 0, advice)


def _writable(settings: Settings) -> Finding:
    probe = settings.instance / ".writable"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError as problem:
        return Finding(_("โฟลเดอร์ข้อมูล"), False, _("เขียนไม่ได้: %(why)s", why=problem))
    return Finding(_("โฟลเดอร์ข้อมูล"), True, str(settings.instance))


def _content() -> Finding:
    missing = [name for name in ("themes.yaml", "question_sets") if not (CONTENT / name).exists()]
    said = _("ขาด %(names)s", names=", ".join(missing)) if missing else str(CONTENT)
    return Finding(_("เนื้อหาเริ่มต้น"), not missing, said)


def _database(settings: Settings) -> Finding:
    engine = open_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as problem:
        first = str(problem).splitlines()[0]
        return Finding(_("ฐานข้อมูล"), False, _("เปิดไม่ได้: %(why)s", why=first))
    finally:
        engine.dispose()
    head = ScriptDirectory.from_config(alembic_config(settings.database_url)).get_current_head()
    if current != head:
        said = _("อยู่ที่รุ่น %(current)s ต้องเป็น %(head)s ให้สั่ง kms init", current=current, head=head)
        return Finding(_("ฐานข้อมูล"), False, said)
    return Finding(_("ฐานข้อมูล"), True, f"{engine.dialect.name}, {current}")


def _store(store: Store) -> Iterator[Finding]:
    with store.reading() as session:
        notes = session.scalar(select(func.count()).select_from(Note))
        waiting = session.scalar(select(func.count()).select_from(IndexChange))
        yield Finding(_("จำนวนบันทึก"), True, str(notes))
        if store.engine.dialect.name == "sqlite":
            said = str(session.scalar(text("PRAGMA quick_check(1)")))
            yield Finding(_("ไฟล์ SQLite"), said == "ok", said)
        yield _guarded(_("ดัชนีค้นหา"), lambda: _index(store))
        yield _files(attachments.check(session, store.files))
        said = _("รอทำดัชนี %(count)s บันทึก", count=waiting)
        yield Finding(_("คิวทำดัชนี"), True, said)


def _files(health: attachments.Health) -> Finding:
    what = _("ไฟล์แนบ")
    if health.is_sound:
        return Finding(what, True, _("%(n)s ไฟล์", n=health.count))
    said = _("หายไป %(n)s จาก %(of)s ไฟล์ นำกลับจากไฟล์สำรอง", n=len(health.missing), of=health.count)
    return Finding(what, False, said)


def _index(store: Store) -> Finding:
    with store.reading() as session:
        report = store.index.check(session)
    return Finding(_("ดัชนีค้นหา"), report.is_sound, in_words(report))


def _guarded(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except KmsError as problem:
        return Finding(what, False, problem.message)
