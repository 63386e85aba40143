"""What every view asks first: whose request this is, in which language, over which data."""

from contextlib import AbstractContextManager
from typing import Any, cast

from flask import Flask, Response, current_app, g, request, session
from flask_login import UserMixin, current_user

from kms import language, permissions
from kms.errors import OtherAccount
from kms.language import gettext as _
from kms.permissions import ANONYMOUS, Viewer, may
from kms.saving import Store
from kms.sessions import Session
from kms.settings import Settings

# In an answer: whose page it is. In a request: who wrote what is sent.
ACCOUNT_HEADER = "Platu-Account"
LANGUAGE_COOKIE = "language"
THEME_COOKIE = "theme"
THEMES = ("light", "dark")


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """The account behind a session cookie, as flask-login wants it.

    Its id in the cookie carries the session stamp, so a new stamp signs every device out.
    """

    def __init__(self, viewer: Viewer, stamp: str, *, must_change_password: bool) -> None:
        self.viewer = viewer
        self.stamp = stamp
        self.must_change_password = must_change_password

    def get_id(self) -> str:
        """What the cookie keeps."""
        return f"{self.viewer.account_id}:{self.stamp}"


def store() -> Store:
    """The data of this application."""
    return cast(Store, current_app.extensions["kms"])


def settings() -> Settings:
    """The settings this application was made with."""
    return cast(Settings, current_app.extensions["kms_settings"])


def saving() -> AbstractContextManager[Session]:
    """A session committed at the end of the block; then the index catches up."""
    return store().saving()


def reading() -> AbstractContextManager[Session]:
    """A session that is never committed."""
    return store().reading()


def signed_in() -> SignedIn | None:
    """The account of this request, read at most once; no statement without a session cookie."""
    if "signed_in" not in g:
        found = current_user._get_current_object() if "_user_id" in session else None
        g.signed_in = found if isinstance(found, SignedIn) else None
    return cast(SignedIn | None, g.signed_in)


def viewer() -> Viewer:
    """Who asks, for permissions."""
    account = signed_in()
    return account.viewer if account else ANONYMOUS


def require_account() -> Viewer:
    """Who asks; raises SignInNeeded when nobody is signed in."""
    who = viewer()
    permissions.require_account(who)
    return who


def remember(account: SignedIn) -> None:
    """Answer the rest of this request as to this account, which has just signed in."""
    g.signed_in = account


def forget_viewer() -> None:
    """Answer the rest of this request as to nobody: for pages made when the database is away."""
    g.signed_in = None


def wants_json() -> bool:
    """Whether the answer is for a program: the API's, or a script that sends a form."""
    return is_api() or request.accept_mimetypes.best == "application/json"


def is_api() -> bool:
    """Whether a program asks, which is answered in JSON."""
    return request.path.startswith("/api/")


def theme() -> str:
    """The colours this person chose: ``light``, ``dark`` or empty for what the device says."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def choose_language() -> None:
    """Thai unless this person chose English; programs may choose by Accept-Language."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if not chosen and is_api():
        chosen = request.accept_languages.best_match(list(language.LANGUAGES)) or ""
    language.choose(chosen)


def _refuse_other_account() -> None:
    """Words that wait on a shared phone go out as their writer's or not at all."""
    meant = request.headers.get(ACCOUNT_HEADER)
    if meant is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    account = viewer().account_id
    if account is not None and meant != str(account):
        said = _("เครื่องนี้เข้าสู่ระบบด้วยบัญชีอื่นอยู่ เข้าสู่ระบบด้วยบัญชีที่เขียนแล้วค่อยส่ง")
        raise OtherAccount(said)


def _name_account(response: Response) -> Response:
    """Say whose page this is, for what keeps pages on a device (nothing when nobody was asked)."""
    if response.mimetype == "text/html" and "signed_in" in g:
        response.headers[ACCOUNT_HEADER] = str(viewer().account_id or 0)
    return response


def _for_templates() -> dict[str, Any]:
    return {
        "viewer": viewer(),
        "language": language.current(),
        "colours": theme(),
        "q": request.args.get("q", ""),
    }


def _may(action: str, thing: object = None) -> bool:
    return may(viewer(), action, thing)


def prepare(app: Flask, store: Store, settings: Settings) -> None:
    """Give the application its data and every template what ``base.html`` needs."""
    app.extensions["kms"] = store
    app.extensions["kms_settings"] = settings
    app.before_request(choose_language)
    app.before_request(_refuse_other_account)
    app.after_request(_name_account)
    app.context_processor(_for_templates)
    app.jinja_env.globals["may"] = _may
    app.jinja_env.globals["_"] = language.gettext
