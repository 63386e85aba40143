"""The drawing of who worked with whom, and the table that says the same."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kms import drawing, network, people, themes
from kms.contributions import MOST_NOTES
from kms.drawing import Drawing
from kms.network import Member, Network
from kms.thai import dates
from kms.web import asked
from kms.web.activity_form import theme_options
from kms.web.context import reading, viewer
from kms.web.paging import start_of

blueprint = Blueprint("network", __name__)

# In pixels: as wide as an old phone's page, and as the page of a desk beside its table.
NARROW, WIDE = 320, 720


@dataclass(frozen=True)
class YearAsked:
    """A year of the address in CE, or a sentence about what cannot be read."""

    typed: str
    year: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table: someone, and with whom in how many notes."""

    member: Member
    others: tuple[tuple[Member, int], ...]


@blueprint.get("/network", endpoint="network")
def show() -> ResponseReturnValue:
    """Narrowed by place, theme, years and person, as far as the viewer may read."""
    place, first, last = asked.place_of_address(), _year("from"), _year("to")
    person = start_of(request.args.get("person", ""))
    with reading() as session:
        tree = themes.load(session)
        theme = asked.theme_of_address(session, tree)
        names = people.names(session, [person], seen_by=viewer())
        found = (
            Network()
            if place.problem or first.problem or last.problem
            else network.of(
                session,
                seen_by=viewer(),
                place=place.code,
                themes=[theme] if theme else [],
                first=date(first.year, 1, 1) if first.year else None,
                last=date(last.year, 12, 31) if last.year else None,
                person=person if person in names else None,
            )
        )
    return render_template(
        "network.html",
        network=found,
        drawings=_drawings(found),
        lines=_lines(found),
        most_notes=MOST_NOTES,
        theme=theme,
        themes=theme_options(tree),
        place=place,
        first=first,
        last=last,
        person=person if person in names else 0,
        person_name=names.get(person, ""),
    )


def _drawings(found: Network) -> list[tuple[str, Drawing]]:
    return [("narrow", drawing.draw(found, NARROW)), ("wide", drawing.draw(found, WIDE))]


def _lines(found: Network) -> list[Line]:
    others: list[list[tuple[Member, int]]] = [[] for _member in found.members]
    for tie in found.ties:
        others[tie.first].append((found.members[tie.second], tie.notes))
        others[tie.second].append((found.members[tie.first], tie.notes))
    lines = [Line(one, tuple(met)) for one, met in zip(found.members, others, strict=True)]
    return sorted(lines, key=lambda line: (-line.member.notes, line.member.id))


def _year(name: str) -> YearAsked:
    typed = request.args.get(name, "").strip()[:20]
    if not typed:
        return YearAsked("")
    try:
        return YearAsked(typed, dates.read_year(typed))
    except ValueError as problem:
        return YearAsked(typed, problem=str(problem))
