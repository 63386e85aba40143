"""Notes of a sample, with values to narrow by, straight into an instance's tables.

The sample has titles and texts only. Kind, province, theme and role are made up from the place
of a note in the file, so that they are the same in every run; the day is the one that the text
begins with, where it does.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, insert

from kms import starter
from kms.db import now
from kms.gazetteer import gazetteer
from kms.models import Note, NotePlace, NoteTheme, Person, RoleAssignment, Setting, Theme
from kms.naming import key
from kms.note_kinds import ROLES
from kms.saving import migrate, open_store
from kms.settings import Settings
from kms.thai.dates import BE_MINUS_CE

KINDS = ("note", "aar", "minutes", "lesson", "page")
THEMES = tuple(f"theme-{number}" for number in range(1, 25))
_THEME_IDS = {slug: place + 1 for place, slug in enumerate(THEMES)}
LONGEST_TITLE = 300
LOADED_AT_ONCE = 500

_DAY = re.compile(r"\s*\d\d?/\d\d?/(25\d\d)\s")


@dataclass(frozen=True)
class Sample:
    """One note of the sample; ``number`` counts from 1. A blank value is none."""

    number: int
    title: str
    body: str
    kind: str
    year: int
    province: str
    theme: str
    role: str

    @property
    def values(self) -> dict[str, str]:
        """What it is narrowed by."""
        return {
            "kind": self.kind,
            "year": str(self.year),
            "province": self.province,
            "theme": self.theme,
            "role": self.role,
        }


def sample(file: Path, notes: int) -> Iterator[Sample]:
    """The first notes of a file of JSON lines with ``title`` and ``body``."""
    provinces = sorted(code for code in gazetteer().by_code if len(code) == 2)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for place, one in enumerate(map(json.loads, islice(lines, notes))):
            told = _DAY.match(one["body"])
            yield Sample(
                number=place + 1,
                title=one.get("title", "")[:LONGEST_TITLE],
                body=one["body"],
                kind=KINDS[place % len(KINDS)],
                year=int(told[1]) - BE_MINUS_CE if told else 2005 + place % 15,
                province=provinces[place * 7 % len(provinces)],
                theme=THEMES[place * 5 % len(THEMES)],
                role=ROLES[place // 3 % len(ROLES)],
            )


def make_instance(settings: Settings, notes: Iterable[Sample]) -> None:
    """A new instance with these notes and no index yet; without the content it would start with.

    Straight into the tables: importing is measured elsewhere.
    """
    settings.instance.mkdir(parents=True)
    migrate(settings.database_url)
    store = open_store(settings)
    rest = iter(notes)
    with store.engine.begin() as connection:
        connection.execute(insert(Setting), [{"name": starter.LOADED, "value": "0"}])
        connection.execute(insert(Person), [{"id": 1, "name": "bench", "name_key": "bench"}])
        themes = [
            {"id": number, "slug": slug, "name": slug, "name_key": slug}
            for slug, number in _THEME_IDS.items()
        ]
        connection.execute(insert(Theme), themes)
        while batch := list(islice(rest, LOADED_AT_ONCE)):
            _insert(connection, batch)
    store.close()


def _insert(connection: Connection, batch: list[Sample]) -> None:
    rows = [
        {
            "id": one.number,
            "kind": one.kind,
            "title": one.title,
            "title_key": key(one.title, 500),
            "body": one.body,
            "visibility": "public",
            "held_from": date(one.year, 1, 1),
            "held_to": date(one.year, 1, 1),
            "source": "bench",
            "source_id": str(one.number),
            "created_at": now(),
            "revised_at": now(),
        }
        for one in batch
    ]
    connection.execute(insert(Note), rows)
    for model, values in (
        (NotePlace, [(one.number, "place_code", one.province) for one in batch]),
        (
            NoteTheme,
            [(one.number, "theme_id", one.theme and _THEME_IDS[one.theme]) for one in batch],
        ),
        (RoleAssignment, [(one.number, "role", one.role) for one in batch]),
    ):
        who = {"person_id": 1} if model is RoleAssignment else {}
        told = [{"note_id": number, name: value, **who} for number, name, value in values if value]
        if told:
            connection.execute(insert(model), told)
