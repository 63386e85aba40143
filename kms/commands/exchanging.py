"""``kms import`` and ``kms export``."""

import sys
from pathlib import Path

import click

from kms.commands.opening import opened
from kms.commands.progress import progress_bar
from kms.errors import Invalid
from kms.exchange import exporting, formats
from kms.exchange.bringing import Outcome, bring_in
from kms.language import gettext as _
from kms.permissions import SYSTEM, Viewer

MOST_SHOWN = 200


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["auto", *formats.NAMES]), default="auto")
@click.option("--dry-run", is_flag=True, help="ตรวจอย่างเดียว ไม่บันทึก")
def import_notes(paths: tuple[Path, ...], form: str, *, dry_run: bool) -> None:
    """นำเข้าบันทึกจาก JSON lines, Markdown หรือข้อความธรรมดา ทำซ้ำได้โดยไม่เกิดบันทึกซ้อน."""
    try:
        found = formats.files(paths, form)
    except Invalid as problem:
        raise click.UsageError(problem.message) from problem
    with opened() as store, progress_bar() as bar:
        total = None if bar.disable else formats.count(found)
        task = bar.add_task(_("นำเข้า"), total=total)
        outcome = bring_in(
            store,
            formats.read(found),
            progress=lambda done: bar.update(task, completed=done),
            dry_run=dry_run,
        )
    _tell(outcome, dry_run=dry_run)
    sys.exit(1 if outcome.refused else 0)


def _tell(outcome: Outcome, *, dry_run: bool) -> None:
    for where, warning in outcome.warnings[:MOST_SHOWN]:
        click.echo(f"{where}: {warning}", err=True)
    for refused in outcome.refused:
        click.echo(f"{refused.where}: {refused.reason}", err=True)
    said = _(
        "ใหม่ %(created)s · แก้ไข %(revised)s · เหมือนเดิม %(unchanged)s · ไม่รับ %(refused)s",
        created=outcome.counts["created"],
        revised=outcome.counts["revised"],
        unchanged=outcome.counts["unchanged"],
        refused=len(outcome.refused),
    )
    click.echo(_("ทดลองเท่านั้น: ") + said if dry_run else said)


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "form", type=click.Choice(exporting.FORMATS), default="markdown")
@click.option("--public-only", is_flag=True, help="เฉพาะบันทึกสาธารณะ")
def export_notes(folder: Path, form: str, *, public_only: bool) -> None:
    """ส่งออกบันทึกทุกฉบับเป็นไฟล์ที่ kms import อ่านกลับได้ (csv ไว้เปิดในตารางคำนวณ)."""
    seen_by = Viewer() if public_only else SYSTEM
    with opened() as store:
        count = exporting.export(store, folder, form, seen_by=seen_by)
    click.echo(_("ส่งออก %(count)s บันทึกไว้ที่ %(folder)s", count=count, folder=folder))
