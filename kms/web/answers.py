"""How a form that was saved is answered: by going on to a page, or in JSON for a script."""

from flask import flash, jsonify, redirect
from flask.typing import ResponseReturnValue

from kms.web import context


def gone_to(url: str, number: int, said: str) -> ResponseReturnValue:
    """The page to go on to after a save of this note, which says what was done."""
    if context.wants_json():
        return jsonify(url=url, number=number, message=said)
    flash(said, "success")
    return redirect(url, 303)
