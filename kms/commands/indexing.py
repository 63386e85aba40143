"""``kms search``, ``kms reindex`` and ``kms check``."""

import json
import re
import sys

import click

from kms import attachments, places, uploads
from kms.commands.opening import opened
from kms.commands.progress import progress_bar
from kms.errors import Invalid
from kms.language import gettext as _
from kms.permissions import SYSTEM
from kms.saving import Store
from kms.search.answers import as_json, in_words
from kms.search.found import Found
from kms.search.query import read
from kms.settings import Settings, read_settings
from kms.thai import dates

FILTERS = ("province", "amphoe", "tambon", "theme", "kind", "role")


@click.command("search")
@click.argument("words", nargs=-1)
@click.option("--province", multiple=True, help="ชื่อหรือรหัสจังหวัด")
@click.option("--amphoe", multiple=True, help="ชื่อหรือรหัสอำเภอ")
@click.option("--tambon", multiple=True, help="ชื่อหรือรหัสตำบล")
@click.option("--theme", multiple=True, help="ชื่อหรือรหัสประเด็น")
@click.option("--kind", multiple=True, help="aar, minutes, lesson, page หรือ note")
@click.option("--role", multiple=True, help="บทบาท เช่น คุณอำนวย")
@click.option("--from", "since", help="ตั้งแต่ปี (พ.ศ. หรือ ค.ศ.)")
@click.option("--to", "until", help="ถึงปี (พ.ศ. หรือ ค.ศ.)")
@click.option("--sort", type=click.Choice(["relevance", "newest", "oldest"]), default="relevance")
@click.option("--limit", default=20, show_default=True)
@click.option("--json", "wants_json", is_flag=True, help="ตอบเป็น JSON เหมือน API")
def search(words: tuple[str, ...], *, wants_json: bool, **options: object) -> None:
    """ค้นบันทึกด้วยคำไทย เหมือนช่องค้นหาบนเว็บ."""
    parameters = {"q": [" ".join(words)], "limit": [str(options["limit"])]}
    parameters["sort"] = [str(options["sort"])]
    for name in FILTERS:
        parameters[name] = list(options[name])  # type: ignore[call-overload]
    parameters |= {"from": _given(options["since"]), "to": _given(options["until"])}
    with opened() as store, store.reading() as session:
        try:
            query = read(parameters, session)
        except Invalid as problem:
            said = "; ".join(f"{name}: {why}" for name, why in problem.problems.items())
            raise click.UsageError(said or problem.message) from problem
        found = store.index.find(session, query, seen_by=SYSTEM)
    if wants_json:
        click.echo(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    else:
        _show(found)


def _given(value: object) -> list[str]:
    return [str(value)] if value else []


def _show(found: Found) -> None:
    click.echo(_("พบ %(total)s บันทึก", total=found.total))
    if found.did_you_mean:
        click.echo(_("หมายถึง “%(words)s” หรือไม่", words=found.did_you_mean))
    for hit in found.hits:
        click.secho(f"\n{hit.number}  {hit.title}", bold=True)
        facts = [places.path(code, short=True) for code in hit.place_codes[:3]]
        if hit.held_from:
            held_to = hit.held_to or hit.held_from
            facts.append(dates.show_range(hit.held_from, held_to, style="short"))
        if facts:
            click.echo("   " + " · ".join(facts))
        click.echo("   " + _marked(str(hit.snippet)))


def _marked(snippet: str) -> str:
    """The snippet with its marks shown in a terminal's way."""
    plain = re.sub(r"<mark>(.*?)</mark>", lambda m: click.style(m[1], underline=True), snippet)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'")):
        plain = plain.replace(entity, char)
    return plain.replace("&amp;", "&").replace("\n", " ")


@click.command("reindex")
def reindex() -> None:
    """สร้างดัชนีค้นหาใหม่ข้างดัชนีเดิม แล้วสลับเมื่อเสร็จ ระบบใช้งานได้ตลอด."""
    with opened() as store, progress_bar() as bar:
        task = bar.add_task(_("สร้างดัชนี"), total=None)
        store.index.reindex(
            store.sessions,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo(_("สร้างดัชนีใหม่เสร็จแล้ว"))


@click.command("check")
@click.option("--repair", is_flag=True, help="ซ่อมดัชนีให้ตรงกับฐานข้อมูล และเก็บกวาดไฟล์ที่ไม่ใช้แล้ว")
def check(*, repair: bool) -> None:
    """ตรวจว่าดัชนีค้นหาและไฟล์แนบตรงกับฐานข้อมูล."""
    settings = read_settings()
    with opened(settings) as store:
        with store.reading() as session:
            report = store.index.check(session, repair=repair)
        click.echo(in_words(report))
        if repair:
            _sweep(store, settings)
        with store.reading() as session:
            health = attachments.check(session, store.files, thoroughly=True)
    _tell_of_files(health)
    sys.exit(0 if (report.is_sound or report.repaired) and health.is_sound else 1)


def _sweep(store: Store, settings: Settings) -> None:
    """What nobody needs goes: expired uploads, files on no note, bytes that nobody knows."""
    with store.saving() as session:
        uploads.sweep(session, settings.uploads_folder)
        attachments.sweep(session)
    with store.reading() as session:
        count = attachments.drop_bytes(session, store.files)
    store.files.tidy()
    click.echo(_("เก็บกวาดไฟล์ที่ไม่ใช้แล้ว %(n)s ไฟล์", n=count))


def _tell_of_files(health: attachments.Health) -> None:
    said = _(
        "ไฟล์แนบ %(n)s ไฟล์ หาย %(missing)s เสีย %(damaged)s ไม่มีเจ้าของ %(strays)s",
        n=health.count,
        missing=len(health.missing),
        damaged=len(health.damaged),
        strays=len(health.strays),
    )
    click.echo(said)
    for what, numbers in ((_("หาย"), health.missing), (_("เสีย"), health.damaged)):
        for number in numbers:
            click.echo(_("ไฟล์แนบที่ %(n)s: %(what)s", n=number, what=what), err=True)
