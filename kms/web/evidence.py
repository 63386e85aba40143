"""Passages on their way into lessons: begun from an address, checked, added to a lesson."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import evidence, more_evidence, notes
from kms.errors import EditConflict, Invalid, NotAllowed, NotFound, Unavailable
from kms.language import gettext as _
from kms.models import Note
from kms.more_evidence import LessonChoice
from kms.note_kinds import Kind, NoteContent, SourcePassage
from kms.permissions import Viewer, require
from kms.search.query import Query
from kms.sessions import Session
from kms.web import asked, context
from kms.web.context import reading, saving, viewer
from kms.web.forms.typed import plain

blueprint = Blueprint("evidence", __name__)

MOST_OFFERED = 12
# Enough of a passage to find the lessons that say something like it.
LONGEST_QUESTION = 160


def asked_for(session: Session, note: Note) -> SourcePassage:
    """The evidence that this address or form brings along; raises NotFound for a comment out of
    sight."""
    comment = asked.whole(_brought("comment")) or None
    passage = plain(_brought("passage"))
    return evidence.begun(session, note, passage=passage, comment=comment)


def _brought(name: str) -> str:
    """What is brought under this name, or by the first source in the form of a lesson."""
    return request.values.get(name) or request.values.get(f"sources-0-{name}", "")


def unfounded(
    session: Session, content: NoteContent, by: Viewer, number: int | None
) -> dict[str, str]:
    """Field → sentence for each passage of a lesson that the note named does not say."""
    if content.lesson is None or not content.lesson.sources:
        return {}
    note, before = None, None
    if number is not None:
        try:
            note = notes.get(session, number, seen_by=by)
            before = notes.content_of(note).lesson
        except NotFound:
            # Thrown away meanwhile: the words can still become a lesson of their own.
            note = None
    sources = content.lesson.sources
    there = before.sources if before else ()
    try:
        evidence.resolve(session, sources, by=by, note=note, before=there)
    except Invalid as problem:
        return problem.problems
    return {}


@blueprint.get("/notes/<int:number>/evidence")
def choose(number: int) -> str:
    """Lessons that exist, to add a passage of this note or of a comment on it to."""
    require(viewer(), "write")
    return _page(number)


@blueprint.post("/notes/<int:number>/evidence")
def add(number: int) -> ResponseReturnValue:
    """Add the passage to the lesson chosen, as its next revision; or search among lessons."""
    require(viewer(), "write")
    if request.form.get("do") == "search":
        return _page(number)
    try:
        with saving() as session:
            note = notes.get(session, number, seen_by=viewer())
            source = asked_for(session, note)
            wanted = asked.whole(request.form.get("lesson", "")) or None
            lesson = _added(session, wanted, source)
    except (Invalid, NotAllowed, EditConflict) as problem:
        return _page(number, problem.message), 422
    flash(_("เพิ่มข้อความนี้เป็นหลักฐานของบทเรียนแล้ว"), "success")
    return redirect(url_for("notes.show", number=lesson), 303)


def _added(session: Session, wanted: int | None, source: SourcePassage) -> int:
    if wanted is None:
        raise Invalid(_("เลือกบทเรียนหนึ่งข้อก่อน"), {})
    try:
        return more_evidence.add(session, wanted, source, by=viewer()).number
    except NotFound as problem:
        raise Invalid(problem.message, {}) from problem


def _page(number: int, problem: str = "") -> str:
    words = plain(request.values.get("q", ""))
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        source = asked_for(session, note)
        lessons = _lessons_like(session, words or source.passage, source)
    return render_template(
        "notes/evidence.html",
        note=note,
        source=source,
        words=words,
        lessons=lessons,
        problem=problem,
    )


def _lessons_like(
    session: Session, words: str, source: SourcePassage
) -> Sequence[LessonChoice] | None:
    """Lessons that say something like these words, the newest without any; None when the search
    does not answer."""
    query = Query(
        words=words[:LONGEST_QUESTION],
        kinds=(Kind.LESSON.value,),
        limit=MOST_OFFERED,
        snippets=False,
    )
    try:
        found = context.store().index.find(session, query, seen_by=viewer())
    except Unavailable:
        return None
    numbers = [hit.number for hit in found.hits]
    return more_evidence.choices(session, numbers, source, by=viewer())
