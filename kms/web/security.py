"""Headers, forms that only we can post, limits on guessing, and safe redirects."""

import hmac
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request, session
from flask_wtf import CSRFProtect
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.middleware.proxy_fix import ProxyFix

from kms.errors import BadSettings, TooMany
from kms.language import gettext as _
from kms.settings import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # blob: is a picture chosen on this page that is not sent yet.
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# These mean something on a page only, and a phone pays for them with every file.
PAGE_HEADERS = {
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SIGN_IN_DAYS = 30
YEAR_S = 365 * 24 * 3600
# Long minutes repeat many small fields.
MOST_FORM_PARTS = 20_000
TAKE_FILES = frozenset({"attachments.create", "writing.create", "writing.revise"})


class Throttle:
    """Counts failures by key in the memory of this process.

    With several worker processes each counts its own, so the limit that a guesser meets is up
    to the number of workers times what the setting says. Keys are hashed: no e-mail is kept.
    """

    def __init__(self, limits: str, secret_key: str) -> None:
        try:
            self._limits: Sequence[RateLimitItem] = parse_many(limits)
        except ValueError as problem:
            said = _("ใช้ค่าของ %(name)s ไม่ได้: %(why)s", name="KMS_SIGNIN_LIMIT", why=limits)
            raise BadSettings(said) from problem
        self._secret = secret_key.encode()
        self._counter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, *keys: str) -> None:
        """Raise TooMany when any of these keys has used up its tries."""
        for limit in self._limits:
            if not all(self._counter.test(limit, self._hashed(key)) for key in keys):
                raise TooMany(_("ลองหลายครั้งเกินไปในเวลาสั้น ๆ พักสักครู่แล้วลองใหม่"))

    def count(self, *keys: str) -> None:
        """One more try for each of these keys."""
        for limit in self._limits:
            for key in keys:
                self._counter.hit(limit, self._hashed(key))

    def _hashed(self, key: str) -> str:
        return hmac.new(self._secret, key.encode(), sha256).hexdigest()


def throttle() -> Throttle:
    """The counter of this application."""
    found: Throttle = current_app.extensions["kms_throttle"]
    return found


def address_key() -> str:
    """The caller's address for counting; an IPv6 caller owns a whole /64."""
    said = request.remote_addr or ""
    try:
        address = ip_address(said)
    except ValueError:
        return f"address {said}"
    if isinstance(address, IPv6Address):
        return f"address {ip_network((address, 64), strict=False)}"
    return f"address {address}"


def email_key(email: str) -> str:
    """The e-mail that someone tries to sign in with, for counting."""
    return f"email {email.strip().lower()}"


def safe_next(target: str | None, default: str = "/") -> str:
    """The path to go on to, when it stays on this site; otherwise ``default``.

    Browsers read a backslash as a slash and drop tabs and line ends, so those are refused.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(char) < 32 or ord(char) == 127 for char in target):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else target


def _configure(app: Flask, settings: Settings) -> None:
    most_bytes = settings.max_body_mb * 1024 * 1024
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=most_bytes,
        MAX_FORM_MEMORY_SIZE=most_bytes,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=SIGN_IN_DAYS * 24 * 3600,
        SESSION_REFRESH_EACH_REQUEST=False,
        # A long note may be hours in the writing; the token lives as long as the session.
        WTF_CSRF_TIME_LIMIT=None,
    )


def protect(app: Flask, settings: Settings) -> None:
    """Everything that stands between a hostile request and the views."""
    _configure(app, settings)
    app.extensions["kms_throttle"] = Throttle(settings.signin_limit, settings.secret_key)
    app.before_request(_refuse_nul)
    app.before_request(partial(_make_room, settings.max_upload_bytes))
    CSRFProtect(app)
    app.after_request(_with_headers)
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    if settings.secure_cookies:
        app.after_request(_with_strict_transport)


def _make_room(most_bytes: int) -> None:
    """Members' files may come with a form, beside as many words as ever."""
    has_files = request.mimetype == "multipart/form-data" and "_user_id" in session
    if has_files and request.endpoint in TAKE_FILES:
        request.max_content_length = (request.max_content_length or 0) + most_bytes


def _refuse_nul() -> None:
    """Nothing of ours is at a path with a NUL, and PostgreSQL would fail to look for it."""
    if "\0" in request.path:
        abort(404)


def _with_headers(response: Response) -> Response:
    is_file = request.endpoint == "static"
    for name, value in (HEADERS if is_file else HEADERS | PAGE_HEADERS).items():
        response.headers.setdefault(name, value)
    if is_file:
        _keep_static(response)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _keep_static(response: Response) -> None:
    if "v" in request.args and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"


def _with_strict_transport(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_S}")
    return response
