"""A country's worth of notes and lessons with what became of them, made up the same in every run.

Nothing of it is real but places, themes and roles. Names are numbers, texts are put together from
a few sentences of the field, and who worked where follows from a fixed seed. Straight into the
tables: importing is measured elsewhere.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from kms import accounts, note_text, places, starter
from kms.db import Base
from kms.errors import Unavailable
from kms.models import (
    Account,
    Activity,
    ActivityOrganisation,
    ActivityPlace,
    ActivityTheme,
    Comment,
    Follow,
    LessonSource,
    LessonStep,
    Note,
    NoteAction,
    NoteOrganisation,
    NotePlace,
    NoteTheme,
    Organisation,
    Person,
    Recommendation,
    Revision,
    RoleAssignment,
    Theme,
)
from kms.naming import key, mark
from kms.note_kinds import (
    ROLES,
    ActionItem,
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
from kms.saving import Store

EMAIL = "bench@example.org"
PASSWORD = "วัดความเร็วครั้งนี้"
FIRST_DAY = date(2006, 1, 1)
DAYS = 7_000
PEOPLE = 3_000
ORGANISATIONS = 300
# One in so many is for members only, and one in so many a draft of the one who asks.
MEMBERS_ONLY, DRAFT = 7, 31
FIRST_ID = 1_000
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
# What is said of one lesson in twenty each, by its place among the twenty.
RARE_STEPS = {2: "routine", 5: "contradicted", 8: "review", 11: "reviewed", 14: "superseded"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How many of each."""

    notes: int = 20_000
    lessons: int = 5_000
    activities: int = 3_000


@dataclass
class _World:
    """What notes are made from; ``rows`` are those of each table, to be inserted."""

    chance: random.Random
    account: int
    tambons: list[str]
    themes: dict[str, int]
    people: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    rows: dict[type[Base], list[Row]] = field(default_factory=lambda: defaultdict(list))

    def put(self, model: type[Base], **values: Any) -> None:
        self.rows[model].append(values)

    def day(self) -> date:
        return FIRST_DAY + timedelta(days=self.chance.randrange(DAYS))

    def person(self) -> str:
        return self.chance.choice(list(self.people))

    def words(self, count: int = 1) -> str:
        return "\n\n".join(self.chance.choice(SENTENCES) for _ in range(count))


def fill(store: Store, size: Size) -> None:
    """All of it into an empty, migrated database, and one account that follows a few things."""
    with store.saving() as session:
        starter.load_content(session)
        account = accounts.add(session, EMAIL, PASSWORD, "คนที่วัด", permission="curator")
        world = _world(session, account)
        for number, content in enumerate(_contents(world, size), FIRST_ID):
            _put_note(world, number, content)
        _put_steps(world)
        _put_activities(world, size.activities)
        _put_what_is_followed(world)
        for model, rows in world.rows.items():
            session.execute(insert(model), rows)
    _index(store)


def _index(store: Store) -> None:
    """Build the index; the content was saved just now and may still be merged beside."""
    for _try in range(60):
        try:
            store.index.reindex(store.sessions)
        except Unavailable:
            sleep(1)
        else:
            return
    raise SystemExit("the index stays locked")


def _world(session: Session, account: Account) -> _World:
    tambons = [
        one.code
        for province in places.provinces()
        for one in places.beneath(province.code)
        if one.level == "tambon"
    ]
    leaves = select(Theme.slug, Theme.id).where(Theme.parent_id.is_not(None))
    themes = dict(session.execute(leaves).all())
    world = _World(random.Random(2549), account.id, tambons, themes)
    for number in range(FIRST_ID, FIRST_ID + PEOPLE):
        name = f"คนที่ {number}"
        world.people[name] = number
        code = world.chance.choice(tambons)
        world.put(Person, id=number, name=name, name_key=key(name), place_code=code)
    for number in range(FIRST_ID, FIRST_ID + ORGANISATIONS):
        name = f"องค์กรที่ {number}"
        world.groups[name] = number
        world.put(Organisation, id=number, name=name)
    return world


# --- notes ---------------------------------------------------------------------------------------


def _contents(world: _World, size: Size) -> Iterator[NoteContent]:
    for number in range(size.notes):
        yield _note(world, number)
    for number in range(size.lessons):
        yield _lesson(world, number, size)


def _note(world: _World, number: int) -> NoteContent:
    shared = _shared(world, f"เวทีครั้งที่ {number} {world.words()[:30]}", number)
    if number % 3 == 0:
        review = Review(answers={"review": world.words(6)}, actions=(_action(world),))
        return NoteContent(Kind.AFTER_ACTION_REVIEW, **shared, review=review)
    if number % 3 == 1:
        meeting = Meeting(actions=(_action(world),))
        return NoteContent(Kind.MINUTES, **shared, body=world.words(6), meeting=meeting)
    return NoteContent(Kind.NOTE, **shared, body=world.words(6))


def _action(world: _World) -> ActionItem:
    what = f"นัดเจ้าของกองทุนมาคุยกันครั้งที่ {world.chance.randrange(10_000)}"
    return ActionItem(what, world.person(), world.day(), done=world.chance.random() < 0.5)


def _lesson(world: _World, number: int, size: Size) -> NoteContent:
    about = world.words()
    parts = LessonParts(
        point=f"{about} ({number})",
        holds_when="เมื่อเริ่มงานใหม่ในตำบลที่มีหลายกองทุน",
        what_to_do=world.words(),
        why=world.words(),
        polarity="works" if world.chance.random() < 0.8 else "does_not_work",
        sources=(SourcePassage(FIRST_ID + world.chance.randrange(size.notes)),),
    )
    shared = _shared(world, f"บทเรียนที่ {number} {about[:40]}", number)
    return NoteContent(Kind.LESSON, **shared, lesson=parts)


def _shared(world: _World, title: str, number: int) -> Row:
    day = world.day()
    visibility = "members" if number % MEMBERS_ONLY == 0 else "public"
    return {
        "title": title,
        "visibility": "draft" if number % DRAFT == 0 else visibility,
        "held_from": day,
        "held_to": day,
        "author": world.person(),
        "places": (PlaceNamed(world.chance.choice(world.tambons)),),
        "themes": tuple(world.chance.sample(list(world.themes), 2)),
        "organisations": (OrganisationPart(world.chance.choice(list(world.groups)), "organiser"),),
        "roles": tuple(RolePlayed(one, world.person()) for one in world.chance.sample(ROLES, 3)),
    }


def _put_note(world: _World, number: int, content: NoteContent) -> None:
    assert content.held_from
    written = datetime.combine(content.held_from, time(), UTC)
    whole = content.to_json()
    own = {name: whole[name] for name in ("review", "meeting", "lesson") if whole[name]}
    world.put(
        Note,
        id=number,
        kind=content.kind.value,
        title=content.title,
        title_key=key(content.title, 500),
        lead=note_text.lead(content),
        body=content.body,
        content=own,
        visibility=content.visibility,
        owner_id=world.account,
        author_id=world.people[content.author],
        held_from=content.held_from,
        held_to=content.held_to,
        source="bench",
        source_id=str(number),
        created_at=written,
        revised_at=written,
        published_at=None if content.visibility == "draft" else written,
    )
    world.put(Revision, note_id=number, number=1, content=whole, created_at=written)
    world.put(NotePlace, note_id=number, place_code=content.places[0].code)
    for slug in content.themes:
        world.put(NoteTheme, note_id=number, theme_id=world.themes[slug])
    group = content.organisations[0]
    ids = {"note_id": number, "organisation_id": world.groups[group.name]}
    world.put(NoteOrganisation, **ids, part=group.part)
    for role in content.roles:
        world.put(
            RoleAssignment, note_id=number, role=role.role, person_id=world.people[role.person]
        )
    for action in content.actions:
        _put_action(world, number, action)
    if content.lesson:
        world.put(LessonSource, lesson_id=number, note_id=content.lesson.sources[0].note)
    _put_what_was_said(world, number, content, written)


def _put_action(world: _World, number: int, action: ActionItem) -> None:
    world.put(
        NoteAction,
        note_id=number,
        what=action.what,
        what_key=mark(action.what),
        owner=action.owner,
        owner_id=world.people[action.owner],
        due=action.due,
        done=action.done,
    )


def _put_what_was_said(world: _World, number: int, content: NoteContent, written: datetime) -> None:
    """A comment under one note in five, a recommendation in one of nine."""
    later = written + timedelta(days=1)
    if number % 5 == 0:
        by = world.people[world.person()]
        world.put(Comment, note_id=number, author_id=by, body=world.words(), created_at=later)
    if number % 9 == 0 and not content.lesson:
        group = world.groups[world.chance.choice(list(world.groups))]
        said = {"what": world.words(), "organisation_id": group, "created_at": later}
        world.put(Recommendation, note_id=number, **said)


# --- what became of it ---------------------------------------------------------------------------


def _put_steps(world: _World) -> None:
    """Two lessons in three are agreed to; each was confirmed or used twice on average."""
    reviews = [row["id"] for row in world.rows[Note] if row["kind"] == "aar"]
    lessons = [row for row in world.rows[Note] if row["kind"] == "lesson"]
    place_of = {row["note_id"]: row["place_code"] for row in world.rows[NotePlace]}
    for number, row in enumerate(lessons):
        if world.chance.random() < 0.67:
            _put_step(world, row, {"step": "agreed"})
        for _ in range(world.chance.randrange(5)):
            step, outcome = world.chance.choice(STEPS)
            witness = world.chance.choice(reviews)
            told = {"note_id": witness, "place_code": place_of[witness]}
            _put_step(world, row, {"step": step, "outcome": outcome, **told})
        if rare := RARE_STEPS.get(number % 20):
            other = lessons[number - 1]["id"] if rare == "superseded" else None
            _put_step(world, row, {"step": rare, "other_id": other})


def _put_step(world: _World, lesson: Row, step: Row) -> None:
    at = lesson["created_at"] + timedelta(days=world.chance.randrange(1, 400))
    nothing = {"outcome": "", "note_id": None, "other_id": None, "place_code": None}
    by = world.people[world.person()]
    world.put(LessonStep, lesson_id=lesson["id"], **{**nothing, **step}, by_id=by, created_at=at)


def _put_activities(world: _World, count: int) -> None:
    origins = [row["id"] for row in world.rows[Note] if row["kind"] == "note"]
    for number in range(FIRST_ID, FIRST_ID + count):
        starts, name = world.day(), f"โครงการที่ {number}"
        world.put(
            Activity,
            id=number,
            note_id=origins[number % len(origins)],
            name=name,
            name_key=key(name),
            starts=starts,
            ends=starts + timedelta(days=365) if world.chance.random() < 0.8 else None,
            amount_satang=world.chance.randrange(1, 100) * 10_000_00,
        )
        code = world.chance.choice(world.tambons)[: world.chance.choice((2, 4, 6, 6))]
        world.put(ActivityPlace, activity_id=number, place_code=code)
        theme = world.chance.choice(list(world.themes.values()))
        world.put(ActivityTheme, activity_id=number, theme_id=theme)
        groups = world.chance.sample(list(world.groups.values()), 2)
        for part, group in zip(("funder", "runner"), groups, strict=True):
            ids = {"activity_id": number, "organisation_id": group}
            world.put(ActivityOrganisation, **ids, part=part)


def _put_what_is_followed(world: _World) -> None:
    followed = (
        ("place", "93"),
        ("place", "80"),
        ("theme", "community-welfare"),
        ("person", str(FIRST_ID + 1)),
        ("note", str(FIRST_ID + 1)),
        ("search", "q=กองทุน"),
    )
    for kind, target in followed:
        world.put(Follow, account_id=world.account, kind=kind, target=target)
