"""Files for the calendar of a phone: the next meeting of minutes, and what is mine to do."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from kms import actions, meeting_calendar, notes
from kms.errors import NotFound
from kms.language import gettext as _
from kms.meeting_calendar import Site
from kms.web import context
from kms.web.context import reading, require_account, viewer

blueprint = Blueprint("calendar", __name__)


@blueprint.get("/notes/<int:number>/meeting.ics")
def meeting(number: int) -> Response:
    """The next meeting that these minutes announce; NotFound where they name no day."""
    with reading() as session:
        note = notes.view(session, number, seen_by=viewer())
    made = meeting_calendar.next_meeting(note, _site())
    if made is None:
        raise NotFound(_("บันทึกนี้ไม่ได้นัดวันประชุมครั้งหน้าไว้"))
    return _file(made, f"meeting-{number}.ics")


@blueprint.get("/actions.ics")
def mine() -> Response:
    """What is mine to do and has a day."""
    require_account()
    with reading() as session:
        found = actions.mine_due(session, seen_by=viewer())
    return _file(meeting_calendar.due(found, _site()), "actions.ics")


def _file(made: bytes, name: str) -> Response:
    response = Response(made, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _site() -> Site:
    root = context.settings().public_url or request.url_root.rstrip("/")
    return Site(root, urlsplit(root).hostname or "platu.invalid")
