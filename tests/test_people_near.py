"""Someone looks for a person to phone about something, near somewhere."""

from urllib.parse import quote, quote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from kms import comments, knowing, nearness, notes, people, themes
from kms.models import LessonSource, Person
from kms.note_kinds import PlaceNamed, RolePlayed
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import HULONG, NAKHON, PAK_PHANANG, PHATTHALUNG, a_lesson, a_review

CHIANG_MAI = "50"


@pytest.fixture(autouse=True)
def theme(store: Store, cast: Cast) -> None:
    with store.saving() as session:
        top = themes.add(session, by=cast.curator, name="ความมั่นคงของชุมชน", slug="security")
        themes.add(session, by=cast.curator, name="สวัสดิการชุมชน", slug="welfare", parent=top)
        themes.add(session, by=cast.curator, name="บัญชีครัวเรือน", slug="accounts")


def someone(session: Session, cast: Cast, name: str, place: str, **changed: object) -> Person:
    """A person who played a role in a public note on welfare from there."""
    said = {
        "author": "",
        "themes": ("welfare",),
        "places": (PlaceNamed(place),),
        "roles": (RolePlayed("khun_amnuay", name, "", "", place),),
    }
    notes.create(session, a_review(**{**said, **changed}), by=cast.facilitator)
    return people.find_or_create(session, name)


def test_the_nearest_come_first_and_each_says_why(session: Session, cast: Cast) -> None:
    for name, place in (
        ("คนเชียงใหม่", CHIANG_MAI),
        ("คนพัทลุง", PHATTHALUNG),
        ("คนปากพนัง", PAK_PHANANG),
        ("คนหูล่อง", HULONG),
    ):
        someone(session, cast, name, place)
    found = knowing.who_knows(session, themes=["welfare"], place=HULONG, seen_by=ANONYMOUS)
    assert [one.name for one in found] == ["คนหูล่อง", "คนปากพนัง", "คนพัทลุง", "คนเชียงใหม่"]
    assert found[0].near.rank == nearness.SAME_TAMBON
    assert found[0].why == (
        "เป็นคุณอำนวยในเรื่องนี้ มีบันทึก 1 ชิ้น ที่ ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช (ตำบลเดียวกัน)"
    )
    parent = knowing.who_knows(session, themes=["security"], place=HULONG, seen_by=ANONYMOUS)
    assert len(parent) == 4
    assert knowing.who_knows(session, themes=["accounts"], place=None, seen_by=ANONYMOUS) == []
    assert knowing.who_knows(session, themes=["nothing"], place=None, seen_by=ANONYMOUS) == []


def test_a_note_from_many_places_is_one_note(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    tambons = ("801201", "801202", "801203", "801204", HULONG)
    many = {"places": tuple(PlaceNamed(code) for code in tambons), "roles": ()}
    meant = {"themes": ("welfare",), **many}
    once = notes.create(session, a_review(author="คนงานเดียว", **meant), by=cast.facilitator)
    for n in range(3):
        someone(session, cast, "คนสามงาน", HULONG, title=f"เวที {n}")
    asked = {"themes": ["welfare"], "place": HULONG, "seen_by": ANONYMOUS}
    found = knowing.who_knows(session, **asked)
    assert [(one.name, one.notes) for one in found] == [("คนสามงาน", 3), ("คนงานเดียว", 1)]
    assert once.author_id == found[1].person_id
    # So many people are weighed, wherever each has been.
    monkeypatch.setattr(knowing, "MOST_FROM_AFAR", 2)
    far = knowing.who_knows(session, **{**asked, "place": CHIANG_MAI})
    assert [one.name for one in far] == ["คนสามงาน", "คนงานเดียว"]
    monkeypatch.setattr(knowing, "MOST_FROM_AFAR", 1)
    assert len(knowing.who_knows(session, **{**asked, "place": CHIANG_MAI})) == 1


def test_numbers_are_for_members_and_nobody_else_can_guess_who_has_one(
    session: Session, cast: Cast
) -> None:
    busy = someone(session, cast, "คนหนึ่ง", HULONG)
    someone(session, cast, "คนหนึ่ง", HULONG, title="อีกเวที")
    reachable = someone(session, cast, "คนสอง", HULONG)
    reachable.phone = "081 234 5678"
    session.flush()
    asked = {"themes": ["welfare"], "place": HULONG}
    strangers = knowing.who_knows(session, **asked, seen_by=ANONYMOUS)
    members = knowing.who_knows(session, **asked, seen_by=cast.stranger)
    assert [(one.person_id, one.phone) for one in strangers] == [(busy.id, ""), (reachable.id, "")]
    assert [one.phone for one in members] == ["081 234 5678", ""]


def test_what_is_hidden_makes_nobody_known(session: Session, cast: Cast) -> None:
    someone(session, cast, "คนในร่าง", HULONG, visibility="draft")
    someone(session, cast, "คนในวงสมาชิก", HULONG, visibility="members")
    asked = {"themes": ["welfare"], "place": HULONG}
    assert knowing.who_knows(session, **asked, seen_by=ANONYMOUS) == []
    found = knowing.who_knows(session, **asked, seen_by=cast.commenter)
    assert [one.name for one in found] == ["คนในวงสมาชิก"]


@pytest.mark.parametrize(("visibility", "known"), [("public", 1), ("members", 0)])
def test_a_remark_that_became_a_lesson_counts_where_it_may_be_read(
    session: Session, cast: Cast, visibility: str, known: int
) -> None:
    review = notes.create(
        session, a_review(author="", roles=(), visibility=visibility), by=cast.facilitator
    )
    said = comments.add(session, review, by=cast.commenter, body="ให้เจ้าของกองทุนพูดก่อน")
    about = {"themes": ("welfare",), "roles": (), "author": ""}
    lesson = notes.create(session, a_lesson(**about), by=cast.facilitator)
    session.add(LessonSource(lesson_id=lesson.id, note_id=review.id, comment_id=said.id))
    session.flush()
    found = knowing.who_knows(session, themes=["welfare"], place=NAKHON, seen_by=ANONYMOUS)
    assert [one.person_id for one in found] == [cast.commenter.person_id][:known]
    assert [one.lessons for one in found] == [1][:known]


def test_nobody_is_sent_to_themselves(session: Session, cast: Cast) -> None:
    about = {"themes": ("welfare",), "roles": (), "author": cast.facilitator.name}
    notes.create(session, a_review(**about), by=cast.facilitator)
    asked = {"themes": ["welfare"], "place": HULONG}
    assert len(knowing.who_knows(session, **asked, seen_by=cast.commenter)) == 1
    assert knowing.who_knows(session, **asked, seen_by=cast.facilitator) == []


def test_many_people_take_as_many_statements_as_few(
    store: Store, session: Session, cast: Cast
) -> None:
    taken = []
    for count in (2, 6):
        for n in range(count):
            someone(session, cast, f"คนที่ {count} {n}", HULONG)
        session.commit()
        with store.sessions() as fresh, counting(store) as sent:
            knowing.who_knows(
                fresh, themes=["welfare"], place=HULONG, seen_by=cast.stranger, limit=12
            )
        taken.append(len(sent))
    assert taken[0] == taken[1] <= 5


def test_a_theme_that_only_a_draft_proposes_is_no_theme_of_an_address(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        secret = "เรื่องลับเฉพาะ ในวงของเรา"
        said = {"themes": (secret,), "visibility": "draft"}
        notes.create(session, a_review(**said), by=cast.facilitator)
        (slug,) = (one.slug for one in themes.load(session).proposals)
    own, other = cast.browser(app, "facilitator"), cast.browser(app, "commenter")
    for page in ("/people/near", "/network", "/actions", "/activities"):
        for reader in (client, other):
            assert chosen(reader, page, slug) == chosen(reader, page, "none"), page
        assert chosen(own, page, slug) != chosen(own, page, "none"), page


def chosen(reader: FlaskClient, page: str, theme: str) -> str:
    """What the page says to this theme in its address, without the address."""
    said = reader.get(page, query_string={"theme": theme}).text.partition("<main")[2]
    return said.partition("</main>")[0].replace(quote_plus(theme), "").replace(quote(theme), "")


def test_a_merged_theme_of_an_address_is_what_it_became_part_of(
    client: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        welfare, accounts = (themes.get(session, one) for one in ("welfare", "accounts"))
        themes.merge(session, accounts, into=welfare, by=cast.curator)
    for page in ("/people/near", "/network", "/actions", "/activities"):
        assert 'value="welfare" selected' in client.get(f"{page}?theme=accounts").text, page
