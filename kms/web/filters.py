"""What templates call: dates, places, roles, numbers and files by their address."""

from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from flask import Flask, current_app
from markupsafe import Markup

from kms import markup, note_kinds, places, roles
from kms.language import gettext as _
from kms.thai import dates, numbers
from kms.web.forms.conflict import names_of


class HasDays(Protocol):
    """Anything with the first and last day of an event."""

    @property
    def held_from(self) -> date | None:
        """The first day, when it is known."""

    @property
    def held_to(self) -> date | None:
        """The last day, when it is not the first."""


def be_date(day: date | None) -> str:
    """18 ธันวาคม 2550."""
    return dates.show(day) if day else ""


def be_short(day: date | None) -> str:
    """18 ธ.ค. 2550."""
    return dates.show(day, style="short") if day else ""


def held(thing: HasDays) -> str:
    """The day or days of the event, short; empty when nobody wrote them."""
    if thing.held_from is None:
        return ""
    return dates.show_range(thing.held_from, thing.held_to or thing.held_from, style="short")


def instant(moment: datetime | None) -> str:
    """20 ธ.ค. 2550 11.04 น."""
    return dates.show_instant(moment, style="short") if moment else ""


def baht(satang: int) -> str:
    """1,250.50 บาท."""
    return numbers.baht(satang)


def number(value: int | float) -> str:
    """With a comma at each thousand."""
    return f"{value:,}"


def kind_name(kind: str) -> str:
    """What a kind of note is called."""
    names = {
        note_kinds.Kind.AFTER_ACTION_REVIEW: _("AAR"),
        note_kinds.Kind.MINUTES: _("บันทึกการประชุม"),
        note_kinds.Kind.LESSON: _("บทเรียน"),
        note_kinds.Kind.PAGE: _("หน้าความรู้"),
        note_kinds.Kind.NOTE: _("บันทึกทั่วไป"),
    }
    return names[note_kinds.Kind(kind)]


def outcome_name(outcome: str) -> str:
    """How it went when a lesson was used."""
    return names_of("outcome")[outcome]


def asset(path: str) -> str:
    """The address of a file in ``static/`` with its content's mark, so it can be kept a year."""
    return f"/static/{path}?v={_mark(current_app.static_folder or '', path)}"


@cache
def _mark(folder: str, path: str) -> str:
    return sha256((Path(folder) / path).read_bytes()).hexdigest()[:10]


def register(app: Flask) -> None:
    """Make them known to the templates of this application."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.filters.update(
        {
            "be_date": be_date,
            "be_short": be_short,
            "held": held,
            "instant": instant,
            "baht": baht,
            "number": number,
            "place_path": places.path,
            "place_name": places.name,
            "role_name": roles.name,
            "level_name": roles.level_name,
            "kind_name": kind_name,
            "outcome_name": outcome_name,
            "markdown": lambda text: Markup(markup.to_html(text)),  # noqa: S704  nh3 cleaned it
            "markdown_light": lambda text: Markup(markup.to_html_light(text)),  # noqa: S704
        }
    )
