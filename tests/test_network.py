"""Who worked with whom: drawn the same every time, and nothing of it from hidden notes."""

import random
import re
import time
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from kms import drawing, network, notes, people
from kms.network import Member, Network, Tie
from kms.note_kinds import PlaceNamed, RolePlayed
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast
from tests.live import DESK, PHONE, Live
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PHATTHALUNG, a_review


def together(session: Session, cast: Cast, *names: str, **changed: object) -> None:
    """A note in which all of them play a role."""
    played = tuple(RolePlayed("khun_kit", name) for name in names)
    said = {"author": "", "roles": played, "visibility": "public"}
    notes.create(session, a_review(**{**said, **changed}), by=cast.facilitator)


def told(found: Network) -> set[tuple[str, str, int]]:
    names = [member.name for member in found.members]
    return {(*sorted((names[one.first], names[one.second])), one.notes) for one in found.ties}


def test_two_whom_a_note_names_worked_together(session: Session, cast: Cast) -> None:
    together(session, cast, "กำนัน", "ครูใหญ่")
    together(session, cast, "กำนัน", "ครูใหญ่", "หมออนามัย", title="อีกเวที")
    together(session, cast, "คนเดียวดาย", title="คนเดียว")
    found = network.of(session, seen_by=ANONYMOUS)
    assert told(found) == {
        ("กำนัน", "ครูใหญ่", 2),
        ("กำนัน", "หมออนามัย", 1),
        ("ครูใหญ่", "หมออนามัย", 1),
    }
    first = found.members[0]
    assert (first.role, first.place_code, first.notes) == ("khun_kit", HULONG, 2)


def test_the_network_narrows_by_place_theme_years_and_person(session: Session, cast: Cast) -> None:
    together(session, cast, "ก", "ข", held_from=date(2006, 1, 1), themes=("หนึ่ง",))
    there = {"places": (PlaceNamed(PHATTHALUNG),), "held_from": date(2008, 1, 1)}
    together(session, cast, "ค", "ง", title="ที่อื่น", themes=("สอง",), **there)
    theme = notes.view(session, 2, seen_by=ANONYMOUS).content.themes[0]
    asked = {"seen_by": ANONYMOUS}
    both = {("ก", "ข", 1), ("ค", "ง", 1)}
    assert told(network.of(session, **asked)) == both
    assert told(network.of(session, place=NAKHON, **asked)) == {("ก", "ข", 1)}
    assert told(network.of(session, themes=[theme], **asked)) == {("ค", "ง", 1)}
    assert told(network.of(session, first=date(2007, 1, 1), **asked)) == {("ค", "ง", 1)}
    assert told(network.of(session, last=date(2007, 1, 1), **asked)) == {("ก", "ข", 1)}
    one = people.find_or_create(session, "ก").id
    assert told(network.of(session, person=one, **asked)) == {("ก", "ข", 1)}
    assert network.of(session, themes=["nothing"], **asked) == Network()


def test_nothing_is_drawn_from_what_the_viewer_may_not_read(session: Session, cast: Cast) -> None:
    together(session, cast, "ก", "ข", visibility="draft")
    together(session, cast, "ก", "ข", visibility="members")
    together(session, cast, "ก", "ค")
    assert told(network.of(session, seen_by=ANONYMOUS)) == {("ก", "ค", 1)}
    assert told(network.of(session, seen_by=cast.stranger)) == {("ก", "ค", 1), ("ก", "ข", 1)}
    assert ("ก", "ข", 2) in told(network.of(session, seen_by=cast.facilitator))


def test_too_many_are_said_to_be_left_out(session: Session, cast: Cast) -> None:
    together(session, cast, *(f"แกนนำคนที่ {n}" for n in range(70)))
    found = network.of(session, seen_by=ANONYMOUS)
    assert (len(found.members), found.people_left_out) == (network.MOST_PEOPLE, 10)
    assert (len(found.ties), found.ties_left_out) == (network.MOST_TIES, 60 * 59 // 2 - 120)


def test_many_people_take_as_many_statements_as_few(
    store: Store, session: Session, cast: Cast
) -> None:
    taken = []
    for count in (2, 12):
        together(session, cast, *(f"คนที่ {count} {n}" for n in range(count)))
        session.commit()
        with store.sessions() as fresh, counting(store) as sent:
            network.of(fresh, seen_by=ANONYMOUS, place=NAKHON)
        taken.append(len(sent))
    assert taken[0] == taken[1] <= 4


def a_crowd(seed: int) -> Network:
    chance = random.Random(seed)
    count = chance.randint(2, 60)
    names = [f"{chance.choice(['ผู้ใหญ่', 'กำนัน', ''])}ประธานกองทุนที่ {n}" for n in range(count)]
    members = [Member(n, name, "khun_kit", "80", 1) for n, name in enumerate(names)]
    pairs = {tuple(sorted(chance.sample(range(count), 2))) for _ in range(2 * count)}
    ties = [Tie(first, second, chance.randint(1, 9)) for first, second in sorted(pairs)]
    return Network(tuple(members), tuple(ties))


@pytest.mark.parametrize("width", [320.0, 720.0])
@pytest.mark.parametrize("seed", range(8))
def test_no_two_boxes_touch_and_all_are_inside(seed: int, width: float) -> None:
    drawn = drawing.draw(a_crowd(seed), width)
    for at, one in enumerate(drawn.spots):
        assert one.width / 2 <= one.x + 0.1 and one.x + one.width / 2 <= width + 0.1
        assert 0 < one.y < drawn.height
        assert one.width >= 48
        for other in drawn.spots[at + 1 :]:
            beside = abs(one.x - other.x) >= (one.width + other.width) / 2 - 0.2
            assert beside or abs(one.y - other.y) >= 48


def test_the_same_people_are_drawn_the_same_and_fast() -> None:
    crowd = a_crowd(3)
    drawing._drawn.cache_clear()
    before = time.process_time()
    first = drawing.draw(crowd, 720)
    taken_ms = 1000 * (time.process_time() - before)
    drawing._drawn.cache_clear()
    assert drawing.draw(crowd, 720) == first
    assert taken_ms < 150


def test_those_who_worked_together_stand_nearer() -> None:
    members = tuple(Member(n, f"คน {n}", "", "", 1) for n in range(8))
    ties = tuple(Tie(a, b, 3) for a, b in ((0, 1), (0, 2), (1, 2), (4, 5), (4, 6), (5, 6)))
    spots = drawing.draw(Network(members, ties), 720).spots

    def far(a: int, b: int) -> float:
        return float(((spots[a].x - spots[b].x) ** 2 + (spots[a].y - spots[b].y) ** 2) ** 0.5)

    assert far(0, 1) + far(1, 2) < far(0, 4) + far(1, 5)


def test_a_long_name_is_cut_between_its_clusters() -> None:
    assert drawing.shortened("ภีม") == "ภีม"
    cut = drawing.shortened("ผู้ใหญ่ประยูรแห่งบ้านหูล่องที่สาม")
    assert cut.endswith("…") and not cut.endswith("้…")


def test_the_table_says_what_the_drawing_shows(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        together(session, cast, "กำนัน", "ครูใหญ่")
        together(session, cast, "กำนัน", "คนในวงสมาชิก", visibility="members")
    page = client.get("/network").text
    assert page.count("<line ") == 2  # once on the narrow drawing and once on the wide one
    assert re.search(r"ครูใหญ่</a> <b>1</b>", page)
    assert "คนในวงสมาชิก" not in page
    assert "คนในวงสมาชิก" in cast.browser(app, "stranger").get("/network").text
    assert "อ่านปีไม่ออก" in client.get("/network?from=xx").text
    assert client.get("/network?from=2549&to=2549&place=จ.นครศรีธรรมราช").text.count("<line ") == 2
    assert client.get("/network?from=2560").text.count("<line ") == 0
    assert client.get("/network?person=99999999999999&theme=x&place=%00").status_code == 200


@pytest.mark.browser
def test_names_stand_apart_on_a_phone_and_on_a_desk(live: Live) -> None:
    with live.store.saving() as session:
        together(session, live.cast, *(f"ผู้ใหญ่บ้านหมู่ที่ {n}" for n in range(1, 25)))
    for viewport in (PHONE, DESK):
        with live.visit(viewport=viewport) as page:
            page.goto("/network")
            expect(page.locator("svg.net:visible")).to_have_count(1)
            boxes = page.eval_on_selector_all(
                "svg.net text",
                """all => all.map(one => one.getBoundingClientRect())
                    .filter(box => box.width)
                    .map(box => [box.left, box.top, box.right, box.bottom])""",
            )
            assert len(boxes) >= 24
            for at, (left, top, right, bottom) in enumerate(boxes):
                assert left >= 0 and right <= viewport["width"]
                for other in boxes[at + 1 :]:
                    beside = right <= other[0] + 1 or other[2] <= left + 1
                    assert beside or bottom <= other[1] + 3 or other[3] <= top + 3
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= viewport["width"]
