"""How a form that was saved is answered: by going on to a page, or in JSON for a script."""

from flask import flash, jsonify, redirect
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kms.web import context


def gone_to(
    url: str, number: int, said: str, *, more: tuple[str, str] | None = None
) -> ResponseReturnValue:
    """The page to go on to after a save of this note, which says what was done.

    ``more`` is the address and the name of a page that tells more of it.
    """
    if context.wants_json():
        return jsonify(url=url, number=number, message=said)
    if more:
        said = Markup('{} <a href="{}">{}</a>').format(said, *more)
    flash(said, "success")
    return redirect(url, 303)
