"""The page of a note: who may do what on it, and what of it is kept from one request to the next.

Everyone is checked against the database on every request (``notes.stamp`` or ``notes.view``).
Kept are the whole page for those who are not signed in, and the article of each account that
is: an article may show its reader's own drafts, so no two accounts share one. What they share is
the HTML of the same words.

The notes like it come from the index and stay with what is kept; whether each may still be seen,
and under which title, is asked of the database on every request too.
"""

import gzip
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import cast
from urllib.parse import quote

from flask import Flask, Response, current_app, render_template, request
from markupsafe import Markup

from kms import activities, language, markup, naming, notes, question_sets, wiki_links
from kms.activities import ActivityLine
from kms.comments import CommentShown
from kms.errors import NotFound, Unavailable
from kms.language import gettext as _
from kms.models import Note
from kms.note_kinds import ROLES, NoteContent, Review
from kms.note_lines import NoteLine, lines
from kms.note_text import lead
from kms.note_views import MOST_LINKING, NoteView, RoleShown
from kms.permissions import ANONYMOUS, Viewer, may
from kms.sessions import Session
from kms.thai.dates import today_in_thailand
from kms.web import attachments, contents, context, evidence_marks, following, lesson_life, qr
from kms.web.attachments import FileShown
from kms.web.context import reading, viewer
from kms.web.following import Button
from kms.web.kept import Kept
from kms.web.lesson_life import LifeShown
from kms.web.reads import Reads

LINE_SHARE = "https://line.me/R/share?text="
PACKING = 6
MOST_ALIKE = 5


@dataclass(frozen=True)
class CommentTyped:
    """A comment being written: its words so far and what must be mended.

    ``client_id`` is the form's own: the same form sent twice makes one comment. ``draft_step``
    is the step of the draft that the form was filled with.
    """

    body: str = ""
    quote: str = ""
    reply_to: str = ""
    answers: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    notice: str = ""
    must_sign_in: bool = False
    may_comment: bool = False
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    draft_step: str = ""


@dataclass(frozen=True)
class Rights:
    """What the viewer may do here."""

    may_write: bool
    may_revise: bool
    may_delete: bool
    may_comment: bool
    may_hide: bool
    own_comments: frozenset[int]


@dataclass(frozen=True)
class NotePage:
    """What the article's template asks besides the note itself."""

    rights: Rights
    note: NoteView
    root: str
    life: LifeShown | None = None

    @property
    def point_is_title(self) -> bool:
        """Whether the lesson's title only repeats its point."""
        parts = self.note.content.lesson
        opening = self.note.title.removesuffix("…").strip()
        return bool(parts and opening and parts.point.startswith(opening))

    @property
    def roles(self) -> list[RoleShown]:
        """The three of the Tuna model first."""
        return sorted(self.note.roles, key=lambda role: ROLES.index(role.role))

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Question and answer, in the order they were asked."""
        return answers_of(self.note.content)

    @property
    def part_names(self) -> dict[str, str]:
        """What each part of an organisation is called."""
        return {"organiser": _("ผู้จัด"), "funder": _("ผู้ให้ทุน"), "partner": _("ภาคี")}

    @property
    def source_name(self) -> str:
        """Where an import brought it from; a form is no source to name."""
        return "" if self.note.source in (None, "form", "platu") else self.note.source or ""

    @property
    def address(self) -> str:
        """The page's whole address, for paper and for LINE."""
        return f"{self.root}/notes/{self.note.number}"

    @property
    def qr(self) -> Markup:
        """A square to point a phone at, which leads from paper to the page."""
        return qr.svg(self.address)

    @property
    def linking(self) -> tuple[NoteLine, ...]:
        """Notes that link here, as many as a page names."""
        return self.note.linking[:MOST_LINKING]

    @property
    def has_more_linking(self) -> bool:
        """Whether others link here too."""
        return len(self.note.linking) > MOST_LINKING

    @property
    def files(self) -> list[FileShown]:
        """Photos and documents beneath the text."""
        return attachments.of_note(self.note)

    def with_drawn(self, main: str) -> Markup:
        """The main text with the passages marked that lessons were drawn from."""
        return evidence_marks.of_note(main, self.note)

    def with_drawn_of(self, comment: CommentShown) -> Markup:
        """The words of a comment with the passages marked that lessons were drawn from."""
        said = markup.to_html_light(comment.body, called=comment.called)
        return evidence_marks.of_comment(said, self.note, comment.id)

    def contents_of(self, main: str) -> list[contents.Entry]:
        """The table of contents of the main text as it is shown."""
        return contents.of(main)

    @property
    def line_url(self) -> str:
        """Sends title and address by LINE."""
        return LINE_SHARE + quote(f"{self.note.title}\n{self.address}", safe="")

    @property
    def description(self) -> str:
        """The first words, for those who list pages."""
        return lead(self.note.content)


@dataclass(frozen=True)
class _Shown:
    """A note as one account sees it, with the article once it is rendered.

    ``alike`` are numbers of similar notes, more than are shown: some may be hidden meanwhile.
    ``told`` are the activities that the note tells of.
    """

    note: NoteView
    life: LifeShown | None
    alike: tuple[int, ...] = ()
    told: tuple[ActivityLine, ...] = ()
    article: list[Markup] = field(default_factory=list)


@dataclass(frozen=True)
class _Page:
    """A whole page for those who are not signed in; it names the notes ``alike``."""

    alike: tuple[NoteLine, ...]
    body: bytes
    packed: bytes
    mark: str


class Memory:
    """What one application in one process keeps of its note pages."""

    def __init__(self, app: Flask) -> None:
        self.pages: Kept[_Page] = Kept()
        self.articles: Kept[_Shown] = Kept()
        self.words: Kept[Markup] = Kept()
        self.reads = Reads(app.extensions["kms"])


def memory() -> Memory:
    """The memory of this application."""
    return cast(Memory, current_app.extensions["kms_note_pages"])


def prepare(app: Flask) -> None:
    """Give the application its memory, and templates the filter that uses it."""
    app.extensions["kms_note_pages"] = Memory(app)
    app.jinja_env.filters["markdown_kept"] = _markdown


def _markdown(text: str, part: str = "", top: int = 2) -> Markup:
    """The same as ``markdown``, which takes longest of all that a page does.

    ``part`` keeps the ids of several texts on one page apart; headings begin at ``top``.
    """
    key = (text, part, top, language.current())
    kept = memory().words.get(key)
    if kept:
        return kept[1]
    html = Markup(markup.to_html(text, part=part, top=top))  # noqa: S704  nh3 cleaned it
    memory().words.keep(key, 1, html, size=2 * (len(text) + len(html)))
    return html


def answers_of(content: NoteContent) -> list[tuple[str, str]]:
    """Question and answer in order; a question no longer asked is named by its id."""
    review = content.review or Review()
    try:
        asked = question_sets.get(review.question_set).questions
    except NotFound:
        asked = ()
    known = {question.id: question.said_ask for question in asked}
    order = [*(name for name in known if name in review.answers)]
    order += [name for name in review.answers if name not in known]
    return [(known.get(name, name), review.answers[name]) for name in order]


def may_on(who: Viewer, action: str, note: NoteView) -> bool:
    """Permission on a note already on view; permissions know notes as the database keeps them."""
    return may(
        who, action, Note(kind=note.kind, owner_id=note.owner_id, visibility=note.visibility)
    )


# --- for those who are not signed in -------------------------------------------------------------


def for_anyone(number: int) -> Response:
    """The whole page as everyone who is not signed in sees it; raises NotFound."""
    key = (number, language.current(), context.theme(), _root(), today_in_thailand())
    page = _kept_page(number, key) or _new_page(number, key)
    memory().reads.count(number)
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(page.packed if takes_gzip else page.body, mimetype="text/html")
    if takes_gzip:
        response.content_encoding = "gzip"
    response.set_etag(page.mark, weak=True)
    response.vary.update(("Accept-Encoding", "Cookie"))
    return cast(Response, response.make_conditional(request))


def _kept_page(number: int, key: tuple[object, ...]) -> _Page | None:
    kept = memory().pages.get(key)
    if kept is None:
        return None
    version, page = kept
    with reading() as session:
        seen = lines(session, (number, *(one.number for one in page.alike)), seen_by=ANONYMOUS)
    own = seen.pop(number, None)
    is_fresh = own and own.version == version and tuple(seen.values()) == page.alike
    return page if is_fresh else None


def _new_page(number: int, key: tuple[object, ...]) -> _Page:
    with reading() as session:
        like = _alike(session, number, ANONYMOUS)
        note = notes.view(session, number, seen_by=ANONYMOUS, beside=like)
        life = lesson_life.of_note(session, note, ANONYMOUS)
        told = tuple(activities.of_note(session, number, seen_by=ANONYMOUS))
    alike = note.beside[:MOST_ALIKE]
    follow = Button("note", str(number), is_on=False)
    html = _page(_Shown(note, life, told=told), alike, ANONYMOUS, CommentTyped(), follow).encode()
    page = _Page(alike, html, gzip.compress(html, PACKING, mtime=0), sha256(html).hexdigest()[:24])
    size = len(page.body) + len(page.packed)
    memory().pages.keep(key, note.version, page, size=size)
    return page


# --- for those who are, and for pages with a comment half written ---------------------------------


def for_viewer(number: int, comment: CommentTyped) -> str:
    """The page for whoever asks, with the comment form filled; raises NotFound."""
    who = viewer()
    shown, alike = _shown(number, who)
    with reading() as session:
        follow = following.button(session, "note", str(number))
    return _page(shown, alike, who, _with_answered(comment, shown.note.comments), follow)


def _shown(number: int, who: Viewer) -> tuple[_Shown, Sequence[NoteLine]]:
    """The note, and of those like it the ones this account may see now."""
    # Lessons grow old by themselves: what is kept is kept for a day.
    day = today_in_thailand()
    key = (number, language.current(), _root(), who.account_id, who.permission, day)
    articles = memory().articles
    kept = articles.get(key)
    with reading() as session:
        if kept:
            version, shown = kept
            seen = lines(session, (number, *shown.alike), seen_by=who)
            own = seen.pop(number, None)
            if own and own.version == version and lesson_life.still_holds(session, shown, who):
                return shown, tuple(seen.values())[:MOST_ALIKE]
        like = _alike(session, number, who)
        note = notes.view(session, number, seen_by=who, beside=like)
        life = lesson_life.of_note(session, note, who)
        told = tuple(activities.of_note(session, number, seen_by=who))
    shown = _Shown(note, life, like, told)
    articles.keep(key, note.version, shown, size=8 * len(note.body) + 65_536)
    return shown, note.beside[:MOST_ALIKE]


def _alike(session: Session, number: int, who: Viewer) -> tuple[int, ...]:
    """Similar notes by number; a page is whole without them when the index does not answer."""
    naming.require_row_id(number)
    try:
        found = context.store().index.similar(session, number, seen_by=who)
    except Unavailable:
        return ()
    return tuple(found)


def _page(
    shown: _Shown,
    alike: Sequence[NoteLine],
    who: Viewer,
    comment: CommentTyped,
    follow: Button,
) -> str:
    rights = _rights(shown.note, who)
    page = NotePage(rights, shown.note, _root(), shown.life)
    if not shown.article:
        html = _with_missing(
            render_template("notes/article.html", note=shown.note, page=page), shown.note
        )
        shown.article.append(Markup(html))  # noqa: S704  the template escaped it
    return render_template(
        "notes/show.html",
        note=shown.note,
        page=page,
        article=shown.article[0],
        alike=alike,
        told=shown.told,
        follow=follow,
        comment=replace(comment, may_comment=rights.may_comment),
    )


def _with_missing(article: str, note: NoteView) -> str:
    """The article with links to what this reader finds nothing under marked as such."""
    if not note.missing:
        return article
    return markup.with_missing(article, lambda title: wiki_links.title_key(title) in note.missing)


def _rights(note: NoteView, who: Viewer) -> Rights:
    may_comment = may(who, "comment")
    every = [one for top in note.comments for one in (top, *top.replies)]
    own = frozenset(one.id for one in every if may_comment and _is_own(one, who))
    return Rights(
        may_write=may(who, "write"),
        may_revise=may_on(who, "revise", note),
        may_delete=may_on(who, "delete_note", note),
        may_comment=may_comment,
        may_hide=may(who, "hide_comment"),
        own_comments=own,
    )


def _is_own(comment: CommentShown, who: Viewer) -> bool:
    return (
        not comment.hidden and comment.owner_id is not None and comment.owner_id == who.account_id
    )


def _with_answered(comment: CommentTyped, shown: Sequence[CommentShown]) -> CommentTyped:
    """The comment with the name of whom it answers; an answer to nobody stands by itself."""
    every = {str(one.id): one for top in shown for one in (top, *top.replies)}
    answered = every.get(comment.reply_to)
    if answered is None:
        return comment if comment.problems else replace(comment, reply_to="")
    return replace(comment, answers=answered.author_name)


def _root() -> str:
    """The address of this site, for links that leave it."""
    return context.settings().public_url or request.url_root.rstrip("/")


def is_plain_request() -> bool:
    """Whether the page asked for is the same for everyone who is not signed in."""
    return not viewer().is_signed_in and not request.query_string
