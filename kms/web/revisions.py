"""The history of a note: each revision, what changed between any two, and bringing one back."""

import uuid
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import evidence, history, notes, revising, themes
from kms.errors import EditConflict
from kms.language import gettext as _
from kms.models import Note, Revision
from kms.note_kinds import NoteContent
from kms.permissions import Viewer
from kms.sessions import Session
from kms.web import conflicts, context, errors, evidence_marks, note_page
from kms.web.context import reading, saving, viewer
from kms.web.difference_words import PartTold, summary, told
from kms.web.forms.typed import Typed
from kms.web.paging import page_of, start_of

blueprint = Blueprint("revisions", __name__)

A_PAGE = 20


@dataclass(frozen=True)
class Line:
    """A revision in the list, with what it did in a few words."""

    revision: Revision
    did: list[str]
    follows: bool


@dataclass(frozen=True)
class Difference:
    """Two revisions and what changed from the one to the other."""

    old: Revision
    new: Revision
    parts: list[PartTold]


@blueprint.get("/notes/<int:number>/history", endpoint="history")
def listing(number: int) -> str:
    """Every revision, the newest first: who, when, why and what."""
    offset = start_of(request.args.get("offset", ""))
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        total, kept = history.listing(session, note, seen_by=viewer(), limit=A_PAGE, offset=offset)
    lines = [
        Line(one.revision, summary(one.before, one.content) if one.before else [], bool(one.before))
        for one in kept
    ]
    page = page_of(request.path, (), total=total, offset=offset, limit=A_PAGE)
    return render_template("notes/history.html", note=note, lines=lines, page=page)


@blueprint.get("/notes/<int:number>/revisions/<int:revision>")
def revision(number: int, revision: int) -> str:
    """What the note said at one revision."""
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        found, content = history.revision(session, note, revision, seen_by=viewer())
        before, after = history.neighbours(session, note, revision, revision, seen_by=viewer())
        row = start_of(request.args.get("passage", ""))
        passage = evidence.passage_in(
            session, row, note=number, revision=revision, seen_by=viewer()
        )
    return render_template(
        "notes/revision.html",
        note=note,
        revision=found,
        content=content,
        answers=note_page.answers_of(content),
        quoted=evidence_marks.Quoted.of(content, passage) if passage else None,
        before=before,
        after=after,
    )


@blueprint.get("/notes/<int:number>/differences")
def compare(number: int) -> ResponseReturnValue:
    """From the form of the history to the lasting address of the difference chosen."""
    old, new = (start_of(request.args.get(name, "")) for name in ("old", "new"))
    old, new = min(old, new), max(old, new)
    return redirect(url_for("revisions.difference", number=number, old=old, new=new), 303)


@blueprint.get("/notes/<int:number>/differences/<int:old>..<int:new>")
def difference(number: int, old: int, new: int) -> str:
    """What changed from one revision to another."""
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        found = _difference(session, note, old, new, viewer())
        before, after = history.neighbours(session, note, old, new, seen_by=viewer())
    return render_template(
        "notes/difference.html", note=note, difference=found, before=before, after=after
    )


def _difference(session: Session, note: Note, old: int, new: int, who: Viewer) -> Difference:
    was, before = history.revision(session, note, old, seen_by=who)
    now, after = history.revision(session, note, new, seen_by=who)
    return Difference(was, now, told(before, after, themes.load(session)))


# --- bringing one back ----------------------------------------------------------------------------


@blueprint.get("/notes/<int:number>/revisions/<int:revision>/restore", endpoint="restore")
def ask_to_restore(number: int, revision: int) -> str:
    """What would change; nothing does before the answer."""
    with reading() as session:
        note = notes.get_for_revision(session, number, by=viewer())
        found, old = history.revision(session, note, revision, seen_by=viewer())
        back = revising.as_restored(session, note, old, by=viewer())
        now = history.with_sources_seen(session, notes.content_of(note), viewer())
        seen = history.with_sources_seen(session, back, viewer())
        parts = told(now, seen, themes.load(session))
    return render_template("notes/restore.html", note=note, revision=found, parts=parts)


@blueprint.post("/notes/<int:number>/revisions/<int:revision>/restore")
def bring_back(number: int, revision: int) -> ResponseReturnValue:
    """The words of an earlier revision as a new one, beside what was saved since."""
    based_on = start_of(request.form.get("based_on", ""))
    reason = _reason(revision, request.form.get("reason", ""))
    with reading() as session:
        note = notes.get_for_revision(session, number, by=viewer())
        _found, old = history.revision(session, note, revision, seen_by=viewer())
        back = revising.as_restored(session, note, old, by=viewer())
    try:
        made = _brought_back(number, back, based_on, reason)
    except EditConflict as problem:
        if context.wants_json():
            return errors.of_ours(problem)
        return _ask(number, back, based_on, reason), 409
    flash(*_said(revision, made))
    return redirect(url_for("notes.show", number=number), 303)


def _brought_back(number: int, back: NoteContent, based_on: int, reason: str) -> bool:
    """Whether the note says anything else now."""
    with saving() as session:
        note = notes.get_for_revision(session, number, by=viewer())
        before = note.revision
        revising.revise(session, note, back, by=viewer(), based_on=based_on, reason=reason)
        return note.revision != before


def _reason(revision: int, typed: str) -> str:
    said = _("คืนฉบับที่ %(n)s", n=revision)
    return f"{said}: {typed.strip()}" if typed.strip() else said


def _said(revision: int, made: bool) -> tuple[str, str]:
    if made:
        return _("คืนคำของฉบับที่ %(n)s แล้ว ฉบับอื่นยังอยู่ในประวัติ", n=revision), "success"
    return _("เหมือนฉบับปัจจุบันอยู่แล้ว จึงไม่มีอะไรเปลี่ยน"), "info"


def _ask(number: int, back: NoteContent, based_on: int, reason: str) -> str:
    typed = Typed().but(client_id=str(uuid.uuid4()), reason=reason)
    return conflicts.page(number, typed, back, who=viewer(), based_on=based_on)
