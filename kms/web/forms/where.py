"""Places as people type them: the one meant, or the ones to choose from."""

from dataclasses import dataclass

from kms import places
from kms.language import gettext as _
from kms.web.forms.reading import Choice, Notices
from kms.web.forms.typed import Row, plain

# Looking for names like an unknown one takes some 50 ms; a form asks for no more than this.
MOST_UNREAD = 10


@dataclass(frozen=True)
class Spot:
    """A place understood (empty when not), and the village found in the same words."""

    code: str = ""
    village: str = ""


def find(name: str, text: str, row: Row, notices: Notices) -> Spot:
    """The place meant by what was typed in this field; notices tell what the page must ask.

    ``row`` may carry ``code``, chosen earlier among candidates ``for`` the same words; the choice
    no longer counts once the words have changed.
    """
    written = plain(text)
    if not written:
        return Spot()
    if len(notices.unread) >= MOST_UNREAD:
        notices.problems[name] = _("ยังไม่ได้อ่านสถานที่นี้ แก้สถานที่ก่อนหน้าให้ชัดก่อน")
        return Spot()
    understood = places.read(written)
    chosen = row.get("code", "")
    if chosen and plain(row.get("for", "")) == written and places.exists(chosen):
        _tell(name, chosen, notices)
        return Spot(chosen, understood.village)
    if understood.place is None:
        notices.unread.add(name)
        notices.problems[name] = understood.note or _("ยังไม่รู้ว่าหมายถึงที่ไหน เลือกจากรายการ")
        _offer(name, written, understood.candidates, notices)
        return Spot(village=understood.village)
    _tell(name, understood.place.code, notices)
    if understood.note:
        notices.warnings[name] = understood.note
    if understood.candidates:
        _offer(name, written, (understood.place, *understood.candidates), notices)
    return Spot(understood.place.code, understood.village)


def path(code: str) -> str:
    """A place in full, as it can be typed again; empty for none."""
    return places.path(code) if code else ""


def _tell(name: str, code: str, notices: Notices) -> None:
    notices.hints[name] = places.path(code)
    notices.found[name] = code


def _offer(name: str, written: str, candidates: tuple[places.Place, ...], notices: Notices) -> None:
    notices.choices[name] = tuple(Choice(one.code, places.path(one.code)) for one in candidates)
    notices.asked[name] = written
