"""``kms digest``: what is new goes by mail to whoever asked for it."""

import fcntl
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from kms import digests
from kms.commands.opening import opened
from kms.db import now
from kms.errors import Unavailable
from kms.language import gettext as _
from kms.mailing import Letter, Line, NoServer, NotTaken, sending
from kms.models import Account
from kms.saving import Store
from kms.search import saved
from kms.settings import Settings, read_settings

_log = logging.getLogger(__name__)


@dataclass
class Tally:
    """What became of the digests that were due."""

    sent: int = 0
    nothing: int = 0
    failed: int = 0


@click.command("digest")
@click.option("--dry-run", is_flag=True, help="บอกว่าจะส่งถึงใครกี่เรื่อง โดยไม่ส่งจริง")
def digest(*, dry_run: bool) -> None:
    """ส่งสรุปเรื่องใหม่ทางอีเมลให้ผู้ที่เลือกไว้ (รายวันหรือรายสัปดาห์) เรียกจาก cron."""
    settings = read_settings()
    server = settings.mail_server
    if server is None and not dry_run:
        raise click.ClickException(_("ยังไม่ได้ตั้ง KMS_SMTP_URL จึงส่งอีเมลไม่ได้"))
    tally = Tally()
    with opened(settings) as store, _alone(settings.instance / "digest.lock"):
        line = sending(server, settings.mail_from) if server and not dry_run else nullcontext()
        with line as taken:
            _all(store, settings, taken, tally)
    _tell(tally, dry_run=dry_run)
    sys.exit(1 if tally.failed else 0)


def _all(store: Store, settings: Settings, line: Line | None, tally: Tally) -> None:
    with store.reading() as session:
        due = digests.due(session, now())
    for done, account in enumerate(due):
        try:
            _one(store, settings, account, line, tally)
        except NoServer as problem:
            tally.failed += len(due) - done
            click.echo(problem.message, err=True)
            return
        except Exception:
            # Whatever is wrong with what one follows, the others still get their mail.
            tally.failed += 1
            _log.exception("the digest of account %s failed", account.id)


def _one(
    store: Store, settings: Settings, account: Account, line: Line | None, tally: Tally
) -> None:
    """Send one digest, and keep that it went once the server has taken it."""
    until = now()
    letter = _letter(store, settings, account, until)
    if letter is None:
        tally.nothing += 1
        return
    if line is None:
        click.echo(f"{account.email}\t{letter.subject}")
        tally.sent += 1
        return
    try:
        line.send(letter)
    except NotTaken as problem:
        tally.failed += 1
        click.echo(f"{account.email}: {problem.message}", err=True)
        return
    with store.saving() as session:
        session.get_one(Account, account.id).digest_sent_at = until
    tally.sent += 1


def _letter(store: Store, settings: Settings, account: Account, until: datetime) -> Letter | None:
    with store.reading() as session:
        watched = saved.watch(session, store.index, seen_by=digests.viewer_of(account))
        return digests.letter(
            session,
            account,
            watched,
            until=until,
            site=settings.public_url,
            secret=settings.secret_key,
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two at one moment would send everything twice; raises Unavailable for the second."""
    with path.open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise Unavailable(_("กำลังส่งสรุปอยู่แล้ว รอให้เสร็จก่อน")) from problem
        yield


def _tell(tally: Tally, *, dry_run: bool) -> None:
    said = _("จะส่ง %(n)s ฉบับ", n=tally.sent) if dry_run else _("ส่งแล้ว %(n)s ฉบับ", n=tally.sent)
    click.echo(said + " · " + _("ไม่มีเรื่องใหม่ %(n)s คน", n=tally.nothing))
    if tally.failed:
        click.echo(_("ส่งไม่ได้ %(n)s ฉบับ จะลองใหม่ครั้งหน้า", n=tally.failed), err=True)
