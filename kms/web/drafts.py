"""Drafts as the web keeps and shows them: saved by scripts, listed, resumed, thrown away."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from kms import drafts
from kms.db import now
from kms.drafts import COMMENT, DraftLine, Fields, FormWords, Writing, WrittenElsewhere
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import Draft, Note
from kms.note_kinds import Kind
from kms.permissions import sign_in_needed
from kms.sessions import Session
from kms.thai import dates
from kms.web import asked, errors
from kms.web.context import reading, require_account, saving, viewer
from kms.web.forms.typed import Typed
from kms.web.note_page import CommentTyped

blueprint = Blueprint("drafts", __name__)

MOST_NAMED = 3


@dataclass(frozen=True)
class Beside:
    """What the page of a form tells of drafts.

    ``draft`` is the one shown and ``said`` when it was saved; ``own`` are the writer's others of
    the same note or kind, ``others`` other people's. ``parted_from`` is the id of the draft that
    another device went on with, so that the words shown became a draft of their own.
    """

    draft: Draft | None = None
    own: tuple[DraftLine, ...] = ()
    others: tuple[Writing, ...] = ()
    parted_from: str = ""

    @property
    def said(self) -> str:
        """When the draft shown was saved."""
        return clock(self.draft.saved_at) if self.draft else ""


NOTHING_BESIDE = Beside()


# --- for scripts ---------------------------------------------------------------------------------


@blueprint.put("/drafts/<uuid:form_id>")
def keep(form_id: uuid.UUID) -> ResponseReturnValue:
    """Save the words of a form that is being written."""
    require_account()
    try:
        with saving() as session:
            kept = drafts.save(session, _sent(str(form_id)), by=viewer())
    except WrittenElsewhere as problem:
        error = {"code": "older_words", "message": problem.message}
        return jsonify(error=error, **_told(problem.kept)), 409
    return jsonify(_told(kept))


@blueprint.get("/drafts.json")
def listing_json() -> Response:
    """One's drafts, and the step of each form sent lately, by its id."""
    require_account()
    with reading() as session:
        lines = drafts.of_owner(session, viewer())
        sent = drafts.sent_forms(session, viewer())
    answer = jsonify(account=viewer().account_id, drafts=[_line(line) for line in lines], sent=sent)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.errorhandler(CSRFError)
def stale(problem: CSRFError) -> ResponseReturnValue:
    """A token from before the session lapsed: that nobody is signed in is what to tell."""
    if viewer().is_signed_in:
        return errors.of_stale_form(problem)
    return errors.of_ours(sign_in_needed())


# --- pages ---------------------------------------------------------------------------------------


@blueprint.get("/drafts")
def listing() -> str:
    """What is not finished: drafts, and by script what waits on this device."""
    require_account()
    with reading() as session:
        lines = drafts.of_owner(session, viewer())
        gone = drafts.discarded(session, request.args.get("discarded", ""), by=viewer())
    return render_template("drafts/listing.html", lines=lines, discarded=gone)


@blueprint.get("/drafts/<uuid:form_id>")
def resume(form_id: uuid.UUID) -> ResponseReturnValue:
    """Go on writing; the bare words where there is nothing left to write them to."""
    require_account()
    with reading() as session:
        draft = drafts.get(session, str(form_id), by=viewer())
        line = next(
            one for one in drafts.of_owner(session, viewer()) if one.form_id == draft.form_id
        )
    to = address(line)
    if to:
        return redirect(to)
    words = [value for name, value in draft.fields if name in ("quote", "body") and value.strip()]
    return render_template("drafts/words.html", draft=line, words=words)


@blueprint.post("/drafts/<uuid:form_id>/discard")
def discard(form_id: uuid.UUID) -> ResponseReturnValue:
    """Throw a draft away; the page then offers to take that back."""
    with saving() as session:
        drafts.discard(session, str(form_id), by=viewer())
    return redirect(url_for("drafts.listing", discarded=form_id), 303)


@blueprint.post("/drafts/<uuid:form_id>/take-back")
def take_back(form_id: uuid.UUID) -> ResponseReturnValue:
    """Undo that."""
    with saving() as session:
        drafts.take_back(session, str(form_id), by=viewer())
    flash(_("เอาร่างกลับมาแล้ว"), "success")
    return redirect(url_for("drafts.listing"), 303)


# --- for the pages of forms ----------------------------------------------------------------------


def begun(session: Session, fresh: Typed, kind: Kind, note: Note | None) -> tuple[Typed, Beside]:
    """The words to open a form with: the draft that the address names, or these in a new form."""
    lines = drafts.of_owner(session, viewer())
    number = note.number if note else None
    same = [line for line in lines if line.number == number and line.kind == kind]
    named = next((line for line in same if line.form_id == request.args.get("draft")), None)
    others = drafts.others_writing(session, note, by=viewer()) if note else []
    if named is None:
        beside = Beside(own=tuple(same[:MOST_NAMED]), others=tuple(others))
        return fresh.but(client_id=str(uuid.uuid4())), beside
    draft = drafts.get(session, named.form_id, by=viewer())
    return _filled(draft), Beside(draft, others=tuple(others))


def keep_typed(typed: Typed, kind: Kind, number: int | None) -> tuple[Typed, Beside]:
    """Save a draft from a page without scripts; the form to show again."""
    parted_from = ""
    with saving() as session:
        words = _of_form(typed, kind, number)
        try:
            draft = drafts.save(session, words, by=viewer())
        except WrittenElsewhere:
            parted_from = words.form_id
            words = _of_form(typed.but(client_id=str(uuid.uuid4())), kind, number)
            draft = drafts.save(session, words, by=viewer())
    kept = typed.but(client_id=draft.form_id, draft_step=str(draft.step))
    return kept, Beside(draft, parted_from=parted_from)


def forget_sent(session: Session) -> None:
    """The form of this request is being saved: its draft goes in the same transaction."""
    given = request.form
    drafts.forget(
        session,
        viewer().account_id,
        given.get("client_id", ""),
        step=asked.whole(given.get("draft_step", "")) or 0,
        device=given.get("draft_device", ""),
    )


def comment_asked(number: int) -> CommentTyped | None:
    """The comment on this note that ``?draft=`` names, when it is one's own."""
    if not request.args.get("draft") or not viewer().is_signed_in:
        return None
    with reading() as session:
        try:
            draft = drafts.get(session, request.args["draft"], by=viewer())
        except NotFound:
            return None
    if draft.kind != COMMENT or draft.note_id != number:
        return None
    words = dict(draft.fields)
    said = {name: words.get(name, "") for name in ("body", "quote", "reply_to")}
    return CommentTyped(**said, client_id=draft.form_id, draft_step=str(draft.step))


def address(line: DraftLine) -> str:
    """Where the draft is written on; empty for a comment on what its writer may not see."""
    if line.kind == COMMENT:
        if line.number is None:
            return ""
        page = url_for("notes.show", number=line.number, draft=line.form_id)
        return f"{page}#comment-form"
    if line.number is not None:
        return url_for("writing.edit", number=line.number, draft=line.form_id)
    return url_for("writing.new", kind=line.kind, draft=line.form_id)


@blueprint.app_template_filter()
def clock(moment: datetime) -> str:
    """14:32 for today, with the day for what is older; by the clocks of Thailand."""
    local = moment.astimezone(dates.BANGKOK)
    said = f"{local:%H:%M}"
    if local.date() == now().astimezone(dates.BANGKOK).date():
        return said
    return f"{dates.show(local.date(), style='short')} {said}"


def _filled(draft: Draft) -> Typed:
    values: dict[str, tuple[str, ...]] = {}
    for name, value in draft.fields:
        values[name] = (*values.get(name, ()), value)
    based_on = {"based_on": str(draft.based_on)} if draft.based_on is not None else {}
    return Typed(values).but(client_id=draft.form_id, draft_step=str(draft.step), **based_on)


def _of_form(typed: Typed, kind: Kind, number: int | None) -> FormWords:
    try:
        form_id = str(uuid.UUID(typed.text("client_id")))
    except ValueError:
        form_id = str(uuid.uuid4())
    after = asked.whole(typed.text("draft_step")) or 0
    return FormWords(
        form_id=form_id,
        kind=kind.value,
        number=number,
        based_on=asked.whole(typed.text("based_on")),
        fields=[(name, value) for name, values in typed.values.items() for value in values],
        step=after + 1,
        after=after,
    )


# --- what scripts say and hear -------------------------------------------------------------------


def _sent(form_id: str) -> FormWords:
    """What the request's JSON says; raises Invalid when it is not of the right shape."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise _unreadable()
    return FormWords(
        form_id=form_id,
        kind=_text(given.get("kind")),
        number=_number(given.get("number")),
        based_on=_number(given.get("based_on")),
        fields=_fields(given.get("fields")),
        step=_number(given.get("step")) or 0,
        after=_number(given.get("after")) or 0,
        device=_text(given.get("device", "")),
    )


def _fields(given: object) -> Fields:
    if not isinstance(given, list):
        raise _unreadable()
    pairs = [one for one in given if isinstance(one, list) and len(one) == 2]
    if len(pairs) != len(given):
        raise _unreadable()
    return [(_text(name), _text(value)) for name, value in pairs]


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise _unreadable()
    return given


def _number(given: object) -> int | None:
    if given is None or given == "":
        return None
    if isinstance(given, bool) or not isinstance(given, int):
        raise _unreadable()
    return given


def _unreadable() -> Invalid:
    return Invalid(_("อ่านร่างที่ส่งมาไม่ได้ เปิดหน้านี้ใหม่แล้วลองอีกครั้ง"))


def _told(kept: Draft) -> dict[str, object]:
    return {
        "step": kept.step,
        "saved_at": kept.saved_at.astimezone(UTC).isoformat(),
        "said": clock(kept.saved_at),
        "sent": drafts.is_sent(kept),
    }


def _line(line: DraftLine) -> dict[str, object]:
    return {
        "id": line.form_id,
        "kind": line.kind,
        "title": line.title,
        "number": line.number,
        "note_title": line.note_title,
        "based_on": line.based_on,
        "step": line.step,
        "saved_at": line.saved_at.isoformat(),
        "said": clock(line.saved_at),
        "url": address(line) or url_for("drafts.resume", form_id=line.form_id),
    }
