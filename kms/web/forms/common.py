"""The fields that every kind of note has: when, where, about what, who, and who may see it."""

import re
from collections.abc import Mapping

from kms.language import gettext as _
from kms.note_kinds import (
    LEVELS,
    PARTS,
    ROLES,
    VISIBILITIES,
    AttachedFile,
    NoteContent,
    OrganisationPart,
    PlaceNamed,
    RolePlayed,
)
from kms.web.forms import when, where
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed, from_rows, plain

PLACE_WORDS = ("text", "village")
ORGANISATION_WORDS = ("name",)
ROLE_WORDS = ("person", "organisation", "place", "did")
# A caption alone is no file.
FILE_WORDS = ("key",)

_BETWEEN_TAGS = re.compile(r"[\s,;#]+")
_BETWEEN_THEMES = re.compile(r"[,;\n]+")


def places(typed: Typed, notices: Notices) -> tuple[PlaceNamed, ...]:
    """The places that were understood; a notice stands beside each of the others."""
    found = []
    for index, row in enumerate(typed.rows("places", PLACE_WORDS)):
        name = f"places-{index}-text"
        spot = where.find(name, row.get("text", ""), row, notices)
        village = plain(row.get("village", "")) or spot.village
        if spot.code:
            found.append(PlaceNamed(spot.code, village))
        elif village and name not in notices.problems:
            notices.problems[name] = _("บอกตำบลหรืออำเภอของหมู่บ้านนี้ด้วย")
    return tuple(found)


def themes(typed: Typed) -> tuple[str, ...]:
    """Slugs ticked, then the new themes proposed in words."""
    proposed = _BETWEEN_THEMES.split(typed.text("theme_new"))
    wanted = [*typed.all("themes"), *(plain(one) for one in proposed)]
    return tuple(dict.fromkeys(one for one in wanted if one))


def tags(typed: Typed) -> tuple[str, ...]:
    """Words between spaces, commas or #, each once."""
    return tuple(dict.fromkeys(one for one in _BETWEEN_TAGS.split(typed.text("tags")) if one))


def organisations(typed: Typed) -> tuple[OrganisationPart, ...]:
    """Organisations with their part; an unknown part is left for the domain to refuse."""
    rows = typed.rows("organisations", ORGANISATION_WORDS)
    return tuple(
        OrganisationPart(plain(row.get("name", "")), row.get("part") or PARTS[0]) for row in rows
    )


def roles(typed: Typed, notices: Notices) -> tuple[RolePlayed, ...]:
    """Roles in the order of the rows."""
    return tuple(
        _role(index, row, notices) for index, row in enumerate(typed.rows("roles", ROLE_WORDS))
    )


def _role(index: int, row: Row, notices: Notices) -> RolePlayed:
    role, level = row.get("role", ""), row.get("level", "")
    if role not in ROLES:
        notices.problems[f"roles-{index}-role"] = _("เลือกบทบาทจากรายการ")
    if level and level not in LEVELS:
        notices.problems[f"roles-{index}-level"] = _("เลือกระดับจากรายการ")
    person, organisation = plain(row.get("person", "")), plain(row.get("organisation", ""))
    if not person and not organisation:
        said = _("บอกว่าใครหรือองค์กรใดรับบทบาทนี้ ชื่อเล่นหรือตำแหน่งก็ได้")
        notices.problems[f"roles-{index}-person"] = said
    spot = where.find(f"roles-{index}-place", row.get("place", ""), _for_role(row), notices)
    return RolePlayed(role, person, organisation, level, spot.code, plain(row.get("did", "")))


def _for_role(row: Row) -> Row:
    return {"code": row.get("place_code", ""), "for": row.get("place_for", "")}


def attachments(typed: Typed) -> tuple[AttachedFile, ...]:
    """Files in the order of the rows."""
    return tuple(
        AttachedFile(row["key"], plain(row.get("caption", "")))
        for row in typed.rows("attachments", FILE_WORDS)
    )


def author(typed: Typed, own_name: str) -> str:
    """Whom to credit: the writer, somebody else by name, or nobody."""
    if typed.text("credit") == "other":
        return typed.words("author")
    return "" if typed.text("credit") == "nobody" else own_name


def read(typed: Typed, own_name: str, notices: Notices) -> dict[str, object]:
    """Values for the fields of ``NoteContent`` that every kind shares."""
    held = when.held(typed, notices)
    visibility = typed.text("visibility", "members")
    if visibility not in VISIBILITIES:
        notices.problems["visibility"] = _("เลือกว่าใครเห็นบันทึกนี้ได้")
        visibility = "draft"
    if typed.text("credit") == "other" and not typed.words("author"):
        notices.problems["author"] = _("พิมพ์ชื่อผู้ที่เขียนแทน หรือเลือกไม่ระบุชื่อ")
    return {
        "title": typed.words("title"),
        "body": typed.words("body"),
        "visibility": visibility,
        "held_from": held.first,
        "held_to": held.last,
        "held_as_written": held.as_written,
        "author": author(typed, own_name),
        "places": places(typed, notices),
        "themes": themes(typed),
        "tags": tags(typed),
        "organisations": organisations(typed),
        "roles": roles(typed, notices),
        "url": typed.words("url"),
        "licence": typed.words("licence"),
        "attachments": attachments(typed),
    }


def fill(content: NoteContent, own_name: str, names: Mapping[str, str]) -> Typed:
    """The form that says this content; ``names`` are those of themes that have no box."""
    single = {
        "title": content.title,
        "body": content.body,
        "visibility": content.visibility,
        "held": when.written(content),
        "tags": " ".join(content.tags),
        "theme_new": ", ".join(names[one] for one in content.themes if one in names),
        "url": content.url,
        "licence": content.licence,
        **_credit(content.author, own_name),
    }
    return Typed(
        {
            **{name: (value,) for name, value in single.items() if value},
            "themes": tuple(one for one in content.themes if one not in names),
            **from_rows("places", map(_place_row, content.places)),
            **from_rows("organisations", map(_organisation_row, content.organisations)),
            **from_rows("roles", map(_role_row, content.roles)),
            **from_rows("attachments", map(vars, content.attachments)),
        }
    )


def _credit(name: str, own_name: str) -> Mapping[str, str]:
    if name == own_name:
        return {"credit": "own"}
    return {"credit": "other", "author": name} if name else {"credit": "nobody"}


def _place_row(place: PlaceNamed) -> Row:
    said = where.path(place.code)
    return {"text": said, "village": place.village, "code": place.code, "for": said}


def _organisation_row(part: OrganisationPart) -> Row:
    return {"name": part.name, "part": part.part}


def _role_row(role: RolePlayed) -> Row:
    said = where.path(role.place_code)
    return {
        "role": role.role,
        "person": role.person,
        "organisation": role.organisation,
        "level": role.level,
        "place": said,
        "place_code": role.place_code,
        "place_for": said,
        "did": role.did,
    }
