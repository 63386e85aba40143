"""Two people revised one note: what can be joined is joined, the rest is laid side by side."""

from dataclasses import dataclass

from kms import roles
from kms.language import gettext as _
from kms.web.forms.note_form import group_of
from kms.web.forms.typed import Typed

_NOT_WORDS = ("code", "for", "place_code", "place_for")


@dataclass(frozen=True)
class Clash:
    """A part of the form that both changed; the texts are for reading only."""

    group: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class Joined:
    """The form that holds both people's changes; in a clash it holds mine."""

    typed: Typed
    clashes: tuple[Clash, ...]
    taken: tuple[str, ...]


def join(base: Typed, mine: Typed, latest: Typed) -> Joined:
    """Join two revisions of one form, part by part; ``taken`` names the parts only they changed."""
    before, ours, theirs = _groups(base), _groups(mine), _groups(latest)
    fields: dict[str, tuple[str, ...]] = {}
    clashes, taken = [], []
    for group in dict.fromkeys((*ours, *theirs)):
        was, here, there = (one.get(group, {}) for one in (before, ours, theirs))
        if here == was and there != was:
            taken.append(group)
            fields.update(there)
            continue
        fields.update(here)
        if there not in (was, here):
            clashes.append(Clash(group, _text(there), _text(here)))
    return Joined(Typed(fields), tuple(clashes), tuple(taken))


def _groups(typed: Typed) -> dict[str, dict[str, tuple[str, ...]]]:
    groups: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, values in typed.values.items():
        if any(values):
            groups.setdefault(group_of(name), {})[name] = values
    return groups


def _text(fields: dict[str, tuple[str, ...]]) -> str:
    """The words of a part, one row a line."""
    lines: dict[str, list[str]] = {}
    for name, values in fields.items():
        row, _dash, column = name.rpartition("-")
        if column not in _NOT_WORDS:
            lines.setdefault(row or name, []).extend(_say(column, one) for one in values)
    return "\n".join(" – ".join(words) for words in lines.values())


def _say(column: str, value: str) -> str:
    names = {
        "visibility": {
            "draft": _("ร่าง"),
            "members": _("เฉพาะสมาชิก"),
            "public": _("สาธารณะ"),
        },
        "credit": {"own": _("ชื่อของฉัน"), "other": _("เขียนแทน"), "nobody": _("ไม่ระบุชื่อ")},
        "polarity": {"works": _("ได้ผล"), "does_not_work": _("ไม่ได้ผล")},
        "absent": {"1": _("ไม่ได้มา")},
        "done": {"1": _("เสร็จแล้ว")},
    }
    if column == "role":
        return roles.name(value)
    if column == "level":
        return roles.level_name(value)
    return names.get(column, {}).get(value, value)
