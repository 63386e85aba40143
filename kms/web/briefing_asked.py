"""What a briefing is asked for, as an address or a form says it, and the address that says it."""

from dataclasses import dataclass, field
from datetime import date

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.urls import uri_to_iri

from kms import places, themes
from kms.briefings import Choices
from kms.language import gettext as _
from kms.note_checks import tidy
from kms.sessions import Session
from kms.thai import dates
from kms.themes import Tree
from kms.web import asked, qr
from kms.web.addresses import Pairs, address, without
from kms.web.context import settings, viewer

PATH = "/briefing"
LONGEST_PLAN = 500
MOST_THEMES = 8

Given = MultiDict[str, str]


@dataclass(frozen=True)
class Asked:
    """What was understood, what was typed, and a sentence for each field to be mended."""

    choices: Choices
    typed: dict[str, str]
    slugs: tuple[str, ...]
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for yet."""
        return not (self.slugs or any(self.typed.values()))


def read(session: Session, given: Given, tree: Tree) -> Asked:
    """The choices in these parameters: ``theme`` many times, ``place``, ``plan`` and ``day``."""
    problems: dict[str, str] = {}
    typed = {name: tidy(given.get(name, ""), lines=False) for name in ("place", "plan", "day")}
    slugs = tuple(dict.fromkeys(one for one in given.getlist("theme") if one))
    chosen = _themes(session, slugs, tree, problems)
    place = _place(typed, problems)
    day = _day(typed, problems)
    if len(typed["plan"]) > LONGEST_PLAN:
        problems["plan"] = _("ยาวเกินไป ใส่ได้ไม่เกิน %(n)s ตัวอักษร", n=LONGEST_PLAN)
    choices = Choices(chosen, place, typed["plan"], day)
    if choices == Choices(planned_for=day) and (day or slugs) and not problems:
        problems["theme"] = _("เลือกประเด็น บอกสถานที่ หรือเล่าว่าจะทำอะไร อย่างน้อยหนึ่งอย่าง")
    return Asked(choices, typed, slugs, problems)


def _themes(
    session: Session, slugs: tuple[str, ...], tree: Tree, problems: dict[str, str]
) -> tuple[str, ...]:
    """The themes meant; a merged one leads to what it became part of."""
    if len(slugs) > MOST_THEMES:
        problems["theme"] = _("เลือกได้ไม่เกิน %(n)s ประเด็น", n=MOST_THEMES)
        return ()
    found: dict[str, None] = {}
    for slug in slugs:
        node = tree.kept(slug)
        if node is None or not themes.is_known(session, node, seen_by=viewer()):
            problems["theme"] = _("ไม่มีประเด็นชื่อ “%(text)s”", text=tidy(slug, lines=False)[:60])
        else:
            found[node.slug] = None
    return tuple(found)


def _place(typed: dict[str, str], problems: dict[str, str]) -> str:
    """The code of the place; what was typed is shown as its path from then on."""
    if typed["place"].isascii() and places.exists(typed["place"]):
        typed["place"] = places.path(typed["place"])
    where = asked.place(typed["place"])
    typed["place"] = where.typed
    if where.problem:
        problems["place"] = where.problem
    return where.code or ""


def _day(typed: dict[str, str], problems: dict[str, str]) -> date | None:
    if not typed["day"]:
        return None
    try:
        day = date.fromisoformat(typed["day"])
    except ValueError:
        try:
            day = dates.read(typed["day"]).first
        except ValueError as problem:
            problems["day"] = str(problem)
            return None
    typed["day"] = dates.show(day, style="short")
    return day


# --- the address that says it --------------------------------------------------------------------


def pairs_of(choices: Choices) -> Pairs:
    """The parameters that ask for this; ``read`` understands them."""
    day = choices.planned_for
    every = (
        *(("theme", slug) for slug in choices.themes),
        ("place", choices.place),
        ("plan", choices.plan),
        ("day", day.isoformat() if day else ""),
    )
    return tuple(pair for pair in every if pair[1])


def on_paper(choices: Choices) -> str:
    """The whole address with Thai letters as they are, short enough to be drawn as a square.

    Without the plan when it is too long for that: the lessons are nearly the same.
    """
    root = settings().public_url or request.url_root.rstrip("/")
    pairs = without(pairs_of(choices), "day")
    whole = uri_to_iri(address(root + PATH, pairs))
    if len(whole) <= qr.LONGEST:
        return whole
    return uri_to_iri(address(root + PATH, without(pairs, "plan")))
