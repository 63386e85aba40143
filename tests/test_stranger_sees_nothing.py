"""What became of lessons, seen by those who may not know all of it.

The whole site is walked before and after something is hidden in it: every route, every link, the
lists, counts, drawings, briefings, feeds and news. Both walks must tell the same.
"""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kms import (
    activities,
    briefings,
    comments,
    following,
    lesson_life,
    notes,
    overlaps,
    recommendations,
    themes,
)
from kms.actions import WAYS
from kms.activities import ActivityFacts, Part
from kms.briefings import Choices
from kms.lesson_lives import STAGES
from kms.lessons import QUEUES, SUPERSEDED
from kms.models import Note, RecommendationAnswer
from kms.note_kinds import (
    ActionItem,
    LessonParts,
    LessonUsed,
    PlaceNamed,
    Review,
    RolePlayed,
    SourcePassage,
)
from kms.permissions import Viewer
from kms.saving import Store
from tests.cast import Cast
from tests.hostile import addresses, links_of, shown, walk
from tests.stories import HULONG, NAKHON, PHATTHALUNG, a_lesson, a_review, some_minutes
from tests.test_hostile import PUBLIC_WORD, SECRET, asking, values_of

TODAY = date(2026, 11, 21)
PLACES = ("จ.นครศรีธรรมราช", "จ.พัทลุง")
THEMES = ("welfare", "farm")
BOTH = {"theme": THEMES[0], "place": PLACES[0]}
# What a stranger sees first narrows nothing.
WAYS_ON = tuple(way for way in WAYS if way != "open")
# What narrows each list, and by what: of every name at least one value leaves something out.
FILTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "/lessons": {"show": (*STAGES, *QUEUES, SUPERSEDED), "theme": THEMES, "place": PLACES},
    "/actions": {"show": WAYS_ON, "theme": THEMES, "place": PLACES, "who": ("ใครสักคน",)},
    "/activities": {
        "theme": THEMES,
        "place": PLACES,
        "organisation": ("พอช.",),
        "year": ("2569", "2549"),
    },
    "/recommendations": {
        "show": ("waiting", "answered"),
        "role": ("khun_ua", "khun_kit"),
        "organisation": ("1",),
        "place": PLACES,
    },
    "/overlaps": {"state": ("flag", "coordinated"), "place": PLACES},
    "/network": {"theme": THEMES, "place": PLACES, "from": ("2569",), "to": ("2540",)},
    "/people": {"role": ("khun_ua", "khun_kit"), "place": (*PLACES, "จ.เชียงใหม่")},
    "/people/near": {"theme": THEMES, "place": PLACES},
    "/organisations": {"kind": ("fund", "network"), "place": PLACES},
    "/roles/khun_kit": {"level": ("village", "tambon"), "place": PLACES},
    "/briefing": {"theme": THEMES, "place": PLACES, "plan": (PUBLIC_WORD, SECRET)},
}


@dataclass(frozen=True)
class Told:
    """Numbers of what everyone may read: a review, a lesson with a life, an activity."""

    review: int
    lesson: int
    other_lesson: int
    activity: int


@pytest.fixture
def told(store: Store, cast: Cast) -> Told:
    """The open part of the story, with something of everything that can be counted."""
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="แผนแม่บทชุมชน", slug="plan")
        themes.add(session, by=cast.curator, name="สวัสดิการชุมชน", slug="welfare", parent=top)
        themes.add(session, by=cast.curator, name="เกษตร", slug="farm")
    with store.saving() as session:
        welfare = {"themes": ("welfare",)}
        review = notes.create(session, a_review(body=PUBLIC_WORD, **welfare), by=cast.facilitator)
        there = {"places": (PlaceNamed(PHATTHALUNG),), **welfare}
        witness = notes.create(session, some_minutes(**there), by=cast.commenter)
        said = SourcePassage(review.number, "เป้าหมายไม่ชัด")
        lesson = notes.create(session, a_lesson(said, **welfare), by=cast.facilitator)
        another = a_lesson(title="เชิญคนก่อนแล้วค่อยตกลงเป้าหมาย", **there)
        other = notes.create(session, another, by=cast.commenter)
        lesson_life.agree(session, lesson, by=cast.curator)
        place = {"place": PHATTHALUNG, "note": witness.number}
        lesson_life.confirm(session, lesson, by=cast.commenter, **place)
        lesson_life.apply(session, lesson, by=cast.commenter, outcome="worked", **place)
        asked = {"what": "เชิญนายอำเภอด้วย", "role": "khun_ua", "place_code": NAKHON}
        recommendations.add(session, review, by=cast.commenter, **asked)
        facts = an_activity("แผนชีวิตชุมชน", "พอช.")
        activity = activities.record(session, review, facts, by=cast.facilitator)
        second = an_activity("สำรวจคนจน", "กรมการปกครอง")
        activities.record(session, review, second, by=cast.commenter)
        comments.add(session, review, by=cast.commenter, body="ที่พัทลุงก็เป็นอย่างนี้")
        return Told(review.number, lesson.number, other.number, activity.id)


def an_activity(name: str, funder: str, place: str = HULONG) -> ActivityFacts:
    return ActivityFacts(
        name=name,
        places=(place,),
        themes=("welfare",),
        organisations=(Part(funder, "funder"), Part(f"ผู้ทำ{name}", "runner")),
        starts=date(2026, 1, 1),
        ends=date(2026, 12, 31),
        amount_satang=200_000_00,
    )


def hide(store: Store, cast: Cast, told: Told, visibility: str) -> list[int]:
    """Everything that a hidden note can have to do with what everyone may read."""
    by = cast.facilitator
    common = {
        "title": f"{SECRET} เรื่อง",
        "visibility": visibility,
        "places": (PlaceNamed(HULONG, f"บ้าน{SECRET}"), PlaceNamed(PHATTHALUNG)),
        "themes": ("welfare", f"{SECRET}ประเด็น"),
        "tags": (SECRET,),
        "roles": (
            RolePlayed("khun_ua", f"คน{SECRET}", "", "tambon", HULONG, SECRET),
            RolePlayed("khun_amnuay", "ผู้จัดเวทีตำบลหูล่อง", "", "province", PHATTHALUNG, SECRET),
            RolePlayed("khun_kit", "แกนนำบ้านหูล่อง", "", "village", NAKHON, SECRET),
        ),
        "author": f"ผู้เขียน{SECRET}",
    }
    with store.saving() as session:
        answered = Review(
            answers={"review": SECRET},
            actions=(ActionItem(SECRET, cast.commenter.name, date(2026, 1, 1)),),
            used=(LessonUsed(told.lesson, "did_not", SECRET),),
        )
        review = notes.create(session, a_review(**common, review=answered), by=by)
        minutes = notes.create(session, some_minutes(**common), by=by)
        contrary = LessonParts(point=SECRET, why=SECRET, polarity="does_not_work")
        passages = (SourcePassage(told.review, "เป้าหมายไม่ชัด"),)
        lesson = notes.create(session, a_lesson(*passages, **common), by=by)
        doubt = notes.create(session, a_lesson(**common, lesson=contrary), by=by)
        open_lesson = session.get_one(Note, told.lesson)
        where = {"place": PHATTHALUNG, "note": minutes.number, "reason": SECRET}
        lesson_life.confirm(session, open_lesson, by=by, **where)
        said = {**where, "outcome": "partly", "changed": SECRET, "organisation": "พอช."}
        lesson_life.apply(session, open_lesson, by=by, **said)
        other = {"reason": SECRET, "other": doubt.number}
        lesson_life.contradict(session, open_lesson, by=by, **other)
        lesson_life.supersede(session, open_lesson, by=by, **other)
        asked = recommendations.add(session, review, by=by, what=SECRET, organisation="พอช.")
        session.add(RecommendationAnswer(recommendation_id=asked.id, outcome="done", body=SECRET))
        facts = an_activity(SECRET, f"ผู้ให้ทุน{SECRET}")
        activities.record(session, review, facts, by=by)
        comments.add(session, review, by=by, body=f"@{cast.commenter.name} {SECRET}")
        for kind, target in (("place", "80"), ("search", f"q={SECRET}"), ("note", str(doubt.id))):
            following.follow(session, kind, target, by=by)
        choices = Choices(("welfare",), HULONG, SECRET)
        briefings.keep(session, choices, [lesson.number], by=by)
        return [review.number, minutes.number, lesson.number, doubt.number]


def look_everywhere(client: FlaskClient, app: Flask) -> dict[str, object]:
    """What every route, every link and every list narrowed in every way tells this person."""
    values = values_of(SECRET)
    starts = [*addresses(app, values), *asking(SECRET), *_narrowed()]
    return {address: shown(answer) for address, answer in walk(client, starts).items()}


def _narrowed() -> list[str]:
    """The lists narrowed by each value, and by both where they have a theme and a place."""
    found = [
        f"{page}?{name}={quote(value)}"
        for page, names in FILTERS.items()
        for name, values in names.items()
        for value in values
    ]
    both = "&".join(f"{name}={quote(value)}" for name, value in BOTH.items())
    found += [f"{page}?{both}" for page, names in FILTERS.items() if names.keys() >= BOTH.keys()]
    for plan in map(quote, (PUBLIC_WORD, SECRET)):
        found += [f"/briefing?{both}&plan={plan}", f"/feeds/search?q={plan}"]
    found += [f"/feeds/search?{asked}" for asked in ("kind=lesson", "province=80", "theme=welfare")]
    found += [f"/write/aar?briefing={'0' * 32}", f"/write/lesson?from=1&passage={quote(SECRET)}"]
    return found


def follow_everything(store: Store, viewer: Viewer, told: Told) -> None:
    with store.saving() as session:
        person = session.scalars(select(Note.author_id).where(Note.id == told.review)).one()
        for kind, target in (
            *(("place", code) for code in ("80", "93", HULONG)),
            *(("theme", slug) for slug in ("plan", "welfare")),
            *(("note", str(number)) for number in (told.review, told.lesson)),
            ("person", str(person)),
            ("search", f"q={quote(PUBLIC_WORD)}"),
        ):
            following.follow(session, kind, target, by=viewer)


@pytest.mark.parametrize(("who", "visibility"), [("anonymous", "members"), ("commenter", "draft")])
def test_what_lessons_became_is_told_alike_whether_hidden_notes_are_there_or_not(
    app: Flask, store: Store, cast: Cast, told: Told, who: str, visibility: str
) -> None:
    client = app.test_client() if who == "anonymous" else cast.browser(app, who)
    if who != "anonymous":
        follow_everything(store, cast.commenter, told)
    without = look_everywhere(client, app)
    hidden = hide(store, cast, told, visibility)
    with_them = look_everywhere(client, app)
    assert f"/notes/{hidden[0]}/steps" in with_them
    differing = [one for one, said in with_them.items() if said != without.get(one)]
    assert differing == []


def test_every_filter_of_the_walk_takes_effect(
    client: FlaskClient, told: Told, subtests: pytest.Subtests
) -> None:
    """A name or a value that a page does not know would leave it as it is."""
    for page, names in FILTERS.items():
        whole = _listed(client, page)
        for name, values in names.items():
            with subtests.test(page=page, name=name):
                for value in map(quote, values):
                    unknown = client.get(f"{page}?un{name}={value}").text
                    narrowed = client.get(f"{page}?{name}={value}")
                    assert narrowed.status_code == 200
                    assert narrowed.text != unknown.replace(f"un{name}", name), value
                listed = [_listed(client, f"{page}?{name}={quote(value)}") for value in values]
                assert any(one != whole for one in listed)


def _listed(client: FlaskClient, page: str) -> set[str]:
    """The notes, people and activities that the page leads to."""
    _head, main = client.get(page).text.split("<main", 1)
    return {one for one in links_of(main) if re.fullmatch(r"/[a-z]+/[0-9]+", one)}


def test_the_owner_sees_what_the_stranger_does_not(
    app: Flask, store: Store, cast: Cast, told: Told
) -> None:
    """So that the walk above looks at something."""
    hide(store, cast, told, "draft")
    owner = cast.browser(app, "facilitator")
    lesson, place = f"/notes/{told.lesson}", quote(PLACES[0])
    pages = (
        lesson,
        "/actions?show=open",
        "/recommendations",
        "/activities",
        "/overlaps",
        "/briefing",
        "/network",
    )
    for page in (*pages, f"/places/{HULONG}/working", f"/briefing?theme=welfare&place={place}"):
        assert SECRET in owner.get(page).text, page


def test_a_hidden_side_of_an_overlap_hides_the_overlap(
    store: Store, cast: Cast, told: Told
) -> None:
    hide(store, cast, told, "draft")
    with store.reading() as session:
        seen = overlaps.of_place(session, HULONG, seen_by=cast.commenter, limit=10)
        whole = overlaps.of_place(session, HULONG, seen_by=cast.facilitator, limit=10)
    assert (len(seen), len(whole)) == (1, 3)
