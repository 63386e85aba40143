"""Comments under a note: written, edited by their writers, hidden by curators."""

import re
import uuid
from dataclasses import replace
from hashlib import sha256

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from kms import comments, notes
from kms.errors import Invalid, NotFound, SignInNeeded
from kms.language import gettext as _
from kms.permissions import require
from kms.web import context, errors, note_page
from kms.web.answers import gone_to
from kms.web.context import reading, saving, viewer
from kms.web.drafts import forget_sent
from kms.web.note_page import CommentTyped

blueprint = Blueprint("comments", __name__)


@blueprint.post("/notes/<int:number>/comments")
def create(number: int) -> ResponseReturnValue:
    """Add a comment; a refused one comes back with its words."""
    typed = _typed()
    if not viewer().is_signed_in:
        return _not_signed_in(number, typed)
    try:
        with saving() as session:
            note = notes.get(session, number, seen_by=viewer())
            forget_sent(session)
            comment = comments.add(
                session,
                note,
                by=viewer(),
                body=typed.body,
                quote=typed.quote,
                reply_to=int(typed.reply_to) if typed.reply_to else None,
                sent_as=_sent_as(number, typed),
            )
    except Invalid as problem:
        if context.wants_json():
            return errors.of_ours(problem)
        return note_page.for_viewer(number, replace(typed, problems=problem.problems)), 422
    except NotFound as problem:
        if context.wants_json():
            return errors.of_ours(problem)
        return _again(number, typed, problem.message, must_sign_in=False), 404
    return gone_to(_address(number, comment.id), number, _("ส่งความเห็นแล้ว"))


@blueprint.get("/comments/<int:comment_id>/edit")
def edit(comment_id: int) -> str:
    """One's own comment in a form."""
    with reading() as session:
        comment = comments.get(session, comment_id, seen_by=viewer())
        require(viewer(), "edit_comment", comment)
    return render_template(
        "comments/edit.html", number=comment.note_id, body=comment.body, problems={}
    )


@blueprint.post("/comments/<int:comment_id>/edit")
def revise(comment_id: int) -> ResponseReturnValue:
    """Save one's own comment anew."""
    body = request.form.get("body", "")
    if not viewer().is_signed_in:
        return _edit_again(body, _signed_out(), must_sign_in=True), 401
    try:
        with saving() as session:
            comment = comments.get(session, comment_id, seen_by=viewer())
            comments.edit(session, comment, by=viewer(), body=body)
    except Invalid as problem:
        page = render_template("comments/edit.html", body=body, problems=problem.problems)
        return page, 422
    return _to(comment.note_id, comment.id)


@blueprint.get("/comments/<int:comment_id>/hide", endpoint="hide")
def ask_to_hide(comment_id: int) -> str:
    """The comment and a place for the reason."""
    require(viewer(), "hide_comment")
    with reading() as session:
        comment = comments.get(session, comment_id, seen_by=viewer())
    return render_template(
        "comments/hide.html",
        comment_id=comment.id,
        number=comment.note_id,
        body=comment.body,
        reason=comment.hidden_reason,
        is_hidden=comment.hidden_at is not None,
    )


@blueprint.post("/comments/<int:comment_id>/hide")
def hide_or_show(comment_id: int) -> ResponseReturnValue:
    """Take the comment's words from the page, or bring them back."""
    with saving() as session:
        comment = comments.get(session, comment_id, seen_by=viewer())
        if request.form.get("shown"):
            comments.unhide(session, comment, by=viewer())
        else:
            reason = request.form.get("reason", "")
            comments.hide(session, comment, by=viewer(), reason=reason)
    return _to(comment.note_id, comment.id)


@blueprint.errorhandler(CSRFError)
def stale(problem: CSRFError) -> ResponseReturnValue:
    """A form whose token is missing or old: the words stay, with a fresh token to send again."""
    signed_in = viewer().is_signed_in
    if context.wants_json():
        no_one = SignInNeeded(_signed_out())
        return errors.of_stale_form(problem) if signed_in else errors.of_ours(no_one)
    said = _("ยังไม่ได้ส่ง เพราะหน้านี้เปิดค้างไว้นาน คำที่พิมพ์ยังอยู่ครบ กดส่งอีกครั้ง")
    said = said if signed_in else _signed_out()
    status = 400 if signed_in else 401
    if request.endpoint == "comments.create":
        number = (request.view_args or {})["number"]
        return _again(number, _typed(), said, must_sign_in=not signed_in), status
    if request.endpoint == "comments.revise":
        body = request.form.get("body", "")
        return _edit_again(body, said, must_sign_in=not signed_in), status
    return errors.of_stale_form(problem)


def _typed() -> CommentTyped:
    reply_to = request.form.get("reply_to", "")
    is_number = re.fullmatch("[1-9][0-9]{0,8}", reply_to) is not None
    return CommentTyped(
        body=request.form.get("body", ""),
        quote=request.form.get("quote", ""),
        reply_to=reply_to if is_number else "",
        client_id=_form_id(),
        draft_step=request.form.get("draft_step", ""),
    )


def _form_id() -> str:
    """The form's own id; a form without one is its own."""
    try:
        return str(uuid.UUID(request.form.get("client_id", "")))
    except ValueError:
        return str(uuid.uuid4())


def _sent_as(number: int, typed: CommentTyped) -> str:
    """The form, its writer and its words as one digest (hex)."""
    words = (viewer().account_id, number, typed.client_id, typed.body, typed.quote, typed.reply_to)
    return sha256(repr(words).encode(errors="surrogatepass")).hexdigest()


def _not_signed_in(number: int, typed: CommentTyped) -> ResponseReturnValue:
    if context.wants_json():
        return errors.of_ours(SignInNeeded(_signed_out()))
    return _again(number, typed, _signed_out(), must_sign_in=True), 401


def _again(number: int, typed: CommentTyped, said: str, *, must_sign_in: bool) -> str:
    again = replace(typed, notice=said, must_sign_in=must_sign_in)
    try:
        return note_page.for_viewer(number, again)
    except NotFound:
        # Signed out of a note for members: the words come back, the note does not.
        return render_template("comments/edit.html", comment=again, body=again.body, problems={})


def _edit_again(body: str, said: str, *, must_sign_in: bool) -> str:
    again = CommentTyped(body, notice=said, must_sign_in=must_sign_in)
    return render_template("comments/edit.html", comment=again, body=body, problems={})


def _signed_out() -> str:
    return _("ยังไม่ได้ส่ง เพราะออกจากระบบไปแล้ว คำที่พิมพ์ยังอยู่ครบในหน้านี้")


def _to(number: int, comment_id: int) -> ResponseReturnValue:
    return redirect(_address(number, comment_id), 303)


def _address(number: int, comment_id: int) -> str:
    return url_for("notes.show", number=number) + f"#comment-{comment_id}"
