"""Writing and revising notes. Whatever happens, the words typed come back with the answer."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from kms import drafts, history, notes, revising, themes
from kms.errors import EditConflict, Invalid, KmsError, NotFound, SignInNeeded
from kms.language import gettext as _
from kms.models import Note
from kms.note_kinds import Kind, LessonParts, NoteContent
from kms.permissions import Viewer, require
from kms.sessions import Session
from kms.web import (
    asked,
    attachments,
    briefed_review,
    conflicts,
    context,
    errors,
    lesson_hints,
    news,
    next_meeting,
)
from kms.web.answers import gone_to
from kms.web.context import reading, saving, viewer
from kms.web.drafts import NOTHING_BESIDE, Beside, begun, forget_sent, keep_typed
from kms.web.evidence import asked_for, unfounded
from kms.web.form_page import FormPage, labels_for
from kms.web.forms import aar, lesson, note_form, used_lessons
from kms.web.forms.note_form import Known
from kms.web.forms.reading import Notices, Reading
from kms.web.forms.typed import Typed
from kms.web.lesson_hints import NOTHING_TOLD, Told

blueprint = Blueprint("writing", __name__)

SOURCE = "form"
MOST_SOURCES = 60
LOOKS = ("add", "remove", "switch")
# Number, whether it is a new note, and between which revisions others wrote.
Kept = tuple[int, bool, tuple[int, int] | None]
# Fields that say how a form was sent and nothing of what it says.
NOT_WORDS = ("csrf_token", "client_id", "based_on", "draft_step", "draft_device", "do", "clashes")


@dataclass(frozen=True)
class Request:
    """A form that came in: for which note, of what kind, with which words, by whom."""

    kind: Kind
    typed: Typed
    who: Viewer
    number: int | None = None

    @property
    def action(self) -> str:
        """Where the form is sent."""
        if self.number is not None:
            return url_for("writing.edit", number=self.number)
        return url_for("writing.new", kind=self.kind.value)

    @property
    def only_looks(self) -> bool:
        """Whether a button was pressed that shows the form again and saves nothing."""
        return any(map(self.typed.has, LOOKS)) or self.typed.text("do") in ("check", "attach")


# --- choosing and beginning ----------------------------------------------------------------------


@blueprint.get("/write")
def start() -> str:
    """What to write, the review after an activity first."""
    require(viewer(), "write")
    choices = (
        ("aar", _("AAR หลังจบงาน"), _("เล่าว่าวันนี้ได้เรียนรู้อะไร ประโยคเดียวก็มีค่า")),
        ("minutes", _("บันทึกการประชุม"), _("ใครมา คุยอะไร ตกลงอะไร ใครทำอะไรต่อ จะได้ไม่ลืมกัน")),
        ("lesson", _("บทเรียน"), _("กลั่นหนึ่งข้อที่คนพื้นที่อื่นหยิบไปใช้ได้ พร้อมบอกว่าใครทำให้เกิดขึ้น")),
        ("page", _("หน้าความรู้"), _("อธิบายคำ วิธีทำ หรือคู่มือ ให้ทุกคนช่วยกันเติม")),
        ("note", _("บันทึกทั่วไป"), _("เรื่องเล่าหรือข้อสังเกตที่อยากเก็บไว้ ยังไม่ต้องจัดหมวด")),
    )
    return render_template("writing/start.html", choices=choices)


@blueprint.post("/write/<kind>/begin", endpoint="begin")
@blueprint.get("/write/<kind>")
def new(kind: str) -> str:
    """An empty form, or one begun from another note's passage; a long one comes in a form."""
    wanted = _kind(kind)
    require(viewer(), "write")
    with reading() as session:
        typed, known = _beginning(session, wanted, viewer())
        typed, beside = begun(session, typed, wanted, None)
    return _shown(Request(wanted, typed, viewer()), beside, known)


@blueprint.get("/notes/<int:number>/edit")
def edit(number: int) -> str:
    """The form filled with what the note says now."""
    with reading() as session:
        note = notes.get_for_revision(session, number, by=viewer())
        content = notes.content_of(note)
        titles = conflicts.source_titles(session, content, viewer())
        known = _knowing(themes.load(session), titles)
        revision = note.revision
        seen = history.with_sources_seen(session, content, viewer())
        filled = note_form.fill(seen, known)
        typed, beside = begun(session, filled.but(based_on=str(revision)), content.kind, note)
    return _shown(Request(content.kind, typed, viewer(), number), beside, known)


@blueprint.get("/mine")
def mine() -> str:
    """What this account wrote: drafts, then what others can read."""
    require(viewer(), "write")
    with reading() as session:
        cards = notes.of_owner(session, viewer())
        lines = drafts.of_owner(session, viewer())
        fresh = news.count_for_viewer(session)
    unseen = [card for card in cards if card.visibility == "draft"]
    shared = [card for card in cards if card.visibility != "draft"]
    return render_template("notes/mine.html", drafts=unseen, cards=shared, lines=lines, fresh=fresh)


def _kind(code: str) -> Kind:
    try:
        return Kind(code)
    except ValueError:
        raise NotFound(_("ไม่มีแบบบันทึกนี้ เลือกจากหน้าเขียนบันทึก")) from None


def _beginning(session: Session, kind: Kind, who: Viewer) -> tuple[Typed, Known]:
    """The words an address brings along: a question set, a title, or a note to learn from."""
    begun, known = Typed(), _knowing(themes.load(session), {})
    source = lesson.number_in(request.args.get("from", ""))
    if kind == Kind.LESSON and source is not None:
        begun, known = _drawn_from(session, source, who, known.tree)
    if kind == Kind.AFTER_ACTION_REVIEW and request.args.get("briefing"):
        begun, titles = briefed_review.begin(session, request.args["briefing"], who, known)
        known = _knowing(known.tree, titles)
    before = lesson.number_in(request.args.get("next_of", ""))
    if kind == Kind.MINUTES and before is not None:
        begun = next_meeting.begin(session, before, who, known)
    brought = {name: request.args.get(name, "") for name in ("questions", "title")}
    return begun.but(**{name: value for name, value in brought.items() if value}), known


def _drawn_from(
    session: Session, number: int, who: Viewer, tree: themes.Tree
) -> tuple[Typed, Known]:
    """A lesson begun from a note: its places, themes and people, and the passage chosen."""
    note = notes.get(session, number, seen_by=who)
    content = notes.content_of(note)
    begun = NoteContent(
        kind=Kind.LESSON,
        title="",
        visibility=content.visibility,
        author=who.name,
        places=content.places,
        themes=content.themes,
        roles=content.roles,
    )
    evidence = asked_for(session, note)
    begun = replace(begun, lesson=LessonParts(sources=(evidence,)))
    known = _knowing(tree, {number: content.title})
    return note_form.fill(begun, known), known


# --- saving --------------------------------------------------------------------------------------


@blueprint.post("/write/<kind>")
def create(kind: str) -> ResponseReturnValue:
    """Save a new note; the same form sent twice makes one note."""
    return _answer(Request(_kind(kind), _typed(), viewer()))


@blueprint.post("/notes/<int:number>/edit")
def revise(number: int) -> ResponseReturnValue:
    """Save the next revision of a note."""
    return _answer(Request(_kind(request.form.get("kind", "note")), _typed(), viewer(), number))


@blueprint.post("/notes/<int:number>/visibility")
def visibility(number: int) -> ResponseReturnValue:
    """Show the note to others, or to fewer."""
    with saving() as session:
        note = notes.get_for_revision(session, number, by=viewer())
        wanted = request.form.get("visibility", "")
        notes.change_visibility(session, note, wanted, by=viewer())
    flash(_("เปลี่ยนแล้วว่าใครเห็นบันทึกนี้ได้"), "success")
    return redirect(url_for("notes.show", number=number), 303)


@blueprint.get("/notes/<int:number>/delete", endpoint="delete")
def ask_to_delete(number: int) -> str:
    """Whether it is really to go."""
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        require(viewer(), "delete_note", note)
    return render_template("notes/delete.html", note=note)


@blueprint.post("/notes/<int:number>/delete")
def throw_away(number: int) -> ResponseReturnValue:
    """Delete the note for good."""
    with saving() as session:
        note = notes.get(session, number, seen_by=viewer())
        notes.delete(session, note, by=viewer())
    flash(_("ลบบันทึกที่ %(number)s แล้ว", number=number), "success")
    return redirect(url_for("writing.mine"), 303)


def _answer(form: Request) -> ResponseReturnValue:
    if not form.who.is_signed_in:
        return _signed_out(form)
    if form.typed.has("take") and form.number is not None:
        chosen = conflicts.after_choice(form.kind, form.number, form.typed)
        return conflicts.render(chosen) if chosen else _shown(form)
    form = _after_button(form)
    typed, refused = attachments.take(form.typed)
    form = replace(form, typed=typed)
    if refused:
        return _refused(form, _read(form), {attachments.FIELD: refused})
    if form.only_looks:
        return _shown(form)
    if form.typed.text("do") == "draft":
        typed, beside = keep_typed(form.typed, form.kind, form.number)
        return _shown(replace(form, typed=typed), beside)
    read = _read(form)
    problems = _problems(form, read)
    return _refused(form, read, problems) if problems else _saved(form, read)


def _saved(form: Request, read: Reading) -> ResponseReturnValue:
    try:
        number, is_new, joined = _save_twice(form, read.content)
    except Invalid as problem:
        return _refused(form, read, problem.problems)
    except EditConflict as problem:
        if context.wants_json():
            return errors.of_ours(problem)
        return _conflict(form, read), 409
    except NotFound as problem:
        if context.wants_json():
            return errors.of_ours(problem)
        # Thrown away or hidden meanwhile: the words can still become a note of their own.
        orphan = replace(form, number=None, typed=form.typed.but(client_id=str(uuid.uuid4())))
        return _kept(orphan, problem.message, must_sign_in=False), 404
    return _gone(number, joined, is_new=is_new)


def _gone(number: int, joined: tuple[int, int] | None, *, is_new: bool) -> ResponseReturnValue:
    """On to the note, with a word on what was merged into it."""
    url = url_for("notes.show", number=number)
    if not joined:
        said = _("บันทึกแล้ว ขอบคุณที่แบ่งปัน") if is_new else _("บันทึกฉบับใหม่แล้ว")
        return gone_to(url, number, said)
    old, new = joined
    difference = url_for("revisions.difference", number=number, old=old, new=new)
    more = (difference, _("ดูว่าอะไรเปลี่ยนไป"))
    return gone_to(url, number, _("มีคนแก้ไปพร้อมกัน รวมให้แล้ว"), more=more)


def _save_twice(form: Request, content: NoteContent) -> Kept:
    """As ``_save``; when the same form was saved at this very moment, what it made is found."""
    try:
        return _save(form, content)
    except EditConflict:
        return _save(form, content)


def _save(form: Request, content: NoteContent) -> Kept:
    """The note saved; what others wrote meanwhile in other places is merged."""
    who, typed = form.who, form.typed
    sent = _sent(form)
    with saving() as session:
        forget_sent(session)
        number = form.number or _sent_before(session, form)
        if number is None:
            note = notes.create(
                session, content, by=who, source=SOURCE, source_id=sent.form_id, sent=sent
            )
            return note.number, True, None
        note = notes.get_for_revision(session, number, by=who)
        based_on, is_saved = _began_from(session, note, form, sent)
        if is_saved:
            return note.number, False, None
        saved = revising.revise(
            session,
            note,
            content,
            by=who,
            based_on=based_on,
            reason=typed.words("reason"),
            sent=sent,
            shown=conflicts.shown_to(session, who, _known(session, form)),
        )
        return note.number, False, saved.joined


def _began_from(session: Session, note: Note, form: Request, sent: notes.Sent) -> tuple[int, bool]:
    """The revision that the writer began from, and whether these words are saved already.

    A form that was saved before goes on from what it made, unless its page has since shown what
    others saved (as the page of a conflict does).
    """
    seen = asked.whole(form.typed.text("based_on", "1")) or 0
    made, is_saved = notes.sent_before(session, note, sent) or (seen, False)
    return (max(made, seen) if made else seen), is_saved


def _sent_before(session: Session, form: Request) -> int | None:
    """The note that this very form made earlier: sending it again revises that note."""
    earlier = notes.find_imported(session, SOURCE, _client_id(form.typed))
    is_own = earlier is not None and earlier.owner_id == form.who.account_id
    return earlier.number if earlier is not None and is_own else None


def _sent(form: Request) -> notes.Sent:
    return notes.Sent(_client_id(form.typed), form.typed.digest(besides=NOT_WORDS))


def _client_id(typed: Typed) -> str:
    """The form's own id, bound to the writer so that nobody can take another's.

    Programs are told it, so it must not tell who wrote a note that names no author.
    """
    try:
        kept = uuid.UUID(typed.text("client_id"))
    except ValueError:
        kept = uuid.uuid4()
    return str(uuid.uuid5(kept, str(viewer().account_id)))


# --- reading a form ------------------------------------------------------------------------------


def _typed() -> Typed:
    return Typed.of(request.form.lists())


def _after_button(form: Request) -> Request:
    """The form after the button that changes it: a row removed, other questions."""
    typed = form.typed
    prefix, _dash, index = typed.text("remove").rpartition("-")
    if prefix:
        typed = typed.without_row(prefix, index)
    if typed.has("switch") and form.kind == Kind.AFTER_ACTION_REVIEW:
        typed = aar.switch(typed, typed.text("switch"))
    return replace(form, typed=typed)


def _read(form: Request) -> Reading:
    with reading() as session:
        return _understood(session, form, _known(session, form))


def _understood(session: Session, form: Request, known: Known) -> Reading:
    """What the form says; passages that nothing says are told beside them."""
    read = note_form.read(form.kind, form.typed, known)
    found = unfounded(session, read.content, form.who, form.number)
    read.notices.problems.update({**found, **read.notices.problems})
    return read


def _knowing(tree: themes.Tree, titles: Mapping[int, str]) -> Known:
    """What a form opened now must know, with the notes it names by number."""
    return Known(viewer().name, tree, {str(one): (one, title) for one, title in titles.items()})


def _known(session: Session, form: Request) -> Known:
    return Known(form.who.name, themes.load(session), _sources(session, form))


def _sources(session: Session, form: Request) -> dict[str, tuple[int, str]]:
    """Number and title for each note named as a source, or lesson as used, that the writer may
    see."""
    name = {Kind.LESSON: lesson.sources_named, Kind.AFTER_ACTION_REVIEW: used_lessons.named}
    if form.kind not in name:
        return {}
    numbers: dict[str, int] = {}
    for named in name[form.kind](form.typed)[:MOST_SOURCES]:
        number = lesson.number_in(named) or notes.resolve_page(session, named, seen_by=form.who)
        if number:
            numbers[named] = number
    titles = notes.titles(session, numbers.values(), seen_by=form.who)
    return {named: (one, titles[one]) for named, one in numbers.items() if one in titles}


def _problems(form: Request, read: Reading) -> dict[str, str]:
    """What the form could not read, then what a note must not be; fields in the page's order."""
    problems = dict(read.problems)
    try:
        notes.check(read.content)
    except Invalid as problem:
        problems = {**problem.problems, **problems}
    has_no_words = any(name == "point" or name.startswith("answers-") for name in problems)
    if not form.typed.words("title") and has_no_words:
        # The title comes from the words that are missing: ask for one thing only.
        problems.pop("title", None)
    return _in_page_order(problems, form.typed)


def _in_page_order(problems: dict[str, str], typed: Typed) -> dict[str, str]:
    """The problems as their fields follow one another; a browser sends fields in that order."""
    order: dict[str, int] = {}
    for at, name in enumerate(typed.values):
        order.setdefault(name, at)
        order.setdefault(note_form.group_of(name), at)
    return dict(sorted(problems.items(), key=lambda one: order.get(one[0], len(order))))


# --- showing it again ----------------------------------------------------------------------------


def _shown(form: Request, beside: Beside = NOTHING_BESIDE, known: Known | None = None) -> str:
    """The form with what was understood so far; nothing is refused yet but what is unreadable.

    ``known`` is what the words of a fresh form were made with; a draft may name other notes.
    """
    with reading() as session:
        if known is None or beside.draft:
            known = _known(session, form)
        read = _understood(session, form, known)
        told = NOTHING_TOLD
        if form.kind == Kind.LESSON and form.typed.text("do") == "check":
            told = lesson_hints.of_form(session, form.typed, form.number)
            read.notices.warnings.update(told.warnings)
    return _rendered(replace(_page(form, known, read.notices), beside=beside), told)


def _refused(form: Request, read: Reading, problems: dict[str, str]) -> ResponseReturnValue:
    if context.wants_json():
        said = _("ยังบันทึกไม่ได้ มี %(n)s จุดที่ต้องแก้", n=len(problems))
        return errors.of_ours(Invalid(said, problems))
    with reading() as session:
        known = _known(session, form)
    return _render(form, known, replace(read.notices, problems=problems)), 422


def _conflict(form: Request, read: Reading) -> str:
    """Both texts where both changed the same place; what can be merged is merged."""
    sent = _sent(form)
    with reading() as session:
        number = form.number or _sent_before(session, form) or 0
        note = notes.get_for_revision(session, number, by=form.who)
        based_on, _is_saved = _began_from(session, note, form, sent)
    return conflicts.page(number, form.typed, read.content, who=form.who, based_on=based_on)


def _signed_out(form: Request) -> ResponseReturnValue:
    said = _("ยังไม่ได้บันทึก เพราะออกจากระบบไปแล้ว คำที่พิมพ์ยังอยู่ครบในหน้านี้")
    if context.wants_json():
        return errors.of_ours(SignInNeeded(said))
    return _kept(form, said, must_sign_in=True), 401


def _kept(form: Request, said: str, *, must_sign_in: bool) -> str:
    """The words typed in a form with a fresh token, for someone we may not know."""
    with reading() as session:
        known = Known(form.who.name, themes.load(session))
    page = _page(form, known, Notices())
    return _rendered(replace(page, notice=said, must_sign_in=must_sign_in))


def _render(form: Request, known: Known, notices: Notices) -> str:
    return _rendered(_page(form, known, notices))


def _page(form: Request, known: Known, notices: Notices) -> FormPage:
    return FormPage(
        kind=form.kind,
        typed=form.typed,
        notices=notices,
        tree=known.tree,
        writer=known.writer,
        action=form.action,
        number=form.number,
        added=form.typed.text("add"),
        labels=labels_for(notices.problems, aar.question_set(form.typed), form.kind),
        files=attachments.of_form(form.typed, form.who),
    )


def _rendered(page: FormPage, told: Told = NOTHING_TOLD) -> str:
    return render_template("writing/form.html", form=page, told=told)


@blueprint.errorhandler(CSRFError)
def stale(problem: CSRFError) -> ResponseReturnValue:
    """A form whose token is missing or old: the words stay, with a fresh token to send again."""
    given = request.view_args or {}
    if request.endpoint not in ("writing.create", "writing.revise"):
        return errors.of_stale_form(problem)
    try:
        kind = _kind(given.get("kind") or request.form.get("kind", "note"))
    except KmsError as missing:
        return errors.of_ours(missing)
    form = Request(kind, _typed(), viewer(), given.get("number"))
    if not form.who.is_signed_in:
        return _signed_out(form)
    if context.wants_json():
        return errors.of_stale_form(problem)
    said = _("ยังไม่ได้บันทึก เพราะหน้านี้เปิดค้างไว้นาน คำที่พิมพ์ยังอยู่ครบ กดบันทึกอีกครั้ง")
    return _kept(form, said, must_sign_in=False), 400
