"""Search and notes for programs, in JSON; docs/api.md describes every field."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from kms import language, notes
from kms.comments import CommentShown
from kms.search import answers
from kms.search import query as queries
from kms.web.context import reading, store, viewer
from kms.web.finding import similar_cards
from kms.web.narrowing import vouched

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.before_request
def choose_language() -> None:
    """``lang`` in the address wins over what the caller's headers say."""
    if request.args.get("lang") in language.LANGUAGES:
        language.choose(request.args["lang"])


@blueprint.after_request
def tell_language(response: Response) -> Response:
    """Say which language it became."""
    response.headers["Content-Language"] = language.current()
    response.vary.update(("Accept-Language", "Cookie"))
    return response


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """What the search page finds, as data."""
    given = request.args.to_dict(flat=False)
    with reading() as session:
        query = queries.read(given, session, seen_by=viewer())
        found = store().index.find(session, query, seen_by=viewer())
    return jsonify(answers.as_json(vouched(found)))


@blueprint.get("/notes/<int:number>")
def note(number: int) -> ResponseReturnValue:
    """The whole of a note that the caller may see."""
    with reading() as session:
        seen = notes.view(session, number, seen_by=viewer())
    return jsonify(_note(seen))


@blueprint.get("/notes/<int:number>/similar")
def similar(number: int) -> ResponseReturnValue:
    """Notes like this one that the caller may see, the most alike first."""
    _note, alike = similar_cards(number)
    return jsonify([_card(card) for card in alike])


def _card(card: notes.NoteCard) -> dict[str, object]:
    return {
        "number": card.number,
        "kind": card.kind,
        "title": card.title,
        "url": card.url,
        "date": card.held_from.isoformat() if card.held_from else None,
        "date_to": card.held_to.isoformat() if card.held_to else None,
        "places": list(card.place_codes),
    }


def _note(seen: notes.NoteView) -> dict[str, object]:
    return {
        "number": seen.number,
        "url": f"/notes/{seen.number}",
        "revision": seen.revision,
        "created_at": seen.created_at.isoformat(),
        "revised_at": seen.revised_at.isoformat(),
        "reads": seen.reads,
        "source": seen.source,
        "source_id": seen.source_id,
        "author": seen.author.name if seen.author else None,
        "content": seen.content.to_json(),
        "lessons": [{"number": card.number, "title": card.title} for card in seen.lessons],
        "comments": [_comment(one) for one in seen.comments if not one.hidden],
    }


def _comment(shown: CommentShown) -> dict[str, object]:
    return {
        "id": shown.id,
        "author": shown.author_name or None,
        "body": shown.body,
        "quote": shown.quote,
        "created_at": shown.created_at.isoformat() if shown.created_at else None,
        "replies": [_comment(one) for one in shown.replies if not one.hidden],
    }
