"""Atom feeds (RFC 4287) of what anyone may read; who is signed in makes no difference to them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import cast
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from kms import following, language, news
from kms.errors import Invalid
from kms.following import Followed
from kms.language import gettext as _
from kms.news_told import Entry, told
from kms.permissions import ANONYMOUS
from kms.search import query as queries
from kms.search import saved
from kms.search.query import Query
from kms.sessions import Session
from kms.themes import Tree
from kms.web import finding, narrowing
from kms.web.context import reading, settings, store

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")

MOST = 30
ATOM = "http://www.w3.org/2005/Atom"
# When an empty feed was last changed.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)

# What XML has no way to say.
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@blueprint.before_request
def speak_thai() -> None:
    """A feed is the same for everyone: in the language in which people write here."""
    language.choose("th")


@blueprint.get("/places/<code>")
def place(code: str) -> ResponseReturnValue:
    """Notes and lessons from a place and all places in it."""
    return _feed_of("place", code)


@blueprint.get("/themes/<slug>")
def theme(slug: str) -> ResponseReturnValue:
    """Notes and lessons on a theme and all beneath it."""
    return _feed_of("theme", slug)


@blueprint.get("/people/<int:number>")
def person(number: int) -> ResponseReturnValue:
    """Notes that name someone, and what they say in comments."""
    return _feed_of("person", str(number))


@blueprint.get("/notes/<int:number>")
def note(number: int) -> ResponseReturnValue:
    """Comments on a note, its revisions, and lessons drawn from it."""
    return _feed_of("note", str(number))


@blueprint.get("/lessons")
def lessons() -> ResponseReturnValue:
    """Lessons, and what becomes of them."""
    with reading() as session:
        found, tree = following.find(
            session, "search", "kind=lesson", seen_by=ANONYMOUS, label=_("บทเรียน")
        )
        return _feed(session, found, tree, "/lessons")


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """What a search finds; its address is that of the search page."""
    given = request.args.to_dict(flat=False)
    with reading() as session:
        query = queries.read(given, session, seen_by=ANONYMOUS)
        asked = saved.address_of(query)
        if not asked:
            raise Invalid(_("ใส่คำหรือตัวกรองก่อน แล้วค่อยติดตามการค้นนี้"))
        label = _("ค้นหา %(words)s", words=_name_of(session, query))
        found, tree = following.find(session, "search", asked, seen_by=ANONYMOUS, label=label)
        return _feed(session, found, tree, found.url)


def _name_of(session: Session, query: Query) -> str:
    """The words and filters of a search, as its page says them to anyone."""
    bare = replace(query, offset=0, limit=1, snippets=False)
    hits = narrowing.vouched(store().index.find(session, bare, seen_by=ANONYMOUS))
    return finding.name_of(hits, finding.names_met(session, hits, seen_by=ANONYMOUS))


def _feed_of(kind: str, target: str) -> ResponseReturnValue:
    with reading() as session:
        found, tree = following.find(session, kind, target, seen_by=ANONYMOUS)
        if found.target != target:
            return redirect(f"/feeds{found.url}", 301)
        return _feed(session, found, tree, found.url)


def _feed(session: Session, found: Followed, tree: Tree, page: str) -> Response:
    hits = saved.hits_of(session, store().index, [found], tree, seen_by=ANONYMOUS)
    watched = news.watch([found], tree, viewer=ANONYMOUS, hits=hits)
    entries = told(session, watched, news.events(session, watched, limit=MOST))
    updated = max((one.changed for one in entries), default=NEVER)
    body = _written(found.name, page, entries, updated)
    response = Response(body, content_type="application/atom+xml; charset=utf-8")
    response.set_etag(sha256(body).hexdigest()[:24])
    response.last_modified = updated
    return cast(Response, response.make_conditional(request))


# --- as Atom -------------------------------------------------------------------------------------


def _written(name: str, page: str, entries: Sequence[Entry], updated: datetime) -> bytes:
    root = settings().public_url or request.url_root.rstrip("/")
    # Whatever else the address said, the feed of one thing has one name.
    own, read_at = iri_to_uri(f"{root}/feeds{page}"), iri_to_uri(root + page)
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "th"})
    _say(feed, "id", own)
    _say(feed, "title", _("%(name)s – ปลาทู", name=name))
    _say(feed, "updated", _instant(updated))
    _say(SubElement(feed, "author"), "name", _("ปลาทู – คลังบทเรียนชุมชน"))
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": read_at})
    for one in entries:
        _entry(SubElement(feed, "entry"), one, root)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(entry: Element, one: Entry, root: str) -> None:
    own = f"{root}/notes/{one.number}"
    _say(entry, "id", own if one.what == "note" else f"{own}#{one.key}")
    _say(entry, "title", one.title if one.what == "note" else f"{one.heading}: {one.title}")
    _say(entry, "published", _instant(one.at))
    _say(entry, "updated", _instant(one.changed))
    if one.by:
        _say(SubElement(entry, "author"), "name", one.by)
    SubElement(entry, "category", {"term": one.kind})
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": root + one.url})
    if one.said:
        _say(entry, "summary", one.said)


def _say(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _UNSAYABLE.sub("", text)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
