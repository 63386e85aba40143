"""Signing in and out, and registering."""

from flask import Blueprint, Flask, Response, flash, jsonify, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, login_user, logout_user
from flask_wtf.csrf import generate_csrf

from kms import accounts
from kms.errors import Invalid, NotAllowed
from kms.language import gettext as _
from kms.web import context
from kms.web.context import SignedIn, reading, saving, settings
from kms.web.security import address_key, email_key, safe_next, throttle

blueprint = Blueprint("signin", __name__)

# No account number that a database keeps is longer.
MOST_DIGITS = 9


@blueprint.get("/signin")
def signin() -> ResponseReturnValue:
    """The form; whoever is signed in already goes on."""
    if context.viewer().is_signed_in:
        return redirect(_next())
    return _signin_form()


@blueprint.post("/signin")
def enter() -> ResponseReturnValue:
    """Check the e-mail and password and start a session."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    keys = (address_key(), email_key(email))
    throttle().check(*keys)
    try:
        with reading() as session:
            account = accounts.authenticate(session, email, password)
    except Invalid as problem:
        throttle().count(*keys)
        return _signin_form(problem.message, email), 422
    with saving() as session:
        accounts.record_sign_in(session, account.id, password)
    start_session(account.id, account.session_stamp)
    return redirect(_next(), 303)


@blueprint.post("/signout")
def signout() -> ResponseReturnValue:
    """Forget this device's session and the pages it kept."""
    end_session()
    response = redirect("/", 303)
    # On a shared phone the back button must not show what only members may see.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/session")
def whose() -> Response:
    """Who is signed in on this device, with a fresh token for forms that waited."""
    who = context.viewer()
    answer = jsonify(account=who.account_id, name=who.name, csrf_token=generate_csrf())
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/register")
def register() -> ResponseReturnValue:
    """The form to ask for an account."""
    if context.viewer().is_signed_in:
        return redirect(_next("/account"))
    return _register_form({}, {"invitation_code": request.args.get("code", "")})


@blueprint.post("/register")
def create() -> ResponseReturnValue:
    """Make the account and start its first session."""
    throttle().check(address_key())
    throttle().count(address_key())
    form = request.form
    try:
        with saving() as session:
            account = accounts.register(
                session,
                form.get("email", ""),
                form.get("password", ""),
                form.get("name", ""),
                settings=settings(),
                invitation_code=form.get("invitation_code", ""),
            )
    except Invalid as problem:
        return _register_form(problem.problems, form.to_dict()), 422
    start_session(account.id, account.session_stamp)
    flash(_("ยินดีต้อนรับ คุณ%(name)s", name=account.person.name), "success")
    return redirect(_next(), 303)


def start_session(account_id: int, stamp: str) -> None:
    """Begin a fresh session for this account; whatever the old cookie said is dropped."""
    found = _load(f"{account_id}:{stamp}")
    if found is None:
        raise NotAllowed(_("บัญชีนี้ปิดอยู่"))
    cookie.clear()
    cookie.permanent = True
    login_user(found)
    context.remember(found)


def end_session() -> None:
    """Drop the session of this device."""
    logout_user()
    cookie.clear()
    context.forget_viewer()


def prepare(app: Flask) -> None:
    """Let flask-login know our accounts."""
    manager = LoginManager(app)
    # Phones change their address all day; the stamp in the cookie is what ends a session.
    manager.session_protection = None
    manager.user_loader(_load)


def _load(kept: str) -> SignedIn | None:
    number, _colon, stamp = kept.partition(":")
    if not number.isascii() or not number.isdigit() or len(number) > MOST_DIGITS or not stamp:
        return None
    with reading() as session:
        found = accounts.identify(session, int(number), stamp)
    if found is None:
        return None
    return SignedIn(found.viewer, stamp, must_change_password=found.must_change_password)


def _next(default: str = "/") -> str:
    return safe_next(request.values.get("next"), default)


def _signin_form(problem: str = "", email: str = "") -> str:
    return render_template(
        "signin/signin.html",
        problem=problem,
        email=email,
        next=safe_next(request.values.get("next"), ""),
        registration=settings().registration,
    )


def _register_form(problems: dict[str, str], typed: dict[str, str]) -> str:
    return render_template(
        "signin/register.html",
        problems=problems,
        typed={name: said for name, said in typed.items() if name != "password"},
        next=safe_next(request.values.get("next"), ""),
        registration=settings().registration,
    )
