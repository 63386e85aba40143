"""Activities and projects: the list, a page for each, and the form to record one from a note."""

from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kms import activities, note_cards, notes, overlaps, themes
from kms.activities import ActivityLine
from kms.activity_facts import ActivityFacts, checked
from kms.errors import Invalid, NotFound
from kms.language import gettext as _
from kms.models import Activity
from kms.note_cards import NoteCard
from kms.note_checks import tidy
from kms.overlaps import OverlapShown
from kms.permissions import may, require
from kms.sessions import Session
from kms.thai import dates
from kms.web import asked
from kms.web.activity_form import ActivityForm, theme_options
from kms.web.context import reading, saving, viewer
from kms.web.forms import activity as form_words
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Typed
from kms.web.paging import page_of, start_of

blueprint = Blueprint("activities", __name__, url_prefix="/activities")

EACH_PAGE = 30
MOST_FOUND = 20


# --- reading -------------------------------------------------------------------------------------


@blueprint.get("")
def listing() -> ResponseReturnValue:
    """Those the viewer may see, narrowed by place, theme, organisation and year."""
    place = asked.place_of_address()
    given = {name: request.args.get(name, "") for name in ("organisation", "year")}
    offset = start_of(request.args.get("offset", ""))
    year, year_problem = _year(given["year"])
    said = tidy(given["organisation"], lines=False)
    with reading() as session:
        tree = themes.load(session)
        theme = asked.theme_of_address(session, tree)
        organisation = activities.organisation_asked(session, said, seen_by=viewer())
        found = activities.listing(
            session,
            seen_by=viewer(),
            place=place.code,
            theme=theme or None,
            organisation=organisation.id if organisation else None,
            year=year,
            offset=offset,
            limit=EACH_PAGE,
        )
    kept = (
        ("place", place.code or ""),
        ("theme", theme),
        ("organisation", str(organisation.id) if organisation else ""),
        ("year", given["year"] if year else ""),
    )
    pairs = tuple(pair for pair in kept if pair[1])
    return render_template(
        "activities/listing.html",
        found=found,
        page=page_of("/activities", pairs, total=found.total, offset=offset, limit=EACH_PAGE),
        place=place.typed,
        theme=theme,
        organisation=organisation.full_name if organisation else said,
        year=given["year"],
        themes=theme_options(tree),
        problems={"place": place.problem, "year": year_problem}
        | {"organisation": _("ไม่พบองค์กรนี้") if said and not organisation else ""},
        is_narrowed=bool(pairs),
        today=dates.today_in_thailand(),
    )


@blueprint.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """What is known of an activity, its notes and its overlaps."""
    with reading() as session:
        try:
            activity = activities.get(session, number, seen_by=viewer())
        except NotFound:
            gone = activities.removed(session, number, by=viewer())
            return render_template("activities/removed.html", name=gone.name, number=number)
        line = activities.lines(session, [number], seen_by=viewer())[number]
        told, found = _beside(session, activity)
        may_revise = may(viewer(), "revise_activity", activity)
    return render_template(
        "activities/show.html",
        activity=line,
        about=activity.about,
        notes=told,
        overlaps=found,
        may_revise=may_revise,
        may_record=may(viewer(), "record_activity"),
        part_names=form_words.part_names(),
        today=dates.today_in_thailand(),
    )


def _beside(session: Session, activity: Activity) -> tuple[list[NoteCard], list[OverlapShown]]:
    told = note_cards.cards(session, activities.notes_of(activity), seen_by=viewer())
    return told, overlaps.of_activity(session, activity.id, seen_by=viewer())


# --- recording -----------------------------------------------------------------------------------


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The form, filled with what the note says already."""
    require(viewer(), "record_activity")
    with reading() as session:
        note = notes.get(session, _origin(), seen_by=viewer())
        typed = form_words.begin(notes.content_of(note))
        form = ActivityForm(typed, themes.load(session), note.number, note.title)
    return _shown(form)


@blueprint.post("/new")
def create() -> ResponseReturnValue:
    """Record it, unless one of nearly the same name asks for a second look."""
    require(viewer(), "record_activity")
    typed = _typed()
    with reading() as session:
        note = notes.get(session, _origin(), seen_by=viewer())
        form = ActivityForm(typed, themes.load(session), note.number, note.title)
        alike = _perhaps_the_same(session, typed)
    if _only_looks():
        return _shown(_after_button(form))
    facts, notices = form_words.read(typed, form.tree)
    if not notices.problems and alike:
        return _shown(replace(form, alike=tuple(alike))), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        _refuse(facts, notices)
        with saving() as session:
            note = notes.get(session, form.note, seen_by=viewer())
            sent_as = _sent_as(form.note, typed)
            activity = activities.record(session, note, facts, by=viewer(), sent_as=sent_as)
            found = len(overlaps.of_activity(session, activity.id, seen_by=viewer()))
    except Invalid as problem:
        return _refused(form, notices, problem)
    _say_saved(found)
    return redirect(url_for("activities.show", number=activity.id), HTTPStatus.SEE_OTHER)


@blueprint.get("/<int:number>/edit")
def edit(number: int) -> ResponseReturnValue:
    """What is known of it, to be mended by its writer or a curator."""
    with reading() as session:
        activity = _to_revise(session, number)
        facts = activities.facts_of(activity)
        typed = form_words.fill(facts).but(based_on=activities.stamp(activity))
        form = _form_of(session, activity, typed)
    return _shown(form)


@blueprint.post("/<int:number>/edit")
def revise(number: int) -> ResponseReturnValue:
    """Keep what was mended, or show the form again with every word."""
    typed = _typed()
    with reading() as session:
        form = _form_of(session, _to_revise(session, number), typed)
    if _only_looks():
        return _shown(_after_button(form))
    facts, notices = form_words.read(typed, form.tree)
    try:
        _refuse(facts, notices)
        with saving() as session:
            activity = _to_revise(session, number)
            kept = [one.theme.slug for one in activity.themes]
            # A theme without a box, such as one proposed, stays.
            boxes = {one.slug for branch in form.themes for one in branch.choices}
            other = tuple(slug for slug in kept if slug not in boxes)
            facts = replace(facts, themes=tuple(dict.fromkeys((*facts.themes, *other))))
            based_on = typed.text("based_on")
            if based_on and activities.is_overtaken(session, activity, facts, based_on=based_on):
                return _beside_kept(session, form, activity), HTTPStatus.CONFLICT
            activities.revise(session, activity, facts, by=viewer())
            found = len(overlaps.of_activity(session, number, seen_by=viewer()))
    except Invalid as problem:
        return _refused(form, notices, problem)
    _say_saved(found)
    return redirect(url_for("activities.show", number=number), HTTPStatus.SEE_OTHER)


@blueprint.post("/<int:number>/remove")
def remove(number: int) -> ResponseReturnValue:
    """Take it from every list; the next page offers to bring it back."""
    with saving() as session:
        activity = _to_revise(session, number)
        activities.remove(session, activity, by=viewer())
    return redirect(url_for("activities.show", number=number), HTTPStatus.SEE_OTHER)


@blueprint.post("/<int:number>/restore")
def restore(number: int) -> ResponseReturnValue:
    """Bring back what was removed."""
    with saving() as session:
        activity = activities.removed(session, number, by=viewer())
        activities.restore(session, activity, by=viewer())
    flash(_("เอา “%(name)s” กลับมาแล้ว", name=activity.name), "success")
    return redirect(url_for("activities.show", number=number), HTTPStatus.SEE_OTHER)


# --- other notes that tell of it -----------------------------------------------------------------


@blueprint.get("/tell")
def choose() -> ResponseReturnValue:
    """Choose an activity that is recorded already, which this note tells of too."""
    require(viewer(), "record_activity")
    name = tidy(request.args.get("name", ""), lines=False)
    with reading() as session:
        note = notes.get(session, _origin(), seen_by=viewer())
        there = {one.id for one in activities.of_note(session, note.number, seen_by=viewer())}
        found = activities.named(session, name, seen_by=viewer(), limit=MOST_FOUND)
    return render_template(
        "activities/tell.html",
        number=note.number,
        title=note.title,
        name=name,
        activities=[one for one in found if one.id not in there],
        today=dates.today_in_thailand(),
    )


@blueprint.post("/<int:number>/notes")
def tell(number: int) -> ResponseReturnValue:
    """This note tells of it too, or does no more."""
    is_undone = bool(request.form.get("undo"))
    with saving() as session:
        told = asked.whole(request.form.get("note", "")) or 0
        note = notes.get(session, told, seen_by=viewer())
        activity = activities.get(session, number, seen_by=viewer())
        change = activities.untell if is_undone else activities.tell
        change(session, activity, note, by=viewer())
        name, where = activity.name, note.number
    if is_undone:
        flash(_("บันทึกที่ %(number)s ไม่ได้เล่าถึง “%(name)s” แล้ว", number=where, name=name), "success")
    else:
        flash(_("บันทึกนี้เล่าถึง “%(name)s” ด้วยแล้ว", name=name), "success")
    return redirect(url_for("activities.show", number=number), HTTPStatus.SEE_OTHER)


# --- parts ---------------------------------------------------------------------------------------


def _origin() -> int:
    return asked.whole(request.args.get("from", "")) or 0


def _typed() -> Typed:
    return Typed.of(request.form.lists())


def _only_looks() -> bool:
    """Whether a button that changes the form was pressed, which saves nothing."""
    return bool(request.form.get("add") or request.form.get("remove"))


def _after_button(form: ActivityForm) -> ActivityForm:
    prefix, _dash, index = form.typed.text("remove").rpartition("-")
    if prefix:
        return replace(form, typed=form.typed.without_row(prefix, index))
    return replace(form, added=form.typed.text("add"))


def _perhaps_the_same(session: Session, typed: Typed) -> list[ActivityLine]:
    """Activities of nearly this name, unless the writer has said that this is another one."""
    if typed.text("different"):
        return []
    sent_as = _sent_as(_origin(), typed)
    if activities.was_sent(session, sent_as):
        return []
    return activities.alike(session, typed.words("name"), seen_by=viewer())


def _sent_as(note: int, typed: Typed) -> str:
    """The form, its writer and its words as one digest (hex)."""
    words = typed.digest(besides=("csrf_token", "different"))
    return sha256(repr((viewer().account_id, note, words)).encode()).hexdigest()


def _to_revise(session: Session, number: int) -> Activity:
    activity = activities.get(session, number, seen_by=viewer())
    require(viewer(), "revise_activity", activity)
    return activity


def _form_of(session: Session, activity: Activity, typed: Typed) -> ActivityForm:
    note = notes.get(session, activity.note_id, seen_by=viewer())
    return ActivityForm(typed, themes.load(session), note.number, note.title, activity.id)


def _refuse(facts: ActivityFacts, notices: Notices) -> None:
    """Tell what the form and the domain cannot take, all at once."""
    try:
        checked(facts)
    except Invalid as problem:
        notices.problems.update({**problem.problems, **notices.problems})
    if notices.problems:
        raise Invalid(_("ยังบันทึกไม่ได้"), {})


def _refused(form: ActivityForm, notices: Notices, problem: Invalid) -> ResponseReturnValue:
    notices.problems.update(problem.problems)
    return _shown(replace(form, notices=notices)), HTTPStatus.UNPROCESSABLE_ENTITY


def _shown(form: ActivityForm) -> str:
    return render_template("activities/form.html", form=form, today=dates.today_in_thailand())


def _beside_kept(session: Session, form: ActivityForm, activity: Activity) -> str:
    """What was typed beside what somebody else recorded since; saved again, it holds."""
    kept = activities.lines(session, [activity.id], seen_by=viewer())[activity.id]
    typed = form.typed.but(based_on=activities.stamp(activity))
    return _shown(replace(form, typed=typed, kept=kept, kept_about=activity.about))


def _say_saved(found: int) -> None:
    flash(_("บันทึกแล้ว"), "success")
    if found:
        said = _("พบงานที่ซ้อนกัน %(n)s งาน ดูคำอธิบายด้านล่าง", n=found)
        flash(Markup('{} <a href="#overlaps">{}</a>').format(said, _("ไปดู")), "warning")


def _year(typed: str) -> tuple[int | None, str]:
    if not typed.strip():
        return None, ""
    try:
        return dates.read_year(typed), ""
    except ValueError as problem:
        return None, str(problem)
