"""What lets the site be installed and read without a connection.

The worker (``static/sw.js``) goes out with a list in front: the assets by the addresses that
pages use, the forms to keep, and the list of places. A change in any of them is a new worker.
"""

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask import session as cookie

from kms import language, place_list, question_sets
from kms.language import gettext as _
from kms.note_kinds import Kind
from kms.permissions import ANONYMOUS
from kms.web import context
from kms.web.filters import asset, kind_name
from kms.web.security import YEAR_S

blueprint = Blueprint("offline", __name__)

# The colours of static/css/platu.css: paper behind, sea above.
PAPER = "#fbf8f1"
SEA = "#0b5d57"
KEPT_FILES = ("css/*.css", "js/*.js", "img/*.svg")
# Says of an answer for nobody that the session was ended on purpose, perhaps on another device.
ENDED_HEADER = "Platu-Ended"


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone asks before it puts us on its first screen."""
    answer = jsonify(
        id="/",
        name=_("ปลาทู – คลังบทเรียนชุมชน"),
        short_name=_("ปลาทู"),
        description=_("คลังบทเรียนของงานพัฒนาชุมชน เขียน ค้น และอ่านได้แม้ไม่มีสัญญาณ"),
        lang=language.current(),
        dir="ltr",
        start_url="/",
        scope="/",
        display="standalone",
        background_color=PAPER,
        theme_color=SEA,
        icons=[
            _icon("img/icon-192.png", 192, "any"),
            _icon("img/icon-512.png", 512, "any"),
            _icon("img/icon-maskable-512.png", 512, "maskable"),
        ],
        shortcuts=[
            _shortcut(_("เขียน AAR"), "/write/aar"),
            _shortcut(_("ค้นหา"), "/search"),
            _shortcut(_("ร่างของฉัน"), "/drafts"),
        ],
    )
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@blueprint.get("/sw.js")
def worker() -> Response:
    """The worker with its list; browsers ask for it again at every visit."""
    shell = json.dumps(_shell(), separators=(",", ":"))
    answer = Response(f"const SHELL = {shell};\n{_source()}", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return cast(Response, answer.make_conditional(request))


@blueprint.get("/offline")
def page() -> str:
    """What is kept on this device, and what stands in for a page that cannot be reached.

    The same for everyone: it says nothing of who asks, and scripts fill in what the device has.
    """
    forms = [(kind_name(kind), url_for("writing.new", kind=kind.value)) for kind in Kind]
    return render_template("offline/page.html", viewer=ANONYMOUS, is_shell=True, forms=forms)


@blueprint.get("/offline/places.json")
def places() -> Response:
    """All places in short; kept for as long as its mark in the address stays."""
    with language.speaking(request.args.get("language", "")):
        answer = Response(_places(language.current()), mimetype="application/json")
    if request.args.get("v") == _mark_of_places(language.current()):
        answer.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return answer


@blueprint.after_app_request
def _tell_of_ended_session(response: Response) -> Response:
    """A cookie that named an account which no longer takes it: nothing of it is to stay here."""
    is_page = response.mimetype == "text/html" and response.status_code == 200
    if is_page and "_user_id" in cookie and not context.signed_in():
        response.headers[ENDED_HEADER] = "1"
    return response


def _icon(path: str, size: int, purpose: str) -> dict[str, str]:
    return {
        "src": asset(path),
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": purpose,
    }


def _shortcut(name: str, url: str) -> dict[str, object]:
    return {"name": name, "url": url, "icons": [_icon("img/icon-192.png", 192, "any")]}


def _shell() -> dict[str, object]:
    """What the worker keeps from the start; another language or look is another list."""
    spoken = language.current()
    return {
        "look": f"{spoken} {context.theme()}",
        "assets": [asset(path) for path in _files()],
        "forms": list(_forms()),
        "places": url_for(".places", language=spoken, v=_mark_of_places(spoken)),
    }


def _files() -> list[str]:
    root = Path(current_app.static_folder or "")
    return sorted(
        path.relative_to(root).as_posix() for kind in KEPT_FILES for path in root.glob(kind)
    )


def _forms() -> Iterator[str]:
    yield url_for("writing.start")
    for kind in Kind:
        yield url_for("writing.new", kind=kind.value)
    review = Kind.AFTER_ACTION_REVIEW.value
    for asked in question_sets.load():
        yield url_for("writing.new", kind=review, questions=asked.id)


def _source() -> str:
    return (Path(current_app.static_folder or "") / "sw.js").read_text(encoding="utf-8")


@cache
def _places(spoken: str) -> str:
    with language.speaking(spoken):
        return json.dumps(place_list.compact(), ensure_ascii=False, separators=(",", ":"))


@cache
def _mark_of_places(spoken: str) -> str:
    return sha256(_places(spoken).encode()).hexdigest()[:10]
