"""The page for two people who changed the same place: both texts, and the fields to compose in.

The page is a form like any other: its fields hold the whole note with what could be merged, those
in question open to be typed in and the rest hidden, so drafts, lapsed sessions and a third person
who saves meanwhile lose nothing. The buttons only fill fields.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, url_for

from kms import differences, history, notes, revising, themes
from kms.differences import Line, Unchanged
from kms.language import gettext as _
from kms.merging import Clash
from kms.models import Note
from kms.note_kinds import Kind, NoteContent
from kms.note_parts import TABLES, parts_of, sort_of
from kms.permissions import Viewer
from kms.revising import Joined, Shown
from kms.sessions import Session
from kms.web.context import reading
from kms.web.forms import aar, conflict, note_form
from kms.web.forms.conflict import Fields
from kms.web.forms.note_form import Known
from kms.web.forms.typed import Typed
from kms.web.part_names import column_name, names_for, part_name

CARRIED = ("client_id", "draft_step", "reason")
# Of the form itself, not of the note.
NOT_FIELDS = ("csrf_token", "kind", "based_on", "take", "clashes", "do", *CARRIED)
SIDES = ("mine", "theirs", "both")
MOST_CLASHES = 200
# Fields of which both texts can stand side by side on one line.
JOINED = ("title", "venue", "next_venue", "chair", "village", "organisation", "person", "owner")

_LIST_ITEM = re.compile(r"\s*(?:[-*+]|[0-9๐-๙]+[.)])\s")
Told = Sequence[Line | Unchanged]


@dataclass(frozen=True)
class Control:
    """A field of the page; ``options`` when only some values are possible."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    is_long: bool = False


@dataclass(frozen=True)
class Place:
    """One clash: both texts, and what each choice puts into the fields.

    In a passage of a longer text a choice replaces ``now`` in that one field.
    """

    label: str
    where: str
    base: str
    mine: str
    theirs: str
    choices: Mapping[str, Fields]
    now: str = ""

    def told(self, side: str) -> Told:
        """What a side made of the base."""
        text = self.mine if side == "mine" else self.theirs
        return differences.folded(differences.lines(self.base, text)) if text else ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the choices fill."""
        return tuple(dict.fromkeys(name for one in self.choices.values() for name in one))


@dataclass(frozen=True)
class Group:
    """The places that share fields, and these fields."""

    places: tuple[tuple[int, Place], ...]
    controls: tuple[Control, ...]

    @property
    def label(self) -> str:
        """What the page calls them."""
        return self.places[0][1].label


@dataclass(frozen=True)
class ConflictPage:
    """One showing of the page. ``lost`` are places that the form has no field for any more."""

    kind: Kind
    number: int
    typed: Typed
    places: tuple[Place, ...]
    merged: tuple[str, ...] = ()
    between: tuple[int, int] | None = None
    by: str = ""
    not_found: str = ""

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return url_for("writing.edit", number=self.number)

    @property
    def groups(self) -> list[Group]:
        """The places by the fields that they share."""
        together: dict[tuple[str, ...], list[tuple[int, Place]]] = {}
        for index, place in enumerate(self.places):
            together.setdefault(place.fields or (str(index),), []).append((index, place))
        return [
            Group(tuple(places), self._controls(names, [one for _index, one in places]))
            for names, places in together.items()
        ]

    def _controls(self, names: Sequence[str], places: Sequence[Place]) -> tuple[Control, ...]:
        if not places[0].fields:
            return ()
        return tuple(
            self._control(name, places)
            for name in names
            if name.rpartition("-")[2] not in conflict.NOT_WORDS
        )

    def _control(self, name: str, places: Sequence[Place]) -> Control:
        column = name.rpartition("-")[2]
        value = self.typed.text(name)
        texts = [place.choices[side].get(name, "") for place in places for side in place.choices]
        label = column_name(name) or places[0].label
        if column in conflict.CHOSEN:
            values = dict.fromkeys([*texts, value])
            options = tuple((one, conflict.say(column, one) or _("ไม่ระบุ")) for one in values)
            return Control(name, label, value, options)
        is_long = any(len(text) > 60 or "\n" in text for text in (value, *texts))
        return Control(name, label, value, is_long=is_long or bool(places[0].now))

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Every other field of the form with its value."""
        open_ = {one.name for group in self.groups for one in group.controls}
        return [
            (name, value)
            for name, values in self.typed.values.items()
            if name not in open_ and name not in NOT_FIELDS
            for value in values
        ]

    @property
    def choices(self) -> list[dict[str, object]]:
        """What the script needs of the places."""
        return [{"choices": place.choices, "now": place.now} for place in self.places]

    @property
    def state(self) -> str:
        """The places, for the next showing of this page."""
        return json.dumps([vars(place) for place in self.places], ensure_ascii=False)


# --- what the writer was shown, what the writer meant ---------------------------------------------


def shown_to(session: Session, who: Viewer, known: Known) -> Shown:
    """How a content comes back from a form that nobody touched."""

    def shown(content: NoteContent) -> NoteContent:
        titles = source_titles(session, content, who)
        seen = history.with_sources_seen(session, content, who)
        sources = {str(number): (number, title) for number, title in titles.items()}
        whole = replace(known, sources={**known.sources, **sources})
        return note_form.read(content.kind, note_form.fill(seen, whole), whole).content

    return shown


def source_titles(session: Session, content: NoteContent, who: Viewer) -> dict[int, str]:
    """Number → title of the source notes, and lessons used, that this writer may see."""
    return notes.titles(session, history.cited_in(content), seen_by=who)


# --- making the page ------------------------------------------------------------------------------


def page(number: int, typed: Typed, content: NoteContent, *, who: Viewer, based_on: int) -> str:
    """The page for a form that could not be saved because another save touched the same place."""
    with reading() as session:
        note = notes.get_for_revision(session, number, by=who)
        known = Known(who.name, themes.load(session))
        shown = shown_to(session, who, known)
        found = revising.join(session, note, content, by=who, based_on=based_on, shown=shown)
        titles = source_titles(session, found.merged.content, who)
        known = replace(known, sources={str(one): (one, name) for one, name in titles.items()})
        by = _by(session, note, who)
        seen = history.with_sources_seen(session, found.merged.content, who)
    filled = note_form.fill(seen, known).but(
        **{name: typed.text(name) for name in CARRIED},
        kind=seen.kind.value,
        based_on=str(found.revision),
    )
    places = tuple(_place(clash, found, seen, known) for clash in found.merged.clashes)
    return render(
        ConflictPage(
            kind=seen.kind,
            number=number,
            typed=filled,
            places=places[:MOST_CLASHES],
            merged=_merged_names(found, filled),
            between=(based_on, found.revision) if found.base is not None else None,
            by=by,
        )
    )


def render(made: ConflictPage) -> str:
    """The page in HTML."""
    return render_template("writing/conflict.html", page=made)


def after_choice(kind: Kind, number: int, typed: Typed) -> ConflictPage | None:
    """The page after one of its buttons, for browsers without scripts; None when it cannot be."""
    places = _kept_places(typed.text("clashes"))
    index, _dash, side = typed.text("take").partition("-")
    if not (places and index.isascii() and index.isdigit() and int(index) < len(places)):
        return None
    place = places[int(index)]
    if side not in place.choices:
        return None
    made = ConflictPage(kind, number, typed, tuple(places))
    wanted = place.choices[side]
    if not place.now:
        return replace(made, typed=typed.but(**wanted))
    ((name, passage),) = wanted.items()
    text = typed.text(name).replace("\r\n", "\n")
    if place.now in text:
        text = text.replace(place.now, passage, 1)
    else:
        # Mended by hand meanwhile: nothing typed is taken away for a choice.
        text = f"{text}\n\n{passage}"
        made = replace(made, not_found=name)
    places[int(index)] = replace(place, now=passage)
    return replace(made, typed=typed.but(**{name: text}), places=tuple(places))


def _kept_places(text: str) -> list[Place]:
    """The places that the page carried along; none when they are not as it made them."""
    try:
        every = json.loads(text)
        return [_kept_place(one) for one in every[:MOST_CLASHES]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _kept_place(one: Any) -> Place:
    texts = {name: one[name] for name in ("label", "where", "base", "mine", "theirs", "now")}
    choices = {
        side: {str(name): text for name, text in fields.items()}
        for side, fields in one["choices"].items()
        if side in SIDES
    }
    every = [*texts.values(), *(text for fields in choices.values() for text in fields.values())]
    is_passage = bool(texts["now"])
    if not all(isinstance(text, str) for text in every):
        raise TypeError("texts only")
    if is_passage and any(len(fields) != 1 for fields in choices.values()):
        raise ValueError("a passage stands in one field")
    return Place(**texts, choices=choices)


def _by(session: Session, note: Note, who: Viewer) -> str:
    """Who made the latest revision, as far as its history tells."""
    latest, _content = history.revision(session, note, note.revision, seen_by=who)
    return latest.by.name if latest.by else ""


def _merged_names(found: Joined, typed: Typed) -> tuple[str, ...]:
    """What the page calls the parts that only others changed."""
    touched = {conflict.place_of(one.part)[0] for one in found.merged.clashes}
    taken = [one for one in found.merged.taken if one not in touched]
    names = names_for(aar.question_set(typed), found.mine.kind)
    return tuple(dict.fromkeys(part_name(one, names) for one in taken if one in names))


def _place(clash: Clash, found: Joined, seen: NoteContent, known: Known) -> Place:
    part = _seen_part(clash.part, found.merged.content, seen)
    label = part_name(part, names_for(aar.question_set(note_form.fill(seen, known)), seen.kind))
    if clash.is_passage:
        return _passage(clash, part, label)
    values = {"base": clash.base, "mine": clash.mine, "theirs": clash.theirs}
    row = _row(seen, part)
    fields = {
        side: conflict.fields_of(seen.kind, part, value, row, known)
        for side, value in values.items()
    }
    if _is_text(part):
        texts = {side: str(value) for side, value in values.items()}
        choices = {side: {part: texts[side]} for side in ("mine", "theirs")}
        if texts["mine"] and texts["theirs"]:
            choices["both"] = {part: _both(texts["theirs"], texts["mine"])}
    else:
        texts = {side: conflict.said(one) for side, one in fields.items()}
        choices = _differing(fields)
    if not seen_has_field(seen, part):
        choices = {}
    return Place(label, clash.where, texts["base"], texts["mine"], texts["theirs"], choices)


def seen_has_field(content: NoteContent, part: str) -> bool:
    """Whether the form of this content has fields for the part."""
    return part in parts_of(content) or conflict.place_of(part)[0] in TABLES


def _passage(clash: Clash, part: str, label: str) -> Place:
    both = _both(clash.theirs, clash.mine)
    choices = {"mine": clash.mine, "theirs": clash.theirs, "both": both}
    if not (clash.mine and clash.theirs):
        del choices["both"]
    return Place(
        label,
        clash.where,
        clash.base,
        clash.mine,
        clash.theirs,
        {side: {part: text} for side, text in choices.items()},
        now=clash.now,
    )


def _both(theirs: str, mine: str) -> str:
    between = "\n" if _LIST_ITEM.match(theirs) and _LIST_ITEM.match(mine) else "\n\n"
    return f"{theirs}{between}{mine}"


def _is_text(part: str) -> bool:
    table, _index, column = conflict.place_of(part)
    return column in TABLES[table].texts if table in TABLES else sort_of(part) == "text"


def _row(content: NoteContent, part: str) -> Any:
    table, index, _column = conflict.place_of(part)
    rows = parts_of(content)[table] if table in TABLES else ()
    return rows[index] if 0 <= index < len(rows) else None


def _seen_part(part: str, whole: NoteContent, seen: NoteContent) -> str:
    """The same place, counted over the source passages and lessons that the writer may see."""
    table, index, column = conflict.place_of(part)
    if table not in ("sources", "used"):
        return part
    shown = parts_of(seen)[table]
    before = [one for one in parts_of(whole)[table][:index] if one in shown]
    return "-".join(word for word in (table, str(len(before)), column) if word)


def _differing(fields: Mapping[str, Fields]) -> dict[str, Fields]:
    """What each side puts into the fields in which the two differ."""
    mine, theirs = fields["mine"], fields["theirs"]
    names = [
        name
        for name in dict.fromkeys((*mine, *theirs))
        if mine.get(name, "") != theirs.get(name, "")
    ]
    choices = {
        side: {name: fields[side].get(name, "") for name in names} for side in ("mine", "theirs")
    }
    if len(names) == 1 and names[0].rpartition("-")[2] in JOINED:
        texts = [choices[side][names[0]] for side in ("theirs", "mine")]
        if all(texts):
            choices["both"] = {names[0]: " / ".join(texts)}
    return choices
