"""A country's worth of notes and lessons with what became of them, made up the same in every run.

Nothing of it is real but places, themes and roles. Names are numbers, texts are put together from
a few sentences of the field, and who worked where follows from a fixed seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from kms import accounts, places, starter
from kms.db import now
from kms.exchange.bringing import bring_in
from kms.exchange.records import Record, record
from kms.models import (
    Account,
    Activity,
    ActivityOrganisation,
    ActivityPlace,
    ActivityTheme,
    Follow,
    LessonStep,
    Note,
    NotePlace,
    Organisation,
    Recommendation,
    Theme,
)
from kms.note_kinds import ROLES
from kms.saving import Store

EMAIL = "bench@example.org"
PASSWORD = "วัดความเร็วครั้งนี้"
FIRST_DAY = date(2006, 1, 1)
DAYS = 4_000
PEOPLE = 3_000
ORGANISATIONS = 300
# One in so many is for members only, and one in so many a draft of the one who asks.
MEMBERS_ONLY, DRAFT = 7, 31
SENTENCES = (
    "เวทีวันนี้คุยเรื่องกองทุนสวัสดิการชุมชนและการสมทบจากท้องถิ่น",
    "แต่ละกองทุนมีเจ้าของที่ไม่เคยคุยกัน แต่บอกให้ชาวบ้านบูรณาการ",
    "เป้าหมายของการประชุมไม่ชัด คนที่เชิญมาจึงไม่ชัดตามไปด้วย",
    "แกนนำหมู่บ้านจดบัญชีครัวเรือนก่อน แล้วจึงทำแผนชุมชน",
    "กรรมการชุดเดียวทำงานเรื่องเดียวกัน ไม่ตั้งใหม่ทุกโครงการ",
    "สภาองค์กรชุมชนเป็นเวทีกลางที่ทุกกลุ่มเอาเรื่องมาวางด้วยกัน",
    "นักวิจัยชาวบ้านถอดบทเรียนทุกเดือน และเล่าให้วงของตนเองฟังต่อ",
    "ตัวชี้วัดตั้งเองโดยคนในตำบล ไม่ใช่ตัวเลขจากส่วนกลาง",
)
STEPS = (("confirmed", ""), ("applied", "worked"), ("applied", "did_not"), ("applied", "partly"))


@dataclass(frozen=True)
class Size:
    """How many of each."""

    notes: int = 20_000
    lessons: int = 5_000
    activities: int = 3_000


def fill(store: Store, size: Size) -> None:
    """All of it into an empty, migrated database, and one account that follows a few things."""
    chance = random.Random(2549)
    with store.saving() as session:
        starter.load_content(session)
        accounts.add(session, EMAIL, PASSWORD, "คนที่ 1", permission="curator")
        themes = list(session.scalars(select(Theme.slug).where(Theme.parent_id.is_not(None))))
    tambons = [one.code for province in places.provinces() for one in places.beneath(province.code)]
    tambons = [code for code in tambons if len(code) == 6]
    outcome = bring_in(store, _records(size, chance, tambons, themes))
    assert not outcome.refused, outcome.refused[:1]
    with store.saving() as session:
        _hide_some(session)
        _steps(session, chance)
        _activities(session, chance, size.activities, tambons)
        _follow(session)
        _recommend(session, chance)


def _records(
    size: Size, chance: random.Random, tambons: list[str], themes: list[str]
) -> Iterator[Record]:
    for number in range(size.notes):
        yield _record(f"n{number}", _note(number, chance, tambons, themes))
    for number in range(size.lessons):
        yield _record(f"l{number}", _lesson(number, size, chance, tambons, themes))


def _record(name: str, fields: dict[str, Any]) -> Record:
    return record(fields, where=f"bench:{name}", source="bench", source_id=name)


def _note(
    number: int, chance: random.Random, tambons: list[str], themes: list[str]
) -> dict[str, Any]:
    kind = ("aar", "minutes", "note")[number % 3]
    said = "\n\n".join(chance.choice(SENTENCES) for _ in range(6))
    fields = {
        "kind": kind,
        "title": f"เวทีครั้งที่ {number} {chance.choice(SENTENCES)[:30]}",
        **_where_when_who(chance, tambons, themes),
    }
    if kind == "aar":
        return {**fields, "answers": {"review": said}}
    if kind == "minutes":
        return {**fields, "body": said, "minutes": {"actions": [_action(chance)] * 1}}
    return {**fields, "body": said}


def _action(chance: random.Random) -> dict[str, Any]:
    due = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
    return {
        "what": f"นัดเจ้าของกองทุนมาคุยกันครั้งที่ {chance.randrange(10_000)}",
        "owner": _person(chance),
        "due": due.isoformat(),
        "done": chance.random() < 0.5,
    }


def _lesson(
    number: int, size: Size, chance: random.Random, tambons: list[str], themes: list[str]
) -> dict[str, Any]:
    about = chance.choice(SENTENCES)
    return {
        "kind": "lesson",
        "title": f"บทเรียนที่ {number} {about[:40]}",
        **_where_when_who(chance, tambons, themes),
        "lesson": {
            "point": f"{about} ({number})",
            "holds_when": "เมื่อเริ่มงานใหม่ในตำบลที่มีหลายกองทุน",
            "what_to_do": chance.choice(SENTENCES),
            "why": chance.choice(SENTENCES),
            "polarity": "works" if chance.random() < 0.8 else "does_not_work",
            "sources": [{"note": f"n{chance.randrange(size.notes)}", "passage": ""}],
        },
    }


def _where_when_who(chance: random.Random, tambons: list[str], themes: list[str]) -> dict[str, Any]:
    return {
        "date": (FIRST_DAY + timedelta(days=chance.randrange(DAYS))).isoformat(),
        "places": [chance.choice(tambons)],
        "themes": chance.sample(themes, 2),
        "organisations": [f"องค์กรที่ {chance.randrange(ORGANISATIONS)}"],
        "roles": [{"role": role, "person": _person(chance)} for role in chance.sample(ROLES, 3)],
        "author": _person(chance),
    }


def _person(chance: random.Random) -> str:
    return f"คนที่ {chance.randrange(PEOPLE)}"


def _hide_some(session: Session) -> None:
    account = session.scalars(select(Account.id).where(Account.email == EMAIL)).one()
    notes = Note.__table__
    drafts = notes.update().where(notes.c.id % DRAFT == 0)  # type: ignore[attr-defined]
    session.execute(drafts.values(visibility="draft", owner_id=account))
    members = notes.update().where(notes.c.id % MEMBERS_ONLY == 0)  # type: ignore[attr-defined]
    session.execute(members.values(visibility="members"))


def _steps(session: Session, chance: random.Random) -> None:
    """Two lessons in three are agreed to; each was confirmed or used twice on average."""
    lessons = list(session.scalars(select(Note.id).where(Note.kind == "lesson")))
    rows = session.execute(
        select(NotePlace.note_id, NotePlace.place_code).join(Note).where(Note.kind == "aar")
    )
    witnesses = [(note, place) for note, place in rows]
    steps = []
    for lesson in lessons:
        if chance.random() < 0.67:
            steps.append(_step(lesson, "agreed", "", None, None))
        for _ in range(chance.randrange(5)):
            step, outcome = chance.choice(STEPS)
            steps.append(_step(lesson, step, outcome, *chance.choice(witnesses)))
    session.execute(insert(LessonStep), steps)


def _step(
    lesson: int, step: str, outcome: str, note: int | None, place: str | None
) -> dict[str, Any]:
    return {
        "lesson_id": lesson,
        "step": step,
        "outcome": outcome,
        "note_id": note,
        "place_code": place,
        "created_at": now(),
    }


def _activities(session: Session, chance: random.Random, count: int, tambons: list[str]) -> None:
    origins = list(session.scalars(select(Note.id).where(Note.kind == "note").limit(count)))
    themes = list(session.scalars(select(Theme.id).where(Theme.parent_id.is_not(None))))
    groups = list(session.scalars(select(Organisation.id)))
    for number in range(count):
        starts = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        code = chance.choice(tambons)
        session.add(
            Activity(
                note_id=origins[number % len(origins)],
                name=f"โครงการที่ {number}",
                name_key=f"โครงการที่ {number}",
                starts=starts,
                ends=starts + timedelta(days=365) if chance.random() < 0.8 else None,
                amount_satang=chance.randrange(1, 100) * 10_000_00,
                places=[ActivityPlace(place_code=code[: chance.choice((2, 4, 6, 6))])],
                themes=[ActivityTheme(theme_id=chance.choice(themes))],
                organisations=[
                    ActivityOrganisation(organisation_id=one, part=part)
                    for one, part in zip(
                        chance.sample(groups, 2), ("funder", "runner"), strict=True
                    )
                ],
            )
        )
    session.flush()


def _follow(session: Session) -> None:
    account = session.scalars(select(Account).where(Account.email == EMAIL)).one()
    person = session.scalars(select(Note.author_id).where(Note.author_id.is_not(None))).first()
    wanted = (
        ("place", "93"),
        ("place", "80"),
        ("theme", "community-welfare"),
        ("person", str(person)),
        ("note", "100"),
        ("search", "q=กองทุน"),
    )
    session.add_all(Follow(account_id=account.id, kind=kind, target=said) for kind, said in wanted)
    account.news_seen_at = None


def _recommend(session: Session, chance: random.Random) -> None:
    groups = list(session.scalars(select(Organisation.id)))
    notes = list(session.scalars(select(Note.id).where(Note.kind == "aar")))
    session.execute(
        insert(Recommendation),
        [
            {
                "note_id": note,
                "what": chance.choice(SENTENCES),
                "organisation_id": chance.choice(groups),
                "role": "",
                "created_at": now(),
            }
            for note in chance.sample(notes, len(notes) // 3)
        ],
    )
