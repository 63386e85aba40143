"""``kms backup``, ``kms restore`` and ``kms doctor``."""

import sys
from pathlib import Path

import click

from kms import backup as backups
from kms import doctor as doctors
from kms.commands.opening import opened
from kms.commands.progress import progress_bar
from kms.errors import Invalid
from kms.language import gettext as _
from kms.settings import read_settings


@click.command("backup")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
def backup(path: Path) -> None:
    """สำรองฐานข้อมูลและไฟล์แนบทั้งหมดเป็นไฟล์ zip เดียว ระหว่างที่ระบบทำงานอยู่ก็ได้."""
    with opened() as store, progress_bar() as bar:
        task = bar.add_task(_("สำรอง"), total=None)
        rows = backups.save(
            store.engine,
            store.files,
            path,
            progress=lambda table, count: bar.update(task, advance=count),
        )
    click.echo(_("สำรอง %(rows)s แถวไว้ที่ %(path)s", rows=rows, path=path))


@click.command("restore")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.option("--replace", is_flag=True, help="แทนที่ข้อมูลที่มีอยู่ทั้งหมด")
def restore(path: Path, *, replace: bool) -> None:
    """นำไฟล์สำรองกลับมาทั้งหมดหรือไม่เปลี่ยนอะไรเลย แล้วสร้างดัชนีใหม่."""
    with opened() as store:
        try:
            rows = backups.restore(store.engine, store.files, path, replace=replace)
        except Invalid as problem:
            raise click.ClickException(problem.message) from problem
        with progress_bar() as bar:
            task = bar.add_task(_("สร้างดัชนี"), total=None)
            store.index.reindex(
                store.sessions,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    click.echo(_("นำกลับมา %(rows)s แถว และสร้างดัชนีแล้ว", rows=rows))


@click.command("doctor")
def doctor() -> None:
    """ตรวจเครื่อง ฐานข้อมูล ดัชนี และเนื้อหา แล้วบอกว่าควรทำอะไรต่อ."""
    findings = doctors.examine(read_settings())
    for finding in findings:
        click.echo(f"{'✓' if finding.is_well else '✗'} {finding.what}: {finding.said}")
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)
