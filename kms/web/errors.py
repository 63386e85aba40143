"""Each kind of trouble becomes a page or JSON here, once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Flask, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from kms import errors
from kms.language import gettext as _
from kms.web import context

STATUSES: dict[type[errors.KmsError], int] = {
    errors.NotFound: 404,
    errors.SignInNeeded: 401,
    errors.NotAllowed: 403,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.OtherOffset: 409,
    errors.EditConflict: 409,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "bad_request",
    429: "too_many",
    500: "error",
    503: "unavailable",
}
MOST_READ_AWAY = 64 * 1024 * 1024
PIECE = 64 * 1024
RETRY_AFTER_S = {429: "60", 503: "5"}
NEVER_SHOWN = ("csrf_token", "password", "new_password", "current_password", "add", "remove")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trouble:
    """What to tell, to a person or to a program."""

    status: int
    code: str
    message: str
    problems: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def of_ours(error: errors.KmsError) -> ResponseReturnValue:
    """An error that the domain raised."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    if status == 401 and request.method in ("GET", "HEAD") and not context.wants_json():
        here = request.full_path.rstrip("?")
        return redirect(url_for("signin.signin", next=here))
    problems = error.problems if isinstance(error, errors.Invalid) else {}
    return answer(Trouble(status, error.code, error.message, problems))


def of_http(error: HTTPException) -> ResponseReturnValue:
    """An error that Flask raised: no such page, body too large, a crash."""
    status = error.code or 500
    if status < 400:
        return error
    if status == 413:
        _read_away()
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    code = CODES.get(status, "error")
    return answer(Trouble(status, code, _sentences().get(status, _sentences()[500]), {}, headers))


def _read_away() -> None:
    """Take the rest of a body that is too large, so that the browser gets to read the answer.

    A server that closes while someone still sends resets the connection. Only where the server
    marks the end of the body, or reading would wait for more; and not for ever.
    """
    if not request.environ.get("wsgi.input_terminated"):
        return
    left = MOST_READ_AWAY
    while left > 0 and (piece := request.environ["wsgi.input"].read(PIECE)):
        left -= len(piece)


def of_stale_form(error: CSRFError) -> ResponseReturnValue:
    """A form whose token does not fit: stale, or posted from elsewhere."""
    _log.info("refused a form: %s", error.description)
    said = _("แบบฟอร์มนี้เปิดค้างไว้นานหรือเปิดไว้ก่อนเข้าสู่ระบบ จึงยังไม่ได้บันทึก เปิดหน้าเดิมใหม่แล้วส่งอีกครั้ง")
    return answer(Trouble(400, "stale_form", said))


def of_storage(error: Exception) -> ResponseReturnValue:
    """The database is locked, full, read-only or away."""
    _log.error("the database does not answer", exc_info=error)
    context.forget_viewer()
    said = _("ฐานข้อมูลยังไม่ว่างหรือเขียนไม่ได้ในตอนนี้ สิ่งที่เพิ่งส่งยังไม่ได้บันทึก รอสักครู่แล้วลองใหม่")
    return answer(Trouble(503, "unavailable", said))


def answer(trouble: Trouble) -> ResponseReturnValue:
    """Say it in the way the caller reads: JSON for programs, a page for people."""
    headers = dict(trouble.headers)
    if trouble.status in RETRY_AFTER_S:
        headers["Retry-After"] = RETRY_AFTER_S[trouble.status]
    if context.wants_json():
        error = {"code": trouble.code, "message": trouble.message}
        if trouble.problems:
            return jsonify(error={**error, "problems": dict(trouble.problems)}), trouble.status
        return jsonify(error=error), trouble.status, headers
    return _page(trouble), trouble.status, headers


def _page(trouble: Trouble) -> str:
    """The page for it; to nobody in particular, or in bare words, when it cannot be made."""
    try:
        return _drawn(trouble)
    except Exception:
        _log.exception("the error page itself failed")
    context.forget_viewer()
    try:
        return _drawn(trouble)
    except Exception:
        return f"<!doctype html><meta charset='utf-8'><p>{escape(trouble.message)}</p>"


def _drawn(trouble: Trouble) -> str:
    return render_template(
        "errors/kept.html",
        status=trouble.status,
        title=_titles().get(trouble.status, _titles()[500]),
        message=trouble.message,
        problems=trouble.problems,
        next_steps=_next_steps(trouble.status),
        typed=_typed(trouble.status),
    )


def _typed(status: int) -> list[tuple[str, str]]:
    """What was sent with a refused form, so that it can be copied and is not lost.

    Also where there is nothing any more to send it to: the sender's own words tell nothing of
    what is hidden.
    """
    if request.method != "POST" or status in (405, 413):
        return []
    pairs = request.form.items(multi=True)
    return [(name, said) for name, said in pairs if said.strip() and name not in NEVER_SHOWN]


def _next_steps(status: int) -> list[tuple[str, str]]:
    home = ("/", _("ไปหน้าแรก"))
    if status == 401:
        return [("/signin", _("เข้าสู่ระบบ")), home]
    if status == 404 and not context.viewer().is_signed_in:
        return [("/search", _("ค้นหา")), ("/signin", _("เข้าสู่ระบบ")), home]
    if status == 404:
        return [("/search", _("ค้นหา")), home]
    if status in (429, 500, 503) and request.method == "GET":
        return [(request.full_path.rstrip("?"), _("ลองอีกครั้ง")), home]
    return [home, ("/help", _("ช่วยเหลือ"))]


def _titles() -> dict[int, str]:
    return {
        400: _("คำขอนี้อ่านไม่ได้"),
        401: _("ต้องเข้าสู่ระบบก่อน"),
        403: _("ยังไม่มีสิทธิ์"),
        404: _("ไม่พบหน้านี้"),
        405: _("หน้านี้รับคำขอแบบนี้ไม่ได้"),
        409: _("มีคนแก้ไปก่อนแล้ว"),
        413: _("ส่งมาใหญ่เกินไป"),
        422: _("ยังมีจุดที่ต้องแก้"),
        429: _("ลองบ่อยเกินไป"),
        500: _("ระบบขัดข้อง"),
        503: _("ระบบยังไม่พร้อม"),
    }


def _sentences() -> dict[int, str]:
    limit = (request.max_content_length or 0) // 1024**2
    return {
        400: _("อ่านสิ่งที่ส่งมาไม่ได้ กลับไปตรวจแล้วลองใหม่"),
        404: _("อาจถูกย้าย ถูกลบ หรือเปิดให้เฉพาะสมาชิก ลองค้นหาหรือเข้าสู่ระบบ"),
        405: _("กลับไปหน้าเดิมแล้วใช้ปุ่มในหน้านั้น"),
        413: _("ส่งได้ครั้งละไม่เกิน %(n)s เมกะไบต์ แบ่งเป็นหลายบันทึกแล้วส่งใหม่", n=limit),
        429: _("ลองหลายครั้งเกินไปในเวลาสั้น ๆ พักสักครู่แล้วลองใหม่"),
        500: _("เป็นความผิดของระบบ ไม่ใช่ของคุณ ผู้ดูแลเห็นบันทึกข้อผิดพลาดแล้ว ลองใหม่อีกครั้ง"),
        503: _("ระบบยังไม่พร้อม รอสักครู่แล้วลองใหม่"),
    }


def _as_a_crash(error: Exception) -> ResponseReturnValue:
    raise error


def register(
    app: Flask,
    storage_errors: tuple[type[Exception], ...],
    mistakes: tuple[type[Exception], ...],
) -> None:
    """Handle every kind.

    ``storage_errors`` are what the database layer raises when the database is away, but for
    those of them that are ``mistakes`` in our use of it, which are crashes like any other.
    """
    app.register_error_handler(errors.KmsError, of_ours)
    app.register_error_handler(CSRFError, of_stale_form)
    app.register_error_handler(HTTPException, of_http)
    for kind in storage_errors:
        app.register_error_handler(kind, of_storage)
    for kind in mistakes:
        app.register_error_handler(kind, _as_a_crash)
