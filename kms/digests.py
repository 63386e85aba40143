"""The digest that goes out by mail: to whom, when, what it says, and how it is stopped."""

import hmac
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from kms import news
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.mailing import Letter
from kms.models import Account
from kms.news import Watch
from kms.news_told import told
from kms.permissions import Viewer
from kms.thai import dates

DIGESTS = ("off", "daily", "weekly")
# A little less than a day and a week, so that a late run does not put the next one off.
PERIODS = {"daily": timedelta(hours=20), "weekly": timedelta(days=6, hours=12)}
# How far back the very first one looks.
FIRST = {"daily": timedelta(days=2), "weekly": timedelta(days=8)}
MOST_TOLD = 40

_TEMPLATES = Path(__file__).parents[1] / "templates" / "mail"


def choose(session: Session, account: Account, often: str) -> None:
    """How often this account gets its digest; Invalid for what is no choice."""
    if often not in DIGESTS:
        sentence = _("เลือกจากรายการ")
        raise Invalid(sentence, {"digest": sentence})
    account.digest = often
    session.flush()


def due(session: Session, at: datetime) -> list[Account]:
    """The accounts whose next digest should go out now, each with its person."""
    wanted = session.scalars(
        select(Account)
        .where(Account.digest != "off", Account.is_active)
        .options(joinedload(Account.person))
        .order_by(Account.id)
    )
    return [one for one in wanted if _is_due(one, at)]


def _is_due(account: Account, at: datetime) -> bool:
    period = PERIODS.get(account.digest)
    sent = account.digest_sent_at
    return period is not None and (sent is None or at - sent >= period)


def viewer_of(account: Account) -> Viewer:
    """The one to whom its news are told."""
    return Viewer(account.id, account.person_id, account.person.name, account.permission)


def letter(
    session: Session,
    account: Account,
    watched: Watch,
    *,
    until: datetime,
    site: str,
    secret: str,
) -> Letter | None:
    """What happened up to ``until`` and was neither seen nor sent; None when nothing did."""
    since = max(
        account.digest_sent_at or until - FIRST[account.digest],
        account.news_seen_at or account.created_at,
    )
    found = news.events(session, watched, since=since, until=until, limit=MOST_TOLD + 1)
    if not found:
        return None
    stop = f"{site}/news/stop/{token_of(account.id, secret)}"
    entries = told(session, watched, found[:MOST_TOLD])
    is_more = len(found) > MOST_TOLD
    words = {
        "name": account.person.name,
        "entries": entries,
        "is_more": is_more,
        "site": site,
        "stop": stop,
    }
    return Letter(
        to=account.email,
        subject=_("ปลาทู: %(n)s เรื่องใหม่สำหรับคุณ", n=f"{len(entries)}{'+' * is_more}"),
        text=_templates().get_template("digest.txt").render(words),
        html=_templates().get_template("digest.html").render(words),
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals["_"] = _
    made.filters["instant"] = lambda moment: dates.show_instant(moment, style="short")
    return made


# --- stopping without signing in -----------------------------------------------------------------


def token_of(account_id: int, secret: str) -> str:
    """What stands in the address that stops the digests of this account; good for ever."""
    return f"{account_id}-{_signature(account_id, secret)}"


def of_token(session: Session, token: str, secret: str) -> Account:
    """The account that the token was made for; raises NotFound for any other."""
    number, _dash, signature = token.partition("-")
    is_number = number.isascii() and number.isdecimal() and len(number) <= 9
    if is_number and hmac.compare_digest(
        _signature(int(number), secret).encode(), signature.encode()
    ):
        account = session.get(Account, int(number))
        if account is not None:
            return account
    raise NotFound(_("ที่อยู่นี้ใช้ไม่ได้ เปลี่ยนการส่งสรุปได้ที่หน้าบัญชีของฉัน"))


def _signature(account_id: int, secret: str) -> str:
    return hmac.new(secret.encode(), f"stop digest {account_id}".encode(), sha256).hexdigest()
