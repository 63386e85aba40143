"""Telephone numbers as people write them: one or several, with dashes, gaps or an extension."""

import re

from kms.language import gettext as _
from kms.note_checks import tidy
from kms.thai.numbers import to_arabic

LEAST_DIGITS = 3
_DIGIT = re.compile(r"[0-9]")
_NUMBERS = re.compile(r"(?:[0-9+()\-./ #*,]|ต่อ|ext)+")
_BETWEEN = re.compile(r"[,/]|ต่อ|ext")


def tidied(typed: str) -> str:
    """On one line, with Arabic digits."""
    return to_arabic(tidy(typed, lines=False))


def problem(typed: str) -> dict[str, str]:
    """A sentence for the field ``phone`` when no telephone could call this."""
    said = tidied(typed)
    if not said or (_NUMBERS.fullmatch(said) and len(_DIGIT.findall(said)) >= LEAST_DIGITS):
        return {}
    return {"phone": _("ใส่เป็นตัวเลข เช่น 081 234 5678 หลายเบอร์คั่นด้วยจุลภาค")}


def dialled(phone: str) -> str:
    """What to call: the digits of the first number, with a plus when it begins with one."""
    first = _BETWEEN.split(phone.strip())[0]
    return "+" * first.startswith("+") + "".join(_DIGIT.findall(first))
