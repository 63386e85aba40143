"""An overlap in words: what the two are, who pays and runs each, where, about what, and when."""

from collections.abc import Sequence

from kms import places
from kms.activity_lines import ActivityLine, OrganisationNamed
from kms.language import gettext as _
from kms.thai import dates
from kms.thai.periods import Period, typed


def sentence(first: ActivityLine, second: ActivityLine, theme: str, place: str) -> str:
    """Why these two overlap; what nobody knows of their time is said too."""
    return _(
        "%(first)s กับ %(second)s ต่างทำเรื่อง%(theme)s ใน %(place)s %(time)s",
        first=_told(first),
        second=_told(second),
        theme=theme,
        place=places.path(place),
        time=time_in_common(first, second),
    )


def hands(activity: ActivityLine) -> str:
    """Who pays and who runs it: "พอช. ให้ทุน, เครือข่ายยมนา ทำ"."""
    funders, runners = listed(activity.funders), listed(activity.runners)
    paid = _("%(who)s ให้ทุน", who=funders) if funders else _("ไม่รู้ว่าใครให้ทุน")
    run = _("%(who)s ทำ", who=runners) if runners else _("ไม่รู้ว่าใครทำ")
    return f"{paid}, {run}"


def listed(organisations: Sequence[OrganisationNamed]) -> str:
    """Their names, as a sentence joins them."""
    names = [one.name for one in organisations]
    return f" {_('และ')} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def time_in_common(first: ActivityLine, second: ActivityLine) -> str:
    """When both are done, as far as anybody knows, and what nobody knows."""
    common = first.period.in_common(second.period)
    known = typed(common) if common else ""
    said = _("ในช่วง%(when)s เหมือนกัน", when=_spaced(known)) if known else ""
    doubts = _doubts(first, second)
    return f"{said} ({doubts})" if said and doubts else said or doubts


def _told(activity: ActivityLine) -> str:
    return _("“%(name)s” (%(hands)s)", name=activity.name, hands=hands(activity))


def _doubts(first: ActivityLine, second: ActivityLine) -> str:
    """What nobody knows of either period."""
    if first.period == second.period == Period():
        return _join([_("ไม่รู้ว่าทั้งสองงานเริ่มและจบเมื่อใด"), _told_when(first, second)])
    return _join([_doubt(first), _doubt(second)])


def _doubt(activity: ActivityLine) -> str:
    name = activity.name
    if activity.period == Period():
        said = _("ไม่รู้ว่า “%(name)s” เริ่มและจบเมื่อใด", name=name)
        return _join([said, _told_when(activity)])
    if activity.ends is None:
        return _("ไม่รู้ว่า “%(name)s” ถึงเมื่อใด", name=name)
    if activity.starts is None:
        return _("ไม่รู้ว่า “%(name)s” เริ่มเมื่อใด", name=name)
    return ""


def _told_when(*activities: ActivityLine) -> str:
    """The day of the notes that told of them, when they share one."""
    days = {(one.told_from, one.told_to) for one in activities}
    first, last = days.pop()
    if days or first is None:
        return ""
    when = dates.show_range(first, last or first, style="short")
    return _("บันทึกที่เล่าลงวันที่ %(when)s", when=when)


def _join(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _spaced(when: str) -> str:
    """A digit after a Thai word has a space before it."""
    return f" {when}" if when[:1].isdigit() else when
