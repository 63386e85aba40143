"""The form of an activity, read and filled; its fields keep the names the domain gives problems."""

from kms.activity_facts import ActivityFacts, Part
from kms.language import gettext as _
from kms.note_kinds import NoteContent
from kms.thai import numbers, periods
from kms.themes import Tree
from kms.web.forms import where
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Typed, from_rows, plain

PLACE_WORDS = ("text",)
ORGANISATION_WORDS = ("name",)
SINGLE = ("name", "period", "reach", "amount", "about")
# What an organisation's part in a note's event says of its part in the activity.
_PART_OF = {"funder": "funder", "organiser": "runner", "partner": "partner"}


def part_names() -> dict[str, str]:
    """What the three parts are called."""
    return {"funder": _("ผู้ให้ทุน"), "runner": _("ผู้ทำ"), "partner": _("ภาคี")}


def read(typed: Typed, tree: Tree) -> tuple[ActivityFacts, Notices]:
    """The facts asked for, with a notice for whatever could not be understood."""
    notices = Notices()
    period = _period(typed, notices)
    facts = ActivityFacts(
        name=typed.words("name"),
        places=_places(typed, notices),
        themes=tuple(slug for slug in typed.all("themes") if slug in tree.by_slug),
        organisations=tuple(
            Part(plain(row.get("name", "")), row.get("part") or "runner")
            for row in typed.rows("organisations", ORGANISATION_WORDS)
        ),
        starts=period.starts,
        ends=period.ends,
        amount_satang=_amount(typed, notices),
        reach=typed.words("reach"),
        about=typed.words("about"),
    )
    return facts, notices


def fill(facts: ActivityFacts) -> Typed:
    """The form that says these facts."""
    single = {
        "name": facts.name,
        "period": periods.typed(periods.Period(facts.starts, facts.ends)),
        "reach": facts.reach,
        "amount": _baht(facts.amount_satang),
        "about": facts.about,
    }
    fields: dict[str, tuple[str, ...]] = {}
    fields |= {name: (value,) for name, value in single.items() if value}
    fields |= {"themes": facts.themes}
    fields |= from_rows("places", ({"text": where.path(code)} for code in facts.places))
    groups = ({"name": one.name, "part": one.part} for one in facts.organisations)
    return Typed(fields | from_rows("organisations", groups))


def begin(content: NoteContent) -> Typed:
    """What a note says already of an activity that it tells of: where, about what, with whom."""
    parts = (Part(one.name, _PART_OF[one.part]) for one in content.organisations)
    codes = dict.fromkeys(place.code for place in content.places)
    return fill(ActivityFacts("", tuple(codes), content.themes, tuple(parts)))


def _period(typed: Typed, notices: Notices) -> periods.Period:
    try:
        return periods.read(typed.words("period"))
    except ValueError as problem:
        notices.problems["period"] = str(problem)
        return periods.Period()


def _places(typed: Typed, notices: Notices) -> tuple[str, ...]:
    rows = enumerate(typed.rows("places", PLACE_WORDS))
    spots = (
        where.find(f"places-{index}-text", row.get("text", ""), row, notices) for index, row in rows
    )
    return tuple(spot.code for spot in spots if spot.code)


def _amount(typed: Typed, notices: Notices) -> int | None:
    said = typed.words("amount")
    if not said:
        return None
    try:
        return numbers.read_baht(said)
    except ValueError as problem:
        notices.problems["amount"] = str(problem)
        return None


def _baht(satang: int | None) -> str:
    if satang is None:
        return ""
    whole, rest = divmod(satang, 100)
    return f"{whole:,}.{rest:02d}" if rest else f"{whole:,}"
