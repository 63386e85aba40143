"""What a request says in plain fields: a place in any of the ways people write one, and words."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import request

from kms import places, themes
from kms.errors import Invalid
from kms.language import gettext as _
from kms.note_checks import tidy
from kms.sessions import Session
from kms.themes import Tree
from kms.web.context import viewer


@dataclass(frozen=True)
class PlaceAsked:
    """``code`` when the words mean one place; ``problem`` says what to mend when they do not."""

    typed: str = ""
    code: str | None = None
    problem: str = ""

    def require(self) -> str | None:
        """The code, or None where nothing was typed; raises Invalid with the problem."""
        if self.problem:
            raise Invalid(self.problem, {"place": self.problem})
        return self.code


def place(typed: str) -> PlaceAsked:
    """The place that these words mean."""
    said = tidy(typed, lines=False)
    if not said:
        return PlaceAsked()
    reading = places.read(said)
    if reading.place is None:
        return PlaceAsked(said, problem=reading.note or _("ไม่รู้จักสถานที่นี้ พิมพ์ตำบลพร้อมอำเภอ"))
    return PlaceAsked(places.path(reading.place.code), reading.place.code)


def place_of_address() -> PlaceAsked:
    """The place of ``?place=``."""
    return place(request.args.get("place", ""))


def theme_of_address(session: Session, tree: Tree) -> str:
    """The slug of ``?theme=``, or of the theme it became part of; empty for one that the viewer
    may not know of."""
    node = tree.kept(request.args.get("theme", ""))
    return node.slug if node and themes.is_known(session, node, seen_by=viewer()) else ""


def whole(text: str) -> int | None:
    """The whole number that an address or a hidden field says in digits; None for anything that
    no page of ours put there."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def words(*names: str, many_lines: Collection[str] = ()) -> dict[str, str]:
    """The fields of the form that was sent, tidied; ``many_lines`` keep their line ends."""
    return {
        name: tidy(request.form.get(name, ""), lines=name in many_lines)
        for name in (*names, *many_lines)
    }
