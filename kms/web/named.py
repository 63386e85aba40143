"""What the pages of people and of organisations share: addresses left behind, forms, roles."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from flask import flash, redirect
from flask.typing import ResponseReturnValue

from kms.errors import Invalid
from kms.language import gettext as _
from kms.note_kinds import ROLES
from kms.role_history import RoleOnNote, RolePeriod

Typed = Mapping[str, str]


def moved_to(url: str) -> ResponseReturnValue:
    """Lead on from the address of one that was found to be another.

    For good, yet no browser may keep that: it can be taken back.
    """
    answer = redirect(url, HTTPStatus.MOVED_PERMANENTLY)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def mended(
    given: Typed, url: str, save: Callable[[], None], form: Callable[[Typed, Typed], str]
) -> ResponseReturnValue:
    """Keep what was mended and go to ``url``, or show the form again with every word."""
    try:
        save()
    except Invalid as problem:
        return form(given, problem.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("บันทึกข้อมูลของ “%(name)s” แล้ว", name=given["name"]))
    return redirect(url, HTTPStatus.SEE_OTHER)


def grouped_by_role(
    played: Sequence[RoleOnNote], periods: Sequence[RolePeriod] = ()
) -> list[tuple[str, list[RoleOnNote], list[RolePeriod]]]:
    """Role code, what was done in it and when and where, in the order of the six roles."""
    grouped = (
        (
            code,
            [one for one in played if one.role == code],
            [one for one in periods if one.role == code],
        )
        for code in ROLES
    )
    return [one for one in grouped if one[1]]
