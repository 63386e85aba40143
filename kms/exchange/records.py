"""One note on its way in or out: the fields that JSON lines and front matter share.

``record`` reads them into a ``Record``, ``fields_of`` writes them; docs/import.md lists them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar

from kms import places, roles
from kms.errors import Invalid
from kms.exchange import activity_records
from kms.exchange.activity_records import ActivityRecord
from kms.language import gettext as _
from kms.note_checks import tidy
from kms.note_kinds import (
    LEVELS,
    OUTCOMES,
    PARTS,
    POLARITIES,
    VISIBILITIES,
    ActionItem,
    AgendaItem,
    Attendee,
    BudgetLine,
    Kind,
    LessonParts,
    Meeting,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.thai import dates

Fields = Mapping[str, Any]

SATANG = 100
LONGEST_SOURCE = 100
LONGEST_ID = 200
DEFAULT_QUESTION_SET = "one-box"

T = TypeVar("T")

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class CommentRecord:
    """A comment that came with a note; ``key`` keeps it from being added twice."""

    key: str
    body: str
    author: str = ""
    created_at: datetime | None = None
    reply_to: str = ""


@dataclass(frozen=True)
class Cited:
    """Another note by its id where it came from; no ``source`` means that of the record itself."""

    id: str
    source: str = ""


@dataclass(frozen=True)
class PassageRecord:
    """A passage of a lesson; ``comment`` is the key of the comment that said it."""

    note: Cited
    passage: str = ""
    revision: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class UsedRecord:
    """A lesson that a review says was used."""

    lesson: Cited
    outcome: str = "worked"
    changed: str = ""


class Names(Protocol):
    """What other notes and comments are known by in a file; nothing for those it may not hold."""

    def note(self, number: int) -> Cited | None:
        """The note of this number."""

    def comment(self, comment_id: int) -> str:
        """The key of a comment on a note of the file."""


@dataclass(frozen=True)
class Record:
    """A note read from a file and not saved yet.

    ``passages``, ``used`` and ``carried`` name other notes: the sources of a lesson, the lessons
    that a review used, and for each action item the note it was carried over from. ``where``
    names the file and line for messages; ``warnings`` say what was understood with doubt.
    """

    source: str
    source_id: str
    content: NoteContent
    where: str
    created_at: datetime | None = None
    comments: tuple[CommentRecord, ...] = ()
    passages: tuple[PassageRecord, ...] = ()
    used: tuple[UsedRecord, ...] = ()
    carried: tuple[Cited | None, ...] = ()
    activities: tuple[ActivityRecord, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def cited(self) -> set[tuple[str, str]]:
        """Source and id of every other note that it names."""
        named = {one.note for one in self.passages} | {one.lesson for one in self.used}
        return {self.key_of(one) for one in (*named, *filter(None, self.carried))}

    def key_of(self, cited: Cited) -> tuple[str, str]:
        """Source and id of a note that this record names."""
        return cited.source or self.source, cited.id


@dataclass(frozen=True)
class Refused:
    """Something in a file that cannot become a note, and why."""

    where: str
    reason: str


@dataclass
class _Reader:
    """Reads one mapping; collects every problem before it refuses."""

    fields: Fields
    problems: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        value = self.fields.get(name)
        if value is None:
            return default
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return tidy(str(value))
        self.problems[name] = _("ต้องเป็นข้อความ")
        return default

    def mark(self, name: str, default: str, longest: int) -> str:
        """What this is known by elsewhere; ``default`` where the field says nothing."""
        value = self.text(name) or default[:longest]
        if len(value) > longest:
            self.problems[name] = _("ยาวเกินไป ใช้ไม่เกิน %(n)s ตัวอักษร", n=longest)
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name, default) or default
        if value not in allowed:
            self.problems[name] = _("ต้องเป็นหนึ่งใน %(choices)s", choices=", ".join(allowed))
            return default
        return value

    def items(self, name: str) -> list[Any]:
        value = self.fields.get(name)
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return list(value)
        if isinstance(value, str):
            return [value]
        self.problems[name] = _("ต้องเป็นรายการ")
        return []

    def words(self, name: str) -> tuple[str, ...]:
        found = []
        for value in self.items(name):
            if isinstance(value, str | int):
                found.append(str(value).strip())
            else:
                self.problems[name] = _("ต้องเป็นรายการของข้อความ")
        return tuple(dict.fromkeys(one for one in found if one))

    def mappings(self, name: str) -> list[Fields]:
        values = self.items(name)
        if all(isinstance(value, Mapping) for value in values):
            return values
        self.problems[name] = _("แต่ละรายการต้องมีชื่อช่องกำกับ")
        return []

    def mapping(self, name: str) -> Fields:
        value = self.fields.get(name)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self.problems[name] = _("ต้องมีชื่อช่องกำกับ")
        return {}

    def day(self, name: str) -> date | None:
        held = self.held(name)
        return held.first if held else None

    def held(self, name: str) -> dates.Held | None:
        value = self.fields.get(name)
        if isinstance(value, date):
            value = value.isoformat()[:10]
        if value in (None, ""):
            return None
        try:
            held = dates.read(str(value))
        except ValueError as problem:
            self.problems[name] = str(problem)
            return None
        if held.warning:
            self.warnings.append(f"{name}: {held.warning}")
        return held

    def instant(self, name: str) -> datetime | None:
        value = self.fields.get(name)
        if value in (None, ""):
            return None
        try:
            read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            held = self.held(name)
            if held is None:
                return None
            read = datetime.combine(held.first, datetime.min.time(), dates.BANGKOK)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def record(fields: Fields, *, where: str, source: str, source_id: str) -> Record:
    """The record that these fields describe.

    ``source`` and ``source_id`` are used where the fields name none. Raises Invalid whose
    problems name each field that cannot be used.
    """
    reader = _Reader(fields)
    held = reader.held("date")
    url, origin = _origin(reader)
    lesson, passages = _lesson(reader)
    kind = Kind(reader.choice("kind", [kind.value for kind in Kind], "note"))
    content = NoteContent(
        kind=kind,
        title=reader.text("title"),
        body="\n\n".join(filter(None, (reader.text("body"), origin))),
        visibility=reader.choice("visibility", VISIBILITIES, "public"),
        held_from=held.first if held else None,
        held_to=held.last if held else None,
        held_as_written=_as_written(fields.get("date_as_written") or fields.get("date")),
        author=reader.text("author"),
        places=_places(reader),
        themes=reader.words("themes"),
        organisations=_organisations(reader),
        roles=_roles(reader),
        url=url,
        licence=reader.text("licence"),
        review=_review(reader) if kind is Kind.AFTER_ACTION_REVIEW else None,
        meeting=_meeting(reader) if kind is Kind.MINUTES else None,
        lesson=lesson if kind is Kind.LESSON else None,
    )
    # Tags last: a place that cannot be read is kept among them.
    content = replace(content, tags=_tags(reader))
    comments = _comments(reader)
    created_at = reader.instant("created_at")
    source = reader.mark("source", source, LONGEST_SOURCE)
    source_id = reader.mark("id", source_id, LONGEST_ID)
    told = activity_records.read(fields.get("activities"))
    if told.problem:
        reader.problems["activities"] = told.problem
    if not content.title:
        reader.problems["title"] = _("ต้องมีชื่อเรื่อง")
    if reader.problems:
        said = "; ".join(f"{name}: {why}" for name, why in reader.problems.items())
        raise Invalid(said, reader.problems)
    return Record(
        source=source,
        source_id=source_id,
        content=content,
        where=where,
        created_at=created_at,
        comments=comments,
        passages=passages if content.lesson else (),
        used=_used(reader) if content.review else (),
        carried=_carried(reader, content),
        activities=tuple(told.records),
        warnings=(*reader.warnings, *told.warnings),
    )


def _origin(reader: _Reader) -> tuple[str, str]:
    """The web address, or a line for the body when words stand in its place."""
    given = reader.text("url")
    if not given or _HAS_SCHEME.match(given):
        return given, ""
    reader.warnings.append(_("“%(url)s” ไม่ใช่ที่อยู่เว็บ จึงเก็บไว้ท้ายเนื้อความ", url=given))
    return "", _("ที่มา: %(origin)s", origin=given)


def _as_written(value: object) -> str:
    return "" if value is None or isinstance(value, date) else str(value).strip()[:200]


def _places(reader: _Reader) -> tuple[PlaceNamed, ...]:
    found: dict[PlaceNamed, None] = {}
    for name in ("provinces", "places"):
        for value in reader.items(name):
            place = _place(reader, value)
            if place:
                found[place] = None
    given = list(found)
    # A province that another place lies in adds nothing: a prefix is the parent.
    return tuple(
        one
        for one in given
        if one.village or not any(_is_beneath(other, one) for other in given if other != one)
    )


def _is_beneath(place: PlaceNamed, parent: PlaceNamed) -> bool:
    return len(place.code) > len(parent.code) and place.code.startswith(parent.code)


def _place(reader: _Reader, value: object) -> PlaceNamed | None:
    if isinstance(value, Mapping):
        village = str(value.get("village") or "")
        place = _place(reader, value.get("code") or value.get("name") or "")
        return PlaceNamed(place.code, village or place.village) if place else None
    reading = places.read(str(value))
    if reading.place is None:
        reader.warnings.append(_("ไม่รู้จักสถานที่ “%(name)s” จึงเก็บเป็นแท็ก", name=value))
        return None
    return PlaceNamed(reading.place.code, reading.village)


def _tags(reader: _Reader) -> tuple[str, ...]:
    unread = [
        str(value)[:100]
        for name in ("provinces", "places")
        for value in reader.items(name)
        if isinstance(value, str) and value.strip() and places.read(value).place is None
    ]
    tags = (tag.lstrip("#").strip() for tag in (*reader.words("tags"), *unread))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _organisations(reader: _Reader) -> tuple[OrganisationPart, ...]:
    found = []
    for value in reader.items("organisations"):
        if isinstance(value, Mapping):
            row = _Reader(value, reader.problems)
            part = row.choice("part", PARTS, "partner")
            found.append(OrganisationPart(row.text("name"), part))
        else:
            found.append(OrganisationPart(str(value).strip()))
    return tuple(dict.fromkeys(one for one in found if one.name))


def _roles(reader: _Reader) -> tuple[RolePlayed, ...]:
    return tuple(_role(reader, row) for row in reader.mappings("roles"))


def _role(reader: _Reader, fields: Fields) -> RolePlayed:
    row = _Reader(fields, reader.problems, reader.warnings)
    try:
        code = roles.read(row.text("role"))
    except Invalid as problem:
        reader.problems["roles"] = problem.message
        code = ""
    place = _place(reader, fields["place"]) if fields.get("place") else None
    return RolePlayed(
        role=code,
        person=row.text("person"),
        organisation=row.text("organisation"),
        level=row.choice("level", ("", *LEVELS), ""),
        place_code=place.code if place else "",
        did=row.text("did"),
    )


def _review(reader: _Reader) -> Review | None:
    answers = {**reader.mapping("sections"), **reader.mapping("answers")}
    actions = _rows(reader, "actions", _action)
    if not (answers or actions or reader.items("used")):
        return None
    return Review(
        question_set=reader.text("question_set", DEFAULT_QUESTION_SET),
        answers={str(name): str(said).strip() for name, said in answers.items() if said},
        actions=actions,
    )


def _used(reader: _Reader) -> tuple[UsedRecord, ...]:
    rows = (_Reader(row, reader.problems) for row in reader.mappings("used"))
    return tuple(
        UsedRecord(
            _cited(row.fields.get("lesson")),
            row.choice("outcome", OUTCOMES, "worked"),
            row.text("changed"),
        )
        for row in rows
    )


def _carried(reader: _Reader, content: NoteContent) -> tuple[Cited | None, ...]:
    """For each action item the note that it was carried over from."""
    said = reader if content.review else _Reader(reader.mapping("minutes"), reader.problems)
    rows = said.mappings("actions") if content.actions else []
    return tuple(_cited(row["carried_from"]) if row.get("carried_from") else None for row in rows)


def _cited(value: object) -> Cited:
    """Another note: its id, or id and source where it came from elsewhere than this one."""
    if isinstance(value, Mapping):
        return Cited(str(value.get("id") or ""), str(value.get("source") or ""))
    return Cited(str(value or ""))


def _meeting(reader: _Reader) -> Meeting:
    fields = _Reader(reader.mapping("minutes"), reader.problems, reader.warnings)
    after = _Reader(fields.mapping("next_meeting"), reader.problems, reader.warnings)
    return Meeting(
        venue=fields.text("venue"),
        starts=fields.text("starts"),
        ends=fields.text("ends"),
        chair=fields.text("chair"),
        attendees=_rows(fields, "attendees", _attendee),
        agenda=_rows(fields, "agenda", _agenda_item),
        actions=_rows(fields, "actions", _action),
        budget=_rows(fields, "budget", _budget_line),
        next_date=after.day("date"),
        next_time=after.text("time"),
        next_venue=after.text("venue"),
    )


def _rows(reader: _Reader, name: str, read: Callable[[_Reader], T]) -> tuple[T, ...]:
    rows = (_Reader(row, reader.problems, reader.warnings) for row in reader.mappings(name))
    return tuple(read(row) for row in rows)


def _attendee(row: _Reader) -> Attendee:
    present = row.fields.get("present", True) is not False
    return Attendee(row.text("name"), row.text("organisation"), present)


def _agenda_item(row: _Reader) -> AgendaItem:
    return AgendaItem(row.text("title"), row.text("discussion"), row.text("decision"))


def _action(row: _Reader) -> ActionItem:
    done = row.fields.get("done", False) is True
    return ActionItem(
        row.text("what"),
        row.text("owner"),
        row.day("due"),
        done,
        row.text("result"),
        carried_key=row.text("carried_key"),
    )


def _budget_line(row: _Reader) -> BudgetLine:
    amount = row.fields.get("amount", 0)
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not _is_money(amount):
        row.problems["budget"] = _("จำนวนเงินต้องเป็นตัวเลขบาท")
        amount = 0
    return BudgetLine(row.text("organisation"), round(amount * SATANG), row.text("note"))


def _is_money(amount: float) -> bool:
    return 0 <= amount < 1e13


def _lesson(reader: _Reader) -> tuple[LessonParts, tuple[PassageRecord, ...]]:
    fields = _Reader(reader.mapping("lesson"), reader.problems)
    passages = tuple(
        PassageRecord(
            _cited(row.get("note")),
            str(row.get("passage") or ""),
            _whole(row.get("revision")),
            str(row.get("comment") or ""),
        )
        for row in fields.mappings("sources")
    )
    parts = LessonParts(
        point=fields.text("point"),
        holds_when=fields.text("holds_when"),
        what_to_do=fields.text("what_to_do"),
        why=fields.text("why"),
        polarity=fields.choice("polarity", POLARITIES, "works"),
    )
    return parts, passages


def _whole(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and value > 0 else None


def _comments(reader: _Reader) -> tuple[CommentRecord, ...]:
    found = []
    for position, fields in enumerate(reader.mappings("comments"), start=1):
        row = _Reader(fields, reader.problems)
        body = row.text("body")
        if not body:
            reader.problems["comments"] = _("ความเห็นที่ %(n)s ไม่มีข้อความ", n=position)
            continue
        found.append(
            CommentRecord(
                key=row.mark("id", str(position), LONGEST_ID),
                body=body,
                author=row.text("author"),
                created_at=row.instant("created_at"),
                reply_to=row.text("reply_to"),
            )
        )
    return tuple(found)


def fields_of(content: NoteContent, *, names: Names, source: str) -> dict[str, Any]:
    """What ``record`` would read back as this content; empty fields are left out.

    The key of a briefing is: it opens what its reader planned.
    """
    cite = _Citing(names, source)
    fields: dict[str, Any] = {
        "kind": content.kind.value,
        "title": content.title,
        "date": _date_text(content),
        "date_as_written": content.held_as_written,
        "places": [_place_field(place) for place in content.places],
        "themes": list(content.themes),
        "tags": list(content.tags),
        "organisations": [{"name": one.name, "part": one.part} for one in content.organisations],
        "roles": [_role_fields(role) for role in content.roles],
        "author": content.author,
        "visibility": content.visibility,
        "url": content.url,
        "licence": content.licence,
    }
    if content.review:
        fields["question_set"] = content.review.question_set
        fields["sections"] = dict(content.review.answers)
        fields["actions"] = [_action_fields(one, cite) for one in content.review.actions]
        fields["used"] = [
            {"lesson": cite.note(one.lesson), "outcome": one.outcome, "changed": one.changed}
            for one in content.review.used
        ]
    if content.meeting:
        fields["minutes"] = _meeting_fields(content.meeting, cite)
    if content.lesson:
        fields["lesson"] = _lesson_fields(content.lesson, cite)
    return {name: value for name, value in fields.items() if value not in ("", [], None, {})}


@dataclass(frozen=True)
class _Citing:
    """Writes how a file names another note, from a note of this source."""

    names: Names
    home: str

    def note(self, number: int | None) -> Any:
        """Its id; with its source where that is another; None for none that may be named."""
        found = self.names.note(number) if number else None
        if found is None or found.source == self.home:
            return found and found.id
        return {"id": found.id, "source": found.source}


def _date_text(content: NoteContent) -> str:
    if content.held_from is None:
        return ""
    if content.held_to in (None, content.held_from):
        return content.held_from.isoformat()
    return f"{content.held_from.isoformat()}/{content.held_to}"


def _place_field(place: PlaceNamed) -> Any:
    return {"code": place.code, "village": place.village} if place.village else place.code


def _role_fields(role: RolePlayed) -> dict[str, str]:
    fields = {
        "role": role.role,
        "person": role.person,
        "organisation": role.organisation,
        "level": role.level,
        "place": role.place_code,
        "did": role.did,
    }
    return {name: value for name, value in fields.items() if value}


def _action_fields(one: ActionItem, cite: _Citing) -> dict[str, Any]:
    fields = {
        "what": one.what,
        "owner": one.owner,
        "due": one.due and str(one.due),
        "done": one.done,
    }
    before = cite.note(one.carried_from)
    more = {
        "result": one.result,
        "carried_from": before,
        "carried_key": one.carried_key if before else "",
    }
    return {**fields, **{name: value for name, value in more.items() if value}}


def _meeting_fields(meeting: Meeting, cite: _Citing) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "venue": meeting.venue,
        "starts": meeting.starts,
        "ends": meeting.ends,
        "chair": meeting.chair,
        "attendees": [vars(one) for one in meeting.attendees],
        "agenda": [vars(one) for one in meeting.agenda],
        "actions": [_action_fields(one, cite) for one in meeting.actions],
        "budget": [
            {"organisation": one.organisation, "amount": _baht(one), "note": one.note}
            for one in meeting.budget
        ],
    }
    following = {
        "date": str(meeting.next_date or ""),
        "time": meeting.next_time,
        "venue": meeting.next_venue,
    }
    if any(following.values()):
        fields["next_meeting"] = following
    return {name: value for name, value in fields.items() if value}


def _baht(line: BudgetLine) -> int | float:
    whole, rest = divmod(line.amount_satang, SATANG)
    return line.amount_satang / SATANG if rest else whole


def _lesson_fields(lesson: LessonParts, cite: _Citing) -> dict[str, Any]:
    return {
        "point": lesson.point,
        "holds_when": lesson.holds_when,
        "what_to_do": lesson.what_to_do,
        "why": lesson.why,
        "polarity": lesson.polarity,
        "sources": [_source_fields(one, cite) for one in lesson.sources],
    }


def _source_fields(one: SourcePassage, cite: _Citing) -> dict[str, Any]:
    comment = cite.names.comment(one.comment) if one.comment else ""
    more = {"revision": one.revision, "comment": comment}
    fields = {"note": cite.note(one.note), "passage": one.passage}
    return {**fields, **{name: value for name, value in more.items() if value}}
