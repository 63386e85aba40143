"""What is new for whoever is signed in."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from kms import accounts, digests, following, news
from kms.db import now
from kms.errors import Invalid, Unavailable
from kms.language import gettext as _
from kms.news import Watch
from kms.news_told import told
from kms.search import saved
from kms.sessions import Session
from kms.web.addresses import address
from kms.web.context import reading, require_account, saving, settings, store, viewer
from kms.web.paging import start_of

blueprint = Blueprint("news", __name__, url_prefix="/news")


@blueprint.get("")
def show() -> str:
    """What happened in what I follow and wrote, the last first, what is new marked."""
    require_account()
    offset = min(start_of(request.args.get("offset", "")), news.FARTHEST)
    with reading() as session:
        watched, is_whole = _watched(session)
        since = news.seen_at(session, viewer())
        fresh = news.count(session, watched, since=since)
        found = news.events(session, watched, limit=news.A_PAGE + 1, offset=offset)
        entries = told(session, watched, found[: news.A_PAGE])
    is_more = len(found) > news.A_PAGE and offset + news.A_PAGE <= news.FARTHEST
    return render_template(
        "news/show.html",
        entries=entries,
        since=since,
        fresh=said_count(fresh),
        is_whole=is_whole,
        follows_nothing=not watched.followed,
        until=found[0].at.isoformat() if found and not offset else "",
        newer_url=_at(max(0, offset - news.A_PAGE)) if offset else "",
        older_url=_at(offset + news.A_PAGE) if is_more else "",
    )


@blueprint.post("/seen")
def seen() -> ResponseReturnValue:
    """What I have before my eyes is not new any more."""
    require_account()
    with saving() as session:
        account = accounts.get(session, viewer().account_id or 0)
        news.mark_seen(session, account, _until(request.form.get("until", "")))
    flash(_("ทำเครื่องหมายว่าดูแล้ว"), "success")
    return redirect("/news", 303)


@blueprint.get("/stop/<token>")
def ask_to_stop(token: str) -> str:
    """Whether the digests by mail should end, without signing in: the token says whose."""
    with reading() as session:
        account = digests.of_token(session, token, settings().secret_key)
        is_off = account.digest == "off"
    return render_template("news/stop.html", token=token, is_off=is_off)


@blueprint.post("/stop/<token>")
def stop(token: str) -> str:
    """End them. Mail programs post here by themselves (RFC 8058), so only the token counts."""
    with saving() as session:
        account = digests.of_token(session, token, settings().secret_key)
        digests.choose(session, account, "off")
    return render_template("news/stop.html", token=token, is_off=True)


@blueprint.record
def _let_mail_programs_in(state: BlueprintSetupState) -> None:
    state.app.extensions["csrf"].exempt("kms.web.news.stop")


def count_for_viewer(session: Session) -> str:
    """How many are new for whoever is signed in, as pages say it; empty for none."""
    watched, _is_whole = _watched(session)
    return said_count(news.count(session, watched, since=news.seen_at(session, viewer())))


def said_count(count: int) -> str:
    """The number as people read it; empty for none."""
    if count > news.MOST_COUNTED:
        return f"{news.MOST_COUNTED}+"
    return str(count) if count else ""


def _watched(session: Session) -> tuple[Watch, bool]:
    """What is followed; without the searches, and False, while the index does not answer."""
    try:
        return saved.watch(session, store().index, seen_by=viewer()), True
    except Unavailable:
        followed, tree = following.listing(session, seen_by=viewer())
        return news.watch(followed, tree, viewer=viewer()), False


def _until(text: str) -> datetime:
    try:
        until = datetime.fromisoformat(text)
    except ValueError as problem:
        raise Invalid(_("อ่านเวลาไม่ได้ เปิดหน้านี้ใหม่แล้วกดอีกครั้ง")) from problem
    return min(until if until.tzinfo else until.replace(tzinfo=UTC), now())


def _at(offset: int) -> str:
    return address("/news", (("offset", str(offset)),) if offset else ())
