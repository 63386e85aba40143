"""Reading notes: the page of a note, and wiki links by title."""

from typing import cast

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from kms import notes, wiki_links
from kms.web import note_page
from kms.web.context import reading, viewer
from kms.web.drafts import comment_asked
from kms.web.note_page import CommentTyped
from kms.web.paging import page_of, start_of

blueprint = Blueprint("notes", __name__)

A_PAGE = 20


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    note_page.prepare(cast(Flask, state.app))


@blueprint.get("/notes/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """The note with its comments."""
    if note_page.is_plain_request() and "_flashes" not in session:
        return note_page.for_anyone(number)
    asked = CommentTyped(
        quote=request.args.get("quote", ""), reply_to=request.args.get("reply_to", "")
    )
    page = note_page.for_viewer(number, comment_asked(number) or asked)
    note_page.memory().reads.count(number)
    return page


@blueprint.get("/notes/<int:number>/linking")
def linking(number: int) -> str:
    """Every note that links to this one's title."""
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        total, cards = wiki_links.linking_to(
            session, note.title, seen_by=viewer(), limit=A_PAGE, offset=offset, but=note.id
        )
    page = page_of(request.path, (), total=total, offset=offset, limit=A_PAGE)
    return render_template("notes/linking.html", note=note, cards=cards, page=page)


@blueprint.get("/pages/<path:title>")
def page(title: str) -> ResponseReturnValue:
    """The note that a [[link]] with this title means, or an offer to write it."""
    with reading() as session:
        number = notes.resolve_page(session, title, seen_by=viewer())
        if number is None:
            similar = [
                one for one, _title in notes.similar_titles(session, title, seen_by=viewer())
            ]
            cards = notes.cards(session, similar, seen_by=viewer())
            total, wanting = wiki_links.linking_to(session, title, seen_by=viewer(), limit=A_PAGE)
            wanted = {"similar": cards, "linking": wanting, "total": total}
            return render_template("notes/wanted.html", title=title, **wanted), 404
    return redirect(url_for("notes.show", number=number))
