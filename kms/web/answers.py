"""How a form that was saved is answered: by going on to a page, or in JSON for a script."""

from flask import flash, jsonify, redirect
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kms.web import context


def gone_to(
    url: str, number: int, said: str, *, more: tuple[str, str] | None = None
) -> ResponseReturnValue:
    """The page to go on to after a save of this note, which says what was done.

    ``more`` is the address and the name of a page that tells more of it; the next page then says
    it with the link, and a script need not (``flashed``).
    """
    if more:
        flash(Markup('{} <a href="{}">{}</a>').format(said, *more), "success")
    if context.wants_json():
        answer = {"url": url, "number": number, "message": said}
        return jsonify({**answer, "flashed": True} if more else answer)
    if not more:
        flash(said, "success")
    return redirect(url, 303)
