"""What a note says: one frozen value that forms, files, imports and revisions all share.

``NoteContent.to_json`` is what a Revision keeps; ``from_json`` reads every shape ever kept.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

ROLES = ("khun_ua", "khun_amnuay", "khun_kit", "khun_likhit", "khun_prasan", "khun_wisat")
LEVELS = ("province", "amphoe", "tambon", "village", "zone")
PARTS = ("organiser", "funder", "partner")
VISIBILITIES = ("draft", "members", "public")
POLARITIES = ("works", "does_not_work")
OUTCOMES = ("worked", "partly", "did_not")


class Kind(StrEnum):
    """The kinds of note, by the code that addresses and files use."""

    AFTER_ACTION_REVIEW = "aar"
    MINUTES = "minutes"
    LESSON = "lesson"
    PAGE = "page"
    NOTE = "note"


@dataclass(frozen=True)
class PlaceNamed:
    """A place of a note by DOPA code, with a village in the writer's words."""

    code: str
    village: str = ""


@dataclass(frozen=True)
class OrganisationPart:
    """An organisation by any of its names, and its part."""

    name: str
    part: str = "partner"


@dataclass(frozen=True)
class RolePlayed:
    """A role with the person's or the organisation's name as written (one of them is needed)."""

    role: str
    person: str = ""
    organisation: str = ""
    level: str = ""
    place_code: str = ""
    did: str = ""


@dataclass(frozen=True)
class ActionItem:
    """What someone is to do, and by when; ``result`` is a word on how it went.

    ``carried_from`` is the note whose item this one goes on from: the item of the same words, or
    of those whose mark (``naming.mark``) is ``carried_key``.
    """

    what: str
    owner: str = ""
    due: date | None = None
    done: bool = False
    result: str = ""
    carried_from: int | None = None
    carried_key: str = ""


@dataclass(frozen=True)
class LessonUsed:
    """A lesson that was used in what a review tells of: how it went, what was done otherwise."""

    lesson: int
    outcome: str = "worked"
    changed: str = ""


@dataclass(frozen=True)
class Review:
    """Answers of an after-action review, one for each question answered.

    ``briefing`` is the key of the briefing that was read before; ``used`` answers which of its
    lessons, or which others, were used.
    """

    question_set: str = "one-box"
    answers: dict[str, str] = field(default_factory=dict)
    actions: tuple[ActionItem, ...] = ()
    used: tuple[LessonUsed, ...] = ()
    briefing: str = ""


@dataclass(frozen=True)
class Attendee:
    """Someone invited to a meeting."""

    name: str
    organisation: str = ""
    present: bool = True


@dataclass(frozen=True)
class AgendaItem:
    """One item: what was talked over and what was decided."""

    title: str
    discussion: str = ""
    decision: str = ""


@dataclass(frozen=True)
class BudgetLine:
    """Money from one organisation, in satang."""

    organisation: str
    amount_satang: int
    note: str = ""


@dataclass(frozen=True)
class Meeting:
    """What minutes keep; times are the writer's text such as ``09.00``."""

    venue: str = ""
    starts: str = ""
    ends: str = ""
    chair: str = ""
    attendees: tuple[Attendee, ...] = ()
    agenda: tuple[AgendaItem, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    next_date: date | None = None
    next_time: str = ""
    next_venue: str = ""

    @property
    def budget_sum_satang(self) -> int:
        """The sum of the budget lines: computed, never typed."""
        return sum(line.amount_satang for line in self.budget)


@dataclass(frozen=True)
class SourcePassage:
    """The note a lesson was drawn from, and its very words.

    ``revision`` is the one that said them; ``comment`` the comment on that note that did.
    """

    note: int
    passage: str = ""
    revision: int | None = None
    comment: int | None = None


@dataclass(frozen=True)
class LessonParts:
    """One point that others can use: when it holds, what to do and why."""

    point: str = ""
    holds_when: str = ""
    what_to_do: str = ""
    why: str = ""
    polarity: str = "works"
    sources: tuple[SourcePassage, ...] = ()


@dataclass(frozen=True)
class AttachedFile:
    """A file by the key that names it in addresses, and the words under it."""

    key: str
    caption: str = ""


@dataclass(frozen=True)
class NoteContent:
    """The whole of what a note says at one revision.

    ``themes`` are slugs (an unknown one becomes a proposal); ``held_from`` to ``held_to`` are
    the days of the event, both ends included. ``author`` names whom to credit; empty means
    anonymous. ``review``, ``meeting`` and ``lesson`` belong to their kinds only.
    """

    kind: Kind
    title: str
    body: str = ""
    visibility: str = "members"
    held_from: date | None = None
    held_to: date | None = None
    held_as_written: str = ""
    author: str = ""
    places: tuple[PlaceNamed, ...] = ()
    themes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    organisations: tuple[OrganisationPart, ...] = ()
    roles: tuple[RolePlayed, ...] = ()
    url: str = ""
    licence: str = ""
    review: Review | None = None
    meeting: Meeting | None = None
    lesson: LessonParts | None = None
    attachments: tuple[AttachedFile, ...] = ()

    @property
    def actions(self) -> tuple[ActionItem, ...]:
        """What is to be done next, of minutes and of reviews."""
        said = self.meeting or self.review
        return said.actions if said else ()

    def with_actions(self, actions: tuple[ActionItem, ...]) -> Self:
        """The same content with these items in place of its own."""
        if self.meeting:
            return replace(self, meeting=replace(self.meeting, actions=actions))
        return replace(self, review=replace(self.review or Review(), actions=actions))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: dates as ISO text, tuples as lists."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The content that ``to_json`` wrote; fields it did not know yet take their default."""
        values = dict(kept)
        values["kind"] = Kind(kept["kind"])
        values["held_from"] = _day(kept.get("held_from"))
        values["held_to"] = _day(kept.get("held_to"))
        values["places"] = tuple(PlaceNamed(**one) for one in kept.get("places", ()))
        values["themes"] = tuple(kept.get("themes", ()))
        values["tags"] = tuple(kept.get("tags", ()))
        values["organisations"] = tuple(
            OrganisationPart(**one) for one in kept.get("organisations", ())
        )
        values["roles"] = tuple(RolePlayed(**one) for one in kept.get("roles", ()))
        values["attachments"] = tuple(AttachedFile(**one) for one in kept.get("attachments", ()))
        values["review"] = review_from_json(kept["review"]) if kept.get("review") else None
        values["meeting"] = meeting_from_json(kept["meeting"]) if kept.get("meeting") else None
        values["lesson"] = lesson_from_json(kept["lesson"]) if kept.get("lesson") else None
        return cls(**values)


def review_from_json(kept: dict[str, Any]) -> Review:
    """The review that ``NoteContent.to_json`` wrote."""
    used = tuple(LessonUsed(**one) for one in kept.get("used", ()))
    return Review(**{**kept, "actions": _actions(kept), "used": used})


def meeting_from_json(kept: dict[str, Any]) -> Meeting:
    """The meeting that ``NoteContent.to_json`` wrote."""
    values = dict(kept)
    values["attendees"] = tuple(Attendee(**one) for one in kept.get("attendees", ()))
    values["agenda"] = tuple(AgendaItem(**one) for one in kept.get("agenda", ()))
    values["actions"] = _actions(kept)
    values["budget"] = tuple(BudgetLine(**one) for one in kept.get("budget", ()))
    values["next_date"] = _day(kept.get("next_date"))
    return Meeting(**values)


def lesson_from_json(kept: dict[str, Any]) -> LessonParts:
    """The lesson that ``NoteContent.to_json`` wrote."""
    sources = tuple(SourcePassage(**one) for one in kept.get("sources", ()))
    return LessonParts(**{**kept, "sources": sources})


def _actions(kept: dict[str, Any]) -> tuple[ActionItem, ...]:
    items = kept.get("actions", ())
    return tuple(ActionItem(**{**one, "due": _day(one.get("due"))}) for one in items)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
