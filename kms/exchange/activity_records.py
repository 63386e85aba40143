"""Activities in a note's file: read from its field ``activities``, and written there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kms import places
from kms.activity_facts import ActivityFacts, Part
from kms.language import gettext as _
from kms.models.activities import ACTIVITY_PARTS
from kms.thai import periods

SATANG = 100
MOST_BAHT = 1e13
TEXTS = ("name", "reach", "about")

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class ActivityRecord:
    """An activity that a note told; ``also_in`` are source and id of others that tell of it.

    No source means that of the note itself.
    """

    facts: ActivityFacts
    also_in: tuple[tuple[str, str], ...] = ()


@dataclass
class ActivitiesRead:
    """What was read; ``problem`` refuses the note, ``warnings`` say what was left out."""

    records: list[ActivityRecord] = field(default_factory=list)
    problem: str = ""
    warnings: list[str] = field(default_factory=list)


def read(value: object) -> ActivitiesRead:
    """The activities of a note from a file; a place that is not known is left out and told."""
    found = ActivitiesRead()
    if value is None:
        return found
    if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
        found.problem = _("แต่ละรายการต้องมีชื่อช่องกำกับ")
        return found
    for one in value:
        try:
            found.records.append(_record(one, found.warnings))
        except ValueError as problem:
            found.problem = str(problem)
    return found


def fields_of(facts: ActivityFacts, also_in: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    """What ``read`` reads back as these facts; empty fields are left out."""
    fields: dict[str, Any] = {
        "name": facts.name,
        "reach": facts.reach,
        "places": list(facts.places),
        "themes": list(facts.themes),
        "organisations": [{"name": one.name, "part": one.part} for one in facts.organisations],
        "starts": facts.starts and facts.starts.isoformat(),
        "ends": facts.ends and facts.ends.isoformat(),
        "amount": _baht(facts.amount_satang),
        "about": facts.about,
        "also_in": [{"id": name, "source": source} if source else name for source, name in also_in],
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _record(fields: Fields, warnings: list[str]) -> ActivityRecord:
    period = _period(fields)
    facts = ActivityFacts(
        **{name: _text(fields, name) for name in TEXTS},
        places=_places(fields, warnings),
        themes=tuple(_texts(fields, "themes")),
        organisations=tuple(_part(one) for one in _items(fields, "organisations")),
        starts=period.starts,
        ends=period.ends,
        amount_satang=_amount(fields),
    )
    if not facts.name:
        raise ValueError(_("ใส่ชื่องานหรือโครงการ"))
    return ActivityRecord(facts, tuple(_other(one) for one in _items(fields, "also_in")))


def _other(value: object) -> tuple[str, str]:
    if isinstance(value, Mapping):
        return _text(value, "source"), _text(value, "id")
    return "", str(value)


def _period(fields: Fields) -> periods.Period:
    """``period`` as people write it, or ``starts`` and ``ends``, each a day that may be missing."""
    if _text(fields, "period"):
        return periods.read(_text(fields, "period"))
    first = periods.read(_text(fields, "starts")).starts
    return periods.Period(first, periods.read(_text(fields, "ends")).ends)


def _places(fields: Fields, warnings: list[str]) -> tuple[str, ...]:
    codes = []
    for name in _texts(fields, "places"):
        place = places.read(name).place
        if place is None:
            warnings.append(_("ไม่รู้จักสถานที่ “%(name)s” ของงาน จึงไม่ได้เก็บ", name=name))
        else:
            codes.append(place.code)
    return tuple(codes)


def _part(value: object) -> Part:
    if isinstance(value, str):
        return Part(value)
    if not isinstance(value, Mapping):
        raise ValueError(_("แต่ละรายการต้องมีชื่อช่องกำกับ"))
    part = _text(value, "part") or "runner"
    if part not in ACTIVITY_PARTS:
        raise ValueError(_("ต้องเป็นหนึ่งใน %(choices)s", choices=", ".join(ACTIVITY_PARTS)))
    return Part(_text(value, "name"), part)


def _amount(fields: Fields) -> int | None:
    amount = fields.get("amount")
    if amount is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError(_("จำนวนเงินต้องเป็นตัวเลขบาท"))
    if not 0 <= amount < MOST_BAHT:
        raise ValueError(_("จำนวนเงินต้องเป็นตัวเลขบาท"))
    return round(amount * SATANG)


def _baht(satang: int | None) -> int | float | None:
    if satang is None:
        return None
    whole, rest = divmod(satang, SATANG)
    return satang / SATANG if rest else whole


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    raise ValueError(f"{name}: {_('ต้องเป็นข้อความ')}")


def _texts(fields: Fields, name: str) -> list[str]:
    values = _items(fields, name)
    if not all(isinstance(one, str | int) for one in values):
        raise ValueError(f"{name}: {_('ต้องเป็นรายการของข้อความ')}")
    return [str(one).strip() for one in values if str(one).strip()]


def _items(fields: Fields, name: str) -> list[Any]:
    value = fields.get(name)
    if value is None:
        return []
    if isinstance(value, str | int):
        return [value]
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError(f"{name}: {_('ต้องเป็นรายการ')}")
