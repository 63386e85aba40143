"""What notes ask of organisations and roles: asked, answered, and all of it in one list."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from kms import notes, organisations, recommendations, roles
from kms.errors import Invalid, KmsError, NotFound
from kms.language import gettext as _
from kms.note_kinds import ROLES
from kms.permissions import require
from kms.recommendations import Asked
from kms.sessions import Session
from kms.web import asked, errors
from kms.web.addresses import address, in_place_of
from kms.web.context import reading, saving, viewer
from kms.web.paging import page_of, start_of

blueprint = Blueprint("recommendations", __name__)

A_PAGE = 30
STATES: Mapping[str, bool | None] = {"": None, "waiting": False, "answered": True}


@blueprint.get("/recommendations")
def listing() -> str:
    """All of them: of whom, where, answered or not."""
    place = asked.place_of_address()
    offset = start_of(request.args.get("offset", ""))
    state = request.args.get("show", "")
    state = state if state in STATES else ""
    role = request.args.get("role", "")
    role = role if role in ROLES else ""
    with reading() as session:
        number, name = _organisation_asked(session)
        wanted = Asked(number, role, place.code or "", STATES[state])
        found = recommendations.listing(
            session, wanted, seen_by=viewer(), limit=A_PAGE, offset=offset
        )
    given = (
        ("show", state),
        ("organisation", str(number or "")),
        ("role", role),
        ("place", place.code or ""),
    )
    pairs = tuple(pair for pair in given if pair[1])
    names = {"": _("ทั้งหมด"), "waiting": _("รอคำตอบ"), "answered": _("ตอบแล้ว")}
    return render_template(
        "recommendations/listing.html",
        found=found,
        state=state,
        tabs=[
            (address("/recommendations", in_place_of(pairs, "show", one)), said, one)
            for one, said in names.items()
        ],
        organisation=number,
        organisation_name=name,
        role=role,
        role_choices=[("", _("ทุกบทบาท")), *_role_names()],
        place=place,
        page=page_of("/recommendations", pairs, total=found.total, offset=offset, limit=A_PAGE),
    )


@blueprint.get("/notes/<int:number>/recommend")
def ask(number: int) -> str:
    """The form: what is asked, and of whom."""
    require(viewer(), "comment")
    return _form(number, {"what": request.args.get("passage", "")}, {})


@blueprint.post("/notes/<int:number>/recommend")
def add(number: int) -> ResponseReturnValue:
    """Ask it; a refused form comes back with its words."""
    given = asked.words("organisation", "role", "place", many_lines=("what",))
    try:
        where = asked.place(given["place"])
        with saving() as session:
            note = notes.get(session, number, seen_by=viewer())
            made = recommendations.add(
                session,
                note,
                by=viewer(),
                what=given["what"],
                organisation=given["organisation"],
                role=given["role"],
                place_code=where.require(),
            )
            made_id = made.id
    except Invalid as problem:
        return _form(number, given, problem.problems), 422
    flash(_("เสนอแล้ว คนที่ถูกเสนอจะตอบได้ที่หน้านี้"), "success")
    return redirect(url_for("recommendations.show", recommendation_id=made_id), 303)


@blueprint.get("/recommendations/<int:recommendation_id>")
def show(recommendation_id: int) -> str:
    """One of them, its answer, and for those asked a box to answer in."""
    return _one(recommendation_id, {}, {})


@blueprint.post("/recommendations/<int:recommendation_id>/answer")
def answer(recommendation_id: int) -> ResponseReturnValue:
    """Keep what those asked say."""
    given = asked.words("outcome", many_lines=("body",))
    try:
        with saving() as session:
            recommendations.answer(session, recommendation_id, by=viewer(), **given)
    except Invalid as problem:
        return _one(recommendation_id, given, problem.problems), 422
    return _to(recommendation_id, _("บันทึกคำตอบแล้ว"))


@blueprint.post("/recommendations/<int:recommendation_id>/take-back")
def take_back(recommendation_id: int) -> ResponseReturnValue:
    """The answer that holds is taken back."""
    with saving() as session:
        recommendations.take_back(session, recommendation_id, by=viewer())
    return _to(recommendation_id, _("ถอนคำตอบแล้ว"))


@blueprint.post("/recommendations/<int:recommendation_id>/withdraw")
def withdraw(recommendation_id: int) -> ResponseReturnValue:
    """Its author takes it away, or brings it back."""
    back = request.form.get("back") == "1"
    with saving() as session:
        recommendations.withdraw(session, recommendation_id, by=viewer(), back=back)
    said = _("เอาข้อเสนอกลับมาแล้ว") if back else _("ถอนข้อเสนอแล้ว เอากลับได้ที่หน้านี้")
    return _to(recommendation_id, said)


@blueprint.errorhandler(CSRFError)
def stale(problem: CSRFError) -> ResponseReturnValue:
    """A form whose token is old: the words stay, with a fresh token to send again."""
    given = request.view_args or {}
    if not viewer().is_signed_in or request.endpoint not in (
        "recommendations.add",
        "recommendations.answer",
    ):
        return errors.of_stale_form(problem)
    said = _("ยังไม่ได้ส่ง เพราะหน้านี้เปิดค้างไว้นาน คำที่พิมพ์ยังอยู่ครบ กดส่งอีกครั้ง")
    try:
        if request.endpoint == "recommendations.add":
            words = asked.words("organisation", "role", "place", many_lines=("what",))
            return _form(given["number"], words, {}, notice=said), 400
        words = asked.words("outcome", many_lines=("body",))
        return _one(given["recommendation_id"], words, {}, notice=said), 400
    except KmsError:
        return errors.of_stale_form(problem)


def outcome_names() -> dict[str, str]:
    """What the answers are called."""
    return {
        "accepted": _("รับไปทำ"),
        "partly": _("รับบางส่วน"),
        "declined": _("ยังรับไม่ได้"),
        "done": _("ทำแล้ว"),
    }


@blueprint.app_template_filter()
def answer_name(outcome: str) -> str:
    """What an answer is called."""
    return outcome_names()[outcome]


def _role_names() -> list[tuple[str, str]]:
    return [(code, roles.name(code)) for code in ROLES]


def _organisation_asked(session: Session) -> tuple[int | None, str]:
    """The organisation of the address by its number, or the one it was found to be; without a
    name where the viewer may not know of it."""
    text = request.args.get("organisation", "")
    number = start_of(text)
    if not number:
        return None, ""
    try:
        found = organisations.page(session, number, seen_by=viewer(), limit=1)
    except NotFound:
        return number, ""
    return found.organisation.id, found.organisation.name


def _form(
    number: int, given: Mapping[str, str], problems: Mapping[str, str], notice: str = ""
) -> str:
    require(viewer(), "comment")
    with reading() as session:
        note = notes.get(session, number, seen_by=viewer())
        title = note.title
    return render_template(
        "recommendations/form.html",
        number=number,
        title=title,
        given=given,
        problems=problems,
        notice=notice,
        role_choices=[("", _("ไม่ระบุ")), *_role_names()],
    )


def _one(
    recommendation_id: int,
    given: Mapping[str, str],
    problems: Mapping[str, str],
    notice: str = "",
) -> str:
    with reading() as session:
        found = recommendations.show(session, recommendation_id, seen_by=viewer())
        may_answer = recommendations.may_answer(session, found, viewer())
    return render_template(
        "recommendations/show.html",
        one=found,
        may_answer=may_answer and not found.is_withdrawn,
        outcomes=outcome_names(),
        given=given,
        problems=problems,
        notice=notice,
    )


def _to(recommendation_id: int, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return redirect(url_for("recommendations.show", recommendation_id=recommendation_id), 303)
