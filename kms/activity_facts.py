"""What is recorded of an activity, and what it must be before it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from kms import naming, organisations, places
from kms.errors import Invalid
from kms.language import gettext as _
from kms.models.activities import ACTIVITY_PARTS
from kms.note_checks import MOST_SATANG, tidy

LONGEST = {"name": 300, "reach": 200, "about": 10_000}
LONGEST_ORGANISATION = 250
MOST_OF_EACH = 200


@dataclass(frozen=True)
class Part:
    """An organisation by any of its names: it pays (``funder``), runs (``runner``) or helps."""

    name: str
    part: str = "runner"


@dataclass(frozen=True)
class ActivityFacts:
    """What is recorded of an activity; ``places`` are codes, ``themes`` slugs or names.

    ``reach`` is how far it goes in the writer's words ("165 ตำบล"); a day nobody knows is None.
    """

    name: str
    places: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    organisations: tuple[Part, ...] = ()
    starts: date | None = None
    ends: date | None = None
    amount_satang: int | None = None
    reach: str = ""
    about: str = ""


def checked(facts: ActivityFacts) -> ActivityFacts:
    """The facts tidied; raises Invalid with a sentence for each field that must be mended."""
    tidied = replace(
        facts,
        name=tidy(facts.name, lines=False),
        reach=tidy(facts.reach, lines=False),
        about=tidy(facts.about),
        places=_without_outer(facts.places),
        organisations=tuple(
            dict.fromkeys(
                replace(one, name=tidy(one.name, lines=False)) for one in facts.organisations
            )
        ),
    )
    problems = _problems(tidied)
    if problems:
        raise Invalid(_("ยังบันทึกไม่ได้ ช่วยแก้ %(n)s จุดที่บอกไว้", n=len(problems)), problems)
    return tidied


def _without_outer(codes: Iterable[str]) -> tuple[str, ...]:
    """Each once; a place that another one lies in says nothing more."""
    given = tuple(dict.fromkeys(codes))
    return tuple(
        code for code in given if not any(one != code and one.startswith(code) for one in given)
    )


def _problems(facts: ActivityFacts) -> dict[str, str]:
    texts = {"name": [facts.name], "reach": [facts.reach], "about": [facts.about]}
    problems = naming.too_long(texts, LONGEST)
    if not any(char.isalnum() for char in facts.name):
        problems["name"] = _("ใส่ชื่องานหรือโครงการ")
    if not all(places.exists(code) for code in facts.places):
        problems["places"] = _("ไม่พบสถานที่นี้ เลือกตำบล อำเภอ หรือจังหวัดใหม่")
    for index, one in enumerate(facts.organisations):
        if not organisations.key(one.name) or len(one.name) > LONGEST_ORGANISATION:
            problems[f"organisations-{index}-name"] = _("ใส่ชื่อองค์กร")
        if one.part not in ACTIVITY_PARTS:
            problems[f"organisations-{index}-part"] = _("เลือกว่าองค์กรนี้มีส่วนอย่างไร")
    if facts.starts and facts.ends and facts.starts > facts.ends:
        problems["period"] = _("วันสุดท้ายมาก่อนวันแรก ตรวจลำดับวันที่อีกครั้ง")
    if facts.amount_satang is not None and not 0 <= facts.amount_satang <= MOST_SATANG:
        problems["amount"] = _("จำนวนเงินมากเกินกว่าที่ระบบเก็บได้")
    for name in ("places", "themes", "organisations"):
        if len(getattr(facts, name)) > MOST_OF_EACH:
            problems[name] = _("มากเกินไป ใส่ได้ไม่เกิน %(n)s รายการ", n=MOST_OF_EACH)
    return problems
