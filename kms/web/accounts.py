"""My own account: name, password, a copy of my data, and being forgotten."""

import json

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kms import accounts, digests, passwords, privacy
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models import Account
from kms.permissions import sign_in_needed
from kms.sessions import Session
from kms.web import context, signin
from kms.web.admin import permission_names
from kms.web.context import reading, saving
from kms.web.security import email_key, throttle

blueprint = Blueprint("accounts", __name__, url_prefix="/account")

# What a person with a one-time password may still reach before changing it.
_OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "accounts.password",
        "accounts.change_password",
        "signin.signout",
        "shell.language",
        "shell.theme",
        "shell.healthz",
    }
)
# Nobody is asked for there.
_OPEN_TO_ALL_ALIKE = frozenset({"feeds"})


@blueprint.before_app_request
def insist_on_new_password() -> ResponseReturnValue | None:
    """Whoever signed in with a one-time password sets their own first."""
    if request.endpoint in _OPEN_ENDPOINTS or request.blueprint in _OPEN_TO_ALL_ALIKE:
        return None
    account = context.signed_in()
    if account is None or not account.must_change_password:
        return None
    return redirect(url_for("accounts.password"))


@blueprint.get("")
def show() -> str:
    """Name, e-mail and permission, with the ways on."""
    with reading() as session:
        return _show(_mine(session), {})


@blueprint.post("/name")
def rename() -> ResponseReturnValue:
    """Change the name that others see."""
    try:
        with saving() as session:
            accounts.rename(session, _mine(session), request.form.get("name", ""))
    except Invalid as problem:
        with reading() as session:
            return _show(_mine(session), problem.problems, request.form.get("name", "")), 422
    flash(_("เปลี่ยนชื่อแล้ว"), "success")
    return redirect(url_for("accounts.show"), 303)


@blueprint.post("/digest")
def choose_digest() -> ResponseReturnValue:
    """How often what is new comes by mail."""
    with saving() as session:
        digests.choose(session, _mine(session), request.form.get("digest", ""))
    flash(_("บันทึกการส่งสรุปแล้ว"), "success")
    return redirect(url_for("accounts.show", _anchor="digest"), 303)


@blueprint.get("/password")
def password() -> str:
    """The form for a new password."""
    return _password_form({})


@blueprint.post("/password")
def change_password() -> ResponseReturnValue:
    """Set the new password; other devices are signed out, this one stays."""
    form = request.form
    key = email_key(str(_required()))
    throttle().check(key)
    try:
        with saving() as session:
            account = _mine(session)
            accounts.change_password(
                session,
                account,
                current=form.get("current_password", ""),
                new=form.get("new_password", ""),
            )
    except Invalid as problem:
        throttle().count(key)
        return _password_form(problem.problems), 422
    signin.start_session(account.id, account.session_stamp)
    flash(_("เปลี่ยนรหัสผ่านแล้ว อุปกรณ์อื่นต้องเข้าสู่ระบบใหม่"), "success")
    return redirect(url_for("accounts.show"), 303)


@blueprint.get("/export")
def export() -> Response:
    """A file with everything kept about me."""
    with reading() as session:
        kept = privacy.export_own_data(session, _mine(session))
    response = Response(json.dumps(kept, ensure_ascii=False, indent=2), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="platu-my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/forget")
def ask_to_forget() -> str:
    """What being forgotten means, and the button."""
    _required()
    return render_template("accounts/forget.html", problems={})


@blueprint.post("/forget")
def forget() -> ResponseReturnValue:
    """Forget me, once the password proves that it is me."""
    key = email_key(str(_required()))
    throttle().check(key)
    with saving() as session:
        account = _mine(session)
        if not passwords.fits(account.password_hash, request.form.get("current_password", "")):
            throttle().count(key)
            problems = {"current_password": _("รหัสผ่านเดิมไม่ถูกต้อง")}
            return render_template("accounts/forget.html", problems=problems), 422
        privacy.forget(session, account)
    signin.end_session()
    flash(_("ลืมชื่อของคุณแล้ว ขอบคุณที่ร่วมเรียนรู้กันมา"), "success")
    return redirect("/", 303)


def _required() -> int:
    number = context.viewer().account_id
    if number is None:
        raise sign_in_needed()
    return number


def _mine(session: Session) -> Account:
    return accounts.get(session, _required())


def _show(account: Account, problems: dict[str, str], name: str | None = None) -> str:
    return render_template(
        "accounts/show.html",
        mine=account,
        sends_mail=context.settings().mail_server is not None,
        permission=dict(permission_names())[account.permission],
        name=account.person.name if name is None else name,
        problems=problems,
    )


def _password_form(problems: dict[str, str]) -> str:
    account = context.signed_in()
    with reading() as session:
        email = _mine(session).email
    return render_template(
        "accounts/password.html",
        problems=problems,
        email=email,
        must=account is not None and account.must_change_password,
        least=passwords.LEAST_LETTERS,
    )
